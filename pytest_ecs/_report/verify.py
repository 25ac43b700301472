"""Checking a certificate from its evidence alone: the whole of it is computed again, and every figure compared."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Requirement
from pytest_ecs._report.certificate import asked_for, decide
from pytest_ecs._report.editions import certificate, contract_of
from pytest_ecs._report.evidence import Evidence, EvidenceError, read_evidence
from pytest_ecs._report.judging import judged, unfounded
from pytest_ecs._report.model import FORMAT, Report
from pytest_ecs._report.offered import unoffered
from pytest_ecs._report.proof import table
from pytest_ecs._report.schema import mistakes
from pytest_ecs._text import text_of
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["read_certificate", "verify"]

_ABSENT = "(absent)"


def read_certificate(path: Path) -> Report:
    """Read report.json, or the one in a folder; raises `ConfigurationError` when it is none or not as its schema says."""
    report, wrong = _read(path)
    if wrong:
        raise _none(path, "; ".join(wrong[:5]))
    return report


def _read(path: Path) -> tuple[Report, list[str]]:
    """Read a report, and what is wrong with it by its schema; raises `ConfigurationError` when it is none at all."""
    file = path / "report.json" if os.path.isdir(path) else path
    try:
        report = json.loads(text_of(file))
        if not isinstance(report, dict) or "format" not in report:
            raise ValueError("it has no format")
        if report["format"] != FORMAT:
            raise ValueError(f"its format is {report['format']!r}, and this version reads {FORMAT}")
        return cast("Report", report), list(mistakes(report))
    except (OSError, ValueError, RecursionError) as error:
        raise _none(path, str(error)) from None


def _none(path: Path, seen: str) -> ConfigurationError:
    file = path / "report.json" if os.path.isdir(path) else path
    return ConfigurationError(f"{file} is no certificate", seen=seen, hint="name a report.json that a run wrote")


def verify(path: Path, contract: Contract, key: Path | None = None) -> list[str]:
    """Judge the recorded run again and return one sentence for each thing that does not agree with the certificate.

    With *key*, a public key, the signature must be there and be right.
    """
    from pytest_ecs._report.sign import verify_signature

    report, problems = _read(path)
    folder = path if os.path.isdir(path) else path.parent
    problems += verify_signature(folder, key)
    try:
        name = Path(report["evidence"]["file"]).name
        told, complete = report["evidence"]["sha256"], report["complete"]
    except (KeyError, TypeError) as error:
        return problems or [f"the certificate lacks {error}"]
    try:
        evidence = read_evidence(_beside(folder, name), unfinished=complete is False)
    except EvidenceError as error:
        return [*problems, str(error)]
    if evidence.info["sha256"] != told:
        said = "the evidence is that of another certificate: its digest is not the one that the certificate names"
        return [*problems, said]
    try:
        contract = contract_of(evidence.header, contract)
        return [*problems, *_compared(report, _with_file(evidence, report), contract)]
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        return [*problems, f"the evidence holds what no run writes: {type(error).__name__}: {error}"]


def _compared(report: Report, evidence: Evidence, contract: Contract) -> list[str]:
    if evidence.header.contract["sha256"] != contract.digest:
        return list(_other_edition(report, evidence, contract))
    computed = certificate(evidence, contract)
    said = []
    if evidence.header.proof is not None and table(evidence.header.proof) is None:
        said = [
            "the table of deviations that the report names is not the one that is installed, so that its column is not compared"
        ]
        rows = [{name: value for name, value in row.items() if name != "deviations"} for row in report["results"]]
        report = cast("Report", {**report, "results": rows})
    return [*said, *differences(report, computed), *unfounded(evidence, contract)]


def _beside(folder: Path, name: str) -> Path:
    """The evidence of that name, or its text where somebody has unpacked it."""
    file = folder / name
    plain = folder / name.removesuffix(".gz")
    return plain if not file.exists() and plain.exists() else file


def _with_file(evidence: Evidence, report: Report) -> Evidence:
    """Unpacked evidence cannot be compared with the digest of the packed file; the chain's end proves as much."""
    if evidence.packed:
        return evidence
    info = evidence.info
    told = report["evidence"]
    info = {**info, "file": told["file"] if told["file"] == f"{info['file']}.gz" else info["file"]}
    return replace(evidence, info={**info, "file_sha256": told["file_sha256"]})


def differences(report: Report, computed: Report) -> list[str]:
    """Return a sentence for each place where a report is not what its evidence and the contract give."""
    claimed, given = cast("dict[str, JSON]", report), cast("dict[str, JSON]", computed)
    found: list[str] = []
    for name in sorted(claimed.keys() | given.keys()):
        if name == "results":
            found += _rows(report, computed)
        elif claimed.get(name) != given.get(name) or _typed(claimed.get(name)) != _typed(given.get(name)):
            found += [
                f"{place} is {_shown(one)} in the certificate and {_shown(other)} by its evidence"
                for place, one, other in _places(name, claimed.get(name, _ABSENT), given.get(name, _ABSENT))
            ]
    return found


def _rows(report: Report, computed: Report) -> Iterator[str]:
    if json.dumps(report["results"]) == json.dumps(computed["results"]):
        return
    claimed = {row["requirement"]: cast("dict[str, JSON]", row) for row in report["results"]}
    given = {row["requirement"]: cast("dict[str, JSON]", row) for row in computed["results"]}
    if len(claimed) != len(report["results"]):
        yield "the certificate has two results for one requirement"
    for name in sorted(given.keys() - claimed.keys()):
        yield f"{name} was asked for and is missing in the certificate; it is {given[name]['verdict']} by its evidence"
    for name in sorted(claimed.keys() - given.keys()):
        yield f"{name} is in the certificate and was not asked for"
    for name in sorted(claimed.keys() & given.keys()):
        one, other = claimed[name], given[name]
        if one["verdict"] != other["verdict"]:
            yield f"{name} is {one['verdict']} in the certificate and {other['verdict']} by its evidence"
        elif one != other or _typed(one) != _typed(other):
            for place, mine, theirs in _places(name, one, other):
                yield f"{place} is {_shown(mine)} in the certificate and {_shown(theirs)} by its evidence"
    if list(claimed) != list(given) and claimed.keys() == given.keys():
        yield "the results are not in the order of their ids"


def _typed(value: JSON) -> str:
    """Text that tells 1 from 1.0 and true."""
    return json.dumps(value, sort_keys=True)


def _places(place: str, one: JSON, other: JSON) -> Iterator[tuple[str, JSON, JSON]]:
    """Yield the innermost places where two values differ, and both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            yield from _places(f"{place}.{name}", one.get(name, _ABSENT), other.get(name, _ABSENT))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _places(f"{place}[{index}]", mine, theirs)
    elif _typed(one) != _typed(other):
        yield place, one, other


def _shown(value: JSON) -> str:
    text = value if value == _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}…"


def _other_edition(report: Report, evidence: Evidence, contract: Contract) -> Iterator[str]:
    """Say what another contract makes of the evidence; what does not depend on the contract is compared as ever."""
    told = evidence.header.contract["sha256"]
    if report["contract"] != evidence.header.contract:
        yield "the contract that the certificate names is not the one that its evidence names"
    yield (
        f"the certificate was made with contract {told[:16]} of {evidence.header.tool}, and {contract.digest[:16]} is installed: "
        "install the version that it names to check every figure"
    )
    computed = certificate(evidence, contract)
    bound = {"results", "summary", "rulings", "verdict", "contract", "waivers", "edition"}
    for name in sorted(computed.keys() - bound):
        yield from differences(
            cast("Report", {"results": [], name: cast("Mapping[str, JSON]", report).get(name)}),
            cast("Report", {"results": [], name: cast("Mapping[str, JSON]", computed)[name]}),
        )
    yield from _would_change(report, evidence, contract)


def _would_change(report: Report, evidence: Evidence, contract: Contract) -> Iterator[str]:
    header = evidence.header
    today = date.fromisoformat(header.started[:10])
    claimed = {row["requirement"]: row for row in report["results"]}
    own = [_as_claimed(row) for row in claimed.values()]
    absent = unoffered(evidence.record, contract, header.declaration)
    for result in decide(own, evidence.record.findings, header.waivers, today=today, absent=absent):
        verdict = claimed[result.requirement.id]["verdict"]
        # Which fields an answer may lack is in the contract that is not installed.
        lacking = result.requirement.kind == "response" and verdict == "not_applicable"
        if verdict != result.verdict and not (lacking and result.verdict == "not_tested"):
            yield f"{result.requirement.id} is {verdict} in the certificate and {result.verdict} by its evidence"
    again = judged(evidence, contract)
    requirements = asked_for(header.selection, contract)
    changed = decide(
        requirements,
        again.deciding(),
        header.waivers,
        today=today,
        absent=absent,
        operations=contract.operations,
    )
    for result in changed:
        name = result.requirement.id
        before = claimed.pop(name)["verdict"] if name in claimed else "no requirement"
        if before != result.verdict:
            why = result.reason or "its exchanges fulfil it"
            yield f"with the installed contract {name} would be {result.verdict} instead of {before}: {why}"
    for name in sorted(claimed):
        yield f"with the installed contract {name} would be no requirement any more"


def _as_claimed(row: Mapping[str, JSON]) -> Requirement:
    return Requirement(
        row["requirement"], row["operation"], row["section"], row["kind"], row["level"], row["says"], row["ruling"]
    )
