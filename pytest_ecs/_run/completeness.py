"""Whether a run did all that it set out to do: what is collected is reported on, and the end is one of a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

__all__ = ["Completeness"]

_WHOLE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
_SHOWN = 3


class Completeness:
    """Counts the tests of a run, with xdist in the controller."""

    def __init__(self) -> None:
        self._collected: dict[str, None] = {}
        self._reported: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to be run here."""
        self._expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note what is to be run by the workers."""
        self._expect(ids)

    def _expect(self, ids: Iterable[str]) -> None:
        self._collected.update(dict.fromkeys(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test was over, or did not get further."""
        if report.when != "setup" or not report.passed:
            self._reported.add(report.nodeid)

    def missing(self) -> list[str]:
        """Return the node ids of tests that were collected and about which nothing was reported."""
        return [nodeid for nodeid in self._collected if nodeid not in self._reported]

    def troubles(self, exitstatus: int | Any) -> list[str]:
        """Say in a sentence each why the run is not a whole one; nothing is returned for one that is."""
        found = []
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            found.append("the run was interrupted, so not everything was tested")
        elif exitstatus not in _WHOLE:
            found.append(f"the run ended with exit status {int(exitstatus)}, so it may not be complete")
        if missing := self.missing():
            some = ", ".join(missing[:_SHOWN]) + (" ..." if len(missing) > _SHOWN else "")
            found.append(f"{len(missing)} of {len(self._collected)} tests were not run: {some}")
        return found
