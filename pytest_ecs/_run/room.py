"""What takes up room in the project that no deletion frees: creations are refused for it, and are not to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ecs._checks import Assertion, Finding, evaluate
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.client import Client
from pytest_ecs._http.connection import Connection
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import Identity
from pytest_ecs.exceptions import EcsError

__all__ = ["Room"]

#: Seconds that a resource is given to disappear in, and rules that say that it does.
_PATIENCE, _RULES = 10.0, ("deletes", "gone")
#: Status of what is on its way out.
_LEAVING = frozenset({"deleting", "deleted", "error_deleting"})


@dataclass
class Room:
    """What the run cannot give back, by the type of resource."""

    contract: Contract
    connection: Connection
    clients: Mapping[Identity, Client]
    #: Accepted creations whose answer does not say what was made, by type of resource.
    nameless: Mapping[str, str]
    #: Takes the finding that a deletion does not delete.
    find: Callable[[Finding], None]
    #: The first accepted deletion by each operation, until the resource was seen to be gone.
    _deletions: dict[str, Exchange | None] = field(default_factory=dict)

    def taken(self, operation: Operation) -> str | None:
        """Return the id of an accepted request that left a resource of the type that *operation* creates where it is.

        It is a creation that does not say what it made, or a deletion that does not delete; also by the API of
        another chapter, whose URL ends the same. None where there is neither.
        """
        makers = list(self._makers(operation))
        nameless = (
            self.nameless[one.creates.resource_type]
            for one in makers
            if one.creates and one.creates.resource_type in self.nameless
        )
        return next(nameless, None) or next((kept for one in makers if (kept := self._kept(one))), None)

    def _makers(self, operation: Operation) -> Iterator[Operation]:
        end = operation.path.rpartition("/")[2]
        for other in self.contract.operations.values() if operation.creates is not None else ():
            if other.creates is not None and other.path.rpartition("/")[2] == end:
                yield other

    def _kept(self, maker: Operation) -> str | None:
        deletion = self.contract.operations[maker.creates.deleted] if maker.creates is not None else maker
        asked = self._first(deletion) if deletion.method == "DELETE" else None
        client = self.clients.get(asked.identity) if asked is not None else None  # type: ignore[call-overload]
        if asked is None or client is None:
            return None
        try:
            shown: Exchange = client.get(asked.path, microversion=asked.microversion)
        except EcsError:
            return None
        if not shown.accepted or _is_leaving(shown):
            self._deletions[deletion.id] = None
            return None
        if self.connection.target.clock.now() - asked.started >= _PATIENCE:
            assertion = Assertion(shown.id, ("status",), "at_least", 400)
            for rule in (f"{deletion.id}/rule/{name}" for name in _RULES):
                if rule in self.contract.requirements:
                    self.find(evaluate(rule, assertion, shown))
        return asked.id

    def _first(self, deletion: Operation) -> Exchange | None:
        if deletion.id not in self._deletions:
            end = deletion.path.split("/")[-2]
            sent = self.connection.journal.on(lambda path: path.split("/")[-2:-1] == [end])
            found = next((one for one in sent if one.operation == deletion.id and one.accepted), None)
            if found is None:
                return None
            self._deletions[deletion.id] = found
        return self._deletions[deletion.id]


def _is_leaving(shown: Exchange) -> bool:
    """Whether a resource says itself that it is deleted, or about to be."""
    inner = next(iter(shown.json_object.values()), None)
    if not isinstance(inner, Mapping):
        return False
    return inner.get("deleted") is True or str(inner.get("status")).lower() in _LEAVING
