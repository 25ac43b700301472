"""The embedded mock, held to the document by hand-written expectations, and to itself by hostile input."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs._mock import DEVIATIONS, MockCloud, ScaledClock, VirtualClock
from pytest_ecs._mock.server import serve
from pytest_ecs._mock.state.machine import status_of


class _Cloud:
    """A mock with a client that has a token."""

    def __init__(self, **options: Any) -> None:
        self.mock = MockCloud(**options)
        self.about = self.mock.describe("https://mock.invalid")
        self.http = httpx.Client(transport=httpx.WSGITransport(app=self.mock), base_url="https://mock.invalid")
        self.token = self.login(self.about)

    def login(self, who: dict[str, Any]) -> str:
        user = {"name": who["username"], "password": who["password"], "domain": {"name": who["domain"]}}
        scope = {"project": {"id": who["project_id"]}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        return str(self.http.post("/v3/auth/tokens", json=body).headers["X-Subject-Token"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        path = path.replace("{p}", self.about["project_id"])
        return self.http.request(method, path, json=body, headers={"X-Auth-Token": self.token, **headers})

    def create(self, **server: Any) -> httpx.Response:
        r = self.about["resources"]
        plain = {
            "name": "web",
            "imageRef": r["image_id"],
            "flavorRef": r["flavor_id"],
            "vpcid": r["vpc_id"],
            "nics": [{"subnet_id": r["subnet_id"]}],
            "root_volume": {"volumetype": "SSD"},
        }
        return self.call("POST", "/v1/{p}/cloudservers", {"server": {**plain, **server}})

    def made(self, **server: Any) -> str:
        self.create(**server)
        self.mock.clock.advance(120)
        return str(self.call("GET", "/v2.1/{p}/servers").json()["servers"][0]["id"])

    def status(self, server: str) -> str:
        return str(self.call("GET", f"/v2.1/{{p}}/servers/{server}").json()["server"]["status"])


@pytest.fixture
def cloud() -> Iterator[_Cloud]:
    """A conforming mock."""
    made = _Cloud()
    yield made
    made.http.close()


def test_a_job_passes_through_its_states(cloud: _Cloud) -> None:
    """INIT at once, RUNNING after a moment, SUCCESS with all its sub-jobs and times at the end."""
    job = cloud.create(count=2).json()["job_id"]
    seen = []
    for _ in range(100):
        body = cloud.call("GET", f"/v1/{{p}}/jobs/{job}").json()
        if body["status"] not in seen:
            seen.append(body["status"])
        cloud.mock.clock.advance(1)
    assert seen == ["INIT", "RUNNING", "SUCCESS"]
    assert body["entities"]["sub_jobs_total"] == 2
    assert {sub["status"] for sub in body["entities"]["sub_jobs"]} == {"SUCCESS"}
    assert body["begin_time"] < body["end_time"]


def test_a_job_that_is_told_to_fail_fails(cloud: _Cloud) -> None:
    """The control hook fails the next job of a type, with its code in the sub-job."""
    cloud.mock.control("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0031"})
    job = cloud.create().json()["job_id"]
    cloud.mock.clock.advance(120)
    body = cloud.call("GET", f"/v1/{{p}}/jobs/{job}").json()
    assert (body["status"], body["entities"]["sub_jobs"][0]["error_code"]) == ("FAIL", "Ecs.0031")


def test_names_of_a_batch_count_up(cloud: _Cloud) -> None:
    """A hyphen and four digits, from 0000 or from the number given."""
    cloud.create(count=2)
    cloud.create(count=2, name="db-0041")
    cloud.mock.clock.advance(120)
    names = {server["name"] for server in cloud.call("GET", "/v2.1/{p}/servers").json()["servers"]}
    assert names == {"web-0000", "web-0001", "db-0041", "db-0042"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "a b"}, "Ecs.0005"),
        ({"imageRef": "00000000-0000-4000-8000-000000000000"}, "Ecs.0031"),
        ({"flavorRef": "nope"}, "Ecs.0029"),
        ({"count": 501}, "Ecs.0005"),
        ({"adminPass": "simple"}, "Ecs.0011"),
        ({"description": "<b>"}, "Ecs.0041"),
        ({"nics": []}, "Ecs.0005"),
        ({"root_volume": {"volumetype": "TAPE"}}, "Ecs.0043"),
        ({"user_data": "not base64!"}, "Ecs.0005"),
        ({"metadata": {"k<": "v"}}, "Ecs.0005"),
        ({"publicip": {"id": "00000000-0000-4000-8000-000000000000", "eip": {}}}, "Ecs.0005"),
    ],
)
def test_what_the_tables_forbid_is_refused(cloud: _Cloud, change: dict[str, Any], code: str) -> None:
    """Each in the ECS form with its code."""
    answer = cloud.create(**change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_server_moves_as_table_a4_says(cloud: _Cloud) -> None:
    """Stop, resize, start, restart and delete, with the refusals in the wrong states."""
    server = cloud.made()
    resize = {"resize": {"flavorRef": cloud.about["resources"]["other_flavor_id"]}}
    refused = cloud.call("POST", f"/v1/{{p}}/cloudservers/{server}/resize", resize)
    assert refused.json()["error"]["code"] == "Ecs.0100"
    one = {"servers": [{"id": server}]}
    for body, during, after in (
        ({"os-stop": one}, "ACTIVE", "SHUTOFF"),
        ({"os-start": one}, "SHUTOFF", "ACTIVE"),
        ({"reboot": {"type": "HARD", **one}}, "HARD_REBOOT", "ACTIVE"),
        ({"os-stop": one}, "ACTIVE", "SHUTOFF"),
    ):
        assert cloud.call("POST", "/v1/{p}/cloudservers/action", body).status_code == 200
        assert cloud.status(server) == during
        cloud.mock.clock.advance(60)
        assert cloud.status(server) == after
    assert cloud.call("POST", f"/v1/{{p}}/cloudservers/{server}/resize", resize).status_code == 200
    assert cloud.status(server) == "RESIZE"
    cloud.mock.clock.advance(60)
    assert cloud.call("DELETE", f"/v2.1/{{p}}/servers/{server}").status_code == 204
    cloud.mock.clock.advance(60)
    assert cloud.call("GET", f"/v2.1/{{p}}/servers/{server}").status_code == 404


@pytest.mark.parametrize(
    ("pair", "status"),
    [
        (("building", "spawning"), "BUILD"),
        (("active", "migrating"), "MIGRATING"),
        (("resized", None), "VERIFY_RESIZE"),
        (("error", "rebuilding"), "REBUILD"),
        (("shelved_offloaded", None), "SHELVED_OFFLOADED"),
        (("active", "resize_prep"), "UNKNOWN"),
    ],
)
def test_the_status_is_that_of_table_a4(pair: tuple[str, str | None], status: str) -> None:
    """Some rows of the table, and a pair that it does not list."""
    assert status_of(*pair) == status


@pytest.mark.parametrize(
    ("headers", "status", "has_tags"),
    [
        ({}, 200, False),
        ({"X-OpenStack-Nova-API-Version": "2.25"}, 200, False),
        ({"X-OpenStack-Nova-API-Version": "2.26"}, 200, True),
        ({"OpenStack-API-Version": "compute 2.27"}, 200, True),
        ({"X-OpenStack-Nova-API-Version": "2.61"}, 406, False),
        ({"X-OpenStack-Nova-API-Version": "two"}, 400, False),
    ],
)
def test_microversions_are_negotiated(cloud: _Cloud, headers: dict[str, str], status: int, has_tags: bool) -> None:
    """Both headers, the range, and fields by version."""
    answer = cloud.call("GET", f"/v2.1/{{p}}/servers/{cloud.made()}", **headers)
    assert answer.status_code == status
    assert ("tags" in answer.json().get("server", {})) is has_tags


def test_tokens_expire_after_a_day(cloud: _Cloud) -> None:
    """A token is good until 24 hours of the mock's clock have passed."""
    cloud.mock.clock.advance(24 * 3600 - 1)
    assert cloud.call("GET", "/v1/{p}/cloudservers/limits").status_code == 200
    cloud.mock.clock.advance(2)
    refused = cloud.call("GET", "/v1/{p}/cloudservers/limits")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "Common.0013")


def test_projects_do_not_see_each_other(cloud: _Cloud) -> None:
    """Another project's token gets neither the list nor the server of this one."""
    server = cloud.made()
    other = cloud.login(cloud.about["other_project"])
    path = f"/v2.1/{cloud.about['other_project']['project_id']}/servers"
    assert cloud.http.get(path, headers={"X-Auth-Token": other}).json() == {"servers": []}
    assert cloud.http.get(f"{path}/{server}", headers={"X-Auth-Token": other}).status_code == 404
    mismatch = cloud.call("GET", "/v1/{p}/cloudservers/limits", **{"X-Auth-Token": other})
    assert mismatch.json()["error"]["code"] == "Ecs.0023"


def test_a_restricted_user_needs_the_action_and_what_it_depends_on(cloud: _Cloud) -> None:
    """Nothing is allowed at first; the action alone is not enough where 9.2 lists dependencies."""
    headers = {"X-Auth-Token": cloud.login(cloud.about["restricted_user"])}
    path = f"/v2.1/{cloud.about['project_id']}/servers"
    assert cloud.http.get(path, headers=headers).status_code == 403
    cloud.mock.control("PUT", "/_mock/policy", {"allow": ["ecs:servers:list"]})
    assert cloud.http.get(path, headers=headers).status_code == 200
    assert cloud.http.get(f"{path}/detail", headers=headers).status_code == 403


def test_the_vendors_signer_is_accepted_and_an_altered_request_is_not() -> None:
    """Signatures made by the vendor's own SDK verify; another body, date or key does not."""
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer

    cloud = _Cloud(clock=VirtualClock(time.time()))
    about, body = cloud.about, json.dumps({"dry_run": True, "server": {}})

    class Credentials:
        ak, sk = about["ak"], about["sk"]

    def headers(**change: str) -> dict[str, str]:
        request = SdkRequest(
            method="POST",
            schema="https",
            host="mock.invalid",
            resource_path=f"/v1/{about['project_id']}/cloudservers",
            query_params=[],
            header_params={"Content-Type": "application/json", **change},
            body=body,
        )
        signed = Signer(Credentials()).sign(request)
        return {name: value for name, value in signed.header_params.items() if name.lower() != "host"}

    def status(content: str, sent: dict[str, str]) -> int:
        path = f"/v1/{about['project_id']}/cloudservers"
        return cloud.http.post(path, content=content, headers=sent).status_code

    good = headers()
    assert status(body, good) == 400  # signed rightly: the body is looked at, and lacks its mandatory fields
    assert status(body + " ", good) == 401
    assert status(body, {**good, "Content-Type": "application/json; x=y"}) == 401
    assert status(body, headers(**{"X-Sdk-Date": "20200101T000000Z"})) == 401
    assert status(body, {**good, "Authorization": good["Authorization"].replace(about["ak"], "UNKNOWN")}) == 401
    cloud.http.close()


_TEXT = st.text(max_size=30)
_PATHS = st.sampled_from(
    [
        "/",
        "/v2",
        "/v3/auth/tokens",
        "/v3/projects",
        "/v1/{p}/cloudservers",
        "/v1/{p}/cloudservers/delete",
        "/v1/{p}/cloudservers/action",
        "/v1/{p}/cloudservers/x/resize",
        "/v1/{p}/jobs/x",
        "/v2.1/{p}/servers",
        "/v2.1/{p}/servers/detail",
        "/v2.1/{p}/servers/x/action",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            _TEXT | st.sampled_from(["server", "servers", "os-start", "reboot", "resize", "auth"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "BREW"]),
    path=_PATHS,
    query=st.dictionaries(
        st.sampled_from(["limit", "marker", "name", "status", "sort_key", "changes-since", "x"]), _TEXT, max_size=3
    ),
    body=st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()) | st.just(b"[" * 5000),
    version=st.sampled_from(["2.1", "2.60", "9", "\x7f", "compute 2.27", "2.99999999999"]),
)
def test_no_request_makes_it_crash(method: str, path: str, query: dict[str, str], body: bytes, version: str) -> None:
    """Whatever comes in, an answer below 500 goes out."""
    path = path.replace("{p}", _HOSTILE.about["project_id"])
    headers = {
        "X-Auth-Token": _HOSTILE.token,
        "X-OpenStack-Nova-API-Version": version,
        "Content-Type": "application/json",
    }
    answer = _HOSTILE.http.request(method, path, params=query, content=body, headers=headers)
    assert answer.status_code < 500


_HOSTILE = _Cloud()


def test_an_unknown_deviation_is_named_with_its_neighbours() -> None:
    """A typo would switch on nothing."""
    with pytest.raises(ValueError, match=r"no deviation 'stop-nop'; did you mean stop-noop"):
        MockCloud(deviations=["stop-nop"])
    assert all(text and not text.endswith(".") for text in DEVIATIONS.values())


def test_the_same_seed_gives_the_same_cloud() -> None:
    """Ids and credentials repeat, so that a run can be repeated."""
    assert MockCloud(seed=3).describe("x") == MockCloud(seed=3).describe("x")
    assert MockCloud(seed=3).describe("x") != MockCloud(seed=4).describe("x")


def test_the_scaled_clock_runs_faster_and_signatures_live_in_real_time() -> None:
    """Servers live fast; clients' dates are compared with the clock on the wall."""
    clock = ScaledClock(1000.0)
    before = clock.now()
    while clock.now() == before:
        pass
    assert abs(clock.wall() - time.time()) < 5


def test_it_serves_many_clients_over_http() -> None:
    """Threads that create and delete at once get consistent answers and no error."""
    cloud = MockCloud(clock=ScaledClock(1000.0))
    statuses: list[int] = []
    with serve(cloud) as server:
        about = cloud.describe(server.url)

        def work(number: int) -> None:
            one = _Session(server.url, about)
            created = one.create(f"w{number}")
            statuses.append(created.status_code)
            one.http.get(f"/v2.1/{about['project_id']}/servers/detail", headers=one.headers)
            one.http.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reader = _Session(server.url, about)
        names = {
            s["name"]
            for s in reader.http.get(f"/v2.1/{about['project_id']}/servers", headers=reader.headers).json()["servers"]
        }
        reader.http.close()
    assert statuses == [200] * 8
    assert names == {f"w{n}" for n in range(8)}


class _Session:
    """A client of the HTTP server."""

    def __init__(self, url: str, about: dict[str, Any]) -> None:
        self.about = about
        self.http = httpx.Client(base_url=url)
        user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
        scope = {"project": {"id": about["project_id"]}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        self.headers = {"X-Auth-Token": self.http.post("/v3/auth/tokens", json=body).headers["X-Subject-Token"]}

    def create(self, name: str) -> httpx.Response:
        r = self.about["resources"]
        server = {
            "name": name,
            "imageRef": r["image_id"],
            "flavorRef": r["flavor_id"],
            "vpcid": r["vpc_id"],
            "nics": [{"subnet_id": r["subnet_id"]}],
            "root_volume": {"volumetype": "SSD"},
        }
        return self.http.post(
            f"/v1/{self.about['project_id']}/cloudservers", json={"server": server}, headers=self.headers
        )
