"""The contract against the headings and examples of the document (``tests/reference/``)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from pytest_ecs._checks.body import claims, undocumented
from pytest_ecs._checks.formats import formats
from pytest_ecs._contract import Contract, Operation, Schema, load, schema_at
from pytest_ecs._contract.versions import covers, version_key

_REFERENCE = Path(__file__).parents[2] / "reference"

#: Rows of 9.2 that are not one row for one operation -> the ruling that says why. (method, URL, action)
_UNEVEN = {
    ("POST", "/v1/{}/cloudservers", "ecs:cloudServers:create"): "create-permission-rows",
    ("POST", "/v2/{}/os-volumes_boot", "ecs:servers:create"): "os-volumes-boot-alias",
    ("POST", "/v2.1/{}/os-volumes_boot", "ecs:servers:create"): "os-volumes-boot-alias",
}


#: Fields of examples that take any value, as the document says of them or as a ruling does.
_UNTYPED = {
    "5.10.1 response server_group.members",  # always empty
    "6.12.1 response server_group.members",
    "6.3.6 request rebuild.metadata{}",
    "6.3.6 response server.metadata{}",
    "11.4.4 request volume.metadata{}",
    "11.4.4 response volume.metadata{}",
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    """Return the contract of this package."""
    return load()


@pytest.fixture(scope="module")
def sections() -> list[dict[str, Any]]:
    """Return the sections that document an operation."""
    return _read("sections.json")


@pytest.fixture(scope="module")
def examples() -> list[dict[str, Any]]:
    """Return the JSON examples."""
    return _read("examples.json")


@pytest.fixture(scope="module")
def deviating() -> dict[str, list[dict[str, Any]]]:
    """Return the examples that a ruling explains."""
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load((_REFERENCE / "deviating.yaml").read_text("utf-8"))
    return found


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_REFERENCE / name).read_text("utf-8"))
    return rows


def _by_section(contract: Contract) -> dict[str, Operation]:
    return {operation.section: operation for operation in contract.operations.values()}


def _url(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


# Headings


def test_the_document_has_as_many_operations_as_it_has_sections_with_a_uri(sections: list[dict[str, Any]]) -> None:
    """Counted by hand: two calls of IAM, and chapters 5, 6 and 11."""
    assert Counter(row["section"].partition(".")[0] for row in sections) == {
        "4": 1,
        "5": 29,
        "6": 65,
        "10": 1,
        "11": 29,
    }


def test_each_section_is_one_operation(contract: Contract, sections: list[dict[str, Any]]) -> None:
    """None is missing, none is there twice, and none has a section that documents no operation."""
    found = Counter(operation.section for operation in contract.operations.values())
    wanted = Counter(row["section"] for row in sections)
    assert sorted((found - wanted).elements()) == []
    assert sorted((wanted - found).elements()) == []


def test_an_operation_has_the_method_and_the_url_of_its_section(
    contract: Contract, sections: list[dict[str, Any]]
) -> None:
    """Names of parameters apart, which the document gives one and the same thing many of."""
    documented = {row["section"]: (row["method"], _url(row["path"])) for row in sections}
    found = {op.section: (op.method, _url(op.path)) for op in contract.operations.values()}
    assert found == {section: documented[section] for section in found}


def test_an_operation_has_every_parameter_of_the_query_in_its_uri(
    contract: Contract, sections: list[dict[str, Any]]
) -> None:
    """Tables may have more of them."""
    operations = _by_section(contract)
    lacking = {
        row["section"]: sorted(set(row["query"]) - operations[row["section"]].query.keys())
        for row in sections
        if row["section"] in operations
    }
    assert {section: names for section, names in lacking.items() if names} == {}


def test_a_request_that_a_section_writes_out_is_one_of_its_operation(
    contract: Contract, sections: list[dict[str, Any]]
) -> None:
    """Whoever copies it gets what the section describes."""
    operations = _by_section(contract)
    astray = {}
    for row in sections:
        operation = operations.get(row["section"])
        for call in row["calls"] if operation else ():
            assert operation is not None
            method, _, path = call.partition(" ")
            key, _, value = (operation.selects or "").partition("=")
            match = contract.match(method, path, {key: value or {}})
            if match is None or match[0] is not operation:
                astray[row["section"]] = call
    assert astray == {}


# Examples


def test_every_example_is_json_or_says_why_not(examples: list[dict[str, Any]]) -> None:
    """And has an id of its own, in the order of the document."""
    assert len({row["id"] for row in examples}) == len(examples)
    assert [row["line"] for row in examples] == sorted(row["line"] for row in examples)
    for row in examples:
        assert (row["json"] is None) == bool(row.get("why")), row["id"]
        assert row["id"].startswith(f"{row['section']}/{row['direction']}/")


def test_every_example_belongs_to_an_operation(examples: list[dict[str, Any]], sections: list[dict[str, Any]]) -> None:
    """But those of 10.4, which speaks of operations that the document does not have."""
    known = {row["section"] for row in sections}
    assert {row["id"] for row in examples if row["of"] not in known} == {"10.4.1/response/1", "10.4.1/error/1"}


def test_an_example_is_what_its_operation_documents(
    contract: Contract, examples: list[dict[str, Any]], deviating: dict[str, list[dict[str, Any]]]
) -> None:
    """Or a ruling explains every field that is not; one that no longer deviates is taken off the list."""
    here = [row for row in examples if row["of"] in _by_section(contract)]
    found = {row["id"]: _deviations(contract, row) for row in here}
    listed = {name: sorted(field for entry in rows for field in entry["fields"]) for name, rows in deviating.items()}
    assert {name: fields for name, fields in found.items() if fields} == {
        row["id"]: listed[row["id"]] for row in here if row["id"] in listed
    }


def test_an_example_with_other_values_is_not_what_its_operation_documents(
    contract: Contract, examples: list[dict[str, Any]]
) -> None:
    """Each field of an example is claimed something of: another type in its place is noticed."""
    silent = set()
    for row in examples:
        operation = _by_section(contract).get(row["of"])
        if operation is None or row["direction"] == "error":
            continue
        for steps in () if _deviations(contract, row) else _leaves(row["json"]):
            if not _deviations(contract, {**row, "json": _with(row["json"], steps, [["neither"]])}):
                schema = operation.body if row["direction"] == "request" else operation.response_body
                silent.add(f"{row['of']} {row['direction']} {_dotted(schema or {}, steps)}")
    assert silent == {place for place in _UNTYPED if place.split()[0] in _by_section(contract)}


def _leaves(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for step, inner in _members(value):
        yield from _leaves(inner, (*steps, step))
    if not value or not isinstance(value, Mapping | list):
        yield steps


def _with(value: Any, steps: tuple[str | int, ...], other: Any) -> Any:
    """Return *value* with *other* at the place that *steps* lead to."""
    if not steps:
        return other
    changed: Any = dict(value) if isinstance(value, Mapping) else list(value)
    changed[steps[0]] = _with(value[steps[0]], steps[1:], other)
    return changed


def test_a_deviating_example_has_a_ruling(
    contract: Contract, examples: list[dict[str, Any]], deviating: dict[str, list[dict[str, Any]]]
) -> None:
    """One that exists and speaks of the section of the example."""
    places = {row["id"]: row for row in examples}
    for name, rows in deviating.items():
        assert all(row.keys() == {"ruling", "fields"} and row["fields"] for row in rows), name
        if places[name]["of"] in _by_section(contract):
            for row in rows:
                spoken_of = contract.rulings[row["ruling"]].section.split(", ")
                assert places[name]["section"] in spoken_of, (name, row["ruling"])


def test_a_field_that_every_example_of_a_section_shows_is_required(
    contract: Contract, examples: list[dict[str, Any]]
) -> None:
    """Not less, unless the text calls it optional or a ruling says why (docs/contract.md, x-expected)."""
    shown: dict[str, list[Any]] = {}
    for row in examples:
        if row["direction"] == "response" and row["of"] == row["section"] and "fragment" not in row["repairs"]:
            shown.setdefault(row["of"], []).append(row["json"])
    less = set()
    for section, operation in _by_section(contract).items():
        absent: dict[str, bool] = {}
        for value in shown.get(section, ()):
            for path, there in _not_required(operation.response_body or {}, value, ""):
                absent[path] = absent.get(path, False) or not there
        less |= {f"{section} {path}" for path, once in absent.items() if not once}
    assert not less


def _not_required(schema: Schema, value: Any, path: str) -> Iterator[tuple[str, bool]]:
    """Yield each field without a ruling that an object in *value* may lack, and whether it is there."""
    if isinstance(value, Mapping):
        for name, field in schema.get("properties", {}).items():
            ruled = "x-ruling" in field or ("x-ruling" in schema and name in schema.get("x-expected", ()))
            if name not in schema.get("required", ()) and not ruled:
                yield f"{path}.{name}".lstrip("."), name in value
    for step, inner in _members(value):
        yield from _not_required(_inner(schema, step), inner, _dotted(schema, [step], path))


def _expected(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """Yield each field of an object in *value* that need not be in an example."""
    if isinstance(value, Mapping):
        yield from (f"{path}.{name}".lstrip(".") for name in schema.get("x-expected", ()))
    for step, inner in _members(value):
        yield from _expected(_inner(schema, step), inner, _dotted(schema, [step], path))


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _deviations(contract: Contract, row: Mapping[str, Any]) -> list[str]:
    """Return what does not fit, at the microversion at which least of it does not, as ``<path>/<keyword>``."""
    operation = _by_section(contract).get(row["of"])
    if operation is None:
        return []
    if row["direction"] == "error":
        # 4.3 shows what a gateway answers, everything else what the service does.
        schema = contract.envelopes["gateway" if operation.chapter == "iam" else operation.dialect]
        return sorted(_of_response(schema, row["json"], "2.1"))
    schemas = {"request": operation.body, "response": operation.response_body}
    schema_ = schemas[row["direction"]]
    if schema_ is None:
        return ["/undocumented"]
    known = operation.microversions
    versions = {"2.1", known.since or "2.1", *_marks(schema_)}
    # An example that is only part of a body, such as one in the text of a table, lacks the rest of it.
    part = "fragment" in row["repairs"]
    ways: list[set[str]] = [
        {
            field
            for field in (_of_request if row["direction"] == "request" else _of_response)(schema_, row["json"], version)
            if not (part and field.endswith("/required"))
        }
        for version in sorted(versions, key=version_key)
        if covers(known.since, known.until, version)
    ]
    best = min(ways, key=len)
    return sorted(best)


def _marks(schema: Any) -> Iterator[str]:
    """Yield the microversions at which something in *schema* comes or goes."""
    if isinstance(schema, Mapping):
        yield from (schema[key] for key in ("x-since", "x-until") if isinstance(schema.get(key), str))
    for inner in schema.values() if isinstance(schema, Mapping) else schema if isinstance(schema, list) else ():
        yield from _marks(inner)


def _of_response(schema: Schema, value: Any, version: str) -> set[str]:
    expected = {f"{path}/required" for path in _expected(schema, value)}
    fields = {f"{path}/{keyword}" for path, keyword, holds, _, _ in claims(schema, value, version) if not holds}
    fields -= expected
    return fields | {f"{path}/undocumented" for path in undocumented(schema, value)}


def _of_request(schema: Schema, value: Any, version: str) -> set[str]:
    at = schema_at(schema, version)
    errors = Draft202012Validator(dict(at), format_checker=formats()).iter_errors(value)
    fields = {field for error in errors for field in _fields(at, error)}
    fields |= {f"{path}/exclusive" for path in _exclusive(at, value)}
    return fields | {f"{path}/undocumented" for path in undocumented(at, value)}


def _fields(schema: Schema, error: ValidationError) -> Iterator[str]:
    path = _dotted(schema, error.absolute_path)
    if error.validator != "required":
        yield f"{path}/{error.validator}"
        return
    assert isinstance(error.instance, Mapping)
    names: Any = error.validator_value
    yield from (f"{path}.{name}".lstrip(".") + "/required" for name in names if name not in error.instance)


def _dotted(schema: Schema, steps: Iterable[str | int], path: str = "") -> str:
    """Return the place that *steps* lead to from *path*, the way that ids of requirements write it."""
    for step in steps:
        if isinstance(step, int):
            path += "[]"
        else:
            path += f".{step}" if step in schema.get("properties", {}) else "{}"
        schema = _inner(schema, step)
    return path.lstrip(".")


def _inner(schema: Schema, step: str | int) -> Schema:
    inner = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
    found: Schema = inner or (schema.get("additionalProperties") if isinstance(step, str) else None) or {}
    return found


def _exclusive(schema: Schema, value: Any, path: str = "") -> Iterator[str]:
    """Yield each object in *value* that has two fields that cannot be set together."""
    if isinstance(value, Mapping):
        for group in schema.get("x-exclusive", ()):
            if len([name for name in group if name in value]) > 1:
                yield path
    for step, inner in _members(value):
        yield from _exclusive(_inner(schema, step), inner, _dotted(schema, [step], path))


# Permissions


def test_a_row_of_9_2_is_one_of_an_operation(contract: Contract) -> None:
    """As many rows as operations for each URL and action, or a ruling says why not.

    That an operation's action is one of its URL's rows is checked when the contract is loaded.
    """
    rows = Counter((row.method, _url(row.path), row.action) for row in contract.permissions)
    held = Counter(
        (operation.method, _url(path), operation.permission)
        for operation in contract.operations.values()
        for path in {operation.path, *(alias.path for alias in operation.aliases if alias.id != "v2")}
        if operation.permission is not None
    )
    uneven = {key for key in rows | held if rows[key] != held[key]}
    assert {" ".join(key) for key in uneven} == {" ".join(key) for key in _UNEVEN}
    assert set(_UNEVEN.values()) <= contract.rulings.keys()


# Schemas


def _schemas(contract: Contract) -> Iterator[tuple[str, Schema]]:
    for operation in contract.operations.values():
        for part in ("query", "headers", "response_headers"):
            for name, schema in getattr(operation, part).items():
                yield f"{operation.id} {part} {name}", schema
        for part in ("body", "response_body"):
            if getattr(operation, part) is not None:
                yield f"{operation.id} {part}", getattr(operation, part)
    for name, schema in contract.envelopes.items():
        yield f"envelope {name}", schema


def test_every_schema_is_one_of_draft_2020_12(contract: Contract) -> None:
    """With every reference in place; words of our own are for us alone."""
    for name, schema in _schemas(contract):
        Draft202012Validator.check_schema(dict(schema))
        assert schema.keys() - {"x-ruling"}, f"{name} says nothing"


def test_a_default_is_a_value_that_its_schema_allows(contract: Contract) -> None:
    """A client that sends it is answered like one that leaves the field out."""
    wrong = [
        f"{name}: {inner['default']!r}"
        for name, schema in _schemas(contract)
        for inner in _every(schema)
        if "default" in inner
        and not Draft202012Validator(dict(inner), format_checker=formats()).is_valid(inner["default"])
    ]
    assert wrong == []


def _every(schema: Schema) -> Iterator[Schema]:
    yield schema
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(schema.get(keyword), Mapping):
            yield from _every(schema[keyword])
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from _every(inner)
