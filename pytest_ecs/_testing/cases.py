"""Makes every operation succeed by its recipe, and be refused by what is derived from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from pytest_ecs._cases.derivation import (
    AS_DOCUMENTED,
    Derivation,
    Sending,
    SentCredentials,
    as_check,
    checks_only,
    derive,
)
from pytest_ecs._cases.recipe import RECIPES, Recipe, Request
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.token import FixedToken, NoAuth
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.resource_types import discard
from pytest_ecs._testing.ahead import Ahead
from pytest_ecs._testing.blame import blamed
from pytest_ecs._testing.check import Check
from pytest_ecs._testing.clients import Clients
from pytest_ecs._testing.collection import Collections
from pytest_ecs._testing.controls import Controls
from pytest_ecs._testing.denials import Denials
from pytest_ecs._testing.driver import Driver, Sender
from pytest_ecs._testing.reading import read
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import JobError, PrerequisiteMissing, StepFailed

__all__ = ["Cases"]

#: What another project's request leaves at a server as it is.
_FACTS = ("name", "status", "metadata", "flavor", "image", "addresses", "os-extended-volumes:volumes_attached")
_GARBAGE = "garbage-token-that-no-one-issued"


@dataclass
class Cases:
    """Drives recipes, and what is derived from them. One for each process.

    Its methods raise `PrerequisiteMissing` when something that a request needs is not there, and `StepFailed`,
    `JobFailed` or `JobTimeout` when a step before it does not succeed.
    """

    driver: Driver
    clients: Clients
    check: Check
    controls: Controls
    ahead: Ahead

    def __post_init__(self) -> None:
        self._collections = Collections(self.driver)
        self._denials = Denials()

    @property
    def contract(self) -> Contract:
        """The contract that is tested against."""
        return self.driver.session.contract

    @property
    def client(self) -> Client:
        """The primary user's client."""
        return self.driver.session.client

    def run(self, operation_id: str, variant: str = "default") -> Exchange:
        """Run a recipe, wait for what it starts and return its exchange, whatever the answer was."""
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request")
        return self._run(operation_id, variant, case)

    def alias(self, requirement_id: str) -> Exchange:
        """Send a recipe's request to the other URL that *requirement_id* is about; the judge says whether it was accepted."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        derived = derive(operation, requirement, RECIPES[operation.id])
        return self._run(operation.id, derived.variant, Case(requirement_id, derived.expects), derived)

    def _run(self, operation_id: str, variant: str, case: Case, derived: Derivation | None = None) -> Exchange:
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        only_reads = operation.method == "GET"
        leases = self.driver.borrowed(recipe) if only_reads else self.driver.own(recipe)
        try:
            request = recipe.variants[variant](self.driver.ingredients(recipe, leases, fresh=not only_reads))
            sending = AS_DOCUMENTED
            if derived is not None:
                (changed,) = derived.requests(request)
                request, sending, case = changed.request, changed.sending, replace(case, change=changed.change)
            # Nobody need offer an operation of chapter 11; the judge looks at its collection.
            if operation.chapter == "deprecated":
                case = replace(case, control=self._collections.query(operation, request).id)
            ahead = self.ahead.take(operation_id) if derived is None and variant == "default" else None
            case = case if ahead else self._with_limits(operation, case)
            exchange = ahead or self.driver.send(operation, recipe, request, case, sending)
            if derived is None and ahead is None:
                exchange = blamed(exchange, self.driver, recipe, request, leases, self._first(operation_id, variant))
            self.ahead.send_others(operation, self._send)
            self.driver.jobs.settle(exchange, [] if only_reads else leases)
            self.driver.take_back(exchange, recipe, leases)
            self.driver.restore(recipe, leases, request)
        finally:
            self.driver.discard_fresh(operation, variant)
            for lease in [] if only_reads else leases:
                lease.release()
        return exchange

    def _first(self, operation_id: str, variant: str) -> Callable[[], Exchange] | None:
        """Return what sends the recipe's plain request; None where *variant* is that request."""
        return None if variant == "default" else partial(self.attempt, operation_id, servers=False)

    def _send(self, operation_id: str) -> Exchange:
        """Send a recipe's request that needs no server, without waiting for anything."""
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        request = recipe.variants["default"](self.driver.ingredients(recipe, [], fresh=True))
        case = Case(f"{operation_id}/status", "accepted", "the recipe's default request")
        return self.driver.send(operation, recipe, request, self._with_limits(operation, case))

    def _with_limits(self, operation: Operation, case: Case) -> Case:
        """Ask what the project may have just before something is created: where that is used up, a refusal is no failure."""
        if operation.quota is None:
            return case
        return replace(case, limits=self.client.get(self.contract.operations[self.contract.roles["limits"]].path).id)

    def attempt(
        self, operation_id: str, variant: str = "default", *, check_only: bool = False, servers: bool = True
    ) -> Exchange:
        """Return the exchange of a recipe's request, sent once in this process, or anew to have its *servers* where they went.

        *check_only* sends it with the flag that asks only for a check (dry_run).
        """
        run = self._check if check_only else self.run
        return self.controls.get((operation_id, variant, check_only), lambda: run(operation_id, variant), servers)

    def succeed(self, operation_id: str) -> None:
        """Send a recipe's request, unless one success is enough for the profile and another request has shown it."""
        if not self.controls.was_seen(self.contract.operations[operation_id]):
            self.attempt(operation_id, servers=False)

    def control(
        self, operation_id: str, variant: str = "default", *, check_only: bool = False, servers: bool = True
    ) -> Exchange:
        """Return what `attempt` does; raises `PrerequisiteMissing` when that was refused, since no refusal says anything then."""
        exchange = self.attempt(operation_id, variant, check_only=check_only, servers=servers)
        if not exchange.accepted:
            about = exchange.case.requirement if exchange.case is not None else f"{operation_id}/status"
            raise PrerequisiteMissing(
                f"The valid {variant} request of {operation_id} was not accepted, so refusing a changed one proves nothing",
                seen=exchange.answer,
                hint=f"look at {about} first",
            )
        return exchange

    def accepted_variant(
        self, operation_id: str, variants: Sequence[str], *, check_only: bool = False
    ) -> tuple[str, Exchange]:
        """Return the first of *variants* whose request is accepted, and its exchange; raises what `control` does of the first.

        One that is refused, or that needs what the run was not given, takes nothing from those that do without.
        """
        first: PrerequisiteMissing | StepFailed | None = None
        for variant in variants:
            try:
                return variant, self.control(operation_id, variant, check_only=check_only, servers=False)
            except (PrerequisiteMissing, StepFailed) as reason:
                first = first or reason
        raise first or LookupError(f"{operation_id} has no such variants")

    def beforehand(self, *operations: str) -> None:
        """Send the own requests of *operations* now, whatever becomes of them, since they take what a test may choose."""
        for operation in operations:
            with suppress(JobError, PrerequisiteMissing, StepFailed):
                self.attempt(operation, servers=False)

    def _check(self, operation_id: str, variant: str) -> Exchange:
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        request = recipe.variants[variant](self.driver.ingredients(recipe, self.driver.borrowed(recipe)))
        request = replace(request, body=as_check(operation, request.body))
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request, only to be checked")
        exchange = self.driver.send(operation, recipe, request, case)
        self.driver.jobs.settle(exchange)
        return blamed(exchange, self.driver, recipe, request, [], partial(self.attempt, operation_id, servers=False))

    def refuse(self, requirement_id: str) -> None:
        """Send each request that breaks *requirement_id* and nothing else; the judge says whether it was refused rightly."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe = RECIPES[operation.id]
        derived = derive(operation, requirement, recipe)
        variants = (derived.variant, *derived.fallbacks)
        variant, control = self.accepted_variant(operation.id, variants, check_only=derived.check_only)
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, variant, leases)
        others = [self._other(recipe, variant, leases, check_only=derived.check_only) for variant in derived.others]
        for number, changed in enumerate(derived.requests(request, others)):
            case = Case(requirement_id, derived.expects, changed.change, control.id, changed.codes)
            exchange = self.driver.send(operation, recipe, changed.request, case, changed.sending)
            if exchange.accepted:
                self.driver.undo(exchange, recipe, leases)
                if number == 0:
                    return  # one wrong acceptance is enough; the server it was about may have changed

    def _other(self, recipe: Recipe, variant: str, leases: list[Lease], *, check_only: bool) -> JSON:
        """Return the body of another variant, whose own request is accepted."""
        self.control(recipe.operation, variant, check_only=check_only, servers=False)
        return recipe.variants[variant](self.driver.ingredients(recipe, leases)).body

    def authenticate(self, requirement_id: str) -> None:
        """Send the recipe's own request with the credentials that *requirement_id* is about."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe = RECIPES[operation.id]
        derived = derive(operation, requirement, recipe)
        control = self.control(operation.id, servers=False)
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, derived.variant, leases)
        (changed,) = derived.requests(request)
        sender = self._sender(changed.sending.credentials)
        touches = changed.sending.credentials == "other-user" and operation.method != "GET"
        before = [lease.show() for lease in leases if touches]
        case = Case(requirement_id, derived.expects, changed.change, control.id)
        exchange = self.driver.send(operation, recipe, changed.request, case, changed.sending, sender)
        for lease, shown in zip(leases, before, strict=False):
            after = lease.show()
            for name in _FACTS:
                self.check(requirement_id, after, "body", "server", name, equals=read(shown, "server", name))
        self.driver.undo(exchange, recipe, leases)

    def refuse_changed(
        self,
        operation_id: str,
        requirement_id: str,
        expects: str,
        change: str,
        *,
        client: Client | None = None,
        microversion: str | None = None,
        alter: Callable[[Request], Request] | None = None,
    ) -> None:
        """Send an operation's own request by *client*, at *microversion* or as *alter* makes it; the judge says what was wrong.

        Where the request cannot be made, the requirement is not tested here: when it binds every operation, others tell.
        """
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        try:
            control = self.control(operation_id, servers=False)
            leases = self.driver.borrowed(recipe)
            request = self.driver.request_to_refuse(recipe, "default", leases)
            request = alter(request) if alter is not None else request
        except (JobError, PrerequisiteMissing, StepFailed) as error:
            self.check.not_tested(requirement_id, f"{operation_id} could not be tried: {error}")
            return
        request = replace(request, body=as_check(operation, request.body))
        case = Case(requirement_id, expects, change, control.id)
        sender, sending = Sender(client or self.client), Sending(microversion=microversion)
        exchange = self.driver.send(operation, recipe, request, case, sending, sender)
        self.driver.undo(exchange, recipe, leases)

    def _sender(self, credentials: SentCredentials) -> Sender:
        """Return who sends a request with *credentials*; raises `PrerequisiteMissing` without a second project."""
        if credentials == "none":
            return Sender(self.client, NoAuth())
        if credentials == "garbage":
            return Sender(self.client, FixedToken(_GARBAGE))
        if credentials == "own":
            return Sender(self.client)
        other = self.clients("other_project")
        if credentials == "other-token":
            return Sender(self.client, other.auth)
        return Sender(other) if credentials == "other-user" else Sender(self.client, project=other.project_id)

    def authorize(self, requirement_id: str) -> None:
        """Send the recipe's own request as a user without the action, and where that can be arranged, with it."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe, control = RECIPES[operation.id], self.control(operation.id, servers=False)
        if checks_only(operation):
            self.control(operation.id, check_only=True, servers=False)
        restricted = self.clients("restricted_user")
        hook = self.driver.session.target.control
        if hook is None:
            self._denials.need(self.contract, restricted, operation.chapter)
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, "default", leases)
        if hook is not None:
            hook("PUT", "/_mock/policy", {"allow": []})
        expects = "forbidden-or-hidden" if recipe.personal else "forbidden"
        case = Case(requirement_id, expects, f"the user lacks {operation.permission}", control.id)
        denied = self.driver.send(operation, recipe, request, case, sender=Sender(restricted))
        self.driver.undo(denied, recipe, leases)
        if hook is None or recipe.personal:
            return
        row = self.contract.permission_of(operation)
        hook("PUT", "/_mock/policy", {"allow": [row.action, *row.dependencies]})
        try:
            own = leases if operation.method == "GET" else self.driver.own(recipe)
            request = recipe.variants["default"](self.driver.ingredients(recipe, own, fresh=True))
            request = replace(request, body=as_check(operation, request.body))
            case = self._with_limits(operation, Case(requirement_id, "accepted", f"the user has {row.action}"))
            allowed = self.driver.send(operation, recipe, request, case, sender=Sender(restricted))
            hook("PUT", "/_mock/policy", {"allow": []})
            self.driver.jobs.settle(allowed, own)
            self.driver.take_back(allowed, recipe, own)
            self.driver.restore(recipe, own, request)
            for lease in [] if own is leases else own:
                lease.release()
        finally:
            hook("PUT", "/_mock/policy", {"allow": []})
            self.driver.discard_fresh(operation, "default")

    def checks_only(self, operation_id: str) -> bool:
        """Return whether an operation can be asked only to check a request (dry_run)."""
        return checks_only(self.contract.operations[operation_id])

    def lend(self, recipe: Recipe, *, shared: bool) -> list[Lease]:
        """Return the servers that a recipe needs: those that everybody reads, or some that are to be released."""
        if not shared:
            return self.driver.own(recipe)
        return self.driver.servers.shared(recipe.server, recipe.count) if recipe.server is not None else []

    def vary(
        self, operation_id: str, variant: str, change: Callable[[Request], Request], leases: list[Lease]
    ) -> Exchange:
        """Send a recipe's request with *change* made to it, wait for what it starts, and take it back.

        It is only checked where the operation can do that. Raises `JobFailed` when the job that it starts fails.
        """
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        for lease in leases:
            if operation.method != "GET":
                self.driver.session.pool.bring(lease, recipe.server or "ACTIVE")
        request = change(recipe.variants[variant](self.driver.ingredients(recipe, leases)))
        request = replace(request, body=as_check(operation, request.body))
        exchange = self.driver.send(operation, recipe, request, None)
        try:
            self.driver.jobs.settle(exchange, [] if operation.method == "GET" else leases)
        finally:
            self.driver.take_back(exchange, recipe, leases)
            self.driver.restore(recipe, leases, request)
            if operation.method != "GET" and exchange.accepted:
                self.driver.forget(recipe, exchange)
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

        *refused* looks at what became of a refusal. Return whether it was refused; what building it did stays for the next then.
        """
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        request = recipe.variants[variant](self.driver.ingredients(recipe, leases))
        request = replace(request, body=as_check(operation, request.body))
        changed, words, codes = change(request)
        expects = derive(operation, self.contract.requirements[requirement_id], recipe).expects
        case = Case(requirement_id, expects, words, control.id, codes)
        exchange = self.driver.send(operation, recipe, changed, case)
        try:
            if exchange.accepted:
                self.driver.jobs.wait_out(exchange)
                for lease in leases:  # what it does, the next request must not be blamed for
                    with suppress(JobError):
                        self.driver.servers.wait_stable(lease.id)
                self.driver.take_back(exchange, recipe, leases)
                discard(exchange, self.client)
                self.driver.forget(recipe, exchange)
            elif exchange.failure is None:
                refused(exchange)
        finally:
            if not exchange.refused:
                self.driver.restore(recipe, leases, request)
        return not exchange.accepted

    def endpoint_time(self) -> float:
        """Return the endpoint's time, in seconds, as a new token tells it (4.1); this machine's where none is issued.

        Times that an endpoint shows are compared with it, since its clock need not be ours. Raises `StepFailed` where a login
        that could be expected is not answered with a token.
        """
        try:
            issued = read(self.run(self.contract.roles["login"]), "token", "issued_at")
            moment = datetime.fromisoformat(str(issued).replace("Z", "+00:00"))
        except (LookupError, PrerequisiteMissing, ValueError):
            return self.driver.session.target.clock.now()
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
