"""Request bodies against tables of fields: the mock's own transcription of the document's request tables.

`Reader.read` refuses what a table forbids and returns the rest in a form that handlers can rely on: fields
have their
type, and integers and booleans that were sent as strings are converted. What a deviation lets pass in
another type is
left out, so that no handler has to look twice.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Any, Final

from pytest_ecs._mock.http.errors import CrashError, RefusalError

__all__ = ["UUID", "Field", "Reader", "Refuse", "check_user_data", "password_ok"]

#: Makes a refusal from a code of A.2 and a message.
Refuse = Callable[[str, str], RefusalError]

UUID = r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_INVALID = "Ecs.0005"
_ABSENT: Final = object()


@dataclass(frozen=True)
class Field:
    """A field: its type and what binds its value."""

    #: string, integer, boolean, object, array, any, or "a|b" where the document's examples send either.
    type: str
    _: KW_ONLY
    need: bool = False
    #: Bounds of a number, of a string's characters or of an array's items.
    low: int | None = None
    high: int | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    #: Code of A.2 by the rule that was broken: type, low, high, pattern, enum, together.
    codes: Mapping[str, str] | None = None
    fields: Mapping[str, Field] | None = None
    item: Field | None = None
    #: For an object with any keys: what binds keys and values.
    keys: Field | None = None
    values: Field | None = None
    #: A deviation that lifts this field's bounds.
    lifted: str = ""
    #: Fields that must not be there together.
    apart: tuple[tuple[str, str], ...] = ()
    #: Field -> the field it must be used together with.
    along: Mapping[str, str] | None = None

    @property
    def seldom(self) -> bool:
        """Whether what is usual is more than the least: a text of one character, or a number above 1."""
        return self.type == "string" or (self.low or 0) > 1

    def code(self, rule: str) -> str:
        """Return the code for a broken rule."""
        return (self.codes or {}).get(rule, _INVALID)


class Reader:
    """Reads bodies for one API family."""

    def __init__(self, refuse: Refuse, deviates: Callable[[str], bool]) -> None:
        self._refuse = refuse
        self._deviates = deviates

    def read(self, body: Mapping[str, Any], field: Field) -> dict[str, Any]:
        """Return what *body* says, or raise the refusal of the first thing that is wrong with it."""
        value = self._read(body, field, "body")
        return value if isinstance(value, dict) else {}

    def _broken(self, field: Field, rule: str, message: str, switch: str) -> None:
        if not self._deviates(switch) and not (field.lifted and self._deviates(field.lifted)):
            raise self._refuse(field.code(rule), message)

    def _read(self, value: Any, field: Field, path: str) -> Any:
        value = _typed(value, _types(field.type))
        if value is _ABSENT:
            self._broken(field, "type", f"{path} is not of type {field.type}", "type-unchecked")
            return _ABSENT
        if isinstance(value, dict):
            return self._object(value, field, path)
        if isinstance(value, list):
            self._bounds(len(value), field, f"the number of items of {path}")
            if field.item is None:
                return value
            items = (self._read(item, field.item, f"{path}[{index}]") for index, item in enumerate(value))
            return [item for item in items if item is not _ABSENT]
        if isinstance(value, str):
            self._text(value, field, path)
        elif isinstance(value, int) and not isinstance(value, bool):
            self._bounds(value, field, path)
        return value

    def _object(self, value: dict[str, Any], field: Field, path: str) -> dict[str, Any]:
        for one, other in field.apart:
            if one in value and other in value:
                self._broken(field, "together", f"{path}: {one} and {other} exclude each other", "together-unchecked")
        for one, other in (field.along or {}).items():
            if one in value and other not in value:
                self._broken(field, "together", f"{path}: {one} must be used with {other}", "together-unchecked")
        known = field.fields or {}
        read = {}
        for name, inner in known.items():
            if name in value:
                read[name] = self._read(value[name], inner, f"{path}.{name}")
            elif inner.need:
                self._broken(inner, "need", f"{path}.{name} is missing", "mandatory-unchecked")
        if field.values is not None:
            for key, item in value.items():
                if key not in known:
                    self._text(key, field.keys or field.values, f"a key of {path}")
                    read[key] = self._read(item, field.values, f"{path}.{key[:40]}")
        elif self._deviates("unknown-field-crashes") and value.keys() - known.keys():
            raise CrashError
        return {name: item for name, item in read.items() if item is not _ABSENT}

    def _text(self, value: str, field: Field, path: str) -> None:
        self._bounds(len(value), field, f"the length of {path}")
        if not value.isascii() and self._deviates("unicode-refused"):
            raise self._refuse(field.code("pattern"), f"{path} has characters outside ASCII")
        if field.enum and value not in field.enum:
            self._broken(field, "enum", f"{path} is not one of {', '.join(field.enum)}", "enum-unchecked")
        if field.pattern is not None and not re.fullmatch(field.pattern, value):
            self._broken(field, "pattern", f"{path} has a form that is not allowed", "pattern-unchecked")

    def _bounds(self, value: int, field: Field, what: str) -> None:
        if field.low is not None and value < field.low:
            self._broken(field, "low", f"{what} is less than {field.low}", "bound-under-unchecked")
        if field.high is not None and value > field.high:
            self._broken(field, "high", f"{what} is more than {field.high}", "bound-over-unchecked")
        elif field.high is not None and value == field.high > 1 and self._deviates("bound-at-refused"):
            raise self._refuse(field.code("high"), f"{what} is {field.high}")
        elif value == field.low and field.seldom and self._deviates("bound-least-refused"):
            raise self._refuse(field.code("low"), f"{what} is {field.low}")


@cache
def _types(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


def _typed(value: Any, types: frozenset[str]) -> Any:
    """Return *value*, converted where a string stands for another type; _ABSENT when it is of none."""
    if isinstance(value, str):
        if "integer" in types and "string" in types:
            return int(value) if re.fullmatch(r"-?[0-9]{1,10}", value) else _ABSENT
        if "boolean" in types and "string" in types:
            return {"true": True, "false": False}.get(value.lower(), _ABSENT)
        name = "string"
    elif isinstance(value, bool):
        name = "boolean"
    elif isinstance(value, int):
        name = "integer"
    elif isinstance(value, dict):
        name = "object"
    elif isinstance(value, list):
        name = "array"
    else:
        name = "null" if value is None else "number"
    return value if name in types or "any" in types else _ABSENT


_CLASSES = tuple(re.compile(p) for p in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[!@$%^\-_=+\[{}\]:,./?~#*]"))


def password_ok(password: str, os_type: str = "Linux", *, classes: int = 3) -> bool:
    """Whether a password is complex enough for the administrator of an operating system (Table 5-3)."""
    user = "administrator" if os_type == "Windows" else "root"
    lower = password.lower()
    parts = [user, user[::-1]]
    if os_type == "Windows":  # nor more than two consecutive characters of the user name
        parts += [user[at : at + 3] for at in range(len(user) - 2)]
    return (
        8 <= len(password) <= 26
        and sum(bool(one.search(password)) for one in _CLASSES) >= classes
        and not any(part in lower for part in parts)
    )


def check_user_data(text: str | None, refuse: Refuse, deviates: Callable[[str], bool]) -> None:
    """Refuse user data that is not base64, or above 32 KB before encoding (Tables 5-3 and 6-11)."""
    if text is None or deviates("user-data-unchecked"):
        return
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        if not deviates("pattern-unchecked"):
            raise refuse(_INVALID, "user_data is not base64.") from None
        return
    if size > 32768 and not deviates("bound-over-unchecked"):
        raise refuse(_INVALID, "user_data has more than 32 KB.")
