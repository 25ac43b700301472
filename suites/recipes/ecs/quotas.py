"""Recipes: the tenant's quotas (5.7)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("ecs.quotas.show")
def _quotas(use: Ingredients) -> Request:
    return Request()
