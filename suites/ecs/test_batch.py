"""Rules of starting, restarting and stopping in a batch (5.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Jobs, Lease, Servers, Wait, read, url_of
from pytest_ecs.typing import ServerState

pytestmark = pytest.mark.ecs_group("servers")

_ACTION = url_of("ecs.servers.batch-start")
_STATUS = ("body", "server", "status")


def _listed(leases: list[Lease]) -> list[dict[str, str]]:
    return [{"id": lease.id} for lease in leases]


@pytest.mark.ecs_requirement(
    "ecs.servers.batch-stop/rule/success-stops",
    "ecs.servers.batch-stop/rule/type-default",
    "ecs.servers.batch-stop/rule/listed-only",
)
def test_a_batch_stops_every_listed_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """Two of three servers are SHUTOFF after a stop without a type, the third runs on."""
    first, second, third = ecs_servers.batch(3)
    stopped = ecs_client.post(_ACTION, {"os-stop": {"servers": _listed([first, second])}})
    ecs_jobs.settle(stopped, [first, second])
    ecs_check.accepted("ecs.servers.batch-stop/rule/type-default", stopped)
    check = ecs_check.after(stopped)
    for lease in (first, second):
        check("ecs.servers.batch-stop/rule/success-stops", lease.show(), *_STATUS, equals="SHUTOFF")
    check("ecs.servers.batch-stop/rule/type-default", first.show(), *_STATUS, equals="SHUTOFF")
    check.stays("ecs.servers.batch-stop/rule/listed-only", third.show, *_STATUS, equals="ACTIVE")


@pytest.mark.ecs_requirement("ecs.servers.batch-start/rule/success-starts", "ecs.servers.batch-start/rule/listed-only")
def test_a_batch_starts_every_listed_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """Two of three servers are ACTIVE after a start, the third is not."""
    first, second, third = ecs_servers.batch(3, "SHUTOFF")
    started = ecs_client.post(_ACTION, {"os-start": {"servers": _listed([first, second])}})
    ecs_jobs.settle(started, [first, second])
    check = ecs_check.after(started)
    for lease in (first, second):
        check("ecs.servers.batch-start/rule/success-starts", lease.show(), *_STATUS, equals="ACTIVE")
    check.stays("ecs.servers.batch-start/rule/listed-only", third.show, *_STATUS, equals="SHUTOFF")


@pytest.mark.parametrize(("type_", "status"), [("SOFT", "REBOOT"), ("HARD", "HARD_REBOOT")], ids=["soft", "hard"])
@pytest.mark.ecs_requirement(
    "ecs.servers.batch-reboot/rule/soft-and-hard",
    "ecs.servers.batch-reboot/rule/success-reboots",
    "ecs.servers.batch-reboot/rule/listed-only",
)
def test_a_restarted_server_runs_again(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait, type_: str, status: str
) -> None:
    """On the way the status is that of the restart's type; afterwards both are ACTIVE, and another one never changed."""
    first, second, other = ecs_servers.batch(3)
    updated = ("body", "server", "updated")
    before = {lease.id: read(lease.show(), "server", "updated") for lease in (first, second, other)}
    started = ecs_client.post(_ACTION, {"reboot": {"type": type_, "servers": _listed([first, second])}})
    if not started.accepted:
        ecs_check.accepted("ecs.servers.batch-reboot/rule/soft-and-hard", started)
    seen = [ecs_wait.change(lease, "ACTIVE") if started.accepted else None for lease in (first, second)]
    ecs_jobs.settle(started, [first, second])
    check = ecs_check.after(started)
    for lease, on_the_way in zip((first, second), seen, strict=True):
        if on_the_way is not None:
            check("ecs.servers.batch-reboot/rule/soft-and-hard", on_the_way, *_STATUS, equals=status)
            check("ecs.servers.batch-reboot/rule/success-reboots", lease.show(), *_STATUS, equals="ACTIVE")
        elif any(seen):  # one of the two restarts was not too quick
            shown = lease.show()
            check("ecs.servers.batch-reboot/rule/success-reboots", shown, *updated, differs=before[lease.id])
    reason = "the restart was too quick to be seen, or did not come"
    for rule in ("ecs.servers.batch-reboot/rule/soft-and-hard", "ecs.servers.batch-reboot/rule/success-reboots"):
        check.not_tested(rule, reason)
    check.stays("ecs.servers.batch-reboot/rule/listed-only", other.show, *updated, equals=before[other.id])


@pytest.mark.ecs_requirement("ecs.servers.batch-stop/rule/soft-and-hard")
@pytest.mark.parametrize("type_", ["SOFT", "HARD"])
def test_both_types_of_stop_stop(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, type_: str
) -> None:
    """The server is SHUTOFF after the job."""
    lease = ecs_servers("ACTIVE")
    stopped = ecs_client.post(_ACTION, {"os-stop": {"type": type_, "servers": _listed([lease])}})
    ecs_jobs.settle(stopped, [lease])
    ecs_check.accepted("ecs.servers.batch-stop/rule/soft-and-hard", stopped)
    check = ecs_check.after(stopped)
    check("ecs.servers.batch-stop/rule/soft-and-hard", lease.show(), *_STATUS, equals="SHUTOFF")


@pytest.mark.parametrize(
    ("requirement", "state", "action"),
    [
        pytest.param(*row, id=row[0], marks=pytest.mark.ecs_requirement(row[0]))
        for row in (
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
    state: ServerState,
    action: str,
) -> None:
    """Starting a running server or stopping a stopped one changes nothing, whether it is accepted or refused."""
    lease = ecs_servers(state)
    ecs_jobs.wait_out(ecs_client.post(_ACTION, {action: {"servers": _listed([lease])}}))
    ecs_check.stays(requirement, lease.show, *_STATUS, equals=state)
