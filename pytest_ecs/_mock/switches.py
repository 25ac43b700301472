"""Switches by name, for deviations and variants."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["switchboard"]


def switchboard(kind: str, known: Mapping[str, Any], names: Iterable[str]) -> Callable[[str], bool]:
    """Return what says whether a switch is on; raises `ValueError` with the closest names."""
    chosen = frozenset(names)
    for name in sorted(chosen - known.keys()):
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"the mock has no {kind} {name!r}{hint}")

    def on(name: str) -> bool:
        if name not in known:
            raise KeyError(name)  # a misspelt name in the mock itself would never be on
        return name in chosen

    return on
