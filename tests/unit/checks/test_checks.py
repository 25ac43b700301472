"""Judging a body, keyword by keyword, and the comparisons that rules are made of."""

from collections import OrderedDict
from typing import Any

import pytest

from pytest_ecs import load_contract
from pytest_ecs._checks.assertions import TESTS, evaluate, locate
from pytest_ecs._checks.body import claims, judge_body, undocumented
from pytest_ecs._checks.finding import Assertion, Finding
from pytest_ecs._checks.formats import conforms, formats, validator
from pytest_ecs._checks.jobs import RULES, job_claims
from pytest_ecs._contract import sample
from pytest_ecs._http.exchange import Exchange

from ..exchanges import exchange

_SERVER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "tags"],
    "x-expected": ["host"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "host": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "x-since": "2.26"},
        "flavor": {"type": "object", "x-until": "2.47"},
        "image": {"anyOf": [{"const": ""}, {"type": "object"}]},
        "addresses": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "object", "properties": {"version": {"enum": [4, 6]}}},
            },
        },
    },
}
_ID = "616fb98f-46ca-475e-917e-2563e5a8cd19"


def _failed(value: Any, microversion: str = "2.1", schema: dict[str, Any] = _SERVER) -> list[str]:
    return [f"{path}/{keyword}" for path, keyword, holds, _, _ in claims(schema, value, microversion) if not holds]


def test_a_good_body_fails_nothing_and_says_what_it_covered() -> None:
    """Each keyword of each field that is there gives a claim of its own."""
    body = {"id": _ID, "host": None, "image": "", "addresses": {"net": [{"version": 4}]}}
    found = {f"{path}/{keyword}" for path, keyword, holds, _, _ in claims(_SERVER, body, "2.1") if holds}
    assert {
        "/type",
        "id/required",
        "id/type",
        "id/format",
        "host/required",
        "host/type",
        "tags/since",
        "image/type",
        "addresses{}/type",
        "addresses{}[].version/enum",
    } <= found
    assert _failed(body) == []


@pytest.mark.parametrize(
    ("change", "microversion", "wrong"),
    [
        ({"id": 7}, "2.1", ["id/type"]),
        ({"id": "7"}, "2.1", ["id/format"]),
        ({"id": None}, "2.1", ["id/type"]),
        ({"tags": []}, "2.25", ["tags/since"]),
        ({"tags": []}, "2.26", []),
        ({}, "2.26", ["tags/required"]),
        ({"tags": ["long"]}, "2.60", ["tags[]/maxLength"]),
        ({"flavor": {}, "tags": []}, "2.46", []),
        ({"flavor": {}, "tags": []}, "2.47", ["flavor/until"]),
        ({"image": 3}, "2.1", ["image/type"]),
        ({"addresses": {"net": [{"version": 4}, {"version": 5}]}}, "2.1", ["addresses{}[].version/enum"]),
    ],
)
def test_each_break_is_found_at_its_own_claim(change: dict[str, Any], microversion: str, wrong: list[str]) -> None:
    """One wrong thing fails the requirement that it breaks and no other."""
    assert _failed({"id": _ID, "host": "h", **change}, microversion) == wrong


def test_a_missing_field_fails_its_presence_only() -> None:
    """Fields that are absent have no type to be wrong."""
    assert _failed({"host": "h"}) == ["id/required"]
    assert _failed({"id": _ID}) == ["host/required"]


def test_a_body_of_another_type_fails_at_the_root() -> None:
    """A list in place of an object is one failure, not one for each field."""
    assert _failed([]) == ["/type"]


@pytest.mark.parametrize("microversion", ["2.1", "2.60"])
def test_a_quick_look_sees_what_a_full_one_does(microversion: str) -> None:
    """Bodies that keep everything are not looked at in full, and the same claims are made of them; of a kind of dict they are."""
    for operation in load_contract().operations.values():
        schema = operation.response_body
        if schema is not None and isinstance(body := sample(schema), dict):
            quick, full = (judge_body(schema, one, microversion) for one in (body, OrderedDict(body)))
            assert set(quick.held) == set(full.held)
            assert quick.broken == full.broken
            assert quick.extras == full.extras


def test_undocumented_fields_are_listed_with_their_path() -> None:
    """Drift is seen at any depth, and maps have no undocumented names."""
    schema: dict[str, Any] = {
        "properties": {"servers": {"items": {"properties": {"id": {}, "meta": {"additionalProperties": {}}}}}}
    }
    body = {"servers": [{"id": 1, "new": 2, "meta": {"any": 1}}], "more": 1}
    assert list(undocumented(schema, body)) == ["servers[].new", "more"]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("uuid", _ID, "616fb98f46ca475e917e2563e5a8cd19"),
        ("date-time", "2019-05-22T07:48:19.000000", "22 May 2019"),
        ("date-time", "2019-05-22T07:48:53Z", "2019-13-22T07:48:53Z"),
        ("ipv4", "192.168.0.3", "192.168.0.300"),
        ("uri", "https://x/y", "//x"),
    ],
)
def test_every_format_can_fail(name: str, good: str, bad: str) -> None:
    """A format that could not fail would be a check that proves nothing."""
    formats().check(good, name)
    assert conforms(good, name)
    assert not conforms(bad, name)
    assert not formats().conforms(bad, name)


_CASES: dict[str, tuple[Any, Any, Any]] = {
    "equals": (1, 1, True),
    "differs": (1, 2, 2),
    "one_of": ("a", ["a"], "b"),
    "none_of": ("b", ["a"], "a"),
    "contains": (["a"], "a", ["b"]),
    "lacks": (["b"], "a", ["a"]),
    "matches": ("ab-0001", r"-\d{4}$", "ab"),
    "length": ([1], 1, []),
    "length_at_most": ([1], 1, [1, 2]),
    "at_least": (2, 2, "1"),
    "at_most": ("2", 2, 3),
    "same_items": ([2, 1], [1, 2], [1]),
    "includes": ([1, 2], [1], [2]),
    "present": (0, True, None),
    "has_one": (["a", "b"], "a", ["a", "a"]),
    "later_than": ("2026-01-01T00:00:01Z", "2026-01-01T00:00:00", "soon"),
    "time_between": ("1970-01-01T00:00:10Z", [9, 11], "1970-01-01T00:00:12Z"),
    "version_at_least": ("2.10", "2.9", "2.8"),
    "absent": (None, True, 0),
}


@pytest.mark.parametrize("name", sorted(set(TESTS) - {"present", "absent"}))
def test_every_comparison_can_hold_and_fail(name: str) -> None:
    """Each has a value that it accepts and one that it does not."""
    good, wanted, bad = _CASES[name]
    outcomes = [
        evaluate("r", Assertion("main-00001", ("body", "x"), name, wanted), exchange(body={"x": value})).outcome
        for value in (good, bad)
    ]
    assert outcomes == ["pass", "fail"]


@pytest.mark.parametrize(
    ("name", "seen", "wanted", "holds"),
    [
        ("equals", True, 1, False),
        ("equals", 1.0, 1, True),
        ("equals", {"a": [True]}, {"a": [1]}, False),
        ("equals", {"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ("equals", ["a"], {"a": 1}, False),
        ("differs", [True], [1], True),
        ("differs", [1], [1.0], False),
        ("one_of", True, [1, 2], False),
        ("one_of", {"a": 1}, [{"a": 1}], True),
        ("contains", [True], 1, False),
        ("contains", "text", 1, False),
        ("lacks", [True], 1, True),
        ("lacks", "text", 1, False),
        ("lacks", 5, 1, False),
        ("same_items", [True, 0], [0, 1], False),
        ("same_items", [1, 1, 2], [2, 1, 1.0], True),
        ("same_items", [1, 2, 2], [1, 1, 2], False),
        ("includes", [False], [0], False),
        ("includes", ["a"], ["a", "a"], False),
        ("has_one", [1, True], 1, True),
        ("has_one", [1, 1.0], 1, False),
        ("matches", "2.1\n", "^2.1$", False),
        ("matches", "a$", "^a[$]$", True),
    ],
)
def test_values_are_compared_as_json_compares_them(name: str, seen: Any, wanted: Any, holds: bool) -> None:
    """A truth value is no number wherever it stands, and a number is the same with and without a point."""
    assert TESTS[name][0](seen, wanted) is holds


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("^[a-z]+$", "abc", "abc\n"),
        (r"^\d+$", "12", "1٢"),
        (r"^a\$$", "a$", "a$\n"),
        (r"^(a|b$)", "b", "b\n"),
        ("^[$]+$", "$$", "$\n"),
    ],
)
def test_a_pattern_means_what_json_schema_says(pattern: str, good: str, bad: str) -> None:
    """A line feed at the end is a character like any other, and a digit is one of ten."""
    for verdict, text in ((True, good), (False, bad)):
        assert validator({"pattern": pattern}).is_valid(text) is verdict
        assert validator({"anyOf": [{"pattern": pattern}]}).is_valid(text) is verdict
        assert [holds for _, _, holds, _, _ in claims({"pattern": pattern}, text)] == [verdict]


def test_presence_and_absence_look_at_the_place_alone() -> None:
    """A null that is there is present."""
    there, gone = exchange(body={"x": None}), exchange(body={})
    for name, first, second in (("present", "pass", "fail"), ("absent", "fail", "pass")):
        claim = Assertion("main-00001", ("body", "x"), name, True)
        assert [evaluate("r", claim, there).outcome, evaluate("r", claim, gone).outcome] == [first, second]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (exchange(status=404, body={"error": {"code": "Ecs.0614", "message": ""}}), "not_tested"),
        (exchange(status=404, body={"itemNotFound": {"code": 404, "message": ""}}), "not_tested"),
        (exchange(status=300, body={"choices": []}), "error"),
        (exchange(status=400, body={"error": {"code": "Ecs.0012", "message": ""}}), "error"),
        (exchange(status=0, failure="the connection was reset"), "error"),
    ],
)
def test_a_refusal_shows_nothing_of_what_was_asked_about(answer: Exchange, outcome: str) -> None:
    """What an error body lacks is not absent from the thing; a lack of quota or of an answer is no verdict."""
    for name, path in (("absent", ("body", "x")), ("present", ("headers", "content-type"))):
        finding = evaluate("r", Assertion("main-00001", path, name, True), answer, {"Ecs.0012"})
        assert finding.outcome == outcome
    status = Assertion("main-00001", ("status",), "at_least", 400)
    seen = evaluate("r", status, answer, {"Ecs.0012"}).outcome
    assert seen == ("pass" if answer.refused else "error")


def test_a_star_collects_from_every_item_and_headers_ignore_case() -> None:
    """Paths go through lists and into headers."""
    shown = exchange(body={"s": [{"id": 1}, {"id": 2}]})
    assert evaluate("r", Assertion("x", ("body", "s", "*", "id"), "equals", [1, 2]), shown).outcome == "pass"
    assert (
        evaluate("r", Assertion("x", ("headers", "Content-Type"), "equals", "application/json"), shown).outcome
        == "pass"
    )


def test_a_finding_survives_the_way_through_json() -> None:
    """What a worker sends is what the controller gets."""
    finding = evaluate("r", Assertion("main-00001", ("body", "x", 0), "one_of", [1]), exchange(body={"x": [2]}))
    assert Finding.from_json(finding.to_json()) == finding


_GOOD_JOB: dict[str, Any] = {
    "status": "SUCCESS",
    "job_id": "j",
    "job_type": "t",
    "begin_time": "2016-04-25T20:04:34.604Z",
    "end_time": "2016-04-25T20:08:41.593Z",
    "error_code": None,
    "fail_reason": None,
    "entities": {
        "sub_jobs_total": 1,
        "sub_jobs": [
            {
                "status": "SUCCESS",
                "job_id": "s",
                "begin_time": "2016-04-25T20:04:35.000Z",
                "end_time": "2016-04-25T20:08:40.000Z",
                "error_code": None,
                "fail_reason": None,
            }
        ],
    },
}


def _with_sub(**change: Any) -> dict[str, Any]:
    (sub,) = _GOOD_JOB["entities"]["sub_jobs"]
    return {"entities": {"sub_jobs_total": 1, "sub_jobs": [{**sub, **change}]}}


def _claims(body: dict[str, Any], before: dict[str, Any] | None = None) -> set[tuple[str, bool]]:
    return {(rule, holds) for rule, holds, _, _ in job_claims(body, "j", before, {"Ecs.0001"})}


@pytest.mark.parametrize(
    ("change", "before", "wrong"),
    [
        ({}, None, set()),
        ({"job_id": "k"}, None, {"same-id"}),
        ({"error_code": "Ecs.0001"}, None, {"success-no-error"}),
        ({"fail_reason": ""}, None, {"success-no-error"}),
        (_with_sub(error_code="Ecs.0001"), None, {"sub-success-no-error"}),
        ({"status": "FAIL"}, None, {"fail-has-error"}),
        ({"status": "FAIL", "error_code": "Ecs.9999"}, None, {"fail-code-known"}),
        ({"begin_time": None}, None, {"begin-time"}),
        ({"end_time": None}, None, {"end-time"}),
        ({"end_time": "2016-04-25T20:04:33.000Z"}, None, {"begin-before-end", "sub-within"}),
        ({"end_time": "2016-04-25T20:08:41Z"}, None, {"time-form"}),
        (_with_sub(begin_time="2016-04-25T20:04:30.000Z"), None, {"sub-within"}),
        (_with_sub(job_id="j"), None, {"sub-job-ids"}),
        ({"entities": {**_GOOD_JOB["entities"], "sub_jobs_total": 2}}, None, {"sub-jobs-total"}),
        (_with_sub(status="FAIL"), None, {"sub-jobs-done"}),
        ({"status": "RUNNING"}, {"status": "SUCCESS"}, {"order"}),
        ({"status": "INIT"}, {"status": "RUNNING"}, {"order"}),
        ({"status": "FAIL", "error_code": "Ecs.0001"}, {"status": "SUCCESS"}, {"order"}),
        ({"status": "RUNNING"}, {"status": "INIT"}, set()),
        ({"job_type": "u"}, {"job_type": "t"}, {"stable-facts"}),
    ],
)
def test_each_rule_of_jobs_fails_by_itself(
    change: dict[str, Any], before: dict[str, Any] | None, wrong: set[str]
) -> None:
    """What is promised of job bodies is judged in every one of them, alone and against the one before."""
    assert {rule for rule, holds in _claims({**_GOOD_JOB, **change}, before) if not holds} == wrong


def test_a_job_of_any_rubbish_is_judged_and_not_stumbled_over() -> None:
    """Values without a hash and times with and without a zone are claims that fail or hold, never a crash."""
    rubbish: tuple[Any, ...] = ([], {}, [["SUCCESS"]], None, 3)
    for status in rubbish:
        assert ("success-no-error", True) not in _claims({**_GOOD_JOB, "status": status, "entities": {}})
    zoneless = {"begin_time": "2016-04-25T20:04:34.000", "end_time": "2016-04-25T20:04:33.000Z", "entities": {}}
    assert ("begin-before-end", False) in _claims({**_GOOD_JOB, **zoneless})
    assert ("time-form", False) in _claims({**_GOOD_JOB, **zoneless})


def test_the_rules_of_jobs_are_the_ones_that_are_claimed() -> None:
    """The list that coverage reads names exactly what the judge can say."""
    failed = {**_GOOD_JOB, "status": "FAIL", "error_code": "Ecs.0001"}
    assert {rule for body in (_GOOD_JOB, failed) for rule, _ in _claims(body, _GOOD_JOB)} == set(RULES)


def test_a_text_is_a_body_too() -> None:
    """Where no body is to be, a text in the place of JSON is one; its parts are not there all the same."""
    answer = exchange("nova.keypairs.delete", 200, None, response_text="ok")
    assert locate(answer, ("body",)) == "ok"
    assert locate(exchange("nova.keypairs.delete", 204, None), ("body",)) is None
    with pytest.raises(LookupError):
        locate(answer, ("body", "keypair"))
