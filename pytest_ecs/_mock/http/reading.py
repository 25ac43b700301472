"""What a request says, read from its bytes, and how it is refused before the module of a resource sees it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from pytest_ecs._mock.http.errors import STATUS, EcsError, GatewayError, NativeError, RefusalError

__all__ = ["ECS_V2", "MAX_BODY", "error", "fail", "headers_of", "octets", "parse", "read", "text"]

_Value = TypeVar("_Value")
#: 4.2: signed requests have bodies of at most 12 MB.
MAX_BODY = 12 * 1024 * 1024
#: ECS APIs at V2 (5.2.1, 5.2.2); all others there are native.
ECS_V2 = re.compile(r"/v2/[^/]+/cloudservers(/|$)")


def text(wsgi: str) -> str:
    """Return a string of the environ decoded: its characters are bytes, except where a transport has decoded them already."""
    if wsgi.isascii():
        return wsgi
    try:
        return wsgi.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return wsgi


def octets(wsgi: str) -> bytes:
    """Return the bytes that a string of the environ stands for."""
    try:
        return wsgi.encode("latin-1")
    except UnicodeError:
        return wsgi.encode("utf-8", "surrogatepass")


def headers_of(environ: Mapping[str, Any], read: Callable[[str], _Value]) -> dict[str, _Value]:
    """Return the headers by their names in lower case, their values read by `text` or `octets`."""
    found = {
        name[5:].replace("_", "-").lower(): read(str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            found[name.replace("_", "-").lower()] = read(str(environ[name]))
    return found


def read(environ: Mapping[str, Any], path: str) -> bytes:
    """Return the body, of which a little more than is allowed is enough to see that it is too much."""
    stream = environ.get("wsgi.input") or io.BytesIO()
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not length:
        terminated = (
            environ.get("wsgi.input_terminated") or "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        )
        return bytes(stream.read()) if terminated else b""
    if not (length.isascii() and length.isdigit()) or len(length) > 12:
        fail(path, 400, "Content-Length is not a length.", "Ecs.0005")
    return bytes(stream.read(min(int(length), 2 * MAX_BODY)))


def parse(body: bytes, path: str) -> Any:
    """Return what a body of JSON says; one that is no JSON is refused."""

    def constant(name: str) -> NoReturn:
        raise ValueError(name)  # NaN and Infinity are no JSON

    try:
        return json.loads(body, parse_constant=constant)
    except (ValueError, RecursionError):
        fail(path, 400, "The request body is not JSON.", "Ecs.0005")


def error(path: str, status: int, message: str, code: str = "") -> RefusalError:
    """Return an error in the API's form; without a code of A.2 the gateway answers for the v1 APIs."""
    if path.startswith(("/v3", "/_mock")):
        return GatewayError(status, message)
    if path.startswith(("/v1/", "/v1.0/")) or ECS_V2.match(path):
        return EcsError(code, message) if code else GatewayError(status, message)
    return NativeError(status, message)


def inside(path: str, code: str, status: int | None) -> RefusalError:
    """Return an error that arises inside the service; without a *status* it has that of its code."""
    status = status or STATUS.get(code, 400)
    failure = error(path, status, "A fault inside the service.", code)
    failure.status = status
    return failure


def fail(path: str, status: int, message: str, code: str = "") -> NoReturn:
    """Refuse a request with `error`."""
    raise error(path, status, message, code)
