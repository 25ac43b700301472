"""Creations that are still to come are sent while another one is waited for, so that their servers are made side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources.resource_types import SERVER
from pytest_ecs._run.profiles import FRUGAL
from pytest_ecs._run.session import Session

__all__ = ["Ahead"]


@dataclass
class Ahead:
    """Knows which creations of servers are to come where a profile makes few servers and one process all of them."""

    #: Operations whose own request is going to be sent.
    _coming: list[str]
    _sent: dict[str, Exchange] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, asked: Collection[str]) -> Ahead:
        """Return what is to come where the requirements *asked* are tested by this process alone."""
        settings, operations = session.settings, session.contract.operations
        alone = settings.profile in FRUGAL and settings.worker == "main"
        return cls([name for name, one in operations.items() if alone and _makes(one) and f"{name}/status" in asked])

    def take(self, operation: str) -> Exchange | None:
        """Return the answer to the request of an operation that was sent ahead; it is sent now where there is none."""
        if operation in self._coming:
            self._coming.remove(operation)
        return self._sent.pop(operation, None)

    def send_others(self, operation: Operation, send: Callable[[str], Exchange]) -> None:
        """While the servers of *operation* are made, send what makes others."""
        while _makes(operation) and self._coming:
            other = self._coming.pop()
            self._sent[other] = send(other)


def _makes(operation: Operation) -> bool:
    return operation.creates is not None and operation.creates.resource_type == SERVER
