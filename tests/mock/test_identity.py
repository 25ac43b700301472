from __future__ import annotations

import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import Client


def test_a_token_is_for_the_users_project(client: Client) -> None:
    """4.2: the answer is 201 with the token in a header and its description in the body."""
    answer = client.login()
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert answer.headers["X-Subject-Token"]
    assert token["project"]["id"] == client.project
    assert token["methods"] == ["password"]
    assert {"catalog", "expires_at", "issued_at", "user"} <= token.keys()


@pytest.mark.parametrize("changed", [{"password": "wrong"}, {"username": "nobody"}, {"domain": "elsewhere"}])
def test_wrong_credentials_are_refused(client: Client, changed: dict[str, str]) -> None:
    """4.3: IAM refuses with 401 in the gateway's form."""
    answer = client.login(**changed)
    assert answer.status_code == 401
    assert answer.json().keys() == {"error_code", "error_msg"}


def test_a_project_can_be_named_or_given_by_its_id(client: Client) -> None:
    """4.2: the scope has the project's name; ids are the clients' habit."""
    assert client.login(scope={"project": {"name": client.me["project_name"]}}).status_code == 201
    assert client.login(scope={"project": {"name": "no-such"}}).status_code == 401
    assert client.login(scope={"project": {}}).status_code == 401


def test_a_token_of_an_account_does_not_open_a_project(client: Client) -> None:
    """4.1: scope can be an account; ECS is a project-level service."""
    answer = client.login(scope={"domain": {"name": client.me["domain"]}})
    assert answer.json()["token"]["domain"]["name"] == client.me["domain"]
    client.http.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
    assert client.code(client.v1("GET", "cloudservers/limits")) == (400, "Ecs.0023")
    assert client.http.get("/v3/projects").json()["projects"][0]["id"] == client.project


def test_a_token_expires_after_a_day(client: Client) -> None:
    """4.2: 24 hours, and not a second more."""
    client.advance(24 * 3600 - 1)
    assert client.v1("GET", "cloudservers/limits").status_code == 200
    client.advance(1)
    assert client.code(client.v1("GET", "cloudservers/limits")) == (401, "Common.0013")


def test_a_request_without_a_good_token_is_refused(cloud: MockCloud) -> None:
    """A.2: Common.0013 for the ECS APIs, the native form for the native ones."""
    client = Client(cloud, token=False)
    for headers in ({}, {"X-Auth-Token": "garbage"}):
        assert client.code(client.v1("GET", "cloudservers/limits", headers=headers)) == (401, "Common.0013")
        native = client.http.get(f"/v2.1/{client.project}/servers", headers=headers)
        assert (native.status_code, native.json()["unauthorized"]["code"]) == (401, 401)


def test_the_project_in_the_url_must_be_the_tokens(client: Client) -> None:
    """A.2: Ecs.0023; the native APIs forbid it."""
    other = client.cloud.describe("")["other_project"]["project_id"]
    assert client.code(client.http.get(f"/v1/{other}/cloudservers/limits")) == (400, "Ecs.0023")
    assert client.http.get(f"/v2.1/{other}/servers").status_code == 403
    assert client.v1("GET", "cloudservers/limits", headers={"X-Project-Id": other}).status_code == 400


def test_servers_and_jobs_of_another_project_are_not_there(client: Client) -> None:
    """One project's ids mean nothing in another."""
    job = client.run("cloudservers", client.request())
    (server,) = (sub["entities"]["server_id"] for sub in job["entities"]["sub_jobs"])
    other = Client(client.cloud, "other_project")
    assert other.nova("GET", f"servers/{server}").status_code == 404
    assert other.nova("DELETE", f"servers/{server}").status_code == 404
    delete = other.v1("POST", "cloudservers/delete", {"servers": [{"id": server}]})
    assert other.code(delete) == (404, "Ecs.0114")
    assert other.code(other.v1("GET", f"jobs/{job['job_id']}")) == (400, "Common.0011")


def test_the_same_seed_gives_the_same_cloud() -> None:
    """Ids and credentials come from the seed alone; the projects share none."""
    first, again, other = (MockCloud(seed=seed).describe("") for seed in (1, 1, 2))
    assert first == again
    assert first["ak"] != other["ak"]
    theirs = first["other_project"]
    assert first["domain"] != theirs["domain"]
    assert not {first[key] for key in ("project_id", "ak", "sk", "password")} & {*map(str, theirs.values())}
    assert first["resources"]["subnet_id"] != theirs["resources"]["subnet_id"]
