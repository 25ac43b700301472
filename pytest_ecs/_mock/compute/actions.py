"""The native actions on a server that change more than its power (6.3.4 to 6.3.11).

They lock and unlock it, rebuild it, make an image of it, resize it, and put it on the monitoring list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_ecs._mock.compute.building import Resolver, check_flavor, check_metadata
from pytest_ecs._mock.compute.finding import ACTION, find_server, find_servers, refuse_state, refusing, tail
from pytest_ecs._mock.compute.views import details
from pytest_ecs._mock.http.errors import refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server, Snapshot
from pytest_ecs._mock.state.machine import FROM, SECONDS
from pytest_ecs._mock.state.records import Image

__all__: list[str] = []

_REBUILD = Field(
    "object",
    need=True,
    fields={  # Table 6-72
        "name": Field("string", low=1, high=254),
        "imageRef": Field("string", need=True),
        "metadata": Field(
            "object",
            keys=Field("string", low=1, high=255, pattern=r"[A-Za-z0-9 _:.\-]*"),
            values=Field("string", high=255),
        ),
        "adminPass": Field("string"),
        "OS-DCF:diskConfig": Field("string"),
        "preserve_ephemeral": Field("boolean"),
    },
)
#: What the answer of a rebuild shows (Table 6-73 and its example).
_REBUILT = (
    "status",
    "updated",
    "created",
    "hostId",
    "addresses",
    "links",
    "image",
    "flavor",
    "id",
    "user_id",
    "name",
    "tenant_id",
    "OS-DCF:diskConfig",
    "accessIPv4",
    "accessIPv6",
    "progress",
    "metadata",
    "locked",
    "description",
    "tags",
)
_IMAGE = Field(
    "object",
    need=True,
    fields={  # Table 6-76; what is counted there are bytes
        "name": Field("string", need=True, low=1),
        "metadata": Field("object", keys=Field("string", low=1), values=Field("string", low=1)),
    },
)
_RESIZE = Field("object", need=True, fields={"flavorRef": Field("string", need=True)})  # Table 6-79
_IDLE = ("active", "stopped")


def _read(request: Request, state: State, key: str, field: Field) -> dict[str, Any]:
    """Return what the body says in the object *key*."""
    read = Reader(refuse_native, state.deviates).read(request.json, Field("object", fields={key: field}))
    return read.get(key) or {}


def _nothing(request: Request, state: State, key: str) -> Field:
    """Return the form of an action that says no more than its name: null, or an empty object as in 6.3.1."""
    empty = request.json[key] in ({}, None) and not state.varies("null-actions-strict")
    return Field("object|null" if empty or state.varies("null-actions-lenient") else "null", need=True)


def _null(request: Request, state: State, key: str) -> None:
    _read(request, state, key, _nothing(request, state, key))


# Lock, unlock (6.3.4, 6.3.5)


@route("POST", ACTION, family="nova", selects="lock", permission="nova.lock")
def lock(request: Request, state: State) -> Response:
    """Lock a server (6.3.4)."""
    server = find_server(request, state)
    _null(request, state, "lock")
    server.locked = not state.deviates("lock-noop")
    state.note(server, "lock", over=True)
    return Response(202)


@route("POST", ACTION, family="nova", selects="unlock", permission="nova.unlock")
def unlock(request: Request, state: State) -> Response:
    """Unlock a server (6.3.5)."""
    server = find_server(request, state)
    _null(request, state, "unlock")
    server.locked = server.locked and state.deviates("unlock-noop")
    state.note(server, "unlock", over=True)
    return Response(202)


# Rebuild (6.3.6)


@route("POST", ACTION, family="nova", selects="rebuild", permission="nova.rebuild")
def rebuild(request: Request, state: State) -> Response:
    """Rebuild a server with an image; a password cannot be set with it (6.3.6)."""
    server, deviates = find_server(request, state, managed=True), state.deviates
    wanted = _read(request, state, "rebuild", _REBUILD)
    image = Resolver(state, request.project, refuse_native).image(tail(wanted.get("imageRef"), state))
    root = next((disk for disk in server.disks if disk.system), None)
    if root is not None and root.size < image.min_disk and not deviates("disk-size-unchecked"):
        raise refuse_native("Ecs.0005", "The system disk is smaller than the image needs.")
    if server.task_state is not None or (server.vm_state not in _IDLE and not deviates("rebuild-state-unchecked")):
        raise refuse_state(server, "rebuild")
    check_metadata(state, wanted.get("metadata", {}), refuse_native)
    if not deviates("rebuild-image-ignored"):
        server.image = image
    if not deviates("rebuild-name-ignored"):
        server.name = wanted.get("name", server.name)
    if "metadata" in wanted:
        kept = server.metadata if deviates("rebuild-metadata-merged") else {}
        server.metadata = {**kept, **wanted["metadata"]}
    if not deviates("rebuild-noop"):
        state.move(server, f"rebuild-{server.vm_state}" if server.vm_state in _IDLE else "reinstall-error")
    shown = details(request, state, server)
    body = {name: shown[name] for name in _REBUILT if name in shown}
    body["addresses"] = {  # the example of 6.3.6 shows no more
        network: [{"addr": one["addr"], "version": one["version"]} for one in places]
        for network, places in shown["addresses"].items()
    }
    return Response(202, {"server": {**body, "adminPass": server.password or f"Mk-{state.hex(12)}"}})


# Create an image (6.3.7)


def _check_bytes(texts: Mapping[str, str], most: int, what: str, state: State) -> None:
    for text in (*texts, *texts.values()):
        size = len(text.encode("utf-8", "replace"))
        if size > most and not state.deviates("bound-over-unchecked"):
            raise refuse_native("Ecs.0005", f"{what} has more than {most} bytes.")
        if size == most and state.deviates("bound-at-refused"):
            raise refuse_native("Ecs.0005", f"{what} has {most} bytes.")


@route("POST", ACTION, family="nova", selects="createImage", permission="nova.create-image")
def create_image(request: Request, state: State) -> Response:
    """Make a private image of a server, and the snapshot of its system disk that it consists of (6.3.7).

    It is not written down among the operations, whose table has no word for it (6.13.1).
    """
    server, now = find_server(request, state, managed=True), state.clock.now()
    wanted = _read(request, state, "createImage", _IMAGE)
    if "metadata" in wanted and state.deviates("image-metadata-refused"):
        raise refuse_native("Ecs.0005", "metadata is no field of createImage")
    _check_bytes({wanted.get("name", ""): ""}, 242, "name", state)
    _check_bytes(wanted.get("metadata", {}), 254, "metadata", state)
    if len(wanted.get("metadata", {})) > state.limits.image_metadata and not state.deviates("metadata-quota-unchecked"):
        raise refuse_native("Ecs.0001", "Maximum number of metadata items exceeds the quota")
    busy = server.vm_state not in _IDLE or server.task_state is not None
    if busy and not state.deviates("image-state-unchecked"):
        raise refuse_state(server, "createImage")
    base, root = server.image, next((disk for disk in server.disks if disk.system), None)
    made = Image(state.uuid(), wanted.get("name", "image"), base.min_disk, base.os_type, request.project.id, "SAVING")
    made.created = made.updated = now
    made.server, made.zone = server.id, server.zone
    kept = {} if state.deviates("image-metadata-dropped") else wanted.get("metadata", {})
    made.metadata = {"instance_uuid": server.id, "base_image_ref": base.id, "image_type": "snapshot", **kept}
    if not state.deviates("image-noop"):
        state.images[made.id] = made
        if root is not None:
            taken = Snapshot(state.uuid(), root, root.size, now, f"snapshot for {made.name}")
            made.min_disk = root.size
            # As in Nova: no list shows snapshots, so that this is how one is found.
            made.metadata["block_device_mapping"] = json.dumps([{"snapshot_id": taken.id, "boot_index": 0}])
            request.project.snapshots[taken.id] = taken
            state.later(now + SECONDS["create-snapshot"], lambda at: setattr(taken, "status", "available"))

        def saved(at: float) -> None:
            made.status, made.updated = "ACTIVE", at

        state.later(now + SECONDS["create-image"], saved)
    if request.microversion >= (2, 45) and not state.deviates("image-id-missing"):
        return Response(202, {"image_id": made.id})
    if request.microversion == (2, 44):  # no longer the one and not yet the other
        return Response(202)
    version = "/v2" if request.path.startswith("/v2/") else "/v2.1"
    return Response(202, None, {"Location": f"{request.base}{version}/{request.project.id}/images/{made.id}"})


# Resize, confirm and revert (6.3.8 to 6.3.10)


@route("POST", ACTION, family="nova", selects="resize", permission="nova.resize")
def resize(request: Request, state: State) -> Response:
    """Give a server another flavor, to be confirmed; rolled back when there is no room for it (6.3.8)."""
    server, deviates = find_server(request, state, managed=True), state.deviates
    wanted = tail(_read(request, state, "resize", _RESIZE).get("flavorRef"), state)
    flavor = state.flavors.get(wanted or "")
    sale = "abandon" if flavor is None else flavor.sale(server.zone)
    if flavor is None or sale == "abandon":
        Resolver(state, request.project, refuse_native).unknown("Ecs.0029", "The flavor does not exist.")
        flavor, sale = server.flavor, "normal"
    elif flavor is server.flavor and not deviates("resize-same-flavor"):
        raise refuse_native("Ecs.0009", "Another flavor must be used for resizing.")
    if server.vm_state not in _IDLE or server.task_state is not None:
        raise refuse_state(server, "resize")
    types = {one.extra.get("resource_type") for one in (server.flavor, flavor)}
    if len(types) > 1:  # 6.2.1, of servers that are made from images
        raise refuse_native("Ecs.0005", "The flavor is of another resource type.")
    check_flavor(state, request.project, server, flavor, refuse_native)

    def done(at: float, well: bool) -> None:
        if well and not deviates("native-resize-noop"):
            server.origin, server.flavor = server.flavor, flavor
        elif well:
            server.origin = server.flavor

    server.resume, server.origin = server.vm_state, None
    sold = "sellout" in sale
    operation = f"native-resize-{server.vm_state}"
    if deviates("resize-unconfirmed") and server.vm_state == "stopped":
        operation = "resize"
    state.move(server, operation, done, fails=sold)
    server.planned = flavor
    return Response(202)


def _settle(request: Request, state: State, key: str, operation: str) -> tuple[Server, bool]:
    """Return the server and whether its resize can be confirmed or reverted now; refuse one that has none."""
    server = find_server(request, state, managed=True)
    _null(request, state, key)
    ready = server.ready(FROM[operation]) and server.origin is not None
    if not ready and not state.deviates("confirm-state-unchecked"):
        raise refuse_state(server, key)
    return server, ready


@route("POST", ACTION, family="nova", selects="confirmResize")
def confirm(request: Request, state: State) -> Response:
    """Confirm a resize (6.3.9)."""
    server, ready = _settle(request, state, "confirmResize", "confirm")
    if ready and not state.deviates("confirm-noop"):
        server.origin = None
        state.move(server, f"confirm-{server.resume}")
    return Response(204)


@route("POST", ACTION, family="nova", selects="revertResize")
def revert(request: Request, state: State) -> Response:
    """Undo a resize (6.3.10)."""
    server, ready = _settle(request, state, "revertResize", "revert")
    if ready:
        before, server.origin = server.origin, None

        def done(at: float, well: bool) -> None:
            if well and before is not None and not state.deviates("revert-keeps-flavor"):
                server.flavor = before

        state.move(server, f"revert-{server.resume}", done)
        server.planned = before
    return Response(202)


# The monitoring list (6.3.11)


@route("POST", "/v1.0/servers/{server_id}/action", family="ecs", selects="monitorMetrics")
def monitor(request: Request, state: State) -> Response:
    """Put a server on the monitoring list (6.3.11); its project is that of the token."""
    (server,) = find_servers(request, state, [request.parameters["server_id"]], managed=True)
    form = Field("object", fields={"monitorMetrics": _nothing(request, state, "monitorMetrics")})
    Reader(refusing(state), state.deviates).read(request.json, form)
    server.monitored = True
    return Response(202)
