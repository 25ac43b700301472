"""Chapter 6: how the pool makes, starts, stops and deletes servers where only the native APIs may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.api import Template
from pytest_ecs._types import JSON

__all__ = ["NativeApi"]

_SERVERS = "/v2.1/{project_id}/servers"


@dataclass(frozen=True)
class NativeApi:
    """Native requests; there are no jobs, so what they start is seen in the server's status alone (6.2.6)."""

    client: Client
    template: Template
    #: There is no request for several; each of them gets its own, and they are waited for together.
    most: int = 100

    def create(self, name: str, count: int) -> Exchange:
        """Ask for *count* servers (6.2.1)."""
        return self.client.post(_SERVERS, dict(self.template(name, count)))

    def start(self, server: str) -> Exchange:
        """Ask to start a server (6.3.1)."""
        return self._act(server, {"os-start": {}})

    def stop(self, server: str) -> Exchange:
        """Ask to stop a server (6.3.3)."""
        return self._act(server, {"os-stop": {}})

    def _act(self, server: str, body: JSON) -> Exchange:
        return self.client.post(f"{_SERVERS}/{segment(server)}/action", body)

    def delete(self, servers: Sequence[str]) -> Exchange:
        """Ask to delete *servers*, one after the other (6.2.3); return the last exchange."""
        exchanges = [self.client.delete(f"{_SERVERS}/{segment(server)}") for server in servers]
        return exchanges[-1]

    def wait(self, exchange: Exchange, *, timeout: float | None = None) -> None:
        """Wait for nothing: there is no job."""
