"""Which requests a profile may send: what lies outside is refused before it leaves, and says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_ecs._http.connection import Guard
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON, Identity
from pytest_ecs.exceptions import OutsideProfile, PrerequisiteMissing

if TYPE_CHECKING:
    from pytest_ecs._contract.model import Operation

__all__ = ["Reach", "chapters_of"]

#: Chapters whose APIs each profile may use.
_CHAPTERS: Mapping[str, frozenset[int]] = {"core": frozenset({5}), "native": frozenset({6})}
_ALL = frozenset({5, 6, 11})
_NUMBERS = {"ecs": 5, "nova": 6}
#: Finds the operation that a request addresses, as `Contract.match` does.
Match = Callable[[str, str, JSON], "tuple[Operation, Mapping[str, str]] | None"]


def chapters_of(profile: str) -> frozenset[int]:
    """Return the chapters whose APIs *profile* may use, the queries of servers apart."""
    return _CHAPTERS.get(profile, _ALL)


@dataclass
class Reach:
    """A `Guard` that lets through what the profile may use and what the endpoint offers, and asks the next one then."""

    guard: Guard
    profile: str
    match: Match
    #: Chapters that the endpoint showed that it does not have.
    missing: frozenset[int] = frozenset()
    #: Nothing is refused while what was made is deleted.
    closed: bool = True

    def before(self, method: str, path: str, body: JSON, identity: Identity) -> object | None:
        """See `Guard`; raises `PrerequisiteMissing` for a request that is outside."""
        if self.closed:
            self.need(method, path, body)
        if not self.closed and method == "DELETE":
            return None  # the clean-up has written down what hangs on a resource, and its threads have no ledger
        return self.guard.before(method, path, body, identity)

    def after(self, key: Any, exchange: Exchange) -> None:
        """See `Guard`."""
        self.guard.after(key, exchange)

    def need(self, method: str, path: str, body: JSON = None) -> None:
        """Raise `PrerequisiteMissing` for a request that is outside, before anything is made for it."""
        reason = self.outside(method, path, body)
        if reason is None:
            return
        found = self._found(method, path, body)
        # Without what the URL names: reasons are grouped, and ids say nothing.
        what = f"{found.id} ({found.section})" if found is not None else f"{method} of no documented URL"
        error = PrerequisiteMissing if self._has(*self._belongs(method, path, body)) else OutsideProfile
        raise error(f"{what} is not sent", seen=reason, hint="")

    def outside(self, method: str, path: str, body: JSON = None) -> str | None:
        """Say why a request is not sent, or return None."""
        if chapters_of(self.profile) == _ALL and 5 not in self.missing:
            return None
        chapter, operation = self._belongs(method, path, body)
        if not self._has(chapter, operation):
            return f"it belongs to chapter {chapter}, which is not in the profile {self.profile}"
        return "the endpoint does not offer the APIs of chapter 5" if chapter == 5 and 5 in self.missing else None

    def _has(self, chapter: int | None, operation: Operation | None) -> bool:
        """Whether the profile has an operation of that chapter."""
        listed = operation is not None and self.profile in operation.profiles
        return chapter is None or chapter in chapters_of(self.profile) or listed

    def _belongs(self, method: str, path: str, body: JSON) -> tuple[int | None, Operation | None]:
        """Return the chapter and the operation of a request.

        None stands for IAM and for chapter 11: that is what disks, groups and addresses for tests are made from where
        the endpoint has it, and each profile may use it, but for /v1 where that is out of reach or not there.
        """
        found = self._found(method, path, body)
        if path.startswith("/v1/") and 5 not in chapters_of(self.profile) - self.missing:
            return 5, None
        if found is None:
            return (5 if path.startswith("/v1/") else 6 if path.startswith(("/v2.1/", "/v2/")) else None), None
        return _NUMBERS.get(found.chapter), found

    def _found(self, method: str, path: str, body: JSON) -> Operation | None:
        found = next((one for m in (method, *_METHODS) if (one := self.match(m, path, body)) is not None), None)
        return found[0] if found is not None else None


#: A wrong method is sent to the URL of an operation that has another one.
_METHODS = ("GET", "POST", "PUT", "DELETE")
