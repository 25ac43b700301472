"""IAM: tokens by password (4.1, 4.2) and projects (10.2)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.errors import Gateway
from pytest_ecs._mock.routing import Request, Response, route
from pytest_ecs._mock.state import Project, State, User, stamp
from pytest_ecs._mock.validation import F, check

_DAY = 24 * 3600.0
_USER = F("object", True, fields={
    "name": F("string", True), "password": F("string", True),
    "domain": F("object", True, fields={"name": F("string", True)}),
})  # fmt: skip
_AUTH = F("object", fields={"auth": F("object", True, fields={
    "identity": F("object", True, fields={
        "methods": F("array", True, low=1, item=F("string", enum=("password",))),
        "password": F("object", True, fields={"user": _USER}),
    }),
    "scope": F("object", True, fields={"project": F("object", True, fields={"name": F("string"), "id": F("string")})}),
})})  # fmt: skip


def _bad(code: str, message: str) -> Any:
    raise Gateway(400, "APIGW.0400", message)


@route("POST", "/v3/auth/tokens", family="iam", public=True)
def create_token(request: Request, state: State) -> Response:
    """Issue a token for a user's project."""
    check(request.json, _AUTH, "body", _bad, request.off)
    auth = request.json["auth"] if isinstance(request.json.get("auth"), dict) else {}
    asked = ((auth.get("identity") or {}).get("password") or {}).get("user") or {}
    user = next((u for u in state.users.values() if u.name == asked.get("name")), None)
    domain = (asked.get("domain") or {}).get("name")
    if user is None or user.password != asked.get("password") or user.domain != domain:
        raise Gateway(401, "APIGW.0301", "The user name or password is wrong")
    project = state.projects[user.project]
    scope = (auth.get("scope") or {}).get("project") or {}
    if scope.get("name", project.name) != project.name or scope.get("id", project.id) != project.id:
        raise Gateway(401, "APIGW.0302", "The project does not exist or is not the user's")
    token, now = state.hex(64), state.clock.now()
    life = _DAY * (7 if request.off("token-week") else 1)
    state.tokens[token] = (user.id, now + life)
    body = {"token": {
        "methods": ["password"], "expires_at": stamp(now + life, "us") + "Z", "issued_at": stamp(now, "us") + "Z",
        "catalog": _catalog(request, state, project), "roles": [],
        "project": {"id": project.id, "name": project.name, "domain": {"id": user.domain, "name": user.domain}},
        "user": {"id": user.id, "name": user.name, "domain": {"id": user.domain, "name": user.domain}},
    }}  # fmt: skip
    headers = {} if request.off("token-header-missing") else {"X-Subject-Token": token}
    return Response(201, body, headers)


def _catalog(request: Request, state: State, project: Project) -> list[dict[str, Any]]:
    def entry(kind: str, name: str, path: str) -> dict[str, Any]:
        url = f"{request.base}{path}"
        endpoint = {
            "id": state.hex(),
            "interface": "public",
            "region": state.region,
            "region_id": state.region,
            "url": url,
        }
        return {"id": state.hex(), "type": kind, "name": name, "endpoints": [endpoint]}

    return [
        entry("compute", "nova", f"/v2.1/{project.id}"), entry("ecs", "ecs", f"/v1/{project.id}"), entry("identity", "iam", "/v3"),
    ]  # fmt: skip


@route("GET", "/v3/projects", family="iam")
def list_projects(request: Request, state: State) -> Response:
    """List the user's project."""
    user: User = request.user
    project = state.projects[user.project]
    shown = {
        "id": project.id, "name": project.name, "is_domain": False, "description": "", "links": {}, "enabled": True,
        "parent_id": user.domain, "domain_id": user.domain,
    }  # fmt: skip
    return Response(200, {"links": {}, "projects": [shown]})
