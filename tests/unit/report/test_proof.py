"""How many deviations prove a check: from a packaged table, left out where there is none."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_ecs._report import proof
from pytest_ecs._report.html import html
from pytest_ecs._report.verify import verify

from .reports import QUOTAS, contract, written


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table that knows one requirement, in place of the one that is installed."""
    file = tmp_path / proof.FILE
    file.write_text(json.dumps({QUOTAS: 3}), encoding="utf-8")
    monkeypatch.setattr(proof, "_content", file.read_bytes)
    return file


def test_each_row_says_how_many_deviations_prove_it(tmp_path: Path, packaged: Path) -> None:
    """In report.json, in junit.xml and on the page; a number that was changed is found."""
    folder = tmp_path / "report"
    folder.mkdir()
    report = written(folder, proof=proof.digest())
    shown = {row["requirement"]: row["deviations"] for row in report["results"]}
    assert (shown.pop(QUOTAS), set(shown.values())) == (3, {0})
    cases = ET.parse(folder / "junit.xml").iter("testcase")
    (case,) = [case for case in cases if case.get("name") == QUOTAS]
    assert {p.get("name"): p.get("value") for p in case.iter("property")}["deviations"] == "3"
    assert '"proved":[' in html(report, {}, {})
    assert verify(folder, contract()) == []
    file = folder / "report.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"deviations": 3', '"deviations": 4'), encoding="utf-8")
    assert [one for one in verify(folder, contract()) if "deviations is 4 in the certificate and 3" in one]


def test_with_another_table_the_column_is_not_compared_and_that_is_said(tmp_path: Path, packaged: Path) -> None:
    """One sentence, not one for each row."""
    folder = tmp_path / "report"
    folder.mkdir()
    written(folder, proof=proof.digest())
    packaged.write_text("{}", encoding="utf-8")
    assert [one[:23] for one in verify(folder, contract())] == ["the table of deviations"]


def test_without_a_table_there_is_no_column(tmp_path: Path) -> None:
    """Nothing is said of what nobody proved."""
    report = written(tmp_path)
    assert all("deviations" not in row for row in report["results"])
    assert '"proved":[]' in html(report, {}, {})
