"""What a test takes from an answer for its next step; that it is missing is judged where it came about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pytest_ecs._checks import locate
from pytest_ecs._checks.body import mistyped
from pytest_ecs._contract import load
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

__all__ = ["exactly", "read"]

_T = TypeVar("_T")


def read(exchange: Exchange, *path: str | int) -> JSON:
    """Return what stands at *path* of an answer's body; a step "*" collects the rest of the path from every item of a list.

    Raises `StepFailed` when nothing does, and `PrerequisiteMissing` where it is of another type than the document says, which
    is judged by itself, and where a discarded operation (chapter 11) is not found, which no endpoint has to offer.
    """
    operation = load().operations.get(exchange.operation or "")
    if exchange.status == 404 and operation is not None and operation.chapter == "deprecated":
        raise PrerequisiteMissing(f"{exchange.request_line} is needed, a discarded operation", seen=exchange.answer)
    wanted = ".".join(map(str, path)) or "a body"
    try:
        if not exchange.accepted:
            raise LookupError("it was refused")
        found = locate(exchange, ("body", *path))
    except LookupError:
        raise StepFailed(f"{exchange.request_line} was not answered with {wanted}", seen=exchange.answer) from None
    is_there = bool(path) or exchange.response_body is not None or bool(exchange.response_text)
    if operation is not None and operation.response_body and is_there:  # what is only checked needs no body (dry_run)
        base = f"{operation.id}/response"
        broken = mistyped(operation.response_body, exchange.response_body, path, exchange.microversion, base)
        if broken is not None:
            what = f"{exchange.request_line} has to answer with {wanted} of the type that the document names"
            raise PrerequisiteMissing(what, seen=f"another type, see {broken}", hint="")
    return found


def exactly(count: int, things: Iterable[_T], what: str) -> list[_T]:
    """Return *things* when there are *count* of them, which a test needs to go on.

    Raises `PrerequisiteMissing` otherwise: that there are too few or too many is judged where it came about.
    """
    found = list(things)
    if len(found) != count:
        raise PrerequisiteMissing(f"A test needs {what} to go on", seen=f"{len(found)} where there should be {count}")
    return found
