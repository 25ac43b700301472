"""Deviations of what answers show: each has a route, and changes the answers of it in one place, while it is on."""

from __future__ import annotations

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.deviations.shown import ROWS, fits
from pytest_ecs._mock.http.routing import ROUTES
from tests.mock.harness import Client, JsonObject


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_has_a_route(name: str) -> None:
    """One that no route fits would change nothing."""
    assert [route for route in ROUTES if fits(route, ROWS[name].route)]


def _server(*deviations: str) -> tuple[JsonObject, JsonObject]:
    """Return a server as it is shown, and as it is listed."""
    client = Client(MockCloud(deviations=deviations))
    (server,) = client.create()
    (listed,) = client.nova("GET", "servers/detail").json()["servers"]
    return client.show(server), listed


def test_a_row_changes_one_place_of_the_answers_of_its_route() -> None:
    """Answers of other routes stay as they are."""
    shown, listed = _server()
    assert _server("server-power-wrong") == ({**shown, "OS-EXT-STS:power_state": 4}, listed)
    assert _server("ecs-disks-twice") == (shown, listed)
