"""From a request that may have made servers to the servers that it made: by its answer, by its job, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.job import server_ids
from pytest_ecs._http.paths import segment
from pytest_ecs._resources.creation import job_of, server_of, wanted
from pytest_ecs._resources.jobs import wait_for_job
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import listed, wait_stable
from pytest_ecs._resources.records import Intent
from pytest_ecs._resources.resource_types import is_own
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import JobError, JobFailed, PrerequisiteMissing, StepFailed

__all__ = ["LATE", "Settling", "bears"]

#: Seconds after an unanswered creation in which its servers may still appear.
LATE = 30.0


def bears(shown: JSON, asked: str) -> bool:
    """Whether a server of the name *shown* may come from a request for *asked*.

    Either that very name, or with a number: table 5-3 appends four digits, other services as many as they like. A number
    that the name ends in is where counting starts, or part of the name (ruling name-suffix-start).
    """
    found = re.fullmatch(r"(.+)-\d{4}", asked)
    stem = found[1] if found else asked
    return bool(re.fullmatch(rf"{re.escape(asked)}(-\d+)?|{re.escape(stem)}-\d{{4}}", str(shown)))


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
        Raises `JobFailed`, `JobTimeout` or `StepFailed`; what was found by then is written down.
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

    def discover(self, intent: Intent, *, timeout: float | None = None) -> list[str]:
        """Find what an intent made whose servers are not known yet, and write it down; return their ids.

        It stays open when fewer are found than it asked for, unless its job failed: more may appear. A job that does not
        end within *timeout* seconds is no reason not to look.
        Raises `PrerequisiteMissing` for what may be somebody else's or cannot be listed.
        """
        ids: list[str] = []
        failed = False
        if intent.job is not None:
            try:
                ids = server_ids(self._job(intent.job, timeout))
            except JobError as error:
                ids, failed = server_ids(error.last), isinstance(error, JobFailed)
            except StepFailed:
                pass  # the query of jobs is broken: the names have to do
        self._record(intent, ids)
        if len(ids) < intent.count:
            ids = list(dict.fromkeys([*ids, *self.named(intent, promised=not failed)]))
            self._record(intent, ids)
        if failed or len(set(ids) | self.ledger.made_by(intent.key)) >= intent.count:
            self.ledger.settled(intent.key)
        return ids

    def named(self, intent: Intent, *, promised: bool = True) -> list[str]:
        """Return the ids of the servers that bear the name of a request.

        Raises `PrerequisiteMissing` when some that nobody wrote down may be somebody else's: the name is not one that
        only this run gives, and the request was not accepted, not *promised* any more, or asked for fewer.
        """
        name = intent.name or ""
        if not name:
            return []
        found = self._bearing(name, listed(self.client, name=re.sub(r"-\d{4}$", "", name)))
        if len(found) < intent.count:  # a filter that is not understood hides what is there
            found = self._bearing(name, listed(self.client))
        doubtful = [server for server in found if server not in self.ledger.made_by(None, run=intent.run)]
        most = len(self.ledger.made_by(intent.key).union(found))
        sure = is_own(name, intent.run) or (intent.accepted and promised and most <= intent.count)
        if doubtful and not sure:
            raise PrerequisiteMissing(
                f"servers of the name {name!r} are there that somebody else may have made",
                seen=", ".join(doubtful),
                hint="delete by hand what is yours",
            )
        return found

    @staticmethod
    def _bearing(name: str, servers: Iterable[Mapping[str, JSON]]) -> list[str]:
        return [str(one["id"]) for one in servers if bears(one.get("name"), name)]

    def _record(self, intent: Intent, servers: Iterable[str], status: str | None = None) -> None:
        for server in servers:
            self.ledger.add(
                server, run=intent.run, identity=intent.identity, intent=intent.key, name=intent.name, status=status
            )

    def _job(self, job: str, timeout: float | None = None) -> JSON:
        return wait_for_job(
            lambda: self.client.get(f"/v1/{{project_id}}/jobs/{segment(job)}"),
            self.clock,
            job_id=job,
            timeout=self.job_timeout if timeout is None else timeout,
            durations=self.client.connection.durations,
        ).response_body

    def _of_job(self, job: str) -> list[str]:
        intents = self.ledger.intents(self.ledger.run, job=job)
        try:
            ids = server_ids(self._job(job))
        except JobError as error:
            for intent in intents:
                self._record(intent, server_ids(error.last))
            raise
        for intent in intents:
            # A job that does not name its servers is judged elsewhere; what it made must not be lost for that.
            if len(ids) < intent.count:
                ids = list(dict.fromkeys([*ids, *self.named(intent)]))
            self._record(intent, ids, status="ACTIVE")
            if len(ids) >= intent.count:
                self.ledger.settled(intent.key)
        return ids

    def _namesakes(self, name: str) -> list[str]:
        """All servers of a batch whose answer named only one of them."""
        ids: list[str] = []
        for intent in self._open(name):
            ids = self.named(intent)
            self._close(intent, ids)
        for server in ids:
            self.note(server)
        return ids

    def _reserved(self, name: str | None, reservation: str) -> list[str]:
        """What a native batch made: its answer names only the reservation (6.2.1).

        Where the filter is not understood, others are listed as well, so the names have to fit.
        """
        ids = self._bearing(name or "", listed(self.client, reservation_id=reservation))
        for intent in self._open(name):
            self._close(intent, ids)
        for server in ids:
            self.note(server)
        return ids

    def _close(self, intent: Intent, ids: list[str]) -> None:
        self._record(intent, ids)
        if len(ids) >= intent.count:
            self.ledger.settled(intent.key)

    def _open(self, name: str | None) -> list[Intent]:
        return [one for one in self.ledger.intents(self.ledger.run) if one.job is None and one.name == name]
