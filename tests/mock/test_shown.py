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


def _flavors(*deviations: str) -> tuple[list[JsonObject], JsonObject]:
    """Return the flavors of the list with details, and the first as it is shown."""
    client = Client(MockCloud(deviations=deviations))
    listed = client.nova("GET", "flavors/detail").json()["flavors"]
    return listed, client.nova("GET", f"flavors/{min(one['id'] for one in listed)}").json()["flavor"]


def test_a_row_changes_one_place_of_the_answers_of_its_route() -> None:
    """Answers of other routes stay as they are."""
    listed, shown = _flavors()
    assert _flavors("flavor-vcpus-other") == (listed, {**shown, "vcpus": shown["vcpus"] + 1})
    assert _flavors("flavors-detail-backwards") == (listed[::-1], shown)
    assert _flavors("image-name-other") == (listed, shown)


def test_a_row_adds_a_field_that_is_not_there() -> None:
    """Beside those that are."""
    client = Client(MockCloud(deviations=["metadata-shown-more"]))
    (server,) = client.create(metadata={"a": "b"})
    assert client.nova("GET", f"servers/{server}/metadata/a").json()["meta"] == {"a": "b", "other": "pair"}


def test_an_answer_that_needs_no_body_has_one() -> None:
    """An empty object, where the status allows a body."""
    client = Client(MockCloud(deviations=["empty-answers-filled"]))
    (server,) = client.create()
    assert client.nova("POST", f"servers/{server}/action", {"lock": {}}).json() == {}
