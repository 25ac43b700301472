"""Recipes: server groups through the native API (6.12)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_GROUPS = url_of("nova.server-groups.list")
#: From this microversion on a group shows whose it is.
_OWNED = "2.13"


def _wanted(use: Ingredients) -> dict[str, object]:
    return {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}


def _group(use: Ingredients) -> str:
    # A project may have few groups (6.10.1), so the operations share the one that requests to be refused speak of.
    return str(use.make(_GROUPS, _wanted(use), "server_group", "id", among="server groups"))


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [
        (
            "DELETE",
            url_of("nova.server-groups.delete", server_group_id=str(exchange.response_body["server_group"]["id"])),
            None,
        )
    ]


@recipe("nova.server-groups.create", undo=_delete_new, group="scarce")
def _create(use: Ingredients) -> Request:
    return Request(body=_wanted(use), microversion=_OWNED)


@recipe("nova.server-groups.list", group="scarce")
def _list(use: Ingredients) -> Request:
    _group(use)
    return Request(microversion=_OWNED)


@recipe("nova.server-groups.show", group="scarce")
def _show(use: Ingredients) -> Request:
    return Request({"server_group_id": _group(use)}, microversion=_OWNED)


@recipe("nova.server-groups.delete", group="scarce")
def _delete(use: Ingredients) -> Request:
    return Request({"server_group_id": _group(use)})
