"""Waiting for jobs (5.8.1) on the target's clock."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping

from pytest_ecs._http.durations import Durations
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import OVER, describe, sub_jobs
from pytest_ecs._resources.lookup import next_pause
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import JobFailed, JobTimeout, PrerequisiteMissing, StepFailed

__all__ = ["wait_for_job"]

#: Seconds until the second look at a job.
_FIRST = 1.0
#: Seconds that a query may show no job, or no status that 5.8.1 knows, until nothing is expected of it any more.
_PATIENCE = 60.0
#: Table 5-63.
_WORKING = ("INIT", "RUNNING")


def wait_for_job(
    fetch: Callable[[], Exchange],
    clock: Clock,
    *,
    job_id: str,
    timeout: float,
    longest: float = 10.0,
    each: Callable[[], object] | None = None,
    hopeless: Container[str] = (),
    durations: Durations | None = None,
) -> Exchange:
    """Poll with *fetch* until the job is over and return the exchange that shows SUCCESS.

    The pause starts at one second, grows as `next_pause` says but not beyond *longest*, and starts again whenever the job's
    status or the number of its finished sub-jobs changes, so short jobs are seen early and long ones cost few requests.
    After the first look a job is not asked for before one of its type was ever over, as far as *durations* knows.
    *each* runs after every poll, of which none is left out then. Times are seconds of *clock*. A query that shows no job is
    repeated for a minute.
    Raises `JobFailed`, `JobTimeout`, `StepFailed` when what answers is no job at all, and `PrerequisiteMissing` for a
    job whose type is *hopeless*: enough of that type did not end.
    """
    durations = durations or Durations()
    began = answered = clock.now()
    pause, seen = _FIRST, None
    while True:
        exchange = fetch()
        body, elapsed = exchange.json_object, clock.now() - began
        status = body.get("status") if exchange.accepted else None
        if each is not None:
            each()
        what = "job", str(body.get("job_type"))
        if status == "SUCCESS":
            durations.add(what, elapsed)
            return exchange
        if status == "FAIL":
            raise JobFailed(describe(job_id, body, elapsed, "ended in FAIL"), job_id=job_id, last=body)
        if status in _WORKING:
            answered = clock.now()
            _still_waited_for(body, hopeless)
        elif clock.now() - answered >= min(_PATIENCE, timeout):
            raise StepFailed(
                f"The query of job {job_id} was not answered with a job",
                seen=exchange.answer[:300],
                hint="5.8.1 documents status, job_id, job_type and entities",
            )
        if elapsed >= timeout:
            raise JobTimeout(
                describe(job_id, body, elapsed, f"was not over after {timeout:g} s"),
                hint="raise --ecs-job-timeout if this endpoint is known to be slow",
                job_id=job_id,
                last=body,
            )
        state = (status, sum(sub.get("status") in OVER for sub in sub_jobs(body)))
        pause = _FIRST if state != seen else min(next_pause(pause, elapsed), longest)
        seen = state
        wait = pause if each else durations.pause(what, elapsed, pause)
        clock.sleep(min(wait, max(timeout - elapsed, 0.1)))


def _still_waited_for(body: Mapping[str, JSON], hopeless: Container[str]) -> None:
    job_type = body.get("job_type")
    if isinstance(job_type, str) and job_type in hopeless:
        raise PrerequisiteMissing(
            f"Jobs of the type {job_type} are not waited for any more",
            seen="one after the other was not over after --ecs-job-timeout",
            hint="raise --ecs-job-timeout if this endpoint is known to be slow",
        )
