"""A field that is broken on the wire fails its own requirement and no other; `wire` tries all of them."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from pytest_ecs._contract import load

from .forking import Outcome
from .wire import HOWS, Break, breaks, broken, wrong

_ONE = Break("ecs.jobs.show", "status", ("status",), "null", "ecs.jobs.show/response/status/type")


def test_a_sample_fails_its_fields_alone() -> None:
    """What looks through them is not tested."""
    command = [sys.executable, "-m", "tests.suites.wire", "--sample", "--breaks", "25", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "'wrong'" in done.stdout) == (0, False), done.stdout
    assert "25 of " in done.stdout


def test_each_way_breaks_what_it_says() -> None:
    """Each of them has fields, and the contract has the requirement that each break names."""
    found = list(breaks(load()))
    assert {one.how for one in found} == HOWS.keys()
    assert all(one.requirement in load().requirements for one in found)


@pytest.mark.parametrize(
    ("how", "steps", "after", "times"),
    [
        ("left out", ("a", "[]", "b"), {"a": [{}, {}], "m": {"x": 1}}, 2),
        ("null", ("a", "[]", "b"), {"a": [{"b": None}, {"b": None}], "m": {"x": 1}}, 1),
        ("of another type", ("a",), {"a": "a text", "m": {"x": 1}}, 1),
        ("of another type", ("m", "{}"), {"a": [{"b": "w"}, {"b": None}], "m": {"x": ["a list"]}}, 1),
        ("not listed", ("a", "[]", "b"), {"a": [{"b": "no such word"}, {"b": None}], "m": {"x": 1}}, 1),
        ("left out", ("z", "[]", "b"), {"a": [{"b": "w"}, {"b": None}], "m": {"x": 1}}, 0),
    ],
)
def test_a_field_is_broken_wherever_it_is(how: str, steps: tuple[str, ...], after: Any, times: int) -> None:
    """In each item of a list and each value of a map; how often anything changed is counted."""
    body = {"a": [{"b": "w"}, {"b": None}], "m": {"x": 1}}
    assert broken(body, steps, HOWS[how][1]) == times
    assert body == after


def test_what_is_wrong_is_said() -> None:
    """A break that nobody noticed, what fails beside it, an error, and what ended the run."""
    failed = {_ONE.requirement: "seen", "ecs.jobs.show/response/status/enum": "seen"}
    assert wrong(_ONE, Outcome("", failed=failed, took_place=1)) == []
    assert wrong(_ONE, Outcome("")) == []  # it never took place
    assert wrong(_ONE, Outcome("", took_place=1)) == ["not noticed: no finding"]
    assert wrong(_ONE, Outcome("", failed={**failed, "4.1/own-id": "why"}, took_place=1)) == ["4.1/own-id: why"]
    assert wrong(_ONE, Outcome("", failed=failed, errors={"4.1/own-id": "e"}, took_place=1)) == ["error: 4.1/own-id: e"]
    assert wrong(_ONE, Outcome("", failed=failed, troubles=["it ended"], took_place=1)) == ["it ended"]
