"""Rules of what the native API shows of a server, by itself and in the list with details (6.2.5, 6.2.6)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Contract, Exchange, Lease, Servers, Supplies, Wait, read
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import ServerState

from .creation import SERVERS, made_servers, path_of, plainest
from .fields import lasting
from .listing import DETAIL, IDS, MOST, by_name, ids_of, position

pytestmark = pytest.mark.ecs_group("scarce")

_SERVER, _SERVERS = ("body", "server"), ("body", "servers")
#: Locks show from this microversion on (tables 6-38 and 6-49).
_LOCKED = "2.9"


@pytest.mark.ecs_requirement(
    "nova.servers.show/rule/same-server",
    "nova.servers.show/rule/own-project",
    "nova.servers.show/rule/launched-at",
    "nova.servers.show/rule/not-terminated",
)
def test_a_server_shows_itself(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """The id of the URL, the project, that it was started and not deleted."""
    (lease,) = ecs_servers.shared("ACTIVE")
    shown = lease.show()
    ecs_check("nova.servers.show/rule/same-server", shown, *_SERVER, "id", equals=lease.id)
    ecs_check("nova.servers.show/rule/own-project", shown, *_SERVER, "tenant_id", equals=ecs_client.project_id)
    started = (*_SERVER, "OS-SRV-USG:launched_at")
    ecs_check("nova.servers.show/rule/launched-at", shown, *started, matches=r"^\d{4}-\d\d-\d\dT")
    ecs_check("nova.servers.show/rule/not-terminated", shown, *_SERVER, "OS-SRV-USG:terminated_at", equals=None)


@pytest.mark.ecs_requirement(
    "nova.servers.show/rule/image-shown",
    "nova.servers.show/rule/kernel-blank",
    "nova.servers.show/rule/no-fault",
    "nova.servers.show/rule/no-password",
    "nova.servers.list-detail/rule/image-shown",
    "nova.servers.list-detail/rule/kernel-blank",
    "nova.servers.list-detail/rule/no-fault",
    "nova.servers.list-detail/rule/no-password",
    "nova.servers.list-detail/rule/tenant-is-project",
)
def test_both_views_show_what_a_server_is(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """The image that it was made from, no password, and nothing that did not happen."""
    made, image = plainest(ecs_cases, ecs_servers), ecs_supplies.need("image_id")
    one = ecs_client.get(path_of(made.server), microversion="2.3")
    query = {"name": made.answer.request_body["server"]["name"], "limit": str(MOST)}
    with ecs_later:
        check = ecs_check.later(ecs_later)
        _is_as_made(check, "nova.servers.show", one, _SERVER, image)
        listed = ecs_client.get(DETAIL, query=query, microversion="2.3")
        entry = (*_SERVERS, position(listed, made.server))
        _is_as_made(check, "nova.servers.list-detail", listed, entry, image)
        rule = "nova.servers.list-detail/rule/tenant-is-project"
        check(rule, listed, *entry, "tenant_id", equals=ecs_client.project_id)


def _is_as_made(check: Check, operation: str, shown: Exchange, place: tuple[str | int, ...], image: str) -> None:
    check(f"{operation}/rule/image-shown", shown, *place, "image", "id", equals=image)
    for field in ("OS-EXT-SRV-ATTR:kernel_id", "OS-EXT-SRV-ATTR:ramdisk_id"):
        check(f"{operation}/rule/kernel-blank", shown, *place, field, equals="")
    check(f"{operation}/rule/no-fault", shown, *place, "fault", absent=True)
    check(f"{operation}/rule/no-password", shown, *place, "adminPass", absent=True)


@pytest.mark.ecs_requirement(
    "nova.servers.list-detail/rule/same-servers",
    "nova.servers.list-detail/rule/batch-launch-index",
    "nova.servers.list-detail/rule/batch-reservation",
)
def test_a_batch_shows_in_the_list_with_details(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """As in the other list, with its reservation and a place for each."""
    made = made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies)
    name, reservation = made.batch_name, read(made.batch, "reservation_id")
    query = {"name": name, "limit": str(MOST)}
    brief = ecs_client.get(SERVERS, query=query, microversion="2.3")
    detail = ecs_client.get(DETAIL, query=query, microversion="2.3")
    ecs_check("nova.servers.list-detail/rule/same-servers", detail, *IDS, equals=ids_of(brief))
    by_name(ecs_client, DETAIL, name)  # that it has no others is judged where the filter is
    number = len(read(detail, "servers"))
    fields = (
        ("nova.servers.list-detail/rule/batch-launch-index", "OS-EXT-SRV-ATTR:launch_index", [*range(number)]),
        ("nova.servers.list-detail/rule/batch-reservation", "OS-EXT-SRV-ATTR:reservation_id", [reservation] * number),
    )
    with ecs_later:
        for rule, field, values in fields:
            ecs_check.later(ecs_later)(rule, detail, *_SERVERS, "*", field, same_items=values)


@pytest.mark.ecs_requirement("nova.servers.show/rule/same-as-list")
def test_the_query_and_the_list_agree(
    ecs_client: Client, ecs_contract: Contract, ecs_check: Check, ecs_servers: Servers
) -> None:
    """One server shows the same in its own query and in the list with details."""
    lease, rule = ecs_servers(), "nova.servers.show/rule/same-as-list"
    shown = lease.show()
    listed = read(ecs_client.get(DETAIL, query={"limit": str(MOST)}), "servers")
    entry = next((server for server in listed if server.get("id") == lease.id), None)
    if entry is None:
        ecs_check.not_tested(rule, "the list does not have the server")
        return
    both = {field: entry[field] for field in read(shown, "server") if field in entry}
    for field, test in lasting(ecs_contract, both):
        ecs_check(rule, shown, *_SERVER, field, **test)


@pytest.mark.ecs_requirement("nova.servers.show/rule/power-state")
@pytest.mark.parametrize(("state", "power"), [("ACTIVE", 1), ("SHUTOFF", 3)])
def test_the_power_state_follows(
    ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, state: ServerState, power: int
) -> None:
    """A running server has power_state 1, a stopped one 3 (table 6-49)."""
    lease, place = ecs_servers(state), (*_SERVER, "OS-EXT-STS:power_state")
    with ecs_later:
        check = ecs_check.later(ecs_later)
        check("nova.servers.show/rule/power-state", lease.show(), *place, equals=power)


@pytest.mark.ecs_requirement("nova.servers.show/rule/updated-follows")
def test_the_time_of_the_last_change_moves(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """updated is later after the server was stopped, after it was started and after it was restarted."""
    lease, rule = ecs_servers(), "nova.servers.show/rule/updated-follows"
    path = path_of(lease.id)
    for action, body, status in (
        ("os-stop", {}, "SHUTOFF"),
        ("os-start", {}, "ACTIVE"),
        ("reboot", {"type": "HARD"}, "ACTIVE"),
    ):
        ecs_wait.sleep(1.1)  # the time is shown in whole seconds
        before = read(lease.show(), "server", "updated")
        if not ecs_client.post(f"{path}/action", {action: body}).accepted:
            ecs_check.not_tested(rule, f"the endpoint does not accept {action}")
            break
        ecs_servers.wait_stable(lease.id)
        with suppress(PrerequisiteMissing):  # what is under way may show late
            ecs_wait.until(path, "server", "status", equals=status)
        after = _after(ecs_servers, ecs_wait, lease, before)
        if not ecs_check(rule, after, *_SERVER, "updated", later_than=before):
            break


def _after(servers: Servers, wait: Wait, lease: Lease, before: str) -> Exchange:
    """Query a server until it changed after *before*, at most for two minutes, and until nothing is under way."""
    for _ in wait.polls():
        if read(lease.show(), "server", "updated") != before:
            break
    servers.wait_stable(lease.id)
    return lease.show()


@pytest.mark.ecs_requirement("nova.servers.show/rule/locked-shown", "nova.servers.list-detail/rule/locked-shown")
def test_a_lock_shows_on_the_server_that_has_it(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Of two servers the locked one shows so, by itself and in the list."""
    lease, other = ecs_servers.batch(2)
    locked = ecs_client.post(f"{path_of(lease.id)}/action", {"lock": None})
    try:
        check = ecs_check.after(locked)
        listed = ecs_client.get(DETAIL, query={"limit": str(MOST)}, microversion=_LOCKED)
        for server, is_locked in ((lease.id, True), (other.id, False)):
            shown = ecs_client.get(path_of(server), microversion=_LOCKED)
            check("nova.servers.show/rule/locked-shown", shown, *_SERVER, "locked", equals=is_locked)
            place = (*_SERVERS, position(listed, server), "locked")
            check("nova.servers.list-detail/rule/locked-shown", listed, *place, equals=is_locked)
    finally:
        unlocked = ecs_client.post(f"{path_of(lease.id)}/action", {"unlock": None})
        lease.spoilt = locked.accepted and unlocked.refused
