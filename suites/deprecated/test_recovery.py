"""Rules of automatic recovery (11.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench, Exchange, Lease

_SHOW, _UPDATE = "deprecated.recovery.show/rule", "deprecated.recovery.update/rule"
_PLACE = ("body", "support_auto_recovery")


def _path(lease: Lease) -> str:
    return f"/v1/{{project_id}}/cloudservers/{lease.id}/autorecovery"


def _configure(bench: Bench, lease: Lease, value: str) -> Exchange:
    return bench.client.put(_path(lease), {"support_auto_recovery": value})


def _later(bench: Bench, lease: Lease, value: str) -> Exchange:
    """Wait a while until the query of a server shows *value*, and return it."""
    shown = bench.client.get(_path(lease))
    for _ in range(60):
        if bench.read(shown, "support_auto_recovery") == value:
            break
        bench.session.target.clock.sleep(1.0)
        shown = bench.client.get(_path(lease))
    return shown


@pytest.mark.ecs_requirement(
    f"{_SHOW}/as-configured",
    f"{_SHOW}/this-server-only",
    *(
        f"{_UPDATE}/{rule}"
        for rule in ("sets-up", "removes", "this-server-only", "again", "no-body", "flavor-without-recovery")
    ),
)
def test_recovery_is_set_up_and_removed(ecs_bench: Bench) -> None:
    """The query shows what was configured last, for this server alone; the flavor tells whether it can be."""
    ecs_bench.control("deprecated.recovery.update")
    lease, other = ecs_bench.session.pool.batch_of(2)
    before, theirs = (
        ecs_bench.read(ecs_bench.client.get(_path(one)), "support_auto_recovery") for one in (lease, other)
    )
    flavor = ecs_bench.client.get(f"/v2.1/{{project_id}}/flavors/{ecs_bench.flavor_of(lease)}/os-extra_specs")
    supported = "autorecovery" in str(ecs_bench.read(flavor, "extra_specs").get("cond:compute", ""))
    if supported:
        done = _configure(ecs_bench, lease, "true")
        ecs_bench.check(f"{_UPDATE}/no-body", done, "body", equals=None)
        shown = _later(ecs_bench, lease, "true")
        ecs_bench.check(f"{_UPDATE}/sets-up", shown, *_PLACE, equals="true")
        ecs_bench.check(f"{_SHOW}/as-configured", shown, *_PLACE, equals="true")
        ecs_bench.not_tested(f"{_UPDATE}/flavor-without-recovery", "the flavor of the run supports recovery")
    else:
        ecs_bench.not_tested(f"{_UPDATE}/sets-up", "the flavor of the run does not support recovery")
        ecs_bench.expect(
            f"{_UPDATE}/flavor-without-recovery",
            "PUT",
            _path(lease),
            json={"support_auto_recovery": "true"},
            expects="refused",
            change="the flavor does not support recovery",
        )
    done = _configure(ecs_bench, lease, "false")
    ecs_bench.check(f"{_UPDATE}/no-body", done, "body", equals=None)
    shown = _later(ecs_bench, lease, "false")
    ecs_bench.check(f"{_UPDATE}/removes", shown, *_PLACE, equals="false")
    ecs_bench.check(f"{_SHOW}/as-configured", shown, *_PLACE, equals="false")
    again = _configure(ecs_bench, lease, "false")
    if again.refused:
        ecs_bench.check(f"{_UPDATE}/again", again, "status", one_of=[400, 409])
    else:
        ecs_bench.check(f"{_UPDATE}/again", ecs_bench.client.get(_path(lease)), *_PLACE, equals="false")
    if supported:
        _configure(ecs_bench, lease, "true" if theirs == "false" else "false")
        _later(ecs_bench, lease, "true" if theirs == "false" else "false")
    for rule in (f"{_UPDATE}/this-server-only", f"{_SHOW}/this-server-only"):
        ecs_bench.check(rule, ecs_bench.client.get(_path(other)), *_PLACE, equals=theirs)
    _configure(ecs_bench, lease, str(before))
    lease.release()
    other.release()
