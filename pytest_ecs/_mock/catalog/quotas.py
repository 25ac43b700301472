"""Tenant quotas (5.7.1)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import Project, State

__all__ = ["absolute"]


def absolute(project: Project, state: State) -> dict[str, Any]:
    """Return the quotas of a project and what is used of them."""
    frozen = state.deviates("usage-frozen")
    flavors = [] if frozen else [server.flavor for server in project.servers.values()]
    return {
        "maxTotalInstances": state.limits.servers,
        "maxTotalCores": None if state.deviates("quota-null") else state.limits.cores,
        "maxTotalRAMSize": state.limits.ram,
        "maxTotalKeypairs": -1,
        "maxServerMeta": state.limits.metadata,
        "maxPersonality": 5,
        "maxPersonalitySize": 10240,
        "maxServerGroups": state.limits.server_groups,
        "maxServerGroupMembers": state.limits.members,
        "totalServerGroupsUsed": 0 if frozen else len(project.server_groups),
        "maxSecurityGroups": state.limits.security_groups,
        "maxSecurityGroupRules": state.limits.rules,
        "maxTotalFloatingIps": state.limits.eips,
        "maxImageMeta": state.limits.image_metadata,
        "totalInstancesUsed": len(flavors),
        "totalCoresUsed": sum(flavor.vcpus for flavor in flavors),
        "totalRAMUsed": sum(flavor.ram for flavor in flavors),
        "totalSecurityGroupsUsed": len(project.groups),
        "totalFloatingIpsUsed": 0 if frozen else len(project.eips),
    }


@route("GET", "/v1/{project_id}/cloudservers/limits", family="ecs", permission="ecs.limits")
def limits(request: Request, state: State) -> Response:
    """Show quotas and what is used of them (5.7.1)."""
    body = absolute(request.project, state)
    return Response(200, body if state.deviates("quota-unwrapped") else {"absolute": body})
