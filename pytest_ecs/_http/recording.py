"""From requests and answers of the HTTP library to recorded exchanges."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any, NoReturn

import httpx

from pytest_ecs._http.exchange import Draft, Exchange
from pytest_ecs._http.limits import TEXT
from pytest_ecs._http.redaction import REDACTED, SECRET_HEADERS, Secrets, redact
from pytest_ecs._http.transport import ENCODED
from pytest_ecs._types import JSON

__all__ = ["answered", "as_json", "as_text", "decode", "readable", "sent"]

#: Digits beyond which an integer can be no number that anything counts; a float holds some more.
_DIGITS = 300
_LONG_NUMBER = re.compile(rf"[0-9]{{{_DIGITS}}}")
#: Of every so many characters one is looked at first, since such a number has some of these in a row.
_STEP = 30
_LONG_STEPS = re.compile(rf"[0-9]{{{_DIGITS // _STEP}}}")


def as_text(content: bytes | str) -> str:
    """Return what is recorded of a body that was sent as it is."""
    start = content[: 4 * TEXT]  # no character is longer
    return (start.decode("utf-8", "replace") if isinstance(start, bytes) else start)[:TEXT]


def sent(request: httpx.Request, body: JSON, secrets: Secrets) -> dict[str, Any]:
    """Return what an exchange records of its request."""
    return {"request_headers": _headers(request.headers, secrets), "request_body": redact(body, secrets)}


def answered(draft: Draft, response: httpx.Response, body: JSON, secrets: Secrets, *, repeated: int = 0) -> Exchange:
    """Return *draft* with what was sent and answered, redacted, after *repeated* repetitions."""
    value: JSON = None
    text: str | None = None
    if response.content:
        try:
            content = as_json(response.content)
            value = decode(content)
            if secrets.hidden_in(content):
                value = redact(value, secrets)
            elif secrets.named_in(content):
                value = redact(value, secrets, scrub=_as_it_is)
        except (ValueError, RecursionError):
            text = readable(response, secrets)
    headers = _headers(response.headers, secrets)
    if encoded := response.extensions.get(ENCODED):
        headers["content-encoding"] = encoded
    return draft.exchange(
        status=response.status_code,
        response_headers=headers,
        response_body=value,
        response_text=text,
        seconds=_elapsed(response),
        repeated=repeated,
        **sent(response.request, body, secrets),
    )


def as_json(content: bytes) -> str:
    """Return the text that *content* is as JSON, in any of its encodings; raises `ValueError` where it is in none."""
    return content.decode(json.detect_encoding(content), "surrogatepass")


def decode(text: str) -> JSON:
    """Return the JSON value in *text*; raises `ValueError` or `RecursionError` for what is none (RFC 8259).

    NaN and Infinity are no JSON. Numbers beyond what computers count with become the largest that they do, since they
    would else turn up as Infinity in reports.
    """
    is_long = _LONG_STEPS.search(text[::_STEP]) and _LONG_NUMBER.search(text)
    return (_LONG if is_long else _USUAL).decode(text)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)


def _integer(text: str) -> int:
    return int(text) if len(text) < _DIGITS else (-1 if text[0] == "-" else 1) * 10**_DIGITS


_USUAL = json.JSONDecoder(parse_constant=_no_constant, parse_float=_float)
_LONG = json.JSONDecoder(parse_constant=_no_constant, parse_float=_float, parse_int=_integer)


def _as_it_is(text: str) -> str:
    return text


def readable(response: httpx.Response, secrets: Secrets) -> str:
    """Return the start of a body that is no JSON; its charset is believed only where it is one of text."""
    start = response.content[: 4 * TEXT]
    try:
        text = start.decode(response.charset_encoding or "utf-8", "replace")
    except (LookupError, ValueError):
        text = start.decode("utf-8", "replace")
    return secrets.scrub(text)[:TEXT]


def _elapsed(response: httpx.Response) -> float:
    try:
        return round(response.elapsed.total_seconds(), 6)
    except RuntimeError:  # inside an authentication flow the answer is not closed yet
        return 0.0


def _decoded(headers: httpx.Headers) -> dict[str, str]:
    """Return what ``dict(headers.items())`` is, names in lower case; most headers are ASCII, and the library looks long for that."""
    raw = headers.raw
    names = [name.lower() for name, _ in raw]
    try:
        if len(set(names)) == len(names):
            return {name.decode("ascii"): value.decode("ascii") for name, (_, value) in zip(names, raw, strict=True)}
    except UnicodeDecodeError:
        pass
    return dict(headers.items())


def _headers(headers: httpx.Headers, secrets: Secrets) -> dict[str, str]:
    said = _decoded(headers)
    for name in said.keys() & SECRET_HEADERS:
        said[name] = REDACTED
    if secrets.in_any(said.values()):
        said = {name: secrets.scrub(value) for name, value in said.items()}
    return said
