"""One cause fails one requirement, what the document does not say fails none, and what nobody looked at is seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from pytest_ecs._checks import Assertion, evaluate, rejudge
from pytest_ecs._contract import Contract, load
from pytest_ecs._http.exchange import Case, Exchange

from ..exchanges import exchange

_SHOW, _CREATE, _JOB = "nova.servers.show", "ecs.servers.create", "ecs.jobs.show"


@pytest.fixture(scope="module")
def whole() -> Contract:
    """The contract of this package."""
    return load()


def _outcomes(contract: Contract, exchanges: Iterable[Exchange], outcome: str = "fail") -> set[str]:
    return {finding.requirement for finding in rejudge(list(exchanges), [], contract) if finding.outcome == outcome}


def _refused(operation: str, status: int, body: Any = None, **fields: Any) -> Exchange:
    return exchange(operation, status, body, **{"method": "GET" if operation == _SHOW else "POST", **fields})


@pytest.mark.parametrize(
    ("body", "headers", "text"),
    [
        ({"badRequest": {"message": "no", "code": 400}}, {}, None),
        ({"anything": {"message": "no"}}, {}, None),
        ({"error": {"code": "Ecs.0019", "message": "abandoned"}}, {}, None),
        ({"error_code": "IMG.0001", "error_msg": "no"}, {}, None),
        ({"message": "no", "code": "400 Bad Request", "title": "Bad Request"}, {}, None),
        (None, {}, None),
        (None, {"content-type": "text/plain"}, "400 Bad Request"),
    ],
)
def test_no_form_of_native_errors_is_demanded(
    whole: Contract, body: Any, headers: dict[str, str], text: str | None
) -> None:
    """Each form that stands somewhere in the document will do, and so will none."""
    headers = headers or {"content-type": "application/json"}
    assert not _outcomes(whole, [_refused(_SHOW, 400, body, response_headers=headers, response_text=text)])


@pytest.mark.parametrize(("body", "text"), [({"servers": []}, None), ([1], None), (None, "<html>no</html>")])
def test_another_form_of_a_native_error_is_reported_and_binds_nobody(
    whole: Contract, body: Any, text: str | None
) -> None:
    """What is labelled as JSON has to be JSON, though."""
    failed = _outcomes(whole, [_refused(_SHOW, 400, body, response_text=text)])
    assert failed - {"4.3/content-type"} == {f"{_SHOW}/error/envelope"}
    assert ("4.3/content-type" in failed) is (text is not None)
    assert whole.requirements[f"{_SHOW}/error/envelope"].level == "should"


def test_only_answers_to_documented_methods_have_a_form(whole: Contract) -> None:
    """A router's own answer to PATCH says nothing of the errors of the operation."""
    assert not _outcomes(whole, [_refused(_SHOW, 404, {"x": 1}, method="PATCH")])
    assert _outcomes(whole, [_refused(_SHOW, 422, {"x": 1}, method="PATCH")]) == {f"{_SHOW}/error/status"}


@pytest.mark.parametrize(
    "body", [{"code": "Common.0011", "message": "m"}, {"error": {"code": "Ecs.0005", "message": "m"}}]
)
def test_both_forms_of_an_error_of_a_job_query_are_documented(whole: Contract, body: Any) -> None:
    """Table 5-63 has them at the top, 10.3.1 in error."""
    assert not _outcomes(whole, [_refused(_JOB, 400, body, method="GET")])


def test_a_code_that_is_not_listed_is_no_failure_and_details_are_free(whole: Contract) -> None:
    """A.2 lists common codes only, and dependent services have their own."""
    inside = {"error": {"code": "Ecs.0005", "message": "m", "details": [{"code": "VPC.0202", "message": "m"}]}}
    assert not _outcomes(whole, [_refused(_CREATE, 400, inside)])
    unlisted = _refused(_CREATE, 400, {"error": {"code": "Ecs.0019", "message": "m"}})
    assert _outcomes(whole, [unlisted]) == {f"{_CREATE}/error/code"}
    assert whole.requirements[f"{_CREATE}/error/code"].level == "should"


def _changed(status: int, code: str | None, expects: str = "invalid") -> list[Exchange]:
    """Return an accepted request and one that differs in the count, which was answered with that."""
    body = {"error": {"code": code, "message": "m"}} if code else None
    case = Case(f"{_CREATE}/request/server.count/maximum", expects, "count is 501", "control", ("Ecs.0913",))
    control = exchange(_CREATE, 200, {"job_id": "j"}, id="control", method="POST")
    return [control, _refused(_CREATE, status, body, case=case)]


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "Ecs.0005", "pass"),
        (400, "Ecs.0913", "pass"),
        (409, "Ecs.0913", "pass"),
        (400, "Ecs.9999", "pass"),
        (400, "Ecs.0031", "fail"),
        (409, "Ecs.0031", "fail"),
        (500, "Ecs.0005", "fail"),
        (400, "Ecs.0319", "error"),
        (403, "Ecs.0070", "error"),
        (422, "Ecs.0005", "not_tested"),
        (300, None, "error"),
    ],
)
def test_a_refusal_is_judged_by_its_code_first(whole: Contract, status: int, code: str | None, outcome: str) -> None:
    """A fitting code needs no fitting status, an unknown one is left to its own requirement, and so is a wrong status."""
    requirement = f"{_CREATE}/request/server.count/maximum"
    found = [f for f in rejudge(_changed(status, code), [], whole) if f.requirement == requirement]
    assert [f.outcome for f in found] == [outcome]
    if status == 422:
        assert f"{_CREATE}/error/status" in found[0].reason
        assert f"{_CREATE}/error/status" in _outcomes(whole, _changed(status, code))


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "Common.0013"), (401, "Ecs.0004"), (400, "Ecs.0004"), (400, "Ecs.0023"), (400, "Common.0018")],
)
def test_a_request_without_credentials_is_refused_in_any_documented_way(
    whole: Contract, status: int, code: str
) -> None:
    """401, or 400 with a code whose text says so."""
    case = Case(f"{_CREATE}/auth/garbage-token", "unauthenticated", "no such token", "control")
    control = exchange(_CREATE, 200, {"job_id": "j"}, id="control", method="POST")
    sent = _refused(_CREATE, status, {"error": {"code": code, "message": "m"}}, case=case)
    assert f"{_CREATE}/auth/garbage-token" in _outcomes(whole, [control, sent], "pass")


@pytest.mark.parametrize(
    "code", ["Ecs.0001", "Ecs.0030", "Ecs.0067", "Ecs.0068", "Ecs.0070", "Ecs.0071", "Ecs.0073", "Ecs.0319", "Ecs.0603"]
)
def test_lack_of_room_or_money_is_the_environment_s(whole: Contract, code: str) -> None:
    """A valid request that is refused for it says nothing of the endpoint."""
    status = whole.errors[code].statuses[0]
    case = Case(f"{_CREATE}/status", "accepted")
    sent = _refused(_CREATE, status, {"error": {"code": code, "message": "m"}}, case=case)
    assert not _outcomes(whole, [sent])
    assert _outcomes(whole, [sent], "error") == {f"{_CREATE}/status"}


def test_a_right_that_the_user_was_never_seen_to_have_is_the_credentials(whole: Contract) -> None:
    """Where it was granted, the same answer is the endpoint's."""
    denied = {"error": {"code": "Pdp.0001", "message": "m"}}
    sent = _refused(_CREATE, 403, denied, case=Case(f"{_CREATE}/status", "accepted"))
    (found,) = [f for f in rejudge([sent], [], whole) if f.requirement == f"{_CREATE}/status"]
    assert found.outcome == "error"
    assert "right" in found.reason
    granted = _refused(_CREATE, 403, denied, case=Case(f"{_CREATE}/permission", "accepted"))
    assert f"{_CREATE}/permission" in _outcomes(whole, [granted])


def test_a_control_that_was_refused_is_named(whole: Contract) -> None:
    """The reader has to know where to look."""
    control = _refused(_CREATE, 400, id="control", case=Case(f"{_CREATE}/status", "accepted"))
    case = Case(f"{_CREATE}/request/server.count/maximum", "invalid", "count is 501", "control")
    (found,) = [
        f for f in rejudge([control, _refused(_CREATE, 400, case=case)], [], whole) if f.requirement == case.requirement
    ]
    assert found.outcome == "not_tested"
    assert f"{_CREATE}/status" in found.reason


_SERVER = {"id": "s", "name": "n", "status": "SHUTOFF", "metadata": ["a"]}


def _server(**changes: Any) -> Exchange:
    return exchange(
        _SHOW, 200, {"server": {**_SERVER, **changes}}, parameters={"server_id": "s"}, path="/v2.1/p/servers/s"
    )


def test_what_looks_through_a_broken_answer_is_not_blamed(whole: Contract) -> None:
    """It is not tested, with the requirement that the answer breaks; what is whole beside it is judged."""
    operation = whole.operations[_SHOW]

    def seen(path: tuple[str | int, ...], expected: Any, shown: Exchange) -> Any:
        return evaluate("r", Assertion("x", ("body", "server", *path), "equals", expected), shown, (), operation)

    number = seen(("metadata", "a"), "1", _server())
    assert number.outcome == "not_tested"
    assert f"{_SHOW}/response/server.metadata/type" in number.reason
    assert seen(("metadata",), {"a": "1"}, _server()).outcome == "not_tested"
    assert seen(("name",), "m", _server()).outcome == "fail"
    assert seen(("status",), "ACTIVE", _server(status="ODD")).outcome == "not_tested"
    gone = seen(("key_name",), "k", _server(status="ACTIVE"))
    assert gone.outcome == "not_tested"
    assert f"{_SHOW}/response/server.key_name/required" in gone.reason


def _compared(whole: Contract, test: str, expected: Any, *path: str | int, listed: bool = False) -> Any:
    name = "nova.servers.list-detail" if listed else _SHOW
    servers = [{"id": "s", "status": "ACTIVE", "addresses": {}}]
    shown = (
        exchange(name, 200, {"servers": servers})
        if listed
        else replace(_server(metadata={}, tags=["a"]), microversion="2.26")
    )
    return evaluate("r", Assertion("x", ("body", *path), test, expected), shown, (), whole.operations[name])


@pytest.mark.parametrize(
    ("test", "expected", "path"),
    [
        ("equals", None, ("server", "name")),
        ("equals", 7, ("server", "name")),
        ("equals", "odd", ("server", "status")),
        ("equals", {"n": [{"addr": 1}]}, ("server", "addresses")),
        ("same_items", ["b", None], ("server", "tags")),
        ("includes", [1], ("server", "tags")),
        ("contains", 1, ("server", "tags")),
        ("has_one", {"key": "b"}, ("server", "tags")),
        ("one_of", [None, 7], ("server", "name")),
        ("equals", "x", ("server", "name_of_it")),
    ],
)
def test_what_no_answer_may_show_is_no_measure_for_another(
    whole: Contract, test: str, expected: Any, path: tuple[str, ...]
) -> None:
    """Where two answers differ and the one that is compared with breaks the document, the other is not blamed."""
    found = _compared(whole, test, expected, *path)
    assert found.outcome == "not_tested"
    assert f"{_SHOW}/response" in found.reason


@pytest.mark.parametrize(
    ("test", "expected", "path"),
    [
        ("equals", "m", ("server", "name")),
        ("same_items", ["a", "b"], ("server", "tags")),
        ("contains", "b", ("server", "tags")),
        ("one_of", ["m", None], ("server", "name")),
        ("at_least", 1, ("server", "name")),
        ("contains", "color", ("server",)),
    ],
)
def test_what_an_answer_may_show_is_a_measure(whole: Contract, test: str, expected: Any, path: tuple[str, ...]) -> None:
    """One of several values is enough, and numbers to compare with are no values of the field."""
    assert _compared(whole, test, expected, *path).outcome == "fail"


def test_a_list_is_measured_item_by_item(whole: Contract) -> None:
    """What is collected from every item is compared with one value for each."""
    ids = ("servers", "*", "id")
    assert _compared(whole, "same_items", ["t"], *ids, listed=True).outcome == "fail"
    assert _compared(whole, "contains", "t", *ids, listed=True).outcome == "fail"
    assert _compared(whole, "one_of", [["t"], ["s", "t"]], *ids, listed=True).outcome == "fail"
    for test, expected in (("same_items", ["t", 7]), ("contains", None), ("one_of", [["t", 7]])):
        found = _compared(whole, test, expected, *ids, listed=True)
        assert found.outcome == "not_tested"
        assert "servers[].id/type" in found.reason


def test_what_is_missing_is_said_as_missing() -> None:
    """And what there was instead; texts are shown as JSON shows them."""
    finding = evaluate("r", Assertion("x", ("body", "s", "a"), "equals", "1"), exchange(body={"s": {"b": 1}}))
    assert finding.observed == {"missing": "body.s.a", "there instead": ["b"]}
    assert finding.expected == 'body.s.a is "1"'


def test_a_url_that_is_not_there_is_the_endpoint_s_fault_even_with_choices(whole: Contract) -> None:
    """HTTP 300 to a valid request says which URLs there are instead; what builds on that request is not tested."""
    monitor = "nova.servers.monitor"
    valid = exchange(
        monitor, 300, {"choices": []}, method="POST", id="control", case=Case(f"{monitor}/status", "accepted")
    )
    wrong = Case(f"{monitor}/rule/error-codes", "not-found", "there is no such server", "control")
    refused = exchange(monitor, 300, {"choices": []}, method="POST", id="wrong", case=wrong)
    found = {one.requirement: one.outcome for one in rejudge([valid, refused], [], whole)}
    assert found[f"{monitor}/status"] == "fail"
    assert found[f"{monitor}/rule/error-codes"] == "not_tested"


def test_a_server_without_room_is_the_environment_s() -> None:
    """Its fault says so, or it has no host."""
    claim = Assertion("x", ("body", "server", "status"), "equals", "ACTIVE")
    fault = {"status": "ERROR", "fault": {"code": 500, "message": "No valid host was found."}}
    for server, outcome in (
        (fault, "error"),
        ({"status": "ERROR", "hostId": ""}, "error"),
        ({"status": "ERROR"}, "fail"),
    ):
        assert evaluate("r", claim, exchange(body={"server": server})).outcome == outcome


@pytest.mark.parametrize(
    ("status", "task", "missing"),
    [("ACTIVE", None, True), ("ACTIVE", "deleting", False), ("SHUTOFF", None, False), ("error", None, False)],
)
def test_fields_are_required_in_the_states_of_the_examples(
    whole: Contract, status: str, task: str | None, missing: bool
) -> None:
    """progress and security_groups are shown of servers that are ACTIVE, and to which nothing is being done."""
    failed = _outcomes(whole, [_server(status=status, metadata={}, **{"OS-EXT-STS:task_state": task})])
    for name in ("progress", "security_groups"):
        assert (f"{_SHOW}/response/server.{name}/required" in failed) is missing


@pytest.mark.parametrize("status", ["SHUTOFF", "ACTIVE"])
def test_what_need_not_be_shown_in_a_state_is_not_compared(whole: Contract, status: str) -> None:
    """Where it has to be shown, that it is not is what fails."""
    claim = Assertion("x", ("body", "server", "OS-EXT-STS:power_state"), "equals", 3)
    found = evaluate("r", claim, _server(status=status), operation=whole.operations[_SHOW])
    assert found.outcome == "not_tested"
    assert f"see {_SHOW}/response/server.OS-EXT-STS:power_state/required" in found.reason
    shown = _server(**{"status": status, "OS-EXT-STS:power_state": 1})
    assert evaluate("r", claim, shown, operation=whole.operations[_SHOW]).outcome == "fail"


@pytest.mark.parametrize("addresses", [{}, {"net": [{"addr": "192.168.0.4", "version": 4}]}])
def test_a_server_without_a_nic_shows_no_security_group(whole: Contract, addresses: dict[str, Any]) -> None:
    """Groups are those of its NICs (6.5.1); whatever else the example shows is there."""
    failed = _outcomes(whole, [_server(status="ACTIVE", metadata={}, addresses=addresses)])
    assert (f"{_SHOW}/response/server.security_groups/required" in failed) is bool(addresses)
    assert f"{_SHOW}/response/server.progress/required" in failed


def test_a_job_that_has_not_ended_needs_no_error_and_no_end(whole: Contract) -> None:
    """The table returns them when it has."""
    body: dict[str, object] = {
        "status": "RUNNING",
        "entities": {},
        "job_id": "j",
        "job_type": "t",
        "begin_time": None,
        "end_time": "",
    }
    assert not _outcomes(whole, [exchange(_JOB, 200, body, parameters={"job_id": "j"})])
    ended = {**body, "status": "SUCCESS", "end_time": "2022-02-17T05:41:55.441Z"}
    failed = _outcomes(whole, [exchange(_JOB, 200, ended, parameters={"job_id": "j"})])
    assert {f"{_JOB}/response/{name}/required" for name in ("error_code", "fail_reason")} <= failed


@pytest.mark.parametrize(
    ("subs", "rule"),
    [([{"status": None}], "sub-jobs-done"), ([None, {"status": "SUCCESS"}], "sub-jobs-total"), ("x", "sub-jobs-total")],
)
def test_what_is_no_sub_job_is_blamed_by_its_type_alone(whole: Contract, subs: Any, rule: str) -> None:
    """Neither how many there are nor how they ended can be told."""
    body = {"status": "SUCCESS", "job_id": "j", "entities": {"sub_jobs_total": 1, "sub_jobs": subs}}
    failed = _outcomes(whole, [exchange(_JOB, 200, body, parameters={"job_id": "j"})])
    assert f"{_JOB}/rule/{rule}" not in failed
    assert any(name.startswith(f"{_JOB}/response/entities.sub_jobs") for name in failed)


@pytest.mark.parametrize(
    "change", [{"status": "ODD"}, {"OS-EXT-STS:vm_state": "odd"}, {"OS-EXT-STS:task_state": "odd"}]
)
def test_a_word_that_no_list_has_is_in_no_pair_of_states(whole: Contract, change: dict[str, str]) -> None:
    """It is judged where it stands, and Table A-4 speaks of known words."""
    states = {"status": "ACTIVE", "OS-EXT-STS:vm_state": "stopped", "OS-EXT-STS:task_state": None, **change}
    failed = _outcomes(whole, [_server(**states)])
    assert not any(name.startswith("A-4/") for name in failed)
    assert {f"{_SHOW}/response/server.{name}/enum" for name in change} <= failed


def test_codes_of_failed_jobs_count(whole: Contract) -> None:
    """They are shown there, says A.2."""
    body = {"status": "FAIL", "job_id": "j", "error_code": "Ecs.0204", "fail_reason": "r"}
    assert "A.2/Ecs.0204" in _outcomes(whole, [exchange(_JOB, 200, body)], "pass")


@pytest.mark.parametrize(("shown", "holds"), [("UNKNOWN", True), ("RESIZE", True), ("ACTIVE", False)])
def test_a_running_server_that_is_resized_may_show_either_status(whole: Contract, shown: str, holds: bool) -> None:
    """Table A-1 and the note under Table A-4 differ."""
    states = {"OS-EXT-STS:vm_state": "active", "OS-EXT-STS:task_state": "resize_prep"}
    assert ("A-4/unknown" in _outcomes(whole, [_server(status=shown, **states)])) is not holds


def test_a_task_that_is_not_shown_is_not_the_same_as_none(whole: Contract) -> None:
    """That it is missing is what is wrong; which pair of Table A-4 the server is in nobody can tell."""
    states = {"OS-EXT-STS:vm_state": "active", "OS-EXT-STS:task_state": None}
    row = "A-4/active+null"
    assert row in _outcomes(whole, [_server(status="REBOOT", **states)])
    del states["OS-EXT-STS:task_state"]
    for outcome in ("fail", "pass"):
        assert row not in _outcomes(whole, [_server(status="REBOOT", **states)], outcome)


_ID, _OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("requirement", "good", "bad"),
    [
        ("10.1/success-no-error", {"body": {"job_id": "j"}}, {"body": {"error": {"code": "Ecs.0005", "message": "m"}}}),
        ("10.1/success-no-error", {"body": {"job_id": "j"}}, {"body": {"badRequest": {"code": 400, "message": "m"}}}),
        ("10.1/success-no-error", {"body": {"job_id": "j"}}, {"body": {"job_id": "j", "error": {"message": "m"}}}),
        ("10.1/success-no-error", {"body": {"job_id": "j"}}, {"body": {"error_code": "A.1", "error_msg": "m"}}),
        ("10.1/no-content", {"status": 204}, {"status": 204, "body": {}}),
        ("4.3/content-type", {"body": {}}, {"body": {}, "response_headers": {"content-type": "text/html"}}),
        ("4.3/content-type", {"body": {}}, {"response_text": "<html>"}),
        ("4.3/content-type-there", {"body": {}}, {"body": {}, "response_headers": {}}),
        (
            "4.3/error-message",
            {"status": 400, "body": {"error": {"code": "Ecs.0005", "message": "m"}}},
            {"status": 400, "body": {"badRequest": {"code": 400, "message": " "}}},
        ),
        (
            "3/microversion-answered",
            {"microversion": "2.26", "response_headers": {"openstack-api-version": "compute 2.26"}},
            {"microversion": "2.26", "response_headers": {"x-openstack-nova-api-version": "2.1"}},
        ),
        ("4.1/own-id", {"body": {"server": {"id": _ID}}}, {"body": {"server": {"id": _OTHER}}}),
        ("4.1/own-id", {"body": {"a": [{"serverId": _ID}]}}, {"body": {"a": [{"serverId": _OTHER}]}}),
        (
            "6.2/listed-once",
            {"body": {"a": [{"id": _ID}, {"id": _OTHER}]}},
            {"body": {"a": [{"id": _ID}, {"id": _ID}]}},
        ),
        (
            "3/self-links",
            {"body": {"a": [{"id": _ID, "links": [{"rel": "self", "href": f"https://x/a/{_ID}"}]}]}},
            {"body": {"a": [{"id": _ID, "links": [{"rel": "self", "href": f"https://x/a/{_OTHER}"}]}]}},
        ),
    ],
)
def test_what_holds_for_every_answer_is_seen_in_every_answer(
    whole: Contract, requirement: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """Whatever the operation is."""
    for name in (_CREATE, _SHOW):
        where = {"path": f"/v2.1/p/servers/{_ID}", "parameters": {"server_id": _ID}}
        right, wrong = exchange(name, **{**where, **good}), exchange(name, **{**where, **bad})
        assert requirement in _outcomes(whole, [right], "pass")
        assert requirement not in _outcomes(whole, [right])
        assert requirement in _outcomes(whole, [wrong])


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, "pass"), (410, "not_tested"), (418, "not_tested"), (409, "fail"), (200, "fail")]
)
def test_a_status_that_no_table_lists_is_blamed_once(whole: Contract, status: int, outcome: str) -> None:
    """What is to be gone and is refused with such a status is gone in a way that is judged where the errors are."""
    shown = _refused(_SHOW, status, {"itemNotFound": {"message": "gone", "code": status}})
    claim = Assertion("x", ("status",), "one_of", [404])
    finding = evaluate("r", claim, shown, (), whole.operations[_SHOW], whole.statuses)
    assert finding.outcome == outcome
    assert (f"{_SHOW}/error/status" in finding.reason) is (outcome == "not_tested")


@pytest.mark.parametrize(("status", "failed"), [(400, []), (403, ["A.2/Ecs.0005"]), (422, [f"{_CREATE}/error/status"])])
def test_the_code_of_such_a_refusal_is_not_blamed_too(whole: Contract, status: int, failed: list[str]) -> None:
    """With which status a code comes is judged where the status can be right."""
    body = {"error": {"code": "Ecs.0005", "message": "no"}}
    assert sorted(_outcomes(whole, [_refused(_CREATE, status, body)])) == failed


@pytest.mark.parametrize("word", ["QingTian", "CloudCompute,FusionCompute"])
def test_words_of_flavors_that_the_text_does_not_close_are_expected_only(whole: Contract, word: str) -> None:
    """Ruling flavor-open-words; what the table calls options is closed."""
    listed = "ecs.flavors.list"
    specs = {"ecs:virtualization_env_types": word, "cond:compute": "autorecovery,live", "cond:operation:status": word}
    shown = exchange(listed, 200, {"flavors": [{"os_extra_specs": specs}]})
    at = f"{listed}/response/flavors[].os_extra_specs"
    failed = {one for one in _outcomes(whole, [shown]) if one.endswith("/enum")}
    levels = {one.removeprefix(f"{at}."): whole.requirements[one].level for one in failed}
    assert levels == {
        "ecs:virtualization_env_types/enum": "should",
        "cond:compute/enum": "should",
        "cond:operation:status/enum": "must",
    }
