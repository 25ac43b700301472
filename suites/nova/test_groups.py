"""Rules of server groups through the native API (6.12)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Clients,
    Exchange,
    Expect,
    Jobs,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    read,
)

pytestmark = pytest.mark.ecs_group("scarce")

_GROUPS = "/v2.1/{project_id}/os-server-groups"
_ECS = "/v1/{project_id}/cloudservers/os-server-groups"
_SERVERS = "/v2.1/{project_id}/servers"
_IDS = ("body", "server_groups", "*", "id")
_MEMBERS = ("body", "server_group", "members")
_POLICY = "anti-affinity"
#: From this microversion on a group shows whose it is.
_OWNED = "2.13"


def _one(group: str) -> str:
    return f"{_GROUPS}/{group}"


def _body(name: str, policy: str = _POLICY) -> dict[str, Any]:
    return {"server_group": {"name": name, "policies": [policy]}}


def _make(
    client: Client, supplies: Supplies, name: str | None = None, microversion: str | None = None
) -> tuple[Exchange, str]:
    created = client.post(_GROUPS, _body(name or supplies.name("group")), microversion=microversion)
    return created, str(read(created, "server_group", "id"))


def _ids(listed: Exchange) -> list[str]:
    return [group["id"] for group in read(listed, "server_groups")]


def _index(page: Exchange, group: str) -> int:
    """Return the place of a group in a list, one where nothing is when it is not there."""
    ids = _ids(page)
    return ids.index(group) if group in ids else len(ids)


@pytest.mark.ecs_requirement(
    "nova.server-groups.create/rule/as-asked",
    "nova.server-groups.create/rule/listed",
    "nova.server-groups.create/rule/no-members",
    "nova.server-groups.create/rule/longest-name",
    "nova.server-groups.create/rule/own-ids",
    "nova.server-groups.list/rule/has-groups",
    "nova.server-groups.list/rule/once",
    "nova.server-groups.list/rule/own-project",
    "nova.server-groups.list/rule/same-as-show",
    "nova.server-groups.list/rule/same-as-ecs",
    "nova.server-groups.show/rule/asked-group",
    "nova.server-groups.show/rule/as-created",
    "nova.server-groups.show/rule/own-ids",
    "nova.server-groups.show/rule/other-project",
    "nova.server-groups.delete/rule/deletes",
    "nova.server-groups.delete/rule/others-stay",
    "nova.server-groups.delete/rule/no-body",
)
def test_groups_come_and_go(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """A new group is shown as it was asked for, in the list and by itself, with its owners, and to its project alone."""
    name = ecs_supplies.name("group")
    created, group = _make(ecs_client, ecs_supplies, name, _OWNED)
    ecs_check("nova.server-groups.create/rule/as-asked", created, "body", "server_group", "name", equals=name)
    ecs_check("nova.server-groups.create/rule/as-asked", created, "body", "server_group", "policies", equals=[_POLICY])
    ecs_check("nova.server-groups.create/rule/no-members", created, "body", "server_group", "members", equals=[])
    shown, listed = ecs_client.get(_one(group), microversion=_OWNED), ecs_client.get(_GROUPS, microversion=_OWNED)
    ecs_check.accepted("nova.server-groups.create/rule/listed", shown)
    for rule in ("nova.server-groups.create/rule/listed", "nova.server-groups.list/rule/has-groups"):
        ecs_check(rule, listed, *_IDS, contains=group)
    ecs_check("nova.server-groups.list/rule/once", listed, *_IDS, has_one=group)
    ecs_check("nova.server-groups.show/rule/asked-group", shown, "body", "server_group", "id", equals=group)
    for field in ("name", "policies", "metadata"):
        value = read(created, "server_group", field)
        ecs_check("nova.server-groups.show/rule/as-created", shown, "body", "server_group", field, equals=value)
    _check_owners(ecs_client, ecs_check, ecs_servers, created, shown, listed)
    index = _index(listed, group)
    for field, value in read(shown, "server_group").items():
        ecs_check(
            "nova.server-groups.list/rule/same-as-show", listed, "body", "server_groups", index, field, equals=value
        )
    ecs_check(
        "nova.server-groups.list/rule/same-as-ecs",
        ecs_client.get(f"{_ECS}/{group}"),
        "body",
        "server_group",
        "id",
        equals=group,
    )
    theirs = ecs_client.get(_ECS)
    if "page_info" not in read(theirs):
        ecs_check("nova.server-groups.list/rule/same-as-ecs", theirs, *_IDS, contains=group)
    stranger = ecs_clients("other_project")
    ecs_check("nova.server-groups.show/rule/other-project", stranger.get(_one(group)), "status", one_of=[403, 404])
    ecs_check("nova.server-groups.list/rule/own-project", stranger.get(_GROUPS), *_IDS, lacks=group)
    longest = ecs_supplies.name("group").ljust(255, "x")
    created, other = _make(ecs_client, ecs_supplies, longest)
    ecs_check("nova.server-groups.create/rule/longest-name", created, "body", "server_group", "name", equals=longest)
    ecs_check(
        "nova.server-groups.create/rule/longest-name",
        ecs_client.get(_one(other)),
        "body",
        "server_group",
        "name",
        equals=longest,
    )
    deleted = ecs_client.delete(_one(group))
    ecs_check("nova.server-groups.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(_one(group), 10)
    left = ecs_client.get(_GROUPS)
    ecs_check("nova.server-groups.delete/rule/deletes", left, *_IDS, lacks=group)
    ecs_expect(
        "nova.server-groups.delete/rule/deletes",
        "GET",
        _one(group),
        expects="not-found",
        change="the group was deleted",
    )
    ecs_check("nova.server-groups.delete/rule/others-stay", left, *_IDS, contains=other)
    ecs_client.delete(_one(other))


def _check_owners(
    client: Client, check: Check, servers: Servers, created: Exchange, shown: Exchange, listed: Exchange
) -> None:
    """The project is the one of the URL, and the user the one that the servers of this run have."""
    (lease,) = servers.shared("ACTIVE")
    user, project = read(lease.show(), "server", "user_id"), client.project_id
    for rule, exchange in (
        ("nova.server-groups.create/rule/own-ids", created),
        ("nova.server-groups.show/rule/own-ids", shown),
    ):
        check(rule, exchange, "body", "server_group", "project_id", equals=project)
        check(rule, exchange, "body", "server_group", "user_id", equals=user)
    owners = [project] * len(_ids(listed))
    check("nova.server-groups.list/rule/own-project", listed, "body", "server_groups", "*", "project_id", equals=owners)


@pytest.mark.ecs_requirement("nova.server-groups.create/rule/affinity-refused")
def test_another_policy_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """There are no affinity groups."""
    control = ecs_cases.control("nova.server-groups.create")
    ecs_expect(
        "nova.server-groups.create/rule/affinity-refused",
        "POST",
        _GROUPS,
        json=_body(ecs_supplies.name("no"), "affinity"),
        expects="invalid",
        change="the policy is affinity",
        control=control.id,
    )


@pytest.mark.ecs_requirement("nova.server-groups.create/rule/counted", "nova.server-groups.delete/rule/counted")
def test_groups_are_counted(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """One group more or less is one more or less used; a try counts when no other group came or went meanwhile."""
    limits, field = "/v2.1/{project_id}/limits", "totalServerGroupsUsed"
    for _ in range(5):
        there, before = _ids(ecs_client.get(_GROUPS)), ecs_client.get(limits)
        _, group = _make(ecs_client, ecs_supplies)
        during, more = ecs_client.get(limits), _ids(ecs_client.get(_GROUPS))
        ecs_client.delete(_one(group))
        after = ecs_client.get(limits)
        if sorted(more) == sorted([*there, group]) and _ids(ecs_client.get(_GROUPS)) == there:
            used = read(before, "limits", "absolute", field)
            ecs_check(
                "nova.server-groups.create/rule/counted", during, "body", "limits", "absolute", field, equals=used + 1
            )
            ecs_check("nova.server-groups.delete/rule/counted", after, "body", "limits", "absolute", field, equals=used)
            return
    for rule in ("nova.server-groups.create/rule/counted", "nova.server-groups.delete/rule/counted"):
        ecs_check.not_tested(rule, "others created or deleted groups all the time, or groups do not come and go")


@pytest.mark.ecs_requirement(
    "nova.server-groups.create/rule/usable",
    "nova.server-groups.create/rule/different-hosts",
    "nova.server-groups.show/rule/members",
    "nova.server-groups.show/rule/deleted-member",
    "nova.server-groups.list/rule/same-as-show",
    "nova.server-groups.delete/rule/members-stay",
    "nova.server-groups.delete/rule/no-longer-usable",
)
def test_servers_are_created_in_a_group(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Two servers of one request are members, on different hosts; they stay when the group goes, which ends its use."""
    _, group = _make(ecs_client, ecs_supplies)
    created = ecs_client.post(_SERVERS, _in_group(ecs_supplies, group, 2))
    ecs_check.accepted("nova.server-groups.create/rule/usable", created)
    first, second = exactly(2, ecs_servers.settle(created), "both servers of one request")
    shown = ecs_client.get(_one(group))
    for server in (first, second):
        ecs_check("nova.server-groups.create/rule/usable", shown, *_MEMBERS, contains=server)
    ecs_check("nova.server-groups.show/rule/members", shown, *_MEMBERS, same_items=[first, second])
    listed = ecs_client.get(_GROUPS)
    entry = ("body", "server_groups", _index(listed, group), "members")
    ecs_check(
        "nova.server-groups.list/rule/same-as-show", listed, *entry, same_items=read(shown, "server_group", "members")
    )
    host = read(ecs_servers.show(first), "server", "hostId")
    ecs_check(
        "nova.server-groups.create/rule/different-hosts",
        ecs_servers.show(second),
        "body",
        "server",
        "hostId",
        differs=host,
    )
    ecs_client.delete(f"{_SERVERS}/{first}")
    ecs_wait.gone(f"{_SERVERS}/{first}")
    ecs_check("nova.server-groups.show/rule/deleted-member", ecs_client.get(_one(group)), *_MEMBERS, lacks=first)
    ecs_client.delete(_one(group))
    ecs_check.accepted("nova.server-groups.delete/rule/members-stay", ecs_servers.show(second))
    ecs_client.delete(f"{_SERVERS}/{second}")
    ecs_wait.gone(f"{_SERVERS}/{second}")
    ecs_client.delete(_one(group))
    ecs_wait.gone(_one(group), 10)
    control = ecs_cases.control("nova.servers.create")
    refused = ecs_expect(
        "nova.server-groups.delete/rule/no-longer-usable",
        "POST",
        _SERVERS,
        json=_in_group(ecs_supplies, group, 1),
        expects="refused",
        change="the group was deleted",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


def _in_group(supplies: Supplies, group: str, count: int) -> dict[str, Any]:
    server = {
        "name": supplies.name("member"),
        "imageRef": supplies.need("image_id"),
        "flavorRef": supplies.need("flavor_id"),
        "networks": [{"uuid": supplies.need("network_id")}],
        "min_count": count,
        "max_count": count,
        "return_reservation_id": count > 1,
    }
    return {"server": server, "os:scheduler_hints": {"group": group}}


@pytest.mark.ecs_requirement("nova.server-groups.create/rule/quantity")
def test_a_project_has_so_many_groups(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """One more than the limits say is refused, where a target can be told to have lower ones."""
    hook, rule = ecs_target.control, "nova.server-groups.create/rule/quantity"
    if hook is None:
        ecs_check.not_tested(rule, "using up the groups of the project would be in the way of everybody else in it")
        return
    before = ecs_client.get("/v2.1/{project_id}/limits")
    most = read(before, "limits", "absolute", "maxServerGroups")
    control, group = _make(ecs_client, ecs_supplies)
    hook("PUT", "/_mock/limits", {"server_groups": len(_ids(ecs_client.get(_GROUPS)))})
    try:
        ecs_expect(
            rule,
            "POST",
            _GROUPS,
            json=_body(ecs_supplies.name("group")),
            expects="over-limit",
            change="the project has as many groups as it may have",
            control=control.id,
        )
    finally:
        hook("PUT", "/_mock/limits", {"server_groups": most})
    ecs_client.delete(_one(group))
