"""The field tables of the document, transcribed a second time by somebody who did not see the contract.

``tests/reference/tables.json`` has them. Where the two differ, a ruling at that place explains the reading, or the
difference stands in ``tests/reference/settled.yaml`` with what the text says; a ``*`` there stands for anything.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from pytest_ecs._contract import Contract, Operation, load
from pytest_ecs._contract.fields import Field, walk

_HOME = Path(__file__).parents[2] / "reference"
_TABLES: list[dict[str, Any]] = json.loads((_HOME / "tables.json").read_text(encoding="utf-8"))
_SETTLED: dict[str, str] = yaml.safe_load((_HOME / "settled.yaml").read_text(encoding="utf-8"))
_TYPES = {
    "string": "string",
    "integer": "integer",
    "int": "integer",
    "boolean": "boolean",
    "object": "object",
    "dict": "object",
    "array of objects": "array",
    "array of object": "array",
    "array of strings": "array",
    "list(dict)": "array",
    "array": "array",
    "list": "array",
    "null": "null",
    "float": "number",
    "map<string,string>": "object",
}
_BOUNDS = {
    "enum": "enum",
    "min": "minimum",
    "max": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "since": "x-since",
    "until": "x-until",
}


class Difference(NamedTuple):
    """A place that the two transcriptions read in two ways."""

    section: str
    part: str
    path: str
    what: str
    ruling: str | None

    @property
    def id(self) -> str:
        """What settles it is found by."""
        return f"{self.section} {self.part} {self.path}: {self.what}"


def _operation(contract: Contract, table: Mapping[str, Any]) -> Operation:
    found = [o for o in contract.operations.values() if o.section == table["section"] and o.method == table["method"]]
    assert found, f"the contract has no {table['method']} of {table['section']}"
    return found[0]


def _fields(operation: Operation, part: str) -> dict[str, Field]:
    if part == "query":
        return {name: next(walk(schema, operation.section)) for name, schema in operation.query.items()}
    body = operation.body if part == "request" else operation.response_body
    found = {} if body is None else {field.path: field for field in walk(body, operation.section)}
    if part == "response":
        for name, schema in operation.response_headers.items():
            found[name] = next(walk(schema, operation.section))
    return found


def _differences(contract: Contract, table: Mapping[str, Any]) -> Iterator[Difference]:
    operation = _operation(contract, table)

    def made(part: str, path: str, what: str, field: Field | None = None) -> Difference:
        rulings = (field.schema.get("x-ruling"), (field.parent or {}).get("x-ruling")) if field else ()
        return Difference(operation.section, part, path, what, next((r for r in rulings if r), None))

    if operation.path != table["path"]:
        yield Difference(operation.section, "url", "", f"{table['path']}, {operation.path}", operation.ruling)
    spans = {"since": operation.microversions.since, "until": operation.microversions.until}
    if spans != table["microversion"]:
        yield Difference(operation.section, "url", "", f"{table['microversion']}, {spans}", operation.ruling)
    for part in ("request", "query", "response"):
        fields = _fields(operation, part)
        rows = {row["path"]: row for row in table["rows"] if row["part"] == part}
        for path, row in rows.items():
            field = fields.get(path)
            if field is not None:
                yield from (made(part, path, what, field) for what in _compared(row, field, rows, fields))
            elif row.get("type") is not None or not path.endswith("{}"):
                yield made(part, path, "only in the second transcription")
        for path, field in fields.items():
            if path and path not in rows and not path.endswith(("[]", "{}")):
                yield made(part, path, "only in the contract", field)


def _compared(
    row: Mapping[str, Any], field: Field, rows: Mapping[str, Any], fields: Mapping[str, Field]
) -> Iterator[str]:
    schema, request = field.schema, row["part"] == "request"
    types, wanted = _types_of(schema), _TYPES.get(str(row.get("type")).lower())
    if wanted and types and (wanted not in types or (row["part"] != "query" and types - {wanted, "null"})):
        yield f"type {row['type']}, {' or '.join(sorted(types))}"
    if request and "mandatory" in row and row["mandatory"] != field.required:
        yield f"mandatory {row['mandatory']}, {field.required}"
    above = row["path"].rpartition(".")[0].removesuffix("[]").removesuffix("{}")
    if row["part"] == "response" and row.get("table") and not row["path"].endswith("{}"):
        # An object that the example does not show demands its fields all the same where it is there.
        shown = row.get("in_example")
        hidden = shown is False and rows.get(above, {}).get("in_example", True) is False
        if shown is not None and not hidden and shown != field.required and field.parent is not None:
            yield f"in the example {shown}, demanded {field.required}"
    inner = schema.get("items", {}) if str(row.get("type")).lower().startswith("array of str") else {}
    for ours, keyword in _BOUNDS.items():
        there = row.get(ours)
        here = schema.get(keyword, inner.get(keyword))
        if ours == "enum" and there and here:
            there, here = sorted(map(str, there)), sorted(map(str, here))
        if there == here or _understood(ours, there, here, row, above, fields):
            continue
        yield f"{keyword} {there}, {here}"


def _understood(
    bound: str, there: Any, here: Any, row: Mapping[str, Any], above: str, fields: Mapping[str, Field]
) -> bool:
    """Whether a difference is one of notation: a text that may be empty, an id that is never so, a limit from above."""
    if bound in {"min_length", "min_items"} and there in (0, None) and here is None:
        return True
    if row["part"] == "response" and there is None and (bound, here) in (("min_length", 1), ("min", 0)):
        return True
    around = fields.get(above)
    while bound in {"since", "until"} and around is not None and above:
        if around.schema.get(f"x-{bound}") == there:
            return True
        above = above.rpartition(".")[0].removesuffix("[]").removesuffix("{}")
        around = fields.get(above)
    return False


def _types_of(schema: Mapping[str, Any]) -> set[str]:
    branches = schema.get("anyOf", [schema])
    return {one for branch in branches for one in _listed(branch.get("type", schema.get("type", [])))}


def _listed(types: Any) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


def _fits(difference: Difference, place: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, place.split("*"))), difference.id) is not None


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: str(table["section"]))
def test_two_transcriptions_say_the_same(table: dict[str, Any]) -> None:
    """Or a ruling, or the text, says which one is right."""
    found = list(_differences(load(), table))
    assert [d.id for d in found if d.ruling is None and not any(_fits(d, place) for place in _SETTLED)] == []


def test_nothing_is_settled_that_does_not_differ() -> None:
    """An entry whose difference is gone would hide the next one."""
    found = [d for table in _TABLES for d in _differences(load(), table)]
    assert [place for place in _SETTLED if not any(_fits(d, place) for d in found)] == []
    assert all(_SETTLED.values())


def test_every_operation_was_transcribed_twice() -> None:
    """Chapter 4 and 10.2 have no tables, only examples."""
    twice = Counter((table["section"], table["method"]) for table in _TABLES)
    bound = [o for o in load().operations.values() if o.chapter != "iam"]
    assert twice == Counter((o.section, o.method) for o in bound)
