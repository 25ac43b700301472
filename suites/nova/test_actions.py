"""Rules of locking and of changing the flavor through the native API (6.3.4, 6.3.5, 6.3.8 to 6.3.10)."""

from __future__ import annotations

from collections.abc import Callable

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
    Target,
    Wait,
    read,
)
from pytest_ecs.typing import JSON, ServerState

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


def _watched(
    servers: Servers, wait: Wait, lease: Lease, task: str, over: Callable[[JSON, JSON], bool]
) -> Exchange | None:
    """Wait until a server is stable and *over* says of its status and its flavor that the change is done.

    Return the first query that showed a task whose name begins with *task*.
    """
    found: list[Exchange] = []

    def look() -> None:
        shown = lease.show()
        doing = read(shown, "server", "OS-EXT-STS:task_state")
        if isinstance(doing, str) and doing.lower().startswith(task):
            found.append(shown)

    for _ in range(_TRIES):
        servers.wait_stable(lease.id, each=look)
        if over(read(lease.show(), "server", "status"), servers.flavor_of(lease)):
            break
        wait.sleep(1.0)
    return found[0] if found else None


def _while(check: Check, requirement: str, seen: Exchange | None, status: str) -> None:
    """Judge the status that a server showed while something was done to it."""
    if seen is None:
        check.not_tested(requirement, "the change was too quick to be seen")
    else:
        check(requirement, seen, "body", "server", "status", equals=status)


_ENDS = {
    _CONFIRM: ("confirmResize", ("confirms", "null-value", "accepted-state", "wrong-state", "once", "no-body")),
    _REVERT: (
        "revertResize",
        ("reverts", "revert-status", "null-value", "accepted-state", "wrong-state", "once", "no-body"),
    ),
}


@pytest.mark.parametrize(
    ("state", "end"),
    [
        pytest.param(
            state,
            end,
            id=f"{_ENDS[end][0]}-{power}",
            marks=pytest.mark.ecs_requirement(
                f"{_RESIZE}/{power}",
                *(f"{end}/{rule}" for rule in _ENDS[end][1]),
                f"{end}/{power}-again",
                *(["nova.servers.resize/rule/resizes"] if end == _CONFIRM else ["nova.servers.resize/rule/flavor-url"]),
            ),
        )
        for end in _ENDS
        for state, power in (("ACTIVE", "running"), ("SHUTOFF", "stopped"))
    ],
)
@pytest.mark.ecs_requirement(
    "nova.servers.resize/rule/verify-resize",
    "nova.servers.resize/rule/resize-status",
    "nova.servers.resize/rule/this-server-only",
    "nova.servers.resize/rule/no-body",
)
def test_a_new_flavor_is_confirmed_or_rolled_back(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_wait: Wait,
    state: ServerState,
    end: str,
) -> None:
    """The new flavor waits until it is confirmed or rolled back, once; then the server runs, or not, as before."""
    lease, other = ecs_servers.batch(2, state)
    action, power = _ENDS[end][0], "running" if state == "ACTIVE" else "stopped"
    before, theirs = ecs_servers.flavor_of(lease), ecs_servers.flavor_of(other)
    wanted = ecs_servers.other_flavor(lease)
    _late(ecs_expect, ecs_servers, lease, f"{end}/wrong-state", (action,), "no flavor waits")
    flavor = ("body", "server", "flavor", "id")
    by_url = f"{ecs_target.endpoint}/flavors/{wanted}"
    sent = _act(ecs_client, lease.id, "resize", {"flavorRef": wanted if end == _CONFIRM else by_url})
    if end == _REVERT:
        ecs_check.accepted("nova.servers.resize/rule/flavor-url", sent)
    ecs_check.accepted(f"{_RESIZE}/{power}", sent)
    ecs_check("nova.servers.resize/rule/no-body", sent, "body", equals=None)
    seen = _watched(
        ecs_servers,
        ecs_wait,
        lease,
        "resize",
        lambda status, flavor: not sent.accepted or status == "VERIFY_RESIZE" or flavor == wanted,
    )
    _while(ecs_check, "nova.servers.resize/rule/resize-status", seen, "RESIZE")
    waits = lease.show()
    ecs_check("nova.servers.resize/rule/this-server-only", other.show(), *flavor, equals=theirs)
    ecs_check("nova.servers.resize/rule/verify-resize", waits, "body", "server", "status", equals="VERIFY_RESIZE")
    ecs_check(
        "nova.servers.resize/rule/verify-resize",
        waits,
        "body",
        "server",
        "OS-EXT-STS:vm_state",
        matches="(?i)^resized$",
    )
    if read(waits, "server", "status") == "VERIFY_RESIZE":
        _settled(
            ecs_client,
            ecs_check,
            ecs_expect,
            ecs_servers,
            ecs_wait,
            lease,
            end,
            state,
            before if end == _REVERT else wanted,
        )
    else:
        for rule in (*_ENDS[end][1], f"{power}-again"):
            ecs_check.not_tested(f"{end}/{rule}", "the new flavor does not wait to be confirmed")
        if end == _CONFIRM:
            ecs_check("nova.servers.resize/rule/resizes", waits, *flavor, equals=wanted)


def _settled(
    client: Client,
    check: Check,
    expect: Expect,
    servers: Servers,
    wait: Wait,
    lease: Lease,
    end: str,
    state: str,
    flavor: str | None,
) -> None:
    """Confirm or roll back what waits, and judge what that does."""
    action = _ENDS[end][0]
    task = ("body", "server", "OS-EXT-STS:task_state")
    check(f"{end}/accepted-state", lease.show(), *task, one_of=[None, ""])
    done = _act(client, lease.id, action)
    for rule in ("null-value", "accepted-state"):
        check.accepted(f"{end}/{rule}", done)
    check(f"{end}/no-body", done, "body", equals=None)
    seen = _watched(servers, wait, lease, "resize_revert", lambda status, flavor: status != "VERIFY_RESIZE")
    if end == _REVERT:
        _while(check, f"{end}/revert-status", seen, "REVERT_RESIZE")
    shown, rule = lease.show(), "reverts" if end == _REVERT else "confirms"
    again = "running-again" if state == "ACTIVE" else "stopped-again"
    check(f"{end}/{again}", shown, "body", "server", "status", equals=state)
    check(f"{end}/{rule}", shown, "body", "server", "status", differs="VERIFY_RESIZE")
    check(f"{end}/{rule}", shown, "body", "server", "flavor", "id", equals=flavor)
    if end == _CONFIRM:
        check("nova.servers.resize/rule/resizes", shown, "body", "server", "flavor", "id", equals=flavor)
    _late(expect, servers, lease, f"{end}/once", ("confirmResize", "revertResize"), "the flavor waits no more")


def _late(
    expect: Expect, servers: Servers, lease: Lease, requirement: str, actions: tuple[str, ...], change: str
) -> None:
    """Expect that there is nothing to confirm or to roll back."""
    for action in actions:
        expect(
            requirement, "POST", _path(lease.id, "/action"), json={action: None}, expects="wrong-state", change=change
        )
        servers.wait_stable(lease.id)


@pytest.mark.ecs_requirement("nova.servers.resize/rule/same-flavor")
def test_the_same_flavor_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """A server is not changed to the flavor that it has."""
    control = ecs_cases.control("nova.servers.resize")
    lease = ecs_servers("SHUTOFF")
    answer = ecs_expect(
        "nova.servers.resize/rule/same-flavor",
        "POST",
        _path(lease.id, "/action"),
        json={"resize": {"flavorRef": ecs_servers.flavor_of(lease)}},
        expects="same-flavor",
        change="it is the flavor that the server has",
        control=control.id,
    )
    if answer.accepted:
        lease.spoilt = True


def _flavors(client: Client) -> list[dict[str, str]]:
    """The extra specs of all flavors (8.3), with their ids."""
    listed = read(client.get("/v1/{project_id}/cloudservers/flavors"), "flavors")
    return [{**flavor["os_extra_specs"], "id": flavor["id"]} for flavor in listed]


def _sold_out(flavor: dict[str, str], zone: str) -> bool:
    """Whether a flavor is sold out in a zone (table 8-20)."""
    zones = flavor.get("cond:operation:az", "")
    return f"{zone}(sellout)" in zones if f"{zone}(" in zones else flavor.get("cond:operation:status") == "sellout"


@pytest.mark.ecs_requirement("nova.servers.resize/rule/resource-type", "nova.servers.resize/rule/rolls-back")
def test_some_flavors_are_out_of_reach(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """A flavor of another resource type is not for the server; for one that is sold out it keeps its flavor and state."""
    lease = ecs_servers("SHUTOFF")
    zone = read(lease.show(), "server", "OS-EXT-AZ:availability_zone")
    flavors, now = _flavors(ecs_client), ecs_servers.flavor_of(lease)
    own = next((flavor.get("resource_type") for flavor in flavors if flavor["id"] == now), None)
    others = [one["id"] for one in flavors if own and one.get("resource_type", own) != own and not _sold_out(one, zone)]
    scarce = [one["id"] for one in flavors if one.get("resource_type") == own and _sold_out(one, zone)]
    for rule, found, reason in (
        ("resource-type", others, "no flavor is known to have another resource type"),
        ("rolls-back", scarce, "no flavor of the resource type is known to be sold out"),
    ):
        if not found:
            ecs_check.not_tested(f"{_RESIZE}/{rule}", reason)
            continue
        _act(ecs_client, lease.id, "resize", {"flavorRef": found[0]})
        ecs_servers.wait_stable(lease.id)
        shown = lease.show()
        if rule == "rolls-back" and read(shown, "server", "status") == "VERIFY_RESIZE":
            ecs_check.not_tested(f"{_RESIZE}/{rule}", "there is room for the flavor, although it is sold out")
            lease.spoilt = True
            break
        kept = ecs_check(f"{_RESIZE}/{rule}", shown, "body", "server", "flavor", "id", equals=now)
        if not (ecs_check(f"{_RESIZE}/{rule}", shown, "body", "server", "status", equals="SHUTOFF") and kept):
            lease.spoilt = True
            if rule == "resource-type":
                ecs_check.not_tested("nova.servers.resize/rule/rolls-back", "the server is no longer what it was")
            break
