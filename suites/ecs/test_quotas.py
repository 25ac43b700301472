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
    """A new server counts in instances, cores and memory, by its flavor."""
    client = ecs_bench.client
    flavor = ecs_bench.session.target.resources.flavor_id
    flavors = client.get("/v1/{project_id}/cloudservers/flavors").response_body["flavors"]
    size = next(f for f in flavors if f["id"] == flavor)
    before = client.get(_LIMITS).response_body["absolute"]
    ecs_bench.session.pool.create(1)
    after = client.get(_LIMITS)
    for rule, field, more in (
        ("server-counted", "totalInstancesUsed", 1),
        ("cores-counted", "totalCoresUsed", int(size["vcpus"])),
        ("memory-counted", "totalRAMUsed", int(size["ram"])),
    ):
        ecs_bench.check(f"{_QUOTAS}/{rule}", after, "body", "absolute", field, equals=before[field] + more)
    limit = after.response_body["absolute"]["maxTotalInstances"]
    # -1 stands for "no limit" in the section's own example (maxTotalKeypairs).
    most = limit if limit >= 0 else after.response_body["absolute"]["totalInstancesUsed"]
    ecs_bench.check(f"{_QUOTAS}/used-within", after, "body", "absolute", "totalInstancesUsed", at_most=most)
