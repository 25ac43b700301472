"""Recipes: what was done to a server (6.13)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe, url_of


@recipe("nova.server-operations.list", server="ACTIVE")
def _operations(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.server-operations.show", server="ACTIVE")
def _operation(use: Ingredients) -> Request:
    path = url_of("nova.server-operations.list", server_id=use.servers[0])
    return Request({"server_id": use.servers[0], "request_id": use.read(path, "instanceActions", 0, "request_id")})
