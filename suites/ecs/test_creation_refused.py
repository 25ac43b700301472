"""What a creation must refuse (5.1.1, 8.1), at once or in its job."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Jobs, Servers, Supplies, read, url_of
from pytest_ecs.typing import JSON

from ..provoking import provoked
from ..recipes.values import PASSWORD
from .creating import SERVERS, codes_of, refuse

pytestmark = pytest.mark.ecs_group("servers", "ecs.servers.create")


@pytest.mark.ecs_requirement("ecs.servers.create/rule/name-batch-length")
def test_a_name_for_several_servers_is_shorter(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """With two servers a name of 60 characters is refused; alone it is not."""
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/name-batch-length",
        "a name of 60 characters for two servers",
        codes=codes_of(ecs_expect, "name"),
        count=2,
        name=ecs_supplies.name("long").ljust(60, "x"),
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/nic-address-outside")
def test_an_address_outside_the_subnet_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The section's own example of a refusal."""
    nics = [{"subnet_id": ecs_supplies.need("subnet_id"), "ip_address": "203.0.113.7"}]
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/nic-address-outside",
        "the address is in no subnet of ours",
        codes=codes_of(ecs_expect, "nics[].ip_address"),
        nics=nics,
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/eip-chargemode-others")
def test_another_charge_mode_creates_no_server(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """chargemode "others" makes the creation fail, at once or in its job."""
    eip = {"iptype": "5_bgp", "bandwidth": {"size": 10, "sharetype": "PER", "chargemode": "others"}}
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/eip-chargemode-others",
        "chargemode is 'others'",
        publicip={"eip": eip},
    )


_SIMPLE = {
    "ecs.servers.create/rule/password-classes": (
        "abcdefgh12345",
        "ABCDEFGHijkl",
        "ABCDEFG12345",
        "abcd-efg-h._",
        "ABCD-EFG-H._",
        "1357-246-8._",
        "abcdefghijkl",
    ),
    "ecs.servers.create/rule/password-username": ("My-root-1234!", "My-toor-1234!"),
}


@pytest.mark.parametrize(
    ("requirement", "password"),
    [
        pytest.param(
            requirement, password, id=f"{requirement}-{number}", marks=pytest.mark.ecs_requirement(requirement)
        )
        for requirement, passwords in _SIMPLE.items()
        for number, password in enumerate(passwords)
    ],
)
def test_a_simple_password_is_refused(
    ecs_cases: Cases,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    password: str,
) -> None:
    """Two kinds of characters are too few, whichever they are, and the user name is not part of a password, forwards or backwards."""
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        requirement,
        "a password that is too simple",
        codes=codes_of(ecs_expect, "adminPass"),
        adminPass=password,
    )


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
    rule = "ecs.servers.create/rule/root-size-min-disk"
    image = ecs_client.get(url_of("deprecated.images.show", image_id=ecs_supplies.need("image_id")))
    size = int(read(image, "image", "minDisk")) - 1
    if size < 1:
        ecs_check.not_tested(rule, "the image needs no system disk of more than 1 GB")
        return
    root = {"volumetype": "SSD", "size": size}
    change = f"the system disk has {size} GB"
    refuse(ecs_cases, ecs_expect, ecs_servers, ecs_supplies, ecs_jobs, rule, change, root_volume=root)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/hana-primary-nic")
def test_the_primary_nic_stays_in_its_groups(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """disable_security_groups on the only NIC is refused."""
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/hana-primary-nic",
        "the primary NIC is in no group",
        nics=[{"subnet_id": ecs_supplies.need("subnet_id"), "binding:profile": {"disable_security_groups": True}}],
    )


@pytest.mark.ecs_requirement("ecs.servers.create/rule/hana-one-nic")
def test_one_nic_at_most_is_in_no_group(
    ecs_client: Client, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """disable_security_groups on two more NICs is refused, where on one it is accepted.

    It is asked for in earnest: that a mere check (dry_run) looks at more than the form, table 5-2 does not say.
    """
    nic: dict[str, JSON] = {"subnet_id": ecs_supplies.need("subnet_id")}
    free: dict[str, JSON] = {**nic, "binding:profile": {"disable_security_groups": True}}
    body = ecs_servers.template(ecs_supplies.name("nics"), 1)
    body["server"]["nics"] = [nic, free]
    control = ecs_client.post(SERVERS, {"dry_run": True, **body})
    read(control)
    body["server"]["nics"] = [nic, free, free]
    refused = ecs_expect(
        "ecs.servers.create/rule/hana-one-nic",
        "POST",
        SERVERS,
        json=body,
        expects="refused",
        change="two NICs are in no security group",
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.parametrize(
    ("requirement", "change", "fields"),
    [
        pytest.param(requirement, change, fields, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, change, fields in (
            (
                "ecs.servers.create/rule/password-windows",
                "the password has three characters of Administrator in a row",
                {"adminPass": "Zz-1nis7-!qW"},
            ),
            ("ecs.servers.create/rule/windows-admin-pass", "there is neither a password nor a key pair", {}),
        )
    ],
)
def test_windows_has_rules_of_its_own(
    ecs_client: Client,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    change: str,
    fields: dict[str, JSON],
) -> None:
    """A password with three characters of the user name in a row is refused, and none at all too; another is accepted.

    It is asked for in earnest: that a mere check (dry_run) looks at the image, table 5-2 does not say.
    """
    image = ecs_supplies.need("windows_image_id")
    template = ecs_servers.template(ecs_supplies.name("windows"), 1)["server"]
    template.pop("adminPass", None)
    template.pop("key_name", None)

    def body(**more: JSON) -> dict[str, Any]:
        return {"server": {**template, "imageRef": image, **more}}

    control = ecs_client.post(SERVERS, {"dry_run": True, **body(adminPass=PASSWORD)})
    read(control)
    refused = ecs_expect(
        requirement,
        "POST",
        SERVERS,
        json=body(**fields),
        expects="refused",
        change=change,
        codes=codes_of(ecs_expect, "adminPass"),
        control=control.id,
    )
    ecs_jobs.wait_out(refused)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/subnet-in-vpc", "A.2/Ecs.0064")
def test_a_subnet_of_another_vpc_is_refused(
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Where the target has one."""
    refused = refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/subnet-in-vpc",
        "the subnet is in another VPC",
        codes=codes_of(ecs_expect, "nics[].subnet_id"),
        nics=[{"subnet_id": ecs_supplies.need("foreign_subnet_id")}],
    )
    provoked(ecs_check, ecs_jobs, refused, "A.2/Ecs.0064")


@pytest.mark.ecs_requirement("ecs.servers.create/rule/disk-type-unavailable")
def test_a_type_of_disks_that_the_zone_lacks_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """At once, or in the job, where such a type is known."""
    refuse(
        ecs_cases,
        ecs_expect,
        ecs_servers,
        ecs_supplies,
        ecs_jobs,
        "ecs.servers.create/rule/disk-type-unavailable",
        "the zone does not have the type of disks",
        codes=codes_of(ecs_expect, "root_volume.volumetype"),
        root_volume={"volumetype": ecs_supplies.need("missing_disk_type")},
    )
