"""Types that users annotate with: JSON, clocks, and what the fixtures hand out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_ecs._types import JSON, Clock, Identity, Level, ServerState, Verdict

if TYPE_CHECKING:
    from pytest_ecs._http.exchange import Exchange

__all__ = ["JSON", "Clock", "Identity", "JobWaiter", "Level", "ServerState", "Verdict"]


class JobWaiter(Protocol):
    """Waits for a job of 5.8.1 on the target's clock."""

    def __call__(self, job_id: str, *, timeout: float | None = None) -> Exchange:
        """Return the exchange that shows SUCCESS.

        *timeout* is in seconds of the target's clock and falls back to ``--ecs-job-timeout``.
        Raises `JobFailed` or `JobTimeout`, whose text has the job, its type, its sub-jobs, their codes,
        the last state and the time that passed.
        """
        ...
