"""Rules of detaching the disks of servers through the native API (6.8.4)."""

from __future__ import annotations

import pytest

from pytest_ecs import Afterwards, Check, Client, Servers, Supplies, Wait, exactly, read, url_of

from .attaching import (
    DEVICE,
    IDS,
    MEANWHILE,
    attach,
    attached,
    detach,
    disks_of,
    list_disks,
    new_disk,
    path_of,
    take_back,
    zone_of,
)
from .creation import SERVERS, plain

pytestmark = pytest.mark.ecs_group("servers")


@pytest.mark.ecs_requirement(
    "nova.disks.detach/rule/detaches",
    "nova.disks.detach/rule/any-os-stopped",
    "nova.disks.detach/rule/this-disk-only",
    "nova.disks.detach/rule/disk-kept",
    "nova.disks.detach/rule/no-body",
)
def test_a_disk_is_detached(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """From a stopped server, where the others stay; it is kept, so that it can be attached again."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    before = disks_of(ecs_client, lease)
    with ecs_later:
        ecs_later.enter_context(attached(ecs_client, ecs_wait, ecs_servers, lease, disk))
        detached = detach(ecs_client, ecs_wait, lease, disk)
        ecs_check.accepted("nova.disks.detach/rule/any-os-stopped", detached)
        check = ecs_check.after(detached)
        check("nova.disks.detach/rule/no-body", detached, "body", equals=None)
        check("nova.disks.detach/rule/any-os-stopped", list_disks(ecs_client, lease), *IDS, lacks=disk)
        gone = check("nova.disks.detach/rule/detaches", list_disks(ecs_client, lease), *IDS, lacks=disk)
        look = lambda: list_disks(ecs_client, lease)  # noqa: E731 - it is about this server
        check.later(ecs_later).stays("nova.disks.detach/rule/this-disk-only", look, *IDS, includes=before)
        if gone:
            again = attach(ecs_client, ecs_wait, lease, disk)
            ecs_check.accepted("nova.disks.detach/rule/disk-kept", again)
        else:
            ecs_check.not_tested("nova.disks.detach/rule/disk-kept", "the disk was not detached")


@pytest.mark.ecs_requirement("nova.disks.detach/rule/flag-zero")
def test_a_flag_of_zero_is_as_good_as_none(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The disk is detached."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    with attached(ecs_client, ecs_wait, ecs_servers, lease, disk):
        detached = detach(ecs_client, ecs_wait, lease, disk, delete_flag="0")
        if ecs_check.accepted("nova.disks.detach/rule/flag-zero", detached):
            ecs_check("nova.disks.detach/rule/flag-zero", list_disks(ecs_client, lease), *IDS, lacks=disk)


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        pytest.param(rule, query, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, query in (
            ("nova.disks.detach/rule/system-disk-running", {}),
            ("nova.disks.detach/rule/force-system-disk", {"delete_flag": "1"}),
        )
    ],
)
def test_the_system_disk_of_a_running_server_stays(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, rule: str, query: dict[str, str]
) -> None:
    """With and without force, whether the request is refused or accepted without effect."""
    lease = ecs_servers("ACTIVE")
    (system,) = exactly(1, disks_of(ecs_client, lease), "the server's only disk")
    answer = ecs_client.delete(path_of(lease.id, system), query=query)
    if answer.accepted:
        ecs_wait.gone(path_of(lease.id, system), seconds=MEANWHILE)
    look = lambda: list_disks(ecs_client, lease)  # noqa: E731 - it is about this server
    lease.spoilt = not ecs_check.stays(rule, look, *IDS, contains=system)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/system-disk-stopped")
def test_the_system_disk_of_a_stopped_server_goes(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """It is detached, and attached again under its device."""
    lease, rule = ecs_servers("SHUTOFF"), "nova.disks.detach/rule/system-disk-stopped"
    (entry,) = exactly(1, read(list_disks(ecs_client, lease), "volumeAttachments"), "the server's only disk")
    system = str(entry["volumeId"])
    lease.spoilt = True  # until it has its disk again
    detached = detach(ecs_client, ecs_wait, lease, system)
    if ecs_check.accepted(rule, detached):
        ecs_check(rule, list_disks(ecs_client, lease), *IDS, lacks=system)
        attach(ecs_client, ecs_wait, lease, system, device=str(entry["device"]))
    lease.spoilt = system not in disks_of(ecs_client, lease)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/force-keeps-device", "nova.disks.detach/rule/force-restart-clears")
def test_what_is_detached_by_force_leaves_its_place_taken(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Until the server restarts no other disk gets its device."""
    lease, first = ecs_servers("ACTIVE"), ecs_supplies.disk()
    with attached(ecs_client, ecs_wait, ecs_servers, lease, first):
        device = str(read(ecs_client.get(path_of(lease.id, first)), *DEVICE[1:]))
        second = ecs_supplies.disk()  # another one, while the first is not free
        forced = detach(ecs_client, ecs_wait, lease, first, delete_flag="1")
        if not forced.accepted or first in disks_of(ecs_client, lease):
            for rule in ("nova.disks.detach/rule/force-keeps-device", "nova.disks.detach/rule/force-restart-clears"):
                ecs_check.not_tested(rule, f"the server does not let a disk go by force: {forced.answer}")
            return
    rule = "nova.disks.detach/rule/force-restart-clears"
    with attached(ecs_client, ecs_wait, ecs_servers, lease, second):
        shown = ecs_client.get(path_of(lease.id, second))
        ecs_check("nova.disks.detach/rule/force-keeps-device", shown, *DEVICE, differs=device)
    ecs_servers.bring(lease, "ACTIVE")
    reboot = ecs_client.post(url_of("nova.servers.reboot", server_id=lease.id), {"reboot": {"type": "SOFT"}})
    ecs_servers.wait_stable(lease.id)
    again = attach(ecs_client, ecs_wait, lease, second, device=device)
    try:
        check = ecs_check.after(reboot)
        check.accepted(rule, again)
        shown = ecs_client.get(path_of(lease.id, second))
        check.after(again)(rule, shown, *DEVICE, matches=rf"^/dev/[sv]d{device[-1]}$")
    finally:
        take_back(ecs_client, ecs_wait, ecs_servers, lease, second)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/force-other-disks")
def test_a_scsi_disk_goes_without_force(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """With the flag it is detached as without it, or the request is refused."""
    lease, rule = ecs_servers("ACTIVE"), "nova.disks.detach/rule/force-other-disks"
    fields = {"metadata": {"hw:passthrough": "true"}}
    with (
        new_disk(ecs_client, ecs_supplies, ecs_wait, zone_of(lease), **fields) as disk,
        attached(ecs_client, ecs_wait, ecs_servers, lease, disk),
    ):
        detached = detach(ecs_client, ecs_wait, lease, disk, delete_flag="1")
        if detached.refused:
            ecs_check.refused(rule, detached)
        else:
            ecs_check(rule, list_disks(ecs_client, lease), *IDS, lacks=disk)


@pytest.mark.parametrize(
    ("rule", "query"),
    [
        pytest.param(rule, query, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, query in (
            ("nova.disks.detach/rule/data-disk-running", {}),
            ("nova.disks.detach/rule/flag-one", {"delete_flag": "1"}),
        )
    ],
)
def test_a_running_server_with_tools_lets_a_disk_go(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    query: dict[str, str],
) -> None:
    """With and without force."""
    image, disk = ecs_supplies.need("tools_image_id"), ecs_supplies.disk()
    body = plain(ecs_supplies, ecs_supplies.name("tools"), imageRef=image)
    lease = ecs_supplies.once("a server with tools", lambda: ecs_servers.own(ecs_client.post(SERVERS, body)))
    ecs_servers.bring(lease, "ACTIVE")
    with attached(ecs_client, ecs_wait, ecs_servers, lease, disk):
        detached = detach(ecs_client, ecs_wait, lease, disk, **query)
        ecs_check.accepted(rule, detached)
        ecs_check.after(detached)(rule, list_disks(ecs_client, lease), *IDS, lacks=disk)


@pytest.mark.ecs_requirement("nova.disks.detach/rule/no-vmtools")
def test_a_running_server_without_tools_keeps_its_disk(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Whether the request is refused or accepted without effect."""
    image, disk = ecs_supplies.need("plain_image_id"), ecs_supplies.disk()
    body = plain(ecs_supplies, ecs_supplies.name("plain"), imageRef=image)
    lease = ecs_servers.own(ecs_client.post(SERVERS, body))
    with attached(ecs_client, ecs_wait, ecs_servers, lease, disk):
        if ecs_client.delete(path_of(lease.id, disk)).accepted:
            ecs_wait.gone(path_of(lease.id, disk), seconds=MEANWHILE)
        look = lambda: list_disks(ecs_client, lease)  # noqa: E731 - it is about this server
        ecs_check.stays("nova.disks.detach/rule/no-vmtools", look, *IDS, contains=disk)
