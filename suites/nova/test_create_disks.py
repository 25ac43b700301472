"""Rules of the disks that a server is created with through the native API (6.2.1), and of what becomes of them (6.2.3)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytest_ecs import Check, Client, Expect, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .creation import accepted, path_of
from .with_disks import ATTACHED, DEVICE, DISKS, sizes, with_disks

pytestmark = pytest.mark.ecs_group("scarce")


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-by-disk")
def test_a_boot_disk_takes_the_place_of_the_image(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A creation that boots from a disk and names no image is accepted."""
    made = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait).made["device"]
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/image-by-disk", made.answer)


@pytest.mark.ecs_requirement("nova.servers.create/rule/text-values")
def test_numbers_and_booleans_may_be_text(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """As the examples send them: how many servers, whether the reservation is answered, and the size of a disk."""
    made = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait).made["text"]
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/text-values", made.answer)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/name-longest",
    "nova.servers.create/rule/description-longest",
    "nova.servers.create/rule/metadata-longest",
)
def test_texts_may_be_as_long_as_the_table_says(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A name of 128 characters, which is kept, a description of 85, a key and a value of 255 (table 6-11)."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    for rule, name in (
        ("nova.servers.create/rule/name-longest", "longest name"),
        ("nova.servers.create/rule/description-longest", "longest description"),
        ("nova.servers.create/rule/metadata-longest", "longest metadata"),
    ):
        accepted(ecs_client, ecs_check, rule, found.made[name].answer)
    made, rule = found.made["longest name"], "nova.servers.create/rule/name-longest"
    wanted = made.answer.request_body["server"]["name"]
    shown = found.shown.get(made.server, made.answer)
    ecs_check.after(made.answer)(rule, shown, "body", "server", "name", equals=wanted)


@pytest.mark.ecs_requirement("nova.servers.create/rule/disk-of-volume", "nova.servers.create/rule/disk-of-snapshot")
def test_disks_are_made_of_what_is_there(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Of a disk, which the server has then, and of a snapshot, which is one disk more."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    for rule, source in (
        ("nova.servers.create/rule/disk-of-volume", "volume"),
        ("nova.servers.create/rule/disk-of-snapshot", "snapshot"),
    ):
        if source in found.missing:
            ecs_check.not_tested(rule, found.missing[source])
            continue
        made = found.made[source]
        accepted(ecs_client, ecs_check, rule, made.answer)
        check, shown = ecs_check.after(made.answer), found.shown.get(made.server, made.answer)
        if source == "volume":
            check(rule, shown, "body", *ATTACHED, "*", "id", contains=found.sources["volume"])
        else:
            asked = len(made.answer.request_body["server"]["block_device_mapping_v2"])
            check(rule, shown, "body", *ATTACHED, length=asked)


@pytest.mark.ecs_requirement("nova.servers.create/rule/device-name-ignored")
def test_the_system_names_the_devices(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """What the request calls the system disk has no effect."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    made, devices = found.made["device"], ("body", "volumeAttachments", "*", "device")
    listed = found.listed.get(made.server, made.answer)
    ecs_check.after(made.answer)("nova.servers.create/rule/device-name-ignored", listed, *devices, lacks=DEVICE)


@pytest.mark.ecs_requirement("nova.servers.create/rule/blank-disk")
def test_a_blank_disk_is_a_data_disk(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Of the size asked for."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    made, rule = found.made["deleted"], "nova.servers.create/rule/blank-disk"
    accepted(ecs_client, ecs_check, rule, made.answer)
    check = ecs_check.after(made.answer)
    shown, disk = found.disks.get(made.server, {}), found.disk("deleted")
    for query in (shown[disk],) if disk in shown else shown.values():
        check(rule, query, "body", "volume", "size", one_of=sizes("deleted"))
    devices = found.devices.get(made.server)
    if devices is None:
        check.not_tested(rule, "no disk of the server is shown (6.2.6)")
        return
    entries = read(devices, "volumeAttachments")
    at = next((number for number, entry in enumerate(entries) if entry["size"] in sizes("deleted")), None)
    wanted = entries[at]["size"] if at is not None else sizes("deleted")[0]
    check(rule, devices, "body", "volumeAttachments", "*", "size", has_one=wanted)


@pytest.mark.ecs_requirement("nova.servers.create/rule/boot-index-default")
def test_a_blank_disk_does_not_boot(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Unless that is asked for; only 5.6.3 shows which disk boots."""
    found, boots = (
        with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait),
        "nova.servers.create/rule/boot-index-default",
    )
    made = found.made["deleted"]
    devices = found.devices.get(made.server)
    if devices is None:
        shown = ecs_client.get(url_of("ecs.disks.list", server_id=made.server or ecs_supplies.unknown_id()))
        ecs_check.not_tested(boots, f"the disks of the server were not shown with what boots: {shown.answer}")
        return
    entries = read(devices, "volumeAttachments")
    at = next((number for number, entry in enumerate(entries) if entry["size"] in sizes("deleted")), None)
    if at is None:
        ecs_check.not_tested(boots, "the server did not get the disk")
        return
    ecs_check.after(made.answer)(boots, devices, "body", "volumeAttachments", at, "bootIndex", none_of=[0, False])


@pytest.mark.ecs_requirement("nova.servers.create/rule/delete-disk")
def test_a_disk_goes_with_its_server(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Where the creation says so."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    rule, disk = "nova.servers.create/rule/delete-disk", found.disk("deleted")
    if disk is None or not found.gone[found.made["deleted"].server]:
        ecs_check.not_tested(rule, "the server did not get the disk, or is still there")
        return
    ecs_wait.gone(f"{DISKS}/{disk}", 30)  # it may go a little later than its server
    lease = ecs_servers("SHUTOFF")
    answer = ecs_expect(
        rule,
        "POST",
        f"{path_of(lease.id)}/os-volume_attachments",
        json={"volumeAttachment": {"volumeId": disk}},
        expects="unknown-reference",
        change="the disk was deleted with its server",
    )
    lease.spoilt = answer.accepted


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/keep-disk",
    "nova.servers.create/rule/keep-disk-default",
    "nova.servers.show/rule/disk-flag-default",
)
def test_a_disk_stays_without_its_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Unless the creation says that it is to be deleted, which shows; what stays is deleted here."""
    found = with_disks(ecs_client, ecs_servers, ecs_supplies, ecs_wait)
    flag, disk = "nova.servers.show/rule/disk-flag-default", found.disk("unsaid")
    shown = found.shown[found.made["unsaid"].server] if disk is not None else None
    ids = read(shown, *ATTACHED, "*", "id") if shown is not None else []
    if shown is not None and disk in ids:
        ecs_check(flag, shown, "body", *ATTACHED, ids.index(disk), "delete_on_termination", equals=False)
    else:
        ecs_check.not_tested(flag, "the server did not get the disk, or does not show it")
    for rule, name in (
        ("nova.servers.create/rule/keep-disk", "kept"),
        ("nova.servers.create/rule/keep-disk-default", "unsaid"),
    ):
        gone = name in found.made and found.gone.get(found.made[name].server)
        _check_kept(ecs_client, ecs_check, ecs_wait, rule, found.disk(name) if gone else None)


def _check_kept(client: Client, check: Check, wait: Wait, rule: str, disk: str | None) -> None:
    """Judge that a disk is there when its server is gone, and delete it."""
    if disk is None:
        check.not_tested(rule, "the server did not get the disk, or is still there")
        return
    path = f"{DISKS}/{disk}"
    check.stays_there(rule, lambda: client.get(path))
    with suppress(PrerequisiteMissing, StepFailed):
        wait.until(path, "volume", "status", equals="available")
    client.delete(path)
    wait.gone(path)
