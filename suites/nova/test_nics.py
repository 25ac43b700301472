"""Rules of the NICs of servers through the native API (6.7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Bench, Exchange, Lease

_LIST, _SHOW, _ADD, _DELETE = (f"nova.nics.{verb}/rule" for verb in ("list", "show", "add", "delete"))
_PORTS = ("body", "interfaceAttachments", "*", "port_id")
#: Seconds that adding a NIC may take.
_TRIES = 120


def _path(server: str, port: str = "") -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/os-interface" + (f"/{port}" if port else "")


def _nics(bench: Bench, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bench.read(bench.client.get(_path(server)), "interfaceAttachments")
    return found


@contextmanager
def _added(bench: Bench, lease: Lease, **fields: Any) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    """Add a NIC to a server and wait until it is there; delete it in the end."""
    network = bench.need_resource("network_id")
    body = {"interfaceAttachment": {"net_id": network, **fields}}
    added = bench.client.post(_path(lease.id), body)
    nic: dict[str, Any] = bench.read(added, "interfaceAttachment")
    try:
        _arrived(bench, lease, nic["port_id"])
        yield added, nic
    finally:
        _delete(bench, lease, nic["port_id"])


def _arrived(bench: Bench, lease: Lease, port: str) -> None:
    """Wait until a server lists a NIC and shows it by itself."""
    for _ in range(_TRIES):
        shown, listed = bench.client.get(_path(lease.id, port)), bench.client.get(_path(lease.id))
        if shown.accepted and port in bench.read(listed, *_PORTS[1:]):
            return
        bench.session.target.clock.sleep(1.0)


def _delete(bench: Bench, lease: Lease, port: str) -> Exchange:
    """Delete a NIC and wait until the server does not have it any more."""
    deleted = bench.client.delete(_path(lease.id, port))
    if not bench.wait_gone(_path(lease.id, port)):
        lease.spoilt = True
    return deleted


@pytest.mark.ecs_requirement(
    f"{_LIST}/has-nic",
    f"{_LIST}/own-nics",
    f"{_LIST}/once",
    f"{_LIST}/same-as-server",
    f"{_SHOW}/same-nic",
    f"{_SHOW}/same-as-list",
    f"{_SHOW}/other-server",
)
def test_the_nics_of_a_server_are_its_own(ecs_bench: Bench) -> None:
    """As many as it was made with, each in its network, none of another server; each shows by itself what the list says."""
    first, second = ecs_bench.shared("ACTIVE", 2)
    listed, shown = ecs_bench.client.get(_path(first.id)), first.show()
    ecs_bench.check(f"{_LIST}/has-nic", listed, "body", "interfaceAttachments", length=1)
    network = ecs_bench.need_resource("network_id")
    ecs_bench.check(f"{_LIST}/has-nic", listed, "body", "interfaceAttachments", 0, "net_id", equals=network)
    theirs = _nics(ecs_bench, second.id)
    for nic in theirs:
        ecs_bench.check(f"{_LIST}/own-nics", listed, *_PORTS, lacks=nic["port_id"])
        ecs_bench.expect(
            f"{_SHOW}/other-server",
            "GET",
            _path(first.id, nic["port_id"]),
            expects="unknown-reference",
            change="the NIC is another server's",
        )
    (entries,) = ecs_bench.exactly(
        1, ecs_bench.read(shown, "server", "addresses").values(), "the server's only network"
    )
    (nic,) = ecs_bench.exactly(1, _nics(ecs_bench, first.id), "the server's only NIC")
    ecs_bench.check(f"{_LIST}/once", listed, *_PORTS, has_one=nic["port_id"])
    mac = entries[0]["OS-EXT-IPS-MAC:mac_addr"]
    ecs_bench.check(f"{_LIST}/same-as-server", listed, "body", "interfaceAttachments", 0, "mac_addr", equals=mac)
    place = ("body", "interfaceAttachments", 0, "fixed_ips", "*", "ip_address")
    ecs_bench.check(f"{_LIST}/same-as-server", listed, *place, same_items=[entry["addr"] for entry in entries])
    alone = ecs_bench.client.get(_path(first.id, nic["port_id"]))
    ecs_bench.check(f"{_SHOW}/same-nic", alone, "body", "interfaceAttachment", "port_id", equals=nic["port_id"])
    for name in sorted(nic):
        ecs_bench.check(f"{_SHOW}/same-as-list", alone, "body", "interfaceAttachment", name, equals=nic[name])


@pytest.mark.ecs_requirement(
    f"{_LIST}/requested-address",
    *(
        f"{_ADD}/{rule}"
        for rule in ("adds", "in-network", "fixed-ip-used", "same-as-show", "this-server-only", "address-chosen")
    ),
    *(
        f"{_DELETE}/{rule}"
        for rule in ("deletes", "this-nic-only", "port-of-network-deleted", "address-gone", "other-server", "no-body")
    ),
)
def test_a_nic_comes_and_goes(ecs_bench: Bench) -> None:
    """With an address of its own or a chosen one, beside the NICs that were there, on this server alone."""
    lease, other = ecs_bench.session.pool.batch_of(2, "ACTIVE")
    theirs = [nic["port_id"] for nic in _nics(ecs_bench, other.id)]
    address = ecs_bench.free_address()
    network = ecs_bench.need_resource("network_id")
    with _added(ecs_bench, lease) as (added, nic):
        ecs_bench.check(f"{_ADD}/address-chosen", added, "body", "interfaceAttachment", "fixed_ips", length=1)
        ecs_bench.check(f"{_ADD}/in-network", added, "body", "interfaceAttachment", "net_id", equals=network)
    before = [nic["port_id"] for nic in _nics(ecs_bench, lease.id)]
    with _added(ecs_bench, lease, fixed_ips=[{"ip_address": address}]) as (added, nic):
        port = nic["port_id"]
        place = ("body", "interfaceAttachment", "fixed_ips", "*", "ip_address")
        ecs_bench.check(f"{_ADD}/fixed-ip-used", added, *place, equals=[address])
        shown = ecs_bench.client.get(_path(lease.id, port))
        for name in ("net_id", "port_id", "mac_addr", "fixed_ips"):
            ecs_bench.check(f"{_ADD}/same-as-show", shown, "body", "interfaceAttachment", name, equals=nic[name])
        ecs_bench.check(f"{_LIST}/requested-address", shown, *place, contains=address)
        listed = ecs_bench.client.get(_path(lease.id))
        ecs_bench.check(f"{_ADD}/adds", listed, *_PORTS, same_items=[*before, port])
        ecs_bench.check(f"{_ADD}/this-server-only", ecs_bench.client.get(_path(other.id)), *_PORTS, same_items=theirs)
        ecs_bench.expect(
            f"{_DELETE}/other-server",
            "DELETE",
            _path(other.id, port),
            expects="unknown-reference",
            change="the NIC is another server's",
        )
        ecs_bench.check(f"{_DELETE}/other-server", ecs_bench.client.get(_path(lease.id)), *_PORTS, contains=port)
        deleted = _delete(ecs_bench, lease, port)
        ecs_bench.check(f"{_DELETE}/no-body", deleted, "body", equals=None)
        listed = ecs_bench.client.get(_path(lease.id))
        ecs_bench.check(f"{_DELETE}/deletes", listed, *_PORTS, lacks=port)
        ecs_bench.check(f"{_DELETE}/this-nic-only", listed, *_PORTS, same_items=before)
        ecs_bench.expect(
            f"{_DELETE}/deletes", "GET", _path(lease.id, port), expects="not-found", change="the NIC was deleted"
        )
        for name in ecs_bench.read(lease.show(), "server", "addresses"):
            at = ("body", "server", "addresses", name, "*", "addr")
            ecs_bench.check(f"{_DELETE}/address-gone", lease.show(), *at, lacks=address)
        ecs_bench.expect(
            f"{_DELETE}/port-of-network-deleted",
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": {"port_id": port}},
            expects="unknown-reference",
            change="the port was deleted with its NIC",
        )
    lease.release()
    other.release()


@pytest.mark.ecs_requirement(f"{_ADD}/fixed-ip-needs-network", f"{_ADD}/fixed-ip-malformed")
def test_an_address_is_one_and_in_a_network(ecs_bench: Bench) -> None:
    """Without a network, or with a text that is none, the request is refused."""
    control = ecs_bench.control("nova.nics.add")
    (lease,) = ecs_bench.shared("ACTIVE")
    network = ecs_bench.need_resource("network_id")
    for rule, change, nic in (
        ("fixed-ip-needs-network", "there is no network", {"fixed_ips": [{"ip_address": ecs_bench.free_address()}]}),
        ("fixed-ip-malformed", "the address is none", {"net_id": network, "fixed_ips": [{"ip_address": "no-address"}]}),
    ):
        ecs_bench.expect(
            f"{_ADD}/{rule}",
            "POST",
            _path(lease.id),
            json={"interfaceAttachment": nic},
            expects="invalid",
            change=change,
            control=control.id,
        )


@pytest.mark.ecs_requirement(f"{_DELETE}/primary-nic", f"{_DELETE}/primary-stays")
def test_the_primary_nic_stays(ecs_bench: Bench) -> None:
    """The only NIC of a server cannot be deleted."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    (nic,) = ecs_bench.exactly(1, _nics(ecs_bench, lease.id), "the server's only NIC")
    path = _path(lease.id, nic["port_id"])
    ecs_bench.expect(f"{_DELETE}/primary-nic", "DELETE", path, expects="primary-nic", change="the NIC is the only one")
    listed = ecs_bench.client.get(_path(lease.id))
    ecs_bench.check(f"{_DELETE}/primary-stays", listed, *_PORTS, contains=nic["port_id"])
    lease.release()


@pytest.mark.ecs_requirement(f"{_ADD}/by-port", f"{_ADD}/fixed-ip-beside-port", f"{_DELETE}/port-kept")
def test_a_port_comes_and_goes_as_a_nic(ecs_bench: Bench) -> None:
    """It keeps its address, whatever is asked for beside it, and is there to be added again."""
    port, lease = ecs_bench.port(), ecs_bench.session.pool.lease("ACTIVE")
    addresses = ("body", "interfaceAttachment", "fixed_ips", "*", "ip_address")
    lease.spoilt = True  # until it has lost the port
    added = ecs_bench.client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port}})
    ecs_bench.check(f"{_ADD}/by-port", added, "body", "interfaceAttachment", "port_id", equals=port)
    own = [entry["ip_address"] for entry in ecs_bench.read(added, "interfaceAttachment", "fixed_ips")]
    _arrived(ecs_bench, lease, port)
    ecs_bench.check(f"{_ADD}/by-port", ecs_bench.client.get(_path(lease.id)), *_PORTS, has_one=port)
    _delete(ecs_bench, lease, port)
    other = [{"ip_address": ecs_bench.free_address()}]
    beside = ecs_bench.client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port, "fixed_ips": other}})
    if beside.refused:
        refused = ecs_bench.contract.expectation("invalid", "nova").statuses
        ecs_bench.check(f"{_ADD}/fixed-ip-beside-port", beside, "status", one_of=sorted(refused))
    else:
        place = ("body", "interfaceAttachment", "port_id")
        ecs_bench.check(f"{_ADD}/fixed-ip-beside-port", beside, *place, equals=port)
        ecs_bench.check(f"{_ADD}/fixed-ip-beside-port", beside, *addresses, same_items=own)
        _arrived(ecs_bench, lease, port)
        _delete(ecs_bench, lease, port)
    again = ecs_bench.client.post(_path(lease.id), {"interfaceAttachment": {"port_id": port}})
    if ecs_bench.check(f"{_DELETE}/port-kept", again, "status", at_most=299):
        ecs_bench.check(f"{_DELETE}/port-kept", again, *addresses, same_items=own)
        _arrived(ecs_bench, lease, port)
        lease.spoilt = False
        _delete(ecs_bench, lease, port)
    lease.release()
