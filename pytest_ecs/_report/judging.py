"""Judging recorded exchanges again, and whether the recorded findings are what they give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from pytest_ecs._checks import Finding, Seen, evaluate, judge
from pytest_ecs._checks.corpus import RecordedCorpus
from pytest_ecs._checks.judge import Drift, drift
from pytest_ecs._checks.reproduction import reproduces
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.certificate import asked_for, decide
from pytest_ecs._report.evidence import Evidence
from pytest_ecs._types import JSON

__all__ = ["Judged", "judged", "unfounded"]

#: Requirement, outcome and the exchange that shows it.
_Key = tuple[str, str, str]


@dataclass
class Judged:
    """What judging again gives: a run makes a million findings, so only those that decide or were recorded are kept."""

    #: Of each requirement the first finding of each outcome.
    first: dict[tuple[str, str], Finding] = field(default_factory=dict)
    #: The findings that were recorded, as they are found again.
    again: dict[_Key, list[Finding]] = field(default_factory=dict)
    drift: set[Drift] = field(default_factory=set)

    def deciding(self) -> list[Finding]:
        """Return findings that give the same verdicts as all of them."""
        return list(self.first.values())


def judged(evidence: Evidence, contract: Contract) -> Judged:
    """Judge every exchange again; "error" and "not_tested" are taken over, since they speak of what is not recorded."""
    corpus, result, seen = RecordedCorpus(evidence.exchanges), Judged(), Seen(recorded=True)
    first, again = result.first, result.again
    for finding in evidence.record.findings:
        again.setdefault(_key(finding), [])

    def note(finding: Finding) -> None:
        first.setdefault((finding.requirement, finding.outcome), finding)
        same = again.get(_key(finding))
        if same is not None:
            same.append(finding)

    for exchange in evidence.exchanges:
        for finding in judge(exchange, contract, corpus, seen):
            note(finding)
        result.drift.update(drift(exchange, contract, seen))
    for finding in evidence.record.findings:
        if finding.assertion is not None:
            claimed = corpus.get(finding.assertion.exchange)
            if claimed is not None:
                operation = contract.operations.get(claimed.operation or "")
                codes = contract.environment_codes
                note(evaluate(finding.requirement, finding.assertion, claimed, codes, operation, contract.statuses))
        elif finding.outcome in {"error", "not_tested"} or (
            finding.outcome == "not_applicable" and not finding.exchanges
        ):
            first.setdefault((finding.requirement, finding.outcome), finding)
    # What was recorded of a success that is no news any more: several processes each saw it for the first time.
    for one in {key[2] for key, same in again.items() if not same}:
        shown = corpus.get(one)
        for finding in judge(shown, contract, corpus) if shown is not None else ():
            note(finding)
    return result


def unfounded(evidence: Evidence, contract: Contract) -> Iterator[str]:
    """Yield a sentence for each verdict, finding and drift that the evidence holds and its exchanges do not give."""
    record, header = evidence.record, evidence.header
    again = judged(evidence, contract)
    today = date.fromisoformat(header.started[:10])
    requirements = asked_for(header.selection, contract)
    by_record, by_exchanges = (
        {r.requirement.id: r.verdict for r in decide(requirements, findings, header.waivers, today=today)}
        for findings in (record.findings, again.deciding())
    )
    for name, verdict in by_record.items():
        if by_exchanges[name] != verdict:
            yield f"{name} is {verdict} by the recorded findings and {by_exchanges[name]} by its exchanges"
    known = {exchange.id: exchange for exchange in evidence.exchanges}
    for finding in record.findings:
        yield from _founded(finding, again, known)
    for one in sorted(again.drift ^ record.drift):
        where = (
            "seen in the exchanges and not recorded" if one in again.drift else "recorded and not seen in the exchanges"
        )
        yield f"the drift {' '.join(one)} is {where}"


def _founded(finding: Finding, again: Judged, known: Mapping[str, Exchange]) -> Iterator[str]:
    missing = [one for one in finding.exchanges if one not in known]
    if missing:
        yield f"{finding.requirement} rests on {', '.join(missing)}, which the evidence does not have"
        return
    if finding.outcome == "not_applicable" and not finding.exchanges:
        return  # said by a suite, as what is not tested is
    same = again.again[_key(finding)]
    if reproduces(finding.reason, [known[one] for one in finding.exchanges]):
        # A property names the requests that show what is broken beside the exchange that was judged.
        same = [replace(one, exchanges=finding.exchanges, reason=finding.reason) for one in same]
    if finding.outcome in {"pass", "fail", "not_applicable"} and not any(
        _says_the_same(finding, other) for other in same
    ):
        shown = finding.exchanges[0] if finding.exchanges else "nothing"
        yield f"the {finding.outcome} of {finding.requirement} by {shown} is not what its exchanges give"


def _key(finding: Finding) -> _Key:
    return finding.requirement, finding.outcome, finding.exchanges[0] if finding.exchanges else ""


def _says_the_same(one: Finding, other: Finding) -> bool:
    """What became of a job may have been asked once more later; then another query shows the same.

    Why something holds is a remark of the run, such as that it showed late; why it does not is part of the verdict.
    """
    if one.exchanges != other.exchanges:
        return one.assertion == other.assertion
    if (one.expected, one.where, one.assertion) != (other.expected, other.where, other.assertion):
        return False
    if one.outcome != "pass" and one.reason != other.reason:
        return False
    return one.observed is other.observed or _text(one.observed) == _text(other.observed)


def _text(value: JSON) -> str:
    """Text that tells 1 from 1.0 and true."""
    return json.dumps(value, sort_keys=True)
