"""Rules of locking and unlocking through the native API (6.3.4, 6.3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_ecs import (
    Afterwards,
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
    url_of,
)
from pytest_ecs.typing import JSON

_STATE = ("status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state")


def _path(server: str, rest: str = "") -> str:
    return url_of("nova.servers.show", server_id=server) + rest


def _act(client: Client, lease: Lease, action: str, value: JSON = None) -> Exchange:
    return client.post(_path(lease.id, "/action"), {action: value})


def _shown(client: Client, lease: Lease) -> Exchange:
    """Query a server at a microversion that shows whether it is locked."""
    return client.get(_path(lease.id), microversion="2.9")


_LOCKED = ("body", "server", "locked")


def _is_locked(client: Client, check: Check, rule: str, lease: Lease, *, locked: bool) -> None:
    """Judge whether a server shows that it is locked; that nothing is shown is judged elsewhere."""
    shown = _shown(client, lease)
    if "locked" in read(shown, "server"):
        check(rule, shown, *_LOCKED, equals=locked)
    else:
        check.not_tested(rule, "no lock is shown")


def _stays_locked(client: Client, check: Check, rule: str, lease: Lease, *, locked: bool) -> None:
    """Judge whether a server shows that it is locked, now and a little later, where it shows that at all."""
    if "locked" in read(_shown(client, lease), "server"):
        check.stays(rule, lambda: _shown(client, lease), *_LOCKED, equals=locked)
    else:
        check.not_tested(rule, "no lock is shown")


def _keeps_state(client: Client, check: Check, rule: str, lease: Lease, before: dict[str, JSON]) -> None:
    for field in _STATE:
        if field in before:
            check(rule, _shown(client, lease), "body", "server", field, equals=before[field])


@contextmanager
def _unlocked(client: Client, *leases: Lease) -> Iterator[None]:
    """Unlock servers, before and after."""
    for lease in leases:
        _act(client, lease, "unlock")
    try:
        yield
    finally:
        for lease in leases:
            _act(client, lease, "unlock")


@pytest.mark.ecs_requirement(
    "nova.servers.lock/rule/locks",
    "nova.servers.lock/rule/null-value",
    "nova.servers.lock/rule/no-body",
    "nova.servers.lock/rule/keeps-state",
    "nova.servers.lock/rule/this-server-only",
    "nova.servers.lock/rule/already-locked",
)
def test_a_server_is_locked(ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers) -> None:
    """It is shown as before beside that, and no other server is locked; a second time nothing changes."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with ecs_later:
        ecs_later.enter_context(_unlocked(ecs_client, lease, other))
        before = read(_shown(ecs_client, lease), "server")
        done = _act(ecs_client, lease, "lock")
        ecs_check.accepted("nova.servers.lock/rule/null-value", done)
        check = ecs_check.after(done)
        check("nova.servers.lock/rule/no-body", done, "body", equals=None)
        _is_locked(ecs_client, check, "nova.servers.lock/rule/locks", lease, locked=True)
        _keeps_state(ecs_client, check, "nova.servers.lock/rule/keeps-state", lease, before)
        _act(ecs_client, lease, "lock")
        check = check.later(ecs_later)
        _stays_locked(ecs_client, check, "nova.servers.lock/rule/this-server-only", other, locked=False)
        _stays_locked(ecs_client, check, "nova.servers.lock/rule/already-locked", lease, locked=True)


@pytest.mark.ecs_requirement("nova.servers.lock/rule/queries-work")
def test_a_locked_server_is_queried(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """With its NICs, its disks and what was done to it."""
    lease = ecs_servers("ACTIVE")
    with _unlocked(ecs_client, lease):
        done = _act(ecs_client, lease, "lock")
        for rest in ("", "/os-interface", "/os-volume_attachments", "/os-instance-actions"):
            answer = ecs_client.get(_path(lease.id, rest))
            ecs_check.after(done).accepted("nova.servers.lock/rule/queries-work", answer)


@pytest.mark.ecs_requirement(
    "nova.servers.unlock/rule/unlocks",
    "nova.servers.unlock/rule/null-value",
    "nova.servers.unlock/rule/no-body",
    "nova.servers.unlock/rule/keeps-state",
    "nova.servers.unlock/rule/this-server-only",
    "nova.servers.unlock/rule/works-when-locked",
    "nova.servers.unlock/rule/manageable",
)
def test_a_server_is_unlocked(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """It is managed again, and another one stays locked."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with ecs_later:
        ecs_later.enter_context(_unlocked(ecs_client, lease, other))
        locked = _act(ecs_client, lease, "lock")
        _act(ecs_client, other, "lock")
        theirs = read(_shown(ecs_client, other), "server").get("locked") is True
        before = read(_shown(ecs_client, lease), "server")
        done = _act(ecs_client, lease, "unlock")
        ecs_check.accepted("nova.servers.unlock/rule/null-value", done)
        ecs_check.after(locked).accepted("nova.servers.unlock/rule/works-when-locked", done)
        check = ecs_check.after(done)
        check("nova.servers.unlock/rule/no-body", done, "body", equals=None)
        check = check.after(locked)
        for rule in ("nova.servers.unlock/rule/unlocks", "nova.servers.unlock/rule/works-when-locked"):
            _is_locked(ecs_client, check, rule, lease, locked=False)
        _keeps_state(ecs_client, check, "nova.servers.unlock/rule/keeps-state", lease, before)
        if theirs:
            alone = "nova.servers.unlock/rule/this-server-only"
            _stays_locked(ecs_client, check.later(ecs_later), alone, other, locked=True)
        else:
            ecs_check.not_tested("nova.servers.unlock/rule/this-server-only", "no other server is shown as locked")
        restarted = _act(ecs_client, lease, "reboot", {"type": "SOFT"})
        check.accepted("nova.servers.unlock/rule/manageable", restarted)
        ecs_servers.wait_stable(lease.id)


@pytest.mark.ecs_requirement("nova.servers.unlock/rule/not-locked")
def test_a_server_that_is_not_locked_stays_so(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """Unlocking it changes nothing."""
    lease = ecs_servers("ACTIVE")
    with ecs_later:
        ecs_later.enter_context(_unlocked(ecs_client, lease))
        _act(ecs_client, lease, "unlock")
        check = ecs_check.later(ecs_later)
        _stays_locked(ecs_client, check, "nova.servers.unlock/rule/not-locked", lease, locked=False)


def _held(
    expect: Expect, servers: Servers, jobs: Jobs, rule: str, lease: Lease, method: str, path: str, body: JSON = None
) -> Exchange:
    """Expect that a request to manage a locked server is refused; wait for the end of one that is not.

    A server where one was accepted serves nobody else.
    """
    answer = expect(rule, method, path, json=body, expects="locked", change="the server is locked")
    if answer.accepted:
        lease.spoilt = True
        jobs.wait_out(answer)
        servers.wait_stable(lease.id)
    return answer


@pytest.mark.ecs_requirement("nova.servers.lock/rule/refuses-status", "nova.servers.lock/rule/refuses-update")
def test_a_lock_holds_a_running_server(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """It is not rebuilt, restarted, resized or stopped, and keeps its name."""
    lease = ecs_servers("ACTIVE")
    image, flavor = ecs_supplies.need("image_id"), ecs_servers.other_flavor(lease)
    with _unlocked(ecs_client, lease):
        read(_act(ecs_client, lease, "lock"))
        name = {"server": {"name": ecs_supplies.name("held")}}
        update = "nova.servers.lock/rule/refuses-update"
        ecs_expect(update, "PUT", _path(lease.id), json=name, expects="locked", change="the server is locked")
        orders: tuple[dict[str, JSON], ...] = (
            {"rebuild": {"imageRef": image}},
            {"reboot": {"type": "SOFT"}},
            {"os-stop": {}},
            {"resize": {"flavorRef": flavor}},
        )
        for order in orders:
            rule, action = "nova.servers.lock/rule/refuses-status", _path(lease.id, "/action")
            _held(ecs_expect, ecs_servers, ecs_jobs, rule, lease, "POST", action, order)


@pytest.mark.ecs_requirement("nova.servers.lock/rule/refuses-ecs")
def test_a_lock_holds_against_chapter_5(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """A stop of a batch is refused, at once or by its job."""
    lease = ecs_servers("ACTIVE")
    with _unlocked(ecs_client, lease):
        read(_act(ecs_client, lease, "lock"))
        stop = {"os-stop": {"servers": [{"id": lease.id}], "type": "SOFT"}}
        rule, path = "nova.servers.lock/rule/refuses-ecs", url_of("ecs.servers.batch-stop")
        _held(ecs_expect, ecs_servers, ecs_jobs, rule, lease, "POST", path, stop)


@pytest.mark.ecs_requirement("nova.servers.lock/rule/refuses-delete")
def test_a_locked_server_is_not_deleted(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_jobs: Jobs,
) -> None:
    """It is there afterwards."""
    lease, rule = ecs_servers("ACTIVE"), "nova.servers.lock/rule/refuses-delete"
    with ecs_later:
        ecs_later.enter_context(_unlocked(ecs_client, lease))
        read(_act(ecs_client, lease, "lock"))
        answer = _held(ecs_expect, ecs_servers, ecs_jobs, rule, lease, "DELETE", _path(lease.id))
        if answer.refused:
            ecs_check.later(ecs_later).stays(rule, lease.show, "body", "server", "id", equals=lease.id)


@pytest.mark.ecs_requirement("nova.servers.lock/rule/refuses-nics")
def test_a_locked_server_keeps_its_nics(
    ecs_client: Client,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It neither gets one nor loses one."""
    lease, rule = ecs_servers("ACTIVE"), "nova.servers.lock/rule/refuses-nics"
    nics, wanted = _path(lease.id, "/os-interface"), {"net_id": ecs_supplies.need("network_id")}
    added = ecs_client.post(nics, {"interfaceAttachment": wanted})
    nic = read(added, "interfaceAttachment", "port_id")
    with _unlocked(ecs_client, lease):
        ecs_wait.until(nics, "interfaceAttachments", "*", "port_id", contains=nic)
        read(_act(ecs_client, lease, "lock"))
        _held(ecs_expect, ecs_servers, ecs_jobs, rule, lease, "POST", nics, {"interfaceAttachment": wanted})
        _held(ecs_expect, ecs_servers, ecs_jobs, rule, lease, "DELETE", f"{nics}/{nic}")
    ecs_client.delete(f"{nics}/{nic}")
    lease.spoilt = not ecs_wait.gone(f"{nics}/{nic}") or lease.spoilt


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
    status, of_disks = "nova.servers.lock/rule/refuses-status", "nova.servers.lock/rule/refuses-disks"
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    disks = _path(lease.id, "/os-volume_attachments")
    with _unlocked(ecs_client, lease):
        read(_act(ecs_client, lease, "lock"))
        start: JSON = {"os-start": {}}
        _held(ecs_expect, ecs_servers, ecs_jobs, status, lease, "POST", _path(lease.id, "/action"), start)
        _act(ecs_client, lease, "unlock")
        read(ecs_client.post(disks, {"volumeAttachment": {"volumeId": disk}}))
        ecs_wait.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
        second = {"volumeAttachment": {"volumeId": ecs_supplies.disk()}}
        read(_act(ecs_client, lease, "lock"))
        _held(ecs_expect, ecs_servers, ecs_jobs, of_disks, lease, "POST", disks, second)
        _held(ecs_expect, ecs_servers, ecs_jobs, of_disks, lease, "DELETE", f"{disks}/{disk}")
    ecs_client.delete(f"{disks}/{disk}")
    lease.spoilt = not ecs_wait.gone(f"{disks}/{disk}") or lease.spoilt


@pytest.mark.ecs_requirement("nova.servers.lock/rule/own-only")
def test_another_project_does_not_lock(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_servers: Servers,
) -> None:
    """Its own URL does not lead to servers of ours."""
    stranger, lease, rule = ecs_clients("other_project"), ecs_servers("ACTIVE"), "nova.servers.lock/rule/own-only"
    with ecs_later:
        ecs_later.enter_context(_unlocked(ecs_client, lease))
        ecs_expect(
            rule,
            "POST",
            _path(lease.id, "/action"),
            json={"lock": None},
            expects="foreign-server",
            change="the server is another project's",
            client=stranger,
        )
        _stays_locked(ecs_client, ecs_check.later(ecs_later), rule, lease, locked=False)
