"""Disks of servers: attach, detach and show them, in the ECS view (5.6) and the native one (6.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from pytest_ecs._mock.compute.finding import find_server, find_servers, refusing
from pytest_ecs._mock.compute.jobs import follow
from pytest_ecs._mock.http.errors import NativeError, RefusalError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.disks import (
    MOST_SERVERS,
    device_of,
    free_device,
    in_order,
    put,
    remove,
    room,
    stem_of,
    used,
)
from pytest_ecs._mock.state.hardware import Disk, Server
from pytest_ecs._mock.state.machine import SECONDS

__all__: list[str] = []

_DEVICE = r"/dev/[sv]d[a-z]{1,2}|"
_ATTACH = Field(
    "object",
    fields={  # Tables 5-50, 5-51
        "volumeAttachment": Field(
            "object",
            need=True,
            fields={
                "volumeId": Field("string", pattern=UUID),
                "device": Field("string", pattern=_DEVICE),
                "volume_type": Field("string", enum=("SATA", "SSD"), codes={"enum": "Ecs.0043"}),
                "count": Field("integer", low=1),
                "hw:passthrough": Field("boolean|string"),
            },
        ),
        "dry_run": Field("boolean"),
    },
)
_NATIVE = Field(
    "object",
    fields={  # Tables 6-148, 6-149
        "volumeAttachment": Field(
            "object",
            need=True,
            fields={
                "volumeId": Field("string", need=True, pattern=UUID),
                "device": Field("string|null", pattern=_DEVICE),
            },
        ),
    },
)
_STATES: Final = frozenset({"active", "stopped"})

#: Code of A.2 -> status of the native APIs, which have no codes; all others are 400.
_STATUS = {"Ecs.0100": 409, "Ecs.0605": 409, "Ecs.0104": 403, "Ecs.0111": 404}


class _View:
    """How one of the two views refuses."""

    def __init__(self, state: State, *, native: bool) -> None:
        self.state, self.native = state, native
        self._refuse: Callable[[str, str], RefusalError] = refuse_native if native else refusing(state)

    def refuse(self, code: str, message: str) -> NoReturn:
        """Raise the refusal for a code of A.2."""
        if self.native:
            raise NativeError(_STATUS.get(code, 400), message)
        raise self._refuse(code, message)

    def read(self, request: Request, field: Field) -> dict[str, Any]:
        """Return what the body says."""
        return Reader(self._refuse, self.state.deviates).read(request.json, field)

    def server(self, request: Request) -> Server:
        """Return the server of the URL."""
        if self.native:
            return find_server(request, self.state)
        return find_servers(request, self.state, [request.parameters["server_id"]])[0]

    def check_state(self, server: Server) -> None:
        """Refuse a server that cannot have its disks changed now (6.8.3)."""
        if server.locked and not self.state.deviates("disk-lock-unchecked"):
            self.refuse("Ecs.0605", "The ECS is locked.")
        fits = server.vm_state in _STATES and server.task_state is None
        if not fits and not self.state.deviates("state-unchecked"):
            self.refuse("Ecs.0100", f"The ECS status {server.vm_state} does not meet requirements.")


# Attach (5.6.1, 6.8.3)


def _check_disk(view: _View, server: Server, disk: Disk) -> None:
    deviates = view.state.deviates
    if server.id in disk.attached:
        view.refuse("Ecs.0057", "The disk has already been attached to the ECS.")
    most = MOST_SERVERS if disk.shared else 1
    if len(disk.attached) >= most and not deviates("attach-sharing-unchecked"):
        code = "Ecs.0017" if disk.shared else "Ecs.0103"
        view.refuse(code, "The disk is attached to as many ECSs as it can be.")
    if disk.status not in {"available", "in-use"} and not deviates("attach-status-unchecked"):
        view.refuse("Ecs.0103", "The disk is not in the available state.")
    if disk.zone != server.zone and not deviates("attach-zone-unchecked"):
        view.refuse("Ecs.0121", "The disk and the ECS are in different failure domains.")
    if disk.metadata.get("__system__server_id", server.id) != server.id:
        view.refuse("Ecs.0017", "The disk is the system disk of another ECS.")


def _place(view: _View, server: Server, disk: Disk, asked: str | None) -> tuple[str, bool]:
    """Return the device name for a disk, and whether it becomes the system disk."""
    headless = not any(one.system for one in server.disks)
    if view.state.deviates("attach-device-ignored"):
        asked = None
    if not asked:
        if disk.bootable and view.native and not view.state.deviates("attach-device-ignored"):
            view.refuse("Ecs.0005", "The device of a bootable disk must be specified.")
        if headless:
            view.refuse("Ecs.0105", "No system disk found. Attach the system disk first.")
        if server.flavor.xen and not view.native and not view.state.deviates("xen-device-unneeded"):
            view.refuse("Ecs.0005", "The device of a disk of a Xen ECS must be specified.")
        return free_device(server, disk), False
    # The prefix is that of the hypervisor, whatever is asked for (5.6.1).
    device = stem_of(server, disk) + asked[7:]
    if device in used(server) and not view.state.deviates("attach-device-unchecked"):
        view.refuse("Ecs.0005", "The device name exists already.")
    first = device.endswith("da") and len(device) == 8
    if first and headless and disk.bootable:
        if server.vm_state != "stopped":
            view.refuse("Ecs.0100", "A system disk is attached to a stopped ECS.")
        return device, True
    if headless:
        view.refuse("Ecs.0105", "No system disk found. Attach the system disk first.")
    if not disk.scsi and (first or device[7:] > "x" or len(device) > 8):
        if not view.state.deviates("attach-device-unchecked"):
            view.refuse("Ecs.0005", "VBD data disks have the device names /dev/vdb to /dev/vdx.")
        return free_device(server, disk), False
    # 6.8.3: a name out of sequence is replaced by the next one.
    return (free_device(server, disk) if view.native else device), False


def _begin(view: _View, server: Server, disk: Disk, asked: str | None) -> Callable[[bool], bool]:
    """Check and start to attach a disk; what is returned ends it."""
    _check_disk(view, server, disk)
    device, system = _place(view, server, disk, asked)
    if not system and room(server) < 1 and not view.state.deviates("attach-limit-unchecked"):
        view.refuse("Ecs.0104", "The number of EVS disks exceeds the maximum number allowed.")
    if view.state.deviates("attach-noop"):
        return lambda well: True
    if device in used(server):  # only where a deviation does not look
        device = free_device(server, disk)
    put(server, disk, device)
    disk.system, disk.state = system, "attaching"

    def done(well: bool) -> bool:
        if server.id not in disk.attached:
            return False  # the server was deleted meanwhile
        disk.state = "available"
        if not well:
            remove(server, disk)
        return well

    return done


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/attachvolume", family="ecs", permission="ecs.attach")
def attach(request: Request, state: State) -> Response:
    """Attach a disk (5.6.1)."""
    view = _View(state, native=False)
    read = view.read(request, _ATTACH)
    server, wanted = view.server(request), read.get("volumeAttachment", {})
    dry, lax = read.get("dry_run") is True, state.deviates("mandatory-unchecked")
    if "volumeId" not in wanted:
        # Only a check can be made for disks that there are not yet.
        if not lax and not (dry and "volume_type" in wanted):
            view.refuse("Ecs.0005", "volumeId is missing." if not dry else "volume_type is missing.")
        view.check_state(server)
        if wanted.get("count", 1) > room(server) and not state.deviates("attach-limit-unchecked"):
            view.refuse("Ecs.0104", "The number of EVS disks exceeds the maximum number allowed.")
        return Response(202)
    view.check_state(server)
    disk = request.project.volumes.get(wanted["volumeId"].lower())
    if disk is None:
        view.refuse("Ecs.0103", "The disk does not exist.")
    if dry and not state.deviates("attach-dry-run-attaches"):
        _check_disk(view, server, disk)
        _, system = _place(view, server, disk, wanted.get("device"))
        if not system and room(server) < 1:
            view.refuse("Ecs.0104", "The number of EVS disks exceeds the maximum number allowed.")
        return Response(202)
    done = _begin(view, server, disk, wanted.get("device"))
    job = follow(state, request.project, "attachVolume", [({"server_id": server.id}, done)], SECONDS["attach-disk"])
    return Response(200, {"job_id": job.id})


_LIST = "/v2.1/{project_id}/servers/{server_id}/os-volume_attachments"


@route("POST", _LIST, family="nova", permission="nova.attach")
def native_attach(request: Request, state: State) -> Response:
    """Attach a data disk; there is no job (6.8.3)."""
    view = _View(state, native=True)
    wanted = view.read(request, _NATIVE).get("volumeAttachment", {})
    server = view.server(request)
    disk = request.project.volumes.get(wanted.get("volumeId", "").lower())
    if disk is None:
        raise NativeError(404, "The volume could not be found.")
    view.check_state(server)
    done = _begin(view, server, disk, wanted.get("device"))
    state.later(state.clock.now() + SECONDS["attach-disk"], lambda at: done(True))
    shown = {"id": disk.id, "volumeId": disk.id, "serverId": server.id}
    if server.id in disk.attached:
        shown["device"] = device_of(server, disk)
    return Response(200, {"volumeAttachment": shown})


# Detach (5.6.2, 6.8.4)


def _release(view: _View, request: Request, server: Server) -> Callable[[bool], bool]:
    """Check and start to detach the disk of the URL; what is returned ends it."""
    deviates, flag = view.state.deviates, request.arg("delete_flag") or "0"
    if flag not in {"0", "1"} and not deviates("enum-unchecked"):
        view.refuse("Ecs.0005", "delete_flag is neither 0 nor 1.")
    disk = request.project.volumes.get(request.parameters["volume_id"].lower())
    if disk is None or server.id not in disk.attached:
        view.refuse("Ecs.0111", "The disk is not attached to the ECS.")
    view.check_state(server)
    if disk.state != "available":
        view.refuse("Ecs.0102", "The disk's status does not allow the disk to be detached.")
    running = server.vm_state == "active"
    bound = disk.system or (disk.scsi and server.image.os_type == "Windows")  # Table 6-152
    if running and bound and not deviates("detach-system-unchecked"):
        view.refuse("Ecs.0100", "The disk can be detached only when the ECS is stopped.")
    lacking = not server.image.agents and not deviates("agents-unchecked")
    if running and not bound and (lacking or deviates("detach-running-refused")):
        view.refuse("Ecs.0100", "A disk can be detached from a running ECS only where its image has VMTools.")
    forced = flag == "1" and running and not disk.scsi and not deviates("detach-force-ignored")
    if deviates("detach-noop") or (deviates("detach-flag-zero-noop") and request.arg("delete_flag") == "0"):
        return lambda well: True
    disk.state = "detaching"

    def done(well: bool) -> bool:
        if disk.state == "detaching":
            disk.state = "available"
        if well:
            if disk.system:
                disk.metadata["__system__server_id"] = server.id
            where = remove(server, disk)
            if forced and where is not None:
                server.residue.append(where)
            if deviates("detach-deletes"):
                request.project.discard(disk)
        return well

    return done


@route(
    "DELETE",
    "/v1/{project_id}/cloudservers/{server_id}/detachvolume/{volume_id}",
    family="ecs",
    permission="ecs.detach",
)
def detach(request: Request, state: State) -> Response:
    """Detach a disk (5.6.2)."""
    view = _View(state, native=False)
    server = view.server(request)
    done = _release(view, request, server)
    job = follow(state, request.project, "detachVolume", [({"server_id": server.id}, done)], SECONDS["detach-disk"])
    return Response(200, {"job_id": job.id})


@route("DELETE", _LIST + "/{volume_id}", family="nova", permission="nova.detach")
def native_detach(request: Request, state: State) -> Response:
    """Detach a disk; there is no job (6.8.4)."""
    view = _View(state, native=True)
    done = _release(view, request, view.server(request))
    state.later(state.clock.now() + SECONDS["detach-disk"], lambda at: done(True))
    return Response(202)


# Show (5.6.3, 5.6.4, 6.8.1, 6.8.2)


def _native(server: Server, disk: Disk) -> dict[str, Any]:
    return {"id": disk.id, "volumeId": disk.id, "serverId": server.id, "device": device_of(server, disk)}


def _block(state: State, server: Server, disk: Disk) -> dict[str, Any]:
    """Return a disk with its size as the examples have it: a string (Table 5-55 says Integer)."""
    index = in_order(server).index(disk) + (0 if any(one.system for one in server.disks) else 1)
    return {
        **_native(server, disk),
        "pciAddress": disk.attached[server.id].pci,
        "size": str(disk.size),
        "bootIndex": 0 if state.deviates("boot-index-zero") else index,
        "bus": "scsi" if disk.scsi else "virtio",
    }


def _shown(state: State, server: Server) -> list[Disk]:
    disks = in_order(server)
    if state.deviates("attachments-data-unlisted"):
        disks = [disk for disk in disks if disk.system]
    if state.deviates("attachments-system-unlisted"):
        disks = [disk for disk in disks if not disk.system]
    return disks


def _one(view: _View, server: Server, request: Request) -> Disk:
    """Return the disk of the URL that the server has."""
    disk = request.project.volumes.get(request.parameters["volume_id"].lower())
    if disk is None or server.id not in disk.attached:
        view.refuse("Ecs.0111", "The disk is not attached to the ECS.")
    return disk


@route("GET", _LIST, family="nova", permission="nova.attachments")
def native_list(request: Request, state: State) -> Response:
    """List the disks that are and are being attached (6.8.1)."""
    server = find_server(request, state)
    return Response(200, {"volumeAttachments": [_native(server, disk) for disk in _shown(state, server)]})


@route("GET", _LIST + "/{volume_id}", family="nova", permission="nova.attachment")
def native_show(request: Request, state: State) -> Response:
    """Show an attached disk (6.8.2)."""
    server = find_server(request, state)
    return Response(200, {"volumeAttachment": _native(server, _one(_View(state, native=True), server, request))})


@route("GET", "/v2.1/servers/{server_id}/block_device", family="nova")
def blocks(request: Request, state: State) -> Response:
    """List the disks of a server with their buses (5.6.3)."""
    server = find_server(request, state)
    return Response(200, {"volumeAttachments": [_block(state, server, disk) for disk in _shown(state, server)]})


@route("GET", "/v2.1/servers/{server_id}/block_device/{volume_id}", family="nova")
def block(request: Request, state: State) -> Response:
    """Show a disk of a server with its bus (5.6.4)."""
    server = find_server(request, state)
    disk = _one(_View(state, native=True), server, request)
    return Response(200, {"volumeAttachment": _block(state, server, disk)})


_ALIAS = "/v1/{project_id}/cloudservers/{server_id}/block_device"


@route("GET", _ALIAS, family="ecs")
def blocks_v1(request: Request, state: State) -> Response:
    """List the disks where the vendor's SDK looks for them; its models need the size as a number."""
    server = _View(state, native=False).server(request)
    shown = [{**_block(state, server, disk), "size": disk.size} for disk in _shown(state, server)]
    return Response(200, {"volumeAttachments": shown})


@route("GET", _ALIAS + "/{volume_id}", family="ecs")
def block_v1(request: Request, state: State) -> Response:
    """Show a disk where the vendor's SDK looks for it."""
    view = _View(state, native=False)
    server = view.server(request)
    disk = _one(view, server, request)
    return Response(200, {"volumeAttachment": {**_block(state, server, disk), "size": disk.size}})
