"""Waivers: failures that somebody answers for, until a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pytest_ecs._report.model import Waiver
from pytest_ecs._text import text_of
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["read_waivers"]

_FIELDS = {"requirement": True, "owner": True, "reason": True, "expires": True, "ticket": False}


def read_waivers(path: Path | None) -> Sequence[Waiver]:
    """Return the waivers in the YAML file *path*: a list of requirement, owner, reason, expires (a date) and ticket.

    A requirement is an id or a pattern with ``*`` and ``?``.
    No path, no waivers. Raises `ConfigurationError` that names the entry and what is wrong with it.
    """
    if path is None:
        return ()
    import yaml

    try:
        entries = yaml.safe_load(text_of(path))
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(
            f"The waivers in {path} cannot be read", seen=str(error), hint="write a YAML list"
        ) from None
    if not isinstance(entries, list):
        raise ConfigurationError(f"{path} is not a list of waivers", hint="begin each waiver with '- requirement:'")
    return [_waiver(path, number, entry) for number, entry in enumerate(entries, 1)]


def _waiver(path: Path, number: int, entry: Any) -> Waiver:
    where = f"Waiver {number} in {path}"
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{where} is not a mapping", hint=f"give it {', '.join(_FIELDS)}")
    missing = [name for name, needed in _FIELDS.items() if needed and not entry.get(name)]
    if missing or entry.keys() - _FIELDS.keys():
        seen = f"missing {', '.join(missing) or 'nothing'}, unknown {', '.join(map(str, entry.keys() - _FIELDS.keys())) or 'nothing'}"
        raise ConfigurationError(
            f"{where} does not have the right fields", seen=seen, hint=f"the fields are {', '.join(_FIELDS)}"
        )
    expires = entry["expires"]
    if type(expires) is not date:  # a time of day is none
        try:
            expires = date.fromisoformat(str(expires))
        except ValueError:
            raise ConfigurationError(
                f"{where} expires on no date", seen=repr(expires), hint="write it as 2027-01-31"
            ) from None
    return {
        "requirement": str(entry["requirement"]),
        "owner": str(entry["owner"]),
        "reason": str(entry["reason"]),
        "expires": expires.isoformat(),
        "ticket": str(entry["ticket"]) if entry.get("ticket") else None,
    }
