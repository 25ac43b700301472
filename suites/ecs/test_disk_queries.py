"""Rules of querying disks (5.6.3, 5.6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_ecs import Check, Client, Expect, Jobs, Lease, Servers, Supplies, Wait, read

from .attaching import IDS, VOLUMES, attached, devices, disks_of, native_path

pytestmark = pytest.mark.ecs_group("servers")


@pytest.fixture
def with_disk(
    ecs_client: Client, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs, ecs_wait: Wait
) -> Iterator[tuple[Lease, str]]:
    """A running server and the data disk that it has beside its system disk."""
    lease, disk = ecs_servers("ACTIVE"), ecs_supplies.disk()
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        read(sent)
        ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="in-use")
        yield lease, disk


@pytest.mark.ecs_requirement(
    "ecs.disks.list/rule/has-disk",
    "ecs.disks.list/rule/has-system-disk",
    "ecs.disks.list/rule/own-disks",
    "ecs.disks.list/rule/id-is-disk",
    "ecs.disks.list/rule/once",
    "ecs.disks.list/rule/size-is-disk-size",
)
def test_the_disks_of_a_server_are_listed(ecs_client: Client, ecs_check: Check, with_disk: tuple[Lease, str]) -> None:
    """The system disk and the data disk, each once, with its size."""
    lease, disk = with_disk
    listed = ecs_client.get(devices(lease.id))
    ecs_check("ecs.disks.list/rule/has-disk", listed, *IDS, contains=disk)
    entries = read(listed, "volumeAttachments")
    others = [entry["volumeId"] for entry in entries if entry["volumeId"] != disk]
    if others:
        ecs_check("ecs.disks.list/rule/has-system-disk", listed, *IDS, includes=others)
    else:
        ecs_check("ecs.disks.list/rule/has-system-disk", listed, "body", "volumeAttachments", length=2)
    for number, entry in enumerate(entries):
        place, one = ("body", "volumeAttachments", number), entry["volumeId"]
        ecs_check("ecs.disks.list/rule/own-disks", listed, *place, "serverId", equals=lease.id)
        ecs_check("ecs.disks.list/rule/id-is-disk", listed, *place, "id", equals=one)
        ecs_check("ecs.disks.list/rule/once", listed, *IDS, has_one=one)
        size = read(ecs_client.get(f"{VOLUMES}/{one}"), "volume", "size")
        ecs_check("ecs.disks.list/rule/size-is-disk-size", listed, *place, "size", one_of=[size, str(size)])


@pytest.mark.ecs_requirement(
    "ecs.disks.list/rule/system-disk-zero",
    "ecs.disks.list/rule/data-disk-not-zero",
    "ecs.disks.list/rule/devices-differ",
)
def test_the_disks_of_a_server_have_places(ecs_client: Client, ecs_check: Check, with_disk: tuple[Lease, str]) -> None:
    """The system disk is the first to boot from, and no two have the same device."""
    lease, disk = with_disk
    listed = ecs_client.get(devices(lease.id))
    names = ("body", "volumeAttachments", "*", "device")
    for number, entry in enumerate(read(listed, "volumeAttachments")):
        place = ("body", "volumeAttachments", number)
        ecs_check("ecs.disks.list/rule/devices-differ", listed, *names, has_one=entry["device"])
        rule, test = _boot_index(entry["volumeId"] == disk)
        ecs_check(rule, listed, *place, "bootIndex", **test)
    ecs_check.not_tested("ecs.disks.list/rule/system-disk-zero", "the list has no system disk")


def _boot_index(is_data: bool) -> tuple[str, dict[str, Any]]:
    """Return the rule of a disk's bootIndex and its test: 0 or false is the system disk (ruling block-device-boot-index)."""
    if is_data:
        return "ecs.disks.list/rule/data-disk-not-zero", {"none_of": [0, False]}
    return "ecs.disks.list/rule/system-disk-zero", {"one_of": [0, False]}


@pytest.mark.ecs_requirement("ecs.disks.list/rule/same-as-native")
def test_both_apis_list_the_same_disks(ecs_client: Client, ecs_check: Check, with_disk: tuple[Lease, str]) -> None:
    """Under the same devices (6.8.1)."""
    lease, _ = with_disk
    listed, native = ecs_client.get(devices(lease.id)), ecs_client.get(native_path(lease.id))
    theirs = {entry["volumeId"]: entry["device"] for entry in read(native, "volumeAttachments")}
    ecs_check("ecs.disks.list/rule/same-as-native", listed, *IDS, same_items=list(theirs))
    for number, entry in enumerate(read(listed, "volumeAttachments")):
        place, device = ("body", "volumeAttachments", number, "device"), theirs.get(entry["volumeId"])
        ecs_check("ecs.disks.list/rule/same-as-native", listed, *place, equals=device)


@pytest.mark.ecs_requirement(
    "ecs.disks.show/rule/same-disk",
    "ecs.disks.show/rule/id-is-disk",
    "ecs.disks.show/rule/same-as-list",
    "ecs.disks.show/rule/boot-index",
)
def test_a_disk_is_shown(ecs_client: Client, ecs_check: Check, with_disk: tuple[Lease, str]) -> None:
    """As in the list."""
    lease, disk = with_disk
    listed = {entry["volumeId"]: entry for entry in disks_of(ecs_client, lease.id)}
    place = ("body", "volumeAttachment")
    for one in dict.fromkeys([*listed, disk]):
        alone = ecs_client.get(devices(lease.id, one))
        ecs_check("ecs.disks.show/rule/same-disk", alone, *place, "volumeId", equals=one)
        ecs_check("ecs.disks.show/rule/same-disk", alone, *place, "serverId", equals=lease.id)
        ecs_check("ecs.disks.show/rule/id-is-disk", alone, *place, "id", equals=one)
        for name, value in sorted(listed.get(one, {}).items()):
            ecs_check("ecs.disks.show/rule/same-as-list", alone, *place, name, equals=value)
        _, test = _boot_index(one == disk)
        ecs_check("ecs.disks.show/rule/boot-index", alone, *place, "bootIndex", **test)


@pytest.mark.ecs_requirement("ecs.disks.show/rule/unknown-disk", "ecs.disks.show/rule/not-attached")
def test_a_disk_that_the_server_does_not_have_is_not_shown(
    ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """One that nobody has, and one that is at no server."""
    lease, disk = ecs_servers("ACTIVE"), ecs_supplies.disk()
    for requirement, one, change in (
        ("ecs.disks.show/rule/unknown-disk", ecs_supplies.unknown_id(), "no disk has the id"),
        ("ecs.disks.show/rule/not-attached", disk, "the disk is attached to no server"),
    ):
        path = devices(lease.id, one)
        ecs_expect(requirement, "GET", path, expects="absent-disk", change=change)
