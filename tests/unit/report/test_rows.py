"""What processes hand over: one ASCII text, whatever an endpoint answers."""

import json
from typing import Any

import pytest

from pytest_ecs._checks import Finding
from pytest_ecs._report.model import Process
from pytest_ecs._report.record import Record
from pytest_ecs._report.rows import Rows, split

from ..exchanges import exchange


def _deep(levels: int) -> Any:
    value: Any = "the bottom"
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize("body", ["\ud800", "a,\nb", "]\n[", "\u2028\x00\x1b", _deep(450)])
def test_an_odd_answer_arrives_as_it_was(body: Any) -> None:
    """Broken surrogates and deep nesting make execnet fail; in one ASCII text they cannot."""
    rows = Rows([exchange("ecs.quotas.show", 200, body)], [Finding("a", "fail", observed=[1, None])])
    text = rows.to_text()
    assert text.isascii()
    lines = split(text)
    assert len(lines) == 2
    assert "\n" not in "".join(lines)
    assert json.loads(lines[0])["response_body"] == body


def test_what_is_nested_deeper_than_python_writes_is_written() -> None:
    """The client could read it, so that it has to be kept."""
    assert Rows([exchange("ecs.quotas.show", 200, _deep(2000))]).to_text().count('{"in":') == 2000


def test_nothing_is_nothing() -> None:
    """No rows are no lines."""
    assert (split(Rows().to_text()), bool(Rows())) == ([], False)


def test_a_record_is_the_same_from_objects_and_from_lines() -> None:
    """In a run without xdist objects are taken over as they are, else their lines, and verify reads them again."""
    rows = Rows(
        [exchange("ecs.quotas.show", seconds=n / 100, id=f"main-{n:05d}") for n in range(1, 101)],
        [Finding("a", "pass", ("main-00001",))],
        [("ecs.quotas.show", "field", "x")],
        Process("main", 2, 30.4),
        ["server x is still there"],
    )
    direct, skimmed, read = Record(), Record(), Record()
    direct.add(rows)
    for text in split(rows.to_text()):
        skimmed.skim(json.loads(text))
        read.take(json.loads(text))
    for record in (direct, skimmed, read):
        assert (record.findings, record.drift, record.leaks) == (rows.findings, set(rows.drift), rows.leaks)
        assert (record.exchanges, record.servers(embedded=True), record.simulated()) == (100, 2, 30)
        assert record.latency() == {
            "ecs.quotas.show": {"requests": 100, "p50": 500.0, "p90": 900.0, "p99": 990.0, "max": 1000.0}
        }
