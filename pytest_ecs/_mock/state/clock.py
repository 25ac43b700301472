"""The mock's time: virtual in process, scaled over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

__all__ = ["Clock", "ScaledClock", "VirtualClock", "stamp"]


class Clock(Protocol):
    """Seconds since the epoch: the mock's own, and those that its clients live in."""

    def now(self) -> float:
        """Return the mock's time."""
        ...

    def wall(self) -> float:
        """Return the time that clients date their signatures with."""
        ...

    def advance(self, seconds: float) -> None:
        """Let *seconds* of the mock's time pass at once."""
        ...


#: Seconds that who waits on a virtual clock is at most carried beyond what was asked for.
_LEAP = 10.0


class VirtualClock:
    """Time that passes only when somebody says so."""

    def __init__(self, start: float = 1_767_225_600.0) -> None:
        self._now = start
        #: Says when something happens next; None when nothing is to come.
        self.upcoming: Callable[[], float | None] = lambda: None

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._now

    wall = now

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass; time never runs backwards."""
        self._now += max(seconds, 0.0)

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass, and when nothing happens in them the time until something does.

        Who polls sees each change with one request, as early as it can be seen.
        """
        self.advance(seconds)
        soon = self.upcoming()
        if seconds > 0 and soon is not None and soon <= self._now + _LEAP:
            self.advance(soon - self._now)


class ScaledClock:
    """Real time, *speed* times as fast from the moment the clock was made."""

    def __init__(self, speed: float = 1.0) -> None:
        self._start = time.time()
        self._origin = time.monotonic()
        self._speed = speed
        self._skipped = 0.0

    def now(self) -> float:
        """Return seconds since the epoch on the fast clock."""
        return self._start + self._skipped + (time.monotonic() - self._origin) * self._speed

    def wall(self) -> float:
        """Return real time: clients sign with it, however fast the mock's servers live."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Skip *seconds*; time never runs backwards."""
        self._skipped += max(seconds, 0.0)


@lru_cache(maxsize=1024)  # servers that were made together
def stamp(seconds: float, form: str = "s") -> str:
    """Return a time as the document writes it: "s" in seconds, "ms" in milliseconds, "us" without a zone."""
    whole = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return {"s": whole[:19] + "Z", "ms": whole[:23] + "Z", "us": whole[:26]}[form]
