"""Automatic recovery of servers (11.1), which flavors support or not (Table 5-41)."""

from __future__ import annotations

from pytest_ecs._mock.compute.finding import find_servers, refusing
from pytest_ecs._mock.http.errors import EcsError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__: list[str] = []

_URL = "/v1/{project_id}/cloudservers/{server_id}/autorecovery"
_NAME = "support_auto_recovery"
_BODY = Field("object", fields={_NAME: Field("string", need=True, enum=("true", "false"))})  # Table 11-4


def _supported(server: Server) -> bool:
    return "autorecovery" in server.flavor.extra.get("cond:compute", "").split(",")


@route("GET", _URL, family="ecs")
def show(request: Request, state: State) -> Response:
    """Say whether a server is recovered automatically (11.1.1)."""
    (server,) = find_servers(request, state, [request.parameters["server_id"]])
    on = server.recovery and _supported(server)
    return Response(200, {_NAME: on if state.deviates("recovery-boolean") else str(on).lower()})


@route("PUT", _URL, family="ecs")
def configure(request: Request, state: State) -> Response:
    """Turn the automatic recovery of a server on or off (11.1.2)."""
    read = Reader(refusing(state), state.deviates).read(request.json, _BODY)
    (server,) = find_servers(request, state, [request.parameters["server_id"]], managed=True)
    on = read.get(_NAME) == "true"
    if on and not _supported(server) and not state.deviates("recovery-flavor-unchecked"):
        raise EcsError("Ecs.0036", "The flavor does not support automatic recovery.")
    if state.varies("recovery-late"):
        state.later(state.clock.now() + 4, lambda _: setattr(server, "recovery", on))
    elif not state.deviates("recovery-noop"):
        server.recovery = on
    return Response(204)
