"""From findings to verdicts to the certificate: pure, and the same input gives the same output."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from pytest_ecs._checks import Finding
from pytest_ecs._checks.keywords import JUDGED_KEYWORDS
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation, Requirement
from pytest_ecs._report.model import (
    VERDICTS,
    EvidenceInfo,
    Footer,
    Header,
    Report,
    ResultRow,
    SelectionInfo,
    Summary,
    Waiver,
    WaiverRow,
)
from pytest_ecs._report.offered import unoffered
from pytest_ecs._report.proof import table
from pytest_ecs._report.record import Record
from pytest_ecs._report.shown import never_shown
from pytest_ecs._report.waiving import WRONG, fits, in_force, waiver_of, weigh_waivers
from pytest_ecs._types import Verdict
from pytest_ecs.exceptions import fault_of

__all__ = ["Result", "asked_for", "build", "decide", "group", "inside", "overall", "results_of", "summary_of"]

_NEVER = "no check exercised it in this run"
#: The chapter whose APIs send the codes of A.2.
_WITH_CODES = "ecs"
#: The first status of a refusal (10.1).
_REFUSED = 400
_UNENDED = "the run did not end in order, so not everything was tested"
#: The worst decides; what is not applicable says more than what was not tested.
_ORDER = ("fail", "error", "pass", "not_applicable", "not_tested")


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one requirement and the finding that decided it."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    evidence: tuple[str, ...]
    finding: Finding | None


def inside(
    chapters: Sequence[str],
    filters: Mapping[str, Sequence[str]],
    requirement: Requirement,
    operation: Operation | None,
) -> bool:
    """Whether *requirement* is in the chapters and every filter; *operation* is the one that it belongs to.

    A code of A.2 belongs to the APIs that can send it, those of chapter 5.

    A section has what it says itself, and all that is required of the operations that it documents.
    """
    if operation is not None and operation.chapter not in chapters:
        return False
    if requirement.kind == "code" and _WITH_CODES not in chapters:
        return False
    if not filters:
        return True
    sections = {requirement.section.split(",")[0], operation.section if operation is not None else ""}
    wanted_sections = filters.get("section") or ()
    if wanted_sections and not any(f"{one}.".startswith(f"{s}.") for one in sections for s in wanted_sections):
        return False
    values = {
        "group": group(requirement, operation),
        "operation": requirement.operation,
        "kind": requirement.kind,
        "level": requirement.level,
    }
    if not all(not filters.get(name) or value in filters[name] for name, value in values.items()):
        return False
    return all(
        requirement.id in given or any("*" in one and fits(requirement.id, one) for one in given)
        for name in ("requirement", "listed", "failed")
        if (given := filters.get(name))
    )


def asked_for(selection: SelectionInfo, contract: Contract) -> list[Requirement]:
    """Return the requirements that were asked for, in one run or in any of the parts of a merged one."""
    parts = selection.get("parts") or [{"chapters": selection["chapters"], "filters": selection["filters"]}]
    return [
        requirement
        for requirement in contract.requirements.values()
        if any(
            inside(part["chapters"], part["filters"], requirement, contract.operations.get(requirement.operation or ""))
            for part in parts
        )
    ]


def decide(
    requirements: Iterable[Requirement],
    findings: Iterable[Finding],
    waivers: Sequence[Waiver] = (),
    *,
    today: date,
    absent: Mapping[str, str] | None = None,
    operations: Mapping[str, Operation] | None = None,
) -> list[Result]:
    """Return a result for each requirement, sorted by id.

    Any failure makes it fail, else any error makes it error, else any success makes it pass; then it is not applicable
    where that was found, or where it or its operation is *absent*, by id and why, or where it is about a field that the
    answers of one of the *operations* may lack and always did; else not tested. A waiver that has not expired turns fail
    into waived. Where an operation accepted none of its requests, that fails once.
    """
    by_requirement: dict[str, list[Finding]] = {}
    for finding in findings:
        by_requirement.setdefault(finding.requirement, []).append(finding)
    asked = sorted(requirements, key=lambda r: r.id)
    closed = _closed(asked, by_requirement)
    valid = in_force(waivers, today)
    results = []
    for requirement in asked:
        found = by_requirement.get(requirement.id, ())
        result = _decide(requirement, [_instead(one, requirement, closed) for one in found])
        waiver = waiver_of(requirement.id, valid) if result.verdict == "fail" else None
        if waiver is not None:
            reason = f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
            result = Result(requirement, "waived", reason, result.evidence, result.finding)
        why = (absent or {}).get(requirement.operation or "") or (absent or {}).get(requirement.id)
        if why is not None and result.verdict == "not_tested":
            result = Result(requirement, "not_applicable", why, result.evidence, result.finding)
        results.append(result)
    return _without_absent(results, operations or {})


def _closed(requirements: Iterable[Requirement], findings: Mapping[str, Sequence[Finding]]) -> dict[str | None, str]:
    """Return the operations that refused all of their valid requests, each with the requirement that this breaks."""
    closed = {}
    for one in requirements:
        seen = [found for found in findings.get(one.id, ()) if found.outcome in {"pass", "fail"}]
        if one.kind == "status" and seen and all(found.outcome == "fail" and _shows_refusal(found) for found in seen):
            closed[one.operation] = one.id
    return closed


def _shows_refusal(finding: Finding) -> bool:
    """Whether what was observed of a status is a refusal, and no success with a status that is not documented."""
    observed = finding.observed
    status = observed.get("status") if isinstance(observed, Mapping) else observed
    return isinstance(status, int) and status >= _REFUSED


def _instead(finding: Finding, requirement: Requirement, closed: Mapping[str | None, str]) -> Finding:
    """Return what is found where an operation accepted nothing: that it refused one form of its request says nothing of that form."""
    broken = closed.get(requirement.operation)
    assertion = finding.assertion
    of_form = requirement.kind == "alias" if assertion is None else assertion.path == ("status",)
    if broken is None or broken == requirement.id or finding.outcome != "fail" or not of_form:
        return finding
    reason = f"no valid request of {requirement.operation} was accepted (see {broken})"
    return Finding(requirement.id, "not_tested", finding.exchanges, reason=reason)


#: Kinds of requirements that whatever an operation answers is judged by.
_SEEN = frozenset({"header", "response", "error", "job"})


def _without_absent(results: Sequence[Result], operations: Mapping[str, Operation]) -> list[Result]:
    """Return *results* with what is about fields that were never shown, and need not be, as not applicable.

    So is what nobody saw of an operation whose own request is not made, as what is refused without credentials shows.
    """
    unmade = {
        result.requirement.operation: result.reason
        for result in results
        if (result.requirement.kind, result.requirement.case, result.verdict) == ("auth", "no-token", "not_applicable")
    }
    seen: dict[str | None, set[str]] = {}
    for result in results:
        requirement = result.requirement
        if (
            requirement.kind == "response"
            and requirement.keyword in JUDGED_KEYWORDS
            and result.verdict in {"pass", "fail", "waived"}
        ):
            seen.setdefault(requirement.operation, set()).add(requirement.field)
    made = []
    for result in results:
        requirement, operation = result.requirement, operations.get(result.requirement.operation or "")
        if (
            operation is not None
            and result.verdict == "not_tested"
            and not result.evidence
            and requirement.kind in _SEEN
        ):
            shown = seen.get(requirement.operation, ())
            reason = never_shown(operation, requirement, shown) if requirement.kind == "response" else None
            reason = reason or unmade.get(requirement.operation)
            result = replace(result, verdict="not_applicable", reason=reason) if reason else result
        made.append(result)
    return made


def _decide(requirement: Requirement, findings: Sequence[Finding]) -> Result:
    for outcome in _ORDER:
        deciding = [finding for finding in findings if finding.outcome == outcome]
        if deciding:
            evidence = dict.fromkeys(e for finding in deciding[:5] for e in finding.exchanges)
            first = deciding[0]
            return Result(requirement, first.outcome, _reason(first, requirement), tuple(evidence), first)
    return Result(requirement, "not_tested", _NEVER, (), None)


def _reason(finding: Finding, requirement: Requirement) -> str:
    """Say why; of a failure what was expected and what was observed, so that it is never empty."""
    if finding.outcome == "pass":
        return ""
    if finding.outcome == "error":
        fault = f"{fault_of(finding.reason)}: "
        return fault + finding.reason.removeprefix(fault)
    if finding.outcome != "fail":
        return finding.reason or _NEVER
    seen = json.dumps(finding.observed, ensure_ascii=False)  # "1" is not 1
    seen = seen if len(seen) <= 300 else f"{seen[:300]}…"
    at = f" at {finding.where}" if finding.where else ""
    said = f"{finding.reason}: " if finding.reason else ""
    return f"{said}expected {finding.expected or requirement.says}; observed {seen}{at}"


def overall(results: Iterable[Result], waivers: Sequence[WaiverRow] = (), troubles: Sequence[str] = ()) -> str:
    """Return the verdict of the whole: fail, error, partial or pass.

    Only what is binding (must) counts, and where nothing binding was seen to hold there is nothing to pass; what is not
    applicable is in nobody's way. A waiver that is stale, expired or unknown speaks of something that is not so: the
    certificate is partial until somebody has looked, so that waivers cannot pile up unseen. *troubles* are errors that
    concern no single requirement, such as a lost worker or a leaked server.
    """
    seen = {result.verdict for result in results if result.requirement.level == "must"} - {"not_applicable"}
    if "fail" in seen:
        return "fail"
    if "error" in seen or troubles:
        return "error"
    if seen != {"pass"} or any(waiver["state"] in WRONG for waiver in waivers):
        return "partial"
    return "pass"


def group(requirement: Requirement, operation: Operation | None) -> str:
    """Return the section group: "5.1" for 5.1.1, the table or list for the appendix; *operation* is the one it belongs to."""
    if operation is None and requirement.operation is None:
        return requirement.subject
    section = operation.section if operation is not None else requirement.section.partition(",")[0].strip()
    if section.startswith("A") or not re.match(r"\d", section):
        return section
    return ".".join(section.split(".")[:2])


def results_of(header: Header, record: Record, contract: Contract) -> list[Result]:
    """Return the result of every requirement that was asked for, by what was recorded."""
    today = date.fromisoformat(header.started[:10])
    requirements = asked_for(header.selection, contract)
    absent = unoffered(record, contract, header.declaration)
    return decide(
        requirements, record.findings, header.waivers, today=today, absent=absent, operations=contract.operations
    )


def build(header: Header, record: Record, footer: Footer | None, contract: Contract, info: EvidenceInfo) -> Report:
    """Return the content of report.json. Everything in it comes from the evidence and the contract, and from nowhere else.

    Without a *footer* the run was killed: the certificate says so and is an error at best.
    """
    today = date.fromisoformat(header.started[:10])
    results = results_of(header, record, contract)
    verdicts = {result.requirement.id: str(result.verdict) for result in results}
    waivers = weigh_waivers(header.waivers, verdicts, today=today, known=contract.requirements)
    rows = [_row(result, contract.operations.get(result.requirement.operation or "")) for result in results]
    proved = table(header.proof)
    if proved is not None:
        for row in rows:
            row["deviations"] = proved.get(row["requirement"], 0)
    complete = footer is not None and footer.complete
    troubles = [*record.troubles, *record.leaks]
    if not complete and not troubles:
        troubles = [_UNENDED]
    used = {row["ruling"] for row in rows if row["ruling"] and row["verdict"] in {"pass", "fail", "waived"}}
    return {
        "format": header.format,
        "tool": header.tool,
        "contract": header.contract,
        "target": header.target,
        "selection": header.selection,
        "declaration": header.declaration,
        "properties": {**header.properties, "database": footer.database if footer is not None else None},
        "started": header.started,
        "finished": footer.finished if footer is not None else "",
        "complete": complete,
        "verdict": overall(results, waivers, troubles),
        "summary": summary_of(rows),
        "cost": {
            "requests": record.exchanges,
            "servers_created": record.servers(embedded=header.target["simulated"]),
            "seconds": footer.seconds if footer is not None else 0.0,
            "simulated_seconds": record.simulated(),
            "latency": dict(record.latency()),
        },
        "results": rows,
        "rulings": [
            {**asdict(ruling), "readings": list(ruling.readings)}  # type: ignore[typeddict-item]
            for name in sorted(used)
            if (ruling := contract.rulings.get(name)) is not None
        ],
        "drift": [{"operation": o, "kind": p, "what": w} for o, p, w in sorted(record.drift)],
        "waivers": waivers,
        "troubles": troubles,
        "evidence": info,
    }


def summary_of(rows: Sequence[ResultRow]) -> Summary:
    """Count the verdicts in all, by section group in the order of the document, and by level."""
    sections: dict[str, Counter[str]] = {}
    levels: dict[str, Counter[str]] = {}
    for row in rows:
        sections.setdefault(row["group"], Counter())[row["verdict"]] += 1
        levels.setdefault(row["level"], Counter())[row["verdict"]] += 1
    return {
        "total": _counts(Counter(row["verdict"] for row in rows)),
        "sections": {name: _counts(sections[name]) for name in sorted(sections, key=_section_key)},
        "levels": {name: _counts(levels[name]) for name in sorted(levels)},
    }


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    return {verdict: counts.get(verdict, 0) for verdict in VERDICTS}


def _section_key(name: str) -> tuple[int, list[int], str]:
    numbers = [int(part) for part in re.findall(r"\d+", name)]
    return (0 if name[:1].isdigit() else 1, numbers, name)


def _row(result: Result, operation: Operation | None) -> ResultRow:
    requirement, finding = result.requirement, result.finding
    row: ResultRow = {
        "requirement": requirement.id,
        "operation": requirement.operation,
        "section": requirement.section,
        "kind": requirement.kind,
        "level": requirement.level,
        "says": requirement.says,
        "verdict": result.verdict,
        "reason": result.reason,
        "evidence": list(result.evidence),
        "ruling": requirement.ruling,
        "group": group(requirement, operation),
    }
    if finding is not None and result.verdict in {"fail", "waived", "error"}:
        row["expected"], row["observed"], row["where"] = finding.expected, finding.observed, finding.where
    return row
