"""Rules of installing systems (5.2.1, 5.2.2), of migrating (5.2.3) and of modifying specifications (5.2.4)."""

from __future__ import annotations

import base64
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
    Target,
    Wait,
    exactly,
    read,
)
from pytest_ecs.exceptions import PrerequisiteMissing

#: Operation -> the key of its body and the end of its URL.
_SYSTEMS = {
    "ecs.servers.reinstall-os": ("os-reinstall", "reinstallos"),
    "ecs.servers.change-os": ("os-change", "changeos"),
}


def _path(server: str) -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/resize"


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/success-resizes", "ecs.servers.resize/rule/dry-run-default")
def test_the_flavor_changes(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """After the job of a request without dry_run the server has the new flavor."""
    lease = ecs_servers("SHUTOFF")
    wanted = ecs_servers.other_flavor(lease)
    ecs_jobs.settle(ecs_client.post(_path(lease.id), {"resize": {"flavorRef": wanted}}), [lease])
    shown = lease.show()
    ecs_check("ecs.servers.resize/rule/success-resizes", shown, "body", "server", "flavor", "id", equals=wanted)
    ecs_check("ecs.servers.resize/rule/dry-run-default", shown, "body", "server", "flavor", "id", equals=wanted)


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/only-when-stopped")
def test_a_running_server_is_not_resized(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """The request for an active server is refused, or its job fails."""
    lease = ecs_servers("ACTIVE")
    control = ecs_cases.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_servers.other_flavor(lease)}}
    refused = ecs_expect(
        "ecs.servers.resize/rule/only-when-stopped",
        "POST",
        _path(lease.id),
        json=body,
        expects="wrong-state",
        change="the server is active",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "ecs.servers.resize/rule/dry-run-accepted", "ecs.servers.resize/rule/dry-run-changes-nothing"
)
def test_a_checked_request_changes_nothing(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """dry_run answers 202 and the flavor stays."""
    lease = ecs_servers("SHUTOFF")
    before = ecs_servers.flavor_of(lease)
    checked = ecs_client.post(
        _path(lease.id), {"dry_run": True, "resize": {"flavorRef": ecs_servers.other_flavor(lease)}}
    )
    ecs_jobs.settle(checked, [lease])
    ecs_check("ecs.servers.resize/rule/dry-run-accepted", checked, "status", equals=202)
    ecs_check(
        "ecs.servers.resize/rule/dry-run-changes-nothing", lease.show(), "body", "server", "flavor", "id", equals=before
    )


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/dry-run-checks")
def test_a_checked_request_still_reports_errors(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """dry_run without a flavor is refused."""
    (lease,) = ecs_servers.shared("SHUTOFF")
    control = ecs_cases.control("ecs.servers.resize", check_only=True)
    ecs_expect(
        "ecs.servers.resize/rule/dry-run-checks",
        "POST",
        _path(lease.id),
        json={"dry_run": True, "resize": {}},
        expects="invalid",
        change="flavorRef is left out",
        control=control.id,
    )


@pytest.mark.ecs_requirement("ecs.servers.resize/rule/same-flavor")
def test_the_same_flavor_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs) -> None:
    """A resize to the flavor that the server has is refused, or its job fails."""
    (lease,) = ecs_servers.shared("SHUTOFF")
    control = ecs_cases.control("ecs.servers.resize")
    body = {"resize": {"flavorRef": ecs_servers.flavor_of(lease)}}
    refused = ecs_expect(
        "ecs.servers.resize/rule/same-flavor",
        "POST",
        _path(lease.id),
        json=body,
        expects="same-flavor",
        change="the flavor is the one it has",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


def _install(client: Client, supplies: Supplies, jobs: Jobs, operation: str, lease: Lease, **more: Any) -> Exchange:
    """Install a server's system, and wait for the job."""
    key, verb = _SYSTEMS[operation]
    shown = read(lease.show(), "server")
    wanted = {"userid": shown["user_id"], "keyname": supplies.need("key_name")}
    if key == "os-change":
        wanted["imageid"] = supplies.need("image_id")
    how = {name: value for name, value in {**wanted, **more}.items() if value is not None}
    sent = client.post(f"/v2/{{project_id}}/cloudservers/{lease.id}/{verb}", {key: how})
    jobs.settle(sent, [lease])
    return sent


def _stopped(client: Client, jobs: Jobs, lease: Lease) -> None:
    """Stop a server that was started by what was done to it."""
    if read(lease.show(), "server", "status") != "SHUTOFF":
        jobs.settle(client.post(f"/v2.1/{{project_id}}/servers/{lease.id}/action", {"os-stop": {}}), [lease])


def _disks(client: Client, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client.get(f"/v2.1/servers/{server}/block_device"), "volumeAttachments")
    return found


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(
            operation,
            id=operation,
            marks=pytest.mark.ecs_requirement(
                *(
                    f"{operation}/rule/{rule}"
                    for rule in (
                        "system-disk-replaced",
                        "data-disks-kept",
                        "ends",
                        "key-pair-set",
                        "without-key",
                        "user-data-accepted",
                        "only-when-stopped",
                        *(
                            ("success-reinstalls", "mode-accepted")
                            if operation.endswith("reinstall-os")
                            else ("success-changes", "user-default")
                        ),
                    )
                ),
            ),
        )
        for operation in _SYSTEMS
    ],
)
def test_the_system_is_installed_anew(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    operation: str,
) -> None:
    """On another system disk, beside the same data disks, of the right image; only on a stopped server."""
    rule, reinstall = f"{operation}/rule", operation.endswith("reinstall-os")
    lease, disk = ecs_servers("SHUTOFF"), ecs_supplies.disk()
    attach = f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments"
    (system,) = exactly(1, (entry["volumeId"] for entry in _disks(ecs_client, lease.id)), "the server's only disk")
    ecs_supplies.make(attach, {"volumeAttachment": {"volumeId": disk}})
    ecs_wait.until(f"/v2.1/{{project_id}}/os-volumes/{disk}", "volume", "status", equals="in-use")
    image = read(lease.show(), "server", "image", "id")
    _install(ecs_client, ecs_supplies, ecs_jobs, operation, lease)
    shown = lease.show()
    wanted = image if reinstall else ecs_supplies.need("image_id")
    claim = f"{rule}/{'success-reinstalls' if reinstall else 'success-changes'}"
    ecs_check(claim, shown, "body", "server", "image", "id", equals=wanted)
    ecs_check(f"{rule}/ends", shown, "body", "server", "status", one_of=["ACTIVE", "SHUTOFF"])
    ecs_check(f"{rule}/key-pair-set", shown, "body", "server", "key_name", equals=ecs_supplies.need("key_name"))
    listed = ecs_client.get(f"/v2.1/servers/{lease.id}/block_device")
    ids = ("body", "volumeAttachments", "*", "volumeId")
    indices = ("volumeAttachments", "*", "bootIndex")
    # 0 or false is the system disk (ruling block-device-boot-index).
    first = False if any(index is False for index in read(listed, *indices)) else 0
    ecs_check(claim, listed, "body", *indices, contains=first)
    ecs_check(f"{rule}/system-disk-replaced", listed, *ids, lacks=system)
    ecs_check(f"{rule}/data-disks-kept", listed, *ids, contains=disk)
    _stopped(ecs_client, ecs_jobs, lease)
    data = {"user_data": base64.b64encode(b"#" * 32_000).decode()}
    accepted: list[tuple[str, dict[str, Any]]] = [
        ("user-data-accepted", {"metadata": data}),
        ("without-key", {"keyname": None}),
    ]
    accepted.append(("mode-accepted", {"mode": "withStopServer"}) if reinstall else ("user-default", {"userid": None}))
    for name, more in accepted:
        sent = _install(ecs_client, ecs_supplies, ecs_jobs, operation, lease, **more)
        ecs_check.accepted(f"{rule}/{name}", sent)
        _stopped(ecs_client, ecs_jobs, lease)
    ecs_client.delete(f"{attach}/{disk}")
    if not ecs_wait.gone(f"{attach}/{disk}"):
        lease.spoilt = True
    lease.release()
    running = ecs_servers("ACTIVE")
    key, verb = _SYSTEMS[operation]
    control = ecs_cases.control(operation)
    body = {name: value for name, value in control.request_body[key].items() if name not in {"mode", "metadata"}}
    refused = ecs_expect(
        f"{rule}/only-when-stopped",
        "POST",
        f"/v2/{{project_id}}/cloudservers/{running.id}/{verb}",
        json={key: body},
        expects="wrong-state",
        change="the server runs",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


_MIGRATE = "ecs.servers.migrate/rule"
_HOST = ("body", "server", "os:scheduler_hints", "dedicated_host_id")


def _migrate(client: Client, jobs: Jobs, lease: Lease, host: str | None) -> Exchange:
    """Move a server to a dedicated host, or with None to the public pool, and wait for the end; return its query."""
    where = None if host is None else {"dedicated_host_id": host}
    sent = client.post(f"/v1/{{project_id}}/cloudservers/{lease.id}/migrate", {"migrate": where})
    read(sent)
    jobs.settle(sent, [lease])
    return lease.show()


def _stays(
    cases: Cases, expect: Expect, jobs: Jobs, rule: str, lease: Lease, host: str | None, expects: str, change: str
) -> None:
    """Claim that a migration is refused, at once or by its job; where it is not, nobody gets the server again."""
    control = cases.control("ecs.servers.migrate")
    where = None if host is None else {"dedicated_host_id": host}
    refused = expect(
        f"{_MIGRATE}/{rule}",
        "POST",
        f"/v1/{{project_id}}/cloudservers/{lease.id}/migrate",
        json={"migrate": where},
        expects=expects,
        change=change,
        control=control.id,
    )
    lease.spoilt = lease.spoilt or refused.accepted
    jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "ecs.servers.migrate/rule/success-to-host",
    "ecs.servers.migrate/rule/success-to-pool",
    "ecs.servers.migrate/rule/server-kept",
    "ecs.servers.migrate/rule/same-host",
    "ecs.servers.migrate/rule/pool-to-pool",
    "nova.servers.show/rule/hints-on-dedicated-host",
    "nova.servers.list-detail/rule/hints-on-dedicated-host",
    "ecs.servers.create/rule/az-of-dedicated-host",
)
def test_a_stopped_server_moves_to_a_host_and_back(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """It is on the host that was named, then on none, and otherwise what it was; where it is already it does not go."""
    host = ecs_supplies.need("dedicated_host_id")
    ecs_cases.control("ecs.servers.migrate")
    lease = ecs_servers("SHUTOFF")
    before = read(lease.show(), "server")
    shown = _migrate(ecs_client, ecs_jobs, lease, host)
    ecs_check("ecs.servers.migrate/rule/success-to-host", shown, *_HOST, contains=host)
    _hinted(ecs_client, ecs_check, lease, shown, present=True)
    for field in ("id", "flavor", "addresses", "os-extended-volumes:volumes_attached"):
        ecs_check("ecs.servers.migrate/rule/server-kept", shown, "body", "server", field, equals=before[field])
    _stays(ecs_cases, ecs_expect, ecs_jobs, "same-host", lease, host, "refused", "the server is on that host already")
    _elsewhere(
        ecs_client,
        ecs_check,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        host,
        str(read(shown, "server", "OS-EXT-AZ:availability_zone")),
    )
    shown = _migrate(ecs_client, ecs_jobs, lease, None)
    ecs_check("ecs.servers.migrate/rule/success-to-pool", shown, *_HOST, absent=True)
    _hinted(ecs_client, ecs_check, lease, shown, absent=True)
    _stays(
        ecs_cases, ecs_expect, ecs_jobs, "pool-to-pool", lease, None, "refused", "the server is on no dedicated host"
    )


def _elsewhere(
    client: Client, check: Check, expect: Expect, servers: Servers, supplies: Supplies, jobs: Jobs, host: str, zone: str
) -> None:
    """Expect that no server is created on a host in another zone than the host's, *zone*."""
    rule = "ecs.servers.create/rule/az-of-dedicated-host"
    try:
        other = supplies.other_zone(zone)
    except PrerequisiteMissing as missing:
        check.not_tested(rule, str(missing))
        return
    path, body = "/v1/{project_id}/cloudservers", dict(servers.template(supplies.name("no"), 1))
    hints = {"tenancy": "dedicated", "dedicated_host_id": host}
    there, elsewhere = (
        {"server": {**body["server"], "os:scheduler_hints": hints, "availability_zone": one}} for one in (zone, other)
    )
    control = client.post(path, {**there, "dry_run": True})
    refused = expect(
        rule,
        "POST",
        path,
        json=elsewhere,
        expects="refused",
        change="the dedicated host is in another zone",
        control=control.id,
    )
    jobs.wait_out(refused)


def _hinted(client: Client, check: Check, lease: Lease, shown: Exchange, **test: bool) -> None:
    """Judge whether both views of a server show the hints of its creation, which those on a dedicated host have."""
    check("nova.servers.show/rule/hints-on-dedicated-host", shown, "body", "server", "os:scheduler_hints", **test)
    name = read(shown, "server", "name")
    listed = client.get("/v2.1/{project_id}/servers/detail", query={"name": name, "limit": "1000"})
    ids = [server["id"] for server in read(listed, "servers")]
    if lease.id in ids:
        at = ("body", "servers", ids.index(lease.id), "os:scheduler_hints")
        check("nova.servers.list-detail/rule/hints-on-dedicated-host", listed, *at, **test)
    else:
        check.not_tested("nova.servers.list-detail/rule/hints-on-dedicated-host", "the list does not have the server")


@pytest.mark.ecs_requirement("ecs.servers.migrate/rule/success-between-hosts")
def test_a_server_moves_between_hosts(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """From one dedicated host to another."""
    host, other = ecs_supplies.need("dedicated_host_id"), ecs_supplies.need("other_dedicated_host_id")
    ecs_cases.control("ecs.servers.migrate")
    lease = ecs_servers("SHUTOFF")
    _migrate(ecs_client, ecs_jobs, lease, host)
    ecs_check(
        "ecs.servers.migrate/rule/success-between-hosts",
        _migrate(ecs_client, ecs_jobs, lease, other),
        *_HOST,
        contains=other,
    )
    _migrate(ecs_client, ecs_jobs, lease, None)


@pytest.mark.ecs_requirement("ecs.servers.migrate/rule/only-when-stopped")
def test_a_running_server_does_not_move(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The request for an active server is refused, or its job fails."""
    lease = ecs_servers("ACTIVE")
    host = ecs_supplies.need("dedicated_host_id")
    _stays(ecs_cases, ecs_expect, ecs_jobs, "only-when-stopped", lease, host, "wrong-state", "the server is active")


@pytest.mark.ecs_requirement("ecs.servers.migrate/rule/numa")
def test_a_host_without_room(ecs_check: Check) -> None:
    """A host whose room is spread over NUMA nodes cannot be asked for."""
    ecs_check.not_tested(
        "ecs.servers.migrate/rule/numa", "no option names a dedicated host without room on a single NUMA node"
    )


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(operation, id=operation, marks=pytest.mark.ecs_requirement(f"{operation}/rule/needs-system-disk"))
        for operation in _SYSTEMS
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
) -> None:
    """Without it nothing is installed; it is attached again under its device afterwards."""
    rule, (key, verb) = f"{operation}/rule/needs-system-disk", _SYSTEMS[operation]
    control = ecs_cases.control(operation)
    body = {name: value for name, value in control.request_body[key].items() if name not in {"mode", "metadata"}}
    lease = ecs_servers("SHUTOFF")
    path = f"/v2.1/{{project_id}}/servers/{lease.id}/os-volume_attachments"
    attached = read(ecs_client.get(path), "volumeAttachments")
    (system,) = exactly(1, attached, "the server's only disk")
    lease.spoilt = True  # until it is as it was
    detached = ecs_client.delete(f"{path}/{system['volumeId']}")
    if detached.accepted and ecs_wait.gone(f"{path}/{system['volumeId']}"):
        refused = ecs_expect(
            rule,
            "POST",
            f"/v2/{{project_id}}/cloudservers/{lease.id}/{verb}",
            json={key: body},
            expects="refused",
            change="the server has no system disk",
            control=control.id,
        )
        ecs_jobs.wait_out(refused)
        ecs_client.post(path, {"volumeAttachment": {"volumeId": system["volumeId"], "device": system["device"]}})
        ecs_wait.until(f"/v2.1/{{project_id}}/os-volumes/{system['volumeId']}", "volume", "status", equals="in-use")
        lease.spoilt = refused.accepted
    else:
        ecs_check.not_tested(rule, "the system disk of a stopped server is not detached")


@pytest.mark.parametrize(
    ("operation", "rule", "reason"),
    [
        pytest.param(
            operation,
            "needs-cloud-init",
            "no operation of the document tells whether an image has Cloud-Init",
            id=f"{operation}-needs-cloud-init",
            marks=pytest.mark.ecs_requirement(f"{operation}/rule/needs-cloud-init"),
        )
        for operation in _SYSTEMS
    ]
    + [
        pytest.param(
            "ecs.servers.change-os",
            "user-preferred",
            "no option names a second user with a key pair",
            id="user-preferred",
            marks=pytest.mark.ecs_requirement("ecs.servers.change-os/rule/user-preferred"),
        )
    ],
)
def test_what_a_target_does_not_have(ecs_check: Check, operation: str, rule: str, reason: str) -> None:
    """Rules that need more than a run can be given."""
    ecs_check.not_tested(f"{operation}/rule/{rule}", reason)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(
            operation,
            id=operation,
            marks=pytest.mark.ecs_requirement(
                f"{operation}/rule/after-failure", f"{operation}/rule/no-other-operation"
            ),
        )
        for operation in _SYSTEMS
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
) -> None:
    """During it nothing else is done to the server; a server whose installation failed, where that can be arranged, gets another."""
    rule, (key, verb) = f"{operation}/rule", _SYSTEMS[operation]
    control = ecs_cases.control(operation)
    body = {name: value for name, value in control.request_body[key].items() if name not in {"mode", "metadata"}}
    lease, hook = ecs_servers("SHUTOFF"), ecs_target.control
    kinds = {"reinstallos": "reinstallServer", "changeos": "changeServerOs"}
    if hook is not None:
        hook("POST", "/_mock/fail", {"job_type": kinds[verb], "code": "Ecs.0204"})
    sent = ecs_client.post(f"/v2/{{project_id}}/cloudservers/{lease.id}/{verb}", {key: body})
    other = None
    if ecs_wait.change(lease, "SHUTOFF") is None:
        ecs_check.not_tested(f"{rule}/no-other-operation", "the installation was too quick to be seen")
    else:
        start = {"os-start": {"servers": [{"id": lease.id}]}}
        other = ecs_client.post("/v1/{project_id}/cloudservers/action", start)
        ecs_jobs.wait_out(other)
    ecs_jobs.wait_out(sent)
    ecs_servers.wait_stable(lease.id)
    if other is not None:
        _forbidden(ecs_check, ecs_jobs, f"{rule}/no-other-operation", other, sent, ordered=hook is not None)
    if hook is None:
        ecs_check.not_tested(f"{rule}/after-failure", "no installation failed in this run")
    else:
        again = _install(ecs_client, ecs_supplies, ecs_jobs, operation, lease)
        ecs_check.accepted(f"{rule}/after-failure", again)
        ecs_check(f"{rule}/after-failure", lease.show(), "body", "server", "status", equals="ACTIVE")
    _stopped(ecs_client, ecs_jobs, lease)


def _forbidden(check: Check, jobs: Jobs, rule: str, other: Exchange, installation: Exchange, *, ordered: bool) -> None:
    """Judge an operation during an installation: it is refused, at once or by its job, or the installation fails.

    Where the failure of the installation was *ordered* it says nothing.
    """
    if not installation.accepted:
        check.not_tested(rule, "no system was installed")
    elif not other.accepted:
        check(rule, other, "status", one_of=[400, 403, 404, 409])
    else:
        ends = [jobs.queries(str(read(one, "job_id")))[-1] for one in (other, installation)]
        failed = [end for end in ends[: 1 if ordered else 2] if read(end, "status") == "FAIL"]
        check(rule, (failed or ends)[0], "body", "status", equals="FAIL")
