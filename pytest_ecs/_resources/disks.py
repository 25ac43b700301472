"""Disks that come with servers, and may stay when those are gone or get another system: written down before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import pointer
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.deletion import SKEW, moment
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import show
from pytest_ecs._resources.records import Resource, Server
from pytest_ecs._resources.resource_types import DISK, resource_types, url

__all__ = ["is_held", "note_disks"]


def note_disks(ledger: Ledger, server: Server, client: Client, at: float) -> None:
    """Write down the disks that a *server* has now, *at* a time, so that they are deleted if they stay.

    Only those that were created since the run of the server began, and say so: others may be somebody else's.
    """
    disk_type, began = resource_types()[DISK], ledger.began(server.run)
    if began is None:
        return
    known = ledger.paths(server.run)
    for disk in [disk for disk in _attached(client, server.id) if url(disk_type, disk) not in known]:
        created = moment(_read(client.get(f"{disk_type.all}/{segment(disk)}").json_object, "volume", "createdAt"))
        if created is not None and created >= began - SKEW:
            ledger.made_resource(
                ledger.intend_resource(server.identity, DISK, None, at, run=server.run), url(disk_type, disk)
            )


def is_held(resource: Resource, servers: Iterable[str], client: Client) -> bool:
    """Whether a *resource* is a disk that came with one of *servers* and is attached to it: it goes, or stays, with that."""
    if resource.type != DISK or resource.name is not None or resource.path is None:
        return False
    rows = _read(client.get(resource.path).json_object, "volume", "attachments")
    held = {str(row.get("serverId")) for row in rows if isinstance(row, Mapping)} if isinstance(rows, list) else set()
    return not held.isdisjoint(servers)


def _attached(client: Client, server: str) -> list[str]:
    found = _read(show(client, server).json_object, "server", "os-extended-volumes:volumes_attached")
    rows = found if isinstance(found, list) else []
    return [row["id"] for row in rows if isinstance(row, Mapping) and isinstance(row.get("id"), str)]


def _read(body: object, *steps: str) -> object:
    try:
        return pointer(body, steps)
    except LookupError:
        return None
