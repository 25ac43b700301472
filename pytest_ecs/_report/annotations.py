"""What CI servers show beside a change: commands of GitHub workflows, and the code quality report of GitLab."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from pytest_ecs._report.model import Report, ResultRow
from pytest_ecs._report.summary import verdict_line

__all__ = ["github", "gitlab"]

#: GitHub shows no more than ten errors and ten warnings of a step.
_SHOWN = 10
_SEVERITY = {("fail", "must"): "major", ("fail", "should"): "minor", ("error", "must"): "critical"}


def _wrong(report: Report) -> list[ResultRow]:
    return [row for row in report["results"] if row["verdict"] in {"fail", "error"}]


def github(report: Report) -> Iterator[str]:
    """Yield workflow commands, one a line: what broke as errors, recommendations not met as warnings, the verdict as notice."""
    errors = [row for row in _wrong(report) if row["level"] == "must"]
    warnings = [row for row in _wrong(report) if row["level"] != "must"]
    for command, rows in (("error", errors), ("warning", warnings)):
        # One place is kept for what says that there are more.
        shown = rows if len(rows) <= _SHOWN else rows[: _SHOWN - 1]
        for row in shown:
            yield _command(command, row["requirement"], f"{row['says']} [{row['section']}]\n{row['reason']}")
        if len(rows) > len(shown):
            yield _command(
                command, "ECS conformance", f"{len(rows) - len(shown):,} more, in report.html and summary.md"
            )
    for trouble in report["troubles"]:
        yield _command("error", "ECS conformance", trouble)
    yield _command("notice", "ECS conformance", verdict_line(report))


def _command(name: str, title: str, message: str) -> str:
    return f"::{name} title={_escaped(title, ':,')}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """Return *text* as one line that ends no command and begins no other."""
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{also}" else c if c.isprintable() else "\ufffd" for c in text)


def gitlab(report: Report, folder: str) -> str:
    """Return a code quality report (a JSON list); its places are in the report.json of *folder*, relative to the project."""
    issues = [
        {
            "description": f"{row['requirement']}: {row['says']} [{row['section']}]. {row['reason']}".strip(),
            "check_name": row["requirement"],
            # The same as long as the same requirement is broken in the same way, whenever and wherever it runs.
            "fingerprint": hashlib.sha256(f"{row['verdict']} {row['requirement']}".encode()).hexdigest(),
            "severity": _SEVERITY.get((row["verdict"], row["level"]), "info"),
            "location": {"path": f"{folder}/report.json", "lines": {"begin": 1}},
        }
        for row in _wrong(report)
    ]
    return json.dumps(issues, indent=1) + "\n"
