"""An id of a requirement is a name: only the contract, which gives it, knows what it is made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
#: Methods that take a text apart, or look into it.
_APART = frozenset(
    {"partition", "rpartition", "split", "rsplit", "removeprefix", "removesuffix", "startswith", "endswith"}
    | {"find", "rfind", "index", "rindex", "replace"}
)
#: What ids of requirements are called.
_IDS = re.compile(r"\b(requirement\w*|rule|breaks|covered|about)\b|\brequirement\.id\b|\[.requirement.\]")
#: A pattern that looks for such an id: an operation and a slash.
_PATTERN = re.compile(r"(iam|ecs|nova|deprecated)[^/]*\\?\.[^/]*/|/(request|response|query|rule|auth)/")


def _offences(tree: ast.AST) -> Iterator[int]:
    """Yield the lines where an id of a requirement is taken apart or looked into."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            about = _IDS.search(ast.unparse(node.func.value))
            if node.func.attr in _APART and about and any("/" in text for text in texts if isinstance(text, str)):
                yield node.lineno
            if ast.unparse(node.func.value) == "re" and any(_PATTERN.search(str(text)) for text in texts):
                yield node.lineno
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            left = node.left
            slash = isinstance(left, ast.Constant) and isinstance(left.value, str) and "/" in left.value
            if slash and isinstance(node.comparators[0], ast.Name) and _IDS.search(node.comparators[0].id):
                yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        'requirement.id.rpartition("/")',
        'result["requirement"].partition("/")[0]',
        'requirement.id.removeprefix(f"{requirement.operation}/request/")',
        'requirement_id.endswith("/since")',
        'rule.split("/")',
        '"/alias/" in requirement',
        're.compile(r"(?:ecs|nova)\\.servers\\.delete/")',
    ],
)
def test_each_way_to_take_an_id_apart_is_seen(code: str) -> None:
    """Else the next test says nothing."""
    assert list(_offences(ast.parse(code))) == [1]


@pytest.mark.parametrize(
    "code", ['url.rpartition("/")', 'requirement.says.split(".")', 'f"{operation}/status"', "about in requirements"]
)
def test_what_takes_no_id_apart_is_not_an_offence(code: str) -> None:
    """Ids may be put together and looked up, and other texts taken apart."""
    assert list(_offences(ast.parse(code))) == []


def test_no_room_but_the_contract_takes_an_id_apart() -> None:
    """A requirement has its operation, field, keyword and case; `Contract.requirements` finds it by its id."""
    files = [*(_ROOT / "pytest_ecs").rglob("*.py"), *(_ROOT / "suites").rglob("*.py")]
    outside = [file for file in files if "_contract" not in file.parts]
    assert len(outside) > 100
    found = [
        f"{file.relative_to(_ROOT)}:{line}"
        for file in outside
        for line in _offences(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert not found
