"""Recipes: server groups (5.10)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_GROUPS = url_of("ecs.server-groups.list")


def _wanted(use: Ingredients) -> dict[str, object]:
    return {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}


def _group(use: Ingredients) -> str:
    # A project may have few groups (5.7.1), so the operations share the one that requests to be refused speak of.
    return str(use.make(_GROUPS, _wanted(use), "server_group", "id", among="server groups"))


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [
        (
            "DELETE",
            url_of("ecs.server-groups.delete", server_group_id=str(exchange.response_body["server_group"]["id"])),
            None,
        )
    ]


def _delete_used(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("DELETE", f"{_GROUPS}/{exchange.parameters['server_group_id']}", None)]


@recipe("ecs.server-groups.create", undo=_delete_new, group="scarce")
def _create(use: Ingredients) -> Request:
    return Request(body=_wanted(use))


@recipe("ecs.server-groups.delete", group="scarce")
def _delete(use: Ingredients) -> Request:
    return Request({"server_group_id": _group(use)})


@recipe("ecs.server-groups.add-member", server="SHUTOFF", undo=_delete_used, group="scarce")
def _add_member(use: Ingredients) -> Request:
    return Request({"server_group_id": _group(use)}, body={"add_member": {"instance_uuid": use.servers[0]}})


def _leave(use: Ingredients, request: Request) -> list[Step]:
    group, server = request.parameters["server_group_id"], use.servers[0]
    # The group may be gone already, and the server with it: then the list has neither.
    there = [one["id"] for one in use.read(_GROUPS, "server_groups") if server in one["members"]]
    return (
        [("POST", f"{_GROUPS}/{group}/action", {"remove_member": {"instance_uuid": server}})] if group in there else []
    )


@recipe("ecs.server-groups.remove-member", server="SHUTOFF", undo=_delete_used, restore=_leave, group="scarce")
def _remove_member(use: Ingredients) -> Request:
    group = _group(use)
    # Requests to be refused share the group, and the server may be in it since an earlier one.
    if use.servers[0] not in use.read(f"{_GROUPS}/{group}", "server_group", "members"):
        use.make(f"{_GROUPS}/{group}/action", {"add_member": {"instance_uuid": use.servers[0]}})
    return Request({"server_group_id": group}, body={"remove_member": {"instance_uuid": use.servers[0]}})


@recipe("ecs.server-groups.list", group="scarce")
def _list(use: Ingredients) -> Request:
    _group(use)
    return Request()


@recipe("ecs.server-groups.show", group="scarce")
def _show(use: Ingredients) -> Request:
    return Request({"server_group_id": _group(use)})
