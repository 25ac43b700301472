"""What tests share, each made once in a process, and the servers that were made for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pytest_ecs._resources.lookup import ZONE, made_of, shown
from pytest_ecs._resources.pool import Purpose
from pytest_ecs._run.profiles import FRUGAL
from pytest_ecs._run.session import Session

__all__ = ["Kept"]

_T = TypeVar("_T")
#: How many tests what was asked for is likely to be asked for again.
_LATELY = 30


@dataclass
class Kept:
    """Keeps what was made, with the servers that came with it, as long as nothing else needs those."""

    session: Session
    #: What was asked for longest ago comes first.
    _made: dict[Hashable, Any] = field(default_factory=dict)
    _servers: dict[Hashable, list[str]] = field(default_factory=dict)
    #: What is there without its servers.
    _let_go: set[Hashable] = field(default_factory=set)
    #: The tests that asked for each, by their numbers.
    _asked: dict[Hashable, set[int]] = field(default_factory=dict)

    def get(self, key: Hashable, make: Callable[[], _T], *, servers: bool = True, lasting: bool = False) -> _T:
        """Return what *make* gave the first time, or gives now where the *servers* of it have to be there and were let go.

        What is *lasting* is never let go.
        """
        pool = self.session.pool
        if key in self._made and not (servers and key in self._let_go):
            self._made[key] = self._made.pop(key)
        else:
            before = set(pool.made)
            made = make()
            new = [server for server in pool.made if server not in before]
            there = [server for server in new if shown(self.session.client, server)]
            pool.keep(there)
            self._made[key], self._servers[key] = made, [] if lasting else there
            self._let_go.discard(key)
        self._asked.setdefault(key, set()).add(pool.turns.now)
        found: _T = self._made[key]
        return found

    def let_go(self, purpose: Purpose) -> bool:
        """Leave the servers of one thing to others; return whether there was one.

        To be used, and unless the profile makes few servers to be deleted, they must be like those of the pool. It is nothing
        that the running test has asked for, or one that is unfinished; to make room, and to be used where servers are not
        few, nothing that was asked for lately, since what is asked for once more is made once more.
        """
        pool, frugal = self.session.pool, self.session.settings.profile in FRUGAL
        lately = _LATELY if purpose == "room" or (purpose == "use" and not frugal) else 1
        for key in self._made:
            servers = self._servers[key]
            if not servers or pool.turns.needs(self._asked[key], lately):
                continue
            if (purpose == "use" or (purpose == "delete" and not frugal)) and not all(map(self._is_plain, servers)):
                continue
            if purpose == "use" and not pool.grouped.isdisjoint(servers):
                continue
            if purpose == "use":
                pool.adopt(servers)
            else:
                pool.spare(servers)
            self._servers[key] = []
            self._let_go.add(key)
            return True
        return False

    def _is_plain(self, server: str) -> bool:
        """Whether a server shows what the pool would have made it of."""
        given, has = self.session.target.resources, shown(self.session.client, server)
        zone = given.availability_zone
        return made_of(has) == (given.flavor_id, given.image_id) and zone in {None, has.get(ZONE)}
