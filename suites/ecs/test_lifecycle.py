"""Rules of creating and deleting ECSs (5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Bench, Exchange, Lease

_CREATE, _DELETE = "ecs.servers.create/rule", "ecs.servers.delete/rule"
_SERVERS = "/v1/{project_id}/cloudservers"
_DETAIL = "/v2.1/{project_id}/servers/detail"


def _named(bench: Bench, name: str) -> Exchange:
    return bench.client.get(_DETAIL, query={"name": name})


def _create(bench: Bench, name: str, count: int = 1, **fields: Any) -> list[str]:
    """Create servers and return their ids."""
    body = bench.session.pool.template(name, count)
    body["server"].update(fields)
    created = bench.client.post(_SERVERS, body)
    bench.read(created)
    return bench.session.pool.settle(created)


def _refuse(
    bench: Bench, rule: str, change: str, *, codes: tuple[str, ...] = (), count: int = 1, **fields: Any
) -> None:
    """Send a create request that differs from an accepted one by *fields*; its job may refuse it too."""
    body = bench.session.pool.template(bench.new_name("no"), count)
    body["server"].update(fields)
    control = bench.control("ecs.servers.create")
    refused = bench.expect(
        f"{_CREATE}/{rule}",
        "POST",
        _SERVERS,
        json=body,
        expects="refused",
        change=change,
        control=control.id,
        codes=codes,
    )
    bench.wait_out(refused)


@pytest.mark.ecs_requirement(f"{_CREATE}/name-suffix-start")
def test_a_number_at_the_end_of_the_name_is_where_counting_starts(ecs_bench: Bench) -> None:
    """A name that ends in -0005 makes servers -0005 and -0006."""
    name = ecs_bench.new_name("from")
    _create(ecs_bench, f"{name}-0005", 2)
    shown = _named(ecs_bench, name)
    ecs_bench.check(
        f"{_CREATE}/name-suffix-start",
        shown,
        "body",
        "servers",
        "*",
        "name",
        same_items=[f"{name}-0005", f"{name}-0006"],
    )


@pytest.mark.ecs_requirement(f"{_CREATE}/name-batch-length")
def test_a_name_for_several_servers_is_shorter(ecs_bench: Bench) -> None:
    """With two servers a name of 60 characters is refused; alone it is not."""
    name = ecs_bench.new_name("long").ljust(60, "x")
    _refuse(
        ecs_bench,
        "name-batch-length",
        "a name of 60 characters for two servers",
        codes=_codes(ecs_bench, "name"),
        count=2,
        name=name,
    )


@pytest.mark.ecs_requirement(f"{_CREATE}/count-default", f"{_CREATE}/name-single", f"{_CREATE}/az-chosen")
def test_one_server_is_made_without_a_count(ecs_bench: Bench) -> None:
    """Without count there is one server, its name is the one asked for, and without a zone it is in some zone."""
    name = ecs_bench.new_name("one")
    body = ecs_bench.session.pool.template(name, 1)
    del body["server"]["count"]
    body["server"].pop("availability_zone", None)
    ecs_bench.session.pool.settle(ecs_bench.client.post(_SERVERS, body))
    shown = _named(ecs_bench, name)
    ecs_bench.check(f"{_CREATE}/count-default", shown, "body", "servers", length=1)
    ecs_bench.check(f"{_CREATE}/name-single", shown, "body", "servers", "*", "name", equals=[name])
    zone = ("body", "servers", 0, "OS-EXT-AZ:availability_zone")
    ecs_bench.check(f"{_CREATE}/az-chosen", shown, *zone, matches=".")


@pytest.mark.ecs_requirement(f"{_CREATE}/dry-run-accepted", f"{_CREATE}/dry-run-creates-nothing")
def test_a_checked_request_creates_nothing(ecs_bench: Bench) -> None:
    """dry_run answers 202 and there is no server of that name afterwards."""
    name = ecs_bench.new_name("dry")
    checked = ecs_bench.client.post(_SERVERS, {"dry_run": True, **ecs_bench.session.pool.template(name, 1)})
    ecs_bench.settle(checked)
    ecs_bench.check(f"{_CREATE}/dry-run-accepted", checked, "status", equals=202)
    ecs_bench.check(f"{_CREATE}/dry-run-creates-nothing", _named(ecs_bench, name), "body", "servers", length=0)


@pytest.mark.ecs_requirement(f"{_CREATE}/dry-run-checks")
def test_a_checked_request_still_reports_errors(ecs_bench: Bench) -> None:
    """dry_run with a missing mandatory field is refused like the request itself."""
    body = ecs_bench.session.pool.template(ecs_bench.new_name("dry"), 1)
    control = ecs_bench.control("ecs.servers.create", check_only=True)
    del body["server"]["flavorRef"]
    ecs_bench.expect(
        f"{_CREATE}/dry-run-checks", "POST", _SERVERS, json={"dry_run": True, **body},
        expects="invalid", change="flavorRef is left out", control=control.id,
    )  # fmt: skip


@pytest.mark.ecs_requirement(
    f"{_CREATE}/image-and-flavor", f"{_CREATE}/metadata-set", f"{_CREATE}/description-set", f"{_CREATE}/data-disks-created",
    f"{_CREATE}/default-security-group", f"{_CREATE}/no-eip-by-default", f"{_CREATE}/nic-address-chosen",
)  # fmt: skip
def test_a_server_is_what_was_asked_for(ecs_bench: Bench) -> None:
    """Image, flavor, metadata, description and data disks of the request show in the new server; the rest has its default."""
    image, flavor = ecs_bench.need_resource("image_id"), ecs_bench.need_resource("flavor_id")
    disk = {"volumetype": "SSD", "size": 10}
    wanted: dict[str, Any] = {
        "metadata": {"purpose": "conformance"},
        "description": "asked for",
        "data_volumes": [disk],
    }
    (server,) = _create(ecs_bench, ecs_bench.new_name("asked"), **wanted)
    shown = ecs_bench.client.get(f"/v2.1/{{project_id}}/servers/{server}", microversion="2.19")
    ecs_bench.check(f"{_CREATE}/image-and-flavor", shown, "body", "server", "flavor", "id", equals=flavor)
    ecs_bench.check(f"{_CREATE}/image-and-flavor", shown, "body", "server", "image", "id", equals=image)
    ecs_bench.check(f"{_CREATE}/metadata-set", shown, "body", "server", "metadata", "purpose", equals="conformance")
    ecs_bench.check(f"{_CREATE}/description-set", shown, "body", "server", "description", equals="asked for")
    ecs_bench.check(
        f"{_CREATE}/data-disks-created", shown, "body", "server", "os-extended-volumes:volumes_attached", length=2
    )
    ecs_bench.check(
        f"{_CREATE}/default-security-group",
        shown,
        "body",
        "server",
        "security_groups",
        "*",
        "name",
        includes=["default"],
    )
    addresses = ecs_bench.read(shown, "server", "addresses")
    for network, entries in addresses.items():
        ecs_bench.check(
            f"{_CREATE}/nic-address-chosen",
            shown,
            "body",
            "server",
            "addresses",
            network,
            0,
            "addr",
            matches=r"^\d+(\.\d+){3}$",
        )
        for number in range(len(entries)):
            ecs_bench.check(
                f"{_CREATE}/no-eip-by-default",
                shown,
                "body",
                "server",
                "addresses",
                network,
                number,
                "OS-EXT-IPS:type",
                differs="floating",
            )


@pytest.mark.ecs_requirement(
    f"{_CREATE}/nic-address-given", f"{_CREATE}/az-given", f"{_CREATE}/key-pair-set", f"{_CREATE}/security-groups-set",
    f"{_CREATE}/nic-address-used",
)  # fmt: skip
def test_a_server_is_where_it_was_put(ecs_bench: Bench) -> None:
    """The address, zone, key pair and security group of the request show in the new server; the address is then taken."""
    created = ecs_bench.control("ecs.servers.create", "placed")
    asked = created.request_body["server"]
    shown = _named(ecs_bench, asked["name"])
    server = ("body", "servers", 0)
    zone, key = asked["availability_zone"], asked["key_name"]
    ecs_bench.check(f"{_CREATE}/az-given", shown, *server, "OS-EXT-AZ:availability_zone", equals=zone)
    ecs_bench.check(f"{_CREATE}/key-pair-set", shown, *server, "key_name", equals=key)
    (network,) = ecs_bench.read(shown, "servers", 0, "addresses")
    address = asked["nics"][0]["ip_address"]
    ecs_bench.check(f"{_CREATE}/nic-address-given", shown, *server, "addresses", network, "*", "addr", contains=address)
    # The group is shown by name or by id (table 6-43), so only that it is there and alone can be said.
    ecs_bench.check(f"{_CREATE}/security-groups-set", shown, *server, "security_groups", length=1)
    codes = _codes(ecs_bench, "nics[].ip_address")
    _refuse(ecs_bench, "nic-address-used", "the address is taken", codes=codes, nics=asked["nics"])


@pytest.mark.ecs_requirement(f"{_CREATE}/nic-address-outside")
def test_an_address_outside_the_subnet_is_refused(ecs_bench: Bench) -> None:
    """The section's own example of a refusal."""
    nics = [{"subnet_id": ecs_bench.need_resource("subnet_id"), "ip_address": "203.0.113.7"}]
    _refuse(
        ecs_bench,
        "nic-address-outside",
        "the address is in no subnet of ours",
        codes=_codes(ecs_bench, "nics[].ip_address"),
        nics=nics,
    )


@pytest.mark.ecs_requirement(f"{_CREATE}/eip-assigned", f"{_CREATE}/eip-chargemode-omitted")
def test_an_eip_is_assigned(ecs_bench: Bench) -> None:
    """The publicip of the section's own example, which has no chargemode, gives the server a floating address."""
    started = ecs_bench.attempt("ecs.servers.create", "eip")
    ecs_bench.check(f"{_CREATE}/eip-chargemode-omitted", started, "body", "job_id", present=True)
    shown = _named(ecs_bench, started.request_body["server"]["name"])
    (network,) = ecs_bench.read(shown, "servers", 0, "addresses")
    types = ("body", "servers", 0, "addresses", network, "*", "OS-EXT-IPS:type")
    ecs_bench.check(f"{_CREATE}/eip-assigned", shown, *types, includes=["fixed", "floating"])


@pytest.mark.ecs_requirement(f"{_CREATE}/eip-chargemode-others")
def test_another_charge_mode_creates_no_server(ecs_bench: Bench) -> None:
    """chargemode "others" makes the creation fail, at once or in its job."""
    eip = {"iptype": "5_bgp", "bandwidth": {"size": 10, "sharetype": "PER", "chargemode": "others"}}
    _refuse(ecs_bench, "eip-chargemode-others", "chargemode is 'others'", publicip={"eip": eip})


@pytest.mark.parametrize(
    ("rule", "password"),
    [
        pytest.param(rule, password, id=f"{rule}-{number}", marks=pytest.mark.ecs_requirement(f"{_CREATE}/{rule}"))
        for rule, passwords in {
            "password-classes": ["abcdefgh12345", "ABCDEFGHijkl"],
            "password-username": ["My-root-1234!", "My-toor-1234!"],
        }.items()
        for number, password in enumerate(passwords)
    ],
)
def test_a_simple_password_is_refused(ecs_bench: Bench, rule: str, password: str) -> None:
    """Two kinds of characters are too few, and the user name is not part of a password, forwards or backwards."""
    _refuse(ecs_bench, rule, "a password that is too simple", codes=_codes(ecs_bench, "adminPass"), adminPass=password)


@pytest.mark.ecs_requirement(f"{_CREATE}/user-data-over-password")
def test_user_data_and_a_password_go_together(ecs_bench: Bench) -> None:
    """A request with both is accepted; which one counts cannot be seen from outside."""
    body = ecs_bench.session.pool.template(ecs_bench.new_name("both"), 1)
    body["server"].update(user_data="IyEvYmluL3NoCg==", adminPass="Conform-2025!Test")
    checked = ecs_bench.client.post(_SERVERS, {"dry_run": True, **body})
    ecs_bench.settle(checked)
    ecs_bench.check(f"{_CREATE}/user-data-over-password", checked, "status", at_most=299)


@pytest.mark.ecs_requirement(f"{_CREATE}/passthrough-not-boolean")
def test_a_passthrough_that_is_no_boolean_is_accepted(ecs_bench: Bench) -> None:
    """The table says what a value of another type means, so it is no reason to refuse."""
    body = ecs_bench.session.pool.template(ecs_bench.new_name("vbd"), 1)
    body["server"]["root_volume"] = {"volumetype": "SSD", "hw:passthrough": "perhaps"}
    checked = ecs_bench.client.post(_SERVERS, {"dry_run": True, **body})
    ecs_bench.settle(checked)
    ecs_bench.check(f"{_CREATE}/passthrough-not-boolean", checked, "status", at_most=299)


@pytest.mark.ecs_requirement(f"{_CREATE}/root-size-min-disk")
def test_a_system_disk_smaller_than_the_image_is_refused(ecs_bench: Bench) -> None:
    """One GB is less than any image that boots."""
    _refuse(ecs_bench, "root-size-min-disk", "the system disk has 1 GB", root_volume={"volumetype": "SSD", "size": 1})


@pytest.mark.ecs_requirement(f"{_CREATE}/hana-primary-nic")
def test_the_primary_nic_stays_in_its_groups(ecs_bench: Bench) -> None:
    """disable_security_groups on the only NIC is refused."""
    nics = [{"subnet_id": ecs_bench.need_resource("subnet_id"), "binding:profile": {"disable_security_groups": True}}]
    _refuse(ecs_bench, "hana-primary-nic", "the primary NIC is in no group", nics=nics)


@pytest.mark.ecs_requirement(f"{_DELETE}/success-deletes", f"{_DELETE}/listed-only")
def test_only_the_listed_server_is_deleted(ecs_bench: Bench) -> None:
    """Of two servers the one in the request is gone and the other still there."""
    doomed, kept = ecs_bench.session.pool.to_delete(), ecs_bench.session.pool.lease()
    ecs_bench.settle(ecs_bench.client.post(f"{_SERVERS}/delete", {"servers": [{"id": doomed.id}]}))
    ecs_bench.check(f"{_DELETE}/success-deletes", doomed.show(), "status", equals=404)
    ecs_bench.check(f"{_DELETE}/listed-only", kept.show(), "status", equals=200)
    _release(doomed, kept)


@pytest.mark.ecs_requirement(f"{_DELETE}/several")
def test_several_servers_are_deleted_by_one_request(ecs_bench: Bench) -> None:
    """Both servers in the list are gone when the job is over."""
    both = [ecs_bench.session.pool.to_delete() for _ in range(2)]
    ecs_bench.settle(ecs_bench.client.post(f"{_SERVERS}/delete", {"servers": [{"id": lease.id} for lease in both]}))
    for lease in both:
        ecs_bench.check(f"{_DELETE}/several", lease.show(), "status", equals=404)
    _release(*both)


@pytest.mark.ecs_requirement(f"{_DELETE}/unknown-among-known")
def test_an_unknown_server_among_known_ones_is_refused(ecs_bench: Bench) -> None:
    """A list with an id that does not exist is refused, or its job fails."""
    control = ecs_bench.control("ecs.servers.delete")
    lease = ecs_bench.session.pool.lease()
    servers = [{"id": lease.id}, {"id": ecs_bench.unknown_id()}]
    refused = ecs_bench.expect(
        f"{_DELETE}/unknown-among-known", "POST", f"{_SERVERS}/delete", json={"servers": servers},
        expects="refused", change="one of two ids does not exist", control=control.id,
    )  # fmt: skip
    ecs_bench.wait_out(refused)
    lease.release()


def _codes(bench: Bench, field: str) -> tuple[str, ...]:
    """The codes that the contract ties to a field of the server."""
    return bench.codes_of("ecs.servers.create", f"server.{field}")


def _release(*leases: Lease) -> None:
    for lease in leases:
        lease.release()
