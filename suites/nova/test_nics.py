"""Rules of the NICs of servers through the native API (6.7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import (
    Afterwards,
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Lease,
    Servers,
    Supplies,
    Wait,
    exactly,
    read,
    url_of,
)

from .. import surplus

pytestmark = pytest.mark.ecs_group("scarce")

_PORTS = ("body", "interfaceAttachments", "*", "port_id")
_PORT = ("body", "interfaceAttachment", "port_id")
_ADDRESSES = ("body", "interfaceAttachment", "fixed_ips", "*", "ip_address")


def _path(server: str, port: str = "") -> str:
    return url_of("nova.nics.list", server_id=server) + (f"/{port}" if port else "")


def _list(client: Client, lease: Lease) -> Exchange:
    return client.get(_path(lease.id))


def _ports(client: Client, lease: Lease) -> list[str]:
    found: list[str] = read(_list(client, lease), *_PORTS[1:])
    return found


def _add(client: Client, lease: Lease, **fields: Any) -> Exchange:
    return client.post(_path(lease.id), {"interfaceAttachment": fields})


@contextmanager
def _added(client: Client, wait: Wait, lease: Lease, **fields: Any) -> Iterator[tuple[Exchange, str]]:
    """Add a NIC to a server and wait until it is there; delete it in the end. Give the answer and the NIC's id.

    Where there are more, they are deleted, and one is asked for once more.
    """
    before = _ports(client, lease)

    def came() -> list[str]:
        return [port for port in _ports(client, lease) if port not in before]

    def add() -> tuple[Exchange, str]:
        for port in came():
            _delete(client, wait, lease, port)
        added = _add(client, lease, **fields)
        port = str(read(added, "interfaceAttachment", "port_id")).strip()  # ruling nics-port-id-space
        _arrived(client, wait, lease, port)
        return added, port

    try:
        yield surplus.as_many(1, add, lambda _: len(came()))
    finally:
        for port in came():
            _delete(client, wait, lease, port)


def _arrived(client: Client, wait: Wait, lease: Lease, port: str) -> None:
    """Wait until a server lists a NIC and shows it by itself."""
    for _ in wait.polls():
        if client.get(_path(lease.id, port)).accepted and port in _ports(client, lease):
            return


def _delete(client: Client, wait: Wait, lease: Lease, port: str) -> None:
    """Delete a NIC that a server has, and wait until it does not have it any more; else nobody gets the server again."""
    if port in _ports(client, lease):
        client.delete(_path(lease.id, port))
        lease.spoilt = not wait.gone(_path(lease.id, port)) or lease.spoilt


@pytest.mark.ecs_requirement(
    "nova.nics.list/rule/has-nic",
    "nova.nics.list/rule/own-nics",
    "nova.nics.list/rule/once",
    "nova.nics.list/rule/same-as-server",
)
def test_the_nics_of_a_server_are_its_own(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """As many as it was made with, each in its network, none of another server, with the addresses that the server shows."""
    first, second = ecs_servers.shared("ACTIVE", 2)
    listed, nic = _list(ecs_client, first), ("body", "interfaceAttachments", 0)
    ecs_check("nova.nics.list/rule/has-nic", listed, "body", "interfaceAttachments", length=1)
    ecs_check("nova.nics.list/rule/has-nic", listed, *nic, "net_id", equals=ecs_supplies.need("network_id"))
    for port in _ports(ecs_client, second):
        ecs_check("nova.nics.list/rule/own-nics", listed, *_PORTS, lacks=port)
    for port in _ports(ecs_client, first):
        ecs_check("nova.nics.list/rule/once", listed, *_PORTS, has_one=port)
    (entries,) = exactly(1, read(first.show(), "server", "addresses").values(), "the server's only network")
    own = [entry for entry in entries if entry.get("OS-EXT-IPS:type") != "floating"]
    macs = sorted({str(entry.get("OS-EXT-IPS-MAC:mac_addr")) for entry in own})
    ecs_check("nova.nics.list/rule/same-as-server", listed, *nic, "mac_addr", one_of=macs)
    addresses = (*nic, "fixed_ips", "*", "ip_address")
    ecs_check("nova.nics.list/rule/same-as-server", listed, *addresses, same_items=[entry["addr"] for entry in own])


@pytest.mark.ecs_requirement(
    "nova.nics.show/rule/same-nic", "nova.nics.show/rule/same-as-list", "nova.nics.show/rule/other-server"
)
def test_a_nic_is_shown_by_itself(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """As the list shows it, and not at another server."""
    first, second = ecs_servers.shared("ACTIVE", 2)
    (nic,) = exactly(1, read(_list(ecs_client, first), "interfaceAttachments"), "the server's only NIC")
    alone = ecs_client.get(_path(first.id, nic["port_id"]))
    ecs_check("nova.nics.show/rule/same-nic", alone, *_PORT, equals=nic["port_id"])
    for name in sorted(nic):
        ecs_check("nova.nics.show/rule/same-as-list", alone, "body", "interfaceAttachment", name, equals=nic[name])
    for port in _ports(ecs_client, second):
        ecs_expect(
            "nova.nics.show/rule/other-server",
            "GET",
            _path(first.id, port),
            expects="unknown-reference",
            change="the NIC is another server's",
        )


@pytest.mark.ecs_requirement(
    "nova.nics.add/rule/adds",
    "nova.nics.add/rule/in-network",
    "nova.nics.add/rule/same-as-show",
    "nova.nics.add/rule/this-server-only",
    "nova.nics.add/rule/address-chosen",
)
def test_a_nic_is_added(
    ecs_client: Client,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """With an address of the network, beside the NICs that were there, at this server alone."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    network = ecs_supplies.need("network_id")
    before, theirs = _ports(ecs_client, lease), _ports(ecs_client, other)
    with ecs_later:
        added, port = ecs_later.enter_context(_added(ecs_client, ecs_wait, lease, net_id=network))
        nic = ("body", "interfaceAttachment")
        ecs_check("nova.nics.add/rule/address-chosen", added, *nic, "fixed_ips", length=1)
        ecs_check("nova.nics.add/rule/in-network", added, *nic, "net_id", equals=network)
        shown = ecs_client.get(_path(lease.id, port))
        ecs_check("nova.nics.add/rule/same-as-show", shown, *_PORT, equals=port)
        for name in ("net_id", "mac_addr", "fixed_ips"):
            value = read(added, "interfaceAttachment", name)
            ecs_check("nova.nics.add/rule/same-as-show", shown, *nic, name, equals=value)
        ecs_check("nova.nics.add/rule/adds", _list(ecs_client, lease), *_PORTS, same_items=[*before, port])
        look = lambda: _list(ecs_client, other)  # noqa: E731 - it is about this server
        check = ecs_check.later(ecs_later)
        check.stays("nova.nics.add/rule/this-server-only", look, *_PORTS, same_items=theirs)


@pytest.mark.ecs_requirement("nova.nics.list/rule/requested-address", "nova.nics.add/rule/fixed-ip-used")
def test_a_nic_has_the_address_that_was_named(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """In the answer and afterwards."""
    lease, address = ecs_servers("ACTIVE"), ecs_supplies.address()
    wanted = {"net_id": ecs_supplies.need("network_id"), "fixed_ips": [{"ip_address": address}]}
    with _added(ecs_client, ecs_wait, lease, **wanted) as (added, port):
        ecs_check("nova.nics.add/rule/fixed-ip-used", added, *_ADDRESSES, equals=[address])
        shown = ecs_client.get(_path(lease.id, port))
        ecs_check("nova.nics.list/rule/requested-address", shown, *_ADDRESSES, contains=address)


@pytest.mark.ecs_requirement(
    "nova.nics.delete/rule/deletes",
    "nova.nics.delete/rule/this-nic-only",
    "nova.nics.delete/rule/port-of-network-deleted",
    "nova.nics.delete/rule/address-gone",
    "nova.nics.delete/rule/no-body",
)
def test_a_nic_is_deleted(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """With its address and its port, and no other NIC with it."""
    lease = ecs_servers("ACTIVE")
    before = _ports(ecs_client, lease)
    with ecs_later:
        nic = _added(ecs_client, ecs_wait, lease, net_id=ecs_supplies.need("network_id"))
        added, port = ecs_later.enter_context(nic)
        addresses = read(added, *_ADDRESSES[1:])
        deleted = ecs_client.delete(_path(lease.id, port))
        check = ecs_check.after(deleted)
        check("nova.nics.delete/rule/no-body", deleted, "body", equals=None)
        gone = deleted.accepted and ecs_wait.gone(_path(lease.id, port))
        check("nova.nics.delete/rule/deletes", _list(ecs_client, lease), *_PORTS, lacks=port)
        alone = ecs_client.get(_path(lease.id, port))
        check.refused("nova.nics.delete/rule/deletes", alone, "not-found")
        look = lambda: _list(ecs_client, lease)  # noqa: E731 - it is about this server
        check.later(ecs_later).stays("nova.nics.delete/rule/this-nic-only", look, *_PORTS, includes=before)
        shown = lease.show()
        for name in read(shown, "server", "addresses"):
            for address in addresses:
                at = ("body", "server", "addresses", name, "*", "addr")
                check("nova.nics.delete/rule/address-gone", shown, *at, lacks=address)
        if not gone:
            ecs_check.not_tested("nova.nics.delete/rule/port-of-network-deleted", "the NIC was not deleted")
            return
        again = ecs_expect(
            "nova.nics.delete/rule/port-of-network-deleted",
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": {"port_id": port}},
            expects="unknown-reference",
            change="the port was deleted with its NIC",
        )
        if again.accepted:
            _arrived(ecs_client, ecs_wait, lease, port)


@pytest.mark.ecs_requirement("nova.nics.delete/rule/other-server")
def test_a_nic_is_not_deleted_at_another_server(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It stays where it is."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with ecs_later:
        nic = _added(ecs_client, ecs_wait, lease, net_id=ecs_supplies.need("network_id"))
        _, port = ecs_later.enter_context(nic)
        ecs_expect(
            "nova.nics.delete/rule/other-server",
            "DELETE",
            _path(other.id, port),
            expects="unknown-reference",
            change="the NIC is another server's",
        )
        look = lambda: _list(ecs_client, lease)  # noqa: E731 - it is about this server
        ecs_check.later(ecs_later).stays("nova.nics.delete/rule/other-server", look, *_PORTS, contains=port)


@pytest.mark.ecs_requirement("nova.nics.add/rule/fixed-ip-needs-network", "nova.nics.add/rule/fixed-ip-malformed")
def test_an_address_is_one_and_in_a_network(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Without a network, or with a text that is none, the request is refused."""
    control = ecs_cases.control("nova.nics.add")
    lease, network = ecs_servers("ACTIVE"), ecs_supplies.need("network_id")
    lone, malformed = [{"ip_address": ecs_supplies.address()}], [{"ip_address": "no-address"}]
    for rule, change, nic in (
        ("nova.nics.add/rule/fixed-ip-needs-network", "there is no network", {"fixed_ips": lone}),
        ("nova.nics.add/rule/fixed-ip-malformed", "the address is none", {"net_id": network, "fixed_ips": malformed}),
    ):
        answer = ecs_expect(
            rule,
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": nic},
            expects="invalid",
            change=change,
            control=control.id,
        )
        if answer.accepted:
            port = str(read(answer, "interfaceAttachment", "port_id"))
            _arrived(ecs_client, ecs_wait, lease, port)
            _delete(ecs_client, ecs_wait, lease, port)


@pytest.mark.ecs_requirement("nova.nics.delete/rule/primary-nic", "nova.nics.delete/rule/primary-stays")
def test_the_primary_nic_stays(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """The only NIC of a server cannot be deleted, nor does it go some time after the answer."""
    lease = ecs_servers("ACTIVE")
    (port,) = exactly(1, _ports(ecs_client, lease), "the server's only NIC")
    answer = ecs_expect(
        "nova.nics.delete/rule/primary-nic",
        "DELETE",
        _path(lease.id, port),
        expects="primary-nic",
        change="the NIC is the only one",
    )
    lease.spoilt = answer.accepted
    rule = "nova.nics.delete/rule/primary-stays"

    def look() -> bool:
        stays = ecs_check(rule, _list(ecs_client, lease), *_PORTS, contains=port)
        lease.spoilt = lease.spoilt or not stays
        return stays

    with ecs_later:
        if look():
            ecs_check.later(ecs_later).postpone([rule], look)


@pytest.mark.ecs_requirement("nova.nics.add/rule/by-port", "nova.nics.delete/rule/port-kept")
def test_a_port_comes_and_goes_as_a_nic(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It is there with its addresses to be added again."""
    port, lease = ecs_supplies.port(), ecs_servers("ACTIVE")
    with _added(ecs_client, ecs_wait, lease, port_id=port) as (added, _):
        ecs_check("nova.nics.add/rule/by-port", added, *_PORT, matches=f"^ ?{port}$")  # ruling nics-port-id-space
        own = read(added, *_ADDRESSES[1:])
        ecs_check("nova.nics.add/rule/by-port", _list(ecs_client, lease), *_PORTS, has_one=port)
    again = _add(ecs_client, lease, port_id=port)
    if ecs_check.accepted("nova.nics.delete/rule/port-kept", again):
        ecs_check("nova.nics.delete/rule/port-kept", again, *_ADDRESSES, same_items=own)
        _arrived(ecs_client, ecs_wait, lease, port)
        _delete(ecs_client, ecs_wait, lease, port)


@pytest.mark.ecs_requirement("nova.nics.add/rule/fixed-ip-beside-port")
def test_an_address_beside_a_port_has_no_effect(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """The request is refused, or the port keeps its own."""
    port, lease, rule = ecs_supplies.port(), ecs_servers("ACTIVE"), "nova.nics.add/rule/fixed-ip-beside-port"
    with _added(ecs_client, ecs_wait, lease, port_id=port) as (added, _):
        own = read(added, *_ADDRESSES[1:])
    beside = _add(ecs_client, lease, port_id=port, fixed_ips=[{"ip_address": ecs_supplies.address()}])
    if beside.refused:
        ecs_check.refused(rule, beside, "invalid")
        return
    ecs_check(rule, beside, *_PORT, matches=f"^ ?{port}$")
    ecs_check(rule, beside, *_ADDRESSES, same_items=own)
    _arrived(ecs_client, ecs_wait, lease, port)
    _delete(ecs_client, ecs_wait, lease, port)
