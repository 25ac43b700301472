"""The short forms of a certificate: the table in the terminal and summary.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pytest_ecs._report.model import Report, ResultRow
from pytest_ecs._report.needs import needs, why
from pytest_ecs._report.waiving import WRONG

__all__ = ["COLUMNS", "WAIVERS", "facts", "markdown", "properties_line", "table", "verdict_line"]

#: Verdicts in the order of the tables, and what people call them.
COLUMNS = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("not_tested", "not tested"),
    ("not_applicable", "not applicable"),
    ("waived", "waived"),
    ("error", "error"),
)
#: How much they name before they count: requirements of a verdict, reasons of a need, requirements of a reason.
_NAMED, _REASONS, _EXAMPLES = 50, 15, 3
#: No reason is longer there.
_LONG = 300
#: What a waiver that is not right means for people.
WAIVERS = {
    "unknown": "the contract has no such requirement",
    "unmatched": "no requirement of the contract fits it",
    "expired": "its date is over",
    "stale": "what it names holds",
}


def _rows(report: Report) -> list[list[str]]:
    summary = report["summary"]
    rows = [[name, *(str(row[key]) for key, _ in COLUMNS)] for name, row in summary["sections"].items()]
    return [*rows, ["total", *(str(summary["total"][key]) for key, _ in COLUMNS)]]


def verdict_line(report: Report) -> str:
    """Return the verdict in one line."""
    target = report["target"]
    simulated = " SIMULATED" if target["simulated"] else ""
    incomplete = "" if report["complete"] else " INCOMPLETE"
    must = report["summary"]["levels"].get("must", {})
    unverified = "" if target["verified_tls"] or target["simulated"] else f"; {target['tls']}"
    return (
        f"Verdict: {report['verdict'].upper()}{simulated}{incomplete} for {target['name']}"
        f" ({must.get('fail', 0)} binding requirements failed, {must.get('not_tested', 0)} not tested{unverified})"
    )


def facts(report: Report) -> dict[str, str]:
    """Return what a report is about, in words."""
    return {
        "verdict": report["verdict"] + ("" if report["complete"] else ", incomplete"),
        "target": report["target"]["name"],
        "endpoint": report["target"]["endpoint"],
        "reached": report["target"]["tls"],
        "simulated": "yes" if report["target"]["simulated"] else "no",
        "contract": report["contract"]["sha256"],
        "tool": report["tool"],
        "selection": report["selection"]["text"],
        "finished": report["finished"],
    }


def table(report: Report) -> str:
    """Return the table for the terminal: a line for each section group, a total, what needs a look, and the verdict."""
    rows = [["section", *(title for _, title in COLUMNS)], *_rows(report)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    out = [lines[0], rule, *lines[1:-1], rule, lines[-1], ""]
    failed = [r for r in report["results"] if r["verdict"] == "fail"]
    for title, names in (
        ("Failed", [r["requirement"] for r in failed if r["level"] == "must"]),
        ("Recommendations not met", [r["requirement"] for r in failed if r["level"] != "must"]),
    ):
        more = [f"  and {len(names) - _NAMED:,} more, in report.html"] if len(names) > _NAMED else []
        out += [f"{title} ({len(names)}):", *(f"  {name}" for name in names[:_NAMED]), *more, ""] if names else []
    looks = [*_waiver_lines(report), *(f"Trouble: {_flat(trouble)}" for trouble in report["troubles"])]
    out += [*looks, ""] if looks else []
    out += [*edition, ""] if (edition := list(edition_lines(report))) else []
    out.append(verdict_line(report))
    return "\n".join([*out, *([said] if (said := properties_line(report)) else [])])


def _waiver_lines(report: Report) -> Iterator[str]:
    for waiver in report["waivers"]:
        if waiver["state"] in WRONG:
            why = WAIVERS[waiver["state"]]
            yield f"Waiver of {waiver['requirement']} ({waiver['owner']}, until {waiver['expires']}) is {waiver['state']}: {why}"


def edition_lines(report: Report) -> Iterator[str]:
    """Yield what people are told of the edition: each amendment that decided something, with both verdicts."""
    info = report.get("edition")
    if info is None:
        return
    yield f"Edition: {info['title']} ({info['file']}, {len(info['amendments'])} amendments)"
    for row in info["amendments"]:
        if row["decided"]:
            yield f"  {row['id']} decided {len(row['decided'])}: {row['reason']} [{row['source']}]"
            for one in row["decided"]:
                yield f"    {one['requirement']}: {one['amended']}, by the document alone {one['by_document']}"


def properties_line(report: Report) -> str:
    """Return what the generated requests were drawn from, nothing where there were none."""
    drawn = report["properties"]
    if drawn["seed"] is None:
        return ""
    return f"Properties: {drawn['profile']}, seed {drawn['seed']}; repeat with --hypothesis-seed={drawn['seed']}"


def markdown(report: Report) -> str:
    """Return summary.md: what is wrong first, short enough for the summary of a CI job."""
    out = [f"# {_plain(report['target']['name'])}: {report['verdict'].upper()}", "", *_marks(report)]
    out += [why(report, brief=True), "", *_counts("level", _levels(report)), ""]
    out += [f"- {_plain(line)}" for line in edition_lines(report)]
    out += [f"- **Trouble**: {_plain(trouble)}" for trouble in report["troubles"]]
    out += [f"- **{_plain(line)}**" for line in _waiver_lines(report)]
    for title, verdict, levels in (
        ("Failed", "fail", {"must"}),
        ("Errors", "error", None),
        ("Recommendations not met", "fail", {"should", "note"}),
        ("Waived", "waived", None),
    ):
        rows = [r for r in report["results"] if r["verdict"] == verdict and (levels is None or r["level"] in levels)]
        if rows:
            out += ["", f"## {title} ({len(rows):,})", "", *map(_item, rows[:_NAMED])]
            out += [f"- and {len(rows) - _NAMED:,} more, in report.html"] if len(rows) > _NAMED else []
    out += [*_not_tested(report), *_not_applicable(report)]
    out += ["", *_folded("By section", _counts("section", report["summary"]["sections"])), "", *_about(report)]
    return "\n".join(out) + "\n"


def _marks(report: Report) -> Iterator[str]:
    """What nobody may overlook."""
    target = report["target"]
    if not report["complete"]:
        yield from ("**INCOMPLETE**: the run did not end in order.", "")
    if target["simulated"]:
        yield from ("**SIMULATED**: the embedded mock, no cloud was tested.", "")
    elif not target["verified_tls"]:
        yield from (f"**Not verified**: {_plain(target['tls'])}.", "")


def _levels(report: Report) -> dict[str, dict[str, int]]:
    levels = report["summary"]["levels"]
    return {name: levels[name] for name in ("must", "should", "note") if name in levels}


def _counts(title: str, rows: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"| {title} | " + " | ".join(word for _, word in COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
        *(f"| {name} | {' | '.join(str(row[key]) for key, _ in COLUMNS)} |" for name, row in rows.items()),
    ]


def _not_tested(report: Report) -> Iterator[str]:
    """What was not tested, by what it would have taken; the binding ones by name."""
    total = report["summary"]["total"]["not_tested"]
    if not total:
        return
    yield from ("", f"## Not tested ({total:,}), by what it would have taken", "")
    for need in needs(report):
        binding = f", {need.binding:,} binding" if need.binding else ""
        yield f"- **{need.title}**: {len(need.rows):,}{binding}"
        for reason, rows in need.reasons[:_REASONS]:
            named = [f"`{row['requirement']}`" for row in rows if row["level"] == "must"]
            more = f" and {len(named) - _EXAMPLES:,} more" if len(named) > _EXAMPLES else ""
            names = f" ({', '.join(named[:_EXAMPLES])}{more})" if named else ""
            yield f"  - {_plain(reason)}: {len(rows):,}{names}"
        if len(need.reasons) > _REASONS:
            yield f"  - and {len(need.reasons) - _REASONS:,} more reasons, in report.html"


def _not_applicable(report: Report) -> Iterator[str]:
    rows = [row for row in report["results"] if row["verdict"] == "not_applicable"]
    if rows:
        reasons = Counter(_plain(row["reason"]) for row in rows)
        yield from ("", f"## Not applicable ({len(rows):,})", "")
        yield from (f"- {reason}: {number:,}" for reason, number in reasons.most_common(_NAMED))


def _folded(title: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def _about(report: Report) -> Iterator[str]:
    contract, cost = report["contract"], report["cost"]
    yield (
        f"{contract['title']}, issue {contract['issue']} ({contract['date']}). "
        f"{report['started']} to {report['finished']}: "
        f"{cost['requests']} requests, {cost['servers_created']} servers, {cost['seconds']} s."
    )
    if said := properties_line(report):
        yield f"{said}."


def _item(row: ResultRow) -> str:
    why_so = _plain(row["reason"])
    reason = f" ({why_so if len(why_so) <= _LONG else why_so[:_LONG] + '…'})" if why_so else ""
    return f"- `{row['requirement']}` [{row['section']}] {row['says']}{reason}"


def _plain(text: str) -> str:
    """One line of text that ends no list item of Markdown and opens no tag."""
    return _flat(text).replace("<", "&lt;")


def _flat(text: str) -> str:
    """One line of text without escape sequences."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
