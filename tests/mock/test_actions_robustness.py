from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.http.routing import ROUTES
from tests.mock.harness import Client
from tests.mock.test_robustness import LAX, NO_JSON, _faultless, _mutations
from tests.mock.test_states import ROWS

UNKNOWN = "00000000-0000-4000-a000-000000000000"
S, V1, V2 = "/v2.1/{p}/servers/{s}", "/v1/{p}/cloudservers/{s}", "/v2/{p}/cloudservers/{s}"
GROUPS = "/v1/{p}/cloudservers/os-server-groups"
#: Deviations that let through what is checked in more places than the tables.
ALL_LAX = (
    *LAX,
    "confirm-state-unchecked",
    "rebuild-state-unchecked",
    "image-state-unchecked",
    "reinstall-state-unchecked",
    "migrate-state-unchecked",
    "metadata-state-unchecked",
    "metadatum-key-unchecked",
    "tags-duplicates-unchecked",
    "keypair-content-unchecked",
    "keypair-length-unchecked",
    "keypair-duplicates",
    "group-twice",
    "group-running-unchecked",
    "lock-unchecked",
    "tags-limit-unchecked",
)


class _Walk:
    """Requests at random about a few servers, most of them right."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client, self.rng = client, random.Random(seed)
        self.project = client.cloud._state.projects[client.project]

    def calls(self) -> list[tuple[str, str, Any]]:
        """Return requests that are right, or would be in another state."""
        rng, r, state = self.rng, self.client.resources, self.client.cloud._state
        group = rng.choice([*self.project.server_groups, UNKNOWN])
        image = rng.choice(list(state.images))
        member = {"instance_uuid": rng.choice([*self.project.servers, UNKNOWN])}
        tags = [{"key": rng.choice("abc"), "value": rng.choice(["", "x"])}]
        actions: list[dict[str, Any]] = [
            {"lock": None},
            {"unlock": None},
            {"unlock": None},
            {"confirmResize": None},
            {"revertResize": None},
            {"rebuild": {"imageRef": image, "name": "n", "metadata": {"a": "b"}}},
            {"createImage": {"name": "n", "metadata": {"a": "b"}}},
            {"os-getConsoleOutput": {"length": 5}},
            {"resize": {"flavorRef": rng.choice(list(state.flavors))}},
            {"os-start": {}},
            {"os-stop": {}},
            {"reboot": {"type": "SOFT"}},
        ]
        common = {"userid": "u", "keyname": r["key_name"], "metadata": {"user_data": "eA=="}}
        return [
            *(("POST", S + "/action", action) for action in actions),
            ("POST", "/v1.0/servers/{s}/action", {"monitorMetrics": None}),
            ("POST", V2 + "/reinstallos", {"os-reinstall": common}),
            ("POST", V2 + "/changeos", {"os-change": {**common, "imageid": image}}),
            (
                "POST",
                V1 + "/migrate",
                {"migrate": rng.choice([None, {"dedicated_host_id": rng.choice(self.project.hosts)}])},
            ),
            ("POST", V1 + "/resize", {"resize": {"flavorRef": rng.choice(list(state.flavors))}}),
            ("PUT", V1 + "/autorecovery", {"support_auto_recovery": "true"}),
            ("GET", V1 + "/autorecovery", None),
            ("POST", S + "/metadata", {"metadata": {"a": "b"}}),
            ("PUT", S + "/metadata", {"metadata": {"a": "b"}}),
            ("PUT", S + "/metadata/a", {"meta": {"a": "b"}}),
            ("DELETE", S + "/metadata/a", None),
            ("POST", "/v1/{p}/servers/{s}/tags/action", {"action": rng.choice(["create", "delete"]), "tags": tags}),
            (
                "POST",
                "/v1/{p}/servers/resource_instances/action",
                {
                    "action": rng.choice(["filter", "count"]),
                    "limit": "5",
                    "offset": "0",
                    "tags": [{"key": "a", "values": ["x"]}],
                    "not_tags": ["b", {"key": "c", "values": ["x"]}],
                    "matches": [{"key": "resource_name", "value": "one"}],
                },
            ),
            ("PUT", S + "/tags", {"tags": ["a=x", "b"]}),
            ("PUT", S + "/tags/c", None),
            ("DELETE", S + "/tags/c", None),
            ("DELETE", S + "/tags", None),
            ("GET", "/v1/{p}/servers/tags", None),
            (
                "POST",
                "/v2.1/{p}/os-keypairs",
                {
                    "keypair": {
                        "name": rng.choice("kl"),
                        "public_key": next(iter(state.primary.keys.values())).public_key,
                        "type": rng.choice(["ssh", "x509"]),
                    }
                },
            ),
            ("DELETE", "/v2.1/{p}/os-keypairs/k", None),
            ("GET", "/v2.1/{p}/os-keypairs", None),
            ("GET", S + "/os-server-password", None),
            ("DELETE", S + "/os-server-password", None),
            ("POST", GROUPS, {"server_group": {"name": "g", "policies": ["anti-affinity"]}}),
            ("DELETE", GROUPS + f"/{group}", None),
            ("POST", GROUPS + f"/{group}/action", {rng.choice(["add_member", "remove_member"]): member}),
            ("GET", S + "/os-instance-actions", None),
            ("GET", "/v2.1/{p}/limits", None),
        ]

    def step(self, *, odd: bool) -> None:
        """Send one request and let some time pass."""
        rng = self.rng
        if rng.random() < 0.03 and self.project.servers:
            call: tuple[str, str, Any] = ("DELETE", S, None)
        elif len(self.project.servers) < 3:
            call = ("POST", "/v2.1/{p}/servers", self.client.native())
        else:
            call = rng.choice(self.calls())
        method, path, body = call
        if odd and body is not None and rng.random() < 0.6:
            body = _mutations(body, rng)
        url = path.format(p=self.client.project, s=rng.choice([*self.project.servers, UNKNOWN]))
        content = json.dumps(body).encode() if body is not None else None
        headers = {"X-OpenStack-Nova-API-Version": rng.choice(["2.1", "2.2", "2.26", "2.60"])}
        answer = self.client.http.request(method, url, content=content, headers=headers)
        assert answer.status_code < 500, (method, path, body)
        self.client.advance(rng.choice([0, 1, 3, 40]))


def _consistent(client: Client) -> None:
    """Fail unless servers, groups, disks and operations fit together and each server shows a state of A-4."""
    project = client.cloud._state.projects[client.project]
    members = [one for group in project.server_groups.values() for one in group.members]
    assert len(set(members)) == len(members)
    assert set(members) <= project.servers.keys()
    for group in project.server_groups.values():
        assert len({client.show(one)["hostId"] for one in group.members}) == len(group.members)
    for server in project.servers.values():
        assert (server.vm_state, server.task_state) in ROWS
        assert sum(disk.system for disk in server.disks) == 1
        assert all(project.volumes[disk.id] is disk for disk in server.disks)
        assert (server.task_state is None) <= all(action.ended is not None for action in server.actions) or (
            server.going or server.vm_state == "resized"
        )
        assert server.vm_state != "resized" or server.origin is not None or server.actions[-1].ended is None
        assert client.nova("GET", f"servers/{server.id}/os-instance-actions").status_code == 200
    for job in project.jobs.values():
        assert job.ended is None or job.status in {"SUCCESS", "FAIL"}


@pytest.mark.parametrize("seed", [1, 2])
def test_all_views_agree_whatever_is_done(seed: int) -> None:
    """After each request the model is whole, and every kind of answer occurs."""
    client = Client(MockCloud())
    walk = _Walk(client, seed)
    for _ in range(500):
        walk.step(odd=False)
        _consistent(client)
    statuses = {one["status"] for one in client.cloud.control("GET", "/_mock/requests")["requests"]}
    assert statuses >= {200, 201, 202, 204, 400, 404, 409}
    _faultless(client)


@pytest.mark.parametrize("deviations", [(), ALL_LAX])
def test_no_odd_value_makes_the_mock_fail(deviations: tuple[str, ...]) -> None:
    """Requests that are right but for one value, also where deviations let them through."""
    client = Client(MockCloud(deviations=deviations))
    walk = _Walk(client, 3)
    for _ in range(1500):
        walk.step(odd=True)
    assert client.nova("GET", "servers/detail", at="2.60").status_code == 200
    _faultless(client)


@pytest.mark.parametrize("body", NO_JSON)
def test_a_body_that_is_none_is_refused(client: Client, body: str) -> None:
    """400 in the API's own form."""
    (server,) = client.create()
    for method, path in (
        ("POST", V2 + "/reinstallos"),
        ("POST", V2 + "/changeos"),
        ("POST", V1 + "/migrate"),
        ("PUT", V1 + "/autorecovery"),
        ("POST", S + "/metadata"),
        ("PUT", S + "/metadata"),
        ("PUT", S + "/metadata/a"),
        ("POST", "/v1/{p}/servers/{s}/tags/action"),
        ("POST", "/v1/{p}/servers/resource_instances/action"),
        ("PUT", S + "/tags"),
        ("POST", "/v2.1/{p}/os-keypairs"),
        ("POST", GROUPS),
        ("POST", GROUPS + "/x/action"),
        ("POST", "/v2.1/{p}/os-server-groups"),
        ("POST", "/v1.0/servers/{s}/action"),
    ):
        headers = {"Content-Type": "application/json", "X-OpenStack-Nova-API-Version": "2.26"}
        url = path.format(p=client.project, s=server)
        answer = client.http.request(method, url, content=NO_JSON[body], headers=headers)
        assert answer.status_code == 400, url
        assert isinstance(answer.json(), dict)
    _faultless(client)


ODD = ("%00", "%ff", "9" * 5000, "%F0%9F%98%80", "%2e%2e", "[", "a=b", "1e3", "-0")


@pytest.mark.parametrize(
    "path",
    [
        "servers/{s}/metadata/{}",
        "servers/{s}/tags/{}",
        "os-keypairs/{}",
        "os-server-groups/{}",
        "flavors/{}",
        "flavors/{}/os-extra_specs",
        "servers/{s}/os-instance-actions/{}",
        "servers/{}/os-server-password",
    ],
)
def test_an_odd_id_is_an_unknown_one(client: Client, path: str) -> None:
    """404 for any text; as a query it is refused or does nothing."""
    (server,) = client.create()
    for value in ODD:
        assert client.nova("GET", path.format(value, s=server), at="2.26").status_code == 404
        for name in ("limit", "marker", "minRam", "minDisk", "sort_key", "sort_dir"):
            assert client.nova("GET", f"flavors?{name}={value}").status_code in {200, 400}
            assert client.v1("GET", f"cloudservers/os-server-groups?{name}={value}").status_code in {200, 400}
    _faultless(client)


def test_odd_tags_can_be_added_and_found(client: Client) -> None:
    """6.15.6: what is not safe in a URL is encoded."""
    (server,) = client.create()
    for value in ("%F0%9F%98%80", "a%20b", "a%3Db", "100%25", "%3F%23"):
        answer = client.nova("PUT", f"servers/{server}/tags/{value}", at="2.26")
        assert answer.status_code == 201
        headers = {"X-OpenStack-Nova-API-Version": "2.26"}
        assert client.http.get(answer.headers["Location"], headers=headers).status_code == 204
    assert len(client.nova("GET", f"servers/{server}/tags", at="2.26").json()["tags"]) == 5
    _faultless(client)


NATIVE = sorted({(one.method, one.path) for one in ROUTES if one.path.startswith("/v2.1/{project_id}/")})


@pytest.mark.parametrize(("method", "path"), NATIVE)
def test_v2_has_all_native_urls_and_no_microversions(client: Client, method: str, path: str) -> None:
    """6.16: what V2.1 answers without a microversion V2 answers too, whatever microversion is asked for."""
    (server,) = client.create(metadata={"a": "b"})
    known = {
        "project_id": client.project,
        "server_id": server,
        "key": "a",
        "flavor_id": "s3.large.2",
        "tag": "a",
        "keypair_name": "conformance-key",
        "target_id": client.project,
        "image_id": client.resources["image_id"],
    }
    if method == "DELETE":
        known = {"project_id": client.project}
    named = {name: known.get(name, UNKNOWN) for name in path.replace("{", "}").split("}")[1::2]}
    url = path.format(**named)
    plain = client.http.request(method, url)
    for headers in ({}, {"X-OpenStack-Nova-API-Version": "2.60"}, {"OpenStack-API-Version": "nonsense"}):
        old = client.http.request(method, url.replace("/v2.1/", "/v2/", 1), headers=headers)
        assert old.status_code == plain.status_code
        assert "OpenStack-API-Version" not in old.headers
        assert old.text.replace("/v2/", "/v2.1/") == plain.text


#: Pairs of A-4 that no operation of the document leads to; the control hook does.
BY_HOOK = {pair for pair in ROWS if pair[0] in {"shelved", "shelved_offloaded", "deleted"}} | {
    ("building", None),
    ("active", "migrating"),
}


def test_every_row_of_table_a_4_is_reached(client: Client) -> None:
    """By operations where there are some, else by the hook: 44 pairs, each with its status."""
    seen: dict[tuple[str, str | None], str] = {}

    def look(server: str, seconds: int) -> None:
        for _ in range(seconds):
            answer = client.nova("GET", f"servers/{server}")
            if answer.status_code == 200:
                shown = answer.json()["server"]
                seen[shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:task_state"]] = shown["status"]
            client.advance(1)

    def reinstall(*, fails: bool) -> None:
        if fails:
            client.cloud.control("POST", "/_mock/fail", {"job_type": "reinstallServer", "code": "Ecs.0202"})
        client.http.post(
            f"/v2/{client.project}/cloudservers/{server}/reinstallos", json={"os-reinstall": {"userid": "u"}}
        )
        look(server, 40)

    image, other = client.resources["image_id"], client.resources["other_flavor_id"]
    server = client.nova("POST", "servers", client.native()).json()["server"]["id"]
    look(server, 50)
    for action, inner in (
        ("reboot", {"type": "SOFT"}),
        ("reboot", {"type": "HARD"}),
        ("rebuild", {"imageRef": image}),
        ("os-stop", {}),
        ("rebuild", {"imageRef": image}),
        ("resize", {"flavorRef": other}),
        ("revertResize", None),
        ("os-start", {}),
        ("os-stop", {}),
    ):
        assert client.nova("POST", f"servers/{server}/action", {action: inner}).status_code == 202
        look(server, 40)
    reinstall(fails=True)
    reinstall(fails=True)
    assert client.nova("DELETE", f"servers/{server}").status_code == 204
    look(server, 12)
    for server in (client.create()[0], client.stopped()):
        client.nova("DELETE", f"servers/{server}")
        look(server, 12)
    assert seen == {pair: status for pair, status in ROWS.items() if pair not in BY_HOOK}
    (server,) = client.create()
    for (vm_state, task_state), status in ROWS.items():
        hook = {"vm_state": vm_state, "task_state": task_state}
        client.cloud.control("PUT", f"/_mock/servers/{server}/state", hook)
        assert client.show(server)["status"] == status
    for pair in itertools.product(("paused", "suspended", "rescued", "soft_deleted"), (None, "deleting")):
        hook = {"vm_state": pair[0], "task_state": pair[1]}
        client.cloud.control("PUT", f"/_mock/servers/{server}/state", hook)
        assert client.show(server)["status"] == "UNKNOWN"
