"""Claims about answers: each is one finding on one requirement."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypedDict, Unpack

from pytest_ecs._checks import TESTS, Assertion, Finding, evaluate, source_of
from pytest_ecs._checks.cases import left_over, says_why
from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.finding import Outcome
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.session import Session
from pytest_ecs._testing.later import Afterwards
from pytest_ecs._testing.refusals import Refusals
from pytest_ecs._text import closest
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError

__all__ = ["PAUSES", "Check", "Test"]

#: Pauses in seconds of the target's clock between looks at what does not yet show what it should: nothing is instantly
#: visible unless the text says so. Together they are the time that anything has after the last change.
PAUSES = (0.5, 1.0, 2.0, 3.0, 3.5)
#: Statuses of what is not only late: the request is wrong, or may not be made.
_FINAL = (400, 403)
#: Seconds of the target's clock after the last change in which something that must not happen could happen.
_AFTERWARDS = 5.0
#: The first status that is an error of the server, and that of what is no good request (10.1).
_SERVER, _NO_REQUEST = 500, 400
#: The test of a status that says that a request was accepted.
_ACCEPTED = ("at_most", 299)
#: What a path in an answer begins with.
_PARTS = ("status", "headers", "body")


class Test(TypedDict, total=False):
    """The tests that a claim may be made with, one at a time; what each compares stands in `pytest_ecs._checks.TESTS`."""

    equals: JSON
    differs: JSON
    one_of: JSON
    none_of: JSON
    contains: JSON
    lacks: JSON
    matches: JSON
    length: JSON
    length_at_most: JSON
    at_least: JSON
    at_most: JSON
    same_items: JSON
    includes: JSON
    has_one: JSON
    later_than: JSON
    time_between: JSON
    version_at_least: JSON
    present: JSON
    absent: JSON


@dataclass(frozen=True)
class Check:
    """Makes findings: ``check("ecs.servers.create/rule/name", shown, "body", "server", "name", equals=name)``."""

    session: Session
    refusals: Refusals
    #: Requirements that were seen broken after the time that they have: they are not given it again.
    _broken: set[str] = field(default_factory=set)
    #: Requests that the claims are about the effect of.
    _causes: tuple[Exchange, ...] = ()
    #: Where later looks are left.
    _afterwards: Afterwards | None = None

    @property
    def _contract(self) -> Contract:
        return self.session.contract

    def __call__(self, requirement_id: str, exchange: Exchange, *path: str | int, **test: Unpack[Test]) -> bool:
        """Make a finding: what stands at *path* of the answer passes the one *test*; return whether it does.

        The path starts with "status", "headers" or "body"; "*" goes through a list. Tests are the names in
        `pytest_ecs._checks.TESTS`, such as ``equals=...`` or ``matches=...``; ``present=True`` and ``absent=True``.
        A query that does not show it is sent again for ten seconds of the target's clock, as long as nothing was changed
        after it, since what a change did may show late; how late is said.
        """
        if len(test) != 1 or not test.keys() <= set(TESTS):
            raise TypeError(f"one test of {', '.join(TESTS)} is needed, not {', '.join(test) or 'none'}")
        if not path or path[0] not in _PARTS:
            shown = ", ".join(map(repr, path)) or "nothing"
            raise TypeError(
                f"the path begins with one of {', '.join(_PARTS)}, and each step is one more argument; it is {shown}"
            )
        if requirement_id not in self._contract.requirements:
            raise LookupError(
                f"the contract has no requirement {requirement_id}{closest(requirement_id, self._contract.requirements)}"
            )
        ((name, expected),) = test.items()
        finding = self._without_cause(requirement_id) or self._finding(requirement_id, exchange, path, name, expected)
        if path[0] != "status" or (name, expected) == _ACCEPTED:
            cause = next((cause for cause in self._causes if not cause.accepted), None)
            blamed = self._blamed(finding, exchange if cause is None else cause, own=cause is None)
            finding = self._elsewhere(blamed, exchange)
        if self._may_show_late(finding) and self._is_fresh(exchange):
            left, began = max(sum(PAUSES) - self._quiet(), 0.0), self.session.target.clock.now()
            look = partial(self._look_again, finding, exchange, path, name, expected, began)
            if self._afterwards is not None:
                self._afterwards.look([requirement_id], left, partial(self._find_late, finding, exchange, look))
                return False
            finding = look(left)
        return self._find(finding, exchange)

    def _find_late(self, first: Finding, exchange: Exchange, look: Callable[[float], Finding]) -> None:
        """Make a finding whose claim did not hold when it was looked at *first*, and has had its time now."""
        self._find(first if first.requirement in self._broken else look(0.0), exchange)

    def _find(self, finding: Finding, exchange: Exchange) -> bool:
        """Make a finding; return whether its claim holds."""
        finding = self._as_compared(finding, exchange)
        if finding.outcome == "fail":
            self._broken.add(finding.requirement)
        self.session.pending.append(finding)
        return finding.outcome == "pass"

    def later(self, afterwards: Afterwards) -> Check:
        """Return the same, which does not wait: what has to be looked at again is looked at when *afterwards* ends.

        A claim that does not hold yet is false for the test, whatever becomes of it.
        """
        return replace(self, _afterwards=afterwards)

    def after(self, *causes: Exchange) -> Check:
        """Return the same for claims about what accepted requests do: when one of *causes* was refused, they are not tested.

        That it was refused is judged once, where the request is, and not again in each claim.
        """
        return replace(self, _causes=(*self._causes, *causes))

    def stays(self, requirement_id: str, look: Callable[[], Exchange], *path: str | int, **test: Unpack[Test]) -> bool:
        """Make a finding that must hold now and still five seconds after the last change: what must not happen may happen late.

        *look* sends the query; the rest is as in a call. Return whether it held both times.
        """
        if not self(requirement_id, look(), *path, **test):
            return False
        if self._afterwards is not None:
            at_once = replace(self, _afterwards=None)
            self.postpone([requirement_id], lambda: at_once(requirement_id, look(), *path, **test))
            return True
        self.let_time_pass()
        return self(requirement_id, look(), *path, **test)

    def postpone(self, requirement_ids: Iterable[str], look: Callable[[], object]) -> None:
        """Call *look* five seconds after the last change; it makes findings on these requirements."""
        if self._afterwards is None:
            self.let_time_pass()
            look()
        else:
            self._afterwards.look(requirement_ids, max(_AFTERWARDS - self._quiet(), 0.0), look)

    def let_time_pass(self) -> None:
        """Wait until five seconds after the last change, in which something that must not happen could happen."""
        self.session.target.clock.sleep(max(_AFTERWARDS - self._quiet(), 0.0))

    def _without_cause(self, requirement_id: str) -> Finding | None:
        """Return the finding of a claim about requests that were not all accepted, None when they were.

        Where one was not answered at all nobody knows what it did, which is an error of the environment.
        """
        for cause in self._causes:
            if not cause.accepted:
                reason = f"it is about what {cause.request_line} does, which was not accepted: {cause.answer}"
                outcome: Outcome = "not_tested" if cause.failure is None else "error"
                return Finding(requirement_id, outcome, (cause.id,), reason=reason)
        return None

    def _blamed(self, finding: Finding, exchange: Exchange, *, own: bool) -> Finding:
        """Let the refusal of a valid request break the rule of what it was refused for, and no claim beside it.

        A claim that only its value breaks fails where it is about its *own* request, not about what that does.
        """
        claimed = finding.requirement if own else ""
        broken = self.refusals.broken(exchange, claimed) if finding.outcome != "pass" else None
        if not broken:
            return finding
        name, expected = _ACCEPTED
        blamed = self._finding(broken, exchange, ("status",), name, expected)
        if broken == finding.requirement:
            return blamed
        self.session.pending.append(blamed)
        reason = f"it is about {exchange.request_line}, which was not accepted (see {broken}): {exchange.answer}"
        return Finding(finding.requirement, "not_tested", (exchange.id,), reason=reason)

    def _elsewhere(self, finding: Finding, exchange: Exchange) -> Finding:
        """Do not test a claim that needs another operation where that fails by itself, which says nothing of the claim.

        That is an error of the server, or a request that is no good one, of an operation that accepted none so far; not
        found is an answer.
        """
        operation = self._contract.requirements[finding.requirement].operation
        its_own = exchange.operation in {None, operation} or exchange.case is not None
        if finding.outcome != "fail" or finding.where != "status" or its_own:
            return finding
        fails = exchange.status >= _SERVER or (exchange.status == _NO_REQUEST and operation is not None)
        if fails and not self._was_accepted(exchange):
            reason = f"it needs {exchange.request_line}, which was not accepted (see {exchange.operation}/status)"
            return Finding(finding.requirement, "not_tested", (exchange.id,), reason=f"{reason}: {exchange.answer}")
        return finding

    def _was_accepted(self, exchange: Exchange) -> bool:
        """Whether the same operation accepted another request of the same user in this process."""
        same = self.session.connection.journal.of(exchange.operation)
        return any(one.identity == exchange.identity and one.accepted for one in same)

    def _as_compared(self, finding: Finding, exchange: Exchange) -> Finding:
        """Return what becomes of a claim that fails since it compares with what another answer of the test has broken."""
        if finding.outcome != "fail" or finding.assertion is None:
            return finding
        broken = source_of(finding.assertion, exchange, self.session.of_test(), self._contract)
        if not broken or broken == finding.requirement:
            return finding
        reason = f"what it compares with is broken, see {broken}: {json.dumps(finding.assertion.expected)[:300]}"
        return Finding(finding.requirement, "not_tested", (exchange.id,), reason=reason)

    def _may_show_late(self, finding: Finding) -> bool:
        """Whether a claim that does not hold is worth another look."""
        return (
            finding.outcome in {"fail", "not_tested"}
            and finding.assertion is not None
            and finding.requirement not in self._broken
        )

    def _finding(
        self, requirement_id: str, exchange: Exchange, path: tuple[str | int, ...], name: str, expected: JSON
    ) -> Finding:
        assertion = Assertion(exchange.id, path, name, expected)
        operation = self._contract.operations.get(exchange.operation or "")
        contract = self._contract
        return evaluate(requirement_id, assertion, exchange, contract.environment_codes, operation, contract.statuses)

    def _look_again(
        self,
        first: Finding,
        exchange: Exchange,
        path: tuple[str | int, ...],
        name: str,
        expected: JSON,
        began: float,
        left: float,
    ) -> Finding:
        """Send a query again until it shows what it should, for a while; return the first finding when it never does.

        *began* is when it was found wanting, *left* are the seconds that it may still take.
        """
        clock, client = self.session.target.clock, self.session.clients[exchange.identity]  # type: ignore[index]
        for pause in PAUSES:
            clock.sleep(min(pause, left))
            try:
                again = client.get(exchange.path, query=exchange.query, microversion=exchange.microversion)
            except EcsError:
                return first
            finding = self._finding(first.requirement, again, path, name, expected)
            if finding.outcome == "pass":
                return replace(
                    finding, reason=f"it showed {clock.now() - began:.3g} s after the first look ({exchange.id})"
                )
            if finding.outcome == "not_tested" and path == ("status",):  # refused, and nobody can say as what
                first = finding
            left -= pause
            if again.status in _FINAL or left <= 0:
                break
        return first

    def _quiet(self) -> float:
        """Return for how many seconds, as far as they matter, nothing changed.

        That is: no change and no job was asked for, and no query was answered otherwise than the time before.
        """
        now = self.session.target.clock.now()
        last = now - sum(PAUSES)
        later: dict[tuple[str, ...], tuple[Exchange, float]] = {}
        for one in reversed(self.session.connection.journal):
            ended = one.started + one.seconds
            if ended <= last:
                break
            if one.method != "GET" or "job_id" in one.parameters:
                last = ended
                break
            key = (one.identity, one.path, str(one.query), str(one.microversion))
            again, seen = later.setdefault(key, (one, ended))
            if again.response_body != one.response_body:
                last = max(last, seen)
            later[key] = (one, ended)
        return now - last

    def _is_fresh(self, exchange: Exchange) -> bool:
        """Whether an exchange is a plain query, and nothing was changed since."""
        if (exchange.method, exchange.auth, exchange.case) != ("GET", "token", None):
            return False
        if exchange.identity not in self.session.clients:
            return False
        operation = self._contract.operations.get(exchange.operation or "")
        if operation is not None and "{project_id}" not in operation.path:  # no request changes what is no project's
            return False
        if exchange.base != self.session.target.endpoint:
            return False
        for later in reversed(self.session.connection.journal):
            if later.id == exchange.id:
                return True
            if later.method != "GET":
                return False
        return False

    def answered(self, requirement_id: str, exchange: Exchange, expectation: str) -> bool:
        """Make a finding: the status is one of those of an *expectation* of ``schemas/general.yaml``; return whether it is.

        A refusal whose code says why may have another status, as A.2 warns; one that no table lists is judged where the
        errors of the operation are.
        """
        operation = self._contract.operations.get(exchange.operation or "")
        dialect = operation.dialect if operation is not None else "nova"
        wanted = self._contract.expectation(expectation, dialect)
        statuses = {*wanted.statuses}
        if exchange.refused and says_why(exchange, wanted.codes, self._contract):
            statuses.add(exchange.status)
        return self(requirement_id, exchange, "status", one_of=sorted(statuses))

    def refused(self, requirement_id: str, exchange: Exchange, expectation: str = "refused") -> bool:
        """Make a finding: the request was refused as *expectation* says; return whether it was."""
        return self.answered(requirement_id, exchange, expectation)

    def not_accepted(self, requirement_id: str, exchange: Exchange) -> bool:
        """Make a finding: the request was refused with whatever status (4xx, 5xx); return whether it was."""
        return self(requirement_id, exchange, "status", at_least=400)

    def accepted(self, requirement_id: str, exchange: Exchange) -> bool:
        """Make a finding: the request was accepted (2xx); return whether it was.

        It is an error where a creation was refused as the native APIs refuse what there is no room for; it is not tested
        where there is no room for what an earlier answer did not name, or an earlier deletion did not delete.
        """
        operation = self._contract.operations.get(exchange.operation or "")
        quota = operation.quota if operation is not None else None
        lacking = exchange.refused and self._contract.environment_codes.intersection(codes_of(exchange.response_body))
        full = quota is not None and exchange.refused and exchange.status in self._contract.quota_statuses
        made = self.session.room.taken(operation) if operation is not None and (lacking or full) else None
        if made is not None:
            reason = f"{left_over(self.session.get(made))}: {exchange.answer}"
            self.not_tested(requirement_id, reason)
            return False
        if quota is not None and full:
            reason = f"environment: there may be no room for it ({quota.most} in 6.10.1), or no right to it: {exchange.answer}"
            self.session.pending.append(Finding(requirement_id, "error", (exchange.id,), reason=reason))
            return False
        return self(requirement_id, exchange, "status", at_most=299)

    def stays_there(self, requirement_id: str, look: Callable[[], Exchange]) -> bool:
        """Make a finding: the query that *look* sends is accepted, now and still five seconds later; return whether it is."""
        return self.stays(requirement_id, look, "status", at_most=299)

    def served(self, requirement_id: str, exchange: Exchange) -> bool:
        """Make a finding: the request was answered, and not with an error of the server (5xx); return whether it was."""
        return self(requirement_id, exchange, "status", at_most=499)

    def not_tested(self, requirement_id: str, reason: str) -> None:
        """Make a finding: *requirement_id* could not be tested, and why."""
        self.session.pending.append(Finding(requirement_id, "not_tested", reason=reason))

    def not_applicable(self, requirement_id: str, reason: str, exchange: Exchange) -> None:
        """Make a finding: *exchange* shows that the endpoint does not offer what *requirement_id* speaks of, and why."""
        said = f"{reason}, as {exchange.id} shows"
        self.session.pending.append(Finding(requirement_id, "not_applicable", reason=said))

    def missed(self, rows: Iterable[str], seen: Iterable[tuple[str, str | None]]) -> None:
        """Make a finding for each row of Table A-4 in *rows* that was not among the pairs *seen*."""
        shown = {f"A-4/{vm}+{task or 'null'}" for vm, task in seen}
        for row in rows:
            if row not in shown:
                self.not_tested(row, "the endpoint passed through this pair too quickly to be seen, or not at all")
