"""Rules of the devices under which disks are attached (5.6.1)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Expect, Jobs, Lease, Servers, Supplies, Wait, exactly, read
from pytest_ecs.typing import JSON

from .attaching import IDS, attach_path, attached, detach, devices, disks_of, ids_of, native_path
from .creating import stopped_on

pytestmark = pytest.mark.ecs_group("servers")

_DEVICE = ("body", "volumeAttachment", "device")


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/check-fields-ignored")
def test_the_fields_of_a_check_attach_nothing(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Beside a disk they are accepted, and only the disk is attached."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    before = ids_of(ecs_client, lease.id)
    more: dict[str, JSON] = {"volume_type": "SSD", "count": 5, "hw:passthrough": "false"}
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk, **more) as sent:
        ecs_check.accepted("ecs.disks.attach/rule/check-fields-ignored", sent)
        look = lambda: ecs_client.get(devices(lease.id))  # noqa: E731 - it is about this server
        check = ecs_check.after(sent)
        check.stays("ecs.disks.attach/rule/check-fields-ignored", look, *IDS, same_items=[*before, disk])


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/device-used")
def test_the_next_device_is_used(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Where it is named."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    following = _following(ecs_client, lease)
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk, device=f"/dev/vd{following}") as sent:
        check, shown = ecs_check.after(sent), ecs_client.get(devices(lease.id, disk))
        check("ecs.disks.attach/rule/device-used", shown, *_DEVICE, matches=rf"^/dev/[sv]d{following}$")


def _following(client: Client, lease: Lease) -> str:
    """Return the letter after those of a server's disks."""
    letters = [str(entry["device"])[-1] for entry in disks_of(client, lease.id)]
    exactly(1, letters[:1], "a list with the server's system disk")
    return chr(ord(max(letters)) + 1)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/device-taken")
def test_a_device_is_of_one_disk(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """One that is taken is refused, or replaced."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    entries = disks_of(ecs_client, lease.id)
    exactly(1, entries[:1], "a list with the server's system disk")
    taken = str(entries[0]["device"])
    sent = ecs_client.post(attach_path(lease.id), {"volumeAttachment": {"volumeId": disk, "device": taken}})
    ecs_jobs.wait_out(sent)
    listed, names = ecs_client.get(devices(lease.id)), ("body", "volumeAttachments", "*", "device")
    ecs_check("ecs.disks.attach/rule/device-taken", listed, *names, has_one=taken)
    if sent.accepted and ecs_client.get(native_path(lease.id, disk)).accepted:
        detach(ecs_client, ecs_jobs, ecs_wait, lease, disk)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/device-chosen")
def test_a_kvm_server_chooses_a_device(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """One that no other disk of the server has, where none is named."""
    rule = "ecs.disks.attach/rule/device-chosen"
    lease = stopped_on(ecs_client, ecs_check, ecs_servers, ecs_supplies, "CloudCompute", rule)
    if lease is None:
        return
    disk, taken = ecs_supplies.disk(), [entry["device"] for entry in disks_of(ecs_client, lease.id)]
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        check, shown = ecs_check.after(sent), ecs_client.get(devices(lease.id, disk))
        check(rule, shown, *_DEVICE, matches="^/dev/")
        check(rule, shown, *_DEVICE, none_of=taken)


@pytest.mark.parametrize(
    ("requirement", "virtualization", "device", "becomes"),
    [
        pytest.param(*row, id=row[1], marks=pytest.mark.ecs_requirement(row[0]))
        for row in (
            ("ecs.disks.attach/rule/device-on-kvm", "CloudCompute", "/dev/sdc", "^/dev/vd"),
            ("ecs.disks.attach/rule/device-on-xen", "FusionCompute", "/dev/vdc", "^/dev/sd"),
        )
    ],
)
def test_a_device_becomes_one_of_the_hypervisor(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    requirement: str,
    virtualization: str,
    device: str,
    becomes: str,
) -> None:
    """On KVM /dev/sd becomes /dev/vd; on Xen it is the other way round."""
    lease = stopped_on(ecs_client, ecs_check, ecs_servers, ecs_supplies, virtualization, requirement)
    if lease is None:
        return
    disk = ecs_supplies.disk()
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk, device=device) as sent:
        ecs_check.accepted(requirement, sent)
        shown = ecs_client.get(devices(lease.id, disk))
        ecs_check.after(sent)(requirement, shown, *_DEVICE, matches=becomes)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/device-needed-on-xen")
def test_a_xen_server_needs_a_device(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Without one a disk is refused that is accepted with one."""
    rule = "ecs.disks.attach/rule/device-needed-on-xen"
    lease = stopped_on(ecs_client, ecs_check, ecs_servers, ecs_supplies, "FusionCompute", rule)
    if lease is None:
        return
    disk = ecs_supplies.disk()
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk, device="/dev/vdc") as control:
        read(control)
    refused = ecs_expect(
        rule,
        "POST",
        attach_path(lease.id),
        json={"volumeAttachment": {"volumeId": disk}},
        expects="refused",
        change="a Xen server's disk has no device",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)
    if refused.accepted and ecs_client.get(native_path(lease.id, disk)).accepted:
        detach(ecs_client, ecs_jobs, ecs_wait, lease, disk)
