"""The one place that words a failure: it reads like a good bug report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_ecs._checks import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Requirement, Ruling
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.certificate import Result
from pytest_ecs._report.evidence import exchanges_of
from pytest_ecs._text import harmless
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConformanceFailure, Fault, fault_of

__all__ = ["blame", "explain", "explain_all", "explain_own", "short"]

_LINES = 20


def short(value: JSON, lines: int = _LINES) -> str:
    """Return a value as JSON of at most *lines* lines; what is cut is said."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    rows = text.splitlines() or [""]
    rows = [row if len(row) <= 400 else row[:400] + "…" for row in rows]
    return "\n".join(rows if len(rows) <= lines else [*rows[:lines], f"… {len(rows) - lines} more lines"])


#: Whose fault it is -> what that means (docs/faults.md).
_MEANING: Mapping[Fault, str] = {
    "product": "the endpoint breaks a documented requirement",
    "environment": "look at the network, the gateway or the quota, and run again; nothing is said about the endpoint",
    "credentials": "renew them; nothing is said about the endpoint",
    "configuration": "the reason names the option; nothing is said about the endpoint",
    "harness": "report it to this project; nothing is said about the endpoint",
}


def blame(finding: Finding) -> str:
    """Say who has to look into what was found, and what to do."""
    if finding.outcome not in {"fail", "error"}:
        return "nobody"
    fault = fault_of(finding.reason) if finding.outcome == "error" else fault_of(ConformanceFailure(""))
    return f"{fault}: {_MEANING[fault]}"


def explain(
    finding: Finding,
    requirement: Requirement,
    exchange: Exchange | None = None,
    control: Exchange | None = None,
    ruling: Ruling | None = None,
) -> str:
    """Return the failure message: requirement, claim with section and table, request to repeat, expected and observed."""
    lines = [
        f"{requirement.id} ({requirement.level})",
        f"  Claim     {requirement.says} [{requirement.section}]",
    ]
    if exchange is not None:
        lines.append(f"  Request   {exchange.request_line}")
        if exchange.case is not None and exchange.case.change:
            lines.append(f"  Change    {exchange.case.change}")
    if control is not None:
        lines.append(f"  Control   {control.request_line} was accepted with HTTP {control.status} ({control.id})")
    lines.append(f"  Expected  {finding.expected or requirement.says}")
    lines.append(
        f"  Observed  {_indent(_observed(finding.observed))}" + (f"  (at {finding.where})" if finding.where else "")
    )
    if finding.reason:
        lines.append(f"  Reason    {_indent(finding.reason)}")
    if exchange is not None:
        seen = f"HTTP {exchange.status}" + (f", request id {exchange.request_id}" if exchange.request_id else "")
        lines.append(f"  Answer    {seen} (evidence {exchange.id})")
        lines.append(f"  Repeat    {exchange.curl()}")
    if ruling is not None:
        lines.append(f"  Ruling    {ruling.id}: {ruling.accept}")
    lines.append(f"  Blame     {blame(finding)}")
    return harmless("\n".join(lines))


def explain_own(complaint: str, exchange: Exchange) -> str:
    """Return the failure message for what a check of one's own says of an exchange."""
    seen = f"HTTP {exchange.status}" + (f", request id {exchange.request_id}" if exchange.request_id else "")
    lines = [
        f"Own check: {_indent(complaint)}",
        f"  Request   {exchange.request_line}",
        f"  Answer    {seen} (evidence {exchange.id})",
        f"  Repeat    {exchange.curl()}",
    ]
    return harmless("\n".join(lines))


def _observed(value: JSON) -> str:
    """Return what was seen as JSON, texts in quotation marks, so that "1" is not 1; what is said in brackets is no value."""
    if isinstance(value, str) and not (value.startswith("(") and value.endswith(")")):
        return short(json.dumps(value, ensure_ascii=False))
    return short(value)


def explain_all(
    results: Iterable[Result], evidence: Path, contract: Contract
) -> tuple[dict[str, str], dict[str, Exchange]]:
    """Return the messages of all that is broken by requirement, and the exchanges that they show by id."""
    broken = [r for r in results if r.finding is not None and r.verdict in {"fail", "error", "waived"}]
    shown = exchanges_of(evidence, frozenset(r.evidence[0] for r in broken if r.evidence))
    controls = {e.case.control for e in shown.values() if e.case is not None and e.case.control}
    exchanges = {**exchanges_of(evidence, frozenset(controls - shown.keys())), **shown}
    texts = {}
    for result in broken:
        exchange = exchanges.get(result.evidence[0]) if result.evidence else None
        case = exchange.case if exchange is not None else None
        control = exchanges.get(case.control or "") if case is not None else None
        ruling = contract.rulings.get(result.requirement.ruling or "")
        if result.finding is not None:
            texts[result.requirement.id] = explain(result.finding, result.requirement, exchange, control, ruling)
    return texts, exchanges


def _indent(text: str) -> str:
    return text.replace("\n", "\n            ")
