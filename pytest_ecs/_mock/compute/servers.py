"""The ECS APIs for servers: create and delete (5.1), resize (5.2.4), batch start, restart and stop (5.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_ecs._mock.compute.building import NicPlan, Plan, Resolver, batch_names, build, check_flavor, check_quota
from pytest_ecs._mock.compute.finding import find_servers, refusing
from pytest_ecs._mock.compute.jobs import deliver
from pytest_ecs._mock.compute.tables import CREATE, DELETE, LIST, RESIZE
from pytest_ecs._mock.http.errors import EcsError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader, check_user_data, password_ok
from pytest_ecs._mock.identity.policy import permit
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Disk, Eip, Server
from pytest_ecs._mock.state.machine import FROM
from pytest_ecs._mock.state.records import Image

__all__: list[str] = []

# Create (5.1.1)


@route("POST", "/v1/{project_id}/cloudservers", family="ecs", permission="ecs.create")
def create(request: Request, state: State) -> Response:
    """Create servers, or only check the request (5.1.1)."""
    refuse = refusing(state)
    if request.json.get("dry_run") is True and state.deviates("dry-run-unchecked"):
        return _checked(state)
    read = Reader(refuse, state.deviates).read(request.json, CREATE)
    wanted: dict[str, Any] = read.get("server", {})
    count = wanted.get("count", 2 if state.deviates("count-default-two") else 1)
    _check_forms(wanted, count, refuse, state)
    plan, eips = _plan(wanted, count, request, state)
    check_quota(state, request.project, plan, count, refuse)
    if read.get("dry_run") is True and not state.deviates("dry-run-creates"):
        return _checked(state)
    if read.get("dry_run") is not True:
        _check_keys(wanted, refuse, state)
    if state.deviates("count-ignored"):
        count = 1
    servers = build(state, request.project, request.user, plan, batch_names(wanted.get("name", "server"), count, state))
    for server, eip in zip(servers, eips(len(servers)), strict=False):
        if server.nics:
            server.bind(eip, server.nics[0])
    job = deliver(state, request.project, "createServer", servers, "create")
    return Response(203 if state.deviates("create-status-203") else 200, {"job_id": job.id})


def _check_keys(wanted: Mapping[str, Any], refuse: Any, state: State) -> None:
    """Refuse to encrypt a disk (8.1, table 8-7): no key management is beside this cloud, so that it knows no key."""
    encrypted = any("__system__cmkid" in disk.get("metadata", {}) for disk in wanted.get("data_volumes", []))
    if encrypted and not state.deviates("reference-unchecked"):
        raise refuse("Ecs.0912", "Invalid disk encryption key.")


def _checked(state: State) -> Response:
    return Response(200 if state.deviates("dry-run-status-200") else 202)


def _check_forms(wanted: Mapping[str, Any], count: int, refuse: Any, state: State) -> None:
    """Refuse what one field of the tables alone does not show."""
    # 59 characters are left for a batch; a name that ends in a number keeps its length.
    if count > 1 and len(wanted.get("name", "")) > 59 and not state.deviates("bound-over-unchecked"):
        raise refuse("Ecs.0005", "The name has more than 59 characters for several servers.")
    check_user_data(wanted.get("user_data"), refuse, state.deviates)
    lax = any(map(state.deviates, ("metadata-count-unchecked", "bound-over-unchecked")))
    if len(wanted.get("metadata", {})) > 10 and not lax:
        raise refuse("Ecs.0005", "There are more than 10 pairs of metadata.")
    for disk in wanted.get("data_volumes", []):
        for pair in disk.get("metadata", {}).items():
            if any(len(one.encode("utf-8", "replace")) > 255 for one in pair) and not state.deviates(
                "bound-over-unchecked"
            ):
                raise refuse("Ecs.0005", "A key or value of a disk's metadata has more than 255 bytes.")
    free = [nic.get("binding:profile", {}).get("disable_security_groups") is True for nic in wanted.get("nics", [])]
    if free and (free[0] or sum(free) > 1) and not state.deviates("together-unchecked"):  # Table 8-11
        raise refuse("Ecs.0005", "The primary NIC, and all others but one, are in a security group.")
    _check_offer(wanted, refuse, state)
    publicip = wanted.get("publicip")
    if publicip is not None and not {"id", "eip"} & publicip.keys() and not state.deviates("mandatory-unchecked"):
        raise refuse("Ecs.0005", "publicip has neither id nor eip.")


def _check_offer(wanted: Mapping[str, Any], refuse: Any, state: State) -> None:
    """Refuse what a flavor or a region need not offer, each with the code that A.2 has for it."""
    if state.varies("data-disks-few") and len(wanted.get("data_volumes", [])) > 23:
        raise refuse("Ecs.0042", "The flavor has at most 23 data disks.")
    if state.varies("nics-few") and len(wanted.get("nics", [])) > 4:
        raise refuse("Ecs.0050", "The flavor has at most 4 NICs.")
    bandwidth = wanted.get("publicip", {}).get("eip", {}).get("bandwidth", {})
    if state.varies("bandwidth-narrow") and not 5 <= bandwidth.get("size", 5) <= 300:
        raise refuse("Ecs.0045", "Bandwidths here are from 5 to 300 Mbit/s.")
    if state.varies("byol-unsupported") and wanted.get("metadata", {}).get("BYOL") == "True":
        raise refuse("Ecs.0090", "The BYOL feature is not supported at this time.")


def _check_password(wanted: Mapping[str, Any], image: Image, refuse: Any, state: State) -> None:
    metadata, classes = wanted.get("metadata", {}), 4 if state.deviates("password-needs-all") else 3
    for password in (wanted.get("adminPass"), metadata.get("admin_pass")):
        if password is None or password_ok(password, image.os_type, classes=classes):
            continue
        if state.deviates("password-unchecked"):
            continue
        short, long = len(password) < 8, len(password) > 26
        lax = (short and state.deviates("bound-under-unchecked")) or (long and state.deviates("bound-over-unchecked"))
        if not lax:
            raise refuse("Ecs.0011", "Ensure the password meets the password complexity requirements.")
    # Table 8-8: a Windows server has a password or a key; "image password" is for Linux images.
    login = "key_name" in wanted or "adminPass" in wanted or "admin_pass" in metadata
    if image.owner is not None and not login and state.deviates("private-image-needs-password"):
        raise refuse("Ecs.0005", "A server needs a password or a key pair.")
    if image.os_type == "Windows" and not login and not state.deviates("mandatory-unchecked"):
        raise refuse("Ecs.0005", "A Windows server needs admin_pass.")


def _plan(wanted: Mapping[str, Any], count: int, request: Request, state: State) -> tuple[Plan, Any]:
    """Return what to build, and a function that makes or finds the EIPs for that many servers."""
    refuse, project = refusing(state), request.project
    find = Resolver(state, project, refuse)
    image, zone = find.image(wanted.get("imageRef")), find.zone(wanted.get("availability_zone"))
    zone = find.zone_for(image, zone)
    _check_password(wanted, image, refuse, state)
    flavor = find.flavor(wanted.get("flavorRef"), zone)
    vpc = wanted.get("vpcid")
    if vpc is not None and vpc not in {network.vpc for network in project.networks}:
        find.unknown("Ecs.0014", "The VPC does not exist.")
    nics = []
    for nic in wanted.get("nics", []):
        network = find.network(nic.get("subnet_id"))
        if vpc is not None and network.vpc != vpc and not state.deviates("foreign-subnet-unchecked"):
            find.unknown("Ecs.0064", "The VPC is not that of the subnet.")
        address = find.address(network, nic.get("ip_address"))
        if address is not None and count > 1:
            find.unknown("Ecs.0010", "One address cannot be given to several servers.")
            address = None
        nics.append(NicPlan(network, address))
    hints = wanted.get("os:scheduler_hints", {})
    find.group(hints.get("group"))
    find.host(hints, zone)
    root = wanted.get("root_volume", {})
    size = root.get("size") or image.min_disk  # Table 5-5: 0 means the default
    lax = find.lax or state.deviates("disk-size-unchecked")
    if size < image.min_disk and not lax:
        raise refuse("Ecs.0005", "The system disk is smaller than the image needs.")
    disks = [Disk("", size, root.get("volumetype", "SSD"), system=True, delete_on_termination=True)]
    disks[0].scsi = _scsi(root)
    for disk in wanted.get("data_volumes", []):
        if "data_image_id" in disk:
            find.data_image(disk["data_image_id"])
        disks.append(Disk("", disk.get("size", 10), disk.get("volumetype", "SSD"), scsi=_scsi(disk)))
        disks[-1].shared = disk.get("multiattach", False)
        disks[-1].metadata = disk.get("metadata", {})
    # Table 8-2: an unknown security group is no error, the default one is used.
    asked = [one["id"] for one in wanted.get("security_groups", []) if one.get("id")]
    plan = Plan(
        image,
        flavor,
        zone or state.zones[0],
        nics or [NicPlan(project.networks[0])],
        disks,
        find.key(wanted.get("key_name"), request.user),
        wanted.get("adminPass"),
        wanted.get("description", ""),
        {key: value for key, value in wanted.get("metadata", {}).items() if key != "admin_pass"},
        [project.groups.get(one, project.default_group) for one in asked],
        wanted.get("user_data"),
        hints,
    )
    return plan, _eips(wanted.get("publicip"), count, find, request, state)


def _scsi(wanted: Mapping[str, Any]) -> bool:
    """Whether a disk shall be a SCSI one: what is no truth value means VBD (Tables 5-5 and 5-6)."""
    return wanted.get("hw:passthrough") in (True, "true")


def _eips(wanted: Mapping[str, Any] | None, count: int, find: Resolver, request: Request, state: State) -> Any:
    refuse, project = refusing(state), request.project
    if wanted is None:
        return lambda number: []
    released = wanted.get("delete_on_termination", False)
    permit(request.user, "ecs.create-with-eip" if "id" in wanted else "ecs.create-with-new-eip", state.deviates)
    if "eip" in wanted:
        if len(project.eips) + count > state.limits.eips and not state.deviates("quota-unchecked"):
            raise refuse("Ecs.0013", "The current EIP quota limit has been reached.")
        return lambda number: [state.eip(project, delete_on_termination=released) for _ in range(number)]
    found = find.eip(wanted.get("id"))
    if found is not None and count > 1:
        raise refuse("Ecs.0005", "One EIP cannot be bound to several servers.")

    def existing(number: int) -> Sequence[Eip]:
        if found is None:
            return []
        found.delete_on_termination = released
        return [found]

    return existing


# Delete (5.1.2), resize (5.2.4)


def _listed(request: Request, state: State, listed: Sequence[Mapping[str, Any]]) -> list[Server]:
    return find_servers(request, state, [one["id"] for one in listed if "id" in one], managed=True)


@route("POST", "/v1/{project_id}/cloudservers/delete", family="ecs", permission="ecs.delete")
def delete(request: Request, state: State) -> Response:
    """Delete the listed servers (5.1.2)."""
    read = Reader(refusing(state), state.deviates).read(request.json, DELETE)
    servers = _listed(request, state, read.get("servers", []))
    if state.deviates("delete-all"):
        others = [one for one in request.project.servers.values() if one not in servers]
        # Rather one that was made together with the first than a stranger.
        servers += sorted(others, key=lambda one: (one.number < servers[0].number, one.number))[:1]
    if not state.deviates("delete-noop"):
        for server in servers:
            for disk in server.disks:
                # System disks always go; data disks go when asked for.
                disk.delete_on_termination = disk.system or read.get("delete_volume", False)
            for eip in [nic.eip for nic in server.nics if nic.eip is not None]:
                if read.get("delete_publicip") is not None and not state.deviates("delete-publicip-ignored"):
                    eip.delete_on_termination = read["delete_publicip"]
    job = deliver(state, request.project, "deleteServer", servers, None if state.deviates("delete-noop") else "delete")
    return Response(200, {} if state.deviates("job-id-missing") else {"job_id": job.id})


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/resize", family="ecs", permission="ecs.resize")
def resize(request: Request, state: State) -> Response:
    """Give a stopped server another flavor (5.2.4)."""
    refuse = refusing(state)
    if request.json.get("dry_run") is True and state.deviates("dry-run-unchecked"):
        return _checked(state)
    read = Reader(refuse, state.deviates).read(request.json, RESIZE)
    (server,) = find_servers(request, state, [request.parameters["server_id"]], managed=True)
    wanted = read.get("resize", {}).get("flavorRef")
    flavor = Resolver(state, request.project, refuse).flavor(wanted, server.zone)
    if not server.ready(FROM["resize"]) and not state.deviates("resize-while-active"):
        raise EcsError("Ecs.0100", "The ECS status does not meet requirements.")
    if wanted == server.flavor.id and not state.deviates("resize-same-flavor"):
        raise EcsError("Ecs.0009", "Another flavor must be used for resizing.")
    if server.flavor.xen and not flavor.xen and not state.deviates("reference-unchecked"):
        raise EcsError("Ecs.0811", "Install the required drivers on the ECS and then change Xen to KVM.")
    check_flavor(state, request.project, server, flavor, refuse)
    if read.get("dry_run") is True and not state.deviates("dry-run-creates"):
        return _checked(state)

    def resized(server: Server) -> None:
        server.flavor = flavor

    idle = not server.ready(FROM["resize"])  # only where a deviation lets a running server be resized
    done = None if state.deviates("resize-noop") else resized
    job = deliver(state, request.project, "resizeServer", [server], None if idle else "resize", done)
    server.planned = None if done is None else flavor
    return Response(200, {"job_id": job.id})


# Start, restart, stop (5.3)

_ACTION = "/v1/{project_id}/cloudservers/action"
_TYPES = ("SOFT", "HARD")


def _act(
    request: Request, state: State, key: str, field: Field, job_type: str, operation: str, *, noop: str = ""
) -> Response:
    """Take the listed servers through an operation; all of them must be in the state that it needs."""
    read = Reader(refusing(state), state.deviates).read(request.json, Field("object", fields={key: field})).get(key, {})
    servers = _listed(request, state, read.get("servers", []))
    if read.get("type") == "HARD":
        operation += "-hard"
    ready = all(server.ready(FROM[operation]) for server in servers)
    if not ready and state.varies("busy-501") and any(server.task_state for server in servers):
        raise EcsError("Ecs.0603", "The commands are being executed.", status=501)
    if not ready and not state.deviates("state-unchecked"):
        raise EcsError("Ecs.0100", "The ECS status does not meet requirements.")
    if operation == "start" and any(not any(disk.system for disk in server.disks) for server in servers):
        raise EcsError("Ecs.0105", "No system disk found. Attach the system disk to the ECS and try again.")
    idle = not ready or (noop and state.deviates(noop))
    if state.deviates("batch-first-only"):
        servers = servers[:1]
    job = deliver(state, request.project, job_type, servers, None if idle else operation)
    return Response(200, {"job_id": 1234 if state.deviates("job-id-integer") else job.id})


@route("POST", _ACTION, family="ecs", selects="os-start", permission="ecs.start")
def batch_start(request: Request, state: State) -> Response:
    """Start the listed servers (5.3.1)."""
    field = Field("object", need=True, fields={"servers": LIST})
    return _act(request, state, "os-start", field, "startServers", "start", noop="start-noop")


@route("POST", _ACTION, family="ecs", selects="reboot", permission="ecs.reboot")
def batch_reboot(request: Request, state: State) -> Response:
    """Restart the listed servers (5.3.2)."""
    field = Field("object", need=True, fields={"type": Field("string", need=True, enum=_TYPES), "servers": LIST})
    return _act(request, state, "reboot", field, "rebootServers", "reboot")


@route("POST", _ACTION, family="ecs", selects="os-stop", permission="ecs.stop")
def batch_stop(request: Request, state: State) -> Response:
    """Stop the listed servers (5.3.3)."""
    field = Field("object", need=True, fields={"type": Field("string", enum=_TYPES), "servers": LIST})
    return _act(request, state, "os-stop", field, "stopServers", "stop", noop="stop-noop")
