"""Tenant quotas (5.7.1)."""

from __future__ import annotations

from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import State

__all__: list[str] = []


@route("GET", "/v1/{project_id}/cloudservers/limits", family="ecs", permission="ecs.limits")
def limits(request: Request, state: State) -> Response:
    """Show quotas and what is used of them."""
    project = request.project
    frozen = state.deviates("usage-frozen")
    flavors = [] if frozen else [server.flavor for server in project.servers.values()]
    absolute = {
        "maxTotalInstances": State.LIMIT_SERVERS,
        "maxTotalCores": None if state.deviates("quota-null") else State.LIMIT_CORES,
        "maxTotalRAMSize": State.LIMIT_RAM, "maxTotalKeypairs": -1, "maxServerMeta": 128, "maxPersonality": 5,
        "maxPersonalitySize": 10240, "maxServerGroups": 10, "maxServerGroupMembers": 16,
        "totalServerGroupsUsed": 0,
        "maxSecurityGroups": State.LIMIT_GROUPS, "maxSecurityGroupRules": State.LIMIT_RULES, "maxTotalFloatingIps": State.LIMIT_EIPS,
        "maxImageMeta": 128, "totalInstancesUsed": len(flavors),
        "totalCoresUsed": sum(flavor.vcpus for flavor in flavors),
        "totalRAMUsed": sum(flavor.ram for flavor in flavors), "totalSecurityGroupsUsed": len(project.groups),
        "totalFloatingIpsUsed": 0 if frozen else len(project.eips),
    }  # fmt: skip
    return Response(200, absolute if state.deviates("quota-unwrapped") else {"absolute": absolute})
