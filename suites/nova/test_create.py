"""Rules of creating a server through the native API (6.2.1): what it has, and what it gets where nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from pytest_ecs import (
    Afterwards,
    Cases,
    Check,
    Client,
    Exchange,
    Servers,
    Supplies,
    Target,
    Wait,
    exactly,
    read,
    url_of,
)
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .creation import (
    DESCRIBED,
    SERVERS,
    Detail,
    accepted,
    created_servers,
    created_with,
    delete_servers,
    details_of,
    made_servers,
    merged,
    path_of,
    plain,
    settled,
)
from .listing import DETAIL, MOST, by_name, position

pytestmark = pytest.mark.ecs_group("scarce")

_SERVER = ("body", "server")
_HINTS = (*_SERVER, "os:scheduler_hints")
_KEYS, _GROUPS = url_of("nova.keypairs.list"), url_of("nova.server-groups.list")
_POLICIES = ["anti-affinity"]
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
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """It runs, with the name, the image, the flavor, the metadata and the network of the request."""
    answer = ecs_cases.control("nova.servers.create")
    check = ecs_check.after(answer)
    check("nova.servers.create/rule/server-answered", answer, *_SERVER, "id", matches=".")
    made = settled(ecs_servers, answer)
    shown = ecs_servers.show(made.server)
    check("nova.servers.create/rule/server-answered", shown, *_SERVER, "id", equals=made.server)
    check("nova.servers.create/rule/creates", shown, *_SERVER, "status", equals="ACTIVE")
    check(
        "nova.servers.create/rule/name-single",
        shown,
        *_SERVER,
        "name",
        equals=made.answer.request_body["server"]["name"],
    )
    image, flavor = ecs_supplies.need("image_id"), ecs_supplies.need("flavor_id")
    check("nova.servers.create/rule/image-and-flavor", shown, *_SERVER, "image", "id", equals=image)
    check("nova.servers.create/rule/image-and-flavor", shown, *_SERVER, "flavor", "id", equals=flavor)
    check("nova.servers.create/rule/metadata-set", shown, *_SERVER, "metadata", "purpose", equals="conformance")
    check("nova.servers.create/rule/in-network", shown, *_SERVER, "addresses", length=1)
    nics, network = ecs_client.get(f"{path_of(made.server)}/os-interface"), ecs_supplies.need("network_id")
    check("nova.servers.create/rule/in-network", nics, "body", "interfaceAttachments", "*", "net_id", equals=[network])
    disks = (*_SERVER, "os-extended-volumes:volumes_attached")
    with ecs_later:
        check.later(ecs_later)("nova.servers.create/rule/system-disk-visible", shown, *disks, length=1)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/az-chosen",
    "nova.servers.create/rule/default-security-group",
    "nova.servers.create/rule/description-default",
    "nova.servers.create/rule/min-default",
    "nova.servers.create/rule/no-eip",
    "nova.servers.create/rule/tenancy-default",
)
def test_what_is_left_out_has_its_default(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """One server, in a zone that the system chose, in the default group, on a shared host, without a floating address."""
    made = made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies)
    rule = "nova.servers.create/rule/description-default"
    if made.batched:  # they were created at the microversion at which there are descriptions
        described = ecs_client.get(path_of(made.batched[0]), microversion=DESCRIBED)
        ecs_check(rule, described, *_SERVER, "description", one_of=["", None])
    else:
        ecs_check.not_tested(rule, f"no batch was made: {made.batch.answer}")
    check, path = ecs_check.after(made.plain), path_of(made.server)
    shown = ecs_client.get(path, microversion=DESCRIBED)
    check("nova.servers.create/rule/az-chosen", shown, *_SERVER, "OS-EXT-AZ:availability_zone", matches=".")
    check("nova.servers.create/rule/tenancy-default", shown, *_HINTS, "dedicated_host_id", absent=True)
    for network, entries in read(shown, "server", "addresses").items():
        for number in range(len(entries)):
            address_type = (*_SERVER, "addresses", network, number, "OS-EXT-IPS:type")
            check("nova.servers.create/rule/no-eip", shown, *address_type, differs="floating")
    groups = ecs_client.get(f"{path}/os-security-groups")  # the server may show their ids (table 6-55)
    names = ("body", "security_groups", "*", "name")
    check("nova.servers.create/rule/default-security-group", groups, *names, includes=["default"])
    named, names = by_name(ecs_client, SERVERS, made.name), ("body", "servers", "*", "name")
    others = [name for name in read(named, *names[1:]) if name.startswith(made.batch_name)]
    check("nova.servers.create/rule/min-default", named, *names, same_items=[made.name, *others])


def _detail(client: Client, servers: Servers, supplies: Supplies, name: str) -> Detail:
    """Return the creation of the server with all details that a process makes once, as far as it was accepted with *name*.

    Raises `PrerequisiteMissing` where the detail cannot be asked for.
    """
    made, missing = supplies.once("a server with details", lambda: _make_details(client, servers, supplies))
    if name in missing:
        raise PrerequisiteMissing(f"A server cannot be created with the detail {name}", seen=missing[name])
    found: Detail = made[name]
    return found


def _make_details(client: Client, servers: Servers, supplies: Supplies) -> tuple[dict[str, Detail], dict[str, str]]:
    """Make the server; what was not given, or cannot be made, is left out, and the reason is returned."""
    group = {"name": supplies.name("group"), "policies": _POLICIES}
    make_group = partial(supplies.make, _GROUPS, {"server_group": group}, "server_group", "id")
    network = {"uuid": supplies.need("network_id")}
    wanted: dict[str, Callable[[], dict[str, Any]]] = {
        "zone": lambda: {"availability_zone": supplies.need("availability_zone")},
        "security group": lambda: {"security_groups": [{"name": supplies.need("security_group_id")}]},
        "address": lambda: {"networks": [{**network, "fixed_ip": supplies.address()}]},
        "description": lambda: {"description": "described"},
        "user data": lambda: {"user_data": _USER_DATA},
        "key": lambda: {"key_name": _new_key(supplies)},
        "server group": lambda: {"os:scheduler_hints": {"group": supplies.once("a group", make_group, lasting=True)}},
    }
    details: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for name, ask in wanted.items():
        try:
            details[name] = ask()
        except (PrerequisiteMissing, StepFailed) as reason:
            missing[name] = str(reason)
    return details_of(client, servers, supplies, list(details), merged(details)), missing


def _new_key(supplies: Supplies) -> str:
    """Make a key pair and return the name that was asked for; what the answer calls it is judged by itself."""
    name = supplies.name("key")
    supplies.make(_KEYS, {"keypair": {"name": name}}, "keypair")
    return name


def _look(client: Client, detail: Detail, rest: str = "", microversion: str | None = None) -> Exchange:
    """Query the server that a creation made; claims about a refused one are not tested, whatever they look at."""
    if not detail.server:
        return detail.answer
    return client.get(f"{path_of(detail.server)}{rest}", microversion=microversion)


@pytest.mark.ecs_requirement("nova.servers.create/rule/az-given")
def test_a_server_is_in_its_zone(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """In the one that was named."""
    made, zone = _detail(ecs_client, ecs_servers, ecs_supplies, "zone"), ecs_supplies.need("availability_zone")
    shown, place = _look(ecs_client, made), (*_SERVER, "OS-EXT-AZ:availability_zone")
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/az-given", made.answer)
    ecs_check.after(made.answer)("nova.servers.create/rule/az-given", shown, *place, equals=zone)


@pytest.mark.ecs_requirement("nova.servers.create/rule/security-groups-set")
def test_a_server_is_in_its_security_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """In the one that was named, and in no other."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "security group")
    groups, ids = _look(ecs_client, made, "/os-security-groups"), ("body", "security_groups", "*", "id")
    wanted = [ecs_supplies.need("security_group_id")]
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/security-groups-set", made.answer)
    ecs_check.after(made.answer)("nova.servers.create/rule/security-groups-set", groups, *ids, same_items=wanted)


@pytest.mark.ecs_requirement("nova.servers.create/rule/fixed-ip-used")
def test_a_server_has_its_address(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The one that was named."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "address")
    address = made.answer.request_body["server"]["networks"][0]["fixed_ip"]
    nics, place = _look(ecs_client, made, "/os-interface"), ("body", "interfaceAttachments", 0, "fixed_ips", "*")
    rule = "nova.servers.create/rule/fixed-ip-used"
    accepted(ecs_client, ecs_check, rule, made.answer)
    ecs_check.after(made.answer)(rule, nics, *place, "ip_address", contains=address)


@pytest.mark.ecs_requirement("nova.servers.create/rule/description-set")
def test_a_server_has_its_description(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """From 2.19 on."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "description")
    shown, rule = _look(ecs_client, made, microversion=DESCRIBED), "nova.servers.create/rule/description-set"
    accepted(ecs_client, ecs_check, rule, made.answer)
    ecs_check.after(made.answer)(rule, shown, *_SERVER, "description", equals="described")


@pytest.mark.ecs_requirement("nova.servers.create/rule/key-pair-set", "nova.keypairs.create/rule/usable")
def test_a_server_has_its_key_pair(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The one that was named, which was just created."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "key")
    key = made.answer.request_body["server"]["key_name"]
    accepted(ecs_client, ecs_check, "nova.keypairs.create/rule/usable", made.answer)
    check, shown = ecs_check.after(made.answer), _look(ecs_client, made)
    check("nova.keypairs.create/rule/usable", shown, *_SERVER, "key_name", equals=key)
    check("nova.servers.create/rule/key-pair-set", shown, *_SERVER, "key_name", equals=key)


@pytest.mark.ecs_requirement("nova.servers.show/rule/user-data-shown", "nova.servers.list-detail/rule/user-data-shown")
def test_a_server_has_its_user_data(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """From 2.3 on both views show it; that is hidden in records, where it can be seen to be there."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "user data")
    check, field, at = ecs_check.after(made.answer).later(ecs_later), "OS-EXT-SRV-ATTR:user_data", 0
    shown = listed = _look(ecs_client, made, microversion=DESCRIBED)
    with ecs_later:
        check("nova.servers.show/rule/user-data-shown", shown, *_SERVER, field, differs=None)
        if made.server:
            query = {"name": made.answer.request_body["server"]["name"], "limit": str(MOST)}
            listed = ecs_client.get(DETAIL, query=query, microversion=DESCRIBED)
            at = position(listed, made.server)
        check("nova.servers.list-detail/rule/user-data-shown", listed, "body", "servers", at, field, differs=None)


@pytest.mark.ecs_requirement("nova.servers.create/rule/in-server-group")
def test_a_server_is_a_member_of_its_group(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The group that the scheduler was told of has it."""
    made = _detail(ecs_client, ecs_servers, ecs_supplies, "server group")
    group = made.answer.request_body["os:scheduler_hints"]["group"]
    members = ecs_client.get(f"{_GROUPS}/{group}")
    read(members)  # that it is there is judged where groups are created
    place = ("body", "server_group", "members")
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/in-server-group", made.answer)
    ecs_check.after(made.answer)("nova.servers.create/rule/in-server-group", members, *place, contains=made.server)


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
        one = exactly(1, made, "the server that was created") if created.accepted else []
        check, shown = ecs_check.after(created), ecs_servers.show(one[0]) if one else created
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
    hook("POST", "/_mock/fail", {"job_type": "createServer"})
    name = ecs_supplies.name("failed")
    created = ecs_client.post(SERVERS, plain(ecs_supplies, name))
    read(created)
    (server,) = exactly(1, ecs_servers.settle(created), "the server that was created")
    try:
        shown, listed = ecs_servers.show(server), ecs_client.get(DETAIL, query={"name": name})
        ecs_check("nova.servers.create/rule/failed-stays", shown, *_SERVER, "status", equals="ERROR")
        for rule, answer, at in (
            ("nova.servers.show/rule/fault-on-error", shown, ("server",)),
            ("nova.servers.list-detail/rule/fault-on-error", listed, ("servers", 0)),
        ):
            if read(answer, *at, "status") == "ERROR":
                ecs_check(rule, answer, "body", *at, "fault", present=True)
            else:
                ecs_check.not_tested(rule, "the answer shows no server in error")
    finally:
        delete_servers(ecs_client, ecs_wait, server)
