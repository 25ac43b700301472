"""The whole cloud in memory: its projects and users, and how time moves its servers."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_ecs._mock.state.clock import Clock
from pytest_ecs._mock.state.hardware import Disk, Done, Eip, Network, Nic, Port, Server, Snapshot
from pytest_ecs._mock.state.machine import GONE, POWER, Phase, action_of, failed, phases_of
from pytest_ecs._mock.state.records import (
    Action,
    Flavor,
    Image,
    Job,
    KeyPair,
    Limits,
    Rule,
    SecurityGroup,
    ServerGroup,
    User,
)
from pytest_ecs._mock.state.stock import KEY, flavors, images

__all__ = ["Project", "State"]


@dataclass
class Project:
    """A project and what is in it."""

    id: str
    name: str
    vpc: str
    networks: list[Network]
    security_group: str
    servers: dict[str, Server] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    eips: dict[str, Eip] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    volumes: dict[str, Disk] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    server_groups: dict[str, ServerGroup] = field(default_factory=dict)
    #: Ids of its dedicated hosts.
    hosts: list[str] = field(default_factory=list)

    @property
    def default_group(self) -> SecurityGroup:
        """The security group that every project has."""
        # The first one, whatever a deviation lets it be called.
        return next(iter(self.groups.values()))

    def discard(self, disk: Disk) -> None:
        """Take a disk away that goes with its server; one that has snapshots stays (6.2.1, 11.4.5)."""
        if not self.has_snapshots(disk):
            self.volumes.pop(disk.id, None)

    def has_snapshots(self, disk: Disk) -> bool:
        """Whether a disk has snapshots, which have to be deleted before it."""
        return any(snapshot.disk is disk for snapshot in self.snapshots.values())


class State:
    """The whole cloud in memory, moved on by its clock."""

    def __init__(self, clock: Clock, seed: int, deviates: Callable[[str], bool]) -> None:
        self.clock = clock
        self.limits = Limits()
        self.deviates = deviates
        #: Whether a variant is on.
        self.varies: Callable[[str], bool] = lambda name: False
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[float], object]]] = []
        self._order = itertools.count()
        self._number = 0
        #: How many requests there were.
        self.requests = 0
        #: Job type -> code: the next job of that type fails.
        self.fail_next: dict[str, str] = {}
        #: Project -> quota -> what was used of it when a hook set it lower, or made more servers.
        self.tolerated: dict[str, dict[str, int]] = {}
        #: Ids of servers that are there for their number only.
        self.crowd: list[str] = []
        #: Method and path -> code and status, None for that of A.2: the next such request is refused.
        self.refuse_next: dict[tuple[str, str], tuple[str, int | None]] = {}
        #: Ids of the request that is being answered and of its user.
        self.asked = ("", "")
        #: Token -> id of its user, id of its project or None for one of the domain, and when it expires.
        self.tokens: dict[str, tuple[str, str | None, float]] = {}
        #: Temporary AK -> id of its user, SK, security token, and when it expires.
        self.keys: dict[str, tuple[str, str, str, float]] = {}
        self.region = "eu-test-1"
        self.zones = ["eu-test-1a", "eu-test-1b"]
        self.images = {image.id: image for image in images(self.uuid, clock.now())}
        self.flavors = {flavor.id: flavor for flavor in flavors(self.zones)}
        self.projects: dict[str, Project] = {}
        self.users: dict[str, User] = {}
        first = self._project("eu-test-1", "192.168.0.0/16", "10.1.0.0/24")
        second = self._project("eu-test-1_other", "172.16.0.0/16", "10.2.0.0/24")
        ours, theirs = ("conformance", self.hex()), ("neighbours", self.hex())
        self.primary = self._user("tester", ours, first)
        self.other = self._user("neighbour", theirs, second)
        self.restricted = self._user("restricted", ours, first)
        self.restricted.allowed = set()

    def is_public(self, flavor: Flavor) -> bool:
        """Whether a flavor is for all tenants; those of this cloud are not among the tenants of another one."""
        return flavor.id != "c3.2xlarge.2" or not self.varies("flavor-private")

    # Making things

    def hex(self, digits: int = 32) -> str:
        """Return that many random hexadecimal digits."""
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def uuid(self) -> str:
        """Return an id in UUID format."""
        h = self.hex()
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def mac(self) -> str:
        """Return a MAC address."""
        return f"fa:16:3e:{self.hex(2)}:{self.hex(2)}:{self.hex(2)}"

    def number(self) -> int:
        """Return a number that grows."""
        self._number += 1
        return self._number

    def eip(self, project: Project, *, delete_on_termination: bool = False) -> Eip:
        """Give *project* another elastic IP address."""
        number = self.number()
        made = Eip(self.uuid(), f"198.51.{number // 250 % 256}.{number % 250 + 1}", None, delete_on_termination)
        project.eips[made.id] = made
        return made

    def _project(self, name: str, cidr: str, second_cidr: str) -> Project:
        """Return a project: subnets in its VPC, in another VPC and for bare metal, an image, a spare EIP and a spare port."""
        vpc = self.uuid()
        networks = [
            Network(self.uuid(), vpc, cidr, "network_demo1", self.uuid()),
            Network(self.uuid(), self.uuid(), second_cidr, "network_demo2", self.uuid()),
            Network(self.uuid(), self.uuid(), "10.9.0.0/24", "network_demo3", self.uuid(), "geneve"),
        ]
        project = Project(self.hex(), name, vpc, networks, self.uuid())
        project.hosts = [self.uuid(), self.uuid()]
        default, ours = SecurityGroup(self.uuid(), "default", "default"), project.security_group
        for rule in (Rule(self.uuid(), None, None, None, peer=default.id) for _ in range(2)):
            default.rules[rule.id] = rule
        ssh = Rule(self.uuid(), "tcp", 22, 22, "0.0.0.0/0")
        project.groups = {
            default.id: default,
            ours: SecurityGroup(ours, "conformance", "for tests", {ssh.id: ssh}),
        }
        self.eip(project)
        port = Port(self.uuid(), networks[0], networks[0].take(), self.mac())
        project.ports[port.id] = port
        now = self.clock.now()
        image = Image(self.uuid(), "conformance-image", owner=project.id, created=now, updated=now)
        image.metadata = {"__os_type": "Linux", "__imagetype": "private"}
        self.images[image.id] = image
        self.projects[project.id] = project
        return project

    def _user(self, name: str, domain: tuple[str, str], project: Project) -> User:
        user = User(self.hex(), name, f"Pw-{self.hex(20)}", *domain, project.id, self.hex(20).upper(), self.hex(40))
        user.keys[KEY[0]] = KeyPair(len(self.users) + 1, *KEY, self.clock.now())
        self.users[user.id] = user
        return user

    # Time

    def later(self, at: float, what: Callable[[float], object]) -> None:
        """Let *what* happen at a time of the mock's clock; it is called with that time."""
        heapq.heappush(self._events, (at, next(self._order), what))

    def upcoming(self) -> float | None:
        """Return when something happens next, None when nothing is to come."""
        return self._events[0][0] if self._events else None

    def settle(self) -> None:
        """Let everything happen that is due, in the order of time; called before each request."""
        now = self.clock.now()
        while self._events and self._events[0][0] <= now:
            at, _, what = heapq.heappop(self._events)
            what(at)

    def finish(self) -> None:
        """Let everything that is under way come to its end at once; what is frozen goes on."""
        for server in [server for project in self.projects.values() for server in project.servers.values()]:
            self.thaw(server)
        while self._events:
            self.clock.advance(self._events[0][0] - self.clock.now())
            self.settle()

    def move(self, server: Server, operation: str, done: Done | None = None, *, fails: bool = False) -> None:
        """Take *server* through the phases of *operation* from now on, then tell *done*.

        An operation under way is overtaken, and those who watch it are told that it did not go well.
        """
        now = self.clock.now()
        phases = phases_of(operation, server.vm_state, server.task_state)
        if fails:
            phases = failed(phases, operation, server.vm_state)
        server.turn, server.going, server.planned = server.turn + 1, operation == "delete", None
        if operation in {"start", "reboot", "reboot-hard"}:
            server.residue.clear()
        action = self.note(server, action_of(operation))
        overtaken, server.watchers = server.watchers, [action.end, *([done] if done is not None else [])]
        for tell in overtaken:
            tell(now, False)
        self._enter(server, server.turn, phases, 0, now, well=not fails)

    def _enter(self, server: Server, turn: int, phases: Sequence[Phase], index: int, at: float, *, well: bool) -> None:
        if server.turn != turn:
            return
        if server.thawed is not None:
            server.waiting = lambda now: self._enter(server, turn, phases, index, now, well=well)
            return
        vm_state, task_state, lasts = phases[index]
        if vm_state == GONE:
            self.forget(server)
        else:
            server.vm_state, server.task_state, server.updated = vm_state, task_state, at
            server.power = POWER.get(vm_state, 1)
            if vm_state == "active" and server.launched is None:
                server.launched = at
        if index + 1 < len(phases):
            lasts *= 3 if self.varies("jobs-slow") else 1
            self.later(at + lasts, lambda now: self._enter(server, turn, phases, index + 1, now, well=well))
            return
        server.going, server.planned = False, None
        watchers, server.watchers = server.watchers, []
        for tell in watchers:
            tell(at, well)

    def note(self, server: Server, name: str, *, over: bool = False) -> Action:
        """Write down that the request that is being answered does something to a server (6.13)."""
        now = self.clock.now()
        action = Action(name, *self.asked, now, now if over else None)
        server.actions.append(action)
        return action

    def freeze(self, server: Server, vm_state: str, task_state: str | None, power: int | None) -> None:
        """Put *server* into a state and let nothing change it until it is thawed."""
        if server.thawed is None:
            server.thawed = (server.vm_state, server.task_state, server.power)
        server.vm_state, server.task_state = vm_state, task_state
        server.power = POWER.get(vm_state, 1) if power is None else power

    def thaw(self, server: Server) -> None:
        """Give *server* back the state that it had, and let go on what waited."""
        if server.thawed is None:
            return
        (server.vm_state, server.task_state, server.power), server.thawed = server.thawed, None
        waiting, server.waiting = server.waiting, None
        if waiting is not None:
            waiting(self.clock.now())

    def forget(self, server: Server) -> None:
        """Take a server away with what goes with it, and give back the rest (5.1.2, 6.2.3)."""
        project = self.projects[server.project]
        project.servers.pop(server.id, None)
        for group in project.server_groups.values():
            if server.id in group.members:
                group.members.remove(server.id)
        for nic in list(server.nics):
            self.take_away(server, nic)
        for disk in server.disks:
            disk.attached.pop(server.id, None)
            disk.state, disk.system = "available", False
            if disk.delete_on_termination and not disk.attached:
                project.discard(disk)

    def take_away(self, server: Server, nic: Nic) -> None:
        """Take a NIC from its server; its address is free again unless its port stays, and so is its EIP."""
        server.nics.remove(nic)
        if nic.port is None:
            nic.network.used.discard(nic.address)
        else:
            nic.port.server = None
        eip, nic.eip = nic.eip, None
        if eip is not None:
            eip.server = eip.fixed = None
            if eip.delete_on_termination and server.id not in self.projects[server.project].servers:
                self.projects[server.project].eips.pop(eip.id, None)
