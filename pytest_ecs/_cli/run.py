"""``pytest-ecs run``: the suites on one target."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_ecs._cli.suites import QUIET, cache, ini, with_profile

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run the suites: an optional profile, then any options of pytest. Returns pytest's exit code."""
    from pytest_ecs._locations import suites

    options = with_profile(arguments)
    return int(pytest.main([str(suites()), *QUIET, *cache(), *ini(options), *options]))
