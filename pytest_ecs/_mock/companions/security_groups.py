"""Security groups and their rules as the network service shows them. Rules are inbound: everything may go out."""

from __future__ import annotations

import ipaddress
from typing import Any

from pytest_ecs._mock.companions.filters import asked, chosen
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.network.security_groups import create, delete, delete_rule, find_group, update
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.records import Rule, SecurityGroup

__all__: list[str] = []

_ALL, _RULES = "/network/v2.0/security-groups", "/network/v2.0/security-group-rules"
_ONE, _RULE = _ALL + "/{security_group_id}", _RULES + "/{security_group_rule_id}"
_PORT = Field("integer|string|null", low=-1, high=65535)
_CREATE = Field(
    "object",
    fields={
        "security_group_rule": Field(
            "object",
            need=True,
            fields={
                "security_group_id": Field("string", need=True, pattern=UUID),
                "direction": Field("string", need=True, enum=("ingress", "egress")),
                "ethertype": Field("string|null", enum=("IPv4", "IPv6")),
                "protocol": Field("string|null"),
                "port_range_min": _PORT,
                "port_range_max": _PORT,
                "remote_ip_prefix": Field("string|null"),
                "remote_group_id": Field("string|null", pattern=UUID),
            },
        )
    },
)
#: What a protocol may be called.
_PROTOCOLS = {"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp", "any": None}


def _rule_row(project: Project, group: SecurityGroup, rule: Rule) -> dict[str, Any]:
    every = rule.protocol == "icmp" and (rule.low, rule.high) == (-1, -1)
    return {
        "id": rule.id,
        "security_group_id": group.id,
        "direction": "ingress",
        "ethertype": "IPv6" if ":" in (rule.cidr or "") else "IPv4",
        "protocol": rule.protocol,
        "port_range_min": None if every else rule.low,
        "port_range_max": None if every else rule.high,
        "remote_ip_prefix": rule.cidr,
        "remote_group_id": rule.peer,
        "description": "",
        "project_id": project.id,
        "tenant_id": project.id,
    }


def _row(project: Project, group: SecurityGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "stateful": True,
        "security_group_rules": [_rule_row(project, group, rule) for rule in group.rules.values()],
        "tags": [],
        "project_id": project.id,
        "tenant_id": project.id,
    }


def _shown(request: Request, group: SecurityGroup, status: int = 200) -> Response:
    return Response(status, {"security_group": _row(request.project, group)})


@route("GET", _ALL, family="nova")
def list_groups(request: Request, state: State) -> Response:
    """List the security groups, by name or id when asked."""
    rows = [_row(request.project, group) for group in request.project.groups.values()]
    return Response(200, {"security_groups": chosen(request, rows, "id", "name", "description")})


@route("POST", _ALL, family="nova")
def create_group(request: Request, state: State) -> Response:
    """Create a security group without rules, as 11.3.2 does."""
    made = create(request, state).body["security_group"]["id"]
    return _shown(request, request.project.groups[made], 201)


@route("GET", _ONE, family="nova")
def show_group(request: Request, state: State) -> Response:
    """Show a security group with its rules."""
    return _shown(request, find_group(request, request.parameters["security_group_id"]))


@route("PUT", _ONE, family="nova")
def change_group(request: Request, state: State) -> Response:
    """Give a security group another name or description, as 11.3.4 does with both."""
    group = find_group(request, request.parameters["security_group_id"])
    now = {"name": group.name, "description": group.description}
    request.json = {"security_group": {**now, **asked(request, "security_group")}}
    update(request, state)
    return _shown(request, group)


@route("DELETE", _ONE, family="nova")
def delete_group(request: Request, state: State) -> Response:
    """Delete a security group that nothing is in."""
    delete(request, state)
    return Response(204)


@route("GET", _RULES, family="nova")
def list_rules(request: Request, state: State) -> Response:
    """List the rules of all groups, or of one when asked."""
    project = request.project
    rows = [_rule_row(project, group, rule) for group in project.groups.values() for rule in group.rules.values()]
    fields = ("id", "security_group_id", "direction", "ethertype", "protocol")
    return Response(200, {"security_group_rules": chosen(request, rows, *fields)})


@route("GET", _RULE, family="nova")
def show_rule(request: Request, state: State) -> Response:
    """Show a rule."""
    wanted = request.parameters["security_group_rule_id"].lower()
    group = next((one for one in request.project.groups.values() if wanted in one.rules), None)
    if group is None:
        raise NativeError(404, f"Rule {wanted[:64]} not found.")
    return Response(200, {"security_group_rule": _rule_row(request.project, group, group.rules[wanted])})


@route("POST", _RULES, family="nova")
def create_rule(request: Request, state: State) -> Response:
    """Let traffic in, from a range of addresses or the members of a group."""
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CREATE).get("security_group_rule", {})
    if wanted.get("direction") == "egress":
        raise NativeError(400, "There are inbound rules only: everything may go out.")
    group = find_group(request, wanted.get("security_group_id", ""))
    rule = Rule(state.uuid(), *_ports(wanted))
    if wanted.get("remote_group_id") is not None:
        rule.peer = find_group(request, wanted["remote_group_id"]).id
    else:
        rule.cidr = _prefix(wanted)
    same = [one for one in group.rules.values() if _meaning(one) == _meaning(rule)]
    if same:
        raise NativeError(409, f"Rule {same[0].id} is the same.")
    if len(group.rules) >= state.limits.rules:
        raise NativeError(409, "Quota exceeded, too many security group rules.")
    group.rules[rule.id] = rule
    return Response(201, {"security_group_rule": _rule_row(request.project, group, rule)})


def _meaning(rule: Rule) -> tuple[object, ...]:
    return rule.protocol, rule.low, rule.high, rule.cidr, rule.peer


def _ports(wanted: dict[str, Any]) -> tuple[str | None, int | None, int | None]:
    """Return protocol and ports of a rule as they are kept; without ports it is for all of the protocol."""
    name = (wanted.get("protocol") or "any").lower()
    if name not in _PROTOCOLS:
        raise NativeError(400, "protocol is none of tcp, udp and icmp.")
    protocol, low, high = _PROTOCOLS[name], wanted.get("port_range_min"), wanted.get("port_range_max")
    if protocol is None:
        if low is not None or high is not None:
            raise NativeError(400, "Ports need a protocol.")
        return None, None, None
    least, most = (-1, -1) if protocol == "icmp" else (1, 65535)
    low = least if low is None else low
    high = (most if low == least else low) if high is None else high
    icmp = (low, high) == (-1, -1) or (0 <= low <= 255 and -1 <= high <= 255)
    if not (icmp if protocol == "icmp" else 1 <= low <= high <= 65535):
        raise NativeError(400, f"{low} and {high} are not valid for {protocol}.")
    return protocol, low, high


def _prefix(wanted: dict[str, Any]) -> str:
    version = wanted.get("ethertype") or "IPv4"
    text = wanted.get("remote_ip_prefix") or ("::/0" if version == "IPv6" else "0.0.0.0/0")
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise NativeError(400, "remote_ip_prefix is not a range of addresses.") from None
    if f"IPv{found.version}" != version:
        raise NativeError(400, f"The range is not one of {version}.")
    return str(found)


@route("DELETE", _RULE, family="nova")
def remove_rule(request: Request, state: State) -> Response:
    """Delete a rule."""
    delete_rule(request, state)
    return Response(204)
