"""Many clients at a time: nothing is lost, nothing contradicts itself, nothing fails."""

from __future__ import annotations

import httpx

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve
from pytest_ecs._mock.state.clock import ScaledClock
from tests.mock.load import run_load


def test_clients_that_get_in_each_others_way_leave_a_consistent_cloud() -> None:
    """Sixteen of them; afterwards every server comes to rest and can be deleted, and nothing of it is left."""
    cloud = MockCloud(clock=ScaledClock(200))
    project = cloud._state.primary.project
    before = cloud.control("GET", "/_mock/consistency")["complaints"]
    with serve(cloud) as server:
        about = cloud.describe(server.url)
        report, _ = run_load(about, threads=16, more=lambda steps: steps < 25)
        assert before == cloud.control("GET", "/_mock/consistency")["complaints"] == []
        assert report.wrong == []
        assert {200, 202, 204} & set(report.statuses)
        assert len(report.accepted) > 10
        cloud.control("POST", "/_mock/clock", {"advance": 3600})
        state = cloud._state.projects[project]
        assert all(one.task_state is None for one in state.servers.values())
        assert all(job.status in {"SUCCESS", "FAIL"} for job in state.jobs.values())
        for one in state.servers.values():
            one.locked = False
        assert state.servers
        body = {"servers": [{"id": one} for one in state.servers], "delete_volume": True, "delete_publicip": True}
        token = httpx.post(f"{server.url}/v3/auth/tokens", json=_login(about), trust_env=False).headers[
            "X-Subject-Token"
        ]
        path = f"{server.url}/v1/{about['project_id']}/cloudservers/delete"
        assert httpx.post(path, json=body, headers={"X-Auth-Token": token}, trust_env=False).status_code == 200
    cloud.control("POST", "/_mock/clock", {"advance": 3600})
    assert state.servers == {}
    assert cloud.control("GET", "/_mock/consistency")["complaints"] == []
    faults = [entry for entry in cloud.control("GET", "/_mock/requests")["requests"] if "fault" in entry]
    assert faults == []


def _login(about: dict[str, str]) -> dict[str, object]:
    user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
    scope = {"project": {"id": about["project_id"]}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
