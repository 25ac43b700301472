"""Hostile answers by the thousand: ``python -m tests.faults.hostile --answers 10000 --seed 1``.

Real answers of the mock are spoilt by chance, in their values, text, encoding, status and headers, and given to a client
without sockets. Whatever reads answers reads each of them: the judge, the report, and what finds out what was created.
Nothing may break, hang, grow without bound, or leave something behind that a file or a terminal does not take.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from pytest_ecs._checks.judge import drift, judge
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import describe, job_error_codes, server_ids
from pytest_ecs._http.limits import BODY
from pytest_ecs._report.failure import explain
from pytest_ecs._report.rows import Rows
from pytest_ecs._resources.creation import job_of, server_of
from pytest_ecs._resources.kinds import identify, items, kinds, remains_of
from pytest_ecs._resources.lookup import belongings, listed, seen
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import EcsError, fault_of

__all__ = ["Seen", "attack"]

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
    #: What broke: what was asked, and the exception.
    broken: list[str] = field(default_factory=list)


def attack(answers: int, seed: int) -> Seen:
    """Give a client that many hostile answers, and everything that reads answers what it makes of them."""
    session = open_session(Settings(run="hostile"))
    real = [session.client.get(path).response_body for path in _REAL]
    operations = sorted(session.contract.operations.values(), key=lambda operation: operation.id)
    told = Seen()
    chance = random.Random()
    # Behind the bounds of the client, as an answer from a socket would be.
    bounded, answer = session.connection.http._transport, list[Any]()
    inner = bounded._inner  # type: ignore[attr-defined]
    bounded._inner = _Hostile(inner, answer)  # type: ignore[attr-defined]
    tracemalloc.start()
    for number in range(answers):
        chance.seed(f"{seed} {number}")
        operation = chance.choice(operations)
        answer[:] = _spoilt(chance, real)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        what = f"answer {number} of seed {seed} to {operation.id}"
        try:
            for exchange in _asked(session, operation.method, operation.path, chance):
                told.failures += exchange.failure is not None
                told.findings += _read(session, exchange)
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
    bounded._inner = inner  # type: ignore[attr-defined]
    session.close()
    return told


class _Hostile(httpx.BaseTransport):
    """Answers everything but logins with what stands in *answer*."""

    def __init__(self, inner: httpx.BaseTransport, answer: list[Any]) -> None:
        self._inner = inner
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/tokens"):
            return self._inner.handle_request(request)
        body, status, headers = self._answer
        return httpx.Response(status, headers=headers, stream=_Stream(body))


class _Stream(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body


def _spoilt(chance: random.Random, real: list[Any]) -> list[Any]:
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
    return [body, status, [(name.encode(), value.encode("latin-1")) for name, value in headers]]


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
    for kind in kinds().values():
        identify(kind, exchange)
        items(body, kind.listed)
        remains_of(kind, body)
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
        f"hostile answers: {told.answers} tried, {len(told.broken)} broken, {told.failures} failures, "
        f"{told.findings} findings, at most {told.most / 2**20:.0f} MiB for one"
    )
    print(*told.broken, sep="\n")  # noqa: T201
    return 1 if told.broken else 0


if __name__ == "__main__":
    sys.exit(main())
