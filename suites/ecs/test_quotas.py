"""Rules of tenant quotas (5.7.1); that servers count is seen through both APIs at once, in suites/nova/test_quotas.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, Supplies, Wait, read
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON

pytestmark = pytest.mark.ecs_group("scarce")

_QUOTAS = "ecs.quotas.show/rule"
_LIMITS = "/v1/{project_id}/cloudservers/limits"
_GROUPS = "/v1/{project_id}/cloudservers/os-server-groups"
_BUSY = "others created, resized or deleted things all the time"


def _steadily(client: Client, look: Callable[[], JSON], change: Callable[[], JSON]) -> tuple[Exchange, Exchange] | None:
    """Return the usage before and after *change*, which tells what *look* shows then if nobody else did anything."""
    for _ in range(3):
        there, before = look(), client.get(_LIMITS)
        if look() != there:
            continue
        wanted = change()
        after = client.get(_LIMITS)
        if look() == wanted:
            return before, after
    return None


def _moved(check: Check, rule: str, seen: tuple[Exchange, Exchange] | None, field: str, more: int) -> None:
    if seen is None:
        check.not_tested(f"{_QUOTAS}/{rule}", _BUSY)
        return
    was = read(seen[0], "absolute", field)
    check(f"{_QUOTAS}/{rule}", seen[1], "body", "absolute", field, equals=was + more)


@pytest.mark.ecs_requirement("ecs.quotas.show/rule/resize-counted")
def test_a_resize_counts(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies) -> None:
    """Cores and memory in use move by the difference of the flavors."""
    lease = ecs_servers("SHUTOFF")
    listed = read(ecs_client.get("/v1/{project_id}/cloudservers/flavors"), "flavors")
    sizes = {flavor["id"]: flavor for flavor in listed}
    moves: dict[str, int] = {}

    def resize() -> dict[str, str]:
        there, now, wanted = _flavors(ecs_client), str(ecs_servers.flavor_of(lease)), ecs_servers.other_flavor(lease)
        path = f"/v1/{{project_id}}/cloudservers/{lease.id}/resize"
        ecs_supplies.make(path, {"resize": {"flavorRef": wanted}}, "job_id")
        for field, name in (("totalCoresUsed", "vcpus"), ("totalRAMUsed", "ram")):
            moves[field] = int(sizes[wanted][name]) - int(sizes[now][name])
        return {**there, lease.id: wanted}

    seen = _steadily(ecs_client, lambda: _flavors(ecs_client), resize)
    for field in ("totalCoresUsed", "totalRAMUsed"):
        _moved(ecs_check, "resize-counted", seen, field, moves.get(field, 0))


def _flavors(client: Client) -> dict[str, str]:
    """Return the flavor of each server; while it is being resized it has none that could be counted on."""
    listed = client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
    return {s["id"]: "" if "RESIZE" in s["status"] else s["flavor"]["id"] for s in read(listed, "servers")}


@pytest.mark.ecs_requirement("ecs.quotas.show/rule/server-group-counted")
def test_a_server_group_counts(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait) -> None:
    """A new one raises the groups in use by one, and its deletion lowers them again."""
    made: list[str] = []

    def make() -> list[str]:
        there = _groups(ecs_client)
        body = {"server_group": {"name": ecs_supplies.name("group"), "policies": ["anti-affinity"]}}
        made.append(str(ecs_supplies.make(_GROUPS, body, "server_group", "id")))
        return sorted([*there, made[-1]])

    def drop() -> list[str]:
        if not made:
            raise PrerequisiteMissing(
                "Groups can only be counted while others let them be, and when they can be deleted"
            )
        there, gone = _groups(ecs_client), f"{_GROUPS}/{made.pop()}"
        ecs_client.delete(gone)
        ecs_wait.gone(gone)
        return [group for group in there if not gone.endswith(group)]

    _moved(
        ecs_check,
        "server-group-counted",
        _steadily(ecs_client, lambda: _groups(ecs_client), make),
        "totalServerGroupsUsed",
        1,
    )
    while made:
        seen = _steadily(ecs_client, lambda: _groups(ecs_client), drop)
        _moved(ecs_check, "server-group-counted", seen, "totalServerGroupsUsed", -1)


def _groups(client: Client) -> list[str]:
    listed = client.get(_GROUPS, query={"limit": "1000"})
    return sorted(group["id"] for group in read(listed, "server_groups"))
