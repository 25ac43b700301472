"""Recipes: changing what a server is (5.2)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("ecs.servers.resize", server="SHUTOFF")
def _resize(use: Ingredients) -> Request:
    now = use.flavor()
    other = use.need("other_flavor_id")
    wanted = use.need("flavor_id") if now == other else other
    return Request({"server_id": use.servers[0]}, body={"resize": {"flavorRef": wanted}})
