"""Rules of tenant quotas (5.7.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench, Exchange

_QUOTAS = "ecs.quotas.show/rule"
_LIMITS = "/v1/{project_id}/cloudservers/limits"


@pytest.mark.ecs_requirement(
    f"{_QUOTAS}/server-counted", f"{_QUOTAS}/cores-counted", f"{_QUOTAS}/memory-counted", f"{_QUOTAS}/used-within"
)
def test_usage_moves_with_servers(ecs_bench: Bench) -> None:
    """A new server counts in instances, cores and memory, by its flavor.

    Others may be at work in the project, so a try counts only when no other server came, went or was resized meanwhile.
    """
    client, flavor = ecs_bench.client, ecs_bench.need_resource("flavor_id")
    flavors = ecs_bench.read(client.get("/v1/{project_id}/cloudservers/flavors"), "flavors")
    size = next(f for f in flavors if f["id"] == flavor)
    moves = [
        ("server-counted", "totalInstancesUsed", 1),
        ("cores-counted", "totalCoresUsed", int(size["vcpus"])),
        ("memory-counted", "totalRAMUsed", int(size["ram"])),
    ]
    for _ in range(3):
        there, before = _usage(ecs_bench)
        made = ecs_bench.session.pool.create(1)
        now, after = _usage(ecs_bench)
        if there is not None and now == {**there, **dict.fromkeys(made, flavor)}:
            break
    else:
        for rule in ("server-counted", "cores-counted", "memory-counted", "used-within"):
            ecs_bench.not_tested(f"{_QUOTAS}/{rule}", "others created, resized or deleted servers all the time")
        return
    for rule, field, more in moves:
        ecs_bench.check(
            f"{_QUOTAS}/{rule}",
            after,
            "body",
            "absolute",
            field,
            equals=ecs_bench.read(before, "absolute", field) + more,
        )
    limit = ecs_bench.read(after, "absolute", "maxTotalInstances")
    # -1 stands for "no limit" in the section's own example (maxTotalKeypairs).
    most = limit if limit >= 0 else ecs_bench.read(after, "absolute", "totalInstancesUsed")
    ecs_bench.check(f"{_QUOTAS}/used-within", after, "body", "absolute", "totalInstancesUsed", at_most=most)


def _usage(bench: Bench) -> tuple[dict[str, str] | None, Exchange]:
    """Return the flavors of all servers with the usage that they cause, None while something changes them."""
    first = _flavors(bench)
    usage = bench.client.get(_LIMITS)
    steady = first == _flavors(bench) and "" not in first.values()
    return (first if steady else None), usage


def _flavors(bench: Bench) -> dict[str, str]:
    """Return the flavor of each server; while it is being resized it has none that could be counted on."""
    listed = bench.client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
    return {s["id"]: "" if "RESIZE" in s["status"] else s["flavor"]["id"] for s in bench.read(listed, "servers")}
