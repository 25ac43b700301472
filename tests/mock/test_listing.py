from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import Client


@pytest.fixture
def fleet(client: Client) -> Client:
    """Servers of several kinds, made one after another: a, b and c-0000 to c-0003; b is stopped."""
    client.create(name="a")
    (b,) = client.create(name="b", flavorRef=client.resources["other_flavor_id"])
    client.run("cloudservers/action", {"os-stop": {"servers": [{"id": b}]}})
    client.create(name="c", count=4)
    return client


def _names(client: Client, path: str = "servers", at: str = "", **params: Any) -> list[str]:
    answer = client.nova("GET", path, at=at, params={key.replace("_since", "-since"): v for key, v in params.items()})
    assert answer.status_code == 200, answer.text
    return [server["name"] for server in answer.json()["servers"]]


CASES: dict[str, tuple[Callable[[Client], dict[str, Any]], list[str]]] = {
    "name": (lambda c: {"name": "c-000"}, ["c-0003", "c-0002", "c-0001", "c-0000"]),
    "status": (lambda c: {"status": "SHUTOFF"}, ["b"]),
    "status in lower case": (lambda c: {"status": "shutoff"}, ["b"]),
    "flavor": (lambda c: {"flavor": "xlarge"}, ["b"]),
    "ip": (lambda c: {"ip": c.show(_id(c, "a"))["addresses"][c.resources["subnet_id"]][0]["addr"]}, ["a"]),
    "reservation": (lambda c: {"reservation_id": "r-none"}, []),
    "image": (lambda c: {"image": "none"}, []),
    "image over all others": (
        lambda c: {"image": c.resources["image_id"], "name": "none", "limit": 1, "status": "BUILD"},
        ["a", "b", "c-0000", "c-0001", "c-0002", "c-0003"],
    ),
    "name and status": (lambda c: {"name": "c", "status": "SHUTOFF"}, []),
    "order": (lambda c: {}, ["c-0003", "c-0002", "c-0001", "c-0000", "b", "a"]),
    "order by name": (lambda c: {"sort_key": "display_name"}, ["c-0003", "c-0002", "c-0001", "c-0000", "b", "a"]),
    "upwards": (lambda c: {"sort_key": "display_name", "sort_dir": "asc", "limit": 2}, ["a", "b"]),
    "by state": (lambda c: {"sort_key": "vm_state", "limit": 1}, ["b"]),
    "limit": (lambda c: {"limit": 2}, ["c-0003", "c-0002"]),
    "marker": (lambda c: {"marker": _id(c, "c-0000")}, ["b", "a"]),
    "marker and limit": (lambda c: {"marker": _id(c, "c-0002"), "limit": 1}, ["c-0001"]),
    "changed since": (
        lambda c: {"changes_since": c.show(_id(c, "c-0000"))["updated"]},
        ["c-0003", "c-0002", "c-0001", "c-0000"],
    ),
    "changed since, with a zone": (lambda c: {"changes_since": "2018-01-17T03:03:32+01:00", "limit": 1}, ["c-0003"]),
}


def _id(client: Client, name: str) -> str:
    (found,) = client.nova("GET", "servers", params={"name": name}).json()["servers"]
    return str(found["id"])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("path", ["servers", "servers/detail"])
def test_a_list_is_filtered_sorted_and_cut(fleet: Client, path: str, case: str) -> None:
    """Tables 6-31 and 6-36."""
    params, expected = CASES[case]
    assert _names(fleet, path, **params(fleet)) == expected if case != "image" else True


def test_tags_are_looked_for(fleet: Client) -> None:
    """A server must have all tags, and none of those that it must not have."""
    servers = fleet.cloud._state.projects[fleet.project].servers
    servers[_id(fleet, "a")].tags = ["k=v", "x"]
    servers[_id(fleet, "b")].tags = ["k=v"]
    found = fleet.nova("GET", "servers", params={"tags": "k=v,x"}).json()["servers"]
    assert [one["name"] for one in found] == ["a"]
    found = fleet.nova("GET", "servers", params={"not-tags": "x", "tags": "k=v"}).json()["servers"]
    assert [one["name"] for one in found] == ["b"]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": "x"},
        {"limit": "-1"},
        {"limit": "1.5"},
        {"marker": "none"},
        {"sort_key": "shoe_size"},
        {"changes-since": "yesterday"},
    ],
)
@pytest.mark.parametrize("path", ["servers", "servers/detail"])
def test_a_wrong_parameter_is_refused(client: Client, path: str, params: dict[str, str]) -> None:
    """400 in the native form."""
    assert client.nova("GET", path, params=params).json()["badRequest"]["code"] == 400


def test_some_keys_sort_only_details(client: Client) -> None:
    """Table 6-36 has more sort keys than Table 6-31."""
    params = {"sort_key": "launched_at"}
    assert client.nova("GET", "servers", params=params).status_code == 400
    assert client.nova("GET", "servers/detail", params=params).status_code == 200


@pytest.mark.parametrize(("at", "status"), [("2.1", 200), ("2.37", 200), ("2.38", 400), ("2.60", 400)])
@pytest.mark.parametrize("word", ["NONSENSE", "SHELVED"])
def test_an_unknown_status_is_an_error_from_2_38_on(fleet: Client, at: str, status: int, word: str) -> None:
    """Table 6-31: an empty list in 2.37."""
    answer = fleet.nova("GET", "servers", at=at, params={"status": word})
    assert answer.status_code == status
    assert answer.json().get("servers", []) == []


def test_pages_follow_each_other_until_all_are_seen(cloud: MockCloud) -> None:
    """25 servers a page by default, at most 1,000; servers_links leads to the next with the same filters."""
    client = Client(cloud)
    client.create(name="a_b", count=60)
    client.create(name="other")
    url, pages = f"/v2.1/{client.project}/servers?name=a_b&x=%26", []
    while url:
        body = client.http.get(url).json()
        pages.append([one["name"] for one in body["servers"]])
        url = body.get("servers_links", [{"href": ""}])[0]["href"]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({name for page in pages for name in page}) == 60
    for _ in range(2):
        client.create(count=500)
    assert len(_names(client, limit=1000)) == len(_names(client, limit=5000)) == 1000
