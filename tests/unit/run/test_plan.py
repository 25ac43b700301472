"""Estimates of a run never pass its limits, and grow with what is selected."""

from __future__ import annotations

import pytest

from pytest_ecs._run.options import Settings
from pytest_ecs._run.plan import plan_of
from pytest_ecs._run.profiles import PROFILES


@pytest.mark.parametrize("profile", PROFILES)
def test_a_part_needs_less_than_the_whole(profile: str) -> None:
    """And two processes less time than one."""
    settings = Settings(profile=profile)
    part, whole = plan_of(settings, ["x"] * 50), plan_of(settings, ["x"] * 10_000)
    assert (part.requests, part.minutes) < (whole.requests, whole.minutes)
    assert part.servers <= whole.servers
    assert plan_of(settings, ["x"] * 10_000, 2).minutes < whole.minutes


def test_the_limits_are_upper_ones() -> None:
    """They are hard, so that no plan says more."""
    plan = plan_of(Settings(max_servers=5, max_minutes=3.0), ["x"] * 10_000)
    assert (plan.servers, plan.minutes) == (5, 3.0)
    assert plan.at_once <= plan.servers


def test_the_native_profile_needs_no_public_address() -> None:
    """Chapter 6 has none."""
    assert plan_of(Settings(profile="native"), ["x"] * 10_000).addresses == 0
