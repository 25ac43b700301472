"""What is given to schemathesis and to the suites in `peers`, and how it is counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import load
from pytest_ecs._contract.openapi import openapi

from . import peers


def test_each_deviation_gives_both_tools_the_operations_that_it_breaks() -> None:
    """The same deviations with the same seed; of one that breaks many, a few."""
    names = peers.chosen(60, seed=22)
    assert names == peers.chosen(60, seed=22)
    assert len(set(names)) == 60
    assert peers.operations_of("job-total-wrong") == ["ecs.jobs.show"]
    assert 1 < len(peers.operations_of("envelope-flat")) <= 6


def test_a_part_of_the_document_has_these_operations_and_what_they_share() -> None:
    """All else of the document stays, so that references lead somewhere."""
    document = openapi(load())
    part = peers.part(document, ["ecs.jobs.show", "nova.servers.lock"])
    assert sorted(part["paths"]) == ["/v1/{project_id}/jobs/{job_id}", "/v2.1/{project_id}/servers/{server_id}/action"]
    shown = part["paths"]["/v1/{project_id}/jobs/{job_id}"]
    assert shown == {
        key: one for key, one in document["paths"]["/v1/{project_id}/jobs/{job_id}"].items() if key != "head"
    }
    assert part["components"] == document["components"]


def test_a_peer_that_did_not_run_has_not_found_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its report the table is not made."""
    (tmp_path / "said.txt").write_text("timeout: failed to run command")
    monkeypatch.setattr(peers, "_measured", lambda *_: peers.Try())
    mock = peers._Mock("http://127.0.0.1:9", tmp_path, "t")
    with pytest.raises(RuntimeError, match="made no report: timeout: failed"):
        peers.schemathesis(openapi(load()), mock, ["ecs.jobs.show"], 1)


def _row(name: str, ours: list[str], theirs: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "suites": {"found": ours, "wall": 10.0, "cpu": 5.0},
        "schemathesis": {"found": theirs, "wall": 30.0, "cpu": 10.0},
    }


def test_the_table_counts_what_was_caught_by_both_clocks() -> None:
    """What one tool alone caught is named."""
    rows = [_row("one", ["a"], ["b"]), _row("two", ["a"], []), _row("three", [], ["b"]), _row("four", [], [])]
    text = peers.table(rows, 30)
    assert re.search(r"\| suites \| 2 \| 3\.0 \| 6\.0 \|", text)
    assert re.search(r"\| schemathesis \| 2 \| 1\.0 \| 3\.0 \|", text)
    assert "schemathesis alone: three\n" in text
    assert "suites alone: two\n" in text
    assert text.endswith("neither: four")
