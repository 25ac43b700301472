"""Pages of the documentation that are made from the code, so that they cannot be out of date."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

import pytest_ecs._testing.fixtures as fixtures
from pytest_ecs._contract import Requirement, load
from pytest_ecs._locations import schemas
from pytest_ecs._run.options import Settings
from pytest_ecs._run.table import OPTIONS, Option

__all__ = ["fixtures_page", "options_page", "proof_page", "requirements_page", "write"]


def write(folder: Path) -> None:
    """Write the pages into *folder*."""
    folder.mkdir(exist_ok=True)
    pages = {
        "options": options_page(),
        "fixtures": fixtures_page(),
        "requirements": requirements_page(),
        "proven": proof_page(),
    }
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def options_page() -> str:
    """Return the table of options."""
    return "\n".join(
        [
            "# Options",
            "",
            "Each can stand on the command line, in a variable or in the ini file, and is looked for in this order.",
            "What chooses the target has no variable: a variable left in a shell never starts spending.",
            "",
            "| option | variable | ini key | default | what it does |",
            "|---|---|---|---|---|",
            *map(_option, OPTIONS),
            "",
        ]
    )


def _option(option: Option) -> str:
    key = option.name.replace("-", "_")
    value = "" if option.flag else f"={option.metavar or option.name.upper()}"
    variable = f"`PYTEST_ECS_{key.upper()}`" if option.environment else ""
    default = Settings.__dataclass_fields__[key].default if key in Settings.__dataclass_fields__ else None
    shown = "" if default in (None, (), False) or not isinstance(default, str | int | float) else f"`{default}`"
    choices = f"; one of {', '.join(option.choices)}" if option.choices else ""
    again = "; may be repeated" if option.many else ""
    return f"| `--ecs-{option.name}{value}` | {variable} | `ecs_{key}` | {shown} | {option.help}{choices}{again} |".replace(
        "{", "\\{"
    )


def fixtures_page() -> str:
    """Return what each fixture gives, and the public classes that fixtures give."""
    lines = ["# Fixtures", "", "All of them are there as soon as the plugin is installed.", ""]
    tree = ast.parse(inspect.getsource(fixtures))
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in _PUBLIC_FIXTURES:
            gives = re.sub(r"^Iterator\[(.*)\]$", r"\1", ast.unparse(function.returns) if function.returns else "None")
            scope = re.search(r"scope='(\w+)'", ast.unparse(function.decorator_list[0]))
            lines += [f"## {function.name}", "", f"`{gives}`, one for each {scope[1] if scope else 'test'}", ""]
            lines += [inspect.cleandoc(ast.get_docstring(function) or ""), ""]
    lines += ["# Public names", "", "```{eval-rst}", ""]
    for name in _PUBLIC:
        lines += [f".. autoclass:: pytest_ecs.{name}", "   :members:", ""]
    lines += [".. automodule:: pytest_ecs.exceptions", "   :members:", "", "```", ""]
    return "\n".join(lines)


_PUBLIC_FIXTURES = [name for name in fixtures.__all__ if not name.startswith("_")]
#: Classes that tests hold in their hands.
_PUBLIC = (
    *("Client", "Exchange", "Lease", "Servers", "Supplies", "Jobs", "Wait", "Clients", "Check", "Expect", "Cases"),
    "RunningMock",
)


def requirements_page() -> str:
    """Return each kind of requirement with an example, what it takes to pass, and what a failure looks like."""
    requirements = load().requirements.values()
    lines = ["# Kinds of requirements", "", *_INTRODUCTION, ""]
    for kind, (title, failure) in _KINDS.items():
        of_kind = [row for row in requirements if row.kind == kind]
        lines += [f"## {kind}", "", f"{title} {len(of_kind)} of them; for example", "", *_example(of_kind), ""]
        lines += ["A failure reads:", "", "```text", failure, "```", ""]
    return "\n".join(lines)


def _example(rows: list[Requirement]) -> Iterator[str]:
    row = next((row for row in rows if row.level == "must"), rows[0])
    yield f"> `{row.id}` ({row.level}, section {row.section}): {row.says}"


def proof_page() -> str:
    """Return how many requirements of each kind a named deviation of the mock proves, and the rules that none does."""
    counts: dict[str, int] = json.loads((schemas() / "proof.json").read_text(encoding="utf-8"))
    rows = load().requirements.values()
    lines = ["# What is proven", "", *_PROVEN, "", "| kind | requirements | proven |", "|---|---|---|"]
    for kind in _KINDS:
        of_kind = [row for row in rows if row.kind == kind]
        lines.append(f"| {kind} | {len(of_kind)} | {sum(row.id in counts for row in of_kind)} |")
    lines += ["", "## Rules that no named deviation proves", ""]
    lines += [f"- `{row.id}` ({row.level}, section {row.section})" for row in _unproven(list(rows), counts)]
    return "\n".join([*lines, ""])


def _unproven(rows: list[Requirement], counts: dict[str, int]) -> list[Requirement]:
    return [row for row in rows if row.kind == "rule" and row.id not in counts]


_PROVEN = (
    "A requirement is proven by each named deviation of the mock that it was seen to notice (`schemas/proof.json`, written by",
    "`python -m tests.suites.prove --deviations --write`). Where one deviation breaks hundreds of requirements of one sort, a few of",
    "each sort are tried, so that the numbers are the least. What answers are judged by is broken besides in the recorded answers",
    "of a run, field by field (`tests/suites/test_derived.py`); that is not counted here.",
)

_INTRODUCTION = (
    "Every claim of the reference is one requirement with an id. `pytest-ecs list requirements` prints all of them, with the",
    "check that covers each or the reason why none does. Only a *must* decides the verdict of a certificate.",
)


_KINDS: dict[str, tuple[str, str]] = {
    kind: (row["says"], row["failure"].rstrip())
    for kind, row in yaml.safe_load(Path(__file__).with_name("failures.yaml").read_text(encoding="utf-8")).items()
}
