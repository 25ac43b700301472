"""Makes the pool's servers: looks for what an unclear answer made before asking again, and gives up in time."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.records import Intent
from pytest_ecs._resources.settling import LATE, Settling
from pytest_ecs.exceptions import BudgetExceeded, EcsError, JobTimeout, PrerequisiteMissing, TargetError

__all__ = ["Creations"]

#: How many creations in a row may fail before none is tried any more.
_TRIES = 3


@dataclass
class Creations:
    """The creations of one pool."""

    api: ServerApi
    settling: Settling
    #: How many in a row failed, and what the last one was answered.
    _failed: int = 0
    _cause: str = ""
    #: Whether the last one was asked for at all: what the run lacks is not the endpoint's failure, and costs nothing to say again.
    _sent: bool = False
    #: What was accepted and was not over in time: before anything else is bought, this is looked at again.
    _late: Intent | None = None

    def create(self, name: str, count: int, *, least: int) -> list[str]:
        """Ask for *count* servers called *name*, wait for them and return their ids; for *least* where the run may have no more.

        Raises `PrerequisiteMissing` when the service declines, when no server can be found, and without asking once
        several creations in a row failed; `BudgetExceeded`, `JobFailed`, `JobTimeout`, `TargetError`.
        """
        if self._late is not None:
            return self._overdue(self._late)
        if self._failed >= _TRIES:
            raise PrerequisiteMissing(
                "No server is created any more, since one creation after the other failed",
                seen=f"{self._failed} in a row, the last one: {self._cause}",
                hint="look at the creations in the report; it may be the image, the flavor, the networks, the quota or the stock",
            )
        try:
            made = self._made(name, count)
        except BudgetExceeded:
            if least < count:
                return self.create(name, least, least=least)
            raise
        except EcsError as error:
            if self._sent:
                self._failed, self._cause = self._failed + 1, error.seen or error.what
            raise
        self._failed = 0
        return made

    def _made(self, name: str, count: int) -> list[str]:
        self._sent = True
        try:
            exchange = self.api.create(name, count)
        except PrerequisiteMissing:
            self._sent = False
            raise
        except TargetError:
            if made := self._unclear(name):
                return made
            raise
        if exchange.accepted:
            try:
                made = self.settling.settle(exchange)
            except JobTimeout:
                self._late = self._intent(name)
                raise
            if made:
                return made
            raise PrerequisiteMissing(
                "A creation was accepted and no server of it can be found",
                seen=exchange.answer,
                hint="look at the job in the report, and run pytest-ecs sweep when servers are left",
            )
        if made := self._unclear(name):
            return made
        raise PrerequisiteMissing(
            "The endpoint does not create servers for the run",
            seen=exchange.answer,
            hint="check --ecs-image, --ecs-flavor, --ecs-vpc and --ecs-subnet, and the quota of the project",
        )

    def _intent(self, name: str) -> Intent | None:
        """What the ledger has of a creation whose servers are not known; None when it was declined or is settled."""
        ledger = self.settling.ledger
        return next((one for one in ledger.intents(ledger.run) if one.name == name), None)

    def _unclear(self, name: str) -> list[str]:
        """Look for what a creation made that was not clearly answered, as long as it may still appear."""
        intent, clock = self._intent(name), self.settling.clock
        began = clock.now()
        while intent is not None:
            if made := self.settling.discover(intent):
                for server in made:
                    self.settling.note(server)
                return made
            if clock.now() - began >= LATE:
                break
            clock.sleep(LATE / 6)
        return []

    def _overdue(self, intent: Intent) -> list[str]:
        made = self.settling.discover(intent, timeout=0.0)
        if self._intent(intent.name or "") is not None:
            raise PrerequisiteMissing(
                "No server is created as long as the one before is not made",
                seen=f"job {intent.job} was not over after --ecs-job-timeout, and is not over now",
                hint="raise --ecs-job-timeout if this endpoint is known to be slow",
            )
        for server in made:
            self.settling.note(server)
        self._late = None
        if not made:
            raise PrerequisiteMissing("A creation that took too long made no server", seen=f"job {intent.job}")
        return made
