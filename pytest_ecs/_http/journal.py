"""Every exchange of one process, in order; those that were judged and written down are kept packed, many in a block."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from pytest_ecs._http.exchange import Exchange

__all__ = ["Journal"]


#: How many of the latest exchanges are kept as they are: tests look at them again and again.
_FRESH = 200
#: How many are packed together: they are much alike.
_BLOCK = 50
#: How many blocks and exchanges that somebody looked at are kept unpacked.
_OPEN, _LOOKED_AT = 4, 100


class Journal:
    """Every exchange of this process, in order."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)
        #: Exchanges by id, in order; or the block and the place in it where their lines are.
        self._kept: dict[str, Exchange | tuple[bytes, int]] = {}
        self._order: list[str] = []
        self._paths: list[str] = []
        self._jobs: dict[str, list[str]] = {}
        self._operations: dict[str | None, list[str]] = {}
        self._lines: dict[str, str] = {}
        self._open = lru_cache(_OPEN)(_opened)
        self._unpacked = lru_cache(_LOOKED_AT)(self._unpack)

    def next_id(self) -> str:
        """Return an id that no other exchange of the run has."""
        return f"{self._prefix}-{next(self._numbers):05d}"

    def add(self, exchange: Exchange) -> None:
        """Record *exchange*."""
        self._kept[exchange.id] = exchange
        self._order.append(exchange.id)
        self._paths.append(exchange.path)
        self._operations.setdefault(exchange.operation, []).append(exchange.id)
        if "job_id" in exchange.parameters:
            self._jobs.setdefault(exchange.parameters["job_id"], []).append(exchange.id)

    def amend(self, exchange: Exchange) -> Exchange:
        """Put *exchange* in the place of the one with its id, which nobody has judged yet, and return it."""
        self._kept[exchange.id] = exchange
        return exchange

    def pack(self, lines: Mapping[str, str]) -> None:
        """Keep the exchanges of those ids packed once they are not among the latest; *lines* are their JSON by id."""
        self._lines.update(lines)
        while len(self._lines) >= _FRESH + _BLOCK:
            ids = list(itertools.islice(self._lines, _BLOCK))
            block = zlib.compress("\n".join(map(self._lines.pop, ids)).encode(), 1)
            self._kept.update((one, (block, place)) for place, one in enumerate(ids))

    def __getitem__(self, exchange_id: str) -> Exchange:
        kept = self._kept[exchange_id]
        return kept if isinstance(kept, Exchange) else self._unpacked(*kept)

    def _unpack(self, block: bytes, place: int) -> Exchange:
        data = json.loads(self._open(block)[place])
        data.pop("kind", None)
        return Exchange.from_json(data)

    def get(self, exchange_id: str) -> Exchange | None:
        """Return the exchange of that id, or None."""
        return self[exchange_id] if exchange_id in self._kept else None

    def job(self, job_id: str, part: str = "") -> Sequence[Exchange]:
        """Return the queries of that job, oldest first."""
        return [self[one] for one in self._jobs.get(job_id, ())]

    def of(self, operation: str | None) -> Iterator[Exchange]:
        """Yield the exchanges of that operation, or of none that is known, oldest first."""
        return map(self.__getitem__, self._operations.get(operation, ()))

    def on(self, is_wanted: Callable[[str], bool], mark: int = 0) -> Iterator[Exchange]:
        """Yield the exchanges after *mark* on the paths that *is_wanted* is true of, in order; the others are not unpacked."""
        for exchange_id, path in zip(self._order[mark:], self._paths[mark:], strict=True):
            if is_wanted(path):
                yield self[exchange_id]

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Exchange]:
        return map(self.__getitem__, self._order)

    def __reversed__(self) -> Iterator[Exchange]:
        return map(self.__getitem__, reversed(self._order))

    def since(self, mark: int) -> Sequence[Exchange]:
        """Return what was recorded after the journal had *mark* entries."""
        return [self[one] for one in self._order[mark:]]


def _opened(block: bytes) -> list[bytes]:
    return zlib.decompress(block).split(b"\n")
