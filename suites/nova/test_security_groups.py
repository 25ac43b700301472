"""Rules of the security groups of servers through the native API (6.5)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, Supplies, read
from pytest_ecs.exceptions import PrerequisiteMissing

_ADD, _REMOVE = (f"nova.servers.{verb}-security-group/rule" for verb in ("add", "remove"))
_LIST = "nova.server-security-groups.list/rule"


def _groups(client: Client, server: str) -> Exchange:
    return client.get(f"/v2.1/{{project_id}}/servers/{server}/os-security-groups")


def _act(client: Client, server: str, verb: str, group: str) -> Exchange:
    return client.post(f"/v2.1/{{project_id}}/servers/{server}/action", {verb: {"name": group}})


@pytest.mark.ecs_requirement(
    "nova.servers.add-security-group/rule/adds",
    "nova.servers.add-security-group/rule/by-uuid",
    "nova.servers.add-security-group/rule/by-name",
    "nova.servers.add-security-group/rule/keeps-others",
    "nova.servers.add-security-group/rule/shown",
    "nova.servers.add-security-group/rule/this-server-only",
    "nova.servers.add-security-group/rule/again",
    "nova.servers.add-security-group/rule/no-body",
    "nova.servers.remove-security-group/rule/removes",
    "nova.servers.remove-security-group/rule/by-uuid",
    "nova.servers.remove-security-group/rule/by-name",
    "nova.servers.remove-security-group/rule/keeps-others",
    "nova.servers.remove-security-group/rule/not-shown",
    "nova.servers.remove-security-group/rule/this-server-only",
    "nova.servers.remove-security-group/rule/no-body",
    "nova.servers.remove-security-group/rule/not-a-member",
    "nova.servers.remove-security-group/rule/group-stays",
    "nova.server-security-groups.list/rule/own-groups",
    "nova.server-security-groups.list/rule/same-as-show",
)
def test_a_server_comes_into_a_group_and_out_of_it(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """By the group's id and by its name; other groups and other servers stay as they are."""
    group = ecs_supplies.need("security_group_id")
    lease, other = ecs_servers.batch(2, "ACTIVE")
    before = [entry["id"] for entry in read(_groups(ecs_client, lease.id), "security_groups")]
    ids = ("body", "security_groups", "*", "id")
    name = ""
    for form in ("by-uuid", "by-name"):
        theirs = [entry["id"] for entry in read(_groups(ecs_client, other.id), "security_groups")]
        added = _act(ecs_client, lease.id, "addSecurityGroup", name or group)
        ecs_check.accepted(f"{_ADD}/{form}", added)
        ecs_check("nova.servers.add-security-group/rule/no-body", added, "body", equals=None)
        listed, shown = _groups(ecs_client, lease.id), lease.show()
        ecs_check("nova.servers.add-security-group/rule/adds", listed, *ids, has_one=group)
        if form == "by-name":  # it was removed before
            ecs_check("nova.servers.remove-security-group/rule/group-stays", listed, *ids, has_one=group)
        ecs_check("nova.servers.add-security-group/rule/keeps-others", listed, *ids, includes=before)
        ecs_check(
            "nova.servers.add-security-group/rule/this-server-only",
            _groups(ecs_client, other.id),
            *ids,
            same_items=theirs,
        )
        _act(ecs_client, other.id, "addSecurityGroup", group)
        joined = [entry["id"] for entry in read(_groups(ecs_client, other.id), "security_groups")]
        ecs_check("nova.server-security-groups.list/rule/own-groups", listed, *ids, same_items=[*before, group])
        entries = read(listed, "security_groups")
        name = next(entry["name"] for entry in entries if entry["id"] == group)
        names = ("body", "server", "security_groups", "*", "name")
        ecs_check(
            "nova.server-security-groups.list/rule/same-as-show",
            shown,
            *names,
            same_items=[entry["name"] for entry in entries],
        )
        ecs_check("nova.servers.add-security-group/rule/shown", shown, *names, includes=[name])
        if form == "by-uuid":
            _act(ecs_client, lease.id, "addSecurityGroup", group)
            ecs_check("nova.servers.add-security-group/rule/again", _groups(ecs_client, lease.id), *ids, has_one=group)
        removed = _act(ecs_client, lease.id, "removeSecurityGroup", group if form == "by-uuid" else name)
        ecs_check.accepted(f"{_REMOVE}/{form}", removed)
        ecs_check("nova.servers.remove-security-group/rule/no-body", removed, "body", equals=None)
        listed, shown = _groups(ecs_client, lease.id), lease.show()
        ecs_check("nova.servers.remove-security-group/rule/removes", listed, *ids, lacks=group)
        ecs_check("nova.servers.remove-security-group/rule/keeps-others", listed, *ids, same_items=before)
        ecs_check("nova.servers.remove-security-group/rule/not-shown", shown, *names, lacks=name)
        if group in joined:
            ecs_check(
                "nova.servers.remove-security-group/rule/this-server-only",
                _groups(ecs_client, other.id),
                *ids,
                includes=joined,
            )
        else:
            ecs_check.not_tested(
                "nova.servers.remove-security-group/rule/this-server-only",
                "no other server could be added to the group",
            )
        _act(ecs_client, other.id, "removeSecurityGroup", group)
    ecs_client.post(f"/v2.1/{{project_id}}/servers/{lease.id}/action", {"removeSecurityGroup": {"name": group}})
    ecs_check(
        "nova.servers.remove-security-group/rule/not-a-member", _groups(ecs_client, lease.id), *ids, same_items=before
    )


@pytest.mark.ecs_requirement(
    "nova.server-security-groups.list/rule/own-project",
    "nova.server-security-groups.list/rule/parent-group",
    "nova.server-security-groups.list/rule/one-peer",
    "nova.server-security-groups.list/rule/ports-in-order",
    "nova.server-security-groups.list/rule/ports-range",
    "nova.server-security-groups.list/rule/icmp-range",
)
def test_groups_and_their_rules_are_consistent(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Each group is the project's, each rule its group's, with one peer and ports that fit its protocol."""
    lease = ecs_servers("ACTIVE")
    groups = [ecs_supplies.need("security_group_id"), *_with_icmp(ecs_client, ecs_supplies)]
    for group in groups:
        read(_act(ecs_client, lease.id, "addSecurityGroup", group))
    listed = _groups(ecs_client, lease.id)
    for number, entry in enumerate(read(listed, "security_groups")):
        place = ("body", "security_groups", number)
        ecs_check(
            "nova.server-security-groups.list/rule/own-project",
            listed,
            *place,
            "tenant_id",
            equals=ecs_client.project_id,
        )
        for index, rule in enumerate(entry["rules"]):
            at = (*place, "rules", index)
            ecs_check(
                "nova.server-security-groups.list/rule/parent-group", listed, *at, "parent_group_id", equals=entry["id"]
            )
            peer = "group" if rule["ip_range"] else "ip_range"
            ecs_check("nova.server-security-groups.list/rule/one-peer", listed, *at, peer, length=0)
            _ports(ecs_check, listed, at, rule)
    there = [entry["id"] for entry in read(listed, "security_groups")]
    for group in groups[1:]:  # it has a rule
        parents = ("rules", "*", "parent_group_id")
        place = ("body", "security_groups", there.index(group) if group in there else len(there))
        ecs_check("nova.server-security-groups.list/rule/parent-group", listed, *place, *parents, contains=group)
    for rule in ("parent-group", "one-peer", "ports-in-order", "ports-range", "icmp-range"):
        ecs_check.not_tested(f"{_LIST}/{rule}", "no group of the server shows a rule of that sort")
    for group in groups:
        _act(ecs_client, lease.id, "removeSecurityGroup", group)
    for group in groups[1:]:
        ecs_client.delete(f"{_GROUPS}/{group}")


_GROUPS, _RULES = "/v2.1/{project_id}/os-security-groups", "/v2.1/{project_id}/os-security-group-rules"


def _new(supplies: Supplies) -> str:
    """Create a group (11.3.3) and return its id."""
    body = {"security_group": {"name": supplies.name("group"), "description": "made by a conformance run"}}
    return str(supplies.make(_GROUPS, body, "security_group", "id"))


def _with_icmp(client: Client, supplies: Supplies) -> list[str]:
    """Create a group with a rule for ICMP (11.3.6); return none where the endpoint does not."""
    try:
        group = _new(supplies)
    except PrerequisiteMissing:
        return []
    rule = {"parent_group_id": group, "ip_protocol": "icmp", "from_port": 3, "to_port": 4, "cidr": "192.0.2.0/24"}
    client.post(_RULES, {"security_group_rule": rule})
    return [group]


@pytest.mark.ecs_requirement("nova.servers.add-security-group/rule/five-groups")
def test_a_server_is_in_five_groups(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """With those that it has from the start."""
    lease, ids = ecs_servers("ACTIVE"), ("body", "security_groups", "*", "id")
    before = [entry["id"] for entry in read(_groups(ecs_client, lease.id), "security_groups")]
    known = [group for group in [ecs_supplies.need("security_group_id")] if group not in before]
    made: list[str] = []
    try:
        made.extend(_new(ecs_supplies) for _ in range(5 - len(before) - len(known)))
        for group in [*known, *made]:
            added = _act(ecs_client, lease.id, "addSecurityGroup", group)
            ecs_check.accepted("nova.servers.add-security-group/rule/five-groups", added)
        listed = _groups(ecs_client, lease.id)
        ecs_check("nova.servers.add-security-group/rule/five-groups", listed, *ids, same_items=[*before, *known, *made])
    finally:
        for group in [*known, *made]:
            _act(ecs_client, lease.id, "removeSecurityGroup", group)
        for group in made:
            ecs_client.delete(f"{_GROUPS}/{group}")
        lease.release()


def _ports(check: Check, listed: Exchange, at: tuple[str | int, ...], rule: dict[str, object]) -> None:
    first, protocol = rule["from_port"], str(rule["ip_protocol"]).lower()
    if first is None:
        return
    if protocol == "icmp":
        for end in ("from_port", "to_port"):
            check("nova.server-security-groups.list/rule/icmp-range", listed, *at, end, at_least=-1)
            check("nova.server-security-groups.list/rule/icmp-range", listed, *at, end, at_most=255)
        return
    check("nova.server-security-groups.list/rule/ports-in-order", listed, *at, "to_port", at_least=first)
    if protocol in {"tcp", "udp"}:
        for end in ("from_port", "to_port"):
            check("nova.server-security-groups.list/rule/ports-range", listed, *at, end, at_least=1)
            check("nova.server-security-groups.list/rule/ports-range", listed, *at, end, at_most=65535)
