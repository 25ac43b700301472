"""Kills and stops of runs at chosen requests: ``python -m tests.faults.kills --trials 200 --seed 1``.

Each trial starts a run that makes servers, disks, addresses, groups, images and keys on the mock over HTTP, and stops it in
one of several ways while a request is under way: before the server got it, after the server did it, or so that the server
gets it when nobody waits for the answer any more. Then it sweeps until nothing of the run can be alive, and looks at what
the mock has, with none of the code under test: nothing of the run may be left but addresses that the sweep names, nothing
that was there before may be missing.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

import pytest_ecs
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from pytest_ecs._mock.state.clock import ScaledClock
from tests.faults.fault_types import Call
from tests.faults.inventory import inventory
from tests.faults.proxy import Fault, Proxy, disturbing
from tests.faults.warm import clock, start

__all__ = ["STOPS", "Outcome", "kill", "table"]

#: Way to stop a run -> (who gets it: signals to a process, or what happens to disk and endpoint; which signals).
STOPS: dict[str, tuple[str, tuple[signal.Signals, ...]]] = {
    "SIGKILL controller": ("controller", (signal.SIGKILL,)),
    "SIGKILL worker": ("worker", (signal.SIGKILL,)),
    "SIGKILL all": ("all", (signal.SIGKILL,)),
    "SIGTERM controller": ("controller", (signal.SIGTERM,)),
    "SIGTERM all": ("all", (signal.SIGTERM,)),
    "SIGTERM twice": ("controller", (signal.SIGTERM, signal.SIGTERM)),
    "SIGINT all": ("all", (signal.SIGINT,)),
    "SIGINT all twice": ("all", (signal.SIGINT, signal.SIGINT)),
    "disk full": ("disk", ()),
    "endpoint away": ("away", ()),
    "endpoint restarted": ("restarted", ()),
}
#: What becomes of the request that is under way.
_SIDES = ("before", "after", "late")
#: Real seconds after which a run or a sweep hangs.
_HANGS = 240.0
#: A run sends about as many requests that change something, and others; with two processes more.
_CHANGES, _QUERIES = 30, 80
#: Real seconds within which the second signal follows.
_SECOND = 0.5
#: A sweep may find workers alive that outlive their controller for some seconds.
_SWEEPS = 40

_TESTS = """
import pytest

V1, V2 = "/v1/{project_id}", "/v2.1/{project_id}"

@pytest.mark.parametrize("number", range(3))
def test_makes_things(ecs_client, ecs_servers, ecs_supplies, number):
    name, post = ecs_supplies.name, ecs_client.post
    post(f"{V2}/os-keypairs", {"keypair": {"name": name("key")}})
    post(f"{V2}/os-volumes", {"volume": {"size": 10, "display_name": name("disk")}})
    post(f"{V2}/os-security-groups", {"security_group": {"name": name("group"), "description": ""}})
    post(f"{V2}/os-server-groups", {"server_group": {"name": name("policy"), "policies": ["anti-affinity"]}})
    post(f"{V1}/cloudservers/os-server-groups", {"server_group": {"name": name("g"), "policies": ["anti-affinity"]}})
    post(f"{V2}/os-floating-ips", {})
    lease = ecs_servers()
    post(f"{V2}/servers/{lease.id}/action", {"createImage": {"name": name("image")}})
    body = ecs_servers.template(name("own"), 2)
    size = {"size": 5, "sharetype": "PER"}
    body["server"]["publicip"] = {"eip": {"iptype": "5_bgp", "bandwidth": size}, "delete_on_termination": True}
    body["server"]["data_volumes"] = [{"volumetype": "SAS", "size": 10}]
    post(f"{V1}/cloudservers", body)
    ecs_servers("SHUTOFF")
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one trial."""

    stop: str
    #: The request at which it was stopped: its number, what sort it is counted among, and what became of it.
    at: str
    workers: int
    #: The run, or a sweep, did not end.
    hung: bool
    #: What is there that was not there before: in the cloud, and of files that processes of the run shared.
    left: tuple[str, ...]
    #: What was there before and is missing.
    missing: tuple[str, ...]
    #: Addresses among what is left that the sweep named: nothing tells them from what others made.
    said: tuple[str, ...]
    #: Exit status of the run and of the last sweep, and what that said.
    run: int | None
    sweep: int | None
    words: str = field(repr=False)

    @property
    def good(self) -> bool:
        """Whether nothing hung, nothing is left without a word and nothing foreign is missing."""
        return not (self.hung or self.lost or self.missing)

    @property
    def lost(self) -> tuple[str, ...]:
        """What is left without a word."""
        return tuple(name for name in self.left if name not in self.said)


def kill(trials: int, seed: int, *, stops: Sequence[str] = tuple(STOPS), most: int = 2) -> Iterator[Outcome]:
    """Stop *trials* runs at requests that *seed* chooses, in the ways that *stops* name; with at most *most* workers."""
    for number in range(trials):
        chance = random.Random(f"{seed} {number}")
        stop = stops[number % len(stops)]
        workers = 2 if STOPS[stop][0] == "worker" else chance.choice((0, 0, most))
        with tempfile.TemporaryDirectory() as folder, _Cloud() as cloud, disturbing(cloud.url) as proxy:
            yield _Trial(cloud, proxy, Path(folder), stop, workers, chance).outcome()


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one line for each way to stop a run: tried, hung, left something, foreign things missing, addresses said."""
    lines = [f"{'way':20} {'tried':>6} {'hung':>6} {'left':>6} {'foreign missing':>16} {'said':>6}"]
    counts: dict[str, Counter[str]] = {}
    for one in outcomes:
        count = counts.setdefault(one.stop, Counter())
        count.update(tried=1, hung=one.hung, left=bool(one.left), missing=bool(one.missing), said=bool(one.said))
    counts["all"] = sum(counts.values(), Counter())
    for way, c in counts.items():
        lines.append(f"{way:20} {c['tried']:6} {c['hung']:6} {c['left']:6} {c['missing']:16} {c['said']:6}")
    lines += [f"{one}\n{one.words}" for one in outcomes if not one.good]
    return "\n".join(lines)


class _Cloud:
    """A mock of this process over HTTP, seen by somebody who knows nothing of the suite."""

    def __init__(self) -> None:
        self._mock = MockCloud(clock=ScaledClock(300))
        self._server = serve(self._mock)

    def __enter__(self) -> _Cloud:
        self.url = self._server.__enter__().url
        self._make_look_alikes()
        #: What is there before any run.
        self.before = self.inventory()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.__exit__(None, None, None)

    def restart(self) -> None:
        """End it and start one that knows nothing but what was there before any run."""
        self.__exit__()
        self.__init__()  # type: ignore[misc]
        self._mock._state._random.seed("restarted")  # no id is given twice
        self.__enter__()

    def inventory(self) -> dict[str, str]:
        """Everything that there is, by its id, with its collection and name."""
        return inventory(self._mock)

    def _make_look_alikes(self) -> None:
        """What somebody else made, with names like those of a run."""
        about = self._mock.describe(self.url)
        resources = about["resources"]
        user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": {"project": {"id": about["project_id"]}}}}
        server = {
            "imageRef": resources["image_id"],
            "flavorRef": resources["flavor_id"],
            "networks": [{"uuid": resources["network_id"]}],
        }
        base = f"{about['endpoint']}/v2.1/{about['project_id']}/"
        with httpx.Client(base_url=base, trust_env=False, verify=False, timeout=_HANGS) as http:
            token = http.post(f"{about['iam']}/v3/auth/tokens", json=body).headers["X-Subject-Token"]
            http.headers["X-Auth-Token"] = token
            for name in ("ecs-conformance-0badcafe-main-pool0001", "ecs-conformance-mine", "pool0001-0001"):
                http.post("servers", json={"server": {**server, "name": name}}).raise_for_status()
                http.post("os-keypairs", json={"keypair": {"name": name}}).raise_for_status()
                http.post("os-volumes", json={"volume": {"size": 10, "display_name": name}}).raise_for_status()

    def environment(self, url: str, folder: Path) -> dict[str, str]:
        """What a run needs to know of it, when it is reached at *url*."""
        about = self._mock.describe(url)
        resources = about["resources"]
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
            **clock(),
        }


@dataclass
class _Trial:
    """One run that is stopped, and the sweeps after it."""

    cloud: _Cloud
    proxy: Proxy
    folder: Path
    stop: str
    workers: int
    chance: random.Random

    def outcome(self) -> Outcome:
        """Perform it."""
        (self.folder / "test_it.py").write_text(_TESTS, encoding="utf-8")
        self._environment = self.cloud.environment(self.proxy.url, self.folder)
        self._target = f"--ecs-endpoint={self.proxy.url}"
        self._reached, self._acted = threading.Event(), threading.Event()
        at = self._choose()
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:anyio", "--ecs-max-servers=100", self._target]
        run = start([*options, *([f"-n{self.workers}"] if self.workers else [])], self.folder, self._environment)
        while run.is_alive() and not self._reached.wait(0.02):
            pass
        self._act(run)
        self._acted.set()
        run.join(_HANGS)
        hung = run.is_alive()
        if hung:
            with suppress(ProcessLookupError):
                os.killpg(int(run.pid or 0), signal.SIGKILL)
        self.proxy.faults.clear()
        ended, words = self._sweep()
        there, before = self.cloud.inventory(), self.cloud.before
        new = sorted(name for key, name in there.items() if key not in before)
        said = [name for name in new if name.startswith("eips ") and ended == 1 and "floating IP" in words]
        new += self._files()
        return Outcome(
            self.stop,
            at,
            self.workers,
            hung or ended is None,
            tuple(new),
            tuple(sorted(name for key, name in before.items() if key not in there)),
            tuple(said),
            run.exitcode,
            ended,
            words + (self.folder / "output").read_text("utf-8", "replace")[-1500:] if new or hung else "",
        )

    def _files(self) -> list[str]:
        """What processes of the run shared and nobody removed: tokens, locks, how fast they may go."""
        kept = {"ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"}
        state = self.folder / ".pytest-ecs"
        return sorted(f"file {one.name}" for one in state.glob("*") if one.is_file() and one.name not in kept)

    def _choose(self) -> str:
        """Choose the request at which it happens, and what becomes of that; return it in words."""
        side, changes = self.chance.choice(_SIDES), self.chance.random() < 0.7
        wanted = self.chance.randint(1, _CHANGES if changes else _QUERIES)
        seen, counting = [0], threading.Lock()

        def act(call: Call) -> None:
            if side == "after":
                call.ask()
            self._reached.set()
            self._acted.wait(_HANGS)
            if side == "late":
                call.ask()
            call.hang_up(reset=True)

        def intercept(number: int, method: str, path: str) -> Callable[[Call], None] | None:
            if path.startswith("/v3") or (method in {"GET", "HEAD"}) == changes:
                return None
            with counting:
                seen[0] += 1
                return act if seen[0] == wanted else None

        self.proxy.intercept = intercept
        return f"{'change' if changes else 'query'} {wanted}, {side}"

    def _act(self, run: BaseProcess) -> None:
        who, signals = STOPS[self.stop]
        if who == "away":
            self.proxy.faults.append(Fault("reset-before"))
        elif who == "restarted":
            self.cloud.restart()
            self.proxy.to(self.cloud.url)
        elif who == "disk":
            for pid in [int(run.pid or 0), *_children(int(run.pid or 0))]:
                with suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, 4096))
        for number in signals:
            _send(int(run.pid or 0), who, number)
            run.join(self.chance.uniform(0.0, _SECOND) if len(signals) > 1 else 0)

    def _sweep(self) -> tuple[int | None, str]:
        """Sweep until it says that nothing is alive; return its last exit status and words, None when it hung."""
        if not (self.folder / ".pytest-ecs" / "ledger.sqlite").exists():
            return 0, "no ledger: it was stopped before it sent anything"
        for _ in range(_SWEEPS):
            output = self.folder / "output"
            output.unlink(missing_ok=True)
            sweep = start(["sweep", self._target, "-p", "no:anyio"], self.folder, self._environment)
            sweep.join(_HANGS)
            if sweep.is_alive():
                sweep.kill()
                return None, "the sweep did not end"
            words = output.read_text("utf-8")
            if "alive" not in words:
                return sweep.exitcode, words
            time.sleep(0.3)
        return sweep.exitcode, words


def _children(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def _send(pid: int, who: str, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if who == "all":
            os.killpg(pid, number)
        elif who == "controller":
            os.kill(pid, number)
        elif children := _children(pid):
            os.kill(children[-1], number)


def main() -> int:
    """Run as many trials as asked for and print the table; return 1 when one was not good."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--trials", type=int, default=11)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stop", action="append", choices=tuple(STOPS), help="only these ways")
    options = parser.parse_args()
    outcomes = []
    for one in kill(options.trials, options.seed, stops=options.stop or tuple(STOPS)):
        outcomes.append(one)
        print(one, file=sys.stderr, flush=True)  # noqa: T201
    print(table(outcomes))  # noqa: T201
    return 0 if all(one.good for one in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
