"""The OpenAPI document of the contract."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pytest_ecs._contract import Contract, load, sample
from pytest_ecs._contract.openapi import openapi


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


def test_it_is_valid(document: dict[str, Any]) -> None:
    """As the specification of OpenAPI 3.1 demands."""
    validate(document)


def test_every_operation_is_in_it_once(contract: Contract, document: dict[str, Any]) -> None:
    """Those of a shared URL too, and no two have one operationId."""
    listed = Counter(name for _, _, operation in _operations(document) for name in operation["x-ecs-operations"])
    assert listed == Counter(contract.operations.keys())
    names = Counter(operation["operationId"] for _, _, operation in _operations(document))
    assert set(names.values()) == {1}


def test_paths_differ_in_more_than_names(document: dict[str, Any]) -> None:
    """OpenAPI takes templates that differ only in the names of parameters for one."""
    bare = Counter("/".join("{}" if part.startswith("{") else part for part in p.split("/")) for p in document["paths"])
    assert set(bare.values()) == {1}


def test_examples_are_what_their_schemas_admit(contract: Contract, document: dict[str, Any]) -> None:
    """Each request example fits its own operation alone, also where others share the URL."""
    seen = 0
    for _, _, operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {"examples": {}})
        schemas = content.get("schema", {}).get("oneOf", [content.get("schema")])
        for name, shown in content["examples"].items():
            fitting = [schema for schema in schemas if Draft202012Validator(schema).is_valid(shown["value"])]
            assert fitting == [dict(contract.operations[name].body or {})], name
            seen += 1
    assert seen == sum(operation.body is not None for operation in contract.operations.values())


def test_answers_have_examples_that_fit(contract: Contract) -> None:
    """An example that breaks its own schema would teach the wrong thing."""
    for operation in contract.operations.values():
        if operation.response_body is not None:
            schema = dict(operation.response_body)
            assert list(Draft202012Validator(schema).iter_errors(sample(schema))) == [], operation.id


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
