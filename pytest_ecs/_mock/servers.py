"""The ECS APIs for servers: create and delete (5.1), resize (5.2.4), batch start, restart and stop (5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from pytest_ecs._mock.errors import EcsRefusal
from pytest_ecs._mock.jobs import run_job
from pytest_ecs._mock.machine import TRANSITIONS
from pytest_ecs._mock.policy import permit
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import Disk, Nic, Server, State
from pytest_ecs._mock.validation import UUID, F, check, password_ok, user_data_ok

__all__ = ["batch_names", "build", "delete_server", "lasting"]

_IPV4 = r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}|"
_NIC = F("object", fields={
    "subnet_id": F("string", True, pattern=UUID, code="Ecs.0005"),
    "ip_address": F("string", pattern=_IPV4),
    "binding:profile": F("object", fields={"disable_security_groups": F("boolean")}),
    "extra_dhcp_opts": F("array", item=F("object", fields={
        "opt_value": F("integer|string", True, low=1280, high=8888), "opt_name": F("string", True, enum=("26",)),
    })),
})  # fmt: skip
_CLUSTER = {"cluster_type": F("string", enum=("DSS",)), "cluster_id": F("string")}
_KINDS = ("SATA", "SSD")
_ROOT = F("object", True, along={"cluster_type": "cluster_id"}, fields={
    "volumetype": F("string", True, enum=_KINDS, code="Ecs.0043"), "size": F("integer", low=0, high=1024), "hw:passthrough": F("any"), **_CLUSTER,
})  # fmt: skip
_DATA = F("object", along={"cluster_type": "cluster_id"}, apart=(("data_image_id", "metadata"),), fields={
    "volumetype": F("string", True, enum=_KINDS, code="Ecs.0043"), "size": F("integer", True, low=10, high=32768), "hw:passthrough": F("any"),
    "data_image_id": F("string", pattern=UUID), "multiattach": F("boolean"), **_CLUSTER,
    "metadata": F("object", along={"__system__cmkid": "__system__encrypted"}, fields={
        "__system__encrypted": F("string", enum=("0", "1")), "__system__cmkid": F("string", high=255),
    }),
})  # fmt: skip
_EIP = F("object", fields={
    "iptype": F("string", True),
    "bandwidth": F("object", True, fields={
        "size": F("integer", True, low=1, high=1000), "sharetype": F("string", True, enum=("PER", "WHOLE")), "chargemode": F("string"),
    }),
})  # fmt: skip
_SERVER = F("object", True, fields={
    "imageRef": F("string", True), "flavorRef": F("string", True),
    "name": F("string", True, low=1, high=128, pattern=r"[A-Za-z0-9_.\-]+"),
    "user_data": F("string", pattern=r"[A-Za-z0-9+/]*={0,2}"), "adminPass": F("string", low=8, high=26, code="Ecs.0011"),
    "key_name": F("string"), "vpcid": F("string", True, pattern=UUID), "nics": F("array", True, low=1, high=12, item=_NIC, code="Ecs.0005"),
    "publicip": F("object", apart=(("id", "eip"),), fields={
        "id": F("string", pattern=UUID), "eip": _EIP, "delete_on_termination": F("boolean"),
    }),
    "count": F("integer", low=1, high=500), "root_volume": _ROOT, "data_volumes": F("array", high=59, item=_DATA, code="Ecs.0042"),
    "security_groups": F("array", item=F("object", fields={"id": F("string")})), "availability_zone": F("string"),
    "extendparam": F("object", fields={"regionID": F("string")}),
    "metadata": F("object", fields={
        "admin_pass": F("string", high=255), "op_svc_userid": F("string", high=255), "agency_name": F("string", high=255),
        "BYOL": F("any", enum=("True", "False")),
    }),
    "os:scheduler_hints": F("object", fields={
        "group": F("string", pattern=UUID), "tenancy": F("string", enum=("dedicated", "shared")), "dedicated_host_id": F("string"),
    }),
    "description": F("string", high=85, pattern=r"[^<>]*", code="Ecs.0041"),
})  # fmt: skip
_CREATE = F("object", fields={"server": _SERVER, "dry_run": F("boolean")})
_LIST = F("array", True, low=1, high=1000, code="Ecs.0005", item=F("object", fields={"id": F("string", True)}))
_DELETE = F("object", fields={"servers": _LIST, "delete_publicip": F("boolean|null"), "delete_volume": F("boolean")})
_RESIZE = F(
    "object", fields={"resize": F("object", True, fields={"flavorRef": F("string", True)}), "dry_run": F("boolean")}
)
_METADATA_KEY = re.compile(r"[A-Za-z0-9 _:.\-]{1,255}")


def _fail(request: Request) -> Any:
    def fail(code: str, message: str) -> NoReturn:
        if request.off("error-code-unknown"):
            raise EcsRefusal("Ecs.9999", message, status=400)
        if request.off("error-code-other"):
            raise EcsRefusal("Ecs.0614", message, status=400)
        status = 409 if request.off("error-status-wrong") else 418 if request.off("error-status-undocumented") else None
        raise EcsRefusal(code, message, status=status)

    return fail


@route("POST", "/v1/{project_id}/cloudservers", family="ecs", body=True)
def create(request: Request, state: State) -> Response:
    """Create servers, or only check the request (5.1.1)."""
    fail = _fail(request)
    permit(request, "ecs:cloudServers:create")
    check(request.json, _CREATE, "body", fail, request.off)
    wanted: dict[str, Any] = request.json.get("server") if isinstance(request.json.get("server"), dict) else {}
    _check_forms(wanted, fail, request)
    if request.json.get("dry_run") is True and not request.off("dry-run-creates"):
        _check_things(wanted, fail, request, state)
        return Response(200 if request.off("dry-run-status-200") else 202, None)
    _check_things(wanted, fail, request, state)
    count = 1 if request.off("count-ignored") else wanted.get("count", 1)
    count = count if isinstance(count, int) else 1
    if len(request.project.servers) + count > State.LIMIT_SERVERS:
        fail("Ecs.0001", "The quota of servers is used up")
    servers, lasts = [], []
    for index, name in enumerate(batch_names(str(wanted.get("name", "server")), count, request)):
        server = build(request, state, wanted, name, index, fail)
        servers.append(server)
        lasts.append(state.move(server, "create"))
    if request.off("job-too-early"):
        lasts = [2.0] * len(lasts)
    job = run_job(state, request.project, "createServer", "createSingleServer", servers, lasts)
    return Response(203 if request.off("create-status-203") else 200, {"job_id": job.id})


def _check_forms(wanted: Mapping[str, Any], fail: Any, request: Request) -> None:
    """Constraints of Table 5-3 and of 8.1 that one field alone does not show."""
    count = wanted.get("count", 1)
    if (
        isinstance(count, int)
        and count > 1
        and len(str(wanted.get("name"))) > 59
        and not request.off("bound-over-unchecked")
    ):
        fail("Ecs.0005", "the name is longer than 59 characters for several servers")
    password = wanted.get("adminPass")
    if isinstance(password, str) and not request.off("password-unchecked") and not password_ok(password, "root"):
        short = len(password) < 8 and request.off("bound-under-unchecked")
        long = len(password) > 26 and request.off("bound-over-unchecked")
        if not short and not long:
            fail("Ecs.0011", "the password is not complex enough")
    data = wanted.get("user_data")
    if (
        isinstance(data, str)
        and not user_data_ok(data)
        and not request.off("bound-over-unchecked")
        and not request.off("pattern-unchecked")
    ):
        fail("Ecs.0005", "user_data is not base64 of at most 32 KB")
    metadata = wanted.get("metadata")
    if isinstance(metadata, Mapping):
        if len(metadata) > 10 and not request.off("bound-over-unchecked"):
            fail("Ecs.0005", "more than 10 pairs of metadata")
        for key, value in metadata.items():
            if not _METADATA_KEY.fullmatch(key) and not request.off("pattern-unchecked"):
                fail("Ecs.0005", f"the metadata key {key!r} is not allowed")
            if not isinstance(value, str) and not request.off("type-unchecked"):
                fail("Ecs.0005", "metadata values are strings")
            if isinstance(value, str) and len(value) > 255 and not request.off("bound-over-unchecked"):
                fail("Ecs.0005", "a metadata value has more than 255 characters")
    for disk in wanted.get("data_volumes") or () if isinstance(wanted.get("data_volumes"), list) else ():
        for key, value in (
            (disk.get("metadata") or {}).items()
            if isinstance(disk, dict) and isinstance(disk.get("metadata"), dict)
            else ()
        ):
            if len(key) > 255 and not request.off("bound-over-unchecked"):
                fail("Ecs.0005", "a disk's metadata key has more than 255 bytes")
            if not isinstance(value, str) and not request.off("type-unchecked"):
                fail("Ecs.0005", "disk metadata values are strings")
            if isinstance(value, str) and len(value) > 255 and not request.off("bound-over-unchecked"):
                fail("Ecs.0005", "a disk's metadata value has more than 255 bytes")
    nics = wanted.get("nics")
    if isinstance(nics, list) and nics and isinstance(nics[0], Mapping):
        profiles = [n.get("binding:profile") for n in nics if isinstance(n, Mapping)]
        free = [isinstance(p, Mapping) and p.get("disable_security_groups") is True for p in profiles]
        if free and (free[0] or sum(free) > 1):
            fail("Ecs.0005", "the primary NIC, and all but one other, are in a security group")


def _check_things(wanted: Mapping[str, Any], fail: Any, request: Request, state: State) -> None:
    """What the request refers to exists and fits together."""
    if request.off("reference-unchecked"):
        return
    project = request.project
    image = state.images.get(str(wanted.get("imageRef")))
    if image is None and "imageRef" in wanted:
        fail("Ecs.0031", "the image does not exist")
    if "flavorRef" in wanted and wanted["flavorRef"] not in state.flavors:
        fail("Ecs.0029", "the flavor does not exist")
    if isinstance(wanted.get("vpcid"), str) and wanted["vpcid"] != project.vpc:
        fail("Ecs.0014", "the VPC does not exist")
    for nic in wanted.get("nics") or () if isinstance(wanted.get("nics"), list) else ():
        if not isinstance(nic, Mapping) or not isinstance(nic.get("subnet_id"), str):
            continue
        network = next((n for n in project.networks if n.id == nic["subnet_id"]), None)
        if network is None:
            fail("Ecs.0038", "the subnet does not exist")
            continue
        address = nic.get("ip_address")
        if isinstance(address, str) and address:
            if not network.holds(address):
                fail("Ecs.0039", "the address does not belong to the subnet")
            if address in network.used:
                fail("Ecs.0010", "the address is already being used")
    if isinstance(wanted.get("key_name"), str) and wanted["key_name"] not in project.keys:
        fail("Ecs.0314", "the key pair does not exist")
    if isinstance(wanted.get("availability_zone"), str) and wanted["availability_zone"] not in state.zones:
        fail("Ecs.0005", "the availability zone does not exist")
    hints = wanted.get("os:scheduler_hints")
    if isinstance(hints, Mapping) and "group" in hints:
        fail("Ecs.0313", "the server group does not exist")
    publicip = wanted.get("publicip")
    if isinstance(publicip, Mapping):
        if isinstance(publicip.get("id"), str) and publicip["id"] not in project.eips:
            fail("Ecs.0005", "the EIP does not exist")
        bandwidth = (publicip.get("eip") or {}).get("bandwidth") if isinstance(publicip.get("eip"), Mapping) else None
        if isinstance(bandwidth, Mapping) and bandwidth.get("chargemode", "traffic") != "traffic":
            fail("Ecs.0005", "the charge mode is not supported")
    root = wanted.get("root_volume")
    size = root.get("size") if isinstance(root, Mapping) else None
    if image is not None and isinstance(size, int) and 0 < size < image.min_disk:
        fail("Ecs.0005", "the system disk is smaller than the image needs")
    for disk in wanted.get("data_volumes") or () if isinstance(wanted.get("data_volumes"), list) else ():
        if (
            isinstance(disk, Mapping)
            and isinstance(disk.get("data_image_id"), str)
            and disk["data_image_id"] not in state.images
        ):
            fail("Ecs.0031", "the data disk image does not exist")


def batch_names(name: str, count: int, request: Request) -> list[str]:
    """Return the names of *count* servers (Table 5-3): numbered from 0000, or from the number at the end of *name*."""
    if count == 1 or request.off("name-suffix-missing"):
        return [name] * count
    found = re.fullmatch(r"(.+)-(\d{4})", name)
    stem, first = (found[1], int(found[2])) if found else (name, 0)
    return [f"{stem}-{number:04d}" for number in range(first, first + count)]


def build(request: Request, state: State, wanted: Mapping[str, Any], name: str, index: int, fail: Any) -> Server:
    """Put a building server into the project."""
    project = request.project
    image = state.images.get(str(wanted.get("imageRef"))) or next(iter(state.images.values()))
    flavor = wanted.get("flavorRef") if wanted.get("flavorRef") in state.flavors else next(iter(state.flavors))
    server = Server(
        state.uuid(), project.id, request.user.id, name, image.id, str(flavor),
        str(wanted.get("availability_zone") or state.zones[0]), state.clock.now(), state.number(),
    )  # fmt: skip
    server.launch_index = index
    server.key_name = wanted.get("key_name") if isinstance(wanted.get("key_name"), str) else None
    server.description = wanted["description"] if isinstance(wanted.get("description"), str) else ""
    if isinstance(wanted.get("metadata"), Mapping) and not request.off("metadata-dropped"):
        server.metadata = {str(k): str(v) for k, v in wanted["metadata"].items() if k != "admin_pass"}
    groups = [g.get("id") or g.get("name") for g in wanted.get("security_groups") or () if isinstance(g, Mapping)]
    server.groups = ["default" if g != project.security_group else "conformance" for g in groups if g] or ["default"]
    server.user_data = wanted.get("user_data") if isinstance(wanted.get("user_data"), str) else None
    nics = (
        [n for n in wanted.get("nics") or () if isinstance(n, Mapping)] if isinstance(wanted.get("nics"), list) else []
    )
    for number, nic in enumerate(nics or [{}]):
        network = next((n for n in project.networks if n.id == nic.get("subnet_id")), project.networks[0])
        address = (
            nic.get("ip_address") if number == 0 and index == 0 and isinstance(nic.get("ip_address"), str) else None
        )
        taken = network.take(address or None) or network.take()
        if taken is None:
            fail("Ecs.0012", "the subnet has no free addresses")
        server.nics.append(
            Nic(state.uuid(), network.id, str(taken), f"fa:16:3e:{state.hex(2)}:{state.hex(2)}:{state.hex(2)}")
        )
    publicip = wanted.get("publicip")
    if isinstance(publicip, Mapping):
        server.nics[0].floating = f"198.51.100.{server.number % 250 + 1}"
        server.eip_delete = publicip.get("delete_on_termination") is True
    root = wanted.get("root_volume") if isinstance(wanted.get("root_volume"), Mapping) else {}
    size = root.get("size") if isinstance(root, Mapping) else None
    server.disks = [Disk(state.uuid(), size if isinstance(size, int) and size else image.min_disk, "SSD", True, True)]
    if isinstance(wanted.get("data_volumes"), list) and not request.off("data-disks-dropped"):
        for disk in wanted["data_volumes"]:
            if isinstance(disk, Mapping):
                server.disks.append(
                    Disk(
                        state.uuid(),
                        int(disk.get("size") or 10) if str(disk.get("size")).isdigit() else 10,
                        "SSD",
                        False,
                    )
                )
    project.servers[server.id] = server
    return server


def _found(request: Request, ids: list[str]) -> list[Server]:
    servers = []
    for one in ids:
        server = request.project.servers.get(one)
        if server is None and request.off("crash-on-unknown-id"):
            raise EcsRefusal("Common.0001", "internal error")
        if server is None:
            raise EcsRefusal("Ecs.0114", f"the server {one} does not exist")
        servers.append(server)
    return servers


def _ids(listed: Any) -> list[str]:
    return [str(s.get("id")) for s in listed if isinstance(s, Mapping)] if isinstance(listed, list) else []


@route("POST", "/v1/{project_id}/cloudservers/delete", family="ecs", body=True)
def delete(request: Request, state: State) -> Response:
    """Delete the listed servers (5.1.2)."""
    permit(request, "ecs:cloudServers:delete")
    check(request.json, _DELETE, "body", _fail(request), request.off)
    servers = _found(request, _ids(request.json.get("servers")))
    if request.off("delete-all"):
        others = [s for s in request.project.servers.values() if s not in servers]
        servers += sorted(others, key=lambda s: (s.number < servers[0].number, s.number))[:1]
    lasts = [delete_server(state, server, noop=request.off("delete-noop")) for server in servers]
    job = run_job(state, request.project, "deleteServer", "deleteSingleServer", servers, lasts)
    return Response(200, {} if request.off("job-id-missing") else {"job_id": job.id})


def delete_server(state: State, server: Server, *, noop: bool = False) -> float:
    """Let a server go and return how long that takes."""
    kind = f"delete-{server.vm_state}"
    if noop:
        return 5.0
    return state.move(server, kind if kind in TRANSITIONS else "delete-active")


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/resize", family="ecs", body=True)
def resize(request: Request, state: State) -> Response:
    """Give a stopped server another flavor (5.2.4)."""
    fail = _fail(request)
    permit(request, "ecs:cloudServers:resize")
    check(request.json, _RESIZE, "body", fail, request.off)
    (server,) = _found(request, [request.parameters["server_id"]])
    wanted = (
        (request.json.get("resize") or {}).get("flavorRef") if isinstance(request.json.get("resize"), Mapping) else None
    )
    if wanted is not None and wanted not in state.flavors and not request.off("reference-unchecked"):
        fail("Ecs.0029", "the flavor does not exist")
    if (server.vm_state != "stopped" or server.busy) and not request.off("resize-while-active"):
        raise EcsRefusal("Ecs.0100", "the server is not stopped")
    if wanted == server.flavor:
        raise EcsRefusal("Ecs.0009", "the server has this flavor already")
    if request.json.get("dry_run") is True and not request.off("dry-run-creates"):
        return Response(200 if request.off("dry-run-status-200") else 202, None)

    def done() -> None:
        if not request.off("resize-noop") and wanted in state.flavors:
            server.flavor = str(wanted)

    lasts = state.move(server, "resize" if server.vm_state == "stopped" else "reboot-soft", done)
    job = run_job(state, request.project, "resizeServer", "resizeSingleServer", [server], [lasts])
    return Response(200, {"job_id": job.id})


def lasting(state: State, server: Server, operation: str, from_state: str) -> float:
    """Take a server through an operation; one that is there already stays as it is."""
    if server.vm_state != from_state or server.busy:
        return 2.0
    return state.move(server, operation)


def _batch(request: Request, state: State, key: str, action: str, spec: F) -> tuple[list[Server], Mapping[str, Any]]:
    permit(request, action)
    check(request.json, F("object", fields={key: spec}), "body", _fail(request), request.off)
    inner = request.json.get(key)
    inner = inner if isinstance(inner, Mapping) else {}
    return _found(request, _ids(inner.get("servers"))), inner


def _delivered(request: Request, state: State, kind: str, servers: list[Server], lasts: list[float]) -> Response:
    job = run_job(state, request.project, kind, kind.replace("Servers", "SingleServer"), servers, lasts)
    return Response(200, {"job_id": 1234 if request.off("job-id-integer") else job.id})


_ACTION = "/v1/{project_id}/cloudservers/action"


@route("POST", _ACTION, family="ecs", body=True, selects="os-start")
def batch_start(request: Request, state: State) -> Response:
    """Start the listed servers (5.3.1)."""
    servers, _ = _batch(
        request, state, "os-start", "ecs:cloudServers:start", F("object", True, fields={"servers": _LIST})
    )
    noop = request.off("start-noop")
    lasts = [2.0 if noop else lasting(state, server, "start", "stopped") for server in servers]
    return _delivered(request, state, "startServers", servers, lasts)


@route("POST", _ACTION, family="ecs", body=True, selects="reboot")
def batch_reboot(request: Request, state: State) -> Response:
    """Restart the listed servers (5.3.2)."""
    spec = F("object", True, fields={"type": F("string", True, enum=("SOFT", "HARD")), "servers": _LIST})
    servers, inner = _batch(request, state, "reboot", "ecs:cloudServers:reboot", spec)
    operation = "reboot-hard" if inner.get("type") == "HARD" else "reboot-soft"
    for server in servers:
        if server.vm_state != "active":
            raise EcsRefusal("Ecs.0100", "the server is not running")
    lasts = [lasting(state, server, operation, "active") for server in servers]
    return _delivered(request, state, "rebootServers", servers, lasts)


@route("POST", _ACTION, family="ecs", body=True, selects="os-stop")
def batch_stop(request: Request, state: State) -> Response:
    """Stop the listed servers (5.3.3)."""
    spec = F("object", True, fields={"type": F("string", enum=("SOFT", "HARD")), "servers": _LIST})
    servers, inner = _batch(request, state, "os-stop", "ecs:cloudServers:stop", spec)
    operation = "stop-hard" if inner.get("type") == "HARD" else "stop"
    noop = request.off("stop-noop")
    lasts = [2.0 if noop else lasting(state, server, operation, "active") for server in servers]
    if request.off("job-fails"):
        state.fail_next["stopServers"] = "Ecs.0100"
    return _delivered(request, state, "stopServers", servers, lasts)
