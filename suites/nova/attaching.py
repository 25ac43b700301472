"""What the tests of servers' disks (6.8) share: their requests, and how a disk comes to a server and leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Client, Exchange, Lease, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import EcsError, PrerequisiteMissing

#: Where disks are created, which chapter 6 cannot (11.4.4).
VOLUMES = url_of("deprecated.disks.list")
#: Where the disks of a list stand, and the device of one that is shown by itself.
IDS = ("body", "volumeAttachments", "*", "volumeId")
DEVICE = ("body", "volumeAttachment", "device")
#: Seconds that a disk is given to go which should stay.
MEANWHILE = 30


def path_of(server: str, disk: str = "") -> str:
    """Return the URL of a server's disks, or of one of them."""
    return url_of("nova.disks.list", server_id=server) + (f"/{disk}" if disk else "")


def list_disks(client: Client, lease: Lease) -> Exchange:
    """List the disks of a server (6.8.1)."""
    return client.get(path_of(lease.id))


def disks_of(client: Client, lease: Lease) -> list[str]:
    """Return the ids of a server's disks."""
    found: list[str] = read(list_disks(client, lease), *IDS[1:])
    return found


def attach(client: Client, wait: Wait, lease: Lease, disk: str, **fields: str) -> Exchange:
    """Attach a disk (6.8.3); where that is accepted, wait until it is in use."""
    sent = client.post(path_of(lease.id), {"volumeAttachment": {"volumeId": disk, **fields}})
    if sent.accepted:
        settle(client, wait, disk)
    return sent


def settle(client: Client, wait: Wait, disk: str) -> None:
    """Wait until a disk is in use."""
    for _ in wait.polls(until="a disk is in use"):
        if read(client.get(f"{VOLUMES}/{disk}"), "volume", "status") == "in-use":
            return


def detach(client: Client, wait: Wait, lease: Lease, disk: str, **query: str) -> Exchange:
    """Detach a disk (6.8.4); where that is accepted, wait until the server does not show it any more."""
    sent = client.delete(path_of(lease.id, disk), query=query)
    if sent.accepted:
        wait.gone(path_of(lease.id, disk))
    return sent


def take_back(client: Client, wait: Wait, servers: Servers, lease: Lease, *disks: str) -> None:
    """Detach what a server still has of *disks*, stopped if need be; nobody gets it again where that does not work."""
    try:
        for disk in disks:
            if disk in disks_of(client, lease):
                servers.bring(lease, "SHUTOFF")
                detach(client, wait, lease, disk)
        lease.spoilt = lease.spoilt or bool(set(disks) & set(disks_of(client, lease)))
    except EcsError:
        lease.spoilt = True


@contextmanager
def attached(
    client: Client, wait: Wait, servers: Servers, lease: Lease, disk: str, **fields: str
) -> Iterator[Exchange]:
    """Attach a disk, and detach it in the end; raises `PrerequisiteMissing` when the server does not list it then."""
    try:
        sent = attach(client, wait, lease, disk, **fields)
        read(sent)
        if disk not in disks_of(client, lease):
            raise PrerequisiteMissing("A disk has to be attached to a server", seen=f"{disk} is not listed", hint="")
        yield sent
    finally:
        take_back(client, wait, servers, lease, disk)


@contextmanager
def new_disk(client: Client, supplies: Supplies, wait: Wait, zone: str, **fields: Any) -> Iterator[str]:
    """Create a disk (11.4.4) and wait until it is available; delete it in the end."""
    wanted = {"size": 10, "display_name": supplies.name("disk"), "availability_zone": zone, **fields}
    disk = str(supplies.make(VOLUMES, {"volume": wanted}, "volume", "id"))
    try:
        wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="available")
        yield disk
    finally:
        client.delete(f"{VOLUMES}/{disk}")
        wait.gone(f"{VOLUMES}/{disk}")


def zone_of(lease: Lease) -> str:
    """Return the availability zone of a server."""
    return str(read(lease.show(), "server", "OS-EXT-AZ:availability_zone"))
