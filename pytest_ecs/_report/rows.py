"""What a process hands over after each test: the lines of the evidence, as objects, and as one ASCII text for the wire."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ecs._checks import Finding
from pytest_ecs._checks.judge import Drift
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.model import Process
from pytest_ecs._types import JSON

__all__ = ["Rows", "line", "split"]

#: No line has it: JSON escapes line feeds.
_BETWEEN = ",\n"
#: Answers nest as deep as the client could read them; writing needs a little more than reading.
_DEEP = 20_000
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass
class Rows:
    """What is new since the last time."""

    exchanges: list[Exchange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    process: Process | None = None
    #: What could not be deleted, one sentence each.
    leaks: list[str] = field(default_factory=list)
    _written: list[str] = field(default_factory=list, repr=False)

    def __bool__(self) -> bool:
        return bool(self.exchanges or self.findings or self.drift or self.process or self.leaks)

    def exchange_lines(self) -> list[str]:
        """Return the lines of the exchanges, in their order; they are made once."""
        if not self._written:
            self._written = [line("exchange", one.to_json()) for one in self.exchanges]
        return self._written

    def lines(self) -> Iterator[str]:
        """Yield each row as one line of ASCII JSON."""
        yield from self.exchange_lines()
        for finding in self.findings:
            yield line("finding", finding.to_json())
        for operation, part, what in self.drift:
            yield line("drift", {"operation": operation, "what_kind": part, "what": what})
        if self.process is not None:
            yield line("process", self.process.to_json())
        for leak in self.leaks:
            yield line("leak", {"what": leak})

    def to_text(self) -> str:
        """Return all rows as one ASCII JSON text, which no transport garbles; see `split`."""
        return f"[{_BETWEEN.join(self.lines())}]"


def split(text: str) -> list[str]:
    """Return the lines in what `Rows.to_text` made."""
    return text[1:-1].split(_BETWEEN) if len(text) > 2 else []


def line(row_type: str, data: Mapping[str, JSON]) -> str:
    """Return one row as ASCII JSON, so that any string survives, however deep it is nested."""
    row = {"kind": row_type, **data}
    try:
        return _ENCODER.encode(row)
    except RecursionError:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            return _ENCODER.encode(row)
        finally:
            sys.setrecursionlimit(before)
