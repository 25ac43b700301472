"""From requests and answers of the HTTP library to recorded exchanges."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.redaction import REDACTED, SECRET_HEADERS, Secrets, redact
from pytest_ecs._types import JSON

__all__ = ["CUT", "answered", "as_text", "sent"]

#: How many characters of a text are recorded.
CUT = 4000


def as_text(content: bytes | str) -> str:
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content


def sent(request: httpx.Request, body: JSON, secrets: Secrets) -> dict[str, Any]:
    return {"request_headers": _headers(request.headers, secrets), "request_body": redact(body, secrets)}


def answered(draft: Exchange, response: httpx.Response, body: JSON, secrets: Secrets) -> Exchange:
    decoded: JSON = None
    text: str | None = None
    if response.content:
        try:
            decoded = redact(json.loads(response.content), secrets)
        except (ValueError, RecursionError):
            text = secrets.scrub(response.text[:CUT])
    return replace(
        draft,
        status=response.status_code,
        response_headers=_headers(response.headers, secrets),
        response_body=decoded,
        response_text=text,
        seconds=_elapsed(response),
        **sent(response.request, body, secrets),
    )


def _elapsed(response: httpx.Response) -> float:
    try:
        return round(response.elapsed.total_seconds(), 6)
    except RuntimeError:  # inside an authentication flow the answer is not closed yet
        return 0.0


def _headers(headers: httpx.Headers, secrets: Secrets) -> dict[str, str]:
    return {
        name.lower(): REDACTED if name.lower() in SECRET_HEADERS else secrets.scrub(value)
        for name, value in headers.items()
    }
