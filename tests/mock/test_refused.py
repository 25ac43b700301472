"""Deviations of what requests may hold: each has a route, and refuses one thing in the requests of it, while it is on."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.deviations.refused import ROWS
from pytest_ecs._mock.deviations.shown import fits
from pytest_ecs._mock.http.routing import ROUTES
from tests.mock.harness import Client


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_has_a_route(name: str) -> None:
    """One that no route fits would refuse nothing."""
    assert [route for route in ROUTES if fits(route, ROWS[name].route)]


def _created(client: Client, **fields: Any) -> int:
    return client.v1("POST", "cloudservers", {"dry_run": True, **client.request(**fields)}).status_code


def test_a_row_refuses_one_thing_in_one_place() -> None:
    """In the requests of its route; others are accepted as before."""
    client, deviant = Client(MockCloud()), Client(MockCloud(deviations=["sata-refused"]))
    data = [{"volumetype": "SSD", "size": 10}, {"volumetype": "SATA", "size": 10}]
    for fields in ({"root_volume": {"volumetype": "SATA"}}, {"data_volumes": data}):
        assert (_created(client, **fields), _created(deviant, **fields)) == (202, 400)
    assert _created(deviant, data_volumes=data[:1]) == 202
    volume = {"volume": {"size": 10, "volume_type": "SATA", "availability_zone": "eu-test-1a"}}
    assert (
        deviant.nova("POST", "os-volumes", volume).status_code == client.nova("POST", "os-volumes", volume).status_code
    )


def test_a_number_is_not_a_truth_value() -> None:
    """1 and True are equal, and not the same in a request."""
    deviant = Client(MockCloud(deviations=["root-size-zero-refused"]))
    assert _created(deviant, root_volume={"volumetype": "SSD", "size": 0}) == 400
    assert _created(deviant, root_volume={"volumetype": "SSD", "size": 50}) == 202
