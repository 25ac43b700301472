"""A server with all kinds of disks (6.2.1), as it was shown before it was deleted: tests look at what a process saw once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pytest_ecs import Client, Exchange, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .creation import Detail, boot_disk, delete_servers, details_of, path_of

__all__ = ["ATTACHED", "DATA", "DEVICE", "DISKS", "WithDisks", "sizes", "with_disks"]

#: Where disks are queried and deleted (11.4): the native APIs attach and detach them only.
DISKS = url_of("deprecated.disks.list")
#: A name that no system disk has, for it has no effect (table 6-13).
DEVICE = "/dev/vdq"
_SNAPSHOTS = url_of("deprecated.snapshots.create")
_BLANK = {"source_type": "blank", "destination_type": "volume"}
#: Data disks, which their sizes tell: one that goes with the server, one that stays, one of which nothing is said.
DATA: dict[str, dict[str, Any]] = {
    "deleted": {**_BLANK, "volume_size": 30, "delete_on_termination": True},
    "kept": {**_BLANK, "volume_size": 20, "delete_on_termination": False},
    "unsaid": {**_BLANK, "volume_size": 10},
}
#: Texts as long as they may be (table 6-11).
_LONGEST: dict[str, dict[str, Any]] = {
    "longest description": {"description": "d" * 85},
    "longest metadata": {"metadata": {"k" * 255: "v" * 255}},
}
#: What other disks are made from.
_SOURCES = ("volume", "snapshot")
ATTACHED = ("server", "os-extended-volumes:volumes_attached")
#: Seconds that disks may take to be shown.
_LATE = 10


class WithDisks(NamedTuple):
    """The server; where it was refused there is one for each half of the details, and so on."""

    made: dict[str, Detail]
    #: By server: its disks as the server shows them (6.2.6), as they are listed (6.8.1), and by 5.6.3 where that is there.
    shown: dict[str, Exchange]
    listed: dict[str, Exchange]
    devices: dict[str, Exchange]
    #: Each disk by itself (11.4.3), by its id, where disks can be queried.
    disks: dict[str, dict[str, Exchange]]
    gone: dict[str, bool]
    #: By what a disk was to be made from: the id of that, or why there is none.
    sources: dict[str, str]
    missing: dict[str, str]

    def disk(self, name: str) -> str | None:
        """Return the id of a data disk, None where the server did not get it."""
        server = self.made[name].server if name in self.made else ""
        devices = self.devices.get(server)
        found = [(one["size"], one["volumeId"]) for one in read(devices, "volumeAttachments")] if devices else []
        found += [(read(shown, "volume", "size"), disk) for disk, shown in self.disks.get(server, {}).items()]
        return next((str(disk) for size, disk in found if size in sizes(name)), None)


def sizes(name: str) -> list[int | str]:
    """Return the size of a data disk as a number and as a text (5.6.3)."""
    size = int(DATA[name]["volume_size"])
    return [size, str(size)]


def with_disks(client: Client, servers: Servers, supplies: Supplies, wait: Wait) -> WithDisks:
    """Return the server that a process makes once; raises `PrerequisiteMissing` where there was no room for it."""
    return supplies.once("a server with disks", lambda: _make(client, servers, supplies, wait))


def _make(client: Client, servers: Servers, supplies: Supplies, wait: Wait) -> WithDisks:
    listable = client.get(DISKS).accepted  # where disks cannot be deleted (11.4.5), none is left
    sources, missing = _make_sources(supplies, wait)
    names = ["device", "text", "longest name", *_LONGEST, *sources, *(DATA if listable else ["deleted"])]
    made = details_of(client, servers, supplies, names, lambda some: _fields(supplies, some, sources))
    found = WithDisks(made, {}, {}, {}, {}, {}, sources, missing)
    for server in dict.fromkeys(one.server for one in made.values() if one.server):
        expected = 1 + len([name for name in (*DATA, *_SOURCES) if name in made and made[name].server == server])
        for _ in wait.polls(_LATE):
            found.shown[server] = client.get(path_of(server), microversion="2.3")
            ids = [str(volume["id"]) for volume in read(found.shown[server], *ATTACHED)]
            if len(ids) >= expected:
                break
        found.listed[server] = client.get(f"{path_of(server)}/os-volume_attachments")
        found.disks[server] = {disk: client.get(f"{DISKS}/{disk}") for disk in ids} if listable else {}
        try:
            devices = client.get(url_of("ecs.disks.list", server_id=server))
            found.devices.update({server: devices} if devices.accepted else {})
        except PrerequisiteMissing:  # it belongs to chapter 5
            pass
        found.gone[server] = delete_servers(client, wait, server)
    if "snapshot" in sources:
        client.delete(f"{_SNAPSHOTS}/{sources['snapshot']}")
        wait.gone(f"{_SNAPSHOTS}/{sources['snapshot']}")
    return found


def _make_sources(supplies: Supplies, wait: Wait) -> tuple[dict[str, str], dict[str, str]]:
    """Return a disk and a snapshot of it, from which disks can be made, and why there is none of one of them."""
    sources: dict[str, str] = {}
    missing: dict[str, str] = {}
    try:
        sources["volume"] = supplies.disk()
        wanted = {"volume_id": sources["volume"], "display_name": supplies.name("source"), "force": True}
        snapshot = str(supplies.make(_SNAPSHOTS, {"snapshot": wanted}, "snapshot", "id"))
        wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
        sources["snapshot"] = snapshot
    except (PrerequisiteMissing, StepFailed) as reason:
        missing = {name: str(reason) for name in _SOURCES if name not in sources}
    return sources, missing


def _fields(supplies: Supplies, names: Sequence[str], sources: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a creation with what *names* say; text where numbers could stand.

    It has a disk to boot from, unless nothing of that is about disks.
    """
    counts = {"min_count": "1", "max_count": "1", "return_reservation_id": "true"} if "text" in names else {}
    texts = {"volume_size": "100", "delete_on_termination": "true"} if "text" in names else {}
    device = {"device_name": DEVICE} if "device" in names else {}
    disks = [boot_disk(supplies, **texts, **device), *(DATA[name] for name in names if name in DATA)]
    for source in (name for name in names if name in sources):
        other = {"source_type": source, "uuid": sources[source], "boot_index": "-1"}
        disks.append({"destination_type": "volume", "delete_on_termination": source != "volume", **other})
    texts_of = [_LONGEST[name] for name in names if name in _LONGEST]
    name = {"name": supplies.name("longest").ljust(128, "x")} if "longest name" in names else {}
    # A disk is in the zone of its server.
    zone = {"availability_zone": supplies.need("availability_zone")} if set(names) & set(_SOURCES) else {}
    more = {field: value for fields in (counts, name, zone, *texts_of) for field, value in fields.items()}
    if set(names) <= {"longest name", *_LONGEST}:
        return more
    return {"imageRef": None, "block_device_mapping_v2": disks, **more}
