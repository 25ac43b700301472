"""Rules of creating a server through the native API (6.2.1): what it has, and what it gets where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Check, Client, Exchange, Servers, Supplies, Target, Wait, read
from pytest_ecs.exceptions import PrerequisiteMissing

from .creation import (
    DESCRIBED,
    SERVERS,
    Detail,
    accepted,
    created_servers,
    created_with,
    made_servers,
    path_of,
    plain,
)
from .listing import DETAIL, MOST, by_name, position

pytestmark = pytest.mark.ecs_group("scarce")

_SERVER = ("body", "server")
_HINTS = (*_SERVER, "os:scheduler_hints")
_KEYS, _GROUPS = "/v2.1/{project_id}/os-keypairs", "/v2.1/{project_id}/os-server-groups"
#: In base64, as a creation sends it.
_USER_DATA = "IyEvYmluL3NoCg=="


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/server-answered",
    "nova.servers.create/rule/creates",
    "nova.servers.create/rule/name-single",
    "nova.servers.create/rule/image-and-flavor",
    "nova.servers.create/rule/metadata-set",
    "nova.servers.create/rule/in-network",
    "nova.servers.create/rule/system-disk-visible",
)
def test_a_server_is_what_was_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """It runs, with the name, the image, the flavor, the metadata and the network of the request."""
    made = made_servers(ecs_client, ecs_servers, ecs_supplies)
    check, shown = ecs_check.after(made.plain), ecs_servers.show(made.server)
    answered = read(made.plain, "server", "id")
    check("nova.servers.create/rule/server-answered", shown, *_SERVER, "id", equals=answered)
    check("nova.servers.create/rule/creates", shown, *_SERVER, "status", equals="ACTIVE")
    check("nova.servers.create/rule/name-single", shown, *_SERVER, "name", equals=f"{made.name}-plain")
    image, flavor = ecs_supplies.need("image_id"), ecs_supplies.need("flavor_id")
    check("nova.servers.create/rule/image-and-flavor", shown, *_SERVER, "image", "id", equals=image)
    check("nova.servers.create/rule/image-and-flavor", shown, *_SERVER, "flavor", "id", equals=flavor)
    check("nova.servers.create/rule/metadata-set", shown, *_SERVER, "metadata", "purpose", equals="conformance")
    check("nova.servers.create/rule/in-network", shown, *_SERVER, "addresses", length=1)
    nics, network = ecs_client.get(f"{path_of(made.server)}/os-interface"), ecs_supplies.need("network_id")
    check("nova.servers.create/rule/in-network", nics, "body", "interfaceAttachments", "*", "net_id", equals=[network])
    disks = (*_SERVER, "os-extended-volumes:volumes_attached")
    check("nova.servers.create/rule/system-disk-visible", shown, *disks, length=1)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/az-chosen",
    "nova.servers.create/rule/default-security-group",
    "nova.servers.create/rule/description-default",
    "nova.servers.create/rule/min-default",
    "nova.servers.create/rule/no-eip",
    "nova.servers.create/rule/tenancy-default",
)
def test_what_is_left_out_has_its_default(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """One server, in a zone that the system chose, in the default group, on a shared host, without a floating address."""
    made = made_servers(ecs_client, ecs_servers, ecs_supplies)
    check, path = ecs_check.after(made.plain), path_of(made.server)
    shown = ecs_client.get(path, microversion=DESCRIBED)
    check("nova.servers.create/rule/az-chosen", shown, *_SERVER, "OS-EXT-AZ:availability_zone", matches=".")
    check("nova.servers.create/rule/description-default", shown, *_SERVER, "description", one_of=["", None])
    check("nova.servers.create/rule/tenancy-default", shown, *_HINTS, "dedicated_host_id", absent=True)
    for network, entries in read(shown, "server", "addresses").items():
        for number in range(len(entries)):
            kind = (*_SERVER, "addresses", network, number, "OS-EXT-IPS:type")
            check("nova.servers.create/rule/no-eip", shown, *kind, differs="floating")
    groups = ecs_client.get(f"{path}/os-security-groups")  # the server may show their ids (table 6-55)
    names = ("body", "security_groups", "*", "name")
    check("nova.servers.create/rule/default-security-group", groups, *names, includes=["default"])
    named = by_name(ecs_client, SERVERS, f"{made.name}-plain")
    check("nova.servers.create/rule/min-default", named, "body", "servers", length=1)


def _given(check: Check, supplies: Supplies, rule: str, resource: str) -> str | None:
    """Return a resource that the run was given, None where it was given none, so that a rule is not tested."""
    try:
        return supplies.need(resource)
    except PrerequisiteMissing as missing:
        check.not_tested(rule, str(missing))
        return None


def _shown(servers: Servers, detail: Detail) -> Exchange:
    """Query the server that a creation made; claims about a refused one are not tested, whatever they look at."""
    return servers.show(detail.server) if detail.server else detail.answer


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/az-given",
    "nova.servers.create/rule/fixed-ip-used",
    "nova.servers.create/rule/security-groups-set",
)
def test_a_server_is_where_it_was_put(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """In the zone, at the address and in the security group that were named."""
    zone = _given(ecs_check, ecs_supplies, "nova.servers.create/rule/az-given", "availability_zone")
    group = _given(ecs_check, ecs_supplies, "nova.servers.create/rule/security-groups-set", "security_group_id")
    network, address = ecs_supplies.need("network_id"), ecs_supplies.address()
    details: dict[str, dict[str, Any]] = {
        "zone": {"availability_zone": zone},
        "group": {"security_groups": group and [{"name": group}]},
        "address": {"networks": [{"uuid": network, "fixed_ip": address}]},
    }
    with created_with(ecs_client, ecs_servers, ecs_supplies, ecs_wait, details) as made:
        if zone is not None:
            check, place = ecs_check.after(made["zone"].answer), (*_SERVER, "OS-EXT-AZ:availability_zone")
            shown = _shown(ecs_servers, made["zone"])
            check("nova.servers.create/rule/az-given", shown, *place, equals=zone)
        if group is not None:
            check, server = ecs_check.after(made["group"].answer), made["group"].server
            groups = ecs_client.get(f"{path_of(server)}/os-security-groups") if server else made["group"].answer
            ids = ("body", "security_groups", "*", "id")
            check("nova.servers.create/rule/security-groups-set", groups, *ids, same_items=[group])
        check, server = ecs_check.after(made["address"].answer), made["address"].server
        nics = ecs_client.get(f"{path_of(server)}/os-interface") if server else made["address"].answer
        addresses = ("body", "interfaceAttachments", 0, "fixed_ips", "*", "ip_address")
        check("nova.servers.create/rule/fixed-ip-used", nics, *addresses, contains=address)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/description-set",
    "nova.servers.create/rule/key-pair-set",
    "nova.keypairs.create/rule/usable",
    "nova.servers.show/rule/user-data-shown",
    "nova.servers.list-detail/rule/user-data-shown",
)
def test_a_server_shows_what_it_was_given(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Its description, its key pair and its user data; that is hidden in records, where it can be seen to be there."""
    body = {"keypair": {"name": ecs_supplies.name("key")}}
    key = str(ecs_supplies.make(_KEYS, body, "keypair", "name"))
    details: dict[str, dict[str, Any]] = {
        "description": {"description": "described"},
        "key": {"key_name": key},
        "user data": {"user_data": _USER_DATA},
    }
    try:
        with created_with(ecs_client, ecs_servers, ecs_supplies, ecs_wait, details) as made:
            accepted(ecs_client, ecs_check, "nova.keypairs.create/rule/usable", made["key"].answer)
            check, shown = ecs_check.after(made["key"].answer), _shown(ecs_servers, made["key"])
            check("nova.keypairs.create/rule/usable", shown, *_SERVER, "key_name", equals=key)
            check("nova.servers.create/rule/key-pair-set", shown, *_SERVER, "key_name", equals=key)
            check, server = ecs_check.after(made["description"].answer), made["description"].server
            shown = ecs_client.get(path_of(server), microversion=DESCRIBED) if server else made["description"].answer
            check("nova.servers.create/rule/description-set", shown, *_SERVER, "description", equals="described")
            _check_user_data(ecs_client, ecs_check, made["user data"])
    finally:
        ecs_client.delete(f"{_KEYS}/{key}")


def _check_user_data(client: Client, check: Check, detail: Detail) -> None:
    """Judge that both views of a server have the user data of its creation, from 2.3 on."""
    check, field = check.after(detail.answer), "OS-EXT-SRV-ATTR:user_data"
    shown = listed = detail.answer
    at = 0
    if detail.server:
        shown = client.get(path_of(detail.server), microversion=DESCRIBED)
        listed = client.get(DETAIL, query={"limit": str(MOST)}, microversion=DESCRIBED)
        at = position(listed, detail.server)
    check("nova.servers.show/rule/user-data-shown", shown, *_SERVER, field, differs=None)
    check("nova.servers.list-detail/rule/user-data-shown", listed, "body", "servers", at, field, differs=None)


@pytest.mark.ecs_requirement("nova.servers.create/rule/image-url", "nova.servers.create/rule/flavor-url")
def test_references_may_be_urls(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Image and flavor may be named by a URL that ends in the id."""
    image, flavor, base = ecs_supplies.need("image_id"), ecs_supplies.need("flavor_id"), ecs_target.endpoint
    details = {
        "image": {"imageRef": f"{base}/images/{image}"},
        "flavor": {"flavorRef": f"{base}/flavors/{flavor}"},
    }
    with created_with(ecs_client, ecs_servers, ecs_supplies, ecs_wait, details) as made:
        for rule, name, wanted in (
            ("nova.servers.create/rule/image-url", "image", image),
            ("nova.servers.create/rule/flavor-url", "flavor", flavor),
        ):
            if accepted(ecs_client, ecs_check, rule, made[name].answer):
                ecs_check(rule, ecs_servers.show(made[name].server), *_SERVER, name, "id", equals=wanted)


@pytest.mark.ecs_requirement("nova.servers.create/rule/in-server-group")
def test_a_server_is_a_member_of_its_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The group that the scheduler was told of has it."""
    body = {"server_group": {"name": ecs_supplies.name("group"), "policies": ["anti-affinity"]}}
    group = str(ecs_supplies.make(_GROUPS, body, "server_group", "id"))
    try:
        read(ecs_client.get(f"{_GROUPS}/{group}"))  # that it is there is judged where groups are created
        wanted = {**plain(ecs_supplies, ecs_supplies.name("member")), "os:scheduler_hints": {"group": group}}
        created = ecs_client.post(SERVERS, wanted)
        with created_servers(ecs_client, ecs_servers, ecs_wait, created) as made:
            members, place = ecs_client.get(f"{_GROUPS}/{group}"), ("body", "server_group", "members")
            check = ecs_check.after(created)
            check("nova.servers.create/rule/in-server-group", members, *place, contains="".join(made))
    finally:
        ecs_client.delete(f"{_GROUPS}/{group}")


@pytest.mark.ecs_requirement("nova.servers.create/rule/dedicated-host-chosen", "nova.servers.create/rule/tenancy-shown")
def test_a_dedicated_host_is_chosen(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Where a project has one, a server that asks for any is on it, and shows so."""
    ecs_supplies.need("dedicated_host_id")
    wanted = {**plain(ecs_supplies, ecs_supplies.name("dedicated")), "os:scheduler_hints": {"tenancy": "dedicated"}}
    created = ecs_client.post(SERVERS, wanted)
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/dedicated-host-chosen", created)
    with created_servers(ecs_client, ecs_servers, ecs_wait, created) as made:
        check, shown = ecs_check.after(created), ecs_servers.show(made[0]) if made else created
        host = (*_HINTS, "dedicated_host_id")
        check("nova.servers.create/rule/dedicated-host-chosen", shown, *host, length=1)
        check("nova.servers.create/rule/tenancy-shown", shown, *_HINTS, "tenancy", equals=["dedicated"])
        check("nova.servers.create/rule/tenancy-shown", shown, *host, 0, matches=".")


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/failed-stays",
    "nova.servers.show/rule/fault-on-error",
    "nova.servers.list-detail/rule/fault-on-error",
)
def test_a_server_that_failed_says_why(
    ecs_client: Client,
    ecs_target: Target,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """Where a target can be told to fail: the server is not taken back, is in error, and has a fault in both views."""
    hook = ecs_target.control
    if hook is None:
        for rule in (
            "nova.servers.create/rule/failed-stays",
            "nova.servers.show/rule/fault-on-error",
            "nova.servers.list-detail/rule/fault-on-error",
        ):
            ecs_check.not_tested(rule, "no request makes a creation fail after it was accepted")
        return
    hook("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0319"})
    name = ecs_supplies.name("failed")
    created = ecs_client.post(SERVERS, plain(ecs_supplies, name))
    read(created)
    with created_servers(ecs_client, ecs_servers, ecs_wait, created) as (server,):
        shown, listed = ecs_servers.show(server), ecs_client.get(DETAIL, query={"name": name})
        ecs_check("nova.servers.create/rule/failed-stays", shown, *_SERVER, "status", equals="ERROR")
        ecs_check("nova.servers.show/rule/fault-on-error", shown, *_SERVER, "fault", present=True)
        fault = ("body", "servers", 0, "fault")
        ecs_check("nova.servers.list-detail/rule/fault-on-error", listed, *fault, present=True)
