"""xdist's scheduling by scope, made safe against workers that die: no work is lost, done twice or waited for for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

__all__ = ["Scheduling"]

#: A worker runs a test once it knows the next one, so that it needs two.
_ENOUGH = 2


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out groups of tests.

    The base class gives the groups of a dead worker to others as they are, those included of which nothing is left to run.
    Whoever gets such a group finishes no test, is therefore given nothing more, and waits for ever.
    """

    def __init__(
        self, config: Any, log: Any, scope: Callable[[str], str], place: Callable[[str], int] = lambda group: 0
    ) -> None:
        """*scope* says to which group a node id belongs, *place* which place a group has among all, where that matters.

        Both are asked after the collection.
        """
        super().__init__(config, log)
        self._scope, self._place = scope, place

    def _split_scope(self, nodeid: str) -> str:
        return self._scope(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        """Hand out the group that is to be begun next."""
        self.workqueue.move_to_end(min(self.workqueue, key=self._place), last=False)
        super()._assign_work_unit(node)

    def remove_node(self, node: Any) -> str | None:
        """Take back what a worker has not run, apart from the test that it died in; return that test's id."""
        if self.collection is None:  # it died before anything was handed out: the one that replaces it collects anew
            self.registered_collections.pop(node, None)
        workload = self.assigned_work.pop(node)
        left = {
            scope: waiting
            for scope, unit in workload.items()
            if (waiting := {nodeid: False for nodeid, completed in unit.items() if not completed})
        }
        if not left:
            return None
        first = next(iter(left))
        crashed = next(iter(left[first]))
        del left[first][crashed]
        self.workqueue.update({scope: unit for scope, unit in left.items() if unit})
        for other in self.assigned_work:
            self._reschedule(other)
        return str(crashed)

    def _reschedule(self, node: Any) -> None:
        if node not in self.registered_collections and not node.shutting_down:
            return  # it has not collected yet, and is asked again when it has
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < _ENOUGH:
            self._assign_work_unit(node)
