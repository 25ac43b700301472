"""Rules of installing systems (5.2.1, 5.2.2)."""

from __future__ import annotations

import base64

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
    Target,
    Wait,
    exactly,
    read,
    url_of,
)
from pytest_ecs.exceptions import JobError, PrerequisiteMissing, StepFailed
from pytest_ecs.typing import JSON

from .installing import CHANGE, REINSTALL, attachments, body_of, disks_of, install, path_of, stop, with_disk

_IDS = ("body", "volumeAttachments", "*", "volumeId")


@pytest.mark.parametrize(
    ("operation", "succeeds", "replaced", "kept", "ends", "key"),
    [
        pytest.param(operation, *rules, id=operation, marks=pytest.mark.ecs_requirement(*rules))
        for operation, *rules in (
            (
                REINSTALL,
                "ecs.servers.reinstall-os/rule/success-reinstalls",
                "ecs.servers.reinstall-os/rule/system-disk-replaced",
                "ecs.servers.reinstall-os/rule/data-disks-kept",
                "ecs.servers.reinstall-os/rule/ends",
                "ecs.servers.reinstall-os/rule/key-pair-set",
            ),
            (
                CHANGE,
                "ecs.servers.change-os/rule/success-changes",
                "ecs.servers.change-os/rule/system-disk-replaced",
                "ecs.servers.change-os/rule/data-disks-kept",
                "ecs.servers.change-os/rule/ends",
                "ecs.servers.change-os/rule/key-pair-set",
            ),
        )
    ],
)
def test_a_system_is_installed(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    operation: str,
    succeeds: str,
    replaced: str,
    kept: str,
    ends: str,
    key: str,
) -> None:
    """Of the right image, on a new disk beside the same data disks; the server runs or is stopped, and shows the key pair."""
    lease = ecs_servers("SHUTOFF")
    (system,) = exactly(1, (entry["volumeId"] for entry in disks_of(ecs_client, lease.id)), "the server's only disk")
    wanted = read(lease.show(), "server", "image", "id")
    if operation == CHANGE:
        wanted = ecs_supplies.need("image_id")
    with with_disk(ecs_client, ecs_supplies, ecs_jobs, ecs_wait, lease) as disk:
        check = ecs_check.after(install(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, operation, lease))
        shown = lease.show()
        check(succeeds, shown, "body", "server", "image", "id", equals=wanted)
        check(ends, shown, "body", "server", "status", one_of=["ACTIVE", "SHUTOFF"])
        check(key, shown, "body", "server", "key_name", equals=ecs_supplies.need("key_name"))
        listed = ecs_client.get(url_of("ecs.disks.list", server_id=lease.id))
        check(replaced, listed, *_IDS, lacks=system)
        look = lambda: ecs_client.get(url_of("ecs.disks.list", server_id=lease.id))  # noqa: E731 - it is about this server
        check.stays(kept, look, *_IDS, contains=disk)
        indices = ("volumeAttachments", "*", "bootIndex")
        # 0 or false is the system disk (ruling block-device-boot-index).
        first = False if any(index is False for index in read(listed, *indices)) else 0
        check(succeeds, listed, "body", *indices, contains=first)


_DATA: dict[str, JSON] = {"metadata": {"user_data": base64.b64encode(b"#" * 32_000).decode()}}


#: Details that go together.
_DETAILS: dict[str, dict[str, dict[str, JSON]]] = {
    REINSTALL: {
        "ecs.servers.reinstall-os/rule/user-data-accepted": _DATA,
        "ecs.servers.reinstall-os/rule/without-key": {"keyname": None},
        "ecs.servers.reinstall-os/rule/mode-accepted": {"mode": "withStopServer"},
    },
    CHANGE: {
        "ecs.servers.change-os/rule/user-data-accepted": _DATA,
        "ecs.servers.change-os/rule/without-key": {"keyname": None},
        "ecs.servers.change-os/rule/user-default": {"userid": None},
    },
}


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        pytest.param(operation, requirement, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for operation, details in _DETAILS.items()
        for requirement in details
    ],
)
def test_a_documented_field_is_accepted(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    operation: str,
    requirement: str,
) -> None:
    """Or left out, where it may be: with the others, or where those are refused alone."""

    def installed(*details: dict[str, JSON]) -> Exchange:
        lease = ecs_servers("SHUTOFF")
        fields = {name: value for detail in details for name, value in detail.items()}
        sent = install(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, operation, lease, **fields)
        stop(ecs_client, ecs_jobs, lease)
        return sent

    def together() -> Exchange | None:
        try:
            return installed(*_DETAILS[operation].values())
        except (JobError, PrerequisiteMissing, StepFailed):
            return None

    sent = ecs_supplies.once(f"{operation} with each detail", together)
    if sent is None or not sent.accepted:
        sent = installed(_DETAILS[operation][requirement])
    ecs_check.accepted(requirement, sent)


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        pytest.param(*row, id=row[0], marks=pytest.mark.ecs_requirement(row[1]))
        for row in (
            (REINSTALL, "ecs.servers.reinstall-os/rule/only-when-stopped"),
            (CHANGE, "ecs.servers.change-os/rule/only-when-stopped"),
        )
    ],
)
def test_a_running_server_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs, operation: str, requirement: str
) -> None:
    """At once or by the job."""
    control, running = ecs_cases.control(operation), ecs_servers("ACTIVE")
    refused = ecs_expect(
        requirement,
        "POST",
        path_of(operation, running.id),
        json=body_of(operation, control),
        expects="wrong-state",
        change="the server runs",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        pytest.param(*row, id=row[0], marks=pytest.mark.ecs_requirement(row[1]))
        for row in (
            (REINSTALL, "ecs.servers.reinstall-os/rule/needs-system-disk"),
            (CHANGE, "ecs.servers.change-os/rule/needs-system-disk"),
        )
    ],
)
def test_a_server_needs_its_system_disk(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    operation: str,
    requirement: str,
) -> None:
    """Without it nothing is installed; it is attached again under its device afterwards."""
    control, lease = ecs_cases.control(operation), ecs_servers("SHUTOFF")
    attached = read(ecs_client.get(attachments(lease.id)), "volumeAttachments")
    (system,) = exactly(1, attached, "the server's only disk")
    disk, device = str(system["volumeId"]), system["device"]
    lease.spoilt = True  # until it is as it was
    detached = ecs_client.delete(attachments(lease.id, disk))
    went = detached.accepted and ecs_wait.gone(attachments(lease.id, disk))
    if not went or read(ecs_client.get(attachments(lease.id)), "volumeAttachments"):
        ecs_check.not_tested(requirement, "the system disk of a stopped server is not detached")
        return
    refused = ecs_expect(
        requirement,
        "POST",
        path_of(operation, lease.id),
        json=body_of(operation, control),
        expects="refused",
        change="the server has no system disk",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)
    ecs_client.post(attachments(lease.id), {"volumeAttachment": {"volumeId": disk, "device": device}})
    ecs_wait.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
    lease.spoilt = refused.accepted


@pytest.mark.parametrize(
    ("operation", "requirement"),
    [
        pytest.param(*row, id=row[1], marks=pytest.mark.ecs_requirement(row[1]))
        for row in (
            (REINSTALL, "ecs.servers.reinstall-os/rule/needs-cloud-init"),
            (CHANGE, "ecs.servers.change-os/rule/needs-cloud-init"),
        )
    ],
)
def test_an_image_without_an_agent_is_not_installed(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    operation: str,
    requirement: str,
) -> None:
    """Neither on a server that was made from it, nor on another one: it is refused, or the job fails."""
    image, control = ecs_supplies.need("plain_image_id"), ecs_cases.control(operation)
    body = body_of(operation, control)
    if operation == CHANGE:
        lease = ecs_servers("SHUTOFF")
        body["os-change"]["imageid"] = image
    else:
        wanted = ecs_servers.template(ecs_supplies.name("plain"), 1)
        wanted["server"]["imageRef"] = image
        lease = ecs_servers.own(ecs_client.post(url_of("ecs.servers.create"), wanted), "SHUTOFF")
    refused = ecs_expect(
        requirement,
        "POST",
        path_of(operation, lease.id),
        json=body,
        expects="refused",
        change="the image has no Cloud-Init",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)
    lease.spoilt = lease.spoilt or refused.accepted


@pytest.mark.parametrize(
    ("operation", "job_type", "after_failure", "no_other"),
    [
        pytest.param(*row, id=row[0], marks=pytest.mark.ecs_requirement(row[2], row[3]))
        for row in (
            (
                REINSTALL,
                "reinstallServer",
                "ecs.servers.reinstall-os/rule/after-failure",
                "ecs.servers.reinstall-os/rule/no-other-operation",
            ),
            (
                CHANGE,
                "changeServerOs",
                "ecs.servers.change-os/rule/after-failure",
                "ecs.servers.change-os/rule/no-other-operation",
            ),
        )
    ],
)
def test_an_installation_fails_and_is_repeated(
    ecs_client: Client,
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    operation: str,
    job_type: str,
    after_failure: str,
    no_other: str,
) -> None:
    """During it nothing else is done to the server; a server whose installation failed, where that can be arranged, gets another."""
    body, hook = body_of(operation, ecs_cases.control(operation)), ecs_target.control
    lease = ecs_servers("SHUTOFF")
    if hook is not None:
        hook("POST", "/_mock/fail", {"job_type": job_type})
    sent = ecs_client.post(path_of(operation, lease.id), body)
    other = _meanwhile(ecs_client, ecs_jobs, ecs_wait, lease) if sent.accepted else None
    ecs_jobs.wait_out(sent)
    ecs_servers.wait_stable(lease.id)
    if other is None:
        ecs_check.not_tested(no_other, "the installation was too quick to be seen, or was refused")
    else:
        _forbidden(ecs_check, ecs_jobs, no_other, other, sent, ordered=hook is not None)
    if hook is None:
        ecs_check.not_tested(after_failure, "no installation failed in this run")
    else:
        again = install(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, operation, lease)
        ecs_check.accepted(after_failure, again)
        ecs_check.after(again)(after_failure, lease.show(), "body", "server", "status", equals="ACTIVE")
    stop(ecs_client, ecs_jobs, lease)


def _meanwhile(client: Client, jobs: Jobs, wait: Wait, lease: Lease) -> Exchange | None:
    """Start a server while its system is installed; return the answer, None when that was not seen."""
    if wait.change(lease, "SHUTOFF") is None:
        return None
    other = client.post(url_of("ecs.servers.batch-start"), {"os-start": {"servers": [{"id": lease.id}]}})
    jobs.wait_out(other)
    return other


def _forbidden(check: Check, jobs: Jobs, rule: str, other: Exchange, installation: Exchange, *, ordered: bool) -> None:
    """Judge an operation during an installation: it is refused, at once or by its job, or the installation fails.

    Where the failure of the installation was *ordered* it says nothing.
    """
    if not other.accepted:
        check.not_accepted(rule, other)
        return
    ends = [jobs.queries(str(read(one, "job_id")))[-1] for one in (other, installation)]
    failed = [end for end in ends[: 1 if ordered else 2] if read(end, "status") == "FAIL"]
    check(rule, (failed or ends)[0], "body", "status", equals="FAIL")
