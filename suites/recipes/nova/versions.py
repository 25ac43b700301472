"""Recipes: API versions (6.1)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("nova.versions.list", public=True)
def _versions(use: Ingredients) -> Request:
    return Request()


@recipe("nova.versions.show", public=True)
def _version(use: Ingredients) -> Request:
    return Request({"api_version": "v2.1"})
