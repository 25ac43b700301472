"""Recipes: limits and quotas of the native APIs (6.10)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("nova.limits.show")
def _limits(use: Ingredients) -> Request:
    return Request()


@recipe("nova.quotas.show")
def _quotas(use: Ingredients) -> Request:
    return Request({"quota_project_id": use.project_id()})


@recipe("nova.quotas.show-defaults")
def _defaults(use: Ingredients) -> Request:
    return Request({"quota_project_id": use.project_id()})
