"""The ``ecs_*`` fixtures: thin, each overridable alone, heavy imports only inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_ecs._run.options import read_settings

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._http.client import Client
    from pytest_ecs._http.credentials import Credentials
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._http.target import Target
    from pytest_ecs._resources.lease import Lease
    from pytest_ecs._resources.pool import Pool
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session
    from pytest_ecs._testing.bench import Bench
    from pytest_ecs._testing.properties import Properties
    from pytest_ecs._types import Identity, ServerState
    from pytest_ecs.typing import JobWaiter, ServerFactory

__all__ = [
    "ecs_bench",
    "ecs_client",
    "ecs_contract",
    "ecs_credentials",
    "ecs_properties",
    "ecs_server",
    "ecs_servers",
    "ecs_session",
    "ecs_settings",
    "ecs_signed_client",
    "ecs_target",
    "ecs_wait_for_job",
]


@pytest.fixture(scope="session")
def ecs_settings(request: pytest.FixtureRequest) -> Settings:
    """The frozen settings of the run, from the command line, the environment and the ini file."""
    return read_settings(request.config)


@pytest.fixture(scope="session")
def ecs_session(request: pytest.FixtureRequest, ecs_settings: Settings) -> Session:
    """What this process works with. Its servers are deleted at the end of the run, whatever happens before."""
    from pytest_ecs._run.process import begin

    return begin(request.config, ecs_settings)


@pytest.fixture(scope="session")
def ecs_contract(ecs_session: Session) -> Contract:
    """The API reference as data: operations, requirements, error codes, states."""
    return ecs_session.contract


@pytest.fixture(scope="session")
def ecs_target(ecs_session: Session) -> Target:
    """The endpoint under test, its clock and the resources that servers are made from."""
    return ecs_session.target


@pytest.fixture(scope="session")
def ecs_credentials(ecs_target: Target) -> Mapping[Identity, Credentials]:
    """The credentials by identity: primary, and other_project and restricted_user where the run has them."""
    return ecs_target.identities


@pytest.fixture(scope="session")
def ecs_client(ecs_session: Session) -> Client:
    """An HTTP client with a token (4.2); ``{project_id}`` in paths is filled in, every call returns an exchange."""
    return ecs_session.client


@pytest.fixture(scope="session")
def ecs_signed_client(ecs_session: Session) -> Client:
    """An HTTP client that signs each request with AK/SK (4.2). Skips the test when there is no key pair."""
    return ecs_session.signed_client


@pytest.fixture(scope="session")
def ecs_wait_for_job(ecs_session: Session) -> JobWaiter:
    """Waits for a job (5.8.1) on the target's clock and returns the exchange that shows SUCCESS."""

    def wait(job_id: str, *, timeout: float | None = None) -> Exchange:
        return ecs_session.pool.wait_job(job_id, timeout=timeout)

    return wait


class _Servers:
    """What `ecs_servers` hands out."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.held: list[Lease] = []

    def __call__(
        self, state: ServerState = "ACTIVE", *, exclusive: bool = True, properties: Mapping[str, str] | None = None
    ) -> Lease:
        word = ",".join(f"{name}={value}" for name, value in sorted((properties or {}).items()))
        lease = self._pool.lease(state, exclusive=exclusive, word=word)
        self.held.append(lease)
        return lease

    def batch(self, count: int, state: ServerState = "ACTIVE") -> Sequence[Lease]:
        leases = self._pool.batch_of(count, state)
        self.held += leases
        return leases


@pytest.fixture
def ecs_servers(ecs_session: Session) -> Iterator[ServerFactory]:
    """Hands out servers in a given state from the run's pool; they go back to it when the test ends."""
    factory = _Servers(ecs_session.pool)
    yield factory
    for lease in factory.held:
        lease.release()


@pytest.fixture
def ecs_server(ecs_servers: ServerFactory) -> Lease:
    """One ACTIVE server for this test alone."""
    return ecs_servers()


@pytest.fixture(scope="session")
def ecs_bench(ecs_session: Session) -> Iterator[Bench]:
    """The suites' work bench: recipes, derived refusals, findings."""
    from pytest_ecs._testing.bench import Bench

    bench = Bench(ecs_session)
    yield bench
    bench.release()


@pytest.fixture(scope="session")
def ecs_properties(ecs_bench: Bench) -> Properties:
    """What properties are checked with: generated requests and random lifecycles, shrunk when they fail."""
    from pytest_ecs._testing.properties import Properties

    return Properties(ecs_bench)
