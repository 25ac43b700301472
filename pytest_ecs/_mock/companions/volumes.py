"""Disks and snapshots as the volume service shows them, with its limits and quotas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._mock.companions.filters import asked, chosen
from pytest_ecs._mock.companions.images import find_image
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Disk, Snapshot
from pytest_ecs._mock.storage.snapshots import create_snapshot, delete_snapshot, find_snapshot
from pytest_ecs._mock.storage.volumes import create_volume, delete_volume, find_volume

__all__: list[str] = []

_SERVICE = "/volume/v3/{project_id}"
_VOLUMES, _SNAPSHOTS = _SERVICE + "/volumes", _SERVICE + "/snapshots"


def _brief(request: Request, disk: Disk) -> dict[str, Any]:
    path = f"{request.base}/volume/v3/{request.project.id}/volumes/{disk.id}"
    return {"id": disk.id, "name": disk.name or "", "links": [{"rel": "self", "href": path}]}


def _volume(request: Request, disk: Disk) -> dict[str, Any]:
    same = {"volume_id": disk.id, "id": disk.id, "attachment_id": disk.id, "host_name": None}
    attached = [{"server_id": server, "device": where.device, **same} for server, where in disk.attached.items()]
    return {
        **_brief(request, disk),
        "description": disk.description,
        "status": disk.status,
        "size": disk.size,
        "volume_type": disk.volume_type,
        "availability_zone": disk.zone,
        "attachments": attached,
        "snapshot_id": disk.snapshot,
        "source_volid": disk.source,
        "metadata": dict(disk.metadata),
        "encrypted": False,
        "bootable": str(disk.bootable).lower(),
        "multiattach": disk.shared,
        "user_id": request.user.id,
        "replication_status": None,
        "consistencygroup_id": None,
        "updated_at": None,
        "created_at": stamp(disk.created, "us"),
    }


@route("GET", _VOLUMES, family="nova", permission="nova.volumes")
def list_names(request: Request, state: State) -> Response:
    """List ids and names of the disks, all at once, by name when asked."""
    rows = [_brief(request, one) for one in request.project.volumes.values()]
    return Response(200, {"volumes": chosen(request, rows, "name")})


@route("GET", _VOLUMES + "/detail", family="nova", permission="nova.volumes-detail")
def list_volumes(request: Request, state: State) -> Response:
    """List the disks, all at once, by name or status when asked."""
    rows = [_volume(request, one) for one in request.project.volumes.values()]
    return Response(200, {"volumes": chosen(request, rows, "name", "status")})


@route("GET", _VOLUMES + "/{volume_id}", family="nova", permission="nova.volume")
def show_volume(request: Request, state: State) -> Response:
    """Show a disk."""
    return Response(200, {"volume": _volume(request, find_volume(request, state, request.parameters["volume_id"]))})


@route("POST", _VOLUMES, family="nova", permission="nova.create-volume")
def add_volume(request: Request, state: State) -> Response:
    """Create a disk as 11.4.4 does, from the names of this service; also one like another disk, or from an image."""
    wanted = asked(request, "volume")
    if sum(name in wanted for name in ("snapshot_id", "source_volid", "imageRef")) > 1:
        raise NativeError(400, "A disk is made of one thing: a snapshot, a disk or an image.")
    if "backup_id" in wanted:
        raise NativeError(400, "There are no backups.")
    source = image = None
    if "source_volid" in wanted:
        source = find_volume(request, state, str(wanted["source_volid"]))
        if source.status not in {"available", "in-use"}:
            raise NativeError(400, f"A disk cannot be made of one that is {source.status}.")
        wanted = {"size": source.size, "volume_type": source.volume_type, **wanted}
    if "imageRef" in wanted:
        image = find_image(request, state, str(wanted["imageRef"]))
    if not isinstance(wanted.get("multiattach", False), bool):
        raise NativeError(400, "multiattach is true or false.")
    least = source.size if source is not None else image.min_disk if image is not None else 0
    size = wanted.get("size")
    if isinstance(size, int) and size < least:
        raise NativeError(400, f"The disk is smaller than the {least} GB of what it is made of.")
    _rename(request, "volume", wanted)
    made = find_volume(request, state, create_volume(request, state).body["volume"]["id"])
    made.shared = wanted.get("multiattach", False)
    if source is not None:
        made.source, made.bootable = source.id, source.bootable
    made.bootable = made.bootable or image is not None
    return Response(202, {"volume": _volume(request, made)})


@route("PUT", _VOLUMES + "/{volume_id}", family="nova")
def change_volume(request: Request, state: State) -> Response:
    """Give a disk another name, description or metadata."""
    disk, wanted = find_volume(request, state, request.parameters["volume_id"]), asked(request, "volume")
    name, description = wanted.get("name", disk.name), wanted.get("description", disk.description)
    metadata = wanted.get("metadata", disk.metadata)
    texts = [*metadata.keys(), *metadata.values()] if isinstance(metadata, dict) else [None]
    if any(not isinstance(one, str) for one in texts) or {type(name), type(description)} - {str, type(None)}:
        raise NativeError(400, "name and description are texts, metadata is an object of texts.")
    disk.name, disk.description, disk.metadata = name, description, dict(metadata)
    return Response(200, {"volume": _volume(request, disk)})


@route("DELETE", _VOLUMES + "/{volume_id}", family="nova", permission="nova.delete-volume")
def remove_volume(request: Request, state: State) -> Response:
    """Delete a disk that nothing needs."""
    return delete_volume(request, state)


def _rename(request: Request, key: str, wanted: Mapping[str, Any]) -> None:
    """Call name and description in a body what the native APIs call them (11.4.4, 11.6.1)."""
    names = {"name": "display_name", "description": "display_description"}
    request.json = {key: {names.get(name, name): value for name, value in wanted.items()}}


# Snapshots


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "name": snapshot.name or "",
        "description": snapshot.description,
        "status": snapshot.status,
        "size": snapshot.size,
        "volume_id": snapshot.disk.id,
        "metadata": {},
        "created_at": stamp(snapshot.created, "us"),
        "updated_at": None,
    }


@route("GET", _SNAPSHOTS, family="nova")
@route("GET", _SNAPSHOTS + "/detail", family="nova")
def list_snapshots(request: Request, state: State) -> Response:
    """List the snapshots, all at once, by disk, name or status when asked."""
    rows = [_snapshot(one) for one in request.project.snapshots.values()]
    return Response(200, {"snapshots": chosen(request, rows, "name", "status", "volume_id")})


@route("GET", _SNAPSHOTS + "/{snapshot_id}", family="nova")
def show_snapshot(request: Request, state: State) -> Response:
    """Show a snapshot."""
    return Response(200, {"snapshot": _snapshot(find_snapshot(request))})


@route("POST", _SNAPSHOTS, family="nova")
def add_snapshot(request: Request, state: State) -> Response:
    """Take a snapshot as 11.6.1 does, from the names of this service."""
    _rename(request, "snapshot", asked(request, "snapshot"))
    made = create_snapshot(request, state).body["snapshot"]["id"]
    return Response(202, {"snapshot": _snapshot(request.project.snapshots[made])})


@route("DELETE", _SNAPSHOTS + "/{snapshot_id}", family="nova")
def remove_snapshot(request: Request, state: State) -> Response:
    """Delete a snapshot."""
    return delete_snapshot(request, state)


# Types, limits and quotas

_TYPES: list[dict[str, Any]] = [
    {"id": name, "name": name, "is_public": True, "extra_specs": {}} for name in ("SATA", "SSD")
]


@route("GET", _SERVICE + "/types", family="nova")
def list_types(request: Request, state: State) -> Response:
    """List the types of disks (Table 11-66)."""
    return Response(200, {"volume_types": _TYPES})


@route("GET", _SERVICE + "/types/{type_id}", family="nova")
def show_type(request: Request, state: State) -> Response:
    """Show a type of disks."""
    found = next((one for one in _TYPES if one["id"] == request.parameters["type_id"]), None)
    if found is None:
        raise NativeError(404, "There is no such type of disks.")
    return Response(200, {"volume_type": found})


@route("GET", _SERVICE + "/limits", family="nova")
def limits(request: Request, state: State) -> Response:
    """Show how many disks there may be and are; nothing limits sizes and snapshots."""
    disks, snapshots = request.project.volumes.values(), request.project.snapshots
    absolute = {
        "maxTotalVolumes": state.limits.disks,
        "maxTotalVolumeGigabytes": -1,
        "maxTotalSnapshots": -1,
        "totalVolumesUsed": len(disks),
        "totalGigabytesUsed": sum(disk.size for disk in disks),
        "totalSnapshotsUsed": len(snapshots),
    }
    return Response(200, {"limits": {"rate": [], "absolute": absolute}})


@route("GET", _SERVICE + "/os-quota-sets/{target_id}", family="nova")
@route("GET", _SERVICE + "/os-quota-sets/{target_id}/defaults", family="nova")
def quotas(request: Request, state: State) -> Response:
    """Show the quotas of the project, with what is used when asked."""
    project = request.project
    if request.parameters["target_id"] != project.id:
        raise NativeError(403, "The quotas of other projects cannot be queried.")
    size = sum(disk.size for disk in project.volumes.values())
    found = {
        "volumes": (state.limits.disks, len(project.volumes)),
        "gigabytes": (-1, size),
        "snapshots": (-1, len(project.snapshots)),
    }
    usage = (request.arg("usage") or "").lower() == "true"
    shown = {
        name: {"limit": most, "in_use": used, "reserved": 0} if usage else most for name, (most, used) in found.items()
    }
    return Response(200, {"quota_set": {"id": project.id, **shown}})
