from __future__ import annotations

import re

import pytest

from tests.mock.harness import Client

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_job_goes_from_init_to_running_to_success(client: Client) -> None:
    """Table 5-63, and the example of 5.8.1."""
    job_id = client.deliver("cloudservers", client.request(count=2))
    seen: list[str] = []
    for _ in range(60):
        job = client.job(job_id)
        if not seen or seen[-1] != job["status"]:
            seen.append(job["status"])
        client.advance(1)
    assert seen == ["INIT", "RUNNING", "SUCCESS"]
    assert (job["job_type"], job["error_code"], job["fail_reason"]) == ("createServer", None, None)
    assert MOMENT.fullmatch(job["begin_time"])
    assert MOMENT.fullmatch(job["end_time"])
    assert job["begin_time"] < job["end_time"]
    subs = job["entities"]["sub_jobs"]
    assert job["entities"]["sub_jobs_total"] == len(subs) == 2
    for sub in subs:
        assert (sub["status"], sub["job_type"], sub["error_code"]) == ("SUCCESS", "createSingleServer", None)
        assert job["begin_time"] <= sub["begin_time"] < sub["end_time"] < job["end_time"]
        assert client.show(sub["entities"]["server_id"])["status"] == "ACTIVE"


def test_a_job_is_not_over_before_its_server(client: Client) -> None:
    """SUCCESS of a job indicates that the operation is over (5.1.1)."""
    job_id = client.deliver("cloudservers", client.request())
    for _ in range(60):
        job = client.job(job_id)
        server = job["entities"]["sub_jobs"][0]["entities"]["server_id"]
        assert (job["status"] == "SUCCESS") <= (client.show(server)["status"] == "ACTIVE")
        client.advance(1)


def test_a_failed_creation_is_rolled_back(client: Client) -> None:
    """6.2.1 says that only this API does: one sub-job of the batch fails, and its server goes."""
    client.cloud.control("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0202"})
    job = client.run("cloudservers", client.request(count=2))
    first, second = job["entities"]["sub_jobs"]
    assert (job["status"], job["error_code"]) == ("FAIL", "Common.0021")
    assert (first["status"], first["error_code"], second["status"]) == ("FAIL", "Ecs.0202", "SUCCESS")
    assert first["entities"]["errorcode_message"] == first["fail_reason"]
    assert client.nova("GET", f"servers/{first['entities']['server_id']}").status_code == 404
    assert client.show(second["entities"]["server_id"])["status"] == "ACTIVE"
    assert client.run("cloudservers", client.request())["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("job_type", "action"), [("stopServers", {"os-stop": {}}), ("rebootServers", {"reboot": {"type": "HARD"}})]
)
def test_a_failed_operation_leaves_its_server_as_it_was(
    client: Client, job_type: str, action: dict[str, dict[str, object]]
) -> None:
    """What the job says is what happened."""
    (server,) = client.create()
    client.cloud.control("POST", "/_mock/fail", {"job_type": job_type, "code": "Ecs.0100"})
    for inner in action.values():
        inner["servers"] = [{"id": server}]
    job = client.run("cloudservers/action", action)
    assert (job["status"], job["job_type"]) == ("FAIL", job_type)
    assert client.show(server)["status"] == "ACTIVE"


def test_a_failed_resize_has_its_own_code(client: Client) -> None:
    """A job without sub-jobs shows the code itself, and the flavor stays."""
    server = client.stopped()
    client.cloud.control("POST", "/_mock/fail", {"job_type": "resizeServer", "code": "Ecs.0207"})
    job = client.run(f"cloudservers/{server}/resize", {"resize": {"flavorRef": client.resources["other_flavor_id"]}})
    assert (job["status"], job["error_code"]) == ("FAIL", "Ecs.0207")
    assert client.show(server)["flavor"]["id"] == client.resources["flavor_id"]


def test_a_server_that_is_deleted_while_it_is_made_fails_its_creation(client: Client) -> None:
    """Both jobs come to an end."""
    creation = client.deliver("cloudservers", client.request())
    server = client.job(creation)["entities"]["sub_jobs"][0]["entities"]["server_id"]
    client.advance(10)
    deletion = client.deliver("cloudservers/delete", {"servers": [{"id": server}]})
    again = client.deliver("cloudservers/delete", {"servers": [{"id": server}]})
    assert client.show(server)["status"] == "BUILD"
    client.advance(60)
    assert client.job(creation)["status"] == "FAIL"
    assert [client.job(one)["status"] for one in (deletion, again)] == ["SUCCESS", "SUCCESS"]


def test_a_server_can_be_deleted_twice(client: Client) -> None:
    """While it is going, both jobs wait for the same end."""
    (server,) = client.create()
    body = {"servers": [{"id": server}, {"id": server}]}
    first, second = client.deliver("cloudservers/delete", body), client.deliver("cloudservers/delete", body)
    client.advance(60)
    assert [client.job(one)["status"] for one in (first, second)] == ["SUCCESS", "SUCCESS"]
    assert client.job(first)["entities"]["sub_jobs_total"] == 1


def test_an_unknown_job_is_refused(client: Client) -> None:
    """A.2: Common.0011."""
    assert client.code(client.v1("GET", "jobs/none")) == (400, "Common.0011")
