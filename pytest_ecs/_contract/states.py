"""Table A-4 as a function."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["UNKNOWN", "status_of"]

#: What every pair that Table A-4 does not list shows as.
UNKNOWN = "UNKNOWN"


def status_of(table: Mapping[tuple[str, str | None], str], vm_state: str, task_state: str | None) -> str:
    """Return the status that a pair of states shows as, whatever the case of its letters."""
    return table.get((vm_state.lower(), task_state.lower() if task_state else None), UNKNOWN)
