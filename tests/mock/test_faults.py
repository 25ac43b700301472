"""What real clients stumbled over: each is a kind of mistake, tried at more than one place."""

from __future__ import annotations

import math

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.http.reading import headers_of, octets, text
from tests.mock.harness import Client, JsonObject


def test_the_self_links_of_the_versions_lead_to_themselves(client: Client) -> None:
    """6.1.1: whoever follows a link gets the version that has it (Table 6-3)."""
    for listed in client.http.get("/").json()["versions"]:
        for form in (listed["links"][0]["href"], listed["links"][0]["href"].rstrip("/")):
            version = client.http.get(form).json()["version"]
            assert (version["id"], version["links"][0]) == (listed["id"], listed["links"][0])


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/v2.1/{p}/servers"), ("PUT", "/v1/{p}/cloudservers/delete")])
def test_a_wrong_method_is_told_the_right_ones(client: Client, method: str, path: str) -> None:
    """HTTP asks for Allow beside 405."""
    answer = client.http.request(method, path.format(p=client.project), json={})
    allowed = answer.headers["Allow"].split(", ")
    assert answer.status_code == 405
    assert "POST" in allowed
    assert method not in allowed


def test_every_way_to_metadata_counts_it(client: Client) -> None:
    """5.7.1: the quota holds for what a server is created and rebuilt with as for what it is given."""
    client.cloud.control("PUT", "/_mock/limits", {"metadata": 2})
    many = {str(number): "x" for number in range(3)}
    server = client.nova("POST", "servers", client.native(metadata=dict(list(many.items())[:2]))).json()["server"]["id"]
    client.advance(120)
    for answer in (
        client.nova("POST", "servers", client.native(metadata=many)),
        client.nova("PUT", f"servers/{server}/metadata", {"metadata": many}),
        client.act(server, "rebuild", imageRef=client.resources["image_id"], metadata=many),
    ):
        assert answer.status_code == 403


def test_a_disk_with_snapshots_outlives_its_server(client: Client) -> None:
    """6.2.1: it can be deleted only after all its snapshots, whichever API deletes the server."""
    for native in (True, False):
        (server,) = client.create()
        disk = client.show(server)["os-extended-volumes:volumes_attached"][0]["id"]
        assert client.act(server, "createImage", name="kept").status_code == 202
        client.advance(600)
        if native:
            assert client.nova("DELETE", f"servers/{server}").status_code == 204
            client.advance(120)
        else:
            client.run("cloudservers/delete", {"servers": [{"id": server}], "delete_volume": True})
        assert client.nova("GET", f"os-volumes/{disk}").json()["volume"]["status"] == "available"
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_a_rebuild_shows_the_addresses_of_its_section(client: Client) -> None:
    """6.3.6: they have addr and version, no more."""
    (server,) = client.create()
    body = client.act(server, "rebuild", imageRef=client.resources["image_id"]).json()["server"]
    assert {tuple(sorted(one)) for places in body["addresses"].values() for one in places} == {("addr", "version")}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/_mock/clock", {"advance": 1e300}),
        ("POST", "/_mock/clock", {"advance": math.nan}),
        ("POST", "/_mock/clock", {"advance": -1}),
        ("POST", "/_mock/clock", {"advance": 1, "seconds": 1}),
        ("POST", "/_mock/token", {"seconds": math.inf}),
        ("PUT", "/_mock/policy", {"allow": ["no:such:action"]}),
        ("PUT", "/_mock/limits", {"server": 1}),
        ("POST", "/_mock/fail", {"job_type": "stopServers", "code": "nonsense"}),
        ("POST", "/_mock/refuse", {"method": "get", "path": "/v1/x", "code": "Ecs.0219"}),
        ("POST", "/_mock/refuse", {"method": "GET", "path": "cloudservers", "code": "Ecs.0219"}),
        ("PUT", "/_mock/servers", {"count": 10**9}),
    ],
)
def test_a_hook_takes_no_nonsense(cloud: MockCloud, method: str, path: str, body: JsonObject) -> None:
    """A typo is told at once, and changes nothing."""
    before = cloud.control("GET", "/_mock/consistency")
    with pytest.raises(ValueError, match=r"\w"):
        cloud.control(method, path, body)
    assert cloud.control("GET", "/_mock/consistency") == before


def test_a_hook_takes_no_state_that_there_is_not(client: Client) -> None:
    """Servers can be put into the states of the document only."""
    (server,) = client.create()
    with pytest.raises(ValueError, match="actve"):
        client.cloud.control("PUT", f"/_mock/servers/{server}/state", {"vm_state": "actve"})


def test_headers_are_read_as_they_were_sent() -> None:
    """What is not ASCII arrives as bytes, and is signed as UTF-8 (4.2)."""
    given = {"HTTP_X_NAME": "\u4e91".encode().decode("latin-1"), "CONTENT_TYPE": "text/\xff"}
    assert headers_of(given, text) == {"x-name": "\u4e91", "content-type": "text/\xff"}
    assert headers_of(given, octets) == {"x-name": "\u4e91".encode(), "content-type": b"text/\xff"}
