"""Rules of disks that come from snapshots or have one, and of what a disk needs (11.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Supplies, Target, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

from .volumes import DISKS, ONE, body_of, disk_of, drop, make, ready, spellings, status_of

pytestmark = pytest.mark.ecs_group("servers")

_SNAPSHOTS = url_of("deprecated.snapshots.create")
#: Seconds between two looks at a disk that is being created.
_PAUSE = 0.2


@pytest.mark.ecs_requirement("deprecated.disks.delete/rule/states")
def test_a_disk_that_is_being_created_stays(
    ecs_client: Client,
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It is not deleted while it is creating, which the disk before it was for much longer than the attempt takes."""
    ecs_cases.control("deprecated.disks.delete")
    clock, rule = ecs_target.clock, "deprecated.disks.delete/rule/states"
    first, began = str(ecs_supplies.make(DISKS, body_of(ecs_supplies), "volume", "id")), clock.now()
    for _ in range(60):
        asked = clock.now()
        if status_of(ecs_client, first) != "creating":
            break
        clock.sleep(_PAUSE)
    lasted = asked - began - _PAUSE  # it ended in the last pause
    with suppress(PrerequisiteMissing):
        ready(ecs_client, ecs_wait, first)
    ecs_client.delete(f"{DISKS}/{first}")
    began = clock.now()
    disk = str(ecs_supplies.make(DISKS, body_of(ecs_supplies), "volume", "id"))
    status = status_of(ecs_client, disk)
    deleted = ecs_client.delete(f"{DISKS}/{disk}")
    if status == "creating" and clock.now() - began < lasted / 3:
        ecs_check.refused(rule, deleted, "wrong-state")
    else:
        ecs_check.not_tested(rule, "the disk was created too quickly to be deleted before")
    if deleted.refused:
        with suppress(PrerequisiteMissing):
            ready(ecs_client, ecs_wait, disk)
        ecs_client.delete(f"{DISKS}/{disk}")


@pytest.mark.ecs_requirement("deprecated.disks.create/rule/null-snapshot")
def test_no_snapshot_is_no_snapshot(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Null under snapshot_id gives a blank disk."""
    ecs_cases.control("deprecated.disks.create")
    empty, rule = (
        ecs_client.post(DISKS, body_of(ecs_supplies, snapshot_id=None)),
        "deprecated.disks.create/rule/null-snapshot",
    )
    if ecs_check.accepted(rule, empty):
        ecs_check(rule, empty, *ONE, "snapshotId", one_of=[None, ""])
        made = read(empty, "volume", "id")
        ready(ecs_client, ecs_wait, made)
        drop(ecs_client, ecs_wait, made)


@pytest.mark.ecs_requirement("deprecated.disks.create/rule/size-needed")
def test_a_disk_needs_a_size(ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """Where it comes from no snapshot."""
    control = ecs_cases.control("deprecated.disks.create")
    ecs_expect(
        "deprecated.disks.create/rule/size-needed",
        "POST",
        DISKS,
        json=body_of(ecs_supplies, size="left out"),
        expects="invalid",
        change="there is neither a size nor a snapshot",
        control=control.id,
    )


@pytest.mark.ecs_requirement("deprecated.disks.create/rule/unknown-az")
def test_a_disk_is_in_a_zone_that_there_is(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """In another one it is refused, or ends in an error."""
    ecs_cases.control("deprecated.disks.create")
    rule = "deprecated.disks.create/rule/unknown-az"
    nowhere = ecs_client.post(DISKS, body_of(ecs_supplies, availability_zone="no-such-zone"))
    if not nowhere.accepted:
        ecs_check.refused(rule, nowhere, "unknown-reference")
        return
    disk = str(read(nowhere, "volume", "id"))
    with suppress(PrerequisiteMissing):
        ready(ecs_client, ecs_wait, disk, "error")
    ecs_check(rule, ecs_client.get(f"{DISKS}/{disk}"), *ONE, "status", one_of=spellings("error"))
    drop(ecs_client, ecs_wait, disk)


@contextmanager
def _snapshot(client: Client, supplies: Supplies, wait: Wait, disk: str) -> Iterator[str]:
    """Make a snapshot of a disk, and delete it in the end."""
    body = {"snapshot": {"volume_id": disk, "display_name": supplies.name("snapshot"), "force": True}}
    snapshot = str(supplies.make(_SNAPSHOTS, body, "snapshot", "id"))
    path = f"{_SNAPSHOTS}/{snapshot}"
    try:
        wait.until(path, "snapshot", "status", equals="available")
        yield snapshot
    finally:
        if client.delete(path).accepted:
            wait.gone(path)


@pytest.mark.ecs_requirement(
    "deprecated.disks.create/rule/from-snapshot", "deprecated.disks.create/rule/size-of-snapshot"
)
def test_a_snapshot_gives_a_disk(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """With its size, or without one."""
    with (
        disk_of(ecs_client, ecs_cases, ecs_supplies, ecs_wait) as disk,
        _snapshot(ecs_client, ecs_supplies, ecs_wait, disk) as snapshot,
    ):
        for size in (10, "left out"):
            made = ecs_client.post(DISKS, body_of(ecs_supplies, snapshot_id=snapshot, size=size))
            if size == "left out":
                ecs_check.accepted("deprecated.disks.create/rule/size-of-snapshot", made)
            if not made.accepted:
                ecs_check.not_tested("deprecated.disks.create/rule/from-snapshot", f"no disk was made: {made.answer}")
                continue
            copy = read(made, "volume", "id")
            shown = ready(ecs_client, ecs_wait, copy)
            ecs_check("deprecated.disks.create/rule/from-snapshot", shown, *ONE, "snapshotId", equals=snapshot)
            drop(ecs_client, ecs_wait, copy)


@pytest.mark.ecs_requirement(
    "deprecated.disks.delete/rule/with-snapshot", "deprecated.disks.delete/rule/after-snapshot"
)
def test_a_snapshot_holds_its_disk(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """As long as it is there."""
    deletion = ecs_cases.control("deprecated.disks.delete")
    disk = make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    path, rule = f"{DISKS}/{disk}", "deprecated.disks.delete/rule/with-snapshot"
    with _snapshot(ecs_client, ecs_supplies, ecs_wait, disk) as snapshot:
        change = "the disk has a snapshot"
        refused = ecs_expect(rule, "DELETE", path, expects="wrong-state", change=change, control=deletion.id)
        if refused.refused:
            ecs_check.stays_there(rule, lambda: ecs_client.get(path))
    if refused.accepted:
        ecs_check.not_tested("deprecated.disks.delete/rule/after-snapshot", "the disk went before its snapshot")
    elif ecs_client.get(f"{_SNAPSHOTS}/{snapshot}").accepted:
        ecs_check.not_tested("deprecated.disks.delete/rule/after-snapshot", "its snapshot cannot be deleted")
    else:
        deleted = ecs_client.delete(path)
        if deleted.refused:  # a request that came twice made two snapshots, of which nobody can name the other
            path, deleted = _deleted_without_snapshot(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
        ecs_check.accepted("deprecated.disks.delete/rule/after-snapshot", deleted)
        ecs_wait.gone(path)


def _deleted_without_snapshot(client: Client, cases: Cases, supplies: Supplies, wait: Wait) -> tuple[str, Exchange]:
    """Delete a disk whose only snapshot is gone; return its path and the answer."""
    path = f"{DISKS}/{make(client, cases, supplies, wait)}"
    with _snapshot(client, supplies, wait, path.rpartition("/")[2]):
        pass
    return path, client.delete(path)
