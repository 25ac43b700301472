"""IAM: tokens by password (4.1, 4.2) and projects (10.2)."""

from __future__ import annotations

from typing import Any

from pytest_ecs._mock.http.errors import GatewayError, RefusalError
from pytest_ecs._mock.http.routing import Request, Response, route
from pytest_ecs._mock.http.validation import Field, Reader
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import Project, State
from pytest_ecs._mock.state.records import User

__all__: list[str] = []

#: 4.2: a token is valid for 24 hours.
_DAY = 24 * 3600.0
_DOMAIN = Field("object", need=True, fields={"name": Field("string", need=True), "id": Field("string")})
_USER = Field(
    "object",
    need=True,
    fields={
        "name": Field("string", need=True),
        "password": Field("string", need=True),
        "domain": _DOMAIN,
    },
)
_AUTH = Field(
    "object",
    fields={
        "auth": Field(
            "object",
            need=True,
            fields={
                "identity": Field(
                    "object",
                    need=True,
                    fields={
                        "methods": Field("array", need=True, low=1, item=Field("string", enum=("password",))),
                        "password": Field("object", need=True, fields={"user": _USER}),
                    },
                ),
                # 4.1: a token is for an account or for a project under an account.
                "scope": Field(
                    "object",
                    need=True,
                    apart=(("project", "domain"),),
                    fields={
                        "project": Field("object", fields={"name": Field("string"), "id": Field("string")}),
                        "domain": Field("object", fields={"name": Field("string"), "id": Field("string")}),
                    },
                ),
            },
        )
    },
)


def _refuse(code: str, message: str) -> RefusalError:
    return GatewayError(400, message)


def _fits(wanted: dict[str, str], name: str, identifier: str) -> bool:
    """Whether a name or id, or both, mean this one; an empty object means nothing."""
    return bool(wanted) and wanted.get("name", name) == name and wanted.get("id", identifier) == identifier


@route("GET", "/v3", family="iam", public=True)
def show_version(request: Request, state: State) -> Response:
    """Show the version of IAM, which clients ask for before they log in; the document does not tell of it."""
    media = "application/vnd.openstack.identity-v3+json"
    version = {
        "id": "v3.6",
        "status": "stable",
        "updated": "2016-04-04T00:00:00Z",
        "links": [{"rel": "self", "href": f"{request.base}/v3/"}],
        "media-types": [{"base": "application/json", "type": media}],
    }
    return Response(200, {"version": version})


@route("POST", "/v3/auth/tokens", family="iam", public=True)
def create_token(request: Request, state: State) -> Response:
    """Issue a token for a user's project, or for the user's account."""
    auth = Reader(_refuse, state.deviates).read(request.json, _AUTH).get("auth", {})
    asked = auth.get("identity", {}).get("password", {}).get("user", {})
    domain = asked.get("domain", {})
    users = (one for one in state.users.values() if one.name == asked.get("name"))
    user = next((one for one in users if _fits(domain, one.domain, one.domain_id)), None)
    if user is None or (user.password != asked.get("password") and not state.deviates("password-ignored")):
        raise GatewayError(401, "The user name or password is wrong.", code="APIGW.0301")
    project: Project | None = state.projects[user.project]
    scope = auth.get("scope", {})
    if "domain" in scope:
        if not _fits(scope["domain"], user.domain, user.domain_id):
            raise GatewayError(401, "The account is not the user's.", code="APIGW.0302")
        project = None
    elif project is not None and scope and not _fits(scope.get("project", {}), project.name, project.id):
        raise GatewayError(401, "The project does not exist or is not the user's.", code="APIGW.0302")
    token, now = state.hex(128), state.clock.now()
    expires = now + _DAY * (7 if state.deviates("token-week") else 1)
    state.tokens[token] = (user.id, project.id if project else None, expires)
    home = {"id": user.domain_id, "name": user.domain}
    body = {
        "methods": ["password"],
        "expires_at": stamp(expires, "us") + "Z",
        "issued_at": stamp(now, "us") + "Z",
        "catalog": _catalog(request, state, project),
        "roles": [],
        "user": {"id": user.id, "name": user.name, "domain": home},
        **({"project": {"id": project.id, "name": project.name, "domain": home}} if project else {"domain": home}),
    }
    return Response(201, {"token": body}, {} if state.deviates("token-header-missing") else {"X-Subject-Token": token})


def _companions(base: str, project: Project) -> list[tuple[str, str, str]]:
    """Return type, name and URL of each service beside ECS for the catalogue."""
    return [
        ("image", "glance", f"{base}/image"),
        ("volumev3", "cinderv3", f"{base}/volume/v3/{project.id}"),
        ("block-storage", "cinder", f"{base}/volume/v3/{project.id}"),
        ("network", "neutron", f"{base}/network"),
    ]


def _catalog(request: Request, state: State, project: Project | None) -> list[dict[str, Any]]:
    def entry(service_type: str, name: str, url: str) -> dict[str, Any]:
        common = {"interface": "public", "region": state.region, "region_id": state.region}
        return {
            "id": state.hex(),
            "type": service_type,
            "name": name,
            "endpoints": [{"id": state.hex(), "url": url, **common}],
        }

    services = [entry("identity", "iam", f"{request.base}/v3")]
    if project is not None:
        services += [
            entry("compute", "nova", f"{request.base}/v2.1/{project.id}"),
            entry("ecs", "ecs", f"{request.base}/v1/{project.id}"),
            *(entry(*service) for service in _companions(request.base, project)),
        ]
    return services


@route("GET", "/v3/projects", family="iam")
def list_projects(request: Request, state: State) -> Response:
    """List the user's projects (10.2), filtered by name and page when asked."""
    user: User = request.user
    project = state.projects[user.project]
    shown = {
        "id": project.id,
        "name": project.name,
        "is_domain": False,
        "description": "",
        "links": {},
        "enabled": True,
        "parent_id": user.domain_id,
        "domain_id": user.domain_id,
    }
    fits = request.arg("name") in {None, project.name}
    return Response(200, {"links": {}, "projects": [shown] if fits else []})
