"""Switches by name, for deviations and variants, and the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["closest", "switchboard"]


def switchboard(sort: str, known: Mapping[str, Any], names: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a switch is on; raises `ValueError` with the closest names."""
    chosen = frozenset(names)
    for name in sorted(chosen - known.keys()):
        raise ValueError(f"the mock has no {sort} {name!r}{closest(name, known)}")

    def on(name: str) -> bool:
        if name not in known:
            raise KeyError(name)  # a misspelt name in the mock itself would never be on
        return name in chosen

    return on


def closest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" when something known is spelled like *name*, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
