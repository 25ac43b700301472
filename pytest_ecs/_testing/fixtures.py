"""The ``ecs_*`` fixtures: thin, each overridable alone, heavy imports only inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_ecs._run.options import read_settings

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._http.client import Client
    from pytest_ecs._http.credentials import Credentials
    from pytest_ecs._http.target import Target
    from pytest_ecs._resources.lease import Lease
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import Session
    from pytest_ecs._testing.cases import Cases
    from pytest_ecs._testing.check import Check
    from pytest_ecs._testing.clients import Clients
    from pytest_ecs._testing.expect import Expect
    from pytest_ecs._testing.jobs import Jobs
    from pytest_ecs._testing.later import Afterwards
    from pytest_ecs._testing.mock import RunningMock
    from pytest_ecs._testing.properties import Properties
    from pytest_ecs._testing.servers import Servers
    from pytest_ecs._testing.snapshot import Snapshot
    from pytest_ecs._testing.supplies import Supplies
    from pytest_ecs._testing.tools import Tools
    from pytest_ecs._testing.wait import Wait
    from pytest_ecs._types import Identity
    from pytest_ecs.typing import JobWaiter

__all__ = [
    "_ecs_session",
    "_ecs_tools",
    "ecs_cases",
    "ecs_check",
    "ecs_client",
    "ecs_clients",
    "ecs_contract",
    "ecs_credentials",
    "ecs_expect",
    "ecs_jobs",
    "ecs_later",
    "ecs_mock",
    "ecs_properties",
    "ecs_server",
    "ecs_servers",
    "ecs_settings",
    "ecs_signed_client",
    "ecs_snapshot",
    "ecs_supplies",
    "ecs_target",
    "ecs_wait",
    "ecs_wait_for_job",
]


@pytest.fixture(scope="session")
def ecs_settings(request: pytest.FixtureRequest) -> Settings:
    """The frozen settings of the run, from the command line, the environment and the ini file."""
    return read_settings(request.config)


@pytest.fixture(scope="session")
def _ecs_session(request: pytest.FixtureRequest) -> Session:
    """What this process works with. Its servers are deleted at the end of the run, whatever happens before."""
    from pytest_ecs._run.process import begin

    # Asked for here, and not as a parameter: pytest goes through those of all fixtures once more for every test.
    return begin(request.config, request.getfixturevalue("ecs_settings"))


@pytest.fixture(scope="session")
def _ecs_tools(request: pytest.FixtureRequest) -> Iterator[Tools]:
    """What the fixtures below are parts of."""
    from pytest_ecs._run.worker import covered_by
    from pytest_ecs._testing.tools import tools_of

    session = request.getfixturevalue("_ecs_session")
    tools = tools_of(session, {name for item in request.session.items for name in covered_by(item)})
    yield tools
    tools.give_back(wait=request.session.exitstatus != pytest.ExitCode.INTERRUPTED)


@pytest.fixture(scope="session")
def ecs_contract(_ecs_session: Session) -> Contract:
    """The API reference as data: operations, requirements, error codes, states."""
    return _ecs_session.contract


@pytest.fixture(scope="session")
def ecs_target(_ecs_session: Session) -> Target:
    """The endpoint under test, its clock and the resources that servers are made from."""
    return _ecs_session.target


@pytest.fixture(scope="session")
def ecs_credentials(ecs_target: Target) -> Mapping[Identity, Credentials]:
    """The credentials by identity: primary, and other_project and restricted_user where the run has them."""
    return ecs_target.identities


@pytest.fixture(scope="session")
def ecs_client(_ecs_session: Session) -> Client:
    """An HTTP client with a token (4.2); ``{project_id}`` in paths is filled in, every call returns an exchange."""
    return _ecs_session.client


@pytest.fixture(scope="session")
def ecs_signed_client(_ecs_session: Session) -> Client:
    """An HTTP client that signs each request with AK/SK (4.2). Skips the test when there is no key pair."""
    return _ecs_session.signed_client


@pytest.fixture(scope="session")
def ecs_clients(_ecs_tools: Tools) -> Clients:
    """Clients of other users, and clients that authenticate in other ways (4.1, 4.2)."""
    return _ecs_tools.clients


@pytest.fixture(scope="session")
def ecs_jobs(_ecs_tools: Tools) -> Jobs:
    """Waits for jobs (5.8.1), and for whatever else accepted requests started."""
    return _ecs_tools.jobs


@pytest.fixture(scope="session")
def ecs_wait_for_job(ecs_jobs: Jobs) -> JobWaiter:
    """Waits for a job (5.8.1) on the target's clock and returns the exchange that shows SUCCESS."""
    return ecs_jobs


@pytest.fixture(scope="session")
def ecs_wait(_ecs_tools: Tools) -> Wait:
    """Waits on the target's clock for what an endpoint shows."""
    return _ecs_tools.wait


@pytest.fixture
def ecs_servers(_ecs_tools: Tools) -> Iterator[Servers]:
    """Hands out servers in a given state from the run's pool; they go back to it when the test ends, however it ends."""
    servers = _ecs_tools.servers.for_test()
    yield servers
    servers.give_back()
    _ecs_tools.later.finish_due()


@pytest.fixture
def ecs_later(_ecs_tools: Tools, ecs_servers: Servers) -> Afterwards:
    """Keeps what a test does inside ``with ecs_later`` as it is until it was looked at again, while other tests go on."""
    from pytest_ecs._testing.later import Afterwards

    return Afterwards(_ecs_tools.later, ecs_servers)


@pytest.fixture
def ecs_server(ecs_servers: Servers) -> Lease:
    """One ACTIVE server for this test alone."""
    return ecs_servers()


@pytest.fixture(scope="session")
def ecs_supplies(_ecs_tools: Tools) -> Supplies:
    """Names, ids, disks, ports and addresses for requests; what it makes is deleted with the run."""
    return _ecs_tools.supplies


@pytest.fixture(scope="session")
def ecs_snapshot(_ecs_tools: Tools) -> Callable[[Lease], Snapshot]:
    """Looks at a server, and puts its name, metadata, tags, disks and NICs back afterwards (``snapshot.put_back()``)."""
    from pytest_ecs._testing.snapshot import Snapshot

    return partial(Snapshot.of, _ecs_tools)


@pytest.fixture(scope="session")
def ecs_check(_ecs_tools: Tools) -> Check:
    """Makes findings on requirements: what stands in an answer is what it should be."""
    return _ecs_tools.check


@pytest.fixture(scope="session")
def ecs_cases(_ecs_tools: Tools) -> Cases:
    """Makes an operation succeed by its recipe, and be refused by what is derived from it."""
    return _ecs_tools.cases


@pytest.fixture(scope="session")
def ecs_expect(_ecs_tools: Tools) -> Expect:
    """Sends one request whose answer must fit an expectation: accepted, or refused for what was changed."""
    return _ecs_tools.expect


@pytest.fixture(scope="session")
def ecs_properties(_ecs_session: Session, _ecs_tools: Tools) -> Properties:
    """What properties are checked with: generated requests and random lifecycles, shrunk when they fail."""
    from pytest_ecs._testing.properties import Properties

    return Properties(_ecs_session, _ecs_tools)


@pytest.fixture(scope="session")
def ecs_mock() -> Iterator[RunningMock]:
    """The embedded mock over HTTP on a free port, for tests of one's own clients; one per session.

    Its servers live 100 times as fast as real ones. It has nothing to do with the target of the other fixtures.
    `serve_mock` makes others, with another speed, deviations or variants.
    """
    from pytest_ecs._testing.mock import serve_mock

    with serve_mock() as mock:
        yield mock
