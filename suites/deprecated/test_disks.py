"""Rules of disks by themselves (11.4)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Bench, Exchange
from pytest_ecs.exceptions import PrerequisiteMissing

_LIST, _DETAIL, _SHOW, _CREATE, _DELETE = (
    f"deprecated.disks.{verb}/rule" for verb in ("list", "list-detail", "show", "create", "delete")
)
_DISKS, _SNAPSHOTS = "/v2.1/{project_id}/os-volumes", "/v2.1/{project_id}/os-snapshots"
_LISTS = {_LIST: _DISKS, _DETAIL: f"{_DISKS}/detail"}
_IDS = ("body", "volumes", "*", "id")
_ONE = ("body", "volume")


def _body(bench: Bench, **fields: Any) -> dict[str, Any]:
    zone = bench.need_resource("availability_zone")
    volume = {"size": 10, "display_name": bench.new_name("disk"), "availability_zone": zone, **fields}
    return {"volume": {name: value for name, value in volume.items() if value != "left out"}}


def _ready(bench: Bench, disk: str) -> Exchange:
    bench.until(f"{_DISKS}/{disk}", "volume", "status", equals="available")
    return bench.client.get(f"{_DISKS}/{disk}")


def _make(bench: Bench) -> str:
    bench.control("deprecated.disks.create")
    disk = str(bench.make(_DISKS, _body(bench), "volume", "id"))
    _ready(bench, disk)
    return disk


def _at(bench: Bench, listed: Exchange, disk: str) -> tuple[str | int, ...]:
    """Return where a disk is in a list."""
    ids = [entry["id"] for entry in bench.read(listed, "volumes")]
    return ("body", "volumes", ids.index(disk) if disk in ids else len(ids))


@pytest.mark.ecs_requirement(
    *(f"{_CREATE}/{rule}" for rule in ("answer-names", "answer-metadata", "answer-type-and-az", "becomes-available", "listed", "in-az")),
    *(f"{base}/{rule}" for base in _LISTS for rule in ("has-disk", "own-project")), f"{_LIST}/same-as-detail",
    *(f"{_SHOW}/{rule}" for rule in ("same-disk", "same-as-detail", "not-attached")),
    *(f"{_DELETE}/{rule}" for rule in ("gone", "this-disk-only", "no-body")),
)  # fmt: skip
def test_disks_come_and_go(ecs_bench: Bench) -> None:
    """A new disk is what was asked for, in both lists and by itself, for its project alone; only the deleted one goes."""
    ecs_bench.control("deprecated.disks.create")
    client = ecs_bench.client
    sent = _body(ecs_bench, display_description="asked for", volume_type="SSD", metadata={"purpose": "conformance"})
    created = client.post(_DISKS, sent)
    wanted, disk = sent["volume"], str(ecs_bench.read(created, "volume", "id"))
    for asked, field in (
        ("display_name", "displayName"),
        ("display_description", "displayDescription"),
        ("size", "size"),
    ):
        ecs_bench.check(f"{_CREATE}/answer-names", created, *_ONE, field, equals=wanted[asked])
    ecs_bench.check(f"{_CREATE}/answer-metadata", created, *_ONE, "metadata", "purpose", equals="conformance")
    for asked, field in (("volume_type", "volumeType"), ("availability_zone", "availabilityZone")):
        ecs_bench.check(f"{_CREATE}/answer-type-and-az", created, *_ONE, field, equals=wanted[asked])
    with suppress(PrerequisiteMissing):
        _ready(ecs_bench, disk)
    shown = client.get(f"{_DISKS}/{disk}")
    ecs_bench.check(f"{_CREATE}/becomes-available", shown, *_ONE, "status", equals="available")
    other = _make(ecs_bench)
    ecs_bench.check(f"{_CREATE}/in-az", shown, *_ONE, "availabilityZone", equals=wanted["availability_zone"])
    ecs_bench.check(f"{_SHOW}/same-disk", shown, *_ONE, "id", equals=disk)
    ecs_bench.check(f"{_SHOW}/not-attached", shown, *_ONE, "attachments", one_of=[[], [{}]])
    pages = {base: client.get(path) for base, path in _LISTS.items()}
    for base, listed in pages.items():
        ecs_bench.check(f"{base}/has-disk", listed, *_IDS, contains=disk)
        for field, value in (("displayName", wanted["display_name"]), ("size", wanted["size"])):
            ecs_bench.check(f"{_CREATE}/listed", listed, *_at(ecs_bench, listed, disk), field, equals=value)
        foreign = ecs_bench.as_identity("other_project").get(_LISTS[base])
        ecs_bench.check(f"{base}/own-project", foreign, *_IDS, lacks=disk)
    ecs_bench.check(f"{_LIST}/same-as-detail", pages[_LIST], *_IDS, includes=[disk, other])
    ecs_bench.check(f"{_LIST}/same-as-detail", pages[_DETAIL], *_IDS, includes=[disk, other])
    entry: dict[str, Any] = next((one for one in ecs_bench.read(pages[_DETAIL], "volumes") if one["id"] == disk), {})
    for field in sorted(entry):
        ecs_bench.check(f"{_SHOW}/same-as-detail", shown, *_ONE, field, equals=entry[field])
    deleted = client.delete(f"{_DISKS}/{disk}")
    ecs_bench.check(f"{_DELETE}/no-body", deleted, "body", equals=None)
    ecs_bench.wait_gone(f"{_DISKS}/{disk}")
    for path in _LISTS.values():
        ecs_bench.check(f"{_DELETE}/gone", client.get(path), *_IDS, lacks=disk)
    ecs_bench.expect(
        f"{_DELETE}/gone", "GET", f"{_DISKS}/{disk}", expects="not-found", change="the disk was deleted",
        control=shown.id,
    )  # fmt: skip
    ecs_bench.check(f"{_DELETE}/this-disk-only", client.get(_DISKS), *_IDS, contains=other)
    client.delete(f"{_DISKS}/{other}")


@pytest.mark.ecs_requirement(
    *(f"{base}/{rule}" for base in (*_LISTS, _SHOW) for rule in ("attached", "attachment-complete")),
    f"{_DELETE}/attached", f"{_DELETE}/states",
)  # fmt: skip
def test_an_attached_disk_names_its_server_and_stays(ecs_bench: Bench) -> None:
    """Both lists and its own query have the attachment; as long as it is attached it cannot be deleted."""
    control = ecs_bench.control("deprecated.disks.delete")
    lease, disk = ecs_bench.session.pool.lease("SHUTOFF"), _make(ecs_bench)
    attach, path = f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments", f"{_DISKS}/{disk}"
    ecs_bench.make(attach, {"volumeAttachment": {"volumeId": disk}})
    ecs_bench.until(path, "volume", "status", equals="in-use")
    views = [(base, listed := ecs_bench.client.get(url), _at(ecs_bench, listed, disk)) for base, url in _LISTS.items()]
    for base, shown, place in [*views, (_SHOW, ecs_bench.client.get(path), _ONE)]:
        at = (*place, "attachments", 0)
        ecs_bench.check(f"{base}/attached", shown, *at, "serverId", equals=lease.id)
        ecs_bench.check(f"{base}/attached", shown, *at, "volumeId", equals=disk)
        for field in ("device", "id", "serverId", "volumeId"):
            ecs_bench.check(f"{base}/attachment-complete", shown, *at, field, present=True)
    for rule in ("attached", "states"):
        refused = ecs_bench.expect(
            f"{_DELETE}/{rule}",
            "DELETE",
            path,
            expects="wrong-state",
            change="the disk is attached",
            control=control.id,
        )
        lease.spoilt = lease.spoilt or refused.status < 400
    ecs_bench.check(f"{_DELETE}/attached", ecs_bench.client.get(path), *_ONE, "status", equals="in-use")
    ecs_bench.client.delete(f"{attach}/{disk}")
    lease.spoilt = not ecs_bench.wait_gone(f"{attach}/{disk}") or lease.spoilt
    lease.release()
    ecs_bench.client.delete(path)


@pytest.mark.ecs_requirement(
    *(f"{_CREATE}/{rule}" for rule in ("from-snapshot", "size-of-snapshot", "null-snapshot", "size-needed", "unknown-az")),
    *(f"{_DELETE}/{rule}" for rule in ("with-snapshot", "after-snapshot", "migrating", "error-states")),
)  # fmt: skip
def test_disks_and_their_snapshots(ecs_bench: Bench) -> None:
    """A snapshot gives a disk, and holds its own as long as it is there; without either there is no size."""
    control, deletion = ecs_bench.control("deprecated.disks.create"), ecs_bench.control("deprecated.disks.delete")
    client, disk = ecs_bench.client, _make(ecs_bench)
    empty = client.post(_DISKS, _body(ecs_bench, snapshot_id=None))
    if ecs_bench.check(f"{_CREATE}/null-snapshot", empty, "status", at_most=299):
        ecs_bench.check(f"{_CREATE}/null-snapshot", empty, *_ONE, "snapshotId", one_of=[None, ""])
        made = ecs_bench.read(empty, "volume", "id")
        _ready(ecs_bench, made)
        client.delete(f"{_DISKS}/{made}")
    ecs_bench.expect(
        f"{_CREATE}/size-needed", "POST", _DISKS, json=_body(ecs_bench, size="left out"), expects="invalid",
        change="there is neither a size nor a snapshot", control=control.id,
    )  # fmt: skip
    nowhere = client.post(_DISKS, _body(ecs_bench, availability_zone="no-such-zone"))
    if nowhere.status >= 400:
        ecs_bench.check(f"{_CREATE}/unknown-az", nowhere, "status", one_of=[400, 404])
    else:
        path = f"{_DISKS}/{ecs_bench.read(nowhere, 'volume', 'id')}"
        for _ in range(60):
            if ecs_bench.read(client.get(path), "volume", "status") == "error":
                break
            ecs_bench.session.target.clock.sleep(1.0)
        ecs_bench.check(f"{_CREATE}/unknown-az", client.get(path), *_ONE, "status", equals="error")
        client.delete(path)
    body = {"snapshot": {"volume_id": disk, "display_name": ecs_bench.new_name("snapshot"), "force": True}}
    snapshot = str(ecs_bench.make(_SNAPSHOTS, body, "snapshot", "id"))
    ecs_bench.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    from_it = client.post(_DISKS, _body(ecs_bench, snapshot_id=snapshot, size="left out"))
    if ecs_bench.check(f"{_CREATE}/size-of-snapshot", from_it, "status", at_most=299):
        copy = ecs_bench.read(from_it, "volume", "id")
        shown = _ready(ecs_bench, copy)
        ecs_bench.check(f"{_CREATE}/from-snapshot", shown, *_ONE, "snapshotId", equals=snapshot)
        client.delete(f"{_DISKS}/{copy}")
        ecs_bench.wait_gone(f"{_DISKS}/{copy}")
    ecs_bench.not_tested(f"{_CREATE}/from-snapshot", "no disk was made from the snapshot")
    path = f"{_DISKS}/{disk}"
    ecs_bench.expect(
        f"{_DELETE}/with-snapshot", "DELETE", path, expects="wrong-state", change="the disk has a snapshot",
        control=deletion.id,
    )  # fmt: skip
    ecs_bench.check(f"{_DELETE}/with-snapshot", client.get(path), *_ONE, "id", equals=disk)
    client.delete(f"{_SNAPSHOTS}/{snapshot}")
    ecs_bench.wait_gone(f"{_SNAPSHOTS}/{snapshot}")
    ecs_bench.check(f"{_DELETE}/after-snapshot", client.delete(path), "status", at_most=299)
    ecs_bench.not_tested(f"{_DELETE}/migrating", "no operation of the document migrates a disk")
    ecs_bench.not_tested(
        f"{_DELETE}/error-states", "no operation of the document brings a disk into such a status for sure"
    )
