"""The answers that tests compare others with, each sent once in a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._run.profiles import FRUGAL
from pytest_ecs._run.session import Session
from pytest_ecs._testing.kept import Kept

__all__ = ["Controls", "Key"]

#: Operation, variant, and whether it was only checked.
Key = tuple[str, str, bool]


@dataclass
class Controls:
    """Keeps what was sent."""

    session: Session
    kept: Kept

    def was_seen(self, operation: Operation) -> bool:
        """Whether the profile is content with one success of *operation*, and what another one needed has shown it.

        What a job came to is only judged of the recipe's own request, and that may show more in its answer.
        """
        if self.session.settings.profile not in FRUGAL or operation.job or operation.response_body:
            return False
        return any(
            one.identity == "primary" and one.status in operation.statuses
            for one in self.session.connection.journal.of(operation.id)
            if one.failure is None
        )

    def get(self, key: Key, send: Callable[[], Exchange], servers: bool) -> Exchange:
        """Return what *send* gave the first time, or gives now where the *servers* of it have to be there and are not."""
        return self.kept.get(key, send, servers=servers)
