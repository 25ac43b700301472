"""Deletes servers: as many as possible with one request, the rest one by one, all of them within one stated time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_ecs._http.client import Client
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import seen
from pytest_ecs._resources.records import Server
from pytest_ecs._resources.resource_types import is_own
from pytest_ecs._resources.settling import bears
from pytest_ecs._resources.working import at_once
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import EcsError

__all__ = ["SKEW", "Deletion", "moment"]

#: Seconds that servers get to disappear, all of them together: after the batch request, and after those one by one.
_WAIT = 300.0
#: The same when not one request was accepted.
_REFUSED = 30.0
_PAUSE = 5.0
#: How often servers are asked for together.
_TRIES = 3
#: How many servers in a row may be refused for the same cause before no other one is asked for.
_SAME = 5
#: Seconds by which two clocks may differ.
SKEW = 300.0


@dataclass(frozen=True)
class Deletion:
    """Deletes the servers of one run and identity."""

    ledger: Ledger
    client: Client
    api: ServerApi
    clock: Clock
    threads: int = 1

    def delete(self, servers: Sequence[Server]) -> tuple[list[str], list[str]]:
        """Delete *servers*; return the ids of those that are gone, and a sentence for each cause why others are not."""
        problems: list[str] = []
        there, done = self._there(servers)
        agreed = []
        for server, shown in there:
            if self._agrees(server, shown):
                agreed.append(server.id)
            else:
                problems.append(
                    f"server {server.id} ({shown.get('name')!r}, created {shown.get('created')}) is older than the run "
                    "that is said to have made it, and has none of its names; it was left alone, delete it by hand if it is yours"
                )
        for start in range(0, len(agreed), self.api.most):
            self._together(agreed[start : start + self.api.most])
        left = self._left(agreed)
        causes = self._one_by_one(left)
        return [*done, *(one for one in agreed if one not in causes)], [*problems, *_told(causes)]

    def _together(self, ids: Sequence[str]) -> None:
        """Delete with one request, sent again when its answer was lost: it alone takes disks and addresses along.

        What is left is deleted one by one afterwards, and its cause told there.
        """
        for _ in range(_TRIES):
            deleted = None
            with suppress(EcsError):
                deleted = self.api.delete(ids)
            if deleted is not None and deleted.failure is None:
                with suppress(EcsError):
                    self.api.wait(deleted, timeout=_WAIT)
                return
            self.clock.sleep(_PAUSE)

    def _there(self, servers: Sequence[Server]) -> tuple[list[tuple[Server, Mapping[str, JSON]]], list[str]]:
        """Return the servers that are there with what is shown of them, and the ids of those that are gone."""
        shown = at_once(lambda server: seen(self.client, server.id), servers, self.threads)
        gone = [server.id for server, body in zip(servers, shown, strict=True) if body is None]
        for server in gone:
            self.ledger.gone(server)
        return [(server, body) for server, body in zip(servers, shown, strict=True) if body is not None], gone

    def _left(self, ids: Sequence[str]) -> list[str]:
        """Return which of *ids* are still there, and write down that the others are gone."""
        shown = at_once(lambda server: seen(self.client, server), ids, self.threads)
        left = [server for server, body in zip(ids, shown, strict=True) if body is not None]
        for server in set(ids) - set(left):
            self.ledger.gone(server)
        return left

    def _agrees(self, server: Server, shown: Mapping[str, JSON]) -> bool:
        """Whether name or age of a server say what the ledger says: that its run made it."""
        name, began = shown.get("name"), self.ledger.began(server.run)
        if is_own(str(name), server.run) or (server.name and bears(name, server.name)) or began is None:
            return True
        created = moment(shown.get("created"))
        return created is None or created >= began - SKEW

    def _one_by_one(self, ids: Sequence[str]) -> dict[str, str]:
        """Delete servers the native way (6.2.3), which a lock (6.3.4) or an endpoint without batch deletion left over.

        Return why those are still there that are.
        """
        causes: dict[str, str] = {}
        accepted = False
        for start in range(0, len(ids), _SAME):
            some = ids[start : start + _SAME]
            if start and not accepted and len(set(causes.values())) == 1:
                causes.update(dict.fromkeys(ids[start:], next(iter(causes.values()))))
                break
            answers = at_once(self._ask, some, self.threads)
            causes.update(zip(some, answers, strict=True))
            accepted = accepted or "" in answers
        began, left = self.clock.now(), list(ids)
        while left := self._left(left):
            if self.clock.now() - began >= (_WAIT if accepted else _REFUSED):
                break
            self.clock.sleep(_PAUSE)
            again = [server for server in left if causes[server]][:_SAME]
            for server, cause in zip(again, at_once(self._ask, again, self.threads), strict=True):
                causes[server] = cause
                accepted = accepted or not cause
        return {server: causes[server] or f"its deletion was accepted {_WAIT:g} s ago" for server in left}

    def _ask(self, server: str) -> str:
        """Unlock a server and ask to delete it; return why it is not done, nothing when it was accepted."""
        try:
            self.client.post(f"/v2.1/{{project_id}}/servers/{segment(server)}/action", {"unlock": None})
            deleted = self.client.delete(f"/v2.1/{{project_id}}/servers/{segment(server)}")
        except EcsError as error:
            return str(error).replace(server, "ID")
        return "" if deleted.accepted or deleted.status == 404 else deleted.answer[:200].replace(server, "ID")


def _told(causes: Mapping[str, str]) -> list[str]:
    """Say each cause once, with the servers that it keeps."""
    kept: dict[str, list[str]] = {}
    for server, cause in causes.items():
        kept.setdefault(cause, []).append(server)
    return [
        f"server {', '.join(servers)} is still there ({cause}); delete it by hand or run pytest-ecs sweep again"
        if len(servers) == 1
        else f"{len(servers)} servers are still there ({cause}): {', '.join(servers)}; "
        "delete them by hand or run pytest-ecs sweep again"
        for cause, servers in kept.items()
    ]


def moment(value: object) -> float | None:
    """Return a point in time (6.2.6) in seconds since the epoch, None for what is none."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
