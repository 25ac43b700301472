"""Everything that one process of a run works with: target, connection, clients, pool, and the findings so far."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from pytest_ecs._checks import Finding, Seen, judge
from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.judge import Drift, drift
from pytest_ecs._contract import Contract, load
from pytest_ecs._http.access import address_of
from pytest_ecs._http.client import Client
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.signature import AkSkAuth
from pytest_ecs._http.target import Target
from pytest_ecs._http.token_store import FileTokenStore, MemoryTokenStore, TokenStore
from pytest_ecs._resources.api import EcsApi, ServerApi
from pytest_ecs._resources.cleanup import clean
from pytest_ecs._resources.guard import CreationGuard
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.native import NativeApi
from pytest_ecs._resources.pool import Pool
from pytest_ecs._run.discovery import offered, prepare
from pytest_ecs._run.reach import Reach, chapters_of
from pytest_ecs._run.room import Room
from pytest_ecs._run.schemes import scheme
from pytest_ecs._run.target import chosen_resources, one_sentence, open_target
from pytest_ecs._run.templates import ecs_template, native_template
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import AuthenticationFailed, ConfigurationError, EcsError, PrerequisiteMissing

if TYPE_CHECKING:
    from pytest_ecs._run.options import Settings

__all__ = ["Session", "open_session"]


@dataclass
class Session:
    """One process's share of a run."""

    settings: Settings
    contract: Contract
    target: Target
    ledger: Ledger
    connection: Connection
    clients: Mapping[Identity, Client]
    #: What may be sent.
    reach: Reach
    #: See `CreationGuard.unnamed`.
    nameless: Mapping[str, str] = field(default_factory=dict)
    #: See `CreationGuard.in_time`.
    in_time: Callable[[str], None] = lambda otherwise: None
    #: What was found out about the target, for people and for the other processes of the run.
    found: dict[str, JSON] = field(default_factory=dict)
    #: What the endpoint answered to whatever was signed with the AK/SK, where it refused all of it though it knows the user.
    unsigned: str | None = None
    #: Findings that tests made themselves and that nobody has collected yet.
    pending: list[Finding] = field(default_factory=list)
    #: Requirements that a test is over with and that are looked at again later.
    awaited: set[str] = field(default_factory=set)
    #: Requirements that were seen to be broken, of those findings that were collected.
    broken: set[str] = field(default_factory=set)
    #: Undocumented things seen.
    drift: set[Drift] = field(default_factory=set)
    #: What has been said of exchanges that were judged before the end of their test, by their ids.
    _said: dict[str, list[Finding]] = field(default_factory=dict)
    _seen: Seen = field(default_factory=Seen)
    _judged: int = 0
    _cleaned: bool = False

    def __post_init__(self) -> None:
        #: When the session was opened, on the target's clock.
        self.started = self.target.clock.now()

    @property
    def client(self) -> Client:
        """The primary user's client, with a token."""
        return self.clients["primary"]

    @property
    def signed_client(self) -> Client:
        """The primary user's client, signing with AK/SK; raises `PrerequisiteMissing` without a key pair.

        Raises `AuthenticationFailed` when the endpoint was seen to refuse it.
        """
        credentials = self.target.identities["primary"]
        if not credentials.ak or not credentials.sk:
            raise PrerequisiteMissing(
                "There is no AK/SK to sign with",
                seen=credentials.source,
                hint="set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
            )
        if self.unsigned is not None:
            raise AuthenticationFailed(
                "The AK/SK is refused whatever is asked for, by an endpoint that accepts the user's token",
                seen=self.unsigned,
                hint="renew it; if it is right, no signature is accepted there, which 4.2 wants",
            )
        auth = AkSkAuth(
            credentials.ak,
            credentials.sk,
            project_id=credentials.project_id,
            security_token=credentials.security_token,
            clock=self.target.clock,
        )
        return Client(self.connection, "primary", auth, "aksk")

    def api(self, client: Client) -> ServerApi:
        """Return how *client* makes, starts, stops and deletes servers: by chapter 5 where it may be used, else by 6."""
        if self.is_native:
            return NativeApi(client, self.template)
        return EcsApi(client, self.target.clock, self.template, self.settings.job_timeout)

    @property
    def is_native(self) -> bool:
        """Whether servers are made by the native APIs (chapter 6)."""
        return 5 not in chapters_of(self.settings.profile) or 5 in self.reach.missing

    @cached_property
    def pool(self) -> Pool:
        """The run's servers."""
        return Pool(
            self.client,
            self.ledger,
            self.target.clock,
            self.settings.worker,
            self.api(self.client),
            self.template,
            batch=self.settings.batch,
            job_timeout=self.settings.job_timeout,
            prefix=f"ecs-conformance-{self.settings.run}",
            flavors=frozenset(filter(None, (self.target.resources.flavor_id, self.target.resources.other_flavor_id))),
        )

    @cached_property
    def room(self) -> Room:
        """What takes up room in the project that no deletion frees."""
        return Room(self.contract, self.connection, self.clients, self.nameless, self._find)

    def _find(self, finding: Finding) -> None:
        self.pending.append(finding)

    def template(self, name: str, count: int) -> dict[str, JSON]:
        """Return the body of a plain create request (5.1.1, or 6.2.1 where servers are made by the native APIs)."""
        make = native_template if self.is_native else ecs_template
        return make(self.target.resources, name, count)

    def prepare(self, found: Mapping[str, JSON] | None = None) -> None:
        """Find out what the target offers and what the run needs, as far as it was not given; see `discovery.prepare`.

        *found* is what another process of the run has found out.
        """
        if not self.target.simulated:
            prepare(self, found)

    # Judging

    def get(self, exchange_id: str) -> Exchange | None:
        """See `pytest_ecs._checks.Corpus`."""
        return self.connection.journal.get(exchange_id)

    def job(self, job_id: str, part: str = "") -> Sequence[Exchange]:
        """See `pytest_ecs._checks.Corpus`."""
        return self.connection.journal.job(job_id, part)

    def look(self, exchange: Exchange) -> list[Finding]:
        """Return the findings about *exchange* before its test ends.

        Those that speak of a job are found anew at the end, when it is over; of the others only what is new is said.
        """
        if exchange.case is not None:
            return judge(exchange, self.contract, self)
        findings = self._said[exchange.id] = self._judged_anew(exchange)
        return findings

    def judge_anew(self) -> None:
        """Collect what was sent, and say of what is sent from now on all that it shows, whatever others showed before."""
        self.collect()
        self._seen = Seen()

    def of_test(self) -> Sequence[Exchange]:
        """Return the exchanges made since the last call of `collect`."""
        return self.connection.journal.since(self._judged)

    def collect(self) -> tuple[list[Exchange], list[Finding]]:
        """Return the exchanges made since the last call and what they show that is new, the tests' own findings included.

        A requirement that was seen to hold is not said to hold again.
        """
        new = list(self.connection.journal.since(self._judged))
        self._judged += len(new)
        for exchange in new:
            self._look_for_room(exchange)
        findings, self.pending = self.pending, []
        for exchange in new:
            findings += self._said.pop(exchange.id) if exchange.id in self._said else self._judged_anew(exchange)
        self.broken.update(finding.requirement for finding in findings if finding.outcome == "fail")
        return new, findings

    def _look_for_room(self, exchange: Exchange) -> None:
        """Where a creation finds no room, look whether deletions delete: then they are to blame, and what they left is said."""
        operation = self.contract.operations.get(exchange.operation or "") if exchange.refused else None
        if operation is None or operation.creates is None:
            return
        lacking = self.contract.environment_codes.intersection(codes_of(exchange.response_body))
        if lacking or exchange.status in self.contract.quota_statuses:
            self.room.taken(operation)

    def _judged_anew(self, exchange: Exchange) -> list[Finding]:
        """Return what *exchange* shows that no other did before it."""
        findings = judge(exchange, self.contract, self, self._seen)
        self.drift.update(drift(exchange, self.contract, self._seen))
        return findings

    # The end

    @property
    def owns_the_end(self) -> bool:
        """Whether this process deletes what was created: alone on its target, or not a worker."""
        return self.settings.embedded or self.settings.worker == "main"

    def clean(self) -> tuple[list[str], list[str]]:
        """Delete what this run created; see `pytest_ecs._resources.cleanup.clean`. Does nothing the second time."""
        if self._cleaned:
            return [], []
        self.reach.closed = False
        deleted, problems = self.sweep(self.ledger.run)
        if not problems:
            self.ledger.finish()
            self._cleaned = True
        return deleted, problems

    def forget(self) -> None:
        """Write down that this run is over, where it never began: no process of it has asked for anything yet."""
        ledger, run = self.ledger, self.ledger.run
        if self.owns_the_end and not (ledger.intents(run) or ledger.resources(run) or ledger.servers(run)):
            ledger.finish()

    def sweep(self, run: str, *, dry_run: bool = False) -> tuple[list[str], list[str]]:
        """Delete what *run* created; see `pytest_ecs._resources.cleanup.clean`."""
        self.reach.closed = False
        if not self.target.simulated and not self.found:
            try:
                self.reach.missing = frozenset(number for number, there in offered(self).items() if not there)
            except AuthenticationFailed:
                raise
            except EcsError:
                pass
        return clean(
            self.ledger,
            [run],
            self.clients,
            self.api,
            self.target.clock,
            job_timeout=self.settings.job_timeout,
            dry_run=dry_run,
            threads=1 if self.target.simulated else _THREADS,
        )

    def close(self) -> None:
        """Close sockets and files; whoever cleans up also removes the shared tokens."""
        self.connection.close()
        self.ledger.close()
        if self.owns_the_end and not self.settings.embedded:
            for shared in ("tokens", "pace"):
                for file in self.settings.state_folder.glob(f"{shared}-{self.settings.run}*"):
                    file.unlink(missing_ok=True)


#: How many requests of the clean-up are under way at a time.
_THREADS = 8


def open_session(
    settings: Settings,
    environ: Mapping[str, str] | None = None,
    *,
    creates: bool = True,
    target: Target | None = None,
) -> Session:
    """Open *target*, or the one that *settings* name; no request is sent yet, but a login where only the catalogue has the endpoint.

    A session that *creates* something stands in the ledger from now on, so that `sweep` knows it whatever happens to it.
    Raises `ConfigurationError`, `ContractError` or `LedgerError`, and as a login does.
    """
    contract = load()
    with one_sentence():
        found = open_target(settings, os.environ if environ is None else environ) if target is None else target
        found = replace(found, resources=chosen_resources(settings, found.resources))
        return _open(settings, contract, found, creates=creates)


def _open(settings: Settings, contract: Contract, target: Target, *, creates: bool) -> Session:
    def identify(method: str, path: str, body: JSON) -> tuple[str, Mapping[str, str]] | None:
        found = contract.match(method, path, body)
        return (found[0].id, found[1]) if found else None

    @cache
    def offers(path: str) -> bool:
        return clients["primary"].get(path).status != 404

    connection = Connection.open(
        target,
        worker=settings.worker,
        identify=identify,
        timeout=settings.request_timeout,
        rate=settings.max_requests_per_second,
        pace_file=None if settings.embedded else settings.state_folder / f"pace-{settings.run}",
    )
    # One file for each run, shared by its processes: a token must not outlive the run it was obtained for.
    shared = settings.state_folder / f"tokens-{settings.run}.json"
    store: TokenStore = MemoryTokenStore() if settings.embedded else FileTokenStore(shared)
    try:
        schemes = {name: scheme(connection, name, store) for name in target.identities}
        if not target.endpoint:
            target = _in_catalogue(Client(connection, "primary", schemes["primary"]))
    except BaseException:
        connection.close()
        raise
    file = settings.ledger if settings.embedded else settings.ledger_file
    limit = None if target.simulated else settings.max_servers
    ledger = Ledger(file, target=target.key, run=settings.run, limit=limit)
    deadline = None
    if creates:
        began = ledger.start(target.project)
        deadline = None if target.simulated else began + settings.max_minutes * 60
    guard = CreationGuard(ledger, target.clock, offers, lambda identity: clients[identity], deadline)
    reach = Reach(guard, settings.profile, contract.match)
    connection = replace(connection, target=target, guard=reach)
    clients: dict[Identity, Client] = {}
    clients.update({name: Client(connection, name, auth) for name, auth in schemes.items()})
    return Session(settings, contract, target, ledger, connection, clients, reach, guard.unnamed, guard.in_time)


def _in_catalogue(client: Client) -> Target:
    """Return the target with the address of the compute service in the catalogue of IAM (4.3)."""
    target = client.connection.target
    access, primary = client.access(), target.identities["primary"]
    if access is None:
        raise ConfigurationError("The catalogue needs a login by token", hint="add --ecs-endpoint URL")
    found = access.compute(target.region, primary.interface)
    others = ", ".join(access.others(found, primary.interface)) if target.region is None else ""
    remark = f"no region is named and the first of the catalogue is taken: {others} is not used; --ecs-region names one"
    return replace(
        target,
        endpoint=address_of(found, "compute endpoint of the catalogue", "add --ecs-endpoint URL").root,
        remarks=(*target.remarks, *((remark,) if others else ())),
    )
