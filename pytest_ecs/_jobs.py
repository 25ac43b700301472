"""Waiting for jobs (5.8.1) on the target's clock; the one place that words what became of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_ecs._exchange import Exchange
from pytest_ecs.exceptions import JobFailed, JobTimeout, NotAnEcsEndpoint
from pytest_ecs.typing import JSON, Clock

__all__ = ["OVER", "job_error_codes", "server_ids", "wait_for_job"]

_FIRST, _LONGEST, _GROWTH = 1.0, 10.0, 1.5
#: What the status of a job is once it is over. A tuple, since a broken endpoint may answer what has no hash.
OVER = ("SUCCESS", "FAIL")


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
                seen=f"HTTP {exchange.status}, {_short(body if body is not None else exchange.response_text)}",
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


def describe(job_id: str, body: Mapping[str, JSON], elapsed: float, what: str) -> str:
    """Say what became of a job: its id, type, state, codes and sub-jobs, and the time that passed."""
    kind, status = body.get("job_type") or "no job_type", body.get("status")
    lines = [
        f"Job {job_id} ({kind}) {what}: last status {status!r}{_code(body)}, {elapsed:.1f} s after it was delivered"
    ]
    lines += [
        f"  sub-job {sub.get('job_id')} ({sub.get('job_type') or 'no job_type'}): {sub.get('status')!r}{_code(sub)}"
        for sub in sub_jobs(body)
    ]
    return "\n".join(lines)


def sub_jobs(body: JSON) -> Sequence[Mapping[str, JSON]]:
    """Return the sub-jobs that a job body lists (table 5-64); none where there are none."""
    entities = body.get("entities") if isinstance(body, Mapping) else None
    listed = entities.get("sub_jobs") if isinstance(entities, Mapping) else None
    return [sub for sub in listed if isinstance(sub, Mapping)] if isinstance(listed, list) else []


def server_ids(body: JSON) -> list[str]:
    """Return the ids of the servers that a job and its sub-jobs name in their entities."""
    found = [job.get("entities") for job in [body, *sub_jobs(body)] if isinstance(job, Mapping)]
    ids = [entity.get("server_id") for entity in found if isinstance(entity, Mapping)]
    return list(dict.fromkeys(i for i in ids if isinstance(i, str) and i))


def job_error_codes(body: JSON) -> set[str]:
    """Return the error codes of a job and its sub-jobs."""
    jobs = [body, *sub_jobs(body)] if isinstance(body, Mapping) else []
    return {code for job in jobs if isinstance(code := job.get("error_code"), str) and code}


def _code(job: Mapping[str, JSON]) -> str:
    code, reason = job.get("error_code"), job.get("fail_reason")
    return "".join([f", code {code}" if code else "", f", reason {reason!r}" if reason else ""])


def _short(value: JSON) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"
