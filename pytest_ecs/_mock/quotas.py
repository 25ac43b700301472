"""Tenant quotas (5.7.1)."""

from __future__ import annotations

from pytest_ecs._mock.policy import permit
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import State


@route("GET", "/v1/{project_id}/cloudservers/limits", family="ecs")
def limits(request: Request, state: State) -> Response:
    """Show quotas and what is used of them."""
    permit(request, "ecs:cloudServerQuotas:get")
    servers = [] if request.off("usage-frozen") else list(request.project.servers.values())
    flavors = [state.flavors[server.flavor] for server in servers]
    absolute = {
        "maxTotalInstances": State.LIMIT_SERVERS,
        "maxTotalCores": None if request.off("quota-null") else State.LIMIT_CORES,
        "maxTotalRAMSize": State.LIMIT_RAM, "maxTotalKeypairs": -1, "maxServerMeta": 128, "maxPersonality": 5,
        "maxPersonalitySize": 10240, "maxServerGroups": 10, "maxServerGroupMembers": 16, "totalServerGroupsUsed": 0,
        "maxSecurityGroups": 10, "maxSecurityGroupRules": 20, "maxTotalFloatingIps": 10, "maxImageMeta": 128,
        "totalInstancesUsed": len(servers), "totalCoresUsed": sum(f.vcpus for f in flavors),
        "totalRAMUsed": sum(f.ram for f in flavors), "totalSecurityGroupsUsed": 2,
        "totalFloatingIpsUsed": sum(nic.floating is not None for server in servers for nic in server.nics),
    }  # fmt: skip
    return Response(200, {"absolute": absolute})
