"""Waiting for what accepted requests started (5.8.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources.lease import Lease
from pytest_ecs._run.session import Session
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import JobError, PrerequisiteMissing

__all__ = ["Jobs"]


@dataclass
class Jobs:
    """Waits for jobs on the target's clock, and for the servers that they change."""

    session: Session
    _last: str | None = field(default=None)

    def __call__(self, job_id: str, *, timeout: float | None = None) -> Exchange:
        """Return the query of a job that shows SUCCESS; *timeout* in seconds falls back to ``--ecs-job-timeout``.

        Raises `JobFailed` or `JobTimeout`, whose text has the job, its type, its sub-jobs, their codes, the last state
        and the time that passed.
        """
        return self.session.pool.wait_job(job_id, timeout=timeout)

    def settle(self, exchange: Exchange, leases: Sequence[Lease] | None = None) -> None:
        """Wait until what an accepted request started is over, at *leases* too, and write down what it made.

        Does nothing for any other answer. Raises `JobFailed` or `JobTimeout`.
        """
        if not exchange.accepted:
            return
        made, job = self.session.pool.settle(exchange), exchange.json_object.get("job_id")
        if isinstance(job, str):
            self._last = job  # one that failed is of no use to whoever needs one that is over
        if not made:
            for lease in leases or ():
                self.session.pool.wait_stable(lease.id)

    def wait_out(self, exchange: Exchange) -> None:
        """Wait for the job of a request that should have been refused, so that the judge can see how it ended."""
        with suppress(JobError):  # the judge reads the job from the journal
            self.settle(exchange)

    def watch(self, exchange: Exchange, look: Callable[[], Exchange]) -> set[tuple[str, str | None]]:
        """After an accepted *exchange*: call *look* every second until what it started is over.

        Return the pairs of vm_state and task_state that were seen, in lower case. Raises `JobFailed` or `JobTimeout`.
        """
        seen: set[tuple[str, str | None]] = set()

        def observe() -> None:
            seen.update(_pairs(look().response_body))

        observe()
        job = exchange.json_object.get("job_id")
        if isinstance(job, str):
            self.session.pool.wait_job(job, each=observe)
        observe()
        return seen

    def finished(self) -> str:
        """Return the id of a job that is over, making one when there was none yet.

        Raises `PrerequisiteMissing` where no job has run.
        """
        if self._last is None:
            self.session.pool.lease("ACTIVE", exclusive=False).release()
            jobs = [e for e in self.session.connection.journal if "job_id" in e.parameters and e.status == 200]
            if not jobs:
                raise PrerequisiteMissing("No job has run yet", hint="create a server first")
            self._last = jobs[-1].parameters["job_id"]
        return self._last

    def queries(self, job_id: str) -> Sequence[Exchange]:
        """Return every query of a job in this process so far."""
        return self.session.job(job_id)

    def last(self) -> Exchange:
        """Return the newest query of the job that was waited for last."""
        return self.queries(self.finished())[-1]


def _pairs(body: JSON) -> Iterator[tuple[str, str | None]]:
    """Yield the (vm_state, task_state) of every server in a body."""
    if isinstance(body, Mapping):
        vm, task = body.get("OS-EXT-STS:vm_state"), body.get("OS-EXT-STS:task_state")
        if isinstance(vm, str) and "OS-EXT-STS:task_state" in body:
            yield vm.lower(), task.lower() if isinstance(task, str) and task else None
            return
        for item in body.values():
            yield from _pairs(item)
    elif isinstance(body, list):
        for item in body:
            yield from _pairs(item)
