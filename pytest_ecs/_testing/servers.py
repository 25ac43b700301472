"""Servers for tests: handed out of the run's pool, and given back when the test ends, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.session import Session
from pytest_ecs._testing.reading import read
from pytest_ecs._types import JSON, ServerState
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["Servers"]


@dataclass
class Servers:
    """Hands out servers of the run's pool; what a test was handed goes back to it when the test ends.

    Any of its methods raises `BudgetExceeded` over ``--ecs-max-servers``, and `PrerequisiteMissing`, `JobFailed` or
    `JobTimeout` when a server cannot be made or does not get into the wanted state.
    """

    session: Session
    #: Servers that are only read, by their state.
    _shared: dict[str, list[Lease]] = field(default_factory=dict)
    #: The tests that read those in a state, by their numbers.
    _read: dict[str, set[int]] = field(default_factory=dict)
    #: What was handed out and is to be given back.
    _held: list[Lease] = field(default_factory=list)

    def __call__(
        self, state: ServerState = "ACTIVE", *, exclusive: bool = True, properties: Mapping[str, str] | None = None
    ) -> Lease:
        """Return one server in *state*.

        A shared one (``exclusive=False``) may be in use by others, so only read it. An exclusive one is yours until the
        test ends. *properties* narrows the choice: they are words of your own that only servers leased with the same
        words share.
        """
        _known(state)
        word = ",".join(f"{name}={value}" for name, value in sorted((properties or {}).items()))
        return self._hold(self.session.pool.lease(state, exclusive=exclusive, word=word))

    def batch(self, count: int, state: ServerState = "ACTIVE") -> list[Lease]:
        """Return *count* exclusive servers in *state*; those that are missing are created by one request."""
        _known(state)
        leases = self.session.pool.batch_of(count, state)
        self._held += leases
        return leases

    def to_delete(self, state: ServerState = "ACTIVE") -> Lease:
        """Return a server in *state* that is yours to delete: one that was left over and is like the pool's, rather than a new one."""
        _known(state)
        return self._hold(self.session.pool.to_delete(state, plain=True))

    def to_resize(self, state: ServerState = "SHUTOFF") -> Lease:
        """Return a server in *state* that is yours to be resized: one that was left over, resized before or not, rather than a new one."""
        _known(state)
        return self._hold(self.session.pool.to_delete(state, resizes=True))

    def own(self, created: Exchange, state: ServerState = "ACTIVE") -> Lease:
        """Return the only server that an accepted creation of yours made, in *state*; nobody else gets it.

        When the test is over it is left to whoever deletes one. Raises `PrerequisiteMissing` where the creation was refused.
        """
        _known(state)
        made = self.settle(created)
        if len(made) != 1:
            raise PrerequisiteMissing("A server of its own is needed, and was not created", seen=created.answer)
        lease = Lease(made[0], None, exclusive=True, status=state, pool=self.session.pool, spoilt=True)
        self.bring(lease, state)
        return lease

    def shared(self, state: ServerState = "ACTIVE", count: int = 1) -> list[Lease]:
        """Return servers that are only read; this process keeps them as long as nobody needs them more."""
        _known(state)
        self._read.setdefault(state, set()).add(self.session.pool.turns.now)
        leases = self._shared.setdefault(state, [])
        while len(leases) < count:
            leases.append(self.session.pool.lease(state, exclusive=count > 1 or state != "ACTIVE", word=""))
        return leases[:count]

    def bring(self, lease: Lease, state: ServerState) -> None:
        """Bring a server that one has into *state* again; raises `PrerequisiteMissing` when it does not get there."""
        _known(state)
        self.session.pool.bring(lease, state)

    def show(self, server: str) -> Exchange:
        """Query a server by its id (6.2.6)."""
        return self.session.pool.show(server)

    def locked(self, server: str) -> bool:
        """Whether a server is shown as locked (6.3.4)."""
        return self.session.pool.locked(server)

    def wait_stable(
        self, server: str, *, timeout: float | None = None, each: Callable[[], object] | None = None
    ) -> str | None:
        """Wait until a server is in no passing status or task; return its status, None when it is gone.

        *timeout* is in seconds of the target's clock; *each* is called after every look. Raises `JobTimeout`.
        """
        return self.session.pool.wait_stable(server, timeout=timeout, each=each)

    def settle(self, exchange: Exchange) -> list[str]:
        """Wait for what an accepted creation made and write it down; return the servers' ids.

        A check-only request or any other answer makes nothing. Raises `JobFailed` or `JobTimeout`.
        """
        return self.session.pool.settle(exchange)

    def settle_kept(self, exchange: Exchange) -> list[str]:
        """Do the same for servers that the test deletes itself, or that are looked at by others until the run ends."""
        made = self.settle(exchange)
        self.session.pool.keep(made)
        return made

    def is_plain(self, server: str) -> bool:
        """Whether a server is like those of the pool, so that it is left to others rather than deleted."""
        return self.session.pool.is_plain(server)

    def template(self, name: str, count: int = 1) -> dict[str, JSON]:
        """Return the body of a plain creation (5.1.1), in a zone that the system chooses.

        Raises `PrerequisiteMissing` without image, flavor and networks.
        """
        body = self.session.template(name, count)
        body["server"].pop("availability_zone", None)
        return body

    def idle(self) -> list[str]:
        """Return the ids of the servers of the run that nobody has for himself, so that nobody changes or deletes them."""
        return self.session.pool.idle()

    def flavor_of(self, lease: Lease) -> str | None:
        """Return the id of a server's flavor (6.2.6), None when the answer has none."""
        try:
            return str(pointer(lease.show().response_body, ("server", "flavor", "id")))
        except LookupError:
            return None

    def other_flavor(self, lease: Lease) -> str:
        """Return the id of a flavor that a server does not have.

        Raises `PrerequisiteMissing` when only one is known, and `StepFailed` where the server does not show its own.
        """
        resources, now = self.session.target.resources, read(lease.show(), "server", "flavor", "id")
        flavors = [resources.need("flavor_id"), resources.need("other_flavor_id")]
        return flavors[1] if now == flavors[0] else flavors[0]

    def for_test(self) -> Servers:
        """Return the same for one test, which gives back what it was handed with `give_back`."""
        return replace(self, _held=[])

    def hand_over(self) -> list[Lease]:
        """Return what was handed out and not given back yet, to somebody who gives it back later."""
        held = [lease for lease in self._held if not lease.released]
        self._held.clear()
        return held

    def give_back(self) -> None:
        """Give back whatever was handed out and was not given back yet."""
        for lease in self._held:
            lease.release()
        self._held.clear()

    def give_back_shared(self, *, changed: bool = False) -> None:
        """Give back the servers that are only read; when they may have *changed* they are looked at before their next use."""
        for leases in self._shared.values():
            for lease in leases:
                lease.exclusive = lease.exclusive or changed
                lease.release()
        self._shared.clear()

    def give_back_idle(self, tests: int = 1) -> bool:
        """Give back the servers that are only read, and not by the last *tests* or unfinished ones; return whether there were any."""
        turns = self.session.pool.turns
        idle = [state for state in self._shared if not turns.needs(self._read[state], tests)]
        leases = [lease for state in idle for lease in self._shared.pop(state)]
        for lease in leases:
            lease.release()
        return bool(leases)

    def _hold(self, lease: Lease) -> Lease:
        self._held.append(lease)
        return lease


def _known(state: ServerState) -> None:
    """Raise `ValueError` for a state that the pool does not bring servers into."""
    states = get_args(ServerState)
    if state not in states:
        raise ValueError(
            f"servers are handed out in the states {' and '.join(states)}, not {state!r}: take one of these and send it the request that changes it"
        )
