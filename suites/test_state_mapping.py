"""Table A-4: each pair of vm_state and task_state shows as its status, on the way through every operation.

The judge looks at every server body of the run; the tests here only make sure that the pairs come up. By chapter 6 they do
without them: whoever starts, stops, restarts, resizes or deletes a server there looks at it until it is stable.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ecs import (
    Check,
    Client,
    Contract,
    Exchange,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Target,
    Wait,
    load_contract,
    read,
    url_of,
)
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON, ServerState

pytestmark = pytest.mark.ecs_group("servers")

_ACTIVE = ["A-4/active+null"]
_STOPPED = ["A-4/stopped+null"]
_BUILDING = [f"A-4/building+{task}" for task in ("scheduling", "block_device_mapping", "networking", "spawning")]
_SOFT = [f"A-4/active+{task}" for task in ("rebooting", "reboot_pending", "reboot_started")]
_HARD = [f"A-4/active+{task}" for task in ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard")]
_RESIZING = [f"A-4/stopped+{task}" for task in ("resize_prep", "resize_migrating", "resize_migrated", "resize_finish")]
_ACTION = url_of("ecs.servers.batch-stop")


def _sent(client: Client, check: Check, rows: list[str], path: str, body: dict[str, JSON]) -> Exchange | None:
    """Send a request of chapter 5; where the profile has none, say of each pair that was not seen that it was not."""
    try:
        return client.post(path, body)
    except PrerequisiteMissing:
        check.missed(rows, ())
        return None


def _show(lease: Lease) -> Callable[[], Exchange]:
    return lease.show


@pytest.mark.ecs_requirement(
    "A-4/building+scheduling",
    "A-4/building+block_device_mapping",
    "A-4/building+networking",
    "A-4/building+spawning",
    "A-4/active+null",
)
def test_states_of_a_new_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """From the request to ACTIVE a server is building."""
    name = ecs_supplies.name("states")
    rows, path = [*_BUILDING, *_ACTIVE], url_of("ecs.servers.create")
    started = _sent(ecs_client, ecs_check, rows, path, ecs_servers.template(name, 1))
    if started is None:
        return
    seen = ecs_jobs.watch(started, lambda: ecs_client.get(url_of("nova.servers.list-detail"), query={"name": name}))
    ecs_servers.settle(started)
    ecs_check.missed(rows, seen)


@pytest.mark.ecs_requirement(
    "A-4/active+powering-off",
    "A-4/stopped+null",
)
def test_states_while_stopping(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """An active server that is stopped is powering off, then stopped."""
    lease, rows = ecs_servers("ACTIVE"), ["A-4/active+powering-off", *_STOPPED]
    started = _sent(ecs_client, ecs_check, rows, _ACTION, {"os-stop": {"servers": [{"id": lease.id}]}})
    if started is None:
        return
    seen = ecs_jobs.watch(started, _show(lease))
    lease.release()
    ecs_check.missed(rows, seen)


@pytest.mark.ecs_requirement("A-4/stopped+powering-on")
def test_states_while_starting(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """A stopped server that is started is powering on."""
    lease, rows = ecs_servers("SHUTOFF"), ["A-4/stopped+powering-on"]
    started = _sent(ecs_client, ecs_check, rows, _ACTION, {"os-start": {"servers": [{"id": lease.id}]}})
    if started is None:
        return
    seen = ecs_jobs.watch(started, _show(lease))
    lease.release()
    ecs_check.missed(rows, seen)


@pytest.mark.parametrize(
    ("type_", "rows"),
    [
        pytest.param("SOFT", _SOFT, marks=pytest.mark.ecs_requirement(*_SOFT), id="soft"),
        pytest.param("HARD", _HARD, marks=pytest.mark.ecs_requirement(*_HARD), id="hard"),
    ],
)
def test_states_while_rebooting(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, type_: str, rows: list[str]
) -> None:
    """A restart shows as REBOOT, a forcible one as HARD_REBOOT, through all three of its tasks."""
    lease = ecs_servers("ACTIVE")
    order: dict[str, JSON] = {"reboot": {"type": type_, "servers": [{"id": lease.id}]}}
    started = _sent(ecs_client, ecs_check, rows, _ACTION, order)
    if started is None:
        return
    seen = ecs_jobs.watch(started, _show(lease))
    lease.release()
    ecs_check.missed(rows, seen)


@pytest.mark.ecs_requirement(
    "A-4/stopped+resize_prep",
    "A-4/stopped+resize_migrating",
    "A-4/stopped+resize_migrated",
    "A-4/stopped+resize_finish",
)
def test_states_while_resizing(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """A stopped server whose specifications change shows as RESIZE."""
    lease = ecs_servers("SHUTOFF")
    wanted = ecs_servers.other_flavor(lease)
    path = url_of("ecs.servers.resize", server_id=lease.id)
    started = _sent(ecs_client, ecs_check, _RESIZING, path, {"resize": {"flavorRef": wanted}})
    if started is None:
        return
    seen = ecs_jobs.watch(started, _show(lease))
    lease.release()
    ecs_check.missed(_RESIZING, seen)


@pytest.mark.parametrize(
    ("state", "row"),
    [
        pytest.param("ACTIVE", "A-4/active+deleting", marks=pytest.mark.ecs_requirement("A-4/active+deleting")),
        pytest.param("SHUTOFF", "A-4/stopped+deleting", marks=pytest.mark.ecs_requirement("A-4/stopped+deleting")),
    ],
)
def test_states_while_deleting(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    state: ServerState,
    row: str,
) -> None:
    """A server keeps its status while it is being deleted, and then it is gone."""
    lease, path = ecs_servers.to_delete(state), url_of("ecs.servers.delete")
    started = _sent(ecs_client, ecs_check, [row], path, {"servers": [{"id": lease.id}]})
    if started is None:
        return
    seen = ecs_jobs.watch(started, _show(lease))
    if started.accepted and "job_id" not in started.json_object:  # nothing says when it is over
        ecs_wait.gone(url_of("nova.servers.show", server_id=lease.id))
    ecs_check.after(started).refused("ecs.servers.delete/rule/success-deletes", lease.show(), "not-found")
    lease.release()
    ecs_check.missed([row], seen)


_REACHED = {
    *_ACTIVE,
    *_STOPPED,
    *_BUILDING,
    *_SOFT,
    *_HARD,
    *_RESIZING,
    "A-4/active+powering-off",
    "A-4/stopped+powering-on",
    "A-4/active+deleting",
    "A-4/stopped+deleting",
}


@pytest.mark.parametrize(
    ("vm_state", "task_state"),
    [
        pytest.param(
            row.vm_state, row.task_state, marks=pytest.mark.ecs_requirement(row.requirement), id=row.requirement
        )
        for row in load_contract().state_rows
        if row.requirement not in _REACHED
    ]
    + [pytest.param("active", "resize_prep", marks=pytest.mark.ecs_requirement("A-4/unknown"), id="A-4/unknown")],
)
def test_states_that_only_the_mock_can_be_put_into(
    ecs_contract: Contract,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    vm_state: str,
    task_state: str | None,
) -> None:
    """Pairs that no operation of this suite passes through are provoked where the target can do that."""
    hook = ecs_target.control
    row = f"A-4/{vm_state}+{task_state or 'null'}"
    row = row if row in ecs_contract.requirements else "A-4/unknown"
    if hook is None:
        ecs_check.not_tested(row, "no operation of this suite passes through this pair")
        return
    lease = ecs_servers("ACTIVE")
    hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": vm_state, "task_state": task_state})
    try:
        shown = lease.show()
        for state in ("OS-EXT-STS:vm_state", "OS-EXT-STS:task_state"):  # without both no pair is shown
            read(shown, "server", state)
    finally:
        hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": None})
