"""Writing a certificate's files: each is complete under its name, or not there."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_ecs._checks import Finding
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report import evidence
from pytest_ecs._report.html import html
from pytest_ecs._report.junit import junit
from pytest_ecs._report.summary import markdown
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError

__all__ = ["ReportError", "write_all"]


class ReportError(EcsError):
    """A file of the report could not be written."""


def write_all(
    folder: Path,
    certificate: dict[str, JSON],
    exchanges: Sequence[Exchange],
    findings: Sequence[Finding],
    texts: Mapping[str, str],
) -> list[Path]:
    """Write report.json, report.html, junit.xml, evidence.jsonl and summary.md into *folder* and return their paths.

    Raises `ReportError` that names the file; no half-written file is left under a final name.
    """
    header = {"format": certificate["format"], "contract": certificate["contract"], "target": certificate["target"]}
    rows, digest = evidence.lines(header, exchanges, findings)
    certificate["evidence"] = {
        "file": "evidence.jsonl",
        "sha256": digest,
        "exchanges": len(exchanges),
        "findings": len(findings),
    }
    by_id = {exchange.id: exchange for exchange in exchanges}
    contents = {
        "evidence.jsonl": "\n".join(rows) + "\n",
        "junit.xml": junit(certificate, texts),
        "summary.md": markdown(certificate),
        "report.html": html(certificate, texts, by_id),
        # Last: who sees report.json sees the rest.
        "report.json": json.dumps(certificate, indent=1, ensure_ascii=False) + "\n",
    }
    return [_write(folder / name, text) for name, text in contents.items()]


def _write(path: Path, text: str) -> Path:
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
        raise ReportError(
            f"The report file {path} cannot be written",
            seen=str(error),
            hint="free some space or name another folder with --ecs-report",
        ) from None
    return path
