"""The error codes in an answer's body."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._types import JSON

__all__ = ["codes_of", "main_code"]


def main_code(body: JSON) -> str | None:
    """Return error.code of the v1 error form, None when the body has another form."""
    error = body.get("error") if isinstance(body, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    return code if isinstance(code, str) else None


def codes_of(body: JSON) -> list[str]:
    """Return the codes of the v1 error form, the main one first and then those in details (table 10-2)."""
    main = main_code(body)
    if main is None:
        return []
    details = body["error"].get("details")
    more = [d.get("code") for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []
    return [main, *(code for code in more if isinstance(code, str))]
