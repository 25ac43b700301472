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
#: Layers and modules that are not behaviour of the documented API: switches, APIs of other services, hooks, the server.
_ELSEWHERE = {
    *("companions", "deviations", "variants", "switches", "weather"),
    *("access", "consistency", "control", "keeping", "page", "server", "__init__"),
}


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

    def reached(self, module: str, line: int) -> bool:
        """Whether the statement at a line is ever run, be it on import."""
        return any(number in self.tests[module] for number in _own_lines(_statements(module)[line]))

    def reaching(self, module: str, line: int) -> list[int]:
        """Return the tests that reach the statement at a line, the cheap ones first."""
        statement = _statements(module)[line]
        tests = self._at(module, _own_lines(statement))
        if isinstance(statement, ast.FunctionDef):
            tests |= self._in(module, statement)
        return sorted(tests or self._users(module, statement), key=lambda test: (self.requests[test], test))

    def _at(self, module: str, numbers: range) -> set[int]:
        return {test for number in numbers for test in self.tests[module].get(number, ())}

    def _in(self, module: str, function: ast.FunctionDef) -> set[int]:
        return self._at(module, range(function.body[0].lineno, (function.end_lineno or 0) + 1))

    def _users(self, module: str, statement: ast.stmt) -> set[int]:
        """Return the tests that reach a function which names what a statement gives, or what is made of that; else all."""
        wanted = {(module, name) for name in _gives(statement)}
        size = -1
        while size < len(wanted):
            size = len(wanted)
            for where, node in _tables():
                if any(_names(where, node, one) for one in wanted):
                    wanted |= {(where, name) for name in _gives(node)}
        using = ((where, node) for where, node in _functions() if any(_names(where, node, one) for one in wanted))
        return {test for where, node in using for test in self._in(where, node)} or set(range(len(self.requests)))


def _names(module: str, node: ast.stmt, wanted: tuple[str, str]) -> bool:
    """Whether a statement may name what another module, or its own, gives; a private name is seen in its own alone."""
    where, name = wanted
    return name in _uses(node) and (where == module or not name.startswith("_"))


@cache
def _trees() -> dict[str, ast.Module]:
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in modules().items()}


@cache
def _statements(module: str) -> dict[int, ast.stmt]:
    """Return the innermost statement at each line; what is around it comes first in the walk."""
    inside = (node for node in ast.walk(_trees()[module]) if isinstance(node, ast.stmt))
    return {line: node for node in inside for line in range(_first(node), (node.end_lineno or 0) + 1)}


@cache
def _tables() -> list[tuple[str, ast.stmt]]:
    """Return the statements that run on import and define no function, each with its module."""
    inside = ((name, node) for name, tree in _trees().items() for node in tree.body)
    return [(name, node) for name, node in inside if not isinstance(node, ast.FunctionDef)]


@cache
def _functions() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (name, node) for name, tree in _trees().items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _own_lines(statement: ast.stmt) -> range:
    """Return the lines of a statement without those that it contains."""
    body = getattr(statement, "body", None)
    last = max(_first(statement), _first(body[0]) - 1) if body else statement.end_lineno
    return range(_first(statement), (last or statement.lineno) + 1)


def _gives(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
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
