"""Rules of the operations on a server (6.13)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Lease, Servers, Supplies, Wait, read

_LIST, _SHOW = (f"nova.server-operations.{verb}/rule" for verb in ("list", "show"))
_ALL = ("body", "instanceActions", "*")
#: Seconds that the clocks of the target and of its servers may differ.
_SLACK = 300
#: Seconds that are as good as no limit.
_EVER = 10**9


def _server(server: str, rest: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}{rest}"


def _log(client: Client, server: str, request: str = "", **options: Any) -> Exchange:
    return client.get(_server(server, "/os-instance-actions" + (f"/{request}" if request else "")), **options)


def _do(client: Client, servers: Servers, lease: Lease, method: str, rest: str, body: object = None) -> Exchange:
    """Do something to a server and wait until it is over; raises `StepFailed` when it is refused."""
    done = client.request(method, _server(lease.id, rest), json=body)
    read(done)
    servers.wait_stable(lease.id)
    return done


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@pytest.mark.ecs_requirement(
    "nova.server-operations.list/rule/has-operations",
    "nova.server-operations.list/rule/has-create",
    "nova.server-operations.list/rule/all-operations",
    "nova.server-operations.list/rule/own-server",
    "nova.server-operations.list/rule/own-project",
    "nova.server-operations.list/rule/own-user",
    "nova.server-operations.list/rule/start-time",
    "nova.server-operations.list/rule/request-ids",
    "nova.server-operations.list/rule/request-id-shows",
    "nova.server-operations.show/rule/asked-request",
    "nova.server-operations.show/rule/own-server",
    "nova.server-operations.show/rule/same-as-list",
    "nova.server-operations.show/rule/other-server",
    "nova.server-operations.show/rule/has-events",
    "nova.server-operations.show/rule/finished",
    "nova.server-operations.show/rule/events-in-order",
    "nova.server-operations.show/rule/events-within",
    "nova.server-operations.show/rule/success-without-traceback",
)
def test_what_is_done_to_a_server_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Its creation, a restart, a stop and a start are there, each under its action, and each is shown with its events."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    known = read(_log(ecs_client, lease.id), "instanceActions")
    before = [entry["request_id"] for entry in known]
    for action in ("reboot", "os-stop", "os-start"):
        began = ecs_cases.endpoint_time()
        _do(ecs_client, ecs_servers, lease, "POST", "/action", {action: {"type": "SOFT"} if action == "reboot" else {}})
        listed = _log(ecs_client, lease.id)
        ecs_check(
            "nova.server-operations.list/rule/has-operations",
            listed,
            *_ALL,
            "action",
            contains=action.removeprefix("os-"),
        )
        ids = [entry["request_id"] for entry in known]
        ecs_check("nova.server-operations.list/rule/all-operations", listed, *_ALL, "request_id", includes=ids)
        known = read(listed, "instanceActions")
        new = [number for number, entry in enumerate(known) if entry["request_id"] not in ids]
        span = [began - _SLACK, ecs_cases.endpoint_time() + _SLACK]
        for number in new:
            place = ("body", "instanceActions", number, "start_time")
            ecs_check("nova.server-operations.list/rule/start-time", listed, *place, time_between=span)
    ecs_check.not_tested("nova.server-operations.list/rule/start-time", "no operation became listed")
    ecs_check("nova.server-operations.list/rule/has-create", listed, *_ALL, "action", contains="create")
    user = read(lease.show(), "server", "user_id")
    for rule, field, value in (
        ("own-server", "instance_uuid", lease.id),
        ("own-project", "project_id", ecs_client.project_id),
    ):
        ecs_check(f"{_LIST}/{rule}", listed, *_ALL, field, equals=[value] * len(known))
    for number, entry in enumerate(known):  # another user may have worked on the server before
        if entry["request_id"] not in before:
            place = ("body", "instanceActions", number, "user_id")
            ecs_check("nova.server-operations.list/rule/own-user", listed, *place, equals=user)
    ecs_check.not_tested("nova.server-operations.list/rule/own-user", "no operation became listed")
    for entry in known:
        ecs_check(
            "nova.server-operations.list/rule/request-ids", listed, *_ALL, "request_id", has_one=entry["request_id"]
        )
        _one(ecs_client, ecs_check, ecs_expect, lease, other, entry)
    nothing = "no operation is listed, or none was over"
    for rule in ("asked-request", "own-server", "same-as-list", "other-server", "has-events", "finished"):
        ecs_check.not_tested(f"{_SHOW}/{rule}", nothing)
    for rule in ("events-in-order", "events-within", "success-without-traceback"):
        ecs_check.not_tested(f"{_SHOW}/{rule}", "no event is shown")
    for rule in ("request-ids", "request-id-shows"):
        ecs_check.not_tested(f"{_LIST}/{rule}", nothing)


def _one(client: Client, check: Check, expect: Expect, lease: Lease, other: Lease, entry: dict[str, Any]) -> None:
    """Judge one operation, which is over, by itself."""
    request = entry["request_id"]
    shown, place = _log(client, lease.id, request), ("body", "instanceAction")
    check.accepted("nova.server-operations.list/rule/request-id-shows", shown)
    check("nova.server-operations.show/rule/asked-request", shown, *place, "request_id", equals=request)
    check("nova.server-operations.show/rule/own-server", shown, *place, "instance_uuid", equals=lease.id)
    for name in ("action", "start_time", "user_id", "project_id"):
        check("nova.server-operations.show/rule/same-as-list", shown, *place, name, equals=entry[name])
    path = _server(other.id, f"/os-instance-actions/{request}")
    others = read(_log(client, other.id), "instanceActions")
    if request not in [one["request_id"] for one in others]:  # one request may have made both servers
        expect(
            "nova.server-operations.show/rule/other-server",
            "GET",
            path,
            expects="not-found",
            change="it was done to another server",
        )
    check("nova.server-operations.show/rule/has-events", shown, *place, "events", 0, present=True)
    if shown.refused:
        return
    for number, event in enumerate(read(shown, "instanceAction", "events")):
        at = (*place, "events", number)
        for name in ("result", "finish_time"):
            check("nova.server-operations.show/rule/finished", shown, *at, name, matches=".")
        span = [_seconds(event["start_time"]), _EVER + _seconds(event["start_time"])]
        check("nova.server-operations.show/rule/events-in-order", shown, *at, "finish_time", time_between=span)
        span = [_seconds(entry["start_time"]), _EVER + _seconds(entry["start_time"])]
        check("nova.server-operations.show/rule/events-within", shown, *at, "start_time", time_between=span)
        if event["result"] == "Success":
            check(
                "nova.server-operations.show/rule/success-without-traceback", shown, *at, "traceback", one_of=[None, ""]
            )


@pytest.mark.ecs_requirement("nova.server-operations.list/rule/has-other-operations")
def test_other_operations_are_listed(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Locks, rebuilds, changes of the flavor, and disks and NICs that come and go, each under its action."""
    lease, image = ecs_servers("ACTIVE"), ecs_supplies.need("image_id")
    before = [one["action"] for one in read(_log(ecs_client, lease.id), "instanceActions")]
    for body in ({"lock": None}, {"unlock": None}, {"rebuild": {"imageRef": image}}):
        _do(ecs_client, ecs_servers, lease, "POST", "/action", body)
    for settled in ("confirmResize", "revertResize"):
        _do(
            ecs_client,
            ecs_servers,
            lease,
            "POST",
            "/action",
            {"resize": {"flavorRef": ecs_servers.other_flavor(lease)}},
        )
        if read(lease.show(), "server", "status") == "VERIFY_RESIZE":
            _do(ecs_client, ecs_servers, lease, "POST", "/action", {settled: None})
            _leave_verify_resize(ecs_servers, ecs_wait, lease)
    disk, network = ecs_supplies.disk(), ecs_supplies.need("network_id")
    coming: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("volume", "/os-volume_attachments", {"volumeAttachment": {"volumeId": disk}}, "volumeId"),
        ("interface", "/os-interface", {"interfaceAttachment": {"net_id": network}}, "port_id"),
    )
    for action, rest, addition, step in coming:
        attached = _do(ecs_client, ecs_servers, lease, "POST", rest, addition)
        path = f"{rest}/{read(attached, next(iter(addition)), step)}"
        if action == "volume":
            _in_use(ecs_client, ecs_wait, disk)
        _do(ecs_client, ecs_servers, lease, "DELETE", path)
        lease.spoilt = lease.spoilt or not ecs_wait.gone(_server(lease.id, path))
    listed = _log(ecs_client, lease.id)
    for action in (
        "lock",
        "unlock",
        "rebuild",
        "resize",
        "confirmResize",
        "revertResize",
        "attach_volume",
        "detach_volume",
        "attach_interface",
        "detach_interface",
    ):
        ecs_check(
            "nova.server-operations.list/rule/has-other-operations", listed, *_ALL, "action", includes=[*before, action]
        )


def _leave_verify_resize(servers: Servers, wait: Wait, lease: Lease) -> None:
    for _ in range(120):
        if read(lease.show(), "server", "status") != "VERIFY_RESIZE":
            break
        wait.sleep(1.0)
    servers.wait_stable(lease.id)


def _in_use(client: Client, wait: Wait, disk: str) -> None:
    for _ in range(120):
        if read(client.get(f"/v2.1/{{project_id}}/os-volumes/{disk}"), "volume", "status") == "in-use":
            return
        wait.sleep(1.0)
