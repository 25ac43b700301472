"""What cannot be deleted is said soon, once for each cause."""

from collections.abc import Iterator

import httpx
import pytest

from pytest_ecs._resources.working import at_once
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _refuse_deletions(session: Session, monkeypatch: pytest.MonkeyPatch, status: int) -> list[httpx.Request]:
    transport = session.connection.http._transport
    real = transport.handle_request
    refused: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE" or request.url.path.endswith("/cloudservers/delete"):
            refused.append(request)
            return httpx.Response(status, json={"forbidden": {"code": status, "message": "no"}})
        return real(request)

    monkeypatch.setattr(transport, "handle_request", handle)
    return refused


def test_servers_that_nobody_may_delete_are_said_together(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cause, one sentence, in less than a minute of the target's time and without asking for each of them."""
    leases = session.pool.batch_of(12)
    refused = _refuse_deletions(session, monkeypatch, 403)
    began = session.target.clock.now()
    deleted, (problem,) = session.clean()
    assert session.target.clock.now() - began < 60
    assert deleted == []
    assert problem.startswith("12 servers are still there (HTTP 403")
    assert all(lease.id in problem for lease in leases)
    assert len(refused) < 60


def test_things_that_nobody_may_delete_are_not_waited_for(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one may not do now one may not do in two minutes; it is said once."""
    for name in ("one", "two"):
        session.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": name}})
    _refuse_deletions(session, monkeypatch, 403)
    began = session.target.clock.now()
    deleted, problems = session.clean()
    assert session.target.clock.now() - began < 10
    assert (deleted, len(problems)) == ([], 1)
    assert problems[0].startswith("2 things are still there (HTTP 403")
    assert "key pair two, key pair one; delete them" in problems[0]


def test_what_was_refused_without_a_word_of_it_is_looked_for_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of a type says of all of it whether it is there; what is there is asked for again."""
    for name in ("one", "two", "three"):
        session.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": name}})
    transport = session.connection.http._transport
    real = transport.handle_request
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        if request.method == "DELETE" and sent.count("DELETE three") == len(sent) == 1:
            return httpx.Response(409, json={"conflictingRequest": {"code": 409, "message": "later"}})
        answer = real(request)
        gone = request.method == "DELETE" and answer.status_code < 300
        return httpx.Response(400, json={"badRequest": {"code": 400, "message": "no"}}) if gone else answer

    monkeypatch.setattr(transport, "handle_request", handle)
    deleted, problems = session.clean()
    assert (deleted, problems) == ([], [])
    rounds = ["DELETE three", "DELETE two", "DELETE one", "GET os-keypairs", "DELETE three", "GET os-keypairs"]
    assert sent[: len(rounds)] == rounds


def test_an_endpoint_that_is_lost_is_said_once(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with the last request of each thing."""
    for number in range(9):
        session.client.post("/v2.1/{project_id}/os-keypairs", {"keypair": {"name": f"k-{number}"}})
    monkeypatch.setattr(session.connection.http._transport, "handle_request", lambda _: httpx.Response(503))
    deleted, problems = session.clean()
    assert deleted == []
    assert sum("k-8" in problem for problem in problems) == 1
    assert not any("os-keypairs/k-" in problem for problem in problems)


@pytest.mark.parametrize("threads", [1, 4])
def test_answers_come_in_the_order_of_the_questions(threads: int) -> None:
    """However many are asked at a time; the first exception is the caller's."""
    assert at_once(lambda number: number * 2, range(20), threads) == list(range(0, 40, 2))
    with pytest.raises(ZeroDivisionError):
        at_once(lambda number: 1 // number, range(5), threads)
