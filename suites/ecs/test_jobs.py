"""Rules of querying jobs (5.8.1). Most are judged in every job body of the run; see pytest_ecs._checks.jobs."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Expect, Jobs, Servers, Supplies, Target, exactly, read

pytestmark = pytest.mark.ecs_group("servers")

_JOBS = "ecs.jobs.show/rule"


@pytest.mark.ecs_requirement(
    "ecs.jobs.show/rule/known-to-query",
    "ecs.jobs.show/rule/ends",
    "ecs.jobs.show/rule/create-type",
    "ecs.jobs.show/rule/create-sub-jobs",
    "ecs.jobs.show/rule/server-named",
    "ecs.servers.create/rule/name-suffix",
    "ecs.servers.create/rule/count-servers",
    "ecs.servers.create/rule/success-creates",
)
def test_the_job_of_a_creation(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """It can be queried, ends, has the documented type, and a sub-job for each server; they run, with numbered names."""
    # No number at its end says where to begin.
    name = f"{ecs_supplies.name('many')}-plain"
    started = ecs_client.post("/v1/{project_id}/cloudservers", ecs_servers.template(name, 2))
    asked = ecs_client.get(f"/v1/{{project_id}}/jobs/{read(started, 'job_id')}")
    ecs_check("ecs.jobs.show/rule/known-to-query", asked, "status", equals=200)
    ids = ecs_servers.settle(started)
    last = ecs_jobs.queries(read(started, "job_id"))[-1]
    ecs_check("ecs.jobs.show/rule/ends", last, "body", "status", one_of=["SUCCESS", "FAIL"])
    ecs_check("ecs.jobs.show/rule/create-type", last, "body", "job_type", equals="createServer")
    kinds = ["createSingleServer", "createSingleServer"]
    ecs_check("ecs.jobs.show/rule/create-sub-jobs", last, "body", "entities", "sub_jobs", "*", "job_type", equals=kinds)
    ecs_check(
        "ecs.jobs.show/rule/server-named",
        last,
        "body",
        "entities",
        "sub_jobs",
        "*",
        "entities",
        "server_id",
        same_items=ids,
    )
    shown = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"name": name})
    ecs_check(
        "ecs.servers.create/rule/success-creates", shown, "body", "servers", "*", "status", equals=["ACTIVE", "ACTIVE"]
    )
    ecs_check("ecs.servers.create/rule/count-servers", shown, "body", "servers", length=2)
    first = 0 if f"{name}-0000" in read(shown, "servers", "*", "name") else 1  # ruling name-suffix-start
    names = [f"{name}-{number:04}" for number in (first, first + 1)]
    ecs_check("ecs.servers.create/rule/name-suffix", shown, "body", "servers", "*", "name", same_items=names)


@pytest.mark.ecs_requirement("ecs.jobs.show/rule/unknown-id")
def test_an_unknown_job_is_refused(
    ecs_client: Client, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """An id that no operation returned is refused, where a real one is answered."""
    control = ecs_client.get(f"/v1/{{project_id}}/jobs/{ecs_jobs.finished()}")
    unknown = ecs_supplies.unknown_id().replace("-", "")
    ecs_expect(
        "ecs.jobs.show/rule/unknown-id",
        "GET",
        f"/v1/{{project_id}}/jobs/{unknown}",
        expects="unknown-job",
        change="the id was never returned",
        control=control.id,
    )


@pytest.mark.ecs_requirement("ecs.jobs.show/rule/fail-has-error", "ecs.jobs.show/rule/fail-code-known")
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


@pytest.mark.ecs_requirement("ecs.jobs.show/rule/nic-named")
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


def _names(check: Check, jobs: Jobs, job: str, port: str) -> None:
    """Judge that a job, which is over, names a NIC."""
    last = jobs.queries(job)[-1]
    entities = read(last, "entities")
    subtasks = entities.get("sub_jobs") or []
    if subtasks and not entities.get("nic_id"):
        check(
            "ecs.jobs.show/rule/nic-named",
            last,
            "body",
            "entities",
            "sub_jobs",
            "*",
            "entities",
            "nic_id",
            contains=port,
        )
    else:
        check("ecs.jobs.show/rule/nic-named", last, "body", "entities", "nic_id", equals=port)
