"""Which test of a process is running, and which ones are not over yet since something is looked at again for them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

__all__ = ["Turns"]


@dataclass
class Turns:
    """Counts the tests of one process; each has the number of those before it."""

    now: int = 0
    #: Tests of which something is still to be looked at, so that what they used stays as they left it.
    unfinished: set[int] = field(default_factory=set)

    def needs(self, used_by: Collection[int], tests: int = 1) -> bool:
        """Whether one of the last *tests* is among those that used something, or one that is unfinished."""
        return max(used_by, default=-tests) > self.now - tests or not self.unfinished.isdisjoint(used_by)
