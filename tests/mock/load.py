"""Clients that create, change and delete servers at random, many at a time, over HTTP."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

__all__ = ["Load", "Report", "run_load"]


@dataclass
class Report:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    #: Seconds of each request.
    seconds: list[float] = field(default_factory=list)
    #: Answers that must not be: 5xx, and none at all.
    wrong: list[str] = field(default_factory=list)
    #: How often each kind of request was accepted.
    accepted: Counter[str] = field(default_factory=Counter)


class Load:
    """One client; it knows the servers of all, so that they get in each other's way."""

    def __init__(self, about: dict[str, Any], seed: int, servers: list[str], timeout: float = 30.0) -> None:
        self.about, self.servers, self.report = about, servers, Report()
        self.rng = random.Random(seed)
        self.project, self.resources = about["project_id"], about["resources"]
        # The plainest client that there is: it runs beside the mock, and must not be what is measured.
        self.http = HTTPConnection(about["endpoint"].partition("//")[2], timeout=timeout)
        self.headers = {"Content-Type": "application/json"}
        user = {"name": about["username"], "password": about["password"], "domain": {"name": about["domain"]}}
        scope = {"project": {"id": self.project}}
        identity = {"methods": ["password"], "password": {"user": user}}
        login = json.dumps({"auth": {"identity": identity, "scope": scope}})
        self.http.request("POST", "/v3/auth/tokens", login, self.headers)
        with self.http.getresponse() as answer:
            self.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]
            answer.read()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return the body of its answer where it was accepted, else None."""
        began = time.perf_counter()
        version = {"X-OpenStack-Nova-API-Version": "2.26"} if path.startswith("/v2.1") else {}
        sent = None if body is None else json.dumps(body)
        try:
            self.http.request(method, path.format(p=self.project), sent, {**self.headers, **version})
            with self.http.getresponse() as answer:
                status, content = answer.status, answer.read()
        except (HTTPException, OSError) as error:
            self.http.close()
            self.report.wrong.append(f"{method} {path}: {type(error).__name__}")
            return None
        self.report.seconds.append(time.perf_counter() - began)
        self.report.statuses[status] += 1
        if status >= 500:
            self.report.wrong.append(f"{method} {path}: {status}")
        if status >= 400:
            return None
        self.report.accepted[f"{method} {path.replace(self._last, '')}"] += 1
        return json.loads(content) if content else {}

    _last = "{s}"

    def step(self) -> None:
        """Do one thing at random, and look at a job or a list now and then."""
        server = self.rng.choice(self.servers) if self.servers else ""
        self._last = server or "{s}"
        weights = [4 if step is Load.create and len(self.servers) < 60 else 1 for step in _STEPS]
        (step,) = self.rng.choices(_STEPS, weights)
        step(self, server)

    def create(self, server: str) -> None:
        """Create two servers the ECS way, or one the native way."""
        r, name = self.resources, f"load-{self.rng.randrange(10**6)}"
        if self.rng.random() < 0.5:
            wanted = {
                "name": name,
                "imageRef": r["image_id"],
                "flavorRef": r["flavor_id"],
                "vpcid": r["vpc_id"],
                "count": 2,
                "nics": [{"subnet_id": r["subnet_id"]}],
                "root_volume": {"volumetype": "SSD"},
                "data_volumes": [{"volumetype": "SSD", "size": 10}],
            }
            body = self.send("POST", "/v1/{p}/cloudservers", {"server": wanted})
            self.servers.extend((body or {}).get("serverIds", ()))
            self.job(body)
        else:
            wanted = {
                "name": name,
                "imageRef": r["image_id"],
                "flavorRef": r["flavor_id"],
                "networks": [{"uuid": r["network_id"]}],
            }
            body = self.send("POST", "/v2.1/{p}/servers", {"server": wanted})
            if body:
                self.servers.append(body["server"]["id"])

    def job(self, body: Any) -> None:
        """Look at a job some times."""
        for _ in range(self.rng.randrange(3) if body else 0):
            shown = self.send("GET", f"/v1/{{p}}/jobs/{body['job_id']}") or {"job_type": None}
            for sub in shown.get("entities", {}).get("sub_jobs", ()):
                made = sub["entities"].get("server_id")
                if made and made not in self.servers and shown["job_type"] == "createServer":
                    self.servers.append(made)

    def delete(self, server: str) -> None:
        """Delete a server, with or without its disks."""
        if self.rng.random() < 0.5:
            self.send("DELETE", f"/v2.1/{{p}}/servers/{server}")
        else:
            body = {"servers": [{"id": server}], "delete_volume": self.rng.random() < 0.8}
            self.job(self.send("POST", "/v1/{p}/cloudservers/delete", body))
        if server in self.servers:
            self.servers.remove(server)

    def power(self, server: str) -> None:
        """Start, stop or restart up to three servers."""
        ids = [{"id": one} for one in {server, *self.rng.choices(self.servers or [server], k=2)}]
        action = self.rng.choice(["os-start", "os-stop", "reboot"])
        inner: dict[str, Any] = {"servers": ids, **({} if action == "os-start" else {"type": "HARD"})}
        self.job(self.send("POST", "/v1/{p}/cloudservers/action", {action: inner}))

    def act(self, server: str) -> None:
        """Do a native action."""
        flavors = [self.resources["flavor_id"], self.resources["other_flavor_id"]]
        body = self.rng.choice(
            [
                {"os-start": None},
                {"os-stop": {}},
                {"lock": None},
                {"unlock": None},
                {"confirmResize": None},
                {"revertResize": None},
                {"resize": {"flavorRef": self.rng.choice(flavors)}},
                {"rebuild": {"imageRef": self.resources["image_id"]}},
                {"addSecurityGroup": {"name": "default"}},
                {"removeSecurityGroup": {"name": "default"}},
            ]
        )
        self.send("POST", f"/v2.1/{{p}}/servers/{server}/action", body)

    def disks(self, server: str) -> None:
        """Create a disk and attach it, or detach one."""
        path = f"/v2.1/{{p}}/servers/{server}/os-volume_attachments"
        listed = self.send("GET", path)
        held = [one["volumeId"] for one in (listed or {}).get("volumeAttachments", ())]
        if held and self.rng.random() < 0.5:
            self.send("DELETE", f"{path}/{self.rng.choice(held)}")
            return
        made = self.send("POST", "/v2.1/{p}/os-volumes", {"volume": {"size": 10, "volume_type": "SSD"}})
        if made:
            disk = made["volume"]["id"]
            if self.send("POST", path, {"volumeAttachment": {"volumeId": disk}}) is None:
                self.send("DELETE", f"/v2.1/{{p}}/os-volumes/{disk}")

    def nics(self, server: str) -> None:
        """Add a NIC or take one away."""
        path = f"/v2.1/{{p}}/servers/{server}/os-interface"
        held = [one["port_id"] for one in (self.send("GET", path) or {}).get("interfaceAttachments", ())]
        if len(held) > 1:
            self.send("DELETE", f"{path}/{self.rng.choice(held)}")
        else:
            self.send("POST", path, {"interfaceAttachment": {"net_id": self.resources["network_id"]}})

    def words(self, server: str) -> None:
        """Change metadata, tags and the name."""
        key = f"k{self.rng.randrange(12)}"
        self.send("POST", f"/v2.1/{{p}}/servers/{server}/metadata", {"metadata": {key: "v"}})
        self.send("DELETE", f"/v2.1/{{p}}/servers/{server}/metadata/k{self.rng.randrange(12)}")
        tags = {"action": self.rng.choice(["create", "delete"]), "tags": [{"key": key, "value": "v"}]}
        self.send("POST", f"/v1/{{p}}/servers/{server}/tags/action", tags)
        self.send("PUT", f"/v2.1/{{p}}/servers/{server}", {"server": {"name": key}})

    def groups(self, server: str) -> None:
        """Create a server group with a member, and delete one."""
        group = {"name": "load", "policies": ["anti-affinity"]}
        made = self.send("POST", "/v1/{p}/cloudservers/os-server-groups", {"server_group": group})
        listed = self.send("GET", "/v1/{p}/cloudservers/os-server-groups") or {}
        ids = [one["id"] for one in listed.get("server_groups", ())]
        if made:
            path = f"/v1/{{p}}/cloudservers/os-server-groups/{made['server_group']['id']}"
            self.send("POST", f"{path}/action", {"add_member": {"instance_uuid": server}})
        if ids:
            self.send("DELETE", f"/v1/{{p}}/cloudservers/os-server-groups/{self.rng.choice(ids)}")

    def look(self, server: str) -> None:
        """List and show."""
        self.send("GET", "/v2.1/{p}/servers/detail?limit=20")
        self.send("GET", f"/v2.1/{{p}}/servers/{server}")
        self.send("GET", f"/v2.1/{{p}}/servers/{server}/os-instance-actions")
        self.send("GET", "/v1/{p}/cloudservers/limits")


_STEPS: list[Callable[[Load, str], None]] = [
    Load.create,
    Load.delete,
    Load.power,
    Load.act,
    Load.disks,
    Load.nics,
    Load.words,
    Load.groups,
    Load.look,
]


def run_load(
    about: dict[str, Any], *, threads: int, more: Callable[[int], bool], seed: int = 0
) -> tuple[Report, list[str]]:
    """Let *threads* clients take steps while *more* says so of the number that a client has taken; return what came of it.

    The ids of the servers that may be left come beside the report.
    """
    servers: list[str] = []
    loads = [Load(about, seed + number, servers) for number in range(threads)]

    def work(load: Load) -> None:
        steps = 0
        while more(steps):
            load.step()
            steps += 1
        load.http.close()

    running = [threading.Thread(target=work, args=(load,), daemon=True) for load in loads]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(600)
    report = Report()
    for load in loads:
        report.statuses += load.report.statuses
        report.accepted += load.report.accepted
        report.seconds += load.report.seconds
        report.wrong += load.report.wrong
    report.wrong += [f"client {number} hangs" for number, thread in enumerate(running) if thread.is_alive()]
    return report, servers
