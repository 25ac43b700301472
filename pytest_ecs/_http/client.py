"""The HTTP client: sends requests, yields exchanges, retries what is the environment's trouble. It never judges."""

from __future__ import annotations

import json as _json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from pytest_ecs._http.access import Access
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.exchange import Case, Draft, Exchange
from pytest_ecs._http.headers import applied_version, version_headers
from pytest_ecs._http.recording import as_text
from pytest_ecs._http.redaction import redact
from pytest_ecs._http.sending import ended, logged_in, send
from pytest_ecs._http.token import NO_RENEWAL, TokenAuth
from pytest_ecs._types import JSON, UNSET, Identity
from pytest_ecs.exceptions import AuthenticationFailed, NotAnEcsEndpoint

__all__ = ["Client", "Query"]

#: Name and value pairs of a query; a name may occur twice in a sequence.
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]

#: Expectations that 401 fits: a test of those wants the bare answer, not a second try with a new token.
_BARE = frozenset({"unauthenticated", "no-token", "foreign-project", "too-large"})

#: What a path may hold as it is; all else is quoted, so that no id from an answer begins a query or a fragment.
_PATH = "/%:@!$&'()*+,;=-._~"

#: URLs are asked for again and again, and it takes long to read one.
_url = lru_cache(1000)(httpx.URL)
#: A segment that leads elsewhere.
_ELSEWHERE = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


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
        microversion: str | None = UNSET,
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

    def head(self, path: str, *, query: Query | None = None, microversion: str | None = UNSET) -> Exchange:
        """Send a HEAD; see `request`. The connection is closed after it: a body that should not be there would be read next."""
        return self.request("HEAD", path, query=query, headers={"Connection": "close"}, microversion=microversion)

    def post(
        self,
        path: str,
        json: JSON = None,
        *,
        content: bytes | str | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        microversion: str | None = UNSET,
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
        microversion: str | None = UNSET,
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
        microversion: str | None = UNSET,
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
        auth = self.auth
        return logged_in(self.connection, lambda: auth.grant(lambda login: http.send(login, auth=None)).access)

    def _look_up(self, name: str | None) -> str:
        exchange = replace(self, base=self.connection.target.iam).get("/v3/projects")
        listed = exchange.response_body.get("projects") if isinstance(exchange.response_body, Mapping) else None
        projects = {p.get("name"): p.get("id") for p in listed or () if isinstance(p, Mapping)}
        if isinstance(projects.get(name), str):
            return str(projects[name])
        iam = f"IAM at {self.connection.target.iam}"
        raise NotAnEcsEndpoint(
            f"{iam} does not list the project {name!r}" if name else "The credentials name no project",
            seen=f"{iam} answers HTTP {exchange.status}, projects {sorted(map(str, projects))}",
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
        microversion: str | None = UNSET,
        auth: httpx.Auth | None = None,
        scheme: str | None = None,
        case: Case | None = None,
        operation: str | None = None,
    ) -> Exchange:
        """Send one request and return the exchange; nothing about the answer raises.

        ``{project_id}`` in *path* is replaced. *content* sends bytes as they are instead of *json*. What is repeated,
        and when, stands in `pytest_ecs._http.limits`; no request that may have changed something is, so that nothing is
        judged by its repetition. The exchange's ``failure`` is set when the service was not heard.
        Raises `Unreachable` when no answer came at all, `EndpointLost` when that goes on, `CredentialsEnded` when
        the credentials are refused that were accepted before, `BudgetExceeded` or `LedgerError` before sending.
        """
        connection = self.connection
        path = path.replace("{project_id}", self.project_id) if "{project_id}" in path else path
        path = quote(path, safe=_PATH, errors="backslashreplace")
        carried = dict(headers or {}) | self._versions(path, microversion)
        body = json if content is None else as_text(content)
        if content is None and json is not None:
            content = _json.dumps(json)
        if content is not None and not any(name.lower() == "content-type" for name in carried):
            carried["Content-Type"] = "application/json"
        pairs = tuple((str(k), str(v)) for k, v in (query.items() if isinstance(query, Mapping) else query or ()))
        found = connection.identify(method, path, json)
        name, parameters = found if found else (None, {})
        scrub = connection.secrets.scrub
        draft = Draft(
            id=connection.journal.next_id(),
            operation=operation or name,
            method=method,
            base=self.base or connection.target.endpoint,
            path=scrub(path),
            query=tuple((scrub(k), scrub(v)) for k, v in pairs),
            started=connection.target.clock.now(),
            auth=scheme or self.scheme,
            identity=self.identity,
            microversion=applied_version(path, {name.lower(): value for name, value in carried.items()}),
            case=case,
            parameters={name: scrub(value) for name, value in parameters.items()},
        )
        try:
            request = self._build(method, path, pairs, content, carried, case)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            failure = scrub(f"the request could not be written: {type(error).__name__}: {error}")
            exchange = draft.exchange(failure=failure, request_body=redact(body, connection.secrets))
            connection.journal.add(exchange)
            return exchange
        return self._send_guarded(request, draft, body, json, path, auth)

    def _send_guarded(
        self, request: httpx.Request, draft: Draft, body: JSON, json: JSON, path: str, auth: httpx.Auth | None
    ) -> Exchange:
        """Send a request once the guard knows of it, and tell the guard what was answered."""
        guard = self.connection.guard
        key = guard.before(draft.method, path, json, self.identity) if guard else None
        exchange = self._send(request, draft, body, auth)
        if key is not None and guard:
            guard.after(key, exchange)
        return exchange

    def _versions(self, path: str, microversion: str | None) -> dict[str, str]:
        """Return the headers that ask for a microversion, where the URL is a native one (3)."""
        version = self.microversion if microversion is UNSET else microversion
        return version_headers(version) if path.startswith("/v2.1") and version is not None else {}

    def _build(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        content: bytes | str | None,
        headers: Mapping[str, str],
        case: Case | None,
    ) -> httpx.Request:
        """Return the request; raises `ValueError` or `httpx.InvalidURL` for what no request can say."""
        if _ELSEWHERE.search(path):
            raise ValueError(f"{path!r} would lead elsewhere")
        url = f"{self.base or self.connection.target.endpoint}{path}" + (f"?{urlencode(query)}" if query else "")
        extensions = {NO_RENEWAL: True} if case is not None and case.expects in _BARE else None
        return self.connection.http.build_request(
            method, _url(url), content=content, headers=headers, extensions=extensions
        )

    def _send(self, request: httpx.Request, draft: Draft, body: JSON, auth: httpx.Auth | None) -> Exchange:
        """Send with the client's own authentication, or with *auth*; notice when the former is not accepted any more."""
        if auth is not None:
            return send(self.connection, request, draft, body, auth)
        proven, key = self.connection.proven, (self.identity, self.scheme, draft.base)
        try:
            exchange = send(self.connection, request, draft, body, self.auth)
        except AuthenticationFailed as error:
            if key not in proven:
                raise
            raise ended(self.identity, f"{error.what} ({error.seen})") from None
        if draft.method == "GET" and (exchange.accepted or exchange.status == 403):
            proven[key] = request
        elif exchange.status == 401 and (draft.case is None or draft.case.expects not in _BARE):
            self._prove(exchange)
        return exchange

    def recognised(self, path: str) -> None:
        """Take it that a query was not refused for its credentials, as another process of the run has seen."""
        base = self.base or self.connection.target.endpoint
        request = self._build("GET", path.replace("{project_id}", self.project_id), (), None, {}, None)
        self.connection.proven.setdefault((self.identity, self.scheme, base), request)

    def _prove(self, refused: Exchange) -> None:
        """After a 401, repeat a query whose credentials were recognised before; raises as `ended` says when they are not now."""
        earlier = self.connection.proven.get((self.identity, self.scheme, refused.base))
        if earlier is not None:
            again = Draft(
                id=self.connection.journal.next_id(),
                operation=None,
                method=earlier.method,
                base=refused.base,
                path=self.connection.secrets.scrub(earlier.url.path),
                query=(),
                started=refused.started,
                auth=refused.auth,
                identity=refused.identity,
                microversion=refused.microversion,
            )
            seen = send(self.connection, earlier, again, None, self.auth)
            if seen.status == 401:
                # It says nothing of the endpoint.
                failure = "the credentials ended: a query that was accepted before is refused as well"
                self.connection.journal.amend(replace(refused, failure=failure))
                raise ended(self.identity, seen.answer)
