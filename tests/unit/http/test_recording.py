"""What is recorded of an answer: a secret is never in it, also where the answer as a whole is looked through first."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pytest_ecs._http.exchange import Draft, Exchange
from pytest_ecs._http.journal import Journal
from pytest_ecs._http.recording import answered
from pytest_ecs._http.redaction import Secrets
from pytest_ecs._report.rows import line
from tests.unit.exchanges import exchange

_TOKEN = "MIIDkgYJKoZIhvcNAQcC"


def _recorded(content: bytes, **headers: str) -> Any:
    request = httpx.Request("GET", "https://ecs.example.com/v1/p/x")
    response = httpx.Response(200, content=content, headers=headers, request=request)
    draft = Draft("main-1", None, "GET", "https://ecs.example.com", "/v1/p/x", (), 0.0, "token", "primary", None)
    return answered(draft, response, None, Secrets([_TOKEN]))


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"token": _TOKEN}).encode(),
        json.dumps({_TOKEN: 1}).encode(),
        json.dumps({"a": f"x{_TOKEN}y"}).encode(),
        json.dumps({"a": _TOKEN}).replace("MII", "\\u004dII").encode(),
        json.dumps({"a": _TOKEN}).encode("utf-16"),
        json.dumps({"a": _TOKEN}).encode("utf-16-le"),
        json.dumps({"a": _TOKEN}).encode("utf-32-be"),
        f'{{"adminPass" :\n "{_TOKEN[:4]}..."}}'.encode().replace(b"...", _TOKEN[4:].encode()),
    ],
)
def test_a_known_secret_is_taken_out(content: bytes) -> None:
    """However it is written and encoded."""
    recorded = _recorded(content)
    assert _TOKEN not in json.dumps([recorded.response_body, recorded.response_text])
    assert recorded.response_body is not None


@pytest.mark.parametrize(
    "content",
    [
        b'{"server": {"adminPass": "canary-17"}}',
        b'{"server": {"AdminPASS"  :"canary-17"}}',
        b'{"server": {"admin\\u0050ass": "canary-17"}}',
        b'{"user_data": ["canary-17"]}',
        b'{"secret": {"of": "canary-17"}}',
        b'[{"x": null, "password": "", "a": {"password": "canary-17"}}]',
        '{"server": {"adminPass": "canary-17"}}'.encode("utf-16"),
        b'{"key": "-----BEGIN RSA PRIVATE KEY-----canary-17"}',
    ],
)
def test_a_secret_field_is_taken_out(content: bytes) -> None:
    """However its name is written, and whatever its value is."""
    recorded = _recorded(content)
    assert "canary-17" not in json.dumps([recorded.response_body, recorded.response_text])


def test_what_has_no_secret_stays_as_it_is() -> None:
    """Null and empty secrets included."""
    body = {"server": {"adminPass": None, "user_data": "", "name": "password", "metadata": {"a": "é"}}}
    assert _recorded(json.dumps(body, ensure_ascii=False).encode()).response_body == body
    plain = {"server": {"adminPass": None, "user_data": "", "name": "a", "disks": [1, 2.5, True]}}
    assert _recorded(json.dumps(plain).encode()).response_body == plain


def test_what_is_nested_too_deep_is_replaced() -> None:
    """By a text, so that nothing else trips over it."""
    recorded = _recorded(b'{"a":' * 150 + b"1" + b"}" * 150)
    assert "[nested too deep]" in json.dumps(recorded.response_body)


def test_secrets_in_headers_are_taken_out() -> None:
    """By name and by value."""
    recorded = _recorded(b"{}", **{"X-Subject-Token": "canary-17", "X-Other": f"a {_TOKEN} b", "X-Plain": "c"})
    assert recorded.response_headers["x-subject-token"] == "[redacted]"
    assert recorded.response_headers["x-other"] == "a [redacted] b"
    assert recorded.response_headers["x-plain"] == "c"


def test_a_journal_gives_the_exchanges_on_a_path() -> None:
    """In order, and no others."""
    journal = Journal("main")
    for number, path in enumerate(("/v2.1/p/servers", "/v2.1/p/servers/a", "/v2.1/p/servers"), 1):
        journal.add(exchange(id=f"main-{number}", path=path))
    wanted = journal.on(lambda path: path.endswith("/servers"))
    assert [one.id for one in wanted] == ["main-1", "main-3"]


def test_a_journal_gives_back_what_it_has_packed() -> None:
    """Whatever was looked at before and in whatever order, and no more of them stay unpacked than a few hundred."""
    journal, made = Journal("main"), [exchange(id=f"main-{number:05d}", path=f"/{number}") for number in range(700)]
    for one in made:
        journal.add(one)
        journal.pack({one.id: line("exchange", one.to_json())})
    assert sum(isinstance(kept, Exchange) for kept in journal._kept.values()) < 300
    assert list(journal) == made
    assert list(reversed(journal)) == made[::-1]
    assert [one.path for one in journal.on(lambda path: path.endswith("5"), 600)][:2] == ["/605", "/615"]
    assert journal.get("main-00003") is journal["main-00003"]


@pytest.mark.parametrize("number", ["1" * 300, "1" * 301, "-" + "9" * 400, "1" * 299, "7"])
def test_a_number_that_nothing_counts_is_the_largest_that_something_does(number: str) -> None:
    """Wherever it stands in the text."""
    for before in range(0, 31, 6):
        (seen,) = _recorded(f'{{"{"x" * before}": {number}}}'.encode()).response_body.values()
        assert seen == (int(number) if len(number) < 300 else 10**300 * (-1 if number[0] == "-" else 1))
