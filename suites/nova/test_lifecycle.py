"""Rules of creating, changing, deleting and querying ECSs through the native API (6.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from pytest_ecs import Bench, Exchange

_CREATE, _UPDATE, _DELETE = (f"nova.servers.{verb}/rule" for verb in ("create", "update", "delete"))
_LIST, _DETAIL, _SHOW = (f"nova.servers.{verb}/rule" for verb in ("list", "list-detail", "show"))
_SERVERS = "/v2.1/{project_id}/servers"
#: Both lists have the same parameters (tables 6-31 and 6-36).
_LISTS = [(_LIST, _SERVERS), (_DETAIL, f"{_SERVERS}/detail")]


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


def _template(bench: Bench, name: str, **fields: Any) -> dict[str, Any]:
    resources = bench.session.target.resources
    server = {
        "name": name,
        "imageRef": resources.image_id,
        "flavorRef": resources.flavor_id,
        "networks": [{"uuid": resources.network_id}],
    }
    return {"server": {**server, **fields}}


def _create(bench: Bench, name: str, **fields: Any) -> tuple[Exchange, list[str]]:
    created = bench.client.post(_SERVERS, _template(bench, name, **fields), microversion="2.19")
    return created, bench.session.pool.settle(created)


def _refuse(bench: Bench, rule: str, change: str, **fields: Any) -> None:
    control = bench.control("nova.servers.create")
    body = _template(bench, bench.new_name("no"), **fields)
    body["server"] = {key: value for key, value in body["server"].items() if value is not None}
    refused = bench.expect(
        f"{_CREATE}/{rule}",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change=change,
        control=control.id,
        microversion="2.19",
    )
    bench.wait_out(refused)


@pytest.mark.ecs_requirement(f"{_CREATE}/reservation", f"{_CREATE}/name-suffix")
def test_a_batch_is_found_by_its_reservation(ecs_bench: Bench) -> None:
    """With return_reservation_id the answer names the reservation, and the list by it has the servers with numbered names."""
    name = ecs_bench.new_name("batch")
    created, _ = _create(ecs_bench, name, min_count=2, max_count=2, return_reservation_id=True)
    ecs_bench.check(f"{_CREATE}/reservation", created, "body", "reservation_id", matches=".")
    listed = ecs_bench.client.get(_SERVERS, query={"reservation_id": created.response_body["reservation_id"]})
    ecs_bench.check(
        f"{_CREATE}/name-suffix", listed, "body", "servers", "*", "name", same_items=[f"{name}-0000", f"{name}-0001"]
    )


@pytest.mark.ecs_requirement(
    f"{_CREATE}/creates", f"{_CREATE}/name-single", f"{_CREATE}/metadata-set", f"{_CREATE}/default-security-group",
    f"{_CREATE}/min-default", f"{_CREATE}/no-eip", f"{_CREATE}/system-disk-visible",
)  # fmt: skip
def test_a_server_is_what_was_asked_for(ecs_bench: Bench) -> None:
    """Name and metadata of the request show in the new server; the rest has its default."""
    name = ecs_bench.new_name("native")
    _, (server,) = _create(ecs_bench, name, metadata={"purpose": "conformance"})
    shown = ecs_bench.session.pool.show(server)
    ecs_bench.check(f"{_CREATE}/creates", shown, "body", "server", "status", equals="ACTIVE")
    ecs_bench.check(f"{_CREATE}/name-single", shown, "body", "server", "name", equals=name)
    ecs_bench.check(f"{_CREATE}/metadata-set", shown, "body", "server", "metadata", "purpose", equals="conformance")
    ecs_bench.check(
        f"{_CREATE}/default-security-group",
        shown,
        "body",
        "server",
        "security_groups",
        "*",
        "name",
        includes=["default"],
    )
    ecs_bench.check(
        f"{_CREATE}/system-disk-visible", shown, "body", "server", "os-extended-volumes:volumes_attached", length=1
    )
    for network, entries in shown.response_body["server"]["addresses"].items():
        for number in range(len(entries)):
            ecs_bench.check(
                f"{_CREATE}/no-eip",
                shown,
                "body",
                "server",
                "addresses",
                network,
                number,
                "OS-EXT-IPS:type",
                differs="floating",
            )
    named = ecs_bench.client.get(_SERVERS, query={"name": name})
    ecs_bench.check(f"{_CREATE}/min-default", named, "body", "servers", length=1)


@pytest.mark.ecs_requirement(f"{_CREATE}/max-default")
def test_without_a_most_the_least_counts(ecs_bench: Bench) -> None:
    """min_count 2 alone makes two servers."""
    name = ecs_bench.new_name("least")
    _create(ecs_bench, name, min_count=2, return_reservation_id=True)
    ecs_bench.check(
        f"{_CREATE}/max-default", ecs_bench.client.get(_SERVERS, query={"name": name}), "body", "servers", length=2
    )


@pytest.mark.ecs_requirement(f"{_CREATE}/os-volumes-boot")
def test_the_alias_creates_servers(ecs_bench: Bench) -> None:
    """A request to os-volumes_boot is answered like one to servers."""
    body = _template(ecs_bench, ecs_bench.new_name("alias"))
    created = ecs_bench.client.post("/v2/{project_id}/os-volumes_boot", body)
    ecs_bench.session.pool.settle(created)
    ecs_bench.check(f"{_CREATE}/os-volumes-boot", created, "body", "server", "id", present=True)


@pytest.mark.ecs_requirement(f"{_CREATE}/boot-disk-needed")
def test_a_disk_to_boot_from_is_needed(ecs_bench: Bench) -> None:
    """A volume without boot_index 0 is refused."""
    disk = {"source_type": "volume", "destination_type": "volume", "uuid": ecs_bench.unknown_id(), "boot_index": "-1"}
    _refuse(ecs_bench, "boot-disk-needed", "no disk has boot_index 0", imageRef=None, block_device_mapping_v2=[disk])


@pytest.mark.ecs_requirement(f"{_CREATE}/key-pair-set", f"{_CREATE}/fixed-ip-used")
def test_a_server_is_where_it_was_put(ecs_bench: Bench) -> None:
    """The key pair and the fixed address of the request show in the new server."""
    key, network = ecs_bench.need_resource("key_name"), ecs_bench.need_resource("network_id")
    address = ecs_bench.free_address()
    _, (server,) = _create(
        ecs_bench, ecs_bench.new_name("fixed"), key_name=key, networks=[{"uuid": network, "fixed_ip": address}]
    )
    shown = ecs_bench.session.pool.show(server)
    ecs_bench.check(f"{_CREATE}/key-pair-set", shown, "body", "server", "key_name", equals=key)
    (name,) = shown.response_body["server"]["addresses"]
    ecs_bench.check(f"{_CREATE}/fixed-ip-used", shown, "body", "server", "addresses", name, 0, "addr", equals=address)


@pytest.mark.ecs_requirement(f"{_CREATE}/max-not-below-min")
def test_the_most_is_not_less_than_the_least(ecs_bench: Bench) -> None:
    """max_count below min_count is refused."""
    _refuse(ecs_bench, "max-not-below-min", "max_count is below min_count", min_count=2, max_count=1)


@pytest.mark.ecs_requirement(f"{_CREATE}/image-needed")
def test_an_image_or_a_disk_is_needed(ecs_bench: Bench) -> None:
    """Without imageRef and without a disk to boot from the request is refused."""
    _refuse(ecs_bench, "image-needed", "there is neither imageRef nor a disk", imageRef=None)


@pytest.mark.ecs_requirement(f"{_CREATE}/network-or-port")
def test_a_network_needs_a_port_or_a_network_id(ecs_bench: Bench) -> None:
    """An entry of networks without port and uuid is refused."""
    _refuse(ecs_bench, "network-or-port", "networks has an entry with neither uuid nor port", networks=[{}])


@pytest.mark.ecs_requirement(f"{_CREATE}/fixed-ip-needs-uuid")
def test_a_fixed_address_needs_its_network(ecs_bench: Bench) -> None:
    """fixed_ip without uuid is refused."""
    _refuse(ecs_bench, "fixed-ip-needs-uuid", "fixed_ip without uuid", networks=[{"fixed_ip": "192.168.0.201"}])


@pytest.mark.ecs_requirement(f"{_CREATE}/volume-size-needed")
def test_a_new_disk_needs_a_size(ecs_bench: Bench) -> None:
    """volume_size is mandatory where a disk is made from an image."""
    image = ecs_bench.need_resource("image_id")
    disk = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": image,
        "boot_index": "0",
        "volume_type": "SSD",
    }
    _refuse(
        ecs_bench, "volume-size-needed", "the disk has no volume_size", imageRef=None, block_device_mapping_v2=[disk]
    )


@pytest.mark.ecs_requirement(f"{_CREATE}/description-set")
def test_a_description_needs_its_microversion(ecs_bench: Bench) -> None:
    """The description shows from 2.19 on and not below."""
    _, (server,) = _create(ecs_bench, ecs_bench.new_name("text"), description="described")
    shown = ecs_bench.client.get(f"{_SERVERS}/{server}", microversion="2.19")
    ecs_bench.check(f"{_CREATE}/description-set", shown, "body", "server", "description", equals="described")


@pytest.mark.ecs_requirement(f"{_UPDATE}/name-changed", f"{_UPDATE}/description-changed", f"{_UPDATE}/nothing-else")
def test_name_and_description_change_and_nothing_else(ecs_bench: Bench) -> None:
    """After the request both are new in the answer and in the query, and flavor, image and addresses are as before."""
    lease = ecs_bench.session.pool.lease()
    path, name = f"{_SERVERS}/{lease.id}", ecs_bench.new_name("renamed")
    before = ecs_bench.client.get(path, microversion="2.19").response_body["server"]
    changed = ecs_bench.client.put(path, {"server": {"name": name, "description": "new"}}, microversion="2.19")
    after = ecs_bench.client.get(path, microversion="2.19")
    for exchange in (changed, after):
        ecs_bench.check(f"{_UPDATE}/name-changed", exchange, "body", "server", "name", equals=name)
        ecs_bench.check(f"{_UPDATE}/description-changed", exchange, "body", "server", "description", equals="new")
    for field in ("id", "flavor", "image", "addresses", "metadata", "status", "key_name"):
        ecs_bench.check(f"{_UPDATE}/nothing-else", after, "body", "server", field, equals=before[field])
    lease.release()


@pytest.mark.ecs_requirement(f"{_DELETE}/gone")
def test_a_deleted_server_is_gone(ecs_bench: Bench) -> None:
    """After a while the server is not found and not listed any more."""
    lease = ecs_bench.session.pool.lease()
    ecs_bench.client.delete(f"{_SERVERS}/{lease.id}")
    ecs_bench.session.pool.wait_stable(lease.id)
    ecs_bench.check(f"{_DELETE}/gone", lease.show(), "status", equals=404)
    ecs_bench.check(f"{_DELETE}/gone", ecs_bench.client.get(_SERVERS), "body", "servers", "*", "id", lacks=lease.id)
    lease.release()


@_both("name-filter", "ip-filter", "flavor-filter")
def test_a_list_is_filtered_by_what_servers_have(ecs_bench: Bench, base: str, path: str) -> None:
    """Name, address and flavor are matched in part: the server that fits is listed, and nothing with a part it lacks."""
    lease = ecs_bench.session.pool.lease()
    server = lease.show().response_body["server"]
    address = next(iter(server["addresses"].values()))[0]["addr"]
    for rule, key, value in (
        ("name-filter", "name", server["name"][-8:]), ("ip-filter", "ip", address), ("flavor-filter", "flavor", server["flavor"]["id"]),
    ):  # fmt: skip
        listed = ecs_bench.client.get(path, query={key: value})
        ecs_bench.check(f"{base}/{rule}", listed, "body", "servers", "*", "id", contains=lease.id)
        nothing = {"name": "no-such-name-anywhere", "ip": "203.0.113.99", "flavor": "no-such-flavor"}[key]
        empty = ecs_bench.client.get(path, query={key: nothing})
        ecs_bench.check(f"{base}/{rule}", empty, "body", "servers", equals=[])
    lease.release()


@_both("status-filter")
def test_a_list_is_filtered_by_status(ecs_bench: Bench, base: str, path: str) -> None:
    """A stopped server is in the list of SHUTOFF and not in that of ACTIVE."""
    lease = ecs_bench.session.pool.lease("SHUTOFF")
    stopped = ecs_bench.client.get(path, query={"status": "SHUTOFF", "limit": "1000"})
    running = ecs_bench.client.get(path, query={"status": "ACTIVE", "limit": "1000"})
    ecs_bench.check(f"{base}/status-filter", stopped, "body", "servers", "*", "id", contains=lease.id)
    ecs_bench.check(f"{base}/status-filter", running, "body", "servers", "*", "id", lacks=lease.id)
    lease.release()


@_both("limit", "marker", "next-link", "sort-default")
def test_pages_have_every_server_once(ecs_bench: Bench, base: str, path: str) -> None:
    """Page by page with limit 1, every server of the whole list comes once and in the same order."""
    leases = ecs_bench.session.pool.batch_of(3)
    whole = ecs_bench.client.get(f"{_SERVERS}/detail", query={"limit": "1000"}).response_body["servers"]
    ids = [server["id"] for server in whole]
    created = [server["created"] for server in whole]
    everything = ecs_bench.client.get(path, query={"limit": "1000"})
    ecs_bench.check(
        f"{base}/sort-default",
        everything,
        "body",
        "servers",
        "*",
        "id",
        equals=[i for _, i in _newest_first(created, ids)],
    )
    first = ecs_bench.client.get(path, query={"limit": "1"})
    ecs_bench.check(f"{base}/limit", first, "body", "servers", length=1)
    ecs_bench.check(f"{base}/next-link", first, "body", "servers_links", 0, "rel", equals="next")
    for before, after in pairwise(ids):
        page = ecs_bench.client.get(path, query={"limit": "1", "marker": before})
        ecs_bench.check(f"{base}/marker", page, "body", "servers", "*", "id", equals=[after])
    last = ecs_bench.client.get(path, query={"limit": "1", "marker": ids[-1]})
    ecs_bench.check(f"{base}/marker", last, "body", "servers", equals=[])
    for lease in leases:
        lease.release()


def _newest_first(created: list[str], ids: list[str]) -> list[tuple[str, str]]:
    """Sort by time, newest first; servers of one second stay as they are listed."""
    return sorted(zip(created, ids, strict=True), key=lambda pair: pair[0], reverse=True)


@_both("sort-key")
def test_a_list_is_sorted_by_the_key(ecs_bench: Bench, base: str, path: str) -> None:
    """By display_name the names come in one direction, whichever it is."""
    leases = ecs_bench.session.pool.batch_of(2)
    listed = ecs_bench.client.get(path, query={"sort_key": "display_name", "limit": "1000"})
    names = [server["name"] for server in listed.response_body["servers"]]
    ecs_bench.check(
        f"{base}/sort-key", listed, "body", "servers", "*", "name", one_of=[sorted(names), sorted(names, reverse=True)]
    )
    for lease in leases:
        lease.release()


@_both("changes-since")
def test_a_list_of_changes_has_only_those(ecs_bench: Bench, base: str, path: str) -> None:
    """A server that changed after the time is listed; with a time after every change nothing is."""
    lease = ecs_bench.session.pool.lease()
    updated = lease.show().response_body["server"]["updated"]
    changed = ecs_bench.client.get(path, query={"changes-since": updated, "limit": "1000"})
    ecs_bench.check(f"{base}/changes-since", changed, "body", "servers", "*", "id", contains=lease.id)
    later = ecs_bench.client.get(path, query={"changes-since": "2099-01-01T00:00:00Z"})
    ecs_bench.check(f"{base}/changes-since", later, "body", "servers", equals=[])
    lease.release()


@_both("status-unknown-at-2-37", "status-unknown-from-2-38")
def test_an_unknown_status_depends_on_the_microversion(ecs_bench: Bench, base: str, path: str) -> None:
    """At 2.37 a status that is none gives an empty list, at 2.38 it is refused."""
    empty = ecs_bench.client.get(path, query={"status": "NO_SUCH_STATUS"}, microversion="2.37")
    ecs_bench.check(f"{base}/status-unknown-at-2-37", empty, "body", "servers", equals=[])
    ecs_bench.expect(
        f"{base}/status-unknown-from-2-38", "GET", path, query={"status": "NO_SUCH_STATUS"}, microversion="2.38",
        expects="invalid", change="the status is none of the documented ones", control=empty.id,
    )  # fmt: skip


@pytest.mark.ecs_requirement(f"{_SHOW}/same-as-list")
def test_the_query_and_the_list_agree(ecs_bench: Bench) -> None:
    """One server shows the same in its own query and in the detailed list."""
    lease = ecs_bench.session.pool.lease()
    shown = lease.show()
    listed = ecs_bench.client.get(f"{_SERVERS}/detail", query={"limit": "1000"}).response_body["servers"]
    entry = next(server for server in listed if server["id"] == lease.id)
    for field in (
        "name",
        "status",
        "flavor",
        "image",
        "addresses",
        "metadata",
        "tenant_id",
        "OS-EXT-STS:vm_state",
        "created",
    ):
        ecs_bench.check(f"{_SHOW}/same-as-list", shown, "body", "server", field, equals=entry[field])
    lease.release()


@_both("image-filter", "image-filter-alone")
def test_the_image_is_the_only_criterion(ecs_bench: Bench, base: str, path: str) -> None:
    """With image a server is listed although its name does not fit; with another image nothing is."""
    lease, image = ecs_bench.session.pool.lease(), ecs_bench.need_resource("image_id")
    listed = ecs_bench.client.get(path, query={"image": image, "name": "no-such-name-anywhere"})
    ecs_bench.check(f"{base}/image-filter-alone", listed, "body", "servers", "*", "id", contains=lease.id)
    ecs_bench.check(f"{base}/image-filter", listed, "body", "servers", "*", "id", contains=lease.id)
    empty = ecs_bench.client.get(path, query={"image": ecs_bench.unknown_id()})
    ecs_bench.check(f"{base}/image-filter", empty, "body", "servers", equals=[])
    lease.release()


@_both("reservation-filter")
def test_a_batch_is_a_list(ecs_bench: Bench, base: str, path: str) -> None:
    """The list by reservation has the servers of the batch and no others."""
    created, ids = _create(ecs_bench, ecs_bench.new_name("batch"), min_count=2, max_count=2, return_reservation_id=True)
    listed = ecs_bench.client.get(path, query={"reservation_id": created.response_body["reservation_id"]})
    ecs_bench.check(f"{base}/reservation-filter", listed, "body", "servers", "*", "id", same_items=ids)


@pytest.mark.ecs_requirement(f"{_SHOW}/own-project")
def test_a_server_names_its_project(ecs_bench: Bench) -> None:
    """tenant_id is the project of the URL."""
    (lease,) = ecs_bench.shared("ACTIVE")
    ecs_bench.check(
        f"{_SHOW}/own-project", lease.show(), "body", "server", "tenant_id", equals=ecs_bench.client.project_id
    )


@pytest.mark.ecs_requirement(f"{_SHOW}/power-state")
@pytest.mark.parametrize(("state", "power"), [("ACTIVE", 1), ("SHUTOFF", 3)])
def test_the_power_state_follows(ecs_bench: Bench, state: str, power: int) -> None:
    """A running server has power_state 1, a stopped one 3 (table 6-49)."""
    lease = ecs_bench.session.pool.lease("ACTIVE" if state == "ACTIVE" else "SHUTOFF")
    ecs_bench.check(f"{_SHOW}/power-state", lease.show(), "body", "server", "OS-EXT-STS:power_state", equals=power)
    lease.release()
