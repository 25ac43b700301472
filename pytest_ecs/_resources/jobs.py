"""Waiting for jobs (5.8.1) on the target's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import OVER, describe, short, sub_jobs
from pytest_ecs._types import Clock
from pytest_ecs.exceptions import JobFailed, JobTimeout, NotAnEcsEndpoint

__all__ = ["wait_for_job"]

_FIRST, _LONGEST, _GROWTH = 1.0, 10.0, 1.5


def wait_for_job(
    fetch: Callable[[], Exchange],
    clock: Clock,
    *,
    job_id: str,
    timeout: float,
    longest: float = _LONGEST,
    each: Callable[[], object] | None = None,
) -> Exchange:
    """Poll with *fetch* until the job is over and return the exchange that shows SUCCESS.

    The pause starts at one second and grows to *longest*, and starts again whenever the job's status or the
    number of its finished sub-jobs changes, so short jobs are seen early and long ones cost few requests.
    *each* runs after every poll. Times are seconds of *clock*.
    Raises `JobFailed`, `JobTimeout`, or `NotAnEcsEndpoint` when the answer is no job at all.
    """
    began = clock.now()
    pause, seen = _FIRST, None
    while True:
        exchange = fetch()
        body = exchange.response_body
        if exchange.status != 200 or not isinstance(body, Mapping) or "status" not in body:
            raise NotAnEcsEndpoint(
                f"The query of job {job_id} was not answered with a job",
                seen=f"HTTP {exchange.status}, {short(body if body is not None else exchange.response_text)}",
                hint="5.8.1 documents status, job_id, job_type and entities",
            )
        if each is not None:
            each()
        elapsed = clock.now() - began
        if body["status"] == "SUCCESS":
            return exchange
        if body["status"] == "FAIL":
            raise JobFailed(describe(job_id, body, elapsed, "ended in FAIL"), job_id=job_id, last=body)
        if elapsed >= timeout:
            raise JobTimeout(
                describe(job_id, body, elapsed, f"was not over after {timeout:g} s"),
                hint="raise --ecs-job-timeout if this endpoint is known to be slow",
                job_id=job_id,
                last=body,
            )
        state = (body["status"], sum(sub.get("status") in OVER for sub in sub_jobs(body)))
        pause = _FIRST if state != seen else min(pause * _GROWTH, longest)
        seen = state
        clock.sleep(min(pause, max(timeout - elapsed, 0.1)))
