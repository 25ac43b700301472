"""Claims of tests: what shows late is waited for, and what must not happen is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_ecs._checks import TESTS
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.check import Test as Claims
from pytest_ecs._testing.tools import Tools, tools_of

from ..exchanges import exchange

_RULE = "nova.servers.show/rule/power-state"
_PATH = "/v2.1/{project_id}/servers/some"


@pytest.fixture
def tools() -> Iterator[Tools]:
    """The tools of a session on the conforming mock."""
    session = open_session(Settings(run="unit"))
    yield tools_of(session)
    session.close()


def _answer(tools: Tools, monkeypatch: pytest.MonkeyPatch, shown: Callable[[float], Any]) -> None:
    """Let queries of one server be answered by *shown*, which gets the seconds since now."""
    session = tools.driver.session
    tools.client.get("/v2.1/{project_id}/servers")  # logs in
    began, inner = tools.target.clock.now(), session.connection.http._transport

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/servers/some"):
            return httpx.Response(200, json={"server": {"status": shown(tools.target.clock.now() - began)}})
        return inner.handle_request(request)

    monkeypatch.setattr(session.connection.http, "_transport", httpx.MockTransport(handle))


def test_what_shows_late_is_seen(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that does not show a change yet is sent again, and the finding says how late it was."""
    _answer(tools, monkeypatch, lambda seconds: "SHUTOFF" if seconds > 2 else "ACTIVE")
    assert tools.check(_RULE, tools.client.get(_PATH), "body", "server", "status", equals="SHUTOFF")
    (finding,) = tools.driver.session.pending
    assert (finding.outcome, "3.5 s after the first look" in finding.reason) == ("pass", True)


def test_what_never_shows_is_broken_and_given_its_time_once(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding is that of the first look; the next claim of the same requirement is judged at once."""
    _answer(tools, monkeypatch, lambda _: "ACTIVE")
    first = tools.client.get(_PATH)
    assert not tools.check(_RULE, first, "body", "server", "status", equals="SHUTOFF")
    assert tools.driver.session.pending[0].exchanges == (first.id,)
    before = tools.target.clock.now()
    assert not tools.check(_RULE, tools.client.get(_PATH), "body", "server", "status", equals="SHUTOFF")
    assert tools.target.clock.now() - before < 1


def test_what_nobody_changed_is_given_its_time_once(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds are enough for all that one change did, and what came in them is seen in the next claim."""
    _answer(tools, monkeypatch, lambda seconds: "SHUTOFF" if seconds > 2 else "ACTIVE")
    shown = tools.client.get(_PATH)
    assert not tools.check(_RULE, shown, "body", "server", "status", equals="PAUSED")
    before = tools.target.clock.now()
    assert tools.check("nova.servers.show/rule/kernel-blank", shown, "body", "server", "status", equals="SHUTOFF")
    assert tools.target.clock.now() - before < 1
    tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
    before, shown = tools.target.clock.now(), tools.client.get(_PATH)
    assert not tools.check("nova.servers.show/rule/user-data-shown", shown, "body", "server", "status", equals="PAUSED")
    assert tools.target.clock.now() - before >= 10


def test_nothing_is_looked_at_again_after_a_change(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a query showed before something else was changed cannot be seen any more."""
    _answer(tools, monkeypatch, lambda seconds: "SHUTOFF" if seconds > 2 else "ACTIVE")
    shown = tools.client.get(_PATH)
    tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
    assert not tools.check(_RULE, shown, "body", "server", "status", equals="SHUTOFF")


def test_what_must_not_happen_is_looked_at_again(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """A violation that comes three seconds later counts."""
    _answer(tools, monkeypatch, lambda seconds: "DELETED" if seconds > 3 else "ACTIVE")
    look = lambda: tools.client.get(_PATH)  # noqa: E731 - what a test writes
    assert not tools.check.stays(_RULE, look, "body", "server", "status", equals="ACTIVE")
    assert [finding.outcome for finding in tools.driver.session.pending] == ["pass", "fail"]


@pytest.mark.parametrize(("since", "changes", "waited"), [(1, False, 9), (4, False, 6), (30, False, 0), (30, True, 10)])
def test_time_counts_from_the_last_change(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, since: float, changes: bool, waited: float
) -> None:
    """What was changed long ago has had its time, unless a query shows that it still changes."""
    _answer(tools, monkeypatch, lambda seconds: "BUILD" if changes and seconds < since else "ACTIVE")
    tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
    tools.target.clock.sleep(since - 1)
    tools.client.get(_PATH)
    tools.target.clock.sleep(1)
    shown, before = tools.client.get(_PATH), tools.target.clock.now()
    assert not tools.check(_RULE, shown, "body", "server", "status", equals="SHUTOFF")
    assert tools.target.clock.now() - before == pytest.approx(waited, abs=0.5)


@pytest.mark.parametrize(("since", "waited"), [(0, 5), (3, 2), (30, 0)])
def test_what_must_not_happen_had_five_seconds_since_the_last_change(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, since: float, waited: float
) -> None:
    """Who has waited for something else in the meantime does not wait as long again."""
    _answer(tools, monkeypatch, lambda _: "ACTIVE")
    tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
    tools.target.clock.sleep(since)
    before = tools.target.clock.now()
    look = lambda: tools.client.get(_PATH)  # noqa: E731 - what a test writes
    assert tools.check.stays(_RULE, look, "body", "server", "status", equals="ACTIVE")
    assert tools.target.clock.now() - before == pytest.approx(waited, abs=0.5)


@pytest.mark.parametrize(("failure", "outcome"), [(None, "not_tested"), ("no answer in 60 s", "error")])
def test_what_a_request_does_is_not_judged_where_it_was_not_done(
    tools: Tools, failure: str | None, outcome: str
) -> None:
    """It was refused, which is judged at the request, or nobody knows what became of it."""
    cause = replace(tools.client.get(_PATH), failure=failure)
    assert not tools.check.after(cause)(_RULE, tools.client.get("/v2.1/{project_id}/servers"), "body", present=True)
    (finding,) = tools.driver.session.pending
    assert (finding.outcome, finding.exchanges) == (outcome, (cause.id,))


def test_the_tests_that_a_claim_takes_are_those_that_there_are() -> None:
    """Their names stand in two places: one compares, the other is for type checkers and editors."""
    assert Claims.__annotations__.keys() == TESTS.keys()


@pytest.mark.parametrize(
    ("operation", "status", "outcome"),
    [
        ("nova.servers.create", 403, "error"),
        ("nova.servers.create", 413, "error"),
        ("nova.servers.create", 503, "error"),
        ("nova.servers.create", 400, "not_tested"),
        ("nova.servers.create", 202, "pass"),
        ("nova.server-groups.create", 403, "error"),
        ("nova.keypairs.create", 413, "error"),
        ("deprecated.security-groups.create", 413, "error"),
        ("deprecated.security-group-rules.create", 403, "error"),
        ("deprecated.floating-ips.create", 403, "error"),
        ("nova.servers.show", 403, "fail"),
    ],
)
def test_a_creation_for_which_there_may_be_no_room_is_no_failure(
    tools: Tools, operation: str, status: int, outcome: str
) -> None:
    """With 403 and 413 the native APIs refuse that, and do not say so; a gateway's answer is no verdict either."""
    failure = "HTTP 503 after 1 attempt" if status == 503 else None
    sent = exchange(operation, status, {}, id="asked", method="POST", failure=failure)
    assert tools.check.accepted(_RULE, sent) == (outcome == "pass")
    (finding,) = tools.driver.session.pending
    assert finding.outcome == outcome
    assert outcome != "error" or "no room" in finding.reason or status == 503


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "Ecs.0100", "pass"),
        (409, "Ecs.0100", "pass"),  # A.2 warns that its statuses may be others
        (409, "Ecs.0031", "fail"),
        (500, "Ecs.0100", "fail"),
        (501, "Ecs.0603", "error"),
        (418, "Ecs.0031", "not_tested"),
        (200, "", "fail"),
    ],
)
def test_a_refusal_is_judged_by_its_code_and_a_documented_status(
    tools: Tools, status: int, code: str, outcome: str
) -> None:
    """As a request that was made to be refused is."""
    asked = tools.client.get("/v1/{project_id}/cloudservers/limits")
    body = {"error": {"code": code, "message": "no"}} if code else {}
    sent = replace(asked, status=status, response_body=body)
    tools.check.refused(_RULE, sent, "wrong-state")
    assert [finding.outcome for finding in tools.driver.session.pending] == [outcome]


@pytest.mark.parametrize(
    ("method", "status", "outcome"),
    [
        ("GET", 500, "not_tested"),
        ("GET", 400, "not_tested"),
        ("GET", 404, "fail"),
        ("GET", 200, "pass"),
        ("DELETE", 500, "not_tested"),
        ("DELETE", 400, "not_tested"),
        ("DELETE, as one before", 400, "fail"),
        ("DELETE, as one before", 500, "fail"),
        ("GET, as one before", 500, "fail"),
        ("DELETE", 409, "fail"),
    ],
)
def test_what_another_operation_cannot_do_is_its_own_failure(
    tools: Tools, method: str, status: int, outcome: str
) -> None:
    """A claim that needs it is not tested where it fails by itself, and is broken where it answers that the thing is not there.

    What accepted another one is not blamed for this one.
    """
    method, *before = method.split(",")
    path = "/v2.1/{project_id}/os-floating-ips"
    if before:
        made = f"{path}/{tools.supplies.make(path, {}, 'floating_ip', 'id')}"
        assert tools.client.get(made).accepted
        tools.client.delete(made)
    needed = {"GET": "deprecated.floating-ips.show", "DELETE": "deprecated.floating-ips.delete"}[method]
    answer = exchange(needed, status, {"badRequest": {"message": "no", "code": status}}, method=method)
    tools.check.accepted("ecs.servers.delete/rule/publicip-kept", answer)
    (finding,) = tools.driver.session.pending
    assert finding.outcome == outcome
    assert (f"see {needed}/status" in finding.reason) is (outcome == "not_tested")
