"""This repository only: pytester for the plugin's tests. Not part of the wheel."""

from __future__ import annotations

from typing import Any

import pytest

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--thorough``."""
    parser.addoption("--thorough", action="store_true", help="try every tampering with a certificate, not a sample")


#: Modules whose tests look at one and the same clean run.
_OF_THE_CLEAN_RUN = ("test_derived.py", "test_deviations.py", "test_openapi_answers.py")


def _scope(nodeid: str) -> str:
    """Return what a test is handed out with: itself, but all that look at the clean run, so that it is made once."""
    file = nodeid.split("::", 1)[0]
    return "clean run" if file.startswith("tests/suites/") and file.endswith(_OF_THE_CLEAN_RUN) else nodeid


@pytest.hookimpl(trylast=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep groups of the project's own tests together; certifications have groups of their own."""
    if config.getoption("dist") != "load":
        return None
    from pytest_ecs._run.xdist_scheduling import Scheduling

    return Scheduling(config, log, _scope)
