"""Schemas of the contract as other tools take them: they claim no more than what always holds, and what all can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._contract.fields import rebuilt
from pytest_ecs._contract.model import Microversions, Schema
from pytest_ecs._contract.versions import version_key

__all__ = ["TIME", "answered", "asked"]

#: A time as the reference writes it. ``date-time`` would be RFC 3339, which wants the zone that many examples lack.
TIME = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.,][0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?$"
)
#: Keywords that say how we judge, and tell other tools nothing.
_OURS = frozenset({"x-levels", "x-lenient", "x-errors", "x-check-only", "x-exclusive", "x-rule"})


def asked(schema: Schema, within: Microversions, references: Mapping[str, str]) -> dict[str, Any]:
    """Return *schema* as what is sent to an operation that exists *within* those microversions.

    A field that some of them lack is not demanded, and its description tells them. Values of *references* become
    examples of the fields that refer to such a thing.
    """

    def kept(_: tuple[str | int, ...], inner: Schema) -> Schema:
        return asked(inner, within, references)

    made = _portable(rebuilt(schema, kept)[0], within)
    known = references.get(schema.get("x-reference", ""))
    return made if known is None else {**made, "examples": [known]}


def answered(schema: Schema, within: Microversions) -> dict[str, Any]:
    """Return *schema* as what comes back: like `asked`, and without what only should be, since tools know no such level."""

    def kept(_: tuple[str | int, ...], inner: Schema) -> Schema:
        return answered(inner, within)

    whole = dict(rebuilt(schema, kept)[0])
    for keyword, level in schema.get("x-levels", {}).items():
        if level != "must":
            whole.pop(keyword, None)
    return _portable(whole, within)


def _portable(schema: Schema, within: Microversions) -> dict[str, Any]:
    made = {keyword: value for keyword, value in schema.items() if keyword not in _OURS}
    _always_required(made, within)
    if made.get("type") == "array":
        made.setdefault("items", {})
    if made.get("format") == "date-time":
        del made["format"]
        made.setdefault("pattern", TIME)
    limits = _limits(schema)
    if limits:
        made["description"] = f"{schema['description']} ({limits})" if "description" in schema else limits
    return _one_case(made) if "enum" in made else made


def _always_required(made: dict[str, Any], within: Microversions) -> None:
    """Leave in ``required`` what every microversion of the operation has."""
    fields: Mapping[str, Schema] = made.get("properties", {})
    for keyword in ("required", "x-expected"):
        if keyword not in made:
            continue
        names = [name for name in made[keyword] if _always(fields.get(name, {}), within)]
        if names:
            made[keyword] = names
        else:
            del made[keyword]


def _always(field: Schema, within: Microversions) -> bool:
    since, until = field.get("x-since"), field.get("x-until")
    from_start = since is None or version_key(since) <= version_key(within.since or "2.1")
    to_end = until is None or (within.until is not None and version_key(until) >= version_key(within.until))
    return from_start and to_end


def _limits(schema: Schema) -> str:
    since, until = schema.get("x-since"), schema.get("x-until")
    words = (f"from microversion {since} on" if since else "", f"before microversion {until}" if until else "")
    return ", ".join(filter(None, words))


def _one_case(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with words that differ in case alone in two lists: generators make one name of both."""
    first: dict[Any, Any] = {}
    for word in schema["enum"]:
        first.setdefault(word.lower() if isinstance(word, str) else word, word)
    second = [word for word in schema["enum"] if word not in first.values()]
    if not second:
        return schema
    rest = {keyword: value for keyword, value in schema.items() if keyword not in {"enum", "type"}}
    lists = (list(first.values()), second)
    return {**rest, "anyOf": [{"type": schema["type"], "enum": words} for words in lists]}
