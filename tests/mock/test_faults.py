"""What real clients stumbled over: each is a mistake, tried at more than one place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.http.reading import headers_of, octets, text
from pytest_ecs._mock.http.routing import ROUTES
from tests.mock.harness import BASE, Client, JsonObject


def test_the_self_links_of_the_versions_lead_to_themselves(client: Client) -> None:
    """6.1.1: whoever follows a link gets the version that has it (Table 6-3)."""
    for listed in client.http.get("/").json()["versions"]:
        for form in (listed["links"][0]["href"], listed["links"][0]["href"].rstrip("/")):
            version = client.http.get(form).json()["version"]
            assert (version["id"], version["links"][0]) == (listed["id"], listed["links"][0])


def test_every_link_leads_to_what_has_it(client: Client) -> None:
    """In each list and each document of versions, at V2 and V2.1: a self link shows itself, and no link leads nowhere."""
    (server,) = client.create()
    assert client.act(server, "createImage", name="one").status_code == 202
    client.cloud.control("PUT", "/_mock/servers", {"count": 2})
    client.advance(600)
    lists = [f"/v{v}/{client.project}/{collection}{more}" for v in ("2", "2.1") for collection, more in _LISTS]
    versions = [
        "/",
        "/v2",
        "/v2/",
        "/v2.1",
        "/v2.1/",
        "/v3",
        "/image/",
        "/image/v2/",
        "/volume",
        "/volume/v3",
        "/network",
    ]
    others = [f"/v1/{client.project}/cloudservers/flavors", f"/volume/v3/{client.project}/volumes", "/image/v2/images"]
    for path in (*lists, *versions, *others):
        shown = client.http.get(path)
        assert shown.status_code == 200, path
        for href, rel in _links(shown.json()):
            found = client.http.get(href)
            assert found.status_code == 200, (path, href)
            assert rel != "self" or href in {other for other, _ in _links(found.json())}, (path, href)


_LISTS = [(collection, more) for collection in ("servers", "flavors", "images") for more in ("", "/detail", "?limit=1")]


def _links(body: Any) -> Iterator[tuple[str, str]]:
    """Yield what in a body leads to this cloud, with its relation."""
    if isinstance(body, dict):
        if isinstance(body.get("href"), str) and body["href"].startswith(BASE):
            yield body["href"], body.get("rel", "")
        if isinstance(body.get("self"), str):
            yield body["self"], "self"
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _links(inner)


def test_a_wrong_method_is_told_the_right_ones(client: Client) -> None:
    """HTTP asks for Allow beside 405, at each URL that there is, and at the hooks."""
    methods: dict[str, set[str]] = {"/_mock/limits": {"PUT"}, "/_mock/consistency": {"GET"}}
    for route in ROUTES:
        filled = route.path.replace("{project_id}", client.project).replace("{api_version}", "v2")
        methods.setdefault(re.sub(r"\{\w+\}", "x", filled), set()).add(route.method)
    for path, known in methods.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"} - known:
            if path.endswith("/detail") and method in {"PUT", "DELETE"}:
                continue  # that is another URL, whose id would be "detail"
            answer = client.http.request(method, path)
            allowed = set(answer.headers["Allow"].split(", "))
            assert answer.status_code == 405, (method, path)
            assert known <= allowed, (method, path)
            assert method not in allowed, (method, path)


def test_methods_are_words_in_capitals(cloud: MockCloud) -> None:
    """Another spelling is another method, which nothing has."""
    statuses: list[str] = []
    cloud({"REQUEST_METHOD": "get", "PATH_INFO": "/"}, lambda status, headers: statuses.append(status))
    assert statuses == ["405 Method Not Allowed"]


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


@pytest.mark.parametrize("api", ["v1", "native"])
def test_resizes_under_way_count(client: Client, api: str) -> None:
    """5.7.1: what a server will have, or can go back to, nobody else gets meanwhile."""
    small, large = client.resources["flavor_id"], client.resources["other_flavor_id"]
    first, second = client.stopped(), client.stopped()
    client.cloud.control("PUT", "/_mock/limits", {"cores": 6})

    def resize(server: str, flavor: str) -> int:
        if api == "native":
            return client.act(server, "resize", flavorRef=flavor).status_code
        return client.v1("POST", f"cloudservers/{server}/resize", {"resize": {"flavorRef": flavor}}).status_code

    assert resize(first, large) in {200, 202}
    assert resize(second, large) in {400, 403}
    assert client.nova("POST", "servers", client.native()).status_code == 403
    client.advance(600)
    assert client.show(first)["flavor"]["id"] == large
    if api == "native":
        assert client.null(first, "confirmResize").status_code == 204
        client.advance(60)
        assert resize(first, small) == 202
        client.advance(600)
        assert client.nova("POST", "servers", client.native()).status_code == 403  # it could be reverted
        assert client.null(first, "revertResize").status_code == 202
        assert client.nova("POST", "servers", client.native()).status_code == 403
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({"servers": 2}, 2), ({"disks": 2}, 2), ({"cores": 5}, 2), ({"members": 1}, 1), ({}, 3)],
)
def test_as_many_as_there_is_room_for(client: Client, limits: JsonObject, expected: int) -> None:
    """6.2.1: between min_count and max_count, by every quota."""
    made = client.nova("POST", "os-server-groups", {"server_group": {"name": "g", "policies": ["anti-affinity"]}})
    hints = {"os:scheduler_hints": {"group": made.json()["server_group"]["id"]}}
    client.cloud.control("PUT", "/_mock/limits", limits)
    asked = {**client.native(min_count=1, max_count=3), **hints}
    assert client.nova("POST", "servers", asked).status_code == 202
    assert len(client.nova("GET", "servers").json()["servers"]) == expected
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_a_disk_that_a_new_system_leaves_behind_counts(client: Client) -> None:
    """5.2.2: one with snapshots stays, and there must be room for another."""
    server = client.stopped()
    (disk,) = client.attached(server).values()
    assert client.nova("POST", "os-snapshots", {"snapshot": {"volume_id": disk, "force": True}}).status_code == 200
    client.advance(60)
    client.cloud.control("PUT", "/_mock/limits", {"disks": 1})
    body = {"os-change": {"imageid": client.resources["image_id"], "userid": "x"}}
    path = f"/v2/{client.project}/cloudservers/{server}/changeos"
    assert client.code(client.http.post(path, json=body)) == (400, "Ecs.0021")
    client.cloud.control("PUT", "/_mock/limits", {"disks": 2})
    assert client.http.post(path, json=body).status_code == 200
    client.advance(600)
    assert client.disk(disk)["status"] == "available"
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_metadata_of_images_is_limited(client: Client) -> None:
    """6.10.1: maxImageMeta."""
    (server,) = client.create()
    most = client.nova("GET", "limits").json()["limits"]["absolute"]["maxImageMeta"]
    for count, status in ((most + 1, 403), (most, 202)):
        metadata = {str(number): "x" for number in range(count)}
        assert client.act(server, "createImage", name="one", metadata=metadata).status_code == status


def test_what_hooks_do_beyond_quotas_contradicts_nothing(client: Client) -> None:
    """A quota may be set below what is used; then nothing more can be made."""
    (server,) = client.create(metadata={"a": "b", "c": "d"})
    client.cloud.control("PUT", "/_mock/limits", {"servers": 0, "disks": 0, "metadata": 1, "rules": 0})
    client.cloud.control("PUT", "/_mock/servers", {"count": 3})
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}
    assert client.nova("POST", "servers", client.native()).status_code == 403
    assert client.nova("POST", f"servers/{server}/metadata", {"metadata": {"e": "f"}}).status_code == 403


def test_a_data_disk_with_snapshots_outlives_its_server(client: Client) -> None:
    """11.4.5 says it of every disk, whatever the request for its server says."""
    for native in (True, False):
        (server,) = client.create()
        disk = client.volume()
        assert client.nova("POST", "os-snapshots", {"snapshot": {"volume_id": disk}}).status_code == 200
        client.advance(60)
        attach = {"volumeAttachment": {"volumeId": disk}}
        assert client.nova("POST", f"servers/{server}/os-volume_attachments", attach).status_code == 200
        client.advance(60)
        if native:
            client.cloud._state.projects[client.project].volumes[disk].delete_on_termination = True
            assert client.nova("DELETE", f"servers/{server}").status_code == 204
            client.advance(120)
        else:
            client.run("cloudservers/delete", {"servers": [{"id": server}], "delete_volume": True})
        assert client.disk(disk)["status"] == "available"
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


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
        ("POST", "/_mock/fail", {"job_type": "stopServers", "code": "Ecs.9999"}),
        ("POST", "/_mock/refuse", {"method": "GET", "path": "/v1/x", "code": "Ecs.0219"}),
        ("POST", "/_mock/refuse", {"method": "GET", "path": "/v2.1/?limit=1", "code": "Ecs.0219"}),
        ("PUT", "/_mock/limits", {"servers": 10**30}),
        ("GET", "/_mock/consistency", {"servers": 1}),
        ("GET", "/_mock/limits", None),
    ],
)
def test_a_hook_takes_no_nonsense(cloud: MockCloud, method: str, path: str, body: JsonObject) -> None:
    """A typo is told at once, and changes nothing."""
    before = cloud.control("GET", "/_mock/consistency")
    with pytest.raises(ValueError, match=r"\w"):
        cloud.control(method, path, body)
    assert cloud.control("GET", "/_mock/consistency") == before


_HOOKS: list[tuple[str, str, JsonObject]] = [
    ("POST", "clock", {"advance": 1}),
    ("POST", "token", {"seconds": 5}),
    ("PUT", "policy", {"allow": ["ecs:cloudServers:create"]}),
    ("PUT", "limits", {"servers": 5}),
    ("POST", "fail", {"job_type": "createServer", "code": "Ecs.0204"}),
    ("POST", "refuse", {"method": "GET", "path": "/v2.1/{p}/servers", "code": "Ecs.0219", "status": 500}),
    ("PUT", "servers", {"count": 2}),
    ("PUT", "servers/{s}/state", {"vm_state": "active", "task_state": "deleting", "power_state": 1}),
]
_ODD: list[Any] = [True, "", "x", "-1", 10**30, -1e300, [], {}, [None], ["x"], {"a": 1}, "\ud800", "\0", "云"]


@pytest.mark.parametrize(("method", "path", "body"), _HOOKS, ids=[path for _, path, _ in _HOOKS])
def test_a_hook_takes_nonsense_of_no_type(client: Client, method: str, path: str, body: JsonObject) -> None:
    """In each field, beside them, and in place of the body: 400 with a sentence, over HTTP."""
    (server,) = client.create()
    place = "/_mock/" + path.format(s=server)
    good = {name: value.format(p=client.project) if isinstance(value, str) else value for name, value in body.items()}
    wrong = [{**good, name: odd} for name in good for odd in _ODD if (name, odd) != ("allow", [])]
    texts = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"NaN",
        b"\xff",
        b'"x"',
        b'{"advance": NaN, "seconds": Infinity, "count": 1e999}',
    ]
    for content in (*(json.dumps(one).encode() for one in (*wrong, {**good, "zzz": 1})), *texts):
        answer = client.http.request(method, place, content=content)
        assert answer.status_code == 400, content
        assert answer.json()["error_msg"], content
    assert client.http.request(method, f"{place}?x=1", json=good).status_code == 400
    assert client.http.request(method, place, json=good).status_code == 200


def test_headers_are_read_as_they_were_sent() -> None:
    """What is not ASCII arrives as bytes, and is signed as UTF-8 (4.2)."""
    given = {"HTTP_X_NAME": "\u4e91".encode().decode("latin-1"), "CONTENT_TYPE": "text/\xff"}
    assert headers_of(given, text) == {"x-name": "\u4e91", "content-type": "text/\xff"}
    assert headers_of(given, octets) == {"x-name": "\u4e91".encode(), "content-type": b"text/\xff"}
