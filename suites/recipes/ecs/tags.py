"""Recipes: tags of servers with key and value (5.9)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_TAG = {"key": "purpose", "value": "conformance"}


def _action(use: Ingredients) -> str:
    return url_of("ecs.tags.add", server_id=use.servers[0])


def _tagged(use: Ingredients) -> None:
    use.make(_action(use), {"action": "create", "tags": [_TAG]})


def _untag(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("POST", _action(use), {"action": "delete", "tags": [_TAG]})]


@recipe("ecs.tags.query", server="ACTIVE", undo=_untag, group="servers", marks=True)
def _query(use: Ingredients) -> Request:
    _tagged(use)
    wanted = {"key": _TAG["key"], "values": [_TAG["value"]]}
    return Request(body={"action": "filter", "tags": [wanted], "limit": "100", "offset": "0"})


@recipe("ecs.tags.query", variant="name")
def _query_by_name(use: Ingredients) -> Request:
    return Request(body={"action": "filter", "matches": [{"key": "resource_name", "value": use.name()}]})


@recipe("ecs.tags.query", variant="without")
def _query_without(use: Ingredients) -> Request:
    return Request(body={"action": "count", "not_tags": [_TAG["key"]]})


@recipe("ecs.tags.add", server="ACTIVE", undo=_untag, marks=True)
def _add(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"action": "create", "tags": [_TAG]})


@recipe("ecs.tags.delete", server="ACTIVE", undo=_untag, marks=True)
def _delete(use: Ingredients) -> Request:
    _tagged(use)
    return Request({"server_id": use.servers[0]}, body={"action": "delete", "tags": [_TAG]})


@recipe("ecs.tags.list-project", server="ACTIVE", undo=_untag, marks=True)
def _list_project(use: Ingredients) -> Request:
    _tagged(use)
    return Request()


@recipe("ecs.tags.list", server="ACTIVE", undo=_untag, marks=True)
def _list(use: Ingredients) -> Request:
    _tagged(use)
    return Request({"server_id": use.servers[0]})
