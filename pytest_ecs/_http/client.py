"""The HTTP client: sends requests, yields exchanges, retries what is the environment's trouble. It never judges."""

from __future__ import annotations

import json as _json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import httpx

from pytest_ecs._http.access import Access
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.exchange import Case, Exchange
from pytest_ecs._http.headers import applied_version, version_headers
from pytest_ecs._http.limits import GATEWAY, PAUSES
from pytest_ecs._http.recording import CUT, answered, as_text, sent
from pytest_ecs._http.token import LOGIN_PATH, NO_RENEWAL, TokenAuth
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import EcsError, NotAnEcsEndpoint, Unreachable

__all__ = ["Client", "Query"]

#: Name and value pairs of a query; a name may occur twice in a sequence.
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]

#: Expectations that 401 fits: a test of those wants the bare answer, not a second try with a new token.
_BARE = frozenset({"unauthenticated", "no-token", "foreign-project", "too-large"})

_ATTEMPTS = len(PAUSES) + 1
_UNSET: Any = object()


@dataclass(frozen=True)
class Client:
    """Sends requests as one identity. Every call yields an `Exchange`, whatever the status."""

    connection: Connection
    identity: Identity
    auth: httpx.Auth
    #: "token", "aksk" or "none"; recorded in the exchange.
    scheme: str = "token"
    #: Microversion that native requests ask for unless a call says otherwise.
    microversion: str | None = None
    #: The API family's base URL, where it is not the ECS endpoint.
    base: str | None = None

    def get(
        self,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = _UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send a GET; see `request`."""
        return self.request(
            "GET",
            path,
            query=query,
            headers=headers,
            microversion=microversion,
            auth=auth,
            scheme=scheme,
            case=case,
            operation=operation,
        )

    def post(
        self,
        path: str,
        json: JSON = None,
        *,
        content: bytes | str | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = _UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send a POST with a JSON body; see `request`."""
        return self.request(
            "POST",
            path,
            json=json,
            content=content,
            query=query,
            headers=headers,
            microversion=microversion,
            auth=auth,
            scheme=scheme,
            case=case,
            operation=operation,
        )

    def put(
        self,
        path: str,
        json: JSON = None,
        *,
        content: bytes | str | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = _UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send a PUT with a JSON body; see `request`."""
        return self.request(
            "PUT",
            path,
            json=json,
            content=content,
            query=query,
            headers=headers,
            microversion=microversion,
            auth=auth,
            scheme=scheme,
            case=case,
            operation=operation,
        )

    def delete(
        self,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = _UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send a DELETE; see `request`."""
        return self.request(
            "DELETE",
            path,
            query=query,
            headers=headers,
            microversion=microversion,
            auth=auth,
            scheme=scheme,
            case=case,
            operation=operation,
        )

    @property
    def project_id(self) -> str:
        """The id of the project that this identity works in; looked up by its name (10.2) when none was given."""
        known = self.connection.projects
        if self.identity not in known:
            credentials = self.connection.target.identities[self.identity]
            access = None if credentials.project_id else self.access()
            granted = access.project_id if access is not None else None
            known[self.identity] = credentials.project_id or granted or self._look_up(credentials.project_name)
        return known[self.identity]

    def access(self) -> Access | None:
        """Return what the token of this identity gives access to, logging in if need be; None where there is no token.

        Raises as a login does, and `Unreachable` when IAM does not answer.
        """
        if not isinstance(self.auth, TokenAuth):
            return None
        http = self.connection.http
        try:
            return self.auth.grant(lambda login: http.send(login, auth=None)).access
        except httpx.HTTPError as error:
            raise _unreachable(f"IAM at {self.connection.target.iam}", error) from error

    def _look_up(self, name: str | None) -> str:
        exchange = replace(self, base=self.connection.target.iam).get("/v3/projects")
        listed = exchange.response_body.get("projects") if isinstance(exchange.response_body, Mapping) else None
        projects = {p.get("name"): p.get("id") for p in listed or () if isinstance(p, Mapping)}
        if isinstance(projects.get(name), str):
            return str(projects[name])
        raise NotAnEcsEndpoint(
            f"IAM at {self.connection.target.iam} does not list the project {name!r}",
            seen=f"HTTP {exchange.status}, projects {sorted(map(str, projects))}",
            hint="set project_id in clouds.yaml, OS_PROJECT_ID or HUAWEICLOUD_SDK_PROJECT_ID",
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        json: JSON = None,
        content: bytes | str | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = _UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send one request and return the exchange; nothing about the answer raises.

        ``{project_id}`` in *path* is replaced. *content* sends bytes as they are instead of *json*. A time-out,
        a broken connection, 429, 502, 503 and 504 are repeated with back-off on the target's clock, except where
        the repetition might create something twice; the exchange's ``failure`` is set when it does not help.
        Raises `Unreachable` when no answer came at all, `BudgetExceeded` or `LedgerError` before sending.
        """
        connection, target = self.connection, self.connection.target
        if "{project_id}" in path:
            path = path.replace("{project_id}", self.project_id)
        body = json if content is None else as_text(content)[:CUT]
        carried = dict(headers or {})
        version = self.microversion if microversion is _UNSET else microversion
        if path.startswith("/v2.1") and version is not None:
            carried.update(version_headers(version))
        if content is None and json is not None:
            content = _json.dumps(json)
        if content is not None and not any(name.lower() == "content-type" for name in carried):
            carried["Content-Type"] = "application/json"
        pairs = tuple((str(k), str(v)) for k, v in (query.items() if isinstance(query, Mapping) else query or ()))
        base = self.base or target.endpoint
        url = f"{base}{path}" + (f"?{urlencode(pairs)}" if pairs else "")
        extensions = {NO_RENEWAL: True} if case is not None and case.expects in _BARE else None
        request = connection.http.build_request(method, url, content=content, headers=carried, extensions=extensions)
        found = connection.identify(method, path, json)
        name, parameters = found if found else (None, {})
        draft = Exchange(
            id=connection.journal.next_id(),
            operation=operation or name,
            method=method,
            base=base,
            path=connection.secrets.scrub(path),
            query=tuple((k, connection.secrets.scrub(v)) for k, v in pairs),
            request_headers={},
            request_body=None,
            status=0,
            response_headers={},
            response_body=None,
            response_text=None,
            started=target.clock.now(),
            seconds=0.0,
            auth=scheme or self.scheme,
            identity=self.identity,
            microversion=applied_version(path, request.headers),
            case=case,
            parameters=dict(parameters),
        )
        key = connection.guard.before(method, path, json, self.identity) if connection.guard else None
        exchange = self._send(request, draft, body, auth or self.auth, may_repeat=key is None)
        if key is not None and connection.guard:
            connection.guard.after(key, exchange)
        return exchange

    def _send(
        self, request: httpx.Request, draft: Exchange, body: JSON, auth: httpx.Auth, *, may_repeat: bool
    ) -> Exchange:
        clock, secrets, journal = self.connection.target.clock, self.connection.secrets, self.connection.journal
        pause = 1.0
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            try:
                response = self.connection.http.send(request, auth=auth)
            except EcsError:
                raise
            except httpx.HTTPError as error:
                never_left = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if last or not (may_repeat or never_left) or _hopeless(error):
                    exchange = replace(draft, failure=secrets.scrub(_describe(error)), **sent(request, body, secrets))
                    journal.add(exchange)
                    raise _unreachable(f"{draft.base} ({draft.request_line})", error) from error
            else:
                exchange = answered(draft, response, body, secrets)
                if response.status_code not in GATEWAY:
                    journal.add(exchange)
                    return exchange
                if last or not (may_repeat or response.status_code in {429, 503}):
                    exchange = replace(exchange, failure=_blame(response.status_code))
                    journal.add(exchange)
                    return exchange
            clock.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable: the last attempt always returns or raises")


def _hopeless(error: httpx.HTTPError) -> bool:
    """Whether repeating cannot help: a certificate that does not verify, an unknown name, a URL that is none."""
    text = str(error).upper()
    return isinstance(error, httpx.UnsupportedProtocol | httpx.ProtocolError) or any(
        word in text for word in ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "NAME OR SERVICE", "NOT KNOWN")
    )


def _describe(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _blame(status: int) -> str:
    return f"HTTP {status} after {_ATTEMPTS} attempts: " + (
        "throttling" if status == 429 else "the gateway could not reach the service"
    )


def _unreachable(where: str, error: httpx.HTTPError) -> EcsError:
    seen = _describe(error)
    upper = seen.upper()
    asked = str(error.request.url) if error._request is not None else ""
    if asked.endswith(LOGIN_PATH):
        where = f"IAM at {asked.removesuffix(LOGIN_PATH)} (POST {LOGIN_PATH})"
    if "CERTIFICATE_VERIFY_FAILED" in upper:
        return Unreachable(
            f"The TLS certificate of {where} does not verify",
            seen=seen,
            hint="check that it has not expired and fits the host name; --ecs-ca-file names authorities to trust",
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return NotAnEcsEndpoint(
            f"What answers at {where} does not speak HTTP",
            seen=seen,
            hint="check the port and the scheme of the endpoint",
        )
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(
            f"{where} did not answer in time", seen=seen, hint="check the network, or raise --ecs-request-timeout"
        )
    return Unreachable(
        f"{where} cannot be reached", seen=seen, hint="check the URL, the network and the proxy settings"
    )
