"""Hostile answers by the thousand: ``python -m tests.faults.hostile --answers 10000 --seed 1``.

Real answers of the mock are spoilt by chance, in their values, text, encoding, status, headers and bytes, and given to a
client over a socket. Whatever reads answers reads each of them: the judge, the report, and what finds out what was created.
Nothing may break, hang, grow without bound, or leave something behind that a file or a terminal does not take. Each answer
has a deadline of its own: what takes longer to send and read hangs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import signal
import socket
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from pytest_ecs._checks.judge import drift, judge
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.backend import Backend
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import describe, job_error_codes, server_ids
from pytest_ecs._http.limits import BODY
from pytest_ecs._http.transport import Bounded
from pytest_ecs._report.failure import explain
from pytest_ecs._report.rows import Rows
from pytest_ecs._resources.creation import job_of, server_of
from pytest_ecs._resources.lookup import belongings, listed, seen
from pytest_ecs._resources.resource_types import identify, items, remains_of, resource_types
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import EcsError, fault_of

__all__ = ["Seen", "attack"]

#: Seconds that the client gives each attempt, and after which an answer, with all that reads it, hangs.
_TOTAL, _DEADLINE = 1.0, 60.0
_V1, _V2 = "/v1/{project_id}", "/v2.1/{project_id}"
#: Queries whose answers are spoilt.
_REAL = (
    f"{_V2}/servers/detail",
    f"{_V2}/limits",
    f"{_V2}/os-keypairs",
    f"{_V2}/os-security-groups",
    f"{_V2}/os-server-groups",
    f"{_V2}/flavors/detail",
    f"{_V2}/images",
    f"{_V1}/cloudservers/flavors",
    f"{_V1}/cloudservers/limits",
    f"{_V2}/servers/none",
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 10**400, 1.5, float("nan"), float("inf"), 1e308, "", [], {}, [[]], {"": None}),
    *(
        "x" * 100_000,
        "\ud800",
        "\x00\x1b[2J\x9b31m\u202e",
        "<script>alert(1)</script>",
        "../../../v3/auth/tokens",
        "a/b?c#d",
    ),
    *("%2e%2e", "'; DROP TABLE servers; --", "{project_id}", "2999-99-99T99:99:99Z", "NaN", "-0", "ACTIVE", "FAIL"),
    *([{}] * 2000, {"error": {"code": [], "message": {}}}, {"job_id": {}}, {"server": [], "servers": {}}),
)
_STATUSES = (100, 199, 200, 201, 202, 204, 205, 206, 207, 226, 300, 302, 304, 400, 401, 403, 404, 405, 409, 413)
_MORE_STATUSES = (418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 511, 599)
_HEADERS = (
    *(("Retry-After", value) for value in ("-1", "1e9", "Thu, 99 Foo 2999", "9" * 400, "\x01")),
    *(("Location", value) for value in ("http://[", "//x", "javascript:alert(1)", "../" * 500)),
    *(("Content-Encoding", value) for value in ("gzip", "deflate", "br", "gzip, gzip, gzip", "x" * 5000)),
    *(("Content-Type", value) for value in ("", "application/json; charset=klingon", "text/html", "x" * 5000)),
    *(("X-Subject-Token", "forged"), ("Set-Cookie", "a=b; Domain=."), ("Date", "never"), ("X-Request-Id", "\x7f" * 99)),
    *(("OpenStack-API-Version", "compute latest"), ("X-OpenStack-Nova-API-Version", "9" * 500), ("Vary", "\xff")),
)


@dataclass
class Seen:
    """What became of the answers."""

    answers: int = 0
    #: How many exchanges had a failure, and how many findings the judge made.
    failures: int = 0
    findings: int = 0
    #: Most bytes that one answer cost while it was read.
    most: int = 0
    #: What was not over at its deadline.
    hung: list[str] = field(default_factory=list)
    #: What broke: what was asked, and the exception.
    broken: list[str] = field(default_factory=list)


def attack(answers: int, seed: int) -> Seen:
    """Give a client that many hostile answers, and everything that reads answers what it makes of them."""
    session = open_session(Settings(run="hostile"))
    real = [session.client.get(path).response_body for path in _REAL]
    operations = sorted(session.contract.operations.values(), key=lambda operation: operation.id)
    told = Seen()
    bounded, answer = session.connection.http._transport, _Answer()
    assert isinstance(bounded, Bounded)
    inner = bounded._inner
    with _speaking(answer) as port, _Hostile(inner, port) as hostile:
        # Behind the bounds of the client, as for any endpoint.
        bounded._inner, bounded.total = hostile, _TOTAL
        _attack(session, operations, real, answer, told, answers, seed)
    bounded._inner = inner
    session.close()
    return told


def _attack(
    session: Session,
    operations: Sequence[Operation],
    real: list[Any],
    answer: _Answer,
    told: Seen,
    answers: int,
    seed: int,
) -> None:
    chance = random.Random()
    tracemalloc.start()
    for number in range(answers):
        chance.seed(f"{seed} {number}")
        operation = chance.choice(operations)
        answer.raw, answer.held = _wire(chance, *_spoilt(chance, real))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        what = f"answer {number} of seed {seed} to {operation.id}"
        try:
            with _deadline():
                for exchange in _asked(session, operation.method, operation.path, chance):
                    told.failures += exchange.failure is not None
                    told.findings += _read(session, exchange)
        except _Late:
            told.hung.append(what)
        except EcsError as error:
            told.failures += 1
            if fault_of(error) == "harness":
                told.broken.append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            told.broken.append(f"{what}: {type(error).__name__}: {str(error)[:200]}")
        told.answers += 1
        told.most = max(told.most, tracemalloc.get_traced_memory()[1] - before)
        session.connection.contact.hear()
    tracemalloc.stop()


class _Late(BaseException):
    """An answer was not read at its deadline; nothing of what reads it may catch that."""


@contextmanager
def _deadline() -> Iterator[None]:
    """Raise `_Late` in the main thread where the block takes too long."""

    def late(*_: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _DEADLINE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass
class _Answer:
    """What the next request is answered with, and whether the connection stays open without another byte."""

    raw: bytes = b""
    held: bool = False


class _Hostile(httpx.BaseTransport):
    """Sends everything but logins to the port of whoever is hostile."""

    def __init__(self, inner: httpx.BaseTransport, port: int) -> None:
        self._inner, self._port = inner, port
        self._outer = httpx.HTTPTransport()
        self._outer._pool._network_backend = Backend(self._outer._pool._network_backend)

    def close(self) -> None:
        """Close what goes to the hostile server."""
        self._outer.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/tokens"):
            return self._inner.handle_request(request)
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        sent = httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        sent.extensions = request.extensions
        return self._outer.handle_request(sent)


@contextmanager
def _speaking(answer: _Answer) -> Iterator[int]:
    """Answer whatever is asked on a port with what stands in *answer*."""

    def speak(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            stream = connection.makefile("rb")
            length = 0
            while (line := stream.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            stream.read(length)
            connection.sendall(answer.raw)
            if answer.held:
                connection.recv(1)  # until the client gives up

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=speak, args=listener.accept()[:1], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def _wire(chance: random.Random, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bool]:
    """Return an answer as bytes, which may be no HTTP, and whether the connection then stays open."""
    lines = [b"HTTP/1.1 %d Whatever" % status, *(name + b": " + value for name, value in headers)]
    how = chance.random()
    if how < 0.9:
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body]), False
    whole = b"\r\n".join([*lines, b"", body])
    if how < 0.905:
        return b"\r\n".join([*lines, b"Content-Length: %d" % (len(body) + 7), b"", body]), True
    return chance.choice(_BYTES)(whole, lines, body), False


#: What happens to the bytes of an answer.
_BYTES: tuple[Callable[[bytes, list[bytes], bytes], bytes], ...] = (
    lambda whole, lines, body: whole,  # the body ends with the connection
    lambda whole, lines, body: b"",
    lambda whole, lines, body: whole[: len(whole) // 3],
    lambda whole, lines, body: b"\x16\x03\x01\x02" + whole,
    lambda whole, lines, body: whole.replace(b"\r\n", b"\n"),
    lambda whole, lines, body: whole.replace(b"HTTP/1.1", b"HTTP/9.9"),
    lambda whole, lines, body: whole.replace(b"Whatever", b"\xff\x00"),
    lambda whole, lines, body: b"HTTP/1.1 103 Early\r\nX: y\r\n\r\n" * 300 + whole,
    lambda whole, lines, body: b"\r\n".join([*lines, b"no colon", b"", body]),
    lambda whole, lines, body: b"\r\n".join([*lines, *[b"X-Much: " + b"x" * 500] * 500, b"", body]),
    lambda whole, lines, body: b"\r\n".join([*lines, b"Content-Length: -1", b"", body]),
    lambda whole, lines, body: b"\r\n".join([*lines, b"Content-Length: 1", b"Content-Length: 2", b"", body]),
    lambda whole, lines, body: b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b"zz", body]),
    lambda whole, lines, body: b"\r\n".join(
        [*lines, b"Transfer-Encoding: chunked", b"", b"%x" % len(body), body, b"0", b""]
    ),
    lambda whole, lines, body: b"\r\n".join(
        [*lines, b"Transfer-Encoding: gzip, chunked", b"", b"5", b"hello", b"0", b"", b""]
    ),
)


def _spoilt(chance: random.Random, real: list[Any]) -> tuple[bytes, int, list[tuple[bytes, bytes]]]:
    """Return body, status and headers of an answer that somebody spoilt."""
    value = json.loads(json.dumps(chance.choice(real)))
    for _ in range(chance.randint(0, 4)):
        value = _changed(value, chance)
    if chance.random() < 0.05:
        for _ in range(chance.choice((50, 500, 5000))):
            value = [value] if chance.random() < 0.5 else {"a": value}
    try:
        body = json.dumps(value).encode("utf-8", "surrogatepass")
    except RecursionError:
        body = b"[" * 5000 + b"]" * 5000
    body = chance.choice(_TEXTS)(body, chance) if chance.random() < 0.4 else body
    status = chance.choice((200, 200, 200, 202, 400, 404, *_STATUSES, *_MORE_STATUSES))
    headers = [("Content-Type", "application/json"), *chance.sample(_HEADERS, chance.randint(0, 3))]
    return body, status, [(name.encode(), value.encode("latin-1")) for name, value in headers]


def _changed(value: Any, chance: random.Random) -> Any:
    """Return *value* with something in it, or itself, replaced, renamed, doubled or taken away."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key, how = chance.choice(list(value)), chance.random()
        if how < 0.6:
            return {**value, key: _changed(value[key], chance)}
        rest = {name: item for name, item in value.items() if name != key}
        return rest if how < 0.8 else {**rest, str(chance.choice(_VALUES))[:50]: value[key]}
    if isinstance(value, list) and value and chance.random() < 0.8:
        at = chance.randrange(len(value))
        return [*value[:at], _changed(value[at], chance), *value[at + 1 :], *value[: chance.choice((0, 0, 1))]]
    return chance.choice(_VALUES)


#: What happens to the text of a body.
_TEXTS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda body, chance: body[: chance.randrange(len(body) + 1)],
    lambda body, chance: b"\xef\xbb\xbf" + body,
    lambda body, chance: body.decode().encode("utf-16"),
    lambda body, chance: bytes(chance.randrange(256) for _ in range(200)),
    lambda body, chance: body.replace(b"e", b"\xff"),
    lambda body, chance: body.replace(b'"', b"'"),
    lambda body, chance: body + body,
    lambda body, chance: gzip.compress(body),
    lambda body, chance: gzip.compress(b" " * (BODY + 2**20)) if chance.random() < 0.05 else b"",
    lambda body, chance: b"{" + b'"a":1,' * 20_000 + b'"a":2}',
    lambda body, chance: b"<html>" + body,
    lambda body, chance: b'{"a": 1e999, "b": -0.0, "c": ' + b"1" * 5000 + b"}",
)


def _asked(session: Session, method: str, path: str, chance: random.Random) -> Iterator[Exchange]:
    """Send a request of an operation, and let what looks for servers look at the same answer."""
    for name in ("server_id", "job_id", "key", "tag", "image_id", "flavor_id"):
        path = path.replace(f"{{{name}}}", f"some-{name}")
    path = "/".join("some" if part.startswith("{") and part != "{project_id}" else part for part in path.split("/"))
    body = {"server": {"name": "x", "count": 2}} if method in {"POST", "PUT"} else None
    yield session.client.request(method, path, json=body)
    if chance.random() < 0.2:
        with suppress(EcsError):
            belongings(seen(session.client, "some") or {})
            listed(session.client)


def _read(session: Session, exchange: Exchange) -> int:
    """Read an exchange in every way that there is; return how many findings it gave."""
    contract = session.contract
    findings = judge(exchange, contract, session)
    drift(exchange, contract)
    for finding in findings:
        if finding.outcome == "fail":
            text = explain(finding, contract.requirements[finding.requirement], exchange)
            assert not any((ord(sign) < 32 and sign not in "\n\t") or 127 <= ord(sign) < 160 for sign in text), text[
                :300
            ]
            text.encode()
    rows = Rows([exchange], findings)
    for line in rows.lines():
        json.loads(line, parse_constant=_no_constant)
    session.connection.journal.pack(dict(zip([exchange.id], rows.exchange_lines(), strict=True)))
    body = exchange.response_body
    describe("job", exchange.json_object, 1.0, "was read")
    for read in (server_ids, job_error_codes):
        read(body)
    for ask in (job_of, server_of):
        ask(exchange)
    for resource_type in resource_types().values():
        identify(resource_type, exchange)
        items(body, resource_type.listed)
        remains_of(resource_type, body)
    return len(findings)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def main() -> int:
    """Print one line, and what broke; 1 when something did."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.hostile", description=__doc__)
    parser.add_argument("--answers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    told = attack(options.answers, options.seed)
    print(  # noqa: T201 - that is its output
        f"hostile answers: {told.answers} tried, {len(told.broken)} broken, {len(told.hung)} hung, {told.failures} failures, "
        f"{told.findings} findings, at most {told.most / 2**20:.0f} MiB for one"
    )
    print(*told.broken, *told.hung, sep="\n")  # noqa: T201
    return 1 if told.broken or told.hung else 0


if __name__ == "__main__":
    sys.exit(main())
