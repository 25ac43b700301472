"""``pytest-ecs run``: the suites on one target."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import pytest

from pytest_ecs._cli.suites import QUIET, ini
from pytest_ecs._run.options import PROFILES
from pytest_ecs._text import closest
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run the suites: an optional profile, then any options of pytest. Returns pytest's exit code."""
    from pytest_ecs._locations import suites

    options = list(arguments)
    profile: list[str] = []
    if options and not options[0].startswith("-"):
        word = options.pop(0)
        if word not in PROFILES:
            raise ConfigurationError(
                f"There is no profile {word!r}",
                seen=f"the profiles are {', '.join(PROFILES)}",
                hint="options of pytest come after the profile" + closest(word, list(PROFILES)),
            )
        profile = [f"--ecs-profile={word}"]
    # A run keeps every exchange: the collector would go through all of them again and again, and find nothing.
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        return int(pytest.main([str(suites()), *QUIET, *ini(), *profile, *options]))
    finally:
        gc.set_threshold(*before)
