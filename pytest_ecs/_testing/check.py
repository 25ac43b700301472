"""Claims about answers: each is one finding on one requirement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_ecs._checks import TESTS, Assertion, Finding, evaluate
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.session import Session
from pytest_ecs._types import JSON

__all__ = ["Check"]


@dataclass(frozen=True)
class Check:
    """Makes findings: ``check("ecs.servers.create/rule/name", shown, "body", "server", "name", equals=name)``."""

    session: Session

    @property
    def _contract(self) -> Contract:
        return self.session.contract

    def __call__(self, requirement_id: str, exchange: Exchange, *path: str | int, **test: JSON) -> bool:
        """Make a finding: what stands at *path* of the answer passes the one *test*; return whether it does.

        The path starts with "status", "headers" or "body"; "*" goes through a list. Tests are the names in
        `pytest_ecs._checks.TESTS`, such as ``equals=...`` or ``matches=...``; ``present=True`` and ``absent=True``.
        """
        (name, expected), *more = test.items()
        if more or name not in TESTS:
            raise TypeError(f"one test of {', '.join(TESTS)} is needed, not {', '.join(test)}")
        if requirement_id not in self._contract.requirements:
            raise LookupError(f"the contract has no requirement {requirement_id}")
        claim = Assertion(exchange.id, tuple(path), name, expected)
        finding = evaluate(requirement_id, claim, exchange, self._contract.environment_codes)
        self.session.pending.append(finding)
        return finding.outcome == "pass"

    def accepted(self, requirement_id: str, exchange: Exchange) -> bool:
        """Make a finding: the request was accepted (2xx); return whether it was."""
        return self(requirement_id, exchange, "status", at_most=299)

    def not_tested(self, requirement_id: str, reason: str) -> None:
        """Make a finding: *requirement_id* could not be tested, and why."""
        self.session.pending.append(Finding(requirement_id, "not_tested", reason=reason))

    def missed(self, rows: Iterable[str], seen: Iterable[tuple[str, str | None]]) -> None:
        """Make a finding for each row of Table A-4 in *rows* that was not among the pairs *seen*."""
        shown = {f"A-4/{vm}+{task or 'null'}" for vm, task in seen}
        for row in rows:
            if row not in shown:
                self.not_tested(row, "the endpoint passed through this pair too quickly to be seen, or not at all")
