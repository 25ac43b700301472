"""Keywords of JSON Schema as comparisons: each made once, and fast, since most of judging is about types."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Any

from pytest_ecs._checks.formats import conforms, matches, validator
from pytest_ecs._types import JSON

__all__ = ["JUDGED_KEYWORDS", "Holds", "classes", "comparison", "wording"]

#: Keywords that are claims about a value by themselves.
JUDGED_KEYWORDS = (
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

Holds = Callable[[JSON], bool]

_CLASSES: Mapping[str, tuple[type, ...]] = {
    "null": (NoneType,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def comparison(keyword: str, limit: Any) -> Holds:
    """Return what tells whether a value obeys *keyword* with that *limit*; "anyOf" is a keyword like the others."""
    made = _MADE.get(keyword)
    return made(limit) if made is not None else validator({keyword: limit}).is_valid


def classes(limit: str | Sequence[str]) -> frozenset[type]:
    """Return the classes whose values are all of the type, or one of the types, *limit*; a value of another may be too."""
    names = [limit] if isinstance(limit, str) else limit
    return frozenset(cls for name in names for cls in _CLASSES[name])


def _type(limit: str | list[str]) -> Holds:
    return _of_type(limit if isinstance(limit, str) else tuple(limit))


@cache
def _of_type(limit: str | tuple[str, ...]) -> Holds:
    known = classes(limit)
    wanted = limit if isinstance(limit, str) else list(limit)
    # JSON has one type of number, so 1.0 is an integer, and its objects need not be dicts here.
    return lambda value: (
        type(value) in known or (type(value) not in _PLAIN and validator({"type": wanted}).is_valid(value))
    )


#: Classes of values that are of no other type than their own.
_PLAIN = frozenset({NoneType, bool, int, str, list, dict})


def _enum(limit: list[JSON]) -> Holds:
    if not all(isinstance(item, str | int | None) for item in limit):
        return validator({"enum": limit}).is_valid
    # As JSON compares them: true is not 1.
    words = frozenset((type(item) is bool, item) for item in limit)
    return lambda value: isinstance(value, str | int | float | None) and (type(value) is bool, value) in words


def _min_length(limit: int) -> Holds:
    return lambda value: not isinstance(value, str) or len(value) >= limit


def _max_length(limit: int) -> Holds:
    return lambda value: not isinstance(value, str) or len(value) <= limit


def _pattern(limit: str) -> Holds:
    return lambda value: not isinstance(value, str) or matches(limit, value)


def _format(limit: str) -> Holds:
    return lambda value: conforms(value, limit)


_MADE: Mapping[str, Callable[[Any], Holds]] = {
    "type": _type,
    "enum": _enum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
}


def wording(keyword: str, schema: Mapping[str, Any]) -> str:
    """Return what a value that obeys *keyword* of *schema* is, as the end of a sentence; values are shown as JSON."""
    if keyword == "anyOf":
        return f"is {' or '.join(_reading(branch) for branch in schema['anyOf'])}"
    return f"has {keyword} {json.dumps(schema[keyword], ensure_ascii=False)}"


def _reading(schema: Mapping[str, Any]) -> str:
    for keyword in ("const", "enum", "type"):
        if keyword in schema:
            limit = schema[keyword]
            return str(limit) if isinstance(limit, str) and keyword == "type" else json.dumps(limit, ensure_ascii=False)
    return "an object" if "properties" in schema else "anything"
