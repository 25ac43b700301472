"""Disks that come with servers, and may stay when those are gone or get another system: written down before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import pointer
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.deletion import SKEW, moment
from pytest_ecs._resources.kinds import DISK, kinds, url
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import show
from pytest_ecs._resources.records import Server, Thing

__all__ = ["is_held", "note_disks"]


def note_disks(ledger: Ledger, server: Server, client: Client, at: float) -> None:
    """Write down the disks that a *server* has now, *at* a time, so that they are deleted if they stay.

    Only those that were created since the run of the server began, and say so: others may be somebody else's.
    """
    kind, began = kinds()[DISK], ledger.began(server.run)
    if began is None:
        return
    known = {thing.path for thing in ledger.things(server.run, gone=True)}
    for disk in [disk for disk in _attached(client, server.id) if url(kind, disk) not in known]:
        created = moment(_read(client.get(f"{kind.all}/{segment(disk)}").json_object, "volume", "createdAt"))
        if created is not None and created >= began - SKEW:
            ledger.made_thing(ledger.intend_thing(server.identity, DISK, None, at, run=server.run), url(kind, disk))


def is_held(thing: Thing, servers: Iterable[str], client: Client) -> bool:
    """Whether a *thing* is a disk that came with one of *servers* and is attached to it: it goes, or stays, with that."""
    if thing.kind != DISK or thing.name is not None or thing.path is None:
        return False
    rows = _read(client.get(thing.path).json_object, "volume", "attachments")
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
