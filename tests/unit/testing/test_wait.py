"""Waiting until something shows, or is not there any more."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any, cast

import pytest

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


def _gone(*answers: tuple[int, Any]) -> tuple[bool, float]:
    """Return whether something went that is answered so, the last answer again and again, and after how many seconds."""
    given = [exchange("nova.servers.show", status, body) for status, body in answers]
    client: Any = SimpleNamespace(get=lambda path, **_: given.pop(0) if len(given) > 1 else given[0])
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
    client: Any = SimpleNamespace(get=lambda path, **_: given.pop(0))
    waiting = Wait(client, _Clock())
    if shown:
        waiting.until("/v2.1/p/servers/s", "server", "status", equals="ACTIVE")
    else:
        with pytest.raises(StepFailed, match="was not answered with"):
            waiting.until("/v2.1/p/servers/s", "server", "status", equals="ACTIVE")


def test_looks_are_close_first_and_a_second_apart_later() -> None:
    """What takes a moment costs a moment; the last look is when the time is over, and none is sent without end."""
    clock = _Clock()
    looks = [clock.waited for _ in Wait(cast("Any", None), clock).polls(10)]
    pauses = [later - sooner for sooner, later in itertools.pairwise(looks)]
    assert looks[0] == 0.0
    assert looks[-1] == pytest.approx(10)
    assert len([look for look in looks if look <= 1.0]) >= 4
    assert max(pauses) == pytest.approx(1.0)
    assert len(looks) < 16


def test_no_time_is_one_look() -> None:
    """Whoever waits for nothing looks once."""
    clock = _Clock()
    assert len(list(Wait(cast("Any", None), clock).polls(0))) == 1
    assert clock.waited == 0.0
