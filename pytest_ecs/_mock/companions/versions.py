"""The one version that each service beside ECS has, and its extensions."""

from __future__ import annotations

from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State

__all__: list[str] = []

#: Where versions are listed -> id, status and path of the one that there is, and its microversions.
SERVICES = {
    "/image": ("v2.9", "/image/v2/", {}),
    "/volume": ("v3.0", "/volume/v3/", {"min_version": "3.0", "version": "3.0"}),
    "/network": ("v2.0", "/network/v2.0/", {}),
}


@route("GET", "/image", family="nova", public=True)
@route("GET", "/image/v2", family="nova", public=True)
@route("GET", "/volume", family="nova", public=True)
@route("GET", "/volume/v3", family="nova", public=True)
@route("GET", "/network", family="nova", public=True)
@route("GET", "/network/v2.0", family="nova", public=True)
def list_versions(request: Request, state: State) -> Response:
    """List the one version of a service."""
    version, path, more = SERVICES["/" + request.path.split("/")[1]]
    links = [{"rel": "self", "href": f"{request.base}{path}"}]
    return Response(200, {"versions": [{"id": version, "status": "CURRENT", "links": links, **more}]})


#: What of the network service there is beyond networks, subnets and ports.
_EXTENSIONS = ("security-group", "external-net", "router", "quotas")


@route("GET", "/network/v2.0/extensions", family="nova")
def list_extensions(request: Request, state: State) -> Response:
    """List what clients ask for before they use it."""
    return Response(200, {"extensions": [{"alias": name, "name": name} for name in _EXTENSIONS]})
