"""Recipes: changing what a server is (5.2)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

from ..values import TEXT


def _user(use: Ingredients) -> str:
    return str(use.read(url_of("nova.servers.show", server_id=use.servers[0]), "server", "user_id"))


@recipe("ecs.servers.resize", server="SHUTOFF", resizes=True)
def _resize(use: Ingredients) -> Request:
    now = use.flavor()
    other = use.need("other_flavor_id")
    wanted = use.need("flavor_id") if now == other else other
    return Request({"server_id": use.servers[0]}, body={"resize": {"flavorRef": wanted}})


@recipe("ecs.servers.reinstall-os", server="SHUTOFF", leaves="ACTIVE")
def _reinstall(use: Ingredients) -> Request:
    how = {
        "keyname": use.need("key_name"),
        "userid": _user(use),
        "metadata": {"user_data": TEXT},
        "mode": "withStopServer",
    }
    return Request({"server_id": use.servers[0]}, body={"os-reinstall": how})


@recipe("ecs.servers.change-os", server="SHUTOFF", leaves="ACTIVE")
def _change_os(use: Ingredients) -> Request:
    how = {
        "keyname": use.need("key_name"),
        "userid": _user(use),
        "imageid": use.need("image_id"),
        "metadata": {"user_data": TEXT},
    }
    return Request({"server_id": use.servers[0]}, body={"os-change": how})


def _to_the_pool(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("POST", url_of("ecs.servers.migrate", server_id=use.servers[0]), {"migrate": None})]


@recipe("ecs.servers.migrate", server="SHUTOFF", undo=_to_the_pool)
def _migrate(use: Ingredients) -> Request:
    host = use.need("dedicated_host_id")
    return Request({"server_id": use.servers[0]}, body={"migrate": {"dedicated_host_id": host}})
