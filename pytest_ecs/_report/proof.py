"""How many deviations of the mock show that the check of a requirement bites: a table that is packaged with the contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache

from pytest_ecs import _locations

__all__ = ["FILE", "digest", "table"]

#: Requirement id -> number of deviations; made by the proof, and absent where nobody made it.
FILE = "proof.json"


@cache
def _content() -> bytes:
    try:
        return (_locations.schemas() / FILE).read_bytes()
    except FileNotFoundError:
        return b""


def digest() -> str | None:
    """Return the SHA-256 of the table that is installed, None where there is none."""
    return hashlib.sha256(_content()).hexdigest() if _content() else None


def table(wanted: str | None) -> Mapping[str, int] | None:
    """Return the table with that SHA-256; None where another one is installed, or none."""
    if wanted is None or wanted != digest():
        return None
    found: dict[str, int] = json.loads(_content())
    return found
