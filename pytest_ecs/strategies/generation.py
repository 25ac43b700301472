"""What may be changed in a request that obeys the contract, and what it may be changed to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from pytest_ecs._cases.mutation import place_of
from pytest_ecs._cases.recipe import RECIPES, Request, placeholder, shape
from pytest_ecs._checks.formats import validator
from pytest_ecs._contract import Contract, load
from pytest_ecs._contract.fields import Field, fields_of
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._types import JSON
from pytest_ecs.strategies.edit import Edit, Generated

__all__ = ["places_of", "queries_of", "texts", "valid_of"]

#: Characters that names, descriptions, tags and metadata may have wherever the document names some.
_PLAIN = "aZk0_9-"
#: Characters of other scripts and with other meanings, as far as a schema's pattern admits them.
_OTHER = "中鿿äßñЖשع字 .,:;/@#~'\"\\{}|\u00a0\u0301\u200d\u202e😀<>"
#: Characters that a table names itself count as promised, too.
_NAMED = "中鿿"
#: Longest text that is generated where a schema admits a longer one.
_LONGEST = 400
#: Fields whose text means nothing to the endpoint.
_FREE = frozenset({"name", "description", "display_name", "display_description", "key", "value", "tags[]"})
#: How many of something are made: a check-only request may make them all the same.
_COUNTS = frozenset({"count", "min_count", "max_count"})
#: Field that no table lists; objects are open, so an endpoint may ignore it or refuse it.
_UNLISTED = "x-conformance"


@dataclass(frozen=True)
class _Place:
    """Somewhere in a request that may be changed."""

    place: tuple[str | int, ...]
    field: Field
    #: What stands there now, `_ABSENT` where nothing does.
    now: JSON
    required: bool


_ABSENT = object()


def valid_of(operation_id: str, variant: str, *, only_promised: bool) -> st.SearchStrategy[Generated]:
    """Return requests that obey the contract, as changes of a recipe's variant; with *only_promised* those that must be accepted."""
    contract = load()
    operation = contract.operations[operation_id]
    request = shape(RECIPES[operation_id].variants[variant])
    edits = [
        one.map(lambda drawn: drawn if drawn[1] or not only_promised else (None, True))
        for place in places_of(operation_id, variant)
        for one in _edits(place)
    ]
    queries = [] if only_promised else queries_of(contract, operation_id)
    plain = st.just(Generated(operation_id, variant))
    if not edits and not queries:
        return plain
    changes = st.lists(st.one_of(edits), max_size=4) if edits else st.just([])
    asked = st.lists(st.one_of(queries), max_size=3, unique_by=lambda pair: pair[0]) if queries else st.just([])

    def made(drawn: list[tuple[Edit | None, bool]], query: list[tuple[str, str]]) -> Generated:
        kept: dict[tuple[str | int, ...], tuple[Edit, bool]] = {}
        for edit, promised in drawn:
            if edit is not None and not any(_overlap(edit.place, other) for other in kept):
                kept[edit.place] = edit, promised
        return _obeying(
            operation,
            request,
            Generated(
                operation_id,
                variant,
                tuple(edit for edit, _ in kept.values()),
                tuple(query),
                promised=not query and all(promised for _, promised in kept.values()),
            ),
        )

    return st.builds(made, changes, asked)


def _obeying(operation: Operation, request: Request, wanted: Generated) -> Generated:
    """Return *wanted* without the changes that would break the contract together."""
    kept: tuple[Edit, ...] = ()
    for edit in wanted.edits:
        if _obeys(operation, replace(wanted, edits=(*kept, edit)).onto(request).body):
            kept = (*kept, edit)
    return replace(wanted, edits=kept)


def _obeys(operation: Operation, body: JSON) -> bool:
    if operation.body is None or not validator(operation.body).is_valid(body):
        return False
    for field in fields_of(operation.body).values():
        for group in field.schema.get("x-exclusive", ()):
            place = place_of(body, field.steps)
            at: Any = body
            for step in place or ():
                at = at[step]
            if place is not None and isinstance(at, Mapping) and len(set(group) & set(at)) > 1:
                return False
    return True


def _overlap(one: Sequence[str | int], other: Sequence[str | int]) -> bool:
    """Whether two changes are about one place; items that are added to a list may clash with any other of it."""
    return all(
        a == b or (isinstance(a, int) and b == "[]") or (isinstance(b, int) and a == "[]")
        for a, b in zip(one, other, strict=False)
    )


def places_of(operation_id: str, variant: str) -> list[_Place]:
    """Return where a recipe's request may be changed without naming something that would have to exist."""
    schema = load().operations[operation_id].body
    body = shape(RECIPES[operation_id].variants[variant]).body
    if not schema or body is None:
        return []
    found = []
    for field in fields_of(schema).values():
        above = place_of(body, field.steps[:-1]) if field.steps else ()
        if above is None:
            continue
        holder: Any = body
        for step in above:
            holder = holder[step]
        place = place_of(body, field.steps)
        now: JSON = _ABSENT
        if place is not None:
            now = body
            for step in place:
                now = now[step]
        elif field.steps[-1:] in {("[]",), ("{}",)} or not isinstance(holder, dict):
            continue
        if (
            field.steps[-1:] == ("{}",)
            and place is not None
            and place[-1] in (field.holder or {}).get("properties", {})
        ):
            continue  # what has a row of its own is no free pair
        required = not field.steps or field.required
        found.append(_Place((*above, field.steps[-1]) if place is None else place, field, now, required))
    return [place for place in found if _may_change(place)]


def _may_change(place: _Place) -> bool:
    schema = place.field.schema
    fixed = ("x-reference", "x-check-only", "x-secret", "format", "x-since")
    if place.place and place.place[-1] in _COUNTS:
        return False
    return not any(keyword in schema for keyword in fixed) and any(True for _ in _edits(place))


def _edits(place: _Place) -> Iterator[st.SearchStrategy[tuple[Edit | None, bool]]]:
    """Yield what can be done in one place, each with whether the document promises to accept it."""
    schema, at = place.field.schema, place.place
    declared = schema.get("type", "object" if "properties" in schema else "")
    json_type = declared if isinstance(declared, str) else declared[0] if declared else ""
    if json_type == "object":
        yield from _entries(place)
        if isinstance(place.now, Mapping) and at == () and "additionalProperties" not in schema:
            yield st.just((Edit((_UNLISTED,), "unlisted"), False))
        return
    if json_type == "array":
        yield from _items(place)
        return
    if (
        place.now is not _ABSENT
        and not place.required
        and at
        and isinstance(at[-1], str)
        and "{}" not in place.field.path
    ):
        yield st.just((Edit(at, None, "drop"), False))
    if "enum" in schema:
        others = [value for value in schema["enum"] if value != place.now]
        if others:
            yield st.sampled_from(others).map(lambda value: (Edit(at, value), False))
    elif json_type == "boolean":
        yield st.booleans().map(lambda value: (Edit(at, value), False))
    elif json_type == "integer" and "maximum" in schema and "pattern" not in schema:
        low, high = int(schema.get("minimum", 1)), int(schema["maximum"])
        yield _between(low, high).map(lambda value: (Edit(at, value), False))
    elif json_type == "string" and "maxLength" in schema and _is_free(place.field):
        if place.now == placeholder().name():  # the run's own name stays in it
            yield _extended(place)
        else:
            yield texts(schema).map(lambda text: (Edit(at, text[0]), text[1]))


def _extended(place: _Place) -> st.SearchStrategy[tuple[Edit | None, bool]]:
    schema, at = place.field.schema, place.place
    most = int(schema["maxLength"])
    letters = texts(
        {key: value for key, value in schema.items() if key not in {"minLength", "maxLength"}}
        | {"maxLength": 3, "minLength": 1}
    )
    lengths = _between(min(64, most), most)
    return st.builds(lambda text, length: (Edit(at, text[0], "extend", length), text[1]), letters, lengths)


def _entries(place: _Place) -> Iterator[st.SearchStrategy[tuple[Edit | None, bool]]]:
    """Add a pair to a map, such as metadata."""
    schema, at = place.field.schema, place.place
    values = schema.get("additionalProperties")
    if not isinstance(values, Mapping) or not isinstance(place.now, Mapping) or schema.get("maxProperties") == 1:
        return
    if "maxLength" not in values or "x-errors" in schema:
        return
    keys = texts({"minLength": 1, "maxLength": 255, **schema.get("propertyNames", {})})
    yield st.builds(
        lambda key, value: (Edit((*at, key[0]), value[0]), key[1] and value[1] and len(value[0]) > 0),
        keys,
        texts(values),
    )


def _items(place: _Place) -> Iterator[st.SearchStrategy[tuple[Edit | None, bool]]]:
    """Add an item to a list of free texts, or of objects that have nothing else."""
    items = place.field.schema.get("items", {})
    if not isinstance(place.now, list):
        return
    inner = Field(f"{place.field.path}[]", items)
    at = (*place.place, "[]")
    if items.get("type") == "string" and "maxLength" in items and _is_free(inner):
        yield texts(items).map(lambda text: (Edit(at, text[0]), text[1] and len(text[0]) > 0))
        return
    parts = items.get("properties", {})
    if (
        items.get("type") == "object"
        and parts
        and all(
            part.get("type") == "string" and "maxLength" in part and _is_free(Field(name, part))
            for name, part in parts.items()
        )
    ):
        whole = st.fixed_dictionaries({name: texts(part) for name, part in parts.items()})
        yield whole.map(
            lambda drawn: (
                Edit(at, {name: text for name, (text, _) in drawn.items()}),
                all(promised and text for text, promised in drawn.values()),
            )
        )


def _is_free(field: Field) -> bool:
    last = field.path.rpartition(".")[2]
    return (last in _FREE and "x-reference" not in field.schema) or last.endswith("{}")


def _between(low: int, high: int) -> st.SearchStrategy[int]:
    edges = sorted({low, min(low + 1, high), max(high - 1, low), high})
    return st.one_of(st.sampled_from(edges), st.integers(low, high))


def texts(schema: Schema) -> st.SearchStrategy[tuple[str, bool]]:
    """Generate texts that a schema admits, by its length and pattern; each with whether its characters are promised.

    A text repeats a few characters, so that long ones stay readable and quick to make.
    """
    low, high = int(schema.get("minLength", 0)), min(int(schema.get("maxLength", _LONGEST)), _LONGEST)
    high = max(int(schema["maxLength"]), low) if schema.get("maxLength", _LONGEST) <= 1024 else high
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None
    alphabets = ["".join(c for c in letters if pattern is None or pattern.search(c)) for letters in (_PLAIN, _OTHER)]
    letters = [alphabet for alphabet in alphabets if alphabet]
    if not letters:
        return st.nothing()
    seeds = st.one_of([st.lists(st.sampled_from(one), min_size=1, max_size=4).map("".join) for one in letters])
    promised = _PLAIN + (
        _NAMED if pattern is not None and pattern.search(_NAMED[0]) and not pattern.search("Ж") else ""
    )

    def made(seed: str, length: int) -> tuple[str, bool]:
        text = (seed * (length // len(seed) + 1))[:length]
        return text, length > 0 and all(letter in promised for letter in text)

    return st.builds(made, seeds, _between(low, high))


# Queries


def queries_of(contract: Contract, operation_id: str) -> list[st.SearchStrategy[tuple[str, str]]]:
    """Return strategies for the query parameters that name nothing that would have to exist."""
    found = []
    for name, schema in contract.operations[operation_id].query.items():
        if "x-reference" in schema or name == "delete_flag":
            continue
        values: st.SearchStrategy[Any]
        if "enum" in schema:
            values = st.sampled_from(list(schema["enum"]))
        elif schema.get("type") == "integer":
            values = _between(int(schema.get("minimum", 1)), int(schema.get("maximum", 1000)))
        elif schema.get("format") == "date-time":
            values = st.sampled_from(["2000-01-01T00:00:00Z", "2025-01-07T08:00:00Z", "2099-12-31T23:59:59Z"])
        elif schema.get("type") == "string" and "format" not in schema:
            values = texts({"maxLength": 64}).map(lambda text: text[0])
        else:
            continue
        found.append(st.tuples(st.just(name), values.map(str)))
    return found
