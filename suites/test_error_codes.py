"""Invalid requests are refused for the right reason, in the documented form, with a fitting code and its status.

Every case is derived: a recipe's own request is accepted first, then one thing in it is changed.
"""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Jobs, Servers, Supplies, load_contract, read, url_of
from pytest_ecs.typing import JSON

from .ecs.creating import on_sale, stopped_of
from .provoking import provoked
from .recipes import requirements

_SERVERS = url_of("ecs.servers.create")
#: Disks that no server can have (table 5-3).
_TOO_MANY = 60
_ACTION = url_of("ecs.servers.batch-start")
_FLAVORS = url_of("ecs.flavors.list")


@pytest.mark.parametrize("requirement", requirements("request"))
def test_wrong_field_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A body that breaks one keyword of one field is refused."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("query"))
def test_wrong_query_parameter_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A query that breaks one keyword of one parameter is refused."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("not-found"))
def test_unknown_id_is_not_found(ecs_cases: Cases, requirement: str) -> None:
    """An id in the path that does not exist is answered as not found."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("http"))
def test_wrong_http_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A method that the URL does not have, a cut body and an empty body are refused."""
    ecs_cases.refuse(requirement)


def _created(client: Client, servers: Servers, supplies: Supplies, count: int = 1, **fields: JSON) -> Exchange:
    """Send a creation of *count* servers with *fields*; more than one is only to be checked, since it might be accepted."""
    body: JSON = servers.template(supplies.name("code"), count)
    body["server"].update(fields)
    return client.post(_SERVERS, body if count == 1 else {"dry_run": True, **body})


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("A.2/Ecs.0319")
def test_a_flavor_that_is_sold_out_has_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Where one is listed (5.4.1)."""
    listed = read(ecs_client.get(_FLAVORS), "flavors")
    sold_out = [one["id"] for one in listed if "sellout" in one["os_extra_specs"].get("cond:operation:status", "")]
    if sold_out:
        answer = _created(ecs_client, ecs_servers, ecs_supplies, flavorRef=sold_out[0])
        provoked(ecs_check, ecs_jobs, answer, "A.2/Ecs.0319")
    else:
        ecs_check.not_tested("A.2/Ecs.0319", "no flavor is listed as sold out (5.4.1)")


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("A.2/Ecs.0027", "A.2/Ecs.0028")
def test_a_flavor_of_others_has_one_of_its_codes(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """Where one is listed that is not for all tenants (table 5-39); which of the two codes, the rows do not say."""
    codes = ("A.2/Ecs.0027", "A.2/Ecs.0028")
    listed = read(ecs_client.get(_FLAVORS), "flavors")
    private = [one["id"] for one in listed if on_sale(one) and one.get("os-flavor-access:is_public") is False]
    if private:
        answer = _created(ecs_client, ecs_servers, ecs_supplies, flavorRef=private[0])
        provoked(ecs_check, ecs_jobs, answer, *codes)
    else:
        for code in codes:
            ecs_check.not_tested(code, "no flavor on sale is listed as one for certain tenants only (5.4.1)")


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("A.2/Ecs.0025", "A.2/Ecs.0119", "A.2/Ecs.0912")
def test_a_key_that_no_disk_can_be_encrypted_with_has_one_of_its_codes(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A data disk that is to be encrypted with a key that does not exist (8.1, metadata for creating disks)."""
    key = {"__system__encrypted": "1", "__system__cmkid": ecs_supplies.unknown_id()}
    disk = {"volumetype": "SSD", "size": 10, "metadata": key}
    answer = _created(ecs_client, ecs_servers, ecs_supplies, data_volumes=[disk])
    provoked(ecs_check, ecs_jobs, answer, "A.2/Ecs.0025", "A.2/Ecs.0119", "A.2/Ecs.0912")


@pytest.mark.ecs_requirement("A.2/Ecs.0001")
def test_more_servers_than_the_quota_have_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """One more than there is room for (5.7.1), where one request may ask for so many."""
    limits = read(ecs_client.get(f"{_SERVERS}/limits"), "absolute")
    most, room = limits["maxTotalInstances"], limits["maxTotalInstances"] - limits["totalInstancesUsed"]
    server = (load_contract().operations["ecs.servers.create"].body or {})["properties"]["server"]
    count = server["properties"]["count"]
    if 0 <= room < count["maximum"] and most >= 0:
        answer = _created(ecs_client, ecs_servers, ecs_supplies, room + 1)
        provoked(ecs_check, ecs_jobs, answer, "A.2/Ecs.0001")
    else:
        ecs_check.not_tested("A.2/Ecs.0001", f"the quota has room for {room} servers, or no limit")


@pytest.mark.ecs_requirement("A.2/Ecs.0104")
def test_more_disks_than_a_server_can_have_have_their_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """Asked for in a request that is only to be checked (5.6.1)."""
    (lease,) = ecs_servers.shared("ACTIVE")
    path = f"{_SERVERS}/{lease.id}/attachvolume"
    answer = ecs_client.post(path, {"dry_run": True, "volumeAttachment": {"volume_type": "SSD", "count": _TOO_MANY}})
    provoked(ecs_check, ecs_jobs, answer, "A.2/Ecs.0104")


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("A.2/Ecs.0603")
def test_a_command_while_another_is_carried_out_has_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """A server is stopped at once after it was told to start (5.3.1, 5.3.3)."""
    lease = ecs_servers("SHUTOFF")
    listed: JSON = {"servers": [{"id": lease.id}]}
    first = ecs_client.post(_ACTION, {"os-start": listed})
    second = ecs_client.post(_ACTION, {"os-stop": listed})
    ecs_jobs.wait_out(first)
    if first.accepted:
        provoked(ecs_check, ecs_jobs, second, "A.2/Ecs.0603")
    else:
        ecs_check.not_tested("A.2/Ecs.0603", f"the first command was not accepted: {first.answer}")


@pytest.mark.ecs_group("servers")
@pytest.mark.ecs_requirement("A.2/Ecs.0811")
def test_a_change_from_xen_to_kvm_has_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """A server of a Xen flavor (5.4.1) asks for one of KVM (5.2.4); only to be checked, since others use the server."""
    listed = read(ecs_client.get(_FLAVORS), "flavors")
    kvm = [one["id"] for one in listed if on_sale(one) and _virtualization(one) == "CloudCompute"]
    xen = stopped_of(ecs_client, ecs_servers, ecs_supplies, lambda flavor: _virtualization(flavor) == "FusionCompute")
    if kvm and xen is not None:
        resize: JSON = {"dry_run": True, "resize": {"flavorRef": kvm[0]}}
        provoked(ecs_check, ecs_jobs, ecs_client.post(f"{_SERVERS}/{xen.id}/resize", resize), "A.2/Ecs.0811")
    else:
        ecs_check.not_tested("A.2/Ecs.0811", "there are not both a flavor of Xen and one of KVM on sale (5.4.1)")


def _virtualization(flavor: dict[str, JSON]) -> JSON:
    return flavor["os_extra_specs"].get("ecs:virtualization_env_types")
