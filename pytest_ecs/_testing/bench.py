"""The suite's work bench: runs recipes, derives refusals from them, and turns what tests see into findings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from pytest_ecs._cases.derivation import apply, as_check, changes, expectation, first_version, flags, variant_for
from pytest_ecs._cases.mutation import excluding, fields
from pytest_ecs._cases.recipe import RECIPES, Ingredients, Recipe, Request, Step, placeholder
from pytest_ecs._checks import TESTS, Assertion, Finding, evaluate
from pytest_ecs._contract.model import Operation, Requirement
from pytest_ecs._http.auth import AkSkAuth, AlteredAfterSigning, FixedToken, NoAuth
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._resources.kinds import discard
from pytest_ecs._resources.lease import Lease
from pytest_ecs._testing.supplies import TRIES, Stock
from pytest_ecs._types import JSON, Identity, ServerState
from pytest_ecs.exceptions import JobError, PrerequisiteMissing, StepFailed

__all__ = ["Bench"]

#: What another project's request leaves at a server as it is.
_FACTS = ("name", "status", "metadata", "flavor", "image", "addresses", "os-extended-volumes:volumes_attached")
_GARBAGE = "garbage-token-that-no-one-issued"


@dataclass
class Bench(Stock):
    """What the suites drive the endpoint with. One for each process."""

    _controls: dict[tuple[str, str, bool], Exchange] = field(default_factory=dict)
    _collections: dict[str, Exchange] = field(default_factory=dict)
    _made: dict[tuple[str, str], JSON] = field(default_factory=dict)
    _shared: dict[str, list[Lease]] = field(default_factory=dict)
    #: The recipe whose requests are being refused on servers that it prepared, those servers and its last request.
    _prepared: tuple[Recipe, list[Lease], Request | None] | None = None

    def as_identity(self, identity: Identity) -> Client:
        """Return another user's client; raises `PrerequisiteMissing` when the target has none."""
        clients = self.session.clients
        if identity not in clients or isinstance(clients[identity].auth, NoAuth):
            option = {"other_project": "--ecs-other-cloud", "restricted_user": "--ecs-restricted-cloud"}.get(
                identity, ""
            )
            raise PrerequisiteMissing(
                f"There are no credentials for {identity}", seen="none given", hint=f"add {option} NAME"
            )
        return clients[identity]

    # Positive

    def run(self, operation_id: str, variant: str = "default") -> Exchange:
        """Run a recipe, wait for what it starts and return its exchange, whatever the answer was."""
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request")
        return self._run(operation_id, variant, case)

    def alias(self, requirement_id: str) -> Exchange:
        """Send a recipe's request to the other URL that *requirement_id* is about; the judge says whether it was accepted."""
        operation = self.contract.operations[self.contract.requirements[requirement_id].operation or ""]
        (alias,) = [one for one in operation.aliases if requirement_id == f"{operation.id}/alias/{one.id}"]
        return self._run(operation.id, "default", Case(requirement_id, "accepted", "the URL is the alias"), alias.path)

    def _run(self, operation_id: str, variant: str, case: Case, path: str | None = None) -> Exchange:
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        only_reads = operation.method == "GET"
        leases = self._borrowed(recipe) if only_reads else self._own(recipe)
        try:
            request = recipe.variants[variant](self._ingredients(recipe, leases, fresh=not only_reads))
            if path is not None:  # v2 has no microversions (6.16)
                body = first_version(request.body, operation.body or {})
                request = replace(request, body=body, microversion=None)
            # Nobody need offer an operation of chapter 11; the judge looks at its collection.
            if operation.chapter == "deprecated":
                case = replace(case, control=self._collection(operation, request).id)
            if operation.quota is not None:
                limits = self.client.get(self.contract.operations["nova.limits.show"].path)
                case = replace(case, limits=limits.id)
            exchange = self._send(operation, recipe, request, case, path=path)
            self.settle(exchange, [] if only_reads else leases)
            self._take_back(exchange, recipe, leases)
            self._restore(recipe, leases, request)
        finally:
            for lease in [] if only_reads else leases:
                lease.release()
        return exchange

    def _collection(self, operation: Operation, request: Request) -> Exchange:
        """Return a query of what a discarded operation belongs to: its URL as far as it names no single thing.

        An action belongs to its server.
        """
        path = operation.path.removesuffix("/action") if operation.selects else operation.path
        if "{server_id}" in path:  # there is a server, so it is what the URL says of the server that is or is not there
            path = path.replace("{server_id}", str(request.parameters["server_id"]))
        else:
            path = re.sub(r"(?<=\{project_id\})(/[^/{]+).*", r"\1", path)
        if path not in self._collections or self._collections[path].failure is not None:
            self._collections[path] = self.client.get(path)
        return self._collections[path]

    def attempt(self, operation_id: str, variant: str = "default", *, check_only: bool = False) -> Exchange:
        """Return the exchange of a recipe's request, which is sent once in this process; the answer may be anything.

        *check_only* sends it with the flag that asks only for a check (dry_run), where the operation has one.
        """
        key = (operation_id, variant, check_only)
        if key not in self._controls:
            run = self._check if check_only else self.run
            self._controls[key] = self._kept(lambda: run(operation_id, variant))
        return self._controls[key]

    def control(self, operation_id: str, variant: str = "default", *, check_only: bool = False) -> Exchange:
        """Return what `attempt` returns, when it was accepted.

        Raises `PrerequisiteMissing` when the endpoint refused it: nothing can be concluded from refusals then.
        """
        exchange = self.attempt(operation_id, variant, check_only=check_only)
        if not exchange.accepted:
            raise PrerequisiteMissing(
                f"The valid {variant} request of {operation_id} was not accepted, so refusing a changed one proves nothing",
                seen=exchange.answer,
                hint=f"look at {operation_id}/status first",
            )
        return exchange

    def beforehand(self, *operations: str) -> None:
        """Send the own requests of *operations* now, whatever becomes of them, since they take what a test may choose."""
        for operation in operations:
            with suppress(JobError, PrerequisiteMissing, StepFailed):
                self.attempt(operation)

    def _check(self, operation_id: str, variant: str) -> Exchange:
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        request = recipe.variants[variant](self._ingredients(recipe, self._borrowed(recipe)))
        request = replace(request, body=as_check(operation, request.body, ""))
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request, only to be checked")
        exchange = self._send(operation, recipe, request, case)
        self.settle(exchange)
        return exchange

    # Negative

    def refuse(self, requirement_id: str) -> None:
        """Send each request that breaks *requirement_id* and nothing else; the judge says whether it was refused rightly."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe = RECIPES[operation.id]
        variant = variant_for(operation, requirement, recipe)
        keyword = requirement_id.rpartition("/")[2]
        check_only = requirement.kind == "request" and flags(operation, keyword) != {}
        control = self.control(operation.id, variant, check_only=check_only)
        leases = self._borrowed(recipe)
        request = self._to_refuse(recipe, variant, leases)
        others = self._others(operation, requirement, leases, request, check_only=check_only)
        for number, (changed, options) in enumerate(changes(operation, requirement, request, keyword, others)):
            case = Case(requirement_id, expectation(requirement), changed.change, control.id, changed.codes)
            exchange = self._send(operation, recipe, apply(requirement, request, changed), case, **options)
            if exchange.accepted:
                self._undo(exchange, recipe, leases)
                if number == 0:
                    return  # one wrong acceptance is enough; the server it was about may have changed

    def _others(
        self, operation: Operation, requirement: Requirement, leases: list[Lease], request: Request, *, check_only: bool
    ) -> list[JSON]:
        """Return bodies of other variants, each accepted, with what excludes something in *request*."""
        if requirement.kind != "request":
            return []
        recipe, have = RECIPES[operation.id], excluding(operation, requirement, request.body)
        bodies = []
        for variant, build in recipe.variants.items():
            if have and excluding(operation, requirement, build(placeholder()).body) - have:
                self.control(operation.id, variant, check_only=check_only)
                bodies.append(build(self._ingredients(recipe, leases)).body)
        return bodies

    def authenticate(self, requirement_id: str) -> None:
        """Send the recipe's own request with the credentials that *requirement_id* is about."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe, which = RECIPES[operation.id], requirement_id.rpartition("/")[2]
        control = self.control(operation.id)
        leases = self._borrowed(recipe)
        request = self._to_refuse(recipe, "default", leases)
        options: dict[str, Any]
        if which == "no-token":
            options, expects = {"auth": NoAuth(), "scheme": "none"}, "unauthenticated"
            change = "no credentials are sent"
        elif which == "garbage-token":
            options, expects = {"auth": FixedToken(_GARBAGE)}, "unauthenticated"
            change = "X-Auth-Token is no token that was issued"
        elif which == "other-token":
            other = self.as_identity("other_project")
            options, expects = {"auth": other.auth}, "foreign-project"
            change = "the token is another project's"
        elif which == "other-project":
            other = self.as_identity("other_project")
            options, expects = {"project": other.project_id}, "foreign-project"
            change = "the project in the URL is not the token's"
        elif which == "foreign-id":
            options, expects = {"client": self.as_identity("other_project")}, "foreign-id"
            change = "another project names what is this project's"
        else:
            raise LookupError(f"no way to derive {requirement_id}")
        changes = which == "foreign-id" and operation.method != "GET"
        before = [lease.show() for lease in leases if changes]
        case = Case(requirement_id, expects, change, control.id)
        exchange = self._send(operation, recipe, request, case, **options)
        for lease, shown in zip(leases, before, strict=False):
            after = lease.show()
            for name in _FACTS:
                self.check(requirement_id, after, "body", "server", name, equals=self.read(shown, "server", name))
        self._undo(exchange, recipe, leases)

    def authorize(self, requirement_id: str) -> None:
        """Send the recipe's own request as a user without the action, and where that can be arranged, with it."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe, control = RECIPES[operation.id], self.control(operation.id)
        restricted = self.as_identity("restricted_user")
        hook = self.session.target.control
        leases = self._borrowed(recipe)
        request = self._to_refuse(recipe, "default", leases)
        if hook is not None:
            hook("PUT", "/_mock/policy", {"allow": []})
        case = Case(requirement_id, "forbidden", f"the user lacks {operation.permission}", control.id)
        denied = self._send(operation, recipe, request, case, client=restricted)
        self._undo(denied, recipe, leases)
        if hook is None or recipe.personal:
            return
        row = self.contract.permission_of(operation)
        hook("PUT", "/_mock/policy", {"allow": [row.action, *row.dependencies]})
        try:
            own = self._own(recipe)
            request = recipe.variants["default"](self._ingredients(recipe, own, fresh=True))
            request = replace(request, body=as_check(operation, request.body, ""))
            case = Case(requirement_id, "accepted", f"the user has {operation.permission}")
            allowed = self._send(operation, recipe, request, case, client=restricted)
            hook("PUT", "/_mock/policy", {"allow": []})
            self.settle(allowed, own)
            self._take_back(allowed, recipe, own)
            self._restore(recipe, own, request)
            for lease in own:
                lease.release()
        finally:
            hook("PUT", "/_mock/policy", {"allow": []})

    # Properties

    def checks_only(self, operation_id: str) -> bool:
        """Return whether an operation can be asked only to check a request (dry_run)."""
        return flags(self.contract.operations[operation_id], "") != {}

    def lend(self, recipe: Recipe, *, shared: bool) -> list[Lease]:
        """Return the servers that a recipe needs: those that everybody reads, or some that are to be released."""
        if not shared:
            return self._own(recipe)
        return self.shared(recipe.server, recipe.count) if recipe.server is not None else []

    def vary(
        self,
        operation_id: str,
        variant: str,
        change: Callable[[Request], Request],
        leases: list[Lease],
    ) -> Exchange:
        """Send a recipe's request with *change* made to it, wait for what it starts, and take it back.

        It is only checked where the operation can do that. Raises `JobFailed` when the job that it starts fails.
        """
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        for lease in leases:
            if operation.method != "GET":
                self.session.pool.bring(lease, recipe.server or "ACTIVE")
        request = change(recipe.variants[variant](self._ingredients(recipe, leases)))
        request = replace(request, body=as_check(operation, request.body, ""))
        exchange = self._send(operation, recipe, request, None)
        try:
            self.settle(exchange, [] if operation.method == "GET" else leases)
        finally:
            self._take_back(exchange, recipe, leases)
            self._restore(recipe, leases, request)
            if operation.method != "GET" and exchange.accepted:
                self._forget(recipe)
        return exchange

    def refuse_one(
        self,
        operation_id: str,
        variant: str,
        requirement_id: str,
        change: Callable[[Request], tuple[Request, str, tuple[str, ...]]],
        control: Exchange,
        leases: list[Lease],
        refused: Callable[[Exchange], None],
    ) -> bool:
        """Send a recipe's request that *change* makes break *requirement_id*; the judge says whether it was refused rightly.

        *refused* looks at what became of a refusal before anything is taken back. Return whether it was refused.
        """
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        request = recipe.variants[variant](self._ingredients(recipe, leases))
        request = replace(request, body=as_check(operation, request.body, ""))
        changed, words, codes = change(request)
        requirement = self.contract.requirements[requirement_id]
        case = Case(requirement_id, expectation(requirement), words, control.id, codes)
        exchange = self._send(operation, recipe, changed, case)
        accepted = exchange.accepted
        try:
            if accepted:
                self.wait_out(exchange)
                self._take_back(exchange, recipe, leases)
                discard(exchange, self.client)
                self._forget(recipe)
            elif exchange.failure is None:
                refused(exchange)
        finally:
            self._restore(recipe, leases, request)
        return not accepted

    def _forget(self, recipe: Recipe) -> None:
        """Make anew what the requests of a recipe share, since one of them was accepted and may have used it up.

        What several operations share is only made anew when it is not there any more, and then with all that names it.
        """
        lost = [str(made) for key, made in self._made.items() if self._is_lost(key)]
        for key, made in list(self._made.items()):
            if key[0] == recipe.operation or any(thing in str(made) for thing in lost):
                del self._made[key]

    # Rules

    def check(self, requirement_id: str, exchange: Exchange, *path: str | int, **test: JSON) -> bool:
        """Make a finding: what stands at *path* of the answer passes the one *test*; return whether it does.

        The path starts with "status", "headers" or "body"; "*" goes through a list. Tests are the names in
        `pytest_ecs._checks.TESTS`, such as ``equals=...`` or ``matches=...``; ``present=True`` and ``absent=True``.
        """
        (name, expected), *more = test.items()
        if more or name not in TESTS:
            raise TypeError(f"one test of {', '.join(TESTS)} is needed, not {', '.join(test)}")
        if requirement_id not in self.contract.requirements:
            raise LookupError(f"the contract has no requirement {requirement_id}")
        claim = Assertion(exchange.id, tuple(path), name, expected)
        finding = evaluate(requirement_id, claim, exchange, self.contract.environment_codes)
        self.session.pending.append(finding)
        return finding.outcome == "pass"

    def signed(
        self,
        *,
        ak: str | None = None,
        sk: str | None = None,
        signed_headers: Sequence[str] | None = None,
        date_offset: float = 0.0,
        alter_body: bool = False,
        alter_header: bool = False,
    ) -> Client:
        """Return a client that signs with AK/SK (4.2), rightly or, with any argument, wrongly in that one way.

        Raises `PrerequisiteMissing` when the run has no key pair.
        """
        right = self.session.signed_client
        credentials = self.session.target.identities["primary"]
        auth: httpx.Auth = AkSkAuth(
            ak or str(credentials.ak),
            sk or str(credentials.sk),
            project_id=credentials.project_id,
            security_token=credentials.security_token,
            clock=self.session.target.clock,
            signed_headers=signed_headers,
            date_offset=date_offset,
        )
        if alter_body or alter_header:
            auth = AlteredAfterSigning(auth, body=alter_body)
        return replace(right, auth=auth)

    def bearing(self, token: str) -> Client:
        """Return the primary user's client, sending *token* and never another one."""
        return replace(self.client, auth=FixedToken(token))

    def anonymous(self, client: Client) -> Client:
        """Return *client* without credentials."""
        return replace(client, auth=NoAuth(), scheme="none")

    def expect(
        self,
        requirement_id: str,
        method: str,
        path: str,
        *,
        expects: str,
        change: str = "",
        codes: tuple[str, ...] = (),
        **options: Any,
    ) -> Exchange:
        """Send one request whose answer must fit the expectation *expects* of ``schemas/general.yaml``.

        A refusal needs a *control*, the id of an exchange in which the like was accepted without *change*; where none is
        given it is the own request of the operation's recipe. When that is refused, too, the judge says that nothing was
        tested.
        """
        client: Client = options.pop("client", self.client)
        control: str | None = options.pop("control", None)
        if control is None and expects != "accepted":
            control = self._like(method, path, options.get("json"))
        case = Case(requirement_id, expects, change, control, codes)
        return client.request(method, path, case=case, **options)

    def _like(self, method: str, path: str, body: JSON) -> str | None:
        """Return the id of the own request of the operation that a request addresses; None where it cannot be sent."""
        found = self.session.connection.identify(method, path.replace("{project_id}", self.client.project_id), body)
        if found is None:
            raise LookupError(f"{method} {path} is no documented request, so its control has to be named")
        try:
            return self.attempt(found[0]).id
        except (JobError, PrerequisiteMissing, StepFailed):
            return None

    def not_tested(self, requirement_id: str, reason: str) -> None:
        """Make a finding: *requirement_id* could not be tested, and why."""
        self.session.pending.append(Finding(requirement_id, "not_tested", reason=reason))

    def watch(self, exchange: Exchange, look: Callable[[], Exchange]) -> set[tuple[str, str | None]]:
        """After an accepted *exchange*: call *look* every second until what it started is over.

        Return the pairs of vm_state and task_state that were seen, in lower case. Raises `JobFailed` or `JobTimeout`.
        """
        seen: set[tuple[str, str | None]] = set()

        def observe() -> None:
            seen.update(_pairs(look().response_body))

        pool, body = self.session.pool, exchange.response_body
        observe()
        if isinstance(body, Mapping) and isinstance(body.get("job_id"), str):
            pool.wait_job(body["job_id"], each=observe)
        observe()
        return seen

    def missed(self, rows: Iterable[str], seen: Iterable[tuple[str, str | None]]) -> None:
        """Make a finding for each row of Table A-4 in *rows* that was not among the pairs *seen*."""
        shown = {f"A-4/{vm}+{task or 'null'}" for vm, task in seen}
        for row in rows:
            if row not in shown:
                self.not_tested(row, "the endpoint passed through this pair too quickly to be seen, or not at all")

    def first_change(self, lease: Lease, status: str) -> Exchange | None:
        """Look at a server every half second until it shows another status than *status*; return what shows that.

        Return None after 30 seconds of the target's clock: the change was too quick to be seen, or did not come.
        """
        clock = self.session.target.clock
        began = clock.now()
        while True:
            exchange = lease.show()
            body = exchange.response_body
            shown = body.get("server") if isinstance(body, Mapping) else None
            if isinstance(shown, Mapping) and shown.get("status") != status:
                return exchange
            if clock.now() - began > 30:
                return None
            clock.sleep(0.5)

    def wait_out(self, exchange: Exchange) -> None:
        """Wait for the job of a request that should have been refused, so that the judge can see how it ended."""
        with suppress(JobError):  # the judge reads the job from the journal
            self.settle(exchange)

    def last_job(self) -> Exchange:
        """Return the newest query of the job that was waited for last."""
        return self.session.job(self.finished_job())[-1]

    # Things

    def now(self) -> float:
        """Return the endpoint's time, in seconds, as a new token tells it (4.1); this machine's where none is issued.

        Times that an endpoint shows are compared with it, since its clock need not be ours.
        """
        try:
            issued = self.read(self.run("iam.tokens.create"), "token", "issued_at")
            moment = datetime.fromisoformat(str(issued).replace("Z", "+00:00"))
        except (LookupError, PrerequisiteMissing, StepFailed, ValueError):
            return self.session.target.clock.now()
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

    def codes_of(self, operation_id: str, path: str) -> tuple[str, ...]:
        """Return the error codes that the contract ties to a field of an operation's request."""
        for place in fields(self.contract.operations[operation_id].body or {}):
            if place.path == path:
                return tuple(place.schema.get("x-errors", ()))
        raise LookupError(f"{operation_id} has no field {path}")

    def shared(self, state: ServerState = "ACTIVE", count: int = 1) -> list[Lease]:
        """Return servers that are only read; this process keeps them until its end."""
        held = self._shared.setdefault(state, [])
        while len(held) < count:
            held.append(self.session.pool.lease(state, exclusive=count > 1 or state != "ACTIVE", word=""))
        return held[:count]

    def release(self) -> None:
        """Give every shared server back."""
        self._give_back_prepared()
        for leases in self._shared.values():
            for lease in leases:
                lease.release()
        self._shared.clear()

    # Inside

    def _own(self, recipe: Recipe) -> list[Lease]:
        if recipe.server is None:
            return []
        if recipe.deletes:
            return [self.session.pool.to_delete(recipe.server) for _ in range(recipe.count)]
        return self.session.pool.batch_of(recipe.count, recipe.server)

    def _borrowed(self, recipe: Recipe) -> list[Lease]:
        if recipe.server is None:
            return []
        if recipe.restore is None:
            return self.shared(recipe.server, recipe.count)
        if self._prepared is None or self._prepared[0].operation != recipe.operation:
            self._give_back_prepared()
            self._prepared = recipe, self._own(recipe), None
        return self._prepared[1]

    def _to_refuse(self, recipe: Recipe, variant: str, leases: list[Lease]) -> Request:
        """Build a valid request that is changed and refused then, so that it is sent to servers that are used again."""
        request = recipe.variants[variant](self._ingredients(recipe, leases))
        if self._prepared is not None and recipe.restore is not None:
            self._prepared = recipe, leases, request
        return request

    def _give_back_prepared(self) -> None:
        """Put the servers that a recipe prepared for refusals back as they were, and into the pool."""
        if self._prepared is None:
            return
        (recipe, leases, request), self._prepared = self._prepared, None
        try:
            if request is not None:
                self._restore(recipe, leases, request)
        finally:
            for lease in leases:
                lease.release()

    def _restore(self, recipe: Recipe, leases: list[Lease], request: Request) -> None:
        """Take back what building a request did to its servers; their next request is built anew.

        What was made at other servers, prepared for refusals, stays.
        """
        if recipe.restore is not None:
            prepared = self._prepared[1] if self._prepared is not None else []
            others = [lease.id for lease in prepared if lease not in leases]
            for key in list(self._made):
                if key[0] == recipe.operation and not any(server in key[1] for server in others):
                    del self._made[key]
            self._put_back(partial(recipe.restore, self._ingredients(recipe, leases), request), leases)

    def _take_back(self, exchange: Exchange, recipe: Recipe, leases: list[Lease]) -> None:
        """Undo what an accepted request did, where the recipe says how."""
        if recipe.undo is not None and exchange.accepted:
            self._put_back(partial(recipe.undo, self._ingredients(recipe, leases), exchange), leases)

    def _put_back(self, steps: Callable[[], Iterable[Step]], leases: list[Lease]) -> None:
        """Carry out *steps* and see that what they delete goes; a server where that fails serves nobody again."""
        try:
            done = all(
                self._insist(method, path, body, leases) and (method != "DELETE" or self.wait_gone(path))
                for method, path, body in steps()
            )
        except (LookupError, TypeError, StepFailed, PrerequisiteMissing):  # an answer does not say what there is to do
            done = False
        if not done:
            for lease in leases:
                lease.spoilt = True

    def _insist(self, method: str, path: str, body: JSON, leases: list[Lease]) -> bool:
        """Send a request until it is accepted, since what is to be taken back may not be complete yet."""
        for _ in range(TRIES):
            sent = self.client.request(method, path, json=body)
            if sent.accepted or sent.status == 404:
                self.settle(sent, leases)
                return True
            self.session.target.clock.sleep(1.0)
        return False

    def _undo(self, exchange: Exchange, recipe: Recipe, leases: list[Lease]) -> None:
        """After a request that should have been refused: let it end, and trust no borrowed server any more."""
        if not exchange.accepted:
            return
        self.wait_out(exchange)
        self._take_back(exchange, recipe, leases)
        discard(exchange, self.client)
        self._forget(recipe)
        for lease in itertools.chain.from_iterable(self._shared.values()):
            lease.exclusive = True  # so that its state is looked at before its next use
        self.release()

    def _is_lost(self, key: tuple[str, str]) -> bool:
        """Return whether something that several operations share, and that has an id, is not there any more."""
        made = self._made[key]
        if key[0] in RECIPES or not isinstance(made, str):
            return False
        return self.client.get(f"{key[1]}/{made}").refused

    def _make_once(
        self, recipe: Recipe, path: str, body: JSON, *steps: str | int, among: str | None = None, **options: Any
    ) -> JSON:
        key = (among or recipe.operation, path)
        if key not in self._made:
            self._made[key] = self.make(path, body, *steps, **options)
        return self._made[key]

    def _ingredients(self, recipe: Recipe, leases: list[Lease], *, fresh: bool = False) -> Ingredients:
        target = self.session.target
        credentials = target.identities["primary"]

        return Ingredients(
            resources=target.resources,
            servers=[lease.id for lease in leases],
            name=self.new_name,
            job=self.finished_job,
            address=self.free_address,
            disk=self.disk,
            port=self.port,
            read=lambda path, *steps, **options: self.read(self.client.get(path, **options), *steps),
            make=self.make if fresh else partial(self._make_once, recipe),
            until=self.until,
            flavor=lambda: self.flavor_of(leases[0]),
            project_id=lambda: self.client.project_id,
            domain=credentials.domain,
            username=credentials.username,
            password=credentials.password,
            project_name=credentials.project_name,
        )

    def _send(
        self,
        operation: Operation,
        recipe: Recipe,
        request: Request,
        case: Case | None,
        *,
        method: str | None = None,
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        project: str | None = None,
        client: Client | None = None,
        path: str | None = None,
        microversion: str | None = None,
    ) -> Exchange:
        path = path or operation.path
        values = {**request.parameters, "project_id": project} if project else request.parameters
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", str(value))
        sender = client or self.client
        options: dict[str, Any] = {"query": request.query, "headers": headers, "case": case, "operation": operation.id}
        if microversion or request.microversion:
            options["microversion"] = microversion or request.microversion
        if auth is not None or recipe.anonymous:
            options.update(auth=auth or NoAuth(), scheme=scheme or ("none" if recipe.anonymous else "token"))
        if content is not None:
            options["content"] = content
        elif request.body is not None:
            options["json"] = request.body
        if operation.chapter == "iam":
            sender = replace(sender, base=self.session.target.iam)
        return sender.request(method or operation.method, path, **options)


def _pairs(body: JSON) -> Iterator[tuple[str, str | None]]:
    """Yield the (vm_state, task_state) of every server in a body."""
    if isinstance(body, Mapping):
        vm, task = body.get("OS-EXT-STS:vm_state"), body.get("OS-EXT-STS:task_state")
        if isinstance(vm, str):
            yield vm.lower(), task.lower() if isinstance(task, str) and task else None
            return
        for item in body.values():
            yield from _pairs(item)
    elif isinstance(body, list):
        for item in body:
            yield from _pairs(item)
