"""Makes every operation succeed by its recipe, and be refused by what is derived from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pytest_ecs._cases.derivation import apply, as_check, changes, expectation, first_version, flags, variant_for
from pytest_ecs._cases.mutation import excluding
from pytest_ecs._cases.recipe import RECIPES, Recipe, Request, placeholder
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation, Requirement
from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.token import FixedToken, NoAuth
from pytest_ecs._resources.kinds import discard
from pytest_ecs._resources.lease import Lease
from pytest_ecs._testing.check import Check
from pytest_ecs._testing.clients import Clients
from pytest_ecs._testing.driver import Driver
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
    _controls: dict[tuple[str, str, bool], Exchange] = field(default_factory=dict)
    _collections: dict[str, Exchange] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract that is tested against."""
        return self.driver.session.contract

    @property
    def client(self) -> Client:
        """The primary user's client."""
        return self.driver.session.client

    # Positive

    def run(self, operation_id: str, variant: str = "default") -> Exchange:
        """Run a recipe, wait for what it starts and return its exchange, whatever the answer was."""
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request")
        return self._run(operation_id, variant, case)

    def alias(self, requirement_id: str) -> Exchange:
        """Send a recipe's request to the other URL that *requirement_id* is about; the judge says whether it was accepted."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        (alias,) = [one for one in operation.aliases if one.id == requirement.case]
        return self._run(operation.id, "default", Case(requirement_id, "accepted", "the URL is the alias"), alias.path)

    def _run(self, operation_id: str, variant: str, case: Case, path: str | None = None) -> Exchange:
        operation, recipe = self.contract.operations[operation_id], RECIPES[operation_id]
        only_reads = operation.method == "GET"
        leases = self.driver.borrowed(recipe) if only_reads else self.driver.own(recipe)
        try:
            request = recipe.variants[variant](self.driver.ingredients(recipe, leases, fresh=not only_reads))
            if path is not None:  # v2 has no microversions (6.16)
                body = first_version(request.body, operation.body or {})
                request = replace(request, body=body, microversion=None)
            # Nobody need offer an operation of chapter 11; the judge looks at its collection.
            if operation.chapter == "deprecated":
                case = replace(case, control=self._collection(operation, request).id)
            if operation.quota is not None:
                limits = self.client.get(self.contract.operations["nova.limits.show"].path)
                case = replace(case, limits=limits.id)
            exchange = self.driver.send(operation, recipe, request, case, path=path)
            self.driver.jobs.settle(exchange, [] if only_reads else leases)
            self.driver.take_back(exchange, recipe, leases)
            self.driver.restore(recipe, leases, request)
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
            self._controls[key] = self.driver.supplies.kept(lambda: run(operation_id, variant))
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
        request = recipe.variants[variant](self.driver.ingredients(recipe, self.driver.borrowed(recipe)))
        request = replace(request, body=as_check(operation, request.body, ""))
        case = Case(f"{operation_id}/status", "accepted", f"the recipe's {variant} request, only to be checked")
        exchange = self.driver.send(operation, recipe, request, case)
        self.driver.jobs.settle(exchange)
        return exchange

    # Negative

    def refuse(self, requirement_id: str) -> None:
        """Send each request that breaks *requirement_id* and nothing else; the judge says whether it was refused rightly."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe = RECIPES[operation.id]
        variant = variant_for(operation, requirement, recipe)
        check_only = requirement.kind == "request" and flags(operation, requirement.keyword) != {}
        control = self.control(operation.id, variant, check_only=check_only)
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, variant, leases)
        others = self._others(operation, requirement, leases, request, check_only=check_only)
        for number, (changed, options) in enumerate(changes(operation, requirement, request, others)):
            case = Case(requirement_id, expectation(requirement), changed.change, control.id, changed.codes)
            exchange = self.driver.send(operation, recipe, apply(requirement, request, changed), case, **options)
            if exchange.accepted:
                self.driver.undo(exchange, recipe, leases)
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
                bodies.append(build(self.driver.ingredients(recipe, leases)).body)
        return bodies

    def authenticate(self, requirement_id: str) -> None:
        """Send the recipe's own request with the credentials that *requirement_id* is about."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe, which = RECIPES[operation.id], requirement.case
        control = self.control(operation.id)
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, "default", leases)
        options: dict[str, Any]
        if which == "no-token":
            options, expects = {"auth": NoAuth(), "scheme": "none"}, "unauthenticated"
            change = "no credentials are sent"
        elif which == "garbage-token":
            options, expects = {"auth": FixedToken(_GARBAGE)}, "unauthenticated"
            change = "X-Auth-Token is no token that was issued"
        elif which == "other-token":
            other = self.clients("other_project")
            options, expects = {"auth": other.auth}, "foreign-project"
            change = "the token is another project's"
        elif which == "other-project":
            other = self.clients("other_project")
            options, expects = {"project": other.project_id}, "foreign-project"
            change = "the project in the URL is not the token's"
        elif which == "foreign-id":
            options, expects = {"client": self.clients("other_project")}, "foreign-id"
            change = "another project names what is this project's"
        else:
            raise LookupError(f"no way to derive {requirement_id}")
        changes = which == "foreign-id" and operation.method != "GET"
        before = [lease.show() for lease in leases if changes]
        case = Case(requirement_id, expects, change, control.id)
        exchange = self.driver.send(operation, recipe, request, case, **options)
        for lease, shown in zip(leases, before, strict=False):
            after = lease.show()
            for name in _FACTS:
                self.check(requirement_id, after, "body", "server", name, equals=read(shown, "server", name))
        self.driver.undo(exchange, recipe, leases)

    def authorize(self, requirement_id: str) -> None:
        """Send the recipe's own request as a user without the action, and where that can be arranged, with it."""
        requirement = self.contract.requirements[requirement_id]
        operation = self.contract.operations[requirement.operation or ""]
        recipe, control = RECIPES[operation.id], self.control(operation.id)
        restricted = self.clients("restricted_user")
        hook = self.driver.session.target.control
        leases = self.driver.borrowed(recipe)
        request = self.driver.request_to_refuse(recipe, "default", leases)
        if hook is not None:
            hook("PUT", "/_mock/policy", {"allow": []})
        case = Case(requirement_id, "forbidden", f"the user lacks {operation.permission}", control.id)
        denied = self.driver.send(operation, recipe, request, case, client=restricted)
        self.driver.undo(denied, recipe, leases)
        if hook is None or recipe.personal:
            return
        row = self.contract.permission_of(operation)
        hook("PUT", "/_mock/policy", {"allow": [row.action, *row.dependencies]})
        try:
            own = self.driver.own(recipe)
            request = recipe.variants["default"](self.driver.ingredients(recipe, own, fresh=True))
            request = replace(request, body=as_check(operation, request.body, ""))
            case = Case(requirement_id, "accepted", f"the user has {operation.permission}")
            allowed = self.driver.send(operation, recipe, request, case, client=restricted)
            hook("PUT", "/_mock/policy", {"allow": []})
            self.driver.jobs.settle(allowed, own)
            self.driver.take_back(allowed, recipe, own)
            self.driver.restore(recipe, own, request)
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
            return self.driver.own(recipe)
        return self.driver.servers.shared(recipe.server, recipe.count) if recipe.server is not None else []

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
                self.driver.session.pool.bring(lease, recipe.server or "ACTIVE")
        request = change(recipe.variants[variant](self.driver.ingredients(recipe, leases)))
        request = replace(request, body=as_check(operation, request.body, ""))
        exchange = self.driver.send(operation, recipe, request, None)
        try:
            self.driver.jobs.settle(exchange, [] if operation.method == "GET" else leases)
        finally:
            self.driver.take_back(exchange, recipe, leases)
            self.driver.restore(recipe, leases, request)
            if operation.method != "GET" and exchange.accepted:
                self.driver.forget(recipe)
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
        request = recipe.variants[variant](self.driver.ingredients(recipe, leases))
        request = replace(request, body=as_check(operation, request.body, ""))
        changed, words, codes = change(request)
        requirement = self.contract.requirements[requirement_id]
        case = Case(requirement_id, expectation(requirement), words, control.id, codes)
        exchange = self.driver.send(operation, recipe, changed, case)
        accepted = exchange.accepted
        try:
            if accepted:
                self.driver.jobs.wait_out(exchange)
                self.driver.take_back(exchange, recipe, leases)
                discard(exchange, self.client)
                self.driver.forget(recipe)
            elif exchange.failure is None:
                refused(exchange)
        finally:
            self.driver.restore(recipe, leases, request)
        return not accepted

    def endpoint_time(self) -> float:
        """Return the endpoint's time, in seconds, as a new token tells it (4.1); this machine's where none is issued.

        Times that an endpoint shows are compared with it, since its clock need not be ours.
        """
        try:
            issued = read(self.run("iam.tokens.create"), "token", "issued_at")
            moment = datetime.fromisoformat(str(issued).replace("Z", "+00:00"))
        except (LookupError, PrerequisiteMissing, StepFailed, ValueError):
            return self.driver.session.target.clock.now()
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
