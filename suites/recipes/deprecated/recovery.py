"""Recipes: automatic recovery of servers (11.1)."""

from __future__ import annotations

from pytest_ecs import Ingredients, Request, recipe


@recipe("deprecated.recovery.show", server="ACTIVE")
def _recovery(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("deprecated.recovery.update", server="ACTIVE")
def _no_recovery(use: Ingredients) -> Request:
    # Not every flavor can be recovered (A.2, Ecs.0036), but every server can be without it.
    return Request({"server_id": use.servers[0]}, body={"support_auto_recovery": "false"})
