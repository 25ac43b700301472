"""What the mock holds: projects, users, servers, jobs and the things that servers are made from."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_ecs._mock.clock import Clock
from pytest_ecs._mock.machine import POWER, TRANSITIONS, Phase, status_of

__all__ = ["Disk", "Flavor", "Job", "Network", "Nic", "Project", "Server", "State", "User"]


@dataclass
class Flavor:
    """A flavor and its extended specifications (5.4.1)."""

    id: str
    vcpus: int
    ram: int
    extra: dict[str, str]


@dataclass
class Image:
    """An image that servers start from."""

    id: str
    name: str
    min_disk: int = 40
    os_type: str = "Linux"


@dataclass
class Network:
    """A subnet of a VPC; the native APIs know it as a network with the same id."""

    id: str
    vpc: str
    prefix: str
    used: set[str] = field(default_factory=set)

    def holds(self, address: str) -> bool:
        """Whether *address* is inside the subnet."""
        return address.startswith(self.prefix + ".") and address not in {f"{self.prefix}.0", f"{self.prefix}.255"}

    def take(self, address: str | None = None) -> str | None:
        """Mark an address as used and return it: the one asked for, or a free one; None when it is taken or none is left."""
        if address is None:
            address = next((a for n in range(10, 250) if (a := f"{self.prefix}.{n}") not in self.used), None)
        if address is None or address in self.used:
            return None
        self.used.add(address)
        return address


@dataclass
class Nic:
    """A NIC of a server."""

    id: str
    network: str
    address: str
    mac: str
    floating: str | None = None
    #: Made from a port that the user named, so it outlives the server (6.2.3).
    keep: bool = False


@dataclass
class Disk:
    """A disk of a server."""

    id: str
    size: int
    kind: str
    system: bool
    delete_on_termination: bool = False


@dataclass
class Server:
    """A server, in both views."""

    id: str
    project: str
    user: str
    name: str
    image: str
    flavor: str
    zone: str
    created: float
    number: int
    key_name: str | None = None
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=lambda: ["default"])
    nics: list[Nic] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    user_data: str | None = None
    reservation: str = ""
    launch_index: int = 0
    eip_delete: bool = False
    hints: dict[str, Any] = field(default_factory=dict)
    vm_state: str = "building"
    task_state: str | None = "scheduling"
    updated: float = 0.0
    launched: float | None = None
    locked: bool = False
    #: Set by a control hook: nothing changes the state until it is released.
    held: tuple[str, str | None] | None = None
    #: Grows with every operation, so that the phases of an overtaken one are dropped.
    turn: int = 0

    @property
    def states(self) -> tuple[str, str | None]:
        """vm_state and task_state as shown."""
        return self.held or (self.vm_state, self.task_state)

    @property
    def status(self) -> str:
        """The status of Table A-4."""
        return status_of(*self.states)

    @property
    def power(self) -> int:
        """power_state (Table 6-38)."""
        return POWER.get(self.states[0], 1)

    @property
    def busy(self) -> bool:
        """Whether an operation is under way."""
        return self.task_state is not None


@dataclass
class Job:
    """A task (5.8.1) and its sub-tasks."""

    id: str
    kind: str
    project: str
    begun: float
    entities: dict[str, Any] = field(default_factory=dict)
    subs: list[Job] = field(default_factory=list)
    batch: bool = False
    status: str = "INIT"
    ended: float | None = None
    code: str | None = None
    reason: str | None = None


@dataclass
class User:
    """An IAM user with one project."""

    id: str
    name: str
    password: str
    domain: str
    project: str
    ak: str
    sk: str
    #: Actions that a policy allows; None for a user with all of them.
    allowed: set[str] | None = None


@dataclass
class Project:
    """A project and what is in it."""

    id: str
    name: str
    vpc: str
    networks: list[Network]
    security_group: str
    keys: list[str]
    servers: dict[str, Server] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    eips: dict[str, bool] = field(default_factory=dict)


class State:
    """The whole cloud in memory, moved on by its clock."""

    #: Quotas (5.7.1).
    LIMIT_SERVERS, LIMIT_CORES, LIMIT_RAM = 2048, 20480, 25165824

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        #: Job kind -> code: the next job of that kind fails.
        self.fail_next: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.region = "eu-test-1"
        self.zones = ["eu-test-1a", "eu-test-1b"]
        self.domain = "conformance"
        self.images = {
            i.id: i for i in (Image(self.uuid(), "Linux 64bit"), Image(self.uuid(), "Windows 64bit", 50, "Windows"))
        }
        self.flavors = {f.id: f for f in self._flavors()}
        self.projects: dict[str, Project] = {}
        self.users: dict[str, User] = {}
        first, second = self._project("eu-test-1", "192.168.0"), self._project("eu-test-1_other", "192.168.8")
        self.primary = self._user("tester", first)
        self.other = self._user("neighbour", second)
        self.restricted = self._user("restricted", first, allowed=set())

    # Making things

    def hex(self, digits: int = 32) -> str:
        """Return that many random hexadecimal digits."""
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def uuid(self) -> str:
        """Return an id in UUID format."""
        h = self.hex()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def number(self) -> int:
        """Return a number that grows."""
        return next(self._numbers)

    def _project(self, name: str, prefix: str) -> Project:
        vpc = self.uuid()
        project = Project(self.hex(), name, vpc, [Network(self.uuid(), vpc, prefix)], self.uuid(), ["conformance-key"])
        self.projects[project.id] = project
        return project

    def _user(self, name: str, project: Project, allowed: set[str] | None = None) -> User:
        user = User(
            self.hex(), name, f"Pw-{self.hex(20)}", self.domain, project.id, self.hex(20).upper(), self.hex(40), allowed
        )
        self.users[user.id] = user
        return user

    def _flavors(self) -> list[Flavor]:
        def extra(generation: str, kind: str, resource: str, **more: str) -> dict[str, str]:
            return {
                "ecs:performancetype": kind, "resource_type": resource, "ecs:generation": generation,
                "ecs:virtualization_env_types": "CloudCompute", "instance_vnic:type": "enhanced",
                "instance_vnic:instance_bandwidth": "4000", "instance_vnic:max_count": "4", "quota:max_rate": "1500",
                "quota:min_rate": "400", "quota:max_pps": "150000", **more,
            }  # fmt: skip

        return [
            Flavor("s3.large.2", 2, 4096, extra("s3", "normal", "IOoptimizedS3_2")),
            Flavor("s3.xlarge.2", 4, 8192, extra("s3", "normal", "IOoptimizedS3_2")),
            Flavor("c3.2xlarge.2", 8, 16384, extra("c3", "computingv3", "IOoptimizedC3_2")),
            Flavor("m3.large.8", 2, 16384, extra(
                "m3", "highmem", "IOoptimizedM3_8",
                **{"cond:operation:status": "abandon", "cond:operation:az": "eu-test-1a(normal), eu-test-1b(sellout)"},
            )),
            Flavor("g1.xlarge", 4, 8192, extra("g1", "gpu", "GPUG1", **{"cond:operation:status": "sellout"})),
        ]  # fmt: skip

    # Time

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Let *what* happen after *seconds* of the mock's clock."""
        heapq.heappush(self._events, (self.clock.now() + seconds, next(self._order), what))

    def settle(self) -> None:
        """Let everything happen that is due; called before each request."""
        now = self.clock.now()
        while self._events and self._events[0][0] <= now:
            _, _, what = heapq.heappop(self._events)
            what()

    def move(
        self,
        server: Server,
        operation: str,
        done: Callable[[], None] | None = None,
        *,
        phases: list[Phase] | None = None,
    ) -> float:
        """Take *server* through the phases of *operation*, then call *done*; return how long it takes."""
        server.turn += 1
        turn, after = server.turn, 0.0
        for vm_state, task_state, lasts in phases or TRANSITIONS[operation]:
            at = self.clock.now() + after
            if after == 0.0:
                self._enter(server, turn, vm_state, task_state, at)
            else:
                self.later(after, lambda v=vm_state, t=task_state, a=at: self._enter(server, turn, v, t, a))  # type: ignore[misc]
            after += lasts
        if done is not None:
            self.later(after, done)
        return after

    def _enter(self, server: Server, turn: int, vm_state: str, task_state: str | None, at: float) -> None:
        if server.turn != turn:
            return
        if vm_state == "gone":
            self.forget(server)
            return
        if vm_state == "active" and task_state is None and server.launched is None:
            server.launched = at
        server.vm_state, server.task_state, server.updated = vm_state, task_state, at

    def forget(self, server: Server) -> None:
        """Take a server away and give back its addresses."""
        project = self.projects[server.project]
        project.servers.pop(server.id, None)
        for nic in server.nics:
            for network in project.networks:
                if network.id == nic.network:
                    network.used.discard(nic.address)


def stamp(seconds: float, form: str = "s") -> str:
    """Return a time as the document writes it: "s" to the second, "ms" with milliseconds, "us" without a zone."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if form == "ms":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    if form == "us":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
