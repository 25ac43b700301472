from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
#: A creation takes a tenth of a second, a token's day three minutes.
SPEED = "500"


@pytest.fixture(scope="package")
def endpoint() -> Iterator[dict[str, Any]]:
    """What `pytest-ecs mock` says of itself, while it runs on a free port."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--port", "0", "--speed", SPEED]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                pytest.fail(f"The mock ended with {process.wait(10)} before it was ready: {_said(errors)}")
            yield json.loads(line)
            if process.poll() is not None:
                pytest.fail(f"The mock ended with {process.returncode} during the tests: {_said(errors)}")
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0, f"The mock did not stop cleanly: {_said(errors)}"
            assert process.stdout.read() == "", "The mock printed more than its one line"
            assert not _said(errors), f"The mock complained: {_said(errors)}"
        finally:
            if process.poll() is None:
                process.kill()


def _said(errors: Any) -> str:
    """Return what the mock wrote to its standard error."""
    errors.seek(0)
    return str(errors.read())
