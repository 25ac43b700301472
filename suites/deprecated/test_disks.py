"""Rules of disks by themselves (11.4)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Contract, Exchange, Expect, Servers, Supplies, Target, Wait, read
from pytest_ecs.exceptions import PrerequisiteMissing

pytestmark = pytest.mark.ecs_group("servers")

_LIST, _DETAIL, _SHOW = (
    f"deprecated.disks.{verb}/rule"
    for verb in (
        "list",
        "list-detail",
        "show",
    )
)
_DISKS, _SNAPSHOTS = "/v2.1/{project_id}/os-volumes", "/v2.1/{project_id}/os-snapshots"
_LISTS = {_LIST: _DISKS, _DETAIL: f"{_DISKS}/detail"}
_IDS = ("body", "volumes", "*", "id")
_ONE = ("body", "volume")


def _body(supplies: Supplies, **fields: Any) -> dict[str, Any]:
    zone = supplies.need("availability_zone")
    volume = {"size": 10, "display_name": supplies.name("disk"), "availability_zone": zone, **fields}
    return {"volume": {name: value for name, value in volume.items() if value != "left out"}}


def _status(client: Client, disk: str) -> str:
    return str(read(client.get(f"{_DISKS}/{disk}"), "volume", "status")).removeprefix(" ")


def _spellings(status: str) -> list[str]:
    """Return how a status may be written: a space may stand before it."""
    return [status, f" {status}"]


def _ready(client: Client, wait: Wait, disk: str, status: str = "available") -> Exchange:
    """Wait until a disk has a status, and return what it shows then."""
    for _ in range(120):
        if (seen := _status(client, disk)) == status:
            return client.get(f"{_DISKS}/{disk}")
        wait.sleep(1.0)
    raise PrerequisiteMissing(f"The disk {disk} is needed in the status {status}", seen=repr(seen))


def _make(client: Client, cases: Cases, supplies: Supplies, wait: Wait) -> str:
    cases.control("deprecated.disks.create")
    disk = str(supplies.make(_DISKS, _body(supplies), "volume", "id"))
    _ready(client, wait, disk)
    return disk


def _at(listed: Exchange, disk: str) -> tuple[str | int, ...]:
    """Return where a disk is in a list."""
    ids = [entry["id"] for entry in read(listed, "volumes")]
    return ("body", "volumes", ids.index(disk) if disk in ids else len(ids))


def _entry(listed: Exchange, disk: str) -> dict[str, Any]:
    return next((entry for entry in read(listed, "volumes") if entry["id"] == disk), {})


def _as_asked(check: Check, shown: Exchange, seen: dict[str, Any], wanted: dict[str, Any], *place: str | int) -> None:
    """Judge the name and the size that a query shows of a new disk; it may leave the name out."""
    if "displayName" in seen:
        check("deprecated.disks.create/rule/listed", shown, *place, "displayName", equals=wanted["display_name"])
    check("deprecated.disks.create/rule/listed", shown, *place, "size", equals=wanted["size"])


@pytest.mark.ecs_requirement(
    "deprecated.disks.create/rule/answer-names",
    "deprecated.disks.create/rule/answer-metadata",
    "deprecated.disks.create/rule/answer-type-and-az",
    "deprecated.disks.create/rule/becomes-available",
    "deprecated.disks.create/rule/listed",
    "deprecated.disks.create/rule/in-az",
    "deprecated.disks.list/rule/has-disk",
    "deprecated.disks.list/rule/own-project",
    "deprecated.disks.list-detail/rule/has-disk",
    "deprecated.disks.list-detail/rule/own-project",
    "deprecated.disks.list/rule/same-as-detail",
    "deprecated.disks.show/rule/same-disk",
    "deprecated.disks.show/rule/same-as-detail",
    "deprecated.disks.show/rule/not-attached",
    "deprecated.disks.delete/rule/gone",
    "deprecated.disks.delete/rule/this-disk-only",
    "deprecated.disks.delete/rule/no-body",
)
def test_disks_come_and_go(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """A new disk is what was asked for, in both lists and by itself, for its project alone; only the deleted one goes."""
    ecs_cases.control("deprecated.disks.create")
    sent = _body(ecs_supplies, display_description="asked for", volume_type="SSD", metadata={"purpose": "conformance"})
    created = ecs_client.post(_DISKS, sent)
    wanted, disk = sent["volume"], str(read(created, "volume", "id"))
    for asked, field in (
        ("display_name", "displayName"),
        ("display_description", "displayDescription"),
        ("size", "size"),
    ):
        ecs_check("deprecated.disks.create/rule/answer-names", created, *_ONE, field, equals=wanted[asked])
    ecs_check(
        "deprecated.disks.create/rule/answer-metadata", created, *_ONE, "metadata", "purpose", equals="conformance"
    )
    for asked, field in (("volume_type", "volumeType"), ("availability_zone", "availabilityZone")):
        ecs_check("deprecated.disks.create/rule/answer-type-and-az", created, *_ONE, field, equals=wanted[asked])
    with suppress(PrerequisiteMissing):
        _ready(ecs_client, ecs_wait, disk)
    shown = ecs_client.get(f"{_DISKS}/{disk}")
    ecs_check("deprecated.disks.create/rule/becomes-available", shown, *_ONE, "status", one_of=_spellings("available"))
    other = _make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    ecs_check(
        "deprecated.disks.create/rule/in-az", shown, *_ONE, "availabilityZone", equals=wanted["availability_zone"]
    )
    ecs_check("deprecated.disks.show/rule/same-disk", shown, *_ONE, "id", equals=disk)
    _as_asked(ecs_check, shown, read(shown, "volume"), wanted, *_ONE)
    ecs_check("deprecated.disks.show/rule/not-attached", shown, *_ONE, "attachments", one_of=[[], [{}]])
    pages = {base: ecs_client.get(path) for base, path in _LISTS.items()}
    for base, listed in pages.items():
        ecs_check(f"{base}/has-disk", listed, *_IDS, contains=disk)
        _as_asked(ecs_check, listed, _entry(listed, disk), wanted, *_at(listed, disk))
        foreign = ecs_clients("other_project").get(_LISTS[base])
        ecs_check(f"{base}/own-project", foreign, *_IDS, lacks=disk)
    ecs_check("deprecated.disks.list/rule/same-as-detail", pages[_LIST], *_IDS, includes=[disk, other])
    ecs_check("deprecated.disks.list/rule/same-as-detail", pages[_DETAIL], *_IDS, includes=[disk, other])
    entry = _entry(pages[_DETAIL], disk)
    for field in sorted(entry.keys() - {"status"}):
        ecs_check("deprecated.disks.show/rule/same-as-detail", shown, *_ONE, field, equals=entry[field])
    if "status" in entry:
        status = _spellings(str(entry["status"]).removeprefix(" "))
        ecs_check("deprecated.disks.show/rule/same-as-detail", shown, *_ONE, "status", one_of=status)
    deleted = ecs_client.delete(f"{_DISKS}/{disk}")
    ecs_check("deprecated.disks.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(f"{_DISKS}/{disk}")
    for path in _LISTS.values():
        ecs_check("deprecated.disks.delete/rule/gone", ecs_client.get(path), *_IDS, lacks=disk)
    ecs_expect(
        "deprecated.disks.delete/rule/gone",
        "GET",
        f"{_DISKS}/{disk}",
        expects="not-found",
        change="the disk was deleted",
        control=shown.id,
    )
    ecs_check("deprecated.disks.delete/rule/this-disk-only", ecs_client.get(_DISKS), *_IDS, contains=other)
    ecs_client.delete(f"{_DISKS}/{other}")


@pytest.mark.ecs_requirement(
    "deprecated.disks.list/rule/attached",
    "deprecated.disks.list/rule/attachment-complete",
    "deprecated.disks.list-detail/rule/attached",
    "deprecated.disks.list-detail/rule/attachment-complete",
    "deprecated.disks.show/rule/attached",
    "deprecated.disks.show/rule/attachment-complete",
    "deprecated.disks.delete/rule/attached",
)
def test_an_attached_disk_names_its_server_and_stays(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Both lists and its own query have the attachment; as long as it is attached it cannot be deleted."""
    control = ecs_cases.control("deprecated.disks.delete")
    lease, disk = ecs_servers("SHUTOFF"), _make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    attach, path = f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments", f"{_DISKS}/{disk}"
    ecs_supplies.make(attach, {"volumeAttachment": {"volumeId": disk}})
    _ready(ecs_client, ecs_wait, disk, "in-use")
    views = [(base, listed := ecs_client.get(url), _at(listed, disk)) for base, url in _LISTS.items()]
    for base, shown, place in [*views, (_SHOW, ecs_client.get(path), _ONE)]:
        at = (*place, "attachments", 0)
        ecs_check(f"{base}/attached", shown, *at, "serverId", equals=lease.id)
        ecs_check(f"{base}/attached", shown, *at, "volumeId", equals=disk)
        for field in ("device", "id", "serverId", "volumeId"):
            ecs_check(f"{base}/attachment-complete", shown, *at, field, present=True)
    refused = ecs_expect(
        "deprecated.disks.delete/rule/attached",
        "DELETE",
        path,
        expects="wrong-state",
        change="the disk is attached",
        control=control.id,
    )
    lease.spoilt = refused.accepted
    after = ecs_client.get(path)
    ecs_check("deprecated.disks.delete/rule/attached", after, *_ONE, "status", one_of=_spellings("in-use"))
    ecs_client.delete(f"{attach}/{disk}")
    lease.spoilt = not ecs_wait.gone(f"{attach}/{disk}") or lease.spoilt
    lease.release()
    ecs_client.delete(path)


@pytest.mark.ecs_requirement("deprecated.disks.delete/rule/states")
def test_a_disk_that_is_being_created_stays(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It is not deleted while it is creating, which the disk before it was for much longer than the attempt takes."""
    ecs_cases.control("deprecated.disks.delete")
    clock, rule = ecs_target.clock, "deprecated.disks.delete/rule/states"
    first, began, lasted = str(ecs_supplies.make(_DISKS, _body(ecs_supplies), "volume", "id")), clock.now(), 0.0
    for _ in range(60):
        asked = clock.now()
        if _status(ecs_client, first) != "creating":
            break
        lasted = asked - began
        clock.sleep(0.2)
    with suppress(PrerequisiteMissing):
        _ready(ecs_client, ecs_wait, first)
    ecs_client.delete(f"{_DISKS}/{first}")
    began = clock.now()
    disk = str(ecs_supplies.make(_DISKS, _body(ecs_supplies), "volume", "id"))
    status = _status(ecs_client, disk)
    deleted = ecs_client.delete(f"{_DISKS}/{disk}")
    if status == "creating" and clock.now() - began < lasted / 3:
        refused = ecs_contract.expectation("wrong-state", "nova").statuses
        ecs_check(rule, deleted, "status", one_of=sorted(refused))
    else:
        ecs_check.not_tested(rule, "the disk was created too quickly to be deleted before")
    if deleted.refused:
        with suppress(PrerequisiteMissing):
            _ready(ecs_client, ecs_wait, disk)
        ecs_client.delete(f"{_DISKS}/{disk}")


@pytest.mark.ecs_requirement(
    "deprecated.disks.create/rule/from-snapshot",
    "deprecated.disks.create/rule/size-of-snapshot",
    "deprecated.disks.create/rule/null-snapshot",
    "deprecated.disks.create/rule/size-needed",
    "deprecated.disks.create/rule/unknown-az",
    "deprecated.disks.delete/rule/with-snapshot",
    "deprecated.disks.delete/rule/after-snapshot",
    "deprecated.disks.delete/rule/migrating",
    "deprecated.disks.delete/rule/error-states",
)
def test_disks_and_their_snapshots(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A snapshot gives a disk, and holds its own as long as it is there; without either there is no size."""
    control, deletion = ecs_cases.control("deprecated.disks.create"), ecs_cases.control("deprecated.disks.delete")
    disk = _make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    empty = ecs_client.post(_DISKS, _body(ecs_supplies, snapshot_id=None))
    if ecs_check.accepted("deprecated.disks.create/rule/null-snapshot", empty):
        ecs_check("deprecated.disks.create/rule/null-snapshot", empty, *_ONE, "snapshotId", one_of=[None, ""])
        made = read(empty, "volume", "id")
        _ready(ecs_client, ecs_wait, made)
        ecs_client.delete(f"{_DISKS}/{made}")
    ecs_expect(
        "deprecated.disks.create/rule/size-needed",
        "POST",
        _DISKS,
        json=_body(ecs_supplies, size="left out"),
        expects="invalid",
        change="there is neither a size nor a snapshot",
        control=control.id,
    )
    nowhere = ecs_client.post(_DISKS, _body(ecs_supplies, availability_zone="no-such-zone"))
    if nowhere.refused:
        ecs_check("deprecated.disks.create/rule/unknown-az", nowhere, "status", one_of=[400, 404])
    else:
        path = f"{_DISKS}/{read(nowhere, 'volume', 'id')}"
        for _ in range(60):
            if read(ecs_client.get(path), "volume", "status") in _spellings("error"):
                break
            ecs_wait.sleep(1.0)
        ecs_check(
            "deprecated.disks.create/rule/unknown-az", ecs_client.get(path), *_ONE, "status", one_of=_spellings("error")
        )
        ecs_client.delete(path)
    body = {"snapshot": {"volume_id": disk, "display_name": ecs_supplies.name("snapshot"), "force": True}}
    snapshot = str(ecs_supplies.make(_SNAPSHOTS, body, "snapshot", "id"))
    ecs_wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    from_it = ecs_client.post(_DISKS, _body(ecs_supplies, snapshot_id=snapshot, size="left out"))
    if ecs_check.accepted("deprecated.disks.create/rule/size-of-snapshot", from_it):
        copy = read(from_it, "volume", "id")
        shown = _ready(ecs_client, ecs_wait, copy)
        ecs_check("deprecated.disks.create/rule/from-snapshot", shown, *_ONE, "snapshotId", equals=snapshot)
        ecs_client.delete(f"{_DISKS}/{copy}")
        ecs_wait.gone(f"{_DISKS}/{copy}")
    ecs_check.not_tested("deprecated.disks.create/rule/from-snapshot", "no disk was made from the snapshot")
    path = f"{_DISKS}/{disk}"
    ecs_expect(
        "deprecated.disks.delete/rule/with-snapshot",
        "DELETE",
        path,
        expects="wrong-state",
        change="the disk has a snapshot",
        control=deletion.id,
    )
    ecs_check("deprecated.disks.delete/rule/with-snapshot", ecs_client.get(path), *_ONE, "id", equals=disk)
    ecs_client.delete(f"{_SNAPSHOTS}/{snapshot}")
    ecs_wait.gone(f"{_SNAPSHOTS}/{snapshot}")
    ecs_check.accepted("deprecated.disks.delete/rule/after-snapshot", ecs_client.delete(path))
    ecs_check.not_tested("deprecated.disks.delete/rule/migrating", "no operation of the document migrates a disk")
    ecs_check.not_tested(
        "deprecated.disks.delete/rule/error-states",
        "no operation of the document brings a disk into such a status for sure",
    )
