from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _call(client: Client, server: str, method: str, path: str = "", body: Any = None) -> httpx.Response:
    return client.nova(method, f"servers/{server}/metadata{path}", body)


def test_metadata_are_updated_replaced_and_deleted(client: Client) -> None:
    """6.9: POST adds and changes, PUT replaces all, PUT on a key adds or changes one, DELETE takes one away."""
    (server,) = client.create(metadata={"a": "1"})
    steps: list[tuple[str, str, JsonObject | None, int, JsonObject]] = [
        ("POST", "", {"metadata": {"b": "2"}}, 200, {"a": "1", "b": "2"}),
        ("POST", "", {"metadata": {"a": "3"}}, 200, {"a": "3", "b": "2"}),
        ("PUT", "/c:d", {"meta": {"c:d": "4"}}, 200, {"a": "3", "b": "2", "c:d": "4"}),
        ("PUT", "/a", {"meta": {"a": "5"}}, 200, {"a": "5", "b": "2", "c:d": "4"}),
        ("DELETE", "/b", None, 204, {"a": "5", "c:d": "4"}),
        ("PUT", "", {"metadata": {"e": "6"}}, 200, {"e": "6"}),
        ("PUT", "", {"metadata": {}}, 200, {}),
    ]
    for method, path, body, status, after in steps:
        answer = _call(client, server, method, path, body)
        assert answer.status_code == status
        if method == "DELETE":
            assert answer.content == b""
        else:
            assert answer.json() == ({"metadata": after} if not path else body)
        assert _call(client, server, "GET").json() == {"metadata": after}
        assert client.show(server)["metadata"] == after


def test_one_pair_is_shown_by_its_key(client: Client) -> None:
    """6.9.5, 6.9.3: 404 for a key that is not there."""
    (server,) = client.create(metadata={"key1": "value1"})
    assert _call(client, server, "GET", "/key1").json() == {"meta": {"key1": "value1"}}
    for method in ("GET", "DELETE"):
        answer = _call(client, server, method, "/none")
        assert (answer.status_code, answer.json()["itemNotFound"]["code"]) == (404, 404)


PAIRS: list[Any] = [
    None,
    [],
    "x",
    {"a": 1},
    {"a": None},
    {"a": {}},
    {"": "x"},
    {"a b": "x"},
    {"a/b": "x"},
    {"\u00fc": "x"},
    {"k" * 256: "x"},
    {"a": "x" * 256},
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_pairs_are_checked(client: Client, number: int) -> None:
    """Tables 6-156, 6-159 and 6-167: and nothing is kept of what is refused."""
    (server,) = client.create(metadata={"old": "x"})
    pairs = PAIRS[number]
    assert _call(client, server, "POST", "", {"metadata": pairs}).status_code == 400
    assert _call(client, server, "PUT", "", {"metadata": pairs}).status_code == 400
    assert _call(client, server, "PUT", "/old", {"meta": pairs}).status_code == 400
    assert client.show(server)["metadata"] == {"old": "x"}


def test_limits_of_pairs_can_be_reached(client: Client) -> None:
    """255 characters, all that keys may contain, and as many pairs as the quota allows."""
    (server,) = client.create()
    longest = {"Az09-_:." + "k" * 247: "\u00fc" * 255, "empty": ""}
    assert _call(client, server, "PUT", "", {"metadata": longest}).json() == {"metadata": longest}
    most = {str(number): "" for number in range(128)}
    assert _call(client, server, "PUT", "", {"metadata": most}).status_code == 200
    answer = _call(client, server, "POST", "", {"metadata": {"more": ""}})
    assert (answer.status_code, answer.json()["forbidden"]["code"]) == (403, 403)
    assert len(client.show(server)["metadata"]) == 128


@pytest.mark.parametrize("meta", [{}, {"b": "x"}, {"a": "x", "b": "y"}])
def test_the_body_names_the_key_of_the_url(client: Client, meta: JsonObject) -> None:
    """6.9.6: one pair, of that key."""
    (server,) = client.create()
    assert _call(client, server, "PUT", "/a", {"meta": meta}).status_code == 400


def test_metadata_change_only_in_some_states(client: Client) -> None:
    """6.9: active, stopped, paused and suspended; they can always be read."""
    (server,) = client.create(metadata={"a": "b"})
    changes = [
        ("POST", "", {"metadata": {}}),
        ("PUT", "", {"metadata": {"a": "b"}}),
        ("PUT", "/a", {"meta": {"a": "b"}}),
    ]
    for word, status in (("error", 409), ("building", 409), ("resized", 409), ("paused", 200), ("suspended", 200)):
        client.cloud.control("PUT", f"/_mock/servers/{server}/state", {"vm_state": word})
        assert [_call(client, server, *change).status_code for change in changes] == [status] * 3
        assert _call(client, server, "DELETE", "/a").status_code == (409 if status == 409 else 204)
        client.cloud.control("PUT", f"/_mock/servers/{server}/state", {"vm_state": None})
        _call(client, server, "PUT", "", {"metadata": {"a": "b"}})
        assert _call(client, server, "GET", "/a").status_code == 200


@pytest.mark.parametrize("who", ["", "other_project"])
def test_metadata_of_unknown_and_foreign_servers_are_not_found(client: Client, who: str) -> None:
    """404 for all of them."""
    server = client.create(metadata={"a": "b"})[0] if who else UNKNOWN
    caller = Client(client.cloud, who)
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/a", None),
        ("DELETE", "/a", None),
        ("POST", "", {"metadata": {}}),
        ("PUT", "", {"metadata": {}}),
        ("PUT", "/a", {"meta": {"a": "c"}}),
    ):
        assert _call(caller, server, method, path, body).status_code == 404
