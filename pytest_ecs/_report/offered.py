"""What an endpoint does not offer: declared before the run, or seen in it of the discarded operations of chapter 11."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pytest_ecs._checks import NOT_OFFERED
from pytest_ecs._contract import Contract
from pytest_ecs._report.model import Declaration
from pytest_ecs._report.record import Record

__all__ = ["declared", "unoffered"]

#: The chapter that an endpoint need not offer any more.
_OPTIONAL = "deprecated"
#: What such an operation answers where it is not there: not found, and before that, who asks without a token.
_NOBODY = frozenset({401, 404})


def declared(name: str | None, declaration: Sequence[Declaration]) -> Declaration | None:
    """Return the entry that says that the endpoint does not offer the operation or requirement *name*."""
    return next((d for d in declaration if name is not None and fnmatchcase(name, d["operation"])), None)


def unoffered(record: Record, contract: Contract, declaration: Sequence[Declaration] = ()) -> dict[str, str]:
    """Return why by operation, or requirement where only that was declared, for each that the endpoint does not offer.

    A discarded one is not there where its valid request was not found, and neither was anything else that was asked of
    it. One that needs what others of its section make was never sent: where none of them is there, neither is it.
    """
    known = contract.requirements
    gone = {known[f.requirement].operation for f in record.findings if f.outcome == "not_applicable"}
    optional = {
        o.id: ".".join(o.section.split(".")[:2]) for o in contract.operations.values() if o.chapter == _OPTIONAL
    }
    there = {name for name in optional if record.answers.get(name, set()) - _NOBODY}
    missing = {optional[name] for name in gone & optional.keys() if name} - {optional[name] for name in there}
    seen = {name: NOT_OFFERED for name in optional if name not in there and (name in gone or optional[name] in missing)}
    names = (*contract.operations, *known) if declaration else ()
    said = {name: entry["reason"] for name in names if (entry := declared(name, declaration))}
    return {**seen, **{name: f"declared as not offered: {reason}" for name, reason in said.items()}}
