"""What must hold in the state between any two requests, whoever sent them and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Network, Server
from pytest_ecs._mock.state.records import Job

__all__ = ["complaints", "usage"]


def complaints(state: State) -> list[str]:
    """Return a sentence for each thing in *state* that contradicts another."""
    return [f"{project.name}: {wrong}" for project in state.projects.values() for wrong in _project(state, project)]


def _project(state: State, project: Project) -> Iterator[str]:
    for server in project.servers.values():
        yield from _server(state, project, server)
    yield from _disks(project)
    yield from _networks(project)
    yield from _addresses(project)
    yield from _groups(project)
    yield from _limits(state, project)
    for job in project.jobs.values():
        yield from _job(job)


def _server(state: State, project: Project, server: Server) -> Iterator[str]:
    name = f"server {server.id}"
    if project.servers.get(server.id) is not server or server.project != project.id:
        yield f"{name} is kept under another id or project"
    if server.status == "UNKNOWN" and server.thawed is None:
        yield f"{name} is in {server.vm_state} and {server.task_state}, which is no state of Table A-4"
    if server.flavor.id not in state.flavors:
        yield f"{name} has a flavor that does not exist"
    if sum(disk.system for disk in server.disks) > 1:
        yield f"{name} has several system disks"
    for disk in server.disks:
        if project.volumes.get(disk.id) is not disk:
            yield f"{name} has disk {disk.id}, which the project does not have"
        elif server.id not in disk.attached:
            yield f"{name} has disk {disk.id}, which does not know it"
    places = [*(disk.attached[server.id] for disk in server.disks if server.id in disk.attached), *server.residue]
    for device, count in Counter(place.device for place in places).items():
        if count > 1:
            yield f"{name} has {count} disks at {device}"
    for nic in server.nics:
        if nic.address not in nic.network.used:
            yield f"{name} has the address {nic.address}, which its network takes for free"
        if nic.port is not None and nic.port.server != server.id:
            yield f"{name} has port {nic.port.id}, which does not know it"
        if any(project.groups.get(group.id) is not group for group in nic.groups):
            yield f"{name} is in a security group that does not exist"
        if nic.eip is not None and (nic.eip.server, nic.eip.fixed) != (server.id, nic.address):
            yield f"{name} has the floating IP address {nic.eip.address}, which does not know it"


def _disks(project: Project) -> Iterator[str]:
    for disk in project.volumes.values():
        for server in disk.attached:
            holder = project.servers.get(server)
            if holder is None or disk not in holder.disks:
                yield f"disk {disk.id} is attached to {server}, which does not have it"
        if len(disk.attached) > 1 and not disk.shared:
            yield f"disk {disk.id} has several servers and is not shared"
    for snapshot in project.snapshots.values():
        if project.volumes.get(snapshot.disk.id) is not snapshot.disk:
            yield f"snapshot {snapshot.id} is of a disk that does not exist"


def _networks(project: Project) -> Iterator[str]:
    taken: dict[Network, Counter[str]] = {network: Counter() for network in project.networks}
    for port in project.ports.values():
        if any(project.groups.get(group.id) is not group for group in port.groups):
            yield f"port {port.id} is in a security group that does not exist"
        taken[port.network][port.address] += 1
    for server in project.servers.values():
        for nic in server.nics:
            if nic.port is None:
                taken[nic.network][nic.address] += 1
    for network, addresses in taken.items():
        for address, count in addresses.items():
            if count > 1:
                yield f"{count} NICs have the address {address}"
        for address in network.used - addresses.keys():
            yield f"nobody has the address {address}, which its network takes for used"


def _addresses(project: Project) -> Iterator[str]:
    for eip in project.eips.values():
        holder = project.servers.get(eip.server or "")
        if eip.server is not None and (holder is None or all(nic.eip is not eip for nic in holder.nics)):
            yield f"floating IP address {eip.address} is bound to {eip.server}, which does not have it"


def _groups(project: Project) -> Iterator[str]:
    for group in project.server_groups.values():
        for member in group.members:
            if member not in project.servers:
                yield f"server group {group.id} has the member {member}, which does not exist"
        if len(set(group.members)) < len(group.members):
            yield f"server group {group.id} has a member twice"


def usage(project: Project) -> dict[str, int]:
    """Return what a project uses of each quota, by the names of `Limits`; of what is limited for each thing, the most."""
    claims = [server.claims for server in project.servers.values()]
    return {
        "servers": len(claims),
        "cores": sum(cores for cores, _ in claims),
        "ram": sum(ram for _, ram in claims),
        "eips": len(project.eips),
        "disks": len(project.volumes),
        "security_groups": len(project.groups),
        "rules": max((len(group.rules) for group in project.groups.values()), default=0),
        "server_groups": len(project.server_groups),
        "members": max((len(group.members) for group in project.server_groups.values()), default=0),
        "metadata": max((len(server.metadata) for server in project.servers.values()), default=0),
    }


def _limits(state: State, project: Project) -> Iterator[str]:
    tolerated = state.tolerated.get(project.id, {})
    for name, used in usage(project).items():
        most = getattr(state.limits, name)
        if used > max(most, tolerated.get(name, 0)):
            yield f"{used} of {name} are more than the quota of {most}"


def _job(job: Job) -> Iterator[str]:
    over = job.status in {"SUCCESS", "FAIL"}
    if over != (job.ended is not None) or (job.ended is not None and job.ended < job.begun):
        yield f"job {job.id} is {job.status}, begun at {job.begun} and ended at {job.ended}"
    for sub in job.subs or ():
        yield from _job(sub)
        if over and sub.status not in {"SUCCESS", "FAIL"}:
            yield f"job {job.id} is {job.status} while its part {sub.id} is {sub.status}"
