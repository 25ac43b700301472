from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import Client
from tests.mock.test_robustness import LAX, NO_JSON, _faultless, _mutations

UNKNOWN = "00000000-0000-4000-a000-000000000000"
S = "/v2.1/{p}/servers/{s}"
V1 = "/v1/{p}/cloudservers/{s}"
TARGETS = [
    ("POST", V1 + "/attachvolume"),
    ("POST", V1 + "/nics"),
    ("POST", V1 + "/nics/delete"),
    ("POST", S + "/os-volume_attachments"),
    ("POST", S + "/os-interface"),
    ("POST", "/v2.1/{p}/os-volumes"),
    ("POST", "/v2.1/{p}/os-snapshots"),
    ("POST", "/v2.1/{p}/os-security-groups"),
    ("PUT", "/v2.1/{p}/os-security-groups/{g}"),
    ("POST", "/v2.1/{p}/os-security-group-rules"),
    ("POST", "/v2.1/{p}/os-floating-ips"),
]
#: What shows all there is.
READS = (
    "/v2.1/{p}/os-volumes/detail",
    "/v2.1/{p}/os-security-groups",
    "/v2.1/{p}/os-floating-ips",
    "/v2.1/{p}/images/detail",
    "/v2.1/{p}/servers/detail",
    S + "/os-interface",
    S + "/os-security-groups",
    S + "/ips",
    S + "/os-volume_attachments",
    "/v2.1/servers/{s}/block_device",
    V1 + "/block_device",
    "/v2.1/{p}/os-networks",
)


@pytest.mark.parametrize("body", NO_JSON)
def test_a_body_that_is_none_is_refused(client: Client, body: str) -> None:
    """400 in the API's own form, and never by an exception that nobody expected."""
    (server,) = client.create()
    for method, path in TARGETS:
        url = path.format(p=client.project, s=server, g=client.resources["security_group_id"])
        answer = client.http.request(method, url, content=NO_JSON[body], headers={"Content-Type": "application/json"})
        if path.endswith("floating-ips") and body in {"NaN", "huge number"} and answer.status_code == 200:
            continue  # it knows no mandatory field, and an object is one
        assert answer.status_code == 400, url
        assert isinstance(answer.json(), dict)
    _faultless(client)


def _consistent(client: Client) -> None:
    """Fail unless all that is attached is attached on both sides."""
    project = client.cloud._state.projects[client.project]
    for server in project.servers.values():
        devices = [disk.attached[server.id].device for disk in server.disks]
        pci = [disk.attached[server.id].pci for disk in server.disks]
        assert len(set(devices)) == len(devices) == len(set(pci))
        assert all(project.volumes.get(disk.id) is disk for disk in server.disks)
        assert sum(disk.system for disk in server.disks) <= 1
        assert all(nic.address in nic.network.used for nic in server.nics)
        assert all(nic.port is None or nic.port.server == server.id for nic in server.nics)
        assert all(group is project.groups.get(group.id) for group in server.groups)
        assert all(nic.eip is None or project.eips.get(nic.eip.id) is nic.eip for nic in server.nics)
    for disk in project.volumes.values():
        assert all(disk in project.servers[server].disks for server in disk.attached)
        assert len(disk.attached) <= (16 if disk.shared else 1)
    for eip in project.eips.values():
        bound = [nic for server in project.servers.values() for nic in server.nics if nic.eip is eip]
        assert [nic.address for nic in bound] == ([eip.fixed] if eip.fixed else [])
        assert (eip.server is None) == (eip.fixed is None) == (not bound)
    addresses = [nic.address for server in project.servers.values() for nic in server.nics]
    assert len(set(addresses)) == len(addresses)


class _Walk:
    """Requests at random, most of them right, about a few servers and what they can have."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client, self.rng = client, random.Random(seed)
        self.project = client.cloud._state.projects[client.project]

    def one(self, found: Any) -> str:
        """Return one of some ids, now and then one that is not there."""
        ids = sorted(found)
        return self.rng.choice(ids) if ids and self.rng.random() < 0.97 else UNKNOWN

    def step(self, *, odd: bool) -> None:
        """Send one request and let some time pass."""
        rng, project, r = self.rng, self.project, self.client.resources
        server, disk = self.one(project.servers), self.one(project.volumes)
        has = project.servers.get(server)
        port = self.one([nic.id for nic in has.nics] if has else [])
        held = self.one([one.id for one in has.disks] if has else [])
        group, eip = self.one(project.groups), self.one(project.eips)
        address = project.eips[eip].address if eip in project.eips else "203.0.113.1"
        rule = self.one([rule for one in project.groups.values() for rule in one.rules])
        snapshot = self.one(project.snapshots)
        device = rng.choice([{}, {}, {"device": f"/dev/vd{rng.choice('abcdz')}"}])
        nic = {"subnet_id": r["subnet_id"], "security_groups": [{"id": group}]}
        calls: list[tuple[str, str, Any]] = [
            ("POST", V1 + "/attachvolume", {"volumeAttachment": {"volumeId": disk, **device}}),
            ("POST", S + "/os-volume_attachments", {"volumeAttachment": {"volumeId": disk, **device}}),
            ("DELETE", V1 + f"/detachvolume/{held}?delete_flag={rng.choice('01')}", None),
            ("DELETE", S + f"/os-volume_attachments/{held}", None),
            ("POST", "/v2.1/{p}/os-volumes", {"volume": {"size": 10, "metadata": {"hw:passthrough": "true"}}}),
            ("POST", "/v2.1/{p}/os-volumes", {"volume": {"snapshot_id": snapshot}}),
            ("DELETE", f"/v2.1/{{p}}/os-volumes/{disk}", None),
            ("POST", "/v2.1/{p}/os-snapshots", {"snapshot": {"volume_id": disk, "force": True}}),
            ("DELETE", f"/v2.1/{{p}}/os-snapshots/{snapshot}", None),
            ("POST", V1 + "/nics", {"nics": [nic] * rng.choice([1, 3])}),
            ("POST", V1 + "/nics/delete", {"nics": [{"id": port}]}),
            (
                "POST",
                S + "/os-interface",
                {"interfaceAttachment": rng.choice([{"net_id": r["network_id"]}, {"port_id": self.client.port}])},
            ),
            ("DELETE", S + f"/os-interface/{port}", None),
            ("POST", "/v2.1/{p}/os-security-groups", {"security_group": {"name": "n"}}),
            ("PUT", f"/v2.1/{{p}}/os-security-groups/{group}", {"security_group": {"name": "m", "description": "d"}}),
            ("DELETE", f"/v2.1/{{p}}/os-security-groups/{group}", None),
            (
                "POST",
                "/v2.1/{p}/os-security-group-rules",
                {
                    "security_group_rule": {
                        "parent_group_id": group,
                        "ip_protocol": "tcp",
                        "from_port": rng.randint(1, 9),
                        "to_port": 9,
                        "group_id": self.one(project.groups),
                    }
                },
            ),
            ("DELETE", f"/v2.1/{{p}}/os-security-group-rules/{rule}", None),
            ("POST", S + "/action", {rng.choice(["addSecurityGroup", "removeSecurityGroup"]): {"name": group}}),
            ("POST", S + "/action", {rng.choice(["addFloatingIp", "removeFloatingIp"]): {"address": address}}),
            ("POST", "/v2.1/{p}/os-floating-ips", {"pool": "external"}),
            ("DELETE", f"/v2.1/{{p}}/os-floating-ips/{eip}", None),
            ("POST", S + "/action", {rng.choice(["os-start", "os-stop"]): {}}),
            ("POST", S + "/action", {"reboot": {"type": "HARD"}}),
        ]
        if rng.random() < 0.03:
            calls = [("DELETE", S, None)]
        elif len(project.servers) < 3:
            calls = [("POST", "/v2.1/{p}/servers", self.client.native())]
        method, path, body = rng.choice(calls)
        if odd and body is not None and rng.random() < 0.5:
            body = _mutations(body, rng)
        content = json.dumps(body).encode() if body is not None else None
        answer = self.client.http.request(method, path.format(p=self.client.project, s=server), content=content)
        assert answer.status_code < 500, (method, path, body)
        self.client.advance(rng.choice([0, 1, 3, 20]))


@pytest.mark.parametrize("seed", [1, 2])
def test_all_views_agree_whatever_is_done(seed: int) -> None:
    """One model underneath: after each request what is attached is attached on both sides."""
    client = Client(MockCloud())
    walk = _Walk(client, seed)
    for _ in range(700):
        walk.step(odd=False)
        _consistent(client)
    for path in READS:
        server = next(iter(walk.project.servers))
        assert client.http.get(path.format(p=client.project, s=server)).status_code == 200, path
    statuses = {one["status"] for one in client.cloud.control("GET", "/_mock/requests")["requests"]}
    assert statuses >= {200, 202, 400, 404, 409}
    _faultless(client)


@pytest.mark.parametrize("deviations", [(), LAX])
def test_no_odd_value_makes_the_mock_fail(deviations: tuple[str, ...]) -> None:
    """Requests that are right but for one value, also where deviations let them through."""
    client = Client(MockCloud(deviations=deviations))
    walk = _Walk(client, 3)
    for _ in range(1200):
        walk.step(odd=True)
    for path in READS:
        server = walk.one(walk.project.servers)
        assert client.http.get(path.format(p=client.project, s=server)).status_code < 500, path
    _faultless(client)


ODD = ("%00", "%ff", "9" * 5000, "%F0%9F%98%80", "9999-99-99", "0001-01-01T00:00:00%2B14:00", "[", "a=b", "1e3", "-0")


@pytest.mark.parametrize("name", ["name", "status", "changes-since", "minRam", "minDisk", "limit", "marker"])
def test_no_odd_parameter_makes_a_list_of_images_fail(client: Client, name: str) -> None:
    """Any text at all may stand in a query."""
    for value in ODD:
        assert client.nova("GET", f"images/detail?{name}={value}").status_code in {200, 400}
    _faultless(client)


@pytest.mark.parametrize(
    "path",
    [
        "os-volumes/{}",
        "os-snapshots/{}",
        "os-security-groups/{}",
        "os-floating-ips/{}",
        "images/{}",
        "images/{}/metadata",
        "servers/{s}/os-interface/{}",
        "servers/{s}/os-volume_attachments/{}",
        "servers/{s}/ips/{}",
    ],
)
def test_an_odd_id_is_an_unknown_one(client: Client, path: str) -> None:
    """404 for any text."""
    (server,) = client.create()
    for value in ODD:
        assert client.nova("GET", path.format(value, s=server)).status_code == 404
    _faultless(client)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", V1 + "/attachvolume", {"volumeAttachment": {"volumeId": UNKNOWN}}),
        ("DELETE", V1 + f"/detachvolume/{UNKNOWN}", None),
        ("GET", V1 + "/block_device", None),
        ("POST", V1 + "/nics", {"nics": [{"subnet_id": UNKNOWN}]}),
        ("POST", V1 + "/nics/delete", {"nics": [{"id": UNKNOWN}]}),
        ("GET", "/v2.1/servers/{s}/block_device", None),
        ("GET", S + "/os-volume_attachments", None),
        ("POST", S + "/os-volume_attachments", {"volumeAttachment": {"volumeId": UNKNOWN}}),
        ("DELETE", S + f"/os-volume_attachments/{UNKNOWN}", None),
        ("GET", S + "/os-interface", None),
        ("POST", S + "/os-interface", {"interfaceAttachment": {"net_id": UNKNOWN}}),
        ("DELETE", S + f"/os-interface/{UNKNOWN}", None),
        ("GET", S + "/ips", None),
        ("GET", S + "/os-security-groups", None),
        ("POST", S + "/action", {"addSecurityGroup": {"name": "default"}}),
        ("POST", S + "/action", {"removeSecurityGroup": {"name": "default"}}),
        ("POST", S + "/action", {"addFloatingIp": {"address": "203.0.113.1"}}),
        ("POST", S + "/action", {"removeFloatingIp": {"address": "203.0.113.1"}}),
    ],
)
def test_a_server_of_another_project_is_unknown(client: Client, method: str, path: str, body: Any) -> None:
    """404, with Ecs.0114 in the ECS view."""
    (server,) = Client(client.cloud, "other_project").create()
    answer = client.http.request(method, path.format(p=client.project, s=server), json=body)
    assert answer.status_code == 404
    if path.startswith("/v1"):
        assert client.code(answer) == (404, "Ecs.0114")
