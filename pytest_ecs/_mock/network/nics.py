"""NICs of servers: add, delete and show them, in the ECS view (5.5) and the native one (6.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_ecs._mock.compute.finding import find_server, find_servers, refusing
from pytest_ecs._mock.compute.jobs import follow
from pytest_ecs._mock.http.errors import EcsError, NativeError, RefusalError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Network, Nic, Port, Server
from pytest_ecs._mock.state.machine import SECONDS
from pytest_ecs._mock.state.records import SecurityGroup

__all__ = ["address_in"]

#: NICs that a server can have (Table 5-3), and states in which they can change.
_MOST: Final = 12
_STATES: Final = frozenset({"active", "stopped"})
_IPV4 = r"((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!$)|$)){4}|"  # "" asks for any free address
_ADD = Field(
    "object",
    fields={
        "nics": Field(  # Tables 5-43 to 5-45
            "array",
            need=True,
            low=1,
            item=Field(
                "object",
                fields={
                    "subnet_id": Field("string", need=True, pattern=UUID),
                    "ip_address": Field("string", pattern=_IPV4),
                    "security_groups": Field("array", item=Field("object", fields={"id": Field("string", need=True)})),
                },
            ),
        )
    },
)
_DELETE = Field(
    "object",
    fields={
        "nics": Field(  # Tables 5-47, 5-48
            "array",
            need=True,
            low=1,
            item=Field("object", fields={"id": Field("string", need=True)}),
        )
    },
)
_NATIVE = Field(
    "object",
    fields={  # Tables 6-134 to 6-136
        "interfaceAttachment": Field(
            "object",
            need=True,
            fields={
                "port_id": Field("string", pattern=UUID),
                "net_id": Field("string", pattern=UUID),
                "fixed_ips": Field(
                    "array",
                    high=1,
                    item=Field(
                        "object",
                        fields={
                            "ip_address": Field("string", pattern=_IPV4),
                        },
                    ),
                ),
            },
        ),
    },
)

Refuse = Callable[[str, str], RefusalError]
#: Code of A.2 -> status of the native APIs, which have no codes; all others are 400.
_STATUS = {"Ecs.0100": 409, "Ecs.0605": 409, "Ecs.0010": 409, "Ecs.0050": 403, "Ecs.0038": 404}


def _native(code: str, message: str) -> RefusalError:
    return NativeError(_STATUS.get(code, 400), message)


def _check_state(state: State, server: Server, refuse: Refuse) -> None:
    if server.locked and not state.deviates("nic-lock-unchecked"):
        raise refuse("Ecs.0605", "The ECS is locked.")
    fits = server.vm_state in _STATES and server.task_state is None
    if not fits and not state.deviates("nic-state-unchecked"):
        raise refuse("Ecs.0100", f"The ECS status {server.vm_state} does not meet requirements.")


# Add (5.5.1, 6.7.3)


def _network(request: Request, state: State, server: Server, ref: str | None, refuse: Refuse) -> Network:
    """Return a subnet in the VPC of the primary NIC."""
    networks = request.project.networks
    found = next((one for one in networks if ref is not None and one.id == ref.lower()), None)
    if found is None:
        if ref is not None:
            raise refuse("Ecs.0038", "The subnet does not exist.")
        return networks[0]  # only where a deviation lets it be left out
    foreign = bool(server.nics) and server.nics[0].network.vpc != found.vpc
    if foreign and not state.deviates("nic-vpc-unchecked"):
        raise refuse("Ecs.0064", "The VPC is not that of the primary NIC.")
    return found


def address_in(state: State, network: Network, asked: str | None, refuse: Refuse) -> str:
    """Take an address of a subnet, the one that is asked for or any free one."""
    if asked and not state.deviates("nic-address-ignored"):
        if not network.holds(asked):
            raise refuse("Ecs.0039", "The specified IP address does not belong to the subnet.")
        if asked in network.used and not state.deviates("nic-address-taken-accepted"):
            raise refuse("Ecs.0010", "The private IP address is already being used.")
        network.used.add(asked)
        return asked
    try:
        return network.take()
    except LookupError:
        raise refuse("Ecs.0012", "The subnet does not contain enough IP addresses.") from None


def _check_room(state: State, server: Server, count: int, refuse: Refuse) -> None:
    if len(server.nics) + count > _MOST and not state.deviates("nic-limit-unchecked"):
        raise refuse("Ecs.0050", "The number of NICs attached to the ECS exceeds the quota.")


def _put(state: State, server: Server, nic: Nic) -> Callable[[bool], bool]:
    """Add a NIC that does not work yet; what is returned ends it."""
    nic.up = False
    if state.deviates("nic-add-noop"):
        return lambda well: True
    server.nics.append(nic)

    def done(well: bool) -> bool:
        if nic not in server.nics or server.id not in state.projects[server.project].servers:
            return False
        if well:
            nic.up = True
        else:
            state.take_away(server, nic)
        return well

    return done


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/nics", family="ecs", permission="ecs.add-nics")
def add(request: Request, state: State) -> Response:
    """Add NICs to a server (5.5.1)."""
    refuse: Refuse = refusing(state)
    asked = Reader(refuse, state.deviates).read(request.json, _ADD).get("nics", [])
    (server,) = find_servers(request, state, [request.parameters["server_id"]])
    _check_state(state, server, refuse)
    _check_room(state, server, len(asked), refuse)
    plans = [
        (_network(request, state, server, one.get("subnet_id"), refuse), _groups(request, state, one, refuse), one)
        for one in asked
    ]
    taken: list[tuple[Network, str]] = []
    nics = []
    try:
        for network, groups, one in plans:
            address = address_in(state, network, one.get("ip_address"), refuse)
            taken.append((network, address))
            nics.append(Nic(network, address, state.mac(), None, state.uuid(), groups))
    except RefusalError:
        for network, address in taken:  # a request is done as a whole or not at all
            network.used.discard(address)
        raise
    parts = [({"nic_id": nic.id}, _put(state, server, nic)) for nic in nics]
    return Response(200, {"job_id": follow(state, request.project, "addNics", parts, SECONDS["add-nic"]).id})


def _groups(request: Request, state: State, nic: Mapping[str, Any], refuse: Refuse) -> list[SecurityGroup]:
    """Return the security groups that a NIC shall be in; the default one where none is asked for."""
    groups = []
    for one in nic.get("security_groups", []):
        found = request.project.groups.get(one.get("id", "").lower())
        if found is None and not state.deviates("reference-unchecked"):
            raise refuse("Ecs.0014", "The security group does not exist.")
        if found is not None and not state.deviates("nic-groups-dropped"):
            groups.append(found)
    return groups or [request.project.default_group]


_ALL = "/v2.1/{project_id}/servers/{server_id}/os-interface"
_ONE = _ALL + "/{port_id}"


@route("POST", _ALL, family="nova", permission="nova.add-nic")
def native_add(request: Request, state: State) -> Response:
    """Add a NIC by a network or a port that is there; there is no job (6.7.3)."""
    read = Reader(refuse_native, state.deviates).read(request.json, _NATIVE)
    asked = read.get("interfaceAttachment", {})
    server = find_server(request, state)
    wanted = next((one["ip_address"] for one in asked.get("fixed_ips", []) if one.get("ip_address")), None)
    lax = state.deviates("nic-together-unchecked") or state.deviates("together-unchecked")
    if "port_id" in asked and "net_id" in asked and not lax:
        raise NativeError(400, "port_id and net_id exclude each other.")
    if "port_id" not in asked and "net_id" not in asked and not state.deviates("mandatory-unchecked"):
        raise NativeError(400, "There is neither port_id nor net_id.")
    _check_state(state, server, _native)
    _check_room(state, server, 1, _native)
    if "port_id" in asked:
        port = _port(request, state, server, asked["port_id"])
        # Table 6-135 forbids it, the second example sends it: an address may be named if it is the port's.
        if wanted is not None and wanted != port.address and not lax:
            raise NativeError(400, "fixed_ips must be used with net_id.")
        port.server = server.id
        groups = list(port.groups) or [request.project.default_group]
        nic = Nic(port.network, port.address, port.mac, port, port.id, groups)
    else:
        network = _network(request, state, server, asked.get("net_id"), _native)
        address = address_in(state, network, wanted, _native)
        nic = Nic(network, address, state.mac(), None, state.uuid(), [request.project.default_group])
    done = _put(state, server, nic)
    state.later(state.clock.now() + SECONDS["add-nic"], lambda at: done(True))
    return Response(200, {"interfaceAttachment": _shown(server, nic)})


def _port(request: Request, state: State, server: Server, ref: str) -> Port:
    port = request.project.ports.get(ref.lower())
    if port is None:
        raise NativeError(404, f"Port {ref} could not be found.")
    if port.server is not None:
        raise NativeError(409, f"Port {ref} is in use.")
    _network(request, state, server, port.network.id, _native)
    return port


# Delete (5.5.2, 6.7.4)


def _check_primary(state: State, server: Server, nic: Nic) -> bool:
    """Whether a NIC is the primary one, which stays."""
    return nic is server.nics[0] and not state.deviates("nic-primary-unprotected")


def _drop(state: State, server: Server, nic: Nic, *, with_port: bool) -> Callable[[bool], bool]:
    """Start to take a NIC away; what is returned ends it."""
    if state.deviates("nic-delete-noop"):
        return lambda well: True
    nic.going = True
    ports = state.projects[server.project].ports

    def done(well: bool) -> bool:
        nic.going = False
        if well and nic in server.nics:
            state.take_away(server, nic)
            if nic.port is not None and with_port:
                ports.pop(nic.port.id, None)
                nic.network.used.discard(nic.address)
            if state.deviates("nic-address-kept"):
                nic.network.used.add(nic.address)
        return well

    return done


@route("POST", "/v1/{project_id}/cloudservers/{server_id}/nics/delete", family="ecs", permission="ecs.delete-nics")
def delete(request: Request, state: State) -> Response:
    """Delete NICs of a server, never the primary one (5.5.2)."""
    refuse: Refuse = refusing(state)
    asked = Reader(refuse, state.deviates).read(request.json, _DELETE).get("nics", [])
    (server,) = find_servers(request, state, [request.parameters["server_id"]])
    nics: dict[str, Nic] = {}
    for one in asked:
        wanted = one.get("id", "").lower()
        found = next((nic for nic in server.nics if nic.id == wanted and not nic.going), None)
        if found is None:
            raise refuse("Ecs.0085", "The server does not have the interface.")
        if _check_primary(state, server, found):
            # Table 5-48 has this status; the code's row in A.2 says 400.
            status = 400 if state.deviates("nic-primary-status-wrong") else 403
            raise EcsError("Ecs.0507", "The primary NIC cannot be deleted.", status=status)
        nics[wanted] = found
    _check_state(state, server, refuse)
    parts = [({"nic_id": nic.id}, _drop(state, server, nic, with_port=True)) for nic in nics.values()]
    return Response(200, {"job_id": follow(state, request.project, "deleteNics", parts, SECONDS["remove-nic"]).id})


@route("DELETE", _ONE, family="nova", permission="nova.delete-nic")
def native_delete(request: Request, state: State) -> Response:
    """Delete a NIC, but not the port that it was made with (6.7.4)."""
    server = find_server(request, state)
    nic = _find(request, server)
    if _check_primary(state, server, nic):
        raise NativeError(400 if state.deviates("nic-primary-status-wrong") else 403, "The primary NIC stays.")
    _check_state(state, server, _native)
    if not nic.going:
        done = _drop(state, server, nic, with_port=state.deviates("nic-port-deleted"))
        state.later(state.clock.now() + SECONDS["remove-nic"], lambda at: done(True))
    return Response(202)


# Show (6.7.1, 6.7.2)


def _find(request: Request, server: Server) -> Nic:
    wanted = request.parameters["port_id"].lower()
    found = next((nic for nic in server.nics if nic.id == wanted), None)
    if found is None:
        raise NativeError(404, f"Port {wanted[:64]} is not attached to the server.")
    return found


def _shown(server: Server, nic: Nic) -> dict[str, Any]:
    working = nic.up and not nic.going and server.vm_state == "active"
    return {
        "port_state": "ACTIVE" if working else "DOWN",
        "port_id": nic.id,
        "net_id": nic.network.id,
        "fixed_ips": [{"subnet_id": nic.network.subnet, "ip_address": nic.address}],
        "mac_addr": nic.mac,
    }


@route("GET", _ALL, family="nova", permission="nova.nics")
def native_list(request: Request, state: State) -> Response:
    """List the NICs of a server, the primary one first (6.7.1)."""
    server = find_server(request, state)
    return Response(200, {"interfaceAttachments": [_shown(server, nic) for nic in server.nics]})


@route("GET", "/v1/{project_id}/cloudservers/{server_id}/os-interface", family="ecs")
def list_v1(request: Request, state: State) -> Response:
    """List the NICs where the vendor's SDK looks for them, with the number that can still be added."""
    (server,) = find_servers(request, state, [request.parameters["server_id"]])
    shown = [_shown(server, nic) for nic in server.nics]
    return Response(200, {"interfaceAttachments": shown, "attachableQuantity": {"free_nic": _MOST - len(shown)}})


@route("GET", _ONE, family="nova", permission="nova.nic")
def native_show(request: Request, state: State) -> Response:
    """Show a NIC of a server (6.7.2)."""
    server = find_server(request, state)
    return Response(200, {"interfaceAttachment": _shown(server, _find(request, server))})
