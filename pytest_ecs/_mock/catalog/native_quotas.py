"""Limits and quotas as the native APIs show them (6.10); those of the ECS API are in `quotas`."""

from __future__ import annotations

from pytest_ecs._mock.catalog.quotas import absolute
from pytest_ecs._mock.http.errors import NativeError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.state.cloud import State

__all__: list[str] = []

_SET = "/v2.1/{project_id}/os-quota-sets/{target_id}"
#: 6.10.3: what a project has that nobody gave another quota.
_DEFAULTS = {
    "injected_file_content_bytes": 10240,
    "metadata_items": 128,
    "server_group_members": 10,
    "server_groups": 10,
    "ram": 51200,
    "floating_ips": 10,
    "key_pairs": 100,
    "injected_file_path_bytes": 255,
    "instances": 10,
    "security_group_rules": 20,
    "injected_files": 5,
    "cores": 20,
    "fixed_ips": -1,
    "security_groups": 10,
}


@route("GET", "/v2.1/{project_id}/limits", family="nova")
def limits(request: Request, state: State) -> Response:
    """Show the limits of the project and what is used of them (6.10.1)."""
    asked = request.arg("project_id")
    project = request.project
    if asked and asked != project.id:
        if not state.deviates("limits-of-others"):
            raise NativeError(403, "The limits of other projects cannot be queried.")
        project = state.projects.get(asked, project)
    body = absolute(project, state)
    if request.microversion >= (2, 35) and not state.deviates("limits-rules-kept"):
        del body["maxSecurityGroupRules"]
    if state.deviates("limits-flat"):
        return Response(200, {"limits": body})
    return Response(200, {"limits": {"rate": [], "absolute": body}})


@route("GET", _SET, family="nova", permission="nova.quotas")
def quotas(request: Request, state: State) -> Response:
    """Show the quotas of a project or of a user; the defaults for one that does not exist here (6.10.2)."""
    target, user = request.parameters["target_id"], request.arg("user_id")
    known = user is None or any(one.id == user and one.project == target for one in state.users.values())
    ours = target == request.project.id and known and not state.deviates("quotas-always-default")
    given = {
        "cores": state.limits.cores,
        "ram": state.limits.ram,
        "instances": state.limits.servers,
        "floating_ips": state.limits.eips,
        "server_groups": state.limits.server_groups,
        "server_group_members": state.limits.members,
        "security_groups": state.limits.security_groups,
        "security_group_rules": state.limits.rules,
    }
    shown = {**_DEFAULTS, **(given if ours else {}), "id": target}
    if state.deviates("quotas-id-missing"):
        del shown["id"]
    return Response(200, {"quota_set": shown})


@route("GET", _SET + "/defaults", family="nova", permission="nova.quotas")
def defaults(request: Request, state: State) -> Response:
    """Show the default quotas (6.10.3)."""
    shown = {**_DEFAULTS, "id": request.parameters["target_id"]}
    if state.deviates("quotas-defaults-string"):
        shown["cores"] = str(_DEFAULTS["cores"])
    return Response(200, {"quota_set": shown})
