"""Server groups, whose members are on different hosts: the ECS view (5.10) and the native one (6.12)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pytest_ecs._mock.compute.building import spread
from pytest_ecs._mock.compute.finding import find_servers, refusing
from pytest_ecs._mock.http.errors import EcsError, NativeError, RefusalError, refuse_native
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import UUID, Field, Reader
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server
from pytest_ecs._mock.state.records import ServerGroup

__all__: list[str] = []

_ECS = "/v1/{project_id}/cloudservers/os-server-groups"
_NOVA = "/v2.1/{project_id}/os-server-groups"
_ONE, _ACTION = "/{server_group_id}", "/{server_group_id}/action"
_MOST = 1000
_CREATE = Field(
    "object",
    fields={
        "server_group": Field(
            "object",
            need=True,
            fields={  # Tables 5-88, 6-197
                "name": Field("string", need=True, low=1, high=255),
                "policies": Field("array", need=True, low=1, high=1, item=Field("string", enum=("anti-affinity",))),
            },
        )
    },
)
_MEMBER = Field("object", need=True, fields={"instance_uuid": Field("string", need=True, pattern=UUID)})


def _find(request: Request, *, native: bool) -> ServerGroup:
    wanted = request.parameters["server_group_id"]
    found = request.project.server_groups.get(wanted)
    if found is not None:
        return found
    message = f"Instance group {wanted[:64]} could not be found."
    raise NativeError(404, message) if native else EcsError("Ecs.0313", message)


def _shown(group: ServerGroup, request: Request, state: State) -> dict[str, Any]:
    members = [] if state.deviates("group-members-hidden") else list(group.members)
    body: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "policies": list(group.policies),
        "members": members,
        "metadata": {},
    }
    if request.microversion >= (2, 13) and not state.deviates("group-owner-missing"):
        body.update(project_id=request.project.id, user_id=group.user)
    return body


def _listed(groups: Iterable[ServerGroup], request: Request, state: State) -> list[dict[str, Any]]:
    entries = [_shown(group, request, state) for group in groups]
    return [{**entry, "members": []} for entry in entries] if state.deviates("group-list-without-members") else entries


def _create(request: Request, state: State, refuse: Any) -> Response:
    groups = request.project.server_groups
    try:
        wanted = Reader(refuse, state.deviates).read(request.json, _CREATE).get("server_group", {})
    except RefusalError:
        inner = request.json.get("server_group")
        name = inner.get("name") if isinstance(inner, dict) else None
        if isinstance(name, str) and state.deviates("group-refused-kept"):
            left = ServerGroup(state.uuid(), name, ["anti-affinity"], request.user.id)
            groups[left.id] = left
        raise
    if len(groups) >= state.limits.server_groups and not state.deviates("group-quota-unchecked"):
        raise refuse("Ecs.0022", "Insufficient ECS group quota.")
    policies = wanted.get("policies", ["anti-affinity"])
    made = ServerGroup(state.uuid(), wanted.get("name", "group"), policies, request.user.id)
    if not state.deviates("group-not-kept"):
        groups[made.id] = made
    return Response(200, {"server_group": _shown(made, request, state)})


def _delete(request: Request, state: State, *, native: bool) -> Response:
    group = _find(request, native=native)
    if not state.deviates("server-group-delete-noop"):
        del request.project.server_groups[group.id]
    return Response(204)


# The ECS view (5.10)


@route("POST", _ECS, family="ecs", permission="ecs.create-group")
def create(request: Request, state: State) -> Response:
    """Create a group (5.10.1)."""
    return _create(request, state, refusing(state))


@route("DELETE", _ECS + _ONE, family="ecs", permission="ecs.delete-group")
def delete(request: Request, state: State) -> Response:
    """Delete a group; its servers stay (5.10.2)."""
    return _delete(request, state, native=False)


def _member(request: Request, state: State, key: str) -> tuple[ServerGroup, Server]:
    read = Reader(refusing(state), state.deviates).read(request.json, Field("object", fields={key: _MEMBER}))
    group = _find(request, native=False)
    return group, find_servers(request, state, [read.get(key, {}).get("instance_uuid", "")])[0]


@route("POST", _ECS + _ACTION, family="ecs", selects="add_member", permission="ecs.add-member")
def add_member(request: Request, state: State) -> Response:
    """Add a stopped KVM server that is in no group yet (5.10.3)."""
    (group, server), deviates = _member(request, state, "add_member"), state.deviates
    if not server.ready("stopped") and not deviates("group-running-unchecked"):
        raise EcsError("Ecs.0100", "The ECS status does not meet requirements.")
    virtualization = server.flavor.extra.get("ecs:virtualization_env_types", "CloudCompute")
    if virtualization != "CloudCompute" and not deviates("group-xen-unchecked"):
        raise EcsError("Ecs.0005", "Only KVM ECSs can be added.")
    others = request.project.server_groups.values()
    if any(server.id in one.members for one in others) and not deviates("group-twice"):
        raise EcsError("Ecs.0005", "The ECS is in a group already.")
    if len(group.members) >= state.limits.members and not deviates("group-members-unchecked"):
        raise EcsError("Ecs.0022", "Insufficient ECS group quota.")
    if not deviates("group-add-noop"):
        group.members.append(server.id)
        spread(state, request.project, group, server)
    return Response(200)


@route("POST", _ECS + _ACTION, family="ecs", selects="remove_member", permission="ecs.remove-member")
def remove_member(request: Request, state: State) -> Response:
    """Remove a server from its group (5.10.4)."""
    group, server = _member(request, state, "remove_member")
    if server.id not in group.members:
        if state.deviates("group-stranger-removed"):
            return Response(200)
        raise EcsError("Ecs.0005", "The ECS is not in the group.")
    if not state.deviates("group-remove-noop"):
        group.members.remove(server.id)
    return Response(200)


def _number(text: str | None, state: State) -> int | None:
    if text is None or not text:
        return None
    numeric = re.fullmatch(r"[0-9]{1,9}", text) is not None
    if numeric and int(text) > _MOST and state.deviates("bound-over-unchecked"):
        return int(text)
    if not numeric or int(text) > _MOST:
        raise EcsError("Ecs.0005", f"limit is not a number up to {_MOST}.")
    return int(text)


@route("GET", _ECS, family="ecs", permission="ecs.groups")
def list_groups(request: Request, state: State) -> Response:
    """List groups, page by page where a limit is given (5.10.5)."""
    groups, deviates = list(request.project.server_groups.values()), state.deviates
    limit, marker = _number(request.arg("limit"), state), request.arg("marker")
    if marker:
        if limit is None and not deviates("together-unchecked"):
            raise EcsError("Ecs.0005", "marker and limit must be used together.")
        ids = [group.id for group in groups]
        if marker not in ids:
            raise EcsError("Ecs.0005", "The marker is not a server group.")
        groups = groups if deviates("groups-marker-ignored") else groups[ids.index(marker) + 1 :]
    if limit is not None and not deviates("groups-limit-ignored"):
        groups = groups[:limit]
    body: dict[str, Any] = {"server_groups": _listed(groups, request, state)}
    if limit is not None and groups and not deviates("groups-next-missing"):
        body["page_info"] = {"next_marker": groups[-1].id}
    return Response(200, body)


@route("GET", _ECS + _ONE, family="ecs", permission="ecs.group")
def show(request: Request, state: State) -> Response:
    """Show a group (5.10.6)."""
    return Response(200, {"server_group": _shown(_find(request, native=False), request, state)})


# The native view (6.12)


@route("POST", _NOVA, family="nova", permission="nova.manage-server-groups")
def native_create(request: Request, state: State) -> Response:
    """Create a group (6.12.1)."""
    return _create(request, state, refuse_native)


@route("GET", _NOVA, family="nova", permission="nova.manage-server-groups")
def native_list(request: Request, state: State) -> Response:
    """List groups (6.12.2)."""
    groups = request.project.server_groups.values()
    return Response(200, {"server_groups": _listed(groups, request, state)})


@route("GET", _NOVA + _ONE, family="nova", permission="nova.manage-server-groups")
def native_show(request: Request, state: State) -> Response:
    """Show a group (6.12.3)."""
    return Response(200, {"server_group": _shown(_find(request, native=True), request, state)})


@route("DELETE", _NOVA + _ONE, family="nova", permission="nova.manage-server-groups")
def native_delete(request: Request, state: State) -> Response:
    """Delete a group; its servers stay (6.12.4)."""
    return _delete(request, state, native=True)
