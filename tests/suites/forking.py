"""Runs the suites many times in forks of one process, which has loaded and collected everything once.

Each fork has a cloud of its own, switched as its task says, and runs the tests that the task names; nothing that has a
state exists before. It says what failed by a file.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._contract import load
from pytest_ecs._locations import suites
from pytest_ecs._report.certificate import decide
from pytest_ecs._report.rows import Rows
from pytest_ecs._run.process import Keeper, begin, keeper_of
from pytest_ecs._run.worker import covered_by

__all__ = ["Around", "Collected", "Outcome", "Seen", "Task", "collected", "opened", "seeing"]

#: Seconds after which a fork ends itself.
_PATIENCE = 900


#: Called before and after each test; what the second returns says whether that was enough.
Around = tuple[Callable[[], None], Callable[[], bool]]


def opened(keeper: Keeper, outcome: Outcome) -> Around:
    """Open the session of a fork; nothing is noted of its tests."""
    begin(keeper.config, keeper.settings)
    return (lambda: None), (lambda: False)


@dataclass(frozen=True)
class Task:
    """One run: the switches of its mock, and the tests by their numbers in the collection."""

    name: str
    deviations: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    tests: tuple[int, ...] = ()
    #: Opens the session, in the fork, and says what is to be done around each test.
    around: Callable[[Keeper, Outcome], Around] = opened


@dataclass(frozen=True)
class Seen:
    """What a test reached in a run without switches."""

    #: Requests that it sent, set-up included.
    requests: int
    #: Requirements on which something was found.
    requirements: list[str]
    #: Switches that the mock asked for.
    switches: list[str]


@dataclass
class Outcome:
    """What became of one run."""

    name: str
    #: Requirement -> what was seen, of those that failed.
    failed: dict[str, str] = field(default_factory=dict)
    #: Requirement -> reason, of those that came to no verdict by an error.
    errors: dict[str, str] = field(default_factory=dict)
    #: Requirement -> reason, of those that were to be tested and came to no verdict.
    untested: dict[str, str] = field(default_factory=dict)
    #: Requirements that passed.
    passed: list[str] = field(default_factory=list)
    #: What the run left behind: a cloud that deletes nothing cannot be cleaned up.
    leaks: list[str] = field(default_factory=list)
    #: What else went wrong.
    troubles: list[str] = field(default_factory=list)
    tests: int = 0
    #: How often what the task changes took place, where it counts that.
    took_place: int = 0
    #: CPU seconds.
    seconds: float = 0.0
    seen: list[Seen] = field(default_factory=list)

    @classmethod
    def read(cls, name: str, file: Path) -> Outcome:
        """Return what a fork wrote, or that it wrote nothing."""
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if not text:
            return cls(name, troubles=["the process ended without a word"])
        data = json.loads(text)
        data["seen"] = [Seen(**one) for one in data["seen"]]
        return cls(**data)


class _Sink:
    """Stands where the controller's recorder does: keeps findings only."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def add(self, rows: Rows) -> None:
        self.findings += rows.findings


class Collected:
    """The tests of the suites, each with what it covers, ready to be run in forks."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._keeper: Keeper = keeper_of(session.config)
        self.names = [item.nodeid for item in session.items]
        self.covers = [covered_by(item) for item in session.items]

    def beside(self, tests: Iterable[int]) -> list[int]:
        """Return all tests of the files that some tests are in."""
        files = {self._file(test) for test in tests}
        return [test for test in range(len(self.names)) if self._file(test) in files]

    def _file(self, test: int) -> str:
        return self.names[test].partition("::")[0]

    def run(self, tasks: Iterable[Task], processes: int = 1) -> Iterator[Outcome]:
        """Run each task in a fork, so many at a time, and yield what became of them, as they end."""
        assert threading.active_count() == 1, f"a thread would be lost in the forks: {threading.enumerate()}"
        gc.collect()
        gc.freeze()
        with tempfile.TemporaryDirectory(prefix="pytest-ecs-proof-") as folder:
            running: dict[int, tuple[Task, Path]] = {}
            for number, task in enumerate(tasks):
                if len(running) >= processes:
                    yield self._ended(running)
                file = Path(folder) / f"{number}.json"
                running[self._fork(task, file)] = (task, file)
            while running:
                yield self._ended(running)

    @staticmethod
    def _ended(running: dict[int, tuple[Task, Path]]) -> Outcome:
        pid, status = os.wait()
        task, file = running.pop(pid)
        outcome = Outcome.read(task.name, file)
        file.unlink(missing_ok=True)
        if status:
            outcome.troubles.append(f"the process ended with status {os.waitstatus_to_exitcode(status)}")
        return outcome

    def _fork(self, task: Task, file: Path) -> int:
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            signal.alarm(_PATIENCE)
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 1)
            outcome = self._one(task)
            file.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
            code = 0
        except BaseException:  # noqa: BLE001 - nothing of the fork may go on in the parent's place
            traceback.print_exc()
        finally:
            os._exit(code)

    def _one(self, task: Task) -> Outcome:
        keeper, sink, outcome = self._keeper, _Sink(), Outcome(task.name)
        keeper.settings = replace(keeper.settings, deviation=task.deviations, variant=task.variants)
        keeper.recorder = sink  # type: ignore[assignment]
        before, after = task.around(keeper, outcome)
        items = [self._session.items[number] for number in task.tests]
        for outcome.tests, (item, following) in enumerate(zip_longest(items, items[1:]), 1):
            before()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if after():
                break
            if self._session.shouldstop:
                outcome.troubles.append(f"the run stopped early: {self._session.shouldstop}")
                break
        keeper._delete_everything()
        if keeper.witness is not None:
            sink.add(keeper.witness.rest())
        outcome.leaks += keeper.leaks
        contract = load()
        requirements = [contract.requirements[name] for name in {finding.requirement for finding in sink.findings}]
        for result in decide(requirements, sink.findings, today=date(2025, 1, 1)):
            if result.verdict == "fail":
                outcome.failed[result.requirement.id] = result.reason[:400]
            elif result.verdict == "error":
                outcome.errors[result.requirement.id] = result.reason[:400]
            elif result.verdict == "pass":
                outcome.passed.append(result.requirement.id)
            else:
                outcome.untested[result.requirement.id] = result.reason[:400]
        outcome.seconds = round(time.process_time(), 2)
        return outcome


def seeing(keeper: Keeper, outcome: Outcome) -> Around:
    """Open the session of a fork, and note what each test reaches."""
    app: Any = importlib.import_module("pytest_ecs._mock.app")
    asked: set[str] = set()
    found: set[str] = set()
    switchboard, witness = app.switchboard, keeper.witness
    assert witness is not None
    keep = witness._keep

    def recording(sort: str, known: Any, names: Any) -> Callable[[str], bool]:
        on = switchboard(sort, known, names)

        def ask(name: str) -> bool:
            asked.add(name)
            answer: bool = on(name)
            return answer

        return ask

    def note(finding: Finding) -> None:
        found.add(finding.requirement)
        keep(finding)

    app.switchboard = recording
    witness._keep = note  # type: ignore[method-assign]
    session = begin(keeper.config, keeper.settings)
    always = frozenset(asked)  # what the mock asks for when it is made, it asks for in each run
    sent = 0

    def before() -> None:
        asked.clear()
        found.clear()

    def after() -> bool:
        nonlocal sent
        now = session._judged
        outcome.seen.append(Seen(now - sent, sorted(found), sorted(asked | always)))
        sent = now
        return False

    return before, after


class _Loop:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, work: Callable[[Collected], None]) -> None:
        self._work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Let nobody tell how far the run is, by a thread that forks would not have."""
        session.config.pluginmanager.unregister(name="pytest-ecs-progress")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("the suites cannot be collected")
        self._work(Collected(session))
        return True


def _prepare() -> None:
    """Import what a first test would, and let the mock find its routes, so that no fork has to."""
    import httpx  # noqa: F401
    import hypothesis  # noqa: F401

    import pytest_ecs._run.session
    import pytest_ecs._testing.properties
    import pytest_ecs.strategies.requests  # noqa: F401
    from pytest_ecs._mock import MockCloud

    MockCloud()


def collected(work: Callable[[Collected], None], options: Sequence[str] = ()) -> int:
    """Collect the suites, let *work* run tasks with them, and return pytest's exit code."""
    _prepare()
    with tempfile.TemporaryDirectory(prefix="pytest-ecs-proof-") as folder:
        ini = Path(folder) / "pytest.ini"
        ini.write_text("[pytest]\n", encoding="utf-8")
        arguments = [
            str(suites()),
            "-c",
            str(ini),
            "-q",
            "-s",
            "--tb=line",
            "-p",
            "no:warnings",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "no:pytest-ecs-progress",  # its thread would be lost in the forks
        ]
        # One seed, since what is compared must not depend on what generated requests happen to meet.
        arguments += [f"--ecs-report={folder}", "--hypothesis-seed=1", *options]
        return int(pytest.main(arguments, plugins=[_Loop(work)]))
