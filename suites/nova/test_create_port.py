"""Rules of the NICs of a server that come from a port or from a network: at its creation (6.2.1) and deletion (6.2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Check, Client, Exchange, Expect, Lease, Servers, Supplies, Wait, exactly, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .creation import SERVERS, created_servers, delete_servers, only_server, path_of, plain

pytestmark = pytest.mark.ecs_group("scarce")

_GROUPS = url_of("deprecated.security-groups.list")
_NICS = ("body", "interfaceAttachments")


def _nics(server: str) -> str:
    return f"{path_of(server)}/os-interface"


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/port-first",
    "nova.servers.create/rule/security-groups-and-port",
    "nova.servers.delete/rule/port-kept",
    "nova.nics.delete/rule/port-kept",
)
def test_a_port_is_the_nic_and_stays(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Beside a network and an address the port counts; it is still there when the server, and when the NIC is deleted.

    Security groups beside it have no effect; the one that is named is new, so that the port cannot be in it.
    """
    port, network, address = ecs_supplies.port(), ecs_supplies.need("network_id"), ecs_supplies.address()
    nics = {"networks": [{"uuid": network, "fixed_ip": address, "port": port}]}
    first, second = "nova.servers.create/rule/port-first", "nova.servers.create/rule/security-groups-and-port"
    name, groups = _new_group(ecs_client, ecs_check, ecs_supplies, second)
    created = grouped = ecs_client.post(SERVERS, plain(ecs_supplies, ecs_supplies.name("port"), **nics, **groups))
    if grouped.refused and groups:  # one of them alone may be accepted
        only_port = {"networks": [{"port": port}]}
        grouped = ecs_client.post(SERVERS, plain(ecs_supplies, ecs_supplies.name("groups"), **only_port, **groups))
        with created_servers(ecs_client, ecs_servers, ecs_wait, grouped) as made:
            _keeps_groups(ecs_client, ecs_check, second, grouped, made, name)
        created = ecs_client.post(SERVERS, plain(ecs_supplies, ecs_supplies.name("port"), **nics))
    ecs_check.accepted(first, created)
    server, gone = only_server(ecs_servers, created), False
    try:
        if grouped is created and groups:
            _keeps_groups(ecs_client, ecs_check, second, grouped, [server], name)
        listed = ecs_client.get(_nics(server))
        has_port = ecs_check(first, listed, *_NICS, "*", "port_id", equals=[port])
        addresses = (*_NICS, 0, "fixed_ips", "*", "ip_address")
        if has_port:
            ecs_check(first, listed, *addresses, lacks=address)
    finally:
        gone = delete_servers(ecs_client, ecs_wait, server)
    if not has_port or not gone:
        reason = "the server did not have the port, or is still there"
        for rule in ("nova.servers.delete/rule/port-kept", "nova.nics.delete/rule/port-kept"):
            ecs_check.not_tested(rule, reason)
        return
    lease = ecs_servers("ACTIVE")
    again = ecs_client.post(_nics(lease.id), {"interfaceAttachment": {"port_id": port}})
    ecs_check.accepted("nova.servers.delete/rule/port-kept", again)
    _keep_port(ecs_client, ecs_check.after(again), ecs_wait, lease, port)


def _new_group(client: Client, check: Check, supplies: Supplies, rule: str) -> tuple[str, dict[str, Any]]:
    """Make a security group; return its name, and the fields of a creation in it. Where there is none, *rule* is not tested."""
    body = {"security_group": {"name": supplies.name("group"), "description": "for one server"}}
    try:
        group = str(supplies.make(_GROUPS, body, "security_group", "id"))
        name = str(read(client.get(f"{_GROUPS}/{group}"), "security_group", "name"))
    except (PrerequisiteMissing, StepFailed) as reason:
        check.not_tested(rule, str(reason))
        return "", {}
    return name, {"security_groups": [{"name": name}]}


def _keeps_groups(client: Client, check: Check, rule: str, created: Exchange, made: list[str], name: str) -> None:
    """Judge that a creation with a port and a group was accepted, and that its server is not in the group."""
    check.accepted(rule, created)
    one = exactly(1, made, "the server that was created") if created.accepted else []
    shown = client.get(f"{path_of(one[0])}/os-security-groups") if one else created
    check.after(created)(rule, shown, "body", "security_groups", "*", "name", lacks=name)


def _keep_port(client: Client, check: Check, wait: Wait, lease: Lease, port: str) -> None:
    """Delete a NIC that was added by its port, judge that the port can be added again, and delete that, too."""
    rule, path = "nova.nics.delete/rule/port-kept", f"{_nics(lease.id)}/{port}"
    nic = {"interfaceAttachment": {"port_id": port}}
    if not _has(wait, lease, port):
        check.not_tested(rule, "the server does not get the NIC")
        lease.spoilt = True
        return
    deleted = client.delete(path)
    if not wait.gone(path):
        check.not_tested(rule, f"the NIC does not go: {deleted.answer}")
        lease.spoilt = True
        return
    again = client.post(_nics(lease.id), nic)
    check.after(deleted).accepted(rule, again)
    if again.accepted:
        _has(wait, lease, port)
        client.delete(path)
        lease.spoilt = not wait.gone(path)


def _has(wait: Wait, lease: Lease, port: str) -> bool:
    """Wait until a server has a NIC; return whether it gets it."""
    try:
        wait.until(_nics(lease.id), "interfaceAttachments", "*", "port_id", contains=port)
    except (PrerequisiteMissing, StepFailed):
        return False
    return True


@pytest.mark.ecs_requirement("nova.servers.delete/rule/port-of-network-deleted")
def test_the_nic_of_a_network_goes_with_its_server(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Its port cannot be added to another server."""
    doomed, lease = ecs_servers.to_delete(), ecs_servers("ACTIVE")
    ports = [str(entry["port_id"]) for entry in read(ecs_client.get(_nics(doomed.id)), "interfaceAttachments")]
    read(ecs_client.get(_nics(doomed.id)), "interfaceAttachments", 0)
    if not delete_servers(ecs_client, ecs_wait, doomed.id):
        raise PrerequisiteMissing("A server is needed that was deleted", seen="it is still there")
    for port in ports:
        answer = ecs_expect(
            "nova.servers.delete/rule/port-of-network-deleted",
            "POST",
            _nics(lease.id),
            json={"interfaceAttachment": {"port_id": port}},
            expects="unknown-reference",
            change="the port was deleted with its server",
        )
        lease.spoilt = lease.spoilt or answer.accepted
