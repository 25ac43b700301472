"""What discarded operations belong to, which shows whether an endpoint has them at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pytest_ecs._cases.recipe import Request
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._testing.driver import Driver

__all__ = ["Collections"]


@dataclass
class Collections:
    """Queries each collection once."""

    driver: Driver
    _answers: dict[str, Exchange] = field(default_factory=dict)

    def query(self, operation: Operation, request: Request) -> Exchange:
        """Return a query of what a discarded operation belongs to: its URL as far as it names no single thing.

        An action belongs to its server.
        """
        path = operation.path.removesuffix("/action") if operation.selects else operation.path
        if "{server_id}" in path:  # there is a server, so it is what the URL says of the server that is or is not there
            path = path.replace("{server_id}", str(request.parameters["server_id"]))
        else:
            path = re.sub(r"(?<=\{project_id\})(/[^/{]+).*", r"\1", path)
        if path not in self._answers or self._answers[path].failure is not None:
            self._answers[path] = self.driver.client.get(path)
        return self._answers[path]
