"""Rules of the two lists of servers of the native API (6.2.4, 6.2.5): what is listed, and what filters select."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pytest_ecs import (
    Afterwards,
    Cases,
    Check,
    Client,
    Clients,
    Contract,
    Expect,
    Servers,
    Supplies,
    Wait,
    exactly,
    read,
)
from pytest_ecs.typing import ServerState

from .creation import made_servers, path_of
from .listing import DETAIL, IDS, MOST, PATHS, both, changed_since, ids_of, rule_of, updated

pytestmark = pytest.mark.ecs_group("scarce")

#: Statuses that a server can be left in.
_POWERED: tuple[ServerState, ...] = ("SHUTOFF", "ACTIVE")
#: Tags are there from this microversion on (tables 6-38 and 6-49).
_TAGGED = "2.26"


@both(
    "nova.servers.list/rule/has-servers",
    "nova.servers.list/rule/own-project",
    "nova.servers.list-detail/rule/has-servers",
    "nova.servers.list-detail/rule/own-project",
)
def test_a_list_is_the_projects_own(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers, operation: str, path: str
) -> None:
    """A server of the project is there, and not for another project."""
    (lease,) = ecs_servers.shared("ACTIVE")
    whole = ecs_client.get(path, query={"limit": str(MOST)})
    ecs_check(rule_of(operation, "has-servers"), whole, *IDS, contains=lease.id)
    foreign = ecs_clients("other_project").get(path, query={"limit": str(MOST)})
    ecs_check(rule_of(operation, "own-project"), foreign, *IDS, lacks=lease.id)


@both(
    "nova.servers.list/rule/name-filter",
    "nova.servers.list/rule/ip-filter",
    "nova.servers.list/rule/flavor-filter",
    "nova.servers.list-detail/rule/name-filter",
    "nova.servers.list-detail/rule/ip-filter",
    "nova.servers.list-detail/rule/flavor-filter",
)
def test_a_list_is_filtered_by_what_servers_have(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, operation: str, path: str
) -> None:
    """Name, address and flavor are matched in whole and in part, and nothing is listed for a text that nothing has."""
    lease, check = ecs_servers("ACTIVE"), ecs_check.later(ecs_later)
    server = read(lease.show(), "server")
    (entries,) = exactly(1, server["addresses"].values(), "the server's only network")
    filters = (
        ("name", server["name"], "no-such-name-anywhere"),
        ("ip", entries[0]["addr"], "203.0.113.99"),
        ("flavor", server["flavor"]["id"], "no-such-flavor"),
    )
    with ecs_later:
        for key, value, nothing in filters:
            # What a special character means inside a text that is matched in part is not said (ruling fuzzy-match).
            words = re.findall("[A-Za-z0-9]+", value)
            for text in dict.fromkeys((value, max(words, key=len), words[-1])):
                listed = ecs_client.get(path, query={key: text, "limit": str(MOST)})
                check(rule_of(operation, f"{key}-filter"), listed, *IDS, contains=lease.id)
            empty = ecs_client.get(path, query={key: nothing})
            check(rule_of(operation, f"{key}-filter"), empty, "body", "servers", equals=[])


@both(
    "nova.servers.list/rule/image-filter",
    "nova.servers.list/rule/image-filter-alone",
    "nova.servers.list-detail/rule/image-filter",
    "nova.servers.list-detail/rule/image-filter-alone",
)
def test_the_image_is_the_only_criterion(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, operation: str, path: str
) -> None:
    """Beside image nothing else has an effect; servers of another image are not listed."""
    (lease,), image = ecs_servers.shared("ACTIVE"), ecs_supplies.need("image_id")
    empty = ecs_client.get(path, query={"image": ecs_supplies.unknown_id()})
    ecs_check(rule_of(operation, "image-filter"), empty, "body", "servers", equals=[])
    others = _of_other_images(ecs_client, image)
    alone = ecs_client.get(path, query={"image": image})
    found = ids_of(alone)
    others &= _of_other_images(ecs_client, image)
    ecs_check(rule_of(operation, "image-filter"), alone, *IDS, same_items=[one for one in found if one not in others])
    for beside in ({"name": "no-such-name-anywhere"}, {"status": "ERROR"}, {"limit": "1"}, {"marker": lease.id}):
        listed = ecs_client.get(path, query={"image": image, **beside})
        again = ids_of(ecs_client.get(path, query={"image": image}))
        # Others may create and delete servers meanwhile.
        kept = [one for one in found if one in again]
        test = {"same_items": found} if set(again) == set(found) else {"includes": kept}
        ecs_check(rule_of(operation, "image-filter-alone"), listed, *IDS, **test)
        found = again


def _of_other_images(client: Client, image: str) -> set[str]:
    """Return the servers that show another image than *image*."""
    listed = client.get(DETAIL, query={"limit": str(MOST)})
    shown = [(server.get("id"), server.get("image")) for server in read(listed, "servers")]
    return {server for server, has in shown if isinstance(has, dict) and has.get("id") != image}


@both("nova.servers.list/rule/status-filter", "nova.servers.list-detail/rule/status-filter")
def test_a_list_is_filtered_by_status(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, operation: str, path: str
) -> None:
    """A stopped server is in the list of SHUTOFF and not in that of ACTIVE, a running one the other way round."""
    leases = {status: ecs_servers(status) for status in _POWERED}
    for status in _POWERED:
        listed = ecs_client.get(path, query={"status": status, "limit": str(MOST)})
        for shown, lease in leases.items():
            test = {"contains" if shown == status else "lacks": lease.id}
            ecs_check(rule_of(operation, "status-filter"), listed, *IDS, **test)


@both(
    "nova.servers.list/rule/status-filter",
    "nova.servers.list/rule/status-unknown-at-2-37",
    "nova.servers.list/rule/status-unknown-from-2-38",
    "nova.servers.list-detail/rule/status-filter",
    "nova.servers.list-detail/rule/status-unknown-at-2-37",
    "nova.servers.list-detail/rule/status-unknown-from-2-38",
)
def test_an_unknown_status_depends_on_the_microversion(
    ecs_client: Client, ecs_check: Check, ecs_contract: Contract, ecs_expect: Expect, operation: str, path: str
) -> None:
    """At 2.37 a status that is none gives an empty list, at 2.38 it is refused; the documented ones never are."""
    unknown = {"status": "NO_SUCH_STATUS"}
    empty = ecs_client.get(path, query=unknown, microversion="2.37")
    if ecs_check.accepted(rule_of(operation, "status-unknown-at-2-37"), empty):
        ecs_check(rule_of(operation, "status-unknown-at-2-37"), empty, "body", "servers", equals=[])
    words = ecs_contract.operation(operation).query["status"]["enum"]
    known = [ecs_client.get(path, query={"status": word}, microversion="2.38") for word in words]
    for listed in known:
        ecs_check.accepted(rule_of(operation, "status-filter"), listed)
    ecs_expect(
        rule_of(operation, "status-unknown-from-2-38"),
        "GET",
        path,
        query=unknown,
        microversion="2.38",
        expects="invalid",
        change="the status is none of the documented ones",
        control=known[0].id,
    )


@both("nova.servers.list/rule/changes-since", "nova.servers.list-detail/rule/changes-since")
def test_a_list_of_changes_has_only_those(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    operation: str,
    path: str,
) -> None:
    """Of two servers the one that changed after the time is listed; with a time after every change nothing is."""
    first, second = ecs_servers.batch(2)
    rule, moment = rule_of(operation, "changes-since"), updated(first)
    earlier = changed_since(ecs_client, path, moment - timedelta(seconds=1))
    ecs_check(rule, earlier, *IDS, contains=first.id)
    ecs_wait.sleep(2.1)  # times are shown in whole seconds, and the second one is to be later by more than one
    name = read(second.show(), "server", "name")
    renamed = ecs_client.put(path_of(second.id), {"server": {"name": ecs_supplies.name("changed")}})
    between = moment + timedelta(seconds=1)
    changed = updated(second) > between
    listed = changed_since(ecs_client, path, between)
    if changed:
        ecs_check.after(renamed)(rule, listed, *IDS, contains=second.id)
    if updated(first) == moment:
        ecs_check(rule, listed, *IDS, lacks=first.id)
    later = ecs_client.get(path, query={"changes-since": "2099-01-01T00:00:00Z"})
    ecs_check(rule, later, "body", "servers", equals=[])
    second.spoilt = ecs_client.put(path_of(second.id), {"server": {"name": name}}).refused


@both("nova.servers.list/rule/changes-since-offset", "nova.servers.list-detail/rule/changes-since-offset")
def test_the_time_of_changes_may_have_an_offset(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, operation: str, path: str
) -> None:
    """It is the same instant as in UTC, however it is written."""
    lease, rule = ecs_servers(), rule_of(operation, "changes-since-offset")
    moment = updated(lease)
    check = ecs_check.after(changed_since(ecs_client, path, moment - timedelta(seconds=1)))
    earlier = changed_since(ecs_client, path, moment - timedelta(seconds=1), offset=8)
    check(rule, earlier, *IDS, contains=lease.id)
    later = changed_since(ecs_client, path, moment + timedelta(seconds=1), offset=-8)
    if updated(lease) == moment:
        check(rule, later, *IDS, lacks=lease.id)


@both("nova.servers.list/rule/reservation-filter", "nova.servers.list-detail/rule/reservation-filter")
def test_a_batch_is_a_list(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    operation: str,
    path: str,
) -> None:
    """The list by reservation has the servers of the batch and no others."""
    made = made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies)
    listed = ecs_client.get(path, query={"reservation_id": read(made.batch, "reservation_id")})
    ecs_check(rule_of(operation, "reservation-filter"), listed, *IDS, same_items=made.batched)


@pytest.mark.ecs_requirement(
    "nova.servers.list/rule/tags-filter",
    "nova.servers.list/rule/not-tags-filter",
    "nova.servers.list-detail/rule/tags-filter",
    "nova.servers.list-detail/rule/not-tags-filter",
    "nova.servers.show/rule/tags-shown",
)
def test_a_list_is_filtered_by_tags(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Of two servers the one that has a tag is listed by it, and shows it, until the tag is deleted."""
    lease, other = ecs_servers.batch(2)
    tag, tags = ecs_supplies.unknown_id()[:8], ("body", "server", "tags")
    path, shows = f"{path_of(lease.id)}/tags/{tag}", "nova.servers.show/rule/tags-shown"
    added = ecs_client.put(path, microversion=_TAGGED)
    try:
        check = ecs_check.after(added)
        for operation, url in PATHS.items():
            having = ecs_client.get(url, query={"tags": tag, "limit": str(MOST)}, microversion=_TAGGED)
            check(rule_of(operation, "tags-filter"), having, *IDS, equals=[lease.id])
            lacking = ecs_client.get(url, query={"not-tags": tag, "limit": str(MOST)}, microversion=_TAGGED)
            check(rule_of(operation, "not-tags-filter"), lacking, *IDS, contains=other.id)
            check(rule_of(operation, "not-tags-filter"), lacking, *IDS, lacks=lease.id)
        check(shows, ecs_client.get(path_of(lease.id), microversion=_TAGGED), *tags, has_one=tag)
        check(shows, ecs_client.get(path_of(other.id), microversion=_TAGGED), *tags, lacks=tag)
    finally:
        deleted = ecs_client.delete(path, microversion=_TAGGED)
        lease.spoilt = added.accepted and deleted.refused
    bare = ecs_client.get(path_of(lease.id), microversion=_TAGGED)
    ecs_check.after(added, deleted)(shows, bare, *tags, lacks=tag)
