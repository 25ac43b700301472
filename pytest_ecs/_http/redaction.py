"""Secrets of a run, and how they are taken out of what is recorded or shown: here, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pytest_ecs._types import JSON

__all__ = ["REDACTED", "SECRET_HEADERS", "Secrets", "redact"]

REDACTED = "[redacted]"

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
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class Secrets:
    """The secret values of this run; they are replaced wherever they show up, in any field or text."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for value in values:
            self.add(value)

    def add(self, value: str | None) -> None:
        """Remember *value*; very short ones are ignored, since replacing them would garble everything."""
        if value and len(value) >= 6 and value not in self._values:
            self._values.add(value)
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(re.escape(v) for v in longest_first))

    def scrub(self, text: str) -> str:
        """Return *text* without any known secret or private key."""
        if self._pattern is not None:
            text = self._pattern.sub(REDACTED, text)
        return _PRIVATE_KEY.sub(REDACTED, text) if "PRIVATE KEY" in text else text


def redact(value: JSON, secrets: Secrets) -> JSON:
    """Return a copy of a JSON *value* with secret fields and known secret texts replaced.

    Types survive: a redacted string is still a string, null and "" stay what they are, so that a
    recorded exchange can be judged against its schema.
    """
    if isinstance(value, str):
        return secrets.scrub(value)
    if isinstance(value, Mapping):
        return {
            secrets.scrub(str(key)): _mask(item)
            if str(key).lower() in _SECRET_FIELDS and not _is_login_block(str(key), item)
            else redact(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item, secrets) for item in value]
    return value


def _is_login_block(key: str, item: JSON) -> bool:
    # 4.1: auth.identity.password is the object that holds the user; only its inner password is the secret.
    return key == "password" and isinstance(item, Mapping) and "user" in item


def _mask(item: JSON) -> JSON:
    if isinstance(item, str):
        return REDACTED if item else item
    if isinstance(item, Mapping):
        return {key: _mask(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_mask(value) for value in item]
    return item
