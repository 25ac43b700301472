"""Rules of the security groups of servers through the native API (6.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_ecs import Afterwards, Check, Client, Exchange, Lease, Servers, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

_GROUPS, _RULES = url_of("deprecated.security-groups.list"), url_of("deprecated.security-group-rules.create")
_IDS = ("body", "security_groups", "*", "id")
_NAMES = ("body", "server", "security_groups", "*", "name")
#: So many groups a server should at least be able to be in (6.5.1).
_SUGGESTED = 5


def _groups(client: Client, lease: Lease) -> Exchange:
    return client.get(url_of("nova.server-security-groups.list", server_id=lease.id))


def _ids(client: Client, lease: Lease) -> list[str]:
    found: list[str] = read(_groups(client, lease), *_IDS[1:])
    return found


def _act(client: Client, lease: Lease, verb: str, group: str) -> Exchange:
    return client.post(url_of("nova.servers.add-security-group", server_id=lease.id), {verb: {"name": group}})


def _add(client: Client, lease: Lease, group: str) -> Exchange:
    return _act(client, lease, "addSecurityGroup", group)


def _remove(client: Client, lease: Lease, group: str) -> Exchange:
    return _act(client, lease, "removeSecurityGroup", group)


@contextmanager
def _put_back(client: Client, *leases: Lease) -> Iterator[None]:
    """Put servers back into the groups that they are in now, and out of all others; else nobody gets them again."""
    before = {lease.id: set(_ids(client, lease)) for lease in leases}
    try:
        yield
    finally:
        for lease in leases:
            now, wanted = set(_ids(client, lease)), before[lease.id]
            for group in wanted - now:
                _add(client, lease, group)
            for group in now - wanted:
                _remove(client, lease, group)
            lease.spoilt = lease.spoilt or (now != wanted and set(_ids(client, lease)) != wanted)


def _new(supplies: Supplies) -> str:
    """Create a group (11.3.3), which chapter 6 cannot, and return its id."""
    body = {"security_group": {"name": supplies.name("group"), "description": "made by a conformance run"}}
    return str(supplies.make(_GROUPS, body, "security_group", "id"))


@contextmanager
def _groups_to_join(client: Client, supplies: Supplies, count: int, *leases: Lease) -> Iterator[list[str]]:
    """Give groups that none of these servers is in; afterwards the servers are in the groups that they were in before.

    The group that the run was given is one of them, unless servers are in it from the start, as in the default group of a
    project. The others are made, and deleted in the end.
    """
    taken = [group for lease in leases for group in _ids(client, lease)]
    given = [group for group in [supplies.need("security_group_id")] if group not in taken][:count]
    made: list[str] = []
    try:
        made.extend(_new(supplies) for _ in range(count - len(given)))
        with _put_back(client, *leases):
            yield [*given, *made]
    finally:
        for group in made:
            client.delete(f"{_GROUPS}/{group}")


@pytest.mark.ecs_requirement(
    "nova.servers.add-security-group/rule/adds",
    "nova.servers.add-security-group/rule/by-uuid",
    "nova.servers.add-security-group/rule/keeps-others",
    "nova.servers.add-security-group/rule/shown",
    "nova.servers.add-security-group/rule/this-server-only",
    "nova.servers.add-security-group/rule/no-body",
    "nova.server-security-groups.list/rule/own-groups",
    "nova.server-security-groups.list/rule/same-as-show",
)
def test_a_server_comes_into_a_group(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Beside those that it is in, and no other server with it."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with ecs_later:
        (group,) = ecs_later.enter_context(_groups_to_join(ecs_client, ecs_supplies, 1, lease, other))
        before, theirs = _ids(ecs_client, lease), _ids(ecs_client, other)
        added = _add(ecs_client, lease, group)
        ecs_check.accepted("nova.servers.add-security-group/rule/by-uuid", added)
        check = ecs_check.after(added)
        check("nova.servers.add-security-group/rule/no-body", added, "body", equals=None)
        check("nova.servers.add-security-group/rule/adds", _groups(ecs_client, lease), *_IDS, has_one=group)
        listed, shown = _groups(ecs_client, lease), lease.show()
        check("nova.servers.add-security-group/rule/keeps-others", listed, *_IDS, includes=before)
        check("nova.server-security-groups.list/rule/own-groups", listed, *_IDS, same_items=[*before, group])
        entries = read(listed, "security_groups")
        names = [entry["name"] for entry in entries]
        check("nova.server-security-groups.list/rule/same-as-show", shown, *_NAMES, same_items=names)
        for name in (entry["name"] for entry in entries if entry["id"] == group):
            check("nova.servers.add-security-group/rule/shown", shown, *_NAMES, contains=name)
        look = lambda: _groups(ecs_client, other)  # noqa: E731 - it is about this server
        alone = "nova.servers.add-security-group/rule/this-server-only"
        check.later(ecs_later).stays(alone, look, *_IDS, same_items=theirs)


@pytest.mark.ecs_requirement("nova.servers.add-security-group/rule/again")
def test_a_server_is_in_a_group_once(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Coming into it again is refused or has no effect."""
    lease, rule = ecs_servers("ACTIVE"), "nova.servers.add-security-group/rule/again"
    with _groups_to_join(ecs_client, ecs_supplies, 1, lease) as (group,):
        check = ecs_check.after(_add(ecs_client, lease, group))
        again = _add(ecs_client, lease, group)
        if again.refused:
            check.refused(rule, again, "wrong-state")
        check(rule, _groups(ecs_client, lease), *_IDS, has_one=group)


@pytest.mark.ecs_requirement(
    "nova.servers.add-security-group/rule/by-name", "nova.servers.remove-security-group/rule/by-name"
)
def test_a_group_is_named_by_its_name(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """As well as by its id."""
    lease = ecs_servers("ACTIVE")
    with _groups_to_join(ecs_client, ecs_supplies, 1, lease) as (group,):
        read_back = _put_in(ecs_client, lease, group)
        name = next(entry["name"] for entry in read(read_back, "security_groups") if entry["id"] == group)
        removed = _remove(ecs_client, lease, name)
        if ecs_check.accepted("nova.servers.remove-security-group/rule/by-name", removed):
            listed = _groups(ecs_client, lease)
            ecs_check("nova.servers.remove-security-group/rule/by-name", listed, *_IDS, lacks=group)
        else:
            _remove(ecs_client, lease, group)
        added = _add(ecs_client, lease, name)
        if ecs_check.accepted("nova.servers.add-security-group/rule/by-name", added):
            listed = _groups(ecs_client, lease)
            ecs_check("nova.servers.add-security-group/rule/by-name", listed, *_IDS, contains=group)


def _put_in(client: Client, lease: Lease, group: str) -> Exchange:
    """Put a server into a group by its id; return its groups. Raises `PrerequisiteMissing` when it is not in it then."""
    added = _add(client, lease, group)
    listed = _groups(client, lease)
    if group not in read(listed, *_IDS[1:]):
        raise PrerequisiteMissing("A server has to come into a security group", seen=added.answer, hint="")
    return listed


@pytest.mark.ecs_requirement(
    "nova.servers.remove-security-group/rule/removes",
    "nova.servers.remove-security-group/rule/by-uuid",
    "nova.servers.remove-security-group/rule/keeps-others",
    "nova.servers.remove-security-group/rule/not-shown",
    "nova.servers.remove-security-group/rule/this-server-only",
    "nova.servers.remove-security-group/rule/no-body",
    "nova.servers.remove-security-group/rule/group-stays",
)
def test_a_server_leaves_a_group(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """And no other, nor does another server with it; the group is still there."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with ecs_later:
        (group,) = ecs_later.enter_context(_groups_to_join(ecs_client, ecs_supplies, 1, lease, other))
        before = _ids(ecs_client, lease)
        entries = read(_put_in(ecs_client, lease, group), "security_groups")
        name = next(entry["name"] for entry in entries if entry["id"] == group)
        _put_in(ecs_client, other, group)
        removed = _remove(ecs_client, lease, group)
        ecs_check.accepted("nova.servers.remove-security-group/rule/by-uuid", removed)
        check = ecs_check.after(removed)
        check("nova.servers.remove-security-group/rule/no-body", removed, "body", equals=None)
        check("nova.servers.remove-security-group/rule/removes", _groups(ecs_client, lease), *_IDS, lacks=group)
        look = lambda: _groups(ecs_client, lease)  # noqa: E731 - it is about this server
        others = "nova.servers.remove-security-group/rule/keeps-others"
        check.later(ecs_later).stays(others, look, *_IDS, includes=before)
        shown = lease.show()
        if "security_groups" in read(shown, "server"):  # none is shown where the server is in none
            check("nova.servers.remove-security-group/rule/not-shown", shown, *_NAMES, lacks=name)
        else:
            check("nova.servers.remove-security-group/rule/not-shown", shown, *_NAMES[:3], absent=True)
        theirs = _groups(ecs_client, other)
        check("nova.servers.remove-security-group/rule/this-server-only", theirs, *_IDS, contains=group)
        check("nova.servers.remove-security-group/rule/group-stays", theirs, *_IDS, contains=group)
        again = _add(ecs_client, lease, group)
        check.accepted("nova.servers.remove-security-group/rule/group-stays", again)


@pytest.mark.ecs_requirement("nova.servers.remove-security-group/rule/not-a-member")
def test_a_server_leaves_no_group_that_it_is_not_in(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """It is refused or has no effect."""
    lease, rule = ecs_servers("ACTIVE"), "nova.servers.remove-security-group/rule/not-a-member"
    with ecs_later:
        (group,) = ecs_later.enter_context(_groups_to_join(ecs_client, ecs_supplies, 1, lease))
        before = _ids(ecs_client, lease)
        removed = _remove(ecs_client, lease, group)
        if removed.refused:
            ecs_check.refused(rule, removed)
        look = lambda: _groups(ecs_client, lease)  # noqa: E731 - it is about this server
        ecs_check.later(ecs_later).stays(rule, look, *_IDS, same_items=before)


@pytest.mark.ecs_requirement("nova.servers.add-security-group/rule/five-groups")
def test_a_server_is_in_five_groups(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """With those that it has from the start."""
    lease, rule = ecs_servers("ACTIVE"), "nova.servers.add-security-group/rule/five-groups"
    before = _ids(ecs_client, lease)
    if len(before) >= _SUGGESTED:
        ecs_check.not_tested(rule, f"the server is in {len(before)} groups from the start")
        return
    with _groups_to_join(ecs_client, ecs_supplies, _SUGGESTED - len(before), lease) as groups:
        for group in groups:
            ecs_check.accepted(rule, _add(ecs_client, lease, group))
        ecs_check(rule, _groups(ecs_client, lease), *_IDS, same_items=[*before, *groups])


@pytest.mark.ecs_requirement("nova.server-security-groups.list/rule/own-project")
def test_the_groups_of_a_server_are_the_projects(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Each of them."""
    lease = ecs_servers("ACTIVE")
    with _groups_to_join(ecs_client, ecs_supplies, 1, lease) as (group,):
        listed = _put_in(ecs_client, lease, group)
        for number in range(len(read(listed, "security_groups"))):
            place = ("body", "security_groups", number, "tenant_id")
            ecs_check("nova.server-security-groups.list/rule/own-project", listed, *place, equals=ecs_client.project_id)


@pytest.mark.ecs_requirement(
    "nova.server-security-groups.list/rule/parent-group",
    "nova.server-security-groups.list/rule/one-peer",
    "nova.server-security-groups.list/rule/ports-in-order",
    "nova.server-security-groups.list/rule/ports-range",
    "nova.server-security-groups.list/rule/icmp-range",
)
def test_the_rules_of_a_group_are_consistent(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Each is its group's, with one peer, and with ports that fit its protocol."""
    lease = ecs_servers("ACTIVE")
    with _put_back(ecs_client, lease), _with_icmp(ecs_client, ecs_supplies) as made:
        for group in (ecs_supplies.need("security_group_id"), *made):
            if group not in _ids(ecs_client, lease):
                _put_in(ecs_client, lease, group)
        listed = _groups(ecs_client, lease)
        for number, entry in enumerate(read(listed, "security_groups")):
            for index, rule in enumerate(entry["rules"]):
                at = ("body", "security_groups", number, "rules", index)
                parent = (*at, "parent_group_id")
                ecs_check("nova.server-security-groups.list/rule/parent-group", listed, *parent, equals=entry["id"])
                peer = "group" if read(listed, *at[1:], "ip_range") else "ip_range"
                ecs_check("nova.server-security-groups.list/rule/one-peer", listed, *at, peer, length=0)
                _ports(ecs_check, listed, at, rule)
            if entry["id"] in made:  # it has a rule
                parents = ("body", "security_groups", number, "rules", "*", "parent_group_id")
                rule_id = "nova.server-security-groups.list/rule/parent-group"
                ecs_check(rule_id, listed, *parents, contains=entry["id"])
        for rule_id in (
            "nova.server-security-groups.list/rule/parent-group",
            "nova.server-security-groups.list/rule/one-peer",
            "nova.server-security-groups.list/rule/ports-in-order",
            "nova.server-security-groups.list/rule/ports-range",
            "nova.server-security-groups.list/rule/icmp-range",
        ):
            ecs_check.not_tested(rule_id, "no group of the server shows a rule of that sort")
        for group in made:  # before the group is deleted
            _remove(ecs_client, lease, group)


@contextmanager
def _with_icmp(client: Client, supplies: Supplies) -> Iterator[list[str]]:
    """Create a group with a rule for ICMP (11.3.6) and delete it in the end; give none where the endpoint does not."""
    try:
        group = _new(supplies)
    except PrerequisiteMissing:
        yield []
        return
    rule = {"parent_group_id": group, "ip_protocol": "icmp", "from_port": 3, "to_port": 4, "cidr": "192.0.2.0/24"}
    made = client.post(_RULES, {"security_group_rule": rule})
    try:
        yield [group] if made.accepted else []
    finally:
        client.delete(f"{_GROUPS}/{group}")


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
