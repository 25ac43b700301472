"""Recipes: tokens and projects (4.1, 10.2)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe
from pytest_ecs.exceptions import PrerequisiteMissing
from pytest_ecs.typing import JSON


def _asked(use: Ingredients, scope: JSON) -> Request:
    if not (use.username and use.password and use.domain):
        raise PrerequisiteMissing(
            "A user's name, password and domain are needed", seen="the credentials are of another kind"
        )
    user = {"name": use.username, "password": use.password, "domain": {"name": use.domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return Request(body={"auth": {"identity": identity, "scope": scope}})


@recipe("iam.tokens.create", anonymous=True)
def _token(use: Ingredients) -> Request:
    return _asked(use, use.scope)


@recipe("iam.tokens.create", variant="project-name")
def _token_by_name(use: Ingredients) -> Request:
    if use.named_scope is None:
        raise PrerequisiteMissing("The name of the project is needed", seen="the credentials do not have it")
    return _asked(use, use.named_scope)


@recipe("iam.projects.list")
def _projects(use: Ingredients) -> Request:
    return Request()
