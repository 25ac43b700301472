"""Servers that nobody needs any more are deleted during the run already, since a project may have few at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from pytest_ecs._http.client import Client
from pytest_ecs._resources import lookup
from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.records import GOING
from pytest_ecs._types import JSON

__all__ = ["Surplus"]

#: How many one process keeps, and several together: with fewer, four deleted what one of them made again soon after.
_ALONE, _TOGETHER = 10, 14
#: Seconds that the list of the servers that are there is believed.
_LATELY = 30.0


@dataclass
class Surplus:
    """Deletes what was left over, where more servers are there than a run needs at once."""

    ledger: Ledger
    client: Client
    api: ServerApi
    worker: str
    #: Most servers that the run keeps for later; what is being made comes on top.
    most: int = field(init=False)
    #: Whether the endpoint refused it once.
    _refused: bool = False
    #: When the endpoint was asked for its servers, and which of the run's it did not have.
    _looked: float = -math.inf
    _gone: Set[str] = frozenset()

    def __post_init__(self) -> None:
        self.most = _ALONE if self.worker == "main" else _TOGETHER

    def delete(self, is_plain: Callable[[Mapping[str, JSON]], bool], let_go: Callable[[], bool]) -> None:
        """Ask to delete as many as are too many, and wait for nothing; those that are *plain* are of use to most and go last.

        *let_go* leaves over what was kept for tests, if there is something. Whatever is not gone in the end is deleted then.
        """
        taken: dict[str, bool] = {}
        doomed: list[str] = []
        too_many = 0 if self._refused else self._too_many()
        try:
            while too_many > len(doomed):
                taken |= self._left_over(is_plain)
                doomed = sorted(taken, key=taken.__getitem__)[: min(too_many, self.api.most)]
                if len(doomed) < too_many and not let_go():
                    break
        finally:
            for server in taken.keys() - set(doomed):
                self.ledger.give_back(server, status=None)
        if doomed:
            self._refused = not self.api.delete(doomed).accepted
            for server in doomed:
                self.ledger.note(server, GOING)

    def _left_over(self, is_plain: Callable[[Mapping[str, JSON]], bool]) -> dict[str, bool]:
        """Take what was left over and can be deleted, and say of each whether it is *plain*."""
        found: dict[str, bool] = {}
        while (taken := self.ledger.take_spare(self.worker, status="ACTIVE")) is not None:
            shown = lookup.shown(self.client, taken.id)
            if shown.get("locked") is False and str(shown.get("status")) in {"ACTIVE", "SHUTOFF"}:
                found[taken.id] = is_plain(shown)
            elif not shown and lookup.seen(self.client, taken.id) is None:
                self.ledger.gone(taken.id)
        return found

    def _too_many(self) -> int:
        if self.ledger.created(there=True) <= self.most:
            return 0
        own = self.client.identity
        there = {
            one.id: one for one in self.ledger.servers(self.ledger.run) if one.status != GOING and one.identity == own
        }
        if len(there) <= self.most:
            return 0
        now = self.client.connection.target.clock.now()
        if now - self._looked >= _LATELY:
            listed = {str(one["id"]) for one in lookup.listed(self.client)}
            self._looked, self._gone = now, there.keys() - listed
        for server in there.keys() & self._gone:
            if there[server].special:  # a test has deleted it; in the end it is looked for all the same
                self.ledger.note(server, GOING)
        return max(len(there.keys() - self._gone) - self.most, 0)
