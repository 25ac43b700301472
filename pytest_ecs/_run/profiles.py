"""What a run is asked for: a profile or a list of requirements, and what narrows it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_ecs import _locations
from pytest_ecs._text import closest, text_of

if TYPE_CHECKING:
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract.model import Requirement
    from pytest_ecs._run.options import Settings

__all__ = [
    "FILTERS",
    "FRUGAL",
    "PROFILES",
    "asked",
    "chapters",
    "check_deviations",
    "check_selection",
    "filters",
    "read_failed",
    "read_list",
    "selected",
]

#: Chapters of the document that each profile holds; smoke has a list of requirements, too.
PROFILES: Mapping[str, tuple[str, ...]] = {
    "smoke": ("iam", "ecs", "nova", "deprecated"),
    "core": ("iam", "ecs"),
    "native": ("iam", "nova"),
    "deprecated": ("iam", "deprecated"),
    "full": ("iam", "ecs", "nova", "deprecated"),
}
#: Profiles that make no server ahead, and send nothing again whose success they have seen.
FRUGAL = frozenset({"smoke"})
#: Options that narrow a profile; `listed` and `failed` are the requirements of a list and of an earlier report.
FILTERS = ("section", "operation", "requirement", "kind", "level", "listed", "failed")


def chapters(profile: str) -> tuple[str, ...]:
    """Return the chapters of a profile; a list of requirements may name those of any."""
    return PROFILES.get(profile, PROFILES["full"])


def read_list(profile: str, folder: Path) -> tuple[str, ...]:
    """Return the ids and patterns of the list that *profile* is or has, none for a profile that is made of chapters.

    A list is a text file with an id or a pattern in each line; what follows a ``#`` is a remark. Relative paths start at
    *folder*. Raises `pytest.UsageError` for what is neither a profile nor such a file.
    """
    if profile in PROFILES and profile != "smoke":
        return ()
    file = _locations.suites() / "smoke.txt" if profile == "smoke" else folder / profile
    if not os.path.isfile(file):  # which a name that is too long does not break
        names = ", ".join(PROFILES)
        raise pytest.UsageError(
            f"--ecs-profile: {profile!r} is not one of {names}, and no file{closest(profile, PROFILES)}"
        )
    try:
        lines = [line.partition("#")[0].strip() for line in text_of(file).splitlines()]
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"The list of requirements {file} cannot be read: {error}") from None
    found = tuple(dict.fromkeys(line for line in lines if line))
    if not found:
        raise pytest.UsageError(f"The list {file} names no requirement")
    return found


def read_failed(file: Path | None) -> tuple[str, ...]:
    """Return what failed, erred or was not tested by a report; nothing where there is none.

    Raises `pytest.UsageError` where *file* is no report, or one in which nothing is left to do again.
    """
    from pytest_ecs._report.verify import read_certificate
    from pytest_ecs.exceptions import EcsError

    if file is None:
        return ()
    try:
        rows = read_certificate(file)["results"]
    except EcsError as error:
        raise pytest.UsageError(f"--ecs-last-failed: {error}") from None
    found = tuple(row["requirement"] for row in rows if row["verdict"] in _AGAIN)
    if not found:
        raise pytest.UsageError(f"--ecs-last-failed: nothing failed, erred or was not tested in {file}")
    return found


#: Verdicts that are worth another run.
_AGAIN = frozenset({"fail", "error", "not_tested"})


def filters(settings: Settings) -> dict[str, list[str]]:
    """Return what narrows the chapters of the profile: name -> values, as a certificate has them."""
    return {name: list(getattr(settings, name)) for name in FILTERS if getattr(settings, name)}


def asked(settings: Settings, contract: Contract) -> dict[str, list[str]]:
    """Return what narrows the run: the `filters` of the profile, and the section groups of the shard."""
    from pytest_ecs._run.shards import groups_of

    given = filters(settings)
    return given if settings.shard is None else {**given, "group": groups_of(settings.shard, contract)}


def check_selection(settings: Settings, contract: Contract) -> None:
    """Raise `pytest.UsageError` for a selection that names nothing in the contract, with the closest names."""
    from pytest_ecs._report.waiving import fits

    sections = {r.section.split(",")[0] for r in contract.requirements.values()}
    prefixes = {".".join(parts[:n]) for s in sections for parts in [s.split(".")] for n in range(1, len(parts) + 1)}
    offered = {*contract.operations, *contract.requirements} if settings.not_offered else set()
    for option, what, given, known in (
        ("--ecs-operation", "operation", settings.operation, contract.operations),
        ("--ecs-requirement", "requirement", settings.requirement, contract.requirements),
        ("--ecs-section", "section", settings.section, prefixes),
        (settings.profile, "requirement", settings.listed, contract.requirements),
        ("--ecs-last-failed", "requirement", settings.failed, contract.requirements),
        ("--ecs-not-offered", "operation or requirement", settings.not_offered, offered),
    ):
        for text in given:
            if text not in known and not ("*" in text and any(fits(one, text) for one in known)):
                raise pytest.UsageError(f"{option}: the contract has no {what} {text!r}{closest(text, known)}")
    if settings.shard is not None and not asked(settings, contract)["group"]:
        raise pytest.UsageError(f"--ecs-shard: nothing is left for {settings.shard}, since sections stay in one piece")


def check_deviations(settings: Settings) -> None:
    """Raise `pytest.UsageError` for a deviation or variant that the embedded mock does not have, with the closest names."""
    if not (settings.deviation or settings.variant):
        return
    from pytest_ecs._mock import DEVIATIONS, VARIANTS

    known: dict[str, tuple[tuple[str, ...], Mapping[str, object]]] = {
        "deviation": (settings.deviation, DEVIATIONS),
        "variant": (settings.variant, VARIANTS),
    }
    for sort, (names, switches) in known.items():
        for name in names:
            if name not in switches:
                raise pytest.UsageError(f"--ecs-{sort}: the mock has no {sort} {name!r}{closest(name, switches)}")


def selected(settings: Settings, contract: Contract) -> list[Requirement]:
    """Return the requirements inside the profile and every filter.

    A section has what it says itself, and all that is required of the operations that it documents.
    """
    from pytest_ecs._report.certificate import inside

    wanted, given, operations = chapters(settings.profile), filters(settings), contract.operations
    return [
        one for one in contract.requirements.values() if inside(wanted, given, one, operations.get(one.operation or ""))
    ]
