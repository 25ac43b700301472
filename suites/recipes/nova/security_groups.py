"""Recipes: servers' security groups (6.5)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_GROUPS = url_of("deprecated.security-groups.list")


@recipe("nova.server-security-groups.list", server="ACTIVE")
def _server_security_groups(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


def _spare(use: Ingredients) -> str:
    """Return the group that the run was given, or a new one (11.3.3) where servers are in that one from the start.

    That is the default group (table 6-11); what else the server is in, it was put into by these recipes.
    """
    groups, group = url_of("nova.server-security-groups.list", server_id=use.servers[0]), use.need("security_group_id")
    ids, names = (use.read(groups, "security_groups", "*", field) for field in ("id", "name"))
    if (group, "default") not in zip(ids, names, strict=True):
        return group
    body = {"security_group": {"name": use.name(), "description": "made by a conformance run"}}
    return str(use.make(_GROUPS, body, "security_group", "id", among="security groups"))


def _leave_security_group(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [_leave(use, exchange.request_body["addSecurityGroup"]["name"])]


def _leave(use: Ingredients, group: str) -> Step:
    url = url_of("nova.servers.remove-security-group", server_id=use.servers[0])
    return "POST", url, {"removeSecurityGroup": {"name": group}}


@recipe("nova.servers.add-security-group", server="ACTIVE", undo=_leave_security_group)
def _add_security_group(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"addSecurityGroup": {"name": _spare(use)}})


def _leave_joined_group(use: Ingredients, request: Request) -> list[Step]:
    groups, group = (
        url_of("nova.server-security-groups.list", server_id=use.servers[0]),
        request.body["removeSecurityGroup"]["name"],
    )
    return [_leave(use, group)] if group in use.read(groups, "security_groups", "*", "id") else []


@recipe("nova.servers.remove-security-group", server="ACTIVE", restore=_leave_joined_group)
def _remove_security_group(use: Ingredients) -> Request:
    server, group = url_of("nova.servers.show", server_id=use.servers[0]), _spare(use)
    use.make(f"{server}/action", {"addSecurityGroup": {"name": group}})
    use.until(f"{server}/os-security-groups", "security_groups", "*", "id", contains=group)
    return Request({"server_id": use.servers[0]}, body={"removeSecurityGroup": {"name": group}})
