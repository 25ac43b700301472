"""Judging a whole exchange: what its status, headers and body say of an operation at a microversion."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._checks import Assertion, evaluate, rejudge
from pytest_ecs._contract import Contract, load
from pytest_ecs._http.client import _BARE
from pytest_ecs._http.exchange import Case, Exchange

from ..contract.tiny_contract import contract, group, operation
from ..exchanges import exchange


@pytest.fixture(scope="module")
def imaging(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """An operation that answered with a header once and with a body since 2.45."""
    made = operation(
        "nova.servers.image",
        "POST /v2.1/image",
        headers='{Location: {type: string, x-until: "2.45"}}',
        success='{type: object, required: [image_id], properties: {image_id: {type: string, x-since: "2.45"}}}',
    )
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
_ACTION = "deprecated.servers.add-floating-ip"


@pytest.fixture(scope="module")
def whole() -> Contract:
    """The contract of this package."""
    return load()


@pytest.mark.parametrize(
    ("name", "status", "collection", "control", "verdict"),
    [
        (_SHOW, 404, 404, "probe", "not_applicable"),
        (_SHOW, 404, 200, "probe", "fail"),
        (_SHOW, 404, 405, "probe", "fail"),
        (_SHOW, 404, 404, None, "fail"),
        (_SHOW, 404, 404, "lost", "fail"),
        (_SHOW, 403, 404, "probe", "error"),
        (_SHOW, 500, 404, "probe", "fail"),
        (_SHOW, 200, 404, "probe", "pass"),
        (_OTHER, 404, 404, "probe", "fail"),
        (_ACTION, 404, 200, "probe", "not_applicable"),
        (_ACTION, 404, 404, "probe", "fail"),
        (_ACTION, 404, 500, "probe", "fail"),
        (_ACTION, 409, 200, "probe", "fail"),
    ],
)
def test_a_discarded_operation_need_not_be_there(
    whole: Contract, name: str, status: int, collection: int, control: str | None, verdict: str
) -> None:
    """Only where its valid request and its collection are both not found is it not applicable, offline as in the run.

    An action is not where the server is there and the action is not.
    """
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


def test_a_refusal_without_a_control_proves_nothing(whole: Contract) -> None:
    """Nobody knows what it was refused for, when nothing like it was accepted."""
    rule = "nova.servers.lock/rule/refuses-update"
    answer = {"conflictingRequest": {"message": "locked", "code": 409}}
    accepted, refused = exchange("nova.servers.update", 200, id="fine"), exchange("nova.servers.update", 404, id="bad")
    for control, verdict in (("fine", "pass"), ("bad", "not_tested"), ("lost", "not_tested"), (None, "not_tested")):
        sent = exchange("nova.servers.update", 409, answer, case=Case(rule, "locked", "it is locked", control))
        found = rejudge([accepted, refused, sent], [], whole)
        assert [f.outcome for f in found if f.requirement == rule] == [verdict]


def _query(number: int, status: int, body: Any) -> Exchange:
    return exchange("ecs.jobs.show", status, body, id=f"query-{number}", parameters={"job_id": "j"})


_REFUSED = {"error": {"code": "Ecs.0000", "message": "no"}}


def test_a_refused_query_says_nothing_of_its_job(whole: Contract) -> None:
    """What became of a job is read from the answers that show it, and so is what it was before."""
    case = Case("ecs.servers.batch-start/status", "accepted")
    sent = exchange("ecs.servers.batch-start", 200, {"job_id": "j"}, case=case)
    queries = [
        _query(1, 200, {"status": "RUNNING", "job_id": "j", "job_type": "batchStartServer"}),
        _query(2, 200, {"status": "FAIL", "job_id": "j", "job_type": "batchStartServer", "error_code": "Ecs.0000"}),
        _query(3, 500, _REFUSED),
        _query(4, 200, {"status": "RUNNING", "job_id": "j", "job_type": "batchStartServer"}),
        _query(5, 500, _REFUSED),
    ]

    def outcomes(*shown: Exchange) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for finding in rejudge([*shown, sent], [], whole):
            found.setdefault(finding.requirement, set()).add(finding.outcome)
        return found

    ended = outcomes(*queries[:3])
    assert ended["ecs.servers.batch-start/job"] == {"fail"}
    assert ended["ecs.jobs.show/rule/order"] == {"pass"}
    assert outcomes(*queries)["ecs.jobs.show/rule/order"] == {"pass", "fail"}
    assert "ecs.servers.batch-start/job" not in outcomes(*queries)


@pytest.mark.parametrize(
    ("queries", "verdict"),
    [
        ([(200, {"status": "RUNNING"}), (200, {"status": "FAIL"}), (404, _REFUSED)], "pass"),
        ([(200, {"status": "SUCCESS"}), (404, _REFUSED)], "fail"),
        ([(200, {"status": "RUNNING"}), (404, _REFUSED)], "error"),
        ([(404, _REFUSED)], "error"),
        ([(200, {"status": []})], "error"),
        ([], "fail"),
    ],
)
def test_a_late_refusal_is_read_from_the_answers_that_show_the_job(
    whole: Contract, queries: list[tuple[int, Any]], verdict: str
) -> None:
    """An accepted request is refused only by a job that was seen to fail, and let through only by one seen to end."""
    requirement = "ecs.servers.create/request/server.imageRef/reference"
    case = Case(requirement, "unknown-reference", change="an unknown image", control="control")
    control = exchange("ecs.servers.create", 200, {"job_id": "other"}, id="control")
    sent = exchange("ecs.servers.create", 200, {"job_id": "j"}, case=case)
    record = [control, *(_query(number, *query) for number, query in enumerate(queries)), sent]
    assert {f.outcome for f in rejudge(record, [], whole) if f.requirement == requirement} == {verdict}


def test_a_redirection_is_no_success(whole: Contract) -> None:
    """It says of no request whether it was done: the address is not the endpoint's. It is no control and shows nothing."""
    requirement = "nova.servers.show/status"
    moved = exchange("nova.servers.show", 302, id="moved", case=Case(requirement, "accepted"))
    accepted = [f.outcome for f in rejudge([moved], [], whole) if f.requirement == requirement]
    assert set(accepted) == {"error"}
    refusal = exchange("nova.servers.show", 404, case=Case(requirement, "not-found", control="moved"))
    (unproven,) = [
        f
        for f in rejudge([replace(moved, case=None), refusal], [], whole)
        if f.exchanges[-1:] == ("moved",) and f.requirement == requirement and f.outcome == "not_tested"
    ]
    assert "control" in unproven.reason
    control = exchange("nova.servers.show", 200, id="control")
    instead = exchange("nova.servers.show", 302, case=Case(requirement, "not-found", control="control"))
    assert "error" in {f.outcome for f in rejudge([control, instead], [], whole) if f.requirement == requirement}
    shown = replace(moved, case=None, response_body={"server": {}})
    assert evaluate("x", Assertion("moved", ("body", "server"), "equals", {}), shown).outcome == "error"


@pytest.mark.parametrize(
    ("status", "absolute", "limits", "verdict"),
    [
        (403, {"maxServerGroups": 10, "totalServerGroupsUsed": 10}, "limits", "error"),
        (413, {"maxServerGroups": 10, "totalServerGroupsUsed": 11}, "limits", "error"),
        (413, {"maxServerGroups": 10, "totalServerGroupsUsed": 9}, "limits", "fail"),
        (400, {"maxServerGroups": 10, "totalServerGroupsUsed": 10}, "limits", "fail"),
        (413, {"maxServerGroups": -1, "totalServerGroupsUsed": 3}, "limits", "fail"),
        (413, {"maxServerGroups": "10", "totalServerGroupsUsed": 10}, "limits", "fail"),
        (413, {"maxServerGroups": 10, "totalServerGroupsUsed": 10}, None, "fail"),
        (413, None, "limits", "fail"),
        (200, {"maxServerGroups": 10, "totalServerGroupsUsed": 10}, "limits", "pass"),
    ],
)
def test_a_project_that_has_all_it_may_have_is_no_verdict(
    whole: Contract, status: int, absolute: dict[str, Any] | None, limits: str | None, verdict: str
) -> None:
    """A native refusal has no code, so that only the limits tell lack of room from a request that should be accepted."""
    name = "nova.server-groups.create"
    shown = exchange("nova.limits.show", 200, {"limits": {"absolute": absolute}}, id="limits")
    sent = exchange(name, status, case=Case(f"{name}/status", "accepted", limits=limits))
    (found,) = {f.outcome for f in rejudge([shown, sent], [], whole) if f.requirement == f"{name}/status"}
    assert found == verdict


def test_a_quota_is_one_that_the_limits_show(whole: Contract) -> None:
    """A name that the answer of 6.10.1 does not have would never be found."""
    limits = whole.operations["nova.limits.show"].response_body or {}
    names = limits["properties"]["limits"]["properties"]["absolute"]["properties"]
    limited = {operation.id: operation.quota for operation in whole.operations.values() if operation.quota is not None}
    assert limited
    for quota in limited.values():
        assert {quota.most, quota.used or quota.most} <= names.keys()


def test_only_where_401_fits_no_new_token_is_tried(whole: Contract) -> None:
    """Everywhere else it says that the token has ended, and nothing of the request."""
    fitting = {
        name for name, found in whole._expectations.items() if any(401 in one.statuses for one in found.values())
    }
    assert fitting == _BARE


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (404, "Ecs.0313", "pass"),
        (404, "Ecs.0005", "pass"),
        (400, "Ecs.0313", "pass"),
        (400, "Ecs.0114", "fail"),
        (403, "Ecs.0313", "pass"),
        (403, "Ecs.0114", "fail"),
        (422, "Ecs.0313", "not_tested"),
    ],
)
def test_some_statuses_say_enough_without_their_code(whole: Contract, status: int, code: str, verdict: str) -> None:
    """404 says that a server group is not there whatever code comes with it, 400 only with the one that speaks of groups."""
    name, rule = "ecs.server-groups.show", "ecs.server-groups.show/rule/unknown-group"
    control = exchange(name, 200, {}, id="control")
    case = Case(rule, "unknown-group", change="the group does not exist", control="control")
    refused = exchange(name, status, {"error": {"code": code, "message": "no"}}, case=case)
    found = [f.outcome for f in rejudge([control, refused], [], whole) if f.requirement == rule]
    assert found == [verdict]
