"""Invalid requests are refused for the right reason, in the documented form, with a fitting code and its status.

Every case is derived: a recipe's own request is accepted first, then one thing in it is changed.
"""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Servers, Supplies, load_contract, read, url_of
from pytest_ecs.typing import JSON

from .recipes import requirements

_SERVERS = url_of("ecs.servers.create")
#: Disks that no server can have (table 5-3).
_TOO_MANY = 60


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


def _provoked(check: Check, requirement: str, answer: Exchange) -> None:
    """Say what came instead where the code did not; where it did, the judge has looked at its status."""
    code = load_contract().requirements[requirement].case
    if code not in answer.answer:
        check.not_tested(requirement, f"what this code is for is answered in another way: {answer.answer}")


def _checked(client: Client, servers: Servers, supplies: Supplies, count: int = 1, **fields: JSON) -> Exchange:
    """Send a creation that is only to be checked, so that nothing is bought whatever becomes of it."""
    body = servers.template(supplies.name("code"), count)
    return client.post(_SERVERS, {"dry_run": True, "server": {**body["server"], **fields}})


@pytest.mark.ecs_requirement("A.2/Ecs.0319")
def test_a_flavor_that_is_sold_out_has_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Where one is listed (5.4.1)."""
    listed = read(ecs_client.get(f"{_SERVERS}/flavors"), "flavors")
    sold_out = [one["id"] for one in listed if "sellout" in one["os_extra_specs"].get("cond:operation:status", "")]
    if sold_out:
        answer = _checked(ecs_client, ecs_servers, ecs_supplies, flavorRef=sold_out[0])
        _provoked(ecs_check, "A.2/Ecs.0319", answer)
    else:
        ecs_check.not_tested("A.2/Ecs.0319", "no flavor is listed as sold out (5.4.1)")


@pytest.mark.ecs_requirement("A.2/Ecs.0001")
def test_more_servers_than_the_quota_have_its_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """One more than there is room for (5.7.1), where one request may ask for so many."""
    limits = read(ecs_client.get(f"{_SERVERS}/limits"), "absolute")
    most, room = limits["maxTotalInstances"], limits["maxTotalInstances"] - limits["totalInstancesUsed"]
    server = (load_contract().operations["ecs.servers.create"].body or {})["properties"]["server"]
    count = server["properties"]["count"]
    if 0 <= room < count["maximum"] and most >= 0:
        _provoked(ecs_check, "A.2/Ecs.0001", _checked(ecs_client, ecs_servers, ecs_supplies, room + 1))
    else:
        ecs_check.not_tested("A.2/Ecs.0001", f"the quota has room for {room} servers, or no limit")


@pytest.mark.ecs_requirement("A.2/Ecs.0104")
def test_more_disks_than_a_server_can_have_have_their_code(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers
) -> None:
    """Asked for in a request that is only to be checked (5.6.1)."""
    (lease,) = ecs_servers.shared("ACTIVE")
    path = f"{_SERVERS}/{lease.id}/attachvolume"
    answer = ecs_client.post(path, {"dry_run": True, "volumeAttachment": {"volume_type": "SSD", "count": _TOO_MANY}})
    _provoked(ecs_check, "A.2/Ecs.0104", answer)
