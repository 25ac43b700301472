"""The WSGI application: routing, credentials, decoding, and turning what handlers give into answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from pytest_ecs._mock import flavors, identity, jobs, nova, quotas, servers, versions
from pytest_ecs._mock.clock import Clock, VirtualClock
from pytest_ecs._mock.deviations import switchboard
from pytest_ecs._mock.errors import EcsRefusal, Gateway, NativeRefusal, Refusal
from pytest_ecs._mock.routing import ROUTES, Request, Response, Route
from pytest_ecs._mock.signature import MAX_BODY, verify
from pytest_ecs._mock.state import State, User
from pytest_ecs._mock.versions import negotiate

__all__ = ["MockCloud"]

#: Modules whose import fills the table of routes.
_RESOURCES = (identity, servers, nova, versions, flavors, quotas, jobs)

_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content", 400: "Bad Request",
            401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict",
            413: "Request Entity Too Large", 415: "Unsupported Media Type", 418: "Teapot", 500: "Internal Server Error"}  # fmt: skip
StartResponse = Callable[..., Any]


class MockCloud:
    """An ECS endpoint with IAM, in memory; a WSGI application.

    Its state lives as long as the object. Time is that of *clock*, virtual unless given. The same *seed* gives the
    same ids and credentials. Raises `ValueError` for an unknown deviation.
    """

    def __init__(self, *, deviations: Iterable[str] = (), clock: Clock | None = None, seed: int = 0) -> None:
        self.clock: Any = clock if clock is not None else VirtualClock()
        self._off = switchboard(deviations)
        self._state = State(self.clock, seed)
        self._lock = threading.RLock()
        self._log: list[dict[str, Any]] = []
        self._map, self._selected = _routes()

    # For those who run it

    def describe(self, base_url: str) -> dict[str, Any]:
        """Return where it is, whom it knows, and from what servers can be made there."""
        state = self._state

        def about(user: User) -> dict[str, Any]:
            project = state.projects[user.project]
            return {
                "endpoint": base_url, "iam": base_url, "region": state.region, "project_id": project.id, "project_name": project.name,
                "domain": user.domain, "username": user.name, "password": user.password, "ak": user.ak, "sk": user.sk,
            }  # fmt: skip

        def resources(user: User) -> dict[str, Any]:
            project = state.projects[user.project]
            first, second, *_ = state.flavors
            return {
                "image_id": next(iter(state.images)), "flavor_id": first, "other_flavor_id": second, "vpc_id": project.vpc,
                "subnet_id": project.networks[0].id, "network_id": project.networks[0].id, "security_group_id": project.security_group,
                "key_name": project.keys[0], "availability_zone": state.zones[0],
            }  # fmt: skip

        return {
            **about(state.primary), "resources": resources(state.primary),
            "other_project": {**about(state.other), "resources": resources(state.other)}, "restricted_user": about(state.restricted),
        }  # fmt: skip

    def control(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """Do what a control hook does; raises `LookupError` for a path that is none."""
        body = json or {}
        with self._lock:
            self._state.settle()
            if (method, path) == ("POST", "/_mock/clock"):
                self.clock.advance(float(body["advance"]))
                self._state.settle()
                return {"now": self.clock.now()}
            if (method, path) == ("PUT", "/_mock/policy"):
                self._state.restricted.allowed = set(body["allow"])
                return {"allow": sorted(self._state.restricted.allowed)}
            if (method, path) == ("POST", "/_mock/fail"):
                self._state.fail_next[body["job_type"]] = body["code"]
                return dict(self._state.fail_next)
            if (method, path) == ("GET", "/_mock/requests"):
                return {"requests": list(self._log)}
            parts = path.split("/")
            if method == "PUT" and len(parts) == 5 and parts[2] == "servers" and parts[4] == "state":
                return self._hold(parts[3], body)
        raise LookupError(f"no control hook {method} {path}")

    def _hold(self, server_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        for project in self._state.projects.values():
            server = project.servers.get(server_id)
            if server is not None:
                server.held = (body["vm_state"], body.get("task_state")) if body.get("vm_state") else None
                return {"status": server.status}
        raise LookupError(f"no server {server_id}")

    # WSGI

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method, path = (
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace"),
        )
        body = _read(environ)
        with self._lock:
            self._state.settle()
            headers = _headers(environ)
            route: Route | None = None
            try:
                if path.startswith("/_mock/"):
                    response = Response(200, self.control(method, path, json.loads(body) if body else None))
                else:
                    route, parameters = self._find(method, path)
                    response = self._handle(environ, method, path, headers, body, route, parameters)
            except Refusal as refusal:
                response = self._refused(refusal)
            except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
                # A request that no table foresaw: it is the client's fault, and never a traceback.
                response = self._refused(
                    _family_error(path, 400, "Ecs.0005", f"the request cannot be understood ({type(error).__name__})")
                )
            self._log.append({"method": method, "path": path, "status": response.status})
            if len(self._log) > 10_000:
                del self._log[:5_000]
        return self._send(response, start_response, path, headers)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        adapter = self._map.bind("mock")
        lookup = "/v2.1/" + path[4:] if path.startswith("/v2/") else path
        if lookup.endswith("/os-volumes_boot"):
            lookup = lookup.removesuffix("os-volumes_boot") + "servers"
        try:
            endpoint, parameters = adapter.match(lookup, method=method)
        except MethodNotAllowed:
            if self._off("wrong-method-accepted"):
                return Route(method, path, lambda request, state: Response(200, {}), "ecs", True, False, None), {}
            raise _family_error(path, 405, "Ecs.0005", f"the method {method} is not allowed here") from None
        except (NotFound, HTTPException):
            raise _family_error(path, 404, "Ecs.0005", "there is nothing at this URL") from None
        return endpoint, dict(parameters)

    def _handle(
        self,
        environ: dict[str, Any],
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        route: Route,
        parameters: dict[str, str],
    ) -> Response:
        scheme, host = environ.get("wsgi.url_scheme", "http"), environ.get("HTTP_HOST", "localhost")
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        request = Request(method, path, query, headers, {}, f"{scheme}://{host}", parameters, self._off)
        if not route.public:
            request.user = self._user(environ, method, headers, body, route.family)
            request.project = self._state.projects[request.user.project]
            self._check_project(request, route.family)
        if route.family == "nova" and path.startswith("/v2.1/"):
            request.microversion = negotiate(headers, self._off)
        if route.body or method in {"POST", "PUT"}:
            request.json = self._decode(body, headers, route.family, path)
        selected = self._selected.get((route.method, route.path))
        if selected:
            key = next((k for k in request.json if k in selected), None)
            if key is None:
                raise _family_error(path, 400, "Ecs.0005", "the action is missing or unknown")
            route = selected[key]
        return route.handler(request, self._state)

    def _user(self, environ: dict[str, Any], method: str, headers: dict[str, str], body: bytes, family: str) -> User:
        token, state = headers.get("x-auth-token"), self._state
        if token is None and "authorization" in headers:
            raw = (
                environ.get("RAW_URI")
                or environ.get("REQUEST_URI")
                or environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
            )
            raw_path = raw.partition("?")[0]
            user = verify(state, method, raw_path, environ.get("QUERY_STRING", ""), headers, body, self._off)
            if user is not None:
                return user
            raise _unauthorized(family, "the signature is not valid")
        if token is None:
            if self._off("no-token-accepted"):
                return state.primary
            raise _unauthorized(family, "there is no token")
        user_id, expires = state.tokens.get(token, ("", 0.0))
        if user_id in state.users and expires > self.clock.now():
            return state.users[user_id]
        if self._off("token-unchecked"):
            return state.primary
        raise _unauthorized(family, "the token is not valid")

    def _check_project(self, request: Request, family: str) -> None:
        asked = request.parameters.get("project_id")
        named = request.headers.get("x-project-id")
        wrong = (asked is not None and asked != request.project.id) or (
            named is not None and named != request.project.id
        )
        if not wrong:
            return
        if self._off("project-mismatch-accepted"):
            return
        if family == "ecs":
            raise EcsRefusal("Ecs.0023", "project_id in token mismatches with project_id in url.")
        raise NativeRefusal(403 if family == "nova" else 404, "the project in the URL is not the token's")

    def _decode(self, body: bytes, headers: dict[str, str], family: str, path: str) -> Any:
        if not body.strip():
            if self._off("mandatory-unchecked"):
                return {}
            raise _family_error(path, 400, "Common.0002", "the request body is empty")
        if "json" not in headers.get("content-type", "application/json"):
            raise _family_error(path, 415, "Ecs.0005", "the body is not JSON")
        try:
            decoded = json.loads(body)
        except (ValueError, RecursionError):
            decoded = None
        if not isinstance(decoded, dict):
            raise _family_error(path, 400, "Ecs.0005", "the request body is illegal")
        return decoded

    def _refused(self, refusal: Refusal) -> Response:
        body: Any = refusal.body()
        if isinstance(refusal, EcsRefusal):
            if self._off("envelope-flat"):
                body = body["error"]
            if self._off("errors-as-html"):
                body = f"<html><body><h1>{refusal.status}</h1></body></html>"
        if isinstance(refusal, NativeRefusal) and self._off("native-code-missing"):
            body = {name: {"message": inner["message"]} for name, inner in body.items()}
        return Response(refusal.status, body)

    def _send(
        self, response: Response, start_response: StartResponse, path: str, headers: Mapping[str, str]
    ) -> Iterable[bytes]:
        html = isinstance(response.body, str)
        content = (
            b"" if response.body is None else response.body.encode() if html else json.dumps(response.body).encode()
        )
        given = [
            ("Content-Length", str(len(content))),
            ("X-Request-Id", f"req-{self._state.hex(16)}"),
            *response.headers.items(),
        ]
        if content:
            given.append(("Content-Type", "text/html" if html else "application/json"))
        if path.startswith("/v2.1"):
            given += _version_headers(headers, self._off)
        start_response(f"{response.status} {_REASONS.get(response.status, 'Status')}", given)
        return [content]


def _version_headers(headers: Mapping[str, str], off: Callable[[str], bool]) -> list[tuple[str, str]]:
    try:
        major, minor = negotiate(headers, off)
    except Refusal:
        major, minor = versions.LOWEST
    return [
        ("X-OpenStack-Nova-API-Version", f"{major}.{minor}"), ("OpenStack-API-Version", f"compute {major}.{minor}"),
        ("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
    ]  # fmt: skip


def _routes() -> tuple[Map, dict[tuple[str, str], dict[str, Route]]]:
    """Return werkzeug's map, and for shared URLs the routes by the body key that selects them."""
    selected: dict[tuple[str, str], dict[str, Route]] = {}
    rules: dict[tuple[str, str], Rule] = {}
    for route in ROUTES:
        if route.selects is not None:
            selected.setdefault((route.method, route.path), {})[route.selects] = route
        if (route.method, route.path) not in rules:
            template = route.path.replace("{", "<").replace("}", ">")
            rules[route.method, route.path] = Rule(template, methods=[route.method], endpoint=route)
    return Map(list(rules.values()), strict_slashes=False, merge_slashes=False, redirect_defaults=False), selected


def _read(environ: dict[str, Any]) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    stream = environ.get("wsgi.input")
    return stream.read(min(max(length, 0), MAX_BODY * 2)) if stream is not None and length > 0 else b""


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    found = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            found[name.replace("_", "-").lower()] = str(environ[name])
    return found


def _family(path: str) -> str:
    return "iam" if path.startswith("/v3") else "ecs" if path.startswith("/v1/") else "nova"


def _family_error(path: str, status: int, code: str, message: str) -> Refusal:
    family = _family(path)
    if family == "iam":
        return Gateway(status, f"APIGW.0{status}", message)
    if family == "nova":
        return NativeRefusal(status, message)
    return (
        Gateway(status, f"APIGW.0{status}", message)
        if status in {404, 405, 415}
        else EcsRefusal(code, message, status=status)
    )


def _unauthorized(family: str, message: str) -> Refusal:
    if family == "ecs":
        return EcsRefusal("Common.0013", f"Invalid token: {message}")
    return NativeRefusal(401, message) if family == "nova" else Gateway(401, "APIGW.0301", message)
