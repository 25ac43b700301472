"""Recipes: tokens and projects (4.1, 10.2)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("iam.tokens.create", anonymous=True)
def _token(use: Ingredients) -> Request:
    user = {"name": use.username, "password": use.password, "domain": {"name": use.domain}}
    return Request(
        body={
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": use.scope,
            }
        }
    )


@recipe("iam.projects.list")
def _projects(use: Ingredients) -> Request:
    return Request()
