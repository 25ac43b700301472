"""Recipes: the flavors of the ECS APIs (5.4)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("ecs.flavors.list")
def _flavors(use: Ingredients) -> Request:
    return Request()
