"""Rules of creating, changing, deleting and querying ECSs through the native API (6.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import chain, pairwise, permutations, product
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

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
    exactly,
    read,
)
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed
from pytest_ecs.typing import JSON, ServerState

pytestmark = pytest.mark.ecs_group("scarce")

_CREATE = "nova.servers.create/rule"
_LIST, _DETAIL, _SHOW = (f"nova.servers.{verb}/rule" for verb in ("list", "list-detail", "show"))
_SERVERS = "/v2.1/{project_id}/servers"
_HINTS = ("body", "server", "os:scheduler_hints")
#: Both lists have the same parameters (tables 6-31 and 6-36).
_LISTS = [(_LIST, _SERVERS), (_DETAIL, f"{_SERVERS}/detail")]
#: Statuses that a server can be left in.
_POWERED: tuple[ServerState, ...] = ("SHUTOFF", "ACTIVE")


def _both(*rules: str) -> pytest.MarkDecorator:
    """One parameter set for each of the two lists, each with the requirements of its own."""
    return pytest.mark.parametrize(
        ("base", "path"),
        [
            pytest.param(
                base,
                path,
                id=base.split("/")[0],
                marks=pytest.mark.ecs_requirement(*(f"{base}/{rule}" for rule in rules)),
            )
            for base, path in _LISTS
        ],
    )


def _template(supplies: Supplies, name: str, **fields: Any) -> dict[str, Any]:
    server = {
        "name": name,
        "imageRef": supplies.need("image_id"),
        "flavorRef": supplies.need("flavor_id"),
        "networks": [{"uuid": supplies.need("network_id")}],
    }
    return {"server": {**server, **fields}}


def _create(
    client: Client, servers: Servers, supplies: Supplies, name: str, **fields: Any
) -> tuple[Exchange, list[str]]:
    created = client.post(_SERVERS, _template(supplies, name, **fields), microversion="2.19")
    read(created)
    return created, servers.settle(created)


class _Servers(NamedTuple):
    """Servers of one stem of a name, made by one request after the other, that tests only look at."""

    name: str
    #: Of the simplest request.
    plain: Exchange
    #: Of one that asks for at least three, with user data and a reservation.
    batch: Exchange
    ids: list[str]


def _servers(client: Client, servers: Servers, supplies: Supplies) -> _Servers:
    return supplies.once("native servers", lambda: _make_servers(client, servers, supplies))


def _make_servers(client: Client, servers: Servers, supplies: Supplies) -> _Servers:
    name = supplies.name("native")
    plain, first = _create(client, servers, supplies, f"{name}-plain", metadata={"purpose": "conformance"})
    batch, others = _create(
        client,
        servers,
        supplies,
        f"{name}-batch",
        min_count=3,
        return_reservation_id=True,
        user_data="IyEvYmluL3NoCg==",
    )
    return _Servers(name, plain, batch, [*first, *others])


def _refuse(
    cases: Cases, expect: Expect, supplies: Supplies, jobs: Jobs, rule: str, change: str, **fields: Any
) -> None:
    control = cases.control("nova.servers.create", fields.pop("variant", "default"))
    body = _template(supplies, fields.pop("name", supplies.name("no")), **fields)
    body["server"] = {key: value for key, value in body["server"].items() if value is not None}
    refused = expect(
        f"{_CREATE}/{rule}",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change=change,
        control=control.id,
        microversion="2.19",
    )
    jobs.wait_out(refused)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/reservation",
    "nova.servers.create/rule/name-suffix",
    "nova.servers.create/rule/max-default",
)
def test_a_batch_is_found_by_its_reservation(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The answer names the reservation, and the list by it has as many servers as were asked for at least, numbered."""
    made = _servers(ecs_client, ecs_servers, ecs_supplies)
    ecs_check("nova.servers.create/rule/reservation", made.batch, "body", "reservation_id", matches=".")
    listed = ecs_client.get(_SERVERS, query={"reservation_id": read(made.batch, "reservation_id")})
    ecs_check("nova.servers.create/rule/max-default", listed, "body", "servers", length=3)
    names = read(listed, "servers", "*", "name")
    start = 0 if f"{made.name}-batch-0000" in names else 1  # ruling native-batch-name
    wanted = [f"{made.name}-batch-{number:04}" for number in range(start, start + 3)]
    ecs_check("nova.servers.create/rule/name-suffix", listed, "body", "servers", "*", "name", same_items=wanted)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/creates",
    "nova.servers.create/rule/name-single",
    "nova.servers.create/rule/metadata-set",
    "nova.servers.create/rule/default-security-group",
    "nova.servers.create/rule/min-default",
    "nova.servers.create/rule/no-eip",
    "nova.servers.create/rule/system-disk-visible",
    "nova.servers.create/rule/server-answered",
    "nova.servers.create/rule/image-and-flavor",
    "nova.servers.create/rule/in-network",
    "nova.servers.create/rule/description-default",
    "nova.servers.create/rule/az-chosen",
)
def test_a_server_is_what_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Name, metadata, image, flavor and network of the request show in the new server; the rest has its default."""
    made = _servers(ecs_client, ecs_servers, ecs_supplies)
    name, server = f"{made.name}-plain", made.ids[0]
    shown = ecs_client.get(f"{_SERVERS}/{server}", microversion="2.19")
    image, flavor = ecs_supplies.need("image_id"), ecs_supplies.need("flavor_id")
    answered = read(made.plain, "server", "id")
    ecs_check("nova.servers.create/rule/server-answered", shown, "body", "server", "id", equals=answered)
    ecs_check("nova.servers.create/rule/image-and-flavor", shown, "body", "server", "image", "id", equals=image)
    ecs_check("nova.servers.create/rule/image-and-flavor", shown, "body", "server", "flavor", "id", equals=flavor)
    ecs_check("nova.servers.create/rule/description-default", shown, "body", "server", "description", one_of=["", None])
    ecs_check("nova.servers.create/rule/az-chosen", shown, "body", "server", "OS-EXT-AZ:availability_zone", matches=".")
    ecs_check("nova.servers.create/rule/in-network", shown, "body", "server", "addresses", length=1)
    nics = ecs_client.get(f"{_SERVERS}/{server}/os-interface")
    network = ecs_supplies.need("network_id")
    ecs_check(
        "nova.servers.create/rule/in-network", nics, "body", "interfaceAttachments", "*", "net_id", equals=[network]
    )
    ecs_check("nova.servers.create/rule/creates", shown, "body", "server", "status", equals="ACTIVE")
    ecs_check("nova.servers.create/rule/name-single", shown, "body", "server", "name", equals=name)
    ecs_check(
        "nova.servers.create/rule/metadata-set", shown, "body", "server", "metadata", "purpose", equals="conformance"
    )
    ecs_check(
        "nova.servers.create/rule/default-security-group",
        shown,
        "body",
        "server",
        "security_groups",
        "*",
        "name",
        includes=["default"],
    )
    ecs_check(
        "nova.servers.create/rule/system-disk-visible",
        shown,
        "body",
        "server",
        "os-extended-volumes:volumes_attached",
        length=1,
    )
    for key, entries in read(shown, "server", "addresses").items():
        for number in range(len(entries)):
            ecs_check(
                "nova.servers.create/rule/no-eip",
                shown,
                "body",
                "server",
                "addresses",
                key,
                number,
                "OS-EXT-IPS:type",
                differs="floating",
            )
    named = ecs_client.get(_SERVERS, query={"name": name})
    ecs_check("nova.servers.create/rule/min-default", named, "body", "servers", length=1)


@pytest.mark.ecs_requirement("nova.servers.create/rule/boot-disk-needed")
def test_a_disk_to_boot_from_is_needed(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A volume without boot_index 0 is refused."""
    disk = {"source_type": "volume", "destination_type": "volume", "uuid": ecs_supplies.disk(), "boot_index": "-1"}
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "boot-disk-needed",
        "no disk has boot_index 0",
        imageRef=None,
        variant="volume",
        block_device_mapping_v2=[disk],
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/max-not-below-min")
def test_the_most_is_not_less_than_the_least(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """max_count below min_count is refused."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "max-not-below-min",
        "max_count is below min_count",
        min_count=2,
        max_count=1,
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-needed")
def test_an_image_or_a_disk_is_needed(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Without imageRef and without a disk to boot from the request is refused."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "image-needed",
        "there is neither imageRef nor a disk",
        imageRef=None,
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/network-or-port")
def test_a_network_needs_a_port_or_a_network_id(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """An entry of networks without port and uuid is refused."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "network-or-port",
        "networks has an entry with neither uuid nor port",
        networks=[{}],
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/fixed-ip-needs-uuid")
def test_a_fixed_address_needs_its_network(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """fixed_ip without uuid is refused."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "fixed-ip-needs-uuid",
        "fixed_ip without uuid",
        networks=[{"fixed_ip": "192.168.0.201"}],
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/volume-size-needed")
@pytest.mark.parametrize("source", ["image", "blank"])
def test_a_new_disk_needs_a_size(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs, source: str
) -> None:
    """volume_size is mandatory where a disk is made from an image, and where it is blank."""
    boot = _boot_disk(ecs_supplies)
    if source == "image":
        disks = [{key: value for key, value in boot.items() if key != "volume_size"}]
    else:
        disks = [boot, {"source_type": "blank", "destination_type": "volume", "boot_index": "-1"}]
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "volume-size-needed",
        f"a disk of source {source} has no volume_size",
        imageRef=None,
        variant="volume",
        block_device_mapping_v2=disks,
    )


@pytest.mark.ecs_requirement(
    "nova.servers.update/rule/name-changed",
    "nova.servers.update/rule/description-changed",
    "nova.servers.update/rule/nothing-else",
)
def test_name_and_description_change_and_nothing_else(
    ecs_client: Client, ecs_contract: Contract, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """After the request both are new in the answer and in the query, and everything else is as before."""
    lease = ecs_servers()
    path, name = f"{_SERVERS}/{lease.id}", ecs_supplies.name("renamed")
    before = read(ecs_client.get(path, microversion="2.19"), "server")
    changed = ecs_client.put(path, {"server": {"name": name, "description": "new"}}, microversion="2.19")
    after = ecs_client.get(path, microversion="2.19")
    for exchange in (changed, after):
        ecs_check("nova.servers.update/rule/name-changed", exchange, "body", "server", "name", equals=name)
        ecs_check(
            "nova.servers.update/rule/description-changed", exchange, "body", "server", "description", equals="new"
        )
    for field, test in _lasting(ecs_contract, before, "description", "name", "OS-EXT-SRV-ATTR:hostname"):
        ecs_check("nova.servers.update/rule/nothing-else", after, "body", "server", field, **test)


#: What may change while nobody does anything to a server.
_MOVING = {
    "updated",
    "progress",
    "hostId",
    "host_status",
    "OS-EXT-SRV-ATTR:host",
    "OS-EXT-SRV-ATTR:hypervisor_hostname",
    "OS-EXT-STS:power_state",
    "OS-EXT-STS:task_state",
}


def _lasting(contract: Contract, server: dict[str, Any], *but: str) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield each documented field that a server shows and that stays as it is, *but* some, with a test for that."""
    body = contract.operations["nova.servers.show"].response_body or {}
    for field in body["properties"]["server"]["properties"]:
        if field in server and field not in _MOVING and field not in but:
            yield field, {"same_items" if isinstance(server[field], list) else "equals": server[field]}


@_both("name-filter", "ip-filter", "flavor-filter")
def test_a_list_is_filtered_by_what_servers_have(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, base: str, path: str
) -> None:
    """Name, address and flavor are matched in whole and in part, and nothing is listed for a text that nothing has."""
    lease = ecs_servers()
    server = read(lease.show(), "server")
    (entries,) = exactly(1, server["addresses"].values(), "the server's only network")
    for key, value, nothing in (
        ("name", server["name"], "no-such-name-anywhere"),
        ("ip", entries[0]["addr"], "203.0.113.99"),
        ("flavor", server["flavor"]["id"], "no-such-flavor"),
    ):
        # What a special character means inside a text that is matched in part is not said (ruling fuzzy-match).
        words = re.findall("[A-Za-z0-9]+", value)
        for text in dict.fromkeys((value, max(words, key=len), words[-1])):
            listed = ecs_client.get(path, query={key: text, "limit": "1000"})
            ecs_check(f"{base}/{key}-filter", listed, "body", "servers", "*", "id", contains=lease.id)
        empty = ecs_client.get(path, query={key: nothing})
        ecs_check(f"{base}/{key}-filter", empty, "body", "servers", equals=[])


@_both("status-filter")
def test_a_list_is_filtered_by_status(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, base: str, path: str
) -> None:
    """A stopped server is in the list of SHUTOFF and not in that of ACTIVE, a running one the other way round."""
    leases = {status: ecs_servers(status) for status in _POWERED}
    for status in _POWERED:
        listed = ecs_client.get(path, query={"status": status, "limit": "1000"})
        for shown, lease in leases.items():
            test = {"contains" if shown == status else "lacks": lease.id}
            ecs_check(f"{base}/status-filter", listed, "body", "servers", "*", "id", **test)


@_both("limit", "marker", "next-link", "sort-default")
def test_pages_have_every_server_once(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, base: str, path: str
) -> None:
    """Page by page with limit 1, every server comes once, newest first, and after the last comes nothing.

    The pages are those of one name, so that others at work in the project do not move them.
    """
    query = {"name": _servers(ecs_client, ecs_servers, ecs_supplies).name, "limit": "1000"}
    shown = read(ecs_client.get(f"{_SERVERS}/detail", query=query), "servers")
    whole = ecs_client.get(path, query=query)
    ecs_check(f"{base}/sort-default", whole, "body", "servers", "*", "id", one_of=_newest_first(shown))
    ids = [server["id"] for server in read(whole, "servers")]
    first = ecs_client.get(path, query={**query, "limit": "1"})
    ecs_check(f"{base}/limit", first, "body", "servers", length=1)
    ecs_check(f"{base}/next-link", first, "body", "servers_links", present=True)
    for before, after in pairwise(ids):
        page = ecs_client.get(path, query={**query, "limit": "1", "marker": before})
        ecs_check(f"{base}/marker", page, "body", "servers", "*", "id", equals=[after])
    last = ecs_client.get(path, query={**query, "limit": "1", "marker": ids[-1]})
    ecs_check(f"{base}/marker", last, "body", "servers", equals=[])


def _newest_first(servers: list[dict[str, Any]]) -> list[list[str]]:
    """Every order of the ids in which no server comes before one that was created after it."""
    created = sorted({str(server["created"]) for server in servers}, reverse=True)
    groups = [permutations(s["id"] for s in servers if str(s["created"]) == moment) for moment in created]
    return [list(chain.from_iterable(order)) for order in product(*groups)]


#: What the values of sort_key that have a field of their own, whose order is beyond doubt, are called in the answer.
_SORTED = {
    "created_at": "created",
    "updated_at": "updated",
    "display_name": "name",
    "uuid": "id",
    "launched_at": "OS-SRV-USG:launched_at",
    "host_name": "OS-EXT-SRV-ATTR:hostname",
}


@_both("sort-key")
def test_a_list_is_sorted_by_the_key(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    base: str,
    path: str,
) -> None:
    """Every documented key is accepted and loses no server; by those that can be seen, the list goes in one direction."""
    query = {"name": _servers(ecs_client, ecs_servers, ecs_supplies).name, "limit": "1000"}
    shown = read(ecs_client.get(f"{_SERVERS}/detail", query=query, microversion="2.3"), "servers")
    properties = {server["id"]: server for server in shown}
    operation = ecs_contract.operations[base.removesuffix("/rule")]
    for key in operation.query["sort_key"]["enum"]:
        listed = ecs_client.get(path, query={**query, "sort_key": key})
        ecs_check(f"{base}/sort-key", listed, "body", "servers", "*", "id", same_items=list(properties))
        values = {server: properties[server].get(_SORTED.get(key, "")) for server in properties}
        ids = read(listed, "servers", "*", "id")
        if all(isinstance(values.get(server), str) for server in ids):
            # Servers that are equal in the property may come in any order, so the list is compared with itself, sorted.
            orders = [sorted(ids, key=values.__getitem__, reverse=downwards) for downwards in (False, True)]
            ecs_check(f"{base}/sort-key", listed, "body", "servers", "*", "id", one_of=orders)


@_both("changes-since")
def test_a_list_of_changes_has_only_those(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
    base: str,
    path: str,
) -> None:
    """Of two servers the one that changed after the time is listed; with a time after every change nothing is."""
    first, second = ecs_servers.batch(2)
    ids = ("body", "servers", "*", "id")
    updated = _updated(first)
    earlier = _changed_since(ecs_client, path, updated - timedelta(seconds=1))
    ecs_check(f"{base}/changes-since", earlier, *ids, contains=first.id)
    ecs_wait.sleep(3.0)
    ecs_client.put(f"{_SERVERS}/{second.id}", {"server": {"name": ecs_supplies.name("changed")}})
    between = updated + timedelta(seconds=1)
    changed = _updated(second) > between
    listed = _changed_since(ecs_client, path, between)
    if changed:
        ecs_check(f"{base}/changes-since", listed, *ids, contains=second.id)
    if _updated(first) == updated:
        ecs_check(f"{base}/changes-since", listed, *ids, lacks=first.id)
    later = ecs_client.get(path, query={"changes-since": "2099-01-01T00:00:00Z"})
    ecs_check(f"{base}/changes-since", later, "body", "servers", equals=[])


def _updated(lease: Lease) -> datetime:
    """Return when a server changed last, as it says itself."""
    shown = read(lease.show(), "server", "updated")
    return datetime.fromisoformat(str(shown).replace("Z", "+00:00"))


def _changed_since(client: Client, path: str, moment: datetime, offset: int = 0) -> Exchange:
    """List what changed since *moment*, which is written with an *offset* of so many hours."""
    text = moment.astimezone(timezone(timedelta(hours=offset))).isoformat(timespec="seconds").replace("+00:00", "Z")
    return client.get(path, query={"changes-since": text, "limit": "1000"})


@_both("status-unknown-at-2-37", "status-unknown-from-2-38")
def test_an_unknown_status_depends_on_the_microversion(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, base: str, path: str
) -> None:
    """At 2.37 a status that is none gives an empty list, at 2.38 it is refused."""
    empty = ecs_client.get(path, query={"status": "NO_SUCH_STATUS"}, microversion="2.37")
    ecs_check(f"{base}/status-unknown-at-2-37", empty, "body", "servers", equals=[])
    ecs_expect(
        f"{base}/status-unknown-from-2-38",
        "GET",
        path,
        query={"status": "NO_SUCH_STATUS"},
        microversion="2.38",
        expects="invalid",
        change="the status is none of the documented ones",
        control=empty.id,
    )


@pytest.mark.ecs_requirement("nova.servers.show/rule/same-as-list")
def test_the_query_and_the_list_agree(
    ecs_client: Client, ecs_contract: Contract, ecs_check: Check, ecs_servers: Servers
) -> None:
    """One server shows the same in its own query and in the detailed list."""
    lease = ecs_servers()
    shown = lease.show()
    listed = read(ecs_client.get(f"{_SERVERS}/detail", query={"limit": "1000"}), "servers")
    entry = next(server for server in listed if server["id"] == lease.id)
    both = {field: entry[field] for field in read(shown, "server") if field in entry}
    for field, test in _lasting(ecs_contract, both):
        ecs_check("nova.servers.show/rule/same-as-list", shown, "body", "server", field, **test)


@_both("image-filter", "image-filter-alone")
def test_the_image_is_the_only_criterion(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, base: str, path: str
) -> None:
    """Beside image nothing else has an effect; servers of another image are not listed."""
    lease, image = ecs_servers(), ecs_supplies.need("image_id")
    ids = ("body", "servers", "*", "id")
    empty = ecs_client.get(path, query={"image": ecs_supplies.unknown_id()})
    ecs_check(f"{base}/image-filter", empty, "body", "servers", equals=[])
    others = _of_other_images(ecs_client, image)
    alone = ecs_client.get(path, query={"image": image})
    found = _ids(alone)
    others &= _of_other_images(ecs_client, image)
    ecs_check(f"{base}/image-filter", alone, *ids, same_items=[one for one in found if one not in others])
    for beside in ({"name": "no-such-name-anywhere"}, {"status": "ERROR"}, {"limit": "1"}, {"marker": lease.id}):
        listed = ecs_client.get(path, query={"image": image, **beside})
        again = _ids(ecs_client.get(path, query={"image": image}))
        # Others may create and delete servers meanwhile.
        test = (
            {"same_items": found} if set(again) == set(found) else {"includes": [one for one in found if one in again]}
        )
        ecs_check(f"{base}/image-filter-alone", listed, *ids, **test)
        found = again


def _ids(listed: Exchange) -> list[str]:
    return [server["id"] for server in read(listed, "servers") if "id" in server]


def _of_other_images(client: Client, image: str) -> set[str]:
    """Return the servers that show another image than *image*."""
    listed = client.get(f"{_SERVERS}/detail", query={"limit": str(_MOST)})
    shown = [(server.get("id"), server.get("image")) for server in read(listed, "servers")]
    return {server for server, has in shown if isinstance(has, dict) and has.get("id") != image}


@_both("reservation-filter")
def test_a_batch_is_a_list(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, base: str, path: str
) -> None:
    """The list by reservation has the servers of the batch and no others."""
    made = _servers(ecs_client, ecs_servers, ecs_supplies)
    listed = ecs_client.get(path, query={"reservation_id": read(made.batch, "reservation_id")})
    ecs_check(f"{base}/reservation-filter", listed, "body", "servers", "*", "id", same_items=made.ids[1:])


@pytest.mark.ecs_requirement("nova.servers.show/rule/own-project")
def test_a_server_names_its_project(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """tenant_id is the project of the URL."""
    (lease,) = ecs_servers.shared("ACTIVE")
    ecs_check(
        "nova.servers.show/rule/own-project", lease.show(), "body", "server", "tenant_id", equals=ecs_client.project_id
    )


@pytest.mark.ecs_requirement("nova.servers.show/rule/power-state")
@pytest.mark.parametrize(("state", "power"), [("ACTIVE", 1), ("SHUTOFF", 3)])
def test_the_power_state_follows(ecs_check: Check, ecs_servers: Servers, state: str, power: int) -> None:
    """A running server has power_state 1, a stopped one 3 (table 6-49)."""
    lease = ecs_servers("ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    ecs_check(
        "nova.servers.show/rule/power-state", lease.show(), "body", "server", "OS-EXT-STS:power_state", equals=power
    )


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/az-given",
    "nova.servers.create/rule/security-groups-set",
    "nova.servers.create/rule/key-pair-set",
    "nova.servers.create/rule/fixed-ip-used",
)
def test_a_server_is_where_it_was_put(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers
) -> None:
    """The zone, the group, the key pair and the address of the request show in the new server."""
    created = ecs_cases.control("nova.servers.create", "volume")
    asked, server = created.request_body["server"], read(created, "server", "id")
    shown = ecs_servers.show(server)
    zone, key, address = asked["availability_zone"], asked["key_name"], asked["networks"][0]["fixed_ip"]
    ecs_check("nova.servers.create/rule/az-given", shown, "body", "server", "OS-EXT-AZ:availability_zone", equals=zone)
    ecs_check("nova.servers.create/rule/key-pair-set", shown, "body", "server", "key_name", equals=key)
    # The group is shown by name or by id (table 6-55), so here only that it is there and alone can be said.
    ecs_check("nova.servers.create/rule/security-groups-set", shown, "body", "server", "security_groups", length=1)
    groups = ecs_client.get(f"{_SERVERS}/{server}/os-security-groups")
    group = asked["security_groups"][0]["name"]
    ecs_check(
        "nova.servers.create/rule/security-groups-set", groups, "body", "security_groups", "*", "id", contains=group
    )
    (network,) = exactly(1, read(shown, "server", "addresses"), "the server's only network")
    ecs_check(
        "nova.servers.create/rule/fixed-ip-used",
        shown,
        "body",
        "server",
        "addresses",
        network,
        0,
        "addr",
        equals=address,
    )


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/batch-server",
    "nova.servers.create/rule/count-servers",
    "nova.servers.create/rule/text-values",
    "nova.servers.create/rule/name-suffix-start",
)
def test_numbers_and_booleans_may_be_text(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """A batch of two, asked for as the section's example does, is answered with a server; names count from the number given."""
    name = ecs_supplies.name("text")
    body = _template(ecs_supplies, f"{name}-0003", min_count="2", max_count="2", return_reservation_id="False")
    created = ecs_client.post(_SERVERS, body, microversion="2.19")
    ecs_check.accepted("nova.servers.create/rule/text-values", created)
    ecs_check("nova.servers.create/rule/batch-server", created, "body", "server", "id", present=True)
    ecs_servers.settle(created)
    listed = ecs_client.get(_SERVERS, query={"name": name})
    ecs_check("nova.servers.create/rule/count-servers", listed, "body", "servers", length=2)
    # The number is where counting starts, or part of a name that is numbered (ruling name-suffix-start).
    readings = [[f"{name}-0003", f"{name}-0004"]]
    readings += [[f"{name}-0003-{number:04}" for number in range(first, first + 2)] for first in (0, 1)]
    names = sorted(read(listed, "servers", "*", "name"))
    wanted = names if names in readings else readings[0]
    ecs_check("nova.servers.create/rule/name-suffix-start", listed, "body", "servers", "*", "name", same_items=wanted)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/image-url",
    "nova.servers.create/rule/flavor-url",
    "nova.servers.create/rule/description-set",
)
def test_references_may_be_urls(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Image and flavor may be named by a URL that ends in the id; the description shows from its microversion on."""
    image, flavor = ecs_supplies.need("image_id"), ecs_supplies.need("flavor_id")
    base = ecs_target.endpoint
    urls = {"imageRef": f"{base}/images/{image}", "flavorRef": f"{base}/flavors/{flavor}"}
    _, (server,) = _create(
        ecs_client, ecs_servers, ecs_supplies, ecs_supplies.name("url"), description="described", **urls
    )
    shown = ecs_client.get(f"{_SERVERS}/{server}", microversion="2.19")
    ecs_check("nova.servers.create/rule/description-set", shown, "body", "server", "description", equals="described")
    ecs_check("nova.servers.create/rule/image-url", shown, "body", "server", "image", "id", equals=image)
    ecs_check("nova.servers.create/rule/flavor-url", shown, "body", "server", "flavor", "id", equals=flavor)


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-by-disk")
def test_a_boot_disk_takes_the_place_of_the_image(ecs_cases: Cases, ecs_check: Check) -> None:
    """The recipe that boots from a disk and names no image is accepted."""
    ecs_check.accepted("nova.servers.create/rule/image-by-disk", ecs_cases.attempt("nova.servers.create", "volume"))


@pytest.mark.parametrize(
    ("rule", "change", "fields"),
    [
        pytest.param(rule, change, fields, id=rule, marks=pytest.mark.ecs_requirement(f"{_CREATE}/{rule}"))
        for rule, change, fields in (
            (
                "name-batch-length",
                "a name of 60 characters for two servers",
                {"name": "long", "min_count": 2, "max_count": 2},
            ),
            ("image-malformed", "imageRef is neither an id nor a URL", {"imageRef": "no image at all"}),
            ("fixed-ip-malformed", "fixed_ip is no address", {"fixed_ip": "not-an-address"}),
        )
    ],
)
def test_a_creation_that_the_text_rules_out_is_refused(
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    rule: str,
    change: str,
    fields: dict[str, Any],
) -> None:
    """Each is refused, where the same request without it is accepted."""
    if "fixed_ip" in fields:
        fields = {"networks": [{"uuid": ecs_supplies.need("network_id"), **fields}]}
    if "name" in fields:
        fields = {**fields, "name": ecs_supplies.name("long").ljust(60, "x")}
    _refuse(ecs_cases, ecs_expect, ecs_supplies, ecs_jobs, rule, change, **fields)


@pytest.mark.ecs_requirement("nova.servers.create/rule/volume-size-least")
def test_a_boot_disk_smaller_than_the_image_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """One GB is less than any image that boots."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "volume-size-least",
        "the boot disk has 1 GB",
        imageRef=None,
        variant="volume",
        block_device_mapping_v2=[_boot_disk(ecs_supplies, volume_size=1)],
    )


@pytest.mark.ecs_requirement(
    "nova.servers.delete/rule/gone",
    "nova.servers.delete/rule/this-server-only",
    "nova.servers.delete/rule/no-body",
    "nova.servers.list/rule/deleted-not-listed",
    "nova.servers.list-detail/rule/deleted-not-listed",
)
def test_only_the_server_in_the_url_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Of two servers the one in the URL is not found and not listed any more, and the other is still there."""
    doomed, kept = ecs_servers.to_delete(), ecs_servers()
    deleted = ecs_client.delete(f"{_SERVERS}/{doomed.id}")
    ecs_check("nova.servers.delete/rule/no-body", deleted, "body", equals=None)
    ecs_servers.wait_stable(doomed.id)
    ecs_wait.gone(f"{_SERVERS}/{doomed.id}")  # it may show DELETED before
    ecs_check("nova.servers.delete/rule/gone", doomed.show(), "status", equals=404)
    ecs_check("nova.servers.delete/rule/this-server-only", kept.show(), "status", equals=200)
    for base, path in _LISTS:
        listed = ecs_client.get(path, query={"limit": "1000"})
        ecs_check(f"{base}/deleted-not-listed", listed, "body", "servers", "*", "id", lacks=doomed.id)


@pytest.mark.ecs_requirement(
    "nova.servers.update/rule/name-alone",
    "nova.servers.update/rule/other-fields",
    "nova.servers.update/rule/same-server",
)
def test_an_update_touches_what_it_names(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The name alone leaves the description; a field beside the two changes nothing, refused or passed over."""
    lease = ecs_servers()
    path = f"{_SERVERS}/{lease.id}"
    ecs_client.put(path, {"server": {"description": "kept"}}, microversion="2.19")
    changed = ecs_client.put(path, {"server": {"name": ecs_supplies.name("alone")}}, microversion="2.19")
    ecs_check("nova.servers.update/rule/same-server", changed, "body", "server", "id", equals=lease.id)
    after = ecs_client.get(path, microversion="2.19")
    ecs_check("nova.servers.update/rule/name-alone", after, "body", "server", "description", equals="kept")
    others = {"key_name": "another-key", "metadata": {"another": "value"}}
    for field, value in others.items():
        body = {"server": {"name": ecs_supplies.name("beside"), field: value}}
        ecs_client.put(path, body, microversion="2.19")
        shown = ecs_client.get(path, microversion="2.19")
        before = read(after, "server", field)
        lease.spoilt = lease.spoilt or not ecs_check(
            "nova.servers.update/rule/other-fields", shown, "body", "server", field, equals=before
        )


@_both("has-servers", "own-project", "changes-since-offset")
def test_a_list_is_the_projects_own(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers, base: str, path: str
) -> None:
    """A server of the project is there, and not for another project; times may have an offset."""
    lease = ecs_servers()
    whole = ecs_client.get(path, query={"limit": "1000"})
    ecs_check(f"{base}/has-servers", whole, "body", "servers", "*", "id", contains=lease.id)
    foreign = ecs_clients("other_project").get(path, query={"limit": "1000"})
    ecs_check(f"{base}/own-project", foreign, "body", "servers", "*", "id", lacks=lease.id)
    updated = _updated(lease)
    earlier = _changed_since(ecs_client, path, updated - timedelta(seconds=1), offset=8)
    ecs_check(f"{base}/changes-since-offset", earlier, "body", "servers", "*", "id", contains=lease.id)
    later = _changed_since(ecs_client, path, updated + timedelta(seconds=1), offset=-8)
    if _updated(lease) == updated:
        ecs_check(f"{base}/changes-since-offset", later, "body", "servers", "*", "id", lacks=lease.id)


@_both("pages-complete", "next-link-works", "no-next-link")
def test_links_lead_through_all_pages(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, base: str, path: str
) -> None:
    """From link to link every server of a name comes once, in the order of the whole list; then comes nothing."""
    made = _servers(ecs_client, ecs_servers, ecs_supplies)
    name = made.name
    whole = ecs_client.get(path, query={"name": name, "limit": "1000"})
    ids = [server["id"] for server in read(whole, "servers")]
    ecs_check(f"{base}/pages-complete", whole, "body", "servers", "*", "id", same_items=made.ids)
    _check_end(ecs_client, ecs_check, f"{base}/no-next-link", path, whole)
    page = ecs_client.get(path, query={"name": name, "limit": "1"})
    for number, server in enumerate(ids):
        ecs_check(f"{base}/pages-complete", page, "body", "servers", "*", "id", equals=[server])
        if number == len(ids) - 1:
            _check_end(ecs_client, ecs_check, f"{base}/pages-complete", path, page)
        elif ecs_check(f"{base}/next-link-works", page, "body", "servers_links", 0, "href", matches="[?]"):
            page = _follow(ecs_client, path, page)
            ecs_check(f"{base}/next-link-works", page, "body", "servers", "*", "id", equals=[ids[number + 1]])


def _follow(client: Client, path: str, page: Exchange) -> Exchange:
    """Ask for the page that the link of a page leads to."""
    return client.get(path, query=parse_qsl(urlsplit(read(page, "servers_links", 0, "href")).query))


def _check_end(client: Client, check: Check, requirement: str, path: str, page: Exchange) -> None:
    """Judge that no server comes after a page: it has no link, or that of an empty page (ruling next-link-form)."""
    links = read(page).get("servers_links")
    if not links:
        test: dict[str, JSON] = {"absent": True} if links is None else {"equals": []}
        check(requirement, page, "body", "servers_links", **test)
    elif check(requirement, page, "body", "servers_links", 0, "href", matches="[?]"):
        check(requirement, _follow(client, path, page), "body", "servers", equals=[])


@pytest.mark.ecs_requirement(
    "nova.servers.show/rule/image-shown",
    "nova.servers.show/rule/kernel-blank",
    "nova.servers.show/rule/no-fault",
    "nova.servers.show/rule/no-password",
    "nova.servers.show/rule/user-data-shown",
    "nova.servers.list-detail/rule/image-shown",
    "nova.servers.list-detail/rule/kernel-blank",
    "nova.servers.list-detail/rule/no-fault",
    "nova.servers.list-detail/rule/no-password",
    "nova.servers.list-detail/rule/user-data-shown",
    "nova.servers.list-detail/rule/tenant-is-project",
    "nova.servers.list-detail/rule/same-servers",
    "nova.servers.show/rule/same-server",
    "nova.servers.show/rule/launched-at",
    "nova.servers.show/rule/not-terminated",
    "nova.servers.list-detail/rule/batch-launch-index",
    "nova.servers.list-detail/rule/batch-reservation",
)
def test_a_server_shows_what_it_is(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Both views of the servers of a batch have its image, its user data, its reservation, and nothing that did not happen."""
    image = ecs_supplies.need("image_id")
    made = _servers(ecs_client, ecs_servers, ecs_supplies)
    ids, reservation = made.ids[1:], read(made.batch, "reservation_id")
    detail = ecs_client.get(f"{_SERVERS}/detail", query={"reservation_id": reservation}, microversion="2.3")
    brief = ecs_client.get(_SERVERS, query={"reservation_id": reservation}, microversion="2.3")
    order = [server["id"] for server in read(brief, "servers")]
    ecs_check("nova.servers.list-detail/rule/same-servers", detail, "body", "servers", "*", "id", equals=order)
    for rule, field, values in (
        ("batch-launch-index", "OS-EXT-SRV-ATTR:launch_index", [0, 1, 2]),
        ("batch-reservation", "OS-EXT-SRV-ATTR:reservation_id", [reservation] * 3),
        ("tenant-is-project", "tenant_id", [ecs_client.project_id] * 3),
    ):
        ecs_check(f"{_DETAIL}/{rule}", detail, "body", "servers", "*", field, same_items=values)
    one = ecs_client.get(f"{_SERVERS}/{ids[0]}", microversion="2.3")
    places: list[tuple[str, Exchange, tuple[str | int, ...]]] = [
        (_SHOW, one, ("server",)),
        (_DETAIL, detail, ("servers", 0)),
    ]
    for base, exchange, place in places:
        ecs_check(f"{base}/image-shown", exchange, "body", *place, "image", "id", equals=image)
        ecs_check(f"{base}/kernel-blank", exchange, "body", *place, "OS-EXT-SRV-ATTR:kernel_id", equals="")
        ecs_check(f"{base}/kernel-blank", exchange, "body", *place, "OS-EXT-SRV-ATTR:ramdisk_id", equals="")
        ecs_check(f"{base}/no-fault", exchange, "body", *place, "fault", absent=True)
        ecs_check(f"{base}/no-password", exchange, "body", *place, "adminPass", absent=True)
        # User data is redacted in every record; that it is there and not null can still be seen.
        ecs_check(f"{base}/user-data-shown", exchange, "body", *place, "OS-EXT-SRV-ATTR:user_data", differs=None)
    ecs_check("nova.servers.show/rule/same-server", one, "body", "server", "id", equals=ids[0])
    ecs_check(
        "nova.servers.show/rule/launched-at",
        one,
        "body",
        "server",
        "OS-SRV-USG:launched_at",
        matches=r"^\d{4}-\d\d-\d\dT",
    )
    ecs_check("nova.servers.show/rule/not-terminated", one, "body", "server", "OS-SRV-USG:terminated_at", equals=None)


@pytest.mark.ecs_requirement("nova.servers.show/rule/updated-follows")
def test_the_time_of_the_last_change_moves(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """updated is later after the server was stopped, after it was started and after it was restarted."""
    lease = ecs_servers()
    path = f"{_SERVERS}/{lease.id}"
    for action, body, status in (
        ("os-stop", {}, "SHUTOFF"),
        ("os-start", {}, "ACTIVE"),
        ("reboot", {"type": "HARD"}, "ACTIVE"),
    ):
        ecs_wait.sleep(2.0)  # the time is shown in whole seconds
        before = read(lease.show(), "server", "updated")
        if not ecs_client.post(f"{path}/action", {action: body}).accepted:
            ecs_check.not_tested("nova.servers.show/rule/updated-follows", f"the endpoint does not accept {action}")
            break
        ecs_servers.wait_stable(lease.id)
        with suppress(PrerequisiteMissing):  # what is under way may show late
            ecs_wait.until(path, "server", "status", equals=status)
        after = _after(ecs_servers, ecs_wait, lease, before)
        if not ecs_check(
            "nova.servers.show/rule/updated-follows", after, "body", "server", "updated", later_than=before
        ):
            break


def _after(servers: Servers, wait: Wait, lease: Lease, before: str) -> Exchange:
    """Query a server until it changed after *before*, at most for two minutes, and until nothing is under way."""
    for _ in range(120):
        if read(lease.show(), "server", "updated") != before:
            break
        wait.sleep(1.0)
    servers.wait_stable(lease.id)
    return lease.show()


#: Tags are there from this microversion on; locks show from an earlier one (tables 6-38 and 6-49).
_TAGGED, _LOCKED = "2.26", "2.9"
#: Servers of a page without limit, and the most of a page with one (tables 6-31 and 6-36).
_DEFAULT, _MOST = 25, 1000


@pytest.mark.ecs_requirement(
    "nova.servers.list/rule/tags-filter",
    "nova.servers.list/rule/not-tags-filter",
    "nova.servers.list-detail/rule/tags-filter",
    "nova.servers.list-detail/rule/not-tags-filter",
    "nova.servers.show/rule/tags-shown",
    "nova.servers.show/rule/locked-shown",
    "nova.servers.list-detail/rule/locked-shown",
)
def test_tags_and_locks_show_on_the_server_that_has_them(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Of two servers one has a tag and a lock: it is the one that is listed by the tag, and both show on it alone."""
    lease, other = ecs_servers.batch(2)
    path, tag = f"{_SERVERS}/{lease.id}", ecs_supplies.name("tag")
    try:
        read(ecs_client.post(f"{path}/action", {"lock": None}))
        _show_lock(ecs_client, ecs_check, {lease.id: True, other.id: False})
        read(ecs_client.post(f"{path}/action", {"unlock": None}))
        added = ecs_client.put(f"{path}/tags/{tag}", microversion=_TAGGED)
        if not added.accepted:
            read(added)
        for base, url in _LISTS:
            ids = ("body", "servers", "*", "id")
            having = ecs_client.get(url, query={"tags": tag, "limit": str(_MOST)}, microversion=_TAGGED)
            ecs_check(f"{base}/tags-filter", having, *ids, equals=[lease.id])
            lacking = ecs_client.get(url, query={"not-tags": tag, "limit": str(_MOST)}, microversion=_TAGGED)
            ecs_check(f"{base}/not-tags-filter", lacking, *ids, contains=other.id)
            ecs_check(f"{base}/not-tags-filter", lacking, *ids, lacks=lease.id)
        tags = ("body", "server", "tags")
        shown = ecs_client.get(path, microversion=_TAGGED)
        ecs_check("nova.servers.show/rule/tags-shown", shown, *tags, has_one=tag)
        theirs = ecs_client.get(f"{_SERVERS}/{other.id}", microversion=_TAGGED)
        ecs_check("nova.servers.show/rule/tags-shown", theirs, *tags, lacks=tag)
        ecs_client.delete(f"{path}/tags/{tag}", microversion=_TAGGED)
        bare = ecs_client.get(path, microversion=_TAGGED)
        lease.spoilt = not ecs_check("nova.servers.show/rule/tags-shown", bare, *tags, lacks=tag)
    except Exception:
        lease.spoilt = True
        raise
    finally:
        lease.release()
        other.release()


def _show_lock(client: Client, check: Check, wanted: dict[str, bool]) -> None:
    """Judge whether servers show as locked, each by itself and in the list."""
    listed = client.get(f"{_SERVERS}/detail", query={"limit": str(_MOST)}, microversion=_LOCKED)
    ids = [server["id"] for server in read(listed, "servers")]
    for server, locked in wanted.items():
        shown = client.get(f"{_SERVERS}/{server}", microversion=_LOCKED)
        check("nova.servers.show/rule/locked-shown", shown, "body", "server", "locked", equals=locked)
        place = ("body", "servers", ids.index(server) if server in ids else len(ids), "locked")
        check("nova.servers.list-detail/rule/locked-shown", listed, *place, equals=locked)


@_both("limit-default", "limit-most")
def test_a_page_has_its_most(
    ecs_client: Client, ecs_contract: Contract, ecs_target: Target, ecs_check: Check, base: str, path: str
) -> None:
    """Without limit it is 25, and 1000 at any rate; a project with fewer servers says nothing about it."""
    hook = ecs_target.control
    if hook is not None:
        hook("PUT", "/_mock/servers", {"count": _MOST + 1})
    try:
        more = ecs_client.get(path, query={"limit": str(_DEFAULT + 1)})
        if len(read(more, "servers")) > _DEFAULT:
            page = ecs_client.get(path)
            ecs_check(f"{base}/limit-default", page, "body", "servers", length_at_most=_DEFAULT)
        else:
            ecs_check.not_tested(f"{base}/limit-default", f"the project has no more than {_DEFAULT} servers to list")
        large = ecs_client.get(path, query={"limit": str(_MOST + 1)})
        if large.refused:  # cut or refused (6.2.4)
            refused = ecs_contract.expectation("invalid", "nova").statuses
            ecs_check(f"{base}/limit-most", large, "status", one_of=sorted(refused))
        elif len(read(large, "servers")) >= _MOST:
            ecs_check(f"{base}/limit-most", large, "body", "servers", length_at_most=_MOST)
        else:
            ecs_check.not_tested(f"{base}/limit-most", f"the project has no more than {_MOST} servers to list")
    finally:
        if hook is not None:
            hook("PUT", "/_mock/servers", {"count": 0})


@pytest.mark.ecs_requirement("nova.servers.list-detail/rule/limit-advised")
def test_the_limit_that_is_advised_is_accepted(ecs_client: Client, ecs_check: Check) -> None:
    """A page of the list with details may be asked to have 100 servers."""
    page = ecs_client.get(f"{_SERVERS}/detail", query={"limit": "100"})
    ecs_check.accepted("nova.servers.list-detail/rule/limit-advised", page)
    ecs_check("nova.servers.list-detail/rule/limit-advised", page, "body", "servers", length_at_most=100)


@pytest.mark.ecs_requirement("nova.servers.update/rule/description-bytes", "nova.servers.update/rule/tag-form")
def test_an_update_counts_bytes_and_shows_tags(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """128 letters of two bytes are too many for a description; a tag with a value shows as key=value, one without as key."""
    lease = ecs_servers()
    path, tags = f"{_SERVERS}/{lease.id}", f"/v1/{{project_id}}/servers/{lease.id}/tags"
    fitting = ecs_client.put(path, {"server": {"description": "é" * 127}}, microversion="2.19")
    ecs_expect(
        "nova.servers.update/rule/description-bytes",
        "PUT",
        path,
        json={"server": {"description": "é" * 128}},
        microversion="2.19",
        expects="invalid",
        change="the description has 256 bytes",
        control=fitting.id,
    )
    valued, bare = (
        f"{word}-{ecs_supplies.unknown_id()[:8]}" for word in ("valued", "bare")
    )  # names are too long for keys
    both = [{"key": valued, "value": "conformance"}, {"key": bare, "value": ""}]
    added = ecs_client.post(f"{tags}/action", {"action": "create", "tags": both})
    named = ecs_client.put(path, {"server": {"name": ecs_supplies.name("tagged")}}, microversion="2.47")
    if added.accepted:
        for form in (f"{valued}=conformance", bare):
            ecs_check("nova.servers.update/rule/tag-form", named, "body", "server", "tags", contains=form)
        lease.spoilt = ecs_client.post(f"{tags}/action", {"action": "delete", "tags": both}).refused
    else:
        ecs_check.not_tested("nova.servers.update/rule/tag-form", "the server does not get tags with values (5.9)")


_DISKS, _SNAPSHOTS = "/v2.1/{project_id}/os-volumes", "/v2.1/{project_id}/os-snapshots"


def _boot_disk(supplies: Supplies, **fields: Any) -> dict[str, Any]:
    image = supplies.need("image_id")
    disk = {"source_type": "image", "destination_type": "volume", "boot_index": "0", "uuid": image, "volume_size": 100}
    return {**disk, "delete_on_termination": True, **fields}


@pytest.mark.ecs_requirement("nova.servers.create/rule/no-batch-from-volume")
def test_one_volume_is_not_for_several_servers(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Two servers beside a volume that is there are refused."""
    volume = {"source_type": "volume", "destination_type": "volume", "boot_index": "-1", "uuid": ecs_supplies.disk()}
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "no-batch-from-volume",
        "two servers are to have one volume",
        imageRef=None,
        variant="volume",
        min_count=2,
        max_count=2,
        block_device_mapping_v2=[_boot_disk(ecs_supplies), volume],
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/disk-source-needed")
@pytest.mark.parametrize("source", ["volume", "snapshot", "image"])
def test_a_disk_has_a_source(
    ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs, source: str
) -> None:
    """What a disk is made from, be it a volume, a snapshot or an image, is named."""
    disk = {"source_type": source, "destination_type": "volume", "boot_index": "-1", "volume_size": 100}
    disks = [_boot_disk(ecs_supplies), disk]
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "disk-source-needed",
        f"a disk is to be made from a {source} and names none",
        imageRef=None,
        variant="volume",
        block_device_mapping_v2=disks,
    )


@pytest.mark.ecs_requirement("nova.servers.create/rule/snapshot-of-system-disk")
def test_a_snapshot_of_a_data_disk_does_not_boot(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """A boot disk comes from the snapshot of a system disk."""
    wanted = {"volume_id": ecs_supplies.disk(), "display_name": ecs_supplies.name("data"), "force": True}
    snapshot = ecs_supplies.make(_SNAPSHOTS, {"snapshot": wanted}, "snapshot", "id")
    ecs_wait.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    disk = _boot_disk(ecs_supplies, source_type="snapshot", uuid=snapshot)
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_supplies,
        ecs_jobs,
        "snapshot-of-system-disk",
        "the boot disk is to be made from a snapshot of a data disk",
        imageRef=None,
        variant="volume",
        block_device_mapping_v2=[disk],
    )
    ecs_client.delete(f"{_SNAPSHOTS}/{snapshot}")
    ecs_wait.gone(f"{_SNAPSHOTS}/{snapshot}")


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/full-ecs-image",
    "nova.servers.create/rule/geneve-network",
    "nova.servers.create/rule/anti-affinity-only",
    "nova.servers.create/rule/dedicated-host-ignored",
)
def test_what_a_creation_refuses_cannot_always_be_made(ecs_check: Check) -> None:
    """Nothing in the API makes such an image, network or group, or tells it from others; and one rule has two readings."""
    for rule, reason in (
        ("full-ecs-image", "images of full ECSs are made by another service, and no field tells them"),
        ("geneve-network", "the list of networks does not show their types (6.4.1)"),
        ("anti-affinity-only", "a group with another policy cannot be created (6.12.1)"),
        ("dedicated-host-ignored", "having an effect is accepted as well (ruling dedicated-host-without-tenancy)"),
    ):
        ecs_check.not_tested(f"{_CREATE}/{rule}", reason)


@pytest.mark.ecs_requirement("nova.servers.create/rule/tenancy-default")
def test_a_server_without_tenancy_is_on_a_shared_host(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """It shows no dedicated host."""
    shown = ecs_servers.show(_servers(ecs_client, ecs_servers, ecs_supplies).ids[0])
    ecs_check("nova.servers.create/rule/tenancy-default", shown, *_HINTS, "dedicated_host_id", absent=True)


@pytest.mark.ecs_requirement("nova.servers.create/rule/dedicated-host-chosen", "nova.servers.create/rule/tenancy-shown")
def test_a_dedicated_host_is_chosen(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Where a project has one, a server that asks for any is on it, and shows so."""
    ecs_supplies.need("dedicated_host_id")
    control = ecs_cases.control("nova.servers.create")
    read(control)
    body = _template(ecs_supplies, ecs_supplies.name("dedicated"))
    created = ecs_client.post(_SERVERS, {**body, "os:scheduler_hints": {"tenancy": "dedicated"}})
    if not ecs_check.accepted("nova.servers.create/rule/dedicated-host-chosen", created):
        ecs_check.not_tested("nova.servers.create/rule/tenancy-shown", "no server is created on a dedicated host")
        return
    (server,) = exactly(1, ecs_servers.settle(created), "the server that was created")
    shown = ecs_servers.show(server)
    ecs_check("nova.servers.create/rule/dedicated-host-chosen", shown, *_HINTS, "dedicated_host_id", length=1)
    ecs_check("nova.servers.create/rule/tenancy-shown", shown, *_HINTS, "tenancy", equals=["dedicated"])
    ecs_check("nova.servers.create/rule/tenancy-shown", shown, *_HINTS, "dedicated_host_id", 0, matches=".")
    ecs_client.delete(f"{_SERVERS}/{server}")
    ecs_wait.gone(f"{_SERVERS}/{server}")


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/failed-stays",
    "nova.servers.show/rule/fault-on-error",
    "nova.servers.list-detail/rule/fault-on-error",
)
def test_a_server_that_failed_says_why(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Where a target can be told to fail: the server is not taken back, is in error, and has a fault in both views."""
    hook = ecs_target.control
    rules = {"show": "nova.servers.show/rule/fault-on-error", "list": "nova.servers.list-detail/rule/fault-on-error"}
    if hook is None:
        for rule in ("nova.servers.create/rule/failed-stays", *rules.values()):
            ecs_check.not_tested(rule, "no request makes a creation fail after it was accepted")
        return
    hook("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0319"})
    name = ecs_supplies.name("failed")
    _, (server,) = _create(ecs_client, ecs_servers, ecs_supplies, name)
    shown = ecs_servers.show(server)
    listed = ecs_client.get(f"{_SERVERS}/detail", query={"name": name})
    ecs_check("nova.servers.create/rule/failed-stays", shown, "body", "server", "status", equals="ERROR")
    ecs_check(rules["show"], shown, "body", "server", "fault", present=True)
    ecs_check(rules["list"], listed, "body", "servers", 0, "fault", present=True)
    ecs_client.delete(f"{_SERVERS}/{server}")
    ecs_wait.gone(f"{_SERVERS}/{server}")


#: Sizes of the data disks of the server below, by what becomes of each: said, unsaid, and to be deleted.
_SIZES = {"keep-disk": 20, "keep-disk-default": 10, "delete-disk": 30}
_FLAGS: dict[str, dict[str, Any]] = {
    "keep-disk": {"delete_on_termination": False},
    "keep-disk-default": {},
    "delete-disk": {"delete_on_termination": True},
}
#: A name that no system disk has, for it has no effect (table 6-13).
_DEVICE = "/dev/vdq"
_KEYS, _GROUPS = "/v2.1/{project_id}/os-keypairs", "/v2.1/{project_id}/os-server-groups"


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/blank-disk",
    "nova.servers.create/rule/boot-index-default",
    "nova.servers.create/rule/device-name-ignored",
    "nova.servers.create/rule/keep-disk",
    "nova.servers.create/rule/keep-disk-default",
    "nova.servers.create/rule/delete-disk",
    "nova.servers.create/rule/port-first",
    "nova.servers.create/rule/security-groups-and-port",
    "nova.servers.create/rule/in-server-group",
    "nova.servers.delete/rule/port-kept",
    "nova.servers.delete/rule/port-of-network-deleted",
    "nova.servers.show/rule/disk-flag-default",
    "nova.keypairs.create/rule/usable",
    "nova.nics.delete/rule/port-kept",
)
def test_a_server_with_everything(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Blank disks, a key pair, a group and a port are there with it; afterwards what was to be kept, and nothing else."""
    usable = "nova.keypairs.create/rule/usable"
    key = ecs_supplies.make(_KEYS, {"keypair": {"name": ecs_supplies.name("key")}}, "keypair", "name")
    group = _server_group(ecs_client, ecs_supplies)
    port, security = _port(ecs_supplies), _security_group(ecs_supplies)
    if port is None:
        ecs_check.not_tested("nova.servers.create/rule/port-first", _NO_PORT)
        ecs_check.not_tested("nova.servers.delete/rule/port-kept", _NO_PORT)
    if port is None or security is None:
        ecs_check.not_tested(
            "nova.servers.create/rule/security-groups-and-port", "there is no free port, or no group that it is not in"
        )
    lease = ecs_servers("SHUTOFF")
    zone = read(lease.show(), "server", "OS-EXT-AZ:availability_zone")
    network, address = ecs_supplies.need("network_id"), ecs_supplies.address()
    nic = {"uuid": network, "fixed_ip": address}
    blank = {"source_type": "blank", "destination_type": "volume"}
    wanted = _template(
        ecs_supplies,
        ecs_supplies.name("whole"),
        imageRef=None,
        key_name=key,
        availability_zone=zone,
        networks=[nic if port is None else {**nic, "port": port}],
        security_groups=[] if security is None else [{"name": security}],
        block_device_mapping_v2=[
            _boot_disk(ecs_supplies, device_name=_DEVICE),
            *({**blank, "volume_size": size, **_FLAGS[rule]} for rule, size in _SIZES.items()),
        ],
    )
    wanted["server"] = {name: value for name, value in wanted["server"].items() if value not in (None, [])}
    created = ecs_client.post(_SERVERS, {**wanted, "os:scheduler_hints": {"group": group}} if group else wanted)
    ecs_check.accepted(usable, created)
    read(created)
    (server,) = exactly(1, ecs_servers.settle(created), "the server that was created")
    shown = ecs_client.get(f"{_SERVERS}/{server}", microversion="2.3")
    ecs_check(usable, shown, "body", "server", "key_name", equals=key)
    if group is None:
        ecs_check.not_tested("nova.servers.create/rule/in-server-group", "the endpoint does not create server groups")
    else:
        members = ecs_client.get(f"{_GROUPS}/{group}")
        ecs_check(
            "nova.servers.create/rule/in-server-group", members, "body", "server_group", "members", contains=server
        )
    _check_port(ecs_client, ecs_check, server, port, security, address)
    disks = _check_disks(ecs_client, ecs_check, server, shown)
    if port is not None:  # a NIC of another kind beside it
        added = ecs_client.post(f"{_SERVERS}/{server}/os-interface", {"interfaceAttachment": {"net_id": network}})
        read(added, "interfaceAttachment", "port_id")
    nics = ecs_client.get(f"{_SERVERS}/{server}/os-interface")
    ports = [str(entry["port_id"]) for entry in read(nics, "interfaceAttachments")]
    ecs_client.delete(f"{_SERVERS}/{server}")
    if not ecs_wait.gone(f"{_SERVERS}/{server}"):
        lease.spoilt = True
    _check_ports_left(
        ecs_client, ecs_check, ecs_expect, ecs_servers, ecs_wait, port, [one for one in ports if one != port]
    )
    _check_disks_left(ecs_client, ecs_check, ecs_expect, ecs_wait, lease, disks)
    ecs_client.delete(f"{_KEYS}/{key}")
    if group is not None:
        ecs_client.delete(f"{_GROUPS}/{group}")


_KEPT = "nova.nics.delete/rule/port-kept"
_NO_PORT = "this needs --ecs-port, a port that no server has"


def _server_group(client: Client, supplies: Supplies) -> str | None:
    body = {"server_group": {"name": supplies.name("group"), "policies": ["anti-affinity"]}}
    try:
        made = str(supplies.make(_GROUPS, body, "server_group", "id"))
    except PrerequisiteMissing:
        return None
    return made if client.get(f"{_GROUPS}/{made}").accepted else None


def _port(supplies: Supplies) -> str | None:
    try:
        return supplies.port()
    except PrerequisiteMissing:
        return None


def _security_group(supplies: Supplies) -> str | None:
    """Return the name of a new security group (11.3.3), in which no port can be; None where none can be created."""
    body = {"security_group": {"name": supplies.name("group"), "description": "for one server"}}
    try:
        return str(supplies.make("/v2.1/{project_id}/os-security-groups", body, "security_group", "name"))
    except PrerequisiteMissing:
        return None


def _check_port(
    client: Client, check: Check, server: str, port: str | None, security: str | None, address: str
) -> None:
    """Judge that the port is the NIC, with the address and the groups that it has."""
    if port is None:
        return
    nics = client.get(f"{_SERVERS}/{server}/os-interface")
    if not check(
        "nova.servers.create/rule/port-first", nics, "body", "interfaceAttachments", "*", "port_id", equals=[port]
    ):
        check.not_tested("nova.servers.create/rule/security-groups-and-port", "the server does not have the port")
        return
    place = ("body", "interfaceAttachments", 0, "fixed_ips", "*", "ip_address")
    check("nova.servers.create/rule/port-first", nics, *place, lacks=address)
    if security is not None:
        groups = client.get(f"{_SERVERS}/{server}/os-security-groups")
        rule = "nova.servers.create/rule/security-groups-and-port"
        check(rule, groups, "body", "security_groups", "*", "name", lacks=security)


def _check_disks(client: Client, check: Check, server: str, shown: Exchange) -> dict[str, str]:
    """Judge the disks of the server; return the ids of the blank ones by the rules that they are for."""
    listed = client.get(f"/v2.1/servers/{server}/block_device")
    sizes = {str(size): rule for rule, size in _SIZES.items()}
    found: dict[str, str] = {}
    ids = [volume["id"] for volume in read(shown, "server", "os-extended-volumes:volumes_attached")]
    for number, entry in enumerate(read(listed, "volumeAttachments")):
        place: tuple[str | int, ...] = ("body", "volumeAttachments", number)
        rule = sizes.get(str(entry["size"]))
        if rule is None:
            check("nova.servers.create/rule/device-name-ignored", listed, *place, "device", differs=_DEVICE)
            continue
        found[rule] = str(entry["volumeId"])
        check("nova.servers.create/rule/boot-index-default", listed, *place, "bootIndex", none_of=[0, False])
    check.not_tested(
        "nova.servers.create/rule/device-name-ignored", "the list has no other disk than those that were asked for"
    )
    if not found:
        check.not_tested("nova.servers.create/rule/boot-index-default", "the server got none of the disks")
    shown_sizes = [entry["size"] for entry in read(listed, "volumeAttachments")]
    for size in _SIZES.values():  # a number or a text (5.6.3)
        wanted = str(size) if str(size) in shown_sizes else size
        check("nova.servers.create/rule/blank-disk", listed, "body", "volumeAttachments", "*", "size", has_one=wanted)
    unsaid = found.get("keep-disk-default")
    if unsaid is None:
        check.not_tested("nova.servers.show/rule/disk-flag-default", "the server did not get the disk")
        return found
    at = ids.index(unsaid) if unsaid in ids else len(ids)
    place = ("body", "server", "os-extended-volumes:volumes_attached", at, "delete_on_termination")
    check("nova.servers.show/rule/disk-flag-default", shown, *place, equals=False)
    return found


def _check_ports_left(
    client: Client, check: Check, expect: Expect, servers: Servers, wait: Wait, port: str | None, deleted: list[str]
) -> None:
    """Judge what is left of the NICs of a deleted server: the port that was there before can be used, and used again."""
    lease = servers("ACTIVE")
    path = f"{_SERVERS}/{lease.id}/os-interface"
    if port is not None:
        again = client.post(path, {"interfaceAttachment": {"port_id": port}})
        if check.accepted("nova.servers.delete/rule/port-kept", again):
            _keep_port(client, check, wait, lease, port)
        else:
            check.not_tested(_KEPT, "the port is no longer there, or no longer free")
    else:
        check.not_tested(_KEPT, _NO_PORT)
    if not deleted:
        check.not_tested("nova.servers.delete/rule/port-of-network-deleted", "the server had no NIC by its network")
    for gone in deleted:
        answer = expect(
            "nova.servers.delete/rule/port-of-network-deleted",
            "POST",
            path,
            json={"interfaceAttachment": {"port_id": gone}},
            expects="unknown-reference",
            change="the port was deleted with its server",
        )
        lease.spoilt = lease.spoilt or answer.accepted
    lease.release()


def _keep_port(client: Client, check: Check, wait: Wait, lease: Lease, port: str) -> None:
    """Delete a NIC that was added by its port, and judge that the port can be added again."""
    path = f"{_SERVERS}/{lease.id}/os-interface"
    if client.get(f"{path}/{port}").refused:
        check.not_tested(_KEPT, "the server does not get the NIC")
        return
    for last in (False, True):
        client.delete(f"{path}/{port}")
        lease.spoilt = not wait.gone(f"{path}/{port}") or lease.spoilt
        if last or lease.spoilt:
            break
        again = client.post(path, {"interfaceAttachment": {"port_id": port}})
        if not check.accepted(_KEPT, again):
            return
    if not last:
        check.not_tested(_KEPT, "the NIC does not go")


def _check_disks_left(
    client: Client, check: Check, expect: Expect, wait: Wait, lease: Lease, disks: dict[str, str]
) -> None:
    """Judge which disks of a deleted server are left: those can be attached to another one."""
    path = f"{_SERVERS}/{lease.id}/os-volume_attachments"
    for rule in _SIZES:
        disk = disks.get(rule)
        body = {"volumeAttachment": {"volumeId": disk}}
        if disk is None:
            check.not_tested(f"{_CREATE}/{rule}", "the server did not get the disk")
            continue
        if rule == "delete-disk":
            wait.gone(f"{_DISKS}/{disk}", 30)  # it may go a little later than its server
            answer = expect(
                f"{_CREATE}/{rule}",
                "POST",
                path,
                json=body,
                expects="unknown-reference",
                change="the disk was deleted with its server",
            )
        else:
            with suppress(PrerequisiteMissing, StepFailed):  # it may take a little longer than its server
                wait.until(f"{_DISKS}/{disk}", "volume", "status", equals="available")
            answer = client.post(path, body)
            check.accepted(f"{_CREATE}/{rule}", answer)
        if answer.accepted:
            lease.spoilt = not _deleted(client, wait, f"{path}/{disk}", disk) or lease.spoilt


def _deleted(client: Client, wait: Wait, attachment: str, disk: str) -> bool:
    """Detach a disk and delete it; where disks cannot be queried (11.4.3) it stays, to be deleted with its server."""
    shown = client.get(f"{_DISKS}/{disk}")
    if not shown.accepted:
        return False
    wait.until(f"{_DISKS}/{disk}", "volume", "status", equals="in-use")
    client.delete(attachment)
    if not wait.gone(attachment):
        return False
    wait.until(f"{_DISKS}/{disk}", "volume", "status", equals="available")
    return client.delete(f"{_DISKS}/{disk}").accepted
