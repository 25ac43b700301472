"""Checking a certificate from its evidence alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pytest_ecs._checks import rejudge
from pytest_ecs._contract import Contract
from pytest_ecs._report.certificate import decide, overall, weigh_waivers
from pytest_ecs._report.evidence import EvidenceError, read_evidence
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["read_certificate", "verify"]


def read_certificate(path: Path) -> dict[str, JSON]:
    """Read report.json, or the one in a folder; raises `ConfigurationError` when it is none."""
    file = path / "report.json" if path.is_dir() else path
    try:
        certificate = json.loads(file.read_text(encoding="utf-8"))
        if (
            not isinstance(certificate, dict)
            or not {"results", "verdict", "contract", "evidence"} <= certificate.keys()
        ):
            raise ValueError("it lacks results, verdict, contract or evidence")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{file} is no certificate", seen=str(error), hint="name a report.json that a run wrote"
        ) from None
    return certificate


def verify(path: Path, contract: Contract) -> list[str]:
    """Judge the recorded run again and return one sentence for each thing that does not agree with the certificate."""
    certificate = read_certificate(path)
    folder = path if path.is_dir() else path.parent
    problems = []
    if certificate["contract"]["sha256"] != contract.digest:
        problems.append(
            f"the certificate was made with contract {certificate['contract']['sha256'][:16]}, and {contract.digest[:16]} is installed: "
            "install the version that it names"
        )
    try:
        evidence = read_evidence(folder / certificate["evidence"]["file"])
    except EvidenceError as error:
        return [*problems, str(error)]
    if evidence.sha256 != certificate["evidence"]["sha256"]:
        problems.append(
            "the evidence is that of another certificate: its digest is not the one that the certificate names"
        )
    known = {exchange.id for exchange in evidence.exchanges}
    for result in certificate["results"]:
        missing = [one for one in result["evidence"] if one not in known]
        if missing:
            problems.append(f"{result['requirement']} rests on {', '.join(missing)}, which the evidence does not have")
    return problems + _again(certificate, contract, evidence.exchanges, evidence.findings)


def _again(certificate: Mapping[str, JSON], contract: Contract, exchanges: tuple, findings: tuple) -> list[str]:  # type: ignore[type-arg]
    today = date.fromisoformat(str(certificate["started"])[:10])
    claimed = {result["requirement"]: result["verdict"] for result in certificate["results"]}
    waivers = [{k: v for k, v in w.items() if k not in {"state", "ticket"}} for w in certificate["waivers"]]
    requirements = [r for r in contract.requirements.values() if r.id in claimed]
    results = decide(requirements, rejudge(exchanges, findings, contract), waivers, today=today)
    problems = [
        f"{result.requirement.id} is {claimed[result.requirement.id]} in the certificate and {result.verdict} by its evidence"
        for result in results
        if claimed[result.requirement.id] != result.verdict
    ]
    problems += [
        f"{name} is in the certificate and not in the installed contract"
        for name in claimed.keys() - contract.requirements.keys()
    ]
    whole = overall(results, weigh_waivers(waivers, results, today=today), certificate.get("troubles", ()))
    if whole != certificate["verdict"]:
        problems.append(f"the certificate's verdict is {certificate['verdict']} and the evidence's is {whole}")
    return problems
