"""Estimates of a run never pass its limits, and grow with what is selected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ecs._run.options import Settings
from pytest_ecs._run.plan import MISFIT, lines, plan_of
from pytest_ecs._run.profiles import PROFILES
from pytest_ecs._run.session import Session, open_session


@pytest.mark.parametrize("profile", PROFILES)
def test_a_part_needs_less_than_the_whole(profile: str) -> None:
    """And two processes less time than one, with more servers."""
    settings = Settings(profile=profile)
    part, whole = plan_of(settings, ["x"] * 50), plan_of(settings, ["x"] * 10_000)
    assert (part.requests, part.minutes) < (whole.requests, whole.minutes)
    assert part.servers <= whole.servers
    two = plan_of(settings, ["x"] * 10_000, 2)
    assert two.minutes < whole.minutes
    assert two.servers > whole.servers


def test_no_run_of_four_processes_is_near_the_default_limit() -> None:
    """A full one made 72 servers (`benchmarks/pool.py full 20 -n 4`), and who passes the limit is not told a verdict."""
    assert 72 <= plan_of(Settings(), ["x"] * 10_000, 4).servers <= 0.9 * Settings().max_servers


_PUBLISHED = Path(__file__).parents[3] / "reports" / "01" / "embedded-mock" / "current"
_PLENTY = {"servers": 2048, "cores": 20480, "eips": 20, "disks": 100_000}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session on the mock."""
    opened = open_session(Settings(run="plan"))
    yield opened
    opened.close()


def _misfits(session: Session, settings: Settings, count: int = 10_000) -> list[str]:
    said = lines(session, settings, plan_of(settings, ["x"] * count))
    return [line.removeprefix(MISFIT) for line in said if line.startswith(MISFIT)]


def test_a_plan_says_what_servers_cannot_be_made_without(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would count servers that nobody makes, and all that needs one would be skipped without a word before."""
    said = "\n".join(lines(session, Settings(), plan_of(Settings(), ["x"])))
    assert "no server can be made" not in said
    bare = replace(session.target, resources=replace(session.target.resources, vpc_id=None))
    monkeypatch.setattr(session, "target", bare)
    said = "\n".join(lines(session, Settings(), plan_of(Settings(), ["x"])))
    assert (
        "no server can be made, and what needs one is not tested: Servers cannot be created without --ecs-vpc" in said
    )


def test_a_plan_says_which_limits_it_passes(session: Session) -> None:
    """They are hard: nothing is created beyond the first one."""
    assert _misfits(session, Settings()) == []
    tight = Settings(max_servers=5, max_minutes=3.0, max_requests_per_second=1.0)
    servers, minutes, requests = _misfits(session, tight)
    assert servers.startswith("about 56 servers in all, and --ecs-max-servers=5: nothing is created beyond that")
    assert minutes == "about 217 minutes, and --ecs-max-minutes=3: no test begins after them"
    assert requests == "about 20000 requests, which take 333 minutes by --ecs-max-requests-per-second=1"


@pytest.mark.parametrize(
    ("limit", "count", "said"),
    [
        ("servers", 4, "up to 11 servers at once, and 4 are left of the quota of 4"),
        ("cores", 11, "up to 24 vCPUs at once, and 11 are left of the quota of 11"),
        ("disks", 50, "up to 56 disks at once, and 50 are left of the quota of 50"),
        ("eips", 4, "up to 4 public addresses at once, and 3 are left of the quota of 4"),
        ("eips", 0, "up to 4 public addresses at once, and 0 are left of the quota of 0"),
    ],
)
def test_a_plan_says_which_quotas_it_passes(session: Session, limit: str, count: int, said: str) -> None:
    """One server at a time has the larger flavor; a system disk counts as a disk."""
    hook = session.target.control
    assert hook is not None
    hook("PUT", "/_mock/limits", {**_PLENTY, limit: count})
    assert _misfits(session, Settings()) == [said]


def test_the_native_profile_needs_no_public_address() -> None:
    """Chapter 6 has none."""
    assert plan_of(Settings(profile="native"), ["x"] * 10_000).addresses == 0


def test_a_plan_is_about_what_the_published_run_used() -> None:
    """That of the whole document, on the mock: when it comes to use more, the figures are to be measured anew."""
    report = json.loads((_PUBLISHED / "report.json").read_text(encoding="utf-8"))
    cost, plan = report["cost"], plan_of(Settings(), [row["requirement"] for row in report["results"]])
    measured = (cost["servers_created"], cost["requests"], cost["simulated_seconds"] / 60)
    assert measured == pytest.approx((plan.servers, plan.requests, plan.minutes), rel=0.2)
