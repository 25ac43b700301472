"""Hooks of this plugin: for checks, report formats and targets of one's own, in a ``conftest.py`` or a plugin.

Implement them like any hook of pytest, with the arguments that are needed. They are called in runs that certify: of the
suites, or with ``--ecs-report``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._http.target import Target
    from pytest_ecs._report.model import Report

__all__ = ["pytest_ecs_check", "pytest_ecs_report", "pytest_ecs_target"]


@pytest.hookspec
def pytest_ecs_check(exchange: Exchange, config: pytest.Config) -> Iterable[str] | None:
    """Return a sentence for each thing about *exchange* that is not as it should be.

    Called once for each exchange of a test, its set-up and tear-down included, in the process that sent it. A new
    sentence fails that test, with the request to repeat, and the run ends with exit code 1; one that was said before in
    this process is not said again. It does not enter the certificate, which speaks of the document alone, so that
    anybody can compute it again.
    """


@pytest.hookspec
def pytest_ecs_report(report: Report, folder: Path, config: pytest.Config) -> Path | Iterable[Path] | None:
    """Write a report of another form, and return the files that were written, so that the run names them.

    Called once at the end, in the process that writes the certificate, after the other files of *folder* were written.
    *report* is a copy of what stands in ``report.json``; its form is ``schemas/meta/report.schema.json``.
    """


@pytest.hookspec(firstresult=True)
def pytest_ecs_target(name: str, config: pytest.Config) -> Target | None:
    """Return the target that ``--ecs-cloud=NAME`` means, or None to leave the name to others and to clouds.yaml.

    Called once in each process before the first request. What options name of its resources (``--ecs-image``, ...) comes
    before what the target has. The other verbs of the console script (sweep, doctor, plan) do not ask: give them the
    endpoint with ``--ecs-endpoint`` and the credentials in variables.
    """
