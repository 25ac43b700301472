"""Ports as the network service shows them: the NICs of servers, and those that servers can be given."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.companions.filters import chosen
from pytest_ecs._mock.http.errors import NativeError, RefusalError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.network.nics import address_in
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Nic, Port, Server
from pytest_ecs._mock.state.records import SecurityGroup

__all__ = ["find_nic"]

_ALL = "/network/v2.0/ports"
_ONE = _ALL + "/{port_id}"
_IDS = Field("array|null", item=Field("string", pattern=UUID))
_NAME = Field("string|null", high=255)
_CREATE = Field(
    "object",
    fields={
        "port": Field(
            "object",
            need=True,
            fields={
                "network_id": Field("string", need=True, pattern=UUID),
                "name": _NAME,
                "fixed_ips": Field(
                    "array|null",
                    high=1,
                    item=Field("object", fields={"ip_address": Field("string"), "subnet_id": Field("string")}),
                ),
                "security_groups": _IDS,
            },
        )
    },
)
_CHANGE = Field("object", fields={"port": Field("object", need=True, fields={"name": _NAME, "security_groups": _IDS})})


def find_nic(project: Project, port_id: str) -> tuple[Server, Nic] | None:
    """Return the NIC that a port is and the server that has it, None where no server has it."""
    nics = ((server, nic) for server in project.servers.values() for nic in server.nics)
    return next((found for found in nics if found[1].id == port_id), None)


def _row(project: Project, port: Port | Nic, server: Server | None) -> dict[str, Any]:
    up = isinstance(port, Nic) and port.up and not port.going and server is not None and server.vm_state == "active"
    record = port.port if isinstance(port, Nic) else port
    groups = port.groups or ([] if isinstance(port, Nic) else [project.default_group])
    return {
        "id": port.id,
        "name": record.name if record is not None else "",
        "description": "",
        "network_id": port.network.id,
        "mac_address": port.mac,
        "fixed_ips": [{"subnet_id": port.network.subnet, "ip_address": port.address}],
        "device_id": server.id if server is not None else "",
        "device_owner": f"compute:{server.zone}" if server is not None else "",
        "status": "ACTIVE" if up else "DOWN",
        "admin_state_up": True,
        "security_groups": [group.id for group in groups],
        "binding:vnic_type": "normal",
        "allowed_address_pairs": [],
        "project_id": project.id,
        "tenant_id": project.id,
    }


def _rows(project: Project) -> list[dict[str, Any]]:
    held = [_row(project, nic, server) for server in project.servers.values() for nic in server.nics]
    return [*held, *(_row(project, port, None) for port in project.ports.values() if port.server is None)]


def _find(request: Request) -> tuple[Port | None, tuple[Server, Nic] | None]:
    """Return the port of the URL as what it was made as, and as the NIC that it is; one of them is there."""
    wanted = request.parameters["port_id"].lower()
    port, held = request.project.ports.get(wanted), find_nic(request.project, wanted)
    if port is None and held is None:
        raise NativeError(404, f"Port {wanted[:64]} could not be found.")
    return port, held


def _shown(request: Request, port: Port | None, held: tuple[Server, Nic] | None) -> dict[str, Any]:
    if held is not None:
        return {"port": _row(request.project, held[1], held[0])}
    return {"port": _row(request.project, port, None)} if port is not None else {}


def _refuse(code: str, message: str) -> RefusalError:
    return NativeError(409 if code in {"Ecs.0010", "Ecs.0012"} else 400, message)


def _groups(request: Request, ids: list[str]) -> list[SecurityGroup]:
    missing = [one for one in ids if one.lower() not in request.project.groups]
    if missing:
        raise NativeError(404, f"Security group {missing[0][:64]} does not exist.")
    return [request.project.groups[one.lower()] for one in dict.fromkeys(ids)]


@route("GET", _ALL, family="nova")
def list_ports(request: Request, state: State) -> Response:
    """List the ports: the NICs of all servers, then those that no server has."""
    rows, address = _rows(request.project), request.arg("fixed_ips")
    if address is not None:  # subnet_id=X or ip_address=X
        key, _, value = address.partition("=")
        rows = [row for row in rows if row["fixed_ips"][0].get(key) == value]
    fields = ("id", "name", "network_id", "device_id", "device_owner", "mac_address", "status")
    return Response(200, {"ports": chosen(request, rows, *fields)})


@route("GET", _ONE, family="nova")
def show_port(request: Request, state: State) -> Response:
    """Show a port."""
    return Response(200, _shown(request, *_find(request)))


@route("POST", _ALL, family="nova")
def create_port(request: Request, state: State) -> Response:
    """Make a port that a server can be given (6.2.1, 6.7.3)."""
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CREATE).get("port", {})
    project, network_id = request.project, wanted.get("network_id", "").lower()
    network = next((one for one in project.networks if one.id == network_id), None)
    if network is None:
        raise NativeError(404, f"Network {network_id[:64]} could not be found.")
    fixed: dict[str, str] = next(iter(wanted.get("fixed_ips") or []), {})
    if fixed.get("subnet_id", network.subnet) != network.subnet:
        raise NativeError(400, "The subnet is not one of the network.")
    groups = _groups(request, wanted.get("security_groups") or [])
    address = address_in(state, network, fixed.get("ip_address"), _refuse)
    made = Port(state.uuid(), network, address, state.mac(), None, wanted.get("name") or "", groups)
    project.ports[made.id] = made
    return Response(201, _shown(request, made, None))


@route("PUT", _ONE, family="nova")
def change_port(request: Request, state: State) -> Response:
    """Put a port into other security groups, or give it another name unless its server made it."""
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CHANGE).get("port", {})
    port, held = _find(request)
    groups = _groups(request, wanted.get("security_groups") or [])
    if wanted.get("name") is not None:
        if port is None:
            raise NativeError(400, "A NIC that was made with its server has no name.")
        port.name = wanted["name"]
    if wanted.get("security_groups") is not None:
        if port is not None:
            port.groups = list(groups)
        if held is not None:
            held[1].groups = groups
    return Response(200, _shown(request, port, held))


@route("DELETE", _ONE, family="nova")
def delete_port(request: Request, state: State) -> Response:
    """Delete a port that no server has."""
    port, held = _find(request)
    if held is not None or port is None or port.server is not None:
        raise NativeError(409, "The port is in use by a server.")
    del request.project.ports[port.id]
    port.network.used.discard(port.address)
    return Response(204)
