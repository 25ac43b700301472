"""The controller's side of a run: writes the rows of all processes as they come, decides, and writes the certificate."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._http.credentials import accounts_in
from pytest_ecs._report.certificate import asked_for, build, results_of
from pytest_ecs._report.editions import with_edition
from pytest_ecs._report.evidence import NAME, Writer, read_evidence
from pytest_ecs._report.failure import explain_all
from pytest_ecs._report.gates import Gates, RunEnd, exit_code
from pytest_ecs._report.model import EvidenceInfo, Footer, Header, Report, Waiver
from pytest_ecs._report.record import Record
from pytest_ecs._report.rows import Rows, line, split
from pytest_ecs.exceptions import ConfigurationError, EcsError

if TYPE_CHECKING:
    from pytest_ecs._run.process import Keeper

__all__ = ["Recorder"]

#: What a certificate says of evidence that could not be written.
_NO_EVIDENCE: EvidenceInfo = {
    "file": NAME,
    "sha256": "0" * 64,
    "file_sha256": "0" * 64,
    "exchanges": 0,
    "findings": 0,
}


class Recorder:
    """Writes and decides; in a run with xdist only the controller has one."""

    def __init__(self, keeper: Keeper, contract: Contract, waivers: Sequence[Waiver], gates: Gates) -> None:
        self._keeper = keeper
        self._contract = contract
        self._waivers = waivers
        self._gates = gates
        self._started = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._record = Record()
        self._writer: Writer | None = None
        self._header: Header | None = None
        #: Tests that were collected, and those that reported their end.
        self._collected: set[str] = set()
        self._reported: set[str] = set()
        self._times: dict[str, float] = {}
        self._own_failures = self._environment = self._cut = False
        #: Why the run stopped by itself.
        self._stop = ""
        self.report: Report | None = None
        self.paths: list[Path] = []
        #: Sentences for the terminal.
        self._said: list[str] = []
        self._trouble: str | None = None

    # What happens

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what has to be reported; with xdist the workers say it."""
        self._collected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Remember what has to be reported."""
        self._collected.update(ids)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the run did not end in order, whatever the exit code becomes."""
        self._cut = True
        if excinfo.type in (KeyboardInterrupt, pytest.exit.Exception):
            self._stop = ""  # somebody did that, whatever had happened before

    def pytest_internalerror(self) -> None:
        """Likewise."""
        self._cut = True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take over the rows of one test."""
        text: str | None = getattr(report, "ecs", None)
        if text is None:  # from a worker that died
            self._reported.add(report.nodeid)
            if report.failed:
                self._crashed(report)
            return
        if text:
            self.receive(text)
        failed, covers = getattr(report, "ecs_failed", ()), getattr(report, "ecs_covers", ())
        for name in covers:
            self._times[name] = self._times.get(name, 0.0) + report.duration / len(covers)
        self._own_failures = self._own_failures or getattr(report, "ecs_own", False)
        self._stop = getattr(report, "ecs_stop", "") or self._stop
        if report.failed and not failed:
            if getattr(report, "ecs_environment", False):
                self._environment = True
            elif not covers:
                self._own_failures = True
        if report.when == "teardown":
            self._reported.add(report.nodeid)
            self._link()

    def add(self, rows: Rows) -> None:
        """Take over rows of this process."""
        if rows:
            self._record.add(rows)
            self._write(list(rows.lines()))

    def receive(self, text: str) -> None:
        """Take over rows of another process; see `pytest_ecs._report.rows.Rows.to_text`."""
        import json

        lines = split(text)
        for one in lines:
            self._record.skim(json.loads(one))
        self._write(lines)

    def lost(self, what: str) -> None:
        """Note an error that concerns no single requirement."""
        self._record.troubles.append(what)
        self._write([line("trouble", {"what": what})])
        self._link()

    def _crashed(self, report: pytest.TestReport) -> None:
        """A report without rows comes from a worker that died; the test's name says what it was about."""
        found = re.search(r"\[([^\]]+)\](?:@[^\]]*)?$", report.nodeid)
        about = found.group(1).partition("@")[0] if found else ""
        text = str(report.longrepr).strip().splitlines()
        reason = text[-1] if text else "the test process died"
        if about in self._contract.requirements:
            self.add(Rows(findings=[Finding(about, "error", reason=f"harness: {reason}")]))
        self.lost(f"{report.nodeid}: {reason}")

    # Evidence

    def _write(self, lines: Sequence[str]) -> None:
        if self._trouble or not lines:
            return
        try:
            if self._writer is None:
                from pytest_ecs._report.files import remove_old
                from pytest_ecs._run.about import header

                folder = self._keeper.settings.report_folder
                remove_old(folder)
                self._header = header(self._keeper, self._contract, self._waivers, self._started)
                self._writer = Writer(folder / NAME, self._header)
            self._writer.write(lines)
        except (OSError, EcsError) as error:
            self._unwritable(error)

    def _link(self) -> None:
        if self._writer is not None and not self._trouble:
            try:
                self._writer.link()
            except OSError as error:
                self._unwritable(error)

    def _unwritable(self, error: Exception) -> None:
        """From here on the evidence has holes, so the run proves nothing; verdicts are still said."""
        folder = self._keeper.settings.report_folder
        self._trouble = (
            f"The evidence in {folder} could not be written to its end ({error}): what was seen after that is lost. "
            "Free some space, or name another folder with --ecs-report, and certify again."
        )
        self._record.troubles.append(self._trouble)

    # The end

    def finish(self, session: pytest.Session) -> None:
        """Decide, write the files, and let the exit code say what became of the run."""
        if not self._record.exchanges and not self._record.findings:
            return
        with _uninterrupted():
            self._conclude(session)
        if self.report is not None:
            # A run that stopped by itself, which pytest calls interrupted, was not stopped by anybody.
            stopped = bool(self._stop) and session.exitstatus == pytest.ExitCode.INTERRUPTED
            status = int(pytest.ExitCode.TESTS_FAILED if stopped else session.exitstatus)
            run = RunEnd(status, bool(self._record.leaks), self._own_failures, self._environment)
            code, said = exit_code(self.report, run, self._gates)
            self._said += said
            session.exitstatus = code

    def _conclude(self, session: pytest.Session) -> None:
        from pytest_ecs._report.files import write_all, write_code_quality
        from pytest_ecs._run.about import header
        from pytest_ecs._run.coverage import reason

        settings, contract = self._keeper.settings, self._contract
        for what in self._unended(int(session.exitstatus)):
            self.lost(what)
        about = self._header or header(self._keeper, contract, self._waivers, self._started)
        seen = {finding.requirement for finding in self._record.findings}
        missing = [r for r in asked_for(about.selection, contract) if r.id not in seen]
        self.add(Rows(findings=[Finding(r.id, "not_tested", reason=reason(contract, r)) for r in missing]))
        footer = Footer(
            finished=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=round(time.perf_counter() - self._clock, 1),
            complete=not self._record.troubles,
            database=settings.examples_folder.name if settings.examples_folder.is_dir() else None,
        )
        info = self._closed(footer)
        if self._trouble:
            footer = replace(footer, complete=False)
        self.report = build(about, self._record, footer, contract, info)
        try:
            if about.edition is not None:
                evidence = read_evidence(settings.report_folder / NAME, unfinished=True)
                self.report = with_edition(self.report, evidence, contract)
            results = results_of(about, self._record, contract)
            texts, exchanges = explain_all(results, settings.report_folder / NAME, contract)
            self.paths = write_all(settings.report_folder, self.report, texts, exchanges, self._times)
            if settings.annotations == "gitlab":
                self.paths.append(write_code_quality(settings.report_folder, self.report))
            if settings.sign is not None:
                from pytest_ecs._report.sign import sign

                self.paths.append(sign(settings.report_folder, settings.sign))
            self.paths += self._own_reports()
        except (EcsError, OSError) as error:
            self._trouble = self._trouble or str(error)
            self.report["troubles"].append(str(error))
            self.report["verdict"] = "fail" if self.report["verdict"] == "fail" else "error"

    def _own_reports(self) -> list[Path]:
        """Let others write their reports; raises `ConfigurationError` when one of them breaks."""
        config, folder = self._keeper.config, self._keeper.settings.report_folder
        if not config.hook.pytest_ecs_report.get_hookimpls():
            return []
        try:
            answers = config.hook.pytest_ecs_report(report=deepcopy(self.report), folder=folder, config=config)
            return [Path(one) for paths in answers for one in ([paths] if isinstance(paths, str | Path) else paths)]
        except Exception as error:  # whatever somebody's hook raises is its own fault, and said so
            raise ConfigurationError(
                "A report of another form could not be written",
                seen=f"{type(error).__name__}: {error}",
                hint="see the hook pytest_ecs_report of your conftest.py and plugins",
            ) from error

    def _closed(self, footer: Footer) -> EvidenceInfo:
        if self._writer is None:
            return _NO_EVIDENCE
        if not self._trouble:
            try:
                return self._writer.close(footer)
            except OSError as error:
                self._unwritable(error)
        return self._writer.abandon()

    def _unended(self, status: int) -> Iterator[str]:
        """Say in what way the run did not end in order: it is no certificate then."""
        if self._stop:
            yield f"the run stopped, so not everything was tested: {self._stop}"
        elif status == pytest.ExitCode.INTERRUPTED:
            yield "the run was interrupted, so not everything was tested"
        elif status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            yield f"the run did not end in order: pytest's exit code is {status}"
        elif self._cut:
            yield "the run was cut short, so not everything was tested"
        missing = sorted(self._collected - self._reported)
        if missing:
            yield f"{len(missing)} of {len(self._collected)} collected tests did not report their end, {missing[0]} first"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, what the exit code speaks of, and where the files are."""
        from pytest_ecs._report.annotations import github
        from pytest_ecs._report.summary import table

        if self.report is None:
            return
        if self._keeper.settings.annotations == "github":
            # Each at the beginning of a line: GitHub reads them from what the step prints.
            for command in github(self.report):
                terminalreporter.write_line(command)
        terminalreporter.section("ECS conformance")
        terminalreporter.write_line(table(self.report))
        if self._keeper.settings.embedded and (unused := accounts_in(os.environ)):
            terminalreporter.write_line(
                f"Not used: {', '.join(unused)}, since without --ecs-cloud, --ecs-endpoint or --ecs-iam the target is the embedded mock"
            )
        for sentence in self._said:
            terminalreporter.write_line(f"Exit code: {sentence}")
        if self._trouble:
            terminalreporter.write_line(f"\n{self._trouble}", red=True)
        if self.paths:
            folder = self.paths[0].parent
            terminalreporter.write_line(f"\nReport: {folder} ({', '.join(path.name for path in self.paths)})")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let no Ctrl-C cut the writing of the report, which takes seconds."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
