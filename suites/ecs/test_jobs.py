"""Rules of querying jobs (5.8.1). Most are judged in every job body of the run; see pytest_ecs._checks.jobs."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Exchange, Expect, Jobs, Servers, Supplies, Target, exactly, read, url_of

from .. import surplus
from .creating import NAMES, SERVERS, named

pytestmark = pytest.mark.ecs_group("servers")


def _several(client: Client, servers: Servers, supplies: Supplies) -> tuple[Exchange, Exchange, list[str]]:
    """Return the creation of two servers, the first query of its job, and the servers' ids; it is made once."""

    def create() -> tuple[Exchange, Exchange, list[str]]:
        # No number at its end says where to begin.
        started = client.post(SERVERS, servers.template(f"{supplies.name('many')}-plain", 2))
        asked = client.get(url_of("ecs.jobs.show", job_id=read(started, "job_id")))
        return started, asked, servers.settle(started)

    made: tuple[Exchange, Exchange, list[str]]
    made = supplies.once(
        "two servers of one job", lambda: surplus.as_many(2, create, lambda made: _count(client, made[0]))
    )
    return made


def _count(client: Client, started: Exchange) -> int:
    return surplus.count_named(client, started.request_body["server"]["name"])


@pytest.mark.ecs_requirement(
    "ecs.jobs.show/rule/known-to-query",
    "ecs.jobs.show/rule/ends",
    "ecs.jobs.show/rule/create-type",
    "ecs.jobs.show/rule/create-sub-jobs",
    "ecs.jobs.show/rule/server-named",
)
def test_the_job_of_a_creation(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """It can be queried, ends, has the documented type, and a sub-job for each server, which it names."""
    started, asked, _ = _several(ecs_client, ecs_servers, ecs_supplies)
    ecs_check.accepted("ecs.jobs.show/rule/known-to-query", asked)
    last, subtasks = ecs_jobs.queries(read(started, "job_id"))[-1], ("body", "entities", "sub_jobs", "*")
    ecs_check("ecs.jobs.show/rule/ends", last, "body", "status", one_of=["SUCCESS", "FAIL"])
    ecs_check("ecs.jobs.show/rule/create-type", last, "body", "job_type", equals="createServer")
    job_types = ["createSingleServer", "createSingleServer"]
    ecs_check("ecs.jobs.show/rule/create-sub-jobs", last, *subtasks, "job_type", equals=job_types)
    name = started.request_body["server"]["name"]
    ids = [one["id"] for one in read(named(ecs_client, name), "servers") if str(one["name"]).startswith(name)]
    ecs_check("ecs.jobs.show/rule/server-named", last, *subtasks, "entities", "server_id", same_items=ids)


@pytest.mark.ecs_requirement("ecs.servers.create/rule/success-creates")
def test_the_servers_of_a_creation_are_there(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Each that was asked for is shown, and runs."""
    _, _, ids = _several(ecs_client, ecs_servers, ecs_supplies)
    for server in ids:
        shown = ecs_servers.show(server)
        if ecs_check.accepted("ecs.servers.create/rule/success-creates", shown):
            ecs_check("ecs.servers.create/rule/success-creates", shown, "body", "server", "status", equals="ACTIVE")
    ecs_check.not_tested("ecs.servers.create/rule/success-creates", "nothing names the servers of the creation")


@pytest.mark.ecs_requirement("ecs.servers.create/rule/name-suffix", "ecs.servers.create/rule/count-servers")
def test_the_servers_of_a_creation_are_numbered(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """As many as the count says, with names that go up by one."""
    started, _, _ = _several(ecs_client, ecs_servers, ecs_supplies)
    name = started.request_body["server"]["name"]
    listed = named(ecs_client, name)
    found = [str(one) for one in read(listed, "servers", "*", "name")]
    first = 0 if f"{name}-0000" in found else 1  # ruling name-suffix-start
    names = [f"{name}-{number:04}" for number in (first, first + 1)]
    ecs_check("ecs.servers.create/rule/name-suffix", listed, *NAMES, includes=names)
    if all(one.startswith(name) for one in found):
        ecs_check("ecs.servers.create/rule/count-servers", listed, "body", "servers", length=2)
    else:  # the filter is not followed, which is judged elsewhere
        own = sorted(one for one in found if one.startswith(name))
        wanted = own if len(own) == 2 else names
        ecs_check("ecs.servers.create/rule/count-servers", listed, *NAMES, includes=wanted)


@pytest.mark.ecs_requirement("ecs.jobs.show/rule/unknown-id")
def test_an_unknown_job_is_refused(
    ecs_client: Client, ecs_expect: Expect, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """An id that no operation returned is refused, where a real one is answered."""
    control = ecs_client.get(url_of("ecs.jobs.show", job_id=ecs_jobs.finished()))
    unknown = ecs_supplies.unknown_id().replace("-", "")
    ecs_expect(
        "ecs.jobs.show/rule/unknown-id",
        "GET",
        url_of("ecs.jobs.show", job_id=unknown),
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
        for rule in ("ecs.jobs.show/rule/fail-has-error", "ecs.jobs.show/rule/fail-code-known"):
            ecs_check.not_tested(rule, "no job failed in this run")
        return
    lease = ecs_servers("ACTIVE")
    hook("POST", "/_mock/fail", {"job_type": "stopServers"})
    stop = {"os-stop": {"servers": [{"id": lease.id}]}}
    started = ecs_client.post(url_of("ecs.servers.batch-stop"), stop)
    ecs_jobs.wait_out(started)
    # The judge looks at every job body of the run.
    for rule in ("ecs.jobs.show/rule/fail-has-error", "ecs.jobs.show/rule/fail-code-known"):
        ecs_check.not_tested(rule, "the job that was to fail did not")


@pytest.mark.ecs_requirement("ecs.jobs.show/rule/nic-named")
def test_the_job_of_a_nic_names_it(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_jobs: Jobs
) -> None:
    """The job that adds a NIC, and the one that deletes it, name it in entities, their own or a subtask's."""
    lease = ecs_servers("ACTIVE")
    interfaces = url_of("nova.nics.list", server_id=lease.id)
    ports = ("interfaceAttachments",)
    before = [nic["port_id"] for nic in read(ecs_client.get(interfaces), *ports)]
    nics = url_of("ecs.nics.add", server_id=lease.id)
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
