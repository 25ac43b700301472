"""The line of each minute says how far a run is and what it waits for, whatever pytest captures."""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ecs._http.durations import Durations
from pytest_ecs._http.journal import Journal
from pytest_ecs._run.live import wants_live
from pytest_ecs._run.progress import waiting

from ..exchanges import exchange


def _journal(*rows: tuple[str | None, str, Any]) -> Journal:
    journal = Journal("main")
    for number, (operation, path, body) in enumerate(rows):
        made = exchange(operation, body=body, id=journal.next_id())
        parameters = {"job_id": "j"} if path == "/j" else {}
        journal.add(replace(made, path=path, parameters=parameters, started=100.0 + 10 * number))
    return journal


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ""),
        ([("ecs.quotas.show", "/limits", {})], "GET /limits for 60 s"),
        (
            [
                ("ecs.quotas.show", "/limits", {}),
                *[("ecs.jobs.show", "/j", {"status": "RUNNING", "job_type": "createServer"})] * 2,
            ],
            "job createServer RUNNING for 50 s",
        ),
        (
            [("nova.servers.show", "/s", {"server": {"status": "BUILD", "OS-EXT-STS:task_state": "spawning"}})],
            "server BUILD (spawning) for 60 s",
        ),
        ([("nova.servers.show", "/s", {"server": {"status": "\x1b[2J"}})], "server \\x1b[2J for 60 s"),
        ([("nova.servers.show", "/s", {"itemNotFound": {}})], "GET /s for 60 s"),
    ],
)
def test_what_is_waited_for_is_what_was_asked_last(rows: list[tuple[str | None, str, Any]], said: str) -> None:
    """Since the first of the like requests in a row."""
    assert waiting(_journal(*rows), 160.0, Durations()) == said


def test_a_test_that_waits_long_is_told_of(pytester: pytest.Pytester) -> None:
    """Past pytest's capturing; the test goes on once it has read the line itself."""
    pytester.makeconftest("""
        import pytest_ecs._run.progress as progress

        told = progress.threading.Event()
        line = progress.Progress.line
        progress._EVERY = 0.01
        progress.Progress.__init__.__defaults__ = (0.01,)

        def noted(self):
            said = line(self)
            told.set()
            return said

        progress.Progress.line = noted
    """)
    pytester.makepyfile("""
        import conftest

        def test_waits(ecs_client): assert conftest.told.wait(30)
    """)
    shown = pytester.runpytest_subprocess("-q", "--ecs-report=out", "--ecs-requirement=ecs.quotas.show/status")
    shown.assert_outcomes(passed=1)
    shown.stdout.fnmatch_lines(["0 min: 0 of 1 tests, 0 failed*"])
    silent = pytester.runpytest_subprocess("-p", "no:terminal", "--ecs-report=out", "-k", "nothing")
    silent.stdout.no_fnmatch_line("*0 min:*")


def test_the_usual_time_of_a_job_is_that_of_earlier_ones() -> None:
    """In this process."""
    durations = Durations()
    durations.add(("job", "createServer"), 10.0)
    said = []
    for job_type in ("createServer", "deleteServer"):
        journal = Journal("main")
        told = exchange("ecs.jobs.show", body={"status": "RUNNING", "job_type": job_type}, id=journal.next_id())
        journal.add(replace(told, path="/j", parameters={"job_id": job_type}, started=100.0))
        said.append(waiting(journal, 160.0, durations))
    assert said == ["job createServer RUNNING for 60 s, usually 10 s", "job deleteServer RUNNING for 60 s"]


_CONFTEST = """
    import pytest_ecs._run.live as live
    import pytest_ecs._run.progress as progress

    told = progress.threading.Event()
    calls = []
    line = progress.Progress.line
    live.Live.__init__.__defaults__ = (0.01,)

    def noted(self):
        if progress.threading.current_thread().name == "pytest-ecs-live":
            calls.append(self)
        if len(calls) > 1:  # who draws asks for a second one, so that the first one is drawn by now
            told.set()
        return line(self)

    progress.Progress.line = noted
"""
_WAITS = """
    import conftest

    def test_waits(ecs_client): assert conftest.told.wait(30)
"""


def _on_a_terminal(pytester: pytest.Pytester, *arguments: str, **variables: str) -> str:
    """Run pytest with a terminal of 100 columns as its output and return what it wrote there."""
    mine, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--ecs-report=out", "-p", "no:cacheprovider", *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=pytester.path,
        env={**environ, "TERM": "xterm-256color", **variables},
    )
    os.close(its)
    read: list[bytes] = []
    with suppress(OSError):  # how Linux says that nobody has the other end any more
        while data := os.read(mine, 65536):
            read.append(data)
    os.close(mine)
    assert process.wait() == 0, b"".join(read).decode()
    return b"".join(read).decode()


def test_a_terminal_has_one_live_line(pytester: pytest.Pytester) -> None:
    """Below what pytest writes, taken back before anything else is written, and gone at the end."""
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(_WAITS)
    shown = _on_a_terminal(pytester, "--ecs-requirement=ecs.quotas.show/status")
    drawn = re.findall(r"\x1bD\x1b\[1A\x1b7\x1b\[1B\r\x1b\[J(.*?)\x1b8", shown, re.DOTALL)
    assert drawn, shown
    assert "0 min: 0 of 1 tests, 0 failed" in drawn[0]  # while the test runs, whose output pytest captures
    assert all("\n" not in line and len(re.sub(r"\x1b\[[0-9;]*m", "", line)) < 100 for line in drawn)
    after = shown[shown.rindex("\x1b8") + 2 :]
    assert after.startswith("\x1b[J")
    assert "1 passed" in after
    assert "\x1b7" not in after


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("file", "variables", "capture", "wanted"),
    [
        (_Terminal(), {"TERM": "xterm"}, "fd", True),
        (_Terminal(), {"TERM": "xterm", "CI": "false"}, "fd", True),
        (_Terminal(), {"TERM": "xterm", "CI": "true"}, "fd", False),
        (_Terminal(), {"TERM": "xterm", "BUILD_NUMBER": "7"}, "fd", False),
        (_Terminal(), {"TERM": "dumb"}, "fd", False),
        (_Terminal(), {"TERM": "xterm"}, "no", False),
        (io.StringIO(), {"TERM": "xterm"}, "fd", False),
        (None, {"TERM": "xterm"}, "fd", False),
    ],
)
def test_no_line_is_drawn_that_could_not_be_taken_back(
    file: io.StringIO | None, variables: dict[str, str], capture: str, wanted: bool
) -> None:
    """In a CI, beside what tests print, on no terminal, or where pytest writes nothing."""
    reporter = SimpleNamespace(_tw=SimpleNamespace(_file=file)) if file is not None else None
    config: Any = SimpleNamespace(getoption={"capture": capture}.get)
    assert wants_live(reporter, config, variables) is wanted
