"""How the pool makes, starts, stops and deletes servers: the seam between it and the chapters of the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.creation import job_of
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs._types import JSON, Clock

__all__ = ["EcsApi", "ServerApi", "Template"]

#: Makes the body of a plain create request of a name and a number of servers; raises `PrerequisiteMissing`.
Template = Callable[[str, int], Mapping[str, JSON]]


class ServerApi(Protocol):
    """What a family of APIs can do to servers. Each method sends one request and waits for nothing, except `wait`."""

    def create(self, name: str, count: int) -> Exchange:
        """Ask for *count* servers; raises `PrerequisiteMissing` without what they are made from, and as the guard does."""
        ...

    def start(self, server: str) -> Exchange:
        """Ask to start a server that is SHUTOFF."""
        ...

    def stop(self, server: str) -> Exchange:
        """Ask to stop a server that is ACTIVE."""
        ...

    def delete(self, servers: Sequence[str]) -> Exchange:
        """Ask to delete *servers*, at most `most` of them, with their disks and addresses."""
        ...

    @property
    def most(self) -> int:
        """How many servers one request deletes."""
        ...

    def wait(self, exchange: Exchange, *, timeout: float | None = None) -> None:
        """Wait until what an accepted request started is over, as far as this family has something to wait for.

        The server's own status is waited for by whoever needs it. *timeout* is in seconds of the target's clock and falls
        back to ``--ecs-job-timeout``. Raises `JobFailed`, `JobTimeout` or `StepFailed`.
        """
        ...


@dataclass(frozen=True)
class EcsApi:
    """Chapter 5: every change is a job."""

    client: Client
    clock: Clock
    template: Template
    job_timeout: float
    #: 5.1.2.
    most: int = 1000

    def create(self, name: str, count: int) -> Exchange:
        """Ask for *count* servers (5.1.1)."""
        return self.client.post("/v1/{project_id}/cloudservers", dict(self.template(name, count)))

    def start(self, server: str) -> Exchange:
        """Ask to start a server (5.3.1)."""
        return self._act("os-start", {"servers": [{"id": server}]})

    def stop(self, server: str) -> Exchange:
        """Ask to stop a server (5.3.3)."""
        return self._act("os-stop", {"servers": [{"id": server}]})

    def _act(self, action: str, body: JSON) -> Exchange:
        return self.client.post("/v1/{project_id}/cloudservers/action", {action: body})

    def delete(self, servers: Sequence[str]) -> Exchange:
        """Ask to delete *servers* with their disks and addresses (5.1.2)."""
        body = {"servers": [{"id": server} for server in servers], "delete_publicip": True, "delete_volume": True}
        return self.client.post("/v1/{project_id}/cloudservers/delete", body)

    def wait(self, exchange: Exchange, *, timeout: float | None = None) -> None:
        """Wait until the job of an accepted request is over (5.8.1)."""
        if (job := job_of(exchange)) is not None:
            wait_for_job(
                lambda: self.client.get(f"/v1/{{project_id}}/jobs/{segment(job)}"),
                self.clock,
                job_id=job,
                timeout=timeout or self.job_timeout,
                durations=self.client.connection.durations,
            )
