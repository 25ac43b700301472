"""What the tests of disks (11.4) share: making one, waiting for it, and deleting it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Cases, Client, Exchange, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

DISKS = url_of("deprecated.disks.list")
#: Where an answer has a disk.
ONE = ("body", "volume")


def body_of(supplies: Supplies, **fields: Any) -> dict[str, Any]:
    """Return a request for a disk; "left out" is for a field that is not sent."""
    zone = supplies.need("availability_zone")
    volume = {"size": 10, "display_name": supplies.name("disk"), "availability_zone": zone, **fields}
    return {"volume": {name: value for name, value in volume.items() if value != "left out"}}


def status_of(client: Client, disk: str) -> str:
    """Return the status of a disk, without the space that may stand before it."""
    return str(read(client.get(f"{DISKS}/{disk}"), "volume", "status")).removeprefix(" ")


def spellings(status: str) -> list[str]:
    """Return how a status may be written: a space may stand before it."""
    return [status, f" {status}"]


def ready(client: Client, wait: Wait, disk: str, status: str = "available") -> Exchange:
    """Wait until a disk has a status, and return what it shows then."""
    for _ in wait.polls(until=("a disk is", status)):
        if (seen := status_of(client, disk)) == status:
            return client.get(f"{DISKS}/{disk}")
    raise PrerequisiteMissing(f"The disk {disk} is needed in the status {status}", seen=repr(seen))


def make(client: Client, cases: Cases, supplies: Supplies, wait: Wait) -> str:
    """Make a disk and wait until it can be had."""
    cases.control("deprecated.disks.create")
    disk = str(supplies.make(DISKS, body_of(supplies), "volume", "id"))
    ready(client, wait, disk)
    return disk


@contextmanager
def disk_of(client: Client, cases: Cases, supplies: Supplies, wait: Wait) -> Iterator[str]:
    """Make a disk, and delete it in the end."""
    disk = make(client, cases, supplies, wait)
    try:
        yield disk
    finally:
        drop(client, wait, disk)


def drop(client: Client, wait: Wait, disk: str) -> None:
    """Delete a disk."""
    path = f"{DISKS}/{disk}"
    if client.delete(path).accepted:
        wait.gone(path)
