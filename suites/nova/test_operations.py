"""Rules of the operations on a server (6.13)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Exchange, Expect, Lease, Servers, Supplies, Wait, read, url_of

_ALL = ("body", "instanceActions", "*")
#: Seconds that the clocks of the target and of its servers may differ.
_SLACK = 300
#: Seconds that are as good as no limit.
_EVER = 10**9


def _server(server: str, rest: str = "") -> str:
    return url_of("nova.servers.show", server_id=server) + rest


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


def _entries(client: Client, lease: Lease) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(_log(client, lease.id), "instanceActions")
    return found


def _some(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first and the last of each action: a server that was used for long lists hundreds."""
    of_action: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        of_action.setdefault(str(entry.get("action")), []).append(entry)
    return [one for alike in of_action.values() for one in alike[:1] + alike[1:][-1:]]


@pytest.mark.parametrize(
    ("action", "value"),
    [("reboot", {"type": "SOFT"}), ("os-stop", {}), ("os-start", {})],
    ids=["reboot", "stop", "start"],
)
@pytest.mark.ecs_requirement(
    "nova.server-operations.list/rule/has-operations",
    "nova.server-operations.list/rule/all-operations",
    "nova.server-operations.list/rule/start-time",
    "nova.server-operations.list/rule/own-user",
)
def test_what_is_done_to_a_server_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, action: str, value: dict[str, Any]
) -> None:
    """A restart, a stop and a start are there, each under its action, beside what was there before."""
    lease = ecs_servers("SHUTOFF" if action == "os-start" else "ACTIVE")
    before = [entry["request_id"] for entry in _entries(ecs_client, lease)]
    began = ecs_cases.endpoint_time()
    _do(ecs_client, ecs_servers, lease, "POST", "/action", {action: value})
    listed, word = _log(ecs_client, lease.id), action.removeprefix("os-")
    at = (*_ALL, "action")
    ecs_check("nova.server-operations.list/rule/has-operations", listed, *at, contains=word)
    at = (*_ALL, "request_id")
    ecs_check("nova.server-operations.list/rule/all-operations", listed, *at, includes=before)
    span = [began - _SLACK, ecs_cases.endpoint_time() + _SLACK]
    user = read(lease.show(), "server", "user_id")
    # Another user may have worked on the server before.
    new = [n for n, entry in enumerate(read(listed, "instanceActions")) if entry["request_id"] not in before]
    for number in new:
        place = ("body", "instanceActions", number)
        ecs_check("nova.server-operations.list/rule/start-time", listed, *place, "start_time", time_between=span)
        ecs_check("nova.server-operations.list/rule/own-user", listed, *place, "user_id", equals=user)
    if not new:
        for rule in ("nova.server-operations.list/rule/start-time", "nova.server-operations.list/rule/own-user"):
            ecs_check.not_tested(rule, "no operation became listed")


@pytest.mark.ecs_requirement(
    "nova.server-operations.list/rule/has-create",
    "nova.server-operations.list/rule/own-server",
    "nova.server-operations.list/rule/own-project",
    "nova.server-operations.list/rule/request-ids",
)
def test_the_list_is_the_servers_own(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """From its creation on, each operation once."""
    lease = _worked_on(ecs_client, ecs_servers)
    listed = _log(ecs_client, lease.id)
    known = read(listed, "instanceActions")
    ecs_check("nova.server-operations.list/rule/has-create", listed, *_ALL, "action", contains="create")
    ids, count = (*_ALL, "request_id"), len(known)
    project = [ecs_client.project_id] * count
    at = (*_ALL, "instance_uuid")
    ecs_check("nova.server-operations.list/rule/own-server", listed, *at, equals=[lease.id] * count)
    ecs_check("nova.server-operations.list/rule/own-project", listed, *_ALL, "project_id", equals=project)
    for entry in known:
        ecs_check("nova.server-operations.list/rule/request-ids", listed, *ids, has_one=entry["request_id"])
    if not known:
        ecs_check.not_tested("nova.server-operations.list/rule/request-ids", "no operation is listed")


def _worked_on(client: Client, servers: Servers) -> Lease:
    """Return a server that was restarted."""
    lease = servers("ACTIVE")
    _do(client, servers, lease, "POST", "/action", {"reboot": {"type": "SOFT"}})
    return lease


@pytest.mark.ecs_requirement(
    "nova.server-operations.list/rule/request-id-shows",
    "nova.server-operations.show/rule/asked-request",
    "nova.server-operations.show/rule/own-server",
    "nova.server-operations.show/rule/same-as-list",
    "nova.server-operations.show/rule/other-server",
)
def test_an_operation_is_shown(ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """By its request, as the list has it, and not for another server: the first and the last of each action."""
    lease, (other,) = _worked_on(ecs_client, ecs_servers), ecs_servers.shared("ACTIVE")
    shows, others = "nova.server-operations.list/rule/request-id-shows", _entries(ecs_client, other)
    known = _some(_entries(ecs_client, lease))
    for entry in known:
        request = entry["request_id"]
        shown, place = _log(ecs_client, lease.id, request), ("body", "instanceAction")
        ecs_check.accepted(shows, shown)
        check = ecs_check.after(shown)
        check("nova.server-operations.show/rule/asked-request", shown, *place, "request_id", equals=request)
        check("nova.server-operations.show/rule/own-server", shown, *place, "instance_uuid", equals=lease.id)
        for name in ("action", "start_time", "user_id", "project_id"):
            check("nova.server-operations.show/rule/same-as-list", shown, *place, name, equals=entry.get(name))
        if lease.id != other.id and request not in [one["request_id"] for one in others]:
            ecs_expect(  # one request may have made both servers
                "nova.server-operations.show/rule/other-server",
                "GET",
                _server(other.id, f"/os-instance-actions/{request}"),
                expects="not-found",
                change="it was done to another server",
                control=shown.id,
            )
    if not known:
        for rule in (shows, "nova.server-operations.show/rule/asked-request"):
            ecs_check.not_tested(rule, "no operation is listed")
    reason = "no operation is listed that another server does not have, too"
    ecs_check.not_tested("nova.server-operations.show/rule/other-server", reason)


@pytest.mark.ecs_requirement(
    "nova.server-operations.show/rule/has-events",
    "nova.server-operations.show/rule/finished",
    "nova.server-operations.show/rule/events-in-order",
    "nova.server-operations.show/rule/events-within",
    "nova.server-operations.show/rule/success-without-traceback",
)
def test_an_operation_has_events(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """They are over, begin after the operation and before they end, and a success has no traceback."""
    lease = _worked_on(ecs_client, ecs_servers)
    traceback = "nova.server-operations.show/rule/success-without-traceback"
    with ecs_later:
        for entry in _some(_entries(ecs_client, lease)):
            shown = _log(ecs_client, lease.id, entry["request_id"])
            _has_events(ecs_check.after(shown).later(ecs_later), shown, entry, traceback)
    for rule in (
        "nova.server-operations.show/rule/finished",
        "nova.server-operations.show/rule/events-in-order",
        "nova.server-operations.show/rule/events-within",
        traceback,
    ):
        ecs_check.not_tested(rule, "no event is shown")


def _has_events(check: Check, shown: Exchange, entry: dict[str, Any], traceback: str) -> None:
    """Judge the events of an operation, which is listed as *entry*."""
    place = ("body", "instanceAction", "events")
    check("nova.server-operations.show/rule/has-events", shown, *place, 0, present=True)
    for number, event in enumerate((shown.json_object.get("instanceAction") or {}).get("events") or []):
        at = (*place, number)
        for name in ("result", "finish_time"):
            check("nova.server-operations.show/rule/finished", shown, *at, name, matches=".")
        span = [_seconds(event["start_time"]), _EVER + _seconds(event["start_time"])]
        check("nova.server-operations.show/rule/events-in-order", shown, *at, "finish_time", time_between=span)
        span = [_seconds(entry["start_time"]), _EVER + _seconds(entry["start_time"])]
        check("nova.server-operations.show/rule/events-within", shown, *at, "start_time", time_between=span)
        if event.get("result") == "Success":
            check(traceback, shown, *at, "traceback", one_of=[None, ""])


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
    for _ in wait.polls(until="a resized server has another status"):
        if read(lease.show(), "server", "status") != "VERIFY_RESIZE":
            break
    servers.wait_stable(lease.id)


def _in_use(client: Client, wait: Wait, disk: str) -> None:
    for _ in wait.polls(until="a disk is in use"):
        if read(client.get(url_of("deprecated.disks.show", volume_id=disk)), "volume", "status") == "in-use":
            return
