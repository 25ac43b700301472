"""Recipes: servers' security groups (6.5)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe


@recipe("nova.server-security-groups.list", server="ACTIVE")
def _server_security_groups(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


def _leave_security_group(use: Ingredients, exchange: Exchange) -> list[Step]:
    body = {"removeSecurityGroup": {"name": use.need("security_group_id")}}
    return [("POST", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/action", body)]


@recipe("nova.servers.add-security-group", server="ACTIVE", undo=_leave_security_group)
def _add_security_group(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"addSecurityGroup": {"name": use.need("security_group_id")}})
