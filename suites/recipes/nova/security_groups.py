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


def _leave_joined_group(use: Ingredients, _: object) -> list[Step]:
    server, group = f"/v2.1/{{project_id}}/servers/{use.servers[0]}", use.need("security_group_id")
    joined = any(one["id"] == group for one in use.read(f"{server}/os-security-groups", "security_groups"))
    return [("POST", f"{server}/action", {"removeSecurityGroup": {"name": group}})] if joined else []


@recipe("nova.servers.remove-security-group", server="ACTIVE", restore=_leave_joined_group)
def _remove_security_group(use: Ingredients) -> Request:
    server, group = f"/v2.1/{{project_id}}/servers/{use.servers[0]}", use.need("security_group_id")
    use.make(f"{server}/action", {"addSecurityGroup": {"name": group}})
    use.until(f"{server}/os-security-groups", "security_groups", "*", "id", contains=group)
    return Request({"server_id": use.servers[0]}, body={"removeSecurityGroup": {"name": group}})
