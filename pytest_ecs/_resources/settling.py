"""From a request that may have made servers to the servers that it made: by its answer, by its job, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import server_ids
from pytest_ecs._resources.creation import job_of, server_of, wanted
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs._resources.kinds import is_own
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import listed, wait_stable
from pytest_ecs._resources.records import Intent
from pytest_ecs._types import Clock
from pytest_ecs.exceptions import JobFailed, PrerequisiteMissing

__all__ = ["Settling"]


@dataclass(frozen=True)
class Settling:
    """Finds what creations made and writes it down, with the eyes of one identity."""

    ledger: Ledger
    client: Client
    clock: Clock
    job_timeout: float

    def settle(self, exchange: Exchange) -> list[str]:
        """Wait for what an accepted create request made and write it down; return the servers' ids.

        Works for both create operations; a check-only request or any other answer makes nothing.
        Raises `JobFailed` or `JobTimeout`.
        """
        job, server = job_of(exchange), server_of(exchange)
        if job is not None:
            return self._of_job(job)
        name, count = wanted(exchange.request_body)
        if server is not None:
            self.note(server)
            return self._namesakes(name) if count > 1 and name else [server]
        reservation = exchange.json_object.get("reservation_id")
        return self._reserved(name, reservation) if isinstance(reservation, str) else []

    def note(self, server: str) -> None:
        """Wait until *server* is in a stable status and write that down."""
        self.ledger.note(server, wait_stable(self.client, self.clock, server, timeout=self.job_timeout))

    def discover(self, intent: Intent) -> list[str]:
        """Find what an intent made whose servers are not known yet, and write it down; return their ids.

        Raises `PrerequisiteMissing` for what may be somebody else's, `JobTimeout` for a job that does not end.
        """
        ids: list[str] = []
        if intent.job is not None:
            try:
                ids = server_ids(self._job(intent.job))
            except JobFailed as failed:
                ids, intent = server_ids(failed.last), replace(intent, accepted=False)  # it may have made nothing
        ids = ids or self.named(intent)
        self.record(intent, ids)
        return ids

    def named(self, intent: Intent) -> list[str]:
        """Return the ids of the servers that a request for a name made: of that very name, or numbered as table 5-3 says.

        Raises `PrerequisiteMissing` when some that nobody wrote down may be somebody else's: the name is not one that
        only this run gives, and the request was not accepted or asked for fewer.
        """
        name = intent.name or ""
        if not name:
            return []
        found = re.fullmatch(r"(.+)-\d{4}", name)
        stem = found[1] if found else name
        exact = re.compile(rf"{re.escape(name)}(-\d{{4}})?|{re.escape(stem)}-\d{{4}}")
        ids = [str(one["id"]) for one in listed(self.client, name=stem) if exact.fullmatch(str(one.get("name")))]
        known = {server.id for server in self.ledger.servers(intent.run)}
        doubtful = [server for server in ids if server not in known]
        if doubtful and not is_own(name, intent.run) and (not intent.accepted or len(ids) > intent.count):
            raise PrerequisiteMissing(
                f"servers of the name {name!r} are there that somebody else may have made",
                seen=", ".join(doubtful),
                hint="delete by hand what is yours",
            )
        return ids

    def record(self, intent: Intent, servers: Iterable[str], status: str | None = None) -> None:
        """Write down that *intent* made *servers* and nothing else."""
        for server in servers:
            self.ledger.add(
                server, run=intent.run, identity=intent.identity, intent=intent.key, name=intent.name, status=status
            )
        self.ledger.settled(intent.key)

    def _job(self, job: str) -> object:
        return wait_for_job(
            lambda: self.client.get(f"/v1/{{project_id}}/jobs/{job}"),
            self.clock,
            job_id=job,
            timeout=self.job_timeout,
        ).response_body

    def _of_job(self, job: str) -> list[str]:
        intents = self.ledger.intents(self.ledger.run, job=job)
        try:
            ids = server_ids(self._job(job))
        except JobFailed as failed:
            for intent in intents:
                self.record(intent, server_ids(failed.last))
            raise
        for intent in intents:
            # A job that does not name its servers is judged elsewhere; what it made must not be lost for that.
            ids = ids or self.named(intent)
            self.record(intent, ids, status="ACTIVE")
        return ids

    def _namesakes(self, name: str) -> list[str]:
        """All servers of a batch whose answer named only one of them."""
        ids: list[str] = []
        for intent in self._open(name):
            ids = self.named(intent)
            self.record(intent, ids)
        for server in ids:
            self.note(server)
        return ids

    def _reserved(self, name: str | None, reservation: str) -> list[str]:
        """What a native batch made: its answer names only the reservation (6.2.1)."""
        ids = [str(one["id"]) for one in listed(self.client, reservation_id=reservation)]
        for intent in self._open(name):
            self.record(intent, ids)
        for server in ids:
            self.note(server)
        return ids

    def _open(self, name: str | None) -> list[Intent]:
        return [one for one in self.ledger.intents(self.ledger.run) if one.job is None and one.name == name]
