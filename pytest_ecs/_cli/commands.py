"""What the verbs of ``pytest-ecs`` do; each imports only what it needs."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from pytest_ecs._run.options import PROFILES, closest, read_settings
from pytest_ecs.exceptions import ConfigurationError, EcsError

__all__ = ["list_", "mock", "openapi", "report", "run", "sweep"]


def run(arguments: Sequence[str]) -> int:
    """Run the suites: an optional profile, then any options of pytest. Returns pytest's exit code."""
    from pytest_ecs._locations import suites

    options = list(arguments)
    profile: list[str] = []
    if options and not options[0].startswith("-"):
        word = options.pop(0)
        if word not in PROFILES:
            raise ConfigurationError(
                f"There is no profile {word!r}",
                seen=f"the profiles are {', '.join(PROFILES)}",
                hint="options of pytest come after the profile" + closest(word, list(PROFILES)),
            )
        profile = [f"--ecs-profile={word}"]
    # A run keeps every exchange: the collector would go through all of them again and again, and find nothing.
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        return int(pytest.main([str(suites()), *_QUIET, *_ini(), *profile, *options]))
    finally:
        gc.set_threshold(*before)


#: The table and the certificate say what there is to say; a cache folder would be litter.
_QUIET = (
    "-q",
    "--no-header",
    "-rN",
    "--tb=short",
    "-p",
    "no:cacheprovider",
    # The console script is imported before pytest; nothing in the package needs rewritten assertions.
    "-W",
    "ignore:Module already imported:pytest.PytestAssertRewriteWarning",
)


def _ini() -> list[str]:
    """Let the ini file of the current folder speak, wherever the suites are installed."""
    for name in ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        file = Path.cwd() / name
        if file.is_file() and "ecs_" in file.read_text(encoding="utf-8", errors="replace"):
            return ["-c", str(file)]
    return ["-c", os.devnull, f"--rootdir={Path.cwd()}"]


class _Instead:
    """A plugin that does something else than running tests, with pytest's own options and ini file."""

    def __init__(self, dry_run: bool) -> None:
        self._dry_run = dry_run

    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Sweep and return the exit code."""
        settings = read_settings(config)
        if settings.embedded:
            raise ConfigurationError(
                "There is nothing to sweep on the embedded mock",
                seen="no --ecs-cloud and no --ecs-endpoint was given",
                hint="name the target that a killed run worked on",
            )
        try:
            return _sweep(settings, dry_run=self._dry_run)
        except EcsError as error:
            print(f"pytest-ecs: {error}", file=sys.stderr)  # noqa: T201
            return 4


def sweep(arguments: Sequence[str]) -> int:
    """Delete what runs on the named target left behind: those that are over or whose process is gone.

    Returns 0 when nothing is left, 1 when something could not be deleted. ``--dry-run`` only lists.
    """
    options = [a for a in arguments if a != "--dry-run"]
    plugin = _Instead("--dry-run" in arguments)
    return int(pytest.main([*_QUIET, *_ini(), *options], plugins=[plugin]))


def _sweep(settings: object, *, dry_run: bool) -> int:
    from pytest_ecs._resources.cleanup import clean
    from pytest_ecs._resources.ledger import unfinished
    from pytest_ecs._run.options import Settings
    from pytest_ecs._run.session import open_session

    if not isinstance(settings, Settings):
        raise TypeError("settings are needed")
    if not settings.ledger_file.exists():
        print(f"No ledger at {settings.ledger_file}: nothing was created from here.")  # noqa: T201
        return 0
    session = open_session(settings)
    try:
        runs = unfinished(session.ledger)
        done, problems = clean(
            session.ledger,
            runs,
            session.clients,
            session.api,
            session.target.clock,
            job_timeout=settings.job_timeout,
            dry_run=dry_run,
        )
        if not dry_run and not problems:
            for run_id in runs:
                session.ledger.finish(run_id)
    finally:
        session.close()
    word = "would be deleted" if dry_run else "deleted"
    print(f"{len(runs)} unfinished run(s) on {session.target.endpoint}: {len(done)} thing(s) {word}.")  # noqa: T201
    for line in (*(f"  {one}" for one in done), *(f"  {problem}" for problem in problems)):
        print(line)  # noqa: T201
    return 1 if problems else 0


def mock(options: argparse.Namespace) -> int:
    """Serve the embedded mock until it is interrupted; prints one JSON line when it is ready."""
    from pytest_ecs._mock import DEVIATIONS
    from pytest_ecs._mock.server import run as serve

    for name in options.deviation:
        if name not in DEVIATIONS:
            raise ConfigurationError(
                f"The mock has no deviation {name!r}{closest(name, list(DEVIATIONS))}",
                hint="pytest-ecs list deviations",
            )
    if not options.speed > 0:
        raise ConfigurationError(f"--speed must be greater than 0, not {options.speed:g}", hint="1 is real time")
    try:
        return serve(port=options.port, speed=options.speed, deviations=options.deviation)
    except OSError as error:
        raise ConfigurationError(
            f"Port {options.port} on 127.0.0.1 cannot be used",
            seen=str(error),
            hint="leave --port out to take a free one",
        ) from None


def list_(options: argparse.Namespace) -> int:
    """Print operations, requirements, rulings or deviations as a table or as JSON."""
    rows = _ROWS[options.what]()
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))  # noqa: T201
        return 0
    _table(
        [
            _COLUMNS[options.what],
            *([str(row[c] if row[c] is not None else "-") for c in _COLUMNS[options.what]] for row in rows),
        ]
    )
    print(f"{len(rows)} {options.what}")  # noqa: T201
    return 0


def _operations() -> list[dict[str, object]]:
    from pytest_ecs._contract import load

    return [
        {
            "id": o.id,
            "section": o.section,
            "method": o.method,
            "path": o.path,
            "selects": o.selects,
            "chapter": o.chapter,
        }
        for o in load().operations.values()
    ]


def _requirements() -> list[dict[str, object]]:
    from pytest_ecs._contract import load
    from pytest_ecs._run.coverage import checks

    contract = load()
    covered = checks(contract)
    return [
        {
            "id": r.id,
            "operation": r.operation,
            "section": r.section,
            "kind": r.kind,
            "level": r.level,
            "check": covered[r.id].check,
            "reason": covered[r.id].reason,
        }
        for r in contract.requirements.values()
    ]


def _rulings() -> list[dict[str, object]]:
    from dataclasses import asdict

    from pytest_ecs._contract import load

    return [asdict(ruling) for ruling in load().rulings.values()]


def _deviations() -> list[dict[str, object]]:
    from pytest_ecs._mock import DEVIATIONS

    return [{"name": name, "what": what} for name, what in sorted(DEVIATIONS.items())]


_ROWS = {"operations": _operations, "requirements": _requirements, "rulings": _rulings, "deviations": _deviations}
_COLUMNS = {
    "operations": ["section", "id", "method", "path", "selects"],
    "requirements": ["section", "level", "kind", "id", "check"],
    "rulings": ["section", "id", "accept"],
    "deviations": ["name", "what"],
}


def _table(rows: Iterable[Sequence[str]]) -> None:
    lines = [list(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())  # noqa: T201


def openapi(options: argparse.Namespace) -> int:
    """Write the contract as an OpenAPI 3.1 document in JSON."""
    from pytest_ecs._contract import load
    from pytest_ecs._contract.openapi import openapi as _openapi

    text = json.dumps(_openapi(load()), indent=1, ensure_ascii=False)
    if options.output is None:
        print(text)  # noqa: T201
        return 0
    try:
        Path(options.output).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{options.output} cannot be written", seen=str(error), hint="name another file with --output"
        ) from None
    return 0


def report(options: argparse.Namespace) -> int:
    """Show, compare or verify certificates. Returns 0, or 1 when something regressed or does not verify."""
    from pytest_ecs import _report

    return _report.command(options.action, [Path(name) for name in options.files])
