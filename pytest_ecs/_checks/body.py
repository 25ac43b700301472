"""A body against its schema, keyword by keyword, so that every documented claim gets its own verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pytest_ecs._checks.formats import validator
from pytest_ecs._types import JSON

__all__ = ["KEYWORDS", "Claim", "claims", "exists", "undocumented", "version"]

#: Keywords that are claims about a value by themselves.
KEYWORDS = (
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "format",
)

#: (path, keyword, holds, expected, observed); nothing is said of what is expected where it holds.
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


def claims(schema: Mapping[str, Any], value: JSON, microversion: str | None = None) -> list[Claim]:
    """Return a claim for each keyword of each field that the schema has something to say of in *value*.

    Paths join names with dots; ``[]`` stands for the items of an array and ``{}`` for the values of a map.
    """
    found: list[Claim] = []
    _walk(schema, value, "", version(microversion), found)
    return found


def _walk(schema: Mapping[str, Any], value: JSON, path: str, at: tuple[int, int], found: list[Claim]) -> None:
    for keyword, valid in _checks(schema):
        holds = valid(value)
        wanted = "" if holds else f"{path or 'the body'} {_wanted(keyword, schema)}"
        found.append((path, keyword, holds, wanted, value))
        if keyword == "type" and not holds:
            return
    if "anyOf" in schema:
        return
    if isinstance(value, Mapping):
        _members(schema, value, path, at, found)
    elif isinstance(value, list) and "items" in schema:
        for item in value:
            _walk(schema["items"], item, f"{path}[]", at, found)


def _members(
    schema: Mapping[str, Any], value: Mapping[str, JSON], path: str, at: tuple[int, int], found: list[Claim]
) -> None:
    required, expected = schema.get("required", ()), schema.get("x-expected", ())
    properties = schema.get("properties", {})
    for name, inner in properties.items():
        field = f"{path}.{name}" if path else name
        there = name in value
        since, until = inner.get("x-since"), inner.get("x-until")
        if since and at < version(since):
            wanted = f"{field} is absent before microversion {since}" if there else ""
            found.append((field, "since", not there, wanted, value.get(name)))
            continue
        if until and at >= version(until):
            wanted = f"{field} is absent from microversion {until} on" if there else ""
            found.append((field, "until", not there, wanted, value.get(name)))
            continue
        if name in required or name in expected:
            wanted, seen = ("", None) if there else (f"{field} is there", sorted(value))
            found.append((field, "required", there, wanted, seen))
        if there:
            _walk(inner, value[name], field, at, found)
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping):
        for name, item in value.items():
            if name not in properties:
                _walk(others, item, f"{path}{{}}", at, found)


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


_Check = Callable[[JSON], bool]
_CHECKS: dict[int, tuple[Mapping[str, Any], tuple[tuple[str, _Check], ...]]] = {}


def _checks(schema: Mapping[str, Any]) -> tuple[tuple[str, _Check], ...]:
    """What a schema says of a value by itself, the type first."""
    # Keyed by identity: schemas are read-only and live as long as the contract, which the entry keeps alive too.
    entry = _CHECKS.get(id(schema))
    if entry is None:
        if "anyOf" in schema:
            made: tuple[tuple[str, _Check], ...] = (("type", validator({"anyOf": schema["anyOf"]}).is_valid),)
        else:
            made = tuple((keyword, _check(keyword, schema[keyword])) for keyword in KEYWORDS if keyword in schema)
        entry = _CHECKS[id(schema)] = (schema, made)
    return entry[1]


def _check(keyword: str, limit: Any) -> _Check:
    made = validator({keyword: limit})
    if keyword != "type":
        return made.is_valid
    # Most claims are about types, and jsonschema is slow at being asked for one.
    types, is_type = [limit] if isinstance(limit, str) else list(limit), made.TYPE_CHECKER.is_type
    return lambda value: any(is_type(value, name) for name in types)


def _wanted(keyword: str, schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return f"is {' or '.join(_describe(branch) for branch in schema['anyOf'])}"
    return f"has {keyword} {schema[keyword]!r}"


def _describe(schema: Mapping[str, Any]) -> str:
    for keyword in ("const", "enum", "type"):
        if keyword in schema:
            return repr(schema[keyword]) if keyword != "type" else str(schema[keyword])
    return "an object" if "properties" in schema else "anything"
