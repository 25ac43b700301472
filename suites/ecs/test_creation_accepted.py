"""What a creation must accept (5.1.1): documented values at their bounds, each in a request that is only checked."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from pytest_ecs import Cases, Check, Client, Contract, Expect, Jobs, Servers, Supplies
from pytest_ecs.typing import JSON

from .creating import SERVERS, checked, codes_of

pytestmark = pytest.mark.ecs_group("servers", "ecs.servers.create")

_SSD: dict[str, JSON] = {"volumetype": "SSD"}


def _bandwidth(**fields: JSON) -> dict[str, JSON]:
    return {"eip": {"iptype": "5_bgp", "bandwidth": {"size": 10, "sharetype": "PER", **fields}}}


def _encryption(**pairs: JSON) -> dict[str, JSON]:
    return {"data_volumes": [{**_SSD, "size": 20, "metadata": pairs}]}


#: Requirement -> fields of the server.
_BOUNDS: dict[str, dict[str, JSON]] = {
    "ecs.servers.create/rule/name-shortest": {"name": "n"},
    "ecs.servers.create/rule/user-data-longest": {"user_data": base64.b64encode(b"#" * 32_000).decode()},
    "ecs.servers.create/rule/metadata-ten": {"metadata": {f"key-{number}": "value" for number in range(10)}},
    "ecs.servers.create/rule/metadata-longest": {"metadata": {"k" * 255: "v" * 255}},
    "ecs.servers.create/rule/description-longest": {"description": "d" * 85},
    "ecs.servers.create/rule/password-shortest": {"adminPass": "Qm7-tXw2"},
    "ecs.servers.create/rule/password-longest": {"adminPass": "Qm7-tXw2pLz9R" * 2},
    "ecs.servers.create/rule/root-size-largest": {"root_volume": {**_SSD, "size": 1024}},
    "ecs.servers.create/rule/data-size-smallest": {"data_volumes": [{**_SSD, "size": 10}]},
    "ecs.servers.create/rule/data-size-largest": {"data_volumes": [{**_SSD, "size": 32768}]},
    "ecs.servers.create/rule/not-encrypted-accepted": _encryption(__system__encrypted="0"),
    "ecs.servers.create/rule/multiattach-accepted": {"data_volumes": [{**_SSD, "size": 20, "multiattach": True}]},
    "ecs.servers.create/rule/eip-shared-bandwidth": {"publicip": _bandwidth(sharetype="WHOLE")},
    "ecs.servers.create/rule/user-data-over-password": {
        "user_data": "IyEvYmluL3NoCg==",
        "adminPass": "Conform-2025!Test",
    },
    "ecs.servers.create/rule/passthrough-not-boolean": {"root_volume": {**_SSD, "hw:passthrough": "perhaps"}},
}


@pytest.mark.parametrize(
    ("requirement", "fields"),
    [
        pytest.param(requirement, fields, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, fields in _BOUNDS.items()
    ],
)
def test_a_documented_value_is_accepted(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    fields: dict[str, JSON],
) -> None:
    """Where a request without it is."""
    plain = ecs_cases.attempt("ecs.servers.create", check_only=True)
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, **fields)
    ecs_check.after(plain).accepted(requirement, sent)


@pytest.mark.parametrize(
    ("requirement", "length", "count"),
    [
        pytest.param(requirement, length, count, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, length, count in (
            ("ecs.servers.create/rule/name-longest", 128, 1),
            ("ecs.servers.create/rule/name-batch-longest", 54, 2),
        )
    ],
)
def test_a_long_name_is_accepted(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    length: int,
    count: int,
) -> None:
    """Of 128 characters for one server, and for several as long as a suffix of five leaves room for."""
    plain, name = ecs_cases.attempt("ecs.servers.create", check_only=True), ecs_supplies.name("long")
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, count=count, name=name.ljust(length, "x")[:length])
    ecs_check.after(plain).accepted(requirement, sent)


@pytest.mark.parametrize(
    ("requirement", "mtu"),
    [
        pytest.param(requirement, mtu, id=requirement, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, mtu in (
            ("ecs.servers.create/rule/mtu-smallest", 1280),
            ("ecs.servers.create/rule/mtu-largest", 8888),
        )
    ],
)
def test_an_mtu_is_accepted(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    mtu: int,
) -> None:
    """The smallest and the largest that a NIC can have (table 8-12)."""
    plain, options = ecs_cases.attempt("ecs.servers.create", check_only=True), [{"opt_name": "26", "opt_value": mtu}]
    nics = [{"subnet_id": ecs_supplies.need("subnet_id"), "extra_dhcp_opts": options}]
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, nics=nics)
    ecs_check.after(plain).accepted(requirement, sent)


@pytest.mark.parametrize("password", ["Qm7tXw2pLz9R", "qm7t-w2p.z9r", "QM7T-W2P.Z9R", "Qmwt-Xwp.LzR"])
@pytest.mark.ecs_requirement("ecs.servers.create/rule/password-three-classes")
def test_three_kinds_of_characters_are_enough(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    password: str,
) -> None:
    """Whichever of the four is missing."""
    plain = ecs_cases.attempt("ecs.servers.create", check_only=True)
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, adminPass=password)
    ecs_check.after(plain).accepted("ecs.servers.create/rule/password-three-classes", sent)


def _nics(supplies: Supplies) -> dict[str, JSON]:
    return {"nics": [{"subnet_id": supplies.need("subnet_id")} for _ in range(12)]}


def _disks(supplies: Supplies) -> dict[str, JSON]:
    return {"data_volumes": [{**_SSD, "size": 20} for _ in range(59)]}


#: What is tried, its requirement, the fields of the server, the field whose codes are a documented refusal (None: the codes
#: of what a project or a region lacks), and why one is.
_UNLESS: tuple[tuple[str, str, Callable[[Supplies], dict[str, JSON]], str | None, str], ...] = (
    (
        "system-disk",
        "ecs.servers.create/rule/sata-accepted",
        lambda _: {"root_volume": {"volumetype": "SATA"}},
        "root_volume.volumetype",
        "the zone may lack the disk type",
    ),
    (
        "data-disk",
        "ecs.servers.create/rule/sata-accepted",
        lambda _: {"data_volumes": [{"volumetype": "SATA", "size": 20}]},
        "root_volume.volumetype",
        "the zone may lack the disk type",
    ),
    (
        "disks",
        "ecs.servers.create/rule/data-disks-most",
        _disks,
        "data_volumes",
        "the flavor may support only 23 data disks",
    ),
    ("nics", "ecs.servers.create/rule/nics-most", _nics, "nics", "the flavor may support fewer NICs"),
    (
        "eip-smallest",
        "ecs.servers.create/rule/eip-size-smallest",
        lambda _: {"publicip": _bandwidth(size=1)},
        "publicip.eip.bandwidth.size",
        "the region may have another range",
    ),
    (
        "eip-largest",
        "ecs.servers.create/rule/eip-size-largest",
        lambda _: {"publicip": _bandwidth(size=1000)},
        "publicip.eip.bandwidth.size",
        "the region may have another range",
    ),
    ("count", "ecs.servers.create/rule/count-most", lambda _: {"count": 500}, None, "there is no room for 500 servers"),
    (
        "license",
        "ecs.servers.create/rule/byol-accepted",
        lambda _: {"metadata": {"BYOL": "True"}},
        None,
        "the region may not support licenses of one's own",
    ),
)


@pytest.mark.parametrize(
    ("requirement", "fields", "field", "why"),
    [pytest.param(*row, id=name, marks=pytest.mark.ecs_requirement(row[0])) for name, *row in _UNLESS],
)
def test_a_documented_value_is_accepted_unless_it_is_not_offered(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_contract: Contract,
    ecs_expect: Expect,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
    requirement: str,
    fields: Callable[[Supplies], dict[str, JSON]],
    field: str | None,
    why: str,
) -> None:
    """Which only its refusal tells, by a code for that."""
    plain = ecs_cases.attempt("ecs.servers.create", check_only=True)
    body = fields(ecs_supplies)
    count = body.pop("count", 1)
    sent = checked(ecs_client, ecs_servers, ecs_supplies, ecs_jobs, count=count, **body)
    codes = ecs_contract.environment_codes if field is None else codes_of(ecs_expect, field)
    error = sent.json_object.get("error")
    if sent.refused and isinstance(error, dict) and error.get("code") in codes:
        ecs_check.not_tested(requirement, f"{why}, which is a documented refusal: {sent.answer}")
    else:
        ecs_check.after(plain).accepted(requirement, sent)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/image-password")
def test_a_private_image_needs_no_way_to_log_in(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """Neither a key pair nor a password: that of the image may be used."""
    image, plain = ecs_supplies.need("private_image_id"), ecs_cases.attempt("ecs.servers.create", check_only=True)
    body = ecs_servers.template(ecs_supplies.name("dry"), 1)
    wanted = {name: value for name, value in body["server"].items() if name not in {"key_name", "adminPass"}}
    sent = ecs_client.post(SERVERS, {"dry_run": True, "server": {**wanted, "imageRef": image}})
    ecs_jobs.wait_out(sent)
    ecs_check.after(plain).accepted("ecs.servers.create/rule/image-password", sent)
