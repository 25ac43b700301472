"""Kills and stops of runs at random moments: ``python -m tests.faults.kills --trials 200 --seed 1``.

Each trial starts a run that makes servers, disks, groups and keys on the mock over HTTP, stops it in one of several ways
after a random time, sweeps until nothing of it can be alive any more, and then looks at what is there, with none of the
code under test: nothing of the run may be left, nothing that was there before may be missing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import pytest_ecs

__all__ = ["STOPS", "Outcome", "kill", "table"]

#: Way to stop a run -> (who gets it, which signals one after the other).
STOPS: dict[str, tuple[str, tuple[signal.Signals, ...]]] = {
    "SIGKILL controller": ("controller", (signal.SIGKILL,)),
    "SIGKILL worker": ("worker", (signal.SIGKILL,)),
    "SIGKILL all": ("all", (signal.SIGKILL,)),
    "SIGTERM controller": ("controller", (signal.SIGTERM,)),
    "SIGTERM all": ("all", (signal.SIGTERM,)),
    "SIGTERM twice": ("controller", (signal.SIGTERM, signal.SIGTERM)),
    "SIGINT all": ("all", (signal.SIGINT,)),
    "SIGINT all twice": ("all", (signal.SIGINT, signal.SIGINT)),
}
#: Real seconds after which a run or a sweep hangs.
_HANGS = 90.0
#: Real seconds within which a run is stopped, and within which the second signal follows.
_LATEST, _SECOND = 6.0, 1.5
#: A sweep may find workers alive that outlive their controller for some seconds.
_SWEEPS = 15

_TESTS = """
import pytest

V2 = "/v2.1/{project_id}"

@pytest.mark.parametrize("number", range(6))
def test_makes_things(ecs_client, ecs_servers, ecs_supplies, number):
    name = ecs_supplies.name
    ecs_client.post(f"{V2}/os-keypairs", {"keypair": {"name": name("key")}})
    ecs_client.post(f"{V2}/os-volumes", {"volume": {"size": 10, "display_name": name("disk")}})
    ecs_client.post(f"{V2}/os-security-groups", {"security_group": {"name": name("group"), "description": ""}})
    ecs_client.post(f"{V2}/os-server-groups", {"server_group": {"name": name("policy"), "policies": ["anti-affinity"]}})
    ecs_servers()
    body = ecs_servers.template(name("own"), 2)
    ecs_client.post("/v1/{project_id}/cloudservers", body)
    ecs_servers("SHUTOFF")
"""

#: What a project has: path of the list -> steps to an item's id.
_LISTS = {
    "servers": ("servers", ("id",)),
    "os-volumes": ("volumes", ("id",)),
    "os-keypairs": ("keypairs", ("keypair", "name")),
    "os-security-groups": ("security_groups", ("id",)),
    "os-server-groups": ("server_groups", ("id",)),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one trial."""

    stop: str
    seconds: float
    workers: int
    #: The run, or a sweep, did not end.
    hung: bool
    #: What is there that was not there before.
    left: tuple[str, ...]
    #: What was there before and is missing.
    missing: tuple[str, ...]
    #: Exit status of the run and of the last sweep, and what that said.
    run: int | None
    sweep: int | None
    said: str

    @property
    def good(self) -> bool:
        """Whether nothing hung, nothing is left and nothing foreign is missing."""
        return not (self.hung or self.left or self.missing)


def kill(trials: int, seed: int, *, stops: Sequence[str] = tuple(STOPS)) -> list[Outcome]:
    """Stop *trials* runs at moments that *seed* chooses, in the ways that *stops* name, one after the other."""
    chance = random.Random(seed)
    outcomes = []
    with _mock() as cloud:
        cloud.make_look_alikes()
        for number in range(trials):
            stop = stops[number % len(stops)]
            workers = 2 if STOPS[stop][0] == "worker" else chance.choice((0, 2))
            with tempfile.TemporaryDirectory() as folder:
                outcomes.append(_trial(cloud, Path(folder), stop, workers, chance))
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one line for each way to stop a run: tried, hung, left something, foreign things missing."""
    lines = [f"{'way':20} {'tried':>6} {'hung':>6} {'left':>6} {'foreign missing':>16}"]
    counts: dict[str, Counter[str]] = {}
    for one in outcomes:
        count = counts.setdefault(one.stop, Counter())
        count.update(tried=1, hung=one.hung, left=bool(one.left), missing=bool(one.missing))
    counts["all"] = sum(counts.values(), Counter())
    lines += [f"{w:20} {c['tried']:6} {c['hung']:6} {c['left']:6} {c['missing']:16}" for w, c in counts.items()]
    lines += [f"{one}" for one in outcomes if not one.good]
    return "\n".join(lines)


@dataclass(frozen=True)
class _Cloud:
    """A mock in a process of its own, seen by somebody who knows nothing of the suite."""

    about: dict[str, Any]

    @property
    def _http(self) -> httpx.Client:
        about = self.about
        user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": about["project_id"]}}}}
        token = httpx.post(f"{about['iam']}/v3/auth/tokens", json=body, trust_env=False).headers["X-Subject-Token"]
        base = f"{about['endpoint']}/v2.1/{about['project_id']}/"
        return httpx.Client(base_url=base, headers={"X-Auth-Token": token}, trust_env=False)

    def things(self) -> set[str]:
        """Everything that the project has, as kinds and ids."""
        found = set()
        with self._http as http:
            for path, (listed, steps) in _LISTS.items():
                for item in http.get(path).json()[listed]:
                    for step in steps:
                        item = item[step]
                    found.add(f"{path} {item}")
        return found

    def make_look_alikes(self) -> None:
        """What somebody else made, with names like those of a run."""
        resources = self.about["resources"]
        server = {
            "imageRef": resources["image_id"],
            "flavorRef": resources["flavor_id"],
            "networks": [{"uuid": resources["network_id"]}],
        }
        with self._http as http:
            for name in ("ecs-conformance-0badcafe-main-pool0001", "ecs-conformance-mine", "pool0001-0001"):
                http.post("servers", json={"server": {**server, "name": name}}).raise_for_status()
                http.post("os-keypairs", json={"keypair": {"name": name}}).raise_for_status()
                http.post("os-volumes", json={"volume": {"size": 10, "display_name": name}}).raise_for_status()

    def environment(self, folder: Path) -> dict[str, str]:
        about, resources = self.about, self.about["resources"]
        named = {f"PYTEST_ECS_{name.upper()}": resources[f"{name}_id"] for name in ("image", "flavor", "vpc", "subnet")}
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(pytest_ecs.__file__).parent.parent),
            "HOME": str(folder),
            "NO_PROXY": "*",
            "OS_AUTH_URL": about["iam"],
            "OS_USERNAME": about["username"],
            "OS_PASSWORD": about["password"],
            "OS_USER_DOMAIN_NAME": about["domain"],
            "OS_PROJECT_ID": about["project_id"],
            **named,
        }


@contextmanager
def _mock() -> Iterator[_Cloud]:
    command = [sys.executable, "-m", "pytest_ecs", "mock", "--speed=300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield _Cloud(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def _trial(cloud: _Cloud, folder: Path, stop: str, workers: int, chance: random.Random) -> Outcome:
    (folder / "test_it.py").write_text(_TESTS, encoding="utf-8")
    before = cloud.things()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{workers}"]
    with (folder / "output").open("w") as output:
        run = subprocess.Popen(
            [*command, f"--ecs-endpoint={cloud.about['endpoint']}"],
            cwd=folder,
            env=cloud.environment(folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_heed_interrupts,
        )
    after = chance.uniform(0.5, _LATEST)
    who, signals = STOPS[stop]
    _wait(run, after)
    for number in signals:
        _send(run, who, number)
        _wait(run, chance.uniform(0.0, _SECOND))
    hung = not _wait(run, _HANGS)
    if hung:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    ended, said = _sweep(cloud, folder)
    there = cloud.things()
    return Outcome(
        stop,
        round(after, 2),
        workers,
        hung or ended is None,
        tuple(sorted(there - before)),
        tuple(sorted(before - there)),
        run.poll(),
        ended,
        said,
    )


def _heed_interrupts() -> None:
    """A shell that starts things in the background lets them ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _wait(process: subprocess.Popen[Any], seconds: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.poll() is not None


def _send(run: subprocess.Popen[Any], who: str, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, FileNotFoundError):
        if who == "all":
            os.killpg(run.pid, number)
        elif who == "controller":
            os.kill(run.pid, number)
        else:
            children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text(encoding="ascii").split()
            if children:
                os.kill(int(children[-1]), number)


def _sweep(cloud: _Cloud, folder: Path) -> tuple[int | None, str]:
    """Sweep until it says that nothing is left or alive; return its last exit status and words, None when it hung."""
    if not (folder / ".pytest-ecs" / "ledger.sqlite").exists():
        return 0, "no ledger: it was stopped before it sent anything"
    command = [sys.executable, "-m", "pytest_ecs", "sweep", f"--ecs-endpoint={cloud.about['endpoint']}"]
    done = None
    for _ in range(_SWEEPS):
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=cloud.environment(folder),
                capture_output=True,
                text=True,
                timeout=_HANGS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, "the sweep did not end"
        if "alive" not in done.stdout:
            break
        time.sleep(0.5)
    return (done.returncode, (done.stdout + done.stderr)[-1000:]) if done is not None else (None, "")


def main() -> int:
    """Run as many trials as asked for and print the table; return 1 when one was not good."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes = kill(options.trials, options.seed)
    print(table(outcomes))  # noqa: T201
    return 0 if all(one.good for one in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
