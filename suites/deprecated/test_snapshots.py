"""Rules of snapshots of disks (11.6)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Servers, Supplies, Wait, read

_CREATE = "deprecated.snapshots.create/rule"
_SNAPSHOTS, _DISKS = "/v2.1/{project_id}/os-snapshots", "/v2.1/{project_id}/os-volumes"
_ONE = ("body", "snapshot")


def _body(disk: str, **fields: Any) -> dict[str, Any]:
    return {"snapshot": {"volume_id": disk, **fields}}


def _drop(client: Client, wait: Wait, *snapshots: str) -> None:
    for snapshot in snapshots:
        wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
        client.delete(f"{_SNAPSHOTS}/{snapshot}")
        wait.gone(f"{_SNAPSHOTS}/{snapshot}")


@pytest.mark.ecs_requirement(
    "deprecated.snapshots.create/rule/answer-names",
    "deprecated.snapshots.create/rule/shown",
    "deprecated.snapshots.create/rule/becomes-available",
    "deprecated.snapshots.create/rule/without-name",
    "deprecated.snapshots.create/rule/longest-name",
    "deprecated.snapshots.create/rule/reserved-prefix",
    "deprecated.snapshots.create/rule/disk-stays",
    "deprecated.snapshots.show/rule/same-snapshot",
    "deprecated.snapshots.show/rule/as-created",
    "deprecated.snapshots.delete/rule/gone",
    "deprecated.snapshots.delete/rule/disk-stays",
    "deprecated.snapshots.delete/rule/this-snapshot-only",
    "deprecated.snapshots.delete/rule/no-body",
)
def test_snapshots_come_and_go(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A snapshot shows the disk and the texts of its request; its end takes neither the disk nor another snapshot along."""
    control = ecs_cases.control("deprecated.snapshots.create")
    disk, name = ecs_supplies.disk(), ecs_supplies.name("snapshot")
    status = read(ecs_client.get(f"{_DISKS}/{disk}"), "volume", "status")
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
    ecs_check(
        "deprecated.snapshots.create/rule/becomes-available",
        shown,
        *_ONE,
        "status",
        matches="^(?!creating$)(?!.*error)",
    )
    ecs_check(
        "deprecated.snapshots.create/rule/disk-stays",
        ecs_client.get(f"{_DISKS}/{disk}"),
        "body",
        "volume",
        "status",
        equals=status,
    )
    made = []
    for rule, fields in (
        ("without-name", {}),
        ("longest-name", {"display_name": ecs_supplies.name("long").ljust(255, "x")}),
    ):
        sent = ecs_client.post(_SNAPSHOTS, _body(disk, **fields))
        if ecs_check.accepted(f"{_CREATE}/{rule}", sent):
            made.append(str(read(sent, "snapshot", "id")))
    ecs_expect(
        "deprecated.snapshots.create/rule/reserved-prefix",
        "POST",
        _SNAPSHOTS,
        json=_body(disk, display_name=f"autobk_snapshot_{name}"),
        expects="invalid",
        change="the name has the prefix of backups",
        control=control.id,
    )
    deleted = ecs_client.delete(path)
    ecs_check("deprecated.snapshots.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(path)
    ecs_expect(
        "deprecated.snapshots.delete/rule/gone",
        "GET",
        path,
        expects="not-found",
        change="the snapshot was deleted",
        control=shown.id,
    )
    ecs_check(
        "deprecated.snapshots.delete/rule/disk-stays",
        ecs_client.get(f"{_DISKS}/{disk}"),
        "body",
        "volume",
        "id",
        equals=disk,
    )
    for other in made:
        ecs_check(
            "deprecated.snapshots.delete/rule/this-snapshot-only",
            ecs_client.get(f"{_SNAPSHOTS}/{other}"),
            *_ONE,
            "id",
            equals=other,
        )
    ecs_check.not_tested("deprecated.snapshots.delete/rule/this-snapshot-only", "there is no other snapshot")
    _drop(ecs_client, ecs_wait, *made)


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
    attach = f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments"
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
