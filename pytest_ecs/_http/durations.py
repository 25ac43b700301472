"""How long it took until something that an endpoint does by itself was over, so that nobody asks often before it can be."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Durations"]

#: How many of the latest durations count; before which share of the shortest of them nothing is expected; by which share
#: of it nothing need be known more exactly; and by which share of what has passed the time that is usual is waited for.
_LATEST, _EARLIEST, _EXACT, _CLOSE = 5, 0.9, 0.02, 0.15


@dataclass
class Durations:
    """What one process saw of it. All times are seconds of the target's clock."""

    _seen: dict[Hashable, deque[float]] = field(default_factory=dict)

    def add(self, what: Hashable, seconds: float) -> None:
        """Write down that *what* was over after so many *seconds*; what was over at once says nothing of the next time."""
        if seconds > 0:
            self._seen.setdefault(what, deque(maxlen=_LATEST)).append(seconds)

    def usual(self, what: Hashable) -> float | None:
        """Return the median of the latest, None where *what* was never waited for."""
        seen = self._seen.get(what)
        return median(seen) if seen else None

    def pause(self, what: Hashable, elapsed: float, shortest: float) -> float:
        """Return the seconds until the next look: *shortest*, or more while *what* was never over as early as that.

        What is nearly as old as usual is looked at when it is, and not a little before.
        """
        seen = self._seen.get(what)
        if not seen:
            return shortest
        least = min(seen)
        close = min(median(seen) - elapsed, _CLOSE * elapsed)
        return max(shortest, _EARLIEST * least - elapsed, _EXACT * least, close)
