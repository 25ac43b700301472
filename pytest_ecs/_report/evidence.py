"""evidence.jsonl: every exchange and finding of a run, closed by a footer with a digest, so that it cannot change unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ecs._checks import Finding
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError

__all__ = ["Evidence", "EvidenceError", "lines", "read_evidence"]


class EvidenceError(EcsError):
    """The evidence file is incomplete, was changed, or is none."""


@dataclass(frozen=True)
class Evidence:
    """What a file holds."""

    header: Mapping[str, JSON]
    exchanges: tuple[Exchange, ...]
    findings: tuple[Finding, ...]
    sha256: str


def lines(
    header: Mapping[str, JSON], exchanges: Iterable[Exchange], findings: Iterable[Finding]
) -> tuple[list[str], str]:
    """Return the lines of the file and the digest that its footer has."""
    rows: list[Mapping[str, JSON]] = [{"kind": "header", **header}]
    rows += [{"kind": "exchange", **exchange.to_json()} for exchange in exchanges]
    exchanged = len(rows) - 1
    rows += [{"kind": "finding", **finding.to_json()} for finding in findings]
    text = [json.dumps(row, separators=(",", ":")) for row in rows]  # ASCII: any string survives
    digest = _digest(text)
    footer = {"kind": "footer", "exchanges": exchanged, "findings": len(rows) - 1 - exchanged, "sha256": digest}
    return [*text, json.dumps(footer, separators=(",", ":"))], digest


def _digest(text: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in text:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def read_evidence(path: Path) -> Evidence:
    """Read and check a file; raises `EvidenceError` that names the line and what is wrong with it."""
    try:
        text = path.read_bytes().decode().removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(
            f"The evidence {path} cannot be read", seen=str(error), hint="keep it beside report.json"
        ) from None
    rows = [_row(path, number, line) for number, line in enumerate(text, 1)]
    if not rows or rows[0].get("kind") != "header":
        raise EvidenceError(
            f"{path} does not begin with a header", hint="it is no evidence of pytest-ecs, or its first line is gone"
        )
    if rows[-1].get("kind") != "footer":
        raise EvidenceError(f"{path} has no footer: the run that wrote it did not finish", hint="certify again")
    digest = _digest(text[:-1])
    if digest != rows[-1].get("sha256"):
        raise EvidenceError(
            f"{path} was changed after it was written", seen=f"digest {digest}, footer {rows[-1].get('sha256')}"
        )
    exchanges, findings = [], []
    for number, row in enumerate(rows[1:-1], 2):
        kind = row.pop("kind")
        try:
            if kind == "exchange":
                exchanges.append(Exchange.from_json(row))
            elif kind == "finding":
                findings.append(Finding.from_json(row))
            else:
                raise TypeError(f"a line of the kind {kind!r}")
        except (TypeError, KeyError, ValueError) as error:
            raise EvidenceError(f"{path}:{number} is no {kind}", seen=str(error)) from None
    if len({exchange.id for exchange in exchanges}) != len(exchanges):
        raise EvidenceError(f"{path} has two exchanges of one id", hint="it was put together from several runs")
    if (len(exchanges), len(findings)) != (rows[-1].get("exchanges"), rows[-1].get("findings")):
        raise EvidenceError(f"{path} does not have as many lines as its footer says")
    return Evidence(rows[0], tuple(exchanges), tuple(findings), digest)


def _row(path: Path, number: int, line: str) -> dict[str, JSON]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise EvidenceError(f"{path}:{number} is not JSON", seen=str(error)) from None
    if not isinstance(row, dict) or "kind" not in row:
        raise EvidenceError(f"{path}:{number} is no line of evidence", seen=line[:80])
    return row
