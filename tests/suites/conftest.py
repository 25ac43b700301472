"""One clean run for all who look at its record, and the table of the proof."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def clean_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Exit code and report folder of a run on the conforming mock."""
    folder = tmp_path_factory.mktemp("clean")
    command = [sys.executable, "-m", "pytest_ecs", "run", f"--ecs-report={folder}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, folder


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the derived deviations by operator."""
    lines = [
        line
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == "derived" and report.when == "call"
        for line in value
    ]
    if lines:
        terminalreporter.section("Deviations derived from the contract, in recorded answers")
        for line in lines:
            terminalreporter.write_line(line)
