"""Changes the mock's code by chance and counts what the suites notice: ``python -m tests.suites.mutants``.

Each mutant is the mock's package, imported anew with one change, in a fork which runs the tests that reach the changed code
until a *must* fails. Survivors that were read stand in ``mutants.yaml`` with what came of it; any other makes the runner fail.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any

import yaml

from pytest_ecs._checks import Finding
from pytest_ecs._contract import load
from pytest_ecs._run.process import Keeper

from .forking import Around, Collected, Outcome, Task, collected, opened
from .reaching import Lines, import_anew, modules

__all__ = ["Mutant", "fate", "main", "sorts", "task"]

_LIST = Path(__file__).with_name("mutants.yaml")
#: CPU seconds and bytes of memory that a fork may use: a change can make a loop endless.
_SECONDS, _BYTES = 100, 3 << 30
#: Errors after which no must is waited for.
_ERRORS = 100
_FATES = ("must", "should", "error", "survived")


@dataclass(frozen=True)
class Mutant:
    """A module of the mock with one change."""

    module: str
    line: int
    #: The function, with the names of what it is in; empty for what a module does itself.
    function: str
    #: The changed lines, before and after.
    change: str
    source: str

    @property
    def place(self) -> str:
        """The module and the function."""
        return f"{self.module.removeprefix('pytest_ecs._mock.')}:{self.function}"

    @property
    def key(self) -> str:
        """What says which mutant it is, also when the lines around it have changed."""
        return f"{self.place}: {self.change}"


class _Loader(SourceFileLoader):
    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(modules()[mutant.module]))
        self._source = mutant.source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        return importlib.util.spec_from_loader(fullname, _Loader(self._mutant))


def _changed(mutant: Mutant, keeper: Keeper, outcome: Outcome) -> Around:
    """Open the session of a fork on a mutant; that a must fails is enough, and that much errs."""
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    sys.meta_path.insert(0, _Finder(mutant))
    import_anew()
    witness, levels = keeper.witness, load().requirements
    assert witness is not None
    keep, failed, errors = witness._keep, False, 0

    def note(finding: Finding) -> None:
        nonlocal failed, errors
        failed = failed or (finding.outcome == "fail" and levels[finding.requirement].level == "must")
        errors += finding.outcome == "error"
        keep(finding)

    witness._keep = note  # type: ignore[method-assign]
    before, _ = opened(keeper, outcome)
    return before, lambda: failed or errors > _ERRORS


def task(mutant: Mutant, tests: Iterable[int]) -> Task:
    """Return what tries a mutant with some tests."""
    return Task(mutant.key, tests=tuple(tests), around=partial(_changed, mutant))


def fate(outcome: Outcome) -> str:
    """Return what a mutant was killed by, the strongest of it, or that it survived."""
    if any(load().requirements[name].level == "must" for name in outcome.failed):
        return "must"
    if outcome.failed:
        return "should"
    return "error" if outcome.errors or outcome.leaks or outcome.troubles else "survived"


def sorts() -> dict[str, str]:
    """Return the survivors that were read, each with what came of it."""
    kept = yaml.safe_load(_LIST.read_text(encoding="utf-8"))
    return {f"{row['at']}: {row['change']}": sort for sort, rows in kept.items() for row in rows or ()}


class _Rows:
    """What became of the mutants of a seed, by their numbers, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.all: dict[int, dict[str, Any]] = {}
        if file.exists():
            self.all = {row["number"]: row for row in json.loads(file.read_text(encoding="utf-8"))}

    def add(self, number: int, mutant: Mutant, outcome: Outcome, *, widely: bool) -> None:
        """Keep what became of one more."""
        before = self.all.get(number, {"seconds": 0})
        self.all[number] = {
            "number": number,
            "key": mutant.key,
            "line": mutant.line,
            "fate": fate(outcome),
            "by": [*outcome.failed, *outcome.errors, *outcome.leaks, *outcome.troubles][:3],
            "tests": outcome.tests,
            "seconds": before["seconds"] + outcome.seconds,
            "widely": widely,
        }
        self._file.write_text(json.dumps(list(self.all.values()), indent=1), encoding="utf-8")


def _try(options: argparse.Namespace, folder: Path, work: Collected) -> Iterable[dict[str, Any]]:
    """Try mutants until the time is up, and return what is known of all that were tried, with this seed.

    Each that survives is tried with all tests of the files as well: one that looks at what another test was the first to make
    reaches nothing.
    """
    from .mutating import draw, sites  # with libraries that only this needs

    end = time.monotonic() + 60 * options.minutes
    lines = Lines.of(work, folder)
    rows = _Rows(folder / f"{lines.stamp[:8]}-{options.seed}.json")
    if options.again:
        rows.all = {number: row for number, row in rows.all.items() if row["fate"] != "survived"}
    reached = [site for site in sites() if lines.reached(site.module, site.line)]
    drawn = enumerate((site.mutant(which) for site, which in draw(reached, options.seed)))
    chosen = dict(islice(((number, mutant) for number, mutant in drawn if mutant is not None), options.mutants))
    running: dict[str, int] = {}

    def tasks(numbers: Iterable[int], *, widely: bool) -> Iterator[Task]:
        for number in numbers:
            if time.monotonic() > end:
                return
            mutant = chosen[number]
            tests = lines.reaching(mutant.module, mutant.line)
            running[mutant.key] = number
            yield task(mutant, work.beside(tests) if widely else tests)

    for widely in (False, True):
        seen = rows.all
        left = [one for one in chosen if one not in seen]
        if widely:
            left = [
                one for one in chosen if one in seen and seen[one]["fate"] == "survived" and not seen[one].get("widely")
            ]
        for outcome in work.run(tasks(left, widely=widely), options.processes):
            number = running.pop(outcome.name)
            rows.add(number, chosen[number], outcome, widely=widely)
    return rows.all.values()


def _table(rows: Sequence[Mapping[str, Any]], seed: int) -> str:
    """Return how many had which fate, and each survivor, with what is known of it."""
    known = sorts()
    counts = Counter(row["fate"] for row in rows)
    lines = [f"{len(rows)} mutants, seed {seed}, {sum(row['seconds'] for row in rows):.0f} CPU seconds"]
    lines += [f"{fate:10} {counts[fate]:5} {counts[fate] / max(1, len(rows)):7.1%}" for fate in _FATES]
    survivors = sorted((row["key"], row["line"]) for row in rows if row["fate"] == "survived")
    lines += [f"line {line:4} {known.get(key, 'unread'):15} {key}" for key, line in survivors]
    read = Counter(known.get(key, "unread") for key, _ in survivors)
    return "\n".join([*lines, "survivors: " + ", ".join(f"{number} {sort}" for sort, number in sorted(read.items()))])


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants and print what became of them; return 0 where each survivor was read."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.mutants", description=__doc__)
    parser.add_argument("--mutants", type=int, default=500, metavar="N", help="so many")
    parser.add_argument("--seed", type=int, default=22, metavar="N", help="which ones")
    parser.add_argument("--minutes", type=float, default=600, metavar="N", help="begin no other one after that")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="keep what was found, to go on from there")
    parser.add_argument("--again", action="store_true", help="try those once more that survived")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        place = options.folder or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        code = collected(lambda work: rows.extend(_try(options, place, work)))
    print(_table(rows, options.seed), flush=True)
    known = sorts()
    return code or int(any(row["fate"] == "survived" and row["key"] not in known for row in rows))


if __name__ == "__main__":
    sys.exit(main())
