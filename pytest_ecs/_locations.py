"""Where the contract and the suites are: inside an installed wheel, or next to the package in a checkout."""

from __future__ import annotations

from pathlib import Path

from pytest_ecs.exceptions import ConfigurationError

__all__ = ["schemas", "suites"]

_PACKAGE = Path(__file__).resolve().parent


def schemas() -> Path:
    """Return the folder of the contract files."""
    return _find("schemas", "general.yaml")


def suites() -> Path:
    """Return the folder of the conformance suites."""
    return _find("suites", "recipes")


def _find(name: str, landmark: str) -> Path:
    """Return the first place that has *landmark* in it, so that a stray folder of that name is never taken."""
    places = (_PACKAGE / name, _PACKAGE.parent / name)
    for place in places:
        if (place / landmark).exists():
            return place
    raise ConfigurationError(
        f"The folder {name!r} of pytest-ecs was not found",
        seen=f"no {landmark!r} in {places[0]} (where a wheel has it) and none in {places[1]} (where a checkout has it)",
        hint="install pytest-ecs again, or run it from a complete checkout",
    )
