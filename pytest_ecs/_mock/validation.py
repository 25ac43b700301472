"""Request bodies against tables of fields: the mock's own transcription of the document's request tables."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

__all__ = ["UUID", "F", "Fail", "check", "password_ok", "user_data_ok"]

#: Refuses: (code for the v1 APIs, message).
Fail = Callable[[str, str], NoReturn]

UUID = r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_BAD = "Ecs.0005"


@dataclass(frozen=True)
class F:
    """A field: its type and what binds its value."""

    #: string, integer, boolean, object, array, or "a|b" where the document's examples send either.
    kind: str
    need: bool = False
    low: int | None = None
    high: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    code: str = _BAD
    fields: Mapping[str, F] | None = None
    item: F | None = None
    #: Fields that must not be there together.
    apart: tuple[tuple[str, str], ...] = ()
    #: Field -> the field it must be used together with.
    along: Mapping[str, str] | None = None


def check(value: Any, f: F, path: str, fail: Fail, off: Callable[[str], bool]) -> None:
    """Refuse with *fail* when *value* is not what *f* says; *off* names a kind of check that a deviation skips."""
    if not _typed(value, f.kind):
        if off("type-unchecked"):
            return
        fail(f.code, f"{path} is not of type {f.kind}")
    if isinstance(value, Mapping):
        _object(value, f, path, fail, off)
    elif isinstance(value, list):
        if f.high is not None and len(value) > f.high and not off("bound-over-unchecked"):
            fail(f.code, f"{path} has more than {f.high} items")
        if f.low is not None and len(value) < f.low and not off("bound-under-unchecked"):
            fail(f.code, f"{path} has fewer than {f.low} items")
        if f.item is not None:
            for index, item in enumerate(value):
                check(item, f.item, f"{path}[{index}]", fail, off)
    elif isinstance(value, str) and "integer" in f.kind:
        _bounds(int(value), f, path, fail, off)
    elif isinstance(value, str):
        _text(value, f, path, fail, off)
    elif isinstance(value, int) and not isinstance(value, bool):
        _bounds(value, f, path, fail, off)


def _typed(value: Any, kind: str) -> bool:
    for one in kind.split("|"):
        if one == "string" and isinstance(value, str):
            return "integer" not in kind or bool(re.fullmatch(r"-?\d{1,10}", value))
        if one == "boolean" and isinstance(value, bool):
            return True
        if one == "integer" and isinstance(value, int) and not isinstance(value, bool):
            return True
        if one == "object" and isinstance(value, Mapping):
            return True
        if one == "array" and isinstance(value, list):
            return True
        if one == "null" and value is None:
            return True
        if one == "any":
            return True
    return False


def _object(value: Mapping[str, Any], f: F, path: str, fail: Fail, off: Callable[[str], bool]) -> None:
    for name, field in (f.fields or {}).items():
        if name not in value:
            if field.need and not off("mandatory-unchecked"):
                fail(field.code if field.code != _BAD else _BAD, f"{path}.{name} is missing")
        else:
            check(value[name], field, f"{path}.{name}", fail, off)
    for one, other in f.apart:
        if value.get(one) is not None and value.get(other) is not None and not off("together-unchecked"):
            fail(_BAD, f"{path}.{one} and {path}.{other} cannot be set together")
    for one, other in (f.along or {}).items():
        if one in value and other not in value and not off("together-unchecked"):
            fail(_BAD, f"{path}.{one} must be used together with {path}.{other}")


def _text(value: str, f: F, path: str, fail: Fail, off: Callable[[str], bool]) -> None:
    if f.low is not None and len(value) < f.low and not off("bound-under-unchecked"):
        fail(f.code, f"{path} is shorter than {f.low} characters")
    if f.high is not None and len(value) > f.high and not off("bound-over-unchecked"):
        fail(f.code, f"{path} is longer than {f.high} characters")
    if f.enum and value not in f.enum and not off("enum-unchecked"):
        fail(f.code, f"{path} is not one of {', '.join(f.enum)}")
    if f.pattern is not None and not re.fullmatch(f.pattern, value) and not off("pattern-unchecked"):
        fail(f.code, f"{path} has a form that is not allowed")


def _bounds(value: int, f: F, path: str, fail: Fail, off: Callable[[str], bool]) -> None:
    if f.low is not None and value < f.low and not off("bound-under-unchecked"):
        fail(f.code, f"{path} is below {f.low}")
    if f.high is not None and value > f.high and not off("bound-over-unchecked"):
        fail(f.code, f"{path} is above {f.high}")


def password_ok(password: str, user: str) -> bool:
    """Whether a password is complex enough (5.1.1, Table 5-3)."""
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[!@$%^\-_=+\[{}\]:,./?~#*]")
    lower = password.lower()
    return (
        8 <= len(password) <= 26
        and sum(bool(re.search(kind, password)) for kind in kinds) >= 3
        and user not in lower
        and user[::-1] not in lower
    )


def user_data_ok(text: str) -> bool:
    """Whether a text is base64 of at most 32 KB (5.1.1, Table 5-3)."""
    try:
        return len(base64.b64decode(text, validate=True)) <= 32768
    except (binascii.Error, ValueError):
        return False
