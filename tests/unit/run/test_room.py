"""What takes up room in a project that no deletion frees."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session

_GROUPS = "/v1/{project_id}/cloudservers/os-server-groups"
_BODY = {"server_group": {"name": "one", "policies": ["anti-affinity"]}}
_MAKERS = ("ecs.server-groups.create", "nova.server-groups.create")


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    session = open_session(Settings(run="unit"))
    yield session
    session.close()


def _alter(session: Session, monkeypatch: pytest.MonkeyPatch, method: str, answer: httpx.Response) -> None:
    """Let requests of a method be answered without doing anything."""
    session.client.get(_GROUPS)  # logs in
    inner = session.connection.http._transport

    def handle(request: httpx.Request) -> httpx.Response:
        return answer if request.method == method else inner.handle_request(request)

    monkeypatch.setattr(session.connection.http, "_transport", httpx.MockTransport(handle))


def _deleted(session: Session) -> str:
    made = session.client.post(_GROUPS, _BODY)
    return session.client.delete(f"{_GROUPS}/{made.json_object['server_group']['id']}").id


@pytest.mark.parametrize("maker", _MAKERS)
def test_a_deletion_that_deletes_nothing_is_to_blame(
    session: Session, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    """Of either API, once it had its time; what it left is in the way of creations at once."""
    _alter(session, monkeypatch, "DELETE", httpx.Response(204))
    deletion, operation = _deleted(session), session.contract.operations[maker]
    assert session.room.taken(operation) == deletion
    assert not session.pending
    session.target.clock.sleep(11)
    assert session.room.taken(operation) == deletion
    (finding,) = session.pending
    assert (finding.requirement, finding.outcome) == ("ecs.server-groups.delete/rule/deletes", "fail")


def test_a_creation_that_finds_no_room_asks_for_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of its test, whoever sent it."""
    _alter(session, monkeypatch, "DELETE", httpx.Response(204))
    session.client.post(_GROUPS, _BODY)
    _deleted(session)
    session.target.clock.sleep(11)
    full = {"error": {"code": "Ecs.0022", "message": "no more"}}
    _alter(session, monkeypatch, "POST", httpx.Response(403, json=full))
    assert session.client.post(_GROUPS, _BODY).refused
    _, findings = session.collect()
    assert ("ecs.server-groups.delete/rule/deletes", "fail") in [(one.requirement, one.outcome) for one in findings]


@pytest.mark.parametrize("maker", _MAKERS)
def test_a_deletion_that_deletes_frees_its_room(session: Session, maker: str) -> None:
    """It is looked at once."""
    _deleted(session)
    session.target.clock.sleep(11)
    for _ in range(2):
        assert session.room.taken(session.contract.operations[maker]) is None
    asked = [one for one in session.connection.journal if one.method == "GET" and one.status == 404]
    assert len(asked) + sum(one.status == 400 and one.method == "GET" for one in session.connection.journal) == 1
    assert not session.pending
    assert session.room.taken(session.contract.operations["nova.servers.show"]) is None


@pytest.mark.parametrize("maker", _MAKERS)
def test_a_creation_that_names_nothing_takes_the_room_of_both(
    session: Session, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    """Nobody can delete what it made."""
    _alter(session, monkeypatch, "POST", httpx.Response(200, json={"server_group": {"name": "one"}}))
    made = session.client.post(_GROUPS, _BODY)
    assert session.room.taken(session.contract.operations[maker]) == made.id
