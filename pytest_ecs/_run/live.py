"""One live line on a terminal, below what pytest writes; drawn by rich."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from pytest_ecs._text import harmless

if TYPE_CHECKING:
    import pytest

__all__ = ["Live", "Progressed", "wants_live"]

#: Seconds between two looks.
_EVERY = 0.5
#: Down a line, which scrolls at the bottom, and up again in the same column; keep the place; to the line below.
_BELOW, _BACK = "\x1bD\x1b[1A\x1b7\x1b[1B\r", "\x1b8"
#: Clears whatever is right of and below the cursor.
_CLEAR = "\x1b[J"
#: Variables that a CI sets; what it shows is no terminal that could take a line back.
_CI = ("CI", "BUILD_NUMBER")

#: Tests that are over and all of them, and the rest of the line.
Progressed = tuple[int, int, str]


def wants_live(reporter: Any, config: pytest.Config, environ: Mapping[str, str]) -> bool:
    """Whether a line can be drawn and taken back: on a terminal that nobody else writes to, and in no CI."""
    file = getattr(getattr(reporter, "_tw", None), "_file", None)
    if (
        file is None
        or not file.isatty()
        or environ.get("TERM", "dumb") == "dumb"
        or config.getoption("capture") == "no"
    ):
        return False
    return not any(environ.get(name, "").lower() not in {"", "false", "0"} for name in _CI)


class Live:
    """Draws what *told* says, until it is stopped; between `start` and `stop` all that pytest writes goes through it."""

    def __init__(self, reporter: Any, told: Callable[[], Progressed], every: float = _EVERY) -> None:
        self._writer = reporter._tw
        self._file: TextIO = reporter._tw._file
        #: Where the line is drawn: while a test runs, pytest captures what goes to its own file.
        self._line: TextIO = self._file
        self._told = told
        self._every = every
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._redraw, name="pytest-ecs-live", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        with suppress(OSError, AttributeError, ValueError):  # what is no file
            self._line = os.fdopen(os.dup(self._file.fileno()), "w", encoding=self._file.encoding, newline="")
        self._writer._file = self
        self._thread.start()

    def stop(self) -> None:
        """Take the line away, and leave the terminal to pytest; doing it again changes nothing."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        with self._lock, suppress(OSError):
            self._writer._file = self._file
            self._file.write(_CLEAR)
            self._file.flush()
            if self._line is not self._file:
                self._line.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        """Write what pytest has to say in the place of the line, which is drawn again below it."""
        with self._lock:
            self._file.write(_CLEAR)
            return self._file.write(text)

    def _redraw(self) -> None:
        while not self._over.wait(self._every):
            text = _drawn(self._told(), self._width())
            with self._lock, suppress(OSError):
                if not self._over.is_set():
                    self._line.write(f"{_BELOW}{_CLEAR}{text}{_BACK}")
                    self._line.flush()

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._file.fileno()).columns or 80
        except OSError:
            return 80


def _drawn(progressed: Progressed, width: int) -> str:
    """Return a line for a terminal of *width* columns: a bar, and as much of the words as there is room for."""
    from rich.console import Console
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    done, every, words = progressed
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=12)
    line.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    line.add_row(ProgressBar(total=max(every, 1), completed=done, width=12), Text(harmless(words)))
    # The last column is left free: some terminals begin a new line there.
    console = Console(force_terminal=True, width=max(width - 1, 20), height=1, legacy_windows=False)
    with console.capture() as captured:
        console.print(line, end="")
    return captured.get().split("\n")[0]
