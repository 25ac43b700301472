"""The line of each minute says how far a run is and what it waits for, whatever pytest captures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_ecs._http.journal import Journal
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
    assert waiting(_journal(*rows), 160.0) == said


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
