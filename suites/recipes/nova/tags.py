"""Recipes: tags of servers through the native API (6.15)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

#: Tags are there from this microversion on.
_SINCE = "2.26"
_TAG = "conformance"


def _path(use: Ingredients, tag: str = "") -> str:
    return url_of("nova.tags.list", server_id=use.servers[0]) + (f"/{tag}" if tag else "")


def _one(use: Ingredients) -> dict[str, str]:
    return {"server_id": use.servers[0], "tag": _TAG}


def _tagged(use: Ingredients) -> None:
    use.make(_path(use), {"tags": [_TAG]}, method="PUT", microversion=_SINCE)


def _untag(use: Ingredients, exchange: Exchange) -> list[Step]:
    return _without(use)


def _untag_made(use: Ingredients, request: Request) -> list[Step]:
    return _without(use)


def _without(use: Ingredients) -> list[Step]:
    return [("DELETE", _path(use, _TAG), None, _SINCE)]


@recipe("nova.tags.list", server="ACTIVE")
def _list(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, microversion=_SINCE)


@recipe("nova.tags.set", server="ACTIVE", undo=_untag, marks=True)
def _set(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"tags": [_TAG]}, microversion=_SINCE)


@recipe("nova.tags.delete-all", server="ACTIVE", marks=True)
def _delete_all(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, microversion=_SINCE)


@recipe("nova.tags.add", server="ACTIVE", undo=_untag, marks=True)
def _add(use: Ingredients) -> Request:
    return Request(_one(use), microversion=_SINCE)


@recipe("nova.tags.check", server="ACTIVE", restore=_untag_made, marks=True)
def _check(use: Ingredients) -> Request:
    _tagged(use)
    return Request(_one(use), microversion=_SINCE)


@recipe("nova.tags.delete", server="ACTIVE", restore=_untag_made, marks=True)
def _delete(use: Ingredients) -> Request:
    _tagged(use)
    return Request(_one(use), microversion=_SINCE)
