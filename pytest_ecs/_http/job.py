"""What the body of a job (5.8.1) says; the one place that words what became of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_ecs._types import JSON

__all__ = ["OVER", "describe", "job_error_codes", "server_ids", "short", "sub_jobs"]

#: What the status of a job is once it is over. A tuple, since a broken endpoint may answer what has no hash.
OVER = ("SUCCESS", "FAIL")


def describe(job_id: str, body: Mapping[str, JSON], elapsed: float, what: str) -> str:
    """Say what became of a job: its id, type, state, codes and sub-jobs, and the time that passed."""
    job_type, status = body.get("job_type") or "no job_type", body.get("status")
    lines = [
        f"Job {job_id} ({job_type}) {what}: last status {status!r}{_code(body)}, {elapsed:.1f} s after it was delivered"
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


def short(value: JSON) -> str:
    """Return *value* as text of at most 300 characters."""
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"
