"""The HTTP client: sends requests, yields exchanges, retries what is the environment's trouble. It never judges."""

from __future__ import annotations

import itertools
import json as _json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from pytest_ecs._http.auth import NO_RENEWAL
from pytest_ecs._http.exchange import REDACTED, SECRET_HEADERS, Case, Exchange, Secrets, redact
from pytest_ecs._http.target import Target
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import EcsError, NotAnEcsEndpoint, Unreachable

__all__ = ["Client", "Connection", "Guard", "Journal"]

#: Expectations that 401 fits: a test of those wants the bare answer, not a second try with a new token.
_BARE = frozenset({"unauthenticated", "no-token", "foreign-project", "too-large"})

#: What a gateway or throttling answers; the service behind it was not heard, so it is no verdict on it.
_PASSING = frozenset({429, 502, 503, 504})
_ATTEMPTS = 4
_CUT = 4000
_UNSET: Any = object()


class Journal:
    """Every exchange of this process, in order."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)
        self._by_id: dict[str, Exchange] = {}
        self._order: list[Exchange] = []
        self._jobs: dict[str, list[Exchange]] = {}

    def next_id(self) -> str:
        """Return an id that no other exchange of the run has."""
        return f"{self._prefix}-{next(self._numbers):05d}"

    def add(self, exchange: Exchange) -> None:
        """Record *exchange*."""
        self._by_id[exchange.id] = exchange
        self._order.append(exchange)
        if "job_id" in exchange.parameters:
            self._jobs.setdefault(exchange.parameters["job_id"], []).append(exchange)

    def __getitem__(self, exchange_id: str) -> Exchange:
        return self._by_id[exchange_id]

    def get(self, exchange_id: str) -> Exchange | None:
        """Return the exchange of that id, or None."""
        return self._by_id.get(exchange_id)

    def job(self, job_id: str) -> Sequence[Exchange]:
        """Return the queries of that job, oldest first."""
        return self._jobs.get(job_id, ())

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._order)

    def since(self, mark: int) -> Sequence[Exchange]:
        """Return what was recorded after the journal had *mark* entries."""
        return self._order[mark:]


class Guard(Protocol):
    """Stands before requests that create something, so that it is written down before they leave."""

    def before(self, method: str, path: str, body: JSON, identity: Identity) -> object | None:
        """Record the intent of a request that may create something and return its key, else None.

        Raises `BudgetExceeded` or `LedgerError`; the request is then not sent.
        """
        ...

    def after(self, key: Any, exchange: Exchange) -> None:
        """Record what the endpoint answered."""
        ...


#: Finds the operation that a request addresses: (method, path, body) -> (operation id, path parameters) or None.
Identify = Callable[[str, str, JSON], "tuple[str, Mapping[str, str]] | None"]


@dataclass(frozen=True)
class Connection:
    """What all clients of a process share."""

    target: Target
    http: httpx.Client
    journal: Journal
    secrets: Secrets
    identify: Identify
    guard: Guard | None = None
    #: Project ids by identity, as far as they are known.
    projects: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(
        cls, target: Target, *, worker: str, identify: Identify, guard: Guard | None = None, timeout: float = 60.0
    ) -> Connection:
        """Open a connection pool to *target*; close it with `close`."""
        secrets = Secrets(secret for credentials in target.identities.values() for secret in credentials.secrets())
        verify: bool | ssl.SSLContext = target.verify if isinstance(target.verify, bool) else _trust(target.verify)
        http = httpx.Client(
            transport=target.transport,
            timeout=timeout,
            verify=verify,
            trust_env=not target.simulated,
            headers={"User-Agent": "pytest-ecs", "Accept": "application/json"},
        )
        return cls(target, http, Journal(worker), secrets, identify, guard)

    def close(self) -> None:
        """Close the sockets."""
        self.http.close()

    def record_login(self, identity: Identity, request: httpx.Request, response: httpx.Response) -> None:
        """Record a login that an authentication flow sent by itself (4.1)."""
        draft = Exchange(
            id=self.journal.next_id(),
            operation="iam.tokens.create",
            method=request.method,
            base=self.target.iam,
            path=request.url.path,
            query=(),
            request_headers={},
            request_body=None,
            status=0,
            response_headers={},
            response_body=None,
            response_text=None,
            started=self.target.clock.now(),
            seconds=0.0,
            auth="none",
            identity=identity,
            microversion=None,
        )
        self.journal.add(_answered(draft, response, _json.loads(request.content), self.secrets))


def _trust(file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(file))


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

    def get(self, path: str, **options: Any) -> Exchange:
        """Send a GET; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: JSON = None, **options: Any) -> Exchange:
        """Send a POST with a JSON body; see `request`."""
        return self.request("POST", path, json=json, **options)

    def put(self, path: str, json: JSON = None, **options: Any) -> Exchange:
        """Send a PUT with a JSON body; see `request`."""
        return self.request("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> Exchange:
        """Send a DELETE; see `request`."""
        return self.request("DELETE", path, **options)

    @property
    def project_id(self) -> str:
        """The id of the project that this identity works in; looked up by its name (10.2) when none was given."""
        known = self.connection.projects
        if self.identity not in known:
            credentials = self.connection.target.identities[self.identity]
            known[self.identity] = credentials.project_id or self._look_up(credentials.project_name)
        return known[self.identity]

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
        query: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
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
        body = json if content is None else _text(content)[:_CUT]
        sent = dict(headers or {})
        version = self.microversion if microversion is _UNSET else microversion
        if path.startswith("/v2.1") and version is not None:
            sent.update(_version_headers(version))
        if content is None and json is not None:
            content = _json.dumps(json)
        if content is not None and not any(name.lower() == "content-type" for name in sent):
            sent["Content-Type"] = "application/json"
        pairs = tuple((str(k), str(v)) for k, v in (query.items() if isinstance(query, Mapping) else query or ()))
        base = self.base or target.endpoint
        url = f"{base}{path}" + (f"?{urlencode(pairs)}" if pairs else "")
        extensions = {NO_RENEWAL: True} if case is not None and case.expects in _BARE else None
        request = connection.http.build_request(method, url, content=content, headers=sent, extensions=extensions)
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
            microversion=_applied(path, request.headers),
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
                    exchange = replace(draft, failure=secrets.scrub(_describe(error)), **_sent(request, body, secrets))
                    journal.add(exchange)
                    raise _unreachable(self.connection.target, draft, error) from error
            else:
                exchange = _answered(draft, response, body, secrets)
                if response.status_code not in _PASSING:
                    journal.add(exchange)
                    return exchange
                if last or not (may_repeat or response.status_code in {429, 503}):
                    exchange = replace(exchange, failure=_blame(response.status_code))
                    journal.add(exchange)
                    return exchange
            clock.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable: the last attempt always returns or raises")


def _text(content: bytes | str) -> str:
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else content


def _version_headers(version: str) -> dict[str, str]:
    # 6.1.1: OpenStack-API-Version exists since 2.27; below that the older header is the only documented one.
    headers = {"X-OpenStack-Nova-API-Version": version}
    try:
        minor = int(version.partition(".")[2])
    except ValueError:
        return headers
    if minor >= 27:
        headers["OpenStack-API-Version"] = f"compute {version}"
    return headers


def _applied(path: str, headers: httpx.Headers) -> str | None:
    if not path.startswith("/v2.1"):
        return None
    newer: str = headers.get("openstack-api-version", "")
    if newer.lower().startswith("compute "):
        return newer[8:].strip()
    return str(headers.get("x-openstack-nova-api-version", "2.1"))


def _sent(request: httpx.Request, body: JSON, secrets: Secrets) -> dict[str, Any]:
    return {"request_headers": _headers(request.headers, secrets), "request_body": redact(body, secrets)}


def _answered(draft: Exchange, response: httpx.Response, body: JSON, secrets: Secrets) -> Exchange:
    decoded: JSON = None
    text: str | None = None
    if response.content:
        try:
            decoded = redact(_json.loads(response.content), secrets)
        except (ValueError, RecursionError):
            text = secrets.scrub(response.text[:_CUT])
    return replace(
        draft,
        status=response.status_code,
        response_headers=_headers(response.headers, secrets),
        response_body=decoded,
        response_text=text,
        seconds=_elapsed(response),
        **_sent(response.request, body, secrets),
    )


def _elapsed(response: httpx.Response) -> float:
    try:
        return round(response.elapsed.total_seconds(), 6)
    except RuntimeError:  # inside an authentication flow the answer is not closed yet
        return 0.0


def _headers(headers: httpx.Headers, secrets: Secrets) -> dict[str, str]:
    return {
        name.lower(): REDACTED if name.lower() in SECRET_HEADERS else secrets.scrub(value)
        for name, value in headers.items()
    }


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


def _unreachable(target: Target, draft: Exchange, error: httpx.HTTPError) -> EcsError:
    seen = _describe(error)
    upper = seen.upper()
    where = f"{draft.base} ({draft.request_line})"
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
