"""Every exchange of one process, in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from pytest_ecs._http.exchange import Exchange

__all__ = ["Journal"]


class Journal:
    """Every exchange of this process, in order."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)
        self._by_id: dict[str, Exchange] = {}
        self._order: list[Exchange] = []
        self._jobs: dict[str, list[Exchange]] = {}

    def next_id(self) -> str:
        """Return an id that no other exchange of the run has."""
        return f"{self._prefix}-{next(self._numbers):05d}"

    def add(self, exchange: Exchange) -> None:
        """Record *exchange*."""
        self._by_id[exchange.id] = exchange
        self._order.append(exchange)
        if "job_id" in exchange.parameters:
            self._jobs.setdefault(exchange.parameters["job_id"], []).append(exchange)

    def __getitem__(self, exchange_id: str) -> Exchange:
        return self._by_id[exchange_id]

    def get(self, exchange_id: str) -> Exchange | None:
        """Return the exchange of that id, or None."""
        return self._by_id.get(exchange_id)

    def job(self, job_id: str) -> Sequence[Exchange]:
        """Return the queries of that job, oldest first."""
        return self._jobs.get(job_id, ())

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._order)

    def __reversed__(self) -> Iterator[Exchange]:
        return reversed(self._order)

    def since(self, mark: int) -> Sequence[Exchange]:
        """Return what was recorded after the journal had *mark* entries."""
        return self._order[mark:]
