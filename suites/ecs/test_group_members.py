"""Rules of the servers in a server group (5.10.3, 5.10.4)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Wait,
    exactly,
    read,
    url_of,
)
from pytest_ecs.exceptions import JobError

from .creating import stopped_on
from .grouping import MEMBERS, NATIVE, SERVERS, act, group_made, page_with, path_of, place_of

pytestmark = pytest.mark.ecs_group("scarce")

_HOST = ("body", "server", "hostId")
_STATUS = ("body", "server", "status")


@pytest.mark.ecs_requirement(
    "ecs.server-groups.add-member/rule/adds",
    "ecs.server-groups.add-member/rule/keeps",
    "ecs.server-groups.add-member/rule/same-server",
    "ecs.server-groups.add-member/rule/again",
    "ecs.server-groups.add-member/rule/no-body",
    "ecs.server-groups.show/rule/members",
)
def test_servers_join_a_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Stopped ones, one after the other; apart from that nothing becomes of them."""
    one, two = ecs_servers.batch(2, "SHUTOFF")
    name = read(one.show(), "server", "name")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        added = act(ecs_client, group, "add_member", one.id)
        first = ecs_check.after(added)
        first("ecs.server-groups.add-member/rule/no-body", added, "body", equals=None)
        shown = ecs_client.get(path_of(group))
        first("ecs.server-groups.add-member/rule/adds", shown, *MEMBERS, contains=one.id)
        first("ecs.server-groups.add-member/rule/same-server", one.show(), "body", "server", "name", equals=name)
        first.stays("ecs.server-groups.add-member/rule/same-server", one.show, *_STATUS, equals="SHUTOFF")
        both = first.after(act(ecs_client, group, "add_member", two.id))
        shown = ecs_client.get(path_of(group))
        both("ecs.server-groups.add-member/rule/adds", shown, *MEMBERS, contains=two.id)
        both("ecs.server-groups.add-member/rule/keeps", shown, *MEMBERS, contains=one.id)
        both("ecs.server-groups.show/rule/members", shown, *MEMBERS, same_items=[one.id, two.id])
        act(ecs_client, group, "add_member", one.id)
        both("ecs.server-groups.add-member/rule/again", ecs_client.get(path_of(group)), *MEMBERS, has_one=one.id)


@pytest.mark.ecs_requirement("ecs.server-groups.show/rule/same-as-native", "ecs.server-groups.list/rule/same-as-show")
def test_members_are_the_same_everywhere(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """In the list, and through the native API."""
    lease = ecs_servers("SHUTOFF")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        check = ecs_check.after(act(ecs_client, group, "add_member", lease.id))
        members = read(ecs_client.get(path_of(group)), "server_group", "members")
        listed = page_with(ecs_client, group)
        entry = ("body", "server_groups", place_of(listed, group), "members")
        check("ecs.server-groups.list/rule/same-as-show", listed, *entry, same_items=members)
        native = ecs_client.get(f"{NATIVE}/{group}")
        check("ecs.server-groups.show/rule/same-as-native", native, *MEMBERS, same_items=members)


@pytest.mark.ecs_requirement("ecs.server-groups.add-member/rule/only-when-stopped")
def test_a_running_server_does_not_join(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """It is refused, and not a member afterwards."""
    rule, control = (
        "ecs.server-groups.add-member/rule/only-when-stopped",
        ecs_cases.control("ecs.server-groups.add-member"),
    )
    running = ecs_servers("ACTIVE")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        refused = ecs_expect(
            rule,
            "POST",
            path_of(group, "/action"),
            json={"add_member": {"instance_uuid": running.id}},
            expects="refused",
            change="the server runs",
            control=control.id,
        )
        ecs_jobs.wait_out(refused)
        ecs_check.stays(rule, lambda: ecs_client.get(path_of(group)), *MEMBERS, lacks=running.id)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.remove-member/rule/removes",
    "ecs.server-groups.remove-member/rule/keeps",
    "ecs.server-groups.remove-member/rule/server-stays",
    "ecs.server-groups.remove-member/rule/can-return",
    "ecs.server-groups.remove-member/rule/no-body",
)
def test_a_server_leaves_a_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The others stay in it, the server stays as it is, and can come back."""
    one, two = ecs_servers.batch(2, "SHUTOFF")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        added = [act(ecs_client, group, "add_member", lease.id) for lease in (one, two)]
        removed = act(ecs_client, group, "remove_member", two.id)
        check = ecs_check.after(*added, removed)
        check("ecs.server-groups.remove-member/rule/no-body", removed, "body", equals=None)
        shown = ecs_client.get(path_of(group))
        check("ecs.server-groups.remove-member/rule/removes", shown, *MEMBERS, lacks=two.id)
        keeps = "ecs.server-groups.remove-member/rule/keeps"
        check.stays(keeps, lambda: ecs_client.get(path_of(group)), *MEMBERS, contains=one.id)
        check("ecs.server-groups.remove-member/rule/server-stays", two.show(), *_STATUS, equals="SHUTOFF")
        act(ecs_client, group, "add_member", two.id)
        back = ecs_client.get(path_of(group))
        check("ecs.server-groups.remove-member/rule/can-return", back, *MEMBERS, contains=two.id)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.remove-member/rule/not-a-member", "ecs.server-groups.remove-member/rule/other-group"
)
def test_a_server_that_is_no_member_does_not_leave(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Whether it is refused or not, members stay as they are, in that group and in the server's own."""
    one, two = ecs_servers.batch(2, "SHUTOFF")
    with group_made(ecs_client, ecs_supplies) as (_, group), group_made(ecs_client, ecs_supplies) as (_, empty):
        check = ecs_check.after(act(ecs_client, group, "add_member", one.id))
        act(ecs_client, empty, "remove_member", one.id)
        act(ecs_client, group, "remove_member", two.id)
        rule = "ecs.server-groups.remove-member/rule/not-a-member"
        check(rule, ecs_client.get(path_of(empty)), *MEMBERS, equals=[])
        check(rule, ecs_client.get(path_of(group)), *MEMBERS, includes=[one.id])
        other = "ecs.server-groups.remove-member/rule/other-group"
        check.stays(other, lambda: ecs_client.get(path_of(group)), *MEMBERS, contains=one.id)


def _apart(check: Check, rule: str, one: Exchange, two: Exchange) -> None:
    """Two servers run on different hosts; where one found no host there was no room for it."""
    shown = [exchange.json_object.get("server") for exchange in (one, two)]
    for server in shown:
        server = server if isinstance(server, Mapping) else {}
        if server.get("status") != "ACTIVE" or not server.get("hostId"):
            check.not_tested(rule, f"a server does not run on a host: {server.get('status')}, {server.get('fault')}")
            return
    check(rule, two, *_HOST, differs=read(one, "server", "hostId"))


def _started(client: Client, jobs: Jobs, *leases: Lease) -> None:
    """Start servers, and wait; there need not be a host for each."""
    started = client.post(f"{SERVERS}/action", {"os-start": {"servers": [{"id": lease.id} for lease in leases]}})
    try:
        jobs.settle(started, leases)
    except JobError:
        for lease in leases:
            lease.spoilt = True


@pytest.mark.ecs_requirement(
    "ecs.server-groups.add-member/rule/different-host", "ecs.server-groups.remove-member/rule/while-running"
)
def test_members_run_on_different_hosts(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """When they are started; then one of them leaves while it runs."""
    one, two = ecs_servers.batch(2, "SHUTOFF")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        check = ecs_check.after(*(act(ecs_client, group, "add_member", lease.id) for lease in (one, two)))
        _started(ecs_client, ecs_jobs, one, two)
        _apart(check, "ecs.server-groups.add-member/rule/different-host", one.show(), two.show())
        removed = act(ecs_client, group, "remove_member", one.id)
        rule = "ecs.server-groups.remove-member/rule/while-running"
        check.accepted(rule, removed)
        check.after(removed)(rule, ecs_client.get(path_of(group)), *MEMBERS, lacks=one.id)


@pytest.mark.ecs_requirement("ecs.server-groups.delete/rule/members-stay")
def test_members_are_not_deleted_with_a_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Whether the deletion of a group with members is accepted or refused."""
    lease = ecs_servers("SHUTOFF")
    with group_made(ecs_client, ecs_supplies) as (_, group):
        check = ecs_check.after(act(ecs_client, group, "add_member", lease.id))
        ecs_client.delete(path_of(group))
        check.stays("ecs.server-groups.delete/rule/members-stay", lease.show, "body", "server", "id", equals=lease.id)


@pytest.mark.ecs_requirement(
    "ecs.server-groups.create/rule/usable",
    "ecs.server-groups.create/rule/different-hosts",
    "ecs.server-groups.show/rule/members",
    "ecs.server-groups.show/rule/deleted-member",
    "ecs.servers.create/rule/name-suffix-start",
)
def test_servers_are_created_in_a_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Two servers of one request are members, on different hosts, numbered on from the name."""
    name = ecs_supplies.name("member")
    body = ecs_servers.template(f"{name}-0005", 2)
    with group_made(ecs_client, ecs_supplies) as (_, group):
        hints = {"os:scheduler_hints": {"group": group}}
        created = ecs_client.post(SERVERS, {"server": {**body["server"], **hints}})
        ecs_check.accepted("ecs.server-groups.create/rule/usable", created)
        first, second = exactly(2, ecs_servers.settle(created), "both servers of one request")
        listed = ecs_client.get(url_of("nova.servers.list"), query={"name": name})
        seen = read(listed, "servers", "*", "name")
        # The number is where counting starts, or part of a name that is numbered (ruling name-suffix-start).
        stems = [(name, 5), (f"{name}-0005", 0), (f"{name}-0005", 1)]
        runs = [[f"{stem}-{number:04}" for number in (start, start + 1)] for stem, start in stems]
        names = next((run for run in runs if sorted(run) == sorted(seen)), runs[0])
        ecs_check("ecs.servers.create/rule/name-suffix-start", listed, "body", "servers", "*", "name", same_items=names)
        shown = ecs_client.get(path_of(group))
        for server in (first, second):
            ecs_check("ecs.server-groups.create/rule/usable", shown, *MEMBERS, contains=server)
        ecs_check("ecs.server-groups.show/rule/members", shown, *MEMBERS, same_items=[first, second])
        _apart(
            ecs_check,
            "ecs.server-groups.create/rule/different-hosts",
            ecs_servers.show(first),
            ecs_servers.show(second),
        )
        deleted = ecs_client.post(f"{SERVERS}/delete", {"servers": [{"id": first}]})
        ecs_jobs.settle(deleted)
        check, shown = ecs_check.after(deleted), ecs_client.get(path_of(group))
        check("ecs.server-groups.show/rule/deleted-member", shown, *MEMBERS, lacks=first)
        ecs_jobs.settle(ecs_client.post(f"{SERVERS}/delete", {"servers": [{"id": second}]}))


@pytest.mark.ecs_requirement("ecs.server-groups.delete/rule/no-longer-usable")
def test_no_server_is_created_in_a_deleted_group(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """The end of a group ends its use."""
    rule, control = (
        "ecs.server-groups.delete/rule/no-longer-usable",
        ecs_cases.control("ecs.servers.create", servers=False),
    )
    body = ecs_servers.template(ecs_supplies.name("no"), 1)
    with group_made(ecs_client, ecs_supplies) as (_, group):
        deleted = ecs_client.delete(path_of(group))
        if not deleted.accepted or not ecs_wait.gone(path_of(group), 10):
            ecs_check.not_tested(rule, f"the group is not gone: {deleted.answer}")
            return
        refused = ecs_expect(
            rule,
            "POST",
            SERVERS,
            json={"server": {**body["server"], "os:scheduler_hints": {"group": group}}},
            expects="refused",
            change="the group was deleted",
            control=control.id,
        )
        ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement("ecs.server-groups.add-member/rule/only-kvm")
def test_a_xen_server_does_not_join(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """It is refused, and not a member afterwards; an endpoint without such flavors has none."""
    rule, control = "ecs.server-groups.add-member/rule/only-kvm", ecs_cases.control("ecs.server-groups.add-member")
    lease = stopped_on(ecs_client, ecs_check, ecs_servers, ecs_supplies, "FusionCompute", rule)
    if lease is None:
        return
    with group_made(ecs_client, ecs_supplies) as (_, group):
        ecs_expect(
            rule,
            "POST",
            path_of(group, "/action"),
            json={"add_member": {"instance_uuid": lease.id}},
            expects="refused",
            change="the server is one of Xen",
            control=control.id,
        )
        ecs_check.stays(rule, lambda: ecs_client.get(path_of(group)), *MEMBERS, lacks=lease.id)
