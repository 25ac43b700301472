"""Runs parts of the suites through the proxy and compares their verdicts with an undisturbed run.

``python -m tests.faults.runs [--seeds N] [--rate R] [SUITE...]`` prints one table: a line for each seed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from pytest_ecs._mock.state.clock import ScaledClock
from pytest_ecs._resources.resource_types import ADDRESS
from tests.faults.inventory import inventory
from tests.faults.proxy import Fault, Proxy, disturbing
from tests.faults.warm import clock, start

__all__ = ["Outcome", "compare", "main", "run"]

ROOT = Path(__file__).parents[2]
#: Types of faults that a bad network or gateway shows, each with the same share of the rate.
NETWORK_FAULTS = (
    "reset-before",
    "reset-after",
    "closed-before",
    "closed-after",
    "closed-idle",
    "timeout-before",
    "timeout-after",
    "truncated",
    "slow",
    "duplicate",
    "late",
    "429",
    "429-date",
    "500-after",
    "502-before",
    "502-after",
    "503-before",
    "503-after",
    "504-before",
    "504-after",
)
#: Of every sort: queries, changes, jobs, and what costs money: servers, disks, NICs, addresses.
SUITES = (
    "suites/ecs/test_tags.py",
    "suites/nova/test_keypairs.py",
    "suites/nova/test_metadata.py",
    "suites/ecs/test_creation_accepted.py",
    "suites/ecs/test_batch.py",
    "suites/ecs/test_disks.py",
    "suites/ecs/test_nics.py",
    "suites/deprecated/test_floating_ips.py",
)
#: Real seconds after which a run counts as hanging; of what a fault takes; and of one attempt, which has to be more.
_LONGEST, _SECONDS, _TIMEOUT = 900.0, 0.3, 2


@dataclass(frozen=True)
class Outcome:
    """What became of one run."""

    #: Verdict by requirement; empty when no certificate was written.
    verdicts: dict[str, str]
    hung: bool = False
    #: Whether the run ended before its time.
    aborted: bool = False
    disturbed: int = 0
    #: What is there that was not there before; and of that what the sweep named: nothing tells it from others', or deletes it.
    left: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    #: What the certificate says was in the way.
    troubles: str = ""
    #: Why a requirement has no verdict.
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def lost(self) -> tuple[str, ...]:
        """What is left without a word."""
        return tuple(name for name in self.left if name not in self.said)


def run(
    suites: Sequence[str],
    *options: str,
    rate: float = 0.0,
    seed: int = 0,
    longest: float = _LONGEST,
    limits: Mapping[str, int] = MappingProxyType({}),
    faults: Sequence[Fault] = (),
) -> Outcome:
    """Run *suites* with *options* against a mock of their own, and small quotas.

    A share of the requests is disturbed, in all ways, or the *faults* hit what they are for.
    """
    # Each type is asked in turn, so that its own rate is that of what the others left.
    everywhere = [
        Fault(
            fault_type,
            rate=rate / (len(NETWORK_FAULTS) - n * rate),
            seconds=60.0 if fault_type.startswith("timeout") else _SECONDS,
        )
        for n, fault_type in enumerate(NETWORK_FAULTS)
    ]
    cloud = MockCloud(clock=ScaledClock(300))
    cloud._state.limits = replace(cloud._state.limits, **limits)
    before = set(inventory(cloud))
    with serve(cloud) as server, disturbing(server.url, everywhere if rate else faults, seed=seed) as proxy:
        with tempfile.TemporaryDirectory() as folder:
            hung, disturbed = _pytest([*options, *suites], cloud.describe(proxy.url), proxy, Path(folder), longest)
            report = Path(folder) / "report" / "report.json"
            certificate = json.loads(report.read_text("utf-8")) if report.is_file() else {}
            words = (Path(folder) / "output").read_text("utf-8")
            if not certificate:
                print(words[-3000:], file=sys.stderr)  # noqa: T201 - why
        rows = {row["requirement"]: row["verdict"] for row in certificate.get("results", ())}
        reasons = {row["requirement"]: row["reason"] for row in certificate.get("results", ())}
        troubles = "; ".join(certificate.get("troubles", ()))
        left = {key: name for key, name in inventory(cloud).items() if key not in before}
        said = [name for key, name in left.items() if _is_said(cloud, key, name, words)]
        aborted = not rows or "stopped" in troubles
        return Outcome(rows, hung, aborted, disturbed, tuple(sorted(left.values())), tuple(said), troubles, reasons)


def _is_said(cloud: MockCloud, key: str, name: str, words: str) -> bool:
    """Whether *words* name what is left: by its id, an address as such, and a snapshot, of which there is no list, by its disk."""
    if name.startswith("snapshots "):
        projects = cloud._state.projects.values()
        disk = next(one.disk for project in projects for one in project.snapshots.values() if one.id == key)
        return disk.id in words or bool(disk.name and disk.name in words)
    return key in words or name.partition(" ")[2] in words or (name.startswith("eips ") and ADDRESS in words)


def _pytest(
    arguments: Sequence[str], about: Mapping[str, Any], proxy: Proxy, folder: Path, longest: float
) -> tuple[bool, int]:
    """Run pytest, and sweep undisturbed; return whether one had to be stopped, and how many requests were disturbed."""
    url = proxy.url
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:anyio", "-c", os.devnull, f"--rootdir={ROOT}"]
    target = [f"--ecs-endpoint={url}", f"--ecs-iam={url}", f"--ecs-ledger={folder / 'ledger.sqlite'}"]
    options += [
        "--hypothesis-seed=7",
        "--ecs-max-servers=100",
        f"--ecs-report={folder / 'report'}",
        f"--ecs-request-timeout={_TIMEOUT}",
    ]
    resources = about["resources"]
    named = {"image_id": "image", "flavor_id": "flavor", "vpc_id": "vpc", "subnet_id": "subnet"}
    options += [f"--ecs-{option}={resources[name]}" for name, option in named.items()]
    names = {"username": "OS_USERNAME", "password": "OS_PASSWORD", "domain": "OS_USER_DOMAIN_NAME"}
    secrets = {variable: str(about[name]) for name, variable in names.items()}
    secrets |= {"OS_PROJECT_ID": str(about["project_id"]), "OS_AUTH_URL": f"{url}/v3", "XDG_STATE_HOME": str(folder)}
    files = [one if one.startswith("-") else str(ROOT / one) for one in arguments]
    environment = _environment() | secrets | clock()
    hung = not _ended(start([*options, *target, *files], folder, environment), longest)
    disturbed = proxy.disturbed
    proxy.faults.clear()
    return hung or not _ended(start(["sweep", *target], folder, environment), longest), disturbed


def _ended(process: BaseProcess, longest: float) -> bool:
    process.join(longest)
    if process.is_alive():
        process.kill()
        return False
    return True


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "HUAWEICLOUD_", "ECS_"))}
    return kept | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}


def compare(clean: Outcome, disturbed: Outcome) -> list[str]:
    """Return the requirements whose verdict the disturbance made wrong.

    That is each failure that the clean run has not, whatever it says instead, and a pass of what failed there.
    """
    return sorted(
        name
        for name, verdict in disturbed.verdicts.items()
        if verdict in {"pass", "fail"} and (verdict == "fail") != (clean.verdicts.get(name) == "fail")
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
    print("seed  disturbed  judged  error  wrong  left  hung  aborted")  # noqa: T201
    for seed in range(1, options.seeds + 1):
        seen = run(options.suites, rate=options.rate, seed=seed)
        wrong = compare(clean, seen)
        bad += len(wrong) + len(seen.lost) + seen.hung + seen.aborted
        judged = sum(verdict in {"pass", "fail"} for verdict in seen.verdicts.values())
        errors = sum(verdict == "error" for verdict in seen.verdicts.values())
        row = f"{seed:4}  {seen.disturbed:9}  {judged:6}  {errors:5}  {len(wrong):5}  {len(seen.lost):4}"
        print(f"{row}  {seen.hung:4}  {seen.aborted:7}", *wrong, *seen.lost, flush=True)  # noqa: T201
    return int(bad > 0 or not clean.verdicts)


if __name__ == "__main__":
    sys.exit(main())
