"""Every type of fault that the proxy knows: what it does to one request and its answer.

A type is a function (`Call`) -> None that has to end the call: by an answer, whole or not, or by hanging up. Those named
``-before`` never forward the request; those named ``-after`` forward it and then lose or change the answer.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

__all__ = ["FAULT_TYPES", "Answer", "Call"]

#: Statuses that a gateway gives in place of the service.
_REASONS = {429: "Too Many Requests", 500: "Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Time-out"}
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_HTML = b"<html><head><title>%d</title></head><body><h1>gateway</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    """What the server behind the proxy said."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Call:
    """One request on its way through the proxy."""

    method: str
    path: str
    client: socket.socket
    #: Sends the request to the server behind and returns its answer; each call sends it once.
    forward: Callable[[], Answer]
    #: Another host, which writes down what it is sent.
    elsewhere: str
    #: Seconds that a fault with a length takes.
    seconds: float
    #: Set when the proxy is closed: whatever lasts ends then.
    over: threading.Event
    #: Whether the connection still serves the next request.
    keep: bool = True
    #: How often the server behind has got the request.
    forwarded: int = field(default=0)

    def ask(self) -> Answer:
        """Forward the request."""
        self.forwarded += 1
        return self.forward()

    def reply(self, answer: Answer, *, extra: Iterable[tuple[str, str]] = ()) -> None:
        """Send a whole answer."""
        self.client.sendall(head(answer.status, answer.reason, [*answer.headers, *extra], len(answer.body)))
        self.client.sendall(b"" if self.method == "HEAD" else answer.body)

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection: in order, or by a reset."""
        self.keep = False
        if reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()

    def wait(self, seconds: float) -> bool:
        """Wait; False when the proxy closed meanwhile."""
        return not self.over.wait(seconds)

    def pour(self, parts: Iterable[bytes], pause: float = 0.0) -> None:
        """Send *parts* until they end, the client hangs up or the proxy closes; then hang up."""
        self.keep = False
        try:
            for part in parts:
                self.client.sendall(part)
                if not self.wait(pause):
                    break
        finally:
            self.client.close()


def head(status: int, reason: str, headers: Iterable[tuple[str, str]], length: int | None) -> bytes:
    """Return the bytes before a body; without *length* its end is not told."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if length is not None and status != 204:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _closed(*, after: bool, reset: bool) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        if after:
            call.ask()
        call.hang_up(reset=reset)

    return act


def _idle(call: Call) -> None:
    call.reply(call.ask())
    call.hang_up()


def _timeout(*, after: bool) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        if after:
            call.ask()
        call.client.settimeout(call.seconds)
        with suppress(OSError):
            call.client.recv(1)  # ends when the client gives up
        call.hang_up()

    return act


def _gateway(status: int, *, after: bool) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        if after:
            call.ask()
        call.reply(Answer(status, _REASONS[status], [("Content-Type", "text/html")], _HTML % status))

    return act


def _throttled(call: Call) -> None:
    body = json.dumps({"error_code": "APIGW.0308", "error_msg": "The throttling threshold has been reached."}).encode()
    asked = [("Content-Type", "application/json"), ("Retry-After", f"{call.seconds:.0f}")]
    call.reply(Answer(429, _REASONS[429], asked, body))


def _throttled_until(call: Call) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=call.seconds), usegmt=True)
    call.reply(Answer(429, _REASONS[429], [("Retry-After", until)], b""))


def _truncated(call: Call) -> None:
    answer = call.ask()
    whole = answer.body or b"{}"
    call.client.sendall(head(answer.status, answer.reason, answer.headers, len(whole)) + whole[: len(whole) // 2])
    call.hang_up()


def _slow(call: Call) -> None:
    call.wait(call.seconds)
    call.reply(call.ask())


def _dribbled(call: Call) -> None:
    answer = call.ask()
    call.client.sendall(head(answer.status, answer.reason, answer.headers, len(answer.body) + 10**6))
    call.pour(_again(answer.body + b" " * 10**6, 1), 0.05)


def _dribbled_head(call: Call) -> None:
    answer = call.ask()
    call.pour(_again(head(answer.status, answer.reason, [("X-Long", "x" * 10**5)], 0), 1), 0.05)


def _again(data: bytes, size: int) -> Iterable[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def _endless(first: bytes, part: bytes) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        call.client.sendall(first)
        call.pour(iter(lambda: part, b""), 0.0)

    return act


@cache
def _packed(mebibytes: int) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 2**20) for _ in range(mebibytes)) + packer.flush()


def _gzipped(mebibytes: int) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        body = _packed(mebibytes)
        call.reply(Answer(200, "OK", [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], body))

    return act


def _duplicate(call: Call) -> None:
    first = call.ask()
    call.ask()
    call.reply(first)


def _late(call: Call) -> None:
    def later() -> None:
        if call.wait(call.seconds):
            call.ask()

    threading.Thread(target=later, daemon=True).start()
    call.hang_up(reset=True)


def _redirect(status: int) -> Callable[[Call], None]:
    def act(call: Call) -> None:
        call.reply(Answer(status, "Elsewhere", [("Location", f"{call.elsewhere}{call.path}")], b""))

    return act


def _expired(call: Call) -> None:
    body = json.dumps({"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information"}).encode()
    call.reply(Answer(401, "Unauthorized", [("Content-Type", "application/json")], body))


def _body(text: bytes) -> Callable[[Call], None]:
    """Answer with *text* in the place of the server's own body."""

    def act(call: Call) -> None:
        answer = call.ask()
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-type"]
        call.reply(Answer(answer.status, answer.reason, [*headers, ("Content-Type", "application/json")], text))

    return act


def _huge(call: Call) -> None:
    call.client.sendall(_OK + b"Content-Length: %d\r\n\r\n" % (80 * 2**20))
    call.pour(b"1," * 2**19 for _ in range(80))


def _cookie(call: Call) -> None:
    call.reply(call.ask(), extra=[("Set-Cookie", "session=of-another-identity; Path=/")])


FAULT_TYPES: Mapping[str, Callable[[Call], None]] = {
    "reset-before": _closed(after=False, reset=True),
    "reset-after": _closed(after=True, reset=True),
    "closed-before": _closed(after=False, reset=False),
    "closed-after": _closed(after=True, reset=False),
    "closed-idle": _idle,
    "timeout-before": _timeout(after=False),
    "timeout-after": _timeout(after=True),
    "truncated": _truncated,
    "slow": _slow,
    "dribbled": _dribbled,
    "dribbled-head": _dribbled_head,
    "endless-body": _endless(_OK + b"\r\n", b" " * 65536),
    "endless-head": _endless(_OK, b"X-More: " + b"x" * 1000 + b"\r\n"),
    "endless-chunks": _endless(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "endless-continue": _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless-gzip": _endless(_OK + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b" " * 2**20)),
    "huge": _huge,
    "huge-gzip": _gzipped(100),
    "429": _throttled,
    "429-date": _throttled_until,
    **{f"{s}-before": _gateway(s, after=False) for s in (502, 503, 504)},
    **{f"{s}-after": _gateway(s, after=True) for s in (500, 502, 503, 504)},
    "duplicate": _duplicate,
    "late": _late,
    **{f"redirect-{s}": _redirect(s) for s in (301, 302, 303, 307, 308)},
    "expired": _expired,
    "html": _body(b"<html><title>login</title></html>"),
    "nan": _body(b'{"a": NaN, "b": Infinity, "c": -Infinity}'),
    "overflow": _body(b'{"a": 1e999, "b": 1' + b"0" * 400 + b"}"),
    "surrogate": _body(b'{"name": "\\ud800", "server": {"name": "\\udfff"}}'),
    "nested": _body(b'{"a":' * 450 + b"1" + b"}" * 450),
    "nested-deeper": _body(b"[" * 100_000),
    "escapes": _body(b'{"error": {"code": "x", "message": "\\u001b[2J\\u001b]0;title\\u0007\\u009b31m"}}'),
    "cookie": _cookie,
}
