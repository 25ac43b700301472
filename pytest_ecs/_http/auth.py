"""How a request proves who sends it (4.2): by token, by AK/SK signature, by a given token, or not at all.

Each scheme is an `httpx.Auth`. None does network I/O of its own: the IAM request (4.1) is yielded to the client that
runs the flow, so it takes the same transport, the same time-out and the same event hooks as every other request.
Use `httpx.Client`; `TokenAuth` waits for a lock between processes and has no asynchronous form.

No ``repr``, ``str`` or exception text of this module holds a password, a secret key or a token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import re
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, Protocol
from urllib.parse import quote, unquote, unquote_plus

import httpx

from pytest_ecs._http.exchange import REDACTED, Secrets
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import AuthenticationFailed, ConfigurationError, NotAnEcsEndpoint, TargetError

__all__ = [
    "NO_RENEWAL",
    "RENEWAL_MARGIN",
    "AkSkAuth",
    "AlteredAfterSigning",
    "FileTokenStore",
    "FixedToken",
    "MemoryTokenStore",
    "NoAuth",
    "StoredToken",
    "TokenAuth",
    "TokenStore",
    "canonical_request",
    "sdk_date",
    "sign",
    "signed_header_names",
    "string_to_sign",
]

#: Key of ``request.extensions``; a true value there makes `TokenAuth` return a 401 as it is.
NO_RENEWAL = "ecs_no_renewal"

#: Seconds before its end at which a token is replaced (4.2: it is valid for 24 hours).
RENEWAL_MARGIN = 600.0

#: Statuses of a busy or broken gateway; the login is repeated after each of these pauses in seconds.
_BUSY = frozenset({429, 502, 503, 504})
_PAUSES = (1.0, 2.0, 4.0)

#: What a token must look like to travel in a header.
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)

_ALGORITHM = "SDK-HMAC-SHA256"
_CONTENT_HASH = "x-sdk-content-sha256"
#: The SDK hashes the body of these types only; under any other type the body is left out of the signature.
_HASHED_TYPES = ("application/json", "application/bson")
#: Headers that the transport adds or that a proxy may change on the way; a signature over them could break en route.
_NOT_SIGNED = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "expect",
        "forwarded",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    }
)


# -- no scheme, and a given token ------------------------------------------------------------------------------------


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
        _set_header(request, "X-Auth-Token", self._token)
        yield request


# -- token stores ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token and its times, in seconds since the epoch on the target's clock."""

    #: What goes into X-Auth-Token; a secret, so not part of the ``repr``.
    value: str = field(repr=False)
    #: When IAM says that it ends (4.3, ``expires_at``).
    expires_at: float
    #: When it was asked for.
    obtained_at: float

    def is_fresh(self, now: float, margin: float) -> bool:
        """Whether the token can still be used at *now*, that is, ends more than *margin* seconds later.

        For a token of short life the margin is at most half of that life; it would else be replaced at every request.
        """
        life = max(self.expires_at - self.obtained_at, 0.0)
        return now < self.expires_at - min(margin, life / 2)


class TokenStore(Protocol):
    """Where the tokens of a run are kept, by key. It never sees a password."""

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*, ended or not; None when there is none or it cannot be read."""
        ...

    def put(self, key: str, token: StoredToken) -> None:
        """Keep *token* under *key* in place of an older one. Call it inside `lock`."""
        ...

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Return a context in which nobody else obtains a token for *key*; entering it may wait."""
        ...


class MemoryTokenStore:
    """Tokens of one process; its threads share them, and they end with it."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        # Not an RLock: httpx may close a flow in another thread than the one that started it.
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"MemoryTokenStore({len(self._tokens)} tokens)"

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*, or None."""
        return self._tokens.get(key)

    def put(self, key: str, token: StoredToken) -> None:
        """Keep *token* under *key*."""
        self._tokens[key] = token

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the store's one lock; the few keys of a run need no more."""
        with self._lock:
            yield


class FileTokenStore:
    """Tokens in one JSON file that the processes of a run share, so that N of them obtain one token (4.2: cache it).

    File and lock file (the same name plus ``.lock``) have mode 0600; a missing folder is made with mode 0700. Each
    change replaces the whole file at once, so a reader never sees half of one. What cannot be read as a token is no
    token. The lock dies with its process. Raises `ConfigurationError` when file or lock file cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self.path)!r})"

    def get(self, key: str) -> StoredToken | None:
        """Return the token under *key*; None when the file is missing, damaged or has none."""
        match self._entries().get(key):
            case {"value": str(value), "expires_at": expires, "obtained_at": obtained}:
                times = [float(t) for t in (expires, obtained) if type(t) in {int, float} and math.isfinite(t)]
                if len(times) == 2 and _SENDABLE.fullmatch(value):
                    return StoredToken(value, *times)
        return None

    def put(self, key: str, token: StoredToken) -> None:
        """Write *token* under *key*; the other keys stay. Call it inside `lock`, else a change may be lost."""
        try:
            # mkstemp makes the file with mode 0600 whatever the umask says.
            descriptor, draft = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    # Not through a variable: pytest --showlocals would print the token should this fail.
                    file.write(json.dumps({**self._entries(), key: asdict(token)}))
                Path(draft).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(draft).unlink()
                raise
        except OSError as error:
            self._unwritable(error)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of the whole file, whatever the key; other processes and threads wait."""
        import fcntl  # not on Windows, where MemoryTokenStore still serves

        descriptor = -1
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # flock and not lockf: it also excludes another thread of this process.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            self._unwritable(error)
        try:
            yield
        finally:
            os.close(descriptor)

    def _entries(self) -> dict[str, JSON]:
        try:
            data = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    def _unwritable(self, error: OSError) -> NoReturn:
        raise ConfigurationError(
            f"the token file {self.path} cannot be written",
            seen=error.strerror or type(error).__name__,
            hint="Let the run write to that folder, or give it another one",
        ) from error


# -- tokens ----------------------------------------------------------------------------------------------------------


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
        _set_header(request, "X-Auth-Token", token.value)
        response = yield request
        response.read()
        if response.status_code != httpx.codes.UNAUTHORIZED:
            if token == self._no_help:
                self._no_help = None
            return
        if new or token == self._no_help or request.extensions.get(NO_RENEWAL):
            return
        token, new = yield from self._obtain(request, refused=token)
        _set_header(request, "X-Auth-Token", token.value)
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
        for pause in (*_PAUSES, None):
            asked = self._clock.now()
            login = self._login_request(request)
            response = yield login
            response.read()
            # Before anybody looks: what is recorded from here on is redacted.
            self._secrets.add(response.headers.get("X-Subject-Token"))
            if self._observe is not None:
                self._observe(login, response)
            if pause is None or response.status_code not in _BUSY:
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
        if not _SENDABLE.fullmatch(response.headers.get("X-Subject-Token", "")):
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


def _set_header(request: httpx.Request, name: str, value: str) -> None:
    # Not request.headers[name] = value: that encodes with the encoding guessed before, which may be ASCII.
    lower = name.lower().encode()
    kept = [(key, old) for key, old in request.headers.raw if key.lower() != lower]
    request.headers = httpx.Headers([*kept, (name.encode(), value.encode("utf-8", "surrogateescape"))])


# -- signatures ------------------------------------------------------------------------------------------------------


def sdk_date(seconds: float) -> str:
    """Return *seconds* since the epoch the way X-Sdk-Date wants it, in UTC: ``20191115T033655Z``."""
    return datetime.fromtimestamp(math.floor(seconds), tz=UTC).strftime("%Y%m%dT%H%M%SZ")


def signed_header_names(headers: Sequence[tuple[str, str]]) -> list[str]:
    """Return the names, in lower case and sorted, that a signature over *headers* covers by default.

    That is each header but those the transport adds or a proxy may change, names with an underscore (the SDK skips
    them, since gateways drop them) and names that occur twice, whose value depends on who joins them.
    """
    names = [name.lower() for name, _ in headers]
    return sorted(name for name in names if name not in _NOT_SIGNED and "_" not in name and names.count(name) == 1)


def canonical_request(
    method: str, target: bytes, headers: Sequence[tuple[str, str]], signed_headers: Sequence[str], body: bytes
) -> str:
    """Return the text that stands for a request in its signature (4.2 and the API Request Signing Guide it names).

    Six parts, a line each: method; path; query; a line per signed header; their names; the body's SHA-256 in hex.

    - *target* is path and query as they are on the wire. Both are decoded and encoded again, so that the receiver
      finds the same text however the sender wrote it: everything but letters, digits and ``-._~`` as ``%XX`` of its
      UTF-8 bytes, ``/`` of the path excepted. The path always ends in a slash.
    - Query pairs are sorted by decoded name, then by decoded value; ``a`` is ``a=``, and ``+`` is a space.
    - *signed_headers* are taken in lower case and sorted, values without surrounding blanks. A repeated header counts
      with its values joined by a comma, one that is not in *headers* as empty; so a test can claim to sign what it
      does not send.
    - The header X-Sdk-Content-Sha256, where present and the body is not empty, stands in for the body's hash.

    Where decoding loses a difference, two requests share a signature. That is the SDK's behaviour and kept: ``%2F``
    and ``/`` in a path, and bytes that are not UTF-8, all of which count as U+FFFD.
    """
    path, _, query = target.decode("ascii", "surrogateescape").partition("?")
    path = quote(unquote(path), safe="/~")
    if not path.endswith("/"):
        path += "/"
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(pairs))
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value.strip(" \t"))
    names = sorted(name.lower() for name in signed_headers)
    lines = "".join(f"{name}:{','.join(values.get(name, []))}\n" for name in names)
    claimed = ",".join(values.get(_CONTENT_HASH, []))
    digest = claimed if claimed and body else hashlib.sha256(body).hexdigest()
    return "\n".join([method.upper(), path, query, lines, ";".join(names), digest])


def string_to_sign(canonical: str, date: str) -> str:
    """Return the three lines that are signed: algorithm, *date* as in X-Sdk-Date, SHA-256 of *canonical* in hex."""
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_ALGORITHM}\n{date}\n{digest}"


def sign(sk: str, text: str) -> str:
    """Return the HMAC-SHA256 of *text* under the secret key *sk*, in lower-case hex."""
    return hmac.new(sk.encode(), text.encode(), hashlib.sha256).hexdigest()


class AkSkAuth(httpx.Auth):
    """Signs each request with an access key (4.2, algorithm SDK-HMAC-SHA256).

    Adds X-Sdk-Date from the target's clock, X-Project-Id when *project_id* is given (table 4-3: several projects need
    it), X-Security-Token for temporary keys, and Authorization. The caller's own X-Project-Id or X-Security-Token
    stays and is signed. Under a Content-Type other than JSON or BSON the body is not signed and X-Sdk-Content-Sha256
    says so, as the SDK has it. What is signed is the target on the wire: ``request.url.raw_path``, or the extension
    ``target`` of httpx.

    For wrong signatures: *signed_headers* names exactly the headers to sign instead of `signed_header_names`, and
    *date_offset* seconds are added to the date. The request is signed anew each time it passes, also in a retry, but
    not when the client follows a redirect by itself. A body over 12 MB is beyond what 4.2 supports and is sent anyway.

    The Authorization equals that of the vendor's Python SDK for the same headers. Where the
    SDK changes the request or misses a part of it, what is on the wire is signed instead: the SDK sends the sorted
    query in place of the caller's, strips Unicode blanks from header values, sees a Content-Type in this very spelling
    only, and signs two spellings of one header name as two headers.
    """

    requires_request_body = True

    def __init__(
        self,
        ak: str,
        sk: str,
        *,
        project_id: str | None,
        security_token: str | None = None,
        clock: Clock,
        signed_headers: Sequence[str] | None = None,
        date_offset: float = 0.0,
    ) -> None:
        self._ak = ak
        self._sk = sk
        self._project_id = project_id
        self._security_token = security_token
        self._clock = clock
        self._signed_headers = None if signed_headers is None else tuple(signed_headers)
        self._date_offset = date_offset

    def __repr__(self) -> str:
        return f"AkSkAuth(***, project_id={self._project_id!r}, temporary={self._security_token is not None})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield *request* once, signed."""
        date = sdk_date(self._clock.now() + self._date_offset)
        _set_header(request, "X-Sdk-Date", date)
        for name, value in (("X-Project-Id", self._project_id), ("X-Security-Token", self._security_token)):
            if value is not None and name not in request.headers:
                _set_header(request, name, value)
        if not request.headers.get("Content-Type", _HASHED_TYPES[0]).strip().startswith(_HASHED_TYPES):
            _set_header(request, _CONTENT_HASH, "UNSIGNED-PAYLOAD")
        # The bytes of the wire; what is not UTF-8 survives the way to the hash and back.
        headers = [
            (name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in request.headers.raw
        ]
        names = signed_header_names(headers) if self._signed_headers is None else self._signed_headers
        target = request.extensions.get("target", request.url.raw_path)
        canonical = canonical_request(request.method, target, headers, names, request.content)
        signature = sign(self._sk, string_to_sign(canonical, date))
        listed = ";".join(sorted(name.lower() for name in names))
        _set_header(
            request, "Authorization", f"{_ALGORITHM} Access={self._ak}, SignedHeaders={listed}, Signature={signature}"
        )
        yield request


class AlteredAfterSigning(httpx.Auth):
    """Signs with *auth* and then changes what was signed: the body by one blank, or else a signed header.

    For tests that a signature keeps a request from being altered (4.2).
    """

    requires_request_body = True

    def __init__(self, auth: httpx.Auth, *, body: bool) -> None:
        self._auth = auth
        self._body = body

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield *request* once, altered."""
        if not self._body:
            request.headers["X-Conformance"] = "signed"
        for signed in self._auth.auth_flow(request):
            if self._body:
                content = signed.content + b" "
                altered = httpx.Request(
                    signed.method, signed.url, headers=signed.headers, content=content, extensions=signed.extensions
                )
                altered.headers["Content-Length"] = str(len(content))
                yield altered
            else:
                signed.headers["X-Conformance"] = "altered"
                yield signed
