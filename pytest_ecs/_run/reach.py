"""Which requests a profile may send: what lies outside is refused before it leaves, and says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_ecs._http.connection import Guard
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["Reach", "chapters_of"]

#: Chapters whose APIs each profile may use.
_CHAPTERS: Mapping[str, frozenset[int]] = {"core": frozenset({5}), "native": frozenset({6})}
_ALL = frozenset({5, 6, 11})
#: 6.2.4 to 6.2.6, which chapter 5 has nothing for.
_QUERIES = re.compile(r"^/v2\.1/[^/]+/servers(?:/[^/]+)?$")


def chapters_of(profile: str) -> frozenset[int]:
    """Return the chapters whose APIs *profile* may use, the queries of servers apart."""
    return _CHAPTERS.get(profile, _ALL)


@dataclass
class Reach:
    """A `Guard` that lets through what the profile may use and what the endpoint offers, and asks the next one then."""

    guard: Guard
    profile: str
    #: Chapters that the endpoint showed that it does not have.
    missing: frozenset[int] = frozenset()
    #: Nothing is refused while what was made is deleted.
    closed: bool = True

    def before(self, method: str, path: str, body: JSON, identity: Identity) -> object | None:
        """See `Guard`; raises `PrerequisiteMissing` for a request that is outside."""
        if self.closed and (reason := self.outside(method, path)) is not None:
            raise PrerequisiteMissing(f"{method} {path} is not sent", seen=reason, hint="")
        return self.guard.before(method, path, body, identity)

    def after(self, key: Any, exchange: Exchange) -> None:
        """See `Guard`."""
        self.guard.after(key, exchange)

    def outside(self, method: str, path: str) -> str | None:
        """Say why a request is not sent, or return None."""
        chapter = _chapter(path)
        if chapter == 5 and 5 in self.missing:
            return "the endpoint does not offer the APIs of chapter 5"
        if chapter is None or chapter in chapters_of(self.profile):
            return None
        if self.profile == "core" and method == "GET" and _QUERIES.match(path):
            return None
        return f"it belongs to chapter {chapter}, which is not in the profile {self.profile}"


def _chapter(path: str) -> int | None:
    """Return the chapter that a path belongs to by its version; None for IAM and what is in no chapter."""
    if path.startswith("/v1/"):
        return 5
    return 6 if path.startswith(("/v2.1/", "/v2/", "/v1.0/")) else None
