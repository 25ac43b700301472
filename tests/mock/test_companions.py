"""What clients of OpenStack need around ECS: versions, the catalogue, images, disks and networks."""

from __future__ import annotations

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import BASE, Client

_NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("path", ["/v3", "/v3/"])
def test_iam_says_its_version_to_everybody(cloud: MockCloud, path: str) -> None:
    """Clients ask before they log in; `/` is the compute service's (6.1.1)."""
    answer = Client(cloud, token=False).http.get(path)
    assert answer.status_code == 200
    version = answer.json()["version"]
    assert (version["id"][:2], version["status"]) == ("v3", "stable")
    assert version["links"] == [{"rel": "self", "href": f"{BASE}/v3/"}]


def _catalog(client: Client) -> dict[str, str]:
    catalog = client.login().json()["token"]["catalog"]
    assert all(one["endpoints"][0]["interface"] == "public" for one in catalog)
    return {one["type"]: one["endpoints"][0]["url"] for one in catalog}


def test_the_catalogue_names_what_is_there(client: Client) -> None:
    """Each service answers at its URL or says there which versions it has."""
    urls = _catalog(client)
    assert set(urls) == {"identity", "compute", "ecs", "image", "volumev3", "block-storage", "network"}
    for kind in ("image", "network"):
        (version,) = client.http.get(urls[kind]).json()["versions"]
        assert version["links"][0]["href"].startswith(urls[kind])
    for path in ("/volume", "/volume/v3/"):
        (version,) = client.http.get(path).json()["versions"]
        assert urls["block-storage"].startswith(version["links"][0]["href"])


def test_services_need_a_token_and_their_own_project(cloud: MockCloud, client: Client) -> None:
    """As the native APIs do, and errors are theirs."""
    paths = [f"/volume/v3/{client.project}/volumes", "/image/v2/images", "/network/v2.0/networks"]
    for path in paths:
        assert Client(cloud, token=False).http.get(path).status_code == 401
    assert Client(cloud, "other_project").http.get(paths[0]).status_code == 403


def test_images_are_those_of_the_native_view(cloud: MockCloud, client: Client) -> None:
    """Public ones and the project's own; only the latter can be deleted."""
    listed = client.http.get("/image/v2/images").json()["images"]
    assert client.resources["image_id"] in {one["id"] for one in listed}
    named = client.http.get("/image/v2/images", params={"name": listed[0]["name"]}).json()["images"]
    assert listed[0]["id"] in {one["id"] for one in named}
    public = f"/image/v2/images/{client.resources['image_id']}"
    assert client.http.get(public).json()["visibility"] == "public"
    assert client.http.delete(public).status_code == 403
    made = client.act(client.stopped(), "createImage", name="taken")
    client.advance(60)
    image = made.headers["Location"].rpartition("/")[2]
    own = client.http.get(f"/image/v2/images/{image}")
    assert (own.json()["name"], own.json()["status"], own.json()["visibility"]) == ("taken", "active", "private")
    assert Client(cloud, "other_project").http.get(f"/image/v2/images/{image}").status_code == 404
    assert client.http.delete(f"/image/v2/images/{image}").status_code == 204
    assert client.http.get(f"/image/v2/images/{image}").status_code == 404


def test_disks_are_those_of_the_native_view(client: Client) -> None:
    """Made here or there, they are the same."""
    path = f"/volume/v3/{client.project}/volumes"
    asked = {"size": 10, "name": "data", "description": None, "volume_type": "SSD", "multiattach": None}
    made = client.http.post(path, json={"volume": asked})
    assert (made.status_code, made.json()["volume"]["status"]) == (202, "creating")
    disk = made.json()["volume"]["id"]
    client.advance(10)
    assert client.http.get(f"{path}/{disk}").json()["volume"]["status"] == "available"
    assert client.disk(disk)["displayName"] == "data"
    assert disk in {one["id"] for one in client.http.get(f"{path}/detail").json()["volumes"]}
    assert client.http.delete(f"{path}/{disk}").status_code == 202
    client.advance(10)
    assert client.http.get(f"{path}/{disk}").status_code == 404
    assert client.http.get(f"{path}/{_NOBODY}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"volume": []}, {"volume": {"size": 0}}, {"volume": {"size": None}}])
def test_wrong_disks_are_refused(client: Client, body: object) -> None:
    """By the rules of 11.4.4."""
    assert client.http.post(f"/volume/v3/{client.project}/volumes", json=body).status_code == 400


def test_networks_are_those_of_the_native_view(client: Client) -> None:
    """By name or id, all or one."""

    def ids(answer: httpx.Response) -> set[str]:
        return {one["id"] for one in answer.json()["networks"]}

    path = "/network/v2.0/networks"
    native = client.nova("GET", "os-networks")
    assert ids(client.http.get(path)) == ids(native)
    one = native.json()["networks"][0]
    assert one["id"] in ids(client.http.get(path, params={"name": one["label"]}))
    assert ids(client.http.get(path, params={"id": one["id"]})) == {one["id"]}
    assert client.http.get(f"{path}/{one['id']}").json()["network"]["name"] == one["label"]
    assert client.http.get(f"{path}/{_NOBODY}").status_code == 404
