"""The OpenAPI document of the contract."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pytest_ecs._contract import Contract, load, sample
from pytest_ecs._contract.model import Microversions
from pytest_ecs._contract.openapi import Known, openapi
from pytest_ecs._contract.openapi.schemas import answered, asked


@pytest.fixture(scope="module")
def contract() -> Contract:
    """Return the contract of this package."""
    return load()


@pytest.fixture(scope="module")
def document(contract: Contract) -> dict[str, Any]:
    """Return its OpenAPI document."""
    return openapi(contract)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in item.keys() - {"parameters", "servers"}:
            yield path, method, item[method]


def _schemas(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of a document with the place where it stands."""
    if isinstance(value, dict):
        if value.keys() & {"type", "properties", "enum", "anyOf", "oneOf"} and not place.endswith("/properties"):
            yield place, value
        for key, inner in value.items():
            if key not in {"example", "examples", "securitySchemes"}:
                yield from _schemas(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _schemas(inner, f"{place}/{index}")


def test_it_is_valid(document: dict[str, Any]) -> None:
    """As the specification of OpenAPI 3.1 demands."""
    validate(document)


def test_every_operation_is_in_it_once(contract: Contract, document: dict[str, Any]) -> None:
    """Those of a shared URL too, and no two have one operationId."""
    listed = Counter(name for _, _, operation in _operations(document) for name in operation["x-ecs-operations"])
    assert listed == Counter(contract.operations.keys())
    names = Counter(operation["operationId"] for _, _, operation in _operations(document))
    assert set(names.values()) == {1}


def test_summaries_are_titles(document: dict[str, Any]) -> None:
    """Tools show them in menus; what many actions share one URL for stands in the description."""
    assert max(len(operation["summary"]) for _, _, operation in _operations(document)) <= 80
    shared = document["paths"]["/v2.1/{project_id}/servers/{server_id}/action"]["post"]
    assert shared["summary"] == f"One of {len(shared['x-ecs-operations'])} actions, which the body names"


def test_paths_differ_in_more_than_names(document: dict[str, Any]) -> None:
    """OpenAPI takes templates that differ only in the names of parameters for one."""
    bare = Counter("/".join("{}" if part.startswith("{") else part for part in p.split("/")) for p in document["paths"])
    assert set(bare.values()) == {1}


def test_examples_of_requests_fit_one_schema(contract: Contract, document: dict[str, Any]) -> None:
    """Each request example fits its own operation alone, also where others share the URL."""
    seen = 0
    for _, _, operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {"examples": {}})
        schemas = content.get("schema", {}).get("oneOf", [content.get("schema")])
        own = [name for name in operation["x-ecs-operations"] if contract.operations[name].body]
        for name, shown in content["examples"].items():
            fitting = [name for name, schema in zip(own, schemas, strict=True) if _fits(schema, shown["value"])]
            assert fitting == [name]
            seen += 1
    assert seen == sum(operation.body is not None for operation in contract.operations.values())


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


def test_examples_of_answers_fit(document: dict[str, Any]) -> None:
    """An example that breaks its own schema would teach the wrong thing."""
    seen = 0
    for _, _, operation in _operations(document):
        for response in operation["responses"].values():
            content = response.get("content", {}).get("application/json", {"examples": {}})
            for name, shown in content["examples"].items():
                assert _fits(content["schema"], shown["value"]), name
                seen += 1
    assert seen


def test_fields_of_some_microversions_are_not_demanded(document: dict[str, Any]) -> None:
    """A client that asks for none would find them missing; the description says where they are."""
    seen = 0
    for _, schema in _schemas(document):
        for name, field in schema.get("properties", {}).items():
            for bound, word in (("x-since", "from microversion"), ("x-until", "before microversion")):
                if bound in field:
                    assert name not in schema.get("required", ())
                    assert f"{word} {field[bound]}" in field["description"]
                    seen += 1
    assert seen > 50


def test_fields_that_all_microversions_of_an_operation_have_are_demanded() -> None:
    """What was added before the operation was, or goes when it goes, is always there."""
    old = {"type": "string", "x-since": "2.3"}
    body = {"type": "object", "required": ["old"], "properties": {"old": old}}
    assert answered(body, Microversions("2.26", None))["required"] == ["old"]
    assert "required" not in answered(body, Microversions(None, "2.26"))
    gone = {"type": "object", "required": ["gone"], "properties": {"gone": {"type": "string", "x-until": "2.44"}}}
    assert answered(gone, Microversions(None, "2.44"))["required"] == ["gone"]
    assert "required" not in answered(gone, Microversions())


def test_no_enumeration_has_a_word_in_two_cases(document: dict[str, Any]) -> None:
    """Generators make names of the words, and one name of two that differ in case alone."""
    for place, schema in _schemas(document):
        words = Counter(word.lower() if isinstance(word, str) else word for word in schema.get("enum", ()))
        assert set(words.values()) <= {1}, place


def test_words_in_two_cases_become_two_lists() -> None:
    """Both are admitted, and nothing else is."""
    made = answered({"type": "string", "description": "State", "enum": ["ACTIVE", "ERROR", "active"]}, Microversions())
    assert made == {
        "description": "State",
        "anyOf": [{"type": "string", "enum": ["ACTIVE", "ERROR"]}, {"type": "string", "enum": ["active"]}],
    }


def test_arrays_say_what_they_hold(document: dict[str, Any]) -> None:
    """Even those that are always empty: tools refuse an array without."""
    for place, schema in _schemas(document):
        assert "items" in schema or schema.get("type") != "array", place


def test_times_need_no_zone(document: dict[str, Any]) -> None:
    """date-time would demand the zone that the reference's own examples lack."""
    assert not [place for place, schema in _schemas(document) if schema.get("format") == "date-time"]
    time = answered({"type": "string", "format": "date-time"}, Microversions())
    assert _fits(time, "2014-12-16T10:58:14.000000")
    assert _fits(time, "2025-01-07T08:00:00Z")
    assert not _fits(time, "yesterday")


def test_answers_demand_no_more_than_musts() -> None:
    """Tools know no "should", so that a claim of that level would be read as a must; requests keep it."""
    loose = {"type": "string", "format": "uuid", "x-levels": {"format": "should"}}
    assert answered(loose, Microversions()) == {"type": "string"}
    assert asked(loose, Microversions(), {}) == {"type": "string", "format": "uuid"}


def test_each_status_of_refusal_is_listed(contract: Contract, document: dict[str, Any]) -> None:
    """By itself, so that a tool knows which are documented; the forms are those that the operation may use."""
    refusals = {str(status) for status in contract.statuses if status >= 400}
    for path, method, operation in _operations(document):
        assert operation["responses"].keys() >= refusals, (method, path)
        assert "default" not in operation["responses"]
        response = document["components"]["responses"][operation["responses"]["404"]["$ref"].rpartition("/")[2]]
        forms = {form["$ref"] for form in response["content"]["application/json"]["schema"]["anyOf"]}
        assert forms <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    either = [o.id for o in contract.operations.values() if set(o.envelopes) == {"ecs", "nova"}]
    assert either
    for _, _, operation in _operations(document):
        if set(either) & set(operation["x-ecs-operations"]):
            assert operation["responses"]["404"]["$ref"].endswith("/error-ecs-nova-404")


def test_no_form_of_errors_stands_twice(document: dict[str, Any]) -> None:
    """Two models of one form would have one name in generated code."""
    forms = [str(form) for form in document["components"]["schemas"].values()]
    assert len(forms) == len(set(forms))


def test_a_body_of_no_claimed_type_may_be_a_page(document: dict[str, Any]) -> None:
    """Adding a tag (6.15.4) is answered in HTML, unless JSON is asked for; nothing else is."""
    found = [
        (path, method)
        for path, item in document["paths"].items()
        for method, one in item.items()
        if isinstance(one, dict)
        for answer in one.get("responses", {}).values()
        if "text/html" in answer.get("content", {})
    ]
    assert set(found) == {("/v2.1/{project_id}/servers/{server_id}/tags/{tag}", "put")}


def test_answers_without_a_body_have_no_content(contract: Contract, document: dict[str, Any]) -> None:
    """Nor do those that have one only sometimes: a client would fail to read what is not there."""
    for _, _, operation in _operations(document):
        empty = [name for name in operation["x-ecs-operations"] if contract.operations[name].response_body is None]
        for status, response in operation["responses"].items():
            if status == "204" or (empty and status == "202"):
                assert "content" not in response, (operation["operationId"], status)
    action = document["paths"]["/v2.1/{project_id}/servers/{server_id}/action"]["post"]["responses"]
    assert action["202"]["x-ecs-answers"].keys() >= {"nova.servers.rebuild", "nova.servers.create-image"}
    create = document["paths"]["/v1/{project_id}/cloudservers"]["post"]["responses"]
    assert "content" in create["200"]
    assert "content" not in create["202"], "a dry run answers 202 without a body"


@pytest.mark.parametrize(("version", "exists"), [("2.1", True), ("2.60", True), ("2.0", False), ("2.958433", False)])
def test_microversions_are_those_that_exist(document: dict[str, Any], version: str, exists: bool) -> None:
    """Others are refused, so that a tool that sends them learns nothing."""
    rows = document["paths"]["/v2.1/{project_id}/servers"]["get"]["parameters"]
    (header,) = (row for row in rows if row["name"] == "X-OpenStack-Nova-API-Version")
    assert _fits(header["schema"], version) is exists


def test_a_known_target_is_filled_in(contract: Contract) -> None:
    """Its URLs, its ids and its microversions; what is not known of it stays open."""
    known = Known(
        endpoint="https://ecs.invalid",
        iam="https://iam.invalid",
        parameters={"project_id": "p1"},
        references={"image": "i1"},
        microversion="2.30",
    )
    document = openapi(contract, known)
    validate(document)
    assert document["servers"][0]["url"] == "https://ecs.invalid"
    assert document["paths"]["/v3/auth/tokens"]["servers"][0]["url"] == "https://iam.invalid"
    item = document["paths"]["/v2.1/{project_id}/servers/{server_id}"]
    schemas = {row["name"]: row["schema"] for row in item["parameters"]}
    assert schemas["project_id"]["enum"] == ["p1"]
    assert "enum" not in schemas["server_id"]
    create = document["paths"]["/v1/{project_id}/cloudservers"]["post"]["requestBody"]["content"]["application/json"]
    assert create["examples"]["ecs.servers.create"]["value"]["server"]["imageRef"] == "i1"
    tags = document["paths"]["/v2.1/{project_id}/servers/{server_id}/tags"]["get"]["parameters"]
    (header,) = (row for row in tags if row["name"] == "X-OpenStack-Nova-API-Version")
    assert header["schema"]["enum"] == ["2.26", "2.27", "2.28", "2.29", "2.30"]


def test_what_needs_credentials_says_so(contract: Contract, document: dict[str, Any]) -> None:
    """Both ways to authenticate are offered, and asking for a token needs none."""
    needed = {operation["operationId"]: operation["security"] for _, _, operation in _operations(document)}
    assert needed["iam.tokens.create"] == []
    assert needed["ecs.servers.create"] == [{"token": []}, {"signature": []}]


def test_limits_of_microversions_are_told(contract: Contract, document: dict[str, Any]) -> None:
    """By an extension for programs and in words for people."""
    limited = {
        o.id: o.microversions for o in contract.operations.values() if o.microversions != type(o.microversions)()
    }
    told = {
        name: limits
        for _, _, operation in _operations(document)
        for name, limits in operation.get("x-ecs-microversions", {}).items()
    }
    assert told == {name: {"since": m.since, "until": m.until} for name, m in limited.items()}


def test_a_text_that_nothing_fits_is_no_sample() -> None:
    """Rather no document than one with a wrong example."""
    with pytest.raises(ValueError, match="no sample"):
        sample({"type": "string", "pattern": "^never$", "maxLength": 2})
