"""The native APIs for servers: create, update, delete and show (6.2), start, restart and stop (6.3).

The lists are in `listing`, what a server looks like in `views`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._mock.compute.building import NicPlan, Plan, Resolver, batch_names, build, check_quota, room
from pytest_ecs._mock.compute.finding import ACTION, find_server, refuse_state, tail
from pytest_ecs._mock.compute.views import details, links
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader, check_user_data
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Disk
from pytest_ecs._mock.state.machine import FROM
from pytest_ecs._mock.state.records import Image

__all__: list[str] = []

_TRUTH = Field("boolean|string")  # the requests of 6.2.1 send "true" and "False"
_COUNT = Field("integer|string", low=1)
_DISK = Field(
    "object",
    fields={  # Table 6-13
        "source_type": Field("string", need=True, enum=("volume", "image", "snapshot", "blank")),
        # "Can only be volume", and local "has not been supported": a word without effect, as in guest_format.
        "destination_type": Field("string", enum=("volume", "local")),
        "guest_format": Field("any"),
        "device_name": Field("any"),
        "delete_on_termination": _TRUTH,
        "boot_index": Field("integer|string"),
        "uuid": Field("string", pattern=UUID),
        "volume_size": Field("integer|string", low=1),
        "volume_type": Field("string"),
    },
)
_NETWORK = Field(
    "object",
    along={"fixed_ip": "uuid"},
    fields={  # Table 6-15
        "port": Field("string", pattern=UUID),
        "uuid": Field("string", pattern=UUID),
        "fixed_ip": Field("string"),
    },
)
_SERVER = Field(
    "object",
    need=True,
    fields={  # Table 6-11
        "imageRef": Field("string"),
        "flavorRef": Field("string", need=True),
        "name": Field(
            "string", need=True, low=1, high=128, pattern=r"[A-Za-z0-9_.\-]*", lifted="name-length-unchecked"
        ),
        "metadata": Field("object", keys=Field("string", low=1, high=255), values=Field("string", high=255)),
        "adminPass": Field("string"),
        "block_device_mapping_v2": Field("array", item=_DISK),
        "config_drive": Field("any"),
        "security_groups": Field("array", item=Field("object", fields={"name": Field("string")})),
        "networks": Field("array", need=True, item=_NETWORK),
        "key_name": Field("string"),
        "user_data": Field("string"),
        "availability_zone": Field("string"),
        "return_reservation_id": _TRUTH,
        "min_count": _COUNT,
        "max_count": _COUNT,
        "OS-DCF:diskConfig": Field("string", enum=("AUTO", "MANUAL")),
        "description": Field("string", high=85, pattern=r"[^<>]*"),
    },
)
_HINTS = Field(
    "object",
    fields={  # Table 6-16
        "group": Field("string", pattern=UUID),
        "tenancy": Field("string", enum=("shared", "dedicated")),
        "dedicated_host_id": Field("string"),
        "different_host": Field("array", item=Field("string")),
        "same_host": Field("array", item=Field("string")),
        "cidr": Field("string"),
        "build_near_host_ip": Field("string"),
    },
)
_CREATE = Field("object", fields={"server": _SERVER, "os:scheduler_hints": _HINTS})
_UPDATE = Field(
    "object",
    fields={
        "server": Field(
            "object",
            need=True,
            fields={  # Table 6-23
                "name": Field("string", low=1, high=255),
                "description": Field("string"),
            },
        )
    },
)
#: What the answer of an update shows (Table 6-25).
_UPDATED = (
    "tenant_id",
    "image",
    "accessIPv4",
    "addresses",
    "metadata",
    "accessIPv6",
    "created",
    "hostId",
    "flavor",
    "OS-DCF:diskConfig",
    "user_id",
    "name",
    "progress",
    "links",
    "id",
    "updated",
    "locked",
    "description",
    "tags",
    "status",
)


def _read(request: Request, state: State, field: Field) -> dict[str, Any]:
    return Reader(refuse_native, state.deviates).read(request.json, field)


# Create (6.2.1)


@route("POST", "/v2.1/{project_id}/os-volumes_boot", family="nova", permission="nova.create")
@route("POST", "/v2.1/{project_id}/servers", family="nova", permission="nova.create")
def create(request: Request, state: State) -> Response:
    """Create one or more servers; there is no job (6.2.1)."""
    read = _read(request, state, _CREATE)
    wanted: dict[str, Any] = read.get("server", {})
    _check_forms(wanted, state)
    least = wanted.get("min_count", 1)
    most = least if state.deviates("max-count-ignored") else wanted.get("max_count", least)
    if most < least and not state.deviates("together-unchecked"):
        raise refuse_native("Ecs.0005", "max_count is less than min_count.")
    plan = _plan(wanted, read.get("os:scheduler_hints", {}), most, request, state)
    check_quota(state, request.project, plan, least, refuse_native)
    # Between min_count and max_count, as many as there is room for.
    count = max(least, min(most, room(state, request.project, plan)))
    names = batch_names(wanted.get("name", "server"), count, state)
    servers = build(state, request.project, request.user, plan, names)
    failing = state.fail_next.pop("createServer", None) is not None
    for server in servers:
        state.move(server, "build", fails=failing and server is servers[0])
    status = 203 if state.deviates("native-create-status-203") else 202
    if wanted.get("return_reservation_id") is True and not state.deviates("reservation-missing"):
        return Response(status, {"reservation_id": plan.reservation})
    first = servers[0]
    body = {
        "id": first.id,
        "links": links(request, first),
        "security_groups": [{"name": group.name} for group in first.groups],
        "OS-DCF:diskConfig": "MANUAL",
        "adminPass": first.password,
    }
    if len(servers) > 1:  # Table 6-18
        body["reservation_id"] = plan.reservation
    return Response(status, {"server": body}, {"Location": links(request, first)[0]["href"]})


def _check_forms(wanted: Mapping[str, Any], state: State) -> None:
    """Refuse what one field of the tables alone does not show."""
    disks = wanted.get("block_device_mapping_v2", [])
    if state.varies("local-disk-refused") and any(disk.get("destination_type") == "local" for disk in disks):
        raise refuse_native("Ecs.0005", "destination_type can only be volume.")
    bootable = any(disk.get("boot_index") == 0 for disk in disks)
    if not state.deviates("mandatory-unchecked"):
        if not wanted.get("imageRef") and not bootable:
            raise refuse_native("Ecs.0005", "There is neither imageRef nor a disk to boot from.")
        for disk in disks:
            source = disk.get("source_type")
            local = disk.get("destination_type", "volume") != "volume"
            if source in {"image", "blank"} and not local and "volume_size" not in disk:
                raise refuse_native("Ecs.0005", "volume_size is mandatory for an image or a blank disk.")
            if source == "volume" and not bootable:
                raise refuse_native("Ecs.0005", "One disk must have boot_index 0.")
            if source in {"volume", "image", "snapshot"} and "uuid" not in disk:
                raise refuse_native("Ecs.0005", f"A disk from a {source} needs its uuid.")
    if not state.deviates("together-unchecked"):
        batch = max(wanted.get("min_count", 1), wanted.get("max_count", 1)) > 1
        if batch and any(disk.get("source_type") == "volume" for disk in disks):
            raise refuse_native("Ecs.0005", "A volume cannot be used for several servers.")
        if any(not {"uuid", "port"} & network.keys() for network in wanted.get("networks", [])):
            raise refuse_native("Ecs.0005", "A network needs its uuid or a port.")
    check_user_data(wanted.get("user_data"), refuse_native, state.deviates)
    batch_name = max(wanted.get("min_count", 1), wanted.get("max_count", 1)) > 1 and len(wanted.get("name", "")) > 59
    if batch_name and not state.deviates("bound-over-unchecked"):
        raise refuse_native("Ecs.0005", "The name has more than 59 characters for several servers.")


def _plan(wanted: Mapping[str, Any], hints: dict[str, Any], count: int, request: Request, state: State) -> Plan:
    project = request.project
    find = Resolver(state, project, refuse_native)
    zone = find.zone(wanted.get("availability_zone"))
    flavor = find.flavor(tail(wanted.get("flavorRef"), state), zone)
    find.group(hints.get("group"))
    find.host(hints, zone)
    nics = []
    for network in wanted.get("networks", []):
        port = find.port(network.get("port"))
        if port is not None:  # of the three, port counts most
            nics.append(NicPlan(port.network, None, port))
            continue
        found = find.network(network.get("uuid"))
        address = find.address(found, network.get("fixed_ip"))
        if count > 1 and address is not None:
            find.unknown("Ecs.0010", "One address cannot be given to several servers.")
            address = None
        nics.append(NicPlan(found, address))
    if count > 1 and any(nic.port is not None for nic in nics):
        find.unknown("Ecs.0005", "One port cannot be given to several servers.")
        nics = [NicPlan(nic.network) for nic in nics]
    groups = [find.security_group(one.get("name", "default")) for one in wanted.get("security_groups", [])]
    image, disks = _disks(wanted, find, state)
    _check_login(wanted, image, state)
    zone = find.zone_for(image, zone)
    zones = sorted({disk.zone for disk in disks if disk.id})
    zone = zone or next(iter(zones), None)
    if any(one != zone for one in zones):  # 6.2.1: the disk and the server are in the same zone
        find.unknown("Ecs.0121", "The disk is in another availability zone.")
    return Plan(
        image,
        flavor,
        zone or state.zones[0],
        nics or [NicPlan(project.networks[0])],
        disks,
        find.key(wanted.get("key_name"), request.user),
        wanted.get("adminPass") or f"Mk-{state.hex(12)}",
        # 6.2.1: description is one of 2.19 and later.
        wanted.get("description", "") if request.microversion >= (2, 19) else "",
        {key: value for key, value in wanted.get("metadata", {}).items() if key != "admin_pass"},
        groups,
        wanted.get("user_data"),
        {key: value for key, value in hints.items() if isinstance(value, str)},
        f"r-{state.hex(8)}",
    )


def _check_login(wanted: Mapping[str, Any], image: Image, state: State) -> None:
    """Refuse a Windows server that nobody could log in to (Table 6-12); a key or one of the passwords is enough."""
    login = {"key_name", "adminPass"} & wanted.keys() or "admin_pass" in wanted.get("metadata", {})
    if image.os_type == "Windows" and not login and not state.deviates("mandatory-unchecked"):
        raise refuse_native("Ecs.0005", "A Windows server needs admin_pass.")


def _disks(wanted: Mapping[str, Any], find: Resolver, state: State) -> tuple[Image, list[Disk]]:
    """Return the image that a server starts from and its disks, the system disk first (Table 6-13)."""
    image_ref = tail(wanted.get("imageRef"), state)
    image = find.image(image_ref)
    system: Disk | None = None
    others = []
    for asked in wanted.get("block_device_mapping_v2", []):
        boots, source = asked.get("boot_index") == 0, asked.get("source_type")
        snapshot = find.snapshot(asked.get("uuid")) if source == "snapshot" else None
        if boots and snapshot is not None and not snapshot.disk.bootable:
            find.unknown("Ecs.0005", "The snapshot is not one of a system disk.")
        if source == "image":
            found = find.image(asked.get("uuid")) if boots else find.data_image(asked.get("uuid"))
            image = found if boots else image
            lax = any(map(state.deviates, ("disk-size-unchecked", "bound-under-unchecked")))
            if asked.get("volume_size", found.min_disk) < found.min_disk and not lax:
                raise refuse_native("Ecs.0005", "The disk is smaller than the image needs.")
        volume_type, size = asked.get("volume_type", "SSD"), asked.get("volume_size", image.min_disk)
        disk = Disk("", size, volume_type)
        if snapshot is not None:
            disk.size, disk.snapshot = asked.get("volume_size", snapshot.size), snapshot.id
        if source == "volume":
            disk = find.volume(asked.get("uuid")) or disk
        disk.delete_on_termination = asked.get("delete_on_termination", False)
        disk.system = boots
        if boots:
            system = disk
        else:
            others.append(disk)
    return image, [
        system or Disk("", image.min_disk, "SSD", system=True, delete_on_termination=True),
        *others,
    ]


# Show (6.2.6), update (6.2.2), delete (6.2.3)

_ONE = "/v2.1/{project_id}/servers/{server_id}"


@route("GET", _ONE, family="nova", permission="nova.show")
def show(request: Request, state: State) -> Response:
    """Show a server (6.2.6)."""
    return Response(200, {"server": details(request, state, find_server(request, state))})


@route("PUT", _ONE, family="nova", permission="nova.update")
def update(request: Request, state: State) -> Response:
    """Give a server another name or description (6.2.2)."""
    server = find_server(request, state, managed=True)
    wanted = _read(request, state, _UPDATE).get("server", {})
    description = wanted.get("description")
    size = len((description or "").encode("utf-8", "replace"))  # Table 6-23 counts bytes
    over = size > 255 and not state.deviates("bound-over-unchecked")
    if over or (size == 255 and state.deviates("bound-at-refused")):
        raise refuse_native("Ecs.0005", "The description has more than 255 bytes.")
    before = server.name
    server.name = wanted.get("name", before)
    if description is not None and request.microversion >= (2, 19) and not state.deviates("update-description-ignored"):
        server.description = description
    server.updated = state.clock.now()
    shown = details(request, state, server)
    if state.deviates("update-name-ignored"):
        server.name = before
    body = {name: shown[name] for name in _UPDATED if name in shown}
    # Table 6-25 has a string here, and the example an empty one.
    return Response(200, {"server": {**body, "image": ""}})


@route("DELETE", _ONE, family="nova", permission="nova.delete")
def delete(request: Request, state: State) -> Response:
    """Delete a server (6.2.3)."""
    server = find_server(request, state, managed=True)
    if not server.going and not state.deviates("delete-noop"):
        state.move(server, "delete")
    return Response(204)


# Start, restart, stop (6.3.1 to 6.3.3)

_TYPES = ("SOFT", "HARD")


def _act(request: Request, state: State, key: str, field: Field, operation: str, noop: str = "") -> Response:
    server = find_server(request, state, managed=True)
    inner = _read(request, state, Field("object", fields={key: field})).get(key) or {}
    if inner.get("type") == "HARD":
        operation += "-hard"
    ready = server.ready(FROM[operation])
    if not ready and not state.deviates("state-unchecked"):
        raise refuse_state(server, key)
    if operation == "start" and not any(disk.system for disk in server.disks):
        raise NativeError(409, "The server has no system disk.")
    if ready and not (noop and state.deviates(noop)):
        state.move(server, operation)
    return Response(202)


@route("POST", ACTION, family="nova", selects="os-start", permission="nova.start")
def start(request: Request, state: State) -> Response:
    """Start a stopped server (6.3.1); the table says null, the example sends an empty object."""
    return _act(request, state, "os-start", Field("object|null", need=True), "start", "start-noop")


@route("POST", ACTION, family="nova", selects="reboot", permission="nova.reboot")
def reboot(request: Request, state: State) -> Response:
    """Restart a running server (6.3.2)."""
    types = _TYPES[:1] if state.deviates("reboot-hard-refused") else _TYPES
    field = Field("object", need=True, fields={"type": Field("string", need=True, enum=types)})
    return _act(request, state, "reboot", field, "reboot")


@route("POST", ACTION, family="nova", selects="os-stop", permission="nova.stop")
def stop(request: Request, state: State) -> Response:
    """Stop a running server (6.3.3)."""
    field = Field("object|null", need=True, fields={"type": Field("string", enum=_TYPES)})
    return _act(request, state, "os-stop", field, "stop", "stop-noop")
