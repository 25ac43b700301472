"""Rules of querying jobs (5.8.1). Most are judged in every job body of the run; see pytest_ecs._checks.jobs."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Expect, Jobs, Servers, Supplies, Target, exactly, read

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
def test_the_job_of_a_creation(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """It can be queried, ends, has the documented type, and a sub-job for each server; they run, with numbered names."""
    # No number at its end says where to begin.
    name = f"{ecs_supplies.name('many')}-plain"
    started = ecs_client.post("/v1/{project_id}/cloudservers", ecs_servers.template(name, 2))
    asked = ecs_client.get(f"/v1/{{project_id}}/jobs/{read(started, 'job_id')}")
    ecs_check(f"{_JOBS}/known-to-query", asked, "status", equals=200)
    ids = ecs_servers.settle(started)
    last = ecs_jobs.queries(read(started, "job_id"))[-1]
    ecs_check(f"{_JOBS}/ends", last, "body", "status", one_of=["SUCCESS", "FAIL"])
    ecs_check(f"{_JOBS}/create-type", last, "body", "job_type", equals="createServer")
    kinds = ["createSingleServer", "createSingleServer"]
    ecs_check(f"{_JOBS}/create-sub-jobs", last, "body", "entities", "sub_jobs", "*", "job_type", equals=kinds)
    ecs_check(
        f"{_JOBS}/server-named", last, "body", "entities", "sub_jobs", "*", "entities", "server_id", same_items=ids
    )
    shown = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"name": name})
    ecs_check(f"{_CREATE}/success-creates", shown, "body", "servers", "*", "status", equals=["ACTIVE", "ACTIVE"])
    ecs_check(f"{_CREATE}/count-servers", shown, "body", "servers", length=2)
    first = 0 if f"{name}-0000" in read(shown, "servers", "*", "name") else 1  # ruling name-suffix-start
    names = [f"{name}-{number:04}" for number in (first, first + 1)]
    ecs_check(f"{_CREATE}/name-suffix", shown, "body", "servers", "*", "name", same_items=names)


@pytest.mark.ecs_requirement(f"{_JOBS}/unknown-id")
def test_an_unknown_job_is_refused(
    ecs_client: Client, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """An id that no operation returned is refused, where a real one is answered."""
    control = ecs_client.get(f"/v1/{{project_id}}/jobs/{ecs_jobs.finished()}")
    unknown = ecs_supplies.unknown_id().replace("-", "")
    ecs_expect(
        f"{_JOBS}/unknown-id",
        "GET",
        f"/v1/{{project_id}}/jobs/{unknown}",
        expects="unknown-job",
        change="the id was never returned",
        control=control.id,
    )


@pytest.mark.ecs_requirement(f"{_JOBS}/fail-has-error", f"{_JOBS}/fail-code-known")
def test_a_job_that_fails_says_why(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, ecs_servers: Servers, ecs_jobs: Jobs
) -> None:
    """Where the target can be told to let a job fail: the job ends in FAIL with a reason, and a code of A.2 if any."""
    hook = ecs_target.control
    if hook is None:
        for rule in ("fail-has-error", "fail-code-known"):
            ecs_check.not_tested(f"{_JOBS}/{rule}", "no job failed in this run")
        return
    lease = ecs_servers("ACTIVE")
    hook("POST", "/_mock/fail", {"job_type": "stopServers", "code": "Ecs.0204"})
    stop = {"os-stop": {"servers": [{"id": lease.id}]}}
    started = ecs_client.post("/v1/{project_id}/cloudservers/action", stop)
    ecs_jobs.wait_out(started)
    # The judge looks at every job body of the run.
    for rule in ("fail-has-error", "fail-code-known"):
        ecs_check.not_tested(f"{_JOBS}/{rule}", "the job that was to fail did not")
    lease.release()


@pytest.mark.ecs_requirement(f"{_JOBS}/nic-named")
def test_the_job_of_a_nic_names_it(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The job that adds a NIC, and the one that deletes it, name it in entities, their own or a subtask's."""
    lease = ecs_servers("ACTIVE")
    interfaces = f"/v2.1/{{project_id}}/servers/{lease.id}/os-interface"
    ports = ("interfaceAttachments",)
    before = [nic["port_id"] for nic in read(ecs_client.get(interfaces), *ports)]
    nics = f"/v1/{{project_id}}/cloudservers/{lease.id}/nics"
    subnet = ecs_supplies.need("subnet_id")
    added = str(ecs_supplies.make(nics, {"nics": [{"subnet_id": subnet}]}, "job_id"))
    now = [nic["port_id"] for nic in read(ecs_client.get(interfaces), *ports)]
    (port,) = exactly(1, set(now) - set(before), "the new NIC")
    _names(ecs_check, ecs_jobs, added, port)
    deleted = str(ecs_supplies.make(f"{nics}/delete", {"nics": [{"id": port}]}, "job_id"))
    _names(ecs_check, ecs_jobs, deleted, port)
    lease.release()


def _names(check: Check, jobs: Jobs, job: str, port: str) -> None:
    """Judge that a job, which is over, names a NIC."""
    last = jobs.queries(job)[-1]
    entities = read(last, "entities")
    subtasks = entities.get("sub_jobs") or []
    if subtasks and not entities.get("nic_id"):
        check(f"{_JOBS}/nic-named", last, "body", "entities", "sub_jobs", "*", "entities", "nic_id", contains=port)
    else:
        check(f"{_JOBS}/nic-named", last, "body", "entities", "nic_id", equals=port)
