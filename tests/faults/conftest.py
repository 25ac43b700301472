"""A client of the mock over HTTP, with the proxy between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_ecs._contract import load
from pytest_ecs._http.client import Client
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.credentials import Credentials
from pytest_ecs._http.login import login_of
from pytest_ecs._http.target import Resources, Target
from pytest_ecs._http.token import TokenAuth
from pytest_ecs._http.transport import Bounded
from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from pytest_ecs._types import JSON
from tests.faults.proxy import Fault, Proxy, disturbing


class Clock:
    """Time passes only when somebody waits for it."""

    def __init__(self, start: float) -> None:
        self.slept: list[float] = []
        self._now = start

    def now(self) -> float:
        """Return the time."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass at once."""
        self.slept.append(seconds)
        self._now += seconds


@dataclass
class Line:
    """A client, the proxy that it goes through, and the server behind."""

    client: Client
    proxy: Proxy
    clock: Clock
    cloud: MockCloud

    def hurry(self, seconds: float) -> None:
        """From now on give each attempt only *seconds*: what is short from the beginning hits more than it should."""
        bounded = self.client.connection.http._transport
        assert isinstance(bounded, Bounded)
        bounded.total = seconds


Connect = Callable[..., Line]


def identify(method: str, path: str, body: JSON) -> Any:
    """Find the operation, as a session does."""
    found = load().match(method, path, body)
    return (found[0].id, found[1]) if found else None


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Give a client behind faults."""
    with ExitStack() as stack:

        def make(*faults: Fault, seed: int = 0, timeout: float = 60.0) -> Line:
            cloud = MockCloud()
            server = stack.enter_context(serve(cloud))
            proxy = stack.enter_context(disturbing(server.url, faults, seed=seed))
            about = cloud.describe(proxy.url)
            clock = Clock(cloud.clock.now())
            given = {name: about[name] for name in ("domain", "username", "password", "project_id", "ak", "sk")}
            credentials = Credentials(proxy.url, **given)
            target = Target(
                "mock", proxy.url, proxy.url, None, False, clock, Resources(), {"primary": credentials}, verify=False
            )
            connection = Connection.open(target, worker="t", identify=identify, timeout=timeout)
            stack.callback(connection.close)
            auth = TokenAuth(proxy.url, login_of(credentials), clock=clock, secrets=connection.secrets)
            return Line(Client(connection, "primary", auth), proxy, clock, cloud)

        yield make
