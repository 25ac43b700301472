"""Rules of listing, showing and attaching the disks of servers through the native API (6.8.1 to 6.8.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import (
    Afterwards,
    Cases,
    Check,
    Client,
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
from pytest_ecs.typing import ServerState

from .attaching import (
    DEVICE,
    IDS,
    attach,
    attached,
    disks_of,
    list_disks,
    new_disk,
    path_of,
    settle,
    take_back,
    zone_of,
)
from .creation import BOOTING

pytestmark = pytest.mark.ecs_group("servers")

_SNAPSHOTS, _SERVERS = url_of("deprecated.snapshots.create"), url_of("nova.servers.list")
_ONE = ("body", "volumeAttachment")


@pytest.mark.ecs_requirement(
    "nova.disks.attach/rule/attaches",
    "nova.disks.attach/rule/answer-names",
    "nova.disks.attach/rule/running-and-stopped",
    "nova.disks.attach/rule/device-chosen",
    "nova.disks.attach/rule/vbd-names",
    "nova.disks.attach/rule/this-server-only",
    "nova.disks.list/rule/has-disk",
)
@pytest.mark.parametrize("state", ["SHUTOFF", "ACTIVE"])
def test_a_disk_is_attached(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    state: ServerState,
) -> None:
    """To a stopped or a running server, beside its other disks, and to no other server."""
    lease, other = ecs_servers.batch(2, state)
    disk, before, theirs = ecs_supplies.disk(), disks_of(ecs_client, lease), disks_of(ecs_client, other)
    sent = attach(ecs_client, ecs_wait, lease, disk)
    ecs_check.accepted("nova.disks.attach/rule/running-and-stopped", sent)
    check = ecs_check.after(sent).later(ecs_later)
    with ecs_later:
        for one in (lease, other):
            ecs_later.callback(take_back, ecs_client, ecs_wait, ecs_servers, one, disk)
        for field, value in (("serverId", lease.id), ("id", disk), ("volumeId", disk)):
            check("nova.disks.attach/rule/answer-names", sent, *_ONE, field, equals=value)
        check("nova.disks.attach/rule/running-and-stopped", list_disks(ecs_client, lease), *IDS, contains=disk)
        listed = list_disks(ecs_client, lease)
        check("nova.disks.attach/rule/attaches", listed, *IDS, same_items=[*before, disk])
        check("nova.disks.list/rule/has-disk", listed, *IDS, has_one=disk)
        look = lambda: list_disks(ecs_client, other)  # noqa: E731 - it is about this server
        check.stays("nova.disks.attach/rule/this-server-only", look, *IDS, same_items=theirs)
        alone = ecs_client.get(path_of(lease.id, disk))
        check("nova.disks.attach/rule/vbd-names", alone, *DEVICE, matches=r"^/dev/vd[b-x]$")
        if disk in disks_of(ecs_client, lease):
            device = read(alone, *DEVICE[1:])
            devices = ("body", "volumeAttachments", "*", "device")
            check("nova.disks.attach/rule/device-chosen", listed, *devices, has_one=device)


@pytest.mark.ecs_requirement(
    "nova.disks.show/rule/not-attached", "nova.disks.detach/rule/not-attached", "nova.disks.attach/rule/not-available"
)
def test_a_disk_is_one_servers(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It is attached no second time, and at another server it is neither shown nor detached."""
    ecs_cases.beforehand("nova.disks.attach", "nova.disks.detach", "nova.disks.show")
    lease, other = ecs_servers.batch(2, "SHUTOFF")
    disk, ways = (
        ecs_supplies.disk(),
        (("nova.disks.show/rule/not-attached", "GET"), ("nova.disks.detach/rule/not-attached", "DELETE")),
    )
    absent, elsewhere = "the disk is attached to no server", "the disk is attached to another server"
    for rule, method in ways:
        ecs_expect(rule, method, path_of(lease.id, disk), expects="unknown-reference", change=absent)
    try:
        with attached(ecs_client, ecs_wait, ecs_servers, lease, disk):
            for rule, method in ways:
                answer = ecs_expect(
                    rule, method, path_of(other.id, disk), expects="unknown-reference", change=elsewhere
                )
            look = lambda: list_disks(ecs_client, lease)  # noqa: E731 - it is about this server
            if not ecs_check.stays("nova.disks.detach/rule/not-attached", look, *IDS, contains=disk):
                ecs_check.not_tested("nova.disks.attach/rule/not-available", f"the disk went: {answer.answer}")
                return
            for server, change in ((other, elsewhere), (lease, "the disk is attached to this server")):
                again = ecs_expect(
                    "nova.disks.attach/rule/not-available",
                    "POST",
                    path_of(server.id),
                    json={"volumeAttachment": {"volumeId": disk}},
                    expects="refused",
                    change=change,
                )
                if again.accepted:
                    settle(ecs_client, ecs_wait, disk)
    finally:
        take_back(ecs_client, ecs_wait, ecs_servers, other, disk)


@pytest.mark.parametrize(
    ("rule", "letter"),
    [
        pytest.param(rule, letter, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, letter in (
            ("nova.disks.attach/rule/device-used", None),
            ("nova.disks.attach/rule/device-out-of-sequence", "q"),
        )
    ],
)
def test_a_device_is_named(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    letter: str | None,
) -> None:
    """The next free name is used; one out of the sequence is replaced."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    entries = read(list_disks(ecs_client, lease), "volumeAttachments")
    exactly(1, entries[:1], "a list with the server's system disk")
    following = chr(ord(max(str(entry["device"])[-1] for entry in entries)) + 1)
    sent = attach(ecs_client, ecs_wait, lease, disk, device=f"/dev/vd{letter or following}")
    try:
        if sent.refused:
            ecs_check.accepted(rule, sent)
        wanted = r"^/dev/[sv]d[b-x]$" if letter else rf"^/dev/[sv]d{following}$"
        ecs_check.after(sent)(rule, ecs_client.get(path_of(lease.id, disk)), *DEVICE, matches=wanted)
    finally:
        take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)


@pytest.mark.ecs_requirement("nova.disks.attach/rule/device-taken")
def test_a_device_is_one_disks(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A name that another disk of the server has is refused or replaced."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    entries = read(list_disks(ecs_client, lease), "volumeAttachments")
    exactly(1, entries[:1], "a list with the server's system disk")
    taken, rule = str(entries[0]["device"]), "nova.disks.attach/rule/device-taken"
    sent = attach(ecs_client, ecs_wait, lease, disk, device=taken)
    try:
        if sent.refused:
            ecs_check.refused(rule, sent)
        devices = ("body", "volumeAttachments", "*", "device")
        ecs_check(rule, list_disks(ecs_client, lease), *devices, has_one=taken)
    finally:
        take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)


@pytest.mark.ecs_requirement("nova.disks.attach/rule/bootable-needs-device")
def test_a_bootable_disk_needs_its_device(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """A disk from a snapshot of a system disk is not attached without one."""
    control, lease = ecs_cases.control("nova.disks.attach"), ecs_servers("SHUTOFF")
    (system,) = exactly(1, disks_of(ecs_client, lease), "the server's only disk")
    wanted = {"volume_id": system, "display_name": ecs_supplies.name("system"), "force": True}
    snapshot = str(ecs_supplies.make(_SNAPSHOTS, {"snapshot": wanted}, "snapshot", "id"))
    ecs_wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    size = read(ecs_client.get(f"{_SNAPSHOTS}/{snapshot}"), "snapshot", "size")
    try:
        with new_disk(ecs_client, ecs_supplies, ecs_wait, zone_of(lease), snapshot_id=snapshot, size=size) as disk:
            refused = ecs_expect(
                "nova.disks.attach/rule/bootable-needs-device",
                "POST",
                path_of(lease.id),
                json={"volumeAttachment": {"volumeId": disk}},
                expects="refused",
                change="the request names no device for a bootable disk",
                control=control.id,
            )
            if refused.accepted:
                settle(ecs_client, ecs_wait, disk)
                take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)
    finally:  # a disk with a snapshot is not deleted (6.2.1)
        ecs_client.delete(f"{_SNAPSHOTS}/{snapshot}")
        lease.spoilt = not ecs_wait.gone(f"{_SNAPSHOTS}/{snapshot}") or lease.spoilt


@pytest.mark.ecs_requirement("nova.disks.attach/rule/paused")
def test_a_paused_server_gets_no_disk(
    ecs_client: Client,
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Nor does a suspended one, where a target can be put into these states."""
    hook = ecs_target.control
    if hook is None:
        ecs_check.not_tested("nova.disks.attach/rule/paused", "no operation pauses or suspends a server")
        return
    control, lease = ecs_cases.control("nova.disks.attach"), ecs_servers("ACTIVE")
    disk = ecs_supplies.disk()
    body = {"volumeAttachment": {"volumeId": disk}}
    for state in ("paused", "suspended"):
        hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": state})
        answer = ecs_expect(
            "nova.disks.attach/rule/paused",
            "POST",
            path_of(lease.id),
            json=body,
            expects="wrong-state",
            change=f"the server is {state}",
            control=control.id,
        )
        hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": None})
        if answer.accepted:
            settle(ecs_client, ecs_wait, disk)
            take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)


@pytest.mark.ecs_requirement("nova.disks.attach/rule/same-az")
def test_a_disk_is_in_the_zone_of_its_server(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """A disk in another zone is not attached."""
    control, lease = ecs_cases.control("nova.disks.attach"), ecs_servers("SHUTOFF")
    zone = ecs_supplies.other_zone(zone_of(lease))
    with new_disk(ecs_client, ecs_supplies, ecs_wait, zone) as disk:
        answer = ecs_expect(
            "nova.disks.attach/rule/same-az",
            "POST",
            path_of(lease.id),
            json={"volumeAttachment": {"volumeId": disk}},
            expects="refused",
            change="the disk is in another availability zone",
            control=control.id,
        )
        if answer.accepted:
            settle(ecs_client, ecs_wait, disk)
            take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)


@pytest.mark.ecs_requirement("nova.servers.create/rule/volume-same-az")
def test_a_disk_is_in_the_zone_of_a_new_server(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """A server is not created with a disk in another zone."""
    image, control = ecs_supplies.need("image_id"), ecs_cases.accepted_variant("nova.servers.create", BOOTING)[1]
    (lease,) = ecs_servers.shared("ACTIVE")
    zone = zone_of(lease)
    mapping = {"destination_type": "volume"}
    system = mapping | {"source_type": "image", "uuid": image, "boot_index": "0"}
    with new_disk(ecs_client, ecs_supplies, ecs_wait, ecs_supplies.other_zone(zone)) as disk:
        data = mapping | {"source_type": "volume", "uuid": disk, "boot_index": "-1"}
        server = {
            "name": ecs_supplies.name("no"),
            "flavorRef": ecs_supplies.need("flavor_id"),
            "availability_zone": zone,
            "networks": [{"uuid": ecs_supplies.need("network_id")}],
            "block_device_mapping_v2": [system | {"delete_on_termination": True, "volume_size": 100}, data],
        }
        created = ecs_expect(
            "nova.servers.create/rule/volume-same-az",
            "POST",
            _SERVERS,
            json={"server": server},
            expects="refused",
            change="the disk is in another availability zone",
            control=control.id,
        )
        ecs_jobs.wait_out(created)
