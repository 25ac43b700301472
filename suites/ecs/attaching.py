"""Attaching and detaching disks in tests (5.6): what is sent, and what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Client, Exchange, Jobs, Lease, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON

VOLUMES = url_of("deprecated.disks.list")
#: Where the disks of a list stand.
IDS = ("body", "volumeAttachments", "*", "volumeId")


def attach_path(server: str) -> str:
    """The URL of 5.6.1."""
    return url_of("ecs.disks.attach", server_id=server)


def detach_path(server: str, disk: str) -> str:
    """The URL of 5.6.2."""
    return url_of("ecs.disks.detach", server_id=server, volume_id=disk)


def devices(server: str, disk: str = "") -> str:
    """The URL of 5.6.3, or with a *disk* of 5.6.4."""
    return url_of("ecs.disks.list", server_id=server) + (f"/{disk}" if disk else "")


def native_path(server: str, disk: str = "") -> str:
    """The URL of 6.8.1, or with a *disk* of 6.8.2."""
    return url_of("nova.disks.list", server_id=server) + (f"/{disk}" if disk else "")


def disks_of(client: Client, server: str) -> list[dict[str, Any]]:
    """Return the disks that a server lists."""
    found: list[dict[str, Any]] = read(client.get(devices(server)), "volumeAttachments")
    return found


def ids_of(client: Client, server: str) -> list[str]:
    """Return the ids of the disks that a server lists."""
    return [disk["volumeId"] for disk in disks_of(client, server)]


def send(
    client: Client, jobs: Jobs, lease: Lease, disk: str | None, more: dict[str, JSON] | None = None, **fields: JSON
) -> Exchange:
    """Send a request to attach a disk, and wait for its job."""
    wanted = {**({"volumeId": disk} if disk else {}), **fields}
    sent = client.post(attach_path(lease.id), {"volumeAttachment": wanted, **(more or {})})
    jobs.settle(sent, [lease])
    return sent


def _shown_at(client: Client, server: str, disk: str) -> str:
    """The URL of 6.8.2, and that of 5.6.4 where chapter 6 is out of reach."""
    try:
        client.get(native_path(server))
    except PrerequisiteMissing:
        return devices(server, disk)
    return native_path(server, disk)


def detach(client: Client, jobs: Jobs, wait: Wait, lease: Lease, disk: str, **query: str) -> Exchange:
    """Detach a disk and wait until the server does not have it; one that keeps it serves nobody again."""
    lease.spoilt = True
    detached = client.delete(detach_path(lease.id, disk), query=query)
    jobs.settle(detached, [lease])
    lease.spoilt = not wait.gone(_shown_at(client, lease.id, disk))
    return detached


@contextmanager
def attached(
    client: Client,
    jobs: Jobs,
    wait: Wait,
    lease: Lease,
    disk: str,
    more: dict[str, JSON] | None = None,
    **fields: JSON,
) -> Iterator[Exchange]:
    """Attach a disk, hand out the answer, and detach the disk in the end."""
    sent = send(client, jobs, lease, disk, more, **fields)
    try:
        yield sent
    finally:
        if sent.accepted and client.get(_shown_at(client, lease.id, disk)).accepted:
            detach(client, jobs, wait, lease, disk)
