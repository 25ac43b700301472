"""Generated requests obey the contract, or break it in the one place that they name."""

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import suites.recipes  # noqa: F401 - registers the recipes
from pytest_ecs._cases.recipe import RECIPES, Request, placeholder
from pytest_ecs._checks.formats import formats
from pytest_ecs._contract import load
from pytest_ecs.strategies import Edit, Generated, breakable, can_vary, invalid_requests, texts, valid_requests
from pytest_ecs.typing import JSON

_FEW = settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
_VARIED = [operation for operation in load().operations if can_vary(operation)]
_BROKEN = [operation for operation in load().operations if operation in RECIPES and breakable(operation)]


def _request(generated: Generated) -> Request:
    return RECIPES[generated.operation].variants[generated.variant](placeholder())


def _errors(operation: str, body: JSON) -> list[str]:
    schema = load().operations[operation].body
    if schema is None:
        return []
    return [error.message for error in Draft202012Validator(dict(schema), format_checker=formats()).iter_errors(body)]


def test_every_operation_with_a_body_or_a_query_has_generated_requests() -> None:
    """What takes something from the user has requests to try; what is left out takes ids alone, or nothing."""
    left = {
        operation.id
        for operation in load().operations.values()
        if (operation.body or operation.query) and not can_vary(operation.id)
    }
    assert left == {"ecs.disks.detach", "nova.disks.detach"}  # their one parameter is a flag that forces


@pytest.mark.parametrize("operation", _VARIED)
def test_valid_requests_obey_their_schemas(operation: str) -> None:
    """The body validates, and is the recipe's where nothing is changed."""

    @_FEW
    @seed(1)
    @given(valid_requests(operation))
    def valid(generated: Generated) -> None:
        assert _errors(operation, generated.onto(_request(generated)).body) == []
        assert generated.operation == operation
        assert set(dict(generated.query)) <= set(load().operations[operation].query)

    valid()


@pytest.mark.parametrize("operation", _BROKEN)
def test_invalid_requests_break_the_claim_that_they_name(operation: str) -> None:
    """The schema refuses the body, or the claim is one that no schema can say; what is changed is said in words."""

    @_FEW
    @seed(1)
    @given(invalid_requests(operation))
    def invalid(generated: Generated) -> None:
        requirement = load().requirements[str(generated.breaks)]
        assert requirement.operation == operation
        request = _request(generated)
        changed, change, _ = generated.broken(request)
        assert change
        assert changed != request
        if requirement.kind == "request" and "/exclusive" not in requirement.id:
            assert _errors(operation, changed.body), (requirement.id, change)

    invalid()


def test_the_recipes_request_is_left_alone() -> None:
    """A recipe's request is shared between examples."""
    request = _request(Generated("ecs.tags.add"))
    edits = (Edit(("tags", 0, "key"), "other"), Edit(("tags", "[]"), {"key": "more", "value": ""}))
    changed = Generated("ecs.tags.add", edits=edits).onto(request)
    assert [tag["key"] for tag in changed.body["tags"]] == ["other", "more"]
    assert [tag["key"] for tag in request.body["tags"]] == ["purpose"]


@pytest.mark.parametrize(
    ("edit", "body", "expected"),
    [
        (Edit(("a", "b"), 1), {"a": {}}, {"a": {"b": 1}}),
        (Edit(("a", "b"), None, "drop"), {"a": {"b": 1}}, {"a": {}}),
        (Edit(("a", "b"), None, "drop"), {"a": {}}, {"a": {}}),
        (Edit(("a",), "xy", "extend", 6), {"a": "now"}, {"a": "nowxyx"}),
        (Edit(("a",), "xy", "extend", 2), {"a": "now"}, {"a": "now"}),
        (Edit(("a", 0, "b"), 1), {"a": []}, {"a": []}),
        (Edit(("a", 3), 1), {"a": [0]}, {"a": [0]}),
    ],
)
def test_an_edit_changes_one_place(edit: Edit, body: JSON, expected: JSON) -> None:
    """A place that a body does not have is left alone, since recipes differ from target to target."""
    edit.onto(body)
    assert body == expected


@given(st.data())
@settings(deadline=None, database=None, max_examples=50)
def test_texts_keep_lengths_and_patterns_and_say_what_is_promised(data: st.DataObject) -> None:
    """Promised is what has at least one character, and only such that every table allows or this one names."""
    schema = {"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^[A-Za-z0-9_\u4e00-\u9fff-]*$"}
    text, promised = data.draw(texts(schema))
    assert Draft202012Validator(schema).is_valid(text)
    assert promised == (not set(text) - set("aZk0_9-中鿿"))
    free, _ = data.draw(texts({"maxLength": 5}))
    assert len(free) <= 5
    free.encode()


def test_bounds_and_other_scripts_are_met() -> None:
    """Among few texts are the shortest and the longest, and some in other scripts."""
    seen: set[tuple[int, bool]] = set()

    @settings(max_examples=60, deadline=None, database=None)
    @seed(1)
    @given(texts({"minLength": 1, "maxLength": 255}))
    def look(drawn: tuple[str, bool]) -> None:
        seen.add((len(drawn[0]), drawn[0].isascii()))

    look()
    assert {(1, True), (255, True)} <= seen
    assert {True, False} == {ascii_only for _, ascii_only in seen}


def test_a_pair_with_a_row_of_its_own_is_no_free_pair() -> None:
    """admin_pass and its like stand in metadata and mean something."""

    @settings(_FEW, max_examples=60)
    @seed(1)
    @given(valid_requests("ecs.servers.create", variants=["reserved"]))
    def reserved(generated: Generated) -> None:
        changed = generated.onto(_request(generated)).body["server"]
        assert changed["metadata"]["admin_pass"] == _request(generated).body["server"]["metadata"]["admin_pass"]

    reserved()


def test_what_is_promised_has_nothing_else() -> None:
    """Only-promised requests change names, descriptions, tags and metadata, and never the query."""

    @settings(_FEW, max_examples=40)
    @seed(1)
    @given(valid_requests("ecs.tags.add", only_promised=True))
    def promised(generated: Generated) -> None:
        assert generated.promised
        assert generated.query == ()
        assert "x-conformance" not in generated.change

    promised()
