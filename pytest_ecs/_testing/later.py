"""What is looked at again when its time has come: until then servers, and what a test made, stay as the test left them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from pytest_ecs._checks import Finding
from pytest_ecs._checks.finding import Outcome
from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.session import Session
from pytest_ecs._testing.servers import Servers
from pytest_ecs.exceptions import EcsError, JobFailed, PrerequisiteMissing, StepFailed, fault_of

__all__ = ["Afterwards", "Later"]


class _Look(NamedTuple):
    """One that is still to come."""

    requirements: tuple[str, ...]
    #: When, on the target's clock.
    at: float
    again: Callable[[], object]


class Afterwards(ExitStack):
    """Ends only after the looks that are still to come; other tests go on meanwhile, where the clock is a real one.

    What its callbacks take back, and the servers that the test used or made, stay as they are until then. A claim made with
    ``ecs_check.later(afterwards)`` waits for nothing: what does not hold yet, and what has to hold still a little later,
    is looked at again at the end. So nothing else in the block may change what such a claim looks at.
    """

    def __init__(self, later: Later, servers: Servers) -> None:
        super().__init__()
        self._later, self._servers = later, servers
        self._looks: list[_Look] = []
        self._leases: list[Lease] = []
        self._turn = later.session.pool.turns.now
        self._is_open = False

    @property
    def at(self) -> float:
        """When the last look has its time."""
        return max(look.at for look in self._looks)

    @property
    def has_servers(self) -> bool:
        """Whether servers wait for it."""
        return bool(self._leases)

    def look(self, requirements: Iterable[str], seconds: float, again: Callable[[], object]) -> None:
        """Call *again* in so many *seconds*; it makes findings on *requirements*, and may call for another look.

        That will be done only inside the block and in such a look; elsewhere it raises `RuntimeError`.
        """
        if not self._is_open:
            raise RuntimeError(f"looked at later outside of the block that it ends with: {', '.join(requirements)}")
        look = _Look(tuple(requirements), self._later.now() + seconds, again)
        self._looks.append(look)
        self._later.session.awaited.update(look.requirements)

    def __enter__(self) -> Self:
        self._is_open = True
        return super().__enter__()

    def __exit__(
        self, exc_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self._is_open = False
        if exc_type is not None:
            self._give_up("the test stopped before its end")
        if not self._looks:
            return bool(super().__exit__(exc_type, error, traceback))
        if self._later.session.target.simulated:
            self.finish()
        else:
            self._leases = self._servers.hand_over()
            self._later.session.pool.turns.unfinished.add(self._turn)
            self._later.left.append(self)
        return False

    def finish(self, *, until: float = math.inf) -> bool:
        """Look, each when its time has come, at what has it *until* then; return whether nothing is left to be looked at.

        Then, and when a look ends the run, what there is to take back is taken back.
        """
        is_over = True
        try:
            while self._looks and is_over:
                look = min(self._looks, key=lambda look: look.at)
                is_over = look.at <= until
                if is_over:
                    self._looks.remove(look)
                    self._carry_out(look)
        finally:
            if is_over:
                self.end()
        return is_over

    def end(self) -> None:
        """Look at nothing any more, and take back what there is to take back."""
        self._give_up("the run ended before it was looked at again")
        self._take_back()

    def _carry_out(self, look: _Look) -> None:
        """Look; what is found may have to be looked at again."""
        self._is_open = True
        try:
            self._later.carry_out(look)
        finally:
            self._is_open = False

    def _give_up(self, reason: str) -> None:
        """Say of what was not looked at again that nothing is known."""
        session = self._later.session
        for name in (name for look in self._looks for name in look.requirements):
            session.pending.append(Finding(name, "not_tested", reason=reason))
            session.awaited.discard(name)
        self._looks.clear()

    def _take_back(self) -> None:
        try:
            self.close()
        except Exception:  # noqa: BLE001 - whoever has them next must not be blamed for what is not as it was
            for lease in self._leases:
                lease.spoilt = True
        for lease in self._leases:
            lease.release()
        self._leases.clear()
        self._later.session.pool.finished(self._turn)


@dataclass
class Later:
    """The looks of one process that are still to come."""

    session: Session
    left: deque[Afterwards] = field(default_factory=deque)

    def now(self) -> float:
        """Return the target's time."""
        return self.session.target.clock.now()

    def carry_out(self, look: _Look) -> None:
        """Wait until a look has its time, and look; say what kept it from being done."""
        self.session.target.clock.sleep(max(look.at - self.now(), 0.0))
        self.session.awaited.difference_update(look.requirements)
        try:
            look.again()
        except EcsError as error:
            missing = isinstance(error, JobFailed | StepFailed | PrerequisiteMissing)
            outcome: Outcome = "not_tested" if missing else "error"
            reason = f"{fault_of(error)}: {error}"
            self.session.pending += [Finding(name, outcome, reason=reason) for name in look.requirements]
            if error.stops:
                raise

    def finish_due(self) -> None:
        """Look at what need not be waited for."""
        for afterwards in list(self.left):
            self.left.remove(afterwards)
            if not afterwards.finish(until=self.now()):
                self.left.append(afterwards)

    def finish_one(self) -> bool:
        """Finish what gives servers to somebody else soonest; return whether there was any."""
        first = min((one for one in self.left if one.has_servers), key=lambda one: one.at, default=None)
        if first is not None:
            self.left.remove(first)
            first.finish()
        return first is not None

    def finish_all(self, *, wait: bool = True) -> None:
        """Finish everything; without *wait* nothing is looked at again."""
        while self.left:
            afterwards = self.left.popleft()
            if wait:
                afterwards.finish()
            else:
                afterwards.end()
