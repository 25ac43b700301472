"""The same broken mocks given to schemathesis and to the suites: ``python -m tests.openapi.peers``.

Both get the operations that a deviation breaks, one endpoint each with a cloud of its own, and the same time. Schemathesis reads the
OpenAPI document with the ids of the mock filled in; what it reports counts where it does not report it of a mock without deviations.
The suites, which wait for jobs as schemathesis does not, wait by the clock of the mock.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

import pytest_ecs
from pytest_ecs._contract import load
from pytest_ecs._mock import DEVIATIONS
from tests.openapi.explained import unexplained
from tests.suites.expectations import EXPECTED, fitting

__all__ = ["Try", "chosen", "main", "operations_of", "part", "table"]

#: Operations that are given of a deviation which breaks more.
_MOST = 6
#: Name of what was found without a deviation.
_CLEAN = "clean"
#: How much faster than a cloud the mock lives.
_SPEED = "300"


@dataclass
class Try:
    """What one tool made of one mock."""

    #: What it reported, one line each.
    found: list[str] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True)
class _Mock:
    url: str
    folder: Path
    token: str


def chosen(number: int, seed: int) -> list[str]:
    """Return so many deviations by chance, of those that break an operation, always the same."""
    names = [name for name in sorted(DEVIATIONS) if operations_of(name)]
    return random.Random(seed).sample(names, number)


def operations_of(name: str) -> list[str]:
    """Return operations that a deviation is known to break, a few of many."""
    patterns = EXPECTED[name]
    known = load().requirements
    met = {known[one].operation for pattern in patterns for one in fitting(known, pattern)} if patterns else set()
    names = sorted(one for one in met if one is not None)
    return names[:: -(-len(names) // _MOST)] if names else []


def part(document: Mapping[str, Any], operations: Sequence[str]) -> dict[str, Any]:
    """Return an OpenAPI document with some of its operations alone."""
    paths = {}
    for path, item in document["paths"].items():
        named = {key: one.get("x-ecs-operations", ()) for key, one in item.items() if isinstance(one, Mapping)}
        dropped = {key for key, names in named.items() if not set(operations).intersection(names)}
        if dropped < named.keys():
            paths[path] = {key: one for key, one in item.items() if key not in dropped}
    return {**document, "paths": paths}


@contextmanager
def _mock(folder: Path, name: str) -> Iterator[_Mock]:
    """Serve a mock, with three servers and a token that lasts, until the block ends."""
    options = ["--speed", _SPEED, "--write", str(folder), *(["--deviation", name] if name else [])]
    with subprocess.Popen(_ours("mock", *options), stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        try:
            assert process.stdout is not None
            about = json.loads(process.stdout.readline())
            url = about["endpoint"]
            with httpx.Client(base_url=url, timeout=60) as client:
                client.put("/_mock/servers", json={"count": 3}).raise_for_status()
                token = client.post("/_mock/token", json={"seconds": 86_000}).raise_for_status().json()["token"]
            _add_keys(folder / "clouds.yaml", about)
            yield _Mock(url, folder, token)
        finally:
            process.terminate()


def _add_keys(file: Path, about: Mapping[str, Any]) -> None:
    """Let the suites sign too."""
    clouds = yaml.safe_load(file.read_text(encoding="utf-8"))
    clouds["clouds"]["mock"]["auth"] |= {"access_key": about["ak"], "secret_key": about["sk"]}
    file.write_text(yaml.safe_dump(clouds), encoding="utf-8")


def _ours(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest_ecs", *arguments]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    return {**kept, "PYTHONPATH": str(Path(pytest_ecs.__file__).parent.parent), "FAST_CLOCK": f"{time.time()} {_SPEED}"}


def _measured(command: Sequence[str], folder: Path, seconds: float) -> Try:
    """Run a tool, interrupted after so many seconds, and return what it took; whatever it starts counts too."""
    limited = ["timeout", "--signal=INT", "--kill-after=15", str(seconds), *command]
    began = time.monotonic()
    with (folder / "said.txt").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(limited, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=_environment())
        _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it was waited for
    return Try([], round(time.monotonic() - began, 1), round(usage.ru_utime + usage.ru_stime, 1))


def suites(mock: _Mock, operations: Sequence[str], seconds: float) -> Try:
    """Run the suites of some operations and return what failed."""
    options = [
        "-c",
        "ecs.ini",
        "-q",
        "-p",
        "tests.fast_clock",
        "--hypothesis-seed=1",
        "--ecs-report=report",
        *(f"--ecs-operation={one}" for one in operations),
    ]
    made = _measured(_ours("run", *options), mock.folder, seconds)
    report = mock.folder / "report" / "report.json"
    if report.exists():
        rows = json.loads(report.read_text(encoding="utf-8"))["results"]
        made.found = [f"{row['requirement']} ({row['level']})" for row in rows if row["verdict"] == "fail"]
    return made


def schemathesis(document: Mapping[str, Any], mock: _Mock, operations: Sequence[str], seconds: float) -> Try:
    """Run schemathesis with some operations and return what it reports and nothing explains.

    Raises `RuntimeError` when it did not run to its end: nothing found would be no result.
    """
    (mock.folder / "ecs.json").write_text(json.dumps(part(document, operations)), encoding="utf-8")
    program = shutil.which("schemathesis") or str(Path(sys.executable).with_name("schemathesis"))
    options = ["--max-time", f"{seconds:.0f}", "--seed", "7", "--no-color", "--report", "junit"]
    place = ["--report-junit-path", "report.xml", "--url", mock.url, "-H", f"X-Auth-Token: {mock.token}"]
    made = _measured([program, "run", "ecs.json", *options, *place], mock.folder, 2 * seconds + 30)
    report = mock.folder / "report.xml"
    if not report.exists():
        raise RuntimeError(
            f"schemathesis made no report: {(mock.folder / 'said.txt').read_text(encoding='utf-8')[-500:]}"
        )
    made.found = sorted({f"{name}: {_first_line(text)}" for name, text in unexplained(report)})
    return made


def _first_line(text: str) -> str:
    """Return the first line that says what is wrong."""
    lines = (line.strip(" -") for line in text.splitlines()[1:])
    return next((line for line in lines if line), "")[:120]


def _both(document: Mapping[str, Any], seconds: float, name: str) -> dict[str, Any]:
    """Return what both tools made of a deviation."""
    operations = operations_of(name)
    tries = {}
    for tool, run in (("suites", suites), ("schemathesis", partial(schemathesis, document))):
        with tempfile.TemporaryDirectory() as folder, _mock(Path(folder), name) as mock:
            tries[tool] = asdict(run(mock, operations, seconds))
    return {"name": name, "operations": operations, **tries}


def _clean(document: Mapping[str, Any], seconds: float, names: Sequence[str]) -> dict[str, Any]:
    """Return what schemathesis finds without a deviation, with all operations together."""
    operations = sorted({one for name in names for one in operations_of(name)})
    with tempfile.TemporaryDirectory() as folder, _mock(Path(folder), "") as mock:
        return {"name": _CLEAN, "schemathesis": asdict(schemathesis(document, mock, operations, seconds))}


def _document(folder: Path) -> dict[str, Any]:
    """Return the OpenAPI document with the ids of the mock, which are the same in each that is started."""
    with _mock(folder, "") as mock:
        options = ["--for", mock.url, "--ecs-cloud=mock", "--output", "ecs.json"]
        subprocess.run(_ours("openapi", *options), cwd=folder, env=_environment(), check=True)
    document: dict[str, Any] = json.loads((folder / "ecs.json").read_text(encoding="utf-8"))
    return document


def table(rows: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """Return how many each tool caught, by wall and by CPU, and what one caught and the other did not."""
    lines = [
        f"{len(rows)} deviations, up to {seconds:g} s each",
        "",
        "| tool | caught | a minute of wall | a minute of CPU |",
        "|---|---|---|---|",
    ]
    for tool in ("suites", "schemathesis"):
        caught = sum(bool(row[tool]["found"]) for row in rows)
        wall, cpu = (sum(row[tool][clock] for row in rows) / 60 for clock in ("wall", "cpu"))
        lines.append(f"| {tool} | {caught} | {caught / max(wall, 1e-9):.1f} | {caught / max(cpu, 1e-9):.1f} |")
    for tool, other in (("schemathesis", "suites"), ("suites", "schemathesis")):
        alone = [row["name"] for row in rows if row[tool]["found"] and not row[other]["found"]]
        lines.append(f"\n{tool} alone: {', '.join(alone) or '-'}")
    neither = [row["name"] for row in rows if not (row["suites"]["found"] or row["schemathesis"]["found"])]
    return "\n".join([*lines, f"\nneither: {', '.join(neither) or '-'}"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Let both tools look at the deviations, and print the table; 1 where schemathesis alone caught one."""
    parser = argparse.ArgumentParser(prog="python -m tests.openapi.peers", description=__doc__)
    parser.add_argument("--deviations", type=int, default=60, metavar="N", help="so many")
    parser.add_argument("--seed", type=int, default=22, metavar="N", help="which ones")
    parser.add_argument("--seconds", type=float, default=30, metavar="N", help="for each tool and deviation")
    parser.add_argument("--minutes", type=float, default=600, metavar="N", help="begin no other one after that")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="deviations at a time")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep what was found, to go on from there")
    options = parser.parse_args(arguments)
    end = time.monotonic() + 60 * options.minutes
    kept: dict[str, Any] = {}
    if options.keep is not None and options.keep.exists():
        kept = {row["name"]: row for row in json.loads(options.keep.read_text(encoding="utf-8"))}
    with tempfile.TemporaryDirectory() as folder:
        document = _document(Path(folder))
    names = chosen(options.deviations, options.seed)

    def one(name: str) -> None:
        if name not in kept and time.monotonic() < end:
            clean = name == _CLEAN
            kept[name] = (
                _clean(document, 4 * options.seconds, names) if clean else _both(document, options.seconds, name)
            )
            if options.keep is not None:
                options.keep.write_text(json.dumps(list(kept.values()), indent=1), encoding="utf-8")

    with ThreadPoolExecutor(options.processes) as pool:
        list(pool.map(one, [_CLEAN, *names]))
    rows = [kept[name] for name in names if name in kept]
    for row in rows:
        peer = row["schemathesis"]
        peer["found"] = [one for one in peer["found"] if one not in kept[_CLEAN]["schemathesis"]["found"]]
    print(table(rows, options.seconds), flush=True)
    return int(any(row["schemathesis"]["found"] and not row["suites"]["found"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
