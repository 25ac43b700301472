"""The short forms of a certificate: the table in the terminal and summary.md."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._types import JSON

__all__ = ["markdown", "properties_line", "table", "verdict_line"]

_COLUMNS = (
    ("pass", "passed"),
    ("fail", "failed"),
    ("not_tested", "not tested"),
    ("waived", "waived"),
    ("error", "error"),
)


def _rows(certificate: Mapping[str, JSON]) -> list[list[str]]:
    summary = certificate["summary"]
    rows = [[name, *(str(row[key]) for key, _ in _COLUMNS)] for name, row in summary["sections"].items()]
    return [*rows, ["total", *(str(summary["total"][key]) for key, _ in _COLUMNS)]]


def verdict_line(certificate: Mapping[str, JSON]) -> str:
    """Return the verdict in one line."""
    target = certificate["target"]
    simulated = " SIMULATED" if target.get("simulated") else ""
    must = certificate["summary"]["levels"].get("must", {})
    return (
        f"Verdict: {str(certificate['verdict']).upper()}{simulated} for {target['name']}"
        f" ({must.get('fail', 0)} binding requirements failed, {must.get('not_tested', 0)} not tested)"
    )


def table(certificate: Mapping[str, JSON]) -> str:
    """Return the table for the terminal: a line for each section group, a total, and the verdict."""
    rows = [["section", *(title for _, title in _COLUMNS)], *_rows(certificate)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    out = [lines[0], rule, *lines[1:-1], rule, lines[-1], "", verdict_line(certificate)]
    return "\n".join([*out, *([line] if (line := properties_line(certificate)) else [])])


def properties_line(certificate: Mapping[str, JSON]) -> str:
    """Return what the generated requests were drawn from, nothing where there were none."""
    drawn = certificate.get("properties") or {}
    if drawn.get("seed") is None:
        return ""
    return f"Properties: {drawn['profile']}, seed {drawn['seed']}; repeat with --hypothesis-seed={drawn['seed']}"


def markdown(certificate: Mapping[str, JSON]) -> str:
    """Return summary.md."""
    contract, cost = certificate["contract"], certificate["cost"]
    out = [
        f"# {certificate['target']['name']}: {str(certificate['verdict']).upper()}",
        "",
        *(
            ["**SIMULATED**: the embedded mock, no cloud was tested.", ""]
            if certificate["target"].get("simulated")
            else []
        ),
        f"{contract['title']}, issue {contract['issue']} ({contract['date']}). {certificate['started']} to {certificate['finished']}.",
        f"{cost['requests']} requests, {cost['servers_created']} servers, {cost['seconds']} s.",
        *([f"{line}."] if (line := properties_line(certificate)) else []),
        "",
        "| section | " + " | ".join(title for _, title in _COLUMNS) + " |",
        "|---|" + "---:|" * len(_COLUMNS),
        *(f"| {' | '.join(row)} |" for row in _rows(certificate)),
    ]
    for title, verdict, level in (
        ("Failed", "fail", "must"),
        ("Recommendations not met", "fail", "should"),
        ("Errors", "error", None),
    ):
        chosen = [
            r for r in certificate["results"] if r["verdict"] == verdict and (level is None or r["level"] == level)
        ]
        if chosen:
            out += ["", f"## {title}", ""]
            out += [
                f"- `{r['requirement']}` [{r['section']}] {r['says']}" + (f" ({r['reason']})" if r["reason"] else "")
                for r in chosen
            ]
    return "\n".join(out) + "\n"
