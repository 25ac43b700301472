"""What the document promises of every job body (5.8.1), seen in one exchange and against the one before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from pytest_ecs._checks.formats import moment
from pytest_ecs._http.job import OVER, job_error_codes, sub_jobs
from pytest_ecs._types import JSON

__all__ = ["RULES", "job_claims"]

#: Rules of ecs.jobs.show that every job body is judged by.
RULES = (
    "same-id",
    "order",
    "success-no-error",
    "fail-has-error",
    "fail-code-known",
    "begin-time",
    "end-time",
    "begin-before-end",
    "time-form",
    "stable-facts",
    "sub-jobs-total",
    "sub-job-ids",
    "sub-jobs-done",
    "sub-success-no-error",
    "sub-within",
)

_ORDER = {"INIT": 0, "RUNNING": 1, "SUCCESS": 2, "FAIL": 2}
_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)

#: (rule of ecs.jobs.show, holds, expected, observed)
JobClaim = tuple[str, bool, str, JSON]


def job_claims(
    body: Mapping[str, JSON], asked: str | None, before: Mapping[str, JSON] | None, known_codes: Collection[str]
) -> Iterator[JobClaim]:
    """Yield a claim for each rule that *body* says something about; a field that is missing or mistyped is judged by itself.

    *asked* is the job id in the URL, *before* the previous body of the same job, if any, *known_codes* those of A.2.
    """
    if asked is not None and isinstance(body.get("job_id"), str):
        yield "same-id", body.get("job_id") == asked, f"job_id is the one in the URL, {asked}", body.get("job_id")
    yield from _errors(body, known_codes)
    yield from _times(body)
    yield from _children(body)
    if before is not None:
        yield from _since(before, body)


def _errors(body: Mapping[str, JSON], known_codes: Collection[str]) -> Iterator[JobClaim]:
    for job, rule in ((body, "success-no-error"), *((sub, "sub-success-no-error") for sub in sub_jobs(body))):
        if job.get("status") == "SUCCESS":
            seen = {"error_code": job.get("error_code"), "fail_reason": job.get("fail_reason")}
            yield (
                rule,
                not any(v is not None for v in seen.values()),
                "error_code and fail_reason are null after SUCCESS",
                seen,
            )
    if body.get("status") == "FAIL":
        said = [job.get(name) for job in (body, *sub_jobs(body)) for name in ("error_code", "fail_reason")]
        yield "fail-has-error", any(said), "error_code or fail_reason says why, there or in a sub-job", said
        for code in sorted(job_error_codes(body)):
            yield "fail-code-known", code in known_codes, "the code of a failed job is listed in A.2", code


def _times(body: Mapping[str, JSON]) -> Iterator[JobClaim]:
    for job in (body, *sub_jobs(body)):
        begin, end = job.get("begin_time"), job.get("end_time")
        if job.get("status") in OVER:
            for name in ("begin_time", "end_time"):
                if name in job and isinstance(job[name], str | None):
                    what = f"a job that is over has a time of {name}"
                    yield name.replace("_", "-"), isinstance(job[name], str), what, job[name]
        for value in (begin, end):
            if isinstance(value, str) and (value or job.get("status") in OVER):
                yield "time-form", bool(_FORM.fullmatch(value)), "times look like 2016-04-25T20:04:47.591Z", value
        first, last = moment(begin), moment(end)
        if first is not None and last is not None:
            seen = {"begin_time": begin, "end_time": end}
            yield "begin-before-end", first <= last, "end_time is not before begin_time", seen


def _children(body: Mapping[str, JSON]) -> Iterator[JobClaim]:
    subs, entities = sub_jobs(body), body.get("entities")
    if isinstance(entities, Mapping) and "sub_jobs_total" in entities:
        total, listed_jobs = entities["sub_jobs_total"], entities.get("sub_jobs", [])
        if type(total) is int and isinstance(listed_jobs, list) and len(listed_jobs) == len(subs):
            listed = f"sub_jobs_total is the number of sub-jobs listed, {len(subs)}"
            yield "sub-jobs-total", total == len(subs), listed, total
    if not subs:
        return
    ids = [job["job_id"] for job in (body, *subs) if isinstance(job.get("job_id"), str)]
    yield "sub-job-ids", len(set(ids)) == len(ids), "each sub-job has an id of its own", ids
    if body.get("status") == "SUCCESS":
        states = [sub["status"] for sub in subs if str(sub.get("status")) in _ORDER]
        if states:
            yield "sub-jobs-done", {*states} == {"SUCCESS"}, "every sub-job of a job in SUCCESS is in SUCCESS", states
    first, last = moment(body.get("begin_time")), moment(body.get("end_time"))
    for sub in subs:
        begin, end = moment(sub.get("begin_time")), moment(sub.get("end_time"))
        inside = (first is None or begin is None or first <= begin) and (last is None or end is None or end <= last)
        if first is not None and begin is not None:
            seen = [body.get("begin_time"), sub.get("begin_time"), sub.get("end_time"), body.get("end_time")]
            yield "sub-within", inside, "a sub-job begins and ends within the time of its job", seen


def _since(before: Mapping[str, JSON], body: Mapping[str, JSON]) -> Iterator[JobClaim]:
    old, new = _ORDER.get(str(before.get("status"))), _ORDER.get(str(body.get("status")))
    if old is not None and new is not None:
        steady = new > old or (new == old and (old < 2 or before.get("status") == body.get("status")))
        yield "order", steady, f"the status does not go back from {before.get('status')}", body.get("status")
    for name in ("job_id", "job_type", "begin_time"):
        if isinstance(before.get(name), str) and isinstance(body.get(name), str | None) and name in body:
            yield "stable-facts", before[name] == body.get(name), f"{name} stays {before[name]}", body.get(name)
