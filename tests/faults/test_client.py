"""The client behind every type of fault: what is repeated, what is not, what stops, and that nothing hangs or grows."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from pytest_ecs._http.limits import IN_A_ROW
from pytest_ecs._http.signature import AkSkAuth
from pytest_ecs.exceptions import CredentialsEnded, EndpointLost, Unreachable, fault_of
from tests.faults.conftest import Connect, Line
from tests.faults.fault_types import FAULT_TYPES
from tests.faults.proxy import Fault

_PATH = "/v1/{project_id}/cloudservers/limits"
_LIMITS, _KEYS = "/cloudservers/limits", "/os-keypairs"
_NEW = {"keypair": {"name": "faults"}}
#: Types of faults that hit one attempt and leave no answer of the service.
_LOST = [
    "reset-before",
    "reset-after",
    "closed-before",
    "closed-after",
    "truncated",
    "502-before",
    "503-after",
    "504-after",
]


def _sent(line: Line, method: str, path: str) -> int:
    line.proxy.close()  # so that the log is complete
    return sum(e.method == method and path in e.path for e in line.proxy.log)


@pytest.mark.parametrize("fault_type", [*_LOST, "late", "503-before", "timeout-before", "429"])
def test_a_query_is_repeated_until_it_is_answered(connect: Connect, fault_type: str) -> None:
    """One bad moment changes nothing but the number of repetitions."""
    line = connect(Fault(fault_type, "GET", _LIMITS, times=1, seconds=60 if fault_type.startswith("timeout") else 1))
    line.client.get("/v1/{project_id}/cloudservers/flavors")
    if fault_type == "timeout-before":
        line.hurry(1.5)
    exchange = line.client.get(_PATH)
    assert (exchange.status, exchange.failure, exchange.repeated) == (200, None, 1)


@pytest.mark.parametrize("fault_type", [*_LOST, "timeout-after", "late"])
def test_what_may_have_been_done_is_not_sent_again(connect: Connect, fault_type: str) -> None:
    """Its exchange holds a failure, which is the environment's, and nothing is judged by a second try."""
    line = connect(Fault(fault_type, "POST", _KEYS, seconds=60 if fault_type.startswith("timeout") else 0.1))
    line.client.get(_PATH)
    if fault_type == "timeout-after":
        line.hurry(0.2)
    with suppress(Unreachable):
        line.client.post("/v2.1/{project_id}/os-keypairs", _NEW)
    exchange = list(line.client.connection.journal)[-1]
    assert exchange.failure
    assert not exchange.accepted
    assert not exchange.refused
    assert _sent(line, "POST", _KEYS) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_page_of_an_error_is_nobodys_answer(connect: Connect, method: str) -> None:
    """500 as HTML: a gateway writes such pages, so it is neither accepted nor refused, and no verdict; the run goes on."""
    line = connect(Fault("500-after", method, f"{_LIMITS}|{_KEYS}"))
    for _ in range(IN_A_ROW + 1):  # more than would be taken for an endpoint that is away
        posted = line.client.post("/v2.1/{project_id}/os-keypairs", _NEW) if method == "POST" else None
        exchange = posted or line.client.request(method, _PATH)
        assert "as a page" in str(exchange.failure)
        assert not exchange.accepted
        assert not exchange.refused


@pytest.mark.parametrize(
    ("method", "status", "text", "label", "page"),
    [
        ("GET", 500, "<h1>500</h1>", "text/html", True),
        ("GET", 501, "no", "", True),
        ("GET", 500, "<h1>500</h1>", "application/json", False),
        ("GET", 500, None, "text/html", False),
        ("GET", 400, "<h1>400</h1>", "text/html", False),
        ("HEAD", 500, None, "text/html", True),
        ("HEAD", 500, None, "application/json", False),
        ("HEAD", 500, None, "", False),
        ("HEAD", 400, None, "text/html", False),
    ],
)
def test_what_is_a_page(
    connect: Connect, method: str, status: int, text: str | None, label: str, *, page: bool
) -> None:
    """An error of a client, or one that is labelled as JSON, is the service's; HEAD is answered with the label alone."""
    exchange = connect().client.request(method, _PATH)
    headers = {"content-type": label}
    spoilt = replace(exchange, status=status, response_body=None, response_text=text, response_headers=headers)
    assert spoilt.is_page is page


def test_what_was_throttled_is_sent_again_when_the_answer_says(connect: Connect) -> None:
    """429 says that nothing was done; Retry-After is obeyed, in seconds and as a date."""
    for fault_type in ("429", "429-date"):
        line = connect(Fault(fault_type, "POST", _KEYS, times=1, seconds=30))
        assert line.client.post("/v2.1/{project_id}/os-keypairs", _NEW).accepted
        assert max(line.clock.slept) > 20


@pytest.mark.parametrize("fault_type", ["reset-after", "truncated", "503-before", "closed-before"])
def test_a_lost_login_is_repeated_before_any_request(connect: Connect, fault_type: str) -> None:
    """The request itself had not left, so it may be one that creates something."""
    line = connect(Fault(fault_type, "POST", "/auth/tokens", times=1))
    assert line.client.post("/v2.1/{project_id}/os-keypairs", _NEW).accepted


@pytest.mark.parametrize("fault_type", ["reset-before", "closed-after"])
def test_a_lost_login_is_repeated_where_nothing_but_a_login_is_sent(connect: Connect, fault_type: str) -> None:
    """As a run begins, which one bad moment must not end."""
    line = connect(Fault(fault_type, "POST", "/v3/auth/tokens", times=1, seconds=1))
    assert line.client.access() is not None
    assert _sent(line, "POST", "/v3/auth/tokens") == 2


@pytest.mark.parametrize(
    "fault_type",
    sorted(fault_type for fault_type in FAULT_TYPES if fault_type.startswith(("dribbled", "endless", "huge"))),
)
def test_no_answer_lasts_for_ever_or_fills_the_memory(connect: Connect, fault_type: str) -> None:
    """Each attempt has one time as a whole, each body one size, decompressed or not."""
    line = connect(Fault(fault_type, "GET", _LIMITS))
    line.client.get("/v1/{project_id}/cloudservers/flavors")
    if not fault_type.startswith("huge"):
        line.hurry(0.3)
    with pytest.raises(Unreachable):
        line.client.get(_PATH)


@pytest.mark.parametrize("fault_type", ["nan", "overflow", "surrogate", "nested", "nested-deeper", "escapes", "html"])
def test_odd_bodies_are_recorded_as_something_every_file_can_hold(connect: Connect, fault_type: str) -> None:
    """NaN is no JSON; halves of surrogates, deep nesting and endless numbers are made harmless."""
    line = connect(Fault(fault_type, "GET", _LIMITS))
    exchange = line.client.get(_PATH)
    text = json.dumps(exchange.to_json(), ensure_ascii=False, allow_nan=False)
    text.encode("utf-8")
    assert "\x1b" not in exchange.answer
    assert (exchange.response_body is None) == (fault_type in {"nan", "nested-deeper", "html"})


def test_redirects_are_not_followed_and_cookies_not_kept(connect: Connect) -> None:
    """No credential reaches another host, and no identity sends what another was given."""
    for status in (301, 302, 303, 307, 308):
        line = connect(Fault(f"redirect-{status}", "GET", _LIMITS))
        assert line.client.get(_PATH).status == status
        assert line.proxy.strayed == []
    line = connect(Fault("cookie"))
    line.client.get(_PATH)
    line.client.get(_PATH)
    assert all("cookie" not in entry.headers for entry in line.proxy.log)


@pytest.mark.parametrize("name", ["../../../v3/auth/tokens", "x/%2e%2e/y", "\ud800", "x" * 100_000, "a\x00\nb"])
def test_an_id_never_leads_elsewhere_and_never_crashes(connect: Connect, name: str) -> None:
    """What cannot be sent is a recorded failure; what can, is quoted."""
    line = connect()
    line.client.get(_PATH)
    before = len(line.proxy.log)
    exchange = line.client.get(f"/v1/{{project_id}}/jobs/{name}")
    assert exchange.failure or "?" not in exchange.path
    assert all("/jobs/" in entry.path for entry in line.proxy.log[before:])
    json.dumps(exchange.to_json(), ensure_ascii=False).encode()


def test_a_question_mark_in_an_id_begins_no_query(connect: Connect) -> None:
    """Nor does a hash sign cut it."""
    line = connect()
    line.client.get("/v1/{project_id}/jobs/a?b=c#d")
    assert line.proxy.log[-1].path.endswith("/jobs/a%3Fb=c%23d")


def test_the_run_stops_only_after_so_many_in_a_row(connect: Connect) -> None:
    """And one answer in between starts the count anew."""
    line = connect(Fault("reset-before", "POST", _KEYS))
    for _ in range(2):
        for _ in range(IN_A_ROW - 1):
            with pytest.raises(Unreachable) as caught:
                line.client.post("/v2.1/{project_id}/os-keypairs", _NEW)
            assert not caught.value.stops
        assert line.client.get(_PATH).accepted
    for last in range(IN_A_ROW):
        with pytest.raises(EndpointLost if last == IN_A_ROW - 1 else Unreachable):
            line.client.post("/v2.1/{project_id}/os-keypairs", _NEW)


def test_one_401_renews_and_ended_credentials_stop(connect: Connect) -> None:
    """A token is renewed once; when what was accepted is refused too, that is said, and it is no verdict."""
    line = connect(Fault("expired", "GET", _LIMITS, times=1))
    assert line.client.get("/v1/{project_id}/cloudservers/flavors").accepted
    assert line.client.get(_PATH).accepted
    line.proxy.faults[:] = [Fault("expired", ".*", "/v1/")]
    with pytest.raises(CredentialsEnded) as caught:
        line.client.get(_PATH)
    assert (caught.value.stops, fault_of(caught.value)) == (True, "credentials")


def test_one_operation_that_answers_401_is_not_the_credentials_end(connect: Connect) -> None:
    """Signed or not: as long as another query is accepted, the answer is the endpoint's own."""
    line = connect(Fault("expired", "GET", "/flavors"))
    credentials = line.client.connection.target.identities["primary"]
    auth = AkSkAuth(str(credentials.ak), str(credentials.sk), project_id=credentials.project_id, clock=line.cloud.clock)
    for client in (line.client, type(line.client)(line.client.connection, "primary", auth, "aksk")):
        assert client.get(_PATH).accepted
        assert client.get("/v1/{project_id}/cloudservers/flavors").status == 401
    line.proxy.faults[:] = [Fault("expired", ".*", "/v1/")]
    with pytest.raises(CredentialsEnded):
        client.get(_PATH)


def test_the_log_of_the_library_holds_no_token(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever level somebody asks for."""
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpcore"):
        line = connect()
        assert line.client.get(_PATH).accepted
    token = next(e.headers["x-auth-token"] for e in line.proxy.log if "x-auth-token" in e.headers)
    assert token not in caplog.text
    assert "HTTP Request" in caplog.text


def test_every_type_of_fault_leaves_the_client_usable(connect: Connect) -> None:
    """Also where nothing more is said of a type above."""
    line = connect()
    for fault_type in FAULT_TYPES:
        if fault_type.startswith(("endless", "dribbled", "huge")):
            continue
        line.proxy.faults[:] = [Fault(fault_type, "GET", _LIMITS, seconds=0.1, times=1)]
        with suppress(Unreachable):
            line.client.get(_PATH)
        assert line.client.get(_PATH).accepted, fault_type
    assert line.proxy.disturbed > 20


def test_an_error_keeps_no_traceback_through_the_library(connect: Connect) -> None:
    """Its frames hold headers, which pytest --showlocals would print."""
    line = connect(Fault("reset-before", "POST", _KEYS))
    with pytest.raises(Unreachable) as caught:
        line.client.post("/v2.1/{project_id}/os-keypairs", _NEW)
    assert caught.value.__suppress_context__
    assert not isinstance(caught.value.__cause__, httpx.HTTPError)
