"""What a certificate is made of, gathered row by row: in the run as they come, and again from the evidence."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from pytest_ecs._checks import Finding
from pytest_ecs._checks.judge import Drift
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.model import Latency, Process
from pytest_ecs._report.rows import Rows
from pytest_ecs._types import JSON

__all__ = ["Record"]


class Record:
    """Everything that decides about a certificate, without the exchanges themselves."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.drift: set[Drift] = set()
        self.processes: dict[str, Process] = {}
        #: Errors that concern no single requirement.
        self.troubles: list[str] = []
        self.leaks: list[str] = []
        self.exchanges = 0
        #: The statuses that each operation answered with.
        self.answers: dict[str, set[int]] = {}
        self._seconds: dict[str, array[float]] = {}

    def add(self, rows: Rows) -> None:
        """Take over what a process of the run says."""
        for exchange in rows.exchanges:
            self._noted(exchange.operation, exchange.seconds, exchange.status)
        self.findings += rows.findings
        self.drift.update(rows.drift)
        if rows.process is not None:
            self.processes[rows.process.worker] = rows.process
        self.leaks += rows.leaks

    def take(self, row: dict[str, JSON]) -> Exchange | None:
        """Take over one decoded line of the evidence, and return the exchange where it is one.

        Raises `TypeError`, `KeyError` or `ValueError` on what is no such line.
        """
        row_type = row.pop("kind")
        if row_type == "exchange":
            exchange = Exchange.from_json(row)
            self._noted(exchange.operation, exchange.seconds, exchange.status)
            return exchange
        self._other(row_type, row)
        return None

    def skim(self, row: dict[str, JSON]) -> None:
        """Take over one decoded line that another process of the run wrote."""
        row_type = row.pop("kind")
        if row_type == "exchange":
            self._noted(row["operation"], row["seconds"], row["status"])
        else:
            self._other(row_type, row)

    def _other(self, row_type: JSON, row: dict[str, JSON]) -> None:
        if row_type == "finding":
            self.findings.append(Finding.from_json(row))
        elif row_type == "drift":
            self.drift.add((row["operation"], row["what_kind"], row["what"]))
        elif row_type == "process":
            process = Process.from_json(row)
            self.processes[process.worker] = process
        elif row_type == "leak":
            self.leaks.append(row["what"])
        elif row_type == "trouble":
            self.troubles.append(row["what"])
        else:
            raise TypeError(f"a line of the kind {row_type!r}")

    def _noted(self, operation: str | None, seconds: float, status: int) -> None:
        self.exchanges += 1
        if operation is not None:
            if operation not in self._seconds:
                self._seconds[operation], self.answers[operation] = array("d"), set()
            self._seconds[operation].append(seconds)
            if status:
                self.answers[operation].add(status)

    def servers(self, *, embedded: bool) -> int:
        """Servers of the run: on the mock each process counts its own cloud, else all count the one ledger that they share.

        In a merged record the processes of each part stand together, by what is before the colon.
        """
        parts: dict[str, list[int]] = {}
        for process in self.processes.values():
            parts.setdefault(process.worker.rpartition(":")[0], []).append(process.servers)
        return sum(sum(counts) if embedded else max(counts) for counts in parts.values())

    def simulated(self) -> int:
        """Seconds that passed on the mock's clocks."""
        return round(sum(process.simulated for process in self.processes.values()))

    def latency(self) -> Mapping[str, Latency]:
        """How long the answers of each operation took."""
        return {name: _percentiles(sorted(self._seconds[name])) for name in sorted(self._seconds)}


def _percentiles(ordered: list[float]) -> Latency:
    """The smallest time that at least so many per cent of the requests did not exceed, in milliseconds."""

    def at(percent: int) -> float:
        return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)] * 1000, 3)

    return {"requests": len(ordered), "p50": at(50), "p90": at(90), "p99": at(99), "max": at(100)}
