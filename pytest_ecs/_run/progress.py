"""How far a run is and what it waits for, also while one test waits long: a live line on a terminal, else a line each minute."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_ecs._run.live import Live, wants_live
from pytest_ecs._text import harmless

if TYPE_CHECKING:
    from pytest_ecs._http.durations import Durations
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._http.journal import Journal
    from pytest_ecs._run.process import Keeper
    from pytest_ecs._run.session import Session

__all__ = ["Progress", "waiting"]

#: Seconds between two lines.
_EVERY = 60.0


def waiting(journal: Journal, now: float, durations: Durations) -> str:
    """Return what the last request of a process was about: the job or the server that is waited for, or the request."""
    last = next(iter(reversed(journal)), None)
    if last is None:
        return ""
    since = f"for {now - _first(last, journal).started:.0f} s"
    if last.parameters.get("job_id") and (status := last.json_object.get("status")):
        job_type = last.json_object.get("job_type")
        usual = durations.usual(("job", str(job_type)))
        return harmless(f"job {job_type} {status} {since}" + (f", usually {usual:.0f} s" if usual is not None else ""))
    server = last.json_object.get("server")
    if isinstance(server, dict) and server.get("status"):
        task = server.get("OS-EXT-STS:task_state")
        return harmless(f"server {server.get('status')}" + (f" ({task})" if task else "") + f" {since}")
    return f"{last.request_line[:80]} {since}"


def _first(last: Exchange, journal: Journal) -> Exchange:
    """Return the first of the like requests in a row that *last* is one of."""
    first = last
    for one in reversed(journal):
        if one.request_line != last.request_line:
            break
        first = one
    return first


class Progress:
    """Counts what is reported, and writes the line past pytest's capturing, which swallows what a thread prints."""

    def __init__(self, keeper: Keeper, every: float = _EVERY) -> None:
        self._keeper = keeper
        self._every = every
        self._began = time.monotonic()
        self._all: set[str] = set()
        self._done: set[str] = set()
        self._failed = 0
        #: Servers that are held and that were made, where a ledger of this process knows.
        self._servers: tuple[int, int] | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._out = -1
        self._live: Live | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin once it is known how much there is to do."""
        self._all.update(item.nodeid for item in session.items)
        if self._thread is None and self._live is None and not session.config.option.collectonly:
            reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
            if wants_live(reporter, session.config, os.environ):
                self._live = Live(reporter, lambda: (len(self._done), len(self._all), self.line()))
                self._live.start()
                return
            with suppress(OSError, AttributeError, ValueError):  # -p no:terminal, or what is no file
                self._out = os.dup(reporter._tw._file.fileno())
                self._thread = threading.Thread(target=self._tell, name="pytest-ecs-progress", daemon=True)
                self._thread.start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """With xdist the workers know it."""
        self._all.update(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count."""
        self._failed += report.failed
        if report.when == "teardown":
            self._done.add(report.nodeid)
            session = self._keeper.session
            if session is not None and not session.target.simulated:
                ledger = session.ledger
                self._servers = len(ledger.servers(ledger.run)), ledger.created()

    def pytest_enter_pdb(self) -> None:
        """Leave the terminal to the debugger."""
        self._clear()

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self) -> None:
        """Leave the terminal to what is said at the end."""
        self._clear()

    def _clear(self) -> None:
        if self._live is not None:
            self._live.stop()

    def pytest_unconfigure(self) -> None:
        """End."""
        self._clear()
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            os.close(self._out)
            self._thread = None

    def _tell(self) -> None:
        while not self._over.wait(self._every):
            with suppress(OSError):  # nobody reads any more
                os.write(self._out, f"\n{self.line()}\n".encode())

    def line(self) -> str:
        """Return what is said now."""
        settings, session = self._keeper.settings, self._keeper.session
        minutes = (time.monotonic() - self._began) / 60
        words = [f"{minutes:.0f} min: {len(self._done)} of {len(self._all)} tests, {self._failed} failed"]
        if self._servers is not None:
            words.append("{} servers held, {} of {} made".format(*self._servers, settings.max_servers))
        if session is not None and (what := self._waits(session)):
            words.append(what)
        if not settings.embedded:
            words.append(f"{max(settings.max_minutes - minutes, 0):.0f} of {settings.max_minutes:g} minutes left")
        return "; ".join(words)

    def _waits(self, session: Session) -> str:
        journal = session.connection.journal
        try:
            return waiting(journal, session.target.clock.now(), session.connection.durations)
        except (RuntimeError, LookupError):  # the other thread adds to it just now
            return ""
