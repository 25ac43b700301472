"""Rules of creating and deleting ECSs (5.1)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Jobs, Lease, Servers, Supplies, Wait, exactly, read
from pytest_ecs.exceptions import PrerequisiteMissing

from ..recipes.values import PASSWORD

pytestmark = pytest.mark.ecs_group("servers")

_CREATE, _DELETE = "ecs.servers.create/rule", "ecs.servers.delete/rule"
_SERVERS = "/v1/{project_id}/cloudservers"
_DETAIL = "/v2.1/{project_id}/servers/detail"
_EIPS = "/v2.1/{project_id}/os-floating-ips"
_DISKS = "/v2.1/servers/{}/block_device"
_VOLUMES = "/v2.1/{project_id}/os-volumes"
_GROUPS = "/v2.1/{{project_id}}/servers/{}/os-security-groups"


def _named(client: Client, name: str) -> Exchange:
    return client.get(_DETAIL, query={"name": name})


def _taken(client: Client, server: str, network: str) -> list[str]:
    """Return the addresses that other servers of the project have in a network."""
    listed = read(client.get(_DETAIL, query={"limit": "1000"}), "servers")
    others = [one["addresses"].get(network, []) for one in listed if one["id"] != server]
    return [entry["addr"] for entries in others for entry in entries]


def _refuse(
    cases: Cases,
    expect: Expect,
    servers: Servers,
    supplies: Supplies,
    jobs: Jobs,
    rule: str,
    change: str,
    *,
    codes: tuple[str, ...] = (),
    count: int = 1,
    **fields: Any,
) -> None:
    """Send a create request that differs from an accepted one by *fields*; its job may refuse it too."""
    body = servers.template(supplies.name("no"), count)
    body["server"].update(fields)
    control = cases.control("ecs.servers.create")
    refused = expect(
        f"{_CREATE}/{rule}",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change=change,
        control=control.id,
        codes=codes,
    )
    jobs.wait_out(refused)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/name-batch-length")
def test_a_name_for_several_servers_is_shorter(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """With two servers a name of 60 characters is refused; alone it is not."""
    name = ecs_supplies.name("long").ljust(60, "x")
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "name-batch-length",
        "a name of 60 characters for two servers",
        codes=_codes(ecs_expect, "name"),
        count=2,
        name=name,
    )


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/dry-run-accepted", "ecs.servers.create/rule/dry-run-creates-nothing"
)
def test_a_checked_request_creates_nothing(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """dry_run answers 202 and there is no server of that name afterwards."""
    name = ecs_supplies.name("dry")
    checked = ecs_client.post(_SERVERS, {"dry_run": True, **ecs_servers.template(name, 1)})
    ecs_jobs.settle(checked)
    ecs_check("ecs.servers.create/rule/dry-run-accepted", checked, "status", equals=202)
    ecs_check("ecs.servers.create/rule/dry-run-creates-nothing", _named(ecs_client, name), "body", "servers", length=0)


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
        _SERVERS,
        json={"dry_run": True, **body},
        expects="invalid",
        change="flavorRef is left out",
        control=control.id,
    )


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/image-and-flavor",
    "ecs.servers.create/rule/metadata-set",
    "ecs.servers.create/rule/description-set",
    "ecs.servers.create/rule/az-chosen",
    "ecs.servers.create/rule/default-security-group",
    "ecs.servers.create/rule/no-eip-by-default",
    "ecs.servers.create/rule/nic-address-chosen",
    "ecs.servers.create/rule/root-size-default",
)
def test_a_server_is_what_was_asked_for(ecs_client: Client, ecs_cases: Cases, ecs_check: Check) -> None:
    """Image, flavor, metadata and description of the request show in the new server; the rest has its default."""
    created = ecs_cases.control("ecs.servers.create")
    asked = created.request_body["server"]
    (server,) = exactly(1, read(_named(ecs_client, asked["name"]), "servers"), "the server of this name")
    shown = ecs_client.get(f"/v2.1/{{project_id}}/servers/{server['id']}", microversion="2.19")
    place, purpose = ("body", "server"), asked["metadata"]["purpose"]
    ecs_check("ecs.servers.create/rule/image-and-flavor", shown, *place, "flavor", "id", equals=asked["flavorRef"])
    ecs_check("ecs.servers.create/rule/image-and-flavor", shown, *place, "image", "id", equals=asked["imageRef"])
    ecs_check("ecs.servers.create/rule/metadata-set", shown, *place, "metadata", "purpose", equals=purpose)
    ecs_check("ecs.servers.create/rule/description-set", shown, *place, "description", equals=asked["description"])
    ecs_check("ecs.servers.create/rule/az-chosen", shown, *place, "OS-EXT-AZ:availability_zone", matches=".")
    # The server shows groups by name or by id (table 6-43), their own query both.
    groups = ecs_client.get(_GROUPS.format(server["id"]))
    ecs_check(
        "ecs.servers.create/rule/default-security-group",
        groups,
        "body",
        "security_groups",
        "*",
        "name",
        contains="default",
    )
    for network, entries in read(shown, "server", "addresses").items():
        first = (*place, "addresses", network, 0, "addr")
        ecs_check("ecs.servers.create/rule/nic-address-chosen", shown, *first, matches=r"^\d+(\.\d+){3}$")
        ecs_check(
            "ecs.servers.create/rule/nic-address-chosen",
            shown,
            *first,
            none_of=_taken(ecs_client, server["id"], network),
        )
        for number in range(len(entries)):
            kind = (*place, "addresses", network, number, "OS-EXT-IPS:type")
            ecs_check("ecs.servers.create/rule/no-eip-by-default", shown, *kind, differs="floating")
    image = ecs_client.get(f"/v2.1/{{project_id}}/images/{asked['imageRef']}")
    if not image.accepted:
        ecs_check.not_tested("ecs.servers.create/rule/root-size-default", "the endpoint does not show images (11.2.3)")
    else:
        least = read(image, "image", "minDisk")
        sizes = ("body", "volumeAttachments", "*", "size")
        disks = ecs_client.get(_DISKS.format(server["id"]))
        ecs_check("ecs.servers.create/rule/root-size-default", disks, *sizes, one_of=[[least], [str(least)]])


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/nic-address-given",
    "ecs.servers.create/rule/az-given",
    "ecs.servers.create/rule/key-pair-set",
    "ecs.servers.create/rule/security-groups-set",
    "ecs.servers.create/rule/nic-address-used",
    "ecs.servers.create/rule/count-default",
    "ecs.servers.create/rule/name-single",
    "ecs.servers.create/rule/in-server-group",
    "ecs.servers.create/rule/data-disks-created",
    "ecs.servers.create/rule/passthrough-default",
    "ecs.disks.list/rule/bus-by-kind",
)
def test_a_server_is_where_it_was_put(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Address, zone, key pair, groups and disks of the request are the new server's, which is one; the address is taken."""
    created = ecs_cases.control("ecs.servers.create", "placed")
    asked = created.request_body["server"]
    shown = _named(ecs_client, asked["name"])
    ecs_check("ecs.servers.create/rule/count-default", shown, "body", "servers", length=1)
    ecs_check("ecs.servers.create/rule/name-single", shown, "body", "servers", "*", "name", equals=[asked["name"]])
    place = ("body", "servers", 0)
    zone, key, group = asked["availability_zone"], asked["key_name"], asked["os:scheduler_hints"]["group"]
    ecs_check("ecs.servers.create/rule/az-given", shown, *place, "OS-EXT-AZ:availability_zone", equals=zone)
    ecs_check("ecs.servers.create/rule/key-pair-set", shown, *place, "key_name", equals=key)
    (network,) = exactly(1, read(shown, "servers", 0, "addresses"), "the server's only network")
    addresses, address = (*place, "addresses", network, "*", "addr"), asked["nics"][0]["ip_address"]
    ecs_check("ecs.servers.create/rule/nic-address-given", shown, *addresses, contains=address)
    server, wanted = read(shown, "servers", 0, "id"), [one["id"] for one in asked["security_groups"]]
    groups = ecs_client.get(_GROUPS.format(server))
    ecs_check(
        "ecs.servers.create/rule/security-groups-set", groups, "body", "security_groups", "*", "id", same_items=wanted
    )
    members = ecs_client.get(f"{_SERVERS}/os-server-groups/{group}")
    ecs_check("ecs.servers.create/rule/in-server-group", members, "body", "server_group", "members", contains=server)
    disks = ecs_client.get(_DISKS.format(server))
    listed, entry = read(disks, "volumeAttachments"), ("body", "volumeAttachments")
    ecs_check("ecs.servers.create/rule/data-disks-created", disks, *entry, length=1 + len(asked["data_volumes"]))
    text = type(listed[0]["size"]) if listed else int  # the table says text, the example a number
    for disk in asked["data_volumes"]:
        ecs_check("ecs.servers.create/rule/data-disks-created", disks, *entry, "*", "size", contains=text(disk["size"]))
        for number, shown_disk in enumerate(listed):
            if disk.get("hw:passthrough") and int(shown_disk["size"]) == disk["size"]:
                ecs_check("ecs.disks.list/rule/bus-by-kind", disks, *entry, number, "bus", equals="scsi")
    ecs_check.not_tested("ecs.disks.list/rule/bus-by-kind", "the disk that was asked for is not listed")
    reason = "no query tells VBD from SCSI disks for sure (ruling block-device-bus)"
    ecs_check.not_tested("ecs.servers.create/rule/passthrough-default", reason)
    codes = _codes(ecs_expect, "nics[].ip_address")
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "nic-address-used",
        "the address is taken",
        codes=codes,
        nics=asked["nics"],
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/nic-address-outside")
def test_an_address_outside_the_subnet_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The section's own example of a refusal."""
    nics = [{"subnet_id": ecs_supplies.need("subnet_id"), "ip_address": "203.0.113.7"}]
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "nic-address-outside",
        "the address is in no subnet of ours",
        codes=_codes(ecs_expect, "nics[].ip_address"),
        nics=nics,
    )


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/eip-assigned",
    "ecs.servers.create/rule/eip-chargemode-omitted",
    "ecs.servers.delete/rule/publicip-default-released",
)
def test_an_eip_is_assigned_and_released(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_jobs: Jobs
) -> None:
    """The publicip of the section's own example, without chargemode, gives a floating address that goes with the server."""
    started = ecs_cases.attempt("ecs.servers.create", "eip")
    ecs_check("ecs.servers.create/rule/eip-chargemode-omitted", started, "body", "job_id", present=True)
    shown = _named(ecs_client, started.request_body["server"]["name"])
    server = read(shown, "servers", 0)
    (network,) = exactly(1, server["addresses"], "the server's only network")
    place = ("body", "servers", 0, "addresses", network, "*", "OS-EXT-IPS:type")
    ecs_check("ecs.servers.create/rule/eip-assigned", shown, *place, includes=["fixed", "floating"])
    address = next((e["addr"] for e in server["addresses"][network] if e["OS-EXT-IPS:type"] == "floating"), None)
    _released(ecs_client, ecs_check, ecs_jobs, "publicip-default-released", server["id"], str(address), there=False)


@pytest.mark.ecs_requirement(
    "ecs.servers.create/rule/eip-existing",
    "ecs.servers.create/rule/eip-kept-by-default",
    "ecs.servers.create/rule/eip-down",
    "ecs.servers.delete/rule/publicip-default-kept",
    "ecs.servers.delete/rule/volumes-kept",
)
def test_an_eip_that_is_there_is_bound_and_stays(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
) -> None:
    """It shows at the server, serves no second one, and without another word it and a data disk outlive the server."""
    created = ecs_cases.control("ecs.servers.create", "bound")
    body = created.request_body["server"]
    shown = _named(ecs_client, body["name"])
    server, eip = read(shown, "servers", 0, "id"), f"{_EIPS}/{body['publicip']['id']}"
    address = str(read(ecs_client.get(eip), "floating_ip", "ip"))
    (network,) = exactly(1, read(shown, "servers", 0, "addresses"), "the server's only network")
    place = ("body", "servers", 0, "addresses", network, "*", "addr")
    ecs_check("ecs.servers.create/rule/eip-existing", shown, *place, contains=address)
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "eip-down",
        "the EIP is bound to another server",
        publicip=body["publicip"],
    )
    disk = ecs_supplies.disk()
    _attach(ecs_supplies, ecs_wait, server, disk)
    _released(ecs_client, ecs_check, ecs_jobs, "publicip-default-kept", server, address, there=True)
    _detached(ecs_client, ecs_check, ecs_expect, ecs_wait, "volumes-kept", disk)
    kept = ecs_client.get(eip)
    ecs_check("ecs.servers.create/rule/eip-kept-by-default", kept, "body", "floating_ip", "ip", equals=address)
    ecs_client.delete(eip)


@pytest.mark.parametrize(
    ("eips", "disks", "fields"),
    [
        pytest.param(
            eips,
            disks,
            {"delete_publicip": flag, "delete_volume": flag},
            id=eips,
            marks=pytest.mark.ecs_requirement(f"{_DELETE}/publicip-{eips}", f"{_DELETE}/volumes-{disks}"),
        )
        for eips, disks, flag in (("released", "deleted", True), ("kept", "kept", False))
    ],
)
def test_eip_and_data_disks_go_or_stay_as_the_deletion_says(
    ecs_client: Client,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    ecs_wait: Wait,
    eips: str,
    disks: str,
    fields: dict[str, bool],
) -> None:
    """With the flags they are gone, without them they are there and at no server, whatever was said before."""
    disk, eip = ecs_supplies.disk(), {}
    with suppress(PrerequisiteMissing):
        eip = ecs_supplies.make(_EIPS, {}, "floating_ip")
    server = _bound(ecs_client, ecs_servers, ecs_supplies, ecs_wait, eip, created=eips == "kept")
    _attach(ecs_supplies, ecs_wait, server, disk)
    if eip:
        _released(
            ecs_client, ecs_check, ecs_jobs, f"publicip-{eips}", server, str(eip["ip"]), there=eips == "kept", **fields
        )
    else:
        ecs_check.not_tested(f"{_DELETE}/publicip-{eips}", "the endpoint gives no EIP (11.5)")
        ecs_jobs.settle(ecs_client.post(f"{_SERVERS}/delete", {"servers": [{"id": server}], **fields}))
    _detached(ecs_client, ecs_check, ecs_expect, ecs_wait, f"volumes-{disks}", disk)


def _bound(
    client: Client, servers: Servers, supplies: Supplies, wait: Wait, eip: dict[str, Any], *, created: bool
) -> str:
    """Return a server that is to be deleted and has the EIP; it is *created* with it, to go with the server, or gets it."""
    if created and eip:
        body = servers.template(supplies.name("bound"), 1)
        body["server"]["publicip"] = {"id": eip["id"], "delete_on_termination": True}
        sent = client.post(_SERVERS, body)
        read(sent, "job_id")
        (server,) = exactly(1, servers.settle(sent), "the server that was created")
        return server
    server = servers.to_delete().id
    if eip:
        supplies.make(f"/v2.1/{{project_id}}/servers/{server}/action", {"addFloatingIp": {"address": eip["ip"]}})
        wait.until(f"{_EIPS}/{eip['id']}", "floating_ip", "instance_id", equals=server)
    return server


def _attach(supplies: Supplies, wait: Wait, server: str, disk: str) -> None:
    supplies.make(f"{_SERVERS}/{server}/attachvolume", {"volumeAttachment": {"volumeId": disk, "device": "/dev/vdb"}})
    wait.until(f"{_VOLUMES}/{disk}", "volume", "status", equals="in-use")


def _detached(client: Client, check: Check, expect: Expect, wait: Wait, rule: str, disk: str) -> None:
    """Judge whether a disk of a server that was deleted is gone, or there and attached to nothing."""
    path = f"{_VOLUMES}/{disk}"
    if rule == "volumes-kept":
        shown = client.get(path)
        check(f"{_DELETE}/{rule}", shown, "body", "volume", "status", equals="available")
        return
    wait.gone(path)
    control = client.get(_VOLUMES)
    read(control, "volumes")
    change = "the server was deleted with its disks"
    expect(f"{_DELETE}/{rule}", "GET", path, expects="not-found", change=change, control=control.id)


def _released(
    client: Client, check: Check, jobs: Jobs, rule: str, server: str, address: str, *, there: bool, **fields: Any
) -> None:
    """Delete a server and judge whether its EIP is there afterwards, and if so, bound to no server any more."""
    before = client.get(_EIPS)
    if not before.accepted:
        check.not_tested(f"{_DELETE}/{rule}", "the endpoint does not list EIPs (11.5.4)")
        return
    jobs.settle(client.post(f"{_SERVERS}/delete", {"servers": [{"id": server}], **fields}))
    after = client.get(_EIPS)
    if not there:
        check(f"{_DELETE}/{rule}", after, "body", "floating_ips", "*", "ip", lacks=address)
    elif check(f"{_DELETE}/{rule}", after, "body", "floating_ips", "*", "ip", contains=address):
        number = [eip["ip"] for eip in read(after, "floating_ips")].index(address)
        check(f"{_DELETE}/{rule}", after, "body", "floating_ips", number, "instance_id", equals=None)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/password-windows", "ecs.servers.create/rule/windows-admin-pass")
def test_windows_has_rules_of_its_own(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """A password with three characters of the user name in a row is refused, and none at all too; another is accepted."""
    image = ecs_supplies.need("windows_image_id")
    template = ecs_servers.template(ecs_supplies.name("windows"), 1)["server"]

    def body(**fields: Any) -> dict[str, Any]:
        return {"dry_run": True, "server": {**template, "imageRef": image, **fields}}

    template.pop("adminPass", None)
    template.pop("key_name", None)
    control = ecs_client.post(_SERVERS, body(adminPass=PASSWORD))
    read(control)
    for rule, change, fields in (
        (
            "password-windows",
            "the password has three characters of Administrator in a row",
            {"adminPass": "Zz-1nis7-!qW"},
        ),
        ("windows-admin-pass", "there is neither a password nor a key pair", {}),
    ):
        ecs_expect(
            f"{_CREATE}/{rule}",
            "POST",
            _SERVERS,
            json=body(**fields),
            expects="invalid",
            change=change,
            codes=_codes(ecs_expect, "adminPass") if fields else (),
            control=control.id,
        )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/hana-one-nic")
def test_one_nic_at_most_is_in_no_group(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """disable_security_groups on two more NICs is refused, where on one it is accepted."""
    nic, free = (
        {"subnet_id": ecs_supplies.need("subnet_id")},
        {"binding:profile": {"disable_security_groups": True}},
    )
    body = ecs_servers.template(ecs_supplies.name("nics"), 1)
    body["server"]["nics"] = [nic, {**nic, **free}]
    control = ecs_client.post(_SERVERS, {"dry_run": True, **body})
    read(control)
    body["server"]["nics"] = [nic, {**nic, **free}, {**nic, **free}]
    ecs_expect(
        "ecs.servers.create/rule/hana-one-nic",
        "POST",
        _SERVERS,
        json={"dry_run": True, **body},
        expects="invalid",
        change="two NICs are in no security group",
        control=control.id,
    )


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param(rule, reason, id=rule, marks=pytest.mark.ecs_requirement(f"{_CREATE}/{rule}"))
        for rule, reason in {
            "in-vpc": "no operation of the document shows the VPC of a server",
            "not-encrypted-by-default": "no operation of the document shows whether a disk is encrypted",
            "subnet-in-vpc": "no option names a subnet of another VPC",
            "disk-type-unavailable": "no operation of the document tells which types of disks an AZ has",
            "data-disks-few": "no operation of the document tells which flavors support only 23 data disks",
            "image-password": "no operation of the document tells whether an image is private",
            "data-image-size": "no operation of the document tells which disk an image for data disks comes from",
            "security-group-fallback": "a refusal is accepted as well as the fallback (ruling security-group-fallback)",
            "dedicated-host-ignored": "having an effect is accepted as well (ruling dedicated-host-without-tenancy)",
        }.items()
    ],
)
def test_what_the_document_does_not_show(ecs_check: Check, rule: str, reason: str) -> None:
    """Rules that cannot be judged from outside."""
    ecs_check.not_tested(f"{_CREATE}/{rule}", reason)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/eip-chargemode-others")
def test_another_charge_mode_creates_no_server(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """chargemode "others" makes the creation fail, at once or in its job."""
    eip = {"iptype": "5_bgp", "bandwidth": {"size": 10, "sharetype": "PER", "chargemode": "others"}}
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "eip-chargemode-others",
        "chargemode is 'others'",
        publicip={"eip": eip},
    )


@pytest.mark.parametrize(
    ("rule", "password"),
    [
        pytest.param(rule, password, id=f"{rule}-{number}", marks=pytest.mark.ecs_requirement(f"{_CREATE}/{rule}"))
        for rule, passwords in {
            "password-classes": [
                "abcdefgh12345",
                "ABCDEFGHijkl",
                "ABCDEFG12345",
                "abcd-efg-h._",
                "ABCD-EFG-H._",
                "1357-246-8._",
                "abcdefghijkl",
            ],
            "password-username": ["My-root-1234!", "My-toor-1234!"],
        }.items()
        for number, password in enumerate(passwords)
    ],
)
def test_a_simple_password_is_refused(
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    rule: str,
    password: str,
) -> None:
    """Two kinds of characters are too few, whichever they are, and the user name is not part of a password, forwards or backwards."""
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        rule,
        "a password that is too simple",
        codes=_codes(ecs_expect, "adminPass"),
        adminPass=password,
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/password-classes")
def test_three_kinds_of_characters_are_enough(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Whichever of the four is missing."""
    for password in ("Qm7tXw2pLz9R", "qm7t-w2p.z9r", "QM7T-W2P.Z9R", "Qmwt-Xwp.LzR"):
        body = ecs_servers.template(ecs_supplies.name("three"), 1)
        body["server"]["adminPass"] = password
        checked = ecs_client.post(_SERVERS, {"dry_run": True, **body})
        ecs_jobs.settle(checked)
        ecs_check.accepted("ecs.servers.create/rule/password-classes", checked)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/user-data-over-password")
def test_user_data_and_a_password_go_together(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A request with both is accepted; which one counts cannot be seen from outside."""
    body = ecs_servers.template(ecs_supplies.name("both"), 1)
    body["server"].update(user_data="IyEvYmluL3NoCg==", adminPass="Conform-2025!Test")
    checked = ecs_client.post(_SERVERS, {"dry_run": True, **body})
    ecs_jobs.settle(checked)
    ecs_check.accepted("ecs.servers.create/rule/user-data-over-password", checked)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/passthrough-not-boolean")
def test_a_passthrough_that_is_no_boolean_is_accepted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The table says what a value of another type means, so it is no reason to refuse."""
    body = ecs_servers.template(ecs_supplies.name("vbd"), 1)
    body["server"]["root_volume"] = {"volumetype": "SSD", "hw:passthrough": "perhaps"}
    checked = ecs_client.post(_SERVERS, {"dry_run": True, **body})
    ecs_jobs.settle(checked)
    ecs_check.accepted("ecs.servers.create/rule/passthrough-not-boolean", checked)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/root-size-min-disk")
def test_a_system_disk_smaller_than_the_image_is_refused(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """One GB less than it needs, as its query says (11.2.3)."""
    image = ecs_client.get(f"/v2.1/{{project_id}}/images/{ecs_supplies.need('image_id')}")
    size = int(read(image, "image", "minDisk")) - 1
    if size < 1:
        ecs_check.not_tested(
            "ecs.servers.create/rule/root-size-min-disk", "the image needs no system disk of more than 1 GB"
        )
        return
    root = {"volumetype": "SSD", "size": size}
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "root-size-min-disk",
        f"the system disk has {size} GB",
        root_volume=root,
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/hana-primary-nic")
def test_the_primary_nic_stays_in_its_groups(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """disable_security_groups on the only NIC is refused."""
    nics = [{"subnet_id": ecs_supplies.need("subnet_id"), "binding:profile": {"disable_security_groups": True}}]
    _refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "hana-primary-nic",
        "the primary NIC is in no group",
        nics=nics,
    )


@pytest.mark.ecs_requirement(
    "ecs.servers.delete/rule/success-deletes", "ecs.servers.delete/rule/listed-only", "ecs.servers.delete/rule/several"
)
def test_only_the_listed_servers_are_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """The two servers in the request are gone when the job is over, and every other one of the run is still there."""
    kept, both = ecs_servers(), [ecs_servers.to_delete() for _ in range(2)]
    listing: dict[str, Any] = {"query": {"limit": "1000"}}
    before = read(ecs_client.get("/v2.1/{project_id}/servers", **listing), "servers")
    idle = {server["id"] for server in before} & {*ecs_servers.idle()}
    ecs_jobs.settle(ecs_client.post(f"{_SERVERS}/delete", {"servers": [{"id": lease.id} for lease in both]}))
    for lease in both:
        for rule in ("success-deletes", "several"):
            ecs_check(f"{_DELETE}/{rule}", lease.show(), "status", equals=404)
    ecs_check("ecs.servers.delete/rule/listed-only", kept.show(), "status", equals=200)
    after = ecs_client.get("/v2.1/{project_id}/servers", **listing)
    # Whoever took one of them meanwhile may have deleted it.
    others = sorted(idle & {*ecs_servers.idle()})
    ecs_check("ecs.servers.delete/rule/listed-only", after, "body", "servers", "*", "id", includes=others)
    _release(kept, *both)


@pytest.mark.ecs_requirement("ecs.servers.delete/rule/unknown-among-known")
def test_an_unknown_server_among_known_ones_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A list with an id that does not exist is refused, or its job fails."""
    control = ecs_cases.control("ecs.servers.delete")
    lease = ecs_servers()
    servers = [{"id": lease.id}, {"id": ecs_supplies.unknown_id()}]
    refused = ecs_expect(
        "ecs.servers.delete/rule/unknown-among-known",
        "POST",
        f"{_SERVERS}/delete",
        json={"servers": servers},
        expects="refused",
        change="one of two ids does not exist",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


def _codes(expect: Expect, field: str) -> tuple[str, ...]:
    """The codes that the contract ties to a field of the server."""
    return expect.codes_of("ecs.servers.create", f"server.{field}")


def _release(*leases: Lease) -> None:
    for lease in leases:
        lease.release()
