"""Servers and minutes of a cloud that a run needs: ``python benchmarks/pool.py [profile] [speed] [options of pytest]``.

A mock in a process of its own, whose servers take as long as real ones on a clock that runs *speed* times as fast, answers each
request after 60 ms of that clock. The run waits on the same clock, so that only computing counts for more than it would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_LATENCY = 0.06


def main(profile: str = "full", speed: str = "5", *options: str) -> None:
    """Run and print the figures."""
    from pytest_ecs._report.page.timeline import look

    root = Path(__file__).resolve().parents[1]
    python = [sys.executable, "-m", "pytest_ecs"]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    origin = f"{time.time()} {speed}"
    with tempfile.TemporaryDirectory() as folder:
        waits = ["--speed", speed, "--latency", f"{_LATENCY / float(speed):.4f}"]
        mock = subprocess.Popen([*python, "mock", *waits, "--write", folder], stdout=subprocess.PIPE, text=True)
        try:
            assert mock.stdout is not None
            mock.stdout.readline()
            subprocess.run(
                [
                    *python,
                    "run",
                    profile,
                    "-c",
                    "ecs.ini",
                    "-p",
                    "tests.fast_clock",
                    "-q",
                    "--ecs-max-minutes=600",
                    *options,
                ],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": path, "FAST_CLOCK": origin},
                check=False,
            )
        finally:
            mock.terminate()
            mock.wait()
        kept = [option.partition("=")[2] for option in options if option.startswith("--ecs-report=")]
        report = Path(folder, *kept[-1:] or ["ecs-report"])
        cost = json.loads((report / "report.json").read_text(encoding="utf-8"))["cost"]
        most = max((servers for _, servers, _ in look(report / "evidence.jsonl.gz", frozenset()).points), default=0)
    minutes = cost["seconds"] * float(speed) / 60
    sys.stdout.write(
        f"{profile}: {minutes:.1f} minutes, {cost['servers_created']} servers, {most} at once, {cost['requests']} requests\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
