"""Rules of adding and deleting NICs in batches (5.5)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Bench, Exchange, Lease

_ADD, _DELETE = "ecs.nics.add/rule", "ecs.nics.delete/rule"
_PORTS = ("body", "interfaceAttachments", "*", "port_id")


def _path(server: str, verb: str = "") -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/nics{verb}"


def _native(server: str) -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/os-interface"


def _nics(bench: Bench, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bench.read(bench.client.get(_native(server)), "interfaceAttachments")
    return found


def _ports(bench: Bench, server: str) -> list[str]:
    return [nic["port_id"] for nic in _nics(bench, server)]


def _add(bench: Bench, lease: Lease, *nics: dict[str, Any]) -> Exchange:
    """Add NICs and wait for the job."""
    subnet = bench.need_resource("subnet_id")
    added = bench.client.post(_path(lease.id), {"nics": [{"subnet_id": subnet, **nic} for nic in nics]})
    bench.settle(added, [lease])
    return added


def _delete(bench: Bench, lease: Lease, *ports: str) -> Exchange:
    """Delete NICs and wait for the job; a server where that fails serves nobody again."""
    deleted = bench.client.post(_path(lease.id, "/delete"), {"nics": [{"id": port} for port in ports]})
    bench.settle(deleted, [lease])
    if set(ports) & set(_ports(bench, lease.id)):
        lease.spoilt = True
    return deleted


@pytest.mark.ecs_requirement(
    *(f"{_ADD}/{rule}" for rule in ("success-adds", "several", "in-network", "address-used", "address-chosen")),
    *(f"{_ADD}/{rule}" for rule in ("security-groups-set", "security-groups-omitted", "this-server-only")),
    *(
        f"{_DELETE}/{rule}"
        for rule in ("success-deletes", "several", "listed-only", "address-gone", "port-gone", "other-server")
    ),
    f"{_DELETE}/some-unknown",
)
def test_nics_come_and_go_in_batches(ecs_bench: Bench) -> None:
    """Two at once, beside the one that is there, on this server alone; then one and two of them go again."""
    lease, other = ecs_bench.session.pool.batch_of(2, "ACTIVE")
    before, theirs = _ports(ecs_bench, lease.id), _ports(ecs_bench, other.id)
    address, group = ecs_bench.free_address(), ecs_bench.need_resource("security_group_id")
    added = _add(ecs_bench, lease, {"ip_address": address, "security_groups": [{"id": group}]}, {})
    listed = ecs_bench.client.get(_native(lease.id))
    nics = [nic for nic in ecs_bench.read(listed, "interfaceAttachments") if nic["port_id"] not in before]
    ecs_bench.check(f"{_ADD}/security-groups-omitted", added, "status", at_most=299)
    for rule in ("success-adds", "several"):
        ecs_bench.check(f"{_ADD}/{rule}", listed, "body", "interfaceAttachments", length=len(before) + 2)
    ecs_bench.check(f"{_ADD}/success-adds", listed, *_PORTS, includes=before)
    networks = ("body", "interfaceAttachments", "*", "net_id")
    network = ecs_bench.need_resource("network_id")
    ecs_bench.check(f"{_ADD}/in-network", listed, *networks, same_items=[network] * (len(before) + 2))
    addresses = [entry["ip_address"] for nic in nics for entry in nic["fixed_ips"]]
    shown = ecs_bench.client.get("/v2.1/{project_id}/servers/" + lease.id)
    for rule in ("address-used", "address-chosen"):
        place = ("body", "interfaceAttachments", "*", "fixed_ips", 0, "ip_address")
        wanted = address if rule == "address-used" else next((one for one in addresses if one != address), None)
        ecs_bench.check(f"{_ADD}/{rule}", listed, *place, has_one=wanted)
    others = _taken(ecs_bench, lease)
    subnets = {
        nic["port_id"]: nic["fixed_ips"][0]["subnet_id"] for nic in ecs_bench.read(listed, "interfaceAttachments")
    }
    for number, nic in enumerate(ecs_bench.read(listed, "interfaceAttachments")):
        entry = ("body", "interfaceAttachments", number, "fixed_ips", 0)
        if nic["port_id"] not in before and nic["fixed_ips"][0]["ip_address"] != address:
            ecs_bench.check(f"{_ADD}/address-chosen", listed, *entry, "ip_address", none_of=others)
            ecs_bench.check(f"{_ADD}/address-chosen", listed, *entry, "subnet_id", equals=subnets[before[0]])
    groups = ecs_bench.client.get(f"/v2.1/{{project_id}}/servers/{lease.id}/os-security-groups")
    ecs_bench.check(f"{_ADD}/security-groups-set", groups, "body", "security_groups", "*", "id", contains=group)
    ecs_bench.check(f"{_ADD}/this-server-only", ecs_bench.client.get(_native(other.id)), *_PORTS, same_items=theirs)

    ports = [nic["port_id"] for nic in nics]
    foreign = ecs_bench.expect(
        f"{_DELETE}/other-server",
        "POST",
        _path(other.id, "/delete"),
        json={"nics": [{"id": ports[0]}]},
        expects="refused",
        change="the NIC is another server's",
    )
    ecs_bench.wait_out(foreign)
    unknown = ecs_bench.expect(
        f"{_DELETE}/some-unknown",
        "POST",
        _path(other.id, "/delete"),
        json={"nics": [{"id": ecs_bench.unknown_id()}]},
        expects="refused",
        change="no server has the NIC",
    )
    ecs_bench.wait_out(unknown)
    ecs_bench.check(f"{_DELETE}/other-server", ecs_bench.client.get(_native(lease.id)), *_PORTS, contains=ports[0])
    _add(ecs_bench, lease, {})
    (third,) = ecs_bench.exactly(1, set(_ports(ecs_bench, lease.id)) - {*before, *ports}, "the new NIC")
    _delete(ecs_bench, lease, *ports)
    listed = ecs_bench.client.get(_native(lease.id))
    for rule in ("success-deletes", "several"):
        for port in ports:
            ecs_bench.check(f"{_DELETE}/{rule}", listed, *_PORTS, lacks=port)
    ecs_bench.check(f"{_DELETE}/listed-only", listed, *_PORTS, same_items=[*before, third])
    shown = lease.show()
    for name in ecs_bench.read(shown, "server", "addresses"):
        at = ("body", "server", "addresses", name, "*", "addr")
        ecs_bench.check(f"{_DELETE}/address-gone", shown, *at, lacks=address)
    ecs_bench.expect(
        f"{_DELETE}/port-gone",
        "POST",
        _native(lease.id),
        json={"interfaceAttachment": {"port_id": ports[0]}},
        expects="unknown-reference",
        change="the port was deleted with its NIC",
    )
    _delete(ecs_bench, lease, third)
    lease.release()
    other.release()


@pytest.mark.ecs_requirement(
    f"{_ADD}/address-malformed", f"{_ADD}/address-taken", f"{_ADD}/address-outside", f"{_ADD}/too-many"
)
def test_what_cannot_be_added_is_refused(ecs_bench: Bench) -> None:
    """An address that is none, one that is in use, one of another network, and more NICs than a server can have."""
    control = ecs_bench.control("ecs.nics.add")
    lease = ecs_bench.session.pool.lease("ACTIVE")
    before = _nics(ecs_bench, lease.id)
    taken = before[0]["fixed_ips"][0]["ip_address"]
    subnet = ecs_bench.need_resource("subnet_id")
    for rule, nics, expects, change, fitting in (
        ("address-malformed", [{"ip_address": "no-address"}], "refused", "the address is none", ()),
        ("address-taken", [{"ip_address": taken}], "refused", "the address is in use", ()),
        (
            "address-outside",
            [{"ip_address": "203.0.113.9"}],
            "unknown-reference",
            "the address is not of the subnet",
            ("Ecs.0039",),
        ),
        ("too-many", [{}] * 12, "refused", "the server would have 13 NICs", ()),
    ):
        refused = ecs_bench.expect(
            f"{_ADD}/{rule}",
            "POST",
            _path(lease.id),
            json={"nics": [{"subnet_id": subnet, **nic} for nic in nics]},
            expects=expects,
            change=change,
            codes=fitting,
            control=control.id,
        )
        ecs_bench.wait_out(refused)
    extra = set(_ports(ecs_bench, lease.id)) - {nic["port_id"] for nic in before}
    if extra:
        _delete(ecs_bench, lease, *extra)
    lease.release()


def _taken(bench: Bench, lease: Lease) -> list[str]:
    """Return the addresses that other servers of the project have in the networks of one."""
    networks = bench.read(lease.show(), "server", "addresses")
    listed = bench.client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
    others = [server["addresses"] for server in bench.read(listed, "servers") if server["id"] != lease.id]
    return [entry["addr"] for addresses in others for network in networks for entry in addresses.get(network, [])]


@pytest.mark.ecs_requirement(f"{_DELETE}/primary-nic", f"{_DELETE}/primary-stays")
def test_the_primary_nic_stays(ecs_bench: Bench) -> None:
    """The only NIC of a server cannot be deleted."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    (port,) = ecs_bench.exactly(1, _ports(ecs_bench, lease.id), "the server's only NIC")
    refused = ecs_bench.expect(
        f"{_DELETE}/primary-nic",
        "POST",
        _path(lease.id, "/delete"),
        json={"nics": [{"id": port}]},
        expects="primary-nic",
        change="the NIC is the only one",
    )
    ecs_bench.wait_out(refused)
    listed = ecs_bench.client.get(_native(lease.id))
    if not ecs_bench.check(f"{_DELETE}/primary-stays", listed, *_PORTS, contains=port):
        lease.spoilt = True
    lease.release()
