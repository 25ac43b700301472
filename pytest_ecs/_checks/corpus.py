"""What the judge knows beside the exchange that it judges: those that came before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pytest_ecs._http.exchange import Exchange

__all__ = ["Corpus", "RecordedCorpus", "told"]


class Corpus(Protocol):
    """The exchanges that came before."""

    def get(self, exchange_id: str) -> Exchange | None:
        """Return the exchange of that id, or None."""
        ...

    def job(self, job_id: str, part: str = "") -> Sequence[Exchange]:
        """Return the queries of that job in that part of a merged certificate, oldest first.

        Endpoints that begin anew, as the embedded mock does, give ids again.
        """
        ...


class RecordedCorpus:
    """A recorded run as a corpus."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = list(exchanges)
        self._by_id = {exchange.id: exchange for exchange in self.exchanges}
        self._jobs: dict[tuple[str, str], list[Exchange]] = {}
        for exchange in self.exchanges:
            if "job_id" in exchange.parameters:
                self._jobs.setdefault((exchange.part, exchange.parameters["job_id"]), []).append(exchange)

    def get(self, exchange_id: str) -> Exchange | None:
        return self._by_id.get(exchange_id)

    def job(self, job_id: str, part: str = "") -> Sequence[Exchange]:
        return self._jobs.get((part, job_id), ())


def told(queries: Sequence[Exchange]) -> Sequence[Exchange]:
    """The queries of a job that were answered with its status; a refused one says nothing of the job."""
    return [
        query
        for query in queries
        if query.accepted and isinstance(query.response_body, Mapping) and "status" in query.response_body
    ]
