"""What the document promises of every job body (5.8.1), seen in one exchange and against the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pytest_ecs._jobs import sub_jobs
from pytest_ecs.typing import JSON

__all__ = ["RULES", "job_claims"]

#: Rules of ecs.jobs.show that every job body is judged by.
RULES = (
    "same-id", "sub-jobs-total", "error-code-null", "fail-reason-null", "times-ordered", "parent-follows", "status-monotone",
)  # fmt: skip

_ORDER = {"INIT": 0, "RUNNING": 1, "SUCCESS": 2, "FAIL": 2}

#: (rule of ecs.jobs.show, holds, expected, observed)
JobClaim = tuple[str, bool, str, JSON]


def job_claims(body: Mapping[str, JSON], asked: str | None, before: Mapping[str, JSON] | None) -> Iterator[JobClaim]:
    """Yield a claim for each rule that *body* says something about.

    *asked* is the job id in the URL, *before* the previous body of the same job, if any.
    """
    if asked is not None:
        yield "same-id", body.get("job_id") == asked, f"job_id is the one in the URL, {asked}", body.get("job_id")
    entities = body.get("entities")
    if isinstance(entities, Mapping) and "sub_jobs_total" in entities:
        listed, total = len(sub_jobs(body)), entities["sub_jobs_total"]
        yield "sub-jobs-total", total == listed, f"sub_jobs_total is the number of sub-jobs listed, {listed}", total
    yield from _one(body)
    for sub in sub_jobs(body):
        yield from _one(sub)
    yield from _parent(body)
    if before is not None:
        old, new = _ORDER.get(str(before.get("status"))), _ORDER.get(str(body.get("status")))
        if old is not None and new is not None:
            steady = new > old or (new == old and (old < 2 or before.get("status") == body.get("status")))
            text = f"the status does not go back from {before.get('status')}"
            yield "status-monotone", steady, text, body.get("status")


def _one(job: Mapping[str, JSON]) -> Iterator[JobClaim]:
    if job.get("status") == "SUCCESS":
        for field, rule in (("error_code", "error-code-null"), ("fail_reason", "fail-reason-null")):
            yield rule, job.get(field) is None, f"{field} is null after SUCCESS", job.get(field)
    begin, end = _time(job.get("begin_time")), _time(job.get("end_time"))
    if begin is not None and end is not None and job.get("status") in {"SUCCESS", "FAIL"}:
        seen = {"begin_time": job.get("begin_time"), "end_time": job.get("end_time")}
        yield "times-ordered", begin <= end, "end_time is not before begin_time", seen


def _parent(body: Mapping[str, JSON]) -> Iterator[JobClaim]:
    states = [str(sub.get("status")) for sub in sub_jobs(body)]
    if states and body.get("status") == "SUCCESS":
        yield "parent-follows", set(states) == {"SUCCESS"}, "every sub-job of a job in SUCCESS is in SUCCESS", states


def _time(value: JSON) -> datetime | None:
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else None
    except ValueError:
        return None
