"""Rules of floating IP addresses and their pools (11.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Lease, Servers, Supplies, Wait, read

_ALL, _ALL_POOLS = "/v2.1/{project_id}/os-floating-ips", "/v2.1/{project_id}/os-floating-ip-pools"
_IDS = ("body", "floating_ips", "*", "id")
_ONE = ("body", "floating_ip")
#: The last microversion that binds and unbinds (11.5.1, 11.5.2), and the first that does not.
_LAST, _GONE = "2.43", "2.44"


@pytest.mark.ecs_requirement(
    "deprecated.floating-ips.create/rule/pool",
    "deprecated.floating-ips.create/rule/default-pool",
    "deprecated.floating-ips.create/rule/not-bound",
    "deprecated.floating-ips.create/rule/listed",
    "deprecated.floating-ips.create/rule/new-address",
    "deprecated.floating-ips.list/rule/has-address",
    "deprecated.floating-ips.list/rule/own-project",
    "deprecated.floating-ips.show/rule/same-address",
    "deprecated.floating-ips.show/rule/same-as-list",
    "deprecated.floating-ips.delete/rule/gone",
    "deprecated.floating-ips.delete/rule/this-address-only",
    "deprecated.floating-ips.delete/rule/no-body",
    "deprecated.floating-ip-pools.list/rule/usable",
    "deprecated.floating-ip-pools.list/rule/pools-of-addresses",
    "deprecated.floating-ip-pools.list/rule/external-networks",
)
def test_addresses_come_and_go(
    ecs_client: Client, ecs_clients: Clients, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_wait: Wait
) -> None:
    """A new one is of a pool, bound to nothing, in the list and shown; only the released one goes."""
    control = ecs_cases.control("deprecated.floating-ips.show")
    pools = [pool["name"] for pool in read(ecs_client.get(_ALL_POOLS), "floating_ip_pools")]
    before = ecs_client.get(_ALL)
    created = ecs_client.post(_ALL, {})
    new = read(created, "floating_ip")
    path = f"{_ALL}/{new['id']}"
    ecs_check("deprecated.floating-ips.create/rule/default-pool", created, *_ONE, "pool", one_of=pools)
    ecs_check(
        "deprecated.floating-ips.create/rule/new-address", before, "body", "floating_ips", "*", "ip", lacks=new["ip"]
    )
    for field in ("fixed_ip", "instance_id"):
        ecs_check("deprecated.floating-ips.create/rule/not-bound", created, *_ONE, field, equals=None)
    other = ecs_client.post(_ALL, {"pool": pools[0]})
    if ecs_check.accepted("deprecated.floating-ip-pools.list/rule/usable", other):
        ecs_check("deprecated.floating-ips.create/rule/pool", other, *_ONE, "pool", equals=pools[0])
    kept = read(other, "floating_ip", "id")
    listed, shown = ecs_client.get(_ALL), ecs_client.get(path)
    for rule in ("deprecated.floating-ips.create/rule/listed", "deprecated.floating-ips.list/rule/has-address"):
        ecs_check(rule, listed, *_IDS, contains=new["id"])
    for rule in ("deprecated.floating-ips.create/rule/listed", "deprecated.floating-ips.show/rule/same-address"):
        ecs_check(rule, shown, *_ONE, "id", equals=new["id"])
    _agree(ecs_check, listed, shown)
    for number in range(len(read(listed, "floating_ips"))):
        at = ("body", "floating_ips", number, "pool")
        ecs_check("deprecated.floating-ip-pools.list/rule/pools-of-addresses", listed, *at, one_of=pools)
    foreign = ecs_clients("other_project").get(_ALL)
    ecs_check("deprecated.floating-ips.list/rule/own-project", foreign, *_IDS, lacks=new["id"])
    ecs_check.not_tested(
        "deprecated.floating-ip-pools.list/rule/external-networks", "only the network service shows external networks"
    )
    deleted = ecs_client.delete(path)
    ecs_check("deprecated.floating-ips.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(path)
    after = ecs_client.get(_ALL)
    ecs_check("deprecated.floating-ips.delete/rule/gone", after, *_IDS, lacks=new["id"])
    ecs_expect(
        "deprecated.floating-ips.delete/rule/gone",
        "GET",
        path,
        expects="not-found",
        change="the address was released",
        control=control.id,
    )
    ecs_check("deprecated.floating-ips.delete/rule/this-address-only", after, *_IDS, contains=kept)
    ecs_client.delete(f"{_ALL}/{kept}")


def _agree(check: Check, listed: Exchange, shown: Exchange) -> None:
    """Judge that an address is shown as it is listed."""
    alone = read(shown, "floating_ip")
    entry: dict[str, Any] = next((one for one in read(listed, "floating_ips") if one["id"] == alone["id"]), {})
    for field in ("id", "ip", "pool", "fixed_ip", "instance_id"):
        check("deprecated.floating-ips.show/rule/same-as-list", shown, *_ONE, field, equals=entry.get(field))


def _action(lease: Lease) -> str:
    return f"/v2.1/{{project_id}}/servers/{lease.id}/action"


def _act(client: Client, lease: Lease, key: str, address: str, at: str = _LAST, **fields: str) -> Exchange:
    return client.post(_action(lease), {key: {"address": address, **fields}}, microversion=at)


def _nics(lease: Lease, port: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{lease.id}/os-interface" + (f"/{port}" if port else "")


def _fixed(client: Client, lease: Lease) -> list[str]:
    """The private addresses of a server."""
    nics = read(client.get(_nics(lease)), "interfaceAttachments")
    return [str(entry["ip_address"]) for nic in nics for entry in nic["fixed_ips"]]


@contextmanager
def _second_nic(client: Client, supplies: Supplies, wait: Wait, lease: Lease) -> Iterator[None]:
    """Give a server one more NIC in the network of its first, and delete it in the end."""
    network = read(client.get(_nics(lease)), "interfaceAttachments", 0, "net_id")
    port = supplies.make(_nics(lease), {"interfaceAttachment": {"net_id": network}}, "interfaceAttachment", "port_id")
    try:
        wait.until(_nics(lease), "interfaceAttachments", "*", "port_id", contains=port)
        yield
    finally:
        client.delete(_nics(lease, port))
        lease.spoilt = not wait.gone(_nics(lease, port)) or lease.spoilt


def _bound(client: Client, wait: Wait, path: str, server: str | None) -> Exchange:
    """Wait a while until an address shows *server*, and return what it shows then, or that it is not there."""
    shown = client.get(path)
    for _ in range(60):
        if shown.status == 404 or read(shown, "floating_ip", "instance_id") == server:
            break
        wait.sleep(1.0)
        shown = client.get(path)
    return shown


def _addresses(lease: Lease) -> tuple[Exchange, list[tuple[str | int, ...]]]:
    """Return a query of a server, and where in it the addresses of each network are."""
    shown = lease.show()
    return shown, [("body", "server", "addresses", network) for network in read(shown, "server", "addresses")]


@pytest.mark.ecs_requirement(
    "deprecated.servers.add-floating-ip/rule/binds",
    "deprecated.servers.add-floating-ip/rule/without-fixed-address",
    "deprecated.servers.add-floating-ip/rule/shown-by-server",
    "deprecated.servers.add-floating-ip/rule/works-below-2-44",
    "deprecated.servers.add-floating-ip/rule/no-body",
    "deprecated.servers.remove-floating-ip/rule/unbinds",
    "deprecated.servers.remove-floating-ip/rule/stays-assigned",
    "deprecated.servers.remove-floating-ip/rule/shown-by-server",
    "deprecated.servers.remove-floating-ip/rule/works-below-2-44",
    "deprecated.servers.remove-floating-ip/rule/no-body",
    "deprecated.servers.remove-floating-ip/rule/not-bound",
    "deprecated.servers.remove-floating-ip/rule/gone-since-2-44",
    "deprecated.floating-ips.list/rule/bound",
    "deprecated.floating-ips.show/rule/bound",
)
def test_an_address_is_bound_and_unbound(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The address shows the server and the server the address, until it is unbound; it stays the project's."""
    ecs_cases.control("deprecated.servers.add-floating-ip")
    lease, eip = ecs_servers("ACTIVE"), ecs_supplies.make(_ALL, {}, "floating_ip")
    path, fixed = f"{_ALL}/{eip['id']}", _fixed(ecs_client, lease)
    bound = _act(ecs_client, lease, "addFloatingIp", eip["ip"])
    ecs_check.accepted("deprecated.servers.add-floating-ip/rule/works-below-2-44", bound)
    ecs_check("deprecated.servers.add-floating-ip/rule/no-body", bound, "body", equals=None)
    shown = _bound(ecs_client, ecs_wait, path, lease.id)
    if not ecs_check("deprecated.servers.add-floating-ip/rule/binds", shown, *_ONE, "instance_id", equals=lease.id):
        ecs_client.delete(path)
        lease.release()
        return  # nothing else of this comes up
    ecs_check("deprecated.floating-ips.show/rule/bound", shown, *_ONE, "instance_id", equals=lease.id)
    for rule in (
        "deprecated.servers.add-floating-ip/rule/without-fixed-address",
        "deprecated.floating-ips.show/rule/bound",
    ):
        ecs_check(rule, shown, *_ONE, "fixed_ip", one_of=fixed)
    listed = ecs_client.get(_ALL)
    ids = [one["id"] for one in read(listed, "floating_ips")]
    at = ("body", "floating_ips", ids.index(eip["id"]) if eip["id"] in ids else len(ids))
    ecs_check("deprecated.floating-ips.list/rule/bound", listed, *at, "instance_id", equals=lease.id)
    ecs_check("deprecated.floating-ips.list/rule/bound", listed, *at, "fixed_ip", one_of=fixed)
    _at_the_server(ecs_check, lease, eip["ip"])
    refused = _act(ecs_client, lease, "removeFloatingIp", eip["ip"], _GONE)
    ecs_check("deprecated.servers.remove-floating-ip/rule/gone-since-2-44", refused, "status", equals=404)
    ecs_check(
        "deprecated.servers.remove-floating-ip/rule/gone-since-2-44",
        ecs_client.get(path),
        *_ONE,
        "instance_id",
        equals=lease.id,
    )
    unbound = _act(ecs_client, lease, "removeFloatingIp", eip["ip"])
    ecs_check.accepted("deprecated.servers.remove-floating-ip/rule/works-below-2-44", unbound)
    ecs_check("deprecated.servers.remove-floating-ip/rule/no-body", unbound, "body", equals=None)
    free = _bound(ecs_client, ecs_wait, path, None)
    for field in ("instance_id", "fixed_ip"):
        ecs_check("deprecated.servers.remove-floating-ip/rule/unbinds", free, *_ONE, field, equals=None)
    ecs_check(
        "deprecated.servers.remove-floating-ip/rule/stays-assigned", ecs_client.get(_ALL), *_IDS, contains=eip["id"]
    )
    server, places = _addresses(lease)
    for place in places:
        ecs_check(
            "deprecated.servers.remove-floating-ip/rule/shown-by-server", server, *place, "*", "addr", lacks=eip["ip"]
        )
    again = _act(ecs_client, lease, "removeFloatingIp", eip["ip"])
    if again.refused:
        ecs_check("deprecated.servers.remove-floating-ip/rule/not-bound", again, "status", one_of=[400, 404, 409])
    else:
        free = ecs_client.get(path)
        ecs_check("deprecated.servers.remove-floating-ip/rule/not-bound", free, *_ONE, "instance_id", equals=None)
    ecs_client.delete(path)


def _at_the_server(check: Check, lease: Lease, address: str) -> None:
    server, places = _addresses(lease)
    shown: dict[str, Any] = read(server, "server", "addresses")
    place = next((p for p in places if address in [entry["addr"] for entry in shown[str(p[-1])]]), places[0])
    if check("deprecated.servers.add-floating-ip/rule/shown-by-server", server, *place, "*", "addr", contains=address):
        number = [entry["addr"] for entry in shown[str(place[-1])]].index(address)
        check(
            "deprecated.servers.add-floating-ip/rule/shown-by-server",
            server,
            *place,
            number,
            "OS-EXT-IPS:type",
            equals="floating",
        )


@pytest.mark.ecs_requirement(
    "deprecated.servers.add-floating-ip/rule/to-fixed-address",
    "deprecated.servers.add-floating-ip/rule/foreign-fixed-address",
    "deprecated.servers.add-floating-ip/rule/gone-since-2-44",
)
def test_an_address_is_bound_to_the_private_one_that_is_named(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Of those that the server has; and from 2.44 on nothing is bound any more."""
    control = ecs_cases.control("deprecated.servers.add-floating-ip")
    lease, eip = ecs_servers("ACTIVE"), ecs_supplies.make(_ALL, {}, "floating_ip")
    path = f"{_ALL}/{eip['id']}"
    foreign = ecs_expect(
        "deprecated.servers.add-floating-ip/rule/foreign-fixed-address",
        "POST",
        _action(lease),
        microversion=_LAST,
        expects="refused",
        json={"addFloatingIp": {"address": eip["ip"], "fixed_address": "203.0.113.7"}},
        change="the server does not have the private address",
        control=control.id,
    )
    if foreign.accepted:
        _act(ecs_client, lease, "removeFloatingIp", eip["ip"])
        _bound(ecs_client, ecs_wait, path, None)
    refused = _act(ecs_client, lease, "addFloatingIp", eip["ip"], _GONE)
    ecs_check("deprecated.servers.add-floating-ip/rule/gone-since-2-44", refused, "status", equals=404)
    ecs_check(
        "deprecated.servers.add-floating-ip/rule/gone-since-2-44",
        ecs_client.get(path),
        *_ONE,
        "instance_id",
        equals=None,
    )
    ecs_client.delete(path)
    with _second_nic(ecs_client, ecs_supplies, ecs_wait, lease):
        for fixed in [address for address in _fixed(ecs_client, lease) if "." in address]:
            eip = ecs_supplies.make(_ALL, {}, "floating_ip")
            path = f"{_ALL}/{eip['id']}"
            _act(ecs_client, lease, "addFloatingIp", eip["ip"], fixed_address=fixed)
            shown = _bound(ecs_client, ecs_wait, path, lease.id)
            ecs_check(
                "deprecated.servers.add-floating-ip/rule/to-fixed-address", shown, *_ONE, "fixed_ip", equals=fixed
            )
            _act(ecs_client, lease, "removeFloatingIp", eip["ip"])
            _bound(ecs_client, ecs_wait, path, None)
            ecs_client.delete(path)
