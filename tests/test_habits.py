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


#: Numbers in suites that only look like statuses.
_NO_STATUS = {
    ("suites/deprecated/test_images.py", 400),  # days
    ("suites/ecs/test_creation_accepted.py", 500),  # servers
    ("suites/nova/test_operations.py", 300),  # seconds
}


def test_suites_say_no_status_and_no_code() -> None:
    """The contract says them: what an answer must be is an expectation of general.yaml, accepted or refused."""
    contract = load_contract()
    statuses = {*contract.statuses, 299, 399, 499, 599}
    files = sorted((_ROOT / "suites").rglob("*.py"))
    trees = {_name(file): ast.parse(file.read_text(encoding="utf-8")) for file in files}
    numbers = {
        (name, node.value)
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in statuses and node.value >= 200
    }
    code = re.compile(r"(?<!A\.2/)\b[A-Z][a-z]+\.[0-9]{4}\b")
    codes = {(name, text) for name, tree in trees.items() for _, text in _texts(tree) if code.search(text)}
    assert len(files) > 100
    assert numbers == _NO_STATUS
    assert codes == set()


#: URLs in suites that are themselves what is tested.
_TESTED_URLS = {
    ("suites/nova/test_versions.py", "/v2"),
    ("suites/nova/test_versions.py", "/v2.1"),
    ("suites/recipes/nova/versions.py", "v2.1"),
    ("suites/test_microversions.py", "/v2"),
    ("suites/test_microversions.py", "/v2.1"),
    ("suites/test_microversions.py", "/v2.1/{project_id}/"),  # how paths begin that take microversions
}


def test_suites_say_no_url() -> None:
    """The contract does: `url_of` gives the URL of an operation."""
    found = {
        (_name(file), text)
        for file in (_ROOT / "suites").rglob("*.py")
        for _, text in _texts(ast.parse(file.read_text(encoding="utf-8")))
        if re.match(r"/?v\d(\.\d)?(/|$)", text)
    }
    assert found == _TESTED_URLS


#: Where something is called a kind: requirements, their filter, and drift, whose rows in the certificate have that key.
_KINDS = {
    "pytest_ecs/_cases/derivation.py",
    "pytest_ecs/_contract/model.py",
    "pytest_ecs/_contract/requirements.py",
    "pytest_ecs/_report/model.py",
    "pytest_ecs/_run/options.py",
    "pytest_ecs/_run/selection.py",
    "pytest_ecs/_run/table.py",
    "pytest_ecs/_types.py",
    "suites/recipes/__init__.py",
}


def test_kinds_are_kinds_of_requirements() -> None:
    """All else has the word of its field: type of resource, job or key, media type, service type."""
    found = {_name(file) for file in _OURS if any("kind" in name.lower() for name in _named(file))}
    assert found == _KINDS


def _named(file: Path) -> Iterator[str]:
    """Yield the module's own name, and those that it gives to classes, parameters and variables; tests are sentences."""
    yield file.stem
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) or (isinstance(node, ast.FunctionDef) and not node.name.startswith("test_")):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def test_every_rule_stands_literally_where_it_is_checked() -> None:
    """`git grep nova.tags.add/rule/too-long` finds the claim of the contract and the check."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in (_ROOT / "suites").rglob("*.py"))
    written = set(re.findall(r'"([A-Za-z0-9.-]+/[^"\s]+)"', text))
    known = [one for one in load_contract().requirements.values() if one.kind == "rule"]
    rules = {one.id for one in known if one.untestable is None}
    everywhere = {f"ecs.jobs.show/rule/{name}" for name in RULES}  # the judge looks at them in every job
    assert sorted(rules - written - everywhere) == []
    assert sorted(one.id for one in known if one.untestable is not None and one.id in written) == []


def test_public_calls_are_typed_to_the_last_keyword() -> None:
    """No `**options: Any` hides what a fixture or a recipe takes."""
    files = [*(_ROOT / "pytest_ecs" / "_testing").glob("*.py"), _ROOT / "pytest_ecs" / "_cases" / "recipe.py"]
    loose = {
        (_name(file), node.name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and (rest := node.args.kwarg) is not None
        and not (rest.annotation is not None and ast.unparse(rest.annotation).startswith("Unpack["))
    }
    assert loose == set()


def test_what_is_made_once_has_a_name_of_its_own() -> None:
    """Two things of one name would be mistaken for each other, in the order in which the tests of a process run."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in (_ROOT / "suites").rglob("*.py"))
    names = re.findall(r'\.once\(\s*f?"([^"]+)"', text)
    assert len(names) > 5
    assert sorted(names) == sorted(set(names))
