"""Recipes: metadata of servers (6.9)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_KEY, _PAIR = "purpose", {"purpose": "conformance"}


def _path(use: Ingredients, key: str = "") -> str:
    return url_of("nova.metadata.list", server_id=use.servers[0]) + (f"/{key}" if key else "")


def _drop(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("DELETE", _path(use, _KEY), None)]


def _drop_made(use: Ingredients, request: Request) -> list[Step]:
    return [("DELETE", _path(use, _KEY), None)]


@recipe("nova.metadata.update", server="ACTIVE", undo=_drop, marks=True)
def _update(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"metadata": _PAIR})


@recipe("nova.metadata.replace", server="ACTIVE", undo=_drop, marks=True)
def _replace(use: Ingredients) -> Request:
    there = use.read(_path(use), "metadata")
    kept = there if isinstance(there, dict) else {}
    return Request({"server_id": use.servers[0]}, body={"metadata": {**_PAIR, **kept}})


@recipe("nova.metadata.set", server="ACTIVE", undo=_drop, marks=True)
def _set(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0], "key": _KEY}, body={"meta": _PAIR})


@recipe("nova.metadata.delete", server="ACTIVE", restore=_drop_made, marks=True)
def _delete(use: Ingredients) -> Request:
    use.make(_path(use), {"metadata": _PAIR})
    return Request({"server_id": use.servers[0], "key": _KEY})


@recipe("nova.metadata.list", server="ACTIVE")
def _list(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.metadata.show", server="ACTIVE", restore=_drop_made, marks=True)
def _show(use: Ingredients) -> Request:
    use.make(_path(use), {"metadata": _PAIR})
    return Request({"server_id": use.servers[0], "key": _KEY})
