"""Rules of locking and of changing the flavor through the native API (6.3.4, 6.3.5, 6.3.8 to 6.3.10)."""

from __future__ import annotations

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Clients,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Wait,
    read,
)
from pytest_ecs.typing import JSON

_LOCK, _UNLOCK, _RESIZE, _CONFIRM, _REVERT = (
    f"nova.servers.{verb}/rule" for verb in ("lock", "unlock", "resize", "confirm-resize", "revert-resize")
)
#: Seconds that a change may take to be seen.
_TRIES = 120
_STATE = ("status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state")


def _path(server: str, rest: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}{rest}"


def _act(client: Client, server: str, action: str, value: JSON = None) -> Exchange:
    return client.post(_path(server, "/action"), {action: value})


def _shown(client: Client, lease: Lease) -> Exchange:
    """Query a server at a microversion that shows whether it is locked."""
    return client.get(_path(lease.id), microversion="2.9")


def _unlocked(client: Client, *leases: Lease) -> None:
    """Unlock servers and give them back."""
    for lease in leases:
        _act(client, lease.id, "unlock")
        lease.release()


def _held(
    expect: Expect, servers: Servers, jobs: Jobs, rule: str, lease: Lease, method: str, path: str, body: JSON = None
) -> Exchange:
    """Expect that a request to manage a locked server is refused; wait for the end of one that is not."""
    answer = expect(f"{_LOCK}/{rule}", method, path, json=body, expects="locked", change="the server is locked")
    if answer.accepted:
        jobs.wait_out(answer)
        servers.wait_stable(lease.id)
    return answer


@pytest.mark.ecs_requirement(
    "nova.servers.lock/rule/locks",
    "nova.servers.lock/rule/null-value",
    "nova.servers.lock/rule/no-body",
    "nova.servers.lock/rule/keeps-state",
    "nova.servers.lock/rule/this-server-only",
    "nova.servers.lock/rule/queries-work",
    "nova.servers.lock/rule/already-locked",
    "nova.servers.lock/rule/refuses-status",
    "nova.servers.lock/rule/refuses-update",
    "nova.servers.lock/rule/refuses-nics",
    "nova.servers.lock/rule/refuses-ecs",
    "nova.servers.lock/rule/refuses-delete",
    "nova.servers.unlock/rule/unlocks",
    "nova.servers.unlock/rule/null-value",
    "nova.servers.unlock/rule/no-body",
    "nova.servers.unlock/rule/keeps-state",
    "nova.servers.unlock/rule/this-server-only",
    "nova.servers.unlock/rule/works-when-locked",
    "nova.servers.unlock/rule/not-locked",
    "nova.servers.unlock/rule/manageable",
)
def test_a_lock_holds_a_running_server(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Locked it refuses whatever changes it and is shown as before; unlocked it is managed again; others are not meant."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    locked = ("body", "server", "locked")
    _act(ecs_client, lease.id, "unlock")
    ecs_check("nova.servers.unlock/rule/not-locked", _shown(ecs_client, lease), *locked, equals=False)
    network = {"interfaceAttachment": {"net_id": ecs_supplies.need("network_id")}}
    nic = read(ecs_client.post(_path(lease.id, "/os-interface"), network), "interfaceAttachment", "port_id")
    ecs_wait.until(_path(lease.id, "/os-interface"), "interfaceAttachments", "*", "port_id", contains=nic)
    before = read(lease.show(), "server")
    done = _act(ecs_client, lease.id, "lock")
    ecs_check.accepted("nova.servers.lock/rule/null-value", done)
    ecs_check("nova.servers.lock/rule/no-body", done, "body", equals=None)
    shown = _shown(ecs_client, lease)
    ecs_check("nova.servers.lock/rule/locks", shown, *locked, equals=True)
    ecs_check.accepted("nova.servers.lock/rule/queries-work", shown)
    for rest in ("/os-interface", "/os-volume_attachments", "/os-instance-actions"):
        ecs_check.accepted("nova.servers.lock/rule/queries-work", ecs_client.get(_path(lease.id, rest)))
    for field in _STATE:
        ecs_check("nova.servers.lock/rule/keeps-state", shown, "body", "server", field, equals=before[field])
    ecs_check("nova.servers.lock/rule/this-server-only", _shown(ecs_client, other), *locked, equals=False)
    _act(ecs_client, lease.id, "lock")
    ecs_check("nova.servers.lock/rule/already-locked", _shown(ecs_client, lease), *locked, equals=True)
    _act(ecs_client, other.id, "lock")
    held = _managed(ecs_expect, ecs_servers, ecs_supplies, ecs_jobs, lease, nic, network)
    before, theirs = (read(_shown(ecs_client, one), "server") for one in (lease, other))
    done = _act(ecs_client, lease.id, "unlock")
    for rule in ("null-value", "works-when-locked"):
        ecs_check.accepted(f"{_UNLOCK}/{rule}", done)
    ecs_check("nova.servers.unlock/rule/no-body", done, "body", equals=None)
    shown = _shown(ecs_client, lease)
    for rule in ("unlocks", "works-when-locked"):
        ecs_check(f"{_UNLOCK}/{rule}", shown, *locked, equals=False)
    for field in _STATE:
        ecs_check("nova.servers.unlock/rule/keeps-state", shown, "body", "server", field, equals=before[field])
    if "locked" in theirs:
        ecs_check(
            "nova.servers.unlock/rule/this-server-only", _shown(ecs_client, other), *locked, equals=theirs["locked"]
        )
    else:
        ecs_check.not_tested("nova.servers.unlock/rule/this-server-only", "no lock is shown")
    named = ecs_client.put(_path(lease.id), {"server": {"name": ecs_supplies.name("free")}})
    ecs_check.accepted("nova.servers.unlock/rule/manageable", named)
    deleted = ecs_client.delete(_path(lease.id, f"/os-interface/{nic}"))
    if held:
        ecs_check.accepted("nova.servers.unlock/rule/manageable", deleted)
    lease.spoilt = not ecs_wait.gone(_path(lease.id, f"/os-interface/{nic}")) or lease.spoilt
    _held(ecs_expect, ecs_servers, ecs_jobs, "refuses-delete", other, "DELETE", _path(other.id))
    ecs_check("nova.servers.lock/rule/refuses-delete", other.show(), "body", "server", "id", equals=other.id)
    _unlocked(ecs_client, lease, other)


def _managed(
    expect: Expect, servers: Servers, supplies: Supplies, jobs: Jobs, lease: Lease, nic: str, network: JSON
) -> bool:
    """Try to manage a locked server that runs and has a second NIC; return whether it still is as it was."""
    action, nics = _path(lease.id, "/action"), _path(lease.id, "/os-interface")
    _held(
        expect,
        servers,
        jobs,
        "refuses-update",
        lease,
        "PUT",
        _path(lease.id),
        {"server": {"name": supplies.name("held")}},
    )
    added = _held(expect, servers, jobs, "refuses-nics", lease, "POST", nics, network)
    if added.accepted:
        lease.spoilt = True
    deleted = _held(expect, servers, jobs, "refuses-nics", lease, "DELETE", f"{nics}/{nic}")
    image = {"imageRef": supplies.need("image_id")}
    for name, value in (("rebuild", image), ("reboot", {"type": "SOFT"}), ("os-stop", {})):
        _held(expect, servers, jobs, "refuses-status", lease, "POST", action, {name: value})
    stop = {"os-stop": {"servers": [{"id": lease.id}], "type": "SOFT"}}
    _held(expect, servers, jobs, "refuses-ecs", lease, "POST", "/v1/{project_id}/cloudservers/action", stop)
    answer = _held(
        expect,
        servers,
        jobs,
        "refuses-status",
        lease,
        "POST",
        action,
        {"resize": {"flavorRef": servers.other_flavor(lease)}},
    )
    if answer.accepted:
        lease.spoilt = True  # its flavor waits to be confirmed
    return deleted.refused and not lease.spoilt


@pytest.mark.ecs_requirement("nova.servers.lock/rule/refuses-status", "nova.servers.lock/rule/refuses-disks")
def test_a_lock_holds_a_stopped_server(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It is not started, and neither gets a disk nor loses one."""
    ecs_cases.beforehand("nova.disks.attach", "nova.disks.detach")
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    disks = _path(lease.id, "/os-volume_attachments")
    read(ecs_client.post(disks, {"volumeAttachment": {"volumeId": disk}}))
    ecs_wait.until(f"/v2.1/{{project_id}}/os-volumes/{disk}", "volume", "status", equals="in-use")
    read(_act(ecs_client, lease.id, "lock"))
    second = ecs_supplies.disk()
    added = _held(
        ecs_expect,
        ecs_servers,
        ecs_jobs,
        "refuses-disks",
        lease,
        "POST",
        disks,
        {"volumeAttachment": {"volumeId": second}},
    )
    if added.accepted:
        lease.spoilt = True
    _held(ecs_expect, ecs_servers, ecs_jobs, "refuses-disks", lease, "DELETE", f"{disks}/{disk}")
    _held(
        ecs_expect, ecs_servers, ecs_jobs, "refuses-status", lease, "POST", _path(lease.id, "/action"), {"os-start": {}}
    )
    _act(ecs_client, lease.id, "unlock")
    ecs_client.delete(f"{disks}/{disk}")
    lease.spoilt = not ecs_wait.gone(f"{disks}/{disk}") or lease.spoilt
    _unlocked(ecs_client, lease)


@pytest.mark.ecs_requirement("nova.servers.lock/rule/own-only")
def test_another_project_does_not_lock(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Its own URL does not lead to servers of ours."""
    stranger, lease = ecs_clients("other_project"), ecs_servers("ACTIVE")
    ecs_expect(
        "nova.servers.lock/rule/own-only",
        "POST",
        _path(lease.id, "/action"),
        json={"lock": None},
        expects="foreign-server",
        change="the server is another project's",
        client=stranger,
    )
    ecs_check("nova.servers.lock/rule/own-only", _shown(ecs_client, lease), "body", "server", "locked", equals=False)
    _unlocked(ecs_client, lease)
