"""The order of tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pytest_ecs._cases.library import load_recipes
from pytest_ecs._contract import load
from pytest_ecs._run.ordering import order


class _Item:
    """A test as far as its order is concerned."""

    def __init__(self, name: str, *requirements: str, later: bool = False) -> None:
        self.name, self._requirements = name, requirements
        self.fixturenames = ["ecs_check", "ecs_later"] if later else ["ecs_check"]

    def iter_markers(self, _: str) -> Iterator[Any]:
        """Yield what a test is about."""
        yield pytest.mark.ecs_requirement(*self._requirements).mark


def _ordered(*items: _Item, spread: bool, profile: str = "native") -> str:
    load_recipes()
    given: Any = list(items)
    order(given, load(), profile, spread=spread)
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
    assert _ordered(*items, spread=True) == "AcBdZ"
