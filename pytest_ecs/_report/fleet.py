"""Many certificates side by side: endpoints or regions in columns, what they differ in by requirement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ecs._contract.sections import section_key
from pytest_ecs._report.model import Report
from pytest_ecs._report.needs import why
from pytest_ecs._report.page.data import title
from pytest_ecs._report.summary import COLUMNS

__all__ = ["Difference", "differences", "markdown", "page"]

SIGNS = {"pass": "✓", "fail": "✗", "not_tested": "–", "not_applicable": "∅", "waived": "◊", "error": "!"}
#: Nobody reads more rows of differences than this.
_MOST = 300


@dataclass(frozen=True)
class Difference:
    """A requirement that is broken somewhere; *verdicts* in the order of the certificates, None where it was not asked for."""

    requirement: str
    section: str
    level: str
    says: str
    verdicts: tuple[str | None, ...]


def differences(reports: Sequence[Report]) -> list[Difference]:
    """Return what fails or is waived anywhere: what binds first, then what most have in common."""
    rows: dict[str, Any] = {}
    found: list[dict[str, str]] = [{} for _ in reports]
    for place, report in enumerate(reports):
        for row in report["results"]:
            found[place][row["requirement"]] = row["verdict"]
            if row["verdict"] in {"fail", "waived", "error"}:
                rows.setdefault(row["requirement"], row)
    every = [
        Difference(name, row["section"], row["level"], row["says"], tuple(verdicts.get(name) for verdicts in found))
        for name, row in rows.items()
    ]
    return sorted(every, key=lambda one: (one.level != "must", -one.verdicts.count("fail"), one.requirement))


def _names(reports: Sequence[Report]) -> list[str]:
    """Return what to call each: target and region, with a number where that says not enough."""
    names = [
        report["target"]["name"] + (f" ({report['target']['region']})" if report["target"]["region"] else "")
        for report in reports
    ]
    return [f"{name} #{place}" if names.count(name) > 1 else name for place, name in enumerate(names, 1)]


def _marks(report: Report) -> list[str]:
    target = report["target"]
    marks = {
        "SIMULATED": target["simulated"],
        "INCOMPLETE": not report["complete"],
        "TLS unverified": not target["verified_tls"] and not target["simulated"],
    }
    return [mark for mark, applies in marks.items() if applies]


def _remarks(reports: Sequence[Report]) -> Iterator[str]:
    """What keeps the certificates from being compared row by row."""
    if len({report["contract"]["sha256"] for report in reports}) > 1:
        yield "They were judged by different contracts, so that equal verdicts need not mean the same."
    if len({report["selection"]["text"] for report in reports}) > 1:
        yield "Not all were asked for the same; what one was not asked for is left blank."


def markdown(reports: Sequence[Report]) -> str:
    """Return the overview as Markdown."""
    names = [_cell(name) for name in _names(reports)]
    out = [f"# Fleet of {len(reports)}", "", *(f"{remark}\n" for remark in _remarks(reports))]
    out += [
        "| endpoint | verdict | " + " | ".join(word for _, word in COLUMNS) + " | recommendations not met | finished |",
        "|---|---|" + "---:|" * (len(COLUMNS) + 1) + "---|",
    ]
    for name, report in zip(names, reports, strict=True):
        must = report["summary"]["levels"].get("must", {})
        advised = report["summary"]["levels"].get("should", {}).get("fail", 0)
        verdict = " ".join([report["verdict"].upper(), *_marks(report)])
        counts = " | ".join(str(must.get(key, 0)) for key, _ in COLUMNS)
        out.append(f"| {name} | {verdict} | {counts} | {advised} | {report['finished']} |")
    out += ["", "Counts are those of binding requirements."]
    broken = differences(reports)
    if broken:
        out += [
            "",
            f"## What is broken somewhere ({len(broken):,})",
            "",
            f"| requirement | section | {' | '.join(names)} |",
            "|---|---|" + ":-:|" * len(names),
        ]
        for one in broken[:_MOST]:
            cells = " | ".join(SIGNS[verdict] if verdict else "" for verdict in one.verdicts)
            out.append(f"| `{one.requirement}` ({one.level}) | {_cell(one.section)} | {cells} |")
        out += [f"\n{len(broken) - _MOST:,} more are not shown."] if len(broken) > _MOST else []
        out += ["", "✗ failed, ◊ waived, ! error, ✓ passed, – not tested, ∅ not applicable, blank: not asked for."]
    return "\n".join(out) + "\n"


def _cell(text: str) -> str:
    """One cell of a table of Markdown."""
    flat = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
    return flat.replace("<", "&lt;").replace("|", "\\|")


def page(reports: Sequence[Report]) -> str:
    """Return the overview as one self-contained page."""
    from pytest_ecs._report.html import render

    sections = sorted({name for report in reports for name in report["summary"]["sections"]}, key=section_key)
    broken = differences(reports)
    return render(
        "fleet.html.j2",
        reports=list(zip(_names(reports), reports, map(_marks, reports), strict=True)),
        whys=[why(report, brief=True) for report in reports],
        remarks=list(_remarks(reports)),
        sections=sections,
        broken=broken[:_MOST],
        more=max(0, len(broken) - _MOST),
        columns=COLUMNS,
        words=dict(COLUMNS),
        signs=SIGNS,
        title=title,
    )
