"""Disks by themselves, as the discarded native APIs show them (11.4)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.http.versions import until
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Disk
from pytest_ecs._mock.state.machine import SECONDS

__all__ = ["LAST", "create_volume", "delete_volume", "find_volume"]

#: The last microversion with these APIs, as in Nova; the document names none.
LAST = (2, 35)
#: What a disk can be deleted from (11.4.5).
_IDLE = frozenset({"available", "error", "error_restoring", "error_extending"})
_CREATE = Field(
    "object",
    fields={
        "volume": Field(
            "object",
            need=True,
            fields={  # Table 11-66
                "availability_zone": Field("string|null"),
                "display_name": Field("string|null", high=255),
                "display_description": Field("string|null", high=255),
                "snapshot_id": Field("string|null", pattern=UUID),
                "size": Field("integer|string|null", low=1, high=32768),
                "volume_type": Field("string|null", enum=("SATA", "SSD")),
                "metadata": Field(
                    "object|null", keys=Field("string", low=1, high=255), values=Field("string", high=255)
                ),
            },
        )
    },
)


def find_volume(request: Request, state: State, volume_id: str) -> Disk:
    """Return a disk of the project, or refuse with 404."""
    disk = request.project.volumes.get(volume_id.lower())
    if disk is None:
        raise NativeError(404, f"Volume {volume_id[:64]} could not be found.")
    return disk


def _shown(disk: Disk) -> dict[str, Any]:
    """Return a disk (Table 11-57); the examples write dispalyName, the tables displayName."""
    attached: list[dict[str, Any]] = [
        {"device": where.device, "id": disk.id, "serverId": server, "volumeId": disk.id}
        for server, where in disk.attached.items()
    ]
    return {
        "id": disk.id,
        "displayName": disk.name,
        "status": disk.status,
        "attachments": attached or [{}],
        "availabilityZone": disk.zone,
        "createdAt": stamp(disk.created, "us"),
        "displayDescription": disk.description,
        "volumeType": disk.volume_type,
        "snapshotId": disk.snapshot,
        "metadata": dict(disk.metadata),
        "size": disk.size,
    }


_ALL = "/v2.1/{project_id}/os-volumes"
_ONE = _ALL + "/{volume_id}"


@route("GET", _ALL, family="nova", permission="nova.volumes")
@route("GET", _ALL + "/detail", family="nova", permission="nova.volumes-detail")
def list_volumes(request: Request, state: State) -> Response:
    """List the disks of the project, those of servers and the others (11.4.1, 11.4.2)."""
    until(request, state, LAST)
    return Response(200, {"volumes": [_shown(disk) for disk in request.project.volumes.values()]})


@route("GET", _ONE, family="nova", permission="nova.volume")
def show_volume(request: Request, state: State) -> Response:
    """Show a disk (11.4.3)."""
    until(request, state, LAST)
    return Response(200, {"volume": _shown(find_volume(request, state, request.parameters["volume_id"]))})


@route("POST", _ALL, family="nova", permission="nova.create-volume")
def create_volume(request: Request, state: State) -> Response:
    """Create a disk, empty or from a snapshot (11.4.4)."""
    until(request, state, LAST)
    project, deviates = request.project, state.deviates
    wanted = Reader(refuse_native, deviates).read(request.json, _CREATE).get("volume", {})
    source = None
    if wanted.get("snapshot_id") is not None:
        source = project.snapshots.get(wanted["snapshot_id"].lower())
        if source is None:
            raise NativeError(404, "The snapshot could not be found.")
        if source.status != "available":
            raise NativeError(400, "The snapshot is not available.")
    size = wanted.get("size")
    if size is None:
        if source is None and not deviates("mandatory-unchecked"):
            raise NativeError(400, "size is missing.")
        size = source.size if source is not None else 10
    if source is not None and size < source.size and not deviates("disk-size-unchecked"):
        raise NativeError(400, "The disk is smaller than its snapshot.")
    if len(project.volumes) >= state.limits.disks and not deviates("quota-unchecked"):
        raise refuse_native("Ecs.0021", "Insufficient EVS disk quota.")
    zone = wanted.get("availability_zone") or state.zones[0]
    volume_type = wanted.get("volume_type") or (source.disk.volume_type if source is not None else "SSD")
    disk = Disk(state.uuid(), size, volume_type, zone=zone, created=state.clock.now(), state="creating")
    if not deviates("volume-name-dropped"):
        disk.name, disk.description = wanted.get("display_name"), wanted.get("display_description")
    if not deviates("volume-metadata-dropped"):
        disk.metadata = dict(wanted.get("metadata") or {})
        disk.scsi = disk.metadata.get("hw:passthrough", "").lower() == "true"
        if wanted.get("volume_type"):
            disk.metadata["resourceSpecCode"] = volume_type
    if source is not None:
        disk.snapshot, disk.bootable = source.id, source.disk.bootable
        disk.scsi = disk.scsi or source.disk.scsi
    project.volumes[disk.id] = disk

    def done(at: float) -> None:
        if disk.state == "creating" and not deviates("volume-noop"):
            # Table 11-66: in a zone that does not exist the disk ends in error.
            known = zone in state.zones or deviates("volume-zone-unchecked")
            disk.state = "available" if known else "error"

    state.later(state.clock.now() + SECONDS["create-disk"], done)
    return Response(200, {"volume": _shown(disk)})


@route("DELETE", _ONE, family="nova", permission="nova.delete-volume")
def delete_volume(request: Request, state: State) -> Response:
    """Delete a disk that nothing needs (11.4.5)."""
    until(request, state, LAST)
    disk = find_volume(request, state, request.parameters["volume_id"])
    if not state.deviates("volume-delete-unchecked"):
        early = disk.status == "creating" and state.deviates("volume-creating-deleted")
        if disk.status not in _IDLE and not early:
            raise NativeError(400, f"The volume cannot be deleted while it is {disk.status}.")
        if request.project.has_snapshots(disk):
            raise NativeError(400, "The volume has snapshots.")
    if not state.deviates("volume-delete-noop"):
        disk.state = "deleting"

        def gone(at: float) -> None:
            for server in [request.project.servers[one] for one in disk.attached if one in request.project.servers]:
                server.disks.remove(disk)
            request.project.volumes.pop(disk.id, None)

        state.later(state.clock.now() + SECONDS["delete-disk"], gone)
    return Response(202)
