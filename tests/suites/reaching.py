"""Which tests of the suites reach a line of the mock: measured once, in a run without any change.

What runs on import alone, such as a table, is reached by the tests that reach a function which names it.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import sys
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import pytest_ecs
from pytest_ecs._run.process import Keeper

from .forking import Around, Collected, Outcome, Task, opened

__all__ = ["ROOT", "Lines", "import_anew", "modules"]

ROOT = Path(pytest_ecs.__file__).parent.parent
#: Rooms and modules that are not behaviour of the documented API: switches, page, hooks, what is kept, the server.
_ELSEWHERE = {
    *("deviations", "variants", "switches", "weather"),
    *("access", "control", "keeping", "page", "server", "__init__"),
}
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules() -> dict[str, Path]:
    """Return the modules of the mock that are behaviour, by their names."""
    files = sorted((ROOT / "pytest_ecs" / "_mock").rglob("*.py"))
    names = {file: file.relative_to(ROOT).with_suffix("").parts for file in files}
    return {".".join(parts): file for file, parts in names.items() if not _ELSEWHERE.intersection(parts[2:])}


def import_anew() -> None:
    """Import the mock as if nobody had done so."""
    for name in [name for name in sys.modules if f"{name}.".startswith("pytest_ecs._mock.")]:
        del sys.modules[name]
    importlib.import_module("pytest_ecs._mock")


def _covering(file: Path, last: int, keeper: Keeper, outcome: Outcome) -> Around:
    """Open the session of a fork, and write to *file* what each test sends and reaches, after the last one."""
    import coverage

    measure = coverage.Coverage(data_file=None, source_pkgs=["pytest_ecs._mock"], config_file=False)
    measure.start()
    import_anew()
    opened(keeper, outcome)
    session = keeper.session
    assert session is not None
    sent = [0]

    def before() -> None:
        measure.switch_context(str(len(sent) - 1))

    def after() -> bool:
        sent.append(session._judged)
        measure.switch_context("")
        if len(sent) > last:
            measure.stop()
            data = measure.get_data()
            lines = {name: data.contexts_by_lineno(str(one)) for name, one in modules().items()}
            tests = {name: {n: [int(c) for c in ones if c] for n, ones in rows.items()} for name, rows in lines.items()}
            row = {"requests": [now - then for then, now in pairwise(sent)], "tests": tests}
            file.write_text(json.dumps(row), encoding="utf-8")
        return False

    return before, after


@dataclass(frozen=True)
class Lines:
    """What a run without changes reaches."""

    #: Requests of each test.
    requests: list[int]
    #: Module -> line -> tests; none of them where it is reached outside of tests alone.
    tests: dict[str, dict[int, list[int]]]

    #: What says of which tests and code that is.
    stamp: str

    @classmethod
    def of(cls, work: Collected, folder: Path) -> Lines:
        """Run everything once; a file in *folder* keeps it for other runs of the same tests and code."""
        code = [file.read_text(encoding="utf-8") for file in modules().values()]
        stamp = hashlib.sha256(json.dumps([work.names, code]).encode()).hexdigest()
        file = folder / f"{stamp[:8]}-lines.json"
        if not file.exists():
            everything = tuple(range(len(work.names)))
            (clean,) = work.run([Task("clean", tests=everything, around=partial(_covering, file, len(everything)))])
            if clean.failed or clean.errors or clean.leaks or clean.troubles:
                file.unlink(missing_ok=True)
                raise RuntimeError(f"without a change: {clean.failed} {clean.errors} {clean.leaks} {clean.troubles}")
        row = json.loads(file.read_text(encoding="utf-8"))
        tests = {name: {int(n): ones for n, ones in lines.items()} for name, lines in row["tests"].items()}
        return cls(row["requests"], tests, stamp)

    def reaching(self, module: str, line: int) -> list[int] | None:
        """Return the tests that reach the statement at a line, the cheap ones first; None where nothing reaches it."""
        statement = _at(_trees()[module], line)
        there = self.tests[module]
        ran = [number for number in _own_lines(statement) if number in there]
        if not ran:
            return None
        tests = {test for number in ran for test in there[number]} or self._users(statement)
        return sorted(tests, key=lambda test: (self.requests[test], test))

    def _users(self, statement: ast.stmt) -> set[int]:
        """Return the tests that reach a function which names what a statement gives, or what is made of that; else all."""
        wanted = _gives(statement)
        tables = [node for tree in _trees().values() for node in tree.body if not isinstance(node, _FUNCTION)]
        size = -1
        while size < len(wanted):
            size = len(wanted)
            wanted |= {name for node in tables if _uses(node) & wanted for name in _gives(node)}
        found = {
            test
            for module, tree in _trees().items()
            for node in ast.walk(tree)
            if isinstance(node, _FUNCTION) and (node.name in wanted or _uses(node) & wanted)
            for number in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
            for test in self.tests[module].get(number, ())
        }
        return found or set(range(len(self.requests)))


@cache
def _trees() -> dict[str, ast.Module]:
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in modules().items()}


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _at(tree: ast.Module, line: int) -> ast.stmt:
    """Return the innermost statement at a line."""
    around = [
        node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _first(node) <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=_first)


def _own_lines(statement: ast.stmt) -> range:
    """Return the lines of a statement without those that it contains."""
    body = getattr(statement, "body", None)
    last = max(_first(statement), _first(body[0]) - 1) if body else statement.end_lineno
    return range(_first(statement), (last or statement.lineno) + 1)


def _gives(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(statement, (*_FUNCTION, ast.ClassDef)):
        return {statement.name}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


@cache
def _uses(statement: ast.stmt) -> frozenset[str]:
    names = (
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(statement)
        if isinstance(node, (ast.Name, ast.Attribute))
    )
    return frozenset(names)
