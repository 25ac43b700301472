"""Flavors with their extended specifications (5.4.1)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.policy import permit
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import Flavor, State

_SHOWN = {"normal", "obt", "promotion"}


def state_in(flavor: Flavor, zone: str | None) -> str:
    """Return the flavor's state in a zone, or in the region (Table 5-41, cond:operation)."""
    for entry in flavor.extra.get("cond:operation:az", "").split(","):
        name, _, state = entry.strip().rstrip(")").partition("(")
        if zone is not None and name == zone and state:
            return state
    return flavor.extra.get("cond:operation:status", "normal")


@route("GET", "/v1/{project_id}/cloudservers/flavors", family="ecs")
def list_flavors(request: Request, state: State) -> Response:
    """List flavors; with a zone only those on sale there."""
    permit(request, "ecs:cloudServerFlavors:get")
    zone = request.arg("availability_zone") or None
    flavors = list(state.flavors.values())
    if zone is not None and not request.off("flavors-unfiltered"):
        flavors = [f for f in flavors if zone in state.zones and state_in(f, zone) in _SHOWN]
    return Response(200, {"flavors": [_shown(request, f) for f in flavors]})


def _shown(request: Request, flavor: Flavor) -> dict[str, Any]:
    project = request.project.id
    return {
        "id": flavor.id, "name": flavor.id, "vcpus": str(flavor.vcpus),
        "ram": str(flavor.ram) if request.off("flavor-ram-string") else flavor.ram, "disk": "0", "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": False, "rxtx_factor": 1.0, "rxtx_quota": None,
        "rxtx_cap": None, "os-flavor-access:is_public": True, "os_extra_specs": dict(flavor.extra),
        "links": [
            {"rel": "self", "href": f"{request.base}/v1.0/{project}/flavors/{flavor.id}", "type": None},
            {"rel": "bookmark", "href": f"{request.base}/{project}/flavors/{flavor.id}", "type": None},
        ],
    }  # fmt: skip
