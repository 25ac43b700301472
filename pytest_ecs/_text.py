"""Text of unknown origin, made fit to be shown, and what somebody probably meant by it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = ["by_likeness", "bytes_of", "closest", "harmless", "near", "text_of", "truth"]

#: What moves a cursor, recolours, renames or reorders: C0 and C1 but tab and line feed, DEL, marks and overrides of
#: direction, separators that some terminals take as line ends, halves of surrogate pairs, and the byte order mark.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


#: What switches something on and off in variables and files.
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


#: More bytes than any file has that people write, or a run for them to read.
_MOST = 1 << 26


def bytes_of(path: Path) -> bytes:
    """Return what a file holds that a user named; raises `OSError`, and `ValueError` for one that never ends."""
    with path.open("rb") as file:
        content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise ValueError(f"it has more than {_MOST >> 20} MB")
    return content


def text_of(path: Path) -> str:
    """Return the text in such a file, without a byte order mark; raises `OSError` and `ValueError`."""
    return bytes_of(path).decode("utf-8-sig")


def truth(text: str) -> bool | None:
    """Return whether *text* switches something on; None where it says neither."""
    return _WORDS.get(text.strip().lower())


def harmless(text: str) -> str:
    """Return *text* with everything that a terminal would obey written as an escape, like ``\\x1b``."""
    return _HARMFUL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def near(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return up to *most* of the *known* names that are spelled like *name*, the closest first."""
    return get_close_matches(name, list(known), n=most)


def by_likeness(name: str, known: Iterable[str]) -> list[str]:
    """Return all *known* names, those that are spelled most like *name* first."""
    names = list(known)
    return get_close_matches(name, names, n=max(len(names), 1), cutoff=0.0)


def closest(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" when something known is spelled like *name*, else nothing."""
    names = near(name, known)
    return f"; did you mean {' or '.join(names)}?" if names else ""
