"""The virtual clock: who waits on it sees each change as early as it can be seen."""

import pytest

from pytest_ecs._mock import VirtualClock


@pytest.mark.parametrize(
    ("upcoming", "slept"),
    [(None, 1.0), (0.5, 1.0), (1.0, 1.0), (4.0, 4.0), (11.0, 11.0), (11.5, 1.0)],
)
def test_sleep_lasts_until_something_happens(upcoming: float | None, slept: float) -> None:
    """At least what was asked for, and on to the next change when that is not far."""
    clock = VirtualClock(100.0)
    clock.upcoming = lambda: None if upcoming is None else 100.0 + upcoming
    clock.sleep(1.0)
    assert clock.now() == 100.0 + slept


def test_no_time_passes_where_none_was_asked_for() -> None:
    """And `advance` is exact."""
    clock = VirtualClock(100.0)
    clock.upcoming = lambda: 104.0
    clock.sleep(0.0)
    assert clock.now() == 100.0
    clock.advance(1.0)
    assert clock.now() == 101.0
