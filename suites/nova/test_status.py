"""Rules of starting, restarting, stopping, rebuilding, imaging and monitoring through the native API (6.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Clients,
    Contract,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    Target,
    Wait,
    load_contract,
    read,
)
from pytest_ecs.exceptions import PrerequisiteMissing

from ..recipes.values import PASSWORD

pytestmark = pytest.mark.ecs_group("servers")

_START, _REBOOT = (
    f"nova.servers.{verb}/rule"
    for verb in (
        "start",
        "reboot",
    )
)
_IMAGE = "nova.servers.create-image/rule"
#: Seconds that a change may take to be seen.
_TRIES = 120


def _action(server: str) -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/action"


def _ended(servers: Servers, wait: Wait, lease: Lease, status: str) -> Exchange:
    """Wait until a server is stable and has a status; return the last query, whatever it shows."""
    for _ in range(_TRIES):
        servers.wait_stable(lease.id)
        shown = lease.show()
        if read(shown, "server", "status") == status:
            break
        wait.sleep(1.0)
    return shown


@pytest.mark.ecs_requirement(
    "nova.servers.stop/rule/stops", "nova.servers.stop/rule/type-default", "nova.servers.start/rule/starts"
)
def test_a_server_stops_and_starts(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """After a stop without a type the server is SHUTOFF, after a start ACTIVE."""
    lease = ecs_servers("ACTIVE")
    ecs_client.post(_action(lease.id), {"os-stop": {}})
    stopped = _ended(ecs_servers, ecs_wait, lease, "SHUTOFF")
    ecs_check("nova.servers.stop/rule/stops", stopped, "body", "server", "status", equals="SHUTOFF")
    ecs_check("nova.servers.stop/rule/type-default", stopped, "body", "server", "status", equals="SHUTOFF")
    ecs_client.post(_action(lease.id), {"os-start": {}})
    started = _ended(ecs_servers, ecs_wait, lease, "ACTIVE")
    ecs_check("nova.servers.start/rule/starts", started, "body", "server", "status", equals="ACTIVE")


@pytest.mark.ecs_requirement("nova.servers.stop/rule/soft-and-hard")
@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_both_kinds_of_stop_stop(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, kind: str
) -> None:
    """The server is SHUTOFF afterwards."""
    lease = ecs_servers("ACTIVE")
    ecs_client.post(_action(lease.id), {"os-stop": {"type": kind}})
    stopped = _ended(ecs_servers, ecs_wait, lease, "SHUTOFF")
    ecs_check("nova.servers.stop/rule/soft-and-hard", stopped, "body", "server", "status", equals="SHUTOFF")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param(
            "SOFT", "REBOOT", marks=pytest.mark.ecs_requirement("nova.servers.reboot/rule/soft-status"), id="soft"
        ),
        pytest.param(
            "HARD", "HARD_REBOOT", marks=pytest.mark.ecs_requirement("nova.servers.reboot/rule/hard-status"), id="hard"
        ),
    ],
)
@pytest.mark.ecs_requirement("nova.servers.reboot/rule/reboots", "nova.servers.reboot/rule/soft-and-hard")
def test_a_restarted_server_runs_again(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, kind: str, status: str
) -> None:
    """On the way the status is that of the restart's type; afterwards the server is ACTIVE."""
    lease = ecs_servers("ACTIVE")
    sent = ecs_client.post(_action(lease.id), {"reboot": {"type": kind}})
    on_the_way = ecs_wait.change(lease, "ACTIVE") if sent.accepted else None
    if on_the_way is None:
        if not sent.accepted:
            ecs_check.accepted("nova.servers.reboot/rule/soft-and-hard", sent)
        for rule in ("soft-and-hard", f"{kind.lower()}-status", "reboots"):
            ecs_check.not_tested(f"{_REBOOT}/{rule}", "the restart was refused, or too quick to be seen")
    else:
        ecs_check.accepted("nova.servers.reboot/rule/soft-and-hard", sent)
        for rule in ("soft-and-hard", f"{kind.lower()}-status"):
            ecs_check(f"{_REBOOT}/{rule}", on_the_way, "body", "server", "status", equals=status)
        ended = _ended(ecs_servers, ecs_wait, lease, "ACTIVE")
        ecs_check("nova.servers.reboot/rule/reboots", ended, "body", "server", "status", equals="ACTIVE")


_BODIES: dict[str, dict[str, object]] = {
    "start": {"os-start": {}},
    "reboot": {"reboot": {"type": "SOFT"}},
    "stop": {"os-stop": {}},
}


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        pytest.param(
            verb,
            state,
            id=verb,
            marks=pytest.mark.ecs_requirement(
                f"nova.servers.{verb}/rule/this-server-only", f"nova.servers.{verb}/rule/no-body"
            ),
        )
        for verb, state in (("start", "SHUTOFF"), ("reboot", "ACTIVE"), ("stop", "ACTIVE"))
    ],
)
def test_another_server_is_left_alone(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, verb: str, state: str
) -> None:
    """The answer has no body, and of two servers only the one in the URL changes."""
    lease, other = ecs_servers.batch(2, "ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    before = read(other.show(), "server", "updated")
    done = ecs_client.post(_action(lease.id), _BODIES[verb])
    ecs_check(f"nova.servers.{verb}/rule/no-body", done, "body", equals=None)
    ecs_servers.wait_stable(lease.id)
    ecs_check(f"nova.servers.{verb}/rule/this-server-only", other.show(), "body", "server", "updated", equals=before)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(
            "empty-object", {}, marks=pytest.mark.ecs_requirement("nova.servers.start/rule/empty-object"), id="object"
        ),
        pytest.param(
            "null-value", None, marks=pytest.mark.ecs_requirement("nova.servers.start/rule/null-value"), id="null"
        ),
    ],
)
def test_both_forms_of_nothing_start(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, rule: str, value: dict[str, str] | None
) -> None:
    """The table says null, the example an empty object; both are accepted."""
    lease = ecs_servers("SHUTOFF")
    started = ecs_client.post(_action(lease.id), {"os-start": value})
    ecs_check.accepted(f"{_START}/{rule}", started)
    ecs_servers.wait_stable(lease.id)


@pytest.mark.parametrize(
    ("requirement", "state", "verb"),
    [
        pytest.param(
            rule, state, verb, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule)
        )
        for rule, state, verb in (
            ("nova.servers.start/rule/already-running", "ACTIVE", "start"),
            ("nova.servers.stop/rule/already-stopped", "SHUTOFF", "stop"),
        )
    ],
)
def test_a_server_that_is_there_already_stays(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, requirement: str, state: str, verb: str
) -> None:
    """Starting a running server or stopping a stopped one changes nothing, whether it is accepted or refused."""
    lease = ecs_servers("ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    ecs_client.post(_action(lease.id), _BODIES[verb])
    ecs_servers.wait_stable(lease.id)
    ecs_check(requirement, lease.show(), "body", "server", "status", equals=state)


def _rebuild(
    client: Client, servers: Servers, lease: Lease, at: str = "2.1", **fields: object
) -> tuple[Exchange, list[Exchange]]:
    """Rebuild a server and wait for the end; return the answer, and the queries that showed it being rebuilt."""
    seen: list[Exchange] = []

    def look() -> None:
        shown = lease.show()
        task = read(shown, "server", "OS-EXT-STS:task_state")
        if isinstance(task, str) and task.lower().startswith("rebuild"):
            seen.append(shown)

    answer = client.post(_action(lease.id), {"rebuild": fields}, microversion=at)
    servers.wait_stable(lease.id, each=look)
    return answer, seen


@pytest.mark.ecs_requirement(
    "nova.servers.rebuild/rule/same-server",
    "nova.servers.rebuild/rule/own-project",
    "nova.servers.rebuild/rule/ends",
    "nova.servers.rebuild/rule/rebuild-status",
    "nova.servers.rebuild/rule/name-kept",
    "nova.servers.rebuild/rule/same-addresses",
    "nova.servers.rebuild/rule/this-server-only",
)
@pytest.mark.parametrize("state", ["ACTIVE", "SHUTOFF"])
def test_a_rebuilt_server_is_the_same(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, state: str
) -> None:
    """With what was not asked to change, and no other server changes."""
    lease, other = ecs_servers.batch(2, "ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    updated, before = read(other.show(), "server", "updated"), read(lease.show(), "server")
    answer, seen = _rebuild(ecs_client, ecs_servers, lease, imageRef=ecs_supplies.need("image_id"))
    check = ecs_check.after(answer)
    project = ecs_client.project_id
    check("nova.servers.rebuild/rule/same-server", answer, "body", "server", "id", equals=lease.id)
    check("nova.servers.rebuild/rule/own-project", answer, "body", "server", "tenant_id", equals=project)
    if seen:
        check("nova.servers.rebuild/rule/rebuild-status", seen[0], "body", "server", "status", equals="REBUILD")
    else:
        ecs_check.not_tested(
            "nova.servers.rebuild/rule/rebuild-status", "the rebuild was refused, or too quick to be seen"
        )
    shown = lease.show()
    check("nova.servers.rebuild/rule/ends", shown, "body", "server", "status", one_of=["ACTIVE", "SHUTOFF"])
    check("nova.servers.rebuild/rule/name-kept", shown, "body", "server", "name", equals=before["name"])
    for field in ("addresses", "flavor"):
        check("nova.servers.rebuild/rule/same-addresses", shown, "body", "server", field, equals=before[field])
    check("nova.servers.rebuild/rule/this-server-only", other.show(), "body", "server", "updated", equals=updated)


@pytest.mark.ecs_requirement("nova.servers.rebuild/rule/name-set", "nova.servers.rebuild/rule/metadata-set")
def test_a_rebuilt_server_has_what_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Its name, and its metadata."""
    lease, image = ecs_servers("ACTIVE"), ecs_supplies.need("image_id")
    name, pair = ecs_supplies.name("rebuilt"), ecs_supplies.name("pair")
    named, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=image, name=name)
    ecs_check.after(named)("nova.servers.rebuild/rule/name-set", lease.show(), "body", "server", "name", equals=name)
    marked, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=image, metadata={pair: "conformance"})
    check, at = ecs_check.after(marked), ("body", "server", "metadata", pair)
    check("nova.servers.rebuild/rule/metadata-set", lease.show(), *at, equals="conformance")
    ecs_client.delete(f"/v2.1/{{project_id}}/servers/{lease.id}/metadata/{pair}")


@pytest.mark.parametrize(
    ("requirement", "version", "form"),
    [
        pytest.param(rule, version, form, id=form, marks=pytest.mark.ecs_requirement(rule))
        for rule, version, form in (
            ("nova.servers.rebuild/rule/image-url", "2.1", "url"),
            ("nova.servers.rebuild/rule/admin-pass-ignored", "2.1", "password"),
            ("nova.servers.rebuild/rule/original-image", "2.47", "later"),
        )
    ],
)
def test_other_forms_of_a_rebuild(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    requirement: str,
    version: str,
    form: str,
) -> None:
    """With the URL of the image, with a password that is ignored, and at a later microversion."""
    lease, image = ecs_servers("ACTIVE"), ecs_supplies.need("image_id")
    fields: dict[str, object] = {"imageRef": image}
    if form == "url":
        fields["imageRef"] = f"{ecs_target.endpoint}/images/{image}"
    elif form == "password":
        fields["adminPass"] = PASSWORD
    answer, _ = _rebuild(ecs_client, ecs_servers, lease, version, **fields)
    ecs_check.accepted(requirement, answer)


_IMAGES = "/v2.1/{project_id}/images"
_SERVERS = "/v1/{project_id}/cloudservers"


@pytest.mark.ecs_requirement(
    "nova.servers.create-image/rule/location-is-image",
    "nova.servers.create-image/rule/no-location",
    "nova.servers.create-image/rule/no-location-at-2-44",
    "nova.servers.create-image/rule/server-stays",
    "nova.servers.create-image/rule/image-named",
    "nova.servers.create-image/rule/image-metadata",
    "nova.servers.create-image/rule/creates-servers",
    "nova.servers.create-image/rule/no-data-disks",
    "nova.servers.create-image/rule/same-az",
    "nova.servers.rebuild/rule/another-image",
    "nova.servers.create-image/rule/snapshots-stay",
    "ecs.servers.change-os/rule/success-changes",
)
def test_an_image_of_a_server_makes_servers(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It is named by the microversion, has the name and the metadata asked for, and servers come from it."""
    lease, name, pairs = ecs_servers("ACTIVE"), ecs_supplies.name("image"), {"purpose": "conformance"}
    ecs_check.not_tested(
        "nova.servers.create-image/rule/snapshots-stay", "no operation shows which snapshots an image has"
    )
    for version, rule in (("2.44", "no-location-at-2-44"), ("2.45", "no-location")):
        body = {"createImage": {"name": ecs_supplies.name("image")}}
        made = ecs_client.post(_action(lease.id), body, microversion=version)
        if ecs_check.accepted(f"{_IMAGE}/{rule}", made):
            ecs_check(f"{_IMAGE}/{rule}", made, "headers", "Location", absent=True)
        ecs_servers.wait_stable(lease.id)
    made = ecs_client.post(_action(lease.id), {"createImage": {"name": name, "metadata": pairs}})
    ecs_servers.wait_stable(lease.id)
    ecs_check("nova.servers.create-image/rule/server-stays", lease.show(), "body", "server", "status", equals="ACTIVE")
    ecs_check(
        "nova.servers.create-image/rule/location-is-image",
        made,
        "headers",
        "Location",
        matches=r"/[0-9A-Fa-f-]{32,36}/?$",
    )
    image = str(made.response_headers.get("location", "")).rstrip("/").rpartition("/")[2]
    shown = _usable(ecs_client, ecs_wait, image)
    if shown is None:
        listed = ecs_client.get(_IMAGES)
        if made.accepted and listed.accepted:  # images can be queried, and it is none
            ecs_check(
                "nova.servers.create-image/rule/image-named", listed, "body", "images", "*", "name", contains=name
            )
        for rule in ("image-named", "image-metadata", "creates-servers", "no-data-disks", "same-az"):
            ecs_check.not_tested(f"{_IMAGE}/{rule}", "the endpoint does not show the image, or it does not get ACTIVE")
        for rule in ("nova.servers.rebuild/rule/another-image", "ecs.servers.change-os/rule/success-changes"):
            ecs_check.not_tested(rule, "there is no second image")
        lease.release()
        return
    ecs_check("nova.servers.create-image/rule/image-named", shown, "body", "image", "name", equals=name)
    for key, value in pairs.items():
        ecs_check(
            "nova.servers.create-image/rule/image-metadata", shown, "body", "image", "metadata", key, equals=value
        )
    body = dict(ecs_servers.template(new := ecs_supplies.name("copy"), 1))
    zone = read(lease.show(), "server", "OS-EXT-AZ:availability_zone")
    body["server"] = {**body["server"], "imageRef": image, "availability_zone": zone}
    ecs_jobs.wait_out(ecs_client.post(_SERVERS, body))
    copies = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"name": new})
    ecs_check(
        "nova.servers.create-image/rule/creates-servers", copies, "body", "servers", "*", "status", equals=["ACTIVE"]
    )
    body = dict(ecs_servers.template(ecs_supplies.name("copy"), 1))
    disk: dict[str, Any] = {"volumetype": "SSD", "size": 100, "data_image_id": image}
    server: dict[str, Any] = {**body["server"], "availability_zone": zone, "data_volumes": [disk]}
    body["server"] = server
    refused = ecs_expect(
        "nova.servers.create-image/rule/no-data-disks",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change="a data disk is to come from it",
    )
    ecs_jobs.wait_out(refused)
    _elsewhere(ecs_client, ecs_check, ecs_expect, ecs_servers, ecs_supplies, ecs_jobs, zone, image)
    answer, _ = _rebuild(ecs_client, ecs_servers, lease, imageRef=image)
    ecs_check.accepted("nova.servers.rebuild/rule/another-image", answer)
    ecs_check("nova.servers.rebuild/rule/another-image", lease.show(), "body", "server", "image", "id", equals=image)
    # The image is deleted with the run, so that nobody else gets the server where it does not get back to the first.
    lease.spoilt = not _changed(ecs_client, ecs_check, ecs_servers, ecs_supplies, ecs_jobs, lease)


def _changed(client: Client, check: Check, servers: Servers, supplies: Supplies, jobs: Jobs, lease: Lease) -> bool:
    """Judge whether a server that came from another image gets the one of the run (5.2.2)."""
    servers.bring(lease, "SHUTOFF")
    image, user = supplies.need("image_id"), read(lease.show(), "server", "user_id")
    wanted = {"imageid": image, "keyname": supplies.need("key_name"), "userid": user}
    sent = client.post(f"/v2/{{project_id}}/cloudservers/{lease.id}/changeos", {"os-change": wanted})
    jobs.settle(sent, [lease])
    return check(
        "ecs.servers.change-os/rule/success-changes", lease.show(), "body", "server", "image", "id", equals=image
    )


def _elsewhere(
    client: Client,
    check: Check,
    expect: Expect,
    servers: Servers,
    supplies: Supplies,
    jobs: Jobs,
    zone: str,
    image: str,
) -> None:
    """Expect that no server comes from an image of one in another zone, where there could be one from another image."""
    try:
        other = supplies.other_zone(zone)
    except PrerequisiteMissing as missing:
        check.not_tested("nova.servers.create-image/rule/same-az", str(missing))
        return
    body = dict(servers.template(supplies.name("copy"), 1))
    body["server"] = {**body["server"], "availability_zone": other}
    control = client.post(_SERVERS, {**body, "dry_run": True})
    body["server"] = {**body["server"], "imageRef": image}
    refused = expect(
        "nova.servers.create-image/rule/same-az",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change="the image is one of a server elsewhere",
        control=control.id,
    )
    jobs.wait_out(refused)


def _usable(client: Client, wait: Wait, image: str) -> Exchange | None:
    """Wait until an image is ACTIVE and return the query that shows it; None where images are not shown."""
    for _ in range(600):
        shown = client.get(f"{_IMAGES}/{image}")
        if not image or not shown.accepted:
            return None
        if read(shown, "image", "status") == "ACTIVE":
            return shown
        wait.sleep(1.0)
    return None


_MONITORED = "/v1.0/servers/{}/action"


@pytest.mark.ecs_requirement(
    "nova.servers.monitor/rule/null-value",
    "nova.servers.monitor/rule/again",
    "nova.servers.monitor/rule/error-codes",
    "nova.servers.monitor/rule/no-body",
)
def test_a_server_is_put_on_the_monitoring_list(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """Once, and again with or without success; an unknown server is refused with a code of A.2."""
    lease, body = ecs_servers("ACTIVE"), {"monitorMetrics": None}
    done = ecs_client.post(_MONITORED.format(lease.id), body)
    ecs_check.accepted("nova.servers.monitor/rule/null-value", done)
    ecs_check("nova.servers.monitor/rule/no-body", done, "body", equals=None)
    again = ecs_client.post(_MONITORED.format(lease.id), body)
    if again.refused:
        refused = ecs_contract.expectation("wrong-state", "nova").statuses
        ecs_check("nova.servers.monitor/rule/again", again, "status", one_of=sorted(refused))
    else:
        ecs_check.accepted("nova.servers.monitor/rule/again", again)
    ecs_expect(
        "nova.servers.monitor/rule/error-codes",
        "POST",
        _MONITORED.format(ecs_supplies.unknown_id()),
        json=body,
        expects="not-found",
        change="there is no such server",
    )


@pytest.mark.ecs_requirement("nova.servers.monitor/rule/own-project")
def test_another_project_does_not_monitor(ecs_clients: Clients, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """The token says which project is meant."""
    (lease,) = ecs_servers.shared("ACTIVE")
    ecs_expect(
        "nova.servers.monitor/rule/own-project",
        "POST",
        _MONITORED.format(lease.id),
        json={"monitorMetrics": None},
        expects="foreign-server",
        change="the server is another project's",
        client=ecs_clients("other_project"),
    )


@pytest.mark.parametrize(
    ("rule", "action", "resource"),
    [
        pytest.param(rule, action, resource, id=action, marks=pytest.mark.ecs_requirement(rule))
        for rule, action, resource in (
            ("nova.servers.rebuild/rule/error-state", "rebuild", "image_id"),
            ("nova.servers.create-image/rule/error-state", "createImage", None),
        )
    ],
)
def test_a_server_in_error_is_refused(
    ecs_target: Target,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    rule: str,
    action: str,
    resource: str | None,
) -> None:
    """Where a target can be put into it: such a server is not rebuilt, and no image is made of it."""
    hook = ecs_target.control
    if hook is None:
        ecs_check.not_tested(rule, "no request brings a server into the state")
        return
    control, lease = ecs_cases.control(load_contract().requirements[rule].subject), ecs_servers("ACTIVE")
    body = {"imageRef": ecs_supplies.need(resource)} if resource else {"name": ecs_supplies.name("no")}
    hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": "error"})
    answer = ecs_expect(
        rule,
        "POST",
        _action(lease.id),
        json={action: body},
        expects="wrong-state",
        change="the server is in error",
        control=control.id,
    )
    hook("PUT", f"/_mock/servers/{lease.id}/state", {"vm_state": None})
    lease.spoilt = answer.accepted


@pytest.mark.ecs_requirement("nova.servers.reboot/rule/stopped")
def test_a_stopped_server_is_not_restarted(
    ecs_client: Client, ecs_contract: Contract, ecs_check: Check, ecs_servers: Servers
) -> None:
    """It is refused, or runs in the end."""
    lease = ecs_servers("SHUTOFF")
    answer = ecs_client.post(_action(lease.id), {"reboot": {"type": "SOFT"}})
    if answer.refused:
        refused = ecs_contract.expectation("wrong-state", "nova").statuses
        ecs_check("nova.servers.reboot/rule/stopped", answer, "status", one_of=sorted(refused))
    else:
        ecs_servers.wait_stable(lease.id)
        ecs_check("nova.servers.reboot/rule/stopped", lease.show(), "body", "server", "status", equals="ACTIVE")
