"""Recipes: the flavors of the native APIs (6.6)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("nova.flavors.list")
def _list(use: Ingredients) -> Request:
    return Request()


@recipe("nova.flavors.list-detail")
def _detail(use: Ingredients) -> Request:
    return Request()


@recipe("nova.flavors.show")
def _show(use: Ingredients) -> Request:
    return Request({"flavor_id": use.need("flavor_id")})


@recipe("nova.flavor-extra-specs.show")
def _extra_specs(use: Ingredients) -> Request:
    return Request({"flavor_id": use.need("flavor_id")})
