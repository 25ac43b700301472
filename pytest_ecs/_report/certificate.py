"""From findings to verdicts to the certificate: pure, and the same input gives the same output."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from pytest_ecs._checks import Finding
from pytest_ecs._contract.model import Requirement, Ruling
from pytest_ecs._types import JSON, Verdict

__all__ = ["FORMAT", "Result", "build", "decide", "group", "overall", "weigh_waivers"]

#: Version of the shape of report.json.
FORMAT = 1
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "not_tested", "waived", "error")
_NEVER = "no check exercised it in this run"


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one requirement and the finding that decided it."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    evidence: tuple[str, ...]
    finding: Finding | None


def decide(
    requirements: Iterable[Requirement],
    findings: Iterable[Finding],
    waivers: Sequence[Mapping[str, JSON]],
    *,
    today: date,
    uncovered: Mapping[str, str] | None = None,
) -> list[Result]:
    """Return a result for each requirement, sorted by id.

    Any failure makes it fail, else any error makes it error, else any success makes it pass, else it is not tested, with
    the findings' reason or the one in *uncovered*. A waiver that has not expired turns fail into waived.
    """
    by_requirement: dict[str, list[Finding]] = {}
    for finding in findings:
        by_requirement.setdefault(finding.requirement, []).append(finding)
    waived = {str(w["requirement"]): w for w in waivers if date.fromisoformat(str(w["expires"])) >= today}
    results = []
    for requirement in sorted(requirements, key=lambda r: r.id):
        result = _decide(requirement, by_requirement.get(requirement.id, ()), (uncovered or {}).get(requirement.id))
        if result.verdict == "fail" and requirement.id in waived:
            waiver = waived[requirement.id]
            reason = f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
            result = Result(requirement, "waived", reason, result.evidence, result.finding)
        results.append(result)
    return results


def _decide(requirement: Requirement, findings: Sequence[Finding], why: str | None) -> Result:
    for outcome in ("fail", "error", "pass", "not_tested"):
        deciding = [finding for finding in findings if finding.outcome == outcome]
        if deciding:
            evidence = dict.fromkeys(e for finding in deciding[:5] for e in finding.exchanges)
            first = deciding[0]
            reason = first.reason if outcome != "pass" else ""
            return Result(requirement, outcome, reason, tuple(evidence), first)
    return Result(requirement, "not_tested", why or _NEVER, (), None)


def weigh_waivers(
    waivers: Sequence[Mapping[str, JSON]], results: Sequence[Result], *, today: date
) -> list[dict[str, JSON]]:
    """Return the waivers with what became of each: applied, stale (nothing failed), expired or unknown (no such requirement)."""
    verdicts = {result.requirement.id: result.verdict for result in results}
    weighed = []
    for waiver in waivers:
        verdict = verdicts.get(str(waiver["requirement"]))
        if verdict is None:
            state = "unknown"
        elif date.fromisoformat(str(waiver["expires"])) < today:
            state = "expired"
        else:
            state = "applied" if verdict == "waived" else "stale"
        weighed.append({"ticket": None, **waiver, "state": state})
    return weighed


def overall(results: Iterable[Result], waivers: Sequence[Mapping[str, JSON]] = (), troubles: Sequence[str] = ()) -> str:
    """Return the verdict of the whole: fail, error, partial or pass.

    Only what is binding (must) counts, and where nothing binding was seen to hold there is nothing to pass. A waiver that is stale, expired or unknown speaks of something that is not so:
    the certificate is partial until somebody has looked, so that waivers cannot pile up unseen. *troubles* are errors
    that concern no single requirement, such as a lost worker or a leaked server.
    """
    seen = {result.verdict for result in results if result.requirement.level == "must"}
    if "fail" in seen:
        return "fail"
    if "error" in seen or troubles:
        return "error"
    if seen != {"pass"} or any(w.get("state") != "applied" for w in waivers):
        return "partial"
    return "pass"


def group(requirement: Requirement) -> str:
    """Return the section group: "5.1" for 5.1.1, the table or list for the appendix."""
    if requirement.operation is None:
        return requirement.subject
    section = requirement.section.partition(",")[0].strip()
    if section.startswith("A") or not re.match(r"\d", section):
        return section
    return ".".join(section.split(".")[:2])


def build(
    results: Sequence[Result],
    *,
    contract: Mapping[str, JSON],
    target: Mapping[str, JSON],
    started: str,
    finished: str,
    cost: Mapping[str, JSON],
    rulings: Mapping[str, Ruling],
    drift: Iterable[Sequence[str]],
    waivers: Sequence[Mapping[str, JSON]],
    troubles: Sequence[str] = (),
    homes: Mapping[str, str] | None = None,
    more: Mapping[str, JSON] | None = None,
) -> dict[str, JSON]:
    """Return the content of report.json; *homes* gives the section group of each operation's requirements."""
    groups = {r.requirement.id: (homes or {}).get(r.requirement.operation or "", group(r.requirement)) for r in results}
    counts: dict[str, Counter[str]] = {}
    levels: dict[str, Counter[str]] = {}
    for result in results:
        counts.setdefault(groups[result.requirement.id], Counter())[result.verdict] += 1
        levels.setdefault(result.requirement.level, Counter())[result.verdict] += 1
    total: Counter[str] = Counter(result.verdict for result in results)
    used = sorted(
        {r.requirement.ruling for r in results if r.requirement.ruling and r.verdict in {"pass", "fail", "waived"}}
    )
    return {
        "format": FORMAT,
        "contract": dict(contract),
        "target": dict(target),
        "started": started,
        "finished": finished,
        "verdict": overall(results, waivers, troubles),
        "summary": {
            "total": _row(total),
            "sections": {name: _row(counts[name]) for name in sorted(counts, key=_section_key)},
            "levels": {name: _row(levels[name]) for name in sorted(levels)},
        },
        "cost": dict(cost),
        "results": [{**_result(result), "group": groups[result.requirement.id]} for result in results],
        "rulings": [asdict(rulings[name]) for name in used if name in rulings],
        "drift": [{"operation": o, "kind": k, "what": w} for o, k, w in sorted({tuple(d) for d in drift})],
        "waivers": list(waivers),
        "troubles": list(troubles),
        **(more or {}),
    }


def _row(counts: Mapping[str, int]) -> dict[str, int]:
    return {verdict: counts.get(verdict, 0) for verdict in VERDICTS}


def _section_key(name: str) -> tuple[int, list[int | str], str]:
    numbers = [int(part) for part in re.findall(r"\d+", name)]
    return (0 if name[:1].isdigit() else 1, list(numbers), name)


def _result(result: Result) -> dict[str, JSON]:
    requirement, finding = result.requirement, result.finding
    row: dict[str, JSON] = {
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
    }
    if finding is not None and result.verdict in {"fail", "waived", "error"}:
        row.update(expected=finding.expected, observed=finding.observed, where=finding.where)
    return row
