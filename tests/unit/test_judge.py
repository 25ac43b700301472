"""Judging a whole exchange: what its status, headers and body say of an operation at a microversion."""

from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._checks import rejudge
from pytest_ecs._contracts import Contract, load
from pytest_ecs._exchange import Case

from .contracts.tiny_contract import contract, group, operation
from .exchanges import exchange


@pytest.fixture(scope="module")
def imaging(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """An operation that answered with a header once and with a body since 2.45."""
    made = operation(
        "nova.servers.image", "POST /v2.1/image", headers='{Location: {type: string, x-until: "2.45"}}',
        success='{type: object, required: [image_id], properties: {image_id: {type: string, x-since: "2.45"}}}',
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("contract")
    return contract(folder, {"nova/all.yaml": group(made, chapter="nova")})


@pytest.mark.parametrize(
    ("microversion", "headers", "body", "failed"),
    [
        ("2.44", {"location": "https://x"}, None, set()),
        ("2.44", {}, None, {"header/Location"}),
        (None, {}, None, {"header/Location"}),
        ("2.44", {"location": "https://x"}, {"image_id": "i"}, {"response/image_id/since"}),
        ("2.45", {}, {"image_id": "i"}, set()),
        ("2.45", {}, None, {"response/body/type"}),
        ("2.100", {}, {}, {"response/image_id/required"}),
    ],
)
def test_headers_and_bodies_come_and_go_with_microversions(
    imaging: Contract, microversion: str | None, headers: dict[str, str], body: Any, failed: set[str]
) -> None:
    """Neither is asked for where it is not documented, and each is where it is."""
    seen = exchange("nova.servers.image", 200, body, microversion=microversion, response_headers=headers)
    found = {f.requirement.partition("/")[2] for f in rejudge([seen], [], imaging) if f.outcome == "fail"}
    assert found == failed


_SHOW, _OTHER = "deprecated.images.show", "nova.servers.show"


@pytest.fixture(scope="module")
def whole() -> Contract:
    """The contract of this package."""
    return load()


@pytest.mark.parametrize(
    ("name", "status", "collection", "control", "verdict"),
    [
        (_SHOW, 404, 404, "probe", "not_tested"),
        (_SHOW, 404, 200, "probe", "fail"),
        (_SHOW, 404, 405, "probe", "fail"),
        (_SHOW, 404, 404, None, "fail"),
        (_SHOW, 404, 404, "lost", "fail"),
        (_SHOW, 403, 404, "probe", "fail"),
        (_SHOW, 500, 404, "probe", "fail"),
        (_SHOW, 200, 404, "probe", "pass"),
        (_OTHER, 404, 404, "probe", "fail"),
    ],
)
def test_a_discarded_operation_need_not_be_there(
    whole: Contract, name: str, status: int, collection: int, control: str | None, verdict: str
) -> None:
    """Only where its valid request and its collection are both not found is it not tested, offline as in the run."""
    probe = exchange(None, collection, id="probe")
    case = Case(f"{name}/status", "accepted", control=control)
    sent = exchange(name, status, {"itemNotFound": {"message": "none", "code": status}}, case=case)
    found = {f.outcome for f in rejudge([probe, sent], [], whole) if f.requirement == f"{name}/status"}
    assert found == {verdict}


def test_only_the_valid_request_says_that_an_operation_is_not_there(whole: Contract) -> None:
    """A refusal that was expected is judged as ever, whatever became of its control."""
    probe = exchange(None, 404, id="probe")
    case = Case(f"{_SHOW}/status", "not-found", control="probe")
    (found,) = [
        f for f in rejudge([probe, exchange(_SHOW, 404, case=case)], [], whole) if f.requirement == f"{_SHOW}/status"
    ]
    assert found.outcome == "not_tested"
    assert "control" in found.reason
