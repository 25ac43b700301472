"""The pages of the documentation that are made from the code hold all that there is."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

import pytest_ecs._testing.fixtures as fixtures
from pytest_ecs._contract import load
from pytest_ecs._contract.model import Kind
from pytest_ecs._locations import schemas
from pytest_ecs._run.profiles import PROFILES
from pytest_ecs._run.table import OPTIONS
from pytest_ecs._types import Identity, Level, Verdict
from tests.suites import bounds

_DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Return the module that makes the pages."""
    spec = importlib.util.spec_from_file_location("reference", _DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_option_is_described(reference: ModuleType) -> None:
    """What chooses the target shows no variable."""
    page: str = reference.options_page()
    for option in OPTIONS:
        (row,) = [line for line in page.splitlines() if f"`ecs_{option.name.replace('-', '_')}`" in line]
        assert option.help.split("{")[0] in row
        assert ("PYTEST_ECS_" in row) is option.environment


def test_each_fixture_is_described(reference: ModuleType) -> None:
    """With its docstring."""
    page: str = reference.fixtures_page()
    for name in fixtures.__all__:
        assert (f"## {name}\n" in page) is not name.startswith("_"), name


def test_each_kind_of_requirement_shows_a_failure(reference: ModuleType) -> None:
    """And an example that is in the contract."""
    page: str = reference.requirements_page()
    parts = page.split("\n## ")[1:]
    assert [part.partition("\n")[0] for part in parts] == list(get_args(Kind))
    for part in parts:
        assert "Claim" in part
        assert "Observed" in part


def test_the_glossary_knows_the_words_of_the_code() -> None:
    """In order, each once, and with every verdict, level, identity and profile that there is."""
    lines = (_DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]
    words = dict(rows)
    assert [word for word, _ in rows] == sorted(words)
    for word, values in (
        ("verdict", get_args(Verdict)),
        ("level", get_args(Level)),
        ("identity", get_args(Identity)),
        ("profile", PROFILES),
    ):
        assert set(re.findall(r"`(\w+)`", words[word])) == set(values), word


def test_what_no_deviation_proves_is_listed(reference: ModuleType) -> None:
    """Every rule is either proven or listed."""
    page: str = reference.proof_page()
    counts = json.loads((schemas() / "proof.json").read_text(encoding="utf-8"))
    rules = [one.id for one in load().requirements.values() if one.kind == "rule"]
    assert counts.keys() <= load().requirements.keys()
    assert min(counts.values()) > 0
    assert {one for one in rules if f"- `{one}` " in page} == set(rules) - counts.keys()


def test_the_page_of_bounds_has_the_fields_of_the_contract() -> None:
    """It is made from a run; what it says of the fields is what the contract says now."""
    page = (_DOCS / "bounds.md").read_text(encoding="utf-8")
    shown = [line.split("|")[1:5] for line in page.splitlines() if line.startswith("| `")]
    rows = [
        line.split("|")[1:5] for line in bounds.page(bounds.rows([], load())).splitlines() if line.startswith("| `")
    ]
    assert shown == rows


def test_every_page_is_in_the_contents() -> None:
    """A page that no contents name is found by nobody."""
    contents = (_DOCS / "index.md").read_text(encoding="utf-8").split()
    for page in _DOCS.glob("*.md"):
        assert page.stem in {*contents, "index"}, page
