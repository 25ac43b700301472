"""Servers and jobs over time, and the exchanges that the page shows, in one pass over the evidence."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pytest_ecs._contract import load
from pytest_ecs._contract.model import Place
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._types import JSON

__all__ = ["Timeline", "look"]

_EXCHANGE = b'{"kind":"exchange","id":"'
_CREATES = {"createServer", "createSingleServer"}
_ENDS = {"SUCCESS", "FAIL"}
#: No curve has more points than this.
_POINTS = 400


@dataclass
class Timeline:
    """What one pass found: exchanges by id; points (seconds since the start, servers, jobs) on the target's clock."""

    exchanges: dict[str, Exchange] = field(default_factory=dict)
    points: list[tuple[float, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Words:
    """Which operations tell of servers, as the contract says."""

    #: Where the answer to a creation names its server, by operation; those whose jobs tell are not among them.
    created: Mapping[str, Place]
    deleted: frozenset[str]
    job: str | None

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What the lines of evidence have in them that tell of servers and jobs."""
        return (b'"job_id":', *(f'"operation":"{one}"'.encode() for one in (*self.created, *sorted(self.deleted))))


@cache
def _words() -> _Words:
    contract = load()
    made = {
        one.id: one.creates
        for one in contract.operations.values()
        if one.creates and one.creates.resource_type == "server"
    }
    created = {name: creates.answer for name, creates in made.items() if creates.answer}
    return _Words(created, frozenset(creates.deleted for creates in made.values()), contract.roles.get("job"))


@dataclass
class _Counter:
    """Servers that exist and jobs that are under way, as answers tell of them."""

    servers: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    jobs: dict[str, tuple[float, float | None]] = field(default_factory=dict)

    def take(self, row: dict[str, Any]) -> None:
        """Note what one exchange tells."""
        now, body = float(row["started"]), row["response_body"]
        if row["failure"] is not None or not 200 <= row["status"] < 300:
            return
        operation, words = row["operation"], _words()
        if (place := words.created.get(operation)) is not None:
            with suppress(LookupError):
                self._born(str(pointer(body, place)), now)
        elif operation == words.job:
            self._job(body, now)
        elif isinstance(body, dict) and isinstance(body.get("job_id"), str):
            self.jobs.setdefault(body["job_id"], (now, None))
        if operation in words.deleted:
            self._gone(row["parameters"].get("server_id"), now)
            for one in _items(row["request_body"], "servers"):
                self._gone(one.get("id"), now)

    def _job(self, body: JSON, now: float) -> None:
        if not isinstance(body, dict):
            return
        job, entities = body.get("job_id"), body.get("entities")
        if isinstance(job, str) and job in self.jobs and body.get("status") in _ENDS and self.jobs[job][1] is None:
            self.jobs[job] = (self.jobs[job][0], now)
        for one in [body, *_items(entities, "sub_jobs")]:
            made = one.get("entities")
            if one.get("job_type") in _CREATES and isinstance(made, dict) and isinstance(made.get("server_id"), str):
                self._born(made["server_id"], now)

    def _born(self, server: str, now: float) -> None:
        self.servers.setdefault(server, (now, None))

    def _gone(self, server: object, now: float) -> None:
        if isinstance(server, str) and server in self.servers and self.servers[server][1] is None:
            self.servers[server] = (self.servers[server][0], now)

    def points(self) -> Iterator[tuple[float, int, int]]:
        """Yield the state after each change."""
        steps: dict[float, list[int]] = {}
        for index, spans in enumerate((self.servers, self.jobs)):
            for begin, end in spans.values():
                steps.setdefault(begin, [0, 0])[index] += 1
                if end is not None:
                    steps.setdefault(end, [0, 0])[index] -= 1
        now = [0, 0]
        start = min(steps, default=0.0)
        for at in sorted(steps):
            now = [a + b for a, b in zip(now, steps[at], strict=True)]
            yield round(at - start, 1), now[0], now[1]


def look(evidence: Path | None, wanted: frozenset[str]) -> Timeline:
    """Read a file of evidence that this process just wrote; a file that is missing or cut is read as far as it goes."""
    timeline, counter = Timeline(), _Counter()
    ids, marks = {one.encode() for one in wanted}, _words().marks
    with suppress(OSError, EOFError, zlib.error):
        for text in _lines(evidence):
            asked = text[len(_EXCHANGE) : text.find(b'"', len(_EXCHANGE))] in ids
            if asked or any(mark in text for mark in marks):
                row = json.loads(text)
                del row["kind"]
                counter.take(row)
                if asked:
                    timeline.exchanges[row["id"]] = Exchange.from_json(row)
    timeline.points = _thinned(list(counter.points()))
    return timeline


def _lines(evidence: Path | None) -> Iterator[bytes]:
    if evidence is None or not evidence.is_file():
        return
    with gzip.open(evidence, "rb") as file:
        yield from (text for text in file if text.startswith(_EXCHANGE) and text.endswith(b"\n"))


def _thinned(points: list[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Return at most so many points; of those that fall together the highest."""
    if len(points) <= _POINTS:
        return points
    size = -(-len(points) // _POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[0][0], max(p[1] for p in group), max(p[2] for p in group)) for group in groups]


def _items(value: JSON, name: str) -> list[dict[str, JSON]]:
    items = value.get(name) if isinstance(value, dict) else None
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []
