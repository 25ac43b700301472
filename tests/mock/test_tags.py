from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _pairs(**tags: str) -> list[JsonObject]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _change(client: Client, server: str, action: str, tags: Any, under: str = "servers") -> httpx.Response:
    return client.v1("POST", f"{under}/{server}/tags/action", {"action": action, "tags": tags})


def _native(client: Client, server: str, method: str, path: str = "", body: Any = None, **more: Any) -> httpx.Response:
    return client.nova(method, f"servers/{server}/tags{path}", body, at="2.26", **more)


def _tags(client: Client, server: str, under: str = "servers") -> list[JsonObject]:
    answer = client.v1("GET", f"{under}/{server}/tags")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["tags"])


# With key and value (5.9)


@pytest.mark.parametrize("under", ["servers", "cloudservers"])
def test_tags_are_added_overwritten_and_deleted(client: Client, under: str) -> None:
    """5.9.3, 5.9.4, 5.9.6: both are idempotent; the SDK's URLs do the same."""
    (server,) = client.create()
    for _ in range(2):
        answer = _change(client, server, "create", _pairs(key1="value1", key2="value3"), under)
        assert (answer.status_code, answer.content) == (204, b"")
        assert _tags(client, server, under) == _pairs(key1="value1", key2="value3")
    _change(client, server, "create", _pairs(key1="new"), under)
    assert sorted(_tags(client, server), key=str) == _pairs(key1="new", key2="value3")
    for tags in (_pairs(key1="other"), [{"key": "none"}], _pairs(none="x")):
        assert _change(client, server, "delete", tags, under).status_code == 204
        assert len(_tags(client, server)) == 2
    for _ in range(2):
        assert _change(client, server, "delete", [*_pairs(key1="new"), {"key": "key2"}], under).status_code == 204
        assert _tags(client, server) == []


def test_both_views_show_one_set(client: Client) -> None:
    """5.9.1, 6.15.1: what is key and value here is key=value there."""
    (server,) = client.create()
    _change(client, server, "create", _pairs(baz="xyy", foo=""))
    assert _native(client, server, "GET").json() == {"tags": ["baz=xyy", "foo"]}
    _native(client, server, "PUT", "/qux=1")
    assert _tags(client, server) == _pairs(baz="xyy", foo="", qux="1")
    assert client.show(server, at="2.26")["tags"] == ["baz=xyy", "foo", "qux=1"]
    found = client.nova("GET", "servers", params={"tags": "qux=1"}).json()["servers"]
    assert [one["id"] for one in found] == [server]
    _native(client, server, "DELETE")
    assert _tags(client, server) == []


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([], "Ecs.0005"),
        ("x", "Ecs.0005"),
        ([{"value": "x"}], "Ecs.0005"),
        ([{"key": "x"}], "Ecs.0005"),
        ([{"key": 1, "value": "x"}], "Ecs.0005"),
        ([{"key": "x", "value": 1}], "Ecs.0005"),
        (_pairs(**{"": "x"}), "Ecs.0906"),
        (_pairs(**{"k" * 37: "x"}), "Ecs.0906"),
        (_pairs(x="v" * 44), "Ecs.0906"),
        (_pairs(**{"a b": "x"}), "Ecs.0907"),
        (_pairs(**{"a.b": "x"}), "Ecs.0907"),
        (_pairs(x="a b"), "Ecs.0907"),
        (_pairs(x="a=b"), "Ecs.0907"),
        ([*_pairs(x="1"), *_pairs(x="2")], "Ecs.0908"),
        (_pairs(**{f"k{n}": "" for n in range(11)}), "Ecs.0905"),
    ],
)
def test_new_tags_are_checked(client: Client, tags: Any, code: str) -> None:
    """Tables 5-75 and 5-76, with the codes that A.2 has for tags."""
    (server,) = client.create()
    assert client.code(_change(client, server, "create", tags)) == (400, code)
    assert _tags(client, server) == []


def test_a_key_is_deleted_once_in_a_request(client: Client) -> None:
    """Table 5-79: a key must be unique."""
    (server,) = client.create()
    _change(client, server, "create", _pairs(x="1"))
    answer = _change(client, server, "delete", [*_pairs(x="1"), {"key": "x"}])
    assert client.code(answer) == (400, "Ecs.0908")
    assert _tags(client, server) == _pairs(x="1")


def test_limits_of_tags_can_be_reached(client: Client) -> None:
    """36 and 43 characters, the Chinese ones too; 10 tags, which can still be overwritten."""
    (server,) = client.create()
    longest = _pairs(**{"\u4e00\u9fffAz09-_" + "k" * 28: "\u4e00.-_" + "v" * 39})
    assert _change(client, server, "create", longest).status_code == 204
    assert _tags(client, server) == longest
    assert _change(client, server, "create", _pairs(**{f"k{n}": "" for n in range(9)})).status_code == 204
    assert _change(client, server, "create", _pairs(k0="new")).status_code == 204
    assert client.code(_change(client, server, "create", _pairs(k9=""))) == (400, "Ecs.0905")
    assert len(_tags(client, server)) == 10


def test_an_action_is_create_or_delete(client: Client) -> None:
    """In lower case only; keys to delete may have 127 characters."""
    (server,) = client.create()
    for action in ("Create", "update", "", None, 1):
        assert client.code(_change(client, server, action, _pairs(a="b"))) == (400, "Ecs.0005")  # type: ignore[arg-type]
    assert _change(client, server, "delete", [{"key": "k" * 127}]).status_code == 204
    assert client.code(_change(client, server, "delete", [{"key": "k" * 128}])) == (400, "Ecs.0906")
    assert client.code(_change(client, server, "delete", [{"key": ""}])) == (400, "Ecs.0906")


@pytest.mark.parametrize("under", ["servers", "cloudservers"])
def test_tags_of_a_project_are_listed_by_key(client: Client, under: str) -> None:
    """5.9.5: each key once with all its values, of this project."""
    first, second = client.create(count=2)
    _change(client, first, "create", _pairs(key1="value1", key2="value1"))
    _change(client, second, "create", _pairs(key1="value2", key2="value1"))
    expected = [{"key": "key1", "values": ["value1", "value2"]}, {"key": "key2", "values": ["value1"]}]
    assert client.v1("GET", f"{under}/tags").json() == {"tags": expected}
    assert Client(client.cloud, "other_project").v1("GET", f"{under}/tags").json() == {"tags": []}


@pytest.fixture
def tagged(client: Client) -> Client:
    """A client with five servers: a1 to a3, b and bare."""
    for name, tags in (
        ("a1", {"kind": "a", "number": "1"}),
        ("a2", {"kind": "a", "number": "2"}),
        ("a3", {"kind": "a"}),
        ("b", {"kind": "b", "number": "1"}),
        ("bare", {}),
    ):
        (server,) = client.create(name=name)
        if tags:
            assert _change(client, server, "create", _pairs(**tags)).status_code == 204
    return client


def _query(client: Client, under: str = "servers", **query: Any) -> httpx.Response:
    return client.v1("POST", f"{under}/resource_instances/action", {"action": "filter", **query})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["a1", "a2", "a3", "b", "bare"]),
        ({"tags": [{"key": "kind", "values": ["a"]}]}, ["a1", "a2", "a3"]),
        ({"tags": [{"key": "number"}]}, ["a1", "a2", "b"]),
        ({"tags": [{"key": "number", "values": []}]}, ["a1", "a2", "b"]),
        ({"tags": [{"key": "number", "values": ["1", "2"]}]}, ["a1", "a2", "b"]),
        ({"tags": [{"key": "number", "values": ["1"]}, {"key": "kind", "values": ["a"]}]}, ["a1"]),
        ({"not_tags": ["number"]}, ["a3", "bare"]),
        ({"not_tags": ["kind=a"]}, ["b", "bare"]),
        ({"not_tags": [{"key": "number", "values": ["2"]}]}, ["a1", "a3", "b", "bare"]),
        ({"tags": [{"key": "kind"}], "not_tags": ["number"]}, ["a3"]),
        ({"matches": [{"key": "resource_name", "value": "b"}]}, ["b"]),
        ({"tags": [{"key": "kind"}], "limit": "2"}, ["a1", "a2"]),
        ({"tags": [{"key": "kind"}], "limit": 2, "offset": "3"}, ["b"]),
        ({"offset": "100"}, []),
    ],
)
def test_servers_are_found_by_their_tags(tagged: Client, query: JsonObject, names: list[str]) -> None:
    """5.9.2: all of the keys, any of their values; and pages."""
    for under in ("servers", "cloudservers"):
        body = _query(tagged, under, **query).json()
        assert [one["resource_name"] for one in body["resources"]] == names
    whole = {key: value for key, value in query.items() if key not in {"limit", "offset"}}
    total = len(_query(tagged, **whole).json()["resources"])
    assert body["total_count"] == total
    counted = _query(tagged, **{**query, "action": "count"})
    assert (counted.status_code, counted.json()) == (200, {"total_count": total})


def test_a_found_server_is_shown_with_all_its_tags(tagged: Client) -> None:
    """Table 5-72; only those of the project are found."""
    (found,) = _query(tagged, tags=[{"key": "number", "values": ["2"]}]).json()["resources"]
    assert found == {
        "resource_id": found["resource_id"],
        "resource_name": "a2",
        "resource_detail": None,
        "tags": _pairs(kind="a", number="2"),
    }
    assert tagged.show(found["resource_id"])["name"] == "a2"
    assert _query(Client(tagged.cloud, "other_project")).json() == {"resources": [], "total_count": 0}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"action": "list"}, "Ecs.0005"),
        ({"action": None}, "Ecs.0005"),
        ({"tags": []}, "Ecs.0005"),
        ({"not_tags": []}, "Ecs.0005"),
        ({"matches": []}, "Ecs.0005"),
        ({"tags": [{}]}, "Ecs.0005"),
        ({"tags": [{"key": ""}]}, "Ecs.0005"),
        ({"tags": [{"key": "k" * 128}]}, "Ecs.0005"),
        ({"tags": [{"key": "k", "values": ["v" * 256]}]}, "Ecs.0005"),
        ({"tags": [{"key": "k", "values": ["v", "v"]}]}, "Ecs.0005"),
        ({"tags": [{"key": "k"}, {"key": "k"}]}, "Ecs.0908"),
        ({"not_tags": ["k", "k"]}, "Ecs.0908"),
        ({"not_tags": [1]}, "Ecs.0005"),
        ({"matches": [{"key": "name", "value": "x"}]}, "Ecs.0005"),
        ({"matches": [{"key": "resource_name", "value": ""}]}, "Ecs.0005"),
        ({"matches": [{"key": "resource_name", "value": "v" * 256}]}, "Ecs.0005"),
        ({"matches": [{"key": "resource_name", "value": "x"}] * 2}, "Ecs.0005"),
        ({"limit": "-1"}, "Ecs.0005"),
        ({"limit": "1001"}, "Ecs.0005"),
        ({"limit": "many"}, "Ecs.0005"),
        ({"offset": "-1"}, "Ecs.0005"),
        ({"offset": "x"}, "Ecs.0005"),
    ],
)
def test_a_query_is_checked(client: Client, query: JsonObject, code: str) -> None:
    """Tables 5-68 to 5-70."""
    assert client.code(_query(client, **query)) == (400, code)
    assert _query(client, limit="1000", offset="0").status_code == 200


@pytest.mark.parametrize("who", ["", "other_project"])
def test_tags_of_unknown_and_foreign_servers_are_not_found(client: Client, who: str) -> None:
    """404 in both views."""
    server = client.create()[0] if who else UNKNOWN
    caller = Client(client.cloud, who)
    assert client.code(caller.v1("GET", f"servers/{server}/tags")) == (404, "Ecs.0114")
    assert client.code(_change(caller, server, "create", _pairs(a="b"))) == (404, "Ecs.0114")
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"tags": []}),
        ("DELETE", "", None),
        ("PUT", "/a", None),
        ("GET", "/a", None),
        ("DELETE", "/a", None),
    ):
        assert _native(caller, server, method, path, body).status_code == 404


# As plain strings (6.15)


def test_native_tags_are_replaced_and_deleted(client: Client) -> None:
    """6.15.1 to 6.15.3, 6.15.5 and 6.15.6."""
    (server,) = client.create()
    assert _native(client, server, "PUT", "", {"tags": ["baz", "foo", "qux", "foo"]}).json() == {
        "tags": ["baz", "foo", "qux"]
    }
    assert _native(client, server, "PUT", "", {"tags": ["baz", "foo"]}).json() == {"tags": ["baz", "foo"]}
    assert _native(client, server, "GET").json() == {"tags": ["baz", "foo"]}
    answer = _native(client, server, "GET", "/foo")
    assert (answer.status_code, answer.content) == (204, b"")
    assert _native(client, server, "DELETE", "/foo").status_code == 204
    for method in ("GET", "DELETE"):
        assert _native(client, server, method, "/foo").status_code == 404
    assert _native(client, server, "DELETE").status_code == 204
    assert _native(client, server, "GET").json() == {"tags": []}


def test_a_native_tag_is_added_once(client: Client) -> None:
    """6.15.4: 201 with a page, as HTML or as JSON where that is asked for; then there is nothing to do."""
    (server,) = client.create()
    answer = _native(client, server, "PUT", "/a%20b")
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "text/html")
    assert "<title>201 Created</title>" in answer.text
    assert answer.headers["Location"].endswith(f"/servers/{server}/tags/a%20b")
    assert _native(client, server, "PUT", "/a%20b").status_code == 204
    headers = {"Accept": "application/json", "X-OpenStack-Nova-API-Version": "2.26"}
    url = f"/v2.1/{client.project}/servers/{server}/tags/c"
    answer = client.http.put(url, headers=headers)
    assert answer.status_code == 201
    assert answer.json() == {"message": "<br /><br />\n\n\n", "code": "201 Created", "title": "Created"}
    assert _native(client, server, "GET").json() == {"tags": ["a b", "c"]}


def test_without_a_tag_all_are_meant(client: Client) -> None:
    """Tables 6-227 and 6-228; an empty tag cannot be created."""
    (server,) = client.create()
    _native(client, server, "PUT", "", {"tags": ["a"]})
    assert _native(client, server, "PUT", "/").status_code == 400
    assert _native(client, server, "GET", "/").json() == {"tags": ["a"]}
    assert _native(client, server, "DELETE", "/").status_code == 204
    assert _native(client, server, "GET").json() == {"tags": []}


@pytest.mark.parametrize("tags", [None, "a", [1], [""], ["t" * 81], ["a,b"], ["a/b"], [str(n) for n in range(51)]])
def test_native_tags_are_checked(client: Client, tags: Any) -> None:
    """Table 6-221: 50 tags of up to 80 characters."""
    (server,) = client.create()
    assert _native(client, server, "PUT", "", {"tags": tags}).status_code == 400
    assert _native(client, server, "PUT", "", {"tags": ["t" * 80]}).status_code == 200
    assert _native(client, server, "PUT", f"/{'t' * 81}").status_code == 400
    most = [str(number) for number in range(50)]
    assert _native(client, server, "PUT", "", {"tags": most}).status_code == 200
    assert _native(client, server, "PUT", "/one-more").status_code == 400
    assert _native(client, server, "PUT", "/0").status_code == 204


@pytest.mark.parametrize("v", ["2.1", "2"])
def test_native_tags_need_a_microversion(client: Client, v: str) -> None:
    """6.15: 2.26; and V2 knows none (6.16)."""
    (server,) = client.create()
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"tags": []}),
        ("DELETE", "", None),
        ("PUT", "/a", None),
        ("GET", "/a", None),
        ("DELETE", "/a", None),
    ):
        at = "2.25" if v == "2.1" else "2.26"
        assert client.nova(method, f"servers/{server}/tags{path}", body, at=at, v=v).status_code == 404
    assert client.nova("GET", f"servers/{server}/tags", at="2.60").status_code == 200


def test_a_tag_of_another_script_is_the_same_in_a_url_and_in_a_body(client: Client) -> None:
    """In process the transport decodes URLs itself, over HTTP the mock does."""
    (server,) = client.create()
    for tag in ("%E7%AD%BE", "%C3%A4"):
        assert client.nova("PUT", f"servers/{server}/tags/{tag}", at="2.26").status_code == 201
    assert client.nova("GET", f"servers/{server}/tags", at="2.26").json()["tags"] == ["签", "ä"]
