"""What was done to a server: all operations, and one by the id of its request (6.13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._mock.compute.finding import find_server
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, Route, route
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server
from pytest_ecs._mock.state.records import Action

__all__ = ["note"]

_ALL = "/v2.1/{project_id}/servers/{server_id}/os-instance-actions"
#: Action -> the event that it consists of, where that is not named after it alone.
_EVENTS = {
    "create": "compute_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "confirmResize": "compute_confirm_resize",
    "revertResize": "compute_revert_resize",
    "resize": "compute_finish_resize",
}
_ECS, _NOVA = "/v1/{project_id}/cloudservers/{server_id}", "/v2.1/{project_id}/servers/{server_id}"
#: Operations that show no task of the server, so that nothing else writes them down.
_NOTED: Mapping[tuple[str, str], str] = {
    ("POST", _ECS + "/attachvolume"): "attach_volume",
    ("DELETE", _ECS + "/detachvolume/{volume_id}"): "detach_volume",
    ("POST", _ECS + "/nics"): "attach_interface",
    ("POST", _ECS + "/nics/delete"): "detach_interface",
    ("POST", _NOVA + "/os-volume_attachments"): "attach_volume",
    ("DELETE", _NOVA + "/os-volume_attachments/{volume_id}"): "detach_volume",
    ("POST", _NOVA + "/os-interface"): "attach_interface",
    ("DELETE", _NOVA + "/os-interface/{port_id}"): "detach_interface",
}


def note(route: Route, request: Request, state: State) -> None:
    """Write down what a request did to the server of its URL, unless that shows as a task."""
    name = _NOTED.get((route.method, route.path))
    server = request.project.servers.get(request.parameters.get("server_id", "")) if name else None
    if name is not None and server is not None:
        state.note(server, name, over=True)


def _shown(state: State, server: Server, action: Action) -> dict[str, Any]:
    failed = action.ended is not None and not action.well
    return {
        "action": action.name,
        "instance_uuid": server.id,
        "project_id": server.project,
        "user_id": action.user,
        "request_id": action.request,
        "start_time": stamp(action.begun, "us"),
        "message": "Error" if failed and not state.deviates("action-error-hidden") else None,
    }


def _event(action: Action) -> dict[str, Any]:
    ended = action.ended
    return {
        "event": _EVENTS.get(action.name, f"compute_{action.name}_instance"),
        "start_time": stamp(action.begun, "us"),
        "finish_time": None if ended is None else stamp(ended, "us"),
        "result": None if ended is None else "Success" if action.well else "Error",
        "traceback": None if action.well else "The operation failed.\n",
    }


@route("GET", _ALL, family="nova")
def list_actions(request: Request, state: State) -> Response:
    """List all operations on a server (6.13.1), the latest first as in its example."""
    server = find_server(request, state)
    actions = list(server.actions) if state.deviates("actions-unordered") else server.actions[::-1]
    if state.deviates("actions-create-only"):
        actions = actions[-1:]
    return Response(200, {"instanceActions": [_shown(state, server, action) for action in actions]})


@route("GET", _ALL + "/{request_id}", family="nova")
def show_action(request: Request, state: State) -> Response:
    """Show an operation on a server with its events, by the id of its request (6.13.2)."""
    server, wanted = find_server(request, state), request.parameters["request_id"]
    found = next((action for action in reversed(server.actions) if action.request == wanted), None)
    if found is None and state.deviates("action-unknown-served") and server.actions:
        found = server.actions[-1]
    if found is None:
        raise NativeError(404, f"Action for request {wanted[:64]} on instance {server.id} could not be found")
    events = [] if state.deviates("action-events-missing") else [_event(found)]
    return Response(200, {"instanceAction": {**_shown(state, server, found), "events": events}})
