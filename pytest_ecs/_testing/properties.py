"""Runs properties: examples that hypothesis draws, each judged at once, shrunk to the shortest list of requests.

Every exchange is judged with the rest of the run all the same. Here it is judged a first time, so that hypothesis knows
whether an example broke something, and looks for a shorter one that breaks the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_ecs._cases.recipe import RECIPES, Request
from pytest_ecs._checks import Finding
from pytest_ecs._checks.reproduction import reproduction
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._resources.lease import Lease
from pytest_ecs._resources.resource_types import text_at
from pytest_ecs._run.session import Session
from pytest_ecs._testing.reading import read
from pytest_ecs._testing.reproduction import leaves, repeatable, requests_of, size
from pytest_ecs._testing.snapshot import Snapshot
from pytest_ecs._testing.tools import Tools
from pytest_ecs.exceptions import EcsError, JobFailed, PrerequisiteMissing

if TYPE_CHECKING:
    from hypothesis import settings as Settings  # noqa: N812 - it is a class
    from hypothesis.stateful import RuleBasedStateMachine
    from hypothesis.strategies import SearchStrategy

    from pytest_ecs.strategies import Generated

__all__ = ["BUDGETS", "Budget", "Properties", "Trial"]

_T = TypeVar("_T")

#: General requirements that the properties are about.
ANSWERED, ACCEPTED, UNCHANGED = "10.1/no-server-error", "10.1/valid-accepted", "10.1/refused-changes-nothing"
#: How many examples are tried after the first that breaks something, to find a shorter one: each is requests to a cloud.
_PATIENCE, _PATIENCE_SIMULATED = 20, 70
#: What a refused request leaves at a server as it is.
_FACTS = ("name", "status", "metadata", "flavor", "addresses", "os-extended-volumes:volumes_attached")
#: What draws otherwise when it is repeated, hypothesis calls flaky: values and steps depend on answers alone.
_ALIKE = "A property needs an endpoint that answers the same requests alike when they are sent again"


@dataclass(frozen=True)
class Budget:
    """How much a profile tries."""

    #: Examples of valid and of invalid requests for each operation.
    valid: int
    invalid: int
    #: Runs of the state machine, and the most steps in each.
    runs: int
    steps: int


BUDGETS: Mapping[str, Budget] = {"quick": Budget(6, 8, 10, 12), "deep": Budget(100, 150, 60, 30)}


class _Stop(BaseException):
    """Ends a property at once: hypothesis neither catches nor shrinks it."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class PropertyBroken(Exception):
    """An example broke a requirement; each requirement has a class of its own, so that hypothesis keeps them apart."""


@dataclass
class Trial:
    """One example: what it sends inside ``with trial:`` is judged when that ends."""

    properties: Properties
    #: How many exchanges and findings there were before.
    began: int
    pending: int
    judged: int = 0
    #: What is special about the example, in words.
    about: str = ""

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, EcsError):
            self.properties.judge(self)
        if isinstance(error, EcsError):
            raise _Stop(error)


@dataclass
class Properties:
    """What the suite checks properties with. One for each process."""

    session: Session
    tools: Tools
    #: Requirements that a property has been seen to break; they have their reproduction.
    _known: set[str] = field(default_factory=set)
    #: Requirement -> the shortest list of requests that broke it, and the finding.
    _broken: dict[str, tuple[Sequence[Exchange], Finding, str]] = field(default_factory=dict)
    _classes: dict[str, type[PropertyBroken]] = field(default_factory=dict)
    #: The valid request that the last refused one was made from: what building it did to servers serves the next one.
    _built: list[Request] = field(default_factory=list)
    #: Examples since something broke.
    _more: int = 0

    @property
    def budget(self) -> Budget:
        """How much is to be tried; raises `PrerequisiteMissing` when properties are switched off."""
        profile = self.session.settings.properties
        if profile not in BUDGETS:
            raise PrerequisiteMissing(
                "Properties are not checked", seen=f"--ecs-properties={profile}", hint="say --ecs-properties=quick"
            )
        return BUDGETS[profile]

    def offers(self, operation_id: str) -> bool:
        """Return whether an operation may be used: the profile has it, and the endpoint its chapter."""
        operation = self.tools.contract.operations[operation_id]
        return self.session.reach.outside(operation.method, operation.path) is None

    # Requests

    def valid(self, operation_id: str) -> None:
        """Send requests that obey the contract: none is answered with a server error, and what is promised is accepted."""
        from hypothesis import strategies as st

        from pytest_ecs.strategies import valid_requests

        count = self.budget.valid
        variants = self._accepted(operation_id)
        every = st.one_of(
            valid_requests(operation_id, variants=variants, only_promised=True),
            valid_requests(operation_id, variants=variants),
        )
        with self._stage(operation_id) as (leases, facts):
            self._for_all(f"valid/{operation_id}", every, lambda one: self._send(one, leases, facts), count)
        self.tools.check.not_tested(
            ACCEPTED, f"no generated request of {operation_id} is one that the contract promises"
        )

    def invalid(self, operation_id: str) -> None:
        """Send requests that break one claim of the contract: each is refused for that, and nothing comes of it."""
        from pytest_ecs.strategies import invalid_requests

        count = self.budget.invalid
        variants = self._accepted(operation_id)
        every = invalid_requests(operation_id, variants=variants)
        with self._stage(operation_id) as (leases, facts):
            self._for_all(
                f"invalid/{operation_id}", every, lambda generated: self._refuse(generated, leases, facts), count
            )
        self.tools.check.not_tested(
            UNCHANGED, f"no refused request of {operation_id} names anything that can be looked at"
        )

    def _accepted(self, operation_id: str) -> list[str]:
        """Return the variants whose own request is accepted; without one, nothing can be concluded from the others."""
        check_only = self.tools.cases.checks_only(operation_id)
        control = self.tools.cases.control(operation_id, check_only=check_only, servers=False)
        if check_only and isinstance(control.response_body, Mapping) and "job_id" in control.response_body:
            raise PrerequisiteMissing(
                f"Requests of {operation_id} cannot be tried again and again",
                seen="one that asks only to be checked (dry_run) starts a job",
            )
        found = ["default"]
        for variant in RECIPES[operation_id].variants:
            with suppress(EcsError):
                self.tools.cases.control(operation_id, variant, check_only=check_only, servers=False)
                found.append(variant)
        return list(dict.fromkeys(found))

    @contextmanager
    def _stage(self, operation_id: str) -> Iterator[tuple[list[Lease], list[Snapshot]]]:
        """Hold the servers of a recipe, and leave them as they were; those that are only queried need not be put back."""
        recipe, tools = RECIPES[operation_id], self.tools
        borrowed = tools.contract.operations[operation_id].method == "GET" or tools.cases.checks_only(operation_id)
        leases = tools.cases.lend(recipe, shared=borrowed)
        before: list[Snapshot] = []
        try:
            before += [] if borrowed else [Snapshot.of(tools, lease) for lease in leases]
            yield leases, before
        finally:
            while self._built:
                tools.driver.restore(recipe, leases, self._built.pop())
            for facts in before:
                facts.put_back()
            if not borrowed:
                for lease in leases:
                    lease.release()

    def _send(self, generated: Generated, leases: list[Lease], facts: list[Snapshot]) -> None:
        """Send a valid request; where the document promises that it is accepted, the recipe's own is the control."""
        tools = self.tools
        exchange = self._varied(generated, leases, facts)
        if exchange is None:
            tools.check.not_tested(ANSWERED, f"the job of {generated.operation} failed")
            return
        tools.check(ANSWERED, exchange, "status", at_most=499)
        if not generated.promised or not generated.edits or exchange.failure is not None:
            return
        if not exchange.accepted:
            control = self._varied(replace(generated, edits=()), leases, facts)
            if control is None or not control.accepted:
                tools.check.not_tested(ACCEPTED, f"the recipe's own request of {generated.operation} is refused, too")
                return
        tools.check(ACCEPTED, exchange, "status", at_most=299)

    def _varied(self, generated: Generated, leases: list[Lease], facts: list[Snapshot]) -> Exchange | None:
        """Send a generated request and put its servers back; None where its job failed, since jobs may refuse, too."""
        marked = leases if RECIPES[generated.operation].marks else []
        before = facts if facts and marked else [Snapshot.of(self.tools, lease) for lease in marked]
        try:
            return self.tools.cases.vary(generated.operation, generated.variant, generated.onto, leases)
        except JobFailed:
            return None
        finally:
            for one in before:
                one.put_back()

    def _refuse(self, generated: Generated, leases: list[Lease], facts: list[Snapshot]) -> None:
        tools = self.tools
        is_checked = tools.cases.checks_only(generated.operation)
        control = tools.cases.control(generated.operation, generated.variant, check_only=is_checked, servers=False)
        before: list[Exchange] = []

        def change(request: Request) -> tuple[Request, str, tuple[str, ...]]:
            before.extend(lease.show() for lease in leases)  # what building the request did is no part of it
            self._built[:] = [request]
            return generated.broken(request)

        def refused(exchange: Exchange) -> None:
            for lease, shown in zip(leases, before, strict=True):
                after = lease.show()
                for name in _FACTS:
                    tools.check(UNCHANGED, after, "body", "server", name, equals=read(shown, "server", name))
            self._nothing_made(generated.operation, exchange)

        if not tools.cases.refuse_one(
            generated.operation, generated.variant, generated.breaks or "", change, control, leases, refused
        ):
            self._built.clear()
            for one in facts:
                one.put_back()

    def _nothing_made(self, operation_id: str, exchange: Exchange) -> None:
        """Look for what a refused request asked for by name; servers of a batch have more in theirs (table 5-3)."""
        operations = self.tools.contract.operations
        creates = operations[operation_id].creates
        wanted = text_at(exchange.request_body, creates.name) if creates is not None and creates.name else None
        if creates is None or creates.listed is None or wanted is None:
            return
        query, items, name = operations[creates.listed.operation], creates.listed.items, creates.listed.name
        listed = self.tools.client.get(query.path, query={"name": wanted, "limit": "1000"})
        try:
            names = [pointer(item, name) for item in pointer(listed.response_body, items)]
        except (LookupError, TypeError):  # a list of another form is judged as such
            self.tools.check.not_tested(UNCHANGED, f"{query.id} does not list what there is")
            return
        found = next((one for one in names if wanted in str(one)), wanted)
        self.tools.check(UNCHANGED, listed, "body", *items, "*", *name, lacks=found)

    # Machines

    def machine(self, make: Callable[[], RuleBasedStateMachine]) -> None:
        """Run a state machine; its steps send requests inside ``with trial:`` (see `trial`)."""
        from hypothesis import seed
        from hypothesis.stateful import run_state_machine_as_test

        budget = self.budget

        factory: Any = seed(self.session.settings.seed)(lambda: make())
        settings = self._settings("lifecycles", budget.runs, budget.steps)
        self._conclude(lambda: run_state_machine_as_test(factory, settings=settings))

    def snapshot(self, lease: Lease) -> Snapshot:
        """Look at a server, so that it can be put back as it is now."""
        return Snapshot.of(self.tools, lease)

    def trial(self) -> Trial:
        """Begin an example."""
        session = self.session
        self._more += bool(self._broken)
        if self._more > (_PATIENCE_SIMULATED if session.target.simulated else _PATIENCE):
            raise _Stop(None)
        return Trial(self, len(session.connection.journal), len(session.pending), len(session.connection.journal))

    # Inside

    def _for_all(self, name: str, strategy: SearchStrategy[_T], body: Callable[[_T], None], count: int) -> None:
        from hypothesis import given, seed

        done: set[str] = set()

        def example(value: _T) -> None:
            if repr(value) in done:  # it would show nothing new; what broke something is tried again to be made shorter
                return
            with self.trial() as trial:
                trial.about = str(getattr(value, "change", ""))
                body(value)
            done.add(repr(value))

        # A seed takes the database away, so that the settings come last.
        seeded = seed(self.session.settings.seed)(given(strategy)(example))
        self._conclude(self._settings(name, count)(seeded))

    def _settings(self, name: str, examples: int, steps: int = 1) -> Settings:
        from hypothesis import HealthCheck, Phase, settings
        from hypothesis.database import DirectoryBasedExampleDatabase

        # What broke is kept beside the report, and a run into the same folder tries it first; with --hypothesis-seed,
        # which repeats a run exactly, hypothesis leaves the database alone. A slow cloud does not fail for being slow.
        folder = self.session.settings.examples_folder / name
        return settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            print_blob=False,
            derandomize=False,
            database=DirectoryBasedExampleDatabase(folder),
            suppress_health_check=list(HealthCheck),
            phases=(Phase.reuse, Phase.generate, Phase.shrink),
        )

    def _conclude(self, property_: Callable[[], object]) -> None:
        """Run a property, and hand what it broke to the run, the shortest list of requests first."""
        from hypothesis.errors import Flaky

        self._broken.clear()
        self._more = 0
        stopped: BaseException | None = None
        try:
            with repeatable():
                property_()
        except _Stop as stop:
            stopped = stop.error
        except Exception as error:  # noqa: BLE001 - hypothesis raises what examples raised, and its own
            other = next((leaf for leaf in leaves(error) if not isinstance(leaf, PropertyBroken)), None)
            if other is not None and not self._broken:
                raise (PrerequisiteMissing(_ALIKE, hint="") if isinstance(other, Flaky) else other) from None
        findings = [self._reproduced(*broken) for broken in self._broken.values()]
        self._known.update(self._broken)
        self.session.pending[:0] = findings
        if stopped is not None:
            raise stopped

    def _reproduced(self, exchanges: Sequence[Exchange], finding: Finding, about: str) -> Finding:
        """Return *finding* with the requests that show it, all of which it then rests on."""
        names = tuple(dict.fromkeys((*finding.exchanges, *(exchange.id for exchange in exchanges))))
        return replace(finding, exchanges=names, reason=reproduction(exchanges, about))

    def judge(self, trial: Trial) -> None:
        """Judge what is new in *trial*; raises `PropertyBroken` when a binding requirement is broken."""
        session = self.session
        new = session.connection.journal.since(trial.judged)
        trial.judged += len(new)
        findings = [finding for exchange in new for finding in session.look(exchange)]
        findings += session.pending[trial.pending :]
        self._keep_few(trial)
        broken = [
            finding
            for finding in findings
            if finding.outcome == "fail"
            and finding.requirement not in self._known | session.broken
            and session.contract.requirements[finding.requirement].level == "must"
        ]
        if not broken:
            return
        sent = [
            exchange for exchange in session.connection.journal.since(trial.began) if exchange.identity == "primary"
        ]
        for finding in broken:
            requests = requests_of(sent, finding)
            best = self._broken.get(finding.requirement)
            if best is None or size(requests) < size(best[0]):
                self._broken[finding.requirement] = requests, finding, trial.about
        name = broken[0].requirement
        error = self._classes.setdefault(name, type("PropertyBroken", (PropertyBroken,), {}))
        raise error(f"{name}: {broken[0].expected}")

    def _keep_few(self, trial: Trial) -> None:
        """Of the claims of this example that hold, keep the first for each requirement: the record must stay readable."""
        pending = self.session.pending
        seen = {finding.requirement for finding in pending[: trial.pending] if finding.outcome == "pass"}
        kept: list[Finding] = []
        for finding in pending[trial.pending :]:
            if finding.outcome != "pass" or finding.requirement not in seen:
                kept.append(finding)
            if finding.outcome == "pass":
                seen.add(finding.requirement)
        pending[trial.pending :] = kept
        trial.pending = len(pending)
