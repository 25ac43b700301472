"""Rules of floating IP addresses and their pools (11.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Bench, Exchange, Lease

_LIST, _SHOW, _CREATE, _DELETE = (
    f"deprecated.floating-ips.{verb}/rule" for verb in ("list", "show", "create", "delete")
)
_BIND, _UNBIND = (f"deprecated.servers.{verb}-floating-ip/rule" for verb in ("add", "remove"))
_POOLS = "deprecated.floating-ip-pools.list/rule"
_ALL, _ALL_POOLS = "/v2.1/{project_id}/os-floating-ips", "/v2.1/{project_id}/os-floating-ip-pools"
_IDS = ("body", "floating_ips", "*", "id")
_ONE = ("body", "floating_ip")
#: The last microversion that binds and unbinds (11.5.1, 11.5.2), and the first that does not.
_LAST, _GONE = "2.43", "2.44"


@pytest.mark.ecs_requirement(
    *(f"{_CREATE}/{rule}" for rule in ("pool", "default-pool", "not-bound", "listed", "new-address")),
    *(f"{_LIST}/{rule}" for rule in ("has-address", "own-project")),
    f"{_SHOW}/same-address",
    f"{_SHOW}/same-as-list",
    *(f"{_DELETE}/{rule}" for rule in ("gone", "this-address-only", "no-body")),
    *(f"{_POOLS}/{rule}" for rule in ("usable", "pools-of-addresses", "external-networks")),
)
def test_addresses_come_and_go(ecs_bench: Bench) -> None:
    """A new one is of a pool, bound to nothing, in the list and shown; only the released one goes."""
    control, client = ecs_bench.control("deprecated.floating-ips.show"), ecs_bench.client
    pools = [pool["name"] for pool in ecs_bench.read(client.get(_ALL_POOLS), "floating_ip_pools")]
    before = client.get(_ALL)
    created = client.post(_ALL, {})
    new = ecs_bench.read(created, "floating_ip")
    path = f"{_ALL}/{new['id']}"
    ecs_bench.check(f"{_CREATE}/default-pool", created, *_ONE, "pool", one_of=pools)
    ecs_bench.check(f"{_CREATE}/new-address", before, "body", "floating_ips", "*", "ip", lacks=new["ip"])
    for field in ("fixed_ip", "instance_id"):
        ecs_bench.check(f"{_CREATE}/not-bound", created, *_ONE, field, equals=None)
    other = client.post(_ALL, {"pool": pools[0]})
    if ecs_bench.check(f"{_POOLS}/usable", other, "status", at_most=299):
        ecs_bench.check(f"{_CREATE}/pool", other, *_ONE, "pool", equals=pools[0])
    kept = ecs_bench.read(other, "floating_ip", "id")
    listed, shown = client.get(_ALL), client.get(path)
    for rule in (f"{_CREATE}/listed", f"{_LIST}/has-address"):
        ecs_bench.check(rule, listed, *_IDS, contains=new["id"])
    for rule in (f"{_CREATE}/listed", f"{_SHOW}/same-address"):
        ecs_bench.check(rule, shown, *_ONE, "id", equals=new["id"])
    _agree(ecs_bench, listed, shown)
    for number in range(len(ecs_bench.read(listed, "floating_ips"))):
        at = ("body", "floating_ips", number, "pool")
        ecs_bench.check(f"{_POOLS}/pools-of-addresses", listed, *at, one_of=pools)
    foreign = ecs_bench.as_identity("other_project").get(_ALL)
    ecs_bench.check(f"{_LIST}/own-project", foreign, *_IDS, lacks=new["id"])
    ecs_bench.not_tested(f"{_POOLS}/external-networks", "only the network service shows external networks")
    deleted = client.delete(path)
    ecs_bench.check(f"{_DELETE}/no-body", deleted, "body", equals=None)
    ecs_bench.wait_gone(path)
    after = client.get(_ALL)
    ecs_bench.check(f"{_DELETE}/gone", after, *_IDS, lacks=new["id"])
    ecs_bench.expect(
        f"{_DELETE}/gone", "GET", path, expects="not-found", change="the address was released", control=control.id
    )
    ecs_bench.check(f"{_DELETE}/this-address-only", after, *_IDS, contains=kept)
    client.delete(f"{_ALL}/{kept}")


def _agree(bench: Bench, listed: Exchange, shown: Exchange) -> None:
    """Judge that an address is shown as it is listed."""
    alone = bench.read(shown, "floating_ip")
    entry: dict[str, Any] = next((one for one in bench.read(listed, "floating_ips") if one["id"] == alone["id"]), {})
    for field in ("id", "ip", "pool", "fixed_ip", "instance_id"):
        bench.check(f"{_SHOW}/same-as-list", shown, *_ONE, field, equals=entry.get(field))


def _action(lease: Lease) -> str:
    return f"/v2.1/{{project_id}}/servers/{lease.id}/action"


def _act(bench: Bench, lease: Lease, key: str, address: str, at: str = _LAST, **fields: str) -> Exchange:
    return bench.client.post(_action(lease), {key: {"address": address, **fields}}, microversion=at)


def _nics(lease: Lease, port: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{lease.id}/os-interface" + (f"/{port}" if port else "")


def _fixed(bench: Bench, lease: Lease) -> list[str]:
    """The private addresses of a server."""
    nics = bench.read(bench.client.get(_nics(lease)), "interfaceAttachments")
    return [str(entry["ip_address"]) for nic in nics for entry in nic["fixed_ips"]]


@contextmanager
def _second_nic(bench: Bench, lease: Lease) -> Iterator[None]:
    """Give a server one more NIC in the network of its first, and delete it in the end."""
    network = bench.read(bench.client.get(_nics(lease)), "interfaceAttachments", 0, "net_id")
    port = bench.make(_nics(lease), {"interfaceAttachment": {"net_id": network}}, "interfaceAttachment", "port_id")
    try:
        bench.until(_nics(lease), "interfaceAttachments", "*", "port_id", contains=port)
        yield
    finally:
        bench.client.delete(_nics(lease, port))
        lease.spoilt = not bench.wait_gone(_nics(lease, port)) or lease.spoilt


def _bound(bench: Bench, path: str, server: str | None) -> Exchange:
    """Wait a while until an address shows *server*, and return what it shows then, or that it is not there."""
    shown = bench.client.get(path)
    for _ in range(60):
        if shown.status == 404 or bench.read(shown, "floating_ip", "instance_id") == server:
            break
        bench.session.target.clock.sleep(1.0)
        shown = bench.client.get(path)
    return shown


def _addresses(bench: Bench, lease: Lease) -> tuple[Exchange, list[tuple[str | int, ...]]]:
    """Return a query of a server, and where in it the addresses of each network are."""
    shown = lease.show()
    return shown, [("body", "server", "addresses", network) for network in bench.read(shown, "server", "addresses")]


@pytest.mark.ecs_requirement(
    *(
        f"{_BIND}/{rule}"
        for rule in ("binds", "without-fixed-address", "shown-by-server", "works-below-2-44", "no-body")
    ),
    *(f"{_UNBIND}/{rule}" for rule in ("unbinds", "stays-assigned", "shown-by-server", "works-below-2-44", "no-body")),
    *(f"{_UNBIND}/{rule}" for rule in ("not-bound", "gone-since-2-44")),
    f"{_LIST}/bound",
    f"{_SHOW}/bound",
)
def test_an_address_is_bound_and_unbound(ecs_bench: Bench) -> None:
    """The address shows the server and the server the address, until it is unbound; it stays the project's."""
    ecs_bench.control("deprecated.servers.add-floating-ip")
    lease, eip = ecs_bench.session.pool.lease("ACTIVE"), ecs_bench.make(_ALL, {}, "floating_ip")
    path, fixed = f"{_ALL}/{eip['id']}", _fixed(ecs_bench, lease)
    bound = _act(ecs_bench, lease, "addFloatingIp", eip["ip"])
    ecs_bench.check(f"{_BIND}/works-below-2-44", bound, "status", at_most=299)
    ecs_bench.check(f"{_BIND}/no-body", bound, "body", equals=None)
    shown = _bound(ecs_bench, path, lease.id)
    if not ecs_bench.check(f"{_BIND}/binds", shown, *_ONE, "instance_id", equals=lease.id):
        ecs_bench.client.delete(path)
        lease.release()
        return  # nothing else of this comes up
    ecs_bench.check(f"{_SHOW}/bound", shown, *_ONE, "instance_id", equals=lease.id)
    for rule in (f"{_BIND}/without-fixed-address", f"{_SHOW}/bound"):
        ecs_bench.check(rule, shown, *_ONE, "fixed_ip", one_of=fixed)
    listed = ecs_bench.client.get(_ALL)
    ids = [one["id"] for one in ecs_bench.read(listed, "floating_ips")]
    at = ("body", "floating_ips", ids.index(eip["id"]) if eip["id"] in ids else len(ids))
    ecs_bench.check(f"{_LIST}/bound", listed, *at, "instance_id", equals=lease.id)
    ecs_bench.check(f"{_LIST}/bound", listed, *at, "fixed_ip", one_of=fixed)
    _at_the_server(ecs_bench, lease, eip["ip"])
    refused = _act(ecs_bench, lease, "removeFloatingIp", eip["ip"], _GONE)
    ecs_bench.check(f"{_UNBIND}/gone-since-2-44", refused, "status", equals=404)
    ecs_bench.check(f"{_UNBIND}/gone-since-2-44", ecs_bench.client.get(path), *_ONE, "instance_id", equals=lease.id)
    unbound = _act(ecs_bench, lease, "removeFloatingIp", eip["ip"])
    ecs_bench.check(f"{_UNBIND}/works-below-2-44", unbound, "status", at_most=299)
    ecs_bench.check(f"{_UNBIND}/no-body", unbound, "body", equals=None)
    free = _bound(ecs_bench, path, None)
    for field in ("instance_id", "fixed_ip"):
        ecs_bench.check(f"{_UNBIND}/unbinds", free, *_ONE, field, equals=None)
    ecs_bench.check(f"{_UNBIND}/stays-assigned", ecs_bench.client.get(_ALL), *_IDS, contains=eip["id"])
    server, places = _addresses(ecs_bench, lease)
    for place in places:
        ecs_bench.check(f"{_UNBIND}/shown-by-server", server, *place, "*", "addr", lacks=eip["ip"])
    again = _act(ecs_bench, lease, "removeFloatingIp", eip["ip"])
    if again.refused:
        ecs_bench.check(f"{_UNBIND}/not-bound", again, "status", one_of=[400, 404, 409])
    else:
        free = ecs_bench.client.get(path)
        ecs_bench.check(f"{_UNBIND}/not-bound", free, *_ONE, "instance_id", equals=None)
    ecs_bench.client.delete(path)
    lease.release()


def _at_the_server(bench: Bench, lease: Lease, address: str) -> None:
    server, places = _addresses(bench, lease)
    shown: dict[str, Any] = bench.read(server, "server", "addresses")
    place = next((p for p in places if address in [entry["addr"] for entry in shown[str(p[-1])]]), places[0])
    if bench.check(f"{_BIND}/shown-by-server", server, *place, "*", "addr", contains=address):
        number = [entry["addr"] for entry in shown[str(place[-1])]].index(address)
        bench.check(f"{_BIND}/shown-by-server", server, *place, number, "OS-EXT-IPS:type", equals="floating")


@pytest.mark.ecs_requirement(f"{_BIND}/to-fixed-address", f"{_BIND}/foreign-fixed-address", f"{_BIND}/gone-since-2-44")
def test_an_address_is_bound_to_the_private_one_that_is_named(ecs_bench: Bench) -> None:
    """Of those that the server has; and from 2.44 on nothing is bound any more."""
    control = ecs_bench.control("deprecated.servers.add-floating-ip")
    lease, eip = ecs_bench.session.pool.lease("ACTIVE"), ecs_bench.make(_ALL, {}, "floating_ip")
    path = f"{_ALL}/{eip['id']}"
    foreign = ecs_bench.expect(
        f"{_BIND}/foreign-fixed-address",
        "POST",
        _action(lease),
        microversion=_LAST,
        expects="refused",
        json={"addFloatingIp": {"address": eip["ip"], "fixed_address": "203.0.113.7"}},
        change="the server does not have the private address",
        control=control.id,
    )
    if foreign.accepted:
        _act(ecs_bench, lease, "removeFloatingIp", eip["ip"])
        _bound(ecs_bench, path, None)
    refused = _act(ecs_bench, lease, "addFloatingIp", eip["ip"], _GONE)
    ecs_bench.check(f"{_BIND}/gone-since-2-44", refused, "status", equals=404)
    ecs_bench.check(f"{_BIND}/gone-since-2-44", ecs_bench.client.get(path), *_ONE, "instance_id", equals=None)
    ecs_bench.client.delete(path)
    with _second_nic(ecs_bench, lease):
        for fixed in [address for address in _fixed(ecs_bench, lease) if "." in address]:
            eip = ecs_bench.make(_ALL, {}, "floating_ip")
            path = f"{_ALL}/{eip['id']}"
            _act(ecs_bench, lease, "addFloatingIp", eip["ip"], fixed_address=fixed)
            shown = _bound(ecs_bench, path, lease.id)
            ecs_bench.check(f"{_BIND}/to-fixed-address", shown, *_ONE, "fixed_ip", equals=fixed)
            _act(ecs_bench, lease, "removeFloatingIp", eip["ip"])
            _bound(ecs_bench, path, None)
            ecs_bench.client.delete(path)
    lease.release()
