"""What servers are made of: networks, NICs, addresses and disks, and the servers themselves."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from socket import inet_aton

from pytest_ecs._mock.state.machine import status_of
from pytest_ecs._mock.state.records import Action, Flavor, Image, SecurityGroup

__all__ = ["Attachment", "Disk", "Done", "Eip", "Network", "Nic", "Port", "Server", "Snapshot"]

#: Called with the time and whether it went well, when an operation on a server is over.
Done = Callable[[float, bool], None]
_FIRST = 10


@dataclass(eq=False)
class Network:
    """A subnet of a VPC; the native APIs know it as a network with the same id."""

    id: str
    vpc: str
    cidr: str
    #: Its name, and the id of the range of addresses in it (6.4.1, 6.7.1).
    label: str
    subnet: str
    #: Its type; that of bare metal servers is "geneve" (6.2.1).
    type: str = "vxlan"
    used: set[str] = field(default_factory=set)
    #: The place in the range where a free address is looked for next; the lowest are the gateway's and DHCP's.
    next: int = _FIRST

    @cached_property
    def range(self) -> ipaddress.IPv4Network:
        """The addresses."""
        return ipaddress.IPv4Network(self.cidr)

    def holds(self, address: str) -> bool:
        """Whether *address* is one that a NIC in the subnet can have."""
        try:
            found = ipaddress.IPv4Address(address)
        except ValueError:
            return False
        return found in self.range and found not in {self.range.network_address, self.range.broadcast_address}

    def free(self) -> int:
        """Return how many addresses can still be taken."""
        first = (self.range.network_address + _FIRST).packed
        taken = sum(inet_aton(address) >= first for address in self.used)
        return self.range.num_addresses - _FIRST - 1 - taken

    def take(self) -> str:
        """Mark a free address as used and return it; raises `LookupError` when none is left."""
        for _ in itertools.repeat(None, self.range.num_addresses):
            address = str(self.range[self.next])
            self.next = self.next + 1 if self.next < self.range.num_addresses - 2 else _FIRST
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
    name: str = ""
    #: The security groups that its NIC is put into; none stands for the default one.
    groups: list[SecurityGroup] = field(default_factory=list)


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
    volume_type: str
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
    #: Id of the disk that it was made like.
    source: str | None = None
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
    #: Flavor that the operation under way will give it.
    planned: Flavor | None = None
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
    def claims(self) -> tuple[int, int]:
        """Cores and MB of memory that it has, had before a resize that can be undone, or will have: whichever is more."""
        if self.origin is self.planned is None:
            return self.flavor.vcpus, self.flavor.ram
        flavors = [one for one in (self.flavor, self.origin, self.planned) if one is not None]
        return max(one.vcpus for one in flavors), max(one.ram for one in flavors)

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
