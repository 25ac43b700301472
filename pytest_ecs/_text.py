"""Text of unknown origin, made fit to be shown, and names that are spelled like others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["closest", "harmless", "near"]

#: What moves a cursor, recolours, renames or reorders: C0 and C1 but tab and line feed, DEL, marks and overrides of
#: direction, separators that some terminals take as line ends, halves of surrogate pairs, and the byte order mark.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def harmless(text: str) -> str:
    """Return *text* with everything that a terminal would obey written as an escape, like ``\\x1b``."""
    return _HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def near(text: str, known: Iterable[str]) -> list[str]:
    """Return up to three of the *known* names that are spelled like *text*, the closest first."""
    return difflib.get_close_matches(text, list(known), n=3, cutoff=0.6)


def closest(text: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" when something known is spelled like *text*, else nothing."""
    names = near(text, known)
    return f"; did you mean {' or '.join(names)}?" if names else ""
