"""Snapshots of disks (11.6)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.http.versions import until
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Snapshot
from pytest_ecs._mock.state.machine import SECONDS
from pytest_ecs._mock.storage.volumes import LAST, find_volume

__all__ = ["create_snapshot", "delete_snapshot", "find_snapshot"]

_CREATE = Field(
    "object",
    fields={
        "snapshot": Field(
            "object",
            need=True,
            fields={  # Table 11-90
                "volume_id": Field("string", need=True, pattern=UUID),
                "display_name": Field("string|null"),
                "display_description": Field("string|null", high=255),
                "force": Field("boolean|string|null"),
            },
        )
    },
)
#: Snapshots of backups have such names (11.6.1).
_RESERVED = "autobk_snapshot"


def _shown(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "status": snapshot.status,
        "displayName": snapshot.name,
        "displayDescription": snapshot.description,
        "createdAt": stamp(snapshot.created, "us"),
        "volumeId": snapshot.disk.id,
        "size": snapshot.size,
    }


def find_snapshot(request: Request) -> Snapshot:
    """Return the snapshot of the URL, or refuse with 404."""
    wanted = request.parameters["snapshot_id"]
    found = request.project.snapshots.get(wanted.lower())
    if found is None:
        raise NativeError(404, f"Snapshot {wanted[:64]} could not be found.")
    return found


@route("POST", "/v2.1/{project_id}/os-snapshots", family="nova")
def create_snapshot(request: Request, state: State) -> Response:
    """Take a snapshot of a disk (11.6.1)."""
    until(request, state, LAST)
    deviates = state.deviates
    wanted = Reader(refuse_native, deviates).read(request.json, _CREATE).get("snapshot", {})
    name = wanted.get("display_name")
    if len((name or "").encode("utf-8", "replace")) > 255 and not deviates("bound-over-unchecked"):
        raise NativeError(400, "The name has more than 255 bytes.")
    if (name or "").startswith(_RESERVED) and not deviates("snapshot-prefix-unchecked"):
        raise NativeError(400, f"The name begins with {_RESERVED}.")
    disk = find_volume(request, state, wanted.get("volume_id", ""))
    free = disk.status == "available" or (disk.status == "in-use" and wanted.get("force") is True)
    if not free and not (disk.status == "in-use" and deviates("snapshot-force-unneeded")):
        raise NativeError(400, f"A volume that is {disk.status} gets no snapshot.")
    made = Snapshot(state.uuid(), disk, disk.size, state.clock.now(), name, wanted.get("display_description"))
    request.project.snapshots[made.id] = made

    def done(at: float) -> None:
        made.status = "available"

    state.later(state.clock.now() + SECONDS["create-snapshot"], done)
    return Response(200, {"snapshot": _shown(made)})


_ONE = "/v2.1/{project_id}/os-snapshots/{snapshot_id}"


@route("GET", _ONE, family="nova")
def show_snapshot(request: Request, state: State) -> Response:
    """Show a snapshot (11.6.2)."""
    until(request, state, LAST)
    return Response(200, {"snapshot": _shown(find_snapshot(request))})


@route("DELETE", _ONE, family="nova")
def delete_snapshot(request: Request, state: State) -> Response:
    """Delete a snapshot that is finished (11.6.3)."""
    until(request, state, LAST)
    snapshot, project = find_snapshot(request), request.project
    if snapshot.status not in {"available", "error"} and not state.deviates("state-unchecked"):
        raise NativeError(400, f"The snapshot cannot be deleted while it is {snapshot.status}.")
    if not state.deviates("snapshot-noop"):
        snapshot.status = "deleting"
        state.later(state.clock.now() + SECONDS["delete-snapshot"], lambda at: project.snapshots.pop(snapshot.id, None))
    return Response(202)
