from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import Client


@pytest.fixture
def cloud() -> MockCloud:
    """A mock that does what the document says."""
    return MockCloud()


@pytest.fixture
def client(cloud: MockCloud) -> Client:
    """The primary user of that mock."""
    return Client(cloud)


@pytest.fixture
def deviant() -> Callable[..., Client]:
    """Makes the primary user of a mock with deviations."""
    return lambda *names: Client(MockCloud(deviations=names))
