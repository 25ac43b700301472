"""Rules of what created ECSs are (5.1.1); see test_accepted.py, test_refused.py, test_eips.py and test_deletion.py for the rest."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Jobs, Servers, Supplies, Wait, exactly, read, url_of

from .creating import (
    NAMES,
    SERVERS,
    addresses_of,
    checked,
    codes_of,
    created_with,
    disks_of,
    groups_of,
    named,
    refuse,
    stays_away,
    the_server,
)

pytestmark = pytest.mark.ecs_group("servers", "ecs.servers.create")

_SIZES = ("body", "volumeAttachments", "*", "size")


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/image-and-flavor",
    "ecs.servers.create/rule/metadata-set",
    "ecs.servers.create/rule/description-set",
    "ecs.servers.create/rule/az-chosen",
)
def test_a_server_is_what_was_asked_for(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """Image, flavor, metadata and description of the request show in the new server, which is in some zone."""
    created = ecs_cases.control("ecs.servers.create")
    asked = created.request_body["server"]
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    shown = ecs_client.get(url_of("nova.servers.show", server_id=server), microversion="2.19")
    place, purpose = ("body", "server"), asked["metadata"]["purpose"]
    ecs_check("ecs.servers.create/rule/image-and-flavor", shown, *place, "flavor", "id", equals=asked["flavorRef"])
    ecs_check("ecs.servers.create/rule/image-and-flavor", shown, *place, "image", "id", equals=asked["imageRef"])
    ecs_check("ecs.servers.create/rule/metadata-set", shown, *place, "metadata", "purpose", equals=purpose)
    ecs_check("ecs.servers.create/rule/description-set", shown, *place, "description", equals=asked["description"])
    ecs_check("ecs.servers.create/rule/az-chosen", shown, *place, "OS-EXT-AZ:availability_zone", matches=".")


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/default-security-group",
    "ecs.servers.create/rule/no-eip-by-default",
    "ecs.servers.create/rule/nic-address-chosen",
)
def test_a_server_has_an_address_of_its_own_and_no_eip(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """Where nothing is said of them; and it is in the default security group."""
    created = ecs_cases.control("ecs.servers.create")
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    names = ("body", "security_groups", "*", "name")
    ecs_check(
        "ecs.servers.create/rule/default-security-group", groups_of(ecs_client, server), *names, contains="default"
    )
    shown = ecs_servers.show(server)
    for network, entries in read(shown, "server", "addresses").items():
        place = ("body", "server", "addresses", network)
        ecs_check("ecs.servers.create/rule/nic-address-chosen", shown, *place, 0, "addr", matches=r"^\d+(\.\d+){3}$")
        taken = addresses_of(ecs_client, network, but=server)
        ecs_check("ecs.servers.create/rule/nic-address-chosen", shown, *place, 0, "addr", none_of=taken)
        for number in range(len(entries)):
            address_type = (*place, number, "OS-EXT-IPS:type")
            ecs_check("ecs.servers.create/rule/no-eip-by-default", shown, *address_type, differs="floating")


@pytest.mark.ecs_requirement("ecs.servers.create/rule/root-size-default")
def test_the_system_disk_has_the_size_of_the_image(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """Where no size is given it is the smallest that the image allows (11.2.3)."""
    created = ecs_cases.control("ecs.servers.create")
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    _has_least_size(
        ecs_client,
        ecs_check,
        "ecs.servers.create/rule/root-size-default",
        server,
        created.request_body["server"]["imageRef"],
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/root-size-zero")
def test_a_system_disk_of_size_zero_has_the_size_of_the_image(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """0 stands for it, as leaving the size out does."""
    created = created_with(ecs_client, ecs_check, ecs_servers, ecs_supplies, "root-size-zero")
    if ecs_check.accepted("ecs.servers.create/rule/root-size-zero", created):
        server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
        image = ecs_supplies.need("image_id")
        _has_least_size(ecs_client, ecs_check, "ecs.servers.create/rule/root-size-zero", server, image)


def _has_least_size(client: Client, check: Check, requirement: str, server: str, image: str) -> None:
    """Judge that the only disk of a server has the size that its image needs."""
    asked = client.get(url_of("deprecated.images.show", image_id=image))
    if not asked.accepted:
        check.not_tested(requirement, "the endpoint does not show images (11.2.3)")
        return
    least = read(asked, "image", "minDisk")
    check(requirement, disks_of(client, server), *_SIZES, one_of=[[least], [str(least)]])


@pytest.mark.ecs_requirement("ecs.servers.create/rule/security-groups-blank")
def test_an_empty_list_of_security_groups_is_none(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """The server is in the default group, as without the list."""
    created = created_with(ecs_client, ecs_check, ecs_servers, ecs_supplies, "security-groups-blank")
    if ecs_check.accepted("ecs.servers.create/rule/security-groups-blank", created):
        server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
        names = ("body", "security_groups", "*", "name")
        listed = groups_of(ecs_client, server)
        ecs_check("ecs.servers.create/rule/security-groups-blank", listed, *names, contains="default")


@pytest.mark.ecs_requirement("ecs.servers.create/rule/count-default", "ecs.servers.create/rule/name-single")
def test_a_server_alone_has_the_name_that_was_asked_for(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """Without a count there is one, of that name and no other that begins with it."""
    created = created_with(ecs_client, ecs_check, ecs_servers, ecs_supplies, "root-size-zero")
    check, name = ecs_check.after(created), created.request_body["server"]["name"]
    listed = named(ecs_client, name)
    own = [one for one in read(listed, "servers", "*", "name") if str(one).startswith(name)]
    if len(own) == len(read(listed, "servers")):
        check("ecs.servers.create/rule/count-default", listed, "body", "servers", length=1)
    else:  # the filter is not followed, which is judged elsewhere
        check("ecs.servers.create/rule/count-default", listed, *NAMES, has_one=name)
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    check("ecs.servers.create/rule/name-single", ecs_servers.show(server), "body", "server", "name", equals=name)


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/nic-address-given",
    "ecs.servers.create/rule/az-given",
    "ecs.servers.create/rule/key-pair-set",
    "ecs.servers.create/rule/security-groups-set",
    "ecs.servers.create/rule/in-server-group",
)
def test_a_server_is_where_it_was_put(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """Address, zone, key pair and groups of the request are the new server's."""
    created = ecs_cases.control("ecs.servers.create", "placed")
    asked = created.request_body["server"]
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    shown, place = ecs_servers.show(server), ("body", "server")
    zone, key, group = asked["availability_zone"], asked["key_name"], asked["os:scheduler_hints"]["group"]
    ecs_check("ecs.servers.create/rule/az-given", shown, *place, "OS-EXT-AZ:availability_zone", equals=zone)
    ecs_check("ecs.servers.create/rule/key-pair-set", shown, *place, "key_name", equals=key)
    members = ecs_client.get(f"{SERVERS}/os-server-groups/{group}")
    ecs_check("ecs.servers.create/rule/in-server-group", members, "body", "server_group", "members", contains=server)
    wanted = sorted({one["id"] for one in asked["security_groups"]})
    ids, listed = ("body", "security_groups", "*", "id"), groups_of(ecs_client, server)
    for one in wanted:
        ecs_check("ecs.servers.create/rule/security-groups-set", listed, *ids, contains=one)
    for other in sorted({*read(listed, "security_groups", "*", "id")} - {*wanted}):
        ecs_check("ecs.servers.create/rule/security-groups-set", listed, *ids, lacks=other)
    (network,) = exactly(1, read(shown, "server", "addresses"), "the server's only network")
    addresses, address = (*place, "addresses", network, "*", "addr"), asked["nics"][0]["ip_address"]
    ecs_check("ecs.servers.create/rule/nic-address-given", shown, *addresses, contains=address)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/nic-address-used")
def test_an_address_that_a_server_has_is_refused(
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_client: Client,
    ecs_wait: Wait,
) -> None:
    """A second server does not get it."""
    created = ecs_cases.control("ecs.servers.create", "placed")
    the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/nic-address-used",
        "the address is taken",
        codes=codes_of(ecs_expect, "nics[].ip_address"),
        nics=created.request_body["server"]["nics"],
    )


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/data-disks-created",
    "ecs.disks.list/rule/bus-by-kind",
)
def test_a_server_has_the_disks_that_were_asked_for(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs, ecs_wait: Wait
) -> None:
    """A data disk for each element of data_volumes beside the system disk; a SCSI disk shows its bus."""
    created = ecs_cases.control("ecs.servers.create", "placed")
    asked = created.request_body["server"]["data_volumes"]
    server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
    disks, entry = disks_of(ecs_client, server), ("body", "volumeAttachments")
    ecs_check("ecs.servers.create/rule/data-disks-created", disks, *entry, length=1 + len(asked))
    listed = read(disks, "volumeAttachments")
    text = type(listed[0]["size"]) if listed else int  # the table says text, the example a number
    for disk in asked:
        ecs_check("ecs.servers.create/rule/data-disks-created", disks, *_SIZES, contains=text(disk["size"]))
        for number, shown in enumerate(listed):
            if disk.get("hw:passthrough") and str(shown["size"]) == str(disk["size"]):
                ecs_check("ecs.disks.list/rule/bus-by-kind", disks, *entry, number, "bus", equals="scsi")
    ecs_check.not_tested("ecs.disks.list/rule/bus-by-kind", "the disk that was asked for is not listed")


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/dry-run-accepted", "ecs.servers.create/rule/dry-run-creates-nothing"
)
def test_a_checked_request_creates_nothing(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """dry_run is answered as the text says, and there is no server of that name afterwards."""
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs)
    name = sent.request_body["server"]["name"]
    ecs_check.answered("ecs.servers.create/rule/dry-run-accepted", sent, "checked")
    check = ecs_check.after(sent)
    stays_away(check, "ecs.servers.create/rule/dry-run-creates-nothing", lambda: named(ecs_client, name), name)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/dry-run-false")
def test_a_request_that_is_not_only_checked_creates(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """dry_run may be said to be false, and the server is created."""
    created = created_with(ecs_client, ecs_check, ecs_servers, ecs_supplies, "dry-run-false")
    if ecs_check.accepted("ecs.servers.create/rule/dry-run-false", created):
        server = the_server(ecs_client, ecs_servers, ecs_jobs, ecs_wait, created)
        shown = ecs_servers.show(server)
        ecs_check("ecs.servers.create/rule/dry-run-false", shown, "body", "server", "id", equals=server)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/dry-run-checks")
def test_a_checked_request_still_reports_errors(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """dry_run with a missing mandatory field is refused like the request itself."""
    body = ecs_servers.template(ecs_supplies.name("dry"), 1)
    control = ecs_cases.control("ecs.servers.create", check_only=True)
    del body["server"]["flavorRef"]
    ecs_expect(
        "ecs.servers.create/rule/dry-run-checks",
        "POST",
        SERVERS,
        json={"dry_run": True, **body},
        expects="invalid",
        change="flavorRef is left out",
        control=control.id,
    )
