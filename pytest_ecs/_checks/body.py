"""A body against its schema, keyword by keyword, so that every documented claim gets its own verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator

from pytest_ecs._checks.formats import validator
from pytest_ecs.typing import JSON

__all__ = ["KEYWORDS", "Claim", "claims", "exists", "undocumented", "version"]

#: Keywords that are claims about a value by themselves.
KEYWORDS = (
    "type", "enum", "const", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format",
)  # fmt: skip

#: (path, keyword, holds, expected, observed)
Claim = tuple[str, str, bool, str, JSON]


def version(text: str | None) -> tuple[int, int]:
    """Return a microversion as numbers; without one the default 2.1 applies (3, Microversions)."""
    try:
        major, _, minor = (text or "2.1").partition(".")
        return int(major), int(minor)
    except ValueError:
        return (2, 1)


def exists(schema: Mapping[str, Any], microversion: str | None) -> bool:
    """Return whether a field or header with that schema is documented at *microversion*."""
    at, since, until = version(microversion), schema.get("x-since"), schema.get("x-until")
    return (since is None or at >= version(since)) and (until is None or at < version(until))


def claims(schema: Mapping[str, Any], value: JSON, microversion: str | None = None) -> Iterator[Claim]:
    """Yield a claim for each keyword of each field that the schema has something to say of in *value*.

    Paths join names with dots; ``[]`` stands for the items of an array and ``{}`` for the values of a map.
    """
    yield from _walk(schema, value, "", version(microversion))


def _walk(schema: Mapping[str, Any], value: JSON, path: str, at: tuple[int, int]) -> Iterator[Claim]:
    if "anyOf" in schema:
        holds = _valid_any(schema, value)
        wanted = " or ".join(_describe(branch) for branch in schema["anyOf"])
        yield path, "type", holds, f"{path} is {wanted}", value
        return
    fits = True
    for keyword in KEYWORDS:
        if keyword in schema:
            holds = _valid(keyword, schema[keyword], value)
            yield path, keyword, holds, f"{path or 'the body'} has {keyword} {schema[keyword]!r}", value
            if keyword == "type":
                fits = holds
                if not holds:
                    break
    if not fits:
        return
    if isinstance(value, Mapping):
        yield from _members(schema, value, path, at)
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from _walk(schema["items"], item, f"{path}[]", at)


def _members(schema: Mapping[str, Any], value: Mapping[str, JSON], path: str, at: tuple[int, int]) -> Iterator[Claim]:
    required, expected = schema.get("required", ()), schema.get("x-expected", ())
    properties = schema.get("properties", {})
    for name, inner in properties.items():
        field = f"{path}.{name}" if path else name
        there = name in value
        since, until = inner.get("x-since"), inner.get("x-until")
        if since and at < version(since):
            yield field, "since", not there, f"{field} is absent before microversion {since}", value.get(name)
            continue
        if until and at >= version(until):
            yield field, "until", not there, f"{field} is absent from microversion {until} on", value.get(name)
            continue
        if name in required or name in expected:
            yield field, "required", there, f"{field} is there", sorted(value)
        if there:
            yield from _walk(inner, value[name], field, at)
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        for name, item in value.items():
            if name not in properties:
                yield from _walk(others, item, f"{path}{{}}", at)


def undocumented(schema: Mapping[str, Any], value: JSON, path: str = "") -> Iterator[str]:
    """Yield the paths of the fields in *value* that the schema does not list; a schema without fields lists all."""
    if isinstance(value, Mapping) and schema.get("properties") and "additionalProperties" not in schema:
        for name, item in value.items():
            field = f"{path}.{name}" if path else name
            if name in schema["properties"]:
                yield from undocumented(schema["properties"][name], item, field)
            else:
                yield field
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            yield from undocumented(schema["items"], item, f"{path}[]")


def _valid(keyword: str, wanted: Any, value: JSON) -> bool:
    return _validator(keyword, _frozen(wanted)).is_valid(value)


@lru_cache(maxsize=4096)
def _validator(keyword: str, wanted: Any) -> Draft202012Validator:
    return validator({keyword: _thawed(wanted)})


_ANY: dict[int, tuple[Mapping[str, Any], Draft202012Validator]] = {}


def _valid_any(schema: Mapping[str, Any], value: JSON) -> bool:
    # Keyed by identity: schemas are read-only and live as long as the contract, which the entry keeps alive too.
    entry = _ANY.get(id(schema))
    if entry is None:
        entry = _ANY[id(schema)] = (schema, validator({"anyOf": schema["anyOf"]}))
    return entry[1].is_valid(value)


def _frozen(value: Any) -> Any:
    return ("list", *map(_frozen, value)) if isinstance(value, list) else value


def _thawed(value: Any) -> Any:
    return [_thawed(item) for item in value[1:]] if isinstance(value, tuple) else value


def _describe(schema: Mapping[str, Any]) -> str:
    for keyword in ("const", "enum", "type"):
        if keyword in schema:
            return repr(schema[keyword]) if keyword != "type" else str(schema[keyword])
    return "an object" if "properties" in schema else "anything"
