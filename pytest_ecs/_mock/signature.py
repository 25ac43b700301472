"""AK/SK verification (4.2): SDK-HMAC-SHA256, from the algorithm, without any code of the client side."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, unquote

from pytest_ecs._mock.state import State, User

__all__ = ["MAX_BODY", "verify"]

#: 4.2: signed requests have bodies of at most 12 MB.
MAX_BODY = 12 * 1024 * 1024
_SKEW = 15 * 60.0
_HEADER = re.compile(r"SDK-HMAC-SHA256 Access=([^,]+), ?SignedHeaders=([^,]*), ?Signature=([0-9a-f]{64})")


def verify(
    state: State,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Mapping[str, str],
    body: bytes,
    off: Callable[[str], bool],
) -> User | None:
    """Return the user who signed the request, None when the signature is not good. Names of *headers* in lower case."""
    found = _HEADER.fullmatch(headers.get("authorization", "").strip())
    if found is None:
        return None
    access, listed, given = found.groups()
    user = next((u for u in state.users.values() if u.ak == access), None)
    names = [name for name in listed.split(";") if name]
    date = headers.get("x-sdk-date", "")
    if user is None:
        return None
    if off("signature-unchecked"):
        return user
    if (
        not {"host", "x-sdk-date"} <= set(names)
        or len(body) > MAX_BODY
        or (not off("signature-date-unchecked") and not _recent(state, date))
    ):
        return None
    digest = headers.get("x-sdk-content-sha256") or hashlib.sha256(body).hexdigest()
    if off("signature-body-unchecked"):
        return user
    canonical = "\n".join(
        [
            method.upper(),
            _path(raw_path),
            _query(raw_query),
            "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names),
            listed,
            digest,
        ]
    )
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    right = hmac.new(user.sk.encode(), text.encode(), hashlib.sha256).hexdigest()
    return user if hmac.compare_digest(right, given) else None


def _recent(state: State, date: str) -> bool:
    try:
        sent = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    return abs(sent - state.clock.wall()) <= _SKEW


def _path(raw: str) -> str:
    path = "/".join(quote(unquote(part, errors="replace"), safe="~") for part in raw.split("/"))
    return path if path.endswith("/") else path + "/"


def _query(raw: str) -> str:
    pairs = sorted(parse_qsl(raw, keep_blank_values=True, errors="replace"))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
