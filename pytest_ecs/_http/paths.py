"""Parts of paths that come from elsewhere."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["segment"]


def segment(identity: object) -> str:
    """Return an id as one segment of a path, whatever is in it: no id of an answer leads to something else."""
    return quote(str(identity), safe="", errors="backslashreplace")
