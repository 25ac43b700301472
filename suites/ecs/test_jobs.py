"""Rules of querying jobs (5.8.1). Most are judged in every job body of the run; see pytest_ecs._checks.jobs."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

_JOBS, _CREATE = "ecs.jobs.show/rule", "ecs.servers.create/rule"


@pytest.mark.ecs_requirement(
    f"{_JOBS}/known-to-query",
    f"{_JOBS}/ends",
    f"{_JOBS}/create-type",
    f"{_JOBS}/create-sub-jobs",
    f"{_JOBS}/server-named",
    f"{_CREATE}/name-suffix",
    f"{_CREATE}/count-servers",
    f"{_CREATE}/success-creates",
)
def test_the_job_of_a_creation(ecs_bench: Bench) -> None:
    """It can be queried, ends, has the documented type, and a sub-job for each server; they run, with numbered names."""
    # No number at its end says where to begin.
    pool, name = ecs_bench.session.pool, f"{ecs_bench.new_name('many')}-plain"
    started = ecs_bench.client.post("/v1/{project_id}/cloudservers", pool.template(name, 2))
    asked = ecs_bench.client.get(f"/v1/{{project_id}}/jobs/{ecs_bench.read(started, 'job_id')}")
    ecs_bench.check(f"{_JOBS}/known-to-query", asked, "status", equals=200)
    ids = pool.settle(started)
    last = ecs_bench.session.job(ecs_bench.read(started, "job_id"))[-1]
    ecs_bench.check(f"{_JOBS}/ends", last, "body", "status", one_of=["SUCCESS", "FAIL"])
    ecs_bench.check(f"{_JOBS}/create-type", last, "body", "job_type", equals="createServer")
    kinds = ["createSingleServer", "createSingleServer"]
    ecs_bench.check(f"{_JOBS}/create-sub-jobs", last, "body", "entities", "sub_jobs", "*", "job_type", equals=kinds)
    ecs_bench.check(
        f"{_JOBS}/server-named", last, "body", "entities", "sub_jobs", "*", "entities", "server_id", same_items=ids
    )
    shown = ecs_bench.client.get("/v2.1/{project_id}/servers/detail", query={"name": name})
    ecs_bench.check(f"{_CREATE}/success-creates", shown, "body", "servers", "*", "status", equals=["ACTIVE", "ACTIVE"])
    ecs_bench.check(f"{_CREATE}/count-servers", shown, "body", "servers", length=2)
    first = 0 if f"{name}-0000" in ecs_bench.read(shown, "servers", "*", "name") else 1  # ruling name-suffix-start
    names = [f"{name}-{number:04}" for number in (first, first + 1)]
    ecs_bench.check(f"{_CREATE}/name-suffix", shown, "body", "servers", "*", "name", same_items=names)


@pytest.mark.ecs_requirement(f"{_JOBS}/unknown-id")
def test_an_unknown_job_is_refused(ecs_bench: Bench) -> None:
    """An id that no operation returned is refused, where a real one is answered."""
    control = ecs_bench.client.get(f"/v1/{{project_id}}/jobs/{ecs_bench.finished_job()}")
    unknown = ecs_bench.unknown_id().replace("-", "")
    ecs_bench.expect(
        f"{_JOBS}/unknown-id",
        "GET",
        f"/v1/{{project_id}}/jobs/{unknown}",
        expects="unknown-job",
        change="the id was never returned",
        control=control.id,
    )


@pytest.mark.ecs_requirement(f"{_JOBS}/fail-has-error", f"{_JOBS}/fail-code-known")
def test_a_job_that_fails_says_why(ecs_bench: Bench) -> None:
    """Where the target can be told to let a job fail: the job ends in FAIL with a reason, and a code of A.2 if any."""
    hook = ecs_bench.session.target.control
    if hook is None:
        for rule in ("fail-has-error", "fail-code-known"):
            ecs_bench.not_tested(f"{_JOBS}/{rule}", "no job failed in this run")
        return
    lease = ecs_bench.session.pool.lease("ACTIVE")
    hook("POST", "/_mock/fail", {"job_type": "stopServers", "code": "Ecs.0204"})
    stop = {"os-stop": {"servers": [{"id": lease.id}]}}
    started = ecs_bench.client.post("/v1/{project_id}/cloudservers/action", stop)
    ecs_bench.wait_out(started)
    # The judge looks at every job body of the run.
    for rule in ("fail-has-error", "fail-code-known"):
        ecs_bench.not_tested(f"{_JOBS}/{rule}", "the job that was to fail did not")
    lease.release()


@pytest.mark.ecs_requirement(f"{_JOBS}/nic-named")
def test_the_job_of_a_nic_names_it(ecs_bench: Bench) -> None:
    """The job that adds a NIC, and the one that deletes it, name it in entities, their own or a subtask's."""
    lease = ecs_bench.session.pool.lease("ACTIVE")
    interfaces = f"/v2.1/{{project_id}}/servers/{lease.id}/os-interface"
    ports = ("interfaceAttachments",)
    before = [nic["port_id"] for nic in ecs_bench.read(ecs_bench.client.get(interfaces), *ports)]
    nics = f"/v1/{{project_id}}/cloudservers/{lease.id}/nics"
    subnet = ecs_bench.need_resource("subnet_id")
    added = str(ecs_bench.make(nics, {"nics": [{"subnet_id": subnet}]}, "job_id"))
    now = [nic["port_id"] for nic in ecs_bench.read(ecs_bench.client.get(interfaces), *ports)]
    (port,) = ecs_bench.exactly(1, set(now) - set(before), "the new NIC")
    _names(ecs_bench, added, port)
    deleted = str(ecs_bench.make(f"{nics}/delete", {"nics": [{"id": port}]}, "job_id"))
    _names(ecs_bench, deleted, port)
    lease.release()


def _names(bench: Bench, job: str, port: str) -> None:
    """Judge that a job, which is over, names a NIC."""
    last = bench.session.job(job)[-1]
    entities = bench.read(last, "entities")
    subtasks = entities.get("sub_jobs") or []
    if subtasks and not entities.get("nic_id"):
        bench.check(
            f"{_JOBS}/nic-named", last, "body", "entities", "sub_jobs", "*", "entities", "nic_id", contains=port
        )
    else:
        bench.check(f"{_JOBS}/nic-named", last, "body", "entities", "nic_id", equals=port)
