"""Recipes: servers' networks (6.4)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe, url_of
from pytest_ecs.exceptions import PrerequisiteMissing


@recipe("nova.networks.list", server="ACTIVE")
def _networks(use: Ingredients) -> Request:
    return Request()


@recipe("nova.server-networks.list", server="ACTIVE")
def _server_networks(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.server-networks.show", server="ACTIVE")
def _server_network(use: Ingredients) -> Request:
    addresses = use.read(url_of("nova.servers.show", server_id=use.servers[0]), "server", "addresses")
    if not addresses:
        raise PrerequisiteMissing("A server that shows a network is needed", seen="addresses {}", hint="")
    return Request({"server_id": use.servers[0], "networkName": next(iter(addresses))})
