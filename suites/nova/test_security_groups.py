"""Rules of the security groups of servers through the native API (6.5)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench, Exchange
from pytest_ecs.exceptions import PrerequisiteMissing

_ADD, _REMOVE = (f"nova.servers.{verb}-security-group/rule" for verb in ("add", "remove"))
_LIST = "nova.server-security-groups.list/rule"


def _groups(bench: Bench, server: str) -> Exchange:
    return bench.client.get(f"/v2.1/{{project_id}}/servers/{server}/os-security-groups")


def _act(bench: Bench, server: str, verb: str, group: str) -> Exchange:
    return bench.client.post(f"/v2.1/{{project_id}}/servers/{server}/action", {verb: {"name": group}})


@pytest.mark.ecs_requirement(
    *(
        f"{_ADD}/{rule}"
        for rule in ("adds", "by-uuid", "by-name", "keeps-others", "shown", "this-server-only", "again", "no-body")
    ),
    *(
        f"{_REMOVE}/{rule}"
        for rule in ("removes", "by-uuid", "by-name", "keeps-others", "not-shown", "this-server-only", "no-body")
    ),
    f"{_REMOVE}/not-a-member",
    f"{_REMOVE}/group-stays",
    f"{_LIST}/own-groups",
    f"{_LIST}/same-as-show",
)
def test_a_server_comes_into_a_group_and_out_of_it(ecs_bench: Bench) -> None:
    """By the group's id and by its name; other groups and other servers stay as they are."""
    group, client = ecs_bench.need_resource("security_group_id"), ecs_bench.client
    lease, other = ecs_bench.session.pool.batch_of(2, "ACTIVE")
    before = [entry["id"] for entry in ecs_bench.read(_groups(ecs_bench, lease.id), "security_groups")]
    ids = ("body", "security_groups", "*", "id")
    name = ""
    for form in ("by-uuid", "by-name"):
        theirs = [entry["id"] for entry in ecs_bench.read(_groups(ecs_bench, other.id), "security_groups")]
        added = _act(ecs_bench, lease.id, "addSecurityGroup", name or group)
        ecs_bench.check(f"{_ADD}/{form}", added, "status", at_most=299)
        ecs_bench.check(f"{_ADD}/no-body", added, "body", equals=None)
        listed, shown = _groups(ecs_bench, lease.id), lease.show()
        ecs_bench.check(f"{_ADD}/adds", listed, *ids, has_one=group)
        if form == "by-name":  # it was removed before
            ecs_bench.check(f"{_REMOVE}/group-stays", listed, *ids, has_one=group)
        ecs_bench.check(f"{_ADD}/keeps-others", listed, *ids, includes=before)
        ecs_bench.check(f"{_ADD}/this-server-only", _groups(ecs_bench, other.id), *ids, same_items=theirs)
        _act(ecs_bench, other.id, "addSecurityGroup", group)
        joined = [entry["id"] for entry in ecs_bench.read(_groups(ecs_bench, other.id), "security_groups")]
        ecs_bench.check(f"{_LIST}/own-groups", listed, *ids, same_items=[*before, group])
        entries = ecs_bench.read(listed, "security_groups")
        name = next(entry["name"] for entry in entries if entry["id"] == group)
        names = ("body", "server", "security_groups", "*", "name")
        ecs_bench.check(f"{_LIST}/same-as-show", shown, *names, same_items=[entry["name"] for entry in entries])
        ecs_bench.check(f"{_ADD}/shown", shown, *names, includes=[name])
        if form == "by-uuid":
            _act(ecs_bench, lease.id, "addSecurityGroup", group)
            ecs_bench.check(f"{_ADD}/again", _groups(ecs_bench, lease.id), *ids, has_one=group)
        removed = _act(ecs_bench, lease.id, "removeSecurityGroup", group if form == "by-uuid" else name)
        ecs_bench.check(f"{_REMOVE}/{form}", removed, "status", at_most=299)
        ecs_bench.check(f"{_REMOVE}/no-body", removed, "body", equals=None)
        listed, shown = _groups(ecs_bench, lease.id), lease.show()
        ecs_bench.check(f"{_REMOVE}/removes", listed, *ids, lacks=group)
        ecs_bench.check(f"{_REMOVE}/keeps-others", listed, *ids, same_items=before)
        ecs_bench.check(f"{_REMOVE}/not-shown", shown, *names, lacks=name)
        if group in joined:
            ecs_bench.check(f"{_REMOVE}/this-server-only", _groups(ecs_bench, other.id), *ids, includes=joined)
        else:
            ecs_bench.not_tested(f"{_REMOVE}/this-server-only", "no other server could be added to the group")
        _act(ecs_bench, other.id, "removeSecurityGroup", group)
    client.post(f"/v2.1/{{project_id}}/servers/{lease.id}/action", {"removeSecurityGroup": {"name": group}})
    ecs_bench.check(f"{_REMOVE}/not-a-member", _groups(ecs_bench, lease.id), *ids, same_items=before)
    lease.release()
    other.release()


@pytest.mark.ecs_requirement(
    *(
        f"{_LIST}/{rule}"
        for rule in ("own-project", "parent-group", "one-peer", "ports-in-order", "ports-range", "icmp-range")
    )
)
def test_groups_and_their_rules_are_consistent(ecs_bench: Bench) -> None:
    """Each group is the project's, each rule its group's, with one peer and ports that fit its protocol."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    groups = [ecs_bench.need_resource("security_group_id"), *_with_icmp(ecs_bench)]
    for group in groups:
        ecs_bench.read(_act(ecs_bench, lease.id, "addSecurityGroup", group))
    listed = _groups(ecs_bench, lease.id)
    for number, entry in enumerate(ecs_bench.read(listed, "security_groups")):
        place = ("body", "security_groups", number)
        ecs_bench.check(f"{_LIST}/own-project", listed, *place, "tenant_id", equals=ecs_bench.client.project_id)
        for index, rule in enumerate(entry["rules"]):
            at = (*place, "rules", index)
            ecs_bench.check(f"{_LIST}/parent-group", listed, *at, "parent_group_id", equals=entry["id"])
            peer = "group" if rule["ip_range"] else "ip_range"
            ecs_bench.check(f"{_LIST}/one-peer", listed, *at, peer, length=0)
            _ports(ecs_bench, listed, at, rule)
    there = [entry["id"] for entry in ecs_bench.read(listed, "security_groups")]
    for group in groups[1:]:  # it has a rule
        parents = ("rules", "*", "parent_group_id")
        place = ("body", "security_groups", there.index(group) if group in there else len(there))
        ecs_bench.check(f"{_LIST}/parent-group", listed, *place, *parents, contains=group)
    for rule in ("parent-group", "one-peer", "ports-in-order", "ports-range", "icmp-range"):
        ecs_bench.not_tested(f"{_LIST}/{rule}", "no group of the server shows a rule of that sort")
    for group in groups:
        _act(ecs_bench, lease.id, "removeSecurityGroup", group)
    for group in groups[1:]:
        ecs_bench.client.delete(f"{_GROUPS}/{group}")
    lease.release()


_GROUPS, _RULES = "/v2.1/{project_id}/os-security-groups", "/v2.1/{project_id}/os-security-group-rules"


def _new(bench: Bench) -> str:
    """Create a group (11.3.3) and return its id."""
    body = {"security_group": {"name": bench.new_name("group"), "description": "made by a conformance run"}}
    return str(bench.make(_GROUPS, body, "security_group", "id"))


def _with_icmp(bench: Bench) -> list[str]:
    """Create a group with a rule for ICMP (11.3.6); return none where the endpoint does not."""
    try:
        group = _new(bench)
    except PrerequisiteMissing:
        return []
    rule = {"parent_group_id": group, "ip_protocol": "icmp", "from_port": 3, "to_port": 4, "cidr": "192.0.2.0/24"}
    bench.client.post(_RULES, {"security_group_rule": rule})
    return [group]


@pytest.mark.ecs_requirement(f"{_ADD}/five-groups")
def test_a_server_is_in_five_groups(ecs_bench: Bench) -> None:
    """With those that it has from the start."""
    lease, ids = ecs_bench.session.pool.lease("ACTIVE"), ("body", "security_groups", "*", "id")
    before = [entry["id"] for entry in ecs_bench.read(_groups(ecs_bench, lease.id), "security_groups")]
    known = [group for group in [ecs_bench.need_resource("security_group_id")] if group not in before]
    made: list[str] = []
    try:
        made.extend(_new(ecs_bench) for _ in range(5 - len(before) - len(known)))
        for group in [*known, *made]:
            added = _act(ecs_bench, lease.id, "addSecurityGroup", group)
            ecs_bench.check(f"{_ADD}/five-groups", added, "status", at_most=299)
        listed = _groups(ecs_bench, lease.id)
        ecs_bench.check(f"{_ADD}/five-groups", listed, *ids, same_items=[*before, *known, *made])
    finally:
        for group in [*known, *made]:
            _act(ecs_bench, lease.id, "removeSecurityGroup", group)
        for group in made:
            ecs_bench.client.delete(f"{_GROUPS}/{group}")
        lease.release()


def _ports(bench: Bench, listed: Exchange, at: tuple[str | int, ...], rule: dict[str, object]) -> None:
    first, protocol = rule["from_port"], str(rule["ip_protocol"]).lower()
    if first is None:
        return
    if protocol == "icmp":
        for end in ("from_port", "to_port"):
            bench.check(f"{_LIST}/icmp-range", listed, *at, end, at_least=-1)
            bench.check(f"{_LIST}/icmp-range", listed, *at, end, at_most=255)
        return
    bench.check(f"{_LIST}/ports-in-order", listed, *at, "to_port", at_least=first)
    if protocol in {"tcp", "udp"}:
        for end in ("from_port", "to_port"):
            bench.check(f"{_LIST}/ports-range", listed, *at, end, at_least=1)
            bench.check(f"{_LIST}/ports-range", listed, *at, end, at_most=65535)
