"""Security groups of servers (6.5), and security groups with their rules in the discarded view (11.3)."""

from __future__ import annotations

import ipaddress
from typing import Any

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.http.errors import NativeError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.http.versions import until
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.records import Rule, SecurityGroup

__all__ = ["create", "delete", "delete_rule", "find_group", "update"]

#: The last microversion with the APIs of 11.3, as in Nova; the document names none.
_LAST = (2, 35)
_NAME = Field("string", need=True, low=1)
_CREATE = Field(
    "object",
    fields={
        "security_group": Field(
            "object",
            need=True,
            fields={  # Table 11-31
                "name": Field("string", high=255),
                "description": Field("string|null", high=255),
            },
        )
    },
)
_UPDATE = Field(
    "object",
    fields={
        "security_group": Field(
            "object",
            need=True,
            fields={  # Table 11-42
                "name": Field("string", need=True, high=255),
                "description": Field("string", need=True, high=255),
            },
        )
    },
)
_PORT = Field("integer|string", need=True, low=-1, high=65535)  # the example sends "443"
_RULE = Field(
    "object",
    fields={
        "security_group_rule": Field(
            "object",
            need=True,
            fields={  # Table 11-51
                "parent_group_id": Field("string", need=True, pattern=UUID),
                "ip_protocol": Field("string", need=True, enum=("icmp", "tcp", "udp")),
                "from_port": _PORT,
                "to_port": _PORT,
                "cidr": Field("string|null"),
                "group_id": Field("string|null", pattern=UUID),
            },
        )
    },
)


def _shown_rule(project: Project, group: SecurityGroup, rule: Rule) -> dict[str, Any]:
    peer = project.groups.get(rule.peer or "")
    return {
        "id": rule.id,
        "parent_group_id": group.id,
        "ip_protocol": rule.protocol,
        "from_port": rule.low,
        "to_port": rule.high,
        "ip_range": {"cidr": rule.cidr} if rule.cidr is not None else {},
        "group": {"tenant_id": project.id, "name": peer.name} if peer is not None else {},
    }


def _shown(project: Project, group: SecurityGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "tenant_id": project.id,
        "rules": [_shown_rule(project, group, rule) for rule in group.rules.values()],
    }


# Of a server (6.5)

_ACTION = "/v2.1/{project_id}/servers/{server_id}/action"


def _named(request: Request, state: State, ref: str) -> SecurityGroup:
    """Return a group by its id or name; a name that several have is refused with 409."""
    groups = request.project.groups
    if ref.lower() in groups and not state.deviates("server-group-by-name-only"):
        return groups[ref.lower()]
    found = [group for group in groups.values() if group.name == ref]
    if len(found) > 1:
        raise NativeError(409, f"Several security groups are called {ref[:64]}.")
    if not found:
        raise NativeError(404, f"Security group {ref[:64]} not found.")
    return found[0]


def _wanted(request: Request, state: State, key: str) -> SecurityGroup:
    field = Field("object", fields={key: Field("object", need=True, fields={"name": _NAME})})
    read = Reader(refuse_native, state.deviates).read(request.json, field)
    return _named(request, state, read.get(key, {}).get("name", "default"))


@route("POST", _ACTION, family="nova", selects="addSecurityGroup", permission="nova.add-group")
def add(request: Request, state: State) -> Response:
    """Add all NICs of a server to a security group (6.5.1)."""
    server = find_server(request, state)
    group = _wanted(request, state, "addSecurityGroup")
    for nic in server.nics:
        if state.deviates("server-group-add-replaces"):
            nic.groups.clear()
        if group not in nic.groups and not state.deviates("server-group-add-noop"):
            nic.groups.append(group)
    return Response(202)


@route("POST", _ACTION, family="nova", selects="removeSecurityGroup", permission="nova.remove-group")
def remove(request: Request, state: State) -> Response:
    """Remove all NICs of a server from a security group (6.5.2)."""
    server = find_server(request, state)
    group = _wanted(request, state, "removeSecurityGroup")
    if group not in server.groups and not state.deviates("server-group-absent-removed"):
        raise NativeError(404, f"Security group {group.name} is not associated with the server.")
    for nic in server.nics:
        if state.deviates("server-group-remove-all"):
            nic.groups.clear()
        if group in nic.groups and not state.deviates("server-group-remove-noop"):
            nic.groups.remove(group)
    return Response(202)


@route(
    "GET", "/v2.1/{project_id}/servers/{server_id}/os-security-groups", family="nova", permission="nova.server-groups"
)
def of_server(request: Request, state: State) -> Response:
    """List the security groups of a server with their rules (6.5.3)."""
    groups = [_shown(request.project, group) for group in find_server(request, state).groups]
    if state.deviates("server-group-rules-missing"):
        groups = [{**group, "rules": []} for group in groups]
    return Response(200, {"security_groups": groups})


# By themselves (11.3.1 to 11.3.5)

_ALL = "/v2.1/{project_id}/os-security-groups"
_ONE = _ALL + "/{security_group_id}"


def find_group(request: Request, group_id: str) -> SecurityGroup:
    """Return a security group of the project, or refuse with 404."""
    found = request.project.groups.get(group_id.lower())
    if found is None:
        raise NativeError(404, f"Security group {group_id[:64]} not found.")
    return found


@route("GET", _ALL, family="nova", permission="nova.groups")
def list_groups(request: Request, state: State) -> Response:
    """List the security groups; there are no pages (11.3.1)."""
    until(request, state, _LAST)
    groups = request.project.groups.values()
    return Response(200, {"security_groups": [_shown(request.project, group) for group in groups]})


@route("POST", _ALL, family="nova", permission="nova.create-group")
def create(request: Request, state: State) -> Response:
    """Create a security group, which has no rules (11.3.2)."""
    until(request, state, _LAST)
    project = request.project
    wanted = Reader(refuse_native, state.deviates).read(request.json, _CREATE).get("security_group", {})
    if wanted.get("name") == "default" and not state.deviates("group-default-unprotected"):
        raise NativeError(400, "There is a default security group already.")
    if len(project.groups) >= state.limits.security_groups and not state.deviates("quota-unchecked"):
        raise NativeError(403, "Quota exceeded, too many security groups.")
    group = SecurityGroup(state.uuid(), wanted.get("name", ""), wanted.get("description") or "")
    if state.deviates("group-rules-prefilled"):
        rule = Rule(state.uuid(), "tcp", 1, 65535, "0.0.0.0/0")
        group.rules[rule.id] = rule
    project.groups[group.id] = group
    return Response(200, {"security_group": _shown(project, group)})


@route("GET", _ONE, family="nova", permission="nova.group")
def show(request: Request, state: State) -> Response:
    """Show a security group with its inbound rules (11.3.3)."""
    until(request, state, _LAST)
    group = find_group(request, request.parameters["security_group_id"])
    return Response(200, {"security_group": _shown(request.project, group)})


@route("PUT", _ONE, family="nova", permission="nova.update-group")
def update(request: Request, state: State) -> Response:
    """Give a security group another name and description (11.3.4)."""
    until(request, state, _LAST)
    wanted = Reader(refuse_native, state.deviates).read(request.json, _UPDATE).get("security_group", {})
    group = find_group(request, request.parameters["security_group_id"])
    name = wanted.get("name", group.name)
    if (group.name == "default") != (name == "default") and not state.deviates("group-default-unprotected"):
        raise NativeError(400, "The default security group keeps its name, and no other one gets it.")
    before = group.name, group.description
    group.name, group.description = name, wanted.get("description", group.description)
    shown = _shown(request.project, group)
    if state.deviates("group-update-noop"):
        group.name, group.description = before
    if state.deviates("group-update-description-kept"):
        group.description = before[1]
    return Response(200, {"security_group": shown})


@route("DELETE", _ONE, family="nova", permission="nova.delete-group")
def delete(request: Request, state: State) -> Response:
    """Delete a security group that no server is in (11.3.5)."""
    until(request, state, _LAST)
    project = request.project
    group = find_group(request, request.parameters["security_group_id"])
    if group is project.default_group:
        raise NativeError(400, "The default security group cannot be deleted.")
    users = [server for server in project.servers.values() if group in server.groups]
    held = users or any(group in port.groups for port in project.ports.values())
    if held and not state.deviates("group-in-use-deleted"):
        raise NativeError(400, "The security group is in use.")
    if not state.deviates("group-delete-noop"):
        del project.groups[group.id]
        for nic in (nic for server in users for nic in server.nics if group in nic.groups):
            nic.groups.remove(group)
        for port in project.ports.values():
            port.groups = [one for one in port.groups if one is not group]
        for other in project.groups.values():  # rules that let its members in make no sense without it
            other.rules = {rule.id: rule for rule in other.rules.values() if rule.peer != group.id}
    return Response(202)


# Rules (11.3.6, 11.3.7)

_RULES = "/v2.1/{project_id}/os-security-group-rules"


def _check_ports(protocol: str, low: int, high: int, state: State) -> None:
    """Refuse ports outside 1 to 65535, and ICMP types and codes outside 0 to 255; -1 for both is any ICMP."""
    if state.deviates("rule-range-unchecked"):
        return
    if protocol == "icmp":
        fits = (low, high) == (-1, -1) or (0 <= low <= 255 and 0 <= high <= 255)
    else:
        fits = 1 <= low <= high <= 65535
    if not fits:
        raise NativeError(400, f"{low} and {high} are not valid for {protocol}.")


def _cidr(text: str | None, state: State) -> str:
    try:
        return str(ipaddress.ip_network(text or "0.0.0.0/0", strict=False))
    except ValueError:
        if state.deviates("rule-cidr-unchecked"):
            return str(text)
        raise NativeError(400, "cidr is not a range of addresses.") from None


@route("POST", _RULES, family="nova", permission="nova.create-rule")
def create_rule(request: Request, state: State) -> Response:
    """Let traffic in, from a range of addresses or the members of a security group (11.3.6)."""
    until(request, state, _LAST)
    project, deviates = request.project, state.deviates
    wanted = Reader(refuse_native, deviates).read(request.json, _RULE).get("security_group_rule", {})
    low, high = wanted.get("from_port", 1), wanted.get("to_port", 65535)
    protocol = wanted.get("ip_protocol", "tcp")
    _check_ports(protocol, low, high, state)
    group = find_group(request, wanted.get("parent_group_id", ""))
    peer = wanted.get("group_id")
    if peer is not None and wanted.get("cidr") is not None and deviates("rule-cidr-first"):
        peer = None
    rule = Rule(state.uuid(), protocol, low, high)
    if peer is not None:  # group_id counts more than cidr
        rule.peer = find_group(request, peer).id
    else:
        rule.cidr = _cidr(wanted.get("cidr"), state)
    kept = group.rules.values()
    same = any((r.protocol, r.low, r.high, r.cidr, r.peer) == (protocol, low, high, rule.cidr, rule.peer) for r in kept)
    if same and not deviates("rule-twice-accepted"):
        raise NativeError(400, "This rule exists already.")
    if len(group.rules) >= state.limits.rules and not deviates("rule-limit-unchecked"):
        raise NativeError(403, "Quota exceeded, too many security group rules.")
    if not deviates("rule-create-noop"):
        group.rules[rule.id] = rule
    return Response(200, {"security_group_rule": _shown_rule(project, group, rule)})


@route("DELETE", _RULES + "/{security_group_rule_id}", family="nova", permission="nova.delete-rule")
def delete_rule(request: Request, state: State) -> Response:
    """Delete a rule (11.3.7)."""
    until(request, state, _LAST)
    wanted = request.parameters["security_group_rule_id"].lower()
    group = next((one for one in request.project.groups.values() if wanted in one.rules), None)
    if group is None:
        raise NativeError(404, f"Rule {wanted[:64]} not found.")
    if not state.deviates("rule-delete-noop"):
        del group.rules[wanted]
    return Response(202)
