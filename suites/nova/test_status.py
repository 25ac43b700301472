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


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param("SOFT", "REBOOT", marks=pytest.mark.ecs_requirement(f"{_REBOOT}/soft-status"), id="soft"),
        pytest.param("HARD", "HARD_REBOOT", marks=pytest.mark.ecs_requirement(f"{_REBOOT}/hard-status"), id="hard"),
    ],
)
@pytest.mark.ecs_requirement(f"{_REBOOT}/reboots", f"{_REBOOT}/soft-and-hard")
def test_a_restarted_server_runs_again(ecs_bench: Bench, kind: str, status: str) -> None:
    """On the way the status is that of the restart's type; afterwards the server is ACTIVE."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    ecs_bench.client.post(_action(lease.id), {"reboot": {"type": kind}})
    on_the_way = ecs_bench.first_change(lease, "ACTIVE")
    for rule in ("soft-and-hard", f"{kind.lower()}-status"):
        if on_the_way is None:
            ecs_bench.not_tested(f"{_REBOOT}/{rule}", "the restart was too quick to be seen")
        else:
            ecs_bench.check(f"{_REBOOT}/{rule}", on_the_way, "body", "server", "status", equals=status)
    ecs_bench.session.pool.wait_stable(lease.id)
    ecs_bench.check(f"{_REBOOT}/reboots", lease.show(), "body", "server", "status", equals="ACTIVE")
    lease.release()


_BODIES: dict[str, dict[str, object]] = {
    "start": {"os-start": {}},
    "reboot": {"reboot": {"type": "SOFT"}},
    "stop": {"os-stop": {}},
}


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        pytest.param(
            verb, state, id=verb,
            marks=pytest.mark.ecs_requirement(f"nova.servers.{verb}/rule/this-server-only", f"nova.servers.{verb}/rule/no-body"),
        )
        for verb, state in (("start", "SHUTOFF"), ("reboot", "ACTIVE"), ("stop", "ACTIVE"))
    ],
)  # fmt: skip
def test_another_server_is_left_alone(ecs_bench: Bench, verb: str, state: str) -> None:
    """The answer has no body, and of two servers only the one in the URL changes."""
    lease, other = ecs_bench.session.pool.batch_of(2, "ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    before = ecs_bench.read(other.show(), "server", "updated")
    done = ecs_bench.client.post(_action(lease.id), _BODIES[verb])
    ecs_bench.check(f"nova.servers.{verb}/rule/no-body", done, "body", equals=None)
    ecs_bench.session.pool.wait_stable(lease.id)
    ecs_bench.check(
        f"nova.servers.{verb}/rule/this-server-only", other.show(), "body", "server", "updated", equals=before
    )
    lease.release()
    other.release()


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param("empty-object", {}, marks=pytest.mark.ecs_requirement(f"{_START}/empty-object"), id="object"),
        pytest.param("null-value", None, marks=pytest.mark.ecs_requirement(f"{_START}/null-value"), id="null"),
    ],
)
def test_both_forms_of_nothing_start(ecs_bench: Bench, rule: str, value: dict[str, str] | None) -> None:
    """The table says null, the example an empty object; both are accepted."""
    lease = ecs_bench.session.pool.lease("SHUTOFF")
    started = ecs_bench.client.post(_action(lease.id), {"os-start": value})
    ecs_bench.check(f"{_START}/{rule}", started, "status", at_most=299)
    ecs_bench.session.pool.wait_stable(lease.id)
    lease.release()


@pytest.mark.parametrize(
    ("requirement", "state", "verb"),
    [
        pytest.param(rule, state, verb, id=rule.rpartition("/")[2], marks=pytest.mark.ecs_requirement(rule))
        for rule, state, verb in (
            (f"{_START}/already-running", "ACTIVE", "start"),
            (f"{_STOP}/already-stopped", "SHUTOFF", "stop"),
        )
    ],
)
def test_a_server_that_is_there_already_stays(ecs_bench: Bench, requirement: str, state: str, verb: str) -> None:
    """Starting a running server or stopping a stopped one changes nothing, whether it is accepted or refused."""
    lease, pool = ecs_bench.session.pool.lease("ACTIVE" if state == "ACTIVE" else "SHUTOFF"), ecs_bench.session.pool
    ecs_bench.client.post(_action(lease.id), _BODIES[verb])
    pool.wait_stable(lease.id)
    ecs_bench.check(requirement, lease.show(), "body", "server", "status", equals=state)
    lease.release()
