"""Variants of how answers travel, on which the document has no word: HTTP and JSON allow them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["WIRE", "encode", "headers"]

_HTTP, _JSON = "RFC 9110", "RFC 8259"
WIRE: Mapping[str, tuple[str, str]] = {
    "extra-headers": ("answers have headers of a gateway", _HTTP),
    "header-names-lower": ("names of headers are in lower case", _HTTP),
    "json-ascii-free": ("what is not ASCII stands in JSON as it is", _JSON),
    "json-charset": ("the media type has a charset", _HTTP),
    "json-indented": ("JSON bodies are indented and end with a line break", _JSON),
    "json-keys-sorted": ("fields come in the order of the alphabet", _JSON),
    "request-id-alone": ("answers have X-Request-Id alone, not the other names of it", "operations-request-id"),
}


def encode(body: Any, varies: Callable[[str], bool]) -> bytes:
    """Return a body as JSON."""
    text = json.dumps(
        body,
        ensure_ascii=not varies("json-ascii-free"),
        indent=2 if varies("json-indented") else None,
        sort_keys=varies("json-keys-sorted"),
    )
    return (text + "\n" * varies("json-indented")).encode("utf-8", "surrogatepass")


def headers(found: list[tuple[str, str]], request_id: str, varies: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return the headers of an answer."""
    if not varies("request-id-alone"):
        found += [("X-OpenStack-Request-Id", request_id), ("X-Compute-Request-Id", request_id)]
    if varies("extra-headers"):
        found += [
            ("Server", "gateway"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Strict-Transport-Security", "max-age=31536000"),
        ]
    if varies("json-charset"):
        found = [
            (name, value + "; charset=utf-8" if (name, value) == ("Content-Type", "application/json") else value)
            for name, value in found
        ]
    return [(name.lower(), value) for name, value in found] if varies("header-names-lower") else found
