"""When requests may leave, and whether anybody still answers."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from pytest_ecs._http.limits import IN_A_ROW, LONGEST_WAIT, SUSPECT
from pytest_ecs._types import Clock

__all__ = ["Contact", "Pace", "retry_after"]


def retry_after(response: httpx.Response, now: float) -> float | None:
    """Return the seconds that an answer asks to wait, at most `LONGEST_WAIT`; None where it does not say.

    The header is a number of seconds or a date, read against the answer's own Date where it has one (RFC 9110, 10.2.3).
    """
    asked = response.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(asked).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    with suppress(ValueError, OverflowError, TypeError):
        now = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    return min(max(until - now, 0.0), LONGEST_WAIT)


class Pace:
    """When requests may leave: not before the endpoint asked for them (429), and so many in a second at most.

    *file* holds it for all processes of a run on one machine; without one it is this process's alone.
    """

    def __init__(self, clock: Clock, file: Path | None = None, rate: float | None = None) -> None:
        self._clock = clock
        self._file = file
        #: Most requests in a second.
        self._rate = rate
        self._lock = threading.Lock()
        self._last = 0.0
        self._changed = 0
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody send for *seconds* from now."""
        self._until = max(self._until, self._clock.now() + seconds)
        if self._file is not None:
            draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
            with suppress(OSError):  # then each process waits by itself
                draft.write_text(repr(self._until), encoding="ascii")
                draft.replace(self._file)

    def wait(self) -> None:
        """Wait on the target's clock until requests may leave."""
        if self._file is not None:
            self._read(self._file)
        left = self._until - self._clock.now()
        if left > 0:
            self._clock.sleep(min(left, LONGEST_WAIT))

    def take_turn(self) -> None:
        """Wait until one more request may leave, where so many in a second are the most; all processes of a run share it."""
        if self._rate is None:
            return
        with self._lock:
            turn = self._next_turn(1 / self._rate)
        left = turn - self._clock.now()
        if left > 0:
            self._clock.sleep(left)

    def _next_turn(self, apart: float) -> float:
        """Return the moment of this process's next request, *apart* from that of any other."""
        if self._file is None:
            self._last = max(self._clock.now(), self._last + apart)
            return self._last
        import fcntl  # not on Windows, where there is no shared file either

        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._file.with_name(f"{self._file.name}.turns").open("a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            turn = max(self._clock.now(), float(file.read() or 0) + apart)
            file.seek(0)
            file.truncate()
            file.write(repr(turn))
        return turn

    def _read(self, file: Path) -> None:
        with suppress(OSError, ValueError):
            changed = file.stat().st_mtime_ns
            if changed != self._changed:
                self._until = max(self._until, float(file.read_text(encoding="ascii")))
                self._changed = changed


class Contact:
    """Whether the endpoint answers: what tells one bad moment from an endpoint that is gone."""

    def __init__(self) -> None:
        #: Whether anything has ever answered.
        self.heard = False
        #: How many requests in a row got no answer of the service, repetitions not counted.
        self.missed = 0

    @property
    def is_suspect(self) -> bool:
        """Whether repeating is not worth its time any more."""
        return self.missed >= SUSPECT

    @property
    def is_lost(self) -> bool:
        """Whether the run should stop."""
        return self.missed >= IN_A_ROW

    def hear(self) -> None:
        """Note an answer of the service."""
        self.heard = True
        self.missed = 0

    def miss(self) -> None:
        """Note a request that got none."""
        self.missed += 1
