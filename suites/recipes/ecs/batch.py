"""Recipes: starting, restarting and stopping servers in batches (5.3)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("ecs.servers.batch-start", server="SHUTOFF", leaves="ACTIVE")
def _start(use: Ingredients) -> Request:
    return Request(body={"os-start": {"servers": [{"id": use.servers[0]}]}})


@recipe("ecs.servers.batch-reboot", server="ACTIVE")
def _reboot(use: Ingredients) -> Request:
    return Request(body={"reboot": {"type": "SOFT", "servers": [{"id": use.servers[0]}]}})


@recipe("ecs.servers.batch-stop", server="ACTIVE", leaves="SHUTOFF")
def _stop(use: Ingredients) -> Request:
    return Request(body={"os-stop": {"type": "HARD", "servers": [{"id": use.servers[0]}]}})
