"""Holds report.json against its published schema, ``schemas/meta/report.schema.json``, when it is written and when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from pytest_ecs._contract.quick import Accepts, compiled
from pytest_ecs._locations import schemas
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import EcsError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["ShapeError", "check", "mistakes"]


class ShapeError(EcsError):
    """A report is not as its schema says."""


@cache
def _schema() -> dict[str, Any]:
    return dict(json.loads((schemas() / "meta" / "report.schema.json").read_bytes()))


@cache
def _quick() -> Accepts:
    return compiled({"report": _schema()}, "report")


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema())


def mistakes(report: JSON) -> Iterator[str]:
    """Yield what is wrong in a report, one sentence for each place."""
    if _quick()(report):
        return
    for error in _validator().iter_errors(report):
        message = error.message if len(error.message) <= 200 else f"{error.message[:200]}…"
        yield f"{'/'.join(map(str, error.absolute_path)) or 'report.json'}: {message}"


def check(report: JSON) -> None:
    """Raise `ShapeError` with the first places that are wrong."""
    wrong = list(mistakes(report))
    if wrong:
        raise ShapeError("The report is not as schemas/meta/report.schema.json says", seen="; ".join(wrong[:5]))
