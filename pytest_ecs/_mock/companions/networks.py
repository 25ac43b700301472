"""Networks, subnets and quotas as the network service shows them; no API here makes a network."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.companions.filters import chosen
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Network

__all__ = ["EXTERNAL"]

#: Id of the network that floating IP addresses are of; its name is that of their pool (11.5.7).
EXTERNAL = "0e8a1d5c-9a4e-5f0b-8a57-6c5f2d6f7a10"
_SERVICE = "/network/v2.0"


def _network(network_id: str, name: str, project: Project, subnets: list[str]) -> dict[str, Any]:
    return {
        "id": network_id,
        "name": name,
        "status": "ACTIVE",
        "admin_state_up": True,
        "shared": not subnets,
        "project_id": project.id,
        "tenant_id": project.id,
        "subnets": subnets,
        "router:external": not subnets,
    }


def _networks(project: Project) -> list[dict[str, Any]]:
    """Return the networks of a project, then the one that leads out."""
    ours = [_network(one.id, one.label, project, [one.subnet]) for one in project.networks]
    return [*ours, _network(EXTERNAL, "external", project, [])]


def _subnet(network: Network, project: Project) -> dict[str, Any]:
    return {
        "id": network.subnet,
        "name": network.label,
        "network_id": network.id,
        "cidr": network.cidr,
        "ip_version": 4,
        "gateway_ip": str(network.range[1]),
        "enable_dhcp": True,
        "allocation_pools": [{"start": str(network.range[2]), "end": str(network.range[-2])}],
        "dns_nameservers": [],
        "host_routes": [],
        "project_id": project.id,
        "tenant_id": project.id,
    }


def _one(rows: list[dict[str, Any]], wanted: str, resource: str) -> dict[str, Any]:
    found = next((row for row in rows if row["id"] == wanted.lower()), None)
    if found is None:
        raise NativeError(404, f"{resource} {wanted[:64]} could not be found.")
    return found


@route("GET", _SERVICE + "/networks", family="nova")
def list_networks(request: Request, state: State) -> Response:
    """List the networks, by name, id or whether they lead out when asked."""
    rows = chosen(request, _networks(request.project), "id", "name", "status")
    out = request.arg("router:external")
    if out is not None:
        rows = [row for row in rows if row["router:external"] is (out.lower() in {"true", "1"})]
    return Response(200, {"networks": rows})


@route("GET", _SERVICE + "/networks/{network_id}", family="nova")
def show_network(request: Request, state: State) -> Response:
    """Show a network."""
    row = _one(_networks(request.project), request.parameters["network_id"], "Network")
    return Response(200, {"network": row})


@route("GET", _SERVICE + "/subnets", family="nova")
def list_subnets(request: Request, state: State) -> Response:
    """List the subnets; their ids are those that NICs show (6.7.1)."""
    rows = [_subnet(one, request.project) for one in request.project.networks]
    return Response(200, {"subnets": chosen(request, rows, "id", "name", "network_id", "cidr")})


@route("GET", _SERVICE + "/subnets/{subnet_id}", family="nova")
def show_subnet(request: Request, state: State) -> Response:
    """Show a subnet."""
    rows = [_subnet(one, request.project) for one in request.project.networks]
    return Response(200, {"subnet": _one(rows, request.parameters["subnet_id"], "Subnet")})


@route("GET", _SERVICE + "/routers", family="nova")
def list_routers(request: Request, state: State) -> Response:
    """List the routers, of which there are none: every network leads out by itself."""
    return Response(200, {"routers": []})


@route("GET", _SERVICE + "/quotas/{target_id}", family="nova")
@route("GET", _SERVICE + "/quotas/{target_id}/default", family="nova")
def quotas(request: Request, state: State) -> Response:
    """Show the quotas of the project; rules are counted for each group."""
    return Response(200, {"quota": {name: most for name, (most, _) in _quotas(request, state).items()}})


@route("GET", _SERVICE + "/quotas/{target_id}/details", family="nova")
def quota_details(request: Request, state: State) -> Response:
    """Show the quotas of the project and what is used of them."""
    found = _quotas(request, state).items()
    return Response(
        200, {"quota": {name: {"limit": most, "used": used, "reserved": 0} for name, (most, used) in found}}
    )


def _quotas(request: Request, state: State) -> dict[str, tuple[int, int]]:
    project, limits = request.project, state.limits
    if request.parameters["target_id"] != project.id:
        raise NativeError(403, "The quotas of other projects cannot be queried.")
    nics = sum(len(server.nics) for server in project.servers.values())
    return {
        "network": (len(project.networks), len(project.networks)),
        "subnet": (len(project.networks), len(project.networks)),
        "port": (-1, nics + sum(port.server is None for port in project.ports.values())),
        "router": (0, 0),
        "floatingip": (limits.eips, len(project.eips)),
        "security_group": (limits.security_groups, len(project.groups)),
        "security_group_rule": (limits.rules, max(len(group.rules) for group in project.groups.values())),
    }
