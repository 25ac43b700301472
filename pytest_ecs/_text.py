"""Text of unknown origin, made fit to be shown."""

from __future__ import annotations

import re

__all__ = ["harmless"]

#: What moves a cursor, recolours, renames or reorders: C0 and C1 but tab and line feed, DEL, marks and overrides of
#: direction, separators that some terminals take as line ends, halves of surrogate pairs, and the byte order mark.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def harmless(text: str) -> str:
    """Return *text* with everything that a terminal would obey written as an escape, like ``\\x1b``."""
    return _HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
