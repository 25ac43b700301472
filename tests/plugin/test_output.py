"""Where the output goes may be full or closed; that is a sentence, or nobody's business."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_COMMAND = [sys.executable, "-m", "pytest_ecs"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is full")
@pytest.mark.parametrize("verb", [["list", "rulings"], ["run", "native", "--ecs-operation=nova.limits.show"]])
def test_a_full_device_is_a_sentence(tmp_path: Path, verb: list[str]) -> None:
    """Without a traceback of ours, and with a code that is no verdict."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*_COMMAND, *verb], stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=60, check=False
        )
    assert done.returncode == 4
    assert done.stderr.endswith("the output cannot be written. Seen: No space left on device. Free some space.\n")
    assert "__main__" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_closed_output_stops_no_run(tmp_path: Path) -> None:
    """The certificate is written all the same."""
    command = [*_COMMAND, "run", "native", "--ecs-operation=nova.limits.show", "--ecs-properties=off"]
    shell = ["sh", "-c", '"$@" >&-', "sh", *command]
    done = subprocess.run(shell, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=60, check=False)
    assert (done.returncode, "Error" in done.stderr) == (0, False)
    assert (tmp_path / "ecs-report" / "report.json").is_file()
