"""Judging: exchanges and requirements in, findings out. Pure functions; no I/O, no clock, no network."""

from __future__ import annotations

from pytest_ecs._checks.assertions import TESTS, evaluate, locate
from pytest_ecs._checks.cases import NOT_OFFERED
from pytest_ecs._checks.finding import Assertion, Finding
from pytest_ecs._checks.flaws import source_of
from pytest_ecs._checks.judge import Corpus, judge, rejudge
from pytest_ecs._checks.seen import Seen

__all__ = [
    "NOT_OFFERED",
    "TESTS",
    "Assertion",
    "Corpus",
    "Finding",
    "Seen",
    "evaluate",
    "judge",
    "locate",
    "rejudge",
    "source_of",
]
