"""When requests may leave, and text that a terminal may show."""

from pathlib import Path

import httpx
import pytest

from pytest_ecs._http.limits import LONGEST_WAIT
from pytest_ecs._http.pace import Pace, retry_after
from pytest_ecs._text import harmless


class _Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("999999999999", LONGEST_WAIT),
        ("Thu, 01 Jan 1970 00:17:10 GMT", 30.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(header: str, seconds: float | None) -> None:
    """A number of seconds, or a date against the clock; anything else says nothing."""
    assert retry_after(httpx.Response(429, headers={"Retry-After": header}), 1000.0) == seconds


@pytest.mark.parametrize("shared", [True, False])
def test_so_many_requests_in_a_second_are_the_most(tmp_path: Path, shared: bool) -> None:
    """All processes that share the file take turns; one that was idle has saved nothing up."""
    clock = _Clock()
    file = tmp_path / "state" / "pace" if shared else None
    one, other = Pace(clock, file, 4.0), Pace(clock, file, 4.0)
    for pace in (one, other if shared else one, one, other if shared else one):
        pace.take_turn()
    assert clock.time == 1000.75
    clock.time += 60
    one.take_turn()
    one.take_turn()
    assert clock.time == 1061.0
    Pace(clock).take_turn()
    assert clock.time == 1061.0


def test_one_process_that_is_throttled_holds_the_others(tmp_path: Path) -> None:
    """Those that share the file wait as long; the others do not."""
    clock, other = _Clock(), _Clock()
    Pace(clock, tmp_path / "pace").hold(30.0)
    Pace(other, tmp_path / "pace").wait()
    assert other.time == 1030.0
    Pace(clock).wait()
    assert clock.time == 1000.0


def test_what_a_terminal_would_obey_is_written_as_an_escape() -> None:
    """Colours, titles, direction and halves of surrogates; words of any language stay."""
    assert harmless("a\x1b[2J\u009b\u202e\ud800\r") == "a\\x1b[2J\\x9b\\u202e\\ud800\\r"
    assert harmless("Größe 云 \t\n") == "Größe 云 \t\n"
