"""Rules of disks by themselves (11.4)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

from .volumes import DISKS, ONE, body_of, disk_of, drop, make, ready, spellings

pytestmark = pytest.mark.ecs_group("servers")

_LIST, _DETAIL, _SHOW = (
    f"deprecated.disks.{verb}/rule"
    for verb in (
        "list",
        "list-detail",
        "show",
    )
)
_LISTS = {_LIST: DISKS, _DETAIL: f"{DISKS}/detail"}
_IDS = ("body", "volumes", "*", "id")


def _at(listed: Exchange, disk: str) -> tuple[str | int, ...]:
    """Return where a disk is in a list."""
    ids = read(listed, "volumes", "*", "id")
    return ("body", "volumes", ids.index(disk) if disk in ids else len(ids))


def _entry(listed: Exchange, disk: str) -> dict[str, Any]:
    return next((entry for entry in read(listed, "volumes") if entry["id"] == disk), {})


def _as_asked(check: Check, shown: Exchange, seen: dict[str, Any], wanted: dict[str, Any], *place: str | int) -> None:
    """Judge the name and the size that a query shows of a new disk; it may leave the name out."""
    if "displayName" in seen:
        check("deprecated.disks.create/rule/listed", shown, *place, "displayName", equals=wanted["display_name"])
    check("deprecated.disks.create/rule/listed", shown, *place, "size", equals=wanted["size"])


@pytest.mark.ecs_requirement(
    "deprecated.disks.create/rule/becomes-available",
    "deprecated.disks.create/rule/listed",
    "deprecated.disks.create/rule/in-az",
    "deprecated.disks.create/rule/answer-names",
)
def test_a_new_disk_is_what_was_asked_for(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """In the answer, in both lists and by itself."""
    ecs_cases.control("deprecated.disks.create")
    sent = body_of(ecs_supplies)
    created, wanted = ecs_client.post(DISKS, sent), sent["volume"]
    disk = str(read(created, "volume", "id"))
    for asked, field in (("display_name", "displayName"), ("size", "size")):
        ecs_check("deprecated.disks.create/rule/answer-names", created, *ONE, field, equals=wanted[asked])
    with suppress(PrerequisiteMissing):
        ready(ecs_client, ecs_wait, disk)
    shown, zone = ecs_client.get(f"{DISKS}/{disk}"), wanted["availability_zone"]
    available = spellings("available")
    ecs_check("deprecated.disks.create/rule/becomes-available", shown, *ONE, "status", one_of=available)
    ecs_check("deprecated.disks.create/rule/in-az", shown, *ONE, "availabilityZone", equals=zone)
    _as_asked(ecs_check, shown, read(shown, "volume"), wanted, *ONE)
    for path in _LISTS.values():
        listed = ecs_client.get(path)
        _as_asked(ecs_check, listed, _entry(listed, disk), wanted, *_at(listed, disk))
    drop(ecs_client, ecs_wait, disk)


@pytest.mark.parametrize(
    ("rule", "asked", "field", "value"),
    [
        pytest.param(rule, asked, *shown, id=asked, marks=pytest.mark.ecs_requirement(rule))
        for rule, asked, *shown in (
            (
                "deprecated.disks.create/rule/answer-names",
                "display_description",
                "displayDescription",
                "asked for",
            ),
            ("deprecated.disks.create/rule/answer-metadata", "metadata", "metadata", {"purpose": "conformance"}),
            ("deprecated.disks.create/rule/answer-type-and-az", "volume_type", "volumeType", "SSD"),
            ("deprecated.disks.create/rule/answer-type-and-az", "availability_zone", "availabilityZone", None),
        )
    ],
)
def test_a_field_of_a_new_disk_is_answered(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    rule: str,
    asked: str,
    field: str,
    value: Any,
) -> None:
    """As it was asked for."""
    ecs_cases.control("deprecated.disks.create")
    wanted: Any = value or ecs_supplies.need(asked)
    created = ecs_client.post(DISKS, body_of(ecs_supplies, **{asked: wanted}))
    if not ecs_check.accepted(rule, created):
        return
    for key, one in wanted.items() if isinstance(wanted, dict) else [("", wanted)]:
        ecs_check(rule, created, *ONE, field, *([key] if key else []), equals=one)
    disk = str(read(created, "volume", "id"))
    with suppress(PrerequisiteMissing):
        ready(ecs_client, ecs_wait, disk)
    drop(ecs_client, ecs_wait, disk)


@pytest.mark.parametrize(
    ("path", "has", "own"),
    [
        pytest.param(path, has, own, id=name, marks=pytest.mark.ecs_requirement(has, own))
        for path, has, own, name in (
            (DISKS, "deprecated.disks.list/rule/has-disk", "deprecated.disks.list/rule/own-project", "list"),
            (
                f"{DISKS}/detail",
                "deprecated.disks.list-detail/rule/has-disk",
                "deprecated.disks.list-detail/rule/own-project",
                "list-detail",
            ),
        )
    ],
)
def test_a_disk_is_listed(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    path: str,
    has: str,
    own: str,
) -> None:
    """For its project alone."""
    with disk_of(ecs_client, ecs_cases, ecs_supplies, ecs_wait) as disk:
        ecs_check(has, ecs_client.get(path), *_IDS, contains=disk)
        try:
            stranger = ecs_clients("other_project")
        except PrerequisiteMissing as missing:
            ecs_check.not_tested(own, str(missing))
        else:
            ecs_check(own, stranger.get(path), *_IDS, lacks=disk)


@pytest.mark.ecs_requirement(
    "deprecated.disks.list/rule/same-as-detail",
    "deprecated.disks.show/rule/same-disk",
    "deprecated.disks.show/rule/same-as-detail",
    "deprecated.disks.show/rule/not-attached",
)
def test_a_disk_is_shown_as_it_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Both lists have the same disks, and one by itself shows what the list with details does."""
    with (
        disk_of(ecs_client, ecs_cases, ecs_supplies, ecs_wait) as disk,
        disk_of(ecs_client, ecs_cases, ecs_supplies, ecs_wait) as other,
    ):
        shown = ecs_client.get(f"{DISKS}/{disk}")
        ecs_check("deprecated.disks.show/rule/same-disk", shown, *ONE, "id", equals=disk)
        ecs_check("deprecated.disks.show/rule/not-attached", shown, *ONE, "attachments", one_of=[[], [{}]])
        for path in _LISTS.values():
            listed = ecs_client.get(path)
            ecs_check("deprecated.disks.list/rule/same-as-detail", listed, *_IDS, includes=[disk, other])
        entry, rule = _entry(listed, disk), "deprecated.disks.show/rule/same-as-detail"
        for field in sorted(entry.keys() - {"status"}):
            ecs_check(rule, shown, *ONE, field, equals=entry[field])
        if "status" in entry:
            status = spellings(str(entry["status"]).removeprefix(" "))
            ecs_check(rule, shown, *ONE, "status", one_of=status)


@pytest.mark.ecs_requirement(
    "deprecated.disks.delete/rule/gone",
    "deprecated.disks.delete/rule/this-disk-only",
    "deprecated.disks.delete/rule/no-body",
)
def test_a_disk_is_deleted(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It alone."""
    disk = make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    path = f"{DISKS}/{disk}"
    with disk_of(ecs_client, ecs_cases, ecs_supplies, ecs_wait) as other:
        deleted = ecs_client.delete(path)
        check = ecs_check.after(deleted)
        check("deprecated.disks.delete/rule/no-body", deleted, "body", equals=None)
        ecs_wait.gone(path)
        for url in _LISTS.values():
            check("deprecated.disks.delete/rule/gone", ecs_client.get(url), *_IDS, lacks=disk)
        check.refused("deprecated.disks.delete/rule/gone", ecs_client.get(path), "not-found")
        look = lambda: ecs_client.get(f"{DISKS}/{other}")  # noqa: E731 - it is about this test's disk
        check.stays_there("deprecated.disks.delete/rule/this-disk-only", look)


_ATTACHED = {
    _LIST: ("deprecated.disks.list/rule/attached", "deprecated.disks.list/rule/attachment-complete"),
    _DETAIL: ("deprecated.disks.list-detail/rule/attached", "deprecated.disks.list-detail/rule/attachment-complete"),
    _SHOW: ("deprecated.disks.show/rule/attached", "deprecated.disks.show/rule/attachment-complete"),
}


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
    lease, disk = ecs_servers("SHUTOFF"), make(ecs_client, ecs_cases, ecs_supplies, ecs_wait)
    attach, path = url_of("nova.disks.list", server_id=lease.id), f"{DISKS}/{disk}"
    ecs_supplies.make(attach, {"volumeAttachment": {"volumeId": disk}})
    ready(ecs_client, ecs_wait, disk, "in-use")
    views = [(base, listed := ecs_client.get(url), _at(listed, disk)) for base, url in _LISTS.items()]
    for base, shown, place in [*views, (_SHOW, ecs_client.get(path), ONE)]:
        at, (attached, complete) = (*place, "attachments", 0), _ATTACHED[base]
        if base in _LISTS and not _entry(shown, disk):  # that it is listed is judged by itself
            for rule in (attached, complete):
                ecs_check.not_tested(rule, "the disk is not in the list")
            continue
        ecs_check(attached, shown, *at, "serverId", equals=lease.id)
        ecs_check(attached, shown, *at, "volumeId", equals=disk)
        for field in ("device", "id", "serverId", "volumeId"):
            ecs_check(complete, shown, *at, field, present=True)
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
    ecs_check("deprecated.disks.delete/rule/attached", after, *ONE, "status", one_of=spellings("in-use"))
    ecs_client.delete(f"{attach}/{disk}")
    lease.spoilt = not ecs_wait.gone(f"{attach}/{disk}") or lease.spoilt
    drop(ecs_client, ecs_wait, disk)
