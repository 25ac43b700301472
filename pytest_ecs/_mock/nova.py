"""The native APIs for servers: create, update, delete, lists and show (6.2), start, restart and stop (6.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pytest_ecs._mock.errors import NativeRefusal
from pytest_ecs._mock.policy import permit
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.servers import batch_names, build, delete_server
from pytest_ecs._mock.state import Disk, Server, State, stamp
from pytest_ecs._mock.validation import UUID, F, check, user_data_ok

__all__ = ["show"]

_BOOLEAN = F("boolean|string", pattern="(?i)true|false")
_DISK = F("object", fields={
    "source_type": F("string", True, enum=("volume", "image", "snapshot", "blank")), "destination_type": F("string", enum=("volume",)),
    "guest_format": F("string"), "device_name": F("string"), "delete_on_termination": _BOOLEAN, "boot_index": F("string|integer"),
    "uuid": F("string", pattern=UUID), "volume_size": F("string|integer"), "volume_type": F("string"),
})  # fmt: skip
_SERVER = F("object", True, fields={
    "imageRef": F("string"), "flavorRef": F("string", True),
    "name": F("string", True, low=1, high=128, pattern=r"[A-Za-z0-9_.\-]+"),
    "metadata": F("object"), "adminPass": F("string"), "block_device_mapping_v2": F("array", item=_DISK),
    "config_drive": F("any"), "security_groups": F("array", item=F("object", fields={"name": F("string")})),
    "networks": F("array", True, item=F("object", fields={"port": F("string", pattern=UUID), "uuid": F("string", pattern=UUID), "fixed_ip": F("string")})),
    "key_name": F("string"), "user_data": F("string", pattern=r"[A-Za-z0-9+/]*={0,2}"), "availability_zone": F("string"),
    "return_reservation_id": _BOOLEAN, "min_count": F("string|integer", low=1), "max_count": F("string|integer", low=1),
    "OS-DCF:diskConfig": F("string", enum=("AUTO", "MANUAL")), "description": F("string", high=85, pattern=r"[^<>]*"),
})  # fmt: skip
_HINTS = F("object", fields={
    "group": F("string", pattern=UUID), "tenancy": F("string", enum=("shared", "dedicated")), "dedicated_host_id": F("string"),
    "different_host": F("array", item=F("string")), "same_host": F("array", item=F("string")), "cidr": F("string"), "build_near_host_ip": F("string"),
})  # fmt: skip
_CREATE = F("object", fields={"server": _SERVER, "os:scheduler_hints": _HINTS})
_UPDATE = F(
    "object",
    fields={
        "server": F("object", True, fields={"name": F("string", low=1, high=255), "description": F("string", high=255)})
    },
)
_STATUSES = (
    "ACTIVE",
    "BUILD",
    "ERROR",
    "HARD_REBOOT",
    "MIGRATING",
    "REBOOT",
    "REBUILD",
    "RESIZE",
    "REVERT_RESIZE",
    "SHUTOFF",
    "VERIFY_RESIZE",
)
_SORT = {
    "created_at": lambda s: s.created, "updated_at": lambda s: s.updated, "display_name": lambda s: s.name, "uuid": lambda s: s.id,
    "vm_state": lambda s: s.vm_state, "availability_zone": lambda s: s.zone, "instance_type_id": lambda s: s.flavor,
    "key_name": lambda s: s.key_name or "", "project_id": lambda s: s.project, "user_id": lambda s: s.user, "host": lambda s: _host(s),
}  # fmt: skip
_SORT_DETAIL = {
    **_SORT, "auto_disk_config": lambda s: "MANUAL", "display_description": lambda s: s.description, "host_name": lambda s: s.name,
    "image_ref": lambda s: s.image, "kernel_id": lambda s: "", "launch_index": lambda s: s.launch_index, "launched_at": lambda s: s.launched or 0.0,
    "locked_by": lambda s: s.locked, "node": lambda s: _host(s), "power_state": lambda s: s.power, "ramdisk_id": lambda s: "",
    "reservation_id": lambda s: s.reservation, "root_device_name": lambda s: "/dev/vda", "task_state": lambda s: s.task_state or "",
    "terminated_at": lambda s: "",
}  # fmt: skip


def _bad(code: str, message: str) -> NoReturn:
    raise NativeRefusal(400, message)


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _host(server: Server) -> str:
    return f"pod{server.number % 4:02d}.{server.zone}"


# Create (6.2.1)


@route("POST", "/v2.1/{project_id}/servers", family="nova", body=True)
def create(request: Request, state: State) -> Response:
    """Create one or more servers; there is no job, and a failure leaves a server in ERROR."""
    permit(request, "ecs:servers:create")
    check(request.json, _CREATE, "body", _bad, request.off)
    wanted: dict[str, Any] = (
        dict(request.json.get("server") or {}) if isinstance(request.json.get("server"), Mapping) else {}
    )
    _check_create(wanted, request, state)
    least = int(wanted.get("min_count") or 1) if str(wanted.get("min_count") or 1).isdigit() else 1
    most = int(wanted.get("max_count") or least) if str(wanted.get("max_count") or least).isdigit() else least
    if most < least and not request.off("together-unchecked"):
        _bad("", "max_count is less than min_count")
    if request.microversion < (2, 19):
        wanted.pop("description", None)
    if most > 1 and len(str(wanted.get("name"))) > 59 and not request.off("bound-over-unchecked"):
        _bad("", "the name is longer than 59 characters for several servers")
    reservation, servers = f"r-{state.hex(8)}", []
    nics = [
        {"subnet_id": n.get("uuid"), "ip_address": n.get("fixed_ip")}
        for n in wanted.get("networks") or ()
        if isinstance(n, Mapping)
    ]
    disks = (
        [d for d in wanted.get("block_device_mapping_v2") or () if isinstance(d, Mapping)]
        if isinstance(wanted.get("block_device_mapping_v2"), list)
        else []
    )
    boot = next((d for d in disks if str(d.get("boot_index")) == "0"), None)
    image = wanted.get("imageRef") or (boot or {}).get("uuid")
    # 6.2.1, Table 6-11: both references may be URLs that end in the id.
    flavor = str(wanted.get("flavorRef")).rpartition("/")[2]
    plain = {**wanted, "nics": nics, "imageRef": str(image).rpartition("/")[2], "flavorRef": flavor}
    for index, name in enumerate(batch_names(str(wanted.get("name", "server")), most, request)):
        server = build(request, state, plain, name, index, _bad)
        server.reservation = reservation
        if boot is not None:
            server.disks[0].size = (
                int(boot.get("volume_size") or 40) if str(boot.get("volume_size") or 40).isdigit() else 40
            )
        server.disks += [
            Disk(state.uuid(), 10, "SSD", False, _true(d.get("delete_on_termination"))) for d in disks if d is not boot
        ]
        state.move(server, "create")
        servers.append(server)
    if _true(wanted.get("return_reservation_id")):
        return Response(202, {"reservation_id": reservation})
    first = servers[0]
    body = {
        "id": first.id, "links": _links(request, first), "security_groups": [{"name": g} for g in first.groups],
        "OS-DCF:diskConfig": "MANUAL", "adminPass": str(wanted.get("adminPass") or state.hex(12)),
    }  # fmt: skip
    return Response(202, {"server": body}, {"Location": body["links"][0]["href"]})  # type: ignore[index]


def _check_create(wanted: Mapping[str, Any], request: Request, state: State) -> None:
    off, project = request.off, request.project
    disks = wanted.get("block_device_mapping_v2")
    disks = [d for d in disks if isinstance(d, Mapping)] if isinstance(disks, list) else []
    if (
        not wanted.get("imageRef")
        and not any(str(d.get("boot_index")) == "0" for d in disks)
        and not off("mandatory-unchecked")
    ):
        _bad("", "neither imageRef nor a disk to boot from was given")
    for disk in disks:
        if (
            disk.get("source_type") in {"image", "blank"}
            and disk.get("destination_type", "volume") == "volume"
            and not disk.get("volume_size")
            and not off("mandatory-unchecked")
        ):
            _bad("", "volume_size is mandatory for an image or a blank disk")
        if (
            disk.get("source_type") == "volume"
            and not any(str(d.get("boot_index")) == "0" for d in disks)
            and not off("mandatory-unchecked")
        ):
            _bad("", "one disk must have boot_index 0")
        source, size = state.images.get(str(disk.get("uuid"))), str(disk.get("volume_size") or "")
        if disk.get("source_type") == "image" and source and size.isdigit() and int(size) < source.min_disk:
            _bad("", "the disk is smaller than the image needs")
        if (
            disk.get("source_type") == "image"
            and disk.get("uuid") not in state.images
            and not off("reference-unchecked")
        ):
            _bad("", "the image of a disk does not exist")
        if disk.get("source_type") in {"volume", "snapshot"} and not off("reference-unchecked"):
            _bad("", "the volume or snapshot does not exist")
    metadata = wanted.get("metadata")
    if isinstance(metadata, Mapping):
        for key, value in metadata.items():
            if not isinstance(value, str) and not off("type-unchecked"):
                _bad("", "metadata values are strings")
            if not key and not off("bound-under-unchecked"):
                _bad("", "a metadata key is empty")
            if (len(key) > 255 or (isinstance(value, str) and len(value) > 255)) and not off("bound-over-unchecked"):
                _bad("", "metadata keys and values have at most 255 characters")
    data = wanted.get("user_data")
    if (
        isinstance(data, str)
        and not user_data_ok(data)
        and not off("pattern-unchecked")
        and not off("bound-over-unchecked")
    ):
        _bad("", "user_data is not base64 of at most 32 KB")
    if isinstance(wanted.get("networks"), list):
        for network in wanted["networks"]:
            if isinstance(network, Mapping):
                _check_network(network, request)
    hints = request.json.get("os:scheduler_hints")
    if off("reference-unchecked"):
        return
    image = str(wanted.get("imageRef") or "").rpartition("/")[2]
    if image and image not in state.images:
        _bad("", "the image does not exist")
    if isinstance(wanted.get("flavorRef"), str) and wanted["flavorRef"].rpartition("/")[2] not in state.flavors:
        _bad("", "the flavor does not exist")
    if isinstance(wanted.get("key_name"), str) and wanted["key_name"] not in project.keys:
        _bad("", "the key pair does not exist")
    if isinstance(wanted.get("availability_zone"), str) and wanted["availability_zone"] not in state.zones:
        _bad("", "the availability zone does not exist")
    if isinstance(hints, Mapping) and "group" in hints:
        _bad("", "the server group does not exist")
    if isinstance(wanted.get("security_groups"), list):
        for group in wanted["security_groups"]:
            if isinstance(group, Mapping) and group.get("name") not in {
                "default",
                "conformance",
                project.security_group,
                None,
            }:
                _bad("", "the security group does not exist")


def _check_network(network: Mapping[str, Any], request: Request) -> None:
    off, project = request.off, request.project
    if not network.get("uuid") and not network.get("port") and not off("together-unchecked"):
        _bad("", "a network needs its uuid or a port")
    if network.get("fixed_ip") and not network.get("uuid") and not off("together-unchecked"):
        _bad("", "fixed_ip needs the uuid of its network")
    if off("reference-unchecked"):
        return
    if network.get("port"):
        _bad("", "the port does not exist")
    found = next((n for n in project.networks if n.id == network.get("uuid")), None)
    if found is None and network.get("uuid"):
        _bad("", "the network does not exist")
    address = network.get("fixed_ip")
    if found is not None and isinstance(address, str) and (not found.holds(address) or address in found.used):
        _bad("", "the address is used or not in the network")


# Show (6.2.6) and lists (6.2.4, 6.2.5)


def _links(request: Request, server: Server) -> list[dict[str, str]]:
    project = server.project
    return [
        {"rel": "self", "href": f"{request.base}/v2.1/{project}/servers/{server.id}"},
        {"rel": "bookmark", "href": f"{request.base}/{project}/servers/{server.id}"},
    ]


def _status(request: Request, server: Server) -> str:
    status = server.status
    if request.off("state-reboot-as-active") and status == "REBOOT":
        return "ACTIVE"
    if request.off("state-resize-as-shutoff") and status == "RESIZE":
        return "SHUTOFF"
    if request.off("state-building-as-active") and status == "BUILD":
        return "ACTIVE"
    if request.off("state-stopped-as-stopped") and status == "SHUTOFF":
        return "STOPPED"
    return status


def show(request: Request, state: State, server: Server) -> dict[str, Any]:
    """Return a server's details at the request's microversion (Tables 6-38 and 6-49)."""
    at, off, flavor = request.microversion, request.off, state.flavors[server.flavor]
    vm_state, task_state = server.states
    addresses: dict[str, list[dict[str, Any]]] = {}
    for nic in server.nics:
        entries = [{"addr": nic.address, "version": 4, "OS-EXT-IPS-MAC:mac_addr": nic.mac, "OS-EXT-IPS:type": "fixed"}]
        if nic.floating:
            entries.append(
                {"addr": nic.floating, "version": 4, "OS-EXT-IPS-MAC:mac_addr": nic.mac, "OS-EXT-IPS:type": "floating"}
            )
        addresses.setdefault(nic.network, []).extend(entries)
    body: dict[str, Any] = {
        "id": server.id, "name": server.name, "status": _status(request, server),
        "created": None if off("server-created-null") else stamp(server.created), "updated": stamp(server.updated or server.created),
        "tenant_id": server.project, "user_id": server.user, "key_name": server.key_name, "metadata": dict(server.metadata),
        "hostId": f"{hash_of(_host(server)):056x}", "addresses": addresses, "security_groups": [{"name": g} for g in server.groups],
        "links": _links(request, server), "progress": 0, "accessIPv4": "", "accessIPv6": "", "config_drive": "",
        "image": {"id": server.image, "links": [{"rel": "bookmark", "href": f"{request.base}/{server.project}/images/{server.image}"}]},
        "OS-DCF:diskConfig": "MANUAL", "OS-EXT-AZ:availability_zone": server.zone, "OS-EXT-SRV-ATTR:host": _host(server),
        "OS-EXT-SRV-ATTR:hypervisor_hostname": f"nova{server.number % 20:03d}@{server.number % 9}",
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.number:08x}", "OS-EXT-STS:power_state": server.power,
        "OS-EXT-STS:task_state": task_state, "OS-EXT-STS:vm_state": vm_state,
        "OS-SRV-USG:launched_at": stamp(server.launched, "us") if server.launched else None, "OS-SRV-USG:terminated_at": None,
        "os-extended-volumes:volumes_attached": [
            {"id": d.id, **({"delete_on_termination": d.delete_on_termination} if at >= (2, 3) else {})} for d in server.disks
        ],
    }  # fmt: skip
    if vm_state == "error":
        body["fault"] = {"code": 500, "created": stamp(server.updated), "message": "the mock was told so"}
    if at >= (2, 47) and not off("flavor-old-form"):
        body["flavor"] = {
            "vcpus": flavor.vcpus, "ram": flavor.ram, "disk": 0, "ephemeral": 0, "swap": 0, "original_name": flavor.id,
            "extra_specs": dict(flavor.extra),
        }  # fmt: skip
    else:
        body["flavor"] = {
            "id": flavor.id,
            "links": [{"rel": "bookmark", "href": f"{request.base}/{server.project}/flavors/{flavor.id}"}],
        }
    if at >= (2, 3):
        body.update({
            "OS-EXT-SRV-ATTR:hostname": server.name.lower(), "OS-EXT-SRV-ATTR:reservation_id": server.reservation or f"r-{server.id[:8]}",
            "OS-EXT-SRV-ATTR:launch_index": server.launch_index, "OS-EXT-SRV-ATTR:kernel_id": "", "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda", "OS-EXT-SRV-ATTR:user_data": server.user_data,
        })  # fmt: skip
    if at >= (2, 9) or off("field-below-microversion"):
        body["locked"] = server.locked
    if at >= (2, 16):
        body["host_status"] = "UP"
    if at >= (2, 19):
        body["description"] = server.description
    if at >= (2, 26) and not off("field-missing-at-microversion"):
        body["tags"] = list(server.tags)
    return body


def hash_of(text: str) -> int:
    """Return a number of 224 bits that depends on *text* alone."""
    import hashlib

    return int(hashlib.sha224(text.encode()).hexdigest(), 16)


def _server(request: Request, action: str) -> Server:
    permit(request, action)
    server = request.project.servers.get(request.parameters["server_id"])
    if server is None and request.off("crash-on-unknown-id"):
        raise NativeRefusal(500, "unexpected error")
    if server is None:
        raise NativeRefusal(404, f"Instance {request.parameters['server_id'][:64]} could not be found.")
    return server


@route("GET", "/v2.1/{project_id}/servers/{server_id}", family="nova")
def show_server(request: Request, state: State) -> Response:
    """Show a server (6.2.6)."""
    return Response(200, {"server": show(request, state, _server(request, "ecs:servers:get"))})


@route("GET", "/v2.1/{project_id}/servers", family="nova")
def list_servers(request: Request, state: State) -> Response:
    """List servers (6.2.4)."""
    permit(request, "ecs:servers:list")
    page, more = _page(request, state, _SORT)
    shown = [{"id": s.id, "name": s.name, "links": _links(request, s)} for s in page]
    return _listed(request, page, shown, more, "servers")


@route("GET", "/v2.1/{project_id}/servers/detail", family="nova")
def list_details(request: Request, state: State) -> Response:
    """List servers with details (6.2.5)."""
    permit(request, "ecs:servers:list-detail")
    page, more = _page(request, state, _SORT_DETAIL)
    return _listed(request, page, [show(request, state, s) for s in page], more, "servers/detail")


def _listed(request: Request, page: list[Server], shown: list[dict[str, Any]], more: bool, path: str) -> Response:
    if request.off("server-id-missing"):
        shown = [{k: v for k, v in s.items() if k != "id"} for s in shown]
    body: dict[str, Any] = {"servers": shown}
    if more:
        kept = "&".join(f"{k}={v}" for k, v in request.query if k != "marker")
        href = f"{request.base}/v2.1/{request.project.id}/{path}?{kept}&marker={page[-1].id}"
        body["servers_links"] = [{"rel": "next", "href": href}]
    return Response(200, body)


def _page(request: Request, state: State, keys: Mapping[str, Any]) -> tuple[list[Server], bool]:
    servers = list(request.project.servers.values())
    image = request.arg("image")
    if image is not None:  # 6.2.4: with an image no other criterion counts, and there are no pages
        return [s for s in servers if s.image == image.rpartition("/")[2]], False
    servers = _filtered(request, servers)
    key = request.arg("sort_key")
    if key is not None and key not in keys and not request.off("enum-unchecked"):
        _bad("", f"sort_key {key[:40]!r} is not supported")
    upward = request.arg("sort_dir") == "asc"
    servers.sort(key=lambda s: (keys.get(key or "created_at", keys["created_at"])(s), s.number), reverse=not upward)
    if request.off("list-unsorted"):
        servers.sort(key=lambda s: s.number)
    marker = request.arg("marker")
    if marker is not None and not request.off("list-marker-ignored"):
        at = next((i for i, s in enumerate(servers) if s.id == marker), None)
        if at is None:
            _bad("", f"marker {marker[:40]!r} not found")
        else:
            servers = servers[at + 1 :]
    size = _limit(request)
    return servers[:size], len(servers) > size


def _limit(request: Request) -> int:
    text = request.arg("limit")
    if text is None:
        return 25
    if request.off("list-limit-ignored"):
        return 1000
    if not re.fullmatch(r"-?\d{1,9}", text):
        if request.off("type-unchecked"):
            return 25
        _bad("", "limit is not a number")
    if int(text) < 0 or int(text) == 0:
        if request.off("bound-under-unchecked") or int(text) == 0:
            return 25
        _bad("", "limit is negative")
    if int(text) > 1000 and request.off("bound-over-unchecked"):
        return int(text)
    return min(int(text), 1000)


def _filtered(request: Request, servers: list[Server]) -> list[Server]:
    name, status, flavor, ip = (request.arg(key) for key in ("name", "status", "flavor", "ip"))
    if name is not None and not request.off("list-name-ignored"):
        servers = [s for s in servers if name in s.name]
    if status is not None and not request.off("list-status-ignored"):
        if status.upper() not in _STATUSES and request.microversion >= (2, 38) and not request.off("enum-unchecked"):
            _bad("", f"status {status[:40]!r} is not supported")
        servers = [s for s in servers if _status(request, s) == status.upper()]
    if flavor is not None:
        servers = [s for s in servers if flavor in s.flavor]
    if ip is not None:
        servers = [s for s in servers if any(ip in nic.address or ip in (nic.floating or "") for nic in s.nics)]
    since, reservation = request.arg("changes-since"), request.arg("reservation_id")
    if since is not None:
        moment = _moment(since)
        if moment is None and not request.off("pattern-unchecked"):
            _bad("", "changes-since is not a time")
        servers = [s for s in servers if (s.updated or s.created) >= (moment or 0.0) // 1]
    if reservation is not None:
        servers = [s for s in servers if s.reservation == reservation]
    for tag in (t for value in request.args("tags") for t in value.split(",")):
        servers = [s for s in servers if tag in s.tags]
    for tag in (t for value in request.args("not-tags") for t in value.split(",")):
        servers = [s for s in servers if tag not in s.tags]
    return servers


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# Update (6.2.2), delete (6.2.3)


@route("PUT", "/v2.1/{project_id}/servers/{server_id}", family="nova", body=True)
def update(request: Request, state: State) -> Response:
    """Give a server another name or description (6.2.2)."""
    server = _server(request, "ecs:servers:update")
    check(request.json, _UPDATE, "body", _bad, request.off)
    wanted = request.json.get("server") if isinstance(request.json.get("server"), Mapping) else {}
    before = server.name
    if isinstance(wanted.get("name"), str):
        server.name = wanted["name"]
    if (
        isinstance(wanted.get("description"), str)
        and request.microversion >= (2, 19)
        and not request.off("update-description-ignored")
    ):
        server.description = wanted["description"]
    server.updated = state.clock.now()
    full = show(request, state, server)
    if request.off("update-name-ignored"):
        server.name = before
    fields = (
        "tenant_id", "image", "accessIPv4", "addresses", "metadata", "accessIPv6", "created", "hostId", "flavor", "OS-DCF:diskConfig",
        "user_id", "name", "progress", "links", "id", "updated", "locked", "description", "tags", "status",
    )  # fmt: skip
    body = {name: full[name] for name in fields if name in full}
    body["image"] = ""
    return Response(200, {"server": body})


@route("DELETE", "/v2.1/{project_id}/servers/{server_id}", family="nova")
def delete(request: Request, state: State) -> Response:
    """Delete a server (6.2.3)."""
    delete_server(state, _server(request, "ecs:servers:delete"), noop=request.off("delete-noop"))
    return Response(204)


# Start, restart, stop (6.3.1 to 6.3.3)

_ACTION = "/v2.1/{project_id}/servers/{server_id}/action"


def _acted(
    request: Request, state: State, action: str, spec: F, key: str, operation: str, from_state: str, *, noop: bool
) -> Response:
    server = _server(request, action)
    check(request.json, F("object", fields={key: spec}), "body", _bad, request.off)
    inner = request.json.get(key)
    hard = isinstance(inner, Mapping) and inner.get("type") == "HARD"
    if server.vm_state != from_state or server.busy:
        raise NativeRefusal(409, f"Cannot '{operation}' instance {server.id} while it is in vm_state {server.vm_state}")
    if not noop:
        state.move(
            server, {"stop": "stop-hard", "reboot-soft": "reboot-hard"}.get(operation, operation) if hard else operation
        )
    return Response(202)


_TYPE = F("string", enum=("SOFT", "HARD"))


@route("POST", _ACTION, family="nova", body=True, selects="os-start")
def start(request: Request, state: State) -> Response:
    """Start a stopped server (6.3.1)."""
    return _acted(
        request,
        state,
        "ecs:servers:start",
        F("object|null", True),
        "os-start",
        "start",
        "stopped",
        noop=request.off("start-noop"),
    )


@route("POST", _ACTION, family="nova", body=True, selects="reboot")
def reboot(request: Request, state: State) -> Response:
    """Restart a running server (6.3.2)."""
    spec = F("object", True, fields={"type": F("string", True, enum=("SOFT", "HARD"))})
    return _acted(request, state, "ecs:servers:reboot", spec, "reboot", "reboot-soft", "active", noop=False)


@route("POST", _ACTION, family="nova", body=True, selects="os-stop")
def stop(request: Request, state: State) -> Response:
    """Stop a running server (6.3.3)."""
    spec = F("object|null", True, fields={"type": _TYPE})
    return _acted(request, state, "ecs:servers:stop", spec, "os-stop", "stop", "active", noop=request.off("stop-noop"))
