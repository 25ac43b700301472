"""Ephemeral servers: one pool for the run, leased by state and properties, cleaned from the ledger at the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import server_ids
from pytest_ecs._resources import kinds
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs._resources.kinds import Kind, identify, is_own, kind_of, name_of
from pytest_ecs._resources.ledger import Intent, Ledger
from pytest_ecs._types import JSON, Clock, Identity, ServerState
from pytest_ecs.exceptions import EcsError, JobFailed, JobTimeout, PrerequisiteMissing

__all__ = ["CreationGuard", "Lease", "Pool", "clean"]

#: What makes servers: v1 (5.1.1), native (6.2.1) and its alias.
_CREATES = re.compile(r"^/(?:v1/[^/]+/cloudservers|v2(?:\.1)?/[^/]+/(?:servers|os-volumes_boot))$")
#: First microversion at which a server shows whether it is locked (6.2.6).
_LOCKED = "2.9"
#: Statuses that end by themselves (A-1).
_PASSING = frozenset({"BUILD", "REBOOT", "HARD_REBOOT", "REBUILD", "MIGRATING", "RESIZE", "REVERT_RESIZE", "UNKNOWN"})
#: Statuses of servers that are no more (A-1).
_GONE = frozenset({"DELETED", "SOFT_DELETED"})
#: How many servers in a row may fail to get into a state before the pool gives up on that state.
_TRIES = 4
#: Seconds that the query of a server may be refused until nothing is expected of it any more.
_PATIENCE = 120.0
_STABLE: Mapping[str, str] = {"ACTIVE": "os-start", "SHUTOFF": "os-stop"}


@dataclass(frozen=True)
class CreationGuard:
    """Writes every request that may create servers into the ledger before it leaves.

    Nothing is created that could not be deleted: *offers* says whether the endpoint has the API at a path.
    """

    ledger: Ledger
    clock: Clock
    offers: Callable[[str], bool] = lambda path: True

    def before(self, method: str, path: str, body: JSON, identity: Identity) -> tuple[Kind | None, int] | None:
        """See `pytest_ecs._http.connection.Guard`; the key is the kind of what may be created, None for servers, and its number.

        Raises `PrerequisiteMissing` for what the endpoint has no API to delete, and as the ledger does.
        """
        if method == "POST" and _CREATES.match(path):
            name, count = _wanted(body)
            return None, self.ledger.intend(identity, name, count, self.clock.now())
        kind = kind_of(method, path, body)
        if kind is not None and kind.elsewhere and not self.offers(kind.all):
            raise PrerequisiteMissing(
                f"A request that may create an {kind.name} was not sent, since nothing could delete it",
                seen=f"HTTP 404 at {kind.all}",
                hint="this is tested where the endpoint has that API",
            )
        return None if kind is None else (kind, self.ledger.want(identity, kind.name, name_of(kind, body)))

    def after(self, key: tuple[Kind | None, int], exchange: Exchange) -> None:
        """See `pytest_ecs._http.connection.Guard`."""
        kind, number = key
        if kind is None:
            self._after_servers(number, exchange)
        elif exchange.refused:
            self.ledger.lost(number)
        elif exchange.failure is None:
            self.ledger.got(number, identify(kind, exchange))

    def _after_servers(self, key: int, exchange: Exchange) -> None:
        if exchange.refused:
            self.ledger.answer(key, "refused")
            return
        body = exchange.json_object
        job, server = body.get("job_id"), body.get("server")
        if isinstance(job, str):
            self.ledger.answer(key, "accepted", job)
        elif isinstance(server, Mapping) and isinstance(server.get("id"), str):
            self.ledger.add(server["id"], run=self.ledger.run, identity=exchange.identity, intent=key, name=None)
            # The answer to a batch names one server only; the others are found by the name of the intent.
            _, count = _wanted(exchange.request_body)
            self.ledger.answer(key, "accepted" if count > 1 else "settled")
        elif _is_dry_run(exchange.request_body):
            self.ledger.answer(key, "settled")
        else:
            self.ledger.answer(key, "accepted")


def _wanted(body: JSON) -> tuple[str | None, int]:
    server = body.get("server") if isinstance(body, Mapping) else None
    server = server if isinstance(server, Mapping) else {}
    name = server.get("name")
    counts = [_integer(server.get(key)) for key in ("count", "min_count", "max_count")]
    count = max([c for c in counts if c is not None], default=1)
    # A check-only request promises to make nothing, so it does not count against the budget.
    return name if isinstance(name, str) else None, 0 if _is_dry_run(body) else max(count, 1)


def _is_dry_run(body: JSON) -> bool:
    return isinstance(body, Mapping) and body.get("dry_run") is True


def _integer(value: JSON) -> int | None:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass
class Lease:
    """A server of the pool in somebody's hands."""

    id: str
    name: str | None
    exclusive: bool
    #: Status it was handed out in.
    status: str
    pool: Pool = field(repr=False)
    #: Something was done to it that could not be taken back: nobody else gets it.
    spoilt: bool = False
    _released: bool = field(default=False, repr=False)

    def show(self) -> Exchange:
        """Query the server (6.2.6)."""
        return self.pool.show(self.id)

    def release(self) -> None:
        """Give the server back to the pool; its state is looked at again before anybody else gets it."""
        if not self._released:
            self._released = True
            if not self.spoilt:
                self.pool.give_back(self)


@dataclass
class Pool:
    """Makes, keeps and hands out servers for one process; other processes share them through the ledger."""

    client: Client
    ledger: Ledger
    clock: Clock
    worker: str
    #: Body of a valid create request (5.1.1) for (name, count).
    template: Callable[[str, int], Mapping[str, JSON]]
    batch: int = 3
    job_timeout: float = 1800.0
    prefix: str = "ecs"
    #: Time of the target's clock after which nothing new is started.
    deadline: float | None = None
    _serial: int = 0
    #: The first request makes several servers, since tests need more than one; later ones make what is missing.
    _begun: bool = False
    #: Servers that were made in another way than the pool makes them, and that somebody may still need.
    made: list[str] = field(default_factory=list)
    #: How many disks and addresses a server had when the pool first looked at it.
    _first_seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: How often a server could not be brought into a state; after a few times it is not tried again.
    _stuck: Counter[str] = field(default_factory=Counter)

    def new_name(self, hint: str = "s") -> str:
        """Return a name that no other one is a part of; it says that it is this run's."""
        self._serial += 1
        return f"{self.prefix}-{self.worker}-{hint}{self._serial:04}"

    def show(self, server: str) -> Exchange:
        """Query a server (6.2.6)."""
        return self.client.get(f"/v2.1/{{project_id}}/servers/{server}")

    def locked(self, server: str) -> bool:
        """Whether *server* is shown as locked: it refuses most of what its next user might want (6.3.4)."""
        return self._shown(server).get("locked") is True

    def fit(self, server: str) -> bool:
        """Whether *server* can be handed out: not locked, and with as many disks and addresses as when it was first seen.

        Its next user would be blamed for what could not be taken away again.
        """
        shown = self._shown(server)
        if not shown or shown.get("status") in _PASSING:
            return True  # nothing can be said; whoever waits for it will see
        has = _belongings_of(shown)
        return shown.get("locked") is not True and self._first_seen.setdefault(server, has) == has

    def _shown(self, server: str) -> Mapping[str, JSON]:
        body = self.client.get(f"/v2.1/{{project_id}}/servers/{server}", microversion=_LOCKED).response_body
        shown = body.get("server") if isinstance(body, Mapping) else None
        return shown if isinstance(shown, Mapping) else {}

    def wait_job(
        self, job_id: str, *, timeout: float | None = None, each: Callable[[], object] | None = None
    ) -> Exchange:
        """Wait until a job is over; see `pytest_ecs._resources.jobs.wait_for_job`."""
        return wait_for_job(
            lambda: self.client.get(f"/v1/{{project_id}}/jobs/{job_id}"),
            self.clock,
            job_id=job_id,
            timeout=timeout or self.job_timeout,
            longest=1.0 if each else 10.0,
            each=each,
        )

    def wait_stable(
        self, server: str, *, timeout: float | None = None, each: Callable[[], object] | None = None
    ) -> str | None:
        """Wait until *server* is in no passing status or task; return its status, None when it is gone.

        Raises `JobTimeout` when it is still changing after *timeout* seconds of the target's clock, or was not shown for
        two minutes.
        """
        began, limit, pause = self.clock.now(), timeout or self.job_timeout, 1.0
        answered = began
        while True:
            exchange = self.show(server)
            if exchange.status == 404:
                return None
            body = exchange.json_object
            inner = body.get("server")
            shown: Mapping[str, JSON] = inner if isinstance(inner, Mapping) else {}
            status, task = str(shown.get("status")), shown.get("OS-EXT-STS:task_state")
            if exchange.status == 200 and status not in _PASSING and not task:
                return status
            now = self.clock.now()
            answered = now if shown else answered
            if now - answered >= _PATIENCE:
                raise JobTimeout(
                    f"Server {server} was not shown for {_PATIENCE:g} s",
                    seen=exchange.answer,
                    hint="Look at what the endpoint answers to the query of a server (6.2.6)",
                )
            if now - began >= limit:
                raise JobTimeout(
                    f"Server {server} was still changing after {limit:g} s",
                    seen=f"HTTP {exchange.status}, status {status}, task_state {task}",
                    hint="raise --ecs-job-timeout if this endpoint is known to be slow",
                    last=dict(shown),
                )
            if each is not None:
                each()
            self.clock.sleep(pause)
            pause = 1.0 if each else min(pause * 1.5, 10.0)

    def lease(self, state: ServerState = "ACTIVE", *, exclusive: bool = True, word: str = "") -> Lease:
        """Hand out a server in *state*, making one when none is free."""
        while True:
            self._still_possible(state)
            server = self.ledger.take(self.worker, status=state, exclusive=exclusive, word=word)
            if server is None:
                self.create(1 if self._begun else self.batch)
                self._begun = True
            elif server.mode == "shared" or self._bring(server.id, server.status, state):
                self.ledger.note(server.id, state)
                return Lease(server.id, server.name, exclusive, state, self)

    def _still_possible(self, state: str) -> None:
        if self._stuck[state] >= _TRIES:
            raise PrerequisiteMissing(
                f"No server can be brought into the state {state}",
                seen=f"{self._stuck[state]} servers that did not get there",
                hint="look at the exchanges before this one in the report: create, start and stop are what the pool uses",
            )

    def batch_of(self, count: int, state: ServerState = "ACTIVE") -> list[Lease]:
        """Hand out *count* exclusive servers in *state*; those that are missing come from one request."""
        leases: list[Lease] = []
        while len(leases) < count:
            try:
                self._still_possible(state)
            except PrerequisiteMissing:
                for lease in leases:
                    lease.release()
                raise
            server = self.ledger.take(self.worker, status=state, exclusive=True, word="")
            if server is None:
                self.create(count - len(leases))
            elif self._bring(server.id, server.status, state):
                self.ledger.note(server.id, state)
                leases.append(Lease(server.id, server.name, exclusive=True, status=state, pool=self))
        return leases

    def to_delete(self, state: ServerState = "ACTIVE") -> Lease:
        """Hand out an exclusive server in *state* to somebody who deletes it: one that was left over, one that is free, else a new one."""
        while True:
            self._still_possible(state)
            taken = self.ledger.take_spare(self.worker, status=state)
            # Whoever needs a free one afterwards makes it then; at the end of a run nobody does.
            taken = taken or self.ledger.take(self.worker, status=state, exclusive=True, word="")
            if taken is None:
                server = self.create(1)[0]
                self.ledger.hold(server, self.worker)
            else:
                server = taken.id
            if self._bring(server, None, state):
                self.ledger.note(server, state)
                # Whatever becomes of it, nobody else gets it, and nobody takes it for one that is idle.
                return Lease(server, None, exclusive=True, status=state, pool=self, spoilt=True)

    def idle(self) -> list[str]:
        """Return the servers of the run that nobody has for himself, so that nobody changes or deletes them."""
        servers = self.ledger.servers(self.ledger.run)
        return [server.id for server in servers if server.mode != "exclusive" and not server.special]

    def keep(self, servers: Iterable[str]) -> None:
        """Leave *servers* to those who made them until the end of the run."""
        kept = set(servers)
        self.made = [server for server in self.made if server not in kept]

    def retire(self) -> None:
        """Say that whatever servers were made since the last time have served, except those that are kept."""
        for server in self.made:
            self.ledger.spare(server)
        self.made.clear()

    def bring(self, lease: Lease, state: ServerState) -> None:
        """Bring a leased server into *state* again; raises `PrerequisiteMissing` when it does not get there."""
        if not self._bring(lease.id, None, state, held=True):
            lease.spoilt = True
            raise PrerequisiteMissing(f"The server {lease.id} cannot be brought into the state {state} again")

    def _bring(self, server: str, known: str | None, state: str, *, held: bool = False) -> bool:
        """Bring *server* into *state*; False when it is gone or does not get there. Nobody else gets it then.

        What it has does not matter to the one who has *held* it all along.
        """
        there = self._brought(server, known, state, held=held)
        self._stuck[state] = 0 if there else self._stuck[state] + 1
        return there

    def _brought(self, server: str, known: str | None, state: str, *, held: bool) -> bool:
        status = known or self.wait_stable(server)
        if status is None:
            self.ledger.gone(server)
        usable = known is not None or (not self.locked(server) if held else self.fit(server))
        if status is None or not usable:
            self._stuck[state] -= 1  # a server that is gone, locked or changed says nothing about the way into a state
            return False
        if status == state:
            return True
        if status not in _STABLE:
            return False
        action: dict[str, JSON] = {"servers": [{"id": server}]}
        started = self.client.post("/v1/{project_id}/cloudservers/action", {_STABLE[state]: action})
        job = _job_of(started)
        if job is None:
            return False
        try:
            self.wait_job(job)
        except JobFailed:
            return False
        return self.wait_stable(server) == state

    def give_back(self, lease: Lease) -> None:
        """End a lease; a server that was used exclusively is looked at before its next use."""
        self.ledger.give_back(lease.id, status=None if lease.exclusive else lease.status)

    def create(self, count: int) -> list[str]:
        """Make *count* servers with one request (5.1.1), wait for them and return their ids; they are free then.

        Raises `PrerequisiteMissing`, `BudgetExceeded`, `JobFailed` or `JobTimeout`.
        """
        if self.deadline is not None and self.clock.now() > self.deadline:
            raise PrerequisiteMissing(
                "No server is created any more",
                seen="--ecs-max-minutes have passed",
                hint="raise --ecs-max-minutes or select less",
            )
        exchange = self.client.post("/v1/{project_id}/cloudservers", dict(self.template(self.new_name("pool"), count)))
        if _job_of(exchange) is None:
            raise PrerequisiteMissing(
                "The endpoint does not create servers for the run",
                seen=exchange.answer,
                hint="check --ecs-image, --ecs-flavor, --ecs-vpc and --ecs-subnet, and the quota of the project",
            )
        made = self.settle(exchange)
        if not made:
            raise PrerequisiteMissing(
                "A creation was accepted and no server of it can be found",
                seen=f"{exchange.response_body}",
                hint="look at the job in the report, and run pytest-ecs sweep when servers are left",
            )
        for server in made:
            self.fit(server)
            self.ledger.plain(server)
        return made

    def settle(self, exchange: Exchange) -> list[str]:
        """Wait for what an accepted create request made and write it down; return the servers' ids.

        Works for both create operations; a check-only request or any other answer makes nothing.
        """
        made = self._settled(exchange)
        self.made += made
        return made

    def _settled(self, exchange: Exchange) -> list[str]:
        job = _job_of(exchange)
        if job is not None:
            intents = self.ledger.intents(self.ledger.run, job=job)
            try:
                body = self.wait_job(job).response_body
            except JobFailed as failed:
                for intent in intents:
                    _record(self.ledger, intent, server_ids(failed.last))
                raise
            ids = server_ids(body)
            for intent in intents:
                # A job that does not name its servers is judged elsewhere; what it made must not be lost for that.
                ids = ids or _by_name(self.ledger, intent, self.client)
                _record(self.ledger, intent, ids, status="ACTIVE")
            return ids
        body = exchange.json_object
        server = body.get("server")
        if exchange.accepted and isinstance(server, Mapping) and isinstance(server.get("id"), str):
            self.ledger.note(server["id"], self.wait_stable(server["id"]))
            name, count = _wanted(exchange.request_body)
            return self._namesakes(name) if count > 1 and name else [server["id"]]
        reservation = body.get("reservation_id")
        return self._reserved(exchange, reservation) if isinstance(reservation, str) else []

    def _namesakes(self, name: str) -> list[str]:
        """All servers of a batch whose answer named only one of them."""
        ids: list[str] = []
        for intent in self.ledger.intents(self.ledger.run):
            if intent.job is None and intent.name == name:
                ids = _by_name(self.ledger, intent, self.client)
                _record(self.ledger, intent, ids)
        for server in ids:
            self.ledger.note(server, self.wait_stable(server))
        return ids

    def _reserved(self, exchange: Exchange, reservation: str) -> list[str]:
        """What a native batch made: its answer names only the reservation (6.2.1)."""
        listed = self.client.get("/v2.1/{project_id}/servers", query={"reservation_id": reservation}).response_body
        ids = [str(s["id"]) for s in listed.get("servers", ())] if isinstance(listed, Mapping) else []
        name, _ = _wanted(exchange.request_body)
        for intent in self.ledger.intents(self.ledger.run):
            if intent.job is None and intent.name == name:
                _record(self.ledger, intent, ids)
        for server in ids:
            self.ledger.note(server, self.wait_stable(server))
        return ids


def _belongings_of(shown: Mapping[str, JSON]) -> tuple[int, int]:
    """Return how many disks and addresses a server shows; floating addresses (EIPs) come and go without it (6.2.6)."""
    disks, networks = shown.get("os-extended-volumes:volumes_attached"), shown.get("addresses")
    lists = [value for value in networks.values() if isinstance(value, list)] if isinstance(networks, Mapping) else []
    entries = [entry for value in lists for entry in value if isinstance(entry, Mapping)]
    own = [entry for entry in entries if entry.get("OS-EXT-IPS:type") != "floating"]
    return len(disks) if isinstance(disks, list) else 0, len(own)


def _record(ledger: Ledger, intent: Intent, ids: Iterable[str], status: str | None = None) -> None:
    for server in ids:
        ledger.add(server, run=intent.run, identity=intent.identity, intent=intent.key, name=intent.name, status=status)
    ledger.answer(intent.key, "settled")


def _job_of(exchange: Exchange) -> str | None:
    body = exchange.response_body
    job = body.get("job_id") if exchange.accepted and isinstance(body, Mapping) else None
    return job if isinstance(job, str) else None


def clean(
    ledger: Ledger,
    runs: Sequence[str],
    clients: Mapping[Identity, Client],
    clock: Clock,
    *,
    job_timeout: float = 1800.0,
    dry_run: bool = False,
) -> tuple[list[str], list[str]]:
    """Delete every server, and whatever else the ledger knows for *runs*; nothing that it does not know is ever touched.

    Return (what was deleted, or with *dry_run* is to be deleted: ids of servers, kinds and names of things; one
    sentence for each that could not be deleted). Requests whose answer never came are looked up by the name in their
    intent, and what may be somebody else's is left alone and reported. Never raises for one server's sake.
    """
    done: list[str] = []
    problems: list[str] = []
    for run in runs:
        for intent in ledger.intents(run):
            client = _owner(clients, intent.identity)
            try:
                _discover(ledger, intent, client, clock, job_timeout)
            except EcsError as error:
                problems.append(f"what request {intent.key} ({intent.name!r}) created is not known: {error}")
        by_identity: dict[str, list[str]] = {}
        for server in ledger.servers(run):
            by_identity.setdefault(server.identity, []).append(server.id)
        for identity, ids in by_identity.items():
            if dry_run:
                done += ids
                continue
            client = _owner(clients, identity)
            for start in range(0, len(ids), 1000):  # 5.1.2: at most 1,000 in one request
                deleted, failed = _delete(ledger, ids[start : start + 1000], client, clock, job_timeout)
                done += deleted
                problems += failed
        # Things are deleted after the servers that may use them.
        for identity in dict.fromkeys(thing.identity for thing in ledger.things(run)):
            things = [thing for thing in ledger.things(run) if thing.identity == identity]
            if dry_run:
                done += [f"{thing.kind} {thing.name or thing.path}" for thing in things]
                continue
            deleted, failed = kinds.delete(ledger, things, _owner(clients, identity), clock)
            done += deleted
            problems += failed
    return done, problems


def _owner(clients: Mapping[Identity, Client], identity: str) -> Client:
    """The one who may delete: another project's own user, and the primary user for everything in the primary project."""
    return clients["other_project"] if identity == "other_project" and identity in clients else clients["primary"]


def _discover(ledger: Ledger, intent: Intent, client: Client, clock: Clock, job_timeout: float) -> None:
    if intent.job is not None:
        job = intent.job
        try:
            body = wait_for_job(
                lambda: client.get(f"/v1/{{project_id}}/jobs/{job}"), clock, job_id=job, timeout=job_timeout
            ).response_body
        except JobFailed as failed:
            body, intent = failed.last, replace(intent, state="sent")  # it may have made nothing
        _record(ledger, intent, server_ids(body) or _by_name(ledger, intent, client))
        return
    if intent.name:
        _record(ledger, intent, _by_name(ledger, intent, client))
        return
    ledger.answer(intent.key, "settled")


def _by_name(ledger: Ledger, intent: Intent, client: Client) -> list[str]:
    """Ids of the servers that a request for a name made: of that very name, or numbered as table 5-3 says.

    Raises `PrerequisiteMissing` when some that nobody wrote down may be somebody else's: the name is not one that only
    this run gives, and the request was not accepted or asked for fewer.
    """
    name = intent.name or ""
    if not name:
        return []
    found = re.fullmatch(r"(.+)-\d{4}", name)
    stem = found[1] if found else name
    exact = re.compile(rf"{re.escape(name)}(-\d{{4}})?|{re.escape(stem)}-\d{{4}}")
    ids = [str(s["id"]) for s in _listed(client, name=stem) if exact.fullmatch(str(s.get("name")))]
    known = {server.id for server in ledger.servers(intent.run)}
    doubtful = [server for server in ids if server not in known]
    if doubtful and not is_own(name, intent.run) and (intent.state == "sent" or len(ids) > intent.count):
        raise PrerequisiteMissing(
            f"servers of the name {name!r} are there that somebody else may have made",
            seen=", ".join(doubtful),
            hint="delete by hand what is yours",
        )
    return ids


def _listed(client: Client, **filters: str) -> list[Mapping[str, JSON]]:
    """All servers that *filters* let through (6.2.4), page by page."""
    found: list[Mapping[str, JSON]] = []
    marker: dict[str, str] = {}
    while True:
        exchange = client.get("/v2.1/{project_id}/servers", query={**filters, "limit": "1000", **marker})
        body = exchange.response_body
        page = body.get("servers") if isinstance(body, Mapping) else None
        if exchange.status != 200 or not isinstance(page, list):
            raise PrerequisiteMissing(
                "The servers cannot be listed", seen=f"HTTP {exchange.status}", hint="try again later"
            )
        found += [server for server in page if isinstance(server, Mapping) and "id" in server]
        if len(page) < 1000:
            return found
        marker = {"marker": str(page[-1]["id"])}


def _delete(
    ledger: Ledger, ids: Sequence[str], client: Client, clock: Clock, job_timeout: float
) -> tuple[list[str], list[str]]:
    present = [server for server in ids if not _is_gone(ledger, client, server)]
    if present:
        body = {"servers": [{"id": server} for server in present], "delete_publicip": True, "delete_volume": True}
        try:
            exchange = client.post("/v1/{project_id}/cloudservers/delete", body)
            if (job := _job_of(exchange)) is not None:
                wait_for_job(
                    lambda: client.get(f"/v1/{{project_id}}/jobs/{job}"), clock, job_id=job, timeout=job_timeout
                )
        except (JobFailed, JobTimeout):
            pass  # what is left is deleted one by one below
    failed: list[str] = []
    deleted: list[str] = []
    for server in ids:
        if server not in present or _is_gone(ledger, client, server) or _delete_one(ledger, client, clock, server):
            deleted.append(server)
        else:
            failed.append(f"server {server} is still there; delete it by hand or run pytest-ecs sweep again")
    return deleted, failed


def _delete_one(ledger: Ledger, client: Client, clock: Clock, server: str) -> bool:
    """Delete one server the native way (6.2.3), which a lock (6.3.4) or an endpoint without batch deletion left over."""
    client.post(f"/v2.1/{{project_id}}/servers/{server}/action", {"unlock": None})
    client.delete(f"/v2.1/{{project_id}}/servers/{server}")
    for _ in range(60):
        if _is_gone(ledger, client, server):
            return True
        clock.sleep(5.0)
    return False


def _is_gone(ledger: Ledger, client: Client, server: str) -> bool:
    exchange = client.get(f"/v2.1/{{project_id}}/servers/{server}")
    body = exchange.json_object
    shown = body.get("server")
    there = exchange.status != 404 and not (isinstance(shown, Mapping) and shown.get("status") in _GONE)
    if there and exchange.refused:  # the query says nothing, so that the list has to
        with suppress(PrerequisiteMissing):
            there = any(listed["id"] == server for listed in _listed(client))
    if not there:
        ledger.gone(server)
    return not there
