"""What an error says, in each of the forms that the document shows: its codes and its message."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_ecs._types import JSON

__all__ = ["codes_of", "flat_code", "is_error", "main_code", "messages_of"]


def main_code(body: JSON) -> str | None:
    """Return error.code of the form of 10.3.1, None when the body has another form."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None


def flat_code(body: JSON) -> str | None:
    """Return the code of an error without a wrapper: error_code of 4.3, or code beside a message (5.8.1, 6.15.4)."""
    if not isinstance(body, dict):
        return None
    code = body.get("error_code") if "error_msg" in body else body.get("code") if "message" in body else None
    return code if isinstance(code, str) else None


def codes_of(body: JSON) -> list[str]:
    """Return the codes of an error in any form, the main one first and then those in details (table 10-2)."""
    main = main_code(body)
    if main is None:
        flat = flat_code(body)
        return [] if flat is None else [flat]
    details = body["error"].get("details")
    more = [d.get("code") for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    return [main, *(code for code in more if isinstance(code, str))]


def messages_of(body: JSON) -> Iterator[JSON]:
    """Yield the message of an error in each form that the body has: one wrapper of any name, or none."""
    if not isinstance(body, dict):
        return
    yield from (body[name] for name in ("error_msg", "message") if name in body)
    if len(body) == 1:
        (inner,) = body.values()
        if isinstance(inner, dict) and "message" in inner:
            yield inner["message"]


def is_error(body: JSON) -> bool:
    """Whether a body is an error: that of 10.3.1, that of 4.3, or one wrapper with a code and a message."""
    if not isinstance(body, dict):
        return False
    if {"error_code", "error_msg"} <= body.keys() and body["error_code"]:
        return True
    inner = body.get("error") if "error" in body else next(iter(body.values())) if len(body) == 1 else None
    return isinstance(inner, dict) and "message" in inner and ("code" in inner or "error" in body)
