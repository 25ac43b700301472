"""Rules of the passwords of servers (6.11.5, 6.11.6), and what is different at Windows servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_ecs import (
    Afterwards,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    read,
    url_of,
)

from .keys import create, names

pytestmark = pytest.mark.ecs_group("servers", "long")

_SERVERS, _VOLUMES = url_of("nova.servers.list"), url_of("deprecated.disks.list")
#: Seconds after which a Windows server that started has its password (6.11.5).
_INJECTED = 600.0


def _path(server: str) -> str:
    return f"{_SERVERS}/{server}/os-server-password"


@pytest.mark.ecs_requirement("nova.server-passwords.show/rule/linux", "nova.server-passwords.show/rule/again")
def test_a_linux_server_has_no_password_to_show(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Both queries say the same."""
    (lease,) = ecs_servers.shared("ACTIVE")
    first, second = ecs_client.get(_path(lease.id)), ecs_client.get(_path(lease.id))
    if first.accepted:
        ecs_check("nova.server-passwords.show/rule/linux", first, "body", "password", length=0)
        ecs_check("nova.server-passwords.show/rule/again", second, "body", "password", length=0)
    else:
        ecs_check.refused("nova.server-passwords.show/rule/linux", first)
        ecs_check("nova.server-passwords.show/rule/again", second, "status", equals=first.status)


@pytest.mark.ecs_requirement(
    "nova.server-passwords.delete/rule/server-untouched",
    "nova.server-passwords.delete/rule/linux",
    "nova.server-passwords.delete/rule/no-body",
)
def test_a_linux_server_has_no_password_to_delete(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """Whether the request is accepted or refused, the server runs on."""
    lease = ecs_servers("ACTIVE")
    deleted = ecs_client.delete(_path(lease.id))
    if deleted.accepted:
        ecs_check("nova.server-passwords.delete/rule/no-body", deleted, "body", equals=None)
    else:
        refused = "the endpoint refuses to delete the password of a Linux server"
        ecs_check.not_tested("nova.server-passwords.delete/rule/no-body", f"{refused}: {deleted.answer}")
        ecs_check.refused("nova.server-passwords.delete/rule/linux", deleted)
    status = ("body", "server", "status")
    with ecs_later:
        check = ecs_check.later(ecs_later)
        check.stays("nova.server-passwords.delete/rule/server-untouched", lease.show, *status, equals="ACTIVE")
        check.stays("nova.server-passwords.delete/rule/linux", lease.show, *status, equals="ACTIVE")


def _wanted(supplies: Supplies, hint: str) -> dict[str, object]:
    """Return what a Windows server is created from (6.2.1), without a way to log in."""
    return {
        "name": supplies.name(hint),
        "imageRef": supplies.need("windows_image_id"),
        "flavorRef": supplies.need("flavor_id"),
        "networks": [{"uuid": supplies.need("network_id")}],
    }


@contextmanager
def _windows(client: Client, servers: Servers, supplies: Supplies, wait: Wait) -> Iterator[tuple[str, Exchange]]:
    """Create a Windows server with a key pair, and delete both in the end; give its id and the answer to its creation."""
    wanted = _wanted(supplies, "windows")
    with names(client, supplies) as (key,):
        read(create(client, key))
        created = client.post(_SERVERS, {"server": {**wanted, "key_name": key}})
        read(created)
        (server,) = exactly(1, servers.settle(created), "the server that was created")
        try:
            yield server, created
        finally:
            client.delete(f"{_SERVERS}/{server}")
            wait.gone(f"{_SERVERS}/{server}")


@pytest.mark.ecs_requirement(
    "nova.server-passwords.show/rule/windows",
    "nova.server-passwords.show/rule/ciphertext",
    "nova.server-passwords.delete/rule/deletes",
    "nova.server-passwords.delete/rule/not-recovered",
    "nova.servers.create/rule/windows-admin-pass",
    "nova.servers.lock/rule/refuses-password",
)
def test_a_windows_server_has_a_password(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Its own, until that is deleted, which a lock prevents."""
    with _windows(ecs_client, ecs_servers, ecs_supplies, ecs_wait) as (server, created):
        refused = ecs_expect(
            "nova.servers.create/rule/windows-admin-pass",
            "POST",
            _SERVERS,
            json={"server": _wanted(ecs_supplies, "no")},
            expects="refused",
            change="there is neither a password nor a key pair",
            control=created.id,
        )
        ecs_jobs.wait_out(refused)
        shown = _injected(ecs_client, ecs_target, server)
        windows = "nova.server-passwords.show/rule/windows"
        if not (ecs_check.accepted(windows, shown) and ecs_check(windows, shown, "body", "password", matches=".")):
            for rule in (
                "nova.server-passwords.show/rule/ciphertext",
                "nova.server-passwords.delete/rule/deletes",
                "nova.server-passwords.delete/rule/not-recovered",
                "nova.servers.lock/rule/refuses-password",
            ):
                ecs_check.not_tested(rule, "the server shows no password")
            return
        # A password that the server was given is recorded in another way than one that nobody knows (docs/report.md).
        ecs_check("nova.server-passwords.show/rule/ciphertext", shown, "body", "password", equals="[redacted]")
        action, rule = f"{_SERVERS}/{server}/action", "nova.servers.lock/rule/refuses-password"
        if ecs_client.post(action, {"lock": None}).accepted:
            ecs_expect(rule, "DELETE", _path(server), expects="locked", change="the server is locked")
        else:
            ecs_check.not_tested(rule, "the server was not locked")
        ecs_client.post(action, {"unlock": None})
        if ecs_servers.locked(server):
            for rule in (
                "nova.server-passwords.delete/rule/deletes",
                "nova.server-passwords.delete/rule/not-recovered",
            ):
                ecs_check.not_tested(rule, "the server stays locked after it was unlocked")
            return
        check = ecs_check.after(ecs_client.delete(_path(server)))
        _no_password(ecs_client, check, "nova.server-passwords.delete/rule/deletes", server)
        check = check.after(ecs_client.post(action, {"reboot": {"type": "SOFT"}}))
        ecs_servers.wait_stable(server)
        ecs_target.clock.sleep(_INJECTED)
        _no_password(ecs_client, check, "nova.server-passwords.delete/rule/not-recovered", server)


def _injected(client: Client, target: Target, server: str) -> Exchange:
    """Return the query of a password as soon as it shows one, or that of ten minutes after the start."""
    clock = target.clock
    began = clock.now()
    shown = client.get(_path(server))
    while clock.now() - began < _INJECTED and not (shown.accepted and read(shown, "password")):
        clock.sleep(10.0)
        shown = client.get(_path(server))
    return shown


def _no_password(client: Client, check: Check, rule: str, server: str) -> None:
    """Judge that no password is shown: an empty one, or none is found."""
    shown = client.get(_path(server))
    if shown.refused:
        check.refused(rule, shown, "not-found")
    else:
        check(rule, shown, "body", "password", length=0)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/windows-scsi-running")
def test_a_windows_server_keeps_scsi_disks(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """While it runs, whether the request is refused or accepted without effect."""
    with _windows(ecs_client, ecs_servers, ecs_supplies, ecs_wait) as (server, _):
        path = f"{_SERVERS}/{server}/os-volume_attachments"
        zone = read(ecs_servers.show(server), "server", "OS-EXT-AZ:availability_zone")
        fields = {"availability_zone": zone, "metadata": {"hw:passthrough": "true"}}
        volume = {"size": 10, "display_name": ecs_supplies.name("scsi"), **fields}
        disk = str(ecs_supplies.make(_VOLUMES, {"volume": volume}, "volume", "id"))
        try:
            ecs_wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="available")
            read(ecs_client.post(path, {"volumeAttachment": {"volumeId": disk}}))
            ecs_wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="in-use")
            if ecs_client.delete(f"{path}/{disk}").accepted:
                ecs_wait.gone(f"{path}/{disk}", 30)
            there = ("body", "volumeAttachments", "*", "volumeId")
            rule = "nova.disks.detach/rule/windows-scsi-running"
            ecs_check.stays(rule, lambda: ecs_client.get(path), *there, contains=disk)
        finally:
            ecs_client.delete(f"{_SERVERS}/{server}")
            ecs_wait.gone(f"{_SERVERS}/{server}")
            ecs_client.delete(f"{_VOLUMES}/{disk}")


@pytest.mark.ecs_requirement("nova.servers.rebuild/rule/another-os")
def test_a_windows_server_becomes_a_linux_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """By the image that it is rebuilt with."""
    linux = ecs_supplies.need("image_id")
    with _windows(ecs_client, ecs_servers, ecs_supplies, ecs_wait) as (server, _):
        rebuilt = ecs_client.post(f"{_SERVERS}/{server}/action", {"rebuild": {"imageRef": linux}})
        ecs_check.accepted("nova.servers.rebuild/rule/another-os", rebuilt)
        ecs_servers.wait_stable(server)
        check, shown = ecs_check.after(rebuilt), ecs_servers.show(server)
        check("nova.servers.rebuild/rule/another-os", shown, "body", "server", "image", "id", equals=linux)
