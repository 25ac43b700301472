"""Rules of the passwords of servers (6.11.5, 6.11.6), and what is different at Windows servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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
def _created(client: Client, servers: Servers, supplies: Supplies, wait: Wait) -> Iterator[tuple[str, Exchange]]:
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


_SCSI, _ANOTHER_OS = "nova.disks.detach/rule/windows-scsi-running", "nova.servers.rebuild/rule/another-os"
_NOT_RECOVERED = "nova.server-passwords.delete/rule/not-recovered"
_NEEDS_PASSWORD = (
    "nova.server-passwords.show/rule/ciphertext",
    "nova.server-passwords.delete/rule/deletes",
    "nova.servers.lock/rule/refuses-password",
)


@pytest.mark.ecs_requirement(
    "nova.server-passwords.show/rule/windows",
    "nova.server-passwords.show/rule/ciphertext",
    "nova.server-passwords.delete/rule/deletes",
    "nova.server-passwords.delete/rule/not-recovered",
    "nova.servers.create/rule/windows-admin-pass",
    "nova.servers.lock/rule/refuses-password",
    "nova.disks.detach/rule/windows-scsi-running",
    "nova.servers.rebuild/rule/another-os",
)
def test_a_windows_server_is_not_like_others(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    ecs_later: Afterwards,
) -> None:
    """It has a password of its own, keeps SCSI disks while it runs, and becomes a Linux server in the end."""
    windows = _Windows(ecs_client, ecs_check, ecs_expect, ecs_servers, ecs_supplies, ecs_wait, ecs_later)
    with ecs_later:
        ecs_later.callback(windows.delete_disks)
        server, created = ecs_later.enter_context(_created(ecs_client, ecs_servers, ecs_supplies, ecs_wait))
        ecs_later.look([_SCSI], 0.0, lambda: windows.keeps_scsi_disks(server))
        rules = ["nova.server-passwords.show/rule/windows", *_NEEDS_PASSWORD, _NOT_RECOVERED, _ANOTHER_OS]
        ecs_later.look(rules, _INJECTED, lambda: windows.has_a_password(server))
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


@dataclass(frozen=True)
class _Windows:
    """What is looked at while a Windows server goes its way: until it has its password, other tests go on."""

    client: Client
    check: Check
    expect: Expect
    servers: Servers
    supplies: Supplies
    wait: Wait
    later: Afterwards
    disks: list[str] = field(default_factory=list)

    def delete_disks(self) -> None:
        """Delete what was attached, once the server is gone."""
        for disk in self.disks:
            self.client.delete(f"{_VOLUMES}/{disk}")

    def keeps_scsi_disks(self, server: str) -> None:
        """While it runs, whether the request is refused or accepted without effect."""
        path = f"{_SERVERS}/{server}/os-volume_attachments"
        zone = read(self.servers.show(server), "server", "OS-EXT-AZ:availability_zone")
        fields = {"availability_zone": zone, "metadata": {"hw:passthrough": "true"}}
        volume = {"size": 10, "display_name": self.supplies.name("scsi"), **fields}
        disk = str(self.supplies.make(_VOLUMES, {"volume": volume}, "volume", "id"))
        self.disks.append(disk)
        self.wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="available")
        read(self.client.post(path, {"volumeAttachment": {"volumeId": disk}}))
        self.wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="in-use")
        if self.client.delete(f"{path}/{disk}").accepted:
            self.wait.gone(f"{path}/{disk}", 30)
        there = ("body", "volumeAttachments", "*", "volumeId")
        self.check.stays(_SCSI, lambda: self.client.get(path), *there, contains=disk)

    def has_a_password(self, server: str) -> None:
        """Its own, until that is deleted, which a lock prevents."""
        windows, wait = "nova.server-passwords.show/rule/windows", 0.0
        shown = self.client.get(_path(server))
        if self.check.accepted(windows, shown) and self.check(windows, shown, "body", "password", matches="."):
            wait = self._lose_it(server, shown)
        else:
            for rule in (*_NEEDS_PASSWORD, _NOT_RECOVERED):
                self.check.not_tested(rule, "the server shows no password")
        self.later.look([_ANOTHER_OS], wait, lambda: self.becomes_a_linux_server(server))

    def _lose_it(self, server: str, shown: Exchange) -> float:
        """Delete the password and restart the server; return in how many seconds it could be there again."""
        # A password that the server was given is recorded in another way than one that nobody knows (docs/report.md).
        self.check("nova.server-passwords.show/rule/ciphertext", shown, "body", "password", equals="[redacted]")
        action, rule = f"{_SERVERS}/{server}/action", "nova.servers.lock/rule/refuses-password"
        if self.client.post(action, {"lock": None}).accepted:
            self.expect(rule, "DELETE", _path(server), expects="locked", change="the server is locked")
        else:
            self.check.not_tested(rule, "the server was not locked")
        self.client.post(action, {"unlock": None})
        if self.servers.locked(server):
            for rule in ("nova.server-passwords.delete/rule/deletes", _NOT_RECOVERED):
                self.check.not_tested(rule, "the server stays locked after it was unlocked")
            return 0.0
        check = self.check.after(self.client.delete(_path(server)))
        self._no_password(check, "nova.server-passwords.delete/rule/deletes", server)
        check = check.after(self.client.post(action, {"reboot": {"type": "SOFT"}}))
        self.servers.wait_stable(server)
        self.later.look([_NOT_RECOVERED], _INJECTED, lambda: self._no_password(check, _NOT_RECOVERED, server))
        return _INJECTED

    def _no_password(self, check: Check, rule: str, server: str) -> None:
        """Judge that no password is shown: an empty one, or none is found."""
        shown = self.client.get(_path(server))
        if shown.refused:
            check.refused(rule, shown, "not-found")
        else:
            check(rule, shown, "body", "password", length=0)

    def becomes_a_linux_server(self, server: str) -> None:
        """By the image that it is rebuilt with."""
        linux = self.supplies.need("image_id")
        rebuilt = self.client.post(f"{_SERVERS}/{server}/action", {"rebuild": {"imageRef": linux}})
        self.check.accepted(_ANOTHER_OS, rebuilt)
        self.servers.wait_stable(server)
        check, shown = self.check.after(rebuilt), self.servers.show(server)
        check(_ANOTHER_OS, shown, "body", "server", "image", "id", equals=linux)
