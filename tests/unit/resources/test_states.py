"""Servers of the pool are brought into the states in which they are handed out, on the embedded mock."""

from collections.abc import Iterator

import pytest

from pytest_ecs._resources import lookup
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import Session, open_session
from pytest_ecs.exceptions import JobTimeout


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the conforming mock."""
    opened = open_session(Settings(run="unit"))
    yield opened
    opened.close()


def _stopped(session: Session, count: int) -> float:
    """Take so many running servers stopped, and return how long that took on the mock's clock."""
    for lease in session.pool.batch_of(count):
        lease.release()
    began = session.target.clock.now()
    leases = session.pool.batch_of(count, "SHUTOFF")
    assert [lookup.shown(session.client, lease.id)["status"] for lease in leases] == ["SHUTOFF"] * count
    for lease in leases:
        lease.release()
    return session.target.clock.now() - began


def test_several_servers_get_into_a_state_together(session: Session) -> None:
    """Three do not take three times as long as one."""
    alone = _stopped(session, 1)
    assert 0 < _stopped(session, 3) < 2 * alone


def test_what_is_not_waited_for_any_more_is_free(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never gets there serves nobody; the other two, which were there and which were asked, are taken again."""
    running = session.pool.batch_of(3)
    for lease in running:
        lease.release()
    looks = iter(["SHUTOFF", None])

    def wait_stable(server: str) -> str:
        if (status := next(looks)) is None:
            raise JobTimeout(f"{server} is in no state in time")
        return status

    monkeypatch.setattr(session.pool.states, "wait_stable", wait_stable)
    with pytest.raises(JobTimeout):
        session.pool.batch_of(3, "SHUTOFF")
    monkeypatch.undo()
    there, _, asked = running
    assert {lease.id for lease in session.pool.batch_of(2, "SHUTOFF")} == {there.id, asked.id}
    assert session.ledger.created() == 3
