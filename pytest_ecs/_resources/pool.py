"""Ephemeral servers: one pool for the run, leased by state and properties, cleaned from the ledger at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.paths import segment
from pytest_ecs._resources import lookup
from pytest_ecs._resources.api import ServerApi, Template
from pytest_ecs._resources.creation import is_grouped
from pytest_ecs._resources.creations import Creations
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.records import Server
from pytest_ecs._resources.resource_types import SERVER, created_by
from pytest_ecs._resources.settling import Settling
from pytest_ecs._resources.states import ServerBody, States
from pytest_ecs._resources.surplus import Surplus
from pytest_ecs._resources.turns import Turns
from pytest_ecs._types import JSON, Clock, ServerState
from pytest_ecs.exceptions import EcsError, JobTimeout, LedgerError, PrerequisiteMissing

__all__ = ["Pool", "Purpose"]

#: What servers are wanted back for: to be used, to be deleted by a test, by other processes, or to have fewer of them.
Purpose = Literal["use", "delete", "others", "room"]

#: How many disks and addresses a server has, its flavor and its image, and its zone and whose it is.
_Has = tuple[tuple[int, int], tuple[JSON, JSON], tuple[JSON, JSON]]
#: How many jobs of one type in a row may not be over in time before none of that type is waited for.
_TOO_SLOW = 3


@dataclass
class Pool:
    """Makes, keeps and hands out servers for one process; other processes share them through the ledger."""

    client: Client
    ledger: Ledger
    clock: Clock
    worker: str
    #: How servers are made, started and stopped.
    api: ServerApi
    #: Body of a valid create request (5.1.1) for (name, count).
    template: Template
    batch: int = 3
    job_timeout: float = 1800.0
    prefix: str = "ecs"
    #: Flavors between which tests resize servers: whoever resizes one once more does not mind which of them it has.
    flavors: frozenset[str] = frozenset()
    _serial: int = 0
    _begun: bool = False
    #: Servers that were made in another way than the pool makes them, and that somebody may still need.
    made: list[str] = field(default_factory=list)
    #: Servers that were made in a group (5.10), so that they are of no use to whoever puts one into another group.
    grouped: set[str] = field(default_factory=set)
    #: What was needed in an earlier test is not needed just now.
    turns: Turns = field(default_factory=Turns)
    #: What tests made that are unfinished.
    _watched: dict[int, list[str]] = field(default_factory=dict)
    #: Gives servers back that nobody needs just now, for what is said; says whether there were any.
    reclaim: Callable[[Purpose], bool] = field(default=lambda purpose: False)
    #: What a server had when the pool first looked at it.
    _first_seen: dict[str, _Has] = field(default_factory=dict)
    #: The same of the first server that the pool made.
    _plain: _Has | None = None
    #: How many jobs of a type in a row were not over in time.
    _slow: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._settling = Settling(self.ledger, self.client, self.clock, self.job_timeout)
        self.creations = Creations(self.api, self._settling)
        self.states = States(self.api, self.ledger, self.client, self.wait_stable, self.fit)
        self.surplus = Surplus(self.ledger, self.client, self.api, self.worker)

    def new_name(self, hint: str = "s") -> str:
        """Return a name that no other one is a part of; it says that it is this run's."""
        self._serial += 1
        return f"{self.prefix}-{self.worker}-{hint}{self._serial:04}"

    def show(self, server: str) -> Exchange:
        """Query a server (6.2.6)."""
        return lookup.show(self.client, server)

    def locked(self, server: str) -> bool:
        """Whether *server* is shown as locked: it refuses most of what its next user might want (6.3.4)."""
        return lookup.shown(self.client, server).get("locked") is True

    def fit(self, server: str, shown: ServerBody, *, as_made: bool = True) -> bool:
        """Whether *server*, as it is *shown*, can be handed out: not locked, and with what it had when it was first seen.

        That is the number of its disks and addresses, its flavor and its image: its next user would be blamed for what
        could not be taken back. Of what it was made, flavor and image, does not matter to whoever uses it up.
        """
        if not shown or shown.get("status") in lookup.PASSING:
            return True  # nothing can be said; whoever waits for it will see
        has = _has(shown)
        first = self._first_seen.setdefault(server, has)
        return shown.get("locked") is not True and (first[:2] == has[:2] if as_made else first[0] == has[0])

    def wait_job(
        self, job_id: str, *, timeout: float | None = None, each: Callable[[], object] | None = None
    ) -> Exchange:
        """Wait until a job is over; see `pytest_ecs._resources.jobs.wait_for_job`.

        Once several jobs of one type in a row were not over in time, no further one of that type is waited for.
        """
        try:
            over = wait_for_job(
                lambda: self.client.get(f"/v1/{{project_id}}/jobs/{segment(job_id)}"),
                self.clock,
                job_id=job_id,
                timeout=timeout or self.job_timeout,
                longest=1.0 if each else 10.0,
                each=each,
                durations=self.client.connection.durations,
                hopeless={job_type for job_type, times in self._slow.items() if times >= _TOO_SLOW},
            )
        except JobTimeout as error:
            job_type = error.last.get("job_type") if isinstance(error.last, Mapping) else None
            self._slow[str(job_type)] += timeout is None
            raise
        self._slow.pop(str(over.json_object.get("job_type")), None)
        return over

    def wait_stable(
        self, server: str, *, timeout: float | None = None, each: Callable[[], object] | None = None
    ) -> str | None:
        """Wait until *server* is in no passing status or task; see `pytest_ecs._resources.lookup.wait_stable`."""
        return lookup.wait_stable(self.client, self.clock, server, timeout=timeout or self.job_timeout, each=each)

    def lease(self, state: ServerState = "ACTIVE", *, exclusive: bool = True, word: str = "") -> Lease:
        """Hand out a server in *state*, making one when none is free."""
        while True:
            self.states.still_possible(state)
            if (server := self.ledger.take(self.worker, status=state, exclusive=exclusive, word=word)) is None:
                if not self._take_in(state) and not self.reclaim("use"):
                    self.create(1)
            elif server.users or self.states.bring_one(server.id, state, known=server.status):
                self.ledger.note(server.id, state)
                return Lease(server.id, server.name, exclusive, state, self)

    def batch_of(self, count: int, state: ServerState = "ACTIVE") -> list[Lease]:
        """Hand out *count* exclusive servers in *state*, brought there together; those that are missing come from one request."""
        leases: list[Lease] = []
        try:
            while len(leases) < count:
                self.states.still_possible(state)
                if taken := self._take(count - len(leases), state):
                    for server, is_there in self.states.bring({one: taken[one].status for one in taken}, state):
                        if is_there:
                            self.ledger.note(server, state)
                            leases.append(Lease(server, taken[server].name, exclusive=True, status=state, pool=self))
                elif not self._take_in(state) and not self.reclaim("use"):
                    self.create(count - len(leases))
        except EcsError:
            for lease in leases:
                lease.release()
            raise
        return leases

    def _take(self, most: int, state: ServerState) -> dict[str, Server]:
        """Take at most so many free servers, those in *state* first, and return them by their ids."""
        taken: dict[str, Server] = {}
        while len(taken) < most:
            server = self.ledger.take(self.worker, status=state, exclusive=True, word="")
            if server is None:
                break
            taken[server.id] = server
        return taken

    def to_delete(self, state: ServerState | None = "ACTIVE", *, resizes: bool = False, plain: bool = False) -> Lease:
        """Hand out an exclusive server in *state*, None for running or stopped, to somebody who uses it up.

        It is one that was left over, one that is free, one that nobody needs just now, else a new one. *plain* means that
        it is like those that the pool makes, *resizes* that it may have another one of the flavors of the run by now.
        """
        while True:
            wanted: ServerState = state or "ACTIVE"
            self.states.still_possible(wanted)
            # Whoever needs a free one afterwards makes it then; at the end of a run nobody does.
            free = partial(self.ledger.take, self.worker, status=wanted, exclusive=True, word="")
            taken = self._left_over(wanted, resizes, plain) or free()
            if taken is None:
                if self.reclaim("delete"):
                    continue
                server = self.create(1)[0]
                self.ledger.hold(server, self.worker)
            else:
                server = taken.id
            if self.states.bring_one(server, state, fit=partial(self.fit, as_made=False)):
                self.ledger.note(server, state)  # None where it is any
                # Whatever becomes of it, nobody else gets it, and nobody takes it for one that is idle.
                return Lease(server, None, exclusive=True, status=wanted, pool=self, spoilt=True)

    def _left_over(self, state: ServerState, resizes: bool, plain: bool, most: int = 2) -> Server | None:
        """Return a server that nobody needs any more and with which nothing is wrong."""
        others: list[str] = []
        found = None
        self._know_plain()
        while found is None and (taken := self.ledger.take_spare(self.worker, status=state, most=most)) is not None:
            shown = lookup.shown(self.client, taken.id)
            settled = str(shown.get("status")) in {"ACTIVE", "SHUTOFF"} and not shown.get("OS-EXT-STS:task_state")
            if not shown and lookup.seen(self.client, taken.id) is None:
                self.ledger.gone(taken.id)
            if not settled or not self.fit(taken.id, shown, as_made=False):
                continue
            if (not plain and not resizes) or self._is_like_the_others(shown, resizes):
                found = taken
            else:
                others.append(taken.id)
        for server in others:
            self.ledger.leave(server)
        return found

    def _is_like_the_others(self, shown: ServerBody, resizes: bool) -> bool:
        """Whether a server is like those that the pool makes, apart from the flavors of the run where it *resizes* it."""
        plain = self._plain
        return plain is None or self._made_alike(_has(shown), resizes) == self._made_alike(plain, resizes)

    def _made_alike(self, has: _Has, resizes: bool) -> _Has:
        belongings, (flavor, image), place = has
        return belongings, (None if resizes and flavor in self.flavors else flavor, image), place

    def _take_in(self, state: ServerState) -> bool:
        """Hand out from now on what was left over and is like those that the pool makes; return whether there was one."""
        self._know_plain()
        taken = self._left_over(state, resizes=False, plain=True, most=1) if self._plain is not None else None
        if taken is not None:
            self.ledger.plain(taken.id)
            self.ledger.give_back(taken.id, status=None)
        return taken is not None

    def _know_plain(self) -> None:
        """Look at what another process made for the pool, and nobody has for himself, where this one has made nothing."""
        mine = [] if self._plain is not None else self.ledger.servers(self.ledger.run)
        free = next((one.id for one in mine if not one.special and not one.exclusive), None)
        if free is not None:
            self.fit(free, lookup.shown(self.client, free))
            self._plain = self._first_seen.get(free)

    def is_plain(self, server: str) -> bool:
        """Whether *server* is like those that the pool makes, as far as it has made any."""
        return self._plain is not None and self._plain == _has(lookup.shown(self.client, server))

    def idle(self) -> list[str]:
        """Return the servers of the run that nobody has for himself, so that nobody changes or deletes them."""
        servers = self.ledger.servers(self.ledger.run)
        return [server.id for server in servers if not server.exclusive and not server.special]

    def keep(self, servers: Iterable[str]) -> None:
        """Leave *servers* to those who made them until the end of the run."""
        kept = set(servers)
        self.made = [server for server in self.made if server not in kept]

    def retire(self) -> None:
        """Say that a test has ended: whatever servers it made have served, except those that are kept, or looked at again."""
        self._watched[self.turns.now], self.made = self.made, []
        if self.turns.now not in self.turns.unfinished:
            self.finished(self.turns.now)
        self.turns.now += 1
        with suppress(EcsError):  # what is left is deleted in the end
            self.reclaim("others")
            self.surplus.delete(partial(self._is_like_the_others, resizes=False), partial(self.reclaim, "room"))

    def finished(self, turn: int) -> None:
        """Say that nothing is looked at again for a test: now the servers that it made have served."""
        self.turns.unfinished.discard(turn)
        self.spare(self._watched.pop(turn, ()))

    def spare(self, servers: Iterable[str]) -> None:
        """Leave servers that the pool did not make to whoever deletes them."""
        with suppress(LedgerError):  # they then serve nobody else, and are deleted in the end
            for server in servers:
                self.ledger.spare(server, alike=server not in self.grouped)

    def adopt(self, servers: Iterable[str]) -> None:
        """Hand out servers that somebody else made as if the pool had."""
        for server in servers:
            self.ledger.plain(server)
            self.ledger.note(server, None)

    def bring(self, lease: Lease, state: ServerState) -> None:
        """Bring a leased server into *state* again; raises `PrerequisiteMissing` when it does not get there."""
        # What it has does not matter to the one who has held it all along.
        if not self.states.bring_one(lease.id, state, fit=lambda _, shown: shown.get("locked") is not True):
            lease.spoilt = True
            raise PrerequisiteMissing(
                f"The server {lease.id} cannot be brought into the state {state} again", seen=self.show(lease.id).answer
            )

    def leave(self, lease: Lease) -> None:
        """End a lease of a server that nobody gets any more but somebody who deletes it."""
        with suppress(LedgerError):  # then nobody gets it
            self.ledger.leave(lease.id)

    def give_back(self, lease: Lease) -> None:
        """End a lease; a server that was used exclusively is looked at: whoever wants one in its state gets it.

        One that is not as it was yet, or that does not say, is looked at before its next use.
        """
        status: str | None = lease.status
        if lease.exclusive:
            status = None
            with suppress(EcsError):
                shown = lookup.shown(self.client, lease.id)
                status = lookup.settled(shown) if self.fit(lease.id, shown) else None
        self.ledger.give_back(lease.id, status=status)

    def create(self, count: int) -> list[str]:
        """Make *count* servers with one request, wait for them and return their ids; they are free then.

        The first request makes the batch, since tests need more than one; later ones, and the first where the run may not
        have so many, make what is missing.
        Raises `PrerequisiteMissing`, `BudgetExceeded`, `JobFailed`, `JobTimeout` or `TargetError`; see `Creations`.
        """
        most = count if self._begun else max(count, self.batch)
        self._begun = True
        made = self.creations.create(self.new_name("pool"), most, least=count)
        for server in made:
            self.fit(server, lookup.shown(self.client, server))
            self._plain = self._plain or self._first_seen.get(server)
            if server not in self._first_seen:  # it is still being made, whatever its job says: whoever gets it waits
                self.ledger.note(server, None)
            self.ledger.plain(server)
        return made

    def settle(self, exchange: Exchange) -> list[str]:
        """Wait for what an accepted create request made and write it down; return the servers' ids.

        Works for both create operations; a check-only request or any other answer makes nothing.
        """
        made = self._settling.settle(exchange)
        operation = created_by(exchange.method, exchange.path, exchange.request_body)
        if operation is not None and operation.creates is not None and operation.creates.resource_type == SERVER:
            self.made += made  # other jobs name servers, too: those that they changed
            self.grouped.update(made if is_grouped(exchange.request_body) else ())
        return made


def _has(shown: ServerBody) -> _Has:
    return lookup.belongings(shown), lookup.made_of(shown), (shown.get(lookup.ZONE), shown.get("user_id"))
