"""Rules of starting, restarting and stopping in a batch (5.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Jobs, Lease, Servers, Wait, load_contract, read

pytestmark = pytest.mark.ecs_group("servers")

_START, _REBOOT, _STOP = (f"ecs.servers.batch-{verb}/rule" for verb in ("start", "reboot", "stop"))
_ACTION = "/v1/{project_id}/cloudservers/action"


def _listed(leases: list[Lease]) -> list[dict[str, str]]:
    return [{"id": lease.id} for lease in leases]


@pytest.mark.ecs_requirement(
    "ecs.servers.batch-stop/rule/success-stops",
    "ecs.servers.batch-stop/rule/type-default",
    "ecs.servers.batch-stop/rule/listed-only",
    "ecs.servers.batch-start/rule/success-starts",
    "ecs.servers.batch-start/rule/listed-only",
)
def test_a_batch_stops_and_starts_every_listed_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """Two of three servers are SHUTOFF after a stop without a type, and ACTIVE after a start, the third is not."""
    first, second, third = ecs_servers.batch(3)
    ecs_jobs.settle(ecs_client.post(_ACTION, {"os-stop": {"servers": _listed([first, second])}}), [first, second])
    shown = first.show()
    ecs_check("ecs.servers.batch-stop/rule/type-default", shown, "body", "server", "status", equals="SHUTOFF")
    ecs_check("ecs.servers.batch-stop/rule/success-stops", shown, "body", "server", "status", equals="SHUTOFF")
    ecs_check("ecs.servers.batch-stop/rule/success-stops", second.show(), "body", "server", "status", equals="SHUTOFF")
    ecs_check("ecs.servers.batch-stop/rule/listed-only", third.show(), "body", "server", "status", equals="ACTIVE")
    ecs_servers.bring(third, "SHUTOFF")
    ecs_jobs.settle(ecs_client.post(_ACTION, {"os-start": {"servers": _listed([first, second])}}), [first, second])
    for lease in (first, second):
        ecs_check(
            "ecs.servers.batch-start/rule/success-starts", lease.show(), "body", "server", "status", equals="ACTIVE"
        )
    ecs_check("ecs.servers.batch-start/rule/listed-only", third.show(), "body", "server", "status", equals="SHUTOFF")


@pytest.mark.parametrize(("kind", "status"), [("SOFT", "REBOOT"), ("HARD", "HARD_REBOOT")], ids=["soft", "hard"])
@pytest.mark.ecs_requirement(
    "ecs.servers.batch-reboot/rule/soft-and-hard",
    "ecs.servers.batch-reboot/rule/success-reboots",
    "ecs.servers.batch-reboot/rule/listed-only",
)
def test_a_restarted_server_runs_again(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait, kind: str, status: str
) -> None:
    """On the way the status is that of the restart's type; afterwards both are ACTIVE, and another one never changed."""
    first, second, other = ecs_servers.batch(3)
    before = {lease.id: read(lease.show(), "server", "updated") for lease in (first, second, other)}
    started = ecs_client.post(_ACTION, {"reboot": {"type": kind, "servers": _listed([first, second])}})
    seen = [ecs_wait.change(lease, "ACTIVE") for lease in (first, second)]
    ecs_jobs.settle(started, [first, second])
    for lease, on_the_way in zip((first, second), seen, strict=True):
        after = lease.show()
        if on_the_way is not None:
            ecs_check(
                "ecs.servers.batch-reboot/rule/soft-and-hard", on_the_way, "body", "server", "status", equals=status
            )
            ecs_check(
                "ecs.servers.batch-reboot/rule/success-reboots", after, "body", "server", "status", equals="ACTIVE"
            )
        elif any(seen):  # one of the two restarts was not too quick
            updated = before[lease.id]
            ecs_check(
                "ecs.servers.batch-reboot/rule/success-reboots", after, "body", "server", "updated", differs=updated
            )
    for rule in ("soft-and-hard", "success-reboots"):
        ecs_check.not_tested(f"{_REBOOT}/{rule}", "the restart was too quick to be seen, or did not come")
    ecs_check(
        "ecs.servers.batch-reboot/rule/listed-only", other.show(), "body", "server", "updated", equals=before[other.id]
    )


@pytest.mark.ecs_requirement("ecs.servers.batch-stop/rule/soft-and-hard")
@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_both_kinds_of_stop_stop(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, kind: str
) -> None:
    """The server is SHUTOFF after the job."""
    lease = ecs_servers("ACTIVE")
    ecs_jobs.settle(ecs_client.post(_ACTION, {"os-stop": {"type": kind, "servers": _listed([lease])}}), [lease])
    ecs_check("ecs.servers.batch-stop/rule/soft-and-hard", lease.show(), "body", "server", "status", equals="SHUTOFF")


@pytest.mark.parametrize(
    ("requirement", "state", "action"),
    [
        pytest.param(
            rule, state, action, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule)
        )
        for rule, state, action in (
            ("ecs.servers.batch-start/rule/already-running", "ACTIVE", "os-start"),
            ("ecs.servers.batch-stop/rule/already-stopped", "SHUTOFF", "os-stop"),
        )
    ],
)
def test_a_server_that_is_there_already_stays(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_jobs: Jobs,
    requirement: str,
    state: str,
    action: str,
) -> None:
    """Starting a running server or stopping a stopped one changes nothing, whether it is accepted or refused."""
    lease = ecs_servers("ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    ecs_jobs.wait_out(ecs_client.post(_ACTION, {action: {"servers": _listed([lease])}}))
    ecs_check(requirement, lease.show(), "body", "server", "status", equals=state)


@pytest.mark.parametrize(
    "requirement",
    [
        pytest.param(
            f"{base}/thousand-per-minute", id=base, marks=pytest.mark.ecs_requirement(f"{base}/thousand-per-minute")
        )
        for base in (_START, _REBOOT, _STOP)
    ],
)
def test_more_servers_than_a_minute_can_do(ecs_check: Check, requirement: str) -> None:
    """A list of more than 1,000 servers needs as many."""
    ecs_check.not_tested(requirement, "more than 1,000 servers would have to be bought")
