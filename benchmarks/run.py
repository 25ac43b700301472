"""Measure what the README claims: ``python benchmarks/run.py``. Each figure is the best of three.

contract load      reading and checking schemas/ in a fresh interpreter, imports apart
collection         pytest --collect-only over the suites
judging            exchanges judged again from a recorded run, requests and findings per second
requests           one request through the client to the embedded mock, in process and over HTTP
whole run          pytest-ecs run, without xdist and with two workers, each of which has a mock of its own; its parts are
                   collection, the tests with and without properties, and the rest of it, the report
peak memory        the largest process of a whole run
verify             pytest-ecs report verify of a whole run, and how large its evidence is on disk
machine            fixed work in plain Python that uses nothing of this project, so that figures of two machines can be compared
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_LOAD = """
import resource, time
from pytest_ecs._contract import loader
import jsonschema, yaml
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
contract = loader.load()
seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seconds, len(contract.requirements), after // 1024, (after - before) // 1024)
"""
_JUDGE = """
import sys, time
from pathlib import Path
from pytest_ecs._checks import rejudge
from pytest_ecs._contract import load
from pytest_ecs._report.evidence import read_evidence
evidence = read_evidence(Path(sys.argv[1]))
contract = load()
exchanges, findings = list(evidence.exchanges), list(evidence.findings)
start = time.perf_counter()
judged = sum(1 for _ in rejudge(exchanges, findings, contract))
print(time.perf_counter() - start, len(exchanges), judged)
"""
_REQUESTS = """
import sys, time
from pathlib import Path
from pytest_ecs._run.options import Settings
from pytest_ecs._run.session import open_session
session = open_session(Settings(run="bench"))
client = session.client
client.get("/v1/{project_id}/cloudservers/limits")
start = time.perf_counter()
for _ in range(500):
    client.get("/v1/{project_id}/cloudservers/limits")
print((time.perf_counter() - start) / 500)
"""
_MACHINE = """
import json, time
body = {"servers": [{"id": f"server-{n}", "status": "ACTIVE", "addresses": [n, str(n)]} for n in range(50)]}
start = time.perf_counter()
for _ in range(500):
    text = json.dumps(body)
    parsed = json.loads(text)
    kept = {one["id"]: sorted(map(str, one["addresses"])) for one in parsed["servers"] if one["status"] in text}
print(time.perf_counter() - start)
"""


def _python(code: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.split()


def _best(measure: Callable[[], float], times: int = 3) -> float:
    return min(measure() for _ in range(times))


def _timed(command: list[str], folder: str) -> tuple[float, str, int]:
    """Run *command*; return seconds, output and the largest resident set of it and its children in MiB."""
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return seconds, output, usage.ru_maxrss // 1024


def main() -> None:
    """Print the table."""
    # Where Python is told to keep no bytecode, each figure would have the time in it to compile the package once more.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    machine = _best(lambda: float(_python(_MACHINE)[0]))
    rows: list[tuple[str, str]] = [("machine", f"{machine * 1000:.0f} ms for fixed work in plain Python")]
    loads = [_python(_LOAD) for _ in range(3)]
    fastest = min(float(load[0]) for load in loads)
    rows.append(("contract load", f"{fastest:.3f} s for {loads[0][1]} requirements"))
    rows.append(("  memory", f"{loads[0][2]} MiB in all, {loads[0][3]} MiB for the contract"))
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "pytest_ecs", "run"]
        seconds, output, _ = _timed([*run, "--collect-only"], folder)
        seconds = min(seconds, *(_timed([*run, "--collect-only"], folder)[0] for _ in range(2)))
        found = re.search(r"(\d+) tests? collected", output)
        rows.append(
            ("collection", f"{seconds:.2f} s for {found.group(1) if found else '?'} tests, interpreter start included")
        )
        for label, options in (
            ("whole run, one process", []),
            ("  without properties", ["--ecs-properties=off"]),
            ("whole run, -n 2", ["-n", "2"]),
            ("  without properties", ["-n", "2", "--ecs-properties=off"]),
        ):
            times = [_timed([*run, *options], folder) for _ in range(3)]
            cost = json.loads((Path(folder) / "ecs-report" / "report.json").read_text(encoding="utf-8"))["cost"]
            took = f"{min(t[0] for t in times):.1f} s, largest process {max(t[2] for t in times)} MiB"
            rows.append((label, f"{took}, {cost['requests']} requests, {cost['servers_created']} servers"))
        report = Path(folder) / "ecs-report"
        verify = [sys.executable, "-m", "pytest_ecs", "report", "verify", str(report / "report.json")]
        took_, size = _best(lambda: _timed(verify, folder)[0]), (report / "evidence.jsonl.gz").stat().st_size
        rows.append(("verify", f"{took_:.1f} s, {size / 2**20:.1f} MiB of evidence"))
        seconds_, exchanges, findings = _python(_JUDGE, str(report / "evidence.jsonl.gz"))
        rows.append(
            (
                "judging",
                f"{int(exchanges) / float(seconds_):,.0f} exchanges/s, {int(findings) / float(seconds_):,.0f} findings/s",
            )
        )
    rows.append(("request, in process", f"{_best(lambda: float(_python(_REQUESTS)[0])) * 1000:.2f} ms"))
    width = max(len(name) for name, _ in rows)
    print("\n".join(f"{name:<{width}}  {value}" for name, value in rows))
    print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, own peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB"
    )


if __name__ == "__main__":
    main()
