"""Rules of the disks of servers through the native API (6.8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Contract,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    read,
)
from pytest_ecs.exceptions import StepFailed
from pytest_ecs.typing import JSON

pytestmark = pytest.mark.ecs_group("servers")

_ATTACH, _DETACH = (
    f"nova.disks.{verb}/rule"
    for verb in (
        "attach",
        "detach",
    )
)
_IDS = ("body", "volumeAttachments", "*", "volumeId")
_ATTACHED = ("os-extended-volumes:volumes_attached", "*", "id")
#: Seconds that attaching a disk may take.
_TRIES = 120


def _path(server: str, disk: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/os-volume_attachments" + (f"/{disk}" if disk else "")


def _disks(client: Client, server: str) -> list[str]:
    listed = read(client.get(_path(server)), "volumeAttachments")
    return [entry["volumeId"] for entry in listed]


def _attach(client: Client, wait: Wait, lease: Lease, disk: str, **fields: str) -> Exchange:
    """Attach a disk and wait until the server lists it."""
    attached = client.post(_path(lease.id), {"volumeAttachment": {"volumeId": disk, **fields}})
    read(attached)
    _settled(client, wait, disk)
    return attached


def _settled(client: Client, wait: Wait, disk: str) -> None:
    """Wait until a disk is in use."""
    for _ in range(_TRIES):
        if read(client.get(f"/v2.1/{{project_id}}/os-volumes/{disk}"), "volume", "status") == "in-use":
            return
        wait.sleep(1.0)


def _detach(client: Client, wait: Wait, lease: Lease, disk: str, **query: str) -> Exchange:
    """Detach a disk and wait until the server does not list it any more."""
    detached = client.delete(_path(lease.id, disk), query=query)
    if not wait.gone(_path(lease.id, disk)):
        lease.spoilt = True
    return detached


@contextmanager
def _attached(client: Client, wait: Wait, lease: Lease, disk: str, **fields: str) -> Iterator[Exchange]:
    try:
        yield _attach(client, wait, lease, disk, **fields)
    finally:
        if disk in _disks(client, lease.id):
            _detach(client, wait, lease, disk)


@pytest.mark.ecs_requirement(
    "nova.disks.list/rule/has-disk",
    "nova.disks.list/rule/has-system-disk",
    "nova.disks.list/rule/own-disks",
    "nova.disks.list/rule/id-is-disk",
    "nova.disks.list/rule/devices-differ",
    "nova.disks.list/rule/same-as-server",
    "nova.disks.show/rule/same-disk",
    "nova.disks.show/rule/same-as-list",
    "nova.disks.show/rule/not-attached",
    "nova.disks.attach/rule/attaches",
    "nova.disks.attach/rule/answer-names",
    "nova.disks.attach/rule/running-and-stopped",
    "nova.disks.attach/rule/device-chosen",
    "nova.disks.attach/rule/this-server-only",
    "nova.disks.attach/rule/not-available",
    "nova.disks.attach/rule/vbd-names",
    "nova.disks.detach/rule/detaches",
    "nova.disks.detach/rule/any-os-stopped",
    "nova.disks.detach/rule/this-disk-only",
    "nova.disks.detach/rule/disk-kept",
    "nova.disks.detach/rule/no-body",
    "nova.disks.detach/rule/not-attached",
)
def test_a_disk_comes_and_goes(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Attached to a stopped and to a running server it is one more disk of that server alone; detached it is kept."""
    ecs_cases.beforehand("nova.disks.attach", "nova.disks.detach", "nova.disks.show")
    disk = ecs_supplies.disk()
    stopped, other = ecs_servers.batch(2, "SHUTOFF")
    running = ecs_servers("ACTIVE")
    theirs = _disks(ecs_client, other.id)
    absent = "the disk is attached to no server"
    ecs_expect(
        "nova.disks.show/rule/not-attached", "GET", _path(stopped.id, disk), expects="unknown-reference", change=absent
    )
    for lease in (stopped, running):
        without, disk = ecs_client.get(_path(lease.id)), ecs_supplies.disk()
        before = [entry["volumeId"] for entry in read(without, "volumeAttachments")]
        own: JSON = before
        with suppress(StepFailed):
            own = read(lease.show(), "server", *_ATTACHED)
        with _attached(ecs_client, ecs_wait, lease, disk) as attached:
            for field, value in (("serverId", lease.id), ("id", disk), ("volumeId", disk)):
                ecs_check(
                    "nova.disks.attach/rule/answer-names", attached, "body", "volumeAttachment", field, equals=value
                )
            listed, server = ecs_client.get(_path(lease.id)), lease.show()
            ecs_check("nova.disks.attach/rule/running-and-stopped", listed, *_IDS, contains=disk)
            ecs_check("nova.disks.attach/rule/attaches", listed, *_IDS, same_items=[*before, disk])
            ecs_check(
                "nova.disks.attach/rule/this-server-only", ecs_client.get(_path(other.id)), *_IDS, same_items=theirs
            )
            ecs_check("nova.disks.list/rule/has-disk", listed, *_IDS, has_one=disk)
            place = ("body", "server", *_ATTACHED)
            ecs_check("nova.disks.list/rule/same-as-server", server, *place, same_items=_disks(ecs_client, lease.id))
            ecs_check("nova.disks.list/rule/has-system-disk", without, "body", "volumeAttachments", differs=[])
            ecs_check("nova.disks.list/rule/has-system-disk", listed, *_IDS, includes=own)
            for one in theirs:
                ecs_check("nova.disks.list/rule/own-disks", listed, *_IDS, lacks=one)
            _consistent(ecs_client, ecs_check, lease, listed, disk)
            _kept_apart(ecs_client, ecs_check, ecs_expect, ecs_wait, lease, other, disk)
        if lease is stopped:
            _after_detaching(ecs_client, ecs_check, ecs_wait, lease, disk, before)
    gone = _path(stopped.id, disk)
    ecs_expect("nova.disks.detach/rule/not-attached", "DELETE", gone, expects="unknown-reference", change=absent)


def _kept_apart(
    client: Client, check: Check, expect: Expect, wait: Wait, lease: Lease, other: Lease, disk: str
) -> None:
    """Judge that a disk of one server is attached no second time, and is not found or detached at another."""
    for server, change in (
        (other, "the disk is attached to another server"),
        (lease, "the disk is attached to this server"),
    ):
        again = expect(
            "nova.disks.attach/rule/not-available",
            "POST",
            _path(server.id),
            json={"volumeAttachment": {"volumeId": disk}},
            expects="refused",
            change=change,
        )
        if again.accepted:
            _settled(client, wait, disk)
    if disk in _disks(client, other.id) or disk not in _disks(client, lease.id):
        return
    elsewhere = "the disk is attached to another server"
    for rule, method in (
        ("nova.disks.show/rule/not-attached", "GET"),
        ("nova.disks.detach/rule/not-attached", "DELETE"),
    ):
        answer = expect(rule, method, _path(other.id, disk), expects="unknown-reference", change=elsewhere)
    if answer.accepted:
        wait.gone(_path(lease.id, disk), seconds=30)
    check("nova.disks.detach/rule/not-attached", client.get(_path(lease.id)), *_IDS, contains=disk)


def _after_detaching(client: Client, check: Check, wait: Wait, lease: Lease, disk: str, before: list[str]) -> None:
    """Judge that a disk is gone from its server and has been kept, so that it can be attached again."""
    listed = client.get(_path(lease.id))
    check("nova.disks.detach/rule/any-os-stopped", listed, *_IDS, lacks=disk)
    check("nova.disks.detach/rule/this-disk-only", listed, *_IDS, includes=before)
    if check("nova.disks.detach/rule/detaches", listed, *_IDS, lacks=disk):
        again = client.post(_path(lease.id), {"volumeAttachment": {"volumeId": disk}})
        if check.accepted("nova.disks.detach/rule/disk-kept", again):
            _settled(client, wait, disk)
            detached = _detach(client, wait, lease, disk)
            check("nova.disks.detach/rule/no-body", detached, "body", equals=None)
            return
    for rule in ("disk-kept", "no-body"):
        check.not_tested(f"{_DETACH}/{rule}", "the disk was not detached, or is gone")


def _consistent(client: Client, check: Check, lease: Lease, listed: Exchange, disk: str) -> None:
    """Judge each entry of the list, and each disk by itself."""
    entries = read(listed, "volumeAttachments")
    devices = ("body", "volumeAttachments", "*", "device")
    for number, entry in enumerate(entries):
        place = ("body", "volumeAttachments", number)
        check("nova.disks.list/rule/own-disks", listed, *place, "serverId", equals=lease.id)
        check("nova.disks.list/rule/id-is-disk", listed, *place, "id", equals=entry["volumeId"])
        check("nova.disks.list/rule/devices-differ", listed, *devices, has_one=entry["device"])
        alone = client.get(_path(lease.id, entry["volumeId"]))
        check("nova.disks.show/rule/same-disk", alone, "body", "volumeAttachment", "volumeId", equals=entry["volumeId"])
        check("nova.disks.show/rule/same-disk", alone, "body", "volumeAttachment", "serverId", equals=lease.id)
        for name in sorted(entry):
            check("nova.disks.show/rule/same-as-list", alone, "body", "volumeAttachment", name, equals=entry[name])
        if entry["volumeId"] == disk:
            check("nova.disks.attach/rule/device-chosen", listed, *devices, has_one=entry["device"])
            check(
                "nova.disks.attach/rule/vbd-names",
                alone,
                "body",
                "volumeAttachment",
                "device",
                matches=r"^/dev/vd[b-x]$",
            )


@pytest.mark.ecs_requirement(
    "nova.disks.attach/rule/device-used",
    "nova.disks.attach/rule/device-taken",
    "nova.disks.attach/rule/device-out-of-sequence",
)
def test_devices_are_names_of_their_own(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The next free name is used; a taken one is refused or replaced; one out of the sequence is replaced."""
    lease = ecs_servers("SHUTOFF")
    entries = read(ecs_client.get(_path(lease.id)), "volumeAttachments")
    exactly(1, entries[:1], "a list with the server's system disk")
    last = max(str(entry["device"])[-1] for entry in entries)
    following = chr(ord(last) + 1)
    disk = ecs_supplies.disk()
    for rule, device, wanted in (
        ("device-used", f"/dev/vd{following}", rf"^/dev/[sv]d{following}$"),
        ("device-out-of-sequence", "/dev/vdq", r"^/dev/[sv]d[b-x]$"),
    ):
        with _attached(ecs_client, ecs_wait, lease, disk, device=device):
            shown = ecs_client.get(_path(lease.id, disk))
            ecs_check(f"{_ATTACH}/{rule}", shown, "body", "volumeAttachment", "device", matches=wanted)
    taken = str(entries[0]["device"])
    answer = ecs_client.post(_path(lease.id), {"volumeAttachment": {"volumeId": disk, "device": taken}})
    if answer.accepted:
        _settled(ecs_client, ecs_wait, disk)
    listed = ecs_client.get(_path(lease.id))
    ecs_check("nova.disks.attach/rule/device-taken", listed, "body", "volumeAttachments", "*", "device", has_one=taken)
    if disk in _disks(ecs_client, lease.id):
        _detach(ecs_client, ecs_wait, lease, disk)


@pytest.mark.ecs_requirement(
    "nova.disks.detach/rule/flag-zero",
    "nova.disks.detach/rule/system-disk-running",
    "nova.disks.detach/rule/force-system-disk",
)
def test_the_system_disk_of_a_running_server_stays(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """With and without force; a flag of 0 is as good as none."""
    lease = ecs_servers("ACTIVE")
    (system,) = exactly(1, _disks(ecs_client, lease.id), "the server's only disk")
    for rule, query in (("system-disk-running", {}), ("force-system-disk", {"delete_flag": "1"})):
        answer = ecs_client.delete(_path(lease.id, system), query=query)
        if answer.accepted:  # accepted and without effect is as good as refused, so it is given some time
            ecs_wait.gone(_path(lease.id, system), seconds=30)
        if not ecs_check(f"{_DETACH}/{rule}", ecs_client.get(_path(lease.id)), *_IDS, contains=system):
            lease.spoilt = True
    lease.release()
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    _attach(ecs_client, ecs_wait, lease, disk)
    detached = _detach(ecs_client, ecs_wait, lease, disk, delete_flag="0")
    ecs_check.accepted("nova.disks.detach/rule/flag-zero", detached)
    ecs_check("nova.disks.detach/rule/flag-zero", ecs_client.get(_path(lease.id)), *_IDS, lacks=disk)


_VOLUMES, _SNAPSHOTS = "/v2.1/{project_id}/os-volumes", "/v2.1/{project_id}/os-snapshots"
_SERVERS = "/v2.1/{project_id}/servers"


def _make(supplies: Supplies, wait: Wait, zone: str, **fields: Any) -> str:
    """Create a disk (11.4.4) and wait until it is available."""
    wanted = {"size": 10, "display_name": supplies.name("disk"), "availability_zone": zone, **fields}
    disk = str(supplies.make(_VOLUMES, {"volume": wanted}, "volume", "id"))
    wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="available")
    return disk


def _zone(lease: Lease) -> str:
    return str(read(lease.show(), "server", "OS-EXT-AZ:availability_zone"))


@pytest.mark.ecs_requirement("nova.disks.detach/rule/system-disk-stopped")
def test_the_system_disk_of_a_stopped_server_goes(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """It is detached, and attached again under its device."""
    lease = ecs_servers("SHUTOFF")
    listed = read(ecs_client.get(_path(lease.id)), "volumeAttachments")
    (entry,) = exactly(1, listed, "the server's only disk")
    system = str(entry["volumeId"])
    _detach(ecs_client, ecs_wait, lease, system)
    ecs_check("nova.disks.detach/rule/system-disk-stopped", ecs_client.get(_path(lease.id)), *_IDS, lacks=system)
    ecs_client.post(_path(lease.id), {"volumeAttachment": {"volumeId": system, "device": entry["device"]}})
    _settled(ecs_client, ecs_wait, system)
    lease.spoilt = lease.spoilt or system not in _disks(ecs_client, lease.id)


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
    (system,) = exactly(1, _disks(ecs_client, lease.id), "the server's only disk")
    wanted = {"volume_id": system, "display_name": ecs_supplies.name("system"), "force": True}
    snapshot = str(ecs_supplies.make(_SNAPSHOTS, {"snapshot": wanted}, "snapshot", "id"))
    ecs_wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    size = read(ecs_client.get(f"{_SNAPSHOTS}/{snapshot}"), "snapshot", "size")
    disk = _make(ecs_supplies, ecs_wait, _zone(lease), snapshot_id=snapshot, size=size)
    refused = ecs_expect(
        "nova.disks.attach/rule/bootable-needs-device",
        "POST",
        _path(lease.id),
        json={"volumeAttachment": {"volumeId": disk}},
        expects="refused",
        change="the request names no device for a bootable disk",
        control=control.id,
    )
    if refused.accepted:
        _settled(ecs_client, ecs_wait, disk)
        _detach(ecs_client, ecs_wait, lease, disk)
    for path in (f"{_VOLUMES}/{disk}", f"{_SNAPSHOTS}/{snapshot}"):  # a disk with a snapshot is not deleted (6.2.1)
        ecs_client.delete(path)
        lease.spoilt = not ecs_wait.gone(path) or lease.spoilt


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
            _path(lease.id),
            json=body,
            expects="wrong-state",
            change=f"the server is {state}",
            control=control.id,
        )
        hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": None})
        if answer.accepted:
            _settled(ecs_client, ecs_wait, disk)
            _detach(ecs_client, ecs_wait, lease, disk)


@pytest.mark.ecs_requirement("nova.disks.attach/rule/same-az", "nova.servers.create/rule/volume-same-az")
def test_disks_are_in_the_zone_of_their_server(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """A disk in another zone is refused, for a server that is there and for a new one."""
    image, control = ecs_supplies.need("image_id"), ecs_cases.control("nova.servers.create", "volume")
    attached = ecs_cases.control("nova.disks.attach")
    lease = ecs_servers("SHUTOFF")
    zone = _zone(lease)
    disk, change = (
        _make(ecs_supplies, ecs_wait, ecs_supplies.other_zone(zone)),
        "the disk is in another availability zone",
    )
    answer = ecs_expect(
        "nova.disks.attach/rule/same-az",
        "POST",
        _path(lease.id),
        json={"volumeAttachment": {"volumeId": disk}},
        expects="refused",
        change=change,
        control=attached.id,
    )
    lease.spoilt = answer.accepted
    system = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": image,
        "boot_index": "0",
        "volume_size": 100,
        "delete_on_termination": True,
    }
    data = {"source_type": "volume", "destination_type": "volume", "uuid": disk, "boot_index": "-1"}
    server = {
        "name": ecs_supplies.name("no"),
        "flavorRef": ecs_supplies.need("flavor_id"),
        "availability_zone": zone,
        "networks": [{"uuid": ecs_supplies.need("network_id")}],
        "block_device_mapping_v2": [system, data],
    }
    created = ecs_expect(
        "nova.servers.create/rule/volume-same-az",
        "POST",
        _SERVERS,
        json={"server": server},
        expects="refused",
        change=change,
        control=control.id,
    )
    ecs_jobs.wait_out(created)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/force-keeps-device", "nova.disks.detach/rule/force-restart-clears")
def test_what_is_detached_by_force_leaves_its_place_taken(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Until the server restarts no other disk gets its device."""
    lease, first = ecs_servers("ACTIVE"), ecs_supplies.disk()
    _attach(ecs_client, ecs_wait, lease, first)
    device = str(read(ecs_client.get(_path(lease.id, first)), "volumeAttachment", "device"))
    forced = _detach(ecs_client, ecs_wait, lease, first, delete_flag="1")
    if not forced.accepted or first in _disks(ecs_client, lease.id):
        for rule in ("force-keeps-device", "force-restart-clears"):
            ecs_check.not_tested(f"{_DETACH}/{rule}", "the server does not let a disk go by force")
        if first in _disks(ecs_client, lease.id):
            lease.spoilt = True
        lease.release()
        return
    second = ecs_supplies.disk()
    with _attached(ecs_client, ecs_wait, lease, second):
        shown = ecs_client.get(_path(lease.id, second))
        ecs_check(
            "nova.disks.detach/rule/force-keeps-device", shown, "body", "volumeAttachment", "device", differs=device
        )
    ecs_client.post(f"{_SERVERS}/{lease.id}/action", {"reboot": {"type": "SOFT"}})
    ecs_servers.wait_stable(lease.id)
    body = {"volumeAttachment": {"volumeId": second, "device": device}}
    if ecs_check.accepted("nova.disks.detach/rule/force-restart-clears", ecs_client.post(_path(lease.id), body)):
        _settled(ecs_client, ecs_wait, second)
        shown = ecs_client.get(_path(lease.id, second))
        same = rf"^/dev/[sv]d{device[-1]}$"
        ecs_check(
            "nova.disks.detach/rule/force-restart-clears", shown, "body", "volumeAttachment", "device", matches=same
        )
        _detach(ecs_client, ecs_wait, lease, second)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/force-other-disks")
def test_a_scsi_disk_goes_without_force(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """With the flag it is detached as without it, or the request is refused."""
    lease = ecs_servers("ACTIVE")
    disk = _make(ecs_supplies, ecs_wait, _zone(lease), metadata={"hw:passthrough": "true"})
    _attach(ecs_client, ecs_wait, lease, disk)
    detached = ecs_client.delete(_path(lease.id, disk), query={"delete_flag": "1"})
    if detached.refused:
        refused = ecs_contract.expectation("refused", "nova").statuses
        ecs_check("nova.disks.detach/rule/force-other-disks", detached, "status", one_of=sorted(refused))
        _detach(ecs_client, ecs_wait, lease, disk)
    else:
        ecs_wait.gone(_path(lease.id, disk))
        listed = ecs_client.get(_path(lease.id))
        lease.spoilt = not ecs_check("nova.disks.detach/rule/force-other-disks", listed, *_IDS, lacks=disk)


@pytest.mark.ecs_requirement("nova.disks.list/rule/being-attached", "nova.disks.list/rule/same-as-block-devices")
def test_a_disk_is_listed_from_the_beginning(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """While it is being attached, and as the other query of disks has it."""
    lease, disk = ecs_servers("ACTIVE"), ecs_supplies.disk()
    read(ecs_client.post(_path(lease.id), {"volumeAttachment": {"volumeId": disk}}))
    listed = ecs_client.get(_path(lease.id))
    if read(ecs_client.get(f"{_VOLUMES}/{disk}"), "volume", "status") == "attaching":
        ecs_check("nova.disks.list/rule/being-attached", listed, *_IDS, contains=disk)
    else:
        ecs_check.not_tested("nova.disks.list/rule/being-attached", "the disk was attached too quickly to be seen")
    _settled(ecs_client, ecs_wait, disk)
    listed = ecs_client.get(_path(lease.id))
    theirs = read(ecs_client.get(f"/v2.1/servers/{lease.id}/block_device"), "volumeAttachments")
    ids = [entry["volumeId"] for entry in theirs]
    ecs_check("nova.disks.list/rule/same-as-block-devices", listed, *_IDS, same_items=ids)
    for number, entry in enumerate(read(listed, "volumeAttachments")):
        same = [other["device"] for other in theirs if other["volumeId"] == entry["volumeId"]]
        place = ("body", "volumeAttachments", number, "device")
        ecs_check("nova.disks.list/rule/same-as-block-devices", listed, *place, one_of=same)
    _detach(ecs_client, ecs_wait, lease, disk)


@pytest.mark.ecs_requirement(
    "nova.disks.attach/rule/backup-as-system-disk",
    "nova.disks.attach/rule/vbd-on-bare-metal",
    "nova.disks.detach/rule/force-keeps-quota",
    "nova.disks.detach/rule/data-disk-running",
    "nova.disks.detach/rule/flag-one",
    "nova.disks.detach/rule/no-vmtools",
)
def test_what_cannot_be_told_of_disks(ecs_check: Check) -> None:
    """No operation makes such disks or servers, or shows that they are such."""
    tools = "no field shows whether an image has UVP VMTools"
    for rule, reason in (
        ("nova.disks.attach/rule/backup-as-system-disk", "no operation makes a disk from a backup"),
        ("nova.disks.attach/rule/vbd-on-bare-metal", "no operation makes a BMS"),
        ("nova.disks.detach/rule/force-keeps-quota", "a server would need as many disks as it can have"),
        ("nova.disks.detach/rule/data-disk-running", tools),
        ("nova.disks.detach/rule/flag-one", tools),
        ("nova.disks.detach/rule/no-vmtools", tools),
    ):
        ecs_check.not_tested(rule, reason)
