"""Rules of server groups through the native API (6.12)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import (
    Afterwards,
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
    url_of,
)
from pytest_ecs.exceptions import PrerequisiteMissing

from .creation import plain
from .two import two_servers

pytestmark = pytest.mark.ecs_group("scarce")

_GROUPS = url_of("nova.server-groups.list")
_ECS = url_of("ecs.server-groups.list")
_SERVERS = url_of("nova.servers.list")
_IDS = ("body", "server_groups", "*", "id")
_GROUP = ("body", "server_group")
_MEMBERS = (*_GROUP, "members")
_POLICY = "anti-affinity"
#: From this microversion on a group shows whose it is.
_OWNED = "2.13"


def _one(group: str) -> str:
    return f"{_GROUPS}/{group}"


def _body(name: str, policy: str = _POLICY) -> dict[str, Any]:
    return {"server_group": {"name": name, "policies": [policy]}}


@contextmanager
def _made(
    client: Client, supplies: Supplies, name: str | None = None, microversion: str | None = None
) -> Iterator[tuple[Exchange, str]]:
    """Create a group and delete it in the end, since a project may have few; give the answer and the group's id."""
    created = client.post(_GROUPS, _body(name or supplies.name("group")), microversion=microversion)
    if created.refused:
        raise PrerequisiteMissing("A server group is needed, and the endpoint creates none", seen=created.answer)
    group = str(read(created, "server_group", "id"))
    try:
        yield created, group
    finally:
        if client.get(_one(group)).accepted or group in _ids(client.get(_GROUPS)):
            client.delete(_one(group))


def _ids(listed: Exchange) -> list[str]:
    return list(read(listed, "server_groups", "*", "id"))


def _index(page: Exchange, group: str) -> int:
    """Return the place of a group in a list; raises `PrerequisiteMissing` when it is not there, which is judged by itself."""
    ids = _ids(page)
    if group not in ids:
        raise PrerequisiteMissing("A server group has to be listed", seen=f"{group} is not in the list", hint="")
    return ids.index(group)


@pytest.mark.ecs_requirement(
    "nova.server-groups.delete/rule/deletes",
    "nova.server-groups.delete/rule/others-stay",
    "nova.server-groups.delete/rule/no-body",
)
def test_a_group_is_deleted(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """And no other with it."""
    with ecs_later:
        (_, other), (_, group) = (ecs_later.enter_context(_made(ecs_client, ecs_supplies)) for _ in range(2))
        control = ecs_client.get(_one(group))
        deleted = ecs_client.delete(_one(group))
        check = ecs_check.after(deleted)
        check("nova.server-groups.delete/rule/no-body", deleted, "body", equals=None)
        if deleted.accepted:
            ecs_wait.gone(_one(group), 10)
            ecs_expect(
                "nova.server-groups.delete/rule/deletes",
                "GET",
                _one(group),
                expects="not-found",
                change="the group was deleted",
                control=control.id,
            )
        check("nova.server-groups.delete/rule/deletes", ecs_client.get(_GROUPS), *_IDS, lacks=group)
        look = lambda: ecs_client.get(_GROUPS)  # noqa: E731 - it is about all groups
        check.later(ecs_later).stays("nova.server-groups.delete/rule/others-stay", look, *_IDS, contains=other)


@pytest.mark.ecs_requirement(
    "nova.server-groups.create/rule/as-asked",
    "nova.server-groups.create/rule/listed",
    "nova.server-groups.create/rule/no-members",
    "nova.server-groups.list/rule/has-groups",
    "nova.server-groups.list/rule/once",
    "nova.server-groups.list/rule/same-as-show",
    "nova.server-groups.show/rule/asked-group",
    "nova.server-groups.show/rule/as-created",
)
def test_a_group_is_created(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """It is shown as it was asked for, in the list and by itself."""
    name = ecs_supplies.name("group")
    with _made(ecs_client, ecs_supplies, name, _OWNED) as (created, group):
        ecs_check("nova.server-groups.create/rule/as-asked", created, *_GROUP, "name", equals=name)
        ecs_check("nova.server-groups.create/rule/as-asked", created, *_GROUP, "policies", equals=[_POLICY])
        ecs_check("nova.server-groups.create/rule/no-members", created, *_GROUP, "members", equals=[])
        shown, listed = ecs_client.get(_one(group), microversion=_OWNED), ecs_client.get(_GROUPS, microversion=_OWNED)
        ecs_check.accepted("nova.server-groups.create/rule/listed", shown)
        for rule in ("nova.server-groups.create/rule/listed", "nova.server-groups.list/rule/has-groups"):
            ecs_check(rule, listed, *_IDS, contains=group)
        ecs_check("nova.server-groups.list/rule/once", listed, *_IDS, has_one=group)
        ecs_check("nova.server-groups.show/rule/asked-group", shown, *_GROUP, "id", equals=group)
        for field in ("name", "policies", "metadata"):
            value = read(created, "server_group", field)
            ecs_check("nova.server-groups.show/rule/as-created", shown, *_GROUP, field, equals=value)
        listed = ecs_client.get(_GROUPS, microversion=_OWNED)
        entry = ("body", "server_groups", _index(listed, group))
        for field in read(shown, "server_group"):
            value = read(shown, "server_group", field)
            ecs_check("nova.server-groups.list/rule/same-as-show", listed, *entry, field, equals=value)


@pytest.mark.ecs_requirement("nova.server-groups.list/rule/same-as-ecs")
def test_the_groups_are_those_that_chapter_5_lists(
    ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """By itself and, where that is not in pages, in its list (5.10.5, 5.10.6)."""
    rule = "nova.server-groups.list/rule/same-as-ecs"
    with _made(ecs_client, ecs_supplies) as (_, group):
        read(ecs_client.get(_one(group)))
        ecs_check(rule, ecs_client.get(f"{_ECS}/{group}"), *_GROUP, "id", equals=group)
        theirs = ecs_client.get(_ECS)
        if "page_info" not in read(theirs):
            ecs_check(rule, theirs, *_IDS, contains=group)


@pytest.mark.ecs_requirement(
    "nova.server-groups.create/rule/own-ids",
    "nova.server-groups.show/rule/own-ids",
    "nova.server-groups.list/rule/own-project",
)
def test_a_group_shows_whose_it_is(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """From its microversion on."""
    with _made(ecs_client, ecs_supplies, microversion=_OWNED) as (created, group):
        shown, listed = ecs_client.get(_one(group), microversion=_OWNED), ecs_client.get(_GROUPS, microversion=_OWNED)
        _check_owners(ecs_client, ecs_check, ecs_servers, created, shown, listed)


@pytest.mark.ecs_requirement("nova.server-groups.show/rule/other-project", "nova.server-groups.list/rule/own-project")
def test_a_group_is_its_projects(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_later: Afterwards, ecs_supplies: Supplies
) -> None:
    """Another project neither finds nor lists it."""
    stranger = ecs_clients("other_project")
    with ecs_later:
        _, group = ecs_later.enter_context(_made(ecs_client, ecs_supplies))
        shown = stranger.get(_one(group))
        check = ecs_check.after(ecs_client.get(_one(group)))
        check.refused("nova.server-groups.show/rule/other-project", shown, "foreign-server")
        look = lambda: stranger.get(_GROUPS)  # noqa: E731 - it is about this project
        ecs_check.later(ecs_later).stays("nova.server-groups.list/rule/own-project", look, *_IDS, lacks=group)


@pytest.mark.parametrize(
    ("rule", "length"),
    [
        pytest.param(rule, length, id=str(length), marks=pytest.mark.ecs_requirement(rule))
        for rule, length in (
            ("nova.server-groups.create/rule/shortest-name", 1),
            ("nova.server-groups.create/rule/longest-name", 255),
        )
    ],
)
def test_the_shortest_and_the_longest_name_are_kept(
    ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, rule: str, length: int
) -> None:
    """Of 1 and of 255 characters (table 6-197)."""
    name = ecs_supplies.name("group").ljust(length, "x")[-length:]
    with _made(ecs_client, ecs_supplies):  # there is room for one
        pass
    created = ecs_client.post(_GROUPS, _body(name))
    if ecs_check.accepted(rule, created):
        group = str(read(created, "server_group", "id"))
        try:
            for answer in (created, ecs_client.get(_one(group))):
                ecs_check(rule, answer, *_GROUP, "name", equals=name)
        finally:
            ecs_client.delete(_one(group))


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
def test_another_policy_is_refused(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """There are no affinity groups."""
    control = ecs_cases.control("nova.server-groups.create")
    answer = ecs_expect(
        "nova.server-groups.create/rule/affinity-refused",
        "POST",
        _GROUPS,
        json=_body(ecs_supplies.name("no"), "affinity"),
        expects="invalid",
        change="the policy is affinity",
        control=control.id,
    )
    if answer.accepted:  # lists are not to be blamed for it
        ecs_client.delete(_one(str(read(answer, "server_group", "id"))))


@pytest.mark.ecs_requirement("nova.server-groups.create/rule/counted", "nova.server-groups.delete/rule/counted")
def test_groups_are_counted(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """One group more or less is one more or less used; a try counts when no other group came or went meanwhile."""
    limits, field = url_of("nova.limits.show"), "totalServerGroupsUsed"
    for _ in range(5):
        there, before = _ids(ecs_client.get(_GROUPS)), ecs_client.get(limits)
        with _made(ecs_client, ecs_supplies) as (_, group):
            during, more = ecs_client.get(limits), _ids(ecs_client.get(_GROUPS))
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
    two = two_servers(ecs_client, ecs_servers, ecs_supplies)
    if two.group is None:
        raise PrerequisiteMissing("A server group is needed", seen=two.missing)
    ecs_check.accepted("nova.server-groups.create/rule/usable", two.grouped)
    group = two.group
    first, second = exactly(2, two.ids if two.grouped.accepted else [], "both servers of one request")
    shown = ecs_client.get(_one(group))
    for server in (first, second):
        ecs_check("nova.server-groups.create/rule/usable", shown, *_MEMBERS, contains=server)
    ecs_check("nova.server-groups.show/rule/members", shown, *_MEMBERS, same_items=[first, second])
    listed = ecs_client.get(_GROUPS)
    entry = ("body", "server_groups", _index(listed, group), "members")
    members = read(shown, "server_group", "members")
    ecs_check("nova.server-groups.list/rule/same-as-show", listed, *entry, same_items=members)
    _apart(ecs_check, ecs_servers.show(first), ecs_servers.show(second))
    _drop(ecs_client, ecs_wait, first)
    shown = ecs_client.get(_one(group))
    ecs_check("nova.server-groups.show/rule/deleted-member", shown, *_MEMBERS, lacks=first)
    ecs_client.delete(_one(group))
    ecs_wait.gone(_one(group), 10)
    ecs_check.accepted("nova.server-groups.delete/rule/members-stay", ecs_servers.show(second))
    _drop(ecs_client, ecs_wait, second)
    if ecs_client.get(_one(group)).accepted:  # it may be refused while there are members
        ecs_client.delete(_one(group))
        ecs_wait.gone(_one(group), 10)
    control = ecs_cases.control("nova.servers.create")
    refused = ecs_expect(
        "nova.server-groups.delete/rule/no-longer-usable",
        "POST",
        _SERVERS,
        json=_in_group(ecs_supplies, group),
        expects="refused",
        change="the group was deleted",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


def _drop(client: Client, wait: Wait, server: str) -> None:
    """Delete a server that is there, and wait until it is gone."""
    if client.get(f"{_SERVERS}/{server}").accepted:
        client.delete(f"{_SERVERS}/{server}")
        wait.gone(f"{_SERVERS}/{server}")


def _apart(check: Check, first: Exchange, second: Exchange) -> None:
    """Judge that two servers are on different hosts; one that found none is lack of room (ruling server-groups-hosts)."""
    rule = "nova.server-groups.create/rule/different-hosts"
    for shown in (first, second):
        server = read(shown, "server")
        if server.get("status") == "ERROR" or not server.get("hostId"):
            fault = server.get("fault") or f"status {server.get('status')}, hostId {server.get('hostId')!r}"
            check.not_tested(rule, f"a server of the group is on no host: {fault}")
            return
    check(rule, second, "body", "server", "hostId", differs=read(first, "server", "hostId"))


def _in_group(supplies: Supplies, group: str) -> dict[str, Any]:
    return {**plain(supplies, supplies.name("member")), "os:scheduler_hints": {"group": group}}


@pytest.mark.ecs_requirement("nova.server-groups.create/rule/quantity")
def test_a_project_has_so_many_groups(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """One more than the limits say is refused, where a target can be told to have lower ones."""
    hook, rule = ecs_target.control, "nova.server-groups.create/rule/quantity"
    if hook is None:
        ecs_check.not_tested(rule, "using up the groups of the project would be in the way of everybody else in it")
        return
    before = ecs_client.get(url_of("nova.limits.show"))
    most = read(before, "limits", "absolute", "maxServerGroups")
    with _made(ecs_client, ecs_supplies) as (control, _):
        hook("PUT", "/_mock/limits", {"server_groups": len({*_ids(ecs_client.get(_GROUPS))})})
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
