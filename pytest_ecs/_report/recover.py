"""A report from the evidence of a run that was killed: all that was judged, and never a certificate."""

from __future__ import annotations

from pathlib import Path

from pytest_ecs._contract import Contract
from pytest_ecs._report.certificate import results_of
from pytest_ecs._report.editions import certificate, contract_of
from pytest_ecs._report.evidence import NAME, read_evidence
from pytest_ecs._report.failure import explain_all
from pytest_ecs._report.files import write_all

__all__ = ["recover"]


def recover(folder: Path, contract: Contract) -> list[Path]:
    """Write the files of a report beside the evidence in *folder* and return the paths.

    Raises `EvidenceError` when the evidence cannot be read, `ReportError` when a file cannot be written.
    """
    file = folder / NAME
    evidence = read_evidence(file, unfinished=True)
    contract = contract_of(evidence.header, contract)
    report = certificate(evidence, contract)
    texts, exchanges = explain_all(results_of(evidence.header, evidence.record, contract), file, contract)
    return write_all(folder, report, texts, exchanges)
