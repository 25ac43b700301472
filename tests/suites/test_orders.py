"""The order of tests changes no verdict: a sample; ``python -m tests.suites.orders`` tries all of the suites."""

from __future__ import annotations

import subprocess
import sys

from .forking import Outcome
from .orders import differences, shuffled

#: Operations whose tests share things: groups and their rules, servers of another flavor, those that wait for a new one.
_SHARING = (
    "deprecated.recovery.update",
    "deprecated.security-groups.show",
    "deprecated.security-group-rules.create",
    "nova.servers.confirm-resize",
    "nova.limits.show",
)


def test_orders_by_chance_come_to_the_same_verdicts() -> None:
    """Of tests that share what they need."""
    options = [f"--ecs-operation={operation}" for operation in _SHARING]
    command = [sys.executable, "-m", "tests.suites.orders", "--seeds", "2", "--", "--ecs-properties=off", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (
        0,
        ["2 orders by chance, 0 runs with another verdict"],
    ), done.stdout


def test_what_differs_is_said_with_its_reason() -> None:
    """What was left behind and what went wrong as well; what is the same is not, nor what no test covers and came up by chance."""
    first = Outcome("in order", passed=["a", "b"], untested={"c": "no room"}, failed={"d": "one"})
    other = Outcome(
        "seed 1", passed=["a", "c"], untested={"b": "no server"}, failed={"d": "two"}, leaks=["disk"], troubles=["end"]
    )
    assert list(differences(first, first, "abcd")) == []
    assert list(differences(first, other, "b")) == ["b: pass -> not tested: no server", "left behind: disk", "end"]
    assert list(differences(first, other, "abcd")) == [
        "b: pass -> not tested: no server",
        "c: not tested: no room -> pass",
        "left behind: disk",
        "end",
    ]


def test_an_order_is_the_same_for_a_seed() -> None:
    """It has every test once."""
    assert shuffled(50, 1) == shuffled(50, 1) != shuffled(50, 2)
    assert sorted(shuffled(50, 3)) == list(range(50))
