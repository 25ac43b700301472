"""Waiting until something shows, or is not there any more."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ecs._http.durations import Durations
from pytest_ecs._testing.wait import Wait
from pytest_ecs.exceptions import StepFailed

from ..exchanges import exchange


class _Clock:
    """Counts how long was waited, and waits for no time."""

    waited = 0.0

    def now(self) -> float:
        """Return what was waited."""
        return self.waited

    def sleep(self, seconds: float) -> None:
        """Count *seconds*."""
        self.waited += seconds


def _client(get: Any = None) -> Any:
    """Answer GET by *get*."""
    return SimpleNamespace(get=get, connection=SimpleNamespace(durations=Durations()))


def _gone(*answers: tuple[int, Any]) -> tuple[bool, float]:
    """Return whether something went that is answered so, the last answer again and again, and after how many seconds."""
    given = [exchange("nova.servers.show", status, body) for status, body in answers]
    client = _client(lambda path, **_: given.pop(0) if len(given) > 1 else given[0])
    clock = _Clock()
    return Wait(client, clock).gone("/v2.1/p/servers/s", 5), clock.waited


@pytest.mark.parametrize(
    "last", [(404, None), (200, {"server": {"status": "DELETED"}}), (200, {"server": {"status": "SOFT_DELETED"}})]
)
def test_what_is_not_found_or_shows_as_deleted_is_gone(last: tuple[int, Any]) -> None:
    """A server may be shown for a while after it was deleted."""
    assert _gone((200, {"server": {"status": "ACTIVE"}}), last) == (True, 0.1)


def test_what_is_still_there_is_not_gone() -> None:
    """Nor is a disk, whatever its status."""
    assert _gone((200, {"server": {"status": "ACTIVE"}})) == (False, 5.0)
    assert _gone((200, {"volume": {"status": "DELETED"}})) == (False, 5.0)


def test_an_error_of_the_server_does_not_say_that_something_is_gone() -> None:
    """It is looked at again."""
    assert _gone((500, None)) == (False, 5.0)
    assert _gone((503, None), (404, None)) == (True, 0.1)


@pytest.mark.parametrize(("refused", "shown"), [(0, True), (3, True), (20, False)])
def test_what_was_made_may_show_late(refused: int, shown: bool) -> None:
    """Ten seconds; a minute is too late, and so is any other refusal."""
    missing: tuple[int, Any]
    there: tuple[int, Any]
    missing, there = (404, {"error": {}}), (200, {"server": {"status": "ACTIVE"}})
    given = [exchange("nova.servers.show", *one) for one in [*[missing] * refused, there]]
    client = _client(lambda path, **_: given.pop(0))
    waiting = Wait(client, _Clock())
    if shown:
        waiting.until("/v2.1/p/servers/s", "server", "status", equals="ACTIVE")
    else:
        with pytest.raises(StepFailed, match="was not answered with"):
            waiting.until("/v2.1/p/servers/s", "server", "status", equals="ACTIVE")


def test_looks_are_close_first_and_a_second_apart_later() -> None:
    """What takes a moment costs a moment; the last look is when the time is over, and none is sent without end."""
    clock = _Clock()
    looks = [clock.waited for _ in Wait(_client(), clock).polls(10)]
    pauses = [later - sooner for sooner, later in itertools.pairwise(looks)]
    assert looks[0] == 0.0
    assert looks[-1] == pytest.approx(10)
    assert len([look for look in looks if look <= 1.0]) >= 4
    assert max(pauses) == pytest.approx(1.0)
    assert len(looks) < 16


def test_no_time_is_one_look() -> None:
    """Whoever waits for nothing looks once."""
    clock = _Clock()
    assert len(list(Wait(_client(), clock).polls(0))) == 1
    assert clock.waited == 0.0


def test_nothing_is_looked_at_before_it_was_ever_over() -> None:
    """But for the first look; what lasts longer than before is looked at as closely as the first time, to the end."""
    clock = _Clock()
    wait = Wait(_client(), clock)

    def looks(over: float, what: str | None = "it") -> list[float]:
        began, seen = clock.waited, []
        for _ in wait.polls(60, until=what):
            seen.append(clock.waited - began)
            if seen[-1] >= over:
                break
        return seen

    first, second, longer, never = looks(20), looks(20), looks(30), looks(100)
    assert len(first) > 20
    least = pytest.approx(0.9 * min(first[-1], second[-1]))
    assert second[0] == 0.0
    assert second[1] == pytest.approx(0.9 * first[-1])
    assert len(second) < 8
    assert longer[1] == least
    assert len(longer) > 10
    assert [never[1], looks(5)[1]] == [least, least]
    assert never[-1] == pytest.approx(60)
    assert len(looks(20, None)) == len(first)


def test_what_the_first_look_shows_says_nothing_of_how_long_it_takes() -> None:
    """Nor does what never came."""
    clock, client = _Clock(), _client()
    for _ in Wait(client, clock).polls(until="it"):
        break
    for _ in Wait(client, clock).polls(until="it"):
        pass
    assert client.connection.durations.usual("it") is None
