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
    pool, name = ecs_bench.session.pool, ecs_bench.new_name("many")
    started = ecs_bench.client.post("/v1/{project_id}/cloudservers", pool.template(name, 2))
    first = ecs_bench.client.get(f"/v1/{{project_id}}/jobs/{ecs_bench.read(started, 'job_id')}")
    ecs_bench.check(f"{_JOBS}/known-to-query", first, "status", equals=200)
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
    names = [f"{name}-0000", f"{name}-0001"]
    ecs_bench.check(f"{_CREATE}/name-suffix", shown, "body", "servers", "*", "name", same_items=names)


@pytest.mark.ecs_requirement(f"{_JOBS}/unknown-id")
def test_an_unknown_job_is_refused(ecs_bench: Bench) -> None:
    """An id that no operation returned is refused, where a real one is answered."""
    control = ecs_bench.client.get(f"/v1/{{project_id}}/jobs/{ecs_bench.finished_job()}")
    unknown = ecs_bench.unknown_id().replace("-", "")
    ecs_bench.expect(
        f"{_JOBS}/unknown-id", "GET", f"/v1/{{project_id}}/jobs/{unknown}",
        expects="unknown-job", change="the id was never returned", control=control.id,
    )  # fmt: skip
