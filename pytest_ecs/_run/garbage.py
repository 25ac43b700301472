"""When Python looks for garbage: not while everything is imported and collected, and rarely in a run, which keeps what it makes."""

from __future__ import annotations

import atexit
import gc

__all__ = ["Garbage"]

_RARELY = 50_000, 20, 50


class Garbage:
    """Keeps the collector of this process from going through all of a run again and again to find nothing."""

    def __init__(self) -> None:
        self._before = gc.isenabled(), gc.get_threshold()
        gc.disable()
        # When the process ends, what is left goes with it: Python would go through all of it several times more.
        atexit.register(gc.freeze)

    def pytest_collection_finish(self) -> None:
        """Begin to look, and at nothing that was there before."""
        gc.freeze()
        gc.set_threshold(*_RARELY)
        gc.enable()

    def pytest_unconfigure(self) -> None:
        """Let everything be as it was."""
        enabled, threshold = self._before
        gc.set_threshold(*threshold)
        gc.unfreeze()
        (gc.enable if enabled else gc.disable)()
