"""A certificate by an edition: the verdicts that its amendments decided, and what the document alone says of the same exchanges."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pytest_ecs._contract import Contract, document, load
from pytest_ecs._contract.edition import Amendment, Edition, parse
from pytest_ecs._contract.model import Operation, Requirement
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.certificate import asked_for, build, decide
from pytest_ecs._report.evidence import Evidence
from pytest_ecs._report.judging import judged
from pytest_ecs._report.model import AmendmentRow, Decided, EditionInfo, Header, Report
from pytest_ecs._report.offered import unoffered

__all__ = ["certificate", "contract_of", "edition_of", "with_edition"]

_NONE = "no requirement"


def contract_of(header: Header, contract: Contract) -> Contract:
    """Return the contract that a run was judged by: *contract*, with the edition that the evidence carries laid over it."""
    edition = edition_of(header)
    return contract if edition is None else load(edition=edition)


def edition_of(header: Header) -> Edition | None:
    """Return the edition that the evidence carries, if it has one."""
    return parse(header.edition["text"], header.edition["file"]) if header.edition is not None else None


def certificate(evidence: Evidence, contract: Contract) -> Report:
    """Return the content of report.json as evidence and contract give it; see `build`."""
    report = build(evidence.header, evidence.record, evidence.footer, contract, evidence.info)
    return with_edition(report, evidence, contract)


def with_edition(report: Report, evidence: Evidence, contract: Contract) -> Report:
    """Add to *report* what the amendments of its edition decided, where it has one.

    What they decided is what has another verdict by the document alone, judged from the same exchanges.
    """
    edition, plain = edition_of(evidence.header), document()
    if edition is None:
        return report
    before = _by_the_document(evidence, contract, plain)
    after = {row["requirement"]: str(row["verdict"]) for row in report["results"]}
    rows: dict[str, AmendmentRow] = {
        one.id: {"id": one.id, "source": one.source, "reason": one.reason, "decided": []} for one in edition.amendments
    }
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, _NONE), after.get(name, _NONE)
        known = contract.requirements.get(name) or plain.requirements.get(name)
        if was == now or known is None:
            continue
        decided: Decided = {"requirement": name, "by_document": was, "amended": now}
        for amendment in _deciding(edition, known, plain):
            rows[amendment.id]["decided"].append(decided)
    info: EditionInfo = {
        "title": edition.title,
        "file": edition.file,
        "document": plain.digest,
        "amendments": list(rows.values()),
    }
    return {**report, "edition": info}


def _by_the_document(evidence: Evidence, amended: Contract, plain: Contract) -> dict[str, str]:
    """Return the verdict of each requirement that was asked for, as if the edition had never been.

    An exchange with a URL that only the edition has shows nothing of the document's operation.
    """
    header = evidence.header
    shown = tuple(one for one in evidence.exchanges if _documented(one, amended, plain))
    again = judged(replace(evidence, exchanges=shown), plain)
    today = date.fromisoformat(header.started[:10])
    absent = unoffered(evidence.record, plain, header.declaration)
    asked = asked_for(header.selection, plain)
    results = decide(asked, again.deciding(), header.waivers, today=today, absent=absent, operations=plain.operations)
    return {result.requirement.id: str(result.verdict) for result in results}


def _documented(one: Exchange, amended: Contract, plain: Contract) -> bool:
    """Whether the URL of an exchange is one that the document gives its operation, as far as it has one."""
    operation, other = plain.operations.get(one.operation or ""), amended.operations.get(one.operation or "")
    # Where the edition has the same URL, whatever was sent in its name is the document's: also a body that tells nothing.
    if operation is None or other is None or _urls(operation) == _urls(other):
        return True
    found = plain.match(operation.method, one.path, one.request_body)
    return found is not None and (found[0].id == operation.id or found[0].path == operation.path)


def _urls(operation: Operation) -> tuple[object, ...]:
    return operation.method, operation.path, operation.aliases


def _deciding(edition: Edition, requirement: Requirement, plain: Contract) -> list[Amendment]:
    """Return the amendments that speak of a requirement; where none is nearer, those of its operation, else all."""
    near = [one for one in edition.amendments if _is_about(one, requirement, fields=True)]
    near = near or [one for one in edition.amendments if _is_about(one, requirement, fields=False)]
    return near or list(edition.amendments)


def _is_about(one: Amendment, requirement: Requirement, *, fields: bool) -> bool:
    if one.file == "errors.yaml":
        return requirement.kind in {"code", "error"}
    if one.at[:1] == ("operations",) and one.at[1] != requirement.operation:
        return False
    names = [name for step, name in zip(one.at, one.at[1:], strict=False) if step == "properties"]
    return not fields or (bool(names) and all(name in requirement.field for name in names)) or "path" in one.at[-1:]
