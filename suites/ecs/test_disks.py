"""Rules of attaching and detaching disks (5.6.1, 5.6.2); see test_devices.py and test_disk_queries.py for the rest."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Jobs, Servers, Supplies, Wait, read
from pytest_ecs.typing import JSON, ServerState

from ..provoking import provoked
from .attaching import (
    IDS,
    VOLUMES,
    attach_path,
    attached,
    detach,
    detach_path,
    devices,
    ids_of,
    native_path,
    send,
)
from .creating import SERVERS

pytestmark = pytest.mark.ecs_group("servers")


@pytest.mark.parametrize("state", ["SHUTOFF", "ACTIVE"])
@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/success-attaches",
    "ecs.disks.attach/rule/running-and-stopped",
    "ecs.disks.attach/rule/this-server-only",
    "ecs.disks.attach/rule/dry-run-default",
)
def test_a_disk_is_attached(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    state: ServerState,
) -> None:
    """To a stopped and to a running server; it is one more disk of that server alone."""
    ecs_cases.beforehand("ecs.disks.attach", "ecs.disks.show")
    lease, other = ecs_servers.batch(2, state)
    disk, before, theirs = ecs_supplies.disk(), ids_of(ecs_client, lease.id), ids_of(ecs_client, other.id)
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        ecs_check.accepted("ecs.disks.attach/rule/running-and-stopped", sent)
        check, listed = ecs_check.after(sent), ecs_client.get(devices(lease.id))
        check("ecs.disks.attach/rule/success-attaches", listed, *IDS, same_items=[*before, disk])
        check("ecs.disks.attach/rule/dry-run-default", listed, *IDS, contains=disk)
        check("ecs.disks.attach/rule/running-and-stopped", listed, *IDS, contains=disk)
        look = lambda: ecs_client.get(devices(other.id))  # noqa: E731 - it is about this server
        check.stays("ecs.disks.attach/rule/this-server-only", look, *IDS, same_items=theirs)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/dry-run-false")
def test_a_request_that_is_not_only_checked_attaches(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """dry_run may be said to be false."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk, {"dry_run": False}) as sent:
        ecs_check.accepted("ecs.disks.attach/rule/dry-run-false", sent)
        listed = ecs_client.get(devices(lease.id))
        ecs_check.after(sent)("ecs.disks.attach/rule/dry-run-false", listed, *IDS, contains=disk)


@pytest.mark.ecs_requirement(
    "ecs.disks.attach/rule/already-attached",
    "ecs.disks.attach/rule/not-available",
    "ecs.disks.attach/rule/dry-run-restrictions",
)
def test_an_attached_disk_is_refused(
    ecs_client: Client,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """By the server that has it, also where that is only asked for, and by another one."""
    lease, other = ecs_servers.batch(2, "SHUTOFF")
    disk = ecs_supplies.disk()
    fields: tuple[tuple[str, str, str, dict[str, JSON]], ...] = (
        ("ecs.disks.attach/rule/already-attached", lease.id, "the server has the disk", {}),
        ("ecs.disks.attach/rule/not-available", other.id, "another server has the disk", {}),
        ("ecs.disks.attach/rule/dry-run-restrictions", lease.id, "the server has the disk", {"dry_run": True}),
    )
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        read(sent)
        # What the claims are about: were the disk free, a refusal would be wrong.
        ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="in-use")
        for requirement, server, change, more in fields:
            refused = ecs_expect(
                requirement,
                "POST",
                attach_path(server),
                json={"volumeAttachment": {"volumeId": disk}, **more},
                expects="refused",
                change=change,
                control=sent.id,
            )
            ecs_jobs.wait_out(refused)
            other.spoilt = other.spoilt or (refused.accepted and server == other.id)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/same-az", "A.2/Ecs.0121")
def test_a_disk_of_another_zone_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Where a flavor names a second zone, and a disk can be created there."""
    control = ecs_cases.control("ecs.disks.attach")
    lease = ecs_servers("SHUTOFF")
    zone = ecs_supplies.other_zone(str(read(lease.show(), "server", "OS-EXT-AZ:availability_zone")))
    body = {"volume": {"size": 10, "display_name": ecs_supplies.name("far"), "availability_zone": zone}}
    disk = str(ecs_supplies.make(VOLUMES, body, "volume", "id"))
    ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="available")
    refused = ecs_expect(
        "ecs.disks.attach/rule/same-az",
        "POST",
        attach_path(lease.id),
        json={"volumeAttachment": {"volumeId": disk}},
        expects="refused",
        change="the disk is in another availability zone",
        control=control.id,
    )
    provoked(ecs_check, ecs_jobs, refused, "A.2/Ecs.0121")
    if refused.accepted and ecs_client.get(native_path(lease.id, disk)).accepted:
        detach(ecs_client, ecs_jobs, ecs_wait, lease, disk)
    ecs_client.delete(f"{VOLUMES}/{disk}")


@pytest.mark.parametrize(
    ("requirement", "query"),
    [
        pytest.param(requirement, query, id=name, marks=pytest.mark.ecs_requirement(requirement, kept))
        for name, requirement, kept, query in (
            ("omitted", "ecs.disks.detach/rule/flag-omitted", "ecs.disks.detach/rule/disk-kept", {}),
            ("zero", "ecs.disks.detach/rule/flag-zero", "ecs.disks.detach/rule/disk-kept", {"delete_flag": "0"}),
            (
                "one",
                "ecs.disks.detach/rule/flag-one",
                "ecs.disks.detach/rule/flag-one-keeps-disk",
                {"delete_flag": "1"},
            ),
        )
    ],
)
@pytest.mark.ecs_requirement(
    "ecs.disks.detach/rule/success-detaches",
    "ecs.disks.detach/rule/stopped",
    "ecs.disks.detach/rule/this-disk-only",
)
def test_a_disk_is_detached_and_kept(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    requirement: str,
    query: dict[str, str],
) -> None:
    """Without the flag, with 0 and with 1 it leaves its stopped server, which keeps the others, and can come back."""
    ecs_cases.beforehand("ecs.disks.detach")
    lease = ecs_servers("SHUTOFF")
    disk, before = ecs_supplies.disk(), ids_of(ecs_client, lease.id)
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        read(sent)
        ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="in-use")
        detached = ecs_client.delete(detach_path(lease.id, disk), query=query)
        ecs_jobs.settle(detached, [lease])
        if detached.accepted and "job_id" not in detached.json_object:  # nothing says when it is over
            ecs_wait.gone(native_path(lease.id, disk))
        ecs_check.accepted(requirement, detached)
        check, listed = ecs_check.after(detached), ecs_client.get(devices(lease.id))
        for claim in (requirement, "ecs.disks.detach/rule/success-detaches", "ecs.disks.detach/rule/stopped"):
            check(claim, listed, *IDS, lacks=disk)
        look = lambda: ecs_client.get(devices(lease.id))  # noqa: E731 - it is about this server
        check.stays("ecs.disks.detach/rule/this-disk-only", look, *IDS, includes=before)
    kept = ecs_check.after(detached)
    shown = ecs_client.get(f"{VOLUMES}/{disk}")
    if requirement == "ecs.disks.detach/rule/flag-one":
        kept.accepted("ecs.disks.detach/rule/flag-one-keeps-disk", shown)
    elif kept.accepted("ecs.disks.detach/rule/disk-kept", shown):
        with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as again:
            kept.accepted("ecs.disks.detach/rule/disk-kept", again)


@pytest.mark.ecs_requirement("ecs.disks.detach/rule/unknown-disk", "ecs.disks.detach/rule/not-attached")
def test_a_disk_that_the_server_does_not_have_is_not_detached(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """One that nobody has, one that is at no server, and one that another server has, which keeps it."""
    control = ecs_cases.attempt("ecs.disks.detach")
    lease, other = ecs_servers.batch(2, "SHUTOFF")
    disk = ecs_supplies.disk()

    def absent(requirement: str, path: str, change: str) -> None:
        refused = ecs_expect(
            requirement,
            "DELETE",
            path,
            expects="absent-disk",
            change=change,
            control=control.id,
        )
        ecs_jobs.wait_out(refused)

    unknown = detach_path(lease.id, ecs_supplies.unknown_id())
    absent("ecs.disks.detach/rule/unknown-disk", unknown, "no disk has the id")
    absent("ecs.disks.detach/rule/not-attached", detach_path(lease.id, disk), "no server has the disk")
    with attached(ecs_client, ecs_jobs, ecs_wait, lease, disk) as sent:
        read(sent)
        ecs_wait.until(f"{VOLUMES}/{disk}", "volume", "status", equals="in-use")
        absent("ecs.disks.detach/rule/not-attached", detach_path(other.id, disk), "another server has the disk")
        look = lambda: ecs_client.get(devices(lease.id))  # noqa: E731 - it is about this server
        ecs_check.stays("ecs.disks.detach/rule/not-attached", look, *IDS, contains=disk)


@pytest.mark.ecs_requirement("ecs.disks.attach/rule/dry-run-accepted", "ecs.disks.attach/rule/dry-run-changes-nothing")
def test_a_checked_request_changes_nothing(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """dry_run attaches nothing."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    before = ids_of(ecs_client, lease.id)
    sent = send(ecs_client, ecs_jobs, lease, disk, {"dry_run": True})
    ecs_check.accepted("ecs.disks.attach/rule/dry-run-accepted", sent)
    look = lambda: ecs_client.get(devices(lease.id))  # noqa: E731 - it is about this server
    kept = ecs_check.after(sent).stays("ecs.disks.attach/rule/dry-run-changes-nothing", look, *IDS, same_items=before)
    lease.spoilt = sent.accepted and not kept


@pytest.mark.parametrize("fields", [{"volume_type": "SSD"}, {"volume_type": "SSD", "count": 1}], ids=["type", "count"])
@pytest.mark.ecs_requirement("ecs.disks.attach/rule/dry-run-without-disk")
def test_a_check_needs_no_disk(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, fields: dict[str, JSON]
) -> None:
    """With a type alone, and with a number of disks."""
    lease = ecs_servers("SHUTOFF")
    sent = send(ecs_client, ecs_jobs, lease, None, {"dry_run": True}, **fields)
    ecs_check.accepted("ecs.disks.attach/rule/dry-run-without-disk", sent)


@pytest.mark.parametrize("word", ["true", "false"])
@pytest.mark.ecs_requirement("ecs.disks.attach/rule/passthrough-words")
def test_either_kind_of_disk_can_be_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs, word: str
) -> None:
    """As text, in a request that is only checked."""
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    plain = send(ecs_client, ecs_jobs, lease, disk, {"dry_run": True})
    sent = send(ecs_client, ecs_jobs, lease, disk, {"dry_run": True}, **{"hw:passthrough": word})
    ecs_check.after(plain).accepted("ecs.disks.attach/rule/passthrough-words", sent)


@pytest.mark.parametrize(
    ("requirement", "body", "change"),
    [
        pytest.param(requirement, body, change, id=name, marks=pytest.mark.ecs_requirement(requirement))
        for name, requirement, body, change in (
            (
                "form",
                "ecs.disks.attach/rule/dry-run-checks",
                {"volumeAttachment": {"volumeId": "no-uuid"}},
                "volumeId is no UUID",
            ),
            ("mandatory", "ecs.disks.attach/rule/dry-run-checks", {}, "volumeAttachment is left out"),
            (
                "type",
                "ecs.disks.attach/rule/dry-run-needs-type",
                {"volumeAttachment": {"count": 1}},
                "there is neither volumeId nor volume_type",
            ),
        )
    ],
)
def test_a_checked_request_still_reports_errors(
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    requirement: str,
    body: dict[str, JSON],
    change: str,
) -> None:
    """dry_run refuses what the request itself would be refused for."""
    control = ecs_cases.control("ecs.disks.attach", check_only=True)
    (lease,) = ecs_servers.shared("SHUTOFF")
    ecs_expect(
        requirement,
        "POST",
        attach_path(lease.id),
        json={**body, "dry_run": True},
        expects="invalid",
        change=change,
        codes=ecs_expect.codes_of("ecs.disks.attach", "volumeAttachment.volumeId"),
        control=control.id,
    )


@pytest.mark.ecs_requirement("ecs.disks.detach/rule/running")
def test_a_running_server_lets_a_data_disk_go(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Where its image has the tools for it."""
    body = ecs_servers.template(ecs_supplies.name("tools"), 1)
    body["server"]["imageRef"] = ecs_supplies.need("tools_image_id")
    lease = ecs_servers.own(ecs_client.post(SERVERS, body))
    disk, rule = ecs_supplies.disk(), "ecs.disks.detach/rule/running"
    read(send(ecs_client, ecs_jobs, lease, disk))
    detached = detach(ecs_client, ecs_jobs, ecs_wait, lease, disk)
    ecs_check.accepted(rule, detached)
    ecs_check.after(detached)(rule, ecs_client.get(devices(lease.id)), *IDS, lacks=disk)
