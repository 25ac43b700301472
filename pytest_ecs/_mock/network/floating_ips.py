"""Elastic IP addresses as the discarded native APIs know them: floating IP addresses and their pools (11.5)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.http.versions import until
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Eip, Nic, Server

__all__ = ["assign", "find_eip", "release"]

#: The last microversion of the actions (11.5.1, 11.5.2), and of the others, as in Nova.
_LAST_ACTION, _LAST = (2, 43), (2, 35)
_POOLS = ("external",)
_IPV4 = r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}"
_ADDRESS = Field("string", need=True, pattern=_IPV4)
_ADD = Field(
    "object",
    fields={
        "addFloatingIp": Field(
            "object",
            need=True,
            fields={  # Table 11-71
                "address": _ADDRESS,
                "fixed_address": Field("string|null", pattern=_IPV4),
            },
        )
    },
)
_REMOVE = Field(
    "object",
    fields={  # Table 11-74
        "removeFloatingIp": Field("object", need=True, fields={"address": _ADDRESS}),
    },
)
#: Table 11-76; tenant_id is the one of the URL, and the example leaves it out.
_ASSIGN = Field("object", fields={"pool": Field("string|null"), "tenant_id": Field("string")})


def _shown(eip: Eip) -> dict[str, Any]:
    return {"id": eip.id, "pool": eip.pool, "ip": eip.address, "fixed_ip": eip.fixed, "instance_id": eip.server}


def _by_address(request: Request, address: str) -> Eip:
    found = next((eip for eip in request.project.eips.values() if eip.address == address), None)
    if found is None:
        raise NativeError(404, f"Floating IP {address} not found.")
    return found


def find_eip(request: Request) -> Eip:
    """Return the floating IP address of the URL, or refuse with 404."""
    wanted = request.parameters["floating_ip_id"].lower()
    if wanted not in request.project.eips:
        raise NativeError(404, f"Floating IP {wanted[:64]} not found.")
    return request.project.eips[wanted]


# Bind and unbind (11.5.1, 11.5.2)

_ACTION = "/v2.1/{project_id}/servers/{server_id}/action"


@route("POST", _ACTION, family="nova", selects="addFloatingIp")
def bind(request: Request, state: State) -> Response:
    """Bind a floating IP address to a NIC of a server, the primary one unless its address is named (11.5.1)."""
    until(request, state, _LAST_ACTION)
    server = find_server(request, state)
    wanted = Reader(refuse_native, state.deviates).read(request.json, _ADD).get("addFloatingIp", {})
    eip = _by_address(request, wanted.get("address", ""))
    fixed = None if state.deviates("floating-ip-fixed-ignored") else wanted.get("fixed_address")
    if server.vm_state == "building" and not state.deviates("state-unchecked"):
        raise NativeError(409, f"Cannot 'addFloatingIp' instance {server.id} while it is building.")
    nics = [nic for nic in server.nics if fixed is None or nic.address == fixed]
    if not nics:
        raise NativeError(400, "The fixed address is not one of the instance.")
    if eip.server is not None:
        if not state.deviates("floating-ip-moved"):
            raise NativeError(400, "The floating IP address is bound already.")
        request.project.servers[eip.server].unbind(eip)
    if nics[0].eip is not None:
        raise NativeError(400, "The fixed address has a floating IP address already.")
    if state.varies("floating-ips-late"):
        state.later(state.clock.now() + 4, lambda _: _bind_late(request.project, server, eip, nics[0]))
    elif not state.deviates("floating-ip-bind-noop"):
        server.bind(eip, nics[0])
    return Response(202)


def _bind_late(project: Project, server: Server, eip: Eip, nic: Nic) -> None:
    """Bind what was not released or bound otherwise meanwhile."""
    if eip.id in project.eips and eip.server is None and nic.eip is None:
        server.bind(eip, nic)


@route("POST", _ACTION, family="nova", selects="removeFloatingIp")
def unbind(request: Request, state: State) -> Response:
    """Unbind a floating IP address from the server that has it (11.5.2)."""
    until(request, state, _LAST_ACTION)
    server = find_server(request, state)
    wanted = Reader(refuse_native, state.deviates).read(request.json, _REMOVE).get("removeFloatingIp", {})
    eip = _by_address(request, wanted.get("address", ""))
    if eip.server != server.id and not state.deviates("floating-ip-unbound-accepted"):
        raise NativeError(409, "The floating IP address is not bound to the instance.")
    if state.varies("floating-ips-late"):
        state.later(state.clock.now() + 4, lambda _: server.unbind(eip) if eip.server == server.id else None)
    elif not state.deviates("floating-ip-unbind-noop"):
        server.unbind(eip)
    if state.deviates("floating-ip-unbind-releases"):
        request.project.eips.pop(eip.id, None)
    return Response(202)


# By themselves (11.5.3 to 11.5.7)

_ALL = "/v2.1/{project_id}/os-floating-ips"
_ONE = _ALL + "/{floating_ip_id}"


@route("POST", _ALL, family="nova", permission="nova.create-floating-ip")
def assign(request: Request, state: State) -> Response:
    """Assign a floating IP address of a pool (11.5.3)."""
    until(request, state, _LAST)
    wanted = Reader(refuse_native, state.deviates).read(request.json, _ASSIGN)
    pool = wanted.get("pool") or _POOLS[0]
    if pool not in _POOLS and not state.deviates("floating-ip-pool-unchecked"):
        raise NativeError(404, f"Floating IP pool {pool[:64]} not found.")
    if wanted.get("tenant_id", request.project.id) != request.project.id:
        raise NativeError(400, "tenant_id is not that of the URL.")
    if len(request.project.eips) >= state.limits.eips and not state.deviates("floating-ip-quota-unchecked"):
        raise refuse_native("Ecs.0013", "The current EIP quota limit has been reached.")
    eip = state.eip(request.project)
    eip.pool = pool
    return Response(200, {"floating_ip": _shown(eip)})


@route("GET", _ALL, family="nova", permission="nova.floating-ips")
def list_all(request: Request, state: State) -> Response:
    """List the floating IP addresses of the project (11.5.4)."""
    until(request, state, _LAST)
    eips = list(request.project.eips.values())
    if state.deviates("floating-ip-bound-unlisted"):
        eips = [eip for eip in eips if eip.server is None]
    return Response(200, {"floating_ips": [_shown(eip) for eip in eips]})


@route("GET", _ONE, family="nova", permission="nova.floating-ip")
def show(request: Request, state: State) -> Response:
    """Show a floating IP address (11.5.5)."""
    until(request, state, _LAST)
    return Response(200, {"floating_ip": _shown(find_eip(request))})


@route("DELETE", _ONE, family="nova", permission="nova.delete-floating-ip")
def release(request: Request, state: State) -> Response:
    """Release a floating IP address, also one that a server has (11.5.6)."""
    until(request, state, _LAST)
    eip = find_eip(request)
    if not state.deviates("floating-ip-release-noop"):
        if eip.server is not None:
            request.project.servers[eip.server].unbind(eip)
        del request.project.eips[eip.id]
    return Response(202)


@route("GET", "/v2.1/{project_id}/os-floating-ip-pools", family="nova")
def list_pools(request: Request, state: State) -> Response:
    """List the pools (11.5.7)."""
    until(request, state, _LAST)
    return Response(200, {"floating_ip_pools": [{"name": name} for name in _POOLS]})
