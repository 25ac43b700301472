"""The answers that tests compare others with, each sent once in a process, and the servers that they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources.lookup import ZONE, made_of, shown
from pytest_ecs._resources.pool import Pool
from pytest_ecs._run.profiles import FRUGAL
from pytest_ecs._run.session import Session

__all__ = ["Controls", "Key"]

#: Operation, variant, and whether it was only checked.
Key = tuple[str, str, bool]


@dataclass
class Controls:
    """Keeps what was sent, with the servers that it made, as long as nothing else needs those."""

    session: Session
    _sent: dict[Key, Exchange] = field(default_factory=dict)
    _made: dict[Key, list[str]] = field(default_factory=dict)
    #: The last test that asked for each, by `Pool.turn`.
    _asked: dict[Key, int] = field(default_factory=dict)

    @property
    def pool(self) -> Pool:
        """Where the servers come from."""
        return self.session.pool

    def was_seen(self, operation: Operation) -> bool:
        """Whether the profile is content with one success of *operation*, and what another one needed has shown it.

        What a job came to is only judged of the recipe's own request, and that may show more in its answer.
        """
        if self.session.settings.profile not in FRUGAL or operation.job or operation.response_body:
            return False
        return any(
            (one.operation, one.identity) == (operation.id, "primary") and one.status in operation.statuses
            for one in self.session.connection.journal
            if one.failure is None
        )

    def get(self, key: Key, send: Callable[[], Exchange]) -> Exchange:
        """Return what *send* gave the first time."""
        if key not in self._sent:
            before = set(self.pool.made)
            self._sent[key] = send()
            self._made[key] = [server for server in self.pool.made if server not in before]
            self.pool.keep(self._made[key])
        self._asked[key] = self.pool.turn
        return self._sent[key]

    def forget_one(self, *, deletes: bool) -> bool:
        """Where the profile makes few servers, leave those of one control to others, so that it is sent anew when it is asked for.

        Those others delete them or, where they are like those of the pool, use them. It is not a control that the running
        test has asked for. Return whether there was one.
        """
        if self.session.settings.profile not in FRUGAL:
            return False
        for key, servers in self._made.items():
            if not servers or self._asked[key] == self.pool.turn:
                continue
            if deletes:
                self.pool.spare(servers)
            elif all(map(self._is_plain, servers)):
                self.pool.adopt(servers)
            else:
                continue
            del self._sent[key], self._made[key]
            return True
        return False

    def _is_plain(self, server: str) -> bool:
        """Whether a server shows what the pool would have made it of."""
        given, has = self.session.target.resources, shown(self.pool.client, server)
        zone = given.availability_zone
        return made_of(has) == (given.flavor_id, given.image_id) and zone in {None, has.get(ZONE)}
