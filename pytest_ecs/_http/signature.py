"""How a request proves who sends it (4.2) by a signature with an access key (AK/SK).

No ``repr``, ``str`` or exception text of this module holds a secret key or a security token.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote, unquote_plus

import httpx

from pytest_ecs._http.headers import set_header
from pytest_ecs._types import Clock

__all__ = [
    "AkSkAuth",
    "AlteredAfterSigning",
    "canonical_request",
    "sdk_date",
    "sign",
    "signed_header_names",
    "string_to_sign",
]

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
    path, _, query = target.decode("utf-8", "replace").partition("?")
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
        set_header(request, "X-Sdk-Date", date)
        for name, value in (("X-Project-Id", self._project_id), ("X-Security-Token", self._security_token)):
            if value is not None and name not in request.headers:
                set_header(request, name, value)
        if not request.headers.get("Content-Type", _HASHED_TYPES[0]).strip().startswith(_HASHED_TYPES):
            set_header(request, _CONTENT_HASH, "UNSIGNED-PAYLOAD")
        # The bytes of the wire; what is not UTF-8 survives the way to the hash and back.
        headers = [
            (name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in request.headers.raw
        ]
        names = signed_header_names(headers) if self._signed_headers is None else self._signed_headers
        target = request.extensions.get("target", request.url.raw_path)
        canonical = canonical_request(request.method, target, headers, names, request.content)
        signature = sign(self._sk, string_to_sign(canonical, date))
        listed = ";".join(sorted(name.lower() for name in names))
        set_header(
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
