"""What the mock holds: projects, users, servers, jobs and what servers are made from, moved by time."""

from __future__ import annotations

import heapq
import ipaddress
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_ecs._mock.clock import Clock
from pytest_ecs._mock.machine import GONE, POWER, Phase, action_of, failed, phases_of, status_of
from pytest_ecs._mock.records import Action, KeyPair, ServerGroup

__all__ = [
    "Attachment", "Disk", "Eip", "Flavor", "Image", "Job", "Network", "Nic", "Port", "Project", "Rule",
    "SecurityGroup", "Server", "Snapshot", "State", "User", "stamp",
]  # fmt: skip

#: Name, public half and fingerprint of the key pair that every user has from the start.
_KEY = (
    "conformance-key",
    (
        "ssh-rsa "
        "AAAAB3NzaC1yc2EAAAADAQABAAABAQCwgy06p+Pxj2//QQwZ8Mhla2ryoRN49AlttZ1uuxGZb9MbzlYOWuXzlglMcR9J9u2xaQtV"
        "gNRyJYJXlv38JYeeEmSyC1Cg4IOJNrHvah+xg21hNxyZrNOGMHNkaV9ReHXr/iPNxDSM3E482E34+NayVNWOVdIG7OukuQT6ipVD"
        "IyQSnefPyUayNAnTtnMOg+uudHSwkvx1q5kgvpjtSq+8T2/fyHSqRZHnun9sIq+IABZ+AYiHmOW6M7JxJMV8fBLfXNqTSyqrJE2M"
        "wI7kJ/Ct7s4OAGrVvDW8fTHlaN1uG9v1bUamkBxYKwTswMGQxRn80JM9endL2R8Z603bYHRF"
        " conformance\n"
    ),
    "d0:a1:d4:cf:1e:30:cd:df:1a:17:97:22:30:f1:de:60",
)

#: Called with the time and whether it went well, when an operation on a server is over.
Done = Callable[[float, bool], None]


@dataclass
class Flavor:
    """A flavor and its extended specifications (5.4.1)."""

    id: str
    vcpus: int
    ram: int
    extra: dict[str, str]

    def sale(self, zone: str | None) -> str:
        """Return whether it is on sale in a zone, or in the region (Table 5-41, cond:operation)."""
        for entry in self.extra.get("cond:operation:az", "").split(","):
            name, _, word = entry.strip().rstrip(")").partition("(")
            if zone is not None and name == zone and word:
                return word
        return self.extra.get("cond:operation:status", "normal")


@dataclass
class Image:
    """An image that servers start from."""

    id: str
    name: str
    min_disk: int = 40
    os_type: str = "Linux"
    #: Project that it is private to; None for a public image.
    owner: str | None = None
    status: str = "ACTIVE"
    min_ram: int = 0
    size: int = 0
    created: float = 0.0
    updated: float = 0.0
    metadata: dict[str, str] = field(default_factory=dict)
    #: The server that it was made of, and the zone of that one: the only one for new servers (6.3.7).
    server: str | None = None
    zone: str | None = None


class Network:
    """A subnet of a VPC; the native APIs know it as a network with the same id."""

    def __init__(self, network_id: str, vpc: str, cidr: str, label: str = "", subnet: str = "") -> None:
        self.id, self.vpc = network_id, vpc
        #: Its name, and the id of the range of addresses in it (6.4.1, 6.7.1).
        self.label, self.subnet = label or network_id, subnet or network_id
        self.cidr = cidr
        self._range = ipaddress.IPv4Network(cidr)
        self._next = 10  # the lowest addresses are the gateway's and DHCP's
        self.used: set[str] = set()

    def holds(self, address: str) -> bool:
        """Whether *address* is one that a NIC in the subnet can have."""
        try:
            found = ipaddress.IPv4Address(address)
        except ValueError:
            return False
        return found in self._range and found not in {
            self._range.network_address,
            self._range.broadcast_address,
        }

    def free(self) -> int:
        """Return how many addresses can still be taken."""
        first = int(self._range.network_address) + 10
        taken = sum(int(ipaddress.IPv4Address(address)) >= first for address in self.used)
        return self._range.num_addresses - 11 - taken

    def take(self) -> str:
        """Mark a free address as used and return it; raises `LookupError` when none is left."""
        for _ in range(self._range.num_addresses):
            address = str(self._range[self._next])
            self._next = self._next + 1 if self._next < self._range.num_addresses - 2 else 10
            if address not in self.used:
                self.used.add(address)
                return address
        raise LookupError(self.id)


@dataclass
class Port:
    """A NIC that was made before its server and outlives it (6.2.3)."""

    id: str
    network: Network
    address: str
    mac: str
    server: str | None = None


@dataclass
class Rule:
    """An inbound rule of a security group (11.3.6); None means any."""

    id: str
    protocol: str | None
    low: int | None
    high: int | None
    cidr: str | None = None
    #: Id of the security group that traffic may come from.
    peer: str | None = None


@dataclass
class SecurityGroup:
    """A security group (11.3)."""

    id: str
    name: str
    description: str = ""
    rules: dict[str, Rule] = field(default_factory=dict)


@dataclass
class Eip:
    """An elastic IP address; its state is DOWN while no server has it."""

    id: str
    address: str
    server: str | None = None
    delete_on_termination: bool = False
    #: Address of the NIC that it is bound to.
    fixed: str | None = None
    pool: str = "external"


@dataclass
class Nic:
    """A NIC of a server; its id is that of its port."""

    network: Network
    address: str
    mac: str
    #: A port that was there before and outlives it.
    port: Port | None = None
    id: str = ""
    groups: list[SecurityGroup] = field(default_factory=list)
    eip: Eip | None = None
    #: It was added and works.
    up: bool = True
    #: It is being taken away.
    going: bool = False


@dataclass
class Attachment:
    """Where a server sees a disk."""

    device: str
    pci: str


@dataclass
class Disk:
    """A disk, of servers or by itself."""

    id: str
    size: int
    kind: str
    #: It is the system disk of the server that has it.
    system: bool = False
    delete_on_termination: bool = False
    name: str | None = None
    description: str | None = None
    zone: str = ""
    created: float = 0.0
    #: A server can start from it.
    bootable: bool = False
    #: SCSI instead of VBD; and whether several servers may have it.
    scsi: bool = False
    shared: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    #: Id of the snapshot that it was made from.
    snapshot: str | None = None
    #: What is being done with it; "available" while nothing is.
    state: str = "available"
    #: Server id -> where the server sees it.
    attached: dict[str, Attachment] = field(default_factory=dict)

    @property
    def server(self) -> str | None:
        """The server that has it, the first one of a shared disk."""
        return next(iter(self.attached), None)

    @property
    def status(self) -> str:
        """The status of a volume (11.4)."""
        return "in-use" if self.attached and self.state == "available" else self.state


@dataclass
class Snapshot:
    """A snapshot of a disk (11.6)."""

    id: str
    disk: Disk
    size: int
    created: float
    name: str | None = None
    description: str | None = None
    status: str = "creating"


@dataclass
class Server:
    """A server, in both views."""

    id: str
    project: str
    user: str
    name: str
    image: Image
    flavor: Flavor
    zone: str
    created: float
    number: int
    key_name: str | None = None
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    nics: list[Nic] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)
    #: Where disks were that were detached by force; they are free again after a restart (6.8.4).
    residue: list[Attachment] = field(default_factory=list)
    #: As the native APIs know them; what the ECS APIs call key and value stands here as key=value.
    tags: list[str] = field(default_factory=list)
    user_data: str | None = None
    password: str | None = None
    reservation: str = ""
    launch_index: int = 0
    hints: dict[str, str] = field(default_factory=dict)
    locked: bool = False
    vm_state: str = "building"
    task_state: str | None = "scheduling"
    power: int = 0
    updated: float = 0.0
    launched: float | None = None
    #: The host that it was put on; None for the one that its number gives it.
    host: str | None = None
    #: Flavor before a resize that is not confirmed, and the state that it then goes back to (6.3.8).
    origin: Flavor | None = None
    resume: str = "active"
    recovery: bool = True
    monitored: bool = False
    #: The generated password of a Windows server, encrypted (6.11.5); "" where it was deleted.
    secret: str | None = None
    #: What was done to it, the oldest first (6.13).
    actions: list[Action] = field(default_factory=list)
    #: State before a control hook froze the server; None while nothing is frozen.
    thawed: tuple[str, str | None, int] | None = None
    #: What was to happen while the server was frozen.
    waiting: Callable[[float], None] | None = None
    #: Told when the operation under way is over.
    watchers: list[Done] = field(default_factory=list)
    #: A deletion is under way; a building server shows no task for it.
    going: bool = False
    #: Grows with every operation, so that the phases of an overtaken one are dropped.
    turn: int = 0

    @property
    def status(self) -> str:
        """The status of Table A-4."""
        return status_of(self.vm_state, self.task_state)

    @property
    def groups(self) -> list[SecurityGroup]:
        """The security groups of its NICs, each once."""
        return list({group.id: group for nic in self.nics for group in nic.groups}.values())

    @property
    def eip(self) -> Eip | None:
        """The first elastic IP address that one of its NICs has."""
        return next((nic.eip for nic in self.nics if nic.eip is not None), None)

    def bind(self, eip: Eip, nic: Nic) -> None:
        """Give a NIC of this server an elastic IP address."""
        nic.eip, eip.server, eip.fixed = eip, self.id, nic.address

    def unbind(self, eip: Eip) -> None:
        """Take an elastic IP address away."""
        for nic in self.nics:
            if nic.eip is eip:
                nic.eip, eip.server, eip.fixed = None, None, None

    def ready(self, vm_state: str) -> bool:
        """Whether the server is in *vm_state* with no task under way."""
        return self.vm_state == vm_state and self.task_state is None


@dataclass
class Job:
    """A task (5.8.1) and its sub-tasks."""

    id: str
    kind: str
    begun: float
    entities: dict[str, Any] = field(default_factory=dict)
    #: None for a task without sub-tasks.
    subs: list[Job] | None = None
    status: str = "INIT"
    ended: float | None = None
    code: str | None = None
    reason: str | None = None
    #: How often it was shown after its end.
    seen: int = 0


@dataclass
class User:
    """An IAM user with one project."""

    id: str
    name: str
    password: str
    domain: str
    domain_id: str
    project: str
    ak: str
    sk: str
    #: Actions that a policy allows; None for a user with all of them.
    allowed: set[str] | None = None
    keys: dict[str, KeyPair] = field(default_factory=dict)


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


class State:
    """The whole cloud in memory, moved on by its clock."""

    #: Quotas (5.7.1), and that of disks, which has a code (Ecs.0021) but is not shown.
    LIMIT_SERVERS, LIMIT_CORES, LIMIT_RAM, LIMIT_EIPS, LIMIT_VOLUMES = 2048, 20480, 25165824, 10, 100_000
    LIMIT_GROUPS, LIMIT_RULES = 10, 20
    LIMIT_SERVER_GROUPS, LIMIT_MEMBERS, LIMIT_METADATA = 10, 16, 128

    def __init__(self, clock: Clock, seed: int, deviates: Callable[[str], bool]) -> None:
        self.clock = clock
        self.deviates = deviates
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[float], object]]] = []
        self._order = itertools.count()
        self._numbers = itertools.count(1)
        #: Job kind -> code: the next job of that kind fails.
        self.fail_next: dict[str, str] = {}
        #: Ids of the request that is being answered and of its user.
        self.asked = ("", "")
        #: Token -> id of its user, id of its project or None for one of the domain, and when it expires.
        self.tokens: dict[str, tuple[str, str | None, float]] = {}
        self.region = "eu-test-1"
        self.zones = ["eu-test-1a", "eu-test-1b"]
        images = (Image(self.uuid(), "Linux 64bit"), Image(self.uuid(), "Windows 64bit", 50, "Windows"))
        for image in images:
            image.created = image.updated = clock.now() - 30 * 86400
            image.metadata = {
                "__imagetype": "gold", "__os_type": image.os_type, "__os_bit": "64", "__platform": image.os_type,
                "__image_source_type": "uds", "__isregistered": "true", "virtual_env_type": "FusionCompute",
            }  # fmt: skip
        self.images = {image.id: image for image in images}
        self.flavors = {flavor.id: flavor for flavor in _flavors(self.zones)}
        self.projects: dict[str, Project] = {}
        self.users: dict[str, User] = {}
        first = self._project("eu-test-1", "192.168.0.0/16", "10.1.0.0/24")
        second = self._project("eu-test-1_other", "172.16.0.0/16", "10.2.0.0/24")
        ours, theirs = ("conformance", self.hex()), ("neighbours", self.hex())
        self.primary = self._user("tester", ours, first)
        self.other = self._user("neighbour", theirs, second)
        self.restricted = self._user("restricted", ours, first)
        self.restricted.allowed = set()

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
        return next(self._numbers)

    def eip(self, project: Project, *, delete_on_termination: bool = False) -> Eip:
        """Give *project* another elastic IP address."""
        number = self.number()
        made = Eip(self.uuid(), f"198.51.{number // 250 % 256}.{number % 250 + 1}", None, delete_on_termination)
        project.eips[made.id] = made
        return made

    def _project(self, name: str, cidr: str, second_cidr: str) -> Project:
        """Return a project with a subnet in its VPC, one in another VPC, a spare EIP and a spare port."""
        vpc = self.uuid()
        networks = [
            Network(self.uuid(), vpc, cidr, "network_demo1", self.uuid()),
            Network(self.uuid(), self.uuid(), second_cidr, "network_demo2", self.uuid()),
        ]
        project = Project(self.hex(), name, vpc, networks, self.uuid())
        project.hosts = [self.uuid(), self.uuid()]
        default, ours = SecurityGroup(self.uuid(), "default", "default"), project.security_group
        for rule in (Rule(self.uuid(), None, None, None, peer=default.id) for _ in range(2)):
            default.rules[rule.id] = rule
        ssh = Rule(self.uuid(), "tcp", 22, 22, "0.0.0.0/0")
        project.groups = {
            default.id: default, ours: SecurityGroup(ours, "conformance", "for tests", {ssh.id: ssh}),
        }  # fmt: skip
        self.eip(project)
        port = Port(self.uuid(), networks[0], networks[0].take(), self.mac())
        project.ports[port.id] = port
        self.projects[project.id] = project
        return project

    def _user(self, name: str, domain: tuple[str, str], project: Project) -> User:
        user = User(
            self.hex(), name, f"Pw-{self.hex(20)}", *domain, project.id, self.hex(20).upper(), self.hex(40)
        )  # fmt: skip
        user.keys[_KEY[0]] = KeyPair(len(self.users) + 1, *_KEY, self.clock.now())
        self.users[user.id] = user
        return user

    # Time

    def later(self, at: float, what: Callable[[float], object]) -> None:
        """Let *what* happen at a time of the mock's clock; it is called with that time."""
        heapq.heappush(self._events, (at, next(self._order), what))

    def settle(self) -> None:
        """Let everything happen that is due, in the order of time; called before each request."""
        now = self.clock.now()
        while self._events and self._events[0][0] <= now:
            at, _, what = heapq.heappop(self._events)
            what(at)

    def move(self, server: Server, operation: str, done: Done | None = None, *, fails: bool = False) -> None:
        """Take *server* through the phases of *operation* from now on, then tell *done*.

        An operation under way is overtaken, and those who watch it are told that it did not go well.
        """
        now = self.clock.now()
        phases = phases_of(operation, server.vm_state, server.task_state)
        if fails:
            phases = failed(phases, operation, server.vm_state)
        server.turn, server.going = server.turn + 1, operation == "delete"
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
            self.later(at + lasts, lambda now: self._enter(server, turn, phases, index + 1, now, well=well))
            return
        server.going = False
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
                project.volumes.pop(disk.id, None)

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


def _flavors(zones: Sequence[str]) -> list[Flavor]:
    def extra(generation: str, kind: str, resource: str, **more: str) -> dict[str, str]:
        return {
            "ecs:performancetype": kind, "resource_type": resource, "ecs:generation": generation,
            "ecs:virtualization_env_types": "CloudCompute", "instance_vnic:type": "enhanced",
            "instance_vnic:instance_bandwidth": "4000", "instance_vnic:max_count": "4",
            "quota:max_rate": "1500",
            "quota:min_rate": "400", "quota:max_pps": "150000", **more,
        }  # fmt: skip

    first, second = zones
    safe = {"cond:compute": "autorecovery"}
    some = {"cond:operation:status": "abandon", "cond:operation:az": f"{first}(normal), {second}(sellout)"}
    return [
        Flavor("s3.large.2", 2, 4096, extra("s3", "normal", "IOoptimizedS3_2", **safe)),
        Flavor("s3.xlarge.2", 4, 8192, extra("s3", "normal", "IOoptimizedS3_2", **safe)),
        Flavor("c3.2xlarge.2", 8, 16384, extra("c3", "computingv3", "IOoptimizedC3_2", **safe)),
        Flavor("m3.large.8", 2, 16384, extra("m3", "highmem", "IOoptimizedM3_8", **some)),
        Flavor("g1.xlarge", 4, 8192, extra("g1", "gpu", "GPUG1", **{"cond:operation:status": "sellout"})),
        Flavor("s1.medium", 1, 4096, extra("s1", "normal", "IOoptimizedS1_1", **{"ecs:virtualization_env_types": "FusionCompute"})),
    ]  # fmt: skip


def stamp(seconds: float, form: str = "s") -> str:
    """Return a time as the document writes it: "s" in seconds, "ms" in milliseconds, "us" without a zone."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if form == "ms":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    if form == "us":
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
