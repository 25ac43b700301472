"""Secrets of a run, and how they are taken out of what is recorded or shown: here, and nowhere else."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_ecs._http.limits import DEPTH
from pytest_ecs._types import JSON

__all__ = ["KNOWN", "REDACTED", "SECRET_HEADERS", "Secrets", "redact"]

REDACTED = "[redacted]"
#: Stands for a password that is shown and that a request or an answer of this run set for a server.
KNOWN = "[redacted: the password that the server was given]"
#: Stands for what is nested too deep to be recorded.
DEEPER = "[nested too deep]"

#: Header names, in lower case, whose value is a secret (4.1, 4.2).
SECRET_HEADERS = frozenset(
    {"x-auth-token", "x-subject-token", "authorization", "x-security-token", "cookie", "set-cookie"}
)
#: Body fields whose value is a secret wherever they stand.
_SECRET_FIELDS = frozenset(
    {
        "adminpass",
        "admin_pass",
        "password",
        "user_data",
        "os-ext-srv-attr:user_data",
        "private_key",
        "secret",
        "securitykey",
        "securitytoken",
        "access_key",
        "secret_key",
        "sk",
        "token_value",
    }
)
#: Those that set the password of a server (5.1.1, 6.2.1), and the one that shows it in ciphertext (6.11.5).
_GIVEN, _SHOWN, _PRIVATE_HALF = frozenset({"adminpass", "admin_pass"}), "password", "private_key"
#: The same as they stand in JSON, which is quick to look for.
_SECRET_NAMES = tuple(f'"{name}"' for name in _SECRET_FIELDS)
#: One of them with a value, in JSON without escapes; null and "" stay what they are.
_SET_FIELD = re.compile(rf'"(?:{"|".join(map(re.escape, _SECRET_FIELDS))})"\s*:\s*(?!null|"")', re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class Secrets:
    """The secret values of this run; they are replaced wherever they show up, in any field or text."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        #: Passwords that servers were given.
        self.given: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._shortest = sys.maxsize
        for value in values:
            self.add(value)

    def add(self, value: str | None) -> None:
        """Remember *value*; very short ones are ignored, since replacing them would garble everything."""
        if value and len(value) >= 6 and value not in self._values:
            self._values.add(value)
            self._shortest = min(self._shortest, len(value))
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(v) for v in longest_first))

    def scrub(self, text: str) -> str:
        """Return *text* without any known secret or private key, and with nothing that UTF-8 could not hold."""
        text = _whole(text)
        if self._pattern is not None and len(text) >= self._shortest:
            text = self._pattern.sub(REDACTED, text)
        return _PRIVATE_KEY.sub(REDACTED, text) if "PRIVATE KEY" in text else text

    def in_any(self, texts: Iterable[str]) -> bool:
        """Whether `scrub` may change one of *texts*."""
        text = "\n".join(texts)
        if not text.isascii() or "PRIVATE KEY" in text:
            return True
        for value in self._values:  # noqa: SIM110 - a generator takes twice as long, and this is asked three times for an exchange
            if value in text:
                return True
        return False

    def hidden_in(self, text: str) -> bool:
        """Whether a known secret may stand anywhere in *text*, which is JSON; where it says no, there is none."""
        return "\\" in text or self.in_any([text])  # an escape could hide a name or a value

    def named_in(self, text: str) -> bool:
        """Whether *text*, where nothing is hidden, may have fields that are secret, or may be nested too deep."""
        if text.count("{") + text.count("[") > DEPTH:
            return True
        lower = text.lower()
        return any(name in lower for name in _SECRET_NAMES) and _SET_FIELD.search(text) is not None


def redact(value: JSON, secrets: Secrets, depth: int = DEPTH, *, scrub: Callable[[str], str] | None = None) -> JSON:
    """Return a copy of a JSON *value* with secret fields and known secret texts replaced.

    Types survive: a redacted string is still a string, null and "" stay what they are, so that a
    recorded exchange can be judged against its schema. What is nested deeper than *depth* is replaced by a text.
    Of a private key its public half is named, and of a password that is shown whether a server was given it.
    *scrub* is what texts go through, by default `Secrets.scrub`.
    """
    return _redacted(value, secrets, depth, scrub or secrets.scrub)


#: Classes of values that are what they are, and of those that hold others, the usual ones first.
_BARE = frozenset({type(None), bool, int, float})
_NESTED = (dict, list, Mapping)


def _redacted(value: JSON, secrets: Secrets, depth: int, scrub: Callable[[str], str]) -> JSON:
    if isinstance(value, str):
        return scrub(value)
    if type(value) in _BARE or not isinstance(value, _NESTED):
        return value
    if depth <= 0:
        return DEEPER
    if isinstance(value, list):
        return [_redacted(item, secrets, depth - 1, scrub) for item in value]
    return {
        scrub(name := str(key)): _masked(name.lower(), item, secrets, depth - 1)
        if name.lower() in _SECRET_FIELDS and not _is_login_block(name, item)
        else _redacted(item, secrets, depth - 1, scrub)
        for key, item in value.items()
    }


def _masked(key: str, item: JSON, secrets: Secrets, depth: int) -> JSON:
    """Return what stands for the secret *item* of the field *key*."""
    if isinstance(item, str) and item:
        if key in _GIVEN:
            secrets.given.add(item)
        elif key == _SHOWN and item in secrets.given:
            return KNOWN
        elif key == _PRIVATE_HALF and (public := _public_half(item)):
            return f"[redacted: the private key of {public}]"
    return _mask(item, depth)


def _public_half(private: str) -> str | None:
    """Return the OpenSSH public key that belongs to a private key in PEM or OpenSSH form, None for any other text."""
    from cryptography.hazmat.primitives import serialization

    text = private.encode("utf-8", "replace")
    try:
        if b"OPENSSH" in text:
            public: Any = serialization.load_ssh_private_key(text, password=None).public_key()
        else:  # whether its numbers are sound is nothing that is asked here, and it takes long to find out
            key = serialization.load_pem_private_key(text, password=None, unsafe_skip_rsa_key_validation=True)
            public = key.public_key()
        form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        return str(public.public_bytes(*form).decode())
    except Exception:  # noqa: BLE001 - whatever a library makes of a text that is no key, or of a type it does not know
        return None


def _is_login_block(key: str, item: JSON) -> bool:
    # 4.1: auth.identity.password is the object that holds the user; only its inner password is the secret.
    return key == "password" and isinstance(item, Mapping) and "user" in item


def _mask(item: JSON, depth: int) -> JSON:
    if isinstance(item, str):
        return REDACTED if item else item
    if not isinstance(item, _NESTED):
        return item
    if depth <= 0:
        return DEEPER
    if isinstance(item, list):
        return [_mask(value, depth - 1) for value in item]
    return {_whole(str(key)): _mask(value, depth - 1) for key, value in item.items()}


def _whole(text: str) -> str:
    """Write halves of surrogate pairs as escapes: no file could hold them."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
