"""Rules of tenant quotas (5.7.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_QUOTAS = "ecs.quotas.show/rule"
_LIMITS = "/v1/{project_id}/cloudservers/limits"


@pytest.mark.ecs_requirement(
    f"{_QUOTAS}/server-counted", f"{_QUOTAS}/cores-counted", f"{_QUOTAS}/memory-counted", f"{_QUOTAS}/used-within"
)
def test_usage_moves_with_servers(ecs_bench: Bench) -> None:
    """A new server counts in instances, cores and memory, by its flavor.

    Others may be at work in the project, so a try counts only when no other server came or went meanwhile.
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
        there = _servers(ecs_bench)
        before = ecs_bench.read(client.get(_LIMITS), "absolute")
        made = ecs_bench.session.pool.create(1)
        after = client.get(_LIMITS)
        if _servers(ecs_bench) == there | set(made):
            break
    else:
        for rule, _, _ in moves:
            ecs_bench.not_tested(f"{_QUOTAS}/{rule}", "others created or deleted servers in the project all the time")
        ecs_bench.not_tested(f"{_QUOTAS}/used-within", "others created or deleted servers in the project all the time")
        return
    for rule, field, more in moves:
        ecs_bench.check(f"{_QUOTAS}/{rule}", after, "body", "absolute", field, equals=before[field] + more)
    limit = ecs_bench.read(after, "absolute", "maxTotalInstances")
    # -1 stands for "no limit" in the section's own example (maxTotalKeypairs).
    most = limit if limit >= 0 else ecs_bench.read(after, "absolute", "totalInstancesUsed")
    ecs_bench.check(f"{_QUOTAS}/used-within", after, "body", "absolute", "totalInstancesUsed", at_most=most)


def _servers(bench: Bench) -> set[str]:
    listed = bench.client.get("/v2.1/{project_id}/servers", query={"limit": "1000"})
    return {server["id"] for server in bench.read(listed, "servers")}
