"""Rules of starting, restarting and stopping through the native API (6.3.1 to 6.3.3)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pytest_ecs import Afterwards, Check, Client, Exchange, Lease, Servers, Wait, read, url_of
from pytest_ecs.typing import JSON, ServerState

from .untouched import Act, untouched

pytestmark = pytest.mark.ecs_group("servers")

_STATUS = ("body", "server", "status")


def _act(client: Client, lease: Lease, action: str, value: JSON) -> Exchange:
    return client.post(url_of("nova.servers.start", server_id=lease.id), {action: value})


def _ended(servers: Servers, wait: Wait, lease: Lease, sent: Exchange, status: str) -> Exchange:
    """Wait until a server is stable and, where *sent* was accepted, has a status; return the last query, whatever it shows."""
    for _ in wait.polls():
        servers.wait_stable(lease.id)
        shown = lease.show()
        if read(shown, "server", "status") == status or not sent.accepted:
            break
    return shown


@pytest.mark.ecs_requirement("nova.servers.start/rule/starts")
def test_a_server_starts(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """A stopped server is ACTIVE afterwards."""
    lease = ecs_servers("SHUTOFF")
    sent = _act(ecs_client, lease, "os-start", {})
    started = _ended(ecs_servers, ecs_wait, lease, sent, "ACTIVE")
    ecs_check.after(sent)("nova.servers.start/rule/starts", started, *_STATUS, equals="ACTIVE")


@pytest.mark.ecs_requirement("nova.servers.stop/rule/type-default")
def test_a_server_stops_without_a_type(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """It is accepted, and the server is SHUTOFF afterwards."""
    lease = ecs_servers("ACTIVE")
    sent = _act(ecs_client, lease, "os-stop", {})
    stopped = _ended(ecs_servers, ecs_wait, lease, sent, "SHUTOFF")
    if ecs_check.accepted("nova.servers.stop/rule/type-default", sent):
        ecs_check("nova.servers.stop/rule/type-default", stopped, *_STATUS, equals="SHUTOFF")


@pytest.mark.ecs_requirement("nova.servers.stop/rule/stops", "nova.servers.stop/rule/soft-and-hard")
@pytest.mark.parametrize("type_", ["SOFT", "HARD"])
def test_both_types_of_stop_stop(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, type_: str
) -> None:
    """The server is SHUTOFF afterwards."""
    lease = ecs_servers("ACTIVE")
    sent = _act(ecs_client, lease, "os-stop", {"type": type_})
    stopped = _ended(ecs_servers, ecs_wait, lease, sent, "SHUTOFF")
    ecs_check.after(sent)("nova.servers.stop/rule/stops", stopped, *_STATUS, equals="SHUTOFF")
    if ecs_check.accepted("nova.servers.stop/rule/soft-and-hard", sent):
        ecs_check("nova.servers.stop/rule/soft-and-hard", stopped, *_STATUS, equals="SHUTOFF")


@pytest.mark.parametrize(
    ("type_", "status", "shows"),
    [
        pytest.param(type_, status, shows, marks=pytest.mark.ecs_requirement(shows), id=type_.lower())
        for type_, status, shows in (
            ("SOFT", "REBOOT", "nova.servers.reboot/rule/soft-status"),
            ("HARD", "HARD_REBOOT", "nova.servers.reboot/rule/hard-status"),
        )
    ],
)
@pytest.mark.ecs_requirement("nova.servers.reboot/rule/reboots", "nova.servers.reboot/rule/soft-and-hard")
def test_a_restarted_server_runs_again(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, type_: str, status: str, shows: str
) -> None:
    """On the way the status is that of the restart's type; afterwards the server is ACTIVE."""
    lease = ecs_servers("ACTIVE")
    sent = _act(ecs_client, lease, "reboot", {"type": type_})
    on_the_way = ecs_wait.change(lease, "ACTIVE") if sent.accepted else None
    ecs_check.accepted("nova.servers.reboot/rule/soft-and-hard", sent)
    check = ecs_check.after(sent)
    if on_the_way is None:
        for rule in ("nova.servers.reboot/rule/reboots", "nova.servers.reboot/rule/soft-and-hard", shows):
            ecs_check.not_tested(rule, "the restart was refused, or too quick to be seen")
        return
    check(shows, on_the_way, *_STATUS, equals=status)
    ended = _ended(ecs_servers, ecs_wait, lease, sent, "ACTIVE")
    check("nova.servers.reboot/rule/reboots", ended, *_STATUS, equals="ACTIVE")
    check("nova.servers.reboot/rule/soft-and-hard", ended, *_STATUS, equals="ACTIVE")


#: What is done to a server: the rules that it has no body and that no other server changes, the action and its value.
_Done = tuple[str, str, str, dict[str, Any]]
_START: _Done = ("nova.servers.start/rule/no-body", "nova.servers.start/rule/this-server-only", "os-start", {})
_REBOOT: _Done = (
    "nova.servers.reboot/rule/no-body",
    "nova.servers.reboot/rule/this-server-only",
    "reboot",
    {"type": "SOFT"},
)
_STOP: _Done = (
    "nova.servers.stop/rule/no-body",
    "nova.servers.stop/rule/this-server-only",
    "os-stop",
    {"type": "SOFT"},
)


@pytest.mark.parametrize(
    ("state", "done"),
    [
        pytest.param(
            state, done, id=state, marks=pytest.mark.ecs_requirement(*(rule for one in done for rule in one[:2]))
        )
        for state, done in (("SHUTOFF", [_START]), ("ACTIVE", [_REBOOT, _STOP]))
    ],
)
def test_another_server_is_left_alone(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    state: ServerState,
    done: list[_Done],
) -> None:
    """The answer has no body, and of two servers only the one in the URL changes."""
    lease, other = ecs_servers.batch(2, state)

    def act(no_body: str, action: str, value: dict[str, Any]) -> Check:
        sent = _act(ecs_client, lease, action, value)
        check = ecs_check.after(sent)
        check(no_body, sent, "body", equals=None)
        ecs_servers.wait_stable(lease.id)
        return check

    acts: dict[str, Act] = {alone: partial(act, no_body, action, value) for no_body, alone, action, value in done}
    with ecs_later:
        untouched(ecs_check.later(ecs_later), acts, other.show, "body", "server", "updated")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(rule, value, marks=pytest.mark.ecs_requirement(rule), id=form)
        for rule, value, form in (
            ("nova.servers.start/rule/empty-object", {}, "object"),
            ("nova.servers.start/rule/null-value", None, "null"),
        )
    ],
)
def test_both_forms_of_nothing_start(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_wait: Wait,
    rule: str,
    value: dict[str, Any] | None,
) -> None:
    """The table says null, the example an empty object; both are accepted."""
    lease = ecs_servers("SHUTOFF")
    sent = _act(ecs_client, lease, "os-start", value)
    ecs_check.accepted(rule, sent)
    _ended(ecs_servers, ecs_wait, lease, sent, "ACTIVE")


@pytest.mark.parametrize(
    ("rule", "state", "action"),
    [
        pytest.param(rule, state, action, id=action, marks=pytest.mark.ecs_requirement(rule))
        for rule, state, action in (
            ("nova.servers.start/rule/already-running", "ACTIVE", "os-start"),
            ("nova.servers.stop/rule/already-stopped", "SHUTOFF", "os-stop"),
        )
    ],
)
def test_a_server_that_is_there_already_stays(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    rule: str,
    state: ServerState,
    action: str,
) -> None:
    """Starting a running server or stopping a stopped one changes nothing, whether it is accepted or refused."""
    lease = ecs_servers(state)
    _act(ecs_client, lease, action, {})
    ecs_servers.wait_stable(lease.id)
    with ecs_later:
        ecs_check.later(ecs_later).stays(rule, lease.show, *_STATUS, equals=state)


@pytest.mark.ecs_requirement("nova.servers.reboot/rule/stopped")
def test_a_stopped_server_is_not_restarted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """It is refused, or runs in the end."""
    lease = ecs_servers("SHUTOFF")
    sent = _act(ecs_client, lease, "reboot", {"type": "SOFT"})
    if sent.accepted:
        ended = _ended(ecs_servers, ecs_wait, lease, sent, "ACTIVE")
        ecs_check("nova.servers.reboot/rule/stopped", ended, *_STATUS, equals="ACTIVE")
    else:
        ecs_check.refused("nova.servers.reboot/rule/stopped", sent, "wrong-state")
