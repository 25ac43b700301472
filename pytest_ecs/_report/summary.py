"""The short forms of a certificate: the table in the terminal and summary.md."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_ecs._report.model import Report, ResultRow
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
    advised = [r for r in report["results"] if r["verdict"] == "fail" and r["level"] != "must"]
    if advised:
        out += [f"Recommendations not met ({len(advised)}):", *(f"  {r['requirement']}" for r in advised), ""]
    looks = [*_waiver_lines(report), *(f"Trouble: {_flat(trouble)}" for trouble in report["troubles"])]
    out += [*looks, ""] if looks else []
    out.append(verdict_line(report))
    return "\n".join([*out, *([said] if (said := properties_line(report)) else [])])


def _waiver_lines(report: Report) -> Iterator[str]:
    for waiver in report["waivers"]:
        if waiver["state"] in WRONG:
            why = WAIVERS[waiver["state"]]
            yield f"Waiver of {waiver['requirement']} ({waiver['owner']}, until {waiver['expires']}) is {waiver['state']}: {why}"


def properties_line(report: Report) -> str:
    """Return what the generated requests were drawn from, nothing where there were none."""
    drawn = report["properties"]
    if drawn["seed"] is None:
        return ""
    return f"Properties: {drawn['profile']}, seed {drawn['seed']}; repeat with --hypothesis-seed={drawn['seed']}"


def markdown(report: Report) -> str:
    """Return summary.md."""
    contract, cost, target = report["contract"], report["cost"], report["target"]
    out = [f"# {_plain(target['name'])}: {report['verdict'].upper()}", ""]
    if not report["complete"]:
        out += ["**INCOMPLETE**: the run did not end in order.", ""]
    if target["simulated"]:
        out += ["**SIMULATED**: the embedded mock, no cloud was tested.", ""]
    elif not target["verified_tls"]:
        out += [f"**Not verified**: {target['tls']}.", ""]
    out += [f"- **Trouble**: {_plain(trouble)}" for trouble in report["troubles"]]
    out += [f"- **{_plain(line)}**" for line in _waiver_lines(report)]
    out += [""] if report["troubles"] or any(_waiver_lines(report)) else []
    out += [
        f"{contract['title']}, issue {contract['issue']} ({contract['date']}). {report['started']} to {report['finished']}.",
        f"{cost['requests']} requests, {cost['servers_created']} servers, {cost['seconds']} s.",
        *([f"{said}."] if (said := properties_line(report)) else []),
        "",
        "| section | " + " | ".join(title for _, title in COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
        *(f"| {' | '.join(row)} |" for row in _rows(report)),
    ]
    for title, verdict, level in (
        ("Failed", "fail", "must"),
        ("Recommendations not met", "fail", "should"),
        ("Errors", "error", None),
        ("Waived", "waived", None),
        ("Not applicable", "not_applicable", None),
    ):
        chosen = [r for r in report["results"] if r["verdict"] == verdict and (level is None or r["level"] == level)]
        if chosen:
            out += ["", f"## {title} ({len(chosen)})", "", *map(_item, chosen)]
    return "\n".join(out) + "\n"


def _item(row: ResultRow) -> str:
    reason = f" ({_plain(row['reason'])})" if row["reason"] else ""
    return f"- `{row['requirement']}` [{row['section']}] {row['says']}{reason}"


def _plain(text: str) -> str:
    """One line of text that ends no list item of Markdown and opens no tag."""
    return _flat(text).replace("<", "&lt;")


def _flat(text: str) -> str:
    """One line of text without escape sequences."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))
