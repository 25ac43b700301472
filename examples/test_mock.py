"""A test of one's own client, against the mock over HTTP: no cloud, no credentials, nothing to clean up."""

from collections.abc import Iterator

import openstack
import pytest

from pytest_ecs import RunningMock, serve_mock


def test_a_client_lists_flavors(ecs_mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """One mock for the whole session; `ecs_mock.environment` is what a shell would have, `ecs_mock.about` all ids."""
    for name, value in ecs_mock.environment.items():
        monkeypatch.setenv(name, value)
    with openstack.connect(load_yaml_config=False) as cloud:
        names = {flavor.id for flavor in cloud.compute.flavors()}
    assert ecs_mock.about["resources"]["flavor_id"] in names


@pytest.fixture
def full() -> Iterator[RunningMock]:
    """A mock of one's own, in which nothing fits any more."""
    with serve_mock(speed=1000) as mock:
        mock.control("PUT", "/_mock/limits", {"servers": 0})
        yield mock


def test_a_client_learns_that_there_is_no_room(full: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no client can bring about, a hook does."""
    for name, value in full.environment.items():
        monkeypatch.setenv(name, value)
    resources = full.about["resources"]
    with (
        openstack.connect(load_yaml_config=False) as cloud,
        pytest.raises(openstack.exceptions.ForbiddenException, match=r"[Qq]uota"),
    ):
        cloud.compute.create_server(
            name="one",
            image_id=resources["image_id"],
            flavor_id=resources["flavor_id"],
            networks=[{"uuid": resources["network_id"]}],
        )
