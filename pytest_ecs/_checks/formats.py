"""What a value of our schemas looks like: the ``format`` words, each able to fail, patterns as ECMA-262 means them, times."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from pytest_ecs._types import JSON

__all__ = ["FORMATS", "matches", "moment", "validator"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DOLLAR = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$")

#: Checks uuid, date-time, ipv4 and uri; values that are not strings are the business of ``type``.
FORMATS = FormatChecker(formats=())


@FORMATS.checks("uuid")
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(_UUID.fullmatch(value))


@FORMATS.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    # The document writes times with and without a zone ("2019-05-22T07:48:19.000000"); both are times.
    datetime.fromisoformat(value.replace("Z", "+00:00"))
    return bool(_TIME.fullmatch(value))


@FORMATS.checks("ipv4", raises=ValueError)
def _ipv4(value: object) -> bool:
    return not isinstance(value, str) or bool(ipaddress.IPv4Address(value))


@FORMATS.checks("uri", raises=ValueError)
def _uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


def matches(pattern: str, text: str) -> bool:
    """Whether *pattern* is found in *text* as ECMA-262 reads it: ``$`` is the very end, ``\\d`` and ``\\w`` are ASCII."""
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Python's own $ also stands before a line feed at the end.
    return re.compile(_DOLLAR.sub(lambda found: found[1] or r"\Z", pattern), re.ASCII)


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_VALIDATOR = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return what tells whether a value fits *schema*, its formats and patterns included."""
    made: Draft202012Validator = _VALIDATOR(dict(schema), format_checker=FORMATS)
    return made


def moment(value: JSON) -> float | None:
    """Return a time as the document writes them in seconds since the epoch, None for no time; without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
