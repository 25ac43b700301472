"""What a value of our schemas looks like: the ``format`` words, each able to fail, patterns as ECMA-262 means them, times."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_ecs._types import JSON

if TYPE_CHECKING:  # it takes long to import, and most judging does without it
    from jsonschema import Draft202012Validator, FormatChecker, ValidationError

__all__ = ["conforms", "formats", "matches", "moment", "validator"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DOLLAR = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$")


def _is_time(text: str) -> bool:
    # The document writes times with and without a zone ("2019-05-22T07:48:19.000000"); both are times.
    datetime.fromisoformat(text.replace("Z", "+00:00"))
    return bool(_TIME.fullmatch(text))


#: Whether a text is of a format; what raises `ValueError` is not.
_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "uuid": lambda text: bool(_UUID.fullmatch(text)),
    "date-time": _is_time,
    "ipv4": lambda text: bool(ipaddress.IPv4Address(text)),
    "uri": lambda text: bool(urlsplit(text).scheme),
}


def conforms(value: object, name: str) -> bool:
    """Whether *value* is of the format of that name; values that are not strings are the business of ``type``."""
    if not isinstance(value, str) or name not in _FORMATS:
        return True
    try:
        return _FORMATS[name](value)
    except ValueError:
        return False


@cache
def formats() -> FormatChecker:
    """Return what checks the formats for jsonschema."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name in _FORMATS:
        checker.checks(name)(partial(conforms, name=name))
    return checker


def matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is found in *text* as ECMA-262 reads it: ``$`` is the very end, ``\\d`` and ``\\w`` are ASCII."""
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Python's own $ also stands before a line feed at the end.
    return re.compile(_DOLLAR.sub(lambda found: found[1] or r"\Z", pattern), re.ASCII)


@cache
def _validator() -> type[Draft202012Validator]:
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def ours(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
        if isinstance(value, str) and not matches(pattern, value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    made: type[Draft202012Validator] = extend(Draft202012Validator, {"pattern": ours})  # type: ignore[no-untyped-call]
    return made


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return what tells whether a value fits *schema*, its formats and patterns included."""
    return _validator()(dict(schema), format_checker=formats())


def moment(value: JSON) -> float | None:
    """Return a time as the document writes them in seconds since the epoch, None for no time; without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
