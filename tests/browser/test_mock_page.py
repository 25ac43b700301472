"""The mock's page at `/` in a real browser: it follows what happens, and what clients said is text."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.server import serve

from ..mock.harness import Client

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is not installed")
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="there is no chromium")

_EVIL = "</td><img src=x onerror=alert(1)>"


@pytest.fixture
def opened() -> Iterator[tuple[Client, Any]]:
    """A client of a mock, and its page; nothing is said on the console and nobody else is asked."""
    cloud = MockCloud()
    with serve(cloud) as server, sync_api.sync_playwright() as tool:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = tool.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        page = browser.new_page(viewport={"width": 360, "height": 900})
        trouble: list[str] = []
        page.on("console", lambda said: trouble.append(said.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda asked: trouble.append(asked.url) if not asked.url.startswith(server.url) else None)
        page.goto(server.url)
        page.wait_for_selector("html[data-ready=yes]", state="attached")
        yield Client(cloud), page
        browser.close()
        assert trouble == []


def test_it_follows_servers_and_jobs(opened: tuple[Client, Any]) -> None:
    """A server appears, is built and is gone, without anybody loading the page again."""
    client, page = opened
    assert page.inner_text("#servers tbody") == "none yet"
    job = client.deliver("cloudservers", client.request(name="seen"))
    page.locator("#jobs tbody", has_text="INIT").wait_for()
    client.advance(200)
    page.locator("#servers tbody", has_text="ACTIVE").wait_for()
    assert "seen" in page.inner_text("#servers tbody")
    assert job in page.inner_text("#jobs tbody")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_says_how_to_log_in(opened: tuple[Client, Any]) -> None:
    """As each of the users, at the address of the page."""
    client, page = opened
    assert f"export OS_PASSWORD='{client.me['password']}'" in page.inner_text("#login")
    assert f"export OS_AUTH_URL='{page.url.rstrip('/')}/v3'" in page.inner_text("#login")
    page.select_option("#user", "1")
    assert "export OS_USERNAME='neighbour'" in page.inner_text("#login")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    page.locator("#copied", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.inner_text("#login")


def test_what_went_wrong_is_marked(opened: tuple[Client, Any]) -> None:
    """A refused request and a server in error, and no others."""
    client, page = opened
    good, broken = client.create(count=2)
    client.cloud.control("PUT", f"/_mock/servers/{broken}/state", {"vm_state": "error"})
    client.nova("GET", "servers/nosuch")
    page.locator("#requests td.bad", has_text="404").wait_for()
    page.locator("#servers td.bad", has_text="ERROR").wait_for()
    assert page.locator("#servers tr", has_text=good).locator(".bad").count() == 0
    assert page.locator("#servers .bad").count() == 1


def test_what_clients_said_is_text(opened: tuple[Client, Any]) -> None:
    """A path and a name that try to be markup become no element."""
    client, page = opened
    (server,) = client.create()
    client.cloud._state.projects[client.project].servers[server].name = _EVIL
    client.http.get("/" + _EVIL)
    page.locator("#servers tbody", has_text="onerror").wait_for()
    page.locator("#requests tbody", has_text="onerror").wait_for()
    assert page.locator("img").count() == 0
