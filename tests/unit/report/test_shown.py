"""What is said of fields that an endpoint never shows applies to nothing; what could still come is not tested."""

from datetime import date

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._contract import load
from pytest_ecs._report.certificate import Result, decide

_SHOW, _JOB = "nova.servers.show/response", "ecs.jobs.show/response"


def _results(*seen: str) -> dict[str, Result]:
    contract = load()
    findings = [Finding(requirement, "pass", ("main-00001",)) for requirement in seen]
    decided = decide(contract.requirements.values(), findings, today=date(2026, 6, 1), operations=contract.operations)
    return {result.requirement.id: result for result in decided}


@pytest.mark.parametrize(
    ("seen", "requirement", "verdict"),
    [
        (["body/type"], "message/type", "not_applicable"),
        (["body/type"], "status/type", "not_tested"),  # it is demanded
        (["body/type"], "entities.nic_id/type", "not_tested"),  # its object was not seen, which may still come
        (["body/type", "entities/type"], "entities.nic_id/type", "not_applicable"),
        (["body/type", "entities/type", "entities.sub_jobs/type"], "entities.sub_jobs[].job_id/type", "not_tested"),
        ([], "message/type", "not_tested"),
    ],
)
def test_a_field_that_may_be_absent_and_always_is(seen: list[str], requirement: str, verdict: str) -> None:
    """Only where the object around it was seen, and no list was empty on the way."""
    result = _results(*(f"{_JOB}/{one}" for one in seen))[f"{_JOB}/{requirement}"]
    assert result.verdict == verdict
    assert bool(result.reason)


def test_a_field_of_another_microversion_may_still_come() -> None:
    """What was seen may have been answers of microversions without it."""
    seen = [f"{_SHOW}/{one}/type" for one in ("body", "server", "server.flavor")]
    extra = f"{_SHOW}/server.flavor.extra_specs.cond:compute/type"
    assert _results(*seen)[extra].verdict == "not_tested"
    seen.append(f"{_SHOW}/server.flavor.extra_specs/type")
    assert _results(*seen)[extra].verdict == "not_applicable"


def test_entries_that_the_document_does_not_name() -> None:
    """A map of named entries need have no others."""
    place = "nova.flavor-extra-specs.show/response"
    assert _results(f"{place}/body/type", f"{place}/extra_specs/type")[f"{place}/extra_specs{{}}/type"].verdict == (
        "not_applicable"
    )


def test_what_an_operation_answers_that_is_not_sent_applies_to_nothing() -> None:
    """Where its own request is outside of the profile; what it was seen to answer all the same counts."""
    contract, why = load(), "nova.nics.add (6.7.3) is not sent"
    findings = [
        Finding("ecs.nics.delete/auth/no-token", "not_applicable", reason=why),
        Finding("ecs.nics.delete/error/status", "pass", ("main-00001",)),
    ]
    decided = decide(contract.requirements.values(), findings, today=date(2026, 6, 1), operations=contract.operations)
    results = {result.requirement.id: result for result in decided}
    job, status, other = (
        results[f"ecs.nics.{one}"] for one in ("delete/job", "delete/error/status", "add/response/job_id/type")
    )
    assert (job.verdict, job.reason) == ("not_applicable", why)
    assert (status.verdict, other.verdict) == ("pass", "not_tested")
