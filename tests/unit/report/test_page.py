"""What goes into report.html: compact, complete, escaped, and no more evidence than is looked at."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._report.html import html
from pytest_ecs._report.page.data import embedded, page_data, title
from pytest_ecs._report.page.timeline import look

from ..exchanges import exchange
from .reports import QUOTAS, contract, header, write, written

_EVIL = "</script><script>alert(1)</script><!-- & \u2028"


def _data(page: str) -> Any:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def test_every_requirement_is_in_the_data(tmp_path: Path) -> None:
    """With its verdict, words and evidence; ids come together from the operation and the rest."""
    report = written(tmp_path)
    data = _data((tmp_path / "report.html").read_text(encoding="utf-8"))
    seen = [
        (
            short[1:] if short.startswith("/") else f"{data['operations'][operation][0]}/{short}",
            data["verdicts"][verdict],
            data["words"]["section"][section],
            data["words"]["kind"][kind],
            data["words"]["level"][level],
            data["words"]["says"][says],
            evidence.split(" ") if evidence else [],
        )
        for operation, short, verdict, section, kind, level, says, _, _, evidence in data["rows"]
    ]
    assert seen == [
        (r["requirement"], r["verdict"], r["section"], r["kind"], r["level"], r["says"], r["evidence"][:3])
        for r in report["results"]
    ]


def test_the_evidence_of_failures_and_one_success_is_there(tmp_path: Path) -> None:
    """The exchange that a failure rests on and one that shows the operation at work, each with a line to repeat it."""
    written(tmp_path)
    data = _data((tmp_path / "report.html").read_text(encoding="utf-8"))
    failed = [at for at, row in enumerate(data["rows"]) if data["verdicts"][row[2]] == "fail"]
    assert failed
    assert {str(at) for at in failed} <= set(data["details"])
    assert {data["rows"][at][-1].split(" ")[0] for at in failed} <= set(data["exchanges"])
    (example,) = data["examples"].values()
    assert data["exchanges"][example]["status"] in {200, 299}
    assert all(one["curl"].startswith("curl -i -X GET") for one in data["exchanges"].values())


def test_nothing_in_the_data_ends_its_element() -> None:
    """Whatever is in it, the text holds no markup and is read back as it was."""
    text = embedded({"a": _EVIL, _EVIL: ["\ud800"]})
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == {"a": _EVIL, _EVIL: ["\ud800"]}


def test_a_page_never_grows_without_limit(tmp_path: Path) -> None:
    """What binding failures rest on comes first; what does not fit stays in the evidence, and every row stays."""
    report = written(tmp_path)
    broken = [r for r in report["results"] if r["verdict"] == "fail"]
    rows: Any = [
        {**broken[0], "requirement": f"{broken[0]['requirement']}{n}", "evidence": [f"main-{n}"]} for n in range(3000)
    ]
    body = {f"field-{n}": "x" * 100 for n in range(40)}
    exchanges = {f"main-{n}": exchange("ecs.quotas.show", 299, body, id=f"main-{n}") for n in range(3000)}
    data = page_data({**report, "results": rows}, {}, exchanges, None)
    assert len(data["rows"]) == len(data["details"]) == 3000
    assert 0 < len(data["exchanges"]) < 3000
    assert "main-0" in data["exchanges"]
    assert len(embedded(data)) < 9_000_000


def test_long_answers_are_cut_and_say_so(tmp_path: Path) -> None:
    """Nobody reads the hundredth server of a list; that there were more is said."""
    body = {"absolute": {f"n{n}": n for n in range(150)}, "list": list(range(150)), "text": "x" * 2000}
    seen = exchange("ecs.quotas.show", 299, body, id="main-00001")
    write(tmp_path, header(QUOTAS), [seen], [Finding(QUOTAS, "fail", (seen.id,), observed="x" * 2000)])
    data = _data((tmp_path / "report.html").read_text(encoding="utf-8"))
    shown = data["exchanges"]["main-00001"]["body"]
    assert shown["list"][-1] == "… (50 more)"
    assert shown["absolute"]["…"] == "(50 more)"
    assert shown["text"].endswith("… (500 more characters)")
    assert data["details"]["0"]["observed"].endswith("… (500 more characters)")


def test_nothing_is_loaded_from_elsewhere_or_run_but_the_one_script(tmp_path: Path) -> None:
    """The page forbids it itself, and names its own script by a digest."""
    page = html(written(tmp_path), {QUOTAS: _EVIL}, {})
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    assert len(re.findall(r"<script\b", page)) == 2
    assert not re.findall(r"<(?:link|img|iframe|object|embed)\b|@import|url\(", page)


@pytest.mark.parametrize(
    ("section", "expected"),
    [("5.7.1", "Querying Tenant Quotas"), ("6.3.10", "Rolling Back ECS Specifications Modification"), ("99", "")],
)
def test_sections_have_the_titles_of_the_document(section: str, expected: str) -> None:
    """Nothing is said of one that the document does not have."""
    assert title(section) == expected


def test_every_section_of_the_contract_has_a_title() -> None:
    """Those of operations and their groups alike."""
    sections = {operation.section for operation in contract().operations.values()}
    groups = {".".join(section.split(".")[:2]) for section in sections}
    assert [section for section in sorted(sections | groups) if not title(section)] == []


def test_servers_and_jobs_are_counted_over_time(tmp_path: Path) -> None:
    """From answers alone: a server is there from the first that names it to the accepted request that deletes it."""
    made = {"job_type": "createServer", "entities": {"server_id": "s1"}, "status": "SUCCESS", "job_id": "j1"}
    exchanges = [
        exchange("ecs.servers.create", 200, {"job_id": "j1"}, id="main-1", started=1000.0),
        exchange("ecs.jobs.show", 200, made, id="main-2", started=1060.0),
        exchange("nova.servers.create", 202, {"server": {"id": "s2"}}, id="main-3", started=1120.0),
        exchange("nova.servers.create", 400, {"server": {"id": "s3"}}, id="main-4", started=1130.0),
        exchange("nova.servers.delete", 204, None, id="main-5", started=1180.0, parameters={"server_id": "s2"}),
    ]
    write(tmp_path, header(QUOTAS), exchanges, [])
    seen = look(tmp_path / "evidence.jsonl.gz", frozenset({"main-3"}))
    assert seen.points == [(0.0, 0, 1), (60.0, 1, 0), (120.0, 2, 0), (180.0, 1, 0)]
    assert list(seen.exchanges) == ["main-3"]


def test_evidence_that_is_missing_or_cut_makes_no_trouble(tmp_path: Path) -> None:
    """The page of a run whose disk was full is made from what is there."""
    written(tmp_path)
    whole = (tmp_path / "evidence.jsonl.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    assert look(None, frozenset({"a"})).exchanges == {}
    assert look(tmp_path / "none.gz", frozenset({"a"})).points == []
    assert look(tmp_path / "cut.gz", frozenset({"a"})).exchanges == {}
