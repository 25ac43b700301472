"""Recipes: actions on a server (6.3)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("nova.servers.start", server="SHUTOFF")
def _start(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-start": {}})


@recipe("nova.servers.reboot", server="ACTIVE")
def _reboot(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"reboot": {"type": "SOFT"}})


@recipe("nova.servers.stop", server="ACTIVE")
def _stop(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-stop": {"type": "SOFT"}})
