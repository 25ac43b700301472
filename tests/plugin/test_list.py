"""``pytest-ecs list`` prints what there is, as a table and as JSON; the register of requirements is honest."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._contract import load
from pytest_ecs._locations import suites
from pytest_ecs._mock import DEVIATIONS


def _list(*words: str) -> str:
    command = [sys.executable, "-m", "pytest_ecs", "list", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def register() -> list[dict[str, Any]]:
    """What the register says of each requirement."""
    rows: list[dict[str, Any]] = json.loads(_list("requirements", "--json"))
    return rows


def test_each_requirement_has_a_check_or_a_reason(register: list[dict[str, Any]]) -> None:
    """A check that is there, or why there cannot be one; that nobody wrote one yet is no reason."""
    assert [row["id"] for row in register] == list(load().requirements)
    assert [row["id"] for row in register if bool(row["check"]) == bool(row["reason"])] == []
    assert [row["id"] for row in register if "no check exercised" in (row["reason"] or "")] == []
    named = {row["check"] for row in register if row["check"] and row["check"] != "every exchange"}
    for check in named:
        file, _, test = check.partition("::")
        assert f"def {test}(" in Path(suites(), file).read_text(encoding="utf-8"), check


def test_a_requirement_is_shown_beside_its_check() -> None:
    """In a line of the table, under its columns, with their number at the end."""
    header, *lines = _list("requirements").splitlines()
    assert header.split() == ["section", "level", "kind", "id", "check"]
    (line,) = [line for line in lines if " nova.servers.list/rule/sort-key " in line]
    assert line.startswith("6.2.4, table 6-31 ")
    assert line.split()[-4:] == [
        "must",
        "rule",
        "nova.servers.list/rule/sort-key",
        "nova/test_list_pages.py::test_a_list_is_sorted_by_the_key",
    ]
    assert lines[-1] == f"{len(load().requirements)} requirements"


@pytest.mark.parametrize(
    ("what", "key", "known"),
    [
        ("operations", "id", list(load().operations)),
        ("rulings", "id", list(load().rulings)),
        ("deviations", "name", sorted(DEVIATIONS)),
    ],
)
def test_everything_is_listed(what: str, key: str, known: list[str]) -> None:
    """By its name."""
    assert [row[key] for row in json.loads(_list(what, "--json"))] == known
