"""The order of tests: so that they change servers as seldom as possible, and the servers that are used up come last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_ecs._run.profiles import FRUGAL

if TYPE_CHECKING:
    from pytest_ecs._cases.recipe import Recipe
    from pytest_ecs._contract import Contract

__all__ = ["evenly", "order", "uses_up"]

_T = TypeVar("_T")

#: The fixture of tests whose last looks come later.
_LATER = "ecs_later"


def order(
    items: list[pytest.Item],
    about: Mapping[pytest.Item, Collection[str]],
    contract: Contract,
    profile: str,
    *,
    spread: bool = False,
) -> None:
    """Sort *items*, each of which is *about* some requirements.

    Tests that use servers up come last in their file, and files that are mostly such last in their folder: they get the servers
    that other tests left over. Successes of stopped servers come together, since starting and stopping a server takes
    longer than most of them. Where few servers are to be made, those that creations make come first and serve the others,
    which follow each other by the states that they leave, and those that use servers up come last of all.
    With *spread* tests whose last looks come later are put among the others, so that their servers are free again when
    the next of them comes.
    """
    recipes, places = _places(items, about, contract)
    if profile not in FRUGAL:
        files = dict.fromkeys(item.path for item in items)
        balance = Counter(dict.fromkeys(files, 0))
        for item in items:
            balance[item.path] += 1 if places[item][0] else -1
        folders = list(dict.fromkeys(file.parent for file in files))
        ranks = {file: (folders.index(file.parent), balance[file] > 0, at) for at, file in enumerate(files)}
        items.sort(key=lambda item: (ranks[item.path], places[item]))
        if spread:
            items[:] = _spread(items, lambda item: places[item] == (False, False))
    else:
        items.sort(key=places.__getitem__)
        end = next((at for at, item in enumerate(items) if places[item][0]), len(items))
        items[:end] = _chained(items[:end], recipes, lambda recipe: _makes_servers(recipe, contract))


def _places(
    items: Sequence[pytest.Item], about: Mapping[pytest.Item, Collection[str]], contract: Contract
) -> tuple[Mapping[pytest.Item, Recipe | None], Mapping[pytest.Item, tuple[bool, bool]]]:
    """Return the recipe whose success each of *items* is about, and where it stands: what uses servers up comes last."""
    from pytest_ecs._cases.recipe import RECIPES

    successes = {f"{recipe.operation}/status": recipe for recipe in RECIPES.values()}
    comes_last = uses_up(contract)
    recipes: dict[pytest.Item, Recipe | None] = {}
    places: dict[pytest.Item, tuple[bool, bool]] = {}
    for item in items:
        covered = about[item]
        recipe, is_last = next((successes[name] for name in covered if name in successes), None), comes_last(covered)
        recipes[item] = recipe
        places[item] = is_last, (recipe is not None and recipe.server == "SHUTOFF") != is_last
    return recipes, places


def uses_up(contract: Contract) -> Callable[[Collection[str]], bool]:
    """Return what says of requirements whether one is of an operation that uses servers up: it deletes or resizes them."""
    from pytest_ecs._cases.recipe import RECIPES

    using_up = {recipe.operation for recipe in RECIPES.values() if recipe.deletes or recipe.resizes}
    about = {name for name, one in contract.requirements.items() if one.operation in using_up}
    return lambda names: not about.isdisjoint(names)


def evenly(*rows: Sequence[_T]) -> list[_T]:
    """Return what is in *rows*, each spread evenly over the whole and in its order."""
    places = [((at + 0.5) / len(row), one) for row in rows for at, one in enumerate(row)]
    return [one for _, one in sorted(places, key=lambda place: place[0])]


def _spread(items: list[pytest.Item], moves: Callable[[pytest.Item], bool]) -> list[pytest.Item]:
    """Return *items* with those that look later, and may *move*, evenly among the others."""
    later = [item for item in items if _LATER in getattr(item, "fixturenames", ()) and moves(item)]
    moved = set(later)
    return evenly([item for item in items if item not in moved], later)


def _makes_servers(recipe: Recipe, contract: Contract) -> bool:
    created = contract.operations[recipe.operation].creates
    return created is not None and created.resource_type == "server"


def _chained(
    items: list[pytest.Item], recipes: Mapping[pytest.Item, Recipe | None], makes: Callable[[Recipe], bool]
) -> list[pytest.Item]:
    """Return *items* so that each finds the server, as far as can be, in the state in which the one before left it."""
    rest, chain, state = list(items), list[pytest.Item](), "ACTIVE"

    def cost(item: pytest.Item) -> tuple[bool, bool, bool]:
        recipe = recipes[item]
        if recipe is None or recipe.server is None:
            return recipe is None or not makes(recipe), False, False
        return True, recipe.server != state, recipe.leaves not in (None, state)

    while rest:
        following = min(rest, key=cost)
        rest.remove(following)
        chain.append(following)
        recipe = recipes[following]
        if recipe is not None:
            state = recipe.leaves or recipe.server or state
    return chain
