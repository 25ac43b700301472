"""Installing systems in tests (5.2.1, 5.2.2): what is sent, and how the server gets back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Client, Exchange, Jobs, Lease, Servers, Supplies, Wait, read, url_of
from pytest_ecs.typing import JSON

REINSTALL, CHANGE = "ecs.servers.reinstall-os", "ecs.servers.change-os"
#: Operation -> the key of its body.
_KEYS = {REINSTALL: "os-reinstall", CHANGE: "os-change"}


def path_of(operation: str, server: str) -> str:
    """The URL of an operation."""
    return url_of(operation, server_id=server)


def body_of(operation: str, control: Exchange) -> dict[str, JSON]:
    """Return the plain body of an operation, as in its accepted *control*."""
    key = _KEYS[operation]
    wanted = {name: value for name, value in control.request_body[key].items() if name not in {"mode", "metadata"}}
    return {key: wanted}


def install(
    client: Client, servers: Servers, supplies: Supplies, jobs: Jobs, operation: str, lease: Lease, **more: JSON
) -> Exchange:
    """Install a server's system, and wait for the job; *more* are fields beside the plain ones, None to leave one out."""
    key = _KEYS[operation]
    wanted: dict[str, JSON] = {"keyname": supplies.need("key_name")}
    if operation == CHANGE:
        wanted["imageid"] = supplies.need("image_id")
    else:
        wanted["userid"] = read(lease.show(), "server", "user_id")
    how = {name: value for name, value in {**wanted, **more}.items() if value is not None}
    sent = client.post(path_of(operation, lease.id), {key: how})
    jobs.settle(sent, [lease])
    servers.wait_stable(lease.id)
    return sent


def stop(client: Client, jobs: Jobs, lease: Lease) -> None:
    """Stop a server that was started by what was done to it."""
    if read(lease.show(), "server", "status") != "SHUTOFF":
        jobs.settle(client.post(url_of("nova.servers.stop", server_id=lease.id), {"os-stop": {}}), [lease])


def attachments(server: str, disk: str = "") -> str:
    """The URL of 6.8.1, or with a *disk* of 6.8.2."""
    return url_of("nova.disks.list", server_id=server) + (f"/{disk}" if disk else "")


@contextmanager
def with_disk(client: Client, supplies: Supplies, jobs: Jobs, wait: Wait, lease: Lease) -> Iterator[str]:
    """Attach a data disk to a stopped server, and detach it in the end from the server that is stopped again."""
    disk = supplies.disk()
    supplies.make(attachments(lease.id), {"volumeAttachment": {"volumeId": disk}})
    lease.spoilt = True  # until it is as it was
    wait.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
    try:
        yield disk
    finally:
        stop(client, jobs, lease)
        client.delete(attachments(lease.id, disk))
        lease.spoilt = not wait.gone(attachments(lease.id, disk))


def disks_of(client: Client, server: str) -> list[dict[str, Any]]:
    """Return the disks that a server lists (5.6.3)."""
    found: list[dict[str, Any]] = read(client.get(url_of("ecs.disks.list", server_id=server)), "volumeAttachments")
    return found
