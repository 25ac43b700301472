"""Writing a certificate's files: each is complete under its name, or not there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.annotations import gitlab
from pytest_ecs._report.evidence import NAME
from pytest_ecs._report.html import html
from pytest_ecs._report.junit import junit
from pytest_ecs._report.model import Report
from pytest_ecs._report.schema import check
from pytest_ecs._report.summary import markdown
from pytest_ecs.exceptions import EcsError

__all__ = ["FILES", "ReportError", "dumped", "prepare", "remove_old", "write", "write_all", "write_code_quality"]

#: The name that GitLab's examples have.
CODE_QUALITY = "gl-code-quality-report.json"
#: All that a run writes, and what it signs.
FILES = (
    NAME,
    "report.json",
    "report.html",
    "junit.xml",
    "summary.md",
    "report.intoto.jsonl",
    "evidence.jsonl",
    CODE_QUALITY,
)


class ReportError(EcsError):
    """A file of the report could not be written."""


def prepare(folder: Path) -> None:
    """Make *folder* ready for a new report: it can be written, and no file of an older run looks like one of this.

    Raises `ReportError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            probe.write(b"0" * 4096)
            probe.flush()
    except OSError as error:
        raise _unwritable(folder, error) from None


def remove_old(folder: Path) -> None:
    """Remove the files of an older run; raises `ReportError`."""
    for name in FILES:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(folder / name, error) from None


def write_all(
    folder: Path,
    report: Report,
    texts: Mapping[str, str],
    exchanges: Mapping[str, Exchange],
    times: Mapping[str, float] | None = None,
) -> list[Path]:
    """Write the files beside the evidence, which is in *folder* already, and return the paths of all.

    *texts* are the bug reports and *times* the seconds by requirement id, *exchanges* what the broken ones rest on.
    Raises `ReportError` that names the file; no half-written file is left under a final name.
    """
    check(report)
    contents = {
        "junit.xml": junit(report, texts, times or {}),
        "summary.md": markdown(report),
        "report.html": html(report, texts, exchanges, folder / report["evidence"]["file"]),
        # Last: who sees report.json sees the rest.
        "report.json": dumped(report),
    }
    return [folder / report["evidence"]["file"], *(write(folder / name, text) for name, text in contents.items())]


def write_code_quality(folder: Path, report: Report) -> Path:
    """Write what GitLab shows beside a change and return its path; raises `ReportError`."""
    place = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    return write(folder / CODE_QUALITY, gitlab(report, place.as_posix()))


def dumped(report: Report) -> str:
    """Return the text of report.json, with a line for each result, failure and so on. ASCII: any string survives."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_lines(value)}" for name, value in report.items()) + "\n}\n"


def _lines(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"


def _unwritable(path: Path, error: OSError) -> ReportError:
    return ReportError(
        f"The report {path} cannot be written",
        seen=str(error),
        hint="free some space or name another folder with --ecs-report",
    )


def write(path: Path, text: str) -> Path:
    """Write *text* to *path*, whole or not at all, and return the path; raises `ReportError`."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="backslashreplace", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _unwritable(path, error) from None
    return path
