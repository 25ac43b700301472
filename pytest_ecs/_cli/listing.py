"""``pytest-ecs list``: operations, requirements, rulings, deviations and variants."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence

__all__ = ["list_"]


def list_(options: argparse.Namespace) -> int:
    """Print operations, requirements, rulings, deviations or variants as a table or as JSON."""
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
