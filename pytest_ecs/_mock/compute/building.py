"""What both ways of creating servers (5.1.1, 6.2.1) share: finding what a request refers to, and building."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_ecs._mock.compute.views import host_of
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.validation import UUID, Refuse
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.disks import put
from pytest_ecs._mock.state.hardware import Disk, Eip, Network, Nic, Port, Server, Snapshot
from pytest_ecs._mock.state.records import Flavor, Image, SecurityGroup, ServerGroup, User

__all__ = [
    "NicPlan",
    "Plan",
    "Resolver",
    "batch_names",
    "build",
    "check_flavor",
    "check_metadata",
    "check_quota",
    "room",
    "spread",
]

_ON_SALE = {"normal", "obt", "promotion"}


@dataclass
class NicPlan:
    """A NIC that a new server shall have."""

    network: Network
    address: str | None = None
    port: Port | None = None


@dataclass
class Plan:
    """What a new server is made from; everything in it exists."""

    image: Image
    flavor: Flavor
    zone: str
    nics: list[NicPlan]
    #: Disks to make, and disks to attach.
    disks: list[Disk]
    key_name: str | None = None
    password: str | None = None
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    groups: list[SecurityGroup] = field(default_factory=list)
    user_data: str | None = None
    hints: dict[str, str] = field(default_factory=dict)
    reservation: str = ""


class Resolver:
    """Finds what a request refers to in a project, and refuses with *refuse* what is not there.

    None stands for what the request leaves out; so does what is unknown where the deviation
    "reference-unchecked" is on.
    """

    def __init__(self, state: State, project: Project, refuse: Refuse) -> None:
        self._state, self._project, self._refuse = state, project, refuse
        self.lax = state.deviates("reference-unchecked")
        self._taken: set[str] = set()

    def unknown(self, code: str, message: str, *, missing: bool = False) -> None:
        """Refuse something that does not exist; where it is only *missing*, a native API may say so by its status."""
        if not self.lax:
            refusal = self._refuse(code, message)
            if missing and isinstance(refusal, NativeError) and self._state.varies("unknown-reference-404"):
                refusal.status = 404
            raise refusal

    def image(self, ref: str | None) -> Image:
        """Return an image by its id; the first one for None."""
        found = self._state.images.get(ref or "")
        if found is not None and found.owner not in {None, self._project.id}:
            found = None
        if found is None and ref is not None:
            self.unknown("Ecs.0031", "The image does not exist.", missing=re.fullmatch(UUID, ref) is not None)
        if found is not None and found.status != "ACTIVE":
            self.unknown("Ecs.0032", "The image is not in Active state.")
        return found or next(iter(self._state.images.values()))

    def zone_for(self, image: Image, zone: str | None) -> str | None:
        """Return the zone for a server: an image that was made of a server is for that one's zone (6.3.7)."""
        if image.zone is None or image.zone == zone:
            return zone
        if zone is not None:
            self.unknown("Ecs.0005", "The image is one of a server in another availability zone.")
        return image.zone

    def data_image(self, ref: str | None) -> Image:
        """Return an image for a data disk, which is not one that was made of a server (6.3.7)."""
        image = self.image(ref)
        if image.server is not None:
            self.unknown("Ecs.0005", "An image that was made of a server cannot be used for data disks.")
        return image

    def flavor(self, ref: str | None, zone: str | None) -> Flavor:
        """Return a flavor that is on sale in a zone, None meaning any zone; the first one for None."""
        found = self._state.flavors.get(ref or "")
        if found is None:
            if ref is not None:
                self.unknown("Ecs.0029", "The flavor does not exist.", missing=True)
            return next(iter(self._state.flavors.values()))
        if not self._state.is_public(found):
            self.unknown("Ecs.0027", "The ECSs of this flavor cannot be created.")
        sales = {found.sale(one) for one in ([zone] if zone else self._state.zones)}
        if not sales & _ON_SALE:
            if sales == {"abandon"}:
                self.unknown("Ecs.0029", "The flavor has been abandoned.")
            self.unknown("Ecs.0319", "Insufficient resources for this flavor.")
        return found

    def zone(self, name: str | None) -> str | None:
        """Return the name of a zone that exists, None when none is asked for."""
        if name is not None and name not in self._state.zones:
            self.unknown("Ecs.0005", "The availability zone does not exist.")
            return None
        return name

    def host(self, hints: Mapping[str, Any], zone: str | None) -> None:
        """Refuse a dedicated host of another zone than the one asked for (5.1.1, table 5-3); ours are in the first one."""
        host = hints.get("dedicated_host_id") if hints.get("tenancy") == "dedicated" else None
        elsewhere = host in self._project.hosts and zone not in (None, self._state.zones[0])
        if elsewhere and not self._state.deviates("host-zone-unchecked"):
            raise self._refuse("Ecs.0005", "The dedicated host is in another availability zone.")

    def key(self, name: str | None, user: User) -> str | None:
        """Return the name of a key pair of a user; nobody else can see it (6.11.3)."""
        if name is not None and name not in user.keys:
            self.unknown("Ecs.0314", "The key pair does not exist.")
        return name

    def group(self, group: str | None) -> None:
        """Refuse a server group that does not exist (5.10)."""
        if group is not None and group not in self._project.server_groups:
            self.unknown("Ecs.0313", "The server group does not exist.")

    def network(self, ref: str | None) -> Network:
        """Return a subnet of the project."""
        found = next((one for one in self._project.networks if one.id == ref), None)
        if found is None and ref is not None:
            self.unknown("Ecs.0038", "The subnet does not exist.")
        if found is not None and found.type == "geneve" and not self._state.deviates("geneve-unchecked"):
            raise self._refuse("Ecs.0005", "The network is one for bare metal servers.")
        return found or self._project.networks[0]

    def address(self, network: Network, address: str | None) -> str | None:
        """Return an address that is free in a subnet, None when none is asked for."""
        if not address:
            return None
        if not network.holds(address):
            if self._state.deviates("address-unchecked"):
                return None
            self.unknown("Ecs.0039", "The specified IP address does not belong to the subnet.")
            return None
        if address in network.used or address in self._taken:
            self.unknown("Ecs.0010", "The private IP address is already being used.")
            return None
        self._taken.add(address)
        return None if self._state.deviates("address-ignored") else address

    def port(self, ref: str | None) -> Port | None:
        """Return a port of the project that no server has."""
        found = self._project.ports.get(ref or "")
        if ref is not None and (found is None or found.server is not None):
            self.unknown("Ecs.0005", "The port does not exist or is in use.")
            return None
        if found is not None:
            if found.id in self._taken:
                self.unknown("Ecs.0005", "One port is there for two NICs.")
                return None
            self._taken.add(found.id)
        return found

    def volume(self, ref: str | None) -> Disk | None:
        """Return a disk of the project that no server has."""
        found = self._project.volumes.get(ref or "")
        if found is None or found.status != "available" or found.id in self._taken:
            self.unknown("Ecs.0005", "The volume does not exist or is not available.")
            return None
        self._taken.add(found.id)
        return found

    def snapshot(self, ref: str | None) -> Snapshot | None:
        """Return a snapshot of the project that is finished."""
        found = self._project.snapshots.get(ref or "")
        if found is None or found.status != "available":
            self.unknown("Ecs.0005", "The snapshot does not exist or is not available.")
            return None
        return found

    def security_group(self, ref: str) -> SecurityGroup:
        """Return a security group by its id or name; the default one for an unknown one."""
        groups = self._project.groups
        named = (group for group in groups.values() if group.name == ref)
        found = groups.get(ref) or next(named, None)
        if found is None:
            self.unknown("Ecs.0005", "The security group does not exist.")
        return found or self._project.default_group

    def eip(self, ref: str | None) -> Eip | None:
        """Return an elastic IP address in DOWN state (Table 8-1)."""
        found = self._project.eips.get(ref or "")
        if ref is not None and (found is None or found.server is not None):
            self.unknown("Ecs.0005", "The EIP does not exist or is bound.")
            return None
        return found


def _rooms(state: State, project: Project, plan: Plan) -> Iterator[tuple[int, str, str]]:
    """Yield how many servers of a plan each quota (5.7.1) allows yet, and the addresses; with the refusal of more."""
    if not state.deviates("quota-unchecked"):
        limits, flavor, claims = state.limits, plan.flavor, [one.claims for one in project.servers.values()]
        yield limits.servers - len(claims), "Ecs.0001", "Insufficient ECS quota."
        yield (limits.cores - sum(cores for cores, _ in claims)) // flavor.vcpus, "Ecs.0001", "Insufficient ECS quota."
        yield (limits.ram - sum(ram for _, ram in claims)) // flavor.ram, "Ecs.0001", "Insufficient ECS quota."
        made = sum(not disk.id for disk in plan.disks)  # one with an id is there already
        if made:
            yield (limits.disks - len(project.volumes)) // made, "Ecs.0021", "Insufficient EVS disk quota."
        group = project.server_groups.get(plan.hints.get("group", ""))
        if group is not None:
            yield limits.members - len(group.members), "Ecs.0022", "Insufficient ECS group quota."
    for network, number in Counter(nic.network for nic in plan.nics if nic.port is None).items():
        yield network.free() // number, "Ecs.0012", "The subnet does not contain enough IP addresses."


def room(state: State, project: Project, plan: Plan) -> int:
    """Return how many servers of a plan there can be yet."""
    return min((most for most, _, _ in _rooms(state, project, plan)), default=1_000_000)


def check_quota(state: State, project: Project, plan: Plan, count: int, refuse: Refuse) -> None:
    """Refuse more servers than the quotas allow, of them and of what they have, or than there are addresses."""
    for most, code, message in _rooms(state, project, plan):
        if count > most:
            raise refuse(code, message)
    check_metadata(state, plan.metadata, refuse)


def check_flavor(state: State, project: Project, server: Server, flavor: Flavor, refuse: Refuse) -> None:
    """Refuse a server another flavor that is too large for the quotas (5.7.1)."""
    others = [one.claims for one in project.servers.values() if one is not server]
    cores, ram = sum(cores for cores, _ in others) + flavor.vcpus, sum(ram for _, ram in others) + flavor.ram
    if (cores > state.limits.cores or ram > state.limits.ram) and not state.deviates("quota-unchecked"):
        raise refuse("Ecs.0001", "Quota exceeded for cores or ram")


def check_metadata(state: State, pairs: Mapping[str, str], refuse: Refuse) -> None:
    """Refuse more pairs of metadata than the quota allows a server (5.7.1), however they come."""
    if len(pairs) > state.limits.metadata and not state.deviates("metadata-quota-unchecked"):
        raise refuse("Ecs.0001", "Maximum number of metadata items exceeds the quota")


def batch_names(name: str, count: int, state: State) -> list[str]:
    """Return the names of *count* servers (Table 5-3): from 0000, or from the number that *name* ends in."""
    if count == 1 or state.deviates("name-suffix-missing"):
        return [name] * count
    found = re.fullmatch(r"(.+)-(\d{4})", name)
    stem, first = (found[1], int(found[2])) if found else (name, int(state.varies("batch-from-one")))
    return [f"{stem}-{number:04d}" for number in range(first, first + count)]


def spread(state: State, project: Project, group: ServerGroup, server: Server) -> None:
    """Put a member of a group on a host where no other member is (5.10.3)."""
    others = (project.servers[one] for one in group.members if one in project.servers and one != server.id)
    taken = {host_of(one) for one in others}
    if taken and state.deviates("group-affinity"):
        server.host = min(taken)
    elif host_of(server) in taken:
        hosts = (f"pod{number:02d}.{server.zone}" for number in range(100))
        server.host = next(host for host in hosts if host not in taken)


def build(state: State, project: Project, user: User, plan: Plan, names: Sequence[str]) -> list[Server]:
    """Put servers into the project, still to be taken through their creation."""
    return [_build(state, project, user, plan, name, index) for index, name in enumerate(names)]


def _build(state: State, project: Project, user: User, plan: Plan, name: str, index: int) -> Server:
    now = state.clock.now()
    zone = plan.zone if plan.flavor.sale(plan.zone) in _ON_SALE else state.zones[0]
    server = Server(state.uuid(), project.id, user.id, name, plan.image, plan.flavor, zone, now, state.number())
    server.updated = now
    server.launch_index, server.reservation = index, plan.reservation
    server.key_name, server.password = plan.key_name, plan.password
    server.description, server.user_data = plan.description, plan.user_data
    server.metadata = {} if state.deviates("metadata-dropped") else dict(plan.metadata)
    asked = [] if state.deviates("create-groups-ignored") else plan.groups
    groups = asked or ([] if state.deviates("group-default-missing") else [project.default_group])
    server.hints = dict(plan.hints)
    if plan.reservation and "tenancy" not in server.hints and state.deviates("tenancy-default-dedicated"):
        server.hints["tenancy"] = "dedicated"
    if server.hints.get("tenancy") == "dedicated" and not state.deviates("host-not-chosen"):
        server.hints.setdefault("dedicated_host_id", project.hosts[0])
    for wanted in plan.nics:
        if wanted.port is not None:
            wanted.port.server = server.id
            port = wanted.port
            # Table 6-11: on a port that is there the groups that were asked for have no effect.
            own = list(port.groups) or [project.default_group]
            server.nics.append(Nic(wanted.network, port.address, port.mac, port, port.id, own))
            continue
        address = wanted.address
        if address is None:
            address = wanted.network.take()
        wanted.network.used.add(address)
        server.nics.append(Nic(wanted.network, address, state.mac(), None, state.uuid(), list(groups)))
    for disk in plan.disks[:1] if state.deviates("data-disks-dropped") else plan.disks:
        # A disk that exists is attached; one without an id is made.
        made = disk
        if not disk.id:
            made = replace(disk, id=state.uuid(), metadata=dict(disk.metadata), attached={}, zone=zone, created=now)
            made.bootable = made.system
        project.volumes[made.id] = made
        put(server, made)
    project.servers[server.id] = server
    group = project.server_groups.get(server.hints.get("group", ""))
    if group is not None:
        group.members.append(server.id)
        spread(state, project, group, server)
    return server
