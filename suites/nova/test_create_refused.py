"""Rules of what a creation through the native API refuses (6.2.1), each where the like without the mistake is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Exchange, Expect, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import JobError, StepFailed

from .creation import BOOTING, SERVERS, boot_disk, delete_servers, plain

pytestmark = pytest.mark.ecs_group("scarce")

_SNAPSHOTS = url_of("deprecated.snapshots.create")


class Refused(Protocol):
    """Sends a creation that a rule rules out; *fields* are set in the plain request, one of *variants* is like it but right."""

    def __call__(self, rule: str, change: str, *, variants: Sequence[str] = ("default",), **fields: Any) -> Exchange:
        """Return the exchange; what was made by mistake is left to other tests where it is of use, else deleted."""


@pytest.fixture
def refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> Refused:
    """Send a creation that must be refused."""

    def send(rule: str, change: str, *, variants: Sequence[str] = ("default",), **fields: Any) -> Exchange:
        _, control = ecs_cases.accepted_variant("nova.servers.create", variants)
        body = plain(ecs_supplies, fields.pop("name", ecs_supplies.name("no")), **fields)
        answer = ecs_expect(rule, "POST", SERVERS, json=body, expects="refused", change=change, control=control.id)
        if answer.accepted:
            with suppress(JobError, StepFailed):
                made = ecs_servers.settle(answer)
                delete_servers(ecs_client, ecs_wait, *(one for one in made if not ecs_servers.is_plain(one)))
        return answer

    return send


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-needed")
def test_an_image_or_a_disk_is_needed(refused: Refused) -> None:
    """Without imageRef and without a disk to boot from the request is refused."""
    refused("nova.servers.create/rule/image-needed", "there is neither imageRef nor a disk", imageRef=None)


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-malformed")
def test_an_image_is_an_id_or_a_url(refused: Refused) -> None:
    """Any other text is refused."""
    change = "imageRef is neither an id nor a URL"
    refused("nova.servers.create/rule/image-malformed", change, imageRef="no image at all")


@pytest.mark.ecs_requirement("nova.servers.create/rule/max-not-below-min")
def test_the_most_is_not_below_the_least(refused: Refused) -> None:
    """max_count below min_count is refused."""
    change, counts = "max_count is below min_count", {"min_count": 2, "max_count": 1}
    refused("nova.servers.create/rule/max-not-below-min", change, variants=("full", "counted"), **counts)


@pytest.mark.ecs_requirement("nova.servers.create/rule/name-batch-length")
def test_a_long_name_is_for_one_server(refused: Refused, ecs_supplies: Supplies) -> None:
    """With two servers a name of 60 characters is refused."""
    name = ecs_supplies.name("long").ljust(60, "x")
    change, counts = "a name of 60 characters for two servers", {"min_count": 2, "max_count": 2}
    refused("nova.servers.create/rule/name-batch-length", change, variants=("full", "counted"), name=name, **counts)


@pytest.mark.ecs_requirement("nova.servers.create/rule/network-or-port")
def test_a_network_needs_a_port_or_a_network_id(refused: Refused) -> None:
    """An entry of networks without port and uuid is refused."""
    change = "networks has an entry with neither uuid nor port"
    refused("nova.servers.create/rule/network-or-port", change, networks=[{}])


@pytest.mark.ecs_requirement("nova.servers.create/rule/fixed-ip-needs-uuid")
def test_a_fixed_address_needs_its_network(refused: Refused, ecs_supplies: Supplies) -> None:
    """fixed_ip without uuid is refused."""
    networks = [{"fixed_ip": ecs_supplies.address()}]
    change = "fixed_ip without uuid"
    refused("nova.servers.create/rule/fixed-ip-needs-uuid", change, variants=("full", "address"), networks=networks)


@pytest.mark.ecs_requirement("nova.servers.create/rule/fixed-ip-malformed")
def test_a_fixed_address_is_an_address(refused: Refused, ecs_supplies: Supplies) -> None:
    """Any other text is refused."""
    networks = [{"uuid": ecs_supplies.need("network_id"), "fixed_ip": "not-an-address"}]
    change = "fixed_ip is no address"
    refused("nova.servers.create/rule/fixed-ip-malformed", change, variants=("full", "address"), networks=networks)


def _disks(refused: Refused, rule: str, change: str, *disks: dict[str, Any], **fields: Any) -> Exchange:
    return refused(rule, change, variants=BOOTING, imageRef=None, block_device_mapping_v2=list(disks), **fields)


@pytest.mark.ecs_requirement("nova.servers.create/rule/boot-disk-needed")
def test_a_disk_to_boot_from_is_needed(refused: Refused, ecs_supplies: Supplies) -> None:
    """A volume without boot_index 0 is refused."""
    volume = {"source_type": "volume", "destination_type": "volume", "uuid": ecs_supplies.disk(), "boot_index": "-1"}
    _disks(refused, "nova.servers.create/rule/boot-disk-needed", "no disk has boot_index 0", volume)


@pytest.mark.ecs_requirement("nova.servers.create/rule/no-batch-from-volume")
def test_one_volume_is_not_for_several_servers(refused: Refused, ecs_supplies: Supplies) -> None:
    """Two servers beside a volume that is there are refused."""
    volume = {"source_type": "volume", "destination_type": "volume", "boot_index": "-1", "uuid": ecs_supplies.disk()}
    disks, counts = (boot_disk(ecs_supplies), volume), {"min_count": 2, "max_count": 2}
    change = "two servers are to have one volume"
    _disks(refused, "nova.servers.create/rule/no-batch-from-volume", change, *disks, **counts)


@pytest.mark.ecs_requirement("nova.servers.create/rule/volume-size-needed")
@pytest.mark.parametrize("source", ["image", "blank"])
def test_a_new_disk_needs_a_size(refused: Refused, ecs_supplies: Supplies, source: str) -> None:
    """volume_size is mandatory where a disk is made from an image, and where it is blank."""
    boot = boot_disk(ecs_supplies)
    blank = {"source_type": "blank", "destination_type": "volume", "boot_index": "-1"}
    unsized = [{field: value for field, value in boot.items() if field != "volume_size"}]
    disks = unsized if source == "image" else [boot, blank]
    change = f"a disk of source {source} has no volume_size"
    _disks(refused, "nova.servers.create/rule/volume-size-needed", change, *disks)


@pytest.mark.ecs_requirement("nova.servers.create/rule/disk-source-needed")
@pytest.mark.parametrize("source", ["volume", "snapshot", "image"])
def test_a_disk_has_a_source(refused: Refused, ecs_supplies: Supplies, source: str) -> None:
    """What a disk is made from, be it a volume, a snapshot or an image, is named."""
    disk = {"source_type": source, "destination_type": "volume", "boot_index": "-1", "volume_size": 100}
    change = f"a disk is to be made from a {source} and names none"
    _disks(refused, "nova.servers.create/rule/disk-source-needed", change, boot_disk(ecs_supplies), disk)


@pytest.mark.ecs_requirement("nova.servers.create/rule/snapshot-of-system-disk")
def test_a_snapshot_of_a_data_disk_does_not_boot(
    refused: Refused, ecs_client: Client, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A boot disk comes from the snapshot of a system disk."""
    wanted = {"volume_id": ecs_supplies.disk(), "display_name": ecs_supplies.name("data"), "force": True}
    snapshot = ecs_supplies.make(_SNAPSHOTS, {"snapshot": wanted}, "snapshot", "id")
    try:
        ecs_wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
        disk = boot_disk(ecs_supplies, source_type="snapshot", uuid=snapshot)
        change = "the boot disk is to be made from a snapshot of a data disk"
        _disks(refused, "nova.servers.create/rule/snapshot-of-system-disk", change, disk)
    finally:
        ecs_client.delete(f"{_SNAPSHOTS}/{snapshot}")
        ecs_wait.gone(f"{_SNAPSHOTS}/{snapshot}")


@pytest.mark.ecs_requirement("nova.servers.create/rule/volume-size-least")
def test_a_boot_disk_smaller_than_the_image_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """One GB is less than any image that boots; it is refused at once, or by a server in ERROR."""
    read(ecs_cases.accepted_variant("nova.servers.create", BOOTING)[1])
    disks = [boot_disk(ecs_supplies, volume_size=1)]
    wanted = plain(ecs_supplies, ecs_supplies.name("small"), imageRef=None, block_device_mapping_v2=disks)
    answer, rule = ecs_client.post(SERVERS, wanted), "nova.servers.create/rule/volume-size-least"
    if answer.refused:
        ecs_check.refused(rule, answer)
        return
    with suppress(JobError), ecs_later:
        for server in ecs_servers.settle_kept(answer):
            ecs_later.callback(delete_servers, ecs_client, ecs_wait, server)
            check = ecs_check.later(ecs_later)
            check(rule, ecs_servers.show(server), "body", "server", "status", equals="ERROR")
    ecs_check.not_tested(rule, "the answer names no server")


@pytest.mark.ecs_requirement("nova.servers.create/rule/geneve-network")
def test_a_network_for_bare_metal_is_refused(refused: Refused, ecs_supplies: Supplies) -> None:
    """Where the target has one."""
    network = ecs_supplies.need("geneve_network_id")
    refused(
        "nova.servers.create/rule/geneve-network", "the network is of the type geneve", networks=[{"uuid": network}]
    )
