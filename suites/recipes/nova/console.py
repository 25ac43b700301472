"""Recipes: console logs of servers (6.14)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("nova.servers.console-output", server="ACTIVE")
def _console_output(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-getConsoleOutput": {"length": 50}})
