"""Rules of making, querying and deleting server groups (5.10.1, 5.10.2, 5.10.5, 5.10.6)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Expect, Servers, Supplies, Target, Wait, load_contract, read

from .grouping import (
    GROUPS,
    IDS,
    MEMBERS,
    NATIVE,
    POLICY,
    SERVERS,
    body_of,
    group_made,
    ids_on,
    page_with,
    pages_of,
    path_of,
    place_of,
)

pytestmark = pytest.mark.ecs_group("scarce")

#: What both APIs show of a group.
_FIELDS = ("id", "name", "policies", "members", "metadata")
_GROUP = ("body", "server_group")


@pytest.mark.ecs_requirement(
    "ecs.server-groups.create/rule/as-asked",
    "ecs.server-groups.create/rule/listed",
    "ecs.server-groups.create/rule/no-members",
    "ecs.server-groups.list/rule/has-groups",
    "ecs.server-groups.list/rule/once",
    "ecs.server-groups.show/rule/asked-group",
    "ecs.server-groups.show/rule/as-created",
)
def test_a_new_group_is_shown(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """As it was asked for, in the list and by itself."""
    name = ecs_supplies.name("group")
    with group_made(ecs_client, ecs_supplies, name) as (created, group):
        ecs_check("ecs.server-groups.create/rule/as-asked", created, *_GROUP, "name", equals=name)
        ecs_check("ecs.server-groups.create/rule/as-asked", created, *_GROUP, "policies", equals=[POLICY])
        ecs_check("ecs.server-groups.create/rule/no-members", created, *MEMBERS, equals=[])
        shown, listed = ecs_client.get(path_of(group)), page_with(ecs_client, group)
        ecs_check.accepted("ecs.server-groups.create/rule/listed", shown)
        ecs_check("ecs.server-groups.create/rule/listed", listed, *IDS, contains=group)
        ecs_check("ecs.server-groups.list/rule/has-groups", listed, *IDS, contains=group)
        ecs_check("ecs.server-groups.list/rule/once", listed, *IDS, has_one=group)
        check = ecs_check.after(shown)
        check("ecs.server-groups.show/rule/asked-group", shown, *_GROUP, "id", equals=group)
        for field, value in read(created, "server_group").items():
            if field in ("name", "policies", "metadata"):
                check("ecs.server-groups.show/rule/as-created", shown, *_GROUP, field, equals=value)


@pytest.mark.ecs_requirement("ecs.server-groups.list/rule/same-as-show")
def test_a_group_is_the_same_in_the_list(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """As when it is queried by its id."""
    with group_made(ecs_client, ecs_supplies) as (_, group):
        shown, listed = ecs_client.get(path_of(group)), page_with(ecs_client, group)
        entry = ("body", "server_groups", place_of(listed, group))
        for field in _FIELDS:
            if field in read(shown, "server_group"):
                value = read(shown, "server_group", field)
                ecs_check("ecs.server-groups.list/rule/same-as-show", listed, *entry, field, equals=value)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.create/rule/same-as-native",
    "ecs.server-groups.list/rule/same-as-native",
    "ecs.server-groups.show/rule/same-as-native",
)
def test_a_group_is_the_same_in_the_native_api(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """By its id and in the list."""
    with group_made(ecs_client, ecs_supplies) as (_, group):
        shown, native = ecs_client.get(path_of(group)), ecs_client.get(f"{NATIVE}/{group}")
        ecs_check("ecs.server-groups.create/rule/same-as-native", native, *_GROUP, "id", equals=group)
        ecs_check("ecs.server-groups.list/rule/same-as-native", ecs_client.get(NATIVE), *IDS, contains=group)
        mine = read(shown, "server_group")
        for field in _FIELDS:
            if field in mine:
                ecs_check("ecs.server-groups.show/rule/same-as-native", native, *_GROUP, field, equals=mine[field])


@pytest.mark.ecs_requirement("ecs.server-groups.show/rule/other-project", "ecs.server-groups.list/rule/own-project")
def test_a_group_is_its_projects_alone(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """Another project neither finds nor lists it."""
    stranger = ecs_clients("other_project")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        check = ecs_check.after(ecs_client.get(path_of(group)))
        check.refused("ecs.server-groups.show/rule/other-project", stranger.get(path_of(group)), "foreign-id")
        for page in pages_of(stranger):
            ecs_check("ecs.server-groups.list/rule/own-project", page, *IDS, lacks=group)


@pytest.mark.parametrize(
    ("rule", "length"),
    [
        pytest.param(rule, length, id=str(length), marks=pytest.mark.ecs_requirement(rule))
        for rule, length in (
            ("ecs.server-groups.create/rule/shortest-name", 1),
            ("ecs.server-groups.create/rule/longest-name", 255),
        )
    ],
)
def test_the_shortest_and_the_longest_name_are_kept(
    ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, rule: str, length: int
) -> None:
    """Of 1 and of 255 characters (table 5-88)."""
    name = ecs_supplies.name("group").ljust(length, "x")[-length:]
    created = ecs_client.post(GROUPS, body_of(name))
    if ecs_check.accepted(rule, created):
        group = str(read(created, "server_group", "id"))
        ecs_check(rule, created, *_GROUP, "name", equals=name)
        ecs_check(rule, ecs_client.get(path_of(group)), *_GROUP, "name", equals=name)
        ecs_client.delete(path_of(group))


@pytest.mark.ecs_requirement(
    "ecs.server-groups.delete/rule/deletes",
    "ecs.server-groups.delete/rule/others-stay",
    "ecs.server-groups.delete/rule/no-body",
)
def test_a_group_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """And no other one with it."""
    with group_made(ecs_client, ecs_supplies) as (_, group), group_made(ecs_client, ecs_supplies) as (_, other):
        control = ecs_client.get(path_of(group))
        deleted = ecs_client.delete(path_of(group))
        check = ecs_check.after(deleted)
        check("ecs.server-groups.delete/rule/no-body", deleted, "body", equals=None)
        check.stays(
            "ecs.server-groups.delete/rule/others-stay", lambda: page_with(ecs_client, other), *IDS, contains=other
        )
        if not deleted.accepted:
            ecs_check.not_tested("ecs.server-groups.delete/rule/deletes", f"it was not accepted: {deleted.answer}")
            return
        ecs_wait.gone(path_of(group), 10)
        for page in pages_of(ecs_client):
            check("ecs.server-groups.delete/rule/deletes", page, *IDS, lacks=group)
        change = "the group was deleted"
        _unknown(ecs_expect, "ecs.server-groups.delete/rule/deletes", "GET", group, change, control=control.id)


def _unknown(expect: Expect, rule: str, method: str, group: str, change: str, action: str = "", **options: Any) -> None:
    expect(rule, method, path_of(group, action), expects="unknown-group", change=change, **options)


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/affinity-refused")
def test_another_policy_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """There are no affinity groups."""
    control = ecs_cases.control("ecs.server-groups.create")
    ecs_expect(
        "ecs.server-groups.create/rule/affinity-refused",
        "POST",
        GROUPS,
        json=body_of(ecs_supplies.name("no"), "affinity"),
        expects="invalid",
        change="the policy is affinity",
        control=control.id,
    )


_UNKNOWN = {
    "ecs.server-groups.show/rule/unknown-group": ("GET", "", None),
    "ecs.server-groups.delete/rule/unknown-group": ("DELETE", "", None),
    "ecs.server-groups.add-member/rule/unknown-group": ("POST", "/action", "add_member"),
    "ecs.server-groups.remove-member/rule/unknown-group": ("POST", "/action", "remove_member"),
}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, id=load_contract().requirements[rule].operation, marks=pytest.mark.ecs_requirement(rule))
        for rule in (
            "ecs.server-groups.show/rule/unknown-group",
            "ecs.server-groups.delete/rule/unknown-group",
            "ecs.server-groups.add-member/rule/unknown-group",
            "ecs.server-groups.remove-member/rule/unknown-group",
        )
    ],
)
def test_an_unknown_group_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, rule: str
) -> None:
    """In each of the operations that name one in the URL."""
    method, action, key = _UNKNOWN[rule]
    control, options = ecs_cases.control(str(load_contract().requirements[rule].operation)), {}
    if key is not None:
        (lease,) = ecs_servers.shared("SHUTOFF")
        options = {"json": {key: {"instance_uuid": lease.id}}}
    group, change = ecs_supplies.unknown_id(), "the group does not exist"
    _unknown(ecs_expect, rule, method, group, change, action, control=control.id, **options)


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/counted", "ecs.server-groups.delete/rule/counted")
def test_groups_are_counted(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """One group more or less is one more or less used; a try counts when no other group came or went meanwhile."""
    limits, used = f"{SERVERS}/limits", ("body", "absolute", "totalServerGroupsUsed")
    for _ in range(5):
        there, before = ids_on(pages_of(ecs_client)), ecs_client.get(limits)
        with group_made(ecs_client, ecs_supplies) as (_, group):
            during, more = ecs_client.get(limits), ids_on(pages_of(ecs_client))
            deleted = ecs_client.delete(path_of(group))
        after = ecs_client.get(limits)
        if sorted(more) == sorted([*there, group]) and sorted(ids_on(pages_of(ecs_client))) == sorted(there):
            was = read(before, *used[1:])
            ecs_check("ecs.server-groups.create/rule/counted", during, *used, equals=was + 1)
            ecs_check.after(deleted)("ecs.server-groups.delete/rule/counted", after, *used, equals=was)
            return
    for rule in ("ecs.server-groups.create/rule/counted", "ecs.server-groups.delete/rule/counted"):
        ecs_check.not_tested(rule, "others created or deleted groups all the time, or groups do not come and go")


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/quantity")
def test_a_project_has_so_many_groups(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """One more than the limits say is refused, where a target can be told to have lower ones."""
    hook, rule = ecs_target.control, "ecs.server-groups.create/rule/quantity"
    if hook is None:
        ecs_check.not_tested(rule, "using up the groups of the project would be in the way of everybody else in it")
        return
    most = read(ecs_client.get(f"{SERVERS}/limits"), "absolute", "maxServerGroups")
    with group_made(ecs_client, ecs_supplies) as (control, _):
        hook("PUT", "/_mock/limits", {"server_groups": len({*ids_on(pages_of(ecs_client))})})
        try:
            ecs_expect(
                rule,
                "POST",
                GROUPS,
                json=body_of(ecs_supplies.name("group")),
                expects="refused",
                change="the project has as many groups as it may have",
                control=control.id,
            )
        finally:
            hook("PUT", "/_mock/limits", {"server_groups": most})
