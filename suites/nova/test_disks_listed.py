"""Rules of how the disks of a server are listed and shown through the native API (6.8.1, 6.8.2)."""

from __future__ import annotations

import pytest

from pytest_ecs import (
    Afterwards,
    Check,
    Client,
    Servers,
    Supplies,
    Wait,
    read,
    url_of,
)

from .attaching import (
    IDS,
    VOLUMES,
    attached,
    disks_of,
    list_disks,
    path_of,
    settle,
    take_back,
)

pytestmark = pytest.mark.ecs_group("servers")

_SHOWN = ("server", "os-extended-volumes:volumes_attached", "*", "id")
_ONE = ("body", "volumeAttachment")


@pytest.mark.ecs_requirement("nova.disks.list/rule/has-system-disk")
def test_the_system_disk_is_listed(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """Of a server that has no other."""
    lease = ecs_servers("SHUTOFF")
    own, listed = read(lease.show(), *_SHOWN), list_disks(ecs_client, lease)
    with ecs_later:
        check = ecs_check.later(ecs_later)
        check("nova.disks.list/rule/has-system-disk", listed, "body", "volumeAttachments", differs=[])
        check("nova.disks.list/rule/has-system-disk", listed, *IDS, includes=own)


@pytest.mark.ecs_requirement(
    "nova.disks.list/rule/own-disks",
    "nova.disks.list/rule/id-is-disk",
    "nova.disks.list/rule/devices-differ",
    "nova.disks.list/rule/same-as-server",
)
def test_the_disks_of_a_server_are_listed(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Those that it shows, one that was attached among them, and none of another server."""
    lease, other = ecs_servers.batch(2, "SHUTOFF")
    theirs = disks_of(ecs_client, other)
    with attached(ecs_client, ecs_wait, ecs_servers, lease, ecs_supplies.disk()):
        listed, server = list_disks(ecs_client, lease), lease.show()
        entries = read(listed, "volumeAttachments")
        ids = [entry["volumeId"] for entry in entries]
        ecs_check("nova.disks.list/rule/same-as-server", server, "body", *_SHOWN, same_items=ids)
        for one in theirs:
            ecs_check("nova.disks.list/rule/own-disks", listed, *IDS, lacks=one)
        for number, entry in enumerate(entries):
            place = ("body", "volumeAttachments", number)
            ecs_check("nova.disks.list/rule/own-disks", listed, *place, "serverId", equals=lease.id)
            ecs_check("nova.disks.list/rule/id-is-disk", listed, *place, "id", equals=entry["volumeId"])
            devices = ("body", "volumeAttachments", "*", "device")
            ecs_check("nova.disks.list/rule/devices-differ", listed, *devices, has_one=entry["device"])


@pytest.mark.ecs_requirement("nova.disks.show/rule/same-disk", "nova.disks.show/rule/same-as-list")
def test_a_disk_is_shown_by_itself(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """As the list of its server shows it."""
    lease = ecs_servers("SHUTOFF")
    with attached(ecs_client, ecs_wait, ecs_servers, lease, ecs_supplies.disk()):
        for entry in read(list_disks(ecs_client, lease), "volumeAttachments"):
            alone = ecs_client.get(path_of(lease.id, entry["volumeId"]))
            ecs_check("nova.disks.show/rule/same-disk", alone, *_ONE, "volumeId", equals=entry["volumeId"])
            ecs_check("nova.disks.show/rule/same-disk", alone, *_ONE, "serverId", equals=lease.id)
            for name in sorted(entry):
                ecs_check("nova.disks.show/rule/same-as-list", alone, *_ONE, name, equals=entry[name])


@pytest.mark.ecs_requirement("nova.disks.list/rule/being-attached")
def test_a_disk_is_listed_from_the_beginning(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """While it is being attached."""
    lease, disk, rule = ecs_servers("SHUTOFF"), ecs_supplies.disk(), "nova.disks.list/rule/being-attached"
    sent = ecs_client.post(path_of(lease.id), {"volumeAttachment": {"volumeId": disk}})
    read(sent)
    listed = list_disks(ecs_client, lease)
    if read(ecs_client.get(f"{VOLUMES}/{disk}"), "volume", "status") == "attaching":
        ecs_check(rule, listed, *IDS, contains=disk)
    else:
        ecs_check.not_tested(rule, "the disk was attached too quickly to be seen")
    settle(ecs_client, ecs_wait, disk)
    take_back(ecs_client, ecs_wait, ecs_servers, lease, disk)


@pytest.mark.ecs_requirement("nova.disks.list/rule/same-as-block-devices")
def test_the_disks_are_those_that_chapter_5_lists(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """With the same devices (5.6.3)."""
    lease, rule = ecs_servers("ACTIVE"), "nova.disks.list/rule/same-as-block-devices"
    other = ecs_client.get(url_of("ecs.disks.list", server_id=lease.id))
    if other.refused:
        ecs_check.not_tested(rule, f"the endpoint does not answer the query of 5.6.3: {other.answer}")
        return
    theirs = read(other, "volumeAttachments")
    listed = list_disks(ecs_client, lease)
    ecs_check(rule, listed, *IDS, same_items=list({entry["volumeId"]: entry for entry in theirs}))
    for number, entry in enumerate(read(listed, "volumeAttachments")):
        same = [one["device"] for one in theirs if one["volumeId"] == entry["volumeId"]]
        ecs_check(rule, listed, "body", "volumeAttachments", number, "device", one_of=same)
