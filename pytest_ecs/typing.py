"""Types that users annotate with: JSON, clocks, and what the fixtures hand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pytest_ecs._types import JSON, Clock, Identity, Level, ServerState, Verdict

if TYPE_CHECKING:
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._resources.lease import Lease

__all__ = ["JSON", "Clock", "Identity", "JobWaiter", "Level", "ServerFactory", "ServerState", "Verdict"]


class ServerFactory(Protocol):
    """Hands out servers from the run's pool; they are deleted at the end of the run."""

    def __call__(
        self,
        state: ServerState = "ACTIVE",
        *,
        exclusive: bool = True,
        properties: Mapping[str, str] | None = None,
    ) -> Lease:
        """Return one server in *state*.

        A shared one (``exclusive=False``) may be in use by others, so only read it. An exclusive one is
        yours until the test ends. *properties* narrows the choice: ``name`` is free text of your own that
        only servers leased with the same word share.

        Raises `BudgetExceeded` over ``--ecs-max-servers``, `JobFailed` or `JobTimeout` when it cannot be made.
        """
        ...

    def batch(self, count: int, state: ServerState = "ACTIVE") -> Sequence[Lease]:
        """Return *count* exclusive servers in *state*, the missing ones created by one request."""
        ...


class JobWaiter(Protocol):
    """Waits for a job of 5.8.1 on the target's clock."""

    def __call__(self, job_id: str, *, timeout: float | None = None) -> Exchange:
        """Return the exchange that shows SUCCESS.

        *timeout* is in seconds of the target's clock and falls back to ``--ecs-job-timeout``.
        Raises `JobFailed` or `JobTimeout`, whose text has the job, its type, its sub-jobs, their codes,
        the last state and the time that passed.
        """
        ...
