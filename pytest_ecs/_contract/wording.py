"""Claims as sentences, built from schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_ecs._contract.model import Schema
from pytest_ecs._contract.vocabulary import VALUE_KEYWORDS

__all__ = ["breach", "claim", "listing", "quantity", "shown"]

_TYPES = {
    "null": "null",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "an array",
    "object": "an object",
}
_FORMATS = {"uuid": "a UUID", "date-time": "a date and time of RFC 3339", "ipv4": "an IPv4 address", "uri": "a URI"}


def listing(items: list[str], word: str) -> str:
    """Return *items* as an enumeration: ``a, b or c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def quantity(number: int, unit: str) -> str:
    """Return *number* with its unit in the right number: ``1 entry``, ``2 entries``."""
    if number == 1:
        return f"1 {unit}"
    return f"{number} {unit[:-1] + 'ies' if unit.endswith('y') else unit + 's'}"


def shown(value: Any) -> str:
    """Return a JSON value the way sentences show it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def claim(keyword: str, schema: Schema) -> str:
    """Return what a value that obeys *keyword* of *schema* does: "has at most 128 characters"."""
    limit = schema.get(keyword)
    if keyword == "type":
        return f"is {types(schema)}"
    return _CLAIMS[keyword](limit)


def breach(keyword: str, schema: Schema) -> str:
    """Return what a value that breaks *keyword* of *schema* does: "has more than 128 characters"."""
    limit = schema.get(keyword)
    if keyword == "type":
        return f"is not {types(schema)}"
    return _BREACHES[keyword](limit)


def types(schema: Schema) -> str:
    """Return the types that *schema* admits; with ``anyOf`` its readings, told apart by their other keywords."""
    if "anyOf" not in schema:
        admitted = schema.get("type", "any")
        return listing(
            [_TYPES.get(one, "any value") for one in ([admitted] if isinstance(admitted, str) else admitted)], "or"
        )
    return listing(list(dict.fromkeys(_reading(branch) for branch in schema["anyOf"])), "or")


def _reading(branch: Mapping[str, Any]) -> str:
    told = [claim(keyword, branch) for keyword in VALUE_KEYWORDS if keyword in branch and keyword != "type"]
    head = types(branch) if "type" in branch or "anyOf" in branch else "a value"
    if branch.get("required"):
        told.append(f"has {listing(list(branch['required']), 'and')}")
    return f"{head} that {listing(told, 'and')}" if told else head


def _names(schema: Schema) -> str:
    return listing([claim(keyword, schema) for keyword in VALUE_KEYWORDS if keyword in schema], "and")


_CLAIMS = {
    "enum": lambda limit: f"is {listing(list(map(shown, limit)), 'or')}",
    "const": lambda limit: f"is {shown(limit)}",
    "minimum": lambda limit: f"is at least {limit}",
    "maximum": lambda limit: f"is at most {limit}",
    "minLength": lambda limit: f"has at least {quantity(limit, 'character')}",
    "maxLength": lambda limit: f"has at most {quantity(limit, 'character')}",
    "minItems": lambda limit: f"has at least {quantity(limit, 'element')}",
    "maxItems": lambda limit: f"has at most {quantity(limit, 'element')}",
    "minProperties": lambda limit: f"has at least {quantity(limit, 'entry')}",
    "maxProperties": lambda limit: f"has at most {quantity(limit, 'entry')}",
    "propertyNames": lambda limit: f"has only names of which each {_names(limit)}",
    "pattern": lambda limit: f"matches {limit}",
    "format": lambda limit: f"is {_FORMATS[limit]}",
}

_BREACHES = {
    "enum": lambda limit: ("is none of " if len(limit) > 1 else "is not ") + listing(list(map(shown, limit)), "and"),
    "const": lambda limit: f"is not {shown(limit)}",
    "minimum": lambda limit: f"is below {limit}",
    "maximum": lambda limit: f"is above {limit}",
    "minLength": lambda limit: f"has fewer than {quantity(limit, 'character')}",
    "maxLength": lambda limit: f"has more than {quantity(limit, 'character')}",
    "minItems": lambda limit: f"has fewer than {quantity(limit, 'element')}",
    "maxItems": lambda limit: f"has more than {quantity(limit, 'element')}",
    "minProperties": lambda limit: f"has fewer than {quantity(limit, 'entry')}",
    "maxProperties": lambda limit: f"has more than {quantity(limit, 'entry')}",
    "propertyNames": lambda limit: f"has a name other than one that {_names(limit)}",
    "pattern": lambda limit: f"does not match {limit}",
    "format": lambda limit: f"is not {_FORMATS[limit]}",
}
