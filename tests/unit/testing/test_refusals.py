"""Whom the refusal of a valid request is blamed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
from pytest_ecs._testing.tools import Tools, tools_of

from ..exchanges import exchange

_LIST, _GROUPS = "/v2.1/{project_id}/servers", "/v1/{project_id}/cloudservers/os-server-groups"
_RULE = "nova.servers.list/rule/"
_IDS = ("body", "servers", "*", "id")


@pytest.fixture
def tools() -> Iterator[Tools]:
    """The tools of a session on the conforming mock."""
    session = open_session(Settings(run="unit"))
    yield tools_of(session)
    session.close()


def _refuse(tools: Tools, monkeypatch: pytest.MonkeyPatch, unwanted: Callable[[dict[str, str]], bool]) -> None:
    """Let queries that are unwanted be refused."""
    tools.client.get(_LIST)  # logs in
    inner = tools.driver.session.connection.http._transport

    def handle(request: httpx.Request) -> httpx.Response:
        if unwanted(dict(request.url.params)):
            return httpx.Response(400, json={"badRequest": {"code": 400, "message": "no"}})
        return inner.handle_request(request)

    monkeypatch.setattr(tools.driver.session.connection.http, "_transport", httpx.MockTransport(handle))


def _seen(tools: Tools) -> list[tuple[str, str]]:
    return [(finding.requirement, finding.outcome) for finding in tools.driver.session.pending]


@pytest.mark.parametrize(
    ("unwanted", "broken"),
    [("name", "name-filter"), ("limit", "limit"), ("marker", "marker"), ("sort_key", "sort-key")],
)
def test_the_query_that_is_refused_is_to_blame(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, unwanted: str, broken: str
) -> None:
    """Whatever stands beside it and whatever the claim is about, which is not tested, with a link to that rule."""
    _refuse(tools, monkeypatch, lambda query: unwanted in query)
    listed = tools.client.get(_LIST, query={"name": "a", "limit": "2", "sort_key": "uuid", unwanted: "1"})
    assert not tools.check(_RULE + "next-link", listed, *_IDS, equals=[])
    assert not tools.check.accepted(_RULE + "pages-complete", listed)
    failed = (_RULE + broken, "fail")
    assert _seen(tools) == [
        failed,
        (_RULE + "next-link", "not_tested"),
        failed,
        (_RULE + "pages-complete", "not_tested"),
    ]
    assert f"(see {_RULE}{broken})" in tools.driver.session.pending[1].reason


def test_a_value_that_is_refused_is_blamed_on_its_claim(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a plain value of the same query is accepted, or another was before."""
    _refuse(tools, monkeypatch, lambda query: query.get("limit") == "1000" or query.get("tags") == "odd")
    assert not tools.check.accepted(_RULE + "limit-most", tools.client.get(_LIST, query={"limit": "1000"}))
    tools.client.get(_LIST, query={"tags": "plain"}, microversion="2.26")
    odd = tools.client.get(_LIST, query={"tags": "odd"}, microversion="2.26")
    assert not tools.check(_RULE + "not-tags-filter", odd, *_IDS, equals=[])
    assert _seen(tools) == [(_RULE + "limit-most", "fail"), (_RULE + "not-tags-filter", "fail")]


def test_what_an_earlier_request_was_refused_for_is_to_blame(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what looks at its effect."""
    _refuse(tools, monkeypatch, lambda query: "tags" in query)
    control, listed = tools.client.get(_LIST, query={"tags": "plain"}), tools.client.get(_LIST)
    tools.check.after(control)(_RULE + "has-servers", listed, *_IDS, equals=[])
    assert _seen(tools) == [(_RULE + "tags-filter", "fail"), (_RULE + "has-servers", "not_tested")]


def test_a_marker_that_needs_a_limit_is_not_to_blame(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is refused alone, as it may be."""
    _refuse(tools, monkeypatch, lambda query: "limit" in query or "marker" in query)
    page = tools.client.get(_GROUPS, query={"limit": "1", "marker": "some"})
    tools.check("ecs.server-groups.list/rule/after-marker", page, "body", "server_groups", equals=[])
    assert ("ecs.server-groups.list/rule/at-most-limit", "fail") in _seen(tools)


def _elsewhere(tools: Tools) -> Iterator[Exchange]:
    yield tools.client.get(_LIST, query={"limit": "1"})
    yield exchange("nova.servers.create", 400, {}, id="asked", method="POST")


def test_where_everything_is_refused_no_query_is_to_blame(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where a request cannot be sent again and names nothing that has a rule."""
    _refuse(tools, monkeypatch, lambda _: True)
    for refused in _elsewhere(tools):
        tools.check(_RULE + "limit", refused, *_IDS, equals=[])
    assert _seen(tools) == [(_RULE + "limit", "not_tested")] * 2


def test_a_query_of_a_deletion_is_to_blame(tools: Tools) -> None:
    """It is the only one that it has."""
    refused = exchange("ecs.disks.detach", 400, {}, id="asked", method="DELETE", query=(("delete_flag", "1"),))
    tools.check.accepted("ecs.disks.detach/rule/flag-one", refused)
    assert _seen(tools)[0] == ("ecs.disks.detach/rule/flag-zero", "fail")
