"""Where a server sees its disks: device names, PCI addresses and the order of disks (5.6.1, 5.6.3, 6.8.3)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pytest_ecs._mock.state.hardware import Attachment, Disk, Server

__all__ = [
    "MOST_DATA",
    "MOST_SERVERS",
    "device_of",
    "free_device",
    "in_order",
    "put",
    "remove",
    "room",
    "stem_of",
    "used",
]

#: Data disks that a server can have (Table 5-3), and servers that a shared disk can have.
MOST_DATA, MOST_SERVERS = 59, 16
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PER_BUS = 31


def stem_of(server: Server, disk: Disk) -> str:
    """Return what the names of such a disk begin with: VBD disks of KVM servers are vd, all others sd (5.6.1)."""
    return "/dev/sd" if disk.scsi or server.flavor.xen else "/dev/vd"


def _names(server: Server, disk: Disk) -> Iterator[str]:
    """Yield the device names of a bus in alphabetical order: a to z, then aa to zz."""
    stem = stem_of(server, disk)
    for length in (1, 2):
        for letters in itertools.product(_LETTERS, repeat=length):
            yield stem + "".join(letters)


def used(server: Server) -> set[str]:
    """Return the device names that are taken, also by what was detached by force (6.8.4)."""
    return {one.device for one in _attachments(server)}


def _attachments(server: Server) -> list[Attachment]:
    return [*(disk.attached[server.id] for disk in server.disks), *server.residue]


def room(server: Server) -> int:
    """Return how many more data disks a server can have; what was detached by force still counts (6.8.4)."""
    return MOST_DATA - sum(not disk.system for disk in server.disks) - len(server.residue)


def device_of(server: Server, disk: Disk) -> str:
    """Return the name that a server has for a disk."""
    return disk.attached[server.id].device


def free_device(server: Server, disk: Disk) -> str:
    """Return the next name for a disk; the first one of VBD disks is kept for the system disk."""
    first = stem_of(server, disk) + "a"
    taken = used(server) if disk.system or disk.scsi else {*used(server), first}
    return next(name for name in _names(server, disk) if name not in taken)


def _free_pci(server: Server) -> str:
    taken = {one.pci for one in _attachments(server)}
    addresses = (f"0000:{2 + n // _PER_BUS:02x}:{1 + n % _PER_BUS:02x}.0" for n in itertools.count())
    return next(address for address in addresses if address not in taken)


def put(server: Server, disk: Disk, device: str | None = None) -> None:
    """Let a server have a disk, under a name that is free."""
    disk.attached[server.id] = Attachment(device or free_device(server, disk), _free_pci(server))
    server.disks.append(disk)


def remove(server: Server, disk: Disk) -> Attachment | None:
    """Take a disk from a server and return where it was; None when the server does not have it."""
    where = disk.attached.pop(server.id, None)
    if where is not None:
        server.disks.remove(disk)
        if disk.system:
            disk.system, disk.delete_on_termination = False, False
    return where


def in_order(server: Server) -> list[Disk]:
    """Return a server's disks, the system disk first and the others as their devices are in order."""
    return sorted(
        server.disks, key=lambda disk: (not disk.system, len(device_of(server, disk)), device_of(server, disk))
    )
