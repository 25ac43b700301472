"""How a request proves who sends it (4.2) by token: obtained from IAM, given, or none at all.

Each scheme is an `httpx.Auth`. None does network I/O of its own: the IAM request (4.1) is yielded to the client that
runs the flow, so it takes the same transport, the same time-out and the same event hooks as every other request.
Use `httpx.Client`; `TokenAuth` waits for a lock between processes and has no asynchronous form.

No ``repr``, ``str`` or exception text of this module holds a password or a token.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime
from typing import NoReturn

import httpx

from pytest_ecs._http.access import access_of
from pytest_ecs._http.between import by_another, led, over
from pytest_ecs._http.headers import set_header
from pytest_ecs._http.limits import GATEWAY, PAUSES, RENEWAL_MARGIN
from pytest_ecs._http.login import Login
from pytest_ecs._http.pace import retry_after
from pytest_ecs._http.redaction import REDACTED, Secrets
from pytest_ecs._http.token_store import SENDABLE, MemoryTokenStore, StoredToken, TokenStore
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import (
    AuthenticationFailed,
    ConfigurationError,
    EcsError,
    NotAnEcsEndpoint,
    PrerequisiteMissing,
    TargetError,
)

__all__ = ["LOGIN_PATH", "NO_RENEWAL", "FixedToken", "NoAuth", "TokenAuth"]

#: Where IAM gives tokens (4.1).
LOGIN_PATH = "/v3/auth/tokens"

#: Key of ``request.extensions``; a true value there makes `TokenAuth` return a 401 as it is.
NO_RENEWAL = "ecs_no_renewal"

#: What to do after a refused login, by its status.
_CHECK = (
    "Check user name, password, domain (the account's name) and project in clouds.yaml and secure.yaml or"
    " in the OS_* variables, and that the user may use this project"
)
_ADVICE = {
    400: "Where IAM wants the domain of the project, set project_domain_name in clouds.yaml or OS_PROJECT_DOMAIN_NAME,"
    " or give the project by its id",
    401: _CHECK,
    403: _CHECK,
}
_OTHER_WAY = "Look whether it has ended or belongs to another cloud; an IAM that does not know this way takes user name and password"
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
    """Token authentication (4.2): obtains a project token (4.1) and sends it as X-Auth-Token.

    A token is asked for once per credential and shared through *store*. It is replaced *margin* seconds before its
    end on the target's clock, and once after a 401 to a request that used a token obtained earlier; that request is
    then repeated once, and its second answer is returned whatever it says. When the renewal did not help, the next
    401 with the same token renews nothing, until some request has been accepted with it: an endpoint that refuses
    everything causes one more login, not one per request. Extension `NO_RENEWAL` switches this off for a request.

    *iam* is the address with or without ``/v3``; *login* says who asks, by what proof and for which project. Every
    token, own or shared, and the proof are added to *secrets*. *observe* is called with each IAM request and its
    answer, which is read but not yet judged; both hold secrets. It is not called when no answer comes. As httpx has
    it, the IAM answer and a first 401 are in the ``history`` of the response that the caller gets.

    A login answered by 429, 502, 503 or 504 is repeated after 1, 2, 4 and 8 seconds of *clock*, or when the answer says. Then, or for
    any other 5xx, `TargetError` is raised; `AuthenticationFailed` for 400, 401 and 403, after which no further login is sent, since
    repeated wrong passwords lock accounts; `NotAnEcsEndpoint` for every other answer that holds no token as 4.3 shows
    it. A bad address raises `ConfigurationError` at once. Where *essential* is false all of these are raised as
    `PrerequisiteMissing`: what needs that identity is not tested, and the run goes on.
    """

    requires_request_body = True  # the request may have to be sent twice
    requires_response_body = True

    def __init__(
        self,
        iam: str,
        login: Login,
        *,
        clock: Clock,
        store: TokenStore | None = None,
        secrets: Secrets | None = None,
        observe: Callable[[httpx.Request, httpx.Response], None] | None = None,
        margin: float = RENEWAL_MARGIN,
        essential: bool = True,
        source: str = "",
    ) -> None:
        self._secrets = Secrets() if secrets is None else secrets
        _hide(login, self._secrets)
        self._login = login
        self._iam = ""  # so that the repr works when the next line fails
        self._iam = _iam_base(iam)
        self._clock = clock
        self._store: TokenStore = MemoryTokenStore() if store is None else store
        self._observe = observe
        self._margin = margin
        self._essential = essential
        self._source = source
        self._key = login.key(self._iam, source)
        self._token: StoredToken | None = None
        #: The token that a renewal gave and that was refused all the same.
        self._no_help: StoredToken | None = None
        self._refusal: AuthenticationFailed | None = None
        #: Whether IAM was not heard after all repetitions of the last login, so that the next one is not repeated.
        self._silent = False

    def __repr__(self) -> str:
        return f"TokenAuth({self._iam!r}, {self._login.who}, {self._login.where})"

    def grant(self, send: Callable[[httpx.Request], httpx.Response], *, timeout: float = 60.0) -> StoredToken:
        """Return a token that can be used now, sending a login with *send* where there is none.

        Raises as a request with this authentication would.
        """
        if self._token is not None and self._is_fresh(self._token):
            return self._token
        limits = {"timeout": httpx.Timeout(timeout).as_dict()}
        flow = self._obtain(httpx.Request("GET", self._iam, extensions=limits), refused=None)
        try:
            request = next(flow)
            while True:
                request = flow.send(send(request))
        except StopIteration as stop:
            token: StoredToken = stop.value[0]
            return token
        finally:
            flow.close()

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
                    raise self._known_refusal()
                token = yield from self._log_in(request)
                self._store.put(self._key, token)
        self._secrets.add(token.value)
        self._token = token
        return token, new

    def _log_in(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, StoredToken]:
        for pause in (None,) if self._silent else (*PAUSES, None):
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
            told = retry_after(response, self._clock.now())
            self._clock.sleep(pause if told is None else told)
        self._silent = response.status_code in GATEWAY and response.status_code != 429
        try:
            return self._judge(response, asked)
        except EcsError as error:
            if self._essential:
                raise
            # A second identity is not what the run stands on: what needs it is not tested, and the rest goes on.
            raise PrerequisiteMissing(error.what, seen=error.seen, hint=error.hint) from None

    def _known_refusal(self) -> EcsError:
        refusal = self._refusal or AuthenticationFailed("the credentials were refused")
        error = AuthenticationFailed if self._essential else PrerequisiteMissing
        return error(refusal.what, seen=refusal.seen, hint=refusal.hint)

    def _login_request(self, request: httpx.Request) -> httpx.Request:
        # A request made by hand has no time-out at all; it gets that of the request it serves.
        extensions = {key: value for key, value in request.extensions.items() if key == "timeout"}
        return httpx.Request(
            "POST",
            f"{self._iam}{LOGIN_PATH}",
            json=self._login.body,
            headers={"Accept": "application/json"},
            extensions=extensions,
        )

    def _judge(self, response: httpx.Response, asked: float) -> StoredToken:
        """Return the token in IAM's answer (4.3), or raise what the answer means."""
        status = response.status_code
        where = f" ({self._source})" if self._source else ""
        stranger = by_another(status, self._iam, f"IAM at {self._iam}", self._said(response))
        if stranger is not None:
            raise stranger
        if status in {400, 403} and response.headers.get("Content-Type", "").startswith("text/html"):
            self._not_iam(response, f"its {status} is a page, which IAM does not write (4.3)")
        if status in {400, 401, 403} or self._does_not_know(response):
            self._refusal = AuthenticationFailed(
                f"IAM at {self._iam} refuses {self._login.who} for {self._login.where}{where}",
                seen=self._said(response),
                hint=_ADVICE[status] if self._by_password else _OTHER_WAY,
            )
            raise self._refusal
        if status == 429 or status >= 500:
            raise TargetError(
                f"IAM at {self._iam} gives no token at the moment{over(self._iam)}",
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
        if "token" in self._login.identity.get("methods", ()) and self._login.scope is None and _is_unscoped(body):
            self._refusal = AuthenticationFailed(
                f"IAM at {self._iam} gives {self._login.who} no project{where}, and ECS tokens are scoped to one (4.2)",
                seen="no project was named for it",
                hint="Set project_id or project_name in clouds.yaml, or OS_PROJECT_ID or OS_PROJECT_NAME, also where the token has one",
            )
            raise self._refusal
        return StoredToken(response.headers["X-Subject-Token"], ends, asked, access_of(body))

    @property
    def _by_password(self) -> bool:
        return "password" in self._login.identity.get("methods", ())

    def _does_not_know(self, response: httpx.Response) -> bool:
        """Whether IAM says that there is no such token or application credential: Keystone does so with 404."""
        if response.status_code != 404 or self._by_password:
            return False
        try:
            body = response.json()
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and isinstance(body.get("error"), dict)

    def _not_iam(self, response: httpx.Response, because: str) -> NoReturn:
        raise NotAnEcsEndpoint(
            f"{self._iam}{LOGIN_PATH} does not answer{over(self._iam)} as IAM would: {because}",
            seen=self._said(response),
            hint="Check auth_url in clouds.yaml or OS_AUTH_URL; it must be the IAM address of the cloud, not a console,"
            " and no proxy or login page of a network may answer in its place",
        ) from None

    def _said(self, response: httpx.Response) -> str:
        """Status and error fields (4.3, or Keystone's wrapper), or what media type came. Never the body itself.

        Only decoded text is shown, since a password inside it can then be found in whatever way it was escaped.
        """
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        media_type = response.headers.get("Content-Type", "no content type").partition(";")[0]
        text = f"{media_type}, {len(response.content)} bytes"
        match body:
            case {"error": {"message": str(message)}}:
                text = message
            case {"error_msg": str(message), **rest}:
                text = f"{rest.get('error_code', '')} {message}"
            case None if title := _TITLE.search(response.content[:100_000].decode("utf-8", "replace")):
                text += f', a page titled "{title[1].strip()}"'
        text += led(response.headers.get("Location"))
        text = self._secrets.scrub(" ".join(text.split()))
        for secret in self._login.secrets:
            text = text.replace(secret, REDACTED)  # also one too short for Secrets
        return f"HTTP {response.status_code}, {text[:300]}"


def _is_unscoped(body: JSON) -> bool:
    return not body["token"].get("project")


def _hide(login: Login, secrets: Secrets) -> None:
    """Add what must not be seen; here and not in a constructor, whose variables pytest --showlocals would print."""
    for secret in login.secrets:
        secrets.add(secret)


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
    return (
        str(url.copy_with(query=None, fragment=None))
        .rstrip("/")
        .removesuffix("/auth/tokens")
        .removesuffix("/v3")
        .rstrip("/")
    )


def _seconds(moment: JSON) -> float | None:
    """Read a time like 2019-02-13T06:52:13.855000Z; one without a zone is UTC. None for anything else."""
    if not isinstance(moment, str) or "T" not in moment:
        return None
    try:
        read = datetime.fromisoformat(moment)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
