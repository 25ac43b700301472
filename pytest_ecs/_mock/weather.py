"""What stands between clients and the mock where somebody asks for it: a log of requests, and a bad day.

Each function takes a WSGI application and returns one. Hooks and the page for people are left alone.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

__all__ = ["Application", "delayed", "failing", "logged", "throttled"]

#: A WSGI application.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def _ours(environ: dict[str, Any]) -> bool:
    return str(environ.get("PATH_INFO")).startswith("/_mock/")


def _gateway(status: HTTPStatus, message: str, start: Callable[..., Any], **headers: str) -> Iterable[bytes]:
    """Answer in the form of the gateway (4.3)."""
    body = json.dumps({"error_code": f"APIGW.0{status.value}", "error_msg": message}).encode()
    more = [(name.replace("_", "-"), value) for name, value in headers.items()]
    start(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *more],
    )
    return [body]


def logged(app: Application, write: Callable[[str], object]) -> Application:
    """Tell *write* of each request in one line.

    The line has time, status, method, path, the names of the query's parameters, milliseconds and the id of the
    request. Values of parameters, headers and bodies are not in it, since they may be secret.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if _ours(environ):
            return app(environ, start)
        said: list[Any] = []

        def heard(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            said.extend([status, headers])
            return start(status, headers, *more)

        began = time.perf_counter()
        chunks = app(environ, heard)
        took = (time.perf_counter() - began) * 1000
        status, headers = said
        identifier = next((value for name, value in headers if name.lower() == "x-request-id"), "-")
        write(f"{time.strftime('%H:%M:%S')} {status[:3]} {_asked(environ)} {took:.1f}ms {identifier}")
        return chunks

    return answer


def _asked(environ: dict[str, Any]) -> str:
    """Return method, path and names of parameters, with nothing in them that acts on a terminal."""
    names = [name for name, _ in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)]
    path = quote(str(environ.get("PATH_INFO") or "/").encode("latin-1", "replace"), safe="/:@,;=+$!*'()~-._")
    query = "?" + "&".join(quote(name, safe="") for name in names) if names else ""
    return f"{quote(environ['REQUEST_METHOD'][:20], safe='')} {path[:500]}{query[:200]}"


def delayed(
    app: Application, low: float, high: float, *, seed: int = 0, wait: Callable[[float], object] = time.sleep
) -> Application:
    """Let each answer take from *low* to *high* seconds longer."""
    chance = random.Random(seed)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not _ours(environ):
            wait(chance.uniform(low, high))
        return app(environ, start)

    return answer


def failing(app: Application, rate: float, *, seed: int = 0) -> Application:
    """Let that part of the requests fail, from 0 to 1, as at a gateway.

    Half of these are not done and answered with 503; the others are done, and their answer is lost: 504.
    """
    chance = random.Random(seed)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if _ours(environ) or chance.random() >= rate:
            return app(environ, start)
        if chance.random() < 0.5:
            return _gateway(HTTPStatus.SERVICE_UNAVAILABLE, "The service is busy.", start)
        app(environ, lambda *_: None)
        return _gateway(HTTPStatus.GATEWAY_TIMEOUT, "The service did not answer in time.", start)

    return answer


def throttled(app: Application, most: float, *, now: Callable[[], float] = time.monotonic) -> Application:
    """Let *most* requests through in a second, from all clients together; others get 429 with Retry-After."""
    lock = threading.Lock()
    room, last = max(most, 1.0), now()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal room, last
        if _ours(environ):
            return app(environ, start)
        with lock:
            moment = now()
            room, last = min(max(most, 1.0), room + (moment - last) * most), moment
            through = room >= 1
            room -= through
        if through:
            return app(environ, start)
        seconds = str(max(1, round((1 - room) / most)))
        return _gateway(HTTPStatus.TOO_MANY_REQUESTS, "There are too many requests.", start, Retry_After=seconds)

    return answer
