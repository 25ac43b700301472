"""Runs parts of the suites through the proxy and compares their verdicts with an undisturbed run.

``python -m tests.faults.runs [--seeds N] [--rate R] [SUITE...]`` prints one table: a line for each seed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.proxy import Fault, disturbing

__all__ = ["Outcome", "compare", "mock", "run"]

ROOT = Path(__file__).parents[2]
#: Kinds that a bad network or gateway shows, each with the same share of the rate.
KINDS = (
    "reset-before",
    "reset-after",
    "closed-before",
    "closed-after",
    "closed-idle",
    "timeout-after",
    "truncated",
    "slow",
    "429",
    "502-before",
    "502-after",
    "503-before",
    "503-after",
    "504-before",
    "504-after",
)
#: Small, and of every sort: queries, changes, jobs.
SUITES = ("suites/ecs/test_tags.py", "suites/nova/test_keypairs.py", "suites/nova/test_metadata.py")
#: Seconds after which a run counts as hanging.
_LONGEST = 600.0


@dataclass(frozen=True)
class Outcome:
    """What became of one run."""

    #: Verdict by requirement; empty when no certificate was written.
    verdicts: dict[str, str]
    hung: bool = False
    #: Whether the run ended before its time.
    aborted: bool = False
    disturbed: int = 0


@contextmanager
def mock() -> Iterator[dict[str, str]]:
    """Run the mock as a process of its own and yield what it says of itself."""
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--port", "0", "--speed", "300"]
    with subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def run(suites: Sequence[str], *, rate: float = 0.0, seed: int = 0, longest: float = _LONGEST) -> Outcome:
    """Run *suites* against a mock of their own, with a share of the requests disturbed."""
    # Each kind is asked in turn, so that its own rate is that of what the others left.
    faults = [
        Fault(kind, path="^(?!/_mock)", rate=rate / (len(KINDS) - n * rate), seconds=0.2)
        for n, kind in enumerate(KINDS)
    ]
    with mock() as about, disturbing(about["endpoint"], faults if rate else (), seed=seed) as proxy:
        with tempfile.TemporaryDirectory() as folder:
            hung = _pytest(suites, about, proxy.url, Path(folder), longest)
            report = Path(folder) / "report" / "report.json"
            certificate = json.loads(report.read_text("utf-8")) if report.is_file() else {}
        rows = {row["requirement"]: row["verdict"] for row in certificate.get("results", ())}
        stopped = "stopped" in json.dumps(certificate.get("troubles", ""))
        return Outcome(rows, hung, not rows or stopped, proxy.disturbed)


def _pytest(suites: Sequence[str], about: dict[str, str], url: str, folder: Path, longest: float) -> bool:
    """Run pytest; whether it had to be stopped."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--rootdir={ROOT}"]
    options = [
        f"--ecs-endpoint={url}",
        f"--ecs-iam={url}",
        f"--ecs-report={folder / 'report'}",
        "--ecs-request-timeout=10",
    ]
    resources = about["resources"]
    named = {"image_id": "image", "flavor_id": "flavor", "vpc_id": "vpc", "subnet_id": "subnet"}
    options += [f"--ecs-{option}={resources[name]}" for name, option in named.items()]  # type: ignore[index]
    names = {"username": "OS_USERNAME", "password": "OS_PASSWORD", "domain": "OS_USER_DOMAIN_NAME"}
    secrets = {variable: str(about[name]) for name, variable in names.items()}
    secrets |= {"OS_PROJECT_ID": str(about["project_id"]), "OS_AUTH_URL": f"{url}/v3", "XDG_STATE_HOME": str(folder)}
    files = [str(ROOT / suite) for suite in suites]
    log = (folder / "log").open("w")
    with (
        log,
        subprocess.Popen(
            [*command, "-p", "pytest_ecs.plugin", "--hypothesis-seed=7", *options, *files],
            cwd=folder,
            env=_environment() | secrets,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            process.wait(longest)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    if not (folder / "report" / "report.json").is_file():
        print((folder / "log").read_text("utf-8")[-3000:], file=sys.stderr)  # noqa: T201 - why there is none
    return False


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "HUAWEICLOUD_", "ECS_"))}
    return kept | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}


def compare(clean: Outcome, disturbed: Outcome) -> list[str]:
    """Return the requirements whose verdict the disturbance made wrong: a pass or a failure that the clean run has not."""
    judged = {"pass", "fail"}
    return sorted(
        name
        for name, verdict in disturbed.verdicts.items()
        if verdict in judged and clean.verdicts.get(name) in judged and verdict != clean.verdicts[name]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when anything but the first two columns is not zero."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.runs", description=__doc__)
    parser.add_argument("suites", nargs="*", default=list(SUITES))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.2)
    options = parser.parse_args(arguments)
    clean, bad = run(options.suites), 0
    print(f"clean: {len(clean.verdicts)} requirements")  # noqa: T201 - that is its output
    print("seed  disturbed  judged  error  wrong  hung  aborted")  # noqa: T201
    for seed in range(1, options.seeds + 1):
        seen = run(options.suites, rate=options.rate, seed=seed)
        wrong = compare(clean, seen)
        bad += len(wrong) + seen.hung + seen.aborted
        judged = sum(verdict in {"pass", "fail"} for verdict in seen.verdicts.values())
        errors = sum(verdict == "error" for verdict in seen.verdicts.values())
        row = f"{seed:4}  {seen.disturbed:9}  {judged:6}  {errors:5}  {len(wrong):5}  {seen.hung:4}  {seen.aborted:7}"
        print(row, *wrong, flush=True)  # noqa: T201
    return int(bad > 0 or not clean.verdicts)


if __name__ == "__main__":
    sys.exit(main())
