"""Variants of the form that errors of the native APIs have, which chapter 6 does not give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["ERRORS", "reform"]

_Form = Callable[[int, str], Any]
#: Name -> what, what allows it, and the body of a status and message.
ERRORS: Mapping[str, tuple[str, str, _Form]] = {
    "native-errors-flat": (
        "native errors are an object with code and message",
        "10.3.1",
        lambda status, message: {"code": status, "message": message},
    ),
    "native-errors-gateway": (
        "native errors have the form of the gateway",
        "4.3",
        lambda status, message: {"error_code": f"APIGW.0{status}", "error_msg": message},
    ),
    "native-errors-wrapped": (
        "native errors have the form of the ECS APIs",
        "10.3.1",
        lambda status, message: {"error": {"code": f"Nova.0{status}", "message": message}},
    ),
    "native-errors-other-name": (
        "the object in native errors has another name",
        "6",
        lambda status, message: {"computeFault": {"message": message, "code": status}},
    ),
    "native-errors-without-body": ("native errors have no body", "6", lambda status, message: None),
}


def reform(status: int, message: str, body: Any, varies: Callable[[str], bool]) -> Any:
    """Return the body of a native error."""
    for name, (_, _, form) in ERRORS.items():
        if varies(name):
            return form(status, message)
    return body
