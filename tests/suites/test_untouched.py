"""Requests that must change nothing share one wait, and only the one that changes something is blamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from pytest_ecs import Check
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.tools import Tools, tools_of
from suites.nova.untouched import untouched

_FIRST, _SECOND = "nova.metadata.update/rule/this-server-only", "nova.metadata.set/rule/this-server-only"
_PATH, _PLACE = "/v2.1/{project_id}/servers/some", ("body", "server", "updated")


@pytest.fixture
def tools() -> Iterator[Tools]:
    """The tools of a session on the conforming mock."""
    session = open_session(Settings(run="unit"))
    yield tools_of(session)
    session.close()


def _judge(tools: Tools, monkeypatch: pytest.MonkeyPatch, late: float, *culprits: str) -> tuple[set[str], float]:
    """Send two requests, each of *culprits* changing a server so many seconds later; return what fails, and how long it took."""
    session, clock = tools.driver.session, tools.target.clock
    tools.client.get("/v2.1/{project_id}/servers")  # logs in
    sent: list[float] = []
    inner = session.connection.http._transport

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/servers/some"):
            changes = sum(clock.now() - at >= late for at in sent)
            return httpx.Response(200, json={"server": {"updated": f"2025-01-01T00:00:{changes:02}Z"}})
        return inner.handle_request(request)

    def act(rule: str) -> Callable[[], Check]:
        def send() -> Check:
            tools.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {}})
            if rule in culprits:
                sent.append(clock.now())
            return tools.check

        return send

    monkeypatch.setattr(session.connection.http, "_transport", httpx.MockTransport(handle))
    began = clock.now()
    untouched(tools.check, {rule: act(rule) for rule in (_FIRST, _SECOND)}, lambda: tools.client.get(_PATH), *_PLACE)
    about = [one for one in session.pending if one.requirement in {_FIRST, _SECOND}]
    assert {one.requirement for one in about} == {_FIRST, _SECOND}
    return {one.requirement for one in about if one.outcome == "fail"}, clock.now() - began


def test_one_wait_is_enough_for_all(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds, and not five for each."""
    broken, seconds = _judge(tools, monkeypatch, 3)
    assert broken == set()
    assert seconds == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize("late", [0, 3])
@pytest.mark.parametrize("culprit", [_FIRST, _SECOND])
def test_only_the_one_that_changes_something_fails(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, late: float, culprit: str
) -> None:
    """At once or a little later."""
    broken, _ = _judge(tools, monkeypatch, late, culprit)
    assert broken == {culprit}
