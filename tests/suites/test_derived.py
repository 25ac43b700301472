"""The judge is shown to bite: whatever is broken by rule in the recorded answers of a clean run is caught."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import load
from pytest_ecs._report.evidence import read_evidence

from . import derived

#: Requirements that passed without any answer that could be broken, and why.
_UNBROKEN = {
    **dict.fromkeys(
        (
            "10.1/no-content",
            "10.1/success-no-error",
            "3/microversion-answered",
            "3/self-links",
            "4.1/own-id",
            "4.3/content-type",
            "4.3/content-type-there",
            "4.3/error-message",
            "6.2/listed-once",
        ),
        "it holds for every answer and is broken in tests/unit/checks",
    ),
    "A.2/Common.0021": "it was seen in a job, which has no status of HTTP",
    "A.2/Ecs.0204": "it was seen in a job, which has no status of HTTP",
    "nova.versions.list/error/status": "no documented request of it is refused, so that only odd ones are answered with an error",
    "iam.projects.list/error/envelope": "its errors have forms that only a gateway's answers have too",
    "iam.projects.list/error/status": "its errors have forms that only a gateway's answers have too",
    "iam.tokens.create/error/envelope": "its errors have forms that only a gateway's answers have too",
    "iam.tokens.create/error/status": "its errors have forms that only a gateway's answers have too",
    "nova.server-operations.show/rule/has-events": "the claim is about a list in which nothing may be missing",
    "nova.servers.create-image/response/image_id/since": "below its microversion the answer has no body to put it in",
}


Derived = tuple[derived.Record, list[derived.Alteration]]


@pytest.fixture(scope="module")
def run(clean_run: tuple[int, Path]) -> Derived:
    """The record of a clean run, and what is derived from it."""
    evidence = read_evidence(clean_run[1] / "evidence.jsonl.gz")
    record = derived.Record(evidence.exchanges, evidence.findings)
    return record, list(derived.derive(record, load()))


def test_what_is_broken_in_recorded_answers_is_caught(run: Derived, record_property: Any) -> None:
    """Each field, status, header, error, state, job, microversion and claim, by the requirement that it breaks."""
    record, alterations = run
    missed = derived.survivors(alterations, record, load())
    operators, survived = Counter(a.operator for a in alterations), Counter(a.operator for a in missed)
    lines = [f"{'operator':32}{'derived':>9}{'caught':>9}{'survived':>9}"]
    lines += [f"{k:32}{n:9}{n - survived[k]:9}{survived[k]:9}" for k, n in sorted(operators.items())]
    lines += [f"{'all':32}{len(alterations):9}{len(alterations) - len(missed):9}{len(missed):9}"]
    record_property("derived", lines)
    assert len(operators) == 13
    assert [f"{a.requirement}: {a.change} ({a.exchange.id})" for a in missed] == []


def test_every_requirement_that_passed_was_seen_to_fail(clean_run: tuple[int, Path], run: Derived) -> None:
    """A check that nothing broke is not known to bite; those few are listed with the reason."""
    certificate = json.loads((clean_run[1] / "report.json").read_text(encoding="utf-8"))
    passed = {result["requirement"] for result in certificate["results"] if result["verdict"] == "pass"}
    broken = {alteration.requirement for alteration in run[1]}
    assert passed - broken == set(_UNBROKEN)


def test_a_judge_that_sees_nothing_catches_nothing(run: Derived, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted as caught is the requirement's own failure, and nothing else."""
    record, everything = run
    alterations = [alteration for alteration in everything if alteration.claim is None][::50]
    assert derived.survivors(alterations, record, load()) == []
    monkeypatch.setattr(derived, "judge", lambda *_: [])
    assert derived.survivors(alterations, record, load()) == alterations
