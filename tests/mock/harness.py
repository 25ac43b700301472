"""A client of the mock for its tests: in process, with a token, and able to let time pass."""

from __future__ import annotations

from typing import Any

import httpx

from pytest_ecs._mock import MockCloud

__all__ = ["Client", "JsonObject"]

JsonObject = dict[str, Any]
BASE = "http://ecs.test"


class Client:
    """Talks to one mock as one of its users."""

    def __init__(self, cloud: MockCloud, who: str = "", *, token: bool = True) -> None:
        self.cloud = cloud
        described = cloud.describe(BASE)
        self.me: JsonObject = described[who] if who else described
        #: The restricted user lives in the primary user's project.
        self.resources: JsonObject = self.me.get("resources") or described["resources"]
        self.project: str = self.me["project_id"]
        #: A port that no server has: no API makes or lists one.
        self.port: str = next(iter(cloud._state.projects[self.project].ports))
        # Faults of the mock must not hide behind a transport that answers for it.
        self.http = httpx.Client(transport=httpx.WSGITransport(app=cloud), base_url=BASE)
        if token:
            self.http.headers["X-Auth-Token"] = self.login().headers["X-Subject-Token"]

    def login(self, **changed: Any) -> httpx.Response:
        """Ask for a token, with some of the credentials changed."""
        me = {**self.me, **changed}
        user = {"name": me["username"], "password": me["password"], "domain": {"name": me["domain"]}}
        scope = changed.get("scope", {"project": {"id": self.project}})
        identity = {"methods": ["password"], "password": {"user": user}}
        return self.http.post("/v3/auth/tokens", json={"auth": {"identity": identity, "scope": scope}})

    def v1(self, method: str, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """Call an ECS API of the project."""
        return self.http.request(method, f"/v1/{self.project}/{path}", json=json, **more)

    def nova(
        self, method: str, path: str, json: Any = None, at: str = "", v: str = "2.1", **more: Any
    ) -> httpx.Response:
        """Call a native API of the project, at a microversion."""
        headers = {"X-OpenStack-Nova-API-Version": at} if at else {}
        return self.http.request(method, f"/v{v}/{self.project}/{path}", json=json, headers=headers, **more)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.cloud.control("POST", "/_mock/clock", {"advance": seconds})

    def request(self, **changed: Any) -> JsonObject:
        """Return a valid request for a creation (5.1.1), changed; None takes a field out."""
        r = self.resources
        server = {
            "name": "one",
            "imageRef": r["image_id"],
            "flavorRef": r["flavor_id"],
            "vpcid": r["vpc_id"],
            "nics": [{"subnet_id": r["subnet_id"]}],
            "root_volume": {"volumetype": "SSD"},
            **changed,
        }
        return {"server": {key: value for key, value in server.items() if value is not None}}

    def native(self, **changed: Any) -> JsonObject:
        """Return a valid request for a native creation (6.2.1), changed; None takes a field out."""
        r = self.resources
        server = {
            "name": "one",
            "imageRef": r["image_id"],
            "flavorRef": r["flavor_id"],
            "networks": [{"uuid": r["network_id"]}],
            **changed,
        }
        return {"server": {key: value for key, value in server.items() if value is not None}}

    def deliver(self, path: str, json: Any) -> str:
        """Call a job API and return the id of its job."""
        answer = self.v1("POST", path, json)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> JsonObject:
        """Return a job as it is now."""
        answer = self.v1("GET", f"jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def run(self, path: str, json: Any) -> JsonObject:
        """Call a job API, wait for its job and return it."""
        job_id = self.deliver(path, json)
        self.advance(120)
        return self.job(job_id)

    def create(self, **changed: Any) -> list[str]:
        """Create servers, wait for them and return their ids."""
        job = self.run("cloudservers", self.request(**changed))
        assert job["status"] == "SUCCESS", job
        return [sub["entities"]["server_id"] for sub in job["entities"]["sub_jobs"]]

    def show(self, server: str, at: str = "") -> JsonObject:
        """Return a server's details."""
        answer = self.nova("GET", f"servers/{server}", at=at)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["server"])

    def act(self, server: str, action: str, **inner: Any) -> httpx.Response:
        """Call a native action."""
        return self.nova("POST", f"servers/{server}/action", {action: inner})

    def null(self, server: str, action: str, **more: Any) -> httpx.Response:
        """Call a native action that says nothing but its name."""
        return self.nova("POST", f"servers/{server}/action", {action: None}, **more)

    def stopped(self) -> str:
        """Create a server and stop it."""
        (server,) = self.create()
        assert self.run("cloudservers/action", {"os-stop": {"servers": [{"id": server}]}})["status"] == "SUCCESS"
        return server

    def volume(self, size: int = 10, *, wait: float = 10, **changed: Any) -> str:
        """Create a disk, wait for it and return its id (11.4.4)."""
        answer = self.nova("POST", "os-volumes", {"volume": {"size": size, "volume_type": "SSD", **changed}})
        assert answer.status_code == 200, answer.text
        self.advance(wait)
        return str(answer.json()["volume"]["id"])

    def disk(self, volume: str) -> JsonObject:
        """Return a disk as the discarded view shows it (11.4.3)."""
        answer = self.nova("GET", f"os-volumes/{volume}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["volume"])

    def attached(self, server: str) -> dict[str, str]:
        """Return the disks of a server by their devices (6.8.1)."""
        answer = self.nova("GET", f"servers/{server}/os-volume_attachments")
        return {one["device"]: one["volumeId"] for one in answer.json()["volumeAttachments"]}

    def code(self, answer: httpx.Response) -> tuple[int, str]:
        """Return the HTTP status and the error code of a v1 refusal."""
        body = answer.json()
        return answer.status_code, body["error"]["code"] if "error" in body else f"no refusal: {body}"
