"""Rules of adding and deleting NICs in batches (5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import (
    Cases,
    Check,
    Client,
    Exchange,
    Expect,
    Jobs,
    Lease,
    Servers,
    Supplies,
    exactly,
    load_contract,
    read,
    url_of,
)
from pytest_ecs.exceptions import PrerequisiteMissing

from .. import surplus

_NICS = ("body", "interfaceAttachments")
_PORTS = (*_NICS, "*", "port_id")
#: More NICs than a server with one can get (table 5-3: at most 12).
_TOO_MANY = 12


def _path(server: str, verb: str = "") -> str:
    return url_of("ecs.nics.add", server_id=server) + verb


def _native(server: str) -> str:
    return url_of("nova.nics.list", server_id=server)


def _list(client: Client, lease: Lease) -> Exchange:
    return client.get(_native(lease.id))


def _ports(client: Client, lease: Lease) -> list[str]:
    return [nic["port_id"] for nic in read(_list(client, lease), "interfaceAttachments")]


def _delete(client: Client, jobs: Jobs, lease: Lease, *ports: str) -> Exchange:
    """Delete NICs and wait for the job; a server where that fails serves nobody again."""
    deleted = client.post(_path(lease.id, "/delete"), {"nics": [{"id": port} for port in ports]})
    jobs.wait_out(deleted)
    if set(ports) & set(_ports(client, lease)):
        lease.spoilt = True
    return deleted


@contextmanager
def _added(
    client: Client, supplies: Supplies, jobs: Jobs, lease: Lease, *nics: dict[str, Any]
) -> Iterator[tuple[Exchange, list[str]]]:
    """Add NICs and wait for the job; give the answer and the ports that came. They are deleted afterwards.

    Where there are more than were asked for, they are deleted and asked for once more.
    """
    subnet, before = supplies.need("subnet_id"), _ports(client, lease)

    def came() -> list[str]:
        return [port for port in _ports(client, lease) if port not in before]

    def add() -> Exchange:
        if left := came():
            _delete(client, jobs, lease, *left)
        added = client.post(_path(lease.id), {"nics": [{"subnet_id": subnet, **nic} for nic in nics]})
        jobs.settle(added, [lease])
        return added

    try:
        added = surplus.as_many(len(nics), add, lambda _: len(came()))
        yield added, came()
    finally:
        if left := came():
            _delete(client, jobs, lease, *left)


@pytest.mark.ecs_requirement(
    "ecs.nics.add/rule/success-adds",
    "ecs.nics.add/rule/in-network",
    "ecs.nics.add/rule/address-chosen",
    "ecs.nics.add/rule/security-groups-omitted",
    "ecs.nics.add/rule/this-server-only",
)
def test_a_nic_is_added(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Beside the one that is there, on this server alone, with an address that nobody has."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    before, theirs = _ports(ecs_client, lease), _ports(ecs_client, other)
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}) as (added, ports):
        check, listed = ecs_check.after(added), _list(ecs_client, lease)
        check.accepted("ecs.nics.add/rule/security-groups-omitted", added)
        check("ecs.nics.add/rule/success-adds", listed, *_NICS, length=len(before) + 1)
        check("ecs.nics.add/rule/success-adds", listed, *_PORTS, includes=before)
        nics = read(listed, "interfaceAttachments")
        for number in [number for number, nic in enumerate(nics) if nic["port_id"] in ports]:
            _in_network(check, ecs_supplies, listed, number)
            address = (*_NICS, number, "fixed_ips", 0, "ip_address")
            check("ecs.nics.add/rule/address-chosen", listed, *address, none_of=_taken(ecs_client, lease))
            _in_subnet(check, listed, number, before)
        for rule in () if ports else ("ecs.nics.add/rule/in-network", "ecs.nics.add/rule/address-chosen"):
            check.not_tested(rule, "the server has no new NIC")
        rule = "ecs.nics.add/rule/this-server-only"
        check.stays(rule, lambda: _list(ecs_client, other), *_PORTS, same_items=theirs)


def _in_network(check: Check, supplies: Supplies, listed: Exchange, number: int) -> None:
    """The subnet_id of the request is the network of the NIC, or the subnet of its address (ruling nics-batch-subnet-words)."""
    subnet, entry = supplies.need("subnet_id"), (*_NICS, number)
    nic = read(listed, "interfaceAttachments", number)
    if any(address.get("subnet_id") == subnet for address in nic.get("fixed_ips", [])):
        check("ecs.nics.add/rule/in-network", listed, *entry, "fixed_ips", "*", "subnet_id", contains=subnet)
    else:
        wanted = [subnet, supplies.need("network_id")]
        check("ecs.nics.add/rule/in-network", listed, *entry, "net_id", one_of=wanted)


def _in_subnet(check: Check, listed: Exchange, number: int, before: list[str]) -> None:
    """The address is of the subnet that the first NIC, which is in the same network, has its address of."""
    nics = read(listed, "interfaceAttachments")
    subnets = [nic["fixed_ips"][0]["subnet_id"] for nic in nics if nic["port_id"] in before and nic["fixed_ips"]]
    subnet = (*_NICS, number, "fixed_ips", 0, "subnet_id")
    if subnets:
        check("ecs.nics.add/rule/address-chosen", listed, *subnet, one_of=subnets)


def _taken(client: Client, lease: Lease) -> list[str]:
    """Return the addresses that other servers of the project have in the networks of one."""
    networks = read(lease.show(), "server", "addresses")
    listed = client.get(url_of("nova.servers.list-detail"), query={"limit": "1000"})
    others = [server["addresses"] for server in read(listed, "servers") if server["id"] != lease.id]
    return [entry["addr"] for addresses in others for network in networks for entry in addresses.get(network, [])]


@pytest.mark.ecs_requirement("ecs.nics.add/rule/several")
def test_two_nics_are_added(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """By one request."""
    rule, lease = "ecs.nics.add/rule/several", ecs_servers("ACTIVE")
    before = _ports(ecs_client, lease)
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}, {}) as (added, _):
        if ecs_check.accepted(rule, added):
            ecs_check(rule, _list(ecs_client, lease), *_NICS, length=len(before) + 2)


@pytest.mark.ecs_requirement("ecs.nics.add/rule/address-used")
def test_a_nic_has_the_address_that_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """One that is free in the subnet."""
    lease, address = ecs_servers("ACTIVE"), ecs_supplies.address()
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {"ip_address": address}) as (added, _):
        first = (*_NICS, "*", "fixed_ips", 0, "ip_address")
        ecs_check.after(added)("ecs.nics.add/rule/address-used", _list(ecs_client, lease), *first, has_one=address)


@pytest.mark.ecs_requirement("ecs.nics.add/rule/security-groups-set")
def test_a_nic_has_the_security_group_that_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """It is among those of the server."""
    lease, group = ecs_servers("ACTIVE"), ecs_supplies.need("security_group_id")
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {"security_groups": [{"id": group}]}) as (added, _):
        groups = ecs_client.get(url_of("nova.server-security-groups.list", server_id=lease.id))
        ids = ("body", "security_groups", "*", "id")
        ecs_check.after(added)("ecs.nics.add/rule/security-groups-set", groups, *ids, contains=group)


@pytest.mark.ecs_requirement(
    "ecs.nics.delete/rule/success-deletes",
    "ecs.nics.delete/rule/listed-only",
    "ecs.nics.delete/rule/address-gone",
)
def test_a_nic_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """With its address; the others stay."""
    lease = ecs_servers("ACTIVE")
    before = _ports(ecs_client, lease)
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}, {}) as (_, ports):
        gone, kept = exactly(2, ports, "two new NICs")
        nics = read(_list(ecs_client, lease), "interfaceAttachments")
        addresses = [entry["ip_address"] for nic in nics if nic["port_id"] == gone for entry in nic["fixed_ips"]]
        check = ecs_check.after(_delete(ecs_client, ecs_jobs, lease, gone))
        check("ecs.nics.delete/rule/success-deletes", _list(ecs_client, lease), *_PORTS, lacks=gone)
        rule = "ecs.nics.delete/rule/listed-only"
        check.stays(rule, lambda: _list(ecs_client, lease), *_PORTS, includes=[*before, kept])
        shown = lease.show()
        if not addresses:
            ecs_check.not_tested("ecs.nics.delete/rule/address-gone", "the NIC had no address")
        for name in read(shown, "server", "addresses"):
            for address in addresses:
                at = ("body", "server", "addresses", name, "*", "addr")
                check("ecs.nics.delete/rule/address-gone", shown, *at, lacks=address)


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/several")
def test_two_nics_are_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """By one request."""
    rule, lease = "ecs.nics.delete/rule/several", ecs_servers("ACTIVE")
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}, {}) as (_, ports):
        first, second = exactly(2, ports, "two new NICs")
        deleted = _delete(ecs_client, ecs_jobs, lease, first, second)
        if ecs_check.accepted(rule, deleted):
            for port in (first, second):
                ecs_check(rule, _list(ecs_client, lease), *_PORTS, lacks=port)


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/port-gone")
def test_a_port_goes_with_its_nic(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """So no other NIC is made from it."""
    lease = ecs_servers("ACTIVE")
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}) as (_, ports):
        (port,) = exactly(1, ports, "a new NIC")
        deleted = _delete(ecs_client, ecs_jobs, lease, port)
        if not deleted.accepted or lease.spoilt:
            raise PrerequisiteMissing("A NIC that was deleted is needed", seen=deleted.answer)
        ecs_expect(
            "ecs.nics.delete/rule/port-gone",
            "POST",
            _native(lease.id),
            json={"interfaceAttachment": {"port_id": port}},
            expects="unknown-reference",
            change="the port was deleted with its NIC",
        )


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/other-server")
def test_a_nic_of_another_server_is_refused(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """And stays with that."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _added(ecs_client, ecs_supplies, ecs_jobs, lease, {}) as (_, ports):
        (port,) = exactly(1, ports, "a new NIC")
        rule, change = "ecs.nics.delete/rule/other-server", "the NIC is another server's"
        _refuse_deletion(ecs_expect, ecs_jobs, rule, other, port, "refused", change)
        ecs_check.stays(rule, lambda: _list(ecs_client, lease), *_PORTS, contains=port)


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/some-unknown")
def test_a_nic_that_no_server_has_is_refused(
    ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """At once, or by the job."""
    rule, change = "ecs.nics.delete/rule/some-unknown", "no server has the NIC"
    lease = ecs_servers("ACTIVE")
    _refuse_deletion(ecs_expect, ecs_jobs, rule, lease, ecs_supplies.unknown_id(), "refused", change)


def _refuse_deletion(expect: Expect, jobs: Jobs, rule: str, lease: Lease, port: str, expects: str, change: str) -> None:
    body, path = {"nics": [{"id": port}]}, _path(lease.id, "/delete")
    jobs.wait_out(expect(rule, "POST", path, json=body, expects=expects, change=change))


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/primary-nic", "ecs.nics.delete/rule/primary-stays")
def test_the_primary_nic_stays(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """The only NIC of a server cannot be deleted."""
    lease = ecs_servers("ACTIVE")
    (port,) = exactly(1, _ports(ecs_client, lease), "the server's only NIC")
    rule, change = "ecs.nics.delete/rule/primary-nic", "the NIC is the only one"
    _refuse_deletion(ecs_expect, ecs_jobs, rule, lease, port, "primary-nic", change)
    rule = "ecs.nics.delete/rule/primary-stays"
    if not ecs_check.stays(rule, lambda: _list(ecs_client, lease), *_PORTS, contains=port):
        lease.spoilt = True


#: What cannot be added: the NICs, what is expected, the codes that fit beside others, and why. A used address is filled in.
_REFUSED: list[tuple[str, list[dict[str, Any]], str, str]] = [
    ("ecs.nics.add/rule/address-malformed", [{"ip_address": "no-address"}], "refused", "the address is none"),
    (
        "ecs.nics.add/rule/address-outside",
        [{"ip_address": "203.0.113.9"}],
        "outside-subnet",
        "the address is not of the subnet",
    ),
    ("ecs.nics.add/rule/address-taken", [{}], "refused", "the address is in use"),
    ("ecs.nics.add/rule/too-many", [{}] * _TOO_MANY, "refused", "the server would have 13 NICs"),
]


@pytest.mark.parametrize(
    ("rule", "nics", "expects", "change"),
    [
        pytest.param(*case, id=load_contract().requirements[case[0]].case, marks=pytest.mark.ecs_requirement(case[0]))
        for case in _REFUSED
    ],
)
def test_what_cannot_be_added_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    rule: str,
    nics: list[dict[str, Any]],
    expects: str,
    change: str,
) -> None:
    """An address that is none, one that is in use, one of another network, and more NICs than a server can have."""
    control, lease = ecs_cases.control("ecs.nics.add"), ecs_servers("ACTIVE")
    before, subnet = _ports(ecs_client, lease), ecs_supplies.need("subnet_id")
    if rule == "ecs.nics.add/rule/address-taken":
        taken = read(_list(ecs_client, lease), "interfaceAttachments", 0, "fixed_ips", 0, "ip_address")
        nics = [{"ip_address": taken}]
    body = {"nics": [{"subnet_id": subnet, **nic} for nic in nics]}
    options: dict[str, Any] = {"expects": expects, "change": change, "control": control.id}
    ecs_jobs.wait_out(ecs_expect(rule, "POST", _path(lease.id), json=body, **options))
    extra = set(_ports(ecs_client, lease)) - set(before)
    if extra:
        _delete(ecs_client, ecs_jobs, lease, *extra)
