"""Everything that tests work with, put together from one process's session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from pytest_ecs._cases.library import load_recipes
from pytest_ecs._contract import Contract
from pytest_ecs._http.client import Client
from pytest_ecs._http.target import Target
from pytest_ecs._resources.pool import Purpose
from pytest_ecs._run.session import Session
from pytest_ecs._testing.ahead import Ahead
from pytest_ecs._testing.cases import Cases
from pytest_ecs._testing.check import Check
from pytest_ecs._testing.clients import Clients
from pytest_ecs._testing.controls import Controls
from pytest_ecs._testing.driver import Driver
from pytest_ecs._testing.expect import Expect
from pytest_ecs._testing.jobs import Jobs
from pytest_ecs._testing.kept import Kept
from pytest_ecs._testing.later import Later
from pytest_ecs._testing.refusals import Refusals
from pytest_ecs._testing.servers import Servers
from pytest_ecs._testing.supplies import Supplies
from pytest_ecs._testing.wait import Wait

__all__ = ["Tools", "tools_of"]

#: For how many tests a process keeps servers that none of them used, when others could.
_IDLE = 8


@dataclass(frozen=True)
class Tools:
    """What the fixtures of the same names give, for code that needs many of them, such as a state machine."""

    contract: Contract
    target: Target
    client: Client
    clients: Clients
    check: Check
    servers: Servers
    jobs: Jobs
    wait: Wait
    supplies: Supplies
    driver: Driver
    cases: Cases
    expect: Expect
    later: Later
    #: Seed of whatever is drawn at random.
    seed: int
    #: Profile of the properties: quick, deep or off.
    properties: str

    def give_back(self, *, wait: bool = True) -> None:
        """Give the servers back that are kept for later looks, for requests to be refused and for reading.

        Without *wait* nothing is looked at again.
        """
        self.later.finish_all(wait=wait)
        self.driver.give_back_prepared()
        self.servers.give_back_shared()


def _reclaimed(driver: Driver, kept: Kept, later: Later, purpose: Purpose) -> bool:
    """Give back or leave over what `Pool.reclaim` says, if there is something."""
    if purpose == "others":
        return driver.session.settings.shares_servers and driver.reclaim(_IDLE)
    if purpose == "room":
        return kept.let_go(purpose)
    return driver.reclaim() or kept.let_go(purpose) or later.finish_one()


def tools_of(session: Session, asked: Collection[str] = ()) -> Tools:
    """Return the tools of a session that is going to test the requirements *asked*; they share what they made and were handed."""
    load_recipes()
    wait = Wait(session.client, session.target.clock)
    servers, jobs = Servers(session), Jobs(session)
    kept = Kept(session)
    supplies = Supplies(session, jobs, kept)
    driver = Driver(session, servers, jobs, wait, supplies)
    check, clients = Check(session, Refusals(session)), Clients(session)
    cases = Cases(driver, clients, check, Controls(session, kept), Ahead.of(session, asked))
    later = Later(session)
    session.pool.reclaim = partial(_reclaimed, driver, kept, later)
    return Tools(
        contract=session.contract,
        target=session.target,
        client=session.client,
        clients=clients,
        check=check,
        servers=servers,
        jobs=jobs,
        wait=wait,
        supplies=supplies,
        driver=driver,
        cases=cases,
        expect=Expect(session, cases),
        later=later,
        seed=session.settings.seed,
        properties=session.settings.properties,
    )
