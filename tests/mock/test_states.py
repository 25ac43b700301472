from __future__ import annotations

import itertools

import pytest

from pytest_ecs._mock.state.machine import OPERATIONS, status_of
from tests.mock.harness import Client

#: Table A-4, read once more and by hand.
TABLE = """
building: scheduling block_device_mapping networking spawning null = BUILD
active: rebooting reboot_pending reboot_started = REBOOT
active: rebooting_hard reboot_pending_hard reboot_started_hard = HARD_REBOOT
active: rebuilding rebuild_block_device_mapping rebuild_spawning = REBUILD
active: migrating = MIGRATING
active: powering-off deleting null = ACTIVE
stopped: resize_prep resize_migrating resize_migrated resize_finish = RESIZE
stopped: rebuilding rebuild_block_device_mapping rebuild_spawning = REBUILD
stopped: powering-on deleting null = SHUTOFF
resized: resize_reverting = REVERT_RESIZE
resized: null = VERIFY_RESIZE
error: rebuilding rebuild_block_device_mapping rebuild_spawning = REBUILD
error: deleting null = ERROR
deleted: null = DELETED
shelved: shelving shelving_image_pending_upload shelving_image_uploading unshelving null = SHELVED
shelved_offloaded: shelving_offloading unshelving null = SHELVED_OFFLOADED
"""
ROWS = {
    (line.split(":")[0], None if task == "null" else task): line.split(" = ")[1]
    for line in TABLE.strip().splitlines()
    for task in line.split(" = ")[0].split()[1:]
}


def test_the_status_of_every_pair_is_that_of_table_a_4() -> None:
    """44 pairs have a status; all others of known words are UNKNOWN."""
    assert len(ROWS) == 44
    states, tasks = {vm for vm, _ in ROWS}, {task for _, task in ROWS}
    for pair in itertools.product(states, tasks):
        assert status_of(*pair) == ROWS.get(pair, "UNKNOWN")


def _watch(client: Client, server: str, seconds: int = 90) -> list[tuple[str, str | None]]:
    seen: list[tuple[str, str | None]] = []
    for _ in range(seconds):
        answer = client.nova("GET", f"servers/{server}")
        if answer.status_code == 404:
            return [*seen, ("gone", None)]
        shown = answer.json()["server"]
        pair = (shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:task_state"])
        assert shown["status"] == ROWS[pair]
        if not seen or seen[-1] != pair:
            seen.append(pair)
        client.advance(1)
    return seen


def _phases(operation: str) -> list[tuple[str, str | None]]:
    return [(vm, task) for vm, task, _ in OPERATIONS[operation]]


def test_every_phase_lasts_long_enough_to_be_seen() -> None:
    """A client that looks every two seconds sees all of them."""
    assert all(lasts >= 2 for phases in OPERATIONS.values() for _, _, lasts in phases[:-1])
    assert sum(lasts for _, _, lasts in OPERATIONS["create"]) == 45


@pytest.mark.parametrize(
    ("body", "operation", "running"),
    [
        ({"os-start": {}}, "start", False),
        ({"os-stop": {}}, "stop", True),
        ({"os-stop": {"type": "HARD"}}, "stop-hard", True),
        ({"reboot": {"type": "SOFT"}}, "reboot", True),
        ({"reboot": {"type": "HARD"}}, "reboot-hard", True),
    ],
)
@pytest.mark.parametrize("family", ["v1", "native"])
def test_an_operation_shows_all_its_phases(
    client: Client, family: str, body: dict[str, dict[str, object]], operation: str, *, running: bool
) -> None:
    """Tables A-3 and A-4, by both families of APIs."""
    server = client.create()[0] if running else client.stopped()
    if family == "native":
        assert client.nova("POST", f"servers/{server}/action", body).status_code == 202
    else:
        ((key, inner),) = body.items()
        client.deliver("cloudservers/action", {key: {**inner, "servers": [{"id": server}]}})
    assert _watch(client, server) == _phases(operation)


def test_a_creation_shows_all_its_phases(client: Client) -> None:
    """The server is there from the first moment."""
    server = client.nova("POST", "servers", client.native()).json()["server"]["id"]
    assert _watch(client, server) == _phases("create")


def test_a_resize_shows_all_its_phases(client: Client) -> None:
    """5.2.4: the server stays stopped, and no confirmation is needed."""
    server = client.stopped()
    client.deliver(f"cloudservers/{server}/resize", {"resize": {"flavorRef": client.resources["other_flavor_id"]}})
    assert _watch(client, server) == [("stopped", None), *_phases("resize")][1:]


@pytest.mark.parametrize("stopped", [True, False])
def test_a_deletion_shows_its_phase(client: Client, *, stopped: bool) -> None:
    """A-4 knows deleting for running and stopped servers."""
    server = client.stopped() if stopped else client.create()[0]
    assert client.nova("DELETE", f"servers/{server}").status_code == 204
    assert _watch(client, server) == [("stopped" if stopped else "active", "deleting"), ("gone", None)]


@pytest.mark.parametrize(
    ("action", "stopped"),
    [("os-start", False), ("os-stop", True), ("reboot", True), ("os-stop", None), ("reboot", None)],
)
def test_a_native_action_in_the_wrong_state_conflicts(client: Client, action: str, *, stopped: bool | None) -> None:
    """409 where the server is in another state, or busy with another task."""
    server = client.stopped() if stopped else client.create()[0]
    if stopped is None:
        client.act(server, "reboot", type="SOFT")
    answer = client.act(server, action, **({"type": "HARD"} if action == "reboot" else {}))
    assert (answer.status_code, answer.json()["conflictingRequest"]["code"]) == (409, 409)


def test_a_frozen_server_keeps_its_state_until_it_is_released(client: Client) -> None:
    """The hook shows any pair; what waited goes on afterwards, and the job with it."""
    (server,) = client.create()
    job = client.deliver("cloudservers/action", {"os-stop": {"servers": [{"id": server}]}})
    client.advance(2)
    hook = f"/_mock/servers/{server}/state"
    client.cloud.control("PUT", hook, {"vm_state": "error", "task_state": None, "power_state": 4})
    client.advance(1000)
    shown = client.show(server)
    assert (shown["status"], shown["OS-EXT-STS:power_state"], shown["fault"]["code"]) == ("ERROR", 4, 500)
    assert client.job(job)["status"] == "RUNNING"
    client.cloud.control("PUT", hook, {"vm_state": "active", "task_state": "spawning"})
    assert client.show(server)["status"] == "UNKNOWN"
    client.cloud.control("PUT", hook, {"vm_state": None})
    assert client.show(server)["status"] == "SHUTOFF"
    client.advance(2)
    assert client.job(job)["status"] == "SUCCESS"
