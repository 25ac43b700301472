"""Which tests run in one xdist worker: what shares something scarce, the rules of one resource, the cases of one operation.

A module says it with the marker ``ecs_group`` and a recipe with ``group=``. Only workers collect, so they hand what they
read to the controller, in files: names of tests are all that xdist sends it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pytest_ecs import _locations
from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._contract import Contract
from pytest_ecs._run.ordering import evenly, uses_up
from pytest_ecs._types import Group

__all__ = ["GROUP_MARKER", "Distribution", "Grouping"]

GROUP_MARKER = "ecs_group"
#: The group of what one worker alone can do: there is little of what it needs.
_SCARCE = "scarce"


#: What xdist keeps together, of tests that are in no group of the plugin's, by the value of ``--dist``.
_TOGETHER: Mapping[str, Callable[[str], str]] = {
    "loadscope": lambda nodeid: nodeid.rpartition("::")[0],
    "loadfile": lambda nodeid: nodeid.partition("::")[0],
    "loadgroup": lambda nodeid: nodeid.rpartition("@")[2] if nodeid.rfind("@") > nodeid.rfind("]") else nodeid,
}


class Distribution:
    """Hands the tests to the xdist workers.

    Groups stay together however ``--dist`` shares the load: what counts things of a project would count those of others.
    """

    def __init__(self, dist: str = "load") -> None:
        """Raise `pytest.UsageError` where *dist* would run every test in every process at once, for the same reason."""
        if dist == "each":
            raise pytest.UsageError(
                "--dist each runs every test in every process at once, and those that count what a project has would count "
                "what the others make: use --dist load"
            )
        self._together = _TOGETHER.get(dist, str)
        self._folder = TemporaryDirectory(prefix="pytest-ecs-groups-")
        #: Groups by the names of tests, and the places of groups.
        self._groups: dict[str, str] = {}
        self._places: dict[str, int] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker, which alone knows its tests, where to write down the groups of them."""
        node.workerinput["ecs_groups"] = str(Path(self._folder.name) / f"{node.gateway.id}.json")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        """Take over what a worker wrote down; one on another machine could not."""
        file = Path(node.workerinput["ecs_groups"])
        if file.exists():
            self._groups.update(json.loads(file.read_text(encoding="utf-8")))
            self._places = {group: at for at, group in enumerate(dict.fromkeys(self._groups.values()))}

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep groups together."""
        from pytest_ecs._run.xdist_scheduling import Scheduling

        return Scheduling(config, log, self.scope, self.place)

    def scope(self, nodeid: str) -> str:
        """Return the group of a test; where it has none, what ``--dist`` keeps it together with, or its own name."""
        return self._groups.get(nodeid) or self._together(nodeid)

    def place(self, group: str) -> int:
        """Return the place of a group among all, in the order in which they are begun; the last one for others."""
        return self._places.get(group, len(self._places))

    def pytest_unconfigure(self) -> None:
        """Remove what the workers wrote."""
        self._folder.cleanup()


class Grouping:
    """Puts the tests of an xdist worker into groups."""

    def __init__(self, contract: Contract, file: Path, *, embedded: bool) -> None:
        self._contract = contract
        self._file = file
        self._embedded = embedded
        self._home = _locations.suites()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the groups down for the controller, before xdist tells it that the tests are known."""
        groups: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            if (name := self.group(item)) is not None:
                groups.setdefault(name, []).append(item)
        rows = {item.nodeid: name for name in self._in_order(groups) for item in groups[name]}
        with suppress(OSError):
            self._file.write_text(json.dumps(rows), encoding="utf-8")

    def _in_order(self, groups: Mapping[str, Sequence[pytest.Item]]) -> list[str]:
        """Return the names of groups, those that are to be begun first at first, so that no worker ends long after the others.

        What takes minutes comes first, then what one worker alone can do, then the largest. What uses servers up is spread
        among the others, whose servers it gets.
        """
        from pytest_ecs._run.worker import covered_by

        using_up = uses_up(self._contract)

        def rank(name: str) -> tuple[bool, bool, int]:
            return not any(map(_is_long, groups[name])), name != _SCARCE, -len(groups[name])

        names = sorted(groups, key=rank)
        first = [name for name in names if rank(name) < (True, True)]
        users = [
            name for name in names if name not in first and any(using_up(covered_by(item)) for item in groups[name])
        ]
        return [*first, *evenly([name for name in names if name not in {*first, *users}], users)]

    def group(self, item: pytest.Item) -> str | None:
        """Return the name of the group of *item*, None for a test that may run anywhere: the rules of one resource are together.

        On the embedded mock each worker has a cloud of its own, so that one worker with all that makes servers makes
        fewer; elsewhere the workers share their servers.
        """
        operations = list(self._about(item))
        asked = list(_asked(item))
        asked += [recipe.group for name in operations if (recipe := RECIPES.get(name)) and recipe.group]
        if _SCARCE in asked or (self._embedded and "servers" in asked):
            return _SCARCE
        if beside := next((name for name in asked if name in self._contract.operations), None):
            return beside
        file = item.path.relative_to(self._home) if item.path.is_relative_to(self._home) else Path()
        of_a_resource = file.as_posix() if len(file.parts) > 1 else None
        name = of_a_resource or next(iter(operations), None)
        return item.nodeid if name is None and _is_long(item) else name

    def _about(self, item: pytest.Item) -> Iterator[str]:
        """Yield the operations that a parameter of *item* names, by its id or that of a requirement."""
        callspec = getattr(item, "callspec", None)
        for value in callspec.params.values() if callspec is not None else ():
            if isinstance(value, str):
                requirement = self._contract.requirements.get(value)
                name = requirement.operation if requirement is not None else value
                if name is not None and name in self._contract.operations:
                    yield name


def _asked(item: pytest.Item) -> Sequence[Group | str]:
    """Return what the marker of a test says."""
    marker = item.get_closest_marker(GROUP_MARKER)
    return marker.args if marker is not None else ()


def _is_long(item: pytest.Item) -> bool:
    """Whether a test takes as long as hundreds of others."""
    return "long" in _asked(item)
