"""Waivers weighed: which failures somebody answers for, and which waivers speak of something that is not so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase

from pytest_ecs._report.model import Waiver, WaiverRow

__all__ = ["WRONG", "fits", "in_force", "waiver_of", "weigh_waivers"]

#: States in which a waiver spoils a certificate until somebody has looked.
WRONG = frozenset({"unknown", "unmatched", "expired", "stale"})


def fits(requirement: str, pattern: str) -> bool:
    """Whether a waiver names *requirement*; only ``*`` and ``?`` have a meaning, ``[]`` stands for itself as in ids."""
    return requirement == pattern or fnmatchcase(requirement, pattern.replace("[", "[[]"))


def in_force(waivers: Sequence[Waiver], today: date) -> list[Waiver]:
    """Return the waivers that have not expired; a waiver counts on its last day."""
    return [waiver for waiver in waivers if date.fromisoformat(waiver["expires"]) >= today]


def waiver_of(requirement: str, waivers: Sequence[Waiver]) -> Waiver | None:
    """Return the first of the waivers that names *requirement*."""
    return next((waiver for waiver in waivers if fits(requirement, waiver["requirement"])), None)


def weigh_waivers(
    waivers: Sequence[Waiver], verdicts: Mapping[str, str], *, today: date, known: Collection[str]
) -> list[WaiverRow]:
    """Return the waivers with what became of each; *verdicts* are those of the run, *known* all ids of the contract.

    applied: a failure was waived. expired: its date is over. unknown: the contract has no such requirement. unmatched: no
    requirement of the contract fits its pattern. stale: what it names was tested and did not fail. idle: nothing that it
    names was tested in this run, so that nothing can be said.
    """
    weighed: list[WaiverRow] = []
    for waiver in waivers:
        pattern = waiver["requirement"]
        waived = [name for name, verdict in verdicts.items() if verdict == "waived" and fits(name, pattern)]
        weighed.append({**waiver, "state": _state(waiver, waived, verdicts, today, known), "waived": waived})
    return weighed


def _state(
    waiver: Waiver, waived: Sequence[str], verdicts: Mapping[str, str], today: date, known: Collection[str]
) -> str:
    pattern = waiver["requirement"]
    if not any(fits(name, pattern) for name in ([pattern] if pattern in known else known)):
        return "unmatched" if "*" in pattern or "?" in pattern else "unknown"
    if date.fromisoformat(waiver["expires"]) < today:
        return "expired"
    if waived:
        return "applied"
    return "stale" if any(verdict == "pass" and fits(name, pattern) for name, verdict in verdicts.items()) else "idle"
