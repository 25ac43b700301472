"""Judges in the process that runs the tests: after each test, everything that it and its set-up exchanged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.outcomes import Skipped

from pytest_ecs._checks import Assertion, Finding, evaluate
from pytest_ecs._checks.finding import Outcome
from pytest_ecs._checks.judge import Drift
from pytest_ecs._contract import Contract
from pytest_ecs._report.failure import explain, explain_own
from pytest_ecs._report.model import Process, Waiver
from pytest_ecs._report.rows import Rows
from pytest_ecs._report.waiving import fits
from pytest_ecs._run import allure_results
from pytest_ecs._text import harmless
from pytest_ecs.exceptions import (
    ConformanceFailure,
    EcsError,
    JobError,
    JobFailed,
    JobTimeout,
    OutsideProfile,
    PrerequisiteMissing,
    StepFailed,
    fault_of,
)

if TYPE_CHECKING:
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._run.process import Keeper

__all__ = ["REQUIREMENT_MARKER", "Witness", "covered_by"]

REQUIREMENT_MARKER = "ecs_requirement"
#: How many failures of one requirement are kept as evidence by one process.
_ENOUGH = 5
#: Statuses of what is not there, or not there yet, and of what is no fault of the operation.
_ELSEWHERE = frozenset({401, 403, 404, 429})
#: What Python raises when a test takes an answer apart that has another shape than the document says.
_SHAPE = (LookupError, TypeError, ValueError, AttributeError, StopIteration)


def covered_by(item: pytest.Item) -> list[str]:
    """Return the requirements that a test says it makes findings on."""
    return [str(name) for marker in item.iter_markers(REQUIREMENT_MARKER) for name in marker.args]


class _NotApplicable(Skipped):
    """A test that the profile of the run does not have."""


@contextmanager
def _skipping() -> Iterator[None]:
    """Turn what is missing into a skip, for which pytest prepares no traceback: that would take most of such a test."""
    try:
        yield
    except OutsideProfile as outside:
        raise _NotApplicable(str(outside), _use_item_location=True) from None
    except PrerequisiteMissing as missing:
        raise pytest.skip.Exception(str(missing), _use_item_location=True) from None


class Witness:
    """Turns exchanges into findings, and a failed requirement that was asked for into a failed test, once for each."""

    def __init__(self, keeper: Keeper, contract: Contract, waivers: Sequence[Waiver], chosen: Collection[str]) -> None:
        self._keeper = keeper
        self._contract = contract
        self._chosen = chosen
        self._waived = [waiver["requirement"] for waiver in waivers]
        self._seen: Counter[tuple[str, str]] = Counter()
        self._judged: set[str] = set()
        self._told: set[str] = set()
        #: What checks of one's own said so far, and what of it no test was failed for yet.
        self._said: set[str] = set()
        self._complaints: list[str] = []
        self._own_failure = False
        #: What the running test has seen broken.
        self._broken: set[str] = set()
        #: Why the running test could not test something.
        self._untested: str = ""
        self._exchanges: list[Exchange] = []
        self._findings: list[Finding] = []
        #: What was handed over already, so that only differences are.
        self._drifted: set[Drift] = set()
        self._process: Process | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Skip where a fixture misses something, and what would begin after ``--ecs-max-minutes``."""
        session, names = self._keeper.session, getattr(item, "fixturenames", ())
        with _skipping():
            if session is not None and any(name.startswith("ecs_") for name in names):
                session.in_time("No test begins any more")
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Judge after the test's own code; raise when a requirement is seen broken for the first time."""
        self._broken.clear()
        self._untested = ""
        with _skipping():
            result = yield
        new = self._judge()
        covered = covered_by(item)
        if allure_results.is_wanted(item.config):
            self._show(covered, new)
        if (session := self._keeper.session) is not None and covered:
            self._speak_for(
                item, [name for name in covered if name not in self._judged and name not in session.awaited]
            )
        if (own := self._complained()) or new:
            text = "\n\n".join([*map(self._text, new), *own])
            raise ConformanceFailure(text, [finding.requirement for finding in new])
        return result

    def _show(self, covered: Sequence[str], new: Sequence[Finding]) -> None:
        """Let Allure show what the running test is about, and by which exchanges it is seen broken."""
        known, session = self._contract.requirements, self._keeper.session
        about = dict.fromkeys((*covered, *(finding.requirement for finding in new)))
        broken = {
            finding.requirement: [one for name in finding.exchanges if session and (one := session.get(name))]
            for finding in new
        }
        allure_results.tell([known[name] for name in about if name in known], broken)

    def _speak_for(self, item: pytest.Item, silent: list[str]) -> None:
        """Say what became of the requirements that a test covers and made no finding on.

        Where nothing says why what they speak of did not come up, the check is at fault.
        """
        if not silent:
            return
        if (why := self._why_silent()) is not None:
            outcome, reason = why
            self._conclude(silent, outcome, reason)
            return
        self._conclude(silent, "error", f"harness: the check {item.name} ended without judging it")
        raise ConformanceFailure(
            f"{item.name} ended without judging {', '.join(silent)}: this is a bug of the check", silent
        )

    def _why_silent(self) -> tuple[Outcome, str] | None:
        """Return why something did not come up in the running test.

        An operation refused all of its requests, something was seen broken, an answer did not come, or the test said of
        something else that it is not tested.
        """
        accepted = {one.operation for one in self._exchanges if one.accepted}
        others = [one for one in self._exchanges if one.operation not in accepted]
        refused = next((one for one in others if one.refused and one.case is None), None)
        lost = next((one for one in others if one.failure is not None), None)
        missing = "what it speaks of did not come up"
        if self._broken:
            return "not_tested", f"{missing}, since {min(self._broken)} is broken"
        if refused is not None:
            return "not_tested", f"{missing}, since {refused.request_line} was not accepted: {refused.answer}"
        if lost is not None:
            return "error", f"environment: {missing}, since {lost.request_line} was not answered: {lost.failure}"
        return ("not_tested", f"{missing}: {self._untested}") if self._untested else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Word the outcome for people and attach the rows for the controller."""
        report = yield
        new = self._judge()
        if call.excinfo is not None and isinstance(call.excinfo.value, JobError | StepFailed | pytest.skip.Exception):
            if not isinstance(call.excinfo.value, _NotApplicable):
                self._blame_step(item)
            new += self._judge()
        if call.when == "teardown" and self._keeper.session is not None:
            self._keeper.session.pool.retire()
        if call.excinfo is not None:
            self._word(item, call.excinfo.value, report)
        own = self._complained() if call.when != "setup" or call.excinfo is not None else []
        if (new and call.when == "call") or own:  # the test stopped early, but what it saw counts all the same
            report.outcome = "failed"
            last = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            report.longrepr = "\n\n".join([*map(self._text, new), *own, *([last] if call.excinfo else [])])
        self._attach(item, call, report, [finding.requirement for finding in new])
        return report

    def _complained(self) -> list[str]:
        """Return what checks of one's own said of the running test, once: whoever asks fails the test."""
        own, self._complaints = self._complaints, []
        self._own_failure = self._own_failure or bool(own)
        return own

    def _attach(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, broken: list[str]
    ) -> None:
        """Hand over the rows, and say in the report what it is about.

        pytest carries plain attributes of reports from a worker to the controller; its own junit.xml would print
        user_properties. One ASCII text cannot be garbled on that way, whatever an endpoint answered.
        """
        rows = self.rest()
        error = call.excinfo.value if call.excinfo is not None else None
        if isinstance(error, ConformanceFailure):
            broken = [*error.requirements, *broken]
        about: dict[str, Any] = {
            "ecs": "",
            "ecs_failed": broken,
            "ecs_covers": covered_by(item) if call.when == "call" or error is not None else [],
            "ecs_own": self._own_failure,
            "ecs_environment": isinstance(error, EcsError) and not isinstance(error, JobFailed | StepFailed),
            "ecs_stop": str(error) if isinstance(error, EcsError) and error.stops else "",
        }
        self._own_failure = False
        if self._keeper.recorder is None:
            about["ecs"] = rows.to_text() if rows else ""
        else:
            self._keeper.recorder.add(rows)
        if self._keeper.session is not None:
            lines = zip((exchange.id for exchange in rows.exchanges), rows.exchange_lines(), strict=True)
            self._keeper.session.connection.journal.pack(dict(lines))
        vars(report).update(about)

    def rest(self) -> Rows:
        """Return the rows that nobody took along."""
        self._judge()
        rows = Rows(self._exchanges, self._findings)
        self._exchanges, self._findings = [], []
        session = self._keeper.session
        if session is not None and rows.exchanges:
            rows.drift = sorted(session.drift - self._drifted)
            self._drifted.update(rows.drift)
            clock, start = session.target.clock, session.started
            simulated = clock.now() - start if session.target.simulated else 0.0
            process = Process(session.settings.worker, session.ledger.created(), simulated)
            if process != self._process:
                rows.process = self._process = process
        return rows

    def _judge(self) -> list[Finding]:
        """Collect what is new and return the failures that nobody has been told of."""
        if self._keeper.session is None:
            return []
        exchanges, findings = self._keeper.session.collect()
        self._exchanges += exchanges
        for exchange in exchanges:
            self._complaints += self._own(exchange)
        new: dict[str, Finding] = {}
        for finding in findings:
            self._keep(finding)
            if finding.outcome == "fail":
                self._broken.add(finding.requirement)
            if finding.outcome == "fail" and self._binds(finding.requirement) and finding.requirement not in self._told:
                self._told.add(finding.requirement)
                new[finding.requirement] = finding
        return list(new.values())

    def _own(self, exchange: Exchange) -> Iterator[str]:
        """Yield what checks of one's own say of an exchange for the first time."""
        hook = self._keeper.config.hook.pytest_ecs_check
        if not hook.get_hookimpls():
            return
        try:
            answers = hook(exchange=exchange, config=self._keeper.config)
            said = [str(one) for answer in answers for one in ([answer] if isinstance(answer, str) else answer)]
        except Exception as error:  # noqa: BLE001 - whatever somebody's check raises is its own fault, and said so
            said = [f"a check of exchanges broke: {type(error).__name__}: {error}"]
        for one in said:
            if one not in self._said:
                self._said.add(one)
                yield explain_own(one, exchange)

    def _binds(self, requirement: str) -> bool:
        asked = requirement in self._chosen and not any(fits(requirement, pattern) for pattern in self._waived)
        return asked and self._contract.requirements[requirement].level == "must"

    def _keep(self, finding: Finding) -> None:
        """Keep the first success of each requirement, some of its failures, and every claim of a rule."""
        key = (finding.requirement, finding.outcome)
        self._seen[key] += 1
        self._judged.add(finding.requirement)
        if finding.outcome == "not_tested":
            self._untested = self._untested or finding.reason
        limit = 1 if finding.outcome == "pass" else _ENOUGH
        if finding.assertion is not None or self._seen[key] <= limit:
            self._findings.append(finding)

    def _text(self, finding: Finding) -> str:
        session = self._keeper.session
        requirement = self._contract.requirements[finding.requirement]
        exchange = session.get(finding.exchanges[0]) if session and finding.exchanges else None
        control_id = exchange.case.control if exchange is not None and exchange.case is not None else None
        control = session.get(control_id) if session and control_id else None
        ruling = self._contract.rulings.get(requirement.ruling) if requirement.ruling else None
        return explain(finding, requirement, exchange, control, ruling)

    def _word(self, item: pytest.Item, error: BaseException, report: pytest.TestReport) -> None:
        """Turn our own exceptions into findings and one readable paragraph; a traceback would say nothing more."""
        covered = covered_by(item)
        if isinstance(error, ConformanceFailure):
            report.longrepr = str(error)
            return
        if isinstance(error, pytest.skip.Exception):
            outcome = "not_applicable" if isinstance(error, _NotApplicable) else "not_tested"
            self._conclude(covered, outcome, str(error.msg))
            return
        hidden = isinstance(error, JobTimeout) and bool(self._exchanges) and self._exchanges[-1].refused
        if isinstance(error, JobFailed | StepFailed) or hidden:
            # Whether the endpoint is to blame is said by <operation>/job or /status, from the record; here a step is missing.
            # Where an answer did not come at all, nobody is blamed, and that is an error of the environment.
            unanswered = next((one for one in self._exchanges if one.failure is not None), None)
            outcome = "error" if unanswered is not None else "not_tested"
            link = f", see {min(self._broken)}" if self._broken else ""
            self._conclude(covered, outcome, f"a step that the test needs did not succeed{link}: {error}")
            report.longrepr = str(error)
            return
        if isinstance(error, EcsError):
            self._conclude(covered, "error", f"{fault_of(error)}: {error}")
            report.longrepr = str(error)
            if error.stops and hasattr(item.session, "shouldstop"):
                item.session.shouldstop = str(error)
            return
        if report.outcome != "failed":
            return
        if self._broken and isinstance(error, _SHAPE):
            # Such an answer was judged by now, and fails the test if it has to; an error would blame the check for it.
            reason = f"the check could not go on, since {min(self._broken)} is broken: {type(error).__name__}: {error}"
            self._conclude(covered, "not_tested", reason)
            report.outcome, report.longrepr = "skipped", (str(item.path), item.location[1] or 0, reason)
            return
        self._conclude(covered, "error", f"harness: the check itself broke: {type(error).__name__}: {error}")

    def _blame_step(self, item: pytest.Item) -> None:
        """Find that an operation does not accept its request, where plain queries of it keep its own test from sending one.

        Nobody else would say that the operation is broken.
        """
        session, known = self._keeper.session, self._contract.requirements
        statuses = [known[name] for name in covered_by(item) if known[name].kind == "status"]
        queries = {
            one.operation: one.id for one in statuses if self._contract.operations[one.operation or ""].method == "GET"
        }
        if session is None or not queries:
            return
        for operation, name in queries.items():
            sent = session.connection.journal.of(operation)
            mine = [one for one in sent if (one.method, one.identity, one.case) == ("GET", "primary", None)]
            refused = [one for one in mine if one.refused and not one.query and one.status not in _ELSEWHERE]
            if refused and not any(one.accepted for one in mine):
                assertion = Assertion(refused[-1].id, ("status",), "at_most", 299)
                found = evaluate(name, assertion, refused[-1], self._contract.environment_codes)
                session.pending.append(found)

    def _conclude(self, covered: Iterable[str], outcome: Any, reason: str) -> None:
        session = self._keeper.session
        scrub = session.connection.secrets.scrub if session else str
        for name in covered:
            self._keep(Finding(name, outcome, reason=harmless(scrub(reason))))
