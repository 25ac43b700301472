"""Rules of the disks that a server is created with through the native API (6.2.1), and of what becomes of them (6.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Servers, Supplies, Wait, read
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .creation import SERVERS, accepted, boot_disk, created_servers, delete_servers, only_server, path_of, plain

pytestmark = pytest.mark.ecs_group("scarce")

#: Where disks are queried and deleted (11.4): the native APIs attach and detach them only.
_DISKS = "/v2.1/{project_id}/os-volumes"
_BLANK = {"source_type": "blank", "destination_type": "volume"}
#: A name that no system disk has, for it has no effect (table 6-13).
_DEVICE = "/dev/vdq"
_ATTACHED = ("server", "os-extended-volumes:volumes_attached")


def _from_disks(supplies: Supplies, *disks: Mapping[str, Any]) -> dict[str, Any]:
    return plain(supplies, supplies.name("disks"), imageRef=None, block_device_mapping_v2=list(disks))


def _attachments(client: Client, server: str) -> Exchange:
    """List the disks of a server (6.8.1)."""
    return client.get(f"{path_of(server)}/os-volume_attachments")


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-by-disk")
def test_a_boot_disk_takes_the_place_of_the_image(ecs_client: Client, ecs_cases: Cases, ecs_check: Check) -> None:
    """The recipe that boots from a disk and names no image is accepted."""
    created = ecs_cases.attempt("nova.servers.create", "volume")
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/image-by-disk", created)


@pytest.mark.ecs_requirement("nova.servers.create/rule/device-name-ignored")
def test_the_system_names_the_devices(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """What the request calls the system disk has no effect."""
    created = ecs_client.post(SERVERS, _from_disks(ecs_supplies, boot_disk(ecs_supplies, device_name=_DEVICE)))
    with created_servers(ecs_client, ecs_servers, ecs_wait, created) as made:
        listed = _attachments(ecs_client, made[0]) if made else created
        devices = ("body", "volumeAttachments", "*", "device")
        check = ecs_check.after(created)
        check("nova.servers.create/rule/device-name-ignored", listed, *devices, lacks=_DEVICE)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/blank-disk",
    "nova.servers.create/rule/boot-index-default",
    "nova.servers.create/rule/delete-disk",
)
def test_a_blank_disk_goes_with_its_server(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It is a data disk of the size asked for, and where the creation says so it is deleted with the server."""
    blank = {**_BLANK, "volume_size": 30, "delete_on_termination": True}
    created = ecs_client.post(SERVERS, _from_disks(ecs_supplies, boot_disk(ecs_supplies), blank))
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/blank-disk", created)
    server, gone = only_server(ecs_servers, created), False
    try:
        disk = _blank_disk(ecs_client, ecs_check, server, 30)
    finally:
        gone = delete_servers(ecs_client, ecs_wait, server)
    if disk is None or not gone:
        ecs_check.not_tested(
            "nova.servers.create/rule/delete-disk", "the server did not get the disk, or is still there"
        )
        return
    ecs_wait.gone(f"{_DISKS}/{disk}", 30)  # it may go a little later than its server
    lease = ecs_servers("SHUTOFF")
    answer = ecs_expect(
        "nova.servers.create/rule/delete-disk",
        "POST",
        f"{path_of(lease.id)}/os-volume_attachments",
        json={"volumeAttachment": {"volumeId": disk}},
        expects="unknown-reference",
        change="the disk was deleted with its server",
    )
    lease.spoilt = answer.accepted


def _blank_disk(client: Client, check: Check, server: str, size: int) -> str | None:
    """Judge the data disk of a server, by 5.6.3 or 11.4.3; return its id, None where no disk has the size asked for."""
    either = [size, str(size)]  # a number or a text (5.6.3)
    listed = client.get(f"/v2.1/servers/{server}/block_device")
    if listed.refused:
        check.not_tested("nova.servers.create/rule/boot-index-default", "the native APIs do not show which disk boots")
        disks = [str(entry["volumeId"]) for entry in read(_attachments(client, server), "volumeAttachments")]
        shown = {disk: client.get(f"{_DISKS}/{disk}") for disk in disks}
        found = next((disk for disk in disks if read(shown[disk], "volume", "size") in either), None)
        for query in (shown[found],) if found is not None else shown.values():
            check("nova.servers.create/rule/blank-disk", query, "body", "volume", "size", one_of=either)
        check.not_tested("nova.servers.create/rule/blank-disk", "the list has no disk of the server (6.8.1)")
        return found
    entries = read(listed, "volumeAttachments")
    at = next((number for number, entry in enumerate(entries) if entry["size"] in either), None)
    sizes = ("body", "volumeAttachments", "*", "size")
    wanted = entries[at]["size"] if at is not None else size
    check("nova.servers.create/rule/blank-disk", listed, *sizes, has_one=wanted)
    if at is None:
        check.not_tested("nova.servers.create/rule/boot-index-default", "the server did not get the disk")
        return None
    index = ("body", "volumeAttachments", at, "bootIndex")
    check("nova.servers.create/rule/boot-index-default", listed, *index, none_of=[0, False])
    return str(entries[at]["volumeId"])


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/keep-disk",
    "nova.servers.create/rule/keep-disk-default",
    "nova.servers.show/rule/disk-flag-default",
)
def test_a_disk_stays_without_its_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Unless the creation says that it is to be deleted, which shows; what stays is deleted here."""
    read(ecs_client.get(_DISKS))  # where disks cannot be deleted (11.4.5), none is left
    kept, unsaid = {"volume_size": 20, "delete_on_termination": False}, {"volume_size": 10}
    disks = [boot_disk(ecs_supplies), {**_BLANK, **kept}, {**_BLANK, **unsaid}]
    created = ecs_client.post(SERVERS, _from_disks(ecs_supplies, *disks))
    server = only_server(ecs_servers, created)
    found: dict[str, str] = {}
    try:
        shown = ecs_client.get(path_of(server), microversion="2.3")
        ids = [str(volume["id"]) for volume in read(shown, *_ATTACHED)]
        sizes = {str(read(ecs_client.get(f"{_DISKS}/{disk}"), "volume", "size")): disk for disk in ids}
        found = {size: sizes[size] for size in ("20", "10") if size in sizes}
        if "10" in found:
            flag = ("body", *_ATTACHED, ids.index(found["10"]), "delete_on_termination")
            ecs_check("nova.servers.show/rule/disk-flag-default", shown, *flag, equals=False)
        else:
            ecs_check.not_tested("nova.servers.show/rule/disk-flag-default", "the server did not get the disk")
    finally:
        gone = delete_servers(ecs_client, ecs_wait, server)
        for rule, size in (
            ("nova.servers.create/rule/keep-disk", "20"),
            ("nova.servers.create/rule/keep-disk-default", "10"),
        ):
            _check_kept(ecs_client, ecs_check, ecs_wait, rule, found.get(size) if gone else None)


def _check_kept(client: Client, check: Check, wait: Wait, rule: str, disk: str | None) -> None:
    """Judge that a disk is there when its server is gone, and delete it."""
    if disk is None:
        check.not_tested(rule, "the server did not get the disk, or is still there")
        return
    path = f"{_DISKS}/{disk}"
    check.stays(rule, lambda: client.get(path), "status", at_most=299)
    with suppress(PrerequisiteMissing, StepFailed):
        wait.until(path, "volume", "status", equals="available")
    client.delete(path)
    wait.gone(path)
