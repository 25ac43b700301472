"""Rules of tenant quotas (5.7.1); that servers count is seen through both APIs at once, in suites/nova/test_quotas.py."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Servers, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

from .grouping import group_made, ids_on, pages_of, path_of

pytestmark = pytest.mark.ecs_group("scarce")

_LIMITS = url_of("ecs.quotas.show")
_BUSY = "others created, resized or deleted things all the time"


@pytest.mark.ecs_requirement("ecs.quotas.show/rule/resize-counted")
def test_a_resize_counts(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies) -> None:
    """Cores and memory in use move by the difference of the flavors; a try counts when no other server changed."""
    rule, lease = "ecs.quotas.show/rule/resize-counted", ecs_servers("SHUTOFF")
    listed = read(ecs_client.get(url_of("ecs.flavors.list")), "flavors")
    sizes = {flavor["id"]: flavor for flavor in listed}
    for _ in range(3):
        there, before = _flavors(ecs_client), ecs_client.get(_LIMITS)
        now, wanted = str(ecs_servers.flavor_of(lease)), ecs_servers.other_flavor(lease)
        if now not in sizes or wanted not in sizes:
            raise PrerequisiteMissing("The sizes of both flavors are needed", seen=f"{now} or {wanted} is not listed")
        path = url_of("ecs.servers.resize", server_id=lease.id)
        ecs_supplies.make(path, {"resize": {"flavorRef": wanted}}, "job_id")
        after = ecs_client.get(_LIMITS)
        if _flavors(ecs_client) == {**there, lease.id: wanted}:
            for field, size in (("totalCoresUsed", "vcpus"), ("totalRAMUsed", "ram")):
                moved = read(before, "absolute", field) + int(sizes[wanted][size]) - int(sizes[now][size])
                ecs_check(rule, after, "body", "absolute", field, equals=moved)
            return
    ecs_check.not_tested(rule, _BUSY)


def _flavors(client: Client) -> dict[str, str]:
    """Return the flavor of each server; while it is being resized it has none that could be counted on."""
    listed = client.get(url_of("nova.servers.list-detail"), query={"limit": "1000"})
    read(listed, "servers", "*", "flavor", "id")
    return {s["id"]: "" if "RESIZE" in s["status"] else s["flavor"]["id"] for s in read(listed, "servers")}


@pytest.mark.ecs_requirement("ecs.quotas.show/rule/server-group-counted")
def test_a_server_group_counts(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """A new one raises the groups in use by one, and its deletion lowers them again."""
    rule, used = "ecs.quotas.show/rule/server-group-counted", ("body", "absolute", "totalServerGroupsUsed")
    for _ in range(3):
        there, before = _groups(ecs_client), ecs_client.get(_LIMITS)
        with group_made(ecs_client, ecs_supplies) as (_, group):
            during, more = ecs_client.get(_LIMITS), _groups(ecs_client)
            deleted = ecs_client.delete(path_of(group))
        after = ecs_client.get(_LIMITS)
        if more == sorted([*there, group]) and _groups(ecs_client) == there:
            was = read(before, *used[1:])
            ecs_check(rule, during, *used, equals=was + 1)
            ecs_check.after(deleted)(rule, after, *used, equals=was)
            return
    ecs_check.not_tested(rule, _BUSY)


def _groups(client: Client) -> list[str]:
    return sorted(ids_on(pages_of(client)))
