"""Ctrl-C, SIGTERM and a terminal that is closed: the first one ends the run in order, the second one at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

__all__ = ["Stops"]


class Stops:
    """Counts the signals that ask this process to end.

    The first one is a `KeyboardInterrupt`, whichever it was, so that pytest ends the run and everything is cleaned up. The
    second one says how to sweep and is a `KeyboardInterrupt` too, after which nothing is cleaned up. One that comes later,
    or while nothing can be cut short any more, ends the process where it is.
    """

    def __init__(self, advice: Callable[[], str]) -> None:
        """*advice* says how to delete what is left."""
        self._advice = advice
        self._before: dict[int, signal.Handlers | Callable[[int, FrameType | None], object] | int | None] = {}
        self.count = 0
        #: Whether the run is so near its end that a second signal ends the process.
        self.at_the_end = False

    @property
    def at_once(self) -> bool:
        """Whether the run is to end without cleaning up."""
        return self.count > 1

    def install(self) -> None:
        """Heed SIGINT, SIGTERM and SIGHUP, where nobody else does and nobody said to ignore them; only the main thread can."""
        if self._before or threading.current_thread() is not threading.main_thread():
            return
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no terminals that hang up
            usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            if number is not None and signal.getsignal(number) is usual:
                self._before[number] = signal.signal(number, self._heed)

    def uninstall(self) -> None:
        """Put back what was there before."""
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)

    def _heed(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.at_once:
            with suppress(OSError):  # nobody may be there to read it
                os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\npytest-ecs: {self._advice()}\n".encode())
            if self.at_the_end or self.count > 2:
                os._exit(128 + number)
        raise KeyboardInterrupt(signal.Signals(number).name)
