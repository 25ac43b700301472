"""Reports made by hand, for tests of what is written and read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pytest_ecs import _contract
from pytest_ecs._checks import Finding, judge
from pytest_ecs._checks.corpus import RecordedCorpus
from pytest_ecs._checks.judge import drift
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.certificate import build, results_of
from pytest_ecs._report.evidence import NAME, Writer, read_evidence
from pytest_ecs._report.failure import explain_all
from pytest_ecs._report.files import write_all
from pytest_ecs._report.model import Footer, Header, Process, Report
from pytest_ecs._report.rows import Rows, line

from ..exchanges import exchange

__all__ = ["QUOTAS", "contract", "header", "write", "written"]

_END = Footer("2026-06-02T00:01:00Z", 1.0, True)
QUOTAS = "ecs.quotas.show/status"


@cache
def contract() -> Contract:
    """Return the contract."""
    return _contract.load()


def header(*requirements: str, **fields: Any) -> Header:
    """Return the header of a run that was asked for those requirements."""
    values: dict[str, Any] = {
        "tool": "pytest-ecs 0",
        "started": "2026-06-01T23:59:00Z",
        "contract": {
            "title": "Reference",
            "issue": "01",
            "date": "2025-01-07",
            "sha256": contract().digest,
            "operations": len(contract().operations),
            "requirements": len(contract().requirements),
        },
        "target": {
            "name": "cloud",
            "endpoint": "https://ecs.example.com",
            "region": "r",
            "simulated": False,
            "verified_tls": True,
            "tls": "TLS certificate verified",
        },
        "selection": {
            "text": "profile full",
            "profile": "full",
            "chapters": ["iam", "ecs", "nova", "deprecated"],
            "filters": {"requirement": list(requirements)} if requirements else {},
            "command": "pytest-ecs run full",
        },
        "properties": {"profile": "off", "seed": None, "database": None, "command": None},
    }
    return Header(**{**values, **fields})


def write(
    folder: Path,
    about: Header,
    exchanges: Sequence[Exchange],
    findings: Iterable[Finding] | None = None,
    *,
    end: Footer | None = _END,
    troubles: Sequence[str] = (),
) -> Report:
    """Write the report of a run in *folder*, as a controller does, and return it."""
    corpus = RecordedCorpus(exchanges)
    found = findings if findings is not None else [f for e in exchanges for f in judge(e, contract(), corpus)]
    drifted = sorted({one for e in exchanges for one in drift(e, contract())})
    writer = Writer(folder / NAME, about)
    writer.write(Rows(list(exchanges), list(found), drifted, Process("main", 1, 60.0)).lines())
    writer.write(line("trouble", {"what": what}) for what in troubles)
    writer.link()
    if end is not None:
        writer.close(end)
    else:
        writer.abandon()
    evidence = read_evidence(folder / NAME, unfinished=end is None)
    report = build(evidence.header, evidence.record, evidence.footer, contract(), evidence.info)
    texts, shown = explain_all(results_of(evidence.header, evidence.record, contract()), folder / NAME, contract())
    write_all(folder, report, texts, shown)
    return report


def written(folder: Path, **fields: Any) -> Report:
    """Write the report of a run that saw one wrong status, something undocumented, and one thing not at all."""
    seen = exchange("ecs.quotas.show", 299, {"absolute": {"maxTotalCores": 1, "unheard": 2}}, id="main-00001")
    good = exchange("ecs.quotas.show", 200, {"absolute": {"maxTotalCores": 1}}, id="main-00002", seconds=0.02)
    asked = [r.id for r in contract().requirements.values() if r.operation == "ecs.quotas.show"]
    return write(folder, header(*asked, **fields), [seen, good])
