"""How recipes are registered, and what is said when one is registered wrongly."""

from __future__ import annotations

import inspect

import pytest

from pytest_ecs._cases.recipe import RECIPES, Ingredients, Request, recipe
from pytest_ecs.exceptions import ConfigurationError


def _build(_: Ingredients) -> Request:
    return Request()


_HERE = f"{__file__}, line {inspect.getsourcelines(_build)[1]}: "


@pytest.fixture(autouse=True)
def no_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the recipes of the suites alone."""
    for operation in list(RECIPES):
        monkeypatch.delitem(RECIPES, operation)


def test_a_recipe_has_its_variants_and_what_is_said_with_the_default() -> None:
    """The other variants only add a request."""
    recipe("ecs.flavors.list", server="ACTIVE", count=2)(_build)
    assert recipe("ecs.flavors.list", variant="other")(_build) is _build
    registered = RECIPES["ecs.flavors.list"]
    assert (registered.server, registered.count, list(registered.variants)) == ("ACTIVE", 2, ["default", "other"])


@pytest.mark.parametrize("variant", ["default", "one-zone"])
def test_an_unknown_operation_is_refused_with_the_closest_one(variant: str) -> None:
    """A typo would be a recipe that nothing uses."""
    with pytest.raises(ConfigurationError) as caught:
        recipe("ecs.flavours.list", variant=variant)(_build)
    assert str(caught.value).startswith(_HERE)
    assert "no operation 'ecs.flavours.list'. did you mean 'ecs.flavors.list'" in str(caught.value)
    assert RECIPES == {}


def test_a_variant_before_the_default_is_refused() -> None:
    """It would have no server, no undo and nothing to be a variant of."""
    with pytest.raises(ConfigurationError) as caught:
        recipe("ecs.flavors.list", variant="one-zone")(_build)
    assert str(caught.value).startswith(_HERE)
    assert "the variant 'one-zone' of ecs.flavors.list comes before its default" in str(caught.value)
    assert "@recipe('ecs.flavors.list', ...) without variant= first" in str(caught.value)
    assert RECIPES == {}
