"""``pytest-ecs run``: the suites on one target."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from pytest_ecs._cli.suites import cache, ini, quiet, with_profile
from pytest_ecs._run.profiles import PROFILES

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run the suites: an optional profile, then any options of pytest. Returns pytest's exit code."""
    from pytest_ecs._locations import suites

    options = with_profile(arguments)
    code = int(pytest.main([str(suites()), *quiet(options), *cache(options), *ini(options), *options]))
    if code == pytest.ExitCode.NO_TESTS_COLLECTED:
        hint = "look at the profile, at -k and -m, and at what begins with --ecs-section and --ecs-operation"
        print(f"No test was selected, so that nothing was tested and no report written: {hint}.", file=sys.stderr)  # noqa: T201
    misplaced = next((one for one in arguments[1:] if one in PROFILES), None)
    if code == pytest.ExitCode.USAGE_ERROR and misplaced is not None:
        hint = f"where {misplaced} is meant as the profile, it comes first"
        print(f"No test was run: {hint}, as in pytest-ecs run {misplaced}.", file=sys.stderr)  # noqa: T201
    return code
