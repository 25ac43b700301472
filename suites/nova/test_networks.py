"""Rules of querying networks through the native API (6.4)."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Lease, Servers, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

pytestmark = pytest.mark.ecs_group("servers")

_LIST, _SHOW = (
    "nova.server-networks.list/rule/address-fits-version",
    "nova.server-networks.show/rule/address-fits-version",
)
_VERSIONS = {4: r"^\d+\.\d+\.\d+\.\d+$", 6: ":"}


@pytest.mark.ecs_requirement("nova.networks.list/rule/has-networks")
def test_the_network_of_a_server_is_listed(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The network that servers are made in is one of the project's."""
    network = ecs_supplies.need("network_id")
    ecs_servers("ACTIVE", exclusive=False).release()
    listed = ecs_client.get(url_of("nova.networks.list"))
    ecs_check("nova.networks.list/rule/has-networks", listed, "body", "networks", "*", "id", contains=network)


def _addresses(lease: Lease) -> dict[str, list[str]]:
    """Return the addresses of a server by its networks, as it shows them (6.2.6)."""
    shown = lease.show()
    found = {name: [entry["addr"] for entry in entries] for name, entries in read(shown, "server", "addresses").items()}
    if not found:
        raise PrerequisiteMissing("A server has to show its networks (6.2.6)", seen="it shows none", hint="")
    return found


@pytest.mark.ecs_requirement(
    "nova.server-networks.list/rule/has-network",
    "nova.server-networks.list/rule/same-as-show",
    "nova.server-networks.list/rule/own-addresses",
)
def test_the_addresses_are_those_of_the_server(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Each network of the server has its addresses there, and none of another server's."""
    first, second = ecs_servers.shared("ACTIVE", 2)
    listed = ecs_client.get(url_of("nova.server-networks.list", server_id=first.id))
    theirs = read(second.show(), "server", "addresses")
    for name, addresses in _addresses(first).items():
        place = ("body", "addresses", name, "*", "addr")
        ecs_check(
            "nova.server-networks.list/rule/has-network", listed, "body", "addresses", name, 0, "addr", matches="."
        )
        ecs_check("nova.server-networks.list/rule/same-as-show", listed, *place, same_items=addresses)
        ecs_check("nova.server-networks.list/rule/own-addresses", listed, *place, includes=addresses)
        for entry in theirs.get(name, ()):
            ecs_check("nova.server-networks.list/rule/own-addresses", listed, *place, lacks=entry["addr"])


@pytest.mark.ecs_requirement(
    "nova.server-networks.list/rule/same-as-show", "nova.server-networks.show/rule/same-as-list"
)
def test_every_address_of_a_network_is_shown(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A server with two NICs in one network has an address of each there."""
    lease, network = ecs_servers("ACTIVE"), ecs_supplies.need("network_id")
    base = url_of("nova.servers.show", server_id=lease.id)
    added = ecs_client.post(f"{base}/os-interface", {"interfaceAttachment": {"net_id": network}})
    port = str(read(added, "interfaceAttachment", "port_id")).strip()
    lease.spoilt = True  # until it has lost the NIC
    ecs_wait.until(f"{base}/os-interface", "interfaceAttachments", "*", "port_id", contains=port)
    try:
        listed = ecs_client.get(f"{base}/ips")
        for name, addresses in _addresses(lease).items():
            place = ("body", "addresses", name, "*", "addr")
            ecs_check("nova.server-networks.list/rule/same-as-show", listed, *place, same_items=addresses)
            shown = ecs_client.get(f"{base}/ips/{name}")
            theirs = [entry["addr"] for entry in read(listed, "addresses", name)]
            at = ("body", name, "*", "addr")
            ecs_check("nova.server-networks.show/rule/same-as-list", shown, *at, same_items=theirs)
    finally:
        ecs_client.delete(f"{base}/os-interface/{port}")
        lease.spoilt = not ecs_wait.gone(f"{base}/os-interface/{port}")


@pytest.mark.ecs_requirement(
    "nova.server-networks.show/rule/asked-network",
    "nova.server-networks.show/rule/same-as-list",
    "nova.server-networks.show/rule/address-fits-version",
    "nova.server-networks.list/rule/address-fits-version",
)
def test_one_network_has_what_the_list_says(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """The answer is the network in the URL alone, and each address is of the version beside it."""
    (lease,) = ecs_servers.shared("ACTIVE")
    base = url_of("nova.server-networks.list", server_id=lease.id)
    listed = ecs_client.get(base)
    theirs = read(listed, "addresses")
    for name in _addresses(lease):
        shown = ecs_client.get(f"{base}/{name}")
        ecs_check("nova.server-networks.show/rule/asked-network", shown, "body", length=1)
        ecs_check("nova.server-networks.show/rule/asked-network", shown, "body", name, present=True)
        answers: list[tuple[Exchange, tuple[str, ...], str]] = [(shown, (name,), _SHOW)]
        if name in theirs:
            answers.append((listed, ("addresses", name), _LIST))
            at, addresses = ("body", name, "*", "addr"), [entry["addr"] for entry in theirs[name]]
            ecs_check("nova.server-networks.show/rule/same-as-list", shown, *at, same_items=addresses)
        else:  # that it is there is judged by itself
            for rule in ("nova.server-networks.show/rule/same-as-list", _LIST):
                ecs_check.not_tested(rule, "the list does not have the network of the server")
        for exchange, place, rule in answers:
            for number, entry in enumerate(read(exchange, *place)):
                wanted = _VERSIONS.get(entry["version"], "a version that there is not")
                ecs_check(rule, exchange, "body", *place, number, "addr", matches=wanted)


@pytest.mark.ecs_group("scarce")
@pytest.mark.ecs_requirement("nova.networks.list/rule/usable")
def test_a_listed_network_takes_servers(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """The id under which the servers' own network is listed is one that servers are created in."""
    network = ecs_supplies.need("network_id")
    listed = ecs_client.get(url_of("nova.networks.list"))
    if ecs_check("nova.networks.list/rule/usable", listed, "body", "networks", "*", "id", contains=network):
        created = ecs_cases.control("nova.servers.create")
        ecs_check.accepted("nova.networks.list/rule/usable", created)
