"""Rules of changing the flavor through the native API (6.3.8 to 6.3.10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Lease, Servers, Target, Wait, read, url_of
from pytest_ecs.typing import JSON, ServerState

_FLAVOR = ("body", "server", "flavor", "id")
_STATUS = ("body", "server", "status")
#: What confirms a new flavor (6.3.9), and what rolls it back (6.3.10).
_ACTIONS = {"confirm-resize": "confirmResize", "revert-resize": "revertResize"}


def _act(client: Client, server: str, action: str, value: JSON = None) -> Exchange:
    return client.post(_path(server), {action: value})


def _path(server: str) -> str:
    return url_of("nova.servers.resize", server_id=server)


def _watched(
    servers: Servers, wait: Wait, lease: Lease, task: str, over: Callable[[JSON, JSON], bool]
) -> Exchange | None:
    """Wait until a server is stable and *over* says of its status and its flavor that the change is done.

    Return the first query that showed a task whose name begins with *task*.
    """
    found: list[Exchange] = []

    def look() -> None:
        shown = lease.show()
        doing = read(shown, "server", "OS-EXT-STS:task_state")
        if isinstance(doing, str) and doing.lower().startswith(task):
            found.append(shown)

    for _ in wait.polls():
        servers.wait_stable(lease.id, each=look)
        if over(read(lease.show(), "server", "status"), servers.flavor_of(lease)):
            break
    return found[0] if found else None


def _while(check: Check, requirement: str, seen: Exchange | None, status: str) -> None:
    """Judge the status that a server showed while something was done to it."""
    if seen is None:
        check.not_tested(requirement, "the change was too quick to be seen")
    else:
        check(requirement, seen, "body", "server", "status", equals=status)


def _resized(
    client: Client, servers: Servers, wait: Wait, lease: Lease, wanted: str
) -> tuple[Exchange, Exchange | None]:
    """Ask for another flavor by its id and wait for the end; return the answer, and the query that showed it being done."""
    sent = _act(client, lease.id, "resize", {"flavorRef": wanted})
    over: Callable[[JSON, JSON], bool] = lambda status, flavor: (  # noqa: E731 - it is about this answer
        not sent.accepted or status == "VERIFY_RESIZE" or flavor == wanted
    )
    return sent, _watched(servers, wait, lease, "resize", over)


def _put_back(client: Client, servers: Servers, lease: Lease) -> None:
    """Roll a new flavor back; a server where that does not work serves nobody else."""
    _act(client, lease.id, "revertResize")
    lease.spoilt = servers.wait_stable(lease.id) not in ("ACTIVE", "SHUTOFF")


_POWERS = [
    pytest.param("ACTIVE", marks=pytest.mark.ecs_requirement("nova.servers.resize/rule/running"), id="running"),
    pytest.param("SHUTOFF", marks=pytest.mark.ecs_requirement("nova.servers.resize/rule/stopped"), id="stopped"),
]


@pytest.mark.parametrize("state", _POWERS)
@pytest.mark.ecs_requirement(
    "nova.servers.resize/rule/verify-resize",
    "nova.servers.resize/rule/resize-status",
    "nova.servers.resize/rule/this-server-only",
    "nova.servers.resize/rule/no-body",
    "nova.servers.resize/rule/resizes",
)
def test_a_server_gets_another_flavor(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, state: ServerState
) -> None:
    """A running or a stopped server shows RESIZE, then waits for the new flavor to be confirmed; no other server changes."""
    lease, other = ecs_servers.batch(2, state)
    theirs, wanted = ecs_servers.flavor_of(other), ecs_servers.other_flavor(lease)
    sent, seen = _resized(ecs_client, ecs_servers, ecs_wait, lease, wanted)
    power = "nova.servers.resize/rule/running" if state == "ACTIVE" else "nova.servers.resize/rule/stopped"
    ecs_check.accepted(power, sent)
    check = ecs_check.after(sent)
    check("nova.servers.resize/rule/no-body", sent, "body", equals=None)
    _while(check, "nova.servers.resize/rule/resize-status", seen, "RESIZE")
    check("nova.servers.resize/rule/this-server-only", other.show(), *_FLAVOR, equals=theirs)
    waits = lease.show()
    check("nova.servers.resize/rule/verify-resize", waits, *_STATUS, equals="VERIFY_RESIZE")
    vm_state = ("body", "server", "OS-EXT-STS:vm_state")
    check("nova.servers.resize/rule/verify-resize", waits, *vm_state, matches="(?i)^resized$")
    check("nova.servers.resize/rule/resizes", waits, *_FLAVOR, equals=wanted)
    _put_back(ecs_client, ecs_servers, lease)


@pytest.mark.ecs_requirement("nova.servers.resize/rule/flavor-url")
def test_a_flavor_is_named_by_its_url(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_servers: Servers
) -> None:
    """As well as by its id."""
    lease = ecs_servers("SHUTOFF")
    wanted = f"{ecs_target.endpoint}/flavors/{ecs_servers.other_flavor(lease)}"
    sent = _act(ecs_client, lease.id, "resize", {"flavorRef": wanted})
    ecs_servers.wait_stable(lease.id)
    ecs_check.accepted("nova.servers.resize/rule/flavor-url", sent)
    _put_back(ecs_client, ecs_servers, lease)


@pytest.mark.parametrize(
    ("state", "end"),
    [
        pytest.param(
            "ACTIVE",
            "confirm-resize",
            id="confirm-resize-running",
            marks=pytest.mark.ecs_requirement(
                "nova.servers.confirm-resize/rule/confirms",
                "nova.servers.confirm-resize/rule/null-value",
                "nova.servers.confirm-resize/rule/accepted-state",
                "nova.servers.confirm-resize/rule/wrong-state",
                "nova.servers.confirm-resize/rule/once",
                "nova.servers.confirm-resize/rule/no-body",
                "nova.servers.confirm-resize/rule/running-again",
            ),
        ),
        pytest.param(
            "SHUTOFF",
            "confirm-resize",
            id="confirm-resize-stopped",
            marks=pytest.mark.ecs_requirement(
                "nova.servers.confirm-resize/rule/confirms",
                "nova.servers.confirm-resize/rule/null-value",
                "nova.servers.confirm-resize/rule/accepted-state",
                "nova.servers.confirm-resize/rule/wrong-state",
                "nova.servers.confirm-resize/rule/once",
                "nova.servers.confirm-resize/rule/no-body",
                "nova.servers.confirm-resize/rule/stopped-again",
            ),
        ),
        pytest.param(
            "ACTIVE",
            "revert-resize",
            id="revert-resize-running",
            marks=pytest.mark.ecs_requirement(
                "nova.servers.revert-resize/rule/reverts",
                "nova.servers.revert-resize/rule/revert-status",
                "nova.servers.revert-resize/rule/null-value",
                "nova.servers.revert-resize/rule/accepted-state",
                "nova.servers.revert-resize/rule/wrong-state",
                "nova.servers.revert-resize/rule/once",
                "nova.servers.revert-resize/rule/no-body",
                "nova.servers.revert-resize/rule/running-again",
            ),
        ),
        pytest.param(
            "SHUTOFF",
            "revert-resize",
            id="revert-resize-stopped",
            marks=pytest.mark.ecs_requirement(
                "nova.servers.revert-resize/rule/reverts",
                "nova.servers.revert-resize/rule/revert-status",
                "nova.servers.revert-resize/rule/null-value",
                "nova.servers.revert-resize/rule/accepted-state",
                "nova.servers.revert-resize/rule/wrong-state",
                "nova.servers.revert-resize/rule/once",
                "nova.servers.revert-resize/rule/no-body",
                "nova.servers.revert-resize/rule/stopped-again",
            ),
        ),
    ],
)
def test_a_new_flavor_is_confirmed_or_rolled_back(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_wait: Wait,
    state: ServerState,
    end: str,
) -> None:
    """Once, while it waits; then the server runs, or not, as before, with the flavor that was chosen."""
    rules, action, lease = f"nova.servers.{end}/rule", _ACTIONS[end], ecs_servers(state)
    before, wanted = ecs_servers.flavor_of(lease), ecs_servers.other_flavor(lease)
    _late(ecs_expect, ecs_servers, lease, f"{rules}/wrong-state", (action,), "no flavor waits")
    sent, _ = _resized(ecs_client, ecs_servers, ecs_wait, lease, wanted)
    check, waits = ecs_check.after(sent), lease.show()
    check(f"{rules}/accepted-state", waits, "body", "server", "OS-EXT-STS:task_state", one_of=[None, ""])
    if sent.accepted and read(waits, "server", "status") != "VERIFY_RESIZE":
        for rule in _rules(end, state):
            ecs_check.not_tested(rule, "the new flavor does not wait to be confirmed")
        return
    done = _act(ecs_client, lease.id, action)
    for rule in ("null-value", "accepted-state"):
        check.accepted(f"{rules}/{rule}", done)
    check = check.after(done)
    check(f"{rules}/no-body", done, "body", equals=None)
    over: Callable[[JSON, JSON], bool] = lambda status, _: not done.accepted or status != "VERIFY_RESIZE"  # noqa: E731
    seen = _watched(ecs_servers, ecs_wait, lease, "resize_revert", over)
    if end == "revert-resize":
        _while(check, "nova.servers.revert-resize/rule/revert-status", seen, "REVERT_RESIZE")
    shown, ends = lease.show(), "reverts" if end == "revert-resize" else "confirms"
    check(f"{rules}/{'running' if state == 'ACTIVE' else 'stopped'}-again", shown, *_STATUS, equals=state)
    check(f"{rules}/{ends}", shown, *_STATUS, differs="VERIFY_RESIZE")
    check(f"{rules}/{ends}", shown, *_FLAVOR, equals=before if end == "revert-resize" else wanted)
    _late(ecs_expect, ecs_servers, lease, f"{rules}/once", tuple(_ACTIONS.values()), "the flavor waits no more")


def _rules(end: str, state: str) -> list[str]:
    """Return the rules of an end that need a flavor that waits."""
    rules = ["confirms"] if end == "confirm-resize" else ["reverts", "revert-status"]
    rules += [
        "null-value",
        "accepted-state",
        "once",
        "no-body",
        "running-again" if state == "ACTIVE" else "stopped-again",
    ]
    return [f"nova.servers.{end}/rule/{rule}" for rule in rules]


def _late(
    expect: Expect, servers: Servers, lease: Lease, requirement: str, actions: tuple[str, ...], change: str
) -> None:
    """Expect that there is nothing to confirm or to roll back."""
    for action in actions:
        expect(requirement, "POST", _path(lease.id), json={action: None}, expects="wrong-state", change=change)
        servers.wait_stable(lease.id)


@pytest.mark.ecs_requirement("nova.servers.resize/rule/same-flavor")
def test_the_same_flavor_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """A server is not changed to the flavor that it has."""
    control = ecs_cases.control("nova.servers.resize")
    lease = ecs_servers("SHUTOFF")
    answer = ecs_expect(
        "nova.servers.resize/rule/same-flavor",
        "POST",
        _path(lease.id),
        json={"resize": {"flavorRef": ecs_servers.flavor_of(lease)}},
        expects="same-flavor",
        change="it is the flavor that the server has",
        control=control.id,
    )
    if answer.accepted:
        lease.spoilt = True


def _flavors(client: Client) -> list[dict[str, str]]:
    """The extra specs of all flavors (8.3), with their ids."""
    listed = read(client.get(url_of("ecs.flavors.list")), "flavors")
    return [{**flavor["os_extra_specs"], "id": flavor["id"]} for flavor in listed]


def _sold_out(flavor: dict[str, str], zone: str) -> bool:
    """Whether a flavor is sold out in a zone (table 8-20)."""
    zones = flavor.get("cond:operation:az", "")
    return f"{zone}(sellout)" in zones if f"{zone}(" in zones else flavor.get("cond:operation:status") == "sellout"


@pytest.mark.ecs_requirement("nova.servers.resize/rule/resource-type", "nova.servers.resize/rule/rolls-back")
def test_some_flavors_are_out_of_reach(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """A flavor of another resource type is not for the server; for one that is sold out it keeps its flavor and state."""
    lease = ecs_servers("SHUTOFF")
    zone = read(lease.show(), "server", "OS-EXT-AZ:availability_zone")
    flavors, now = _flavors(ecs_client), ecs_servers.flavor_of(lease)
    own = next((flavor.get("resource_type") for flavor in flavors if flavor["id"] == now), None)
    others = [one["id"] for one in flavors if own and one.get("resource_type", own) != own and not _sold_out(one, zone)]
    scarce = [one["id"] for one in flavors if one.get("resource_type") == own and _sold_out(one, zone)]
    for rule, found, reason in (
        ("resource-type", others, "no flavor is known to have another resource type"),
        ("rolls-back", scarce, "no flavor of the resource type is known to be sold out"),
    ):
        if not found:
            ecs_check.not_tested(f"nova.servers.resize/rule/{rule}", reason)
            continue
        _act(ecs_client, lease.id, "resize", {"flavorRef": found[0]})
        ecs_servers.wait_stable(lease.id)
        shown = lease.show()
        if rule == "rolls-back" and read(shown, "server", "status") == "VERIFY_RESIZE":
            ecs_check.not_tested(
                f"nova.servers.resize/rule/{rule}", "there is room for the flavor, although it is sold out"
            )
            lease.spoilt = True
            break
        kept = ecs_check(f"nova.servers.resize/rule/{rule}", shown, "body", "server", "flavor", "id", equals=now)
        if not (
            ecs_check(f"nova.servers.resize/rule/{rule}", shown, "body", "server", "status", equals="SHUTOFF") and kept
        ):
            lease.spoilt = True
            if rule == "resource-type":
                ecs_check.not_tested("nova.servers.resize/rule/rolls-back", "the server is no longer what it was")
            break
