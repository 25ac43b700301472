from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"
URLS = {"reinstallos": "os-reinstall", "changeos": "os-change"}


def _call(client: Client, server: str, what: str, **wanted: Any) -> httpx.Response:
    full: JsonObject = {"userid": "u", **({"imageid": client.resources["image_id"]} if what == "changeos" else {})}
    body = {key: value for key, value in {**full, **wanted}.items() if value is not None}
    return client.http.post(f"/v2/{client.project}/cloudservers/{server}/{what}", json={URLS[what]: body})


def _done(client: Client, answer: httpx.Response) -> JsonObject:
    assert answer.status_code == 200, answer.text
    job = answer.json()["job_id"]
    assert client.job(job)["status"] == "INIT"
    client.advance(2)
    assert client.job(job)["status"] == "RUNNING"
    client.advance(60)
    return client.job(job)


@pytest.mark.parametrize("what", URLS)
def test_the_system_disk_is_made_anew(client: Client, what: str) -> None:
    """5.2.1, 5.2.2: data disks stay, key and user data are new, and the server shows REBUILD meanwhile."""
    (server,) = client.create(
        data_volumes=[{"volumetype": "SSD", "size": 10}], root_volume={"volumetype": "SSD", "size": 60}
    )
    assert client.code(_call(client, server, what)) == (400, "Ecs.0100")
    client.act(server, "os-stop")
    client.advance(30)
    before = client.attached(server)
    image = list(client.cloud._state.images)[1]
    data = base64.b64encode(b"#!/bin/bash").decode()
    changed: JsonObject = {"imageid": image} if what == "changeos" else {"mode": "withStopServer"}
    answer = _call(client, server, what, keyname="conformance-key", metadata={"user_data": data}, **changed)
    assert client.show(server)["status"] == "REBUILD"
    assert client.code(_call(client, server, what)) == (400, "Ecs.0100")
    job = _done(client, answer)
    assert (job["status"], job["entities"]) == ("SUCCESS", {"server_id": server})
    after, shown = client.attached(server), client.show(server, at="2.3")
    assert after["/dev/vda"] != before["/dev/vda"]
    assert after["/dev/vdb"] == before["/dev/vdb"]
    assert client.nova("GET", f"os-volumes/{before['/dev/vda']}").status_code == 404
    assert client.disk(after["/dev/vda"])["size"] == 60
    assert (shown["status"], shown["key_name"], shown["OS-EXT-SRV-ATTR:user_data"]) == (
        "ACTIVE",
        "conformance-key",
        data,
    )
    assert shown["image"]["id"] == (image if what == "changeos" else client.resources["image_id"])
    assert shown["os-extended-volumes:volumes_attached"][0]["id"] == after["/dev/vda"]


@pytest.mark.parametrize("what", URLS)
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"keyname": "none"}, "Ecs.0314"),
        ({"keyname": 1}, "Ecs.0005"),
        ({"userid": 1}, "Ecs.0005"),
        ({"metadata": []}, "Ecs.0005"),
        ({"metadata": {"user_data": "???"}}, "Ecs.0005"),
        ({"metadata": {"user_data": base64.b64encode(b"x" * 32769).decode()}}, "Ecs.0005"),
    ],
)
def test_a_wrong_field_is_refused(client: Client, what: str, changed: JsonObject, code: str) -> None:
    """Tables 5-12, 5-13, 5-16 and 5-17."""
    server = client.stopped()
    assert client.code(_call(client, server, what, **changed)) == (400, code)
    assert client.show(server)["status"] == "SHUTOFF"


def test_what_only_one_of_them_needs(client: Client) -> None:
    """userid is mandatory for reinstalling, imageid for changing; the image must fit the disk."""
    server = client.stopped()
    assert client.code(_call(client, server, "reinstallos", userid=None)) == (400, "Ecs.0005")
    assert client.code(_call(client, server, "changeos", imageid=None)) == (400, "Ecs.0005")
    assert client.code(_call(client, server, "changeos", imageid="x")) == (400, "Ecs.0005")
    assert client.code(_call(client, server, "changeos", imageid=UNKNOWN)) == (400, "Ecs.0031")
    assert client.code(_call(client, server, "changeos", imageid=list(client.cloud._state.images)[1])) == (
        400,
        "Ecs.0007",
    )
    assert client.code(_call(client, UNKNOWN, "changeos")) == (404, "Ecs.0114")
    assert _call(client, server, "changeos", userid=None).status_code == 200


def test_a_server_without_system_disk_has_no_system(client: Client) -> None:
    """5.2.1, 5.2.2."""
    server = client.stopped()
    client.v1("DELETE", f"cloudservers/{server}/detachvolume/{client.attached(server)['/dev/vda']}")
    client.advance(20)
    for what in URLS:
        assert client.code(_call(client, server, what)) == (400, "Ecs.0105")


def test_other_operations_make_a_reinstallation_fail(client: Client) -> None:
    """5.2.1: the job fails with the server gone."""
    server = client.stopped()
    job = _call(client, server, "reinstallos").json()["job_id"]
    client.advance(5)
    assert client.nova("DELETE", f"servers/{server}").status_code == 204
    client.advance(60)
    assert (client.job(job)["status"], client.job(job)["error_code"]) == ("FAIL", "Ecs.0202")


def test_a_v2_error_is_one_of_the_ecs_apis(client: Client) -> None:
    """These URLs are v2 and not native: no microversion, and the form of 10.3."""
    server = client.stopped()
    url = f"/v2/{client.project}/cloudservers/{server}/changeos"
    answer = client.http.post(url, content=b"{", headers={"Content-Type": "application/json"})
    assert client.code(answer) == (400, "Ecs.0005")
    assert client.http.get(url).status_code == 405
    assert "OpenStack-API-Version" not in answer.headers


# Migrate


def _migrate(client: Client, server: str, target: Any) -> httpx.Response:
    body = None if target is None else {"dedicated_host_id": target}
    return client.v1("POST", f"cloudservers/{server}/migrate", {"migrate": body})


def test_a_server_moves_between_dedicated_hosts_and_the_pool(client: Client) -> None:
    """5.2.3: to a host, to another one, and back; each move has its job."""
    server = client.stopped()
    hosts = client.me["dedicated_host_ids"]
    host = client.show(server)["hostId"]
    for target in (hosts[0], hosts[1], None):
        answer = _migrate(client, server, target)
        assert client.show(server)["status"] == "RESIZE"
        assert _done(client, answer)["status"] == "SUCCESS"
        shown = client.show(server)
        expected = {"tenancy": ["dedicated"], "dedicated_host_id": [target]} if target else None
        assert (shown["status"], shown.get("os:scheduler_hints")) == ("SHUTOFF", expected)
        assert shown["hostId"] != host
        host = shown["hostId"]
        assert client.code(_migrate(client, server, target)) == (400, "Ecs.0221")


def test_a_migration_checks_what_it_needs(client: Client) -> None:
    """Tables 5-19 and 5-20; only stopped servers."""
    server = client.stopped()
    for target in (UNKNOWN, 5, Client(client.cloud, "other_project").me["dedicated_host_ids"][0]):
        assert client.code(_migrate(client, server, target)) == (400, "Ecs.0005")
    url = f"cloudservers/{server}/migrate"
    assert client.code(client.v1("POST", url, {})) == (400, "Ecs.0005")
    assert client.code(client.v1("POST", url, {"migrate": "x"})) == (400, "Ecs.0005")
    hosts = client.me["dedicated_host_ids"]
    assert client.code(_migrate(client, UNKNOWN, hosts[0])) == (404, "Ecs.0114")
    client.act(server, "os-start")
    client.advance(30)
    assert client.code(_migrate(client, server, hosts[0])) == (400, "Ecs.0100")


def test_a_dedicated_server_has_a_dedicated_host(client: Client) -> None:
    """Tables 8-9 and 6-46: it can be left for the pool."""
    (server,) = client.create(**{"os:scheduler_hints": {"tenancy": "dedicated"}})
    hosts = client.me["dedicated_host_ids"]
    assert client.show(server)["os:scheduler_hints"]["dedicated_host_id"][0] in hosts
