"""Rules of attaching, detaching and querying disks (5.6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Wait,
    exactly,
    load_contract,
    read,
)

pytestmark = pytest.mark.ecs_group("servers")

_ATTACH, _DETACH, _LIST, _SHOW = (f"ecs.disks.{verb}/rule" for verb in ("attach", "detach", "list", "show"))
#: Codes that fit a disk that the server does not have (A.2).
_ABSENT = ("Ecs.0103", "Ecs.0111", "Ecs.0114")
_IDS = ("body", "volumeAttachments", "*", "volumeId")


def _attach_path(server: str) -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/attachvolume"


def _detach_path(server: str, disk: str) -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/detachvolume/{disk}"


def _devices(server: str, disk: str = "") -> str:
    return f"/v2.1/servers/{server}/block_device" + (f"/{disk}" if disk else "")


def _disks(client: Client, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client.get(_devices(server)), "volumeAttachments")
    return found


def _ids(client: Client, server: str) -> list[str]:
    return [disk["volumeId"] for disk in _disks(client, server)]


def _send(
    client: Client, jobs: Jobs, lease: Lease, disk: str | None, more: dict[str, Any] | None = None, **fields: Any
) -> Exchange:
    """Send a request to attach a disk, and wait for its job."""
    wanted = {**({"volumeId": disk} if disk else {}), **fields}
    sent = client.post(_attach_path(lease.id), {"volumeAttachment": wanted, **(more or {})})
    jobs.settle(sent, [lease])
    return sent


def _detach(client: Client, jobs: Jobs, lease: Lease, disk: str, **query: str) -> Exchange:
    detached = client.delete(_detach_path(lease.id, disk), query=query)
    jobs.settle(detached, [lease])
    if disk in _ids(client, lease.id):
        lease.spoilt = True
    return detached


@contextmanager
def _attached(
    client: Client, jobs: Jobs, lease: Lease, disk: str, more: dict[str, Any] | None = None, **fields: Any
) -> Iterator[Exchange]:
    try:
        yield _send(client, jobs, lease, disk, more, **fields)
    finally:
        if disk in _ids(client, lease.id):
            _detach(client, jobs, lease, disk)


@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/success-attaches",
    "ecs.disks.attach/rule/running-and-stopped",
    "ecs.disks.attach/rule/already-attached",
    "ecs.disks.attach/rule/not-available",
    "ecs.disks.attach/rule/this-server-only",
    "ecs.disks.attach/rule/dry-run-default",
    "ecs.disks.attach/rule/dry-run-restrictions",
    "ecs.disks.list/rule/has-disk",
    "ecs.disks.list/rule/has-system-disk",
    "ecs.disks.list/rule/own-disks",
    "ecs.disks.list/rule/id-is-disk",
    "ecs.disks.list/rule/once",
    "ecs.disks.list/rule/size-is-disk-size",
    "ecs.disks.list/rule/system-disk-zero",
    "ecs.disks.list/rule/data-disk-not-zero",
    "ecs.disks.list/rule/devices-differ",
    "ecs.disks.list/rule/same-as-native",
    "ecs.disks.show/rule/same-disk",
    "ecs.disks.show/rule/id-is-disk",
    "ecs.disks.show/rule/same-as-list",
    "ecs.disks.show/rule/boot-index",
    "ecs.disks.show/rule/unknown-disk",
    "ecs.disks.show/rule/not-attached",
)
def test_a_disk_comes_and_goes(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Attached to a stopped and to a running server it is one more disk of that server alone; both queries show it."""
    ecs_cases.beforehand("ecs.disks.attach", "ecs.disks.show")
    stopped, other = ecs_servers.batch(2, "SHUTOFF")
    running = ecs_servers("ACTIVE")
    disk, theirs = ecs_supplies.disk(), _ids(ecs_client, other.id)
    for rule, path, change in (
        ("not-attached", _devices(stopped.id, disk), "the disk is attached to no server"),
        ("unknown-disk", _devices(stopped.id, ecs_supplies.unknown_id()), "no disk has the id"),
    ):
        ecs_expect(f"{_SHOW}/{rule}", "GET", path, expects="unknown-reference", change=change, codes=_ABSENT)
    for lease, more in ((stopped, {}), (running, {"dry_run": False})):
        before = _ids(ecs_client, lease.id)
        with _attached(ecs_client, ecs_jobs, lease, disk, more):
            listed = ecs_client.get(_devices(lease.id))
            for rule in ("success-attaches", "dry-run-default"):
                ecs_check(f"{_ATTACH}/{rule}", listed, *_IDS, same_items=[*before, disk])
            ecs_check("ecs.disks.attach/rule/running-and-stopped", listed, *_IDS, contains=disk)
            elsewhere = ecs_client.get(_devices(other.id))
            ecs_check("ecs.disks.attach/rule/this-server-only", elsewhere, *_IDS, same_items=theirs)
            _consistent(ecs_client, ecs_check, lease, listed, before, disk)
            for rule, server, change, more_fields in (
                ("already-attached", lease, "the server has the disk", {}),
                ("not-available", other, "another server has the disk", {}),
                ("dry-run-restrictions", lease, "the server has the disk", {"dry_run": True}),
            ):
                refused = ecs_expect(
                    f"{_ATTACH}/{rule}",
                    "POST",
                    _attach_path(server.id),
                    json={"volumeAttachment": {"volumeId": disk}, **more_fields},
                    expects="refused",
                    change=change,
                )
                ecs_jobs.wait_out(refused)


def _consistent(client: Client, check: Check, lease: Lease, listed: Exchange, before: list[str], disk: str) -> None:
    """Check a list of a server's disks, of which *disk* is a data disk and *before* is the system disk, against the rest."""
    entries = read(listed, "volumeAttachments")
    check("ecs.disks.list/rule/has-disk", listed, *_IDS, contains=disk)
    check("ecs.disks.list/rule/has-system-disk", listed, *_IDS, includes=before)
    native = client.get(f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments")
    theirs = {entry["volumeId"]: entry["device"] for entry in read(native, "volumeAttachments")}
    check("ecs.disks.list/rule/same-as-native", listed, *_IDS, same_items=list(theirs))
    devices = ("body", "volumeAttachments", "*", "device")
    for number, entry in enumerate(entries):
        place, one = ("body", "volumeAttachments", number), entry["volumeId"]
        check("ecs.disks.list/rule/own-disks", listed, *place, "serverId", equals=lease.id)
        check("ecs.disks.list/rule/id-is-disk", listed, *place, "id", equals=one)
        check("ecs.disks.list/rule/once", listed, *_IDS, has_one=one)
        check("ecs.disks.list/rule/devices-differ", listed, *devices, has_one=entry["device"])
        check("ecs.disks.list/rule/same-as-native", listed, *place, "device", equals=theirs.get(one))
        size = read(client.get(f"/v2.1/{{project_id}}/os-volumes/{one}"), "volume", "size")
        check("ecs.disks.list/rule/size-is-disk-size", listed, *place, "size", one_of=[size, str(size)])
        alone = client.get(_devices(lease.id, one))
        first = ("body", "volumeAttachment")
        check("ecs.disks.show/rule/same-disk", alone, *first, "volumeId", equals=one)
        check("ecs.disks.show/rule/same-disk", alone, *first, "serverId", equals=lease.id)
        check("ecs.disks.show/rule/id-is-disk", alone, *first, "id", equals=one)
        for name in sorted(entry):
            check("ecs.disks.show/rule/same-as-list", alone, *first, name, equals=entry[name])
        # 0 or false is the system disk (ruling block-device-boot-index).
        test: dict[str, Any] = {"none_of" if one == disk else "one_of": [0, False]}
        rule = "data-disk-not-zero" if one == disk else "system-disk-zero"
        check(f"{_LIST}/{rule}", listed, *place, "bootIndex", **test)
        check("ecs.disks.show/rule/boot-index", alone, *first, "bootIndex", **test)
    check.not_tested("ecs.disks.list/rule/system-disk-zero", "the list has no system disk")


@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/check-fields-ignored",
    "ecs.disks.attach/rule/device-taken",
    "ecs.disks.attach/rule/device-used",
)
def test_devices_are_names_of_their_own(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The next free name is used, also beside the fields of a check; a taken one is refused or replaced."""
    lease = ecs_servers("SHUTOFF")
    entries = _disks(ecs_client, lease.id)
    exactly(1, entries[:1], "a list with the server's system disk")
    before, taken = [entry["volumeId"] for entry in entries], str(entries[0]["device"])
    following = chr(ord(max(str(entry["device"])[-1] for entry in entries)) + 1)
    disk = ecs_supplies.disk()
    check: dict[str, Any] = {"volume_type": "SSD", "count": 5, "hw:passthrough": "false"}
    with _attached(ecs_client, ecs_jobs, lease, disk, device=f"/dev/vd{following}", **check) as sent:
        ecs_check.accepted("ecs.disks.attach/rule/check-fields-ignored", sent)
        listed = ecs_client.get(_devices(lease.id))
        ecs_check("ecs.disks.attach/rule/check-fields-ignored", listed, *_IDS, same_items=[*before, disk])
        shown = ecs_client.get(_devices(lease.id, disk))
        at = ("body", "volumeAttachment", "device")
        ecs_check("ecs.disks.attach/rule/device-used", shown, *at, matches=rf"^/dev/[sv]d{following}$")
    refused = ecs_client.post(_attach_path(lease.id), {"volumeAttachment": {"volumeId": disk, "device": taken}})
    ecs_jobs.wait_out(refused)
    listed = ecs_client.get(_devices(lease.id))
    ecs_check("ecs.disks.attach/rule/device-taken", listed, "body", "volumeAttachments", "*", "device", has_one=taken)
    if disk in _ids(ecs_client, lease.id):
        _detach(ecs_client, ecs_jobs, lease, disk)


@pytest.mark.ecs_requirement(
    "ecs.disks.detach/rule/success-detaches",
    "ecs.disks.detach/rule/stopped",
    "ecs.disks.detach/rule/this-disk-only",
    "ecs.disks.detach/rule/disk-kept",
    "ecs.disks.detach/rule/unknown-disk",
    "ecs.disks.detach/rule/not-attached",
    "ecs.disks.detach/rule/flag-omitted",
    "ecs.disks.detach/rule/flag-zero",
    "ecs.disks.detach/rule/flag-one",
    "ecs.disks.detach/rule/flag-one-keeps-disk",
)
def test_a_disk_is_detached_and_kept(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Without the flag, with 0 and with 1 it leaves its stopped server, which keeps the others, and can come back."""
    ecs_cases.beforehand("ecs.disks.detach")
    lease, other = ecs_servers.batch(2, "SHUTOFF")
    disk, before = ecs_supplies.disk(), _ids(ecs_client, lease.id)
    for rule, path, change in (
        ("unknown-disk", _detach_path(lease.id, ecs_supplies.unknown_id()), "no disk has the id"),
        ("not-attached", _detach_path(lease.id, disk), "no server has the disk"),
    ):
        refused = ecs_expect(
            f"{_DETACH}/{rule}", "DELETE", path, expects="unknown-reference", change=change, codes=_ABSENT
        )
        ecs_jobs.wait_out(refused)
    for rule, query in (("flag-omitted", {}), ("flag-zero", {"delete_flag": "0"}), ("flag-one", {"delete_flag": "1"})):
        attached = _send(ecs_client, ecs_jobs, lease, disk)
        ecs_check.accepted("ecs.disks.detach/rule/disk-kept", attached)
        ecs_wait.until(f"/v2.1/{{project_id}}/os-volumes/{disk}", "volume", "status", equals="in-use")
        refused = ecs_expect(
            "ecs.disks.detach/rule/not-attached",
            "DELETE",
            _detach_path(other.id, disk),
            expects="unknown-reference",
            change="another server has the disk",
            codes=_ABSENT,
        )
        ecs_jobs.wait_out(refused)
        ecs_check("ecs.disks.detach/rule/not-attached", ecs_client.get(_devices(lease.id)), *_IDS, contains=disk)
        detached = _detach(ecs_client, ecs_jobs, lease, disk, **query)
        ecs_check.accepted(f"{_DETACH}/{rule}", detached)
        listed = ecs_client.get(_devices(lease.id))
        for claim in (rule, "success-detaches", "stopped"):
            ecs_check(f"{_DETACH}/{claim}", listed, *_IDS, lacks=disk)
        ecs_check("ecs.disks.detach/rule/this-disk-only", listed, *_IDS, includes=before)
        shown = ecs_client.get(f"/v2.1/{{project_id}}/os-volumes/{disk}")
        kept = "flag-one-keeps-disk" if rule == "flag-one" else "disk-kept"
        ecs_check(f"{_DETACH}/{kept}", shown, "body", "volume", "id", equals=disk)


@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/dry-run-accepted",
    "ecs.disks.attach/rule/dry-run-changes-nothing",
    "ecs.disks.attach/rule/dry-run-checks",
    "ecs.disks.attach/rule/dry-run-without-disk",
    "ecs.disks.attach/rule/dry-run-needs-type",
)
def test_a_checked_request_changes_nothing(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """dry_run attaches nothing; without a disk it needs a type to check for."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    before = _ids(ecs_client, lease.id)
    dry = {"dry_run": True}
    checked = _send(ecs_client, ecs_jobs, lease, disk, dry)
    ecs_check.accepted("ecs.disks.attach/rule/dry-run-accepted", checked)
    ecs_check(
        "ecs.disks.attach/rule/dry-run-changes-nothing", ecs_client.get(_devices(lease.id)), *_IDS, same_items=before
    )
    for fields in ({"volume_type": "SSD"}, {"volume_type": "SSD", "count": 1}):
        alone = _send(ecs_client, ecs_jobs, lease, None, dry, **fields)
        ecs_check.accepted("ecs.disks.attach/rule/dry-run-without-disk", alone)
    for rule, body, change in (
        ("checks", {"volumeAttachment": {"volumeId": "no-uuid"}}, "volumeId is no UUID"),
        ("checks", {}, "volumeAttachment is left out"),
        ("needs-type", {"volumeAttachment": {"count": 1}}, "there is neither volumeId nor volume_type"),
    ):
        ecs_expect(
            f"{_ATTACH}/dry-run-{rule}",
            "POST",
            _attach_path(lease.id),
            json={**body, **dry},
            expects="invalid",
            change=change,
            codes=("Ecs.0103",),
            control=checked.id,
        )


@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/device-chosen",
    "ecs.disks.attach/rule/device-on-kvm",
    "ecs.disks.attach/rule/device-on-xen",
    "ecs.disks.attach/rule/device-needed-on-xen",
)
def test_the_hypervisor_counts_for_the_device(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """On KVM a name is chosen where none is given, and /dev/sd becomes /dev/vd; on Xen it is the other way round."""
    lease = ecs_servers("SHUTOFF")
    kind = _hypervisor(ecs_client, ecs_servers, lease)
    rules = {
        "CloudCompute": ("device-on-xen", "device-needed-on-xen"),
        "FusionCompute": ("device-chosen", "device-on-kvm"),
    }
    for rule in rules.get(kind, sum(rules.values(), ())):
        ecs_check.not_tested(f"{_ATTACH}/{rule}", f"the flavor of the run is of {kind}")
    if kind == "CloudCompute":
        _on_kvm(ecs_client, ecs_check, ecs_supplies, ecs_jobs, lease)
    elif kind == "FusionCompute":
        _on_xen(ecs_client, ecs_cases, ecs_check, ecs_expect, ecs_supplies, ecs_jobs, lease)


def _hypervisor(client: Client, servers: Servers, lease: Lease) -> str:
    """Return what a server's flavor says of its virtualization (table 5-41): CloudCompute is KVM, FusionCompute Xen."""
    specs = client.get(f"/v2.1/{{project_id}}/flavors/{servers.flavor_of(lease)}/os-extra_specs")
    return str(read(specs, "extra_specs").get("ecs:virtualization_env_types", "no known virtualization"))


def _on_kvm(client: Client, check: Check, supplies: Supplies, jobs: Jobs, lease: Lease) -> None:
    disk, taken = supplies.disk(), [entry["device"] for entry in _disks(client, lease.id)]
    at = ("body", "volumeAttachment", "device")
    with _attached(client, jobs, lease, disk):
        shown = client.get(_devices(lease.id, disk))
        check("ecs.disks.attach/rule/device-chosen", shown, *at, matches="^/dev/")
        for device in taken:
            check("ecs.disks.attach/rule/device-chosen", shown, *at, differs=device)
    disk = supplies.disk()
    with _attached(client, jobs, lease, disk, device="/dev/sdc"):
        shown = client.get(_devices(lease.id, disk))
        check("ecs.disks.attach/rule/device-on-kvm", shown, *at, matches="^/dev/vd")


def _on_xen(
    client: Client, cases: Cases, check: Check, expect: Expect, supplies: Supplies, jobs: Jobs, lease: Lease
) -> None:
    disk = supplies.disk()
    control = cases.control("ecs.disks.attach")
    refused = expect(
        "ecs.disks.attach/rule/device-needed-on-xen",
        "POST",
        _attach_path(lease.id),
        json={"volumeAttachment": {"volumeId": disk}},
        expects="refused",
        change="a Xen server's disk has no device",
        control=control.id,
    )
    jobs.wait_out(refused)
    if disk in _ids(client, lease.id):
        _detach(client, jobs, lease, disk)
    with _attached(client, jobs, lease, disk, device="/dev/vdc"):
        shown = client.get(_devices(lease.id, disk))
        check("ecs.disks.attach/rule/device-on-xen", shown, "body", "volumeAttachment", "device", matches="^/dev/sd")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(rule, reason, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule))
        for rule, reason in {
            "ecs.disks.attach/rule/device-on-scsi-only": "no operation of the document tells which servers support only SCSI disks",
            "ecs.disks.attach/rule/too-many": "as many disks as a server can have would have to be bought",
            "ecs.disks.detach/rule/running": "no operation of the document tells whether an image has UVP VMTools",
        }.items()
    ],
)
def test_what_the_document_does_not_show(ecs_check: Check, rule: str, reason: str) -> None:
    """Rules that cannot be judged from outside."""
    ecs_check.not_tested(rule, reason)
