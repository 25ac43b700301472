"""The WSGI application: routing, credentials, decoding, and turning what handlers give into answers."""

from __future__ import annotations

import importlib
import os
import re
import threading
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from pytest_ecs._mock import page
from pytest_ecs._mock.access import describe
from pytest_ecs._mock.compute import operations
from pytest_ecs._mock.control import control
from pytest_ecs._mock.deviations import DEVIATIONS, refused, shown
from pytest_ecs._mock.http import versions
from pytest_ecs._mock.http.errors import CrashError, EcsError, GatewayError, NativeError, RefusalError
from pytest_ecs._mock.http.reading import ECS_V2, MAX_BODY, error, fail, headers_of, inside, octets, parse, read, text
from pytest_ecs._mock.http.routing import ROUTES, Request, Response, Route
from pytest_ecs._mock.identity.policy import permit
from pytest_ecs._mock.identity.signature import Signed, verify
from pytest_ecs._mock.state.clock import Clock, VirtualClock
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.keeping import keep, restore
from pytest_ecs._mock.state.records import User, quotas
from pytest_ecs._mock.switches import switchboard
from pytest_ecs._mock.variants import VARIANTS, answers, errors, wire

__all__ = ["MockCloud"]

# The modules of the resources fill the table of routes when they are imported.
for _resource in (
    "compute.actions",
    "storage.attachments",
    "companions.floating_ips",
    "companions.images",
    "companions.networks",
    "companions.ports",
    "companions.security_groups",
    "companions.versions",
    "companions.volumes",
    "compute.console",
    "catalog.flavors",
    "network.floating_ips",
    "identity.tokens",
    "catalog.images",
    "compute.jobs",
    "catalog.keypairs",
    "compute.listing",
    "compute.metadata",
    "catalog.native_flavors",
    "catalog.native_quotas",
    "compute.native_tags",
    "network.networks",
    "network.nics",
    "compute.nova",
    "compute.operations",
    "compute.passwords",
    "catalog.quotas",
    "compute.recovery",
    "compute.reinstall",
    "network.security_groups",
    "catalog.server_groups",
    "compute.servers",
    "storage.snapshots",
    "compute.tags",
    "http.versions",
    "storage.volumes",
):
    importlib.import_module(f"pytest_ecs._mock.{_resource}")

_KEPT_REQUESTS = 10_000
StartResponse = Callable[..., Any]
#: URLs and actions of chapter 11, which an endpoint need not have.
_DISCARDED = re.compile(
    r"/v2\.1/[^/]+/(images|os-volumes|os-snapshots|os-floating-ips|os-floating-ip-pools|os-security-groups"
    r"|os-security-group-rules)(/|$)|/v1/[^/]+/cloudservers/[^/]+/autorecovery$"
)
#: A permanent link to a thing has no version in it (Table 6-3); it leads to where the thing is.
_BOOKMARK = re.compile(r"/[0-9a-f]{32}/(servers|flavors|images)/[^/]+")
_DISCARDED_ACTIONS = frozenset({"addFloatingIp", "removeFloatingIp"})
#: What a method that there is not gets where a deviation allows it.
_ANYTHING = Route(
    "PATCH", "", lambda request, state: Response(200, {}), "ecs", public=True, permission=None, selects=None
)


class MockCloud:
    """An ECS endpoint with IAM, in memory; a WSGI application.

    Its state lives as long as the object. Time is that of *clock*, virtual unless given. The same *seed* gives the
    same ids and credentials. Raises `ValueError` for an unknown deviation or variant.
    """

    def __init__(
        self, *, deviations: Iterable[str] = (), variants: Iterable[str] = (), clock: Clock | None = None, seed: int = 0
    ) -> None:
        self.clock: Any = clock if clock is not None else VirtualClock()
        self._state = State(self.clock, seed, switchboard("deviation", DEVIATIONS, deviations))
        if isinstance(self.clock, VirtualClock):
            self.clock.upcoming = self._state.upcoming
        self._state.varies = self._varies = switchboard("variant", VARIANTS, variants)
        self._altered = [variant for name, variant in answers.ANSWERS.items() if self._varies(name)]
        self._state.limits = quotas(self._state.limits, self._varies)
        self._lock = threading.RLock()
        self._log: list[dict[str, Any]] = []
        self._request_id = ""
        #: How many requests there were that may have changed something.
        self.changes = 0
        routes, self._selected = _routes()
        # Clients ask for the same again and again.
        self._match = lru_cache(4096)(routes.bind("mock").match)

    # For those who run it

    def describe(self, base_url: str) -> dict[str, Any]:
        """Return where it is, whom it knows, and from what servers can be made there."""
        return describe(self._state, base_url)

    def control(self, method: str, path: str, json: Any = None) -> dict[str, Any]:
        """Do what a control hook does; raises `LookupError` or `ValueError` for a wrong one."""
        try:
            with self._lock:
                self._state.settle()
                return control(self._state, self._log, self._is_url, method, path, json)
        except GatewayError as refusal:
            raise (LookupError if refusal.status == 404 else ValueError)(refusal.message) from None

    def keep(self) -> dict[str, Any]:
        """Let everything that is under way come to its end, and return the whole state as JSON.

        It has passwords, keys and tokens in it.
        """
        with self._lock:
            return keep(self._state)

    def fork(self) -> int:
        """Return what `os.fork` does, at a moment when no request is under way."""
        with self._lock:
            return os.fork()

    def restore(self, kept: Any) -> None:
        """Take over a state that another mock kept; raises `ValueError` for anything else."""
        with self._lock:
            restore(self._state, kept)

    # WSGI

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method, path = environ["REQUEST_METHOD"], text(environ.get("PATH_INFO") or "/")
        path = "/v2.1" + path if _BOOKMARK.fullmatch(path) else path
        fault: str | None = None
        with self._lock:
            self._state.settle()
            self._state.requests = number = self._state.requests + 1
            self.changes += method not in {"GET", "HEAD"}
            self._request_id = f"req-{number:08x}-0000-4000-a000-{number:012x}"
            try:
                response = self._answer(environ, method, path)
            except RefusalError as refusal:
                response = self._refused(refusal)
            except CrashError:
                response = self._refused(error(path, 500, "A system exception occurred.", "Common.0001"))
            except Exception as mistake:  # noqa: BLE001
                # Nothing should come here. If it does, the client gets an answer, and the log says that we
                # are wrong.
                fault = f"{type(mistake).__name__}: {mistake}"
                response = self._refused(error(path, 400, "The request cannot be understood.", "Ecs.0000"))
            entry = {"method": method, "path": path, "status": response.status}
            self._log.append(entry if fault is None else {**entry, "fault": fault})
            if len(self._log) > _KEPT_REQUESTS:
                del self._log[: _KEPT_REQUESTS // 2]
            return self._send(response, method, start_response)

    def _answer(self, environ: dict[str, Any], method: str, path: str) -> Response:
        headers = headers_of(environ, text)
        body = read(environ, path)
        if path.startswith("/_mock/"):
            hooked = parse(body, path) if body else None
            if environ.get("QUERY_STRING"):
                raise GatewayError(400, "the hook takes no query")
            return Response(200, control(self._state, self._log, self._is_url, method, path, hooked))
        if path == "/" and method in {"GET", "HEAD"} and page.is_wanted(headers.get("accept", "")):
            return Response(200, page.PAGE, dict(page.HEADERS))
        route, parameters = self._find(method, path)
        base = f"{environ.get('wsgi.url_scheme', 'http')}://{headers.get('host') or 'localhost'}"
        query = parse_qsl(text(environ.get("QUERY_STRING", "")), keep_blank_values=True, errors="replace")
        request = Request(method, path, query, headers, base, parameters, id=self._request_id)
        if not route.public:
            self._authenticate(request, environ, body, route.family)
        if path.startswith("/v2.1/"):
            try:
                request.microversion = versions.negotiate(headers, self._state.deviates)
            except RefusalError as refusal:
                return self._echoed(self._refused(refusal), versions.LOWEST)
            return self._echoed(self._handled(request, route, body), request.microversion)
        return self._handled(request, route, body)

    def _handled(self, request: Request, route: Route, body: bytes) -> Response:
        """Return the handler's answer, or its refusal in the form of the API."""
        try:
            if request.method in {"POST", "PUT"} and not route.bodiless:
                request.json = self._decoded(body, request)
            choices = self._selected.get((route.method, route.path))
            if choices is not None:
                chosen = [key for key in request.json if key in choices]
                if len(chosen) != 1 and not (chosen and self._state.deviates("together-unchecked")):
                    fail(request.path, 400, "There is not one action that is known.", "Ecs.0005")
                if chosen[0] in _DISCARDED_ACTIONS and self._state.deviates("deprecated-gone"):
                    fail(request.path, 404, "There is no such action.")
                if request.json[chosen[0]] is None and self._state.deviates("null-actions-refused"):
                    fail(request.path, 400, "The action has no object.")
                route = choices[chosen[0]]
            if refused.refuses(route, request, self._state.deviates):
                fail(request.path, 400, "The request holds what is not allowed here.", "Ecs.0005")
            if route.permission is not None:
                permit(request.user, route.permission, self._state.deviates)
            ordered = self._state.refuse_next.pop((request.method, request.path), None)
            if ordered is not None:
                raise inside(request.path, *ordered)
            self._state.asked = (request.id, request.user.id if request.user is not None else "")
            response = route.handler(request, self._state)
            answers.change(route, response, self._altered)
            shown.alter(route, response, self._state.deviates)
            operations.note(route, request, self._state)
            if request.method == "DELETE" and response.body is None and self._state.deviates("deletions-say-ok"):
                return Response(200, "ok")
            return response
        except RefusalError as refusal:
            return self._refused(refusal)

    def _echoed(self, response: Response, version: tuple[int, int]) -> Response:
        if not self._state.deviates("microversion-echo-missing"):
            response.headers.update(versions.echo(version))
        return response

    def _is_url(self, method: str, path: str) -> bool:
        try:
            self._find(method, path)
        except RefusalError:
            return False
        return True

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        # V2 has the same URLs (chapter 3).
        native = path.startswith("/v2/") and path != "/v2/" and not ECS_V2.match(path)
        wanted = "/v2.1/" + path[4:] if native else path
        if _DISCARDED.match(wanted) and self._state.deviates("deprecated-gone"):
            fail(path, 404, "There is nothing at this URL.")
        try:
            # Methods are words in capitals (RFC 9110, 9.1); werkzeug would take others for them.
            endpoint, parameters = self._match(wanted, method if method.isupper() else "-")
        except MethodNotAllowed as wrong:
            if method == "PATCH" and self._state.deviates("wrong-method-accepted"):
                return _ANYTHING, {}
            refusal = error(path, 405, f"The method {method[:20]} is not allowed here.")
            refusal.headers["Allow"] = ", ".join(sorted(wrong.valid_methods or ()))
            raise refusal from None
        except HTTPException:
            fail(path, 404, "There is nothing at this URL.")
        return endpoint, dict(parameters)

    # Credentials (4.2)

    def _authenticate(self, request: Request, environ: dict[str, Any], body: bytes, family: str) -> None:
        """Find out whose request it is, and refuse it where its project is not the URL's."""
        state, headers = self._state, request.headers
        token = headers.get("x-auth-token")
        if token is None and "authorization" in headers:
            unlimited = state.deviates("signature-unchecked") or state.deviates("signed-body-unlimited")
            if len(body) > MAX_BODY and not unlimited:
                fail(request.path, 413, "Signed requests have bodies of at most 12 MB.")
            raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
            query = octets(environ.get("QUERY_STRING", ""))
            target = octets(raw) if raw else quote(request.path, errors="replace").encode() + b"?" + query
            signed = Signed(request.method, target, headers_of(environ, octets), body)
            user = verify(state, signed)
            project = None if user is None else user.project
        else:
            user, project = self._bearer(token)
        if user is None:
            if token is not None and self._varies("garbage-token-400") and family == "ecs":
                fail(request.path, 400, "Invalid token.", "Ecs.0023")
            fail(request.path, 401, "Invalid token.", "Common.0013")
        request.user = user
        if project is not None:
            request.project = state.projects[project]
        named = [n for n in (request.parameters.get("project_id"), headers.get("x-project-id")) if n is not None]
        if all(name == project for name in named) or family == "iam":
            return
        if state.deviates("project-mismatch-accepted"):
            request.project = state.projects[user.project]
            return
        fail(request.path, 403, "project_id in token mismatches with project_id in url.", "Ecs.0023")

    def _bearer(self, token: str | None) -> tuple[User | None, str | None]:
        """Return whose token it is and for which project."""
        state = self._state
        if token is None:
            return (state.primary, state.primary.project) if state.deviates("no-token-accepted") else (None, None)
        user, project, expires = state.tokens.get(token, ("", None, 0.0))
        if user and (expires > self.clock.now() or state.deviates("token-expiry-unchecked")):
            return state.users[user], project
        return (state.primary, state.primary.project) if state.deviates("token-unchecked") else (None, None)

    # Bodies

    def _decoded(self, body: bytes, request: Request) -> dict[str, Any]:
        if not body.strip():
            if self._state.deviates("mandatory-unchecked"):
                return {}
            fail(request.path, 400, "The request body cannot be left blank.", "Common.0002")
        if len(body) > MAX_BODY and self._state.deviates("large-body-crashes"):
            fail(request.path, 500, "The body does not fit into memory.", "Ecs.0000")
        media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        json_like = media_type == "application/json" or media_type.endswith("+json")
        if not json_like and not self._state.deviates("media-type-unchecked"):
            fail(request.path, 415, "The body must be JSON.")
        decoded = parse(body, request.path)
        if not isinstance(decoded, dict):
            fail(request.path, 400, "The request body is not an object.", "Ecs.0005")
        return decoded

    def _refused(self, refusal: RefusalError) -> Response:
        body: Any = refusal.body()
        deviates = self._state.deviates
        if isinstance(refusal, EcsError):
            if deviates("envelope-flat"):
                body = body["error"]
            if deviates("errors-as-html"):
                body = f"<html><body><h1>{refusal.status}</h1></body></html>"
        if isinstance(refusal, NativeError):
            (inner,) = body.values()
            if deviates("native-code-missing"):
                del inner["code"]
            elif deviates("native-code-string"):
                inner["code"] = str(inner["code"])
            body = errors.reform(refusal.status, refusal.message, body, self._varies)
        return Response(refusal.status, body, dict(refusal.headers))

    def _send(self, response: Response, method: str, start_response: StartResponse) -> Iterable[bytes]:
        html = isinstance(response.body, str)
        content = b""
        if response.body is not None:
            content = response.body.encode() if html else wire.encode(response.body, self._varies)
        headers = [("X-Request-Id", self._request_id), *response.headers.items()]
        if response.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(content))))
        if content and "Content-Type" not in response.headers:
            plain = "text/plain" if self._state.deviates("content-type-text") else "application/json"
            headers.append(("Content-Type", "text/html" if html else plain))
        headers = wire.headers(headers, self._request_id, self._varies)
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [] if method == "HEAD" else [content]


@cache
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
    # Slashes stand as they are: a redirect would be an answer that the document does not know.
    return Map(list(rules.values()), strict_slashes=False, merge_slashes=False, redirect_defaults=False), selected
