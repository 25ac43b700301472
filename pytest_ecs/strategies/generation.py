"""What the places of a request that may be changed are changed to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from pytest_ecs._cases.mutation import place_of
from pytest_ecs._cases.recipe import RECIPES, Request, shape
from pytest_ecs._checks.formats import validator
from pytest_ecs._contract import load
from pytest_ecs._contract.fields import fields_of
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._types import JSON
from pytest_ecs.strategies.edit import Edit, Generated
from pytest_ecs.strategies.places import Place, Way, places_of, queries_of, ways_of

__all__ = ["texts", "valid_of"]

#: Characters that names, descriptions, tags and metadata may have wherever the document names some.
_PLAIN = "aZk0_9-"
#: Characters of other scripts and with other meanings, as far as a schema's pattern admits them.
_OTHER = "中鿿äßñЖשع字 .,:;/@#~'\"\\{}|\u00a0\u0301\u200d\u202e😀<>"
#: Characters that a table names itself count as promised, too.
_NAMED = "中鿿"
#: Longest text that is generated where a schema admits a longer one.
_LONGEST = 400
#: Field that no table lists; objects are open, so an endpoint may ignore it or refuse it.
_UNLISTED = "x-conformance"


def valid_of(operation_id: str, variant: str, *, only_promised: bool) -> st.SearchStrategy[Generated]:
    """Return requests that obey the contract, as changes of a recipe's variant; with *only_promised* those that must be accepted."""
    operation = load().operations[operation_id]
    request = shape(RECIPES[operation_id].variants[variant])
    edits = [
        one.map(lambda drawn: drawn if drawn[1] or not only_promised else (None, True))
        for place in places_of(operation_id, variant)
        for one in (_edits(way, place) for way in ways_of(place))
    ]
    queries = [] if only_promised else [_query(name, schema) for name, schema in queries_of(operation).items()]
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


def _edits(way: Way, place: Place) -> st.SearchStrategy[tuple[Edit | None, bool]]:
    """Return what is done in one place, each with whether the document promises to accept it."""
    schema, at = place.field.schema, place.place
    if way == "entry":
        return _entries(place)
    if way == "text-item":
        items = texts(schema["items"])
        return items.map(lambda text: (Edit((*at, "[]"), text[0]), text[1] and len(text[0]) > 0))
    if way == "object-item":
        return _objects(place)
    if way == "unlisted":
        return st.just((Edit((_UNLISTED,), "unlisted"), False))
    if way == "drop":
        return st.just((Edit(at, None, "drop"), False))
    if way == "extend":
        return _extended(place)
    if way == "text":
        return texts(schema).map(lambda text: (Edit(at, text[0]), text[1]))
    values: st.SearchStrategy[JSON]
    if way == "enum":
        values = st.sampled_from([value for value in schema["enum"] if value != place.now])
    elif way == "boolean":
        values = st.booleans()
    else:
        values = _between(int(schema.get("minimum", 1)), int(schema["maximum"]))
    return values.map(lambda value: (Edit(at, value), False))


def _extended(place: Place) -> st.SearchStrategy[tuple[Edit | None, bool]]:
    schema, at = place.field.schema, place.place
    most = int(schema["maxLength"])
    letters = texts(
        {key: value for key, value in schema.items() if key not in {"minLength", "maxLength"}}
        | {"maxLength": 3, "minLength": 1}
    )
    lengths = _between(min(64, most), most)
    return st.builds(lambda text, length: (Edit(at, text[0], "extend", length), text[1]), letters, lengths)


def _entries(place: Place) -> st.SearchStrategy[tuple[Edit | None, bool]]:
    """Add a pair to a map, such as metadata."""
    schema, at = place.field.schema, place.place
    keys = texts({"minLength": 1, "maxLength": 255, **schema.get("propertyNames", {})})
    return st.builds(
        lambda key, value: (Edit((*at, key[0]), value[0]), key[1] and value[1] and len(value[0]) > 0),
        keys,
        texts(schema["additionalProperties"]),
    )


def _objects(place: Place) -> st.SearchStrategy[tuple[Edit | None, bool]]:
    """Add an object that has nothing but free texts to a list."""
    at = (*place.place, "[]")
    parts = place.field.schema["items"]["properties"]
    whole = st.fixed_dictionaries({name: texts(part) for name, part in parts.items()})
    return whole.map(
        lambda drawn: (
            Edit(at, {name: text for name, (text, _) in drawn.items()}),
            all(promised and text for text, promised in drawn.values()),
        )
    )


@cache
def _between(low: int, high: int) -> st.SearchStrategy[int]:
    edges = sorted({low, min(low + 1, high), max(high - 1, low), high})
    return st.one_of(st.sampled_from(edges), st.integers(low, high))


def texts(schema: Schema) -> st.SearchStrategy[tuple[str, bool]]:
    """Generate texts that a schema admits, by its length and pattern; each with whether its characters are promised.

    A text repeats a few characters, so that long ones stay readable and quick to make.
    """
    low, high = int(schema.get("minLength", 0)), min(int(schema.get("maxLength", _LONGEST)), _LONGEST)
    high = max(int(schema["maxLength"]), low) if schema.get("maxLength", _LONGEST) <= 1024 else high
    return _texts(low, high, schema.get("pattern"))


@cache  # many fields admit the same, and hypothesis looks at each strategy before it draws from it
def _texts(low: int, high: int, admitted: str | None) -> st.SearchStrategy[tuple[str, bool]]:
    pattern = re.compile(admitted) if admitted is not None else None
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


def _query(name: str, schema: Schema) -> st.SearchStrategy[tuple[str, str]]:
    values: st.SearchStrategy[Any]
    if "enum" in schema:
        values = st.sampled_from(list(schema["enum"]))
    elif schema.get("type") == "integer":
        values = _between(int(schema.get("minimum", 1)), int(schema.get("maximum", 1000)))
    elif schema.get("format") == "date-time":
        values = st.sampled_from(["2000-01-01T00:00:00Z", "2025-01-07T08:00:00Z", "2099-12-31T23:59:59Z"])
    else:
        values = texts({"maxLength": 64}).map(lambda text: text[0])
    return st.tuples(st.just(name), values.map(str))
