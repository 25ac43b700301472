"""AK/SK verification (4.2): SDK-HMAC-SHA256, from the algorithm, without any code of the client side."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.records import User

__all__ = ["Signed", "verify"]

_SKEW = 15 * 60.0
_ALGORITHM = "SDK-HMAC-SHA256"
_HEADER = re.compile(_ALGORITHM + r" Access=([^,\s]+), ?SignedHeaders=([^,\s]*), ?Signature=([0-9a-f]{64})")
_DIGEST = "x-sdk-content-sha256"
#: Stands for the digest where a client signs a body that is neither JSON nor BSON.
_UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True)
class Signed:
    """What of a request is signed."""

    method: str
    #: As they are on the wire.
    target: bytes
    #: Names in lower case; values are the bytes of the wire, which need not be text.
    headers: Mapping[str, bytes]
    body: bytes


def verify(state: State, request: Signed) -> User | None:
    """Return the user who signed the request, None when the signature is not good."""
    headers, deviates = request.headers, state.deviates
    found = _HEADER.fullmatch(_text(headers, "authorization").strip())
    if found is None:
        return None
    access, listed, given = found.groups()
    user, key, token = _owner(state, access)
    if user is None or deviates("signature-unchecked"):
        return user
    if _text(headers, "x-security-token") != token:
        return None
    names = listed.split(";")
    if not {"host", "x-sdk-date"} <= set(names) or any(name not in headers for name in names):
        return None
    date = _text(headers, "x-sdk-date")
    if not deviates("signature-date-unchecked") and not _recent(state, date):
        return None
    if deviates("signature-body-unchecked"):
        return user
    digest = _digest(request, names)
    if digest is None:
        return None
    path, _, query = request.target.partition(b"?")
    # HTTP knows two blanks around a value; what else Unicode takes for one is part of it.
    lines = b"".join(name.encode() + b":" + headers[name].strip(b" \t") + b"\n" for name in names)
    first, last = f"{request.method.upper()}\n{_path(path)}\n{_query(query)}\n", f"\n{listed}\n{digest}"
    canonical = hashlib.sha256(first.encode() + lines + last.encode()).hexdigest()
    right = hmac.new(key.encode(), f"{_ALGORITHM}\n{date}\n{canonical}".encode(), hashlib.sha256).hexdigest()
    return user if hmac.compare_digest(right, given) else None


def _owner(state: State, access: str) -> tuple[User | None, str, str]:
    """Return whose AK it is, its SK, and the security token that has to come with it: none but with a temporary one."""
    user_id, key, token, ends = state.keys.get(access, ("", "", "", 0.0))
    if user_id and ends > state.clock.now():
        return state.users[user_id], key, token
    user = next((one for one in state.users.values() if one.ak == access), None)
    return user, user.sk if user is not None else "", ""


def _text(headers: Mapping[str, bytes], name: str, otherwise: str = "") -> str:
    return headers[name].decode("utf-8", "replace") if name in headers else otherwise


def _digest(request: Signed, names: Sequence[str]) -> str | None:
    """Return the digest of the body that was signed, None where it cannot be that of this body.

    A client may send the digest in a header. It counts only when it is signed, and then it must be the
    body's own:
    otherwise the header would let through any body.
    """
    own = hashlib.sha256(request.body).hexdigest()
    sent = _text(request.headers, _DIGEST)
    if _DIGEST not in request.headers or not request.body:
        return own
    media_type = _text(request.headers, "content-type", "application/json")
    unsigned = sent == _UNSIGNED and not media_type.startswith(("application/json", "application/bson"))
    return sent if _DIGEST in names and (unsigned or hmac.compare_digest(sent.encode(), own.encode())) else None


def _recent(state: State, date: str) -> bool:
    try:
        sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(sent - state.clock.wall()) <= _SKEW


def _path(raw: bytes) -> str:
    encoded = quote(unquote(raw.decode("utf-8", "replace")), safe="/~")
    return encoded if encoded.endswith("/") else encoded + "/"


def _query(raw: bytes) -> str:
    pairs = sorted(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
