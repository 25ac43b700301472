"""Rules of floating IP addresses and their pools (11.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Lease, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON

_ALL, _ALL_POOLS = url_of("deprecated.floating-ips.list"), url_of("deprecated.floating-ip-pools.list")
_IDS = ("body", "floating_ips", "*", "id")
_ONE = ("body", "floating_ip")
#: The last microversion that binds and unbinds (11.5.1, 11.5.2), and the first that does not.
_LAST, _GONE = "2.43", "2.44"


@contextmanager
def _address(client: Client, supplies: Supplies, wait: Wait, body: JSON = None) -> Iterator[dict[str, Any]]:
    """Take an address, and release it in the end."""
    eip = supplies.make(_ALL, body or {}, "floating_ip")
    try:
        yield eip
    finally:
        _release(client, wait, eip["id"])


def _release(client: Client, wait: Wait, address: str) -> None:
    if client.delete(f"{_ALL}/{address}").accepted:
        wait.gone(f"{_ALL}/{address}")


@pytest.mark.ecs_requirement(
    "deprecated.floating-ips.create/rule/default-pool",
    "deprecated.floating-ips.create/rule/not-bound",
    "deprecated.floating-ips.create/rule/listed",
    "deprecated.floating-ips.create/rule/new-address",
)
def test_an_address_is_taken(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_wait: Wait) -> None:
    """A new one, of a pool, bound to nothing."""
    ecs_cases.control("deprecated.floating-ips.create")
    pools, before = _pools(ecs_client), ecs_client.get(_ALL)
    created = ecs_client.post(_ALL, {})
    new = read(created, "floating_ip")
    ips = ("body", "floating_ips", "*", "ip")
    ecs_check("deprecated.floating-ips.create/rule/default-pool", created, *_ONE, "pool", one_of=pools)
    ecs_check("deprecated.floating-ips.create/rule/new-address", before, *ips, lacks=new["ip"])
    for field in ("fixed_ip", "instance_id"):
        ecs_check("deprecated.floating-ips.create/rule/not-bound", created, *_ONE, field, equals=None)
    ecs_check("deprecated.floating-ips.create/rule/listed", ecs_client.get(_ALL), *_IDS, contains=new["id"])
    shown = ecs_client.get(f"{_ALL}/{new['id']}")
    ecs_check("deprecated.floating-ips.create/rule/listed", shown, *_ONE, "id", equals=new["id"])
    _release(ecs_client, ecs_wait, new["id"])


def _pools(client: Client) -> list[str]:
    return [pool["name"] for pool in read(client.get(_ALL_POOLS), "floating_ip_pools")]


@pytest.mark.ecs_requirement(
    "deprecated.floating-ips.create/rule/pool",
    "deprecated.floating-ip-pools.list/rule/usable",
    "deprecated.floating-ip-pools.list/rule/pools-of-addresses",
)
def test_an_address_is_of_the_pool_that_was_asked_for(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_wait: Wait
) -> None:
    """And each address is of a pool that is listed."""
    ecs_cases.control("deprecated.floating-ips.create")
    pools = _pools(ecs_client)
    taken = ecs_client.post(_ALL, {"pool": pools[0]})
    if ecs_check.accepted("deprecated.floating-ip-pools.list/rule/usable", taken):
        ecs_check("deprecated.floating-ips.create/rule/pool", taken, *_ONE, "pool", equals=pools[0])
    else:
        ecs_check.not_tested("deprecated.floating-ips.create/rule/pool", f"there is no address: {taken.answer}")
    listed, rule = ecs_client.get(_ALL), "deprecated.floating-ip-pools.list/rule/pools-of-addresses"
    for number in range(len(read(listed, "floating_ips"))):
        ecs_check(rule, listed, "body", "floating_ips", number, "pool", one_of=pools)
    ecs_check.not_tested(rule, "the project has no address")
    if taken.accepted:
        _release(ecs_client, ecs_wait, read(taken, "floating_ip", "id"))


@pytest.mark.ecs_requirement(
    "deprecated.floating-ips.list/rule/has-address",
    "deprecated.floating-ips.list/rule/own-project",
    "deprecated.floating-ips.show/rule/same-address",
    "deprecated.floating-ips.show/rule/same-as-list",
)
def test_an_address_is_shown_as_it_is_listed(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """For its project alone."""
    ecs_cases.control("deprecated.floating-ips.create")
    with _address(ecs_client, ecs_supplies, ecs_wait) as eip:
        listed, shown = ecs_client.get(_ALL), ecs_client.get(f"{_ALL}/{eip['id']}")
        ecs_check("deprecated.floating-ips.list/rule/has-address", listed, *_IDS, contains=eip["id"])
        ecs_check("deprecated.floating-ips.show/rule/same-address", shown, *_ONE, "id", equals=eip["id"])
        _agree(ecs_check, listed, shown)
        own = "deprecated.floating-ips.list/rule/own-project"
        try:
            stranger = ecs_clients("other_project")
        except PrerequisiteMissing as missing:
            ecs_check.not_tested(own, str(missing))
        else:
            ecs_check(own, stranger.get(_ALL), *_IDS, lacks=eip["id"])


@pytest.mark.ecs_requirement(
    "deprecated.floating-ips.delete/rule/gone",
    "deprecated.floating-ips.delete/rule/this-address-only",
    "deprecated.floating-ips.delete/rule/no-body",
)
def test_an_address_is_released(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It alone."""
    ecs_cases.control("deprecated.floating-ips.delete")
    with _address(ecs_client, ecs_supplies, ecs_wait) as kept:
        eip = str(ecs_supplies.make(_ALL, {}, "floating_ip", "id"))
        path = f"{_ALL}/{eip}"
        deleted = ecs_client.delete(path)
        check = ecs_check.after(deleted)
        check("deprecated.floating-ips.delete/rule/no-body", deleted, "body", equals=None)
        ecs_wait.gone(path)
        check("deprecated.floating-ips.delete/rule/gone", ecs_client.get(_ALL), *_IDS, lacks=eip)
        check.refused("deprecated.floating-ips.delete/rule/gone", ecs_client.get(path), "not-found")
        look = lambda: ecs_client.get(_ALL)  # noqa: E731 - it is about this test's project
        check.stays("deprecated.floating-ips.delete/rule/this-address-only", look, *_IDS, contains=kept["id"])


def _agree(check: Check, listed: Exchange, shown: Exchange) -> None:
    """Judge that an address is shown as it is listed."""
    alone = read(shown, "floating_ip")
    entry: dict[str, Any] = next((one for one in read(listed, "floating_ips") if one["id"] == alone["id"]), {})
    for field in ("id", "ip", "pool", "fixed_ip", "instance_id"):
        check("deprecated.floating-ips.show/rule/same-as-list", shown, *_ONE, field, equals=entry.get(field))


def _action(lease: Lease) -> str:
    return url_of("deprecated.servers.add-floating-ip", server_id=lease.id)


def _act(client: Client, lease: Lease, key: str, address: str, at: str = _LAST, **fields: str) -> Exchange:
    return client.post(_action(lease), {key: {"address": address, **fields}}, microversion=at)


def _nics(lease: Lease, port: str = "") -> str:
    return url_of("nova.nics.list", server_id=lease.id) + (f"/{port}" if port else "")


def _fixed(client: Client, lease: Lease) -> list[str]:
    """The private addresses of a server."""
    listed, key = client.get(_nics(lease)), "interfaceAttachments"
    nics = range(len(read(listed, key)))
    return [address for nic in nics for address in read(listed, key, nic, "fixed_ips", "*", "ip_address")]


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
        if shown.refused or read(shown, "floating_ip", "instance_id") == server:
            break
        wait.sleep(1.0)
        shown = client.get(path)
    return shown


def _addresses(lease: Lease) -> tuple[Exchange, list[tuple[str | int, ...]]]:
    """Return a query of a server, and where in it the addresses of each network are."""
    shown = lease.show()
    return shown, [("body", "server", "addresses", network) for network in read(shown, "server", "addresses")]


@contextmanager
def _bound_address(
    client: Client, supplies: Supplies, wait: Wait, lease: Lease
) -> Iterator[tuple[dict[str, Any], Exchange, Exchange]]:
    """Bind a new address to a server; give it, the answer, and the query of it afterwards. It is released in the end."""
    with _address(client, supplies, wait) as eip:
        bound = _act(client, lease, "addFloatingIp", eip["ip"])
        try:
            path = f"{_ALL}/{eip['id']}"
            yield eip, bound, _bound(client, wait, path, lease.id) if bound.accepted else client.get(path)
        finally:
            _act(client, lease, "removeFloatingIp", eip["ip"])
            _bound(client, wait, f"{_ALL}/{eip['id']}", None)


@pytest.mark.ecs_requirement(
    "deprecated.servers.add-floating-ip/rule/binds",
    "deprecated.servers.add-floating-ip/rule/without-fixed-address",
    "deprecated.servers.add-floating-ip/rule/shown-by-server",
    "deprecated.servers.add-floating-ip/rule/works-below-2-44",
    "deprecated.servers.add-floating-ip/rule/no-body",
    "deprecated.floating-ips.list/rule/bound",
    "deprecated.floating-ips.show/rule/bound",
)
def test_an_address_is_bound(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The address shows the server and the server the address."""
    ecs_cases.control("deprecated.servers.add-floating-ip")
    lease = ecs_servers("ACTIVE")
    fixed = _fixed(ecs_client, lease)
    with _bound_address(ecs_client, ecs_supplies, ecs_wait, lease) as (eip, bound, shown):
        ecs_check.accepted("deprecated.servers.add-floating-ip/rule/works-below-2-44", bound)
        check = ecs_check.after(bound)
        check("deprecated.servers.add-floating-ip/rule/no-body", bound, "body", equals=None)
        binds = "deprecated.servers.add-floating-ip/rule/binds"
        if not check(binds, shown, *_ONE, "instance_id", equals=lease.id):
            return  # nothing else of this comes up
        check("deprecated.floating-ips.show/rule/bound", shown, *_ONE, "instance_id", equals=lease.id)
        for rule in (
            "deprecated.servers.add-floating-ip/rule/without-fixed-address",
            "deprecated.floating-ips.show/rule/bound",
        ):
            check(rule, shown, *_ONE, "fixed_ip", one_of=fixed)
        listed = ecs_client.get(_ALL)
        ids = read(listed, "floating_ips", "*", "id")
        at = ("body", "floating_ips", ids.index(eip["id"]) if eip["id"] in ids else len(ids))
        check("deprecated.floating-ips.list/rule/bound", listed, *at, "instance_id", equals=lease.id)
        check("deprecated.floating-ips.list/rule/bound", listed, *at, "fixed_ip", one_of=fixed)
        _at_the_server(check, lease, eip["ip"])


@pytest.mark.ecs_requirement(
    "deprecated.servers.remove-floating-ip/rule/unbinds",
    "deprecated.servers.remove-floating-ip/rule/stays-assigned",
    "deprecated.servers.remove-floating-ip/rule/shown-by-server",
    "deprecated.servers.remove-floating-ip/rule/works-below-2-44",
    "deprecated.servers.remove-floating-ip/rule/no-body",
    "deprecated.servers.remove-floating-ip/rule/not-bound",
)
def test_an_address_is_unbound(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It stays the project's; a second time nothing changes."""
    ecs_cases.control("deprecated.servers.add-floating-ip")
    lease = ecs_servers("ACTIVE")
    with _bound_address(ecs_client, ecs_supplies, ecs_wait, lease) as (eip, bound, _):
        path, ip = f"{_ALL}/{eip['id']}", eip["ip"]
        unbound = _act(ecs_client, lease, "removeFloatingIp", ip)
        ecs_check.after(bound).accepted("deprecated.servers.remove-floating-ip/rule/works-below-2-44", unbound)
        check = ecs_check.after(bound, unbound)
        check("deprecated.servers.remove-floating-ip/rule/no-body", unbound, "body", equals=None)
        free = _bound(ecs_client, ecs_wait, path, None)
        for field in ("instance_id", "fixed_ip"):
            check("deprecated.servers.remove-floating-ip/rule/unbinds", free, *_ONE, field, equals=None)
        stays, look = "deprecated.servers.remove-floating-ip/rule/stays-assigned", lambda: ecs_client.get(_ALL)
        check.stays(stays, look, *_IDS, contains=eip["id"])
        server, places = _addresses(lease)
        for place in places:
            rule = "deprecated.servers.remove-floating-ip/rule/shown-by-server"
            check(rule, server, *place, "*", "addr", lacks=ip)
        again, rule = (
            _act(ecs_client, lease, "removeFloatingIp", ip),
            "deprecated.servers.remove-floating-ip/rule/not-bound",
        )
        if again.accepted:
            check(rule, ecs_client.get(path), *_ONE, "instance_id", equals=None)
        else:
            check.refused(rule, again)


@pytest.mark.ecs_requirement("deprecated.servers.remove-floating-ip/rule/gone-since-2-44")
def test_no_address_is_unbound_since_2_44(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It is not found there, and the address stays bound."""
    ecs_cases.control("deprecated.servers.add-floating-ip")
    lease, rule = ecs_servers("ACTIVE"), "deprecated.servers.remove-floating-ip/rule/gone-since-2-44"
    with _bound_address(ecs_client, ecs_supplies, ecs_wait, lease) as (eip, bound, _):
        check = ecs_check.after(bound)
        refused = _act(ecs_client, lease, "removeFloatingIp", eip["ip"], _GONE)
        if check.refused(rule, refused, "not-found"):
            look = lambda: ecs_client.get(f"{_ALL}/{eip['id']}")  # noqa: E731 - it is about this test's address
            check.stays(rule, look, *_ONE, "instance_id", equals=lease.id)


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
    "deprecated.servers.add-floating-ip/rule/foreign-fixed-address",
    "deprecated.servers.add-floating-ip/rule/gone-since-2-44",
)
def test_an_address_is_not_bound(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """To a private one that the server does not have, and from 2.44 on to any."""
    control = ecs_cases.control("deprecated.servers.add-floating-ip")
    lease = ecs_servers("ACTIVE")
    with _address(ecs_client, ecs_supplies, ecs_wait) as eip:
        path, ip = f"{_ALL}/{eip['id']}", eip["ip"]
        foreign = ecs_expect(
            "deprecated.servers.add-floating-ip/rule/foreign-fixed-address",
            "POST",
            _action(lease),
            microversion=_LAST,
            expects="refused",
            json={"addFloatingIp": {"address": ip, "fixed_address": "203.0.113.7"}},
            change="the server does not have the private address",
            control=control.id,
        )
        if foreign.accepted:
            _act(ecs_client, lease, "removeFloatingIp", ip)
            _bound(ecs_client, ecs_wait, path, None)
        refused, rule = (
            _act(ecs_client, lease, "addFloatingIp", ip, _GONE),
            "deprecated.servers.add-floating-ip/rule/gone-since-2-44",
        )
        if ecs_check.refused(rule, refused, "not-found"):
            ecs_check.stays(rule, lambda: ecs_client.get(path), *_ONE, "instance_id", equals=None)
        elif refused.accepted:
            _act(ecs_client, lease, "removeFloatingIp", ip)
            _bound(ecs_client, ecs_wait, path, None)


@pytest.mark.ecs_requirement("deprecated.servers.add-floating-ip/rule/to-fixed-address")
def test_an_address_is_bound_to_the_private_one_that_is_named(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Of those that the server has."""
    ecs_cases.control("deprecated.servers.add-floating-ip")
    lease, rule = ecs_servers("ACTIVE"), "deprecated.servers.add-floating-ip/rule/to-fixed-address"
    with _second_nic(ecs_client, ecs_supplies, ecs_wait, lease):
        for fixed in [address for address in _fixed(ecs_client, lease) if "." in address]:
            with _address(ecs_client, ecs_supplies, ecs_wait) as eip:
                path = f"{_ALL}/{eip['id']}"
                bound = _act(ecs_client, lease, "addFloatingIp", eip["ip"], fixed_address=fixed)
                if ecs_check.accepted(rule, bound):
                    shown = _bound(ecs_client, ecs_wait, path, lease.id)
                    ecs_check(rule, shown, *_ONE, "fixed_ip", equals=fixed)
                    _act(ecs_client, lease, "removeFloatingIp", eip["ip"])
                    _bound(ecs_client, ecs_wait, path, None)
