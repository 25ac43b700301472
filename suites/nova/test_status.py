"""Rules of starting, restarting and stopping through the native API (6.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_START, _REBOOT, _STOP = (f"nova.servers.{verb}/rule" for verb in ("start", "reboot", "stop"))


def _action(server: str) -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/action"


@pytest.mark.ecs_requirement(f"{_STOP}/stops", f"{_STOP}/type-default", f"{_START}/starts")
def test_a_server_stops_and_starts(ecs_bench: Bench) -> None:
    """After a stop without a type the server is SHUTOFF, after a start ACTIVE."""
    lease, pool = ecs_bench.session.pool.lease("ACTIVE"), ecs_bench.session.pool
    ecs_bench.client.post(_action(lease.id), {"os-stop": {}})
    pool.wait_stable(lease.id)
    stopped = lease.show()
    ecs_bench.check(f"{_STOP}/stops", stopped, "body", "server", "status", equals="SHUTOFF")
    ecs_bench.check(f"{_STOP}/type-default", stopped, "body", "server", "status", equals="SHUTOFF")
    ecs_bench.client.post(_action(lease.id), {"os-start": {}})
    pool.wait_stable(lease.id)
    ecs_bench.check(f"{_START}/starts", lease.show(), "body", "server", "status", equals="ACTIVE")
    lease.release()


@pytest.mark.ecs_requirement(f"{_STOP}/soft-and-hard")
@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_both_kinds_of_stop_stop(ecs_bench: Bench, kind: str) -> None:
    """The server is SHUTOFF afterwards."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    ecs_bench.client.post(_action(lease.id), {"os-stop": {"type": kind}})
    ecs_bench.session.pool.wait_stable(lease.id)
    ecs_bench.check(f"{_STOP}/soft-and-hard", lease.show(), "body", "server", "status", equals="SHUTOFF")
    lease.release()


@pytest.mark.parametrize(("kind", "status"), [("SOFT", "REBOOT"), ("HARD", "HARD_REBOOT")], ids=["soft", "hard"])
@pytest.mark.ecs_requirement(f"{_REBOOT}/reboots", f"{_REBOOT}/soft-and-hard")
def test_a_restarted_server_runs_again(ecs_bench: Bench, kind: str, status: str) -> None:
    """On the way the status is that of the restart's type; afterwards the server is ACTIVE."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    ecs_bench.client.post(_action(lease.id), {"reboot": {"type": kind}})
    on_the_way = ecs_bench.first_change(lease, "ACTIVE")
    ecs_bench.check(f"{_REBOOT}/soft-and-hard", on_the_way, "body", "server", "status", equals=status)
    ecs_bench.session.pool.wait_stable(lease.id)
    ecs_bench.check(f"{_REBOOT}/reboots", lease.show(), "body", "server", "status", equals="ACTIVE")
    lease.release()
