"""Habits that keep the tree readable: small modules and functions, and rules that can be found by their ids."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ecs import load_contract
from pytest_ecs._checks.jobs import RULES

_ROOT = Path(__file__).parent.parent
_OURS = sorted([*(_ROOT / "pytest_ecs").rglob("*.py"), *(_ROOT / "suites").rglob("*.py")])
_LINES, _FUNCTION = 400, 60
#: What is longer, and may become shorter but not longer.
_LONGER: dict[str, int] = {}


def _name(file: Path) -> str:
    return file.relative_to(_ROOT).as_posix()


@pytest.mark.parametrize("file", _OURS, ids=_name)
def test_modules_and_functions_are_short(file: Path) -> None:
    """A module has at most 400 lines, a function 60."""
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= _LONGER.get(_name(file), _LINES)
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= _FUNCTION
    ]
    assert long == []


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every text of a module and its line; docstrings are for people."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    docs = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _documented(node)}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docs:
            yield node.lineno, node.value if isinstance(node.value, str) else node.value.decode(errors="replace")


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def test_the_code_knows_no_operation() -> None:
    """What is special about an operation stands in the contract or its recipe, where whoever adds one looks."""
    operations = re.compile(r"(?<![\w.-])(" + "|".join(map(re.escape, load_contract().operations)) + r")(?![\w.-])")
    files = [file for file in (_ROOT / "pytest_ecs").rglob("*.py") if "_mock" not in file.parts]
    found = {
        (_name(file), match[0])
        for file in files
        for _, text in _texts(ast.parse(file.read_text(encoding="utf-8")))
        for match in operations.finditer(text)
    }
    assert len(files) > 100
    assert found == set()


def test_names_that_were_meant_are_found_in_one_place() -> None:
    """One for the package, one for the mock, which imports nothing of ours."""
    users = {_name(file) for file in _OURS if "difflib" in file.read_text(encoding="utf-8")}
    assert users == {"pytest_ecs/_text.py", "pytest_ecs/_mock/switches.py"}


def test_every_rule_stands_literally_where_it_is_checked() -> None:
    """`git grep nova.tags.add/rule/too-long` finds the claim of the contract and the check."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in (_ROOT / "suites").rglob("*.py"))
    written = set(re.findall(r'"([A-Za-z0-9.-]+/[^"\s]+)"', text))
    known = [one for one in load_contract().requirements.values() if one.kind == "rule"]
    rules = {one.id for one in known if one.untestable is None}
    everywhere = {f"ecs.jobs.show/rule/{name}" for name in RULES}  # the judge looks at them in every job
    assert sorted(rules - written - everywhere) == []
    assert sorted(one.id for one in known if one.untestable is not None and one.id in written) == []


def test_what_is_made_once_has_a_name_of_its_own() -> None:
    """Two things of one name would be mistaken for each other, in the order in which the tests of a process run."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in (_ROOT / "suites").rglob("*.py"))
    names = re.findall(r'\.once\(\s*f?"([^"]+)"', text)
    assert len(names) > 5
    assert sorted(names) == sorted(set(names))
