"""``pytest-ecs list``: operations, requirements, rulings, deviations and variants."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["list_"]


def list_(options: argparse.Namespace) -> int:
    """Print operations, requirements, rulings, deviations or variants as a table or as JSON."""
    if options.ecs_edition is not None:
        if options.what != "requirements":
            raise ConfigurationError(
                "--ecs-edition changes requirements only", hint="pytest-ecs list requirements --ecs-edition FILE"
            )
        rows, columns = _changed(options.ecs_edition), ["effect", "section", "level", "id", "says"]
    else:
        rows, columns = _ROWS[options.what](), _COLUMNS[options.what]
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))  # noqa: T201
        return 0
    _table([columns, *([str(row[c] if row[c] is not None else "-") for c in columns] for row in rows)])
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


def _changed(file: Path) -> list[dict[str, object]]:
    """Return the requirements that an edition adds, removes, words otherwise or judges at another URL."""
    from pytest_ecs._contract import document, load, read_edition

    plain, amended = document(), load(edition=read_edition(file))
    before, after = plain.requirements, amended.requirements
    urls = {one.id: f"{one.method} {one.path}" for one in amended.operations.values()}
    moved = {one.id for one in plain.operations.values() if urls.get(one.id) not in {None, f"{one.method} {one.path}"}}
    rows: list[dict[str, object]] = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        shown = new or before[name]
        says = shown.says
        if old != new:
            effect = "added" if old is None else "removed" if new is None else "changed"
        elif shown.operation in moved:
            effect, says = "moved", f"{says} (at {urls[shown.operation]})"
        else:
            continue
        rows.append({"effect": effect, "id": name, "section": shown.section, "level": shown.level, "says": says})
    return rows


def _rulings() -> list[dict[str, object]]:
    from dataclasses import asdict

    from pytest_ecs._contract import load

    return [asdict(ruling) for ruling in load().rulings.values()]


def _deviations() -> list[dict[str, object]]:
    from pytest_ecs._mock import DEVIATIONS

    return [{"name": name, "what": what} for name, what in sorted(DEVIATIONS.items())]


def _variants() -> list[dict[str, object]]:
    from pytest_ecs._mock import VARIANTS

    return [{"name": name, "what": what, "allowed": allowed} for name, (what, allowed) in sorted(VARIANTS.items())]


_ROWS = {
    "operations": _operations,
    "requirements": _requirements,
    "rulings": _rulings,
    "deviations": _deviations,
    "variants": _variants,
}
_COLUMNS = {
    "operations": ["section", "id", "method", "path", "selects"],
    "requirements": ["section", "level", "kind", "id", "check"],
    "rulings": ["section", "id", "accept"],
    "deviations": ["name", "what"],
    "variants": ["name", "allowed", "what"],
}


def _table(rows: Iterable[Sequence[str]]) -> None:
    lines = [list(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())  # noqa: T201
