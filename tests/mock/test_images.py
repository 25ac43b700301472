from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs._mock.state.records import Image
from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _own(c: Client, name: str = "mine", **more: Any) -> str:
    """Give the project an image, which only it sees."""
    state = c.cloud._state
    now = state.clock.now()
    image = Image(state.uuid(), name, owner=c.project, created=now, updated=now, size=5, **more)
    state.images[image.id] = image
    return image.id


def _names(c: Client, path: str = "images", **query: Any) -> list[str]:
    answer = c.nova("GET", path, params={key.replace("_", "-"): value for key, value in query.items()})
    assert answer.status_code == 200, answer.text
    return [image["name"] for image in answer.json()["images"]]


def test_images_are_listed_and_shown(client: Client) -> None:
    """11.2.1 to 11.2.4: one image in four places."""
    server = client.create()[0]
    image = _own(client, min_ram=512, server=server, metadata={"a": "b"})
    brief = client.nova("GET", "images").json()["images"][0]
    assert brief.keys() == {"id", "name", "links"}
    assert [link["rel"] for link in brief["links"]] == ["self", "bookmark", "alternate"]
    assert brief["links"][0]["href"].endswith(f"/v2.1/{client.project}/images/{image}")
    full = client.nova("GET", "images/detail").json()["images"][0]
    assert {key: full[key] for key in full if key not in {"links", "server"}} == {
        "id": image,
        "name": "mine",
        "metadata": {"a": "b"},
        "OS-EXT-IMG-SIZE:size": 5,
        "minDisk": 40,
        "minRam": 512,
        "status": "ACTIVE",
        "progress": 100,
        "created": "2026-01-01T00:02:00Z",
        "updated": "2026-01-01T00:02:00Z",
    }
    assert full["server"]["id"] == server
    assert client.nova("GET", f"images/{image}").json() == {"image": full}
    assert client.nova("GET", f"images/{image}/metadata").json() == {"metadata": {"a": "b"}}


def test_images_are_filtered(client: Client) -> None:
    """Tables 11-6 and 11-13; filters hold together."""
    client.advance(1)
    _own(client, "small", min_disk=10, min_ram=100)
    _own(client, "new", status="SAVING")
    everything = {"small", "new", "Linux 64bit", "Linux 64bit without agents", "Windows 64bit", "conformance-image"}
    assert set(_names(client)) == everything
    for path in ("images", "images/detail"):
        assert _names(client, path, name="small") == ["small"]
        assert _names(client, path, name="smal") == []
        assert _names(client, path, status="saving") == ["new"]
        assert _names(client, path, status="ACTIVE", name="new") == []
        assert _names(client, path, status="deleted") == []
        assert set(_names(client, path, changes_since="2026-01-01T00:00:01Z")) == {"small", "new"}
        assert _names(client, path, minRam=100) == ["small"]
        assert _names(client, path, minDisk=50) == ["Windows 64bit"]
        assert set(_names(client, path, name="", status="")) == everything


@pytest.mark.parametrize(
    "query", [{"minRam": "x"}, {"minDisk": "-1"}, {"changes-since": "soon"}, {"limit": "many"}, {"marker": UNKNOWN}]
)
def test_a_query_that_means_nothing_is_refused(client: Client, query: JsonObject) -> None:
    """Tables 11-6 and 11-13."""
    assert client.nova("GET", "images", params=query).status_code == 400


def test_images_come_in_pages(client: Client) -> None:
    """Table 11-10: each page names the next one; the last one does not."""
    for number in range(3):
        _own(client, f"n{number}")
        client.advance(1)
    first = client.nova("GET", "images", params={"limit": 2, "status": "active"}).json()
    assert [image["name"] for image in first["images"]] == ["n2", "n1"]
    assert first["images_links"][0]["rel"] == "next"
    second = client.http.get(first["images_links"][0]["href"]).json()
    assert second["images"][0]["name"] == "n0"
    names, page = [image["name"] for image in (*first["images"], *second["images"])], second
    while "images_links" in page:
        page = client.http.get(page["images_links"][0]["href"]).json()
        names += [image["name"] for image in page["images"]]
    assert sorted(names) == sorted(_names(client, status="active"))


def test_an_image_is_deleted_by_its_owner_only(client: Client) -> None:
    """11.2.5: nobody deletes a public one, and others do not even see it; servers made of it stay."""
    image = _own(client)
    (server,) = client.create(imageRef=image)
    other = Client(client.cloud, "other_project")
    assert (
        other.nova("GET", f"images/{image}").status_code == other.nova("DELETE", f"images/{image}").status_code == 404
    )
    assert "mine" not in _names(other)
    assert client.nova("DELETE", f"images/{client.resources['image_id']}").status_code == 403
    assert client.nova("DELETE", f"images/{image}").status_code == 204
    for path in (f"images/{image}", f"images/{image}/metadata"):
        assert client.nova("GET", path).status_code == 404
    assert client.code(client.v1("POST", "cloudservers", client.request(imageRef=image))) == (400, "Ecs.0031")
    assert client.show(server)["image"]["id"] == image


def test_an_image_of_another_project_starts_no_server(client: Client) -> None:
    """5.1.1, 6.2.1: it is an unknown one, and so is one that is not finished (Ecs.0032)."""
    foreign = _own(Client(client.cloud, "other_project"))
    assert client.code(client.v1("POST", "cloudservers", client.request(imageRef=foreign))) == (400, "Ecs.0031")
    saving = _own(client, status="SAVING")
    assert client.code(client.v1("POST", "cloudservers", client.request(imageRef=saving))) == (400, "Ecs.0032")


def test_the_discarded_apis_end(client: Client) -> None:
    """As in Nova: images after 2.35, their metadata after 2.38."""
    image = client.resources["image_id"]
    for path, last, gone in (
        ("images", "2.35", "2.36"),
        ("images/detail", "2.35", "2.36"),
        (f"images/{image}", "2.35", "2.36"),
        (f"images/{image}/metadata", "2.38", "2.39"),
    ):
        assert client.nova("GET", path, at=last).status_code == 200
        assert client.nova("GET", path, at=gone).status_code == 404
