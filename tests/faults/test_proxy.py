"""The proxy does what its faults say, and writes it down."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from tests.faults.fault_types import FAULT_TYPES
from tests.faults.proxy import Fault, Proxy, disturbing, parse

_ENDLESS = {"dribbled", "dribbled-head", "endless-body", "endless-head", "endless-chunks", "endless-continue"}


@pytest.fixture(scope="module")
def behind() -> Iterator[str]:
    """The mock over HTTP."""
    with serve(MockCloud()) as server:
        yield server.url


#: One for all, since to make one takes long.
_HTTP = httpx.Client(trust_env=False, verify=False, timeout=60)


def _get(proxy: Proxy, path: str = "/v3") -> httpx.Response:
    return _HTTP.get(f"{proxy.url}{path}")


def test_without_a_fault_everything_goes_through(behind: str) -> None:
    """Status, headers and body are those of the server behind."""
    with disturbing(behind) as proxy:
        seen = _get(proxy)
    assert seen.status_code == 200
    assert seen.json()["version"]["links"] == [{"rel": "self", "href": f"{proxy.url}/v3/"}]
    assert [(entry.fault, entry.forwarded) for entry in proxy.log] == [(None, 1)]


@pytest.mark.parametrize("fault_type", sorted(FAULT_TYPES.keys() - _ENDLESS - {"endless-gzip", "huge", "huge-gzip"}))
def test_every_type_ends_its_request_and_says_how_often_it_was_forwarded(behind: str, fault_type: str) -> None:
    """What is lost before never reaches the server, what is lost after does."""
    with disturbing(behind, [Fault(fault_type, seconds=0.1)]) as proxy:
        try:
            _get(proxy)
        except httpx.TransportError:
            assert fault_type.startswith(("reset", "closed", "timeout", "truncated", "late"))
    (entry,) = proxy.log
    assert entry.fault == fault_type
    if fault_type.endswith("-before") or fault_type.startswith(("429", "redirect")):
        assert entry.forwarded == 0
    elif fault_type == "duplicate":
        assert entry.forwarded == 2
    elif fault_type not in {"late", "expired"}:
        assert entry.forwarded == 1


def test_place_rate_times_and_seed_choose_what_is_hit(behind: str) -> None:
    """The same seed hits the same requests; another one others."""

    def hits(fault: Fault, seed: int) -> list[int]:
        with disturbing(behind, [fault], seed=seed) as proxy:
            for number in range(40):
                _get(proxy, f"/v3?{number % 2}")
        return [entry.number for entry in proxy.log if entry.fault]

    some = Fault("502-before", rate=0.3)
    assert hits(some, 1) == hits(some, 1) != hits(some, 2)
    assert 4 <= len(hits(some, 1)) <= 20
    assert hits(Fault("502-before", path=r"\?1$"), 1) == list(range(2, 41, 2))
    assert hits(Fault("502-before", times=3), 1) == [1, 2, 3]
    assert hits(Fault("502-before", method="POST"), 1) == []


def test_a_fault_is_read_from_a_word_of_the_command_line() -> None:
    """As the usage says; a wrong one is refused with the names there are."""
    assert parse("502-after@POST:/v1/.*=0.2~3*4") == Fault("502-after", "POST", "/v1/.*", 0.2, 4, 3.0)
    assert parse("429") == Fault("429")
    with pytest.raises(ValueError, match="there are reset-before"):
        parse("no-such")
    with pytest.raises(ValueError, match="is not TYPE"):
        parse("429@@")


def test_the_log_file_holds_no_headers(behind: str) -> None:
    """One line of JSON for each request, and no credential in it."""
    log = io.StringIO()
    with disturbing(behind, log=log) as proxy:
        _HTTP.get(f"{proxy.url}/v3", headers={"X-Auth-Token": "canary-token"})
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["path"] == "/v3"
    assert "canary" not in line
