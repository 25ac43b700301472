"""Jobs (5.8.1): how they are made, how they end, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from pytest_ecs._mock.errors import EcsRefusal
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import Job, Project, Server, State, stamp

__all__ = ["run_job"]

#: Seconds until a job is picked up, and from the end of its last sub-job to its own end.
_PICKED_UP, _WRAPPED_UP = 1.0, 0.5


def run_job(
    state: State,
    project: Project,
    kind: str,
    sub_kind: str,
    servers: Sequence[Server],
    lasts: Sequence[float],
    *,
    sub_entities: bool = True,
) -> Job:
    """Deliver a job with a sub-job for each server, each ending after its time; return it in INIT.

    When the control hook asked this kind to fail, the first sub-job and the job end in FAIL with that code.
    """
    now = state.clock.now()
    job = Job(state.hex(), kind, project.id, now, batch=True)
    failure = state.fail_next.pop(kind, None)
    for index, (server, seconds) in enumerate(zip(servers, lasts, strict=True)):
        sub = Job(state.hex(), sub_kind, project.id, now, {"server_id": server.id})
        job.subs.append(sub)
        after = max(seconds, _PICKED_UP) + 0.1
        state.later(_PICKED_UP, partial(_begin, sub))
        state.later(after, partial(_end, sub, now + after, failure if index == 0 else None))
    project.jobs[job.id] = job
    over = max([*lasts, _PICKED_UP]) + _WRAPPED_UP
    state.later(_PICKED_UP, partial(_begin, job))
    state.later(over, partial(_end, job, now + over, "Common.0021" if failure else None))
    return job


def _begin(job: Job) -> None:
    if job.status == "INIT":
        job.status = "RUNNING"


def _end(job: Job, at: float, code: str | None) -> None:
    job.status, job.ended = ("FAIL" if code else "SUCCESS"), at
    if code:
        job.code, job.reason = code, "the mock was told to fail this job"


def _shown(job: Job, off: Any) -> dict[str, Any]:
    begun, ended = stamp(job.begun, "ms"), stamp(job.ended, "ms") if job.ended is not None else None
    if off("job-times-swapped") and ended is not None:
        begun, ended = ended, begun
    left = "" if off("job-error-left") and job.status == "SUCCESS" else job.code
    body: dict[str, Any] = {
        "status": job.status, "job_id": job.id, "job_type": job.kind, "begin_time": begun, "end_time": ended,
        "error_code": left, "fail_reason": job.reason, "entities": dict(job.entities),
    }  # fmt: skip
    if job.batch:
        total = len(job.subs) + off("job-total-wrong")
        body["entities"] = {"sub_jobs_total": total, "sub_jobs": [_shown(sub, off) for sub in job.subs]}
    if off("job-type-missing") and job.batch:
        del body["job_type"]
    return body


@route("GET", "/v1/{project_id}/jobs/{job_id}", family="ecs")
def show_job(request: Request, state: State) -> Response:
    """Show a job of the project."""
    job = request.project.jobs.get(request.parameters["job_id"])
    if job is None and request.off("job-unknown-served"):
        job = Job(
            request.parameters["job_id"],
            "createServer",
            request.project.id,
            state.clock.now(),
            status="SUCCESS",
            ended=state.clock.now(),
        )
    if job is None:
        raise EcsRefusal("Common.0011", "Failed to query the job: the job id is invalid")
    body = _shown(job, request.off)
    if request.off("job-backwards") and job.status == "SUCCESS":
        if job.reason == "shown":
            body.update(status="RUNNING", fail_reason=None)
        else:
            job.reason = "shown"
            body["fail_reason"] = None
    return Response(200, body)
