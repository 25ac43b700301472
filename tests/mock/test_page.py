"""The page at `/`: for people only, and safe whatever servers are called."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from pytest_ecs._mock.page import PAGE
from tests.mock.harness import Client

#: What browsers send.
_CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize("accept", [_CHROME, "text/html", "application/json;q=0.5, text/html"])
def test_a_browser_gets_the_page(client: Client, accept: str) -> None:
    """HTML that may do nothing but ask where it came from."""
    answer = client.http.get("/", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text == PAGE
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert client.cloud.control("GET", "/_mock/requests")["requests"][-1] == {
        "method": "GET",
        "path": "/",
        "status": 200,
    }


@pytest.mark.parametrize(
    "accept", ["*/*", "", "application/json", "application/json, text/html;q=0.9", "text/html;q=0", "text/html;q=x"]
)
def test_a_client_gets_the_versions(client: Client, accept: str) -> None:
    """6.1.1, as ever."""
    answer = client.http.get("/", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "application/json"
    assert [one["id"] for one in answer.json()["versions"]] == ["v2.0", "v2.1"]


def test_nothing_else_is_a_page(client: Client) -> None:
    """The APIs answer a browser as they answer everybody."""
    assert client.http.get("/v2.1", headers={"Accept": _CHROME}).headers["Content-Type"] == "application/json"


def test_it_needs_nothing_from_elsewhere() -> None:
    """No address in it leads away."""
    assert not [one for one in re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", PAGE) if urlsplit(one).netloc]
    assert "http://" not in PAGE
    assert "https://" not in PAGE
    assert "innerHTML" not in PAGE


def test_the_overview_has_what_the_page_shows(client: Client) -> None:
    """Servers and jobs of every project, the newest first, and who may log in."""
    ids = [*client.create(name="first"), *client.create(name="second")]
    shown = client.cloud.control("GET", "/_mock/overview")
    assert [user["username"] for user in shown["users"]] == ["tester", "neighbour", "restricted"]
    assert shown["users"][0]["password"] == client.me["password"]
    ours, theirs = shown["projects"]
    assert [(one["id"], one["name"], one["status"]) for one in ours["servers"]] == [
        (ids[1], "second", "ACTIVE"),
        (ids[0], "first", "ACTIVE"),
    ]
    assert [(job["job_type"], job["status"]) for job in ours["jobs"]] == [("createServer", "SUCCESS")] * 2
    assert ours["counts"]["disks"] == 2
    assert theirs["counts"]["servers"] == 0
    assert shown["requests"][0]["path"].endswith(f"/jobs/{ours['jobs'][0]['id']}")


def test_of_many_servers_the_newest_are_shown(client: Client) -> None:
    """The page stays small."""
    client.cloud.control("PUT", "/_mock/servers", {"count": 150})
    shown = client.cloud.control("GET", "/_mock/overview")["projects"][0]
    assert (len(shown["servers"]), shown["counts"]["servers"]) == (100, 150)
    assert shown["servers"][0]["name"] == "crowd-0149"
