"""The embedded mock over HTTP, for tests of clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_ecs._mock import MockCloud, ScaledClock
from pytest_ecs._mock.access import environment
from pytest_ecs._mock.server import serve

__all__ = ["RunningMock", "serve_mock"]


@dataclass(frozen=True)
class RunningMock:
    """A mock that listens on a free port of 127.0.0.1."""

    #: Where it is: the endpoint and IAM.
    url: str
    #: What `pytest-ecs mock` prints: region, project, user, password, AK and SK, ids of resources, and the same of others.
    about: Mapping[str, Any]
    _cloud: MockCloud = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """The ``OS_*`` variables that clients of OpenStack log in with."""
        return environment(self.about)

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Call a hook (docs/mock.md), such as ``control("PUT", "/_mock/limits", {"servers": 2})``.

        Raises `LookupError` for one that there is not, and `ValueError` for a wrong body.
        """
        return self._cloud.control(method, path, body)

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.control("POST", "/_mock/clock", {"advance": seconds})


@contextmanager
def serve_mock(
    *, speed: float = 100.0, deviations: Iterable[str] = (), variants: Iterable[str] = (), seed: int = 0
) -> Iterator[RunningMock]:
    """Serve a new mock until the block ends, *speed* times as fast as a cloud.

    The same *seed* gives the same ids and credentials. Raises `ValueError` for an unknown deviation or variant.
    """
    cloud = MockCloud(deviations=deviations, variants=variants, clock=ScaledClock(speed), seed=seed)
    with serve(cloud) as server:
        yield RunningMock(server.url, cloud.describe(server.url), cloud)
