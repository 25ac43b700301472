"""Types that users annotate with: JSON, clocks, and what the fixtures hand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from pytest_ecs._exchange import Exchange
    from pytest_ecs._leases import Lease

__all__ = ["JSON", "Clock", "Identity", "JobWaiter", "Level", "ServerFactory", "ServerState", "Verdict"]

#: A decoded JSON value.
JSON: TypeAlias = Any

#: What is said of a requirement at the end of a run.
Verdict: TypeAlias = Literal["pass", "fail", "not_tested", "waived", "error"]

#: How binding a requirement is.
Level: TypeAlias = Literal["must", "should", "note"]

#: Whose credentials sign a request.
Identity: TypeAlias = Literal["primary", "other_project", "restricted_user"]

#: The stable states that a server can be asked for, as ``status`` shows them (Table A-4).
ServerState: TypeAlias = Literal["ACTIVE", "SHUTOFF"]


class Clock(Protocol):
    """The target's time. On the embedded mock it is virtual, so waiting costs nothing."""

    def now(self) -> float:
        """Return seconds since the epoch on the target's clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass on the target's clock."""
        ...


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
