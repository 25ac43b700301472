"""The ``format`` words that our schemas use, each able to fail; jsonschema leaves some of them unchecked."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from urllib.parse import urlsplit

from jsonschema import FormatChecker

__all__ = ["FORMATS"]

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?")

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
