"""Filters of lists: a row is shown that has what the query asks for, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request

__all__ = ["asked", "chosen"]


def chosen(request: Request, rows: Iterable[dict[str, Any]], *fields: str) -> list[dict[str, Any]]:
    """Return the rows that have one of the values that the query gives for each of *fields*; others are not looked at."""
    wanted = {field: set(request.args(field)) for field in fields if request.args(field)}
    return [row for row in rows if all(_text(row.get(field)) in values for field, values in wanted.items())]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def asked(request: Request, key: str) -> dict[str, Any]:
    """Return the object *key* of a body, without what is null; anything else is refused with 400."""
    found = request.json.get(key)
    if not isinstance(found, dict):
        raise NativeError(400, f"The body needs an object {key}.")
    return {name: value for name, value in found.items() if value is not None}
