"""Networks of a project and of a server (6.4)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.compute.views import addresses_of
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Network, Server

__all__: list[str] = []

#: What is there and always null (Table 6-88).
_NULL = ("bridge", "broadcast", "cidr", "cidr_v6", "dns1", "dns2", "gateway", "gateway_v6", "netmask", "netmask_v6")


def _shown(state: State, network: Network) -> dict[str, Any]:
    body: dict[str, Any] = {"id": network.id, "label": network.label, **dict.fromkeys(_NULL)}
    if state.deviates("network-cidr-shown"):
        body["cidr"] = network.cidr
    if state.deviates("network-label-missing"):
        del body["label"]
    return body


@route("GET", "/v2.1/{project_id}/os-networks", family="nova", permission="nova.networks")
def list_networks(request: Request, state: State) -> Response:
    """List the networks of the project (6.4.1)."""
    return Response(200, {"networks": [_shown(state, network) for network in request.project.networks]})


def _addresses(state: State, server: Server) -> dict[str, list[dict[str, Any]]]:
    """Return the addresses by network, under the names that details have."""
    most = 1 if state.deviates("server-ips-incomplete") else None
    return {
        network: [{"version": one["version"], "addr": one["addr"]} for one in found[:most]]
        for network, found in addresses_of(server).items()
    }


@route("GET", "/v2.1/{project_id}/servers/{server_id}/ips", family="nova")
def list_addresses(request: Request, state: State) -> Response:
    """List the networks of a server with its addresses (6.4.2)."""
    return Response(200, {"addresses": _addresses(state, find_server(request, state))})


@route("GET", "/v2.1/{project_id}/servers/{server_id}/ips/{network_name}", family="nova")
def show_addresses(request: Request, state: State) -> Response:
    """Show the addresses of a server in one network, by its name or id (6.4.3)."""
    server, wanted = find_server(request, state), request.parameters["network_name"]
    ids = {network.label: network.id for network in request.project.networks}
    found = _addresses(state, server).get(ids.get(wanted, wanted))
    if found is None and not state.deviates("server-ips-unknown-empty"):
        raise NativeError(404, f"The server is not in the network {wanted[:64]}.")
    return Response(200, {wanted: found or []})
