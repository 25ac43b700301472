"""Floating IP addresses as the network service shows them: the EIPs of the project."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.companions.filters import chosen
from pytest_ecs._mock.companions.networks import EXTERNAL
from pytest_ecs._mock.companions.ports import find_nic
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.network.floating_ips import assign, find_eip, release
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Eip, Nic, Server

__all__: list[str] = []

_ALL = "/network/v2.0/floatingips"
_ONE = _ALL + "/{floating_ip_id}"
_FIELDS = {"port_id": Field("string|null", pattern=UUID), "fixed_ip_address": Field("string|null")}
_NETWORK = Field("string", need=True, pattern=UUID)
_CREATE = Field(
    "object",
    fields={"floatingip": Field("object", need=True, fields={"floating_network_id": _NETWORK, **_FIELDS})},
)
_CHANGE = Field("object", fields={"floatingip": Field("object", need=True, fields=_FIELDS)})


def _row(project: Project, eip: Eip) -> dict[str, Any]:
    server = project.servers.get(eip.server or "")
    nic = next((one for one in server.nics if one.eip is eip), None) if server is not None else None
    return {
        "id": eip.id,
        "floating_ip_address": eip.address,
        "floating_network_id": EXTERNAL,
        "fixed_ip_address": eip.fixed,
        "port_id": nic.id if nic is not None else None,
        "router_id": None,
        "status": "DOWN" if nic is None else "ACTIVE",
        "description": "",
        "tags": [],
        "project_id": project.id,
        "tenant_id": project.id,
    }


def _shown(request: Request, eip: Eip, status: int = 200) -> Response:
    return Response(status, {"floatingip": _row(request.project, eip)})


def _target(request: Request, wanted: dict[str, Any], eip: Eip | None) -> tuple[Server, Nic] | None:
    """Return the NIC that an address shall be bound to, None where it shall be free."""
    if wanted.get("port_id") is None:
        return None
    found = find_nic(request.project, wanted["port_id"].lower())
    if found is None:
        known = wanted["port_id"].lower() in request.project.ports
        raise NativeError(*((409, "No server has the port.") if known else (404, "The port could not be found.")))
    if wanted.get("fixed_ip_address") not in {None, found[1].address}:
        raise NativeError(400, "The port does not have the fixed address.")
    if found[1].eip not in (None, eip):
        raise NativeError(409, "The port has a floating IP address already.")
    return found


@route("GET", _ALL, family="nova")
def list_addresses(request: Request, state: State) -> Response:
    """List the floating IP addresses, by address, port or state when asked."""
    rows = [_row(request.project, eip) for eip in request.project.eips.values()]
    fields = ("id", "floating_ip_address", "floating_network_id", "fixed_ip_address", "port_id", "status")
    return Response(200, {"floatingips": chosen(request, rows, *fields)})


@route("GET", _ONE, family="nova")
def show_address(request: Request, state: State) -> Response:
    """Show a floating IP address."""
    return _shown(request, find_eip(request))


@route("POST", _ALL, family="nova")
def create_address(request: Request, state: State) -> Response:
    """Assign a floating IP address as 11.5.3 does, and bind it when asked."""
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CREATE).get("floatingip", {})
    if wanted.get("floating_network_id", EXTERNAL) != EXTERNAL:
        raise NativeError(400, "The network does not lead out.")
    target = _target(request, wanted, None)
    request.json = {}
    eip = request.project.eips[assign(request, state).body["floating_ip"]["id"]]
    if target is not None:
        target[0].bind(eip, target[1])
    return _shown(request, eip, 201)


@route("PUT", _ONE, family="nova")
def change_address(request: Request, state: State) -> Response:
    """Bind a floating IP address to a NIC, from which other it may come, or let it go."""
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CHANGE).get("floatingip", {})
    eip = find_eip(request)
    if "port_id" in wanted:
        target = _target(request, wanted, eip)
        if eip.server is not None:
            request.project.servers[eip.server].unbind(eip)
        if target is not None:
            target[0].bind(eip, target[1])
    return _shown(request, eip)


@route("DELETE", _ONE, family="nova")
def delete_address(request: Request, state: State) -> Response:
    """Release a floating IP address."""
    release(request, state)
    return Response(204)
