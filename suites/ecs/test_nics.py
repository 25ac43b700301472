"""Rules of adding and deleting NICs in batches (5.5)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Jobs, Lease, Servers, Supplies, exactly, read

_ADD, _DELETE = "ecs.nics.add/rule", "ecs.nics.delete/rule"
_PORTS = ("body", "interfaceAttachments", "*", "port_id")


def _path(server: str, verb: str = "") -> str:
    return f"/v1/{{project_id}}/cloudservers/{server}/nics{verb}"


def _native(server: str) -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/os-interface"


def _nics(client: Client, server: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client.get(_native(server)), "interfaceAttachments")
    return found


def _ports(client: Client, server: str) -> list[str]:
    return [nic["port_id"] for nic in _nics(client, server)]


def _add(client: Client, supplies: Supplies, jobs: Jobs, lease: Lease, *nics: dict[str, Any]) -> Exchange:
    """Add NICs and wait for the job."""
    subnet = supplies.need("subnet_id")
    added = client.post(_path(lease.id), {"nics": [{"subnet_id": subnet, **nic} for nic in nics]})
    jobs.settle(added, [lease])
    return added


def _delete(client: Client, jobs: Jobs, lease: Lease, *ports: str) -> Exchange:
    """Delete NICs and wait for the job; a server where that fails serves nobody again."""
    deleted = client.post(_path(lease.id, "/delete"), {"nics": [{"id": port} for port in ports]})
    jobs.settle(deleted, [lease])
    if set(ports) & set(_ports(client, lease.id)):
        lease.spoilt = True
    return deleted


@pytest.mark.ecs_requirement(
    "ecs.nics.add/rule/success-adds",
    "ecs.nics.add/rule/several",
    "ecs.nics.add/rule/in-network",
    "ecs.nics.add/rule/address-used",
    "ecs.nics.add/rule/address-chosen",
    "ecs.nics.add/rule/security-groups-set",
    "ecs.nics.add/rule/security-groups-omitted",
    "ecs.nics.add/rule/this-server-only",
    "ecs.nics.delete/rule/success-deletes",
    "ecs.nics.delete/rule/several",
    "ecs.nics.delete/rule/listed-only",
    "ecs.nics.delete/rule/address-gone",
    "ecs.nics.delete/rule/port-gone",
    "ecs.nics.delete/rule/other-server",
    "ecs.nics.delete/rule/some-unknown",
)
def test_nics_come_and_go_in_batches(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Two at once, beside the one that is there, on this server alone; then one and two of them go again."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    before, theirs = _ports(ecs_client, lease.id), _ports(ecs_client, other.id)
    address, group = ecs_supplies.address(), ecs_supplies.need("security_group_id")
    added = _add(
        ecs_client, ecs_supplies, ecs_jobs, lease, {"ip_address": address, "security_groups": [{"id": group}]}, {}
    )
    listed = ecs_client.get(_native(lease.id))
    nics = [nic for nic in read(listed, "interfaceAttachments") if nic["port_id"] not in before]
    ecs_check.accepted("ecs.nics.add/rule/security-groups-omitted", added)
    for rule in ("success-adds", "several"):
        ecs_check(f"{_ADD}/{rule}", listed, "body", "interfaceAttachments", length=len(before) + 2)
    ecs_check("ecs.nics.add/rule/success-adds", listed, *_PORTS, includes=before)
    networks = ("body", "interfaceAttachments", "*", "net_id")
    network = ecs_supplies.need("network_id")
    ecs_check("ecs.nics.add/rule/in-network", listed, *networks, same_items=[network] * (len(before) + 2))
    addresses = [entry["ip_address"] for nic in nics for entry in nic["fixed_ips"]]
    shown = ecs_client.get("/v2.1/{project_id}/servers/" + lease.id)
    for rule in ("address-used", "address-chosen"):
        place = ("body", "interfaceAttachments", "*", "fixed_ips", 0, "ip_address")
        wanted = address if rule == "address-used" else next((one for one in addresses if one != address), None)
        ecs_check(f"{_ADD}/{rule}", listed, *place, has_one=wanted)
    others = _taken(ecs_client, lease)
    subnets = {nic["port_id"]: nic["fixed_ips"][0]["subnet_id"] for nic in read(listed, "interfaceAttachments")}
    for number, nic in enumerate(read(listed, "interfaceAttachments")):
        entry = ("body", "interfaceAttachments", number, "fixed_ips", 0)
        if nic["port_id"] not in before and nic["fixed_ips"][0]["ip_address"] != address:
            ecs_check("ecs.nics.add/rule/address-chosen", listed, *entry, "ip_address", none_of=others)
            ecs_check("ecs.nics.add/rule/address-chosen", listed, *entry, "subnet_id", equals=subnets[before[0]])
    groups = ecs_client.get(f"/v2.1/{{project_id}}/servers/{lease.id}/os-security-groups")
    ecs_check("ecs.nics.add/rule/security-groups-set", groups, "body", "security_groups", "*", "id", contains=group)
    ecs_check("ecs.nics.add/rule/this-server-only", ecs_client.get(_native(other.id)), *_PORTS, same_items=theirs)

    ports = [nic["port_id"] for nic in nics]
    foreign = ecs_expect(
        "ecs.nics.delete/rule/other-server",
        "POST",
        _path(other.id, "/delete"),
        json={"nics": [{"id": ports[0]}]},
        expects="refused",
        change="the NIC is another server's",
    )
    ecs_jobs.wait_out(foreign)
    unknown = ecs_expect(
        "ecs.nics.delete/rule/some-unknown",
        "POST",
        _path(other.id, "/delete"),
        json={"nics": [{"id": ecs_supplies.unknown_id()}]},
        expects="refused",
        change="no server has the NIC",
    )
    ecs_jobs.wait_out(unknown)
    ecs_check("ecs.nics.delete/rule/other-server", ecs_client.get(_native(lease.id)), *_PORTS, contains=ports[0])
    _add(ecs_client, ecs_supplies, ecs_jobs, lease, {})
    (third,) = exactly(1, set(_ports(ecs_client, lease.id)) - {*before, *ports}, "the new NIC")
    _delete(ecs_client, ecs_jobs, lease, *ports)
    listed = ecs_client.get(_native(lease.id))
    for rule in ("success-deletes", "several"):
        for port in ports:
            ecs_check(f"{_DELETE}/{rule}", listed, *_PORTS, lacks=port)
    ecs_check("ecs.nics.delete/rule/listed-only", listed, *_PORTS, same_items=[*before, third])
    shown = lease.show()
    for name in read(shown, "server", "addresses"):
        at = ("body", "server", "addresses", name, "*", "addr")
        ecs_check("ecs.nics.delete/rule/address-gone", shown, *at, lacks=address)
    ecs_expect(
        "ecs.nics.delete/rule/port-gone",
        "POST",
        _native(lease.id),
        json={"interfaceAttachment": {"port_id": ports[0]}},
        expects="unknown-reference",
        change="the port was deleted with its NIC",
    )
    _delete(ecs_client, ecs_jobs, lease, third)


@pytest.mark.ecs_requirement(
    "ecs.nics.add/rule/address-malformed",
    "ecs.nics.add/rule/address-taken",
    "ecs.nics.add/rule/address-outside",
    "ecs.nics.add/rule/too-many",
)
def test_what_cannot_be_added_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """An address that is none, one that is in use, one of another network, and more NICs than a server can have."""
    control = ecs_cases.control("ecs.nics.add")
    lease = ecs_servers("ACTIVE")
    before = _nics(ecs_client, lease.id)
    taken = before[0]["fixed_ips"][0]["ip_address"]
    subnet = ecs_supplies.need("subnet_id")
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
        refused = ecs_expect(
            f"{_ADD}/{rule}",
            "POST",
            _path(lease.id),
            json={"nics": [{"subnet_id": subnet, **nic} for nic in nics]},
            expects=expects,
            change=change,
            codes=fitting,
            control=control.id,
        )
        ecs_jobs.wait_out(refused)
    extra = set(_ports(ecs_client, lease.id)) - {nic["port_id"] for nic in before}
    if extra:
        _delete(ecs_client, ecs_jobs, lease, *extra)


def _taken(client: Client, lease: Lease) -> list[str]:
    """Return the addresses that other servers of the project have in the networks of one."""
    networks = read(lease.show(), "server", "addresses")
    listed = client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"})
    others = [server["addresses"] for server in read(listed, "servers") if server["id"] != lease.id]
    return [entry["addr"] for addresses in others for network in networks for entry in addresses.get(network, [])]


@pytest.mark.ecs_requirement("ecs.nics.delete/rule/primary-nic", "ecs.nics.delete/rule/primary-stays")
def test_the_primary_nic_stays(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """The only NIC of a server cannot be deleted."""
    lease = ecs_servers("ACTIVE")
    (port,) = exactly(1, _ports(ecs_client, lease.id), "the server's only NIC")
    refused = ecs_expect(
        "ecs.nics.delete/rule/primary-nic",
        "POST",
        _path(lease.id, "/delete"),
        json={"nics": [{"id": port}]},
        expects="primary-nic",
        change="the NIC is the only one",
    )
    ecs_jobs.wait_out(refused)
    listed = ecs_client.get(_native(lease.id))
    if not ecs_check("ecs.nics.delete/rule/primary-stays", listed, *_PORTS, contains=port):
        lease.spoilt = True
