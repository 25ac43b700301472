"""How a request proves who sends it (4.2) by token: obtained from IAM, given, or none at all.

Each scheme is an `httpx.Auth`. None does network I/O of its own: the IAM request (4.1) is yielded to the client that
runs the flow, so it takes the same transport, the same time-out and the same event hooks as every other request.
Use `httpx.Client`; `TokenAuth` waits for a lock between processes and has no asynchronous form.

No ``repr``, ``str`` or exception text of this module holds a password or a token.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from typing import NoReturn

import httpx

from pytest_ecs._http.headers import set_header
from pytest_ecs._http.limits import GATEWAY, PAUSES, RENEWAL_MARGIN
from pytest_ecs._http.redaction import REDACTED, Secrets
from pytest_ecs._http.token_store import SENDABLE, MemoryTokenStore, StoredToken, TokenStore
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import AuthenticationFailed, ConfigurationError, NotAnEcsEndpoint, TargetError

__all__ = ["NO_RENEWAL", "FixedToken", "NoAuth", "TokenAuth"]

#: Key of ``request.extensions``; a true value there makes `TokenAuth` return a 401 as it is.
NO_RENEWAL = "ecs_no_renewal"

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


class NoAuth(httpx.Auth):
    """Sends the request as it is: no credential is added, whatever the client would use by default."""

    def __repr__(self) -> str:
        return "NoAuth()"


class FixedToken(httpx.Auth):
    """Sends one given text as X-Auth-Token (table 4-3), valid or not, and never renews it.

    The text is not checked: an empty, expired, foreign or broken token is what authentication tests need.
    Text beyond ASCII leaves as UTF-8.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __repr__(self) -> str:
        return "FixedToken(***)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield *request* once, with the token."""
        set_header(request, "X-Auth-Token", self._token)
        yield request


class TokenAuth(httpx.Auth):
    """Token authentication (4.2): obtains a project token by password (4.1) and sends it as X-Auth-Token.

    A token is asked for once per credential and shared through *store*. It is replaced *margin* seconds before its
    end on the target's clock, and once after a 401 to a request that used a token obtained earlier; that request is
    then repeated once, and its second answer is returned whatever it says. When the renewal did not help, the next
    401 with the same token renews nothing, until some request has been accepted with it: an endpoint that refuses
    everything causes one more login, not one per request. Extension `NO_RENEWAL` switches this off for a request.

    *iam* is the address with or without ``/v3``. Of *project_id* and *project_name* one is needed; the id wins. Every
    token, own or shared, and the password are added to *secrets*. *observe* is called with each IAM request and its
    answer, which is read but not yet judged; both hold secrets. It is not called when no answer comes. As httpx has
    it, the IAM answer and a first 401 are in the ``history`` of the response that the caller gets.

    A login answered by 429, 502, 503 or 504 is repeated after 1, 2 and 4 seconds of *clock*. Then, or for any other
    5xx, `TargetError` is raised; `AuthenticationFailed` for 401 and 403, after which no further login is sent, since
    repeated wrong passwords lock accounts; `NotAnEcsEndpoint` for every other answer that holds no token as 4.3 shows
    it. A bad address or no project raises `ConfigurationError` at once.
    """

    requires_request_body = True  # the request may have to be sent twice
    requires_response_body = True

    def __init__(
        self,
        iam: str,
        *,
        username: str,
        password: str,
        domain: str,
        project_id: str | None = None,
        project_name: str | None = None,
        clock: Clock,
        store: TokenStore | None = None,
        secrets: Secrets | None = None,
        observe: Callable[[httpx.Request, httpx.Response], None] | None = None,
        margin: float = RENEWAL_MARGIN,
    ) -> None:
        self._password = password
        self._secrets = Secrets() if secrets is None else secrets
        self._secrets.add(password)
        del password  # pytest --showlocals would print it, should a check below fail
        self._username = username
        self._domain = domain
        self._project = {"id": project_id} if project_id else {"name": project_name or ""}
        self._iam = ""  # so that the repr works when the next line fails
        self._iam = _iam_base(iam)
        if not (project_id or project_name):
            raise ConfigurationError(
                f"no project is named for user {username!r}, and ECS tokens are scoped to one (4.2)",
                hint="Set project_name or project_id in clouds.yaml, or OS_PROJECT_NAME or OS_PROJECT_ID",
            )
        self._clock = clock
        self._store: TokenStore = MemoryTokenStore() if store is None else store
        self._observe = observe
        self._margin = margin
        scope = json.dumps([self._iam, username, domain, self._project], sort_keys=True)
        self._key = hashlib.sha256(scope.encode()).hexdigest()
        self._token: StoredToken | None = None
        #: The token that a renewal gave and that was refused all the same.
        self._no_help: StoredToken | None = None
        self._refusal: tuple[str, str, str] | None = None

    def __repr__(self) -> str:
        return (
            f"TokenAuth({self._iam!r}, username={self._username!r}, domain={self._domain!r}, project={self._project!r})"
        )

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the IAM request where a token is needed, then *request*, then both again after a 401 if that may help.

        The store's lock is held while the IAM request is under way, and given up when the flow is closed.
        """
        request.read()
        token, new = self._token, False
        if token is None or not self._is_fresh(token):
            token, new = yield from self._obtain(request, refused=None)
        set_header(request, "X-Auth-Token", token.value)
        response = yield request
        response.read()
        if response.status_code != httpx.codes.UNAUTHORIZED:
            if token == self._no_help:
                self._no_help = None
            return
        if new or token == self._no_help or request.extensions.get(NO_RENEWAL):
            return
        token, new = yield from self._obtain(request, refused=token)
        set_header(request, "X-Auth-Token", token.value)
        response = yield request
        response.read()
        if response.status_code == httpx.codes.UNAUTHORIZED and new:
            self._no_help = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Raise `RuntimeError`: the wait for another process would stop the event loop."""
        raise RuntimeError("TokenAuth works with httpx.Client only")
        yield request  # type: ignore[unreachable]  # makes this the generator that httpx expects

    def _is_fresh(self, token: StoredToken) -> bool:
        return token.is_fresh(self._clock.now(), self._margin)

    def _obtain(
        self, request: httpx.Request, *, refused: StoredToken | None
    ) -> Generator[httpx.Request, httpx.Response, tuple[StoredToken, bool]]:
        """Return a token that is not *refused*, and whether it was obtained just now."""
        with self._store.lock(self._key):
            # While this process waited, another may have done the work.
            token = self._store.get(self._key)
            new = token is None or not self._is_fresh(token) or (refused is not None and token.value == refused.value)
            if token is None or new:
                if self._refusal is not None:
                    what, seen, hint = self._refusal
                    raise AuthenticationFailed(what, seen=seen, hint=hint)
                token = yield from self._log_in(request)
                self._store.put(self._key, token)
        self._secrets.add(token.value)
        self._token = token
        return token, new

    def _log_in(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, StoredToken]:
        for pause in (*PAUSES, None):
            asked = self._clock.now()
            login = self._login_request(request)
            response = yield login
            response.read()
            # Before anybody looks: what is recorded from here on is redacted.
            self._secrets.add(response.headers.get("X-Subject-Token"))
            if self._observe is not None:
                self._observe(login, response)
            if pause is None or response.status_code not in GATEWAY:
                break
            self._clock.sleep(pause)
        return self._judge(response, asked)

    def _login_request(self, request: httpx.Request) -> httpx.Request:
        user = {"name": self._username, "password": self._password, "domain": {"name": self._domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        # A request made by hand has no time-out at all; it gets that of the request it serves.
        extensions = {key: value for key, value in request.extensions.items() if key == "timeout"}
        return httpx.Request(
            "POST",
            f"{self._iam}/v3/auth/tokens",
            json={"auth": {"identity": identity, "scope": {"project": self._project}}},
            headers={"Accept": "application/json"},
            extensions=extensions,
        )

    def _judge(self, response: httpx.Response, asked: float) -> StoredToken:
        """Return the token in IAM's answer (4.3), or raise what the answer means."""
        status = response.status_code
        if status in {401, 403}:
            ((kind, project),) = self._project.items()
            what = (
                f"IAM at {self._iam} refuses user {self._username!r} of domain {self._domain!r}"
                f" for the project with {kind} {project!r}"
            )
            hint = (
                "Check user name, password, domain (the account's name) and project in clouds.yaml and secure.yaml or"
                " in the OS_* variables, and that the user may use this project"
            )
            self._refusal = (what, self._said(response), hint)
            raise AuthenticationFailed(what, seen=self._refusal[1], hint=hint)
        if status == 429 or status >= 500:
            raise TargetError(
                f"IAM at {self._iam} gives no token at the moment",
                seen=self._said(response),
                hint="Try again later; this says nothing about the endpoint's conformance",
            )
        if status != 201:
            self._not_iam(response, "it should have answered 201 (4.3)")
        if not SENDABLE.fullmatch(response.headers.get("X-Subject-Token", "")):
            self._not_iam(response, "its 201 has no usable X-Subject-Token header (4.3)")
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        match body:
            case {"token": {"expires_at": expires}}:
                ends = _seconds(expires)
            case None:
                self._not_iam(response, "its 201 is not JSON (4.3)")
            case _:
                ends = None
        if ends is None:
            self._not_iam(response, "its 201 has no token.expires_at like 2019-02-13T06:52:13.855000Z (4.3)")
        return StoredToken(response.headers["X-Subject-Token"], ends, asked)

    def _not_iam(self, response: httpx.Response, because: str) -> NoReturn:
        raise NotAnEcsEndpoint(
            f"{self._iam}/v3/auth/tokens does not answer as IAM would: {because}",
            seen=self._said(response),
            hint="Check auth_url in clouds.yaml or OS_AUTH_URL; it must be the IAM address of the cloud, not a console",
        ) from None

    def _said(self, response: httpx.Response) -> str:
        """Status and error fields (4.3, or Keystone's wrapper), or what kind of page came. Never the body itself.

        Only decoded text is shown, since a password inside it can then be found in whatever way it was escaped.
        """
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        kind = response.headers.get("Content-Type", "no content type").partition(";")[0]
        text = f"{kind}, {len(response.content)} bytes"
        match body:
            case {"error": {"message": str(message)}}:
                text = message
            case {"error_msg": str(message), **rest}:
                text = f"{rest.get('error_code', '')} {message}"
            case None if title := _TITLE.search(response.text):
                text += f', a page titled "{title[1].strip()}"'
        text = self._secrets.scrub(" ".join(text.split()))
        if self._password:
            text = text.replace(self._password, REDACTED)  # also one too short for Secrets
        return f"HTTP {response.status_code}, {text[:300]}"


def _iam_base(iam: str) -> str:
    problem = ConfigurationError(
        "the IAM address is not usable",
        hint="Set auth_url in clouds.yaml or OS_AUTH_URL, like https://iam.example.com/v3",
    )
    try:
        url = httpx.URL(iam)
    except (httpx.InvalidURL, TypeError):
        raise problem from None
    if url.userinfo:
        problem.seen = "a user name or password inside the address"
        raise problem
    if url.scheme not in {"http", "https"} or not url.host:
        problem.seen = repr(iam)
        raise problem
    return str(url.copy_with(query=None, fragment=None)).rstrip("/").removesuffix("/v3").rstrip("/")


def _seconds(moment: JSON) -> float | None:
    """Read a time like 2019-02-13T06:52:13.855000Z; one without a zone is UTC. None for anything else."""
    if not isinstance(moment, str) or "T" not in moment:
        return None
    try:
        read = datetime.fromisoformat(moment)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
