"""report.html in a real browser: drawn, filtered, read by keyboard, printed, and quick when it is large."""

import itertools
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._report.fleet import page as fleet
from pytest_ecs._report.html import html
from pytest_ecs._report.model import Report

from ..unit.exchanges import exchange
from ..unit.report.reports import QUOTAS, contract, header, write, written

sync_api = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is not installed")
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="there is no chromium")

_READY = "html[data-ready=yes]"
_EVIL = "</script><img src=x onerror=alert(1)>\u202e<!--"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser, without network."""
    with sync_api.sync_playwright() as tool:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = tool.chromium.launch(executable_path=_CHROMIUM, args=arguments)
        yield started
        started.close()


def _opened(browser: Any, file: Path, width: int = 1600, scheme: str = "light", ready: str = _READY) -> Any:
    """Open the file and hold that nothing is said on the console and nothing is asked of a network."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page.trouble = []
    page.on("console", lambda said: page.trouble.append(said.text))
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.on("request", lambda asked: page.trouble.append(asked.url) if not asked.url.startswith("file:") else None)
    page.goto(file.as_uri())
    page.wait_for_selector(ready, state="attached")
    return page


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a run that saw one wrong status, and answers that try to be markup."""
    folder = tmp_path_factory.mktemp("small")
    bad = exchange("ecs.quotas.show", 299, {"absolute": {"maxTotalCores": _EVIL}}, id="main-00001")
    good = exchange("ecs.quotas.show", 200, {"absolute": {"maxTotalCores": 1}}, id="main-00002")
    asked = [r.id for r in contract().requirements.values() if r.operation == "ecs.quotas.show"]
    write(folder, header(*asked), [bad, good])
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_it_fits_and_everything_on_it_can_be_read(browser: Any, small: Path, width: int, scheme: str) -> None:
    """No part makes the page wider than the window, and each text has the contrast of WCAG AA to what is behind it."""
    page = _opened(browser, small, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CONTRAST) == []
    assert page.trouble == []
    page.close()


def test_what_an_endpoint_answered_is_text(browser: Any, small: Path) -> None:
    """Nothing of it becomes an element, and what would turn the direction of writing is shown as an escape."""
    page = _opened(browser, small)
    page.evaluate("document.querySelectorAll('#broken details').forEach((one) => { one.open = true; })")
    page.wait_for_function("document.querySelector('#broken pre')")
    text = page.locator("#broken").inner_text()
    assert "onerror=alert(1)" in text
    assert "\\u202e" in text
    assert page.locator("img").count() == 0
    assert page.trouble == []
    page.close()


def test_a_failure_shows_what_was_seen_and_where(browser: Any, small: Path) -> None:
    """Claim with its section's title, expected and observed with the differing part marked, and a line to repeat it."""
    page = _opened(browser, small)
    page.evaluate("(id) => { location.hash = `r=${id}`; }", QUOTAS)
    claim = page.locator("#operations details.claim[open]")
    claim.locator("mark").first.wait_for()
    text = claim.text_content()
    assert "5.7.1 Querying Tenant Quotas" in text
    assert "curl -i -X GET" in text
    assert [mark.replace("differs: ", "") for mark in claim.locator("mark").all_text_contents()] == ["299", "299"]
    page.evaluate("(id) => { location.hash = `r=${id}`; }", "ecs.quotas.show/response/absolute.maxImageMeta/required")
    missing = page.locator("#operations details.claim[open] mark", has_text="(no maxImageMeta)")
    missing.wait_for()
    assert page.trouble == []
    page.close()


def test_the_filters_work_together_and_are_in_the_address(browser: Any, small: Path) -> None:
    """Each narrows the list; the address of the page leads to the same list again."""
    page = _opened(browser, small)
    every = int(page.locator("#found").inner_text().split()[0])
    page.locator("#filter-verdict button", has_text="failed").click()
    failed = int(page.locator("#found").inner_text().split()[0])
    assert 0 < failed < every
    page.fill("#filter-text", "status")
    assert 0 < int(page.locator("#found").inner_text().split()[0]) <= failed
    again = _opened(browser, small)
    again.goto(page.url)
    again.reload()
    again.wait_for_selector(_READY, state="attached")
    assert again.locator("#found").inner_text() == page.locator("#found").inner_text()
    page.fill("#filter-text", "no such thing anywhere")
    assert "No claim fits" in page.locator("#found").inner_text()
    page.click("#filters button[type=reset]")
    assert int(page.locator("#found").inner_text().split()[0]) == every
    assert page.trouble == again.trouble == []
    page.close()
    again.close()


def test_the_matrix_is_one_stop_and_leads_to_claims(browser: Any, small: Path) -> None:
    """By keyboard alone: arrows move, Enter filters, and each cell says in words what is in it."""
    page = _opened(browser, small)
    assert page.locator("#matrix-body button[tabindex='0']").count() == 1
    page.locator("#matrix-body button[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.match(r"ecs\.quotas\.show, [a-z-]+: \d+ ", label)
    page.keyboard.press("Enter")
    kind = label.split(", ")[1].split(":")[0]
    page.wait_for_function(f"document.getElementById('filter-kind').value === {json.dumps(kind)}")
    assert page.input_value("#filter-operation") == "ecs.quotas.show"
    assert page.trouble == []
    page.close()


def test_who_sees_nothing_and_who_has_no_mouse_gets_about(browser: Any, small: Path) -> None:
    """A link skips to the claims, a key leads to the text, all controls and regions have names, and ids are unique."""
    page = _opened(browser, small)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the claims"
    page.keyboard.press("Enter")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter-text"
    assert page.input_value("#filter-text") == ""
    said = page.locator("body").aria_snapshot()
    assert not re.findall(
        r"- (?:button|link|searchbox|combobox|region|navigation|img|grid|table)(?:$|:| \[)", said, re.M
    )
    for role, name in (
        ("searchbox", "Text"),
        *(("combobox", one) for one in ("Level", "Chapter", "Kind", "Operation")),
    ):
        assert page.get_by_role(role, name=name, exact=True).count() == 1, name
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    headings = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))
    page.close()


def test_a_link_from_what_was_not_tested_opens_its_claim(browser: Any, small: Path) -> None:
    """The groups of the reasons lead to the claims that they name."""
    page = _opened(browser, small)
    page.locator("#why details.need summary").first.click()
    link = page.locator("#why details.need a").first
    name = link.inner_text()
    link.click()
    page.wait_for_function(f"document.getElementById('filter-text').value === {json.dumps(name)}")
    opened = f"[...document.querySelectorAll('#operations details.claim[open] .id code')].map(one => one.textContent)[0] === {json.dumps(name)}"
    page.wait_for_function(opened)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_a_fleet_fits_and_can_be_read(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    """The overview of many certificates, which has no script."""
    report = written(tmp_path)
    (tmp_path / "fleet.html").write_text(fleet([report] * 6), encoding="utf-8")
    page = _opened(browser, tmp_path / "fleet.html", width, scheme, ready="main")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CONTRAST) == []
    assert page.trouble == []
    page.close()


def test_the_certificate_is_printed_on_one_sheet(browser: Any, tmp_path: Path) -> None:
    """Also with long names, many waivers and many troubles."""
    waivers = [
        {
            "requirement": f"{QUOTAS}{n}",
            "owner": "QA lead",
            "reason": "known " * 40,
            "expires": "2027-01-31",
            "ticket": None,
        }
        for n in range(40)
    ]
    target = {
        **header().target,
        "name": "a cloud with a very long name " * 4,
        "verified_tls": False,
        "tls": "unverified " * 30,
    }
    written(tmp_path, waivers=waivers, target=target)
    page = _opened(browser, tmp_path / "report.html")
    page.emulate_media(media="print")
    assert page.locator(".signature").is_visible()
    assert not page.locator("nav, main").first.is_visible()
    assert _sheets(page.pdf(prefer_css_page_size=True)) == 1
    page.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of 20,000 exchanges and every requirement of the contract, a third of which failed."""
    folder = tmp_path_factory.mktemp("large")
    names = list(contract().requirements)
    body = {"server": {f"field-{n}": "x" * 40 for n in range(40)}}
    exchanges = {f"main-{n:05d}": exchange("nova.servers.show", 299, body, id=f"main-{n:05d}") for n in range(20_000)}
    report = _grown(written(folder), names)
    texts = dict.fromkeys(names[::3], "a bug report\n" * 60)
    (folder / "report.html").write_text(html(report, texts, exchanges), encoding="utf-8")
    return folder / "report.html"


def test_a_large_report_is_quick(browser: Any, large: Path) -> None:
    """It opens in 1.5 s and filters in 100 ms (the best of three: others may use the machine as well)."""
    page = _opened(browser, large)
    opened = []
    for _ in range(3):
        page.reload()
        page.wait_for_selector(_READY, state="attached")
        opened.append(page.evaluate("performance.now()"))
    assert min(opened) < 1500, opened
    for text in ("server", "status disk", "e", ""):
        taken = [page.evaluate(_TYPED, text) for _ in range(3)]
        assert min(taken) < 100, (text, taken)
    assert page.trouble == []
    assert large.stat().st_size < 10_000_000
    page.close()


def _grown(report: Report, names: list[str]) -> Report:
    rows: list[Any] = []
    for n, name in enumerate(names):
        claim = contract().requirements[name]
        row: dict[str, Any] = {
            "requirement": name,
            "operation": claim.operation,
            "section": claim.section,
            "kind": claim.kind,
            "level": claim.level,
            "says": claim.says,
            "verdict": "fail" if n % 3 == 0 else "pass",
            "reason": "",
            "evidence": [f"main-{n:05d}"],
            "ruling": claim.ruling,
            "group": ".".join(claim.section.split(",")[0].split(".")[:2]),
        }
        if row["verdict"] == "fail":
            row |= {"expected": "HTTP 200", "observed": {"status": 299, "body": {"a": n}}, "where": "status"}
        rows.append(row)
    return {**report, "results": rows}


def _sheets(pdf: bytes) -> int:
    texts = [pdf]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.S):
        try:
            texts.append(zlib.decompress(packed.strip()))
        except zlib.error:
            continue
    return sum(len(re.findall(rb"/Type\s*/Page\b(?!s)", text)) for text in texts)


#: Types a text into the filter; milliseconds until the page has its new layout.
_TYPED = """(text) => {
  const field = document.getElementById("filter-text"), begin = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.offsetHeight;
  return performance.now() - begin;
}"""

#: Texts whose contrast to what is behind them is below 4.5 (3 where they are large), as WCAG 2.2 computes it.
_CONTRAST = r"""() => {
  const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n[3] ?? 1 }; };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const b = parse(getComputedStyle(e).backgroundColor); if (b.a > 0) return b.rgb; } return [255, 255, 255]; };
  const bad = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t = walk.nextNode(); t; t = walk.nextNode()) {
    const e = t.parentElement;
    if (!t.textContent.trim() || e.closest("script, style, noscript, svg") || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const [a, b] = [light(parse(style.color).rgb), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) bad.add(`${e.tagName}.${e.className} ${t.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...bad];
}"""


@pytest.mark.parametrize("width", [360, 1600])
def test_the_bar_leads_where_it_says(browser: Any, large: Path, width: int) -> None:
    """To the beginning of the part, below the bar, though what lies between was never drawn; or to the end of the page."""
    page = _opened(browser, large, width)
    for part in ("charts", "why", "sections", "claims", "again"):
        page.locator(f"nav a[href='#{part}']").click()
        page.wait_for_timeout(300)
        top, bar, left = page.evaluate(_PLACE, part)
        assert bar <= top < bar + 30 or (left < 1 and bar <= top < 900), (part, top, bar, left)
    page.close()


_PLACE = """(id) => [document.getElementById(id).getBoundingClientRect().top,
 document.querySelector('nav').getBoundingClientRect().bottom,
 document.documentElement.scrollHeight - innerHeight - scrollY]"""
