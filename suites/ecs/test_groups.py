"""Rules of server groups (5.10)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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
    Lease,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    load_contract,
    read,
)

pytestmark = pytest.mark.ecs_group("scarce")

_DELETE, _ADD, _REMOVE, _LIST, _SHOW = (
    f"ecs.server-groups.{verb}/rule"
    for verb in (
        "delete",
        "add-member",
        "remove-member",
        "list",
        "show",
    )
)
_GROUPS = "/v1/{project_id}/cloudservers/os-server-groups"
_NATIVE = "/v2.1/{project_id}/os-server-groups"
_SERVERS = "/v1/{project_id}/cloudservers"
_IDS = ("body", "server_groups", "*", "id")
_MEMBERS = ("body", "server_group", "members")
_POLICY = "anti-affinity"
#: What both APIs show of a group.
_FIELDS = ("id", "name", "policies", "members", "metadata")


def _one(group: str, action: str = "") -> str:
    return f"{_GROUPS}/{group}{action}"


def _body(name: str, *policies: str) -> dict[str, Any]:
    return {"server_group": {"name": name, "policies": list(policies or (_POLICY,))}}


def _make(client: Client, supplies: Supplies, name: str | None = None) -> tuple[Exchange, str]:
    created = client.post(_GROUPS, _body(name or supplies.name("group")))
    return created, str(read(created, "server_group", "id"))


def _drop(client: Client, *groups: str) -> None:
    for group in groups:
        client.delete(_one(group))


def _pages(client: Client, query: dict[str, str] | None = None) -> list[Exchange]:
    """Return the list, page by page where the endpoint divides it."""
    pages = [client.get(_GROUPS, query=query or {})]
    while len(pages) < 100 and (marker := _next(pages[-1])) and read(pages[-1], "server_groups"):
        page = client.get(_GROUPS, query={"limit": "1000", **(query or {}), "marker": marker})
        pages.append(page)
    return pages


def _next(page: Exchange) -> str | None:
    body = page.response_body
    info = body.get("page_info") if isinstance(body, dict) else None
    marker = info.get("next_marker") if isinstance(info, dict) else None
    return marker if isinstance(marker, str) and marker else None


def _ids(pages: Sequence[Exchange]) -> list[str]:
    return [group["id"] for page in pages for group in read(page, "server_groups")]


def _index(page: Exchange, group: str) -> int:
    """Return the place of a group on a page, one where nothing is when it is not there."""
    ids = _ids([page])
    return ids.index(group) if group in ids else len(ids)


def _page_with(client: Client, group: str) -> Exchange:
    """Return the page of the list that has a group, or the last one."""
    pages = _pages(client)
    return next((page for page in pages if group in _ids([page])), pages[-1])


def _absent(client: Client, check: Check, rule: str, group: str) -> None:
    for page in _pages(client):
        check(rule, page, *_IDS, lacks=group)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.create/rule/as-asked",
    "ecs.server-groups.create/rule/listed",
    "ecs.server-groups.create/rule/no-members",
    "ecs.server-groups.create/rule/longest-name",
    "ecs.server-groups.create/rule/same-as-native",
    "ecs.server-groups.delete/rule/deletes",
    "ecs.server-groups.delete/rule/others-stay",
    "ecs.server-groups.delete/rule/no-body",
    "ecs.server-groups.list/rule/has-groups",
    "ecs.server-groups.list/rule/once",
    "ecs.server-groups.list/rule/own-project",
    "ecs.server-groups.list/rule/same-as-show",
    "ecs.server-groups.list/rule/same-as-native",
    "ecs.server-groups.show/rule/asked-group",
    "ecs.server-groups.show/rule/as-created",
    "ecs.server-groups.show/rule/other-project",
    "ecs.server-groups.show/rule/same-as-native",
)
def test_groups_come_and_go(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """A new group is shown as it was asked for, in the list, by itself and by the native API, and to its project alone."""
    name = ecs_supplies.name("group")
    created, group = _make(ecs_client, ecs_supplies, name)
    ecs_check("ecs.server-groups.create/rule/as-asked", created, "body", "server_group", "name", equals=name)
    ecs_check("ecs.server-groups.create/rule/as-asked", created, "body", "server_group", "policies", equals=[_POLICY])
    ecs_check("ecs.server-groups.create/rule/no-members", created, "body", "server_group", "members", equals=[])
    shown, listed = ecs_client.get(_one(group)), _page_with(ecs_client, group)
    ecs_check.accepted("ecs.server-groups.create/rule/listed", shown)
    for rule in ("ecs.server-groups.create/rule/listed", "ecs.server-groups.list/rule/has-groups"):
        ecs_check(rule, listed, *_IDS, contains=group)
    ecs_check("ecs.server-groups.list/rule/once", listed, *_IDS, has_one=group)
    ecs_check("ecs.server-groups.show/rule/asked-group", shown, "body", "server_group", "id", equals=group)
    for field in ("name", "policies", "metadata"):
        value = read(created, "server_group", field)
        ecs_check("ecs.server-groups.show/rule/as-created", shown, "body", "server_group", field, equals=value)
    native = ecs_client.get(f"{_NATIVE}/{group}")
    natives = ecs_client.get(_NATIVE)
    ecs_check("ecs.server-groups.list/rule/same-as-native", natives, *_IDS, contains=group)
    ecs_check("ecs.server-groups.create/rule/same-as-native", native, "body", "server_group", "id", equals=group)
    index = _index(listed, group)
    for field in _FIELDS:
        value = read(shown, "server_group", field)
        ecs_check(
            "ecs.server-groups.list/rule/same-as-show", listed, "body", "server_groups", index, field, equals=value
        )
        ecs_check("ecs.server-groups.show/rule/same-as-native", native, "body", "server_group", field, equals=value)
    stranger = ecs_clients("other_project")
    ecs_check("ecs.server-groups.show/rule/other-project", stranger.get(_one(group)), "status", one_of=[400, 403, 404])
    ecs_check("ecs.server-groups.list/rule/own-project", stranger.get(_GROUPS), *_IDS, lacks=group)
    longest = ecs_supplies.name("group").ljust(255, "x")
    created, other = _make(ecs_client, ecs_supplies, longest)
    ecs_check("ecs.server-groups.create/rule/longest-name", created, "body", "server_group", "name", equals=longest)
    kept = ecs_client.get(_one(other))
    ecs_check("ecs.server-groups.create/rule/longest-name", kept, "body", "server_group", "name", equals=longest)
    deleted = ecs_client.delete(_one(group))
    ecs_check("ecs.server-groups.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(_one(group), 10)
    _absent(ecs_client, ecs_check, "ecs.server-groups.delete/rule/deletes", group)
    _unknown(ecs_expect, "ecs.server-groups.delete/rule/deletes", "GET", group, "the group was deleted")
    ecs_check("ecs.server-groups.delete/rule/others-stay", _page_with(ecs_client, other), *_IDS, contains=other)
    _drop(ecs_client, other)


def _unknown(expect: Expect, rule: str, method: str, group: str, change: str, action: str = "", **options: Any) -> None:
    expect(rule, method, _one(group, action), expects="unknown-group", change=change, **options)


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/affinity-refused")
def test_another_policy_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """There are no affinity groups."""
    control = ecs_cases.control("ecs.server-groups.create")
    ecs_expect(
        "ecs.server-groups.create/rule/affinity-refused",
        "POST",
        _GROUPS,
        json=_body(ecs_supplies.name("no"), "affinity"),
        expects="invalid",
        change="the policy is affinity",
        control=control.id,
    )


@pytest.mark.ecs_requirement(
    "ecs.server-groups.show/rule/unknown-group",
    "ecs.server-groups.delete/rule/unknown-group",
    "ecs.server-groups.add-member/rule/unknown-group",
    "ecs.server-groups.remove-member/rule/unknown-group",
)
def test_an_unknown_group_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """In each of the operations that name one in the URL."""
    (lease,) = ecs_servers.shared("SHUTOFF")
    change = "the group does not exist"
    for rule, verb, method in ((_SHOW, "show", "GET"), (_DELETE, "delete", "DELETE")):
        control = ecs_cases.control(f"ecs.server-groups.{verb}")
        _unknown(ecs_expect, f"{rule}/unknown-group", method, ecs_supplies.unknown_id(), change, control=control.id)
    for rule, verb, key in ((_ADD, "add-member", "add_member"), (_REMOVE, "remove-member", "remove_member")):
        control = ecs_cases.control(f"ecs.server-groups.{verb}")
        body = {key: {"instance_uuid": lease.id}}
        group = ecs_supplies.unknown_id()
        _unknown(ecs_expect, f"{rule}/unknown-group", "POST", group, change, "/action", json=body, control=control.id)


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/counted", "ecs.server-groups.delete/rule/counted")
def test_groups_are_counted(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """One group more or less is one more or less used; a try counts when no other group came or went meanwhile."""
    limits, field = "/v1/{project_id}/cloudservers/limits", "totalServerGroupsUsed"
    for _ in range(5):
        there, before = _ids(_pages(ecs_client)), ecs_client.get(limits)
        _, group = _make(ecs_client, ecs_supplies)
        during = ecs_client.get(limits)
        more = _ids(_pages(ecs_client))
        _drop(ecs_client, group)
        after = ecs_client.get(limits)
        if sorted(more) == sorted([*there, group]) and _ids(_pages(ecs_client)) == there:
            used = read(before, "absolute", field)
            ecs_check("ecs.server-groups.create/rule/counted", during, "body", "absolute", field, equals=used + 1)
            ecs_check("ecs.server-groups.delete/rule/counted", after, "body", "absolute", field, equals=used)
            return
    for rule in ("ecs.server-groups.create/rule/counted", "ecs.server-groups.delete/rule/counted"):
        ecs_check.not_tested(rule, "others created or deleted groups all the time, or groups do not come and go")


_PAGING = (
    "at-most-limit",
    "limit-highest",
    "limit-alone",
    "marker-alone",
    "after-marker",
    "next-marker",
    "pages-complete",
)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.list/rule/at-most-limit",
    "ecs.server-groups.list/rule/limit-highest",
    "ecs.server-groups.list/rule/limit-alone",
    "ecs.server-groups.list/rule/marker-alone",
    "ecs.server-groups.list/rule/after-marker",
    "ecs.server-groups.list/rule/next-marker",
    "ecs.server-groups.list/rule/pages-complete",
    "ecs.server-groups.list/rule/unknown-marker",
)
def test_groups_come_on_pages(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """Pages have as many groups as asked for and follow each other; a try counts when the list stayed the same."""
    groups = [_make(ecs_client, ecs_supplies)[1] for _ in range(2)]
    control = ecs_cases.control("ecs.server-groups.list")
    ecs_expect(
        "ecs.server-groups.list/rule/unknown-marker",
        "GET",
        _GROUPS,
        query={"limit": "1", "marker": ecs_supplies.unknown_id()},
        expects="unknown-reference",
        change="the marker is no group",
        control=control.id,
        codes=("Ecs.0313",),
    )
    for _ in range(5):
        whole = _pages(ecs_client)
        read(whole[0], "server_groups", 0)
        order = _ids(whole)
        size = max(1, len(order) // 8)
        pages = _pages(ecs_client, {"limit": str(size)})
        second = ecs_client.get(_GROUPS, query={"limit": str(size), "marker": order[size - 1]})
        alone = ecs_client.get(_GROUPS, query={"marker": order[0]})
        highest, more = (ecs_client.get(_GROUPS, query={"limit": limit}) for limit in ("1000", "1001"))
        if _ids(_pages(ecs_client)) == order:
            break
    else:
        for rule in _PAGING:
            ecs_check.not_tested(f"{_LIST}/{rule}", "others created or deleted groups all the time")
        _drop(ecs_client, *groups)
        return
    for page in (*pages, second):
        ecs_check("ecs.server-groups.list/rule/at-most-limit", page, "body", "server_groups", length_at_most=size)
    ecs_check("ecs.server-groups.list/rule/limit-alone", pages[0], *_IDS, equals=order[:size])
    ecs_check(
        "ecs.server-groups.list/rule/next-marker",
        pages[0],
        "body",
        "page_info",
        "next_marker",
        equals=_ids(pages[:1])[-1],
    )
    ecs_check("ecs.server-groups.list/rule/after-marker", second, *_IDS, equals=order[size : 2 * size])
    if alone.failure is None and alone.status == 400:
        ecs_check("ecs.server-groups.list/rule/marker-alone", alone, "status", equals=400)
    else:
        ecs_check("ecs.server-groups.list/rule/marker-alone", alone, *_IDS, equals=order[1:])
    walked = _ids(pages)
    for group in order:
        if group in walked:
            page = next(page for page in pages if group in _ids([page]))
            ecs_check("ecs.server-groups.list/rule/pages-complete", page, *_IDS, has_one=group)
        else:
            ecs_check("ecs.server-groups.list/rule/pages-complete", pages[-1], *_IDS, contains=group)
    for first, later in itertools.pairwise(pages):
        for group in _ids([first]):
            ecs_check("ecs.server-groups.list/rule/pages-complete", later, *_IDS, lacks=group)
    ecs_check.accepted("ecs.server-groups.list/rule/limit-highest", highest)
    if more.refused:
        ecs_check("ecs.server-groups.list/rule/limit-highest", more, "status", equals=400)
    else:
        ecs_check("ecs.server-groups.list/rule/limit-highest", more, "body", "server_groups", length_at_most=1000)
    _drop(ecs_client, *groups)


def _act(client: Client, group: str, key: str, server: Lease) -> Exchange:
    return client.post(_one(group, "/action"), {key: {"instance_uuid": server.id}})


@pytest.mark.ecs_requirement(
    "ecs.server-groups.add-member/rule/adds",
    "ecs.server-groups.add-member/rule/keeps",
    "ecs.server-groups.add-member/rule/only-when-stopped",
    "ecs.server-groups.add-member/rule/different-host",
    "ecs.server-groups.add-member/rule/same-server",
    "ecs.server-groups.add-member/rule/again",
    "ecs.server-groups.add-member/rule/no-body",
    "ecs.server-groups.remove-member/rule/removes",
    "ecs.server-groups.remove-member/rule/keeps",
    "ecs.server-groups.remove-member/rule/server-stays",
    "ecs.server-groups.remove-member/rule/while-running",
    "ecs.server-groups.remove-member/rule/not-a-member",
    "ecs.server-groups.remove-member/rule/other-group",
    "ecs.server-groups.remove-member/rule/can-return",
    "ecs.server-groups.remove-member/rule/no-body",
    "ecs.server-groups.show/rule/members",
    "ecs.server-groups.show/rule/same-as-native",
    "ecs.server-groups.list/rule/same-as-show",
    "ecs.server-groups.delete/rule/members-stay",
)
def test_servers_join_and_leave_a_group(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Stopped servers join, servers leave in any state, and apart from where they run nothing becomes of them."""
    running = ecs_servers("ACTIVE")
    one, two = ecs_servers.batch(2, "SHUTOFF")
    (_, group), (_, empty) = _make(ecs_client, ecs_supplies), _make(ecs_client, ecs_supplies)
    path = _one(group)
    name = read(one.show(), "server", "name")
    added = _act(ecs_client, group, "add_member", one)
    ecs_check("ecs.server-groups.add-member/rule/no-body", added, "body", equals=None)
    ecs_check("ecs.server-groups.add-member/rule/adds", ecs_client.get(path), *_MEMBERS, contains=one.id)
    ecs_check("ecs.server-groups.add-member/rule/same-server", one.show(), "body", "server", "name", equals=name)
    ecs_check("ecs.server-groups.add-member/rule/same-server", one.show(), "body", "server", "status", equals="SHUTOFF")
    read(_act(ecs_client, group, "add_member", two))
    shown = ecs_client.get(path)
    ecs_check("ecs.server-groups.add-member/rule/adds", shown, *_MEMBERS, contains=two.id)
    ecs_check("ecs.server-groups.add-member/rule/keeps", shown, *_MEMBERS, contains=one.id)
    ecs_check("ecs.server-groups.show/rule/members", shown, *_MEMBERS, same_items=[one.id, two.id])
    members = read(shown, "server_group", "members")
    ecs_check(
        "ecs.server-groups.show/rule/same-as-native",
        ecs_client.get(f"{_NATIVE}/{group}"),
        *_MEMBERS,
        same_items=members,
    )
    listed = _page_with(ecs_client, group)
    entry = ("body", "server_groups", _index(listed, group), "members")
    ecs_check("ecs.server-groups.list/rule/same-as-show", listed, *entry, same_items=members)
    again = _act(ecs_client, group, "add_member", one)
    ecs_check("ecs.server-groups.add-member/rule/again", again, "status", one_of=[200, 201, 202, 204, 400, 403, 409])
    ecs_check("ecs.server-groups.add-member/rule/again", ecs_client.get(path), *_MEMBERS, has_one=one.id)
    control = ecs_cases.control("ecs.server-groups.add-member")
    ecs_expect(
        "ecs.server-groups.add-member/rule/only-when-stopped",
        "POST",
        _one(group, "/action"),
        json={"add_member": {"instance_uuid": running.id}},
        expects="refused",
        change="the server runs",
        control=control.id,
    )
    ecs_check("ecs.server-groups.add-member/rule/only-when-stopped", ecs_client.get(path), *_MEMBERS, lacks=running.id)
    _act(ecs_client, empty, "remove_member", one)
    ecs_check("ecs.server-groups.remove-member/rule/not-a-member", ecs_client.get(_one(empty)), *_MEMBERS, equals=[])
    ecs_check("ecs.server-groups.remove-member/rule/other-group", ecs_client.get(path), *_MEMBERS, contains=one.id)
    _act(ecs_client, group, "remove_member", running)
    ecs_check(
        "ecs.server-groups.remove-member/rule/not-a-member", ecs_client.get(path), *_MEMBERS, includes=[one.id, two.id]
    )
    removed = _act(ecs_client, group, "remove_member", two)
    ecs_check("ecs.server-groups.remove-member/rule/no-body", removed, "body", equals=None)
    shown = ecs_client.get(path)
    ecs_check("ecs.server-groups.remove-member/rule/removes", shown, *_MEMBERS, lacks=two.id)
    ecs_check("ecs.server-groups.remove-member/rule/keeps", shown, *_MEMBERS, contains=one.id)
    ecs_check(
        "ecs.server-groups.remove-member/rule/server-stays", two.show(), "body", "server", "status", equals="SHUTOFF"
    )
    _act(ecs_client, group, "add_member", two)
    ecs_check("ecs.server-groups.remove-member/rule/can-return", ecs_client.get(path), *_MEMBERS, contains=two.id)
    start = {"os-start": {"servers": [{"id": one.id}, {"id": two.id}]}}
    ecs_jobs.settle(ecs_client.post(f"{_SERVERS}/action", start), [one, two])
    host = read(one.show(), "server", "hostId")
    ecs_check("ecs.server-groups.add-member/rule/different-host", two.show(), "body", "server", "hostId", differs=host)
    removed = _act(ecs_client, group, "remove_member", one)
    ecs_check.accepted("ecs.server-groups.remove-member/rule/while-running", removed)
    ecs_check("ecs.server-groups.remove-member/rule/while-running", ecs_client.get(path), *_MEMBERS, lacks=one.id)
    deleted = ecs_client.delete(path)
    ecs_check("ecs.server-groups.delete/rule/members-stay", two.show(), "status", equals=200)
    if not deleted.accepted:
        _act(ecs_client, group, "remove_member", two)
    _drop(ecs_client, group, empty)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.create/rule/usable",
    "ecs.server-groups.create/rule/different-hosts",
    "ecs.server-groups.show/rule/members",
    "ecs.server-groups.show/rule/deleted-member",
    "ecs.server-groups.delete/rule/no-longer-usable",
    "ecs.servers.create/rule/name-suffix-start",
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
    """Two servers of one request are members, on different hosts, numbered on from the name; the group's end ends its use."""
    _, group = _make(ecs_client, ecs_supplies)
    hints = {"os:scheduler_hints": {"group": group}}
    name = ecs_supplies.name("member")
    body = ecs_servers.template(f"{name}-0005", 2)
    created = ecs_client.post(_SERVERS, {"server": {**body["server"], **hints}})
    ecs_check.accepted("ecs.server-groups.create/rule/usable", created)
    first, second = exactly(2, ecs_servers.settle(created), "both servers of one request")
    listed = ecs_client.get("/v2.1/{project_id}/servers", query={"name": name})
    seen = read(listed, "servers", "*", "name")
    # The number is where counting starts, or part of a name that is numbered (ruling name-suffix-start).
    stems = [(name, 5), (f"{name}-0005", 0), (f"{name}-0005", 1)]
    runs = [[f"{stem}-{number:04}" for number in (first, first + 1)] for stem, first in stems]
    names = next((run for run in runs if sorted(run) == sorted(seen)), runs[0])
    ecs_check("ecs.servers.create/rule/name-suffix-start", listed, "body", "servers", "*", "name", same_items=names)
    shown = ecs_client.get(_one(group))
    for server in (first, second):
        ecs_check("ecs.server-groups.create/rule/usable", shown, *_MEMBERS, contains=server)
    ecs_check("ecs.server-groups.show/rule/members", shown, *_MEMBERS, same_items=[first, second])
    host = read(ecs_servers.show(first), "server", "hostId")
    placed = ecs_servers.show(second)
    ecs_check("ecs.server-groups.create/rule/different-hosts", placed, "body", "server", "hostId", differs=host)
    ecs_jobs.settle(ecs_client.post(f"{_SERVERS}/delete", {"servers": [{"id": first}]}))
    ecs_check("ecs.server-groups.show/rule/deleted-member", ecs_client.get(_one(group)), *_MEMBERS, lacks=first)
    ecs_jobs.settle(ecs_client.post(f"{_SERVERS}/delete", {"servers": [{"id": second}]}))
    _drop(ecs_client, group)
    ecs_wait.gone(_one(group), 10)
    control = ecs_cases.control("ecs.servers.create")
    body = ecs_servers.template(ecs_supplies.name("no"), 1)
    refused = ecs_expect(
        "ecs.server-groups.delete/rule/no-longer-usable",
        "POST",
        _SERVERS,
        json={"server": {**body["server"], **hints}},
        expects="refused",
        change="the group was deleted",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement("ecs.server-groups.create/rule/quantity")
def test_a_project_has_so_many_groups(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """One more than the limits say is refused, where a target can be told to have lower ones."""
    hook, rule = ecs_target.control, "ecs.server-groups.create/rule/quantity"
    if hook is None:
        ecs_check.not_tested(rule, "using up the groups of the project would be in the way of everybody else in it")
        return
    limits = ecs_client.get(f"{_SERVERS}/limits")
    most = read(limits, "absolute", "maxServerGroups")
    control, group = _make(ecs_client, ecs_supplies)
    hook("PUT", "/_mock/limits", {"server_groups": len(_ids(_pages(ecs_client)))})
    try:
        ecs_expect(
            rule,
            "POST",
            _GROUPS,
            json=_body(ecs_supplies.name("group")),
            expects="refused",
            change="the project has as many groups as it may have",
            control=control.id,
        )
    finally:
        hook("PUT", "/_mock/limits", {"server_groups": most})
    _drop(ecs_client, group)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(rule, reason, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule))
        for rule, reason in {
            "ecs.server-groups.add-member/rule/only-kvm": "no option names a Xen flavor",
            "ecs.server-groups.add-member/rule/member-quantity": "as many servers as a group can have would have to be bought",
        }.items()
    ],
)
def test_what_a_target_does_not_have(ecs_check: Check, rule: str, reason: str) -> None:
    """Rules that need more than a run can be given."""
    ecs_check.not_tested(rule, reason)
