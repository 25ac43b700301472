"""Flavors with their extended specifications (5.4.1)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import GatewayError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import Flavor

__all__: list[str] = []

#: States in which a flavor is listed for a zone (Table 5-37); "abandon" is listed nowhere (Table 5-41).
_SHOWN = {"normal", "obt", "promotion"}


@route("GET", "/v1/{project_id}/cloudservers/flavors", family="ecs", permission="ecs.flavors")
def list_flavors(request: Request, state: State) -> Response:
    """List flavors; with a zone only those on sale there."""
    zone = request.arg("availability_zone")
    flavors = list(state.flavors.values())
    if zone and not state.deviates("flavors-unfiltered"):
        flavors = [flavor for flavor in flavors if zone in state.zones and flavor.sale(zone) in _SHOWN]
    return Response(200, {"flavors": [_shown(request, state, flavor) for flavor in flavors]})


@route("GET", "/v1.0/{project_id}/flavors/{flavor_id}", family="ecs")
def show_flavor(request: Request, state: State) -> Response:
    """Show a flavor where its self link leads; the document has no more of this API than that link."""
    found = state.flavors.get(request.parameters["flavor_id"])
    if found is None:
        raise GatewayError(404, "There is no such flavor.")
    return Response(200, {"flavor": _shown(request, state, found)})


def _shown(request: Request, state: State, flavor: Flavor) -> dict[str, Any]:
    project = request.project.id
    return {
        "id": flavor.id,
        "name": flavor.id,
        "vcpus": str(flavor.vcpus),
        "ram": str(flavor.ram) if state.deviates("flavor-ram-string") else flavor.ram,
        "disk": "0",
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_factor": 1.0,
        "rxtx_quota": None,
        "rxtx_cap": None,
        "os-flavor-access:is_public": state.is_public(flavor),
        "os_extra_specs": dict(flavor.extra),
        "links": [
            {"rel": "self", "href": f"{request.base}/v1.0/{project}/flavors/{flavor.id}", "type": None},
            {"rel": "bookmark", "href": f"{request.base}/{project}/flavors/{flavor.id}", "type": None},
        ],
    }
