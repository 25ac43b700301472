"""The order of tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_ecs._cases.library import load_recipes
from pytest_ecs._contract import load
from pytest_ecs._run.ordering import order


class _Item:
    """A test as far as its order is concerned."""

    def __init__(self, name: str, *requirements: str, later: bool = False, file: str = "a/file") -> None:
        self.name, self.requirements, self.path = name, requirements, Path(file)
        self.fixturenames = ["ecs_check", "ecs_later"] if later else ["ecs_check"]


def _ordered(*items: _Item, spread: bool, profile: str = "native") -> str:
    load_recipes()
    given: Any = list(items)
    order(given, {item: item.requirements for item in given}, load(), profile, spread=spread)
    return "".join(item.name for item in given)


@pytest.mark.parametrize(
    ("spread", "profile", "expected"),
    [(True, "native", "bAcdeBf"), (False, "native", "ABbcdef"), (True, "smoke", "ABbcdef")],
)
def test_those_that_look_later_are_among_the_others(spread: bool, profile: str, expected: str) -> None:
    """Where waiting takes real time and more than a few servers are made; both keep their order."""
    later, others = [_Item(name, later=True) for name in "AB"], [_Item(name) for name in "bcdef"]
    assert _ordered(*later, *others, spread=spread, profile=profile) == expected


def test_those_that_use_servers_up_come_last() -> None:
    """Whether or not they look later."""
    doomed = _Item("Z", "nova.servers.delete/rule/gone", later=True)
    items = [doomed, _Item("A", later=True), _Item("B", later=True), _Item("c"), _Item("d")]
    assert _ordered(*items, spread=True) == "cAdBZ"


_USES_UP, _DOES_NOT = "ecs.servers.delete/rule/several", "ecs.quotas.show/status"


@pytest.mark.parametrize(("profile", "ordered"), [("full", "bcagedfh"), ("smoke", "bcegadfh")])
def test_servers_are_used_up_after_others_left_them(profile: str, ordered: str) -> None:
    """Last in a file, and a file of mostly that last in its folder; where few are made, last of all."""
    mixed = [_Item(name, _USES_UP if name == "a" else _DOES_NOT, file="x/mixed") for name in "abc"]
    doomed = [_Item(name, _DOES_NOT if name == "e" else _USES_UP, file="x/doomed") for name in "def"]
    others = [_Item("g", _DOES_NOT, file="x/others"), _Item("h", _USES_UP, file="y/others")]
    assert _ordered(*mixed, *doomed, *others, spread=False, profile=profile) == ordered
