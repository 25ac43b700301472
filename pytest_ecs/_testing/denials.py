"""Whether the restricted user is denied anything: else it is not one that lacks an action."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Chapter
from pytest_ecs._http.client import Client
from pytest_ecs.exceptions import PrerequisiteMissing

__all__ = ["Denials"]

#: Status of what a user may not do (10.1).
_DENIED = 403


@dataclass
class Denials:
    """Asks once for each chapter."""

    _denied: dict[Chapter, bool] = field(default_factory=dict)

    def need(self, contract: Contract, restricted: Client, chapter: Chapter) -> None:
        """Raise `PrerequisiteMissing` when no list of a chapter whose query needs an action is denied to the restricted user.

        Nobody but the cloud knows what the user may do: when it is everything, the wrong credentials were given.
        """
        if chapter not in self._denied:
            self._denied[chapter] = any(
                restricted.get(operation.path).status == _DENIED
                for operation in contract.operations.values()
                if (operation.chapter, operation.method) == (chapter, "GET")
                if operation.permission and operation.path.count("{") == 1
            )
        if not self._denied[chapter]:
            raise PrerequisiteMissing(
                "The restricted user is denied nothing, so it is not one that lacks an action",
                seen=f"every list of chapter {chapter!r} that needs an action is answered",
                hint="give --ecs-restricted-cloud a user of the project without any action of chapter 9",
            )
