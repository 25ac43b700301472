"""Rules of snapshots of disks (11.6)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

_SNAPSHOTS, _DISKS = url_of("deprecated.snapshots.create"), url_of("deprecated.disks.list")
_ONE = ("body", "snapshot")


def _body(disk: str, **fields: Any) -> dict[str, Any]:
    return {"snapshot": {"volume_id": disk, **fields}}


def _drop(client: Client, wait: Wait, *snapshots: str) -> None:
    """Delete snapshots when they are there; one that does not get available is tried, too."""
    for snapshot in snapshots:
        path = f"{_SNAPSHOTS}/{snapshot}"
        with suppress(PrerequisiteMissing):
            wait.until(path, "snapshot", "status", equals="available")
        if client.delete(path).accepted:
            wait.gone(path)


@pytest.mark.ecs_requirement(
    "deprecated.snapshots.create/rule/answer-names",
    "deprecated.snapshots.create/rule/shown",
    "deprecated.snapshots.create/rule/becomes-available",
    "deprecated.snapshots.create/rule/disk-stays",
    "deprecated.snapshots.show/rule/same-snapshot",
    "deprecated.snapshots.show/rule/as-created",
)
def test_a_snapshot_is_made(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It shows the disk and the texts of its request, and the disk is as before."""
    ecs_cases.control("deprecated.snapshots.create")
    disk, name = ecs_supplies.disk(), ecs_supplies.name("snapshot")
    of_disk, state = f"{_DISKS}/{disk}", ("body", "volume", "status")
    status = read(ecs_client.get(of_disk), "volume", "status")
    created = ecs_client.post(_SNAPSHOTS, _body(disk, display_name=name, display_description="asked for"))
    answer = read(created, "snapshot")
    path = f"{_SNAPSHOTS}/{answer['id']}"
    ecs_check("deprecated.snapshots.create/rule/answer-names", created, *_ONE, "volumeId", equals=disk)
    for field, value in (("displayName", name), ("displayDescription", "asked for")):
        if field in answer:
            ecs_check("deprecated.snapshots.create/rule/answer-names", created, *_ONE, field, equals=value)
    shown = ecs_client.get(path)
    ecs_check("deprecated.snapshots.create/rule/shown", shown, *_ONE, "volumeId", equals=disk)
    ecs_check("deprecated.snapshots.show/rule/same-snapshot", shown, *_ONE, "id", equals=answer["id"])
    for field in ("volumeId", "size", "createdAt", "displayName", "displayDescription"):
        if field in answer:
            ecs_check("deprecated.snapshots.show/rule/as-created", shown, *_ONE, field, equals=answer[field])
    for _ in range(120):
        if read(shown, "snapshot", "status") != "creating":
            break
        ecs_wait.sleep(1.0)
        shown = ecs_client.get(path)
    done = "^(?!creating$)(?!.*error)"
    ecs_check("deprecated.snapshots.create/rule/becomes-available", shown, *_ONE, "status", matches=done)
    look = lambda: ecs_client.get(of_disk)  # noqa: E731 - it is about this test's disk
    ecs_check.stays("deprecated.snapshots.create/rule/disk-stays", look, *state, equals=status)
    _drop(ecs_client, ecs_wait, str(answer["id"]))


@pytest.mark.parametrize(
    ("rule", "length"),
    [
        pytest.param(rule, length, id=form, marks=pytest.mark.ecs_requirement(rule))
        for rule, length, form in (
            ("deprecated.snapshots.create/rule/without-name", 0, "none"),
            ("deprecated.snapshots.create/rule/longest-name", 255, "longest"),
        )
    ],
)
def test_a_snapshot_has_any_name(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    length: int,
) -> None:
    """None, or the longest."""
    ecs_cases.control("deprecated.snapshots.create")
    name = {"display_name": ecs_supplies.name("long").ljust(length, "x")} if length else {}
    sent = ecs_client.post(_SNAPSHOTS, _body(ecs_supplies.disk(), **name))
    if ecs_check.accepted(rule, sent):
        _drop(ecs_client, ecs_wait, str(read(sent, "snapshot", "id")))


@pytest.mark.ecs_requirement("deprecated.snapshots.create/rule/reserved-prefix")
def test_a_name_of_backups_is_refused(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It is known by its prefix."""
    control = ecs_cases.control("deprecated.snapshots.create")
    name = f"autobk_snapshot_{ecs_supplies.name('snapshot')}"
    answer = ecs_expect(
        "deprecated.snapshots.create/rule/reserved-prefix",
        "POST",
        _SNAPSHOTS,
        json=_body(ecs_supplies.disk(), display_name=name),
        expects="invalid",
        change="the name has the prefix of backups",
        control=control.id,
    )
    if answer.accepted:
        _drop(ecs_client, ecs_wait, str(read(answer, "snapshot", "id")))


@pytest.mark.ecs_requirement(
    "deprecated.snapshots.delete/rule/gone",
    "deprecated.snapshots.delete/rule/disk-stays",
    "deprecated.snapshots.delete/rule/this-snapshot-only",
    "deprecated.snapshots.delete/rule/no-body",
)
def test_a_snapshot_is_deleted(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It takes neither the disk nor another snapshot along."""
    ecs_cases.control("deprecated.snapshots.delete")
    disk = ecs_supplies.disk()
    ids = []
    for _ in range(2):
        body = _body(disk, display_name=ecs_supplies.name("snapshot"))
        ids.append(str(ecs_supplies.make(_SNAPSHOTS, body, "snapshot", "id")))
        ecs_wait.until(f"{_SNAPSHOTS}/{ids[-1]}", "snapshot", "status", equals="available")
    first, other = (f"{_SNAPSHOTS}/{one}" for one in ids)
    deleted = ecs_client.delete(first)
    check = ecs_check.after(deleted)
    check("deprecated.snapshots.delete/rule/no-body", deleted, "body", equals=None)
    if deleted.accepted:
        ecs_wait.gone(first)
    check.refused("deprecated.snapshots.delete/rule/gone", ecs_client.get(first), "not-found")
    check.accepted("deprecated.snapshots.delete/rule/disk-stays", ecs_client.get(f"{_DISKS}/{disk}"))
    look, rule = (lambda: ecs_client.get(other)), "deprecated.snapshots.delete/rule/this-snapshot-only"
    check.stays(rule, look, *_ONE, "id", equals=ids[1])
    _drop(ecs_client, ecs_wait, ids[1])


@pytest.mark.ecs_requirement("deprecated.snapshots.create/rule/forced", "deprecated.snapshots.create/rule/not-forced")
def test_a_disk_in_use_needs_force(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """With it there is a snapshot, without it the request is refused."""
    control = ecs_cases.control("deprecated.snapshots.create")
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    attach = url_of("nova.disks.list", server_id=lease.id)
    ecs_supplies.make(attach, {"volumeAttachment": {"volumeId": disk}})
    ecs_wait.until(f"{_DISKS}/{disk}", "volume", "status", equals="in-use")
    made = []
    for fields in ({}, {"force": False}):
        refused = ecs_expect(
            "deprecated.snapshots.create/rule/not-forced",
            "POST",
            _SNAPSHOTS,
            json=_body(disk, **fields),
            expects="wrong-state",
            change="the disk is in use and force is not set",
            control=control.id,
        )
        if refused.accepted:
            made.append(str(read(refused, "snapshot", "id")))
    forced = ecs_client.post(_SNAPSHOTS, _body(disk, force=True))
    if ecs_check.accepted("deprecated.snapshots.create/rule/forced", forced):
        made.append(str(read(forced, "snapshot", "id")))
    _drop(ecs_client, ecs_wait, *made)
    ecs_client.delete(f"{attach}/{disk}")
    lease.spoilt = not ecs_wait.gone(f"{attach}/{disk}")
