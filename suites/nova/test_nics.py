"""Rules of the NICs of servers through the native API (6.7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Contract, Exchange, Expect, Lease, Servers, Supplies, Wait, exactly, read

pytestmark = pytest.mark.ecs_group("scarce")

_ADD = "nova.nics.add/rule"
_PORTS = ("body", "interfaceAttachments", "*", "port_id")
#: Seconds that adding a NIC may take.
_TRIES = 120


def _path(server: str, port: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/os-interface" + (f"/{port}" if port else "")


def _nics(client: Client, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client.get(_path(server)), "interfaceAttachments")
    return found


@contextmanager
def _added(
    client: Client, supplies: Supplies, wait: Wait, lease: Lease, **fields: Any
) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """Add a NIC to a server and wait until it is there; delete it in the end."""
    network = supplies.need("network_id")
    body = {"interfaceAttachment": {"net_id": network, **fields}}
    added = client.post(_path(lease.id), body)
    nic: dict[str, Any] = read(added, "interfaceAttachment")
    try:
        _arrived(client, wait, lease, nic["port_id"])
        yield added, nic
    finally:
        _delete(client, wait, lease, nic["port_id"])


def _arrived(client: Client, wait: Wait, lease: Lease, port: str) -> None:
    """Wait until a server lists a NIC and shows it by itself."""
    for _ in range(_TRIES):
        shown, listed = client.get(_path(lease.id, port)), client.get(_path(lease.id))
        if shown.accepted and port in read(listed, *_PORTS[1:]):
            return
        wait.sleep(1.0)


def _delete(client: Client, wait: Wait, lease: Lease, port: str) -> Exchange:
    """Delete a NIC and wait until the server does not have it any more."""
    deleted = client.delete(_path(lease.id, port))
    if not wait.gone(_path(lease.id, port)):
        lease.spoilt = True
    return deleted


@pytest.mark.ecs_requirement(
    "nova.nics.list/rule/has-nic",
    "nova.nics.list/rule/own-nics",
    "nova.nics.list/rule/once",
    "nova.nics.list/rule/same-as-server",
    "nova.nics.show/rule/same-nic",
    "nova.nics.show/rule/same-as-list",
    "nova.nics.show/rule/other-server",
)
def test_the_nics_of_a_server_are_its_own(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """As many as it was made with, each in its network, none of another server; each shows by itself what the list says."""
    first, second = ecs_servers.shared("ACTIVE", 2)
    listed, shown = ecs_client.get(_path(first.id)), first.show()
    ecs_check("nova.nics.list/rule/has-nic", listed, "body", "interfaceAttachments", length=1)
    network = ecs_supplies.need("network_id")
    ecs_check("nova.nics.list/rule/has-nic", listed, "body", "interfaceAttachments", 0, "net_id", equals=network)
    theirs = _nics(ecs_client, second.id)
    for nic in theirs:
        ecs_check("nova.nics.list/rule/own-nics", listed, *_PORTS, lacks=nic["port_id"])
        ecs_expect(
            "nova.nics.show/rule/other-server",
            "GET",
            _path(first.id, nic["port_id"]),
            expects="unknown-reference",
            change="the NIC is another server's",
        )
    (entries,) = exactly(1, read(shown, "server", "addresses").values(), "the server's only network")
    (nic,) = exactly(1, _nics(ecs_client, first.id), "the server's only NIC")
    ecs_check("nova.nics.list/rule/once", listed, *_PORTS, has_one=nic["port_id"])
    mac = entries[0]["OS-EXT-IPS-MAC:mac_addr"]
    ecs_check("nova.nics.list/rule/same-as-server", listed, "body", "interfaceAttachments", 0, "mac_addr", equals=mac)
    place = ("body", "interfaceAttachments", 0, "fixed_ips", "*", "ip_address")
    ecs_check("nova.nics.list/rule/same-as-server", listed, *place, same_items=[entry["addr"] for entry in entries])
    alone = ecs_client.get(_path(first.id, nic["port_id"]))
    ecs_check("nova.nics.show/rule/same-nic", alone, "body", "interfaceAttachment", "port_id", equals=nic["port_id"])
    for name in sorted(nic):
        ecs_check("nova.nics.show/rule/same-as-list", alone, "body", "interfaceAttachment", name, equals=nic[name])


@pytest.mark.ecs_requirement(
    "nova.nics.list/rule/requested-address",
    "nova.nics.add/rule/adds",
    "nova.nics.add/rule/in-network",
    "nova.nics.add/rule/fixed-ip-used",
    "nova.nics.add/rule/same-as-show",
    "nova.nics.add/rule/this-server-only",
    "nova.nics.add/rule/address-chosen",
    "nova.nics.delete/rule/deletes",
    "nova.nics.delete/rule/this-nic-only",
    "nova.nics.delete/rule/port-of-network-deleted",
    "nova.nics.delete/rule/address-gone",
    "nova.nics.delete/rule/other-server",
    "nova.nics.delete/rule/no-body",
)
def test_a_nic_comes_and_goes(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """With an address of its own or a chosen one, beside the NICs that were there, on this server alone."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    theirs = [nic["port_id"] for nic in _nics(ecs_client, other.id)]
    address = ecs_supplies.address()
    network = ecs_supplies.need("network_id")
    with _added(ecs_client, ecs_supplies, ecs_wait, lease) as (added, nic):
        ecs_check("nova.nics.add/rule/address-chosen", added, "body", "interfaceAttachment", "fixed_ips", length=1)
        ecs_check("nova.nics.add/rule/in-network", added, "body", "interfaceAttachment", "net_id", equals=network)
    before = [nic["port_id"] for nic in _nics(ecs_client, lease.id)]
    with _added(ecs_client, ecs_supplies, ecs_wait, lease, fixed_ips=[{"ip_address": address}]) as (added, nic):
        port = nic["port_id"]
        place = ("body", "interfaceAttachment", "fixed_ips", "*", "ip_address")
        ecs_check("nova.nics.add/rule/fixed-ip-used", added, *place, equals=[address])
        shown = ecs_client.get(_path(lease.id, port))
        for name in ("net_id", "port_id", "mac_addr", "fixed_ips"):
            ecs_check("nova.nics.add/rule/same-as-show", shown, "body", "interfaceAttachment", name, equals=nic[name])
        ecs_check("nova.nics.list/rule/requested-address", shown, *place, contains=address)
        listed = ecs_client.get(_path(lease.id))
        ecs_check("nova.nics.add/rule/adds", listed, *_PORTS, same_items=[*before, port])
        ecs_check("nova.nics.add/rule/this-server-only", ecs_client.get(_path(other.id)), *_PORTS, same_items=theirs)
        ecs_expect(
            "nova.nics.delete/rule/other-server",
            "DELETE",
            _path(other.id, port),
            expects="unknown-reference",
            change="the NIC is another server's",
        )
        ecs_check("nova.nics.delete/rule/other-server", ecs_client.get(_path(lease.id)), *_PORTS, contains=port)
        deleted = _delete(ecs_client, ecs_wait, lease, port)
        ecs_check("nova.nics.delete/rule/no-body", deleted, "body", equals=None)
        listed = ecs_client.get(_path(lease.id))
        ecs_check("nova.nics.delete/rule/deletes", listed, *_PORTS, lacks=port)
        ecs_check("nova.nics.delete/rule/this-nic-only", listed, *_PORTS, same_items=before)
        ecs_expect(
            "nova.nics.delete/rule/deletes",
            "GET",
            _path(lease.id, port),
            expects="not-found",
            change="the NIC was deleted",
        )
        for name in read(lease.show(), "server", "addresses"):
            at = ("body", "server", "addresses", name, "*", "addr")
            ecs_check("nova.nics.delete/rule/address-gone", lease.show(), *at, lacks=address)
        ecs_expect(
            "nova.nics.delete/rule/port-of-network-deleted",
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": {"port_id": port}},
            expects="unknown-reference",
            change="the port was deleted with its NIC",
        )


@pytest.mark.ecs_requirement("nova.nics.add/rule/fixed-ip-needs-network", "nova.nics.add/rule/fixed-ip-malformed")
def test_an_address_is_one_and_in_a_network(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Without a network, or with a text that is none, the request is refused."""
    control = ecs_cases.control("nova.nics.add")
    (lease,) = ecs_servers.shared("ACTIVE")
    network = ecs_supplies.need("network_id")
    for rule, change, nic in (
        ("fixed-ip-needs-network", "there is no network", {"fixed_ips": [{"ip_address": ecs_supplies.address()}]}),
        ("fixed-ip-malformed", "the address is none", {"net_id": network, "fixed_ips": [{"ip_address": "no-address"}]}),
    ):
        ecs_expect(
            f"{_ADD}/{rule}",
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": nic},
            expects="invalid",
            change=change,
            control=control.id,
        )


@pytest.mark.ecs_requirement("nova.nics.delete/rule/primary-nic", "nova.nics.delete/rule/primary-stays")
def test_the_primary_nic_stays(ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """The only NIC of a server cannot be deleted."""
    lease = ecs_servers("ACTIVE")
    (nic,) = exactly(1, _nics(ecs_client, lease.id), "the server's only NIC")
    path = _path(lease.id, nic["port_id"])
    ecs_expect(
        "nova.nics.delete/rule/primary-nic", "DELETE", path, expects="primary-nic", change="the NIC is the only one"
    )
    listed = ecs_client.get(_path(lease.id))
    ecs_check("nova.nics.delete/rule/primary-stays", listed, *_PORTS, contains=nic["port_id"])


@pytest.mark.ecs_requirement(
    "nova.nics.add/rule/by-port", "nova.nics.add/rule/fixed-ip-beside-port", "nova.nics.delete/rule/port-kept"
)
def test_a_port_comes_and_goes_as_a_nic(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """It keeps its address, whatever is asked for beside it, and is there to be added again."""
    port, lease = ecs_supplies.port(), ecs_servers("ACTIVE")
    addresses = ("body", "interfaceAttachment", "fixed_ips", "*", "ip_address")
    lease.spoilt = True  # until it has lost the port
    added = ecs_client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port}})
    ecs_check("nova.nics.add/rule/by-port", added, "body", "interfaceAttachment", "port_id", equals=port)
    own = [entry["ip_address"] for entry in read(added, "interfaceAttachment", "fixed_ips")]
    _arrived(ecs_client, ecs_wait, lease, port)
    ecs_check("nova.nics.add/rule/by-port", ecs_client.get(_path(lease.id)), *_PORTS, has_one=port)
    _delete(ecs_client, ecs_wait, lease, port)
    other = [{"ip_address": ecs_supplies.address()}]
    beside = ecs_client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port, "fixed_ips": other}})
    if beside.refused:
        refused = ecs_contract.expectation("invalid", "nova").statuses
        ecs_check("nova.nics.add/rule/fixed-ip-beside-port", beside, "status", one_of=sorted(refused))
    else:
        place = ("body", "interfaceAttachment", "port_id")
        ecs_check("nova.nics.add/rule/fixed-ip-beside-port", beside, *place, equals=port)
        ecs_check("nova.nics.add/rule/fixed-ip-beside-port", beside, *addresses, same_items=own)
        _arrived(ecs_client, ecs_wait, lease, port)
        _delete(ecs_client, ecs_wait, lease, port)
    again = ecs_client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port}})
    if ecs_check.accepted("nova.nics.delete/rule/port-kept", again):
        ecs_check("nova.nics.delete/rule/port-kept", again, *addresses, same_items=own)
        _arrived(ecs_client, ecs_wait, lease, port)
        lease.spoilt = False
        _delete(ecs_client, ecs_wait, lease, port)
