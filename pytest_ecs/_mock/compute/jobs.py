"""Jobs (5.8.1): how they are made, how they end, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from pytest_ecs._mock.http.errors import EcsError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.hardware import Server
from pytest_ecs._mock.state.records import Job

__all__ = ["JOB_TYPES", "deliver", "follow"]

#: Seconds until a job is picked up, from the end of its last sub-job to its own end, and of one that does
#: nothing.
_PICKED_UP, _WRAPPED_UP, _NOTHING = 1.0, 0.5, 2.0


class JobType(NamedTuple):
    """What belongs to a job type: the type of its sub-jobs, None without them, and the code of a failure."""

    sub: str | None
    failure: str


#: The document names the types of creation (5.8.1); the others are ours.
JOB_TYPES: Mapping[str, JobType] = {
    "createServer": JobType("createSingleServer", "Ecs.0204"),
    "deleteServer": JobType("deleteSingleServer", "Ecs.0501"),
    "startServers": JobType("startSingleServer", "Ecs.0226"),
    "rebootServers": JobType("rebootSingleServer", "Ecs.0227"),
    "stopServers": JobType("stopSingleServer", "Ecs.1000"),
    "resizeServer": JobType(None, "Ecs.0207"),
    "reinstallServer": JobType(None, "Ecs.0202"),
    "changeServerOs": JobType(None, "Ecs.0202"),
    "migrateServer": JobType(None, "Ecs.0221"),
    "attachVolume": JobType(None, "Ecs.0205"),
    "detachVolume": JobType(None, "Ecs.0102"),
    "addNics": JobType("addNic", "Ecs.0217"),
    "deleteNics": JobType("deleteNic", "Ecs.0507"),
}


def deliver(
    state: State,
    project: Project,
    job_type: str,
    servers: Sequence[Server],
    operation: str | None,
    after: Callable[[Server], None] | None = None,
) -> Job:
    """Start *operation* on all *servers* and return the job that follows it, in INIT.

    Each server has a sub-job, which ends with the server's last phase; the job ends after all of them.
    *after* is
    called with every server for which it went well. None as operation leaves the servers alone. When the
    control
    hook asked this type to fail, the first server's part fails.
    """
    now = state.clock.now()
    job = Job(state.hex(), job_type, now)
    parts = [_part(state, job, {"server_id": server.id}, now) for server in servers]
    ordered = state.fail_next.pop(job_type, None)

    def finish(part: Job, at: float, code: str | None) -> None:
        _end(part, at, code)
        if job.subs is not None and all(one.ended is not None for one in parts):
            failing = any(one.status == "FAIL" for one in parts) or (
                job_type == "stopServers" and state.deviates("job-fails")
            )
            state.later(at + _WRAPPED_UP, lambda then: _end(job, then, "Common.0021" if failing else None))

    for server, part in zip(servers, parts, strict=True):
        code = ordered if part is parts[0] else None

        def done(at: float, well: bool, server: Server = server, part: Job = part, code: str | None = code) -> None:
            if well and after is not None:
                after(server)
            result = None if well else code or JOB_TYPES[job_type].failure
            # A job is over after it began, also when its server was gone at once.
            state.later(max(at, now + _PICKED_UP + 0.1), lambda then: finish(part, then, result))

        if operation is None:
            state.later(now + _NOTHING, partial(done, well=True))
        elif operation == "delete" and server.going:
            server.watchers.append(done)  # it is going already: both jobs end when it is gone
        else:
            state.move(server, operation, done, fails=code is not None)
    if not parts:  # only where a deviation lets an empty list pass
        job.subs = []
        state.later(now + _NOTHING, partial(_end, job, code=None))
    for one in parts if job.subs is None else [*parts, job]:
        state.later(now + _PICKED_UP, partial(_begin, one))
        if job_type == "createServer" and state.deviates("job-too-early"):
            state.later(now + _NOTHING, partial(_end, one, code=None))
    project.jobs[job.id] = job
    return job


def follow(
    state: State,
    project: Project,
    job_type: str,
    parts: Sequence[tuple[dict[str, Any], Callable[[bool], bool]]],
    seconds: float,
) -> Job:
    """Return a job in INIT that takes *seconds* for something that does not move servers.

    Each part has its entities and is told at the end whether it goes well; it returns whether it could.
    """
    now = state.clock.now()
    job = Job(state.hex(), job_type, now)
    ordered = state.fail_next.pop(job_type, None)
    made = [_part(state, job, entities, now) for entities, _ in parts]

    def finish(at: float) -> None:
        for one, (_, done) in zip(made, parts, strict=True):
            code = ordered if one is made[0] else None
            _end(one, at, None if done(code is None) else code or JOB_TYPES[job_type].failure)
        if job.subs is not None:
            failing = any(one.status == "FAIL" for one in made)
            state.later(at + _WRAPPED_UP, lambda then: _end(job, then, "Common.0021" if failing else None))

    if not parts:  # only where a deviation lets an empty list pass
        job.subs = []
    for one in made if job.subs is None else [*made, job]:
        state.later(now + _PICKED_UP, partial(_begin, one))
    state.later(now + seconds, finish)
    project.jobs[job.id] = job
    return job


def _part(state: State, job: Job, entities: dict[str, Any], now: float) -> Job:
    """Return the part of *job* for its entities: a sub-job, or the job itself where there are none."""
    sub = JOB_TYPES[job.job_type].sub
    if sub is None:
        job.entities = entities
        return job
    part = Job(state.hex(), sub, now, entities)
    job.subs = [*(job.subs or ()), part]
    return part


def _begin(job: Job, at: float) -> None:
    if job.status == "INIT":
        job.status = "RUNNING"


def _end(job: Job, at: float, code: str | None) -> None:
    if job.ended is not None:
        return
    job.status, job.ended = ("FAIL" if code else "SUCCESS"), at
    if code:
        job.code, job.reason = code, "Subjob fails." if code == "Common.0021" else "The operation failed."


def _shown(job: Job, deviates: Callable[[str], bool], *, sub: bool = False) -> dict[str, Any]:
    begun, ended = stamp(job.begun, "ms"), stamp(job.ended, "ms") if job.ended is not None else None
    if ended is not None and deviates("job-times-swapped"):
        begun, ended = ended, begun
    entities = {} if sub and deviates("job-entities-empty") else dict(job.entities)
    if sub and job.reason is not None:
        entities["errorcode_message"] = job.reason
    if job.subs is not None:
        shown = [_shown(one, deviates, sub=True) for one in job.subs]
        total = len(shown) + deviates("job-total-wrong")
        entities = {"sub_jobs_total": total, "sub_jobs": shown[:-1] if deviates("job-sub-missing") else shown}
    body: dict[str, Any] = {
        "status": job.status,
        "entities": entities,
        "job_id": job.id,
        "job_type": job.job_type,
        "begin_time": begun,
        "end_time": ended,
        "error_code": job.code,
        "fail_reason": job.reason,
    }
    if job.status == "SUCCESS" and deviates("job-error-left"):
        body["error_code"] = ""
    if job.status == "FAIL" and deviates("job-error-missing"):
        body["error_code"] = None
    if job.status == "RUNNING" and deviates("job-status-unknown"):
        body["status"] = "PROCESSING"
    if not sub and deviates("job-type-missing"):
        del body["job_type"]
    return body


@route("GET", "/v1/{project_id}/jobs/{job_id}", family="ecs")
def show_job(request: Request, state: State) -> Response:
    """Show a job of the project."""
    job = request.project.jobs.get(request.parameters["job_id"])
    if job is None and state.deviates("job-unknown-served"):
        now = state.clock.now()
        job = Job(request.parameters["job_id"], "createServer", now, status="SUCCESS", ended=now)
    if job is None:
        raise EcsError("Common.0011", "Failed to query system tasks.")
    body = _shown(job, state.deviates)
    if job.ended is not None:
        job.seen += 1
        if job.seen == 2 and job.status == "SUCCESS" and state.deviates("job-backwards"):
            body["status"] = "RUNNING"
    return Response(200, body)
