"""The types of report.json and of the lines of the evidence: what processes hand over and what files hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import NotRequired, TypedDict

from pytest_ecs._types import JSON, Verdict

__all__ = [
    "FORMAT",
    "VERDICTS",
    "AmendmentRow",
    "ContractInfo",
    "Cost",
    "Decided",
    "Declaration",
    "Drifted",
    "EditionInfo",
    "EditionText",
    "EvidenceInfo",
    "Footer",
    "Header",
    "Latency",
    "Part",
    "Process",
    "PropertiesInfo",
    "Report",
    "ResultRow",
    "RulingRow",
    "SelectionInfo",
    "Summary",
    "TargetInfo",
    "Waiver",
    "WaiverRow",
]

#: Version of the shape of report.json and of the evidence.
FORMAT = 2
VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "not_tested", "not_applicable", "waived", "error")


class ContractInfo(TypedDict):
    """The edition that the run was judged by."""

    title: str
    issue: str
    date: str
    sha256: str
    operations: int
    requirements: int


class TargetInfo(TypedDict):
    """What was tested and how it was reached; *tls* says it in words."""

    name: str
    endpoint: str
    region: str | None
    simulated: bool
    verified_tls: bool
    tls: str


class Part(TypedDict):
    """What one of several merged runs was asked for."""

    chapters: list[str]
    filters: dict[str, list[str]]


class SelectionInfo(TypedDict):
    """What was asked for; *filters* has the values of the options that narrow the profile's *chapters*.

    A merged report has *parts*, and an empty filter.
    """

    text: str
    profile: str
    chapters: list[str]
    filters: dict[str, list[str]]
    command: str
    parts: NotRequired[list[Part]]


class PropertiesInfo(TypedDict):
    """What the generated requests were drawn from."""

    profile: str
    seed: int | None
    database: str | None
    command: str | None


class Declaration(TypedDict):
    """Operations, by id or pattern, that the endpoint is declared not to offer."""

    operation: str
    reason: str


class Waiver(TypedDict):
    """A failure that somebody answers for until a date; *requirement* is an id or a pattern."""

    requirement: str
    owner: str
    reason: str
    expires: str
    ticket: str | None


class WaiverRow(Waiver):
    """A waiver and what became of it."""

    state: str
    waived: list[str]


class Latency(TypedDict):
    """Real milliseconds from sending to the whole answer of one operation's requests."""

    requests: int
    p50: float
    p90: float
    p99: float
    max: float


class Cost(TypedDict):
    """What the run took."""

    requests: int
    servers_created: int
    seconds: float
    simulated_seconds: int
    latency: dict[str, Latency]


class Summary(TypedDict):
    """How many requirements have which verdict: in all, by section group, by level."""

    total: dict[str, int]
    sections: dict[str, dict[str, int]]
    levels: dict[str, dict[str, int]]


class ResultRow(TypedDict):
    """One requirement and its verdict; *expected*, *observed* and *where* only where something is wrong."""

    requirement: str
    operation: str | None
    section: str
    kind: str
    level: str
    says: str
    verdict: Verdict
    reason: str
    evidence: list[str]
    ruling: str | None
    group: str
    #: How many deviations of the mock show that its check bites, where a proof was made.
    deviations: NotRequired[int]
    expected: NotRequired[str]
    observed: NotRequired[JSON]
    where: NotRequired[str]


class RulingRow(TypedDict):
    """A reading of the document that was followed."""

    id: str
    section: str
    where: str
    readings: list[str]
    accept: str
    why: str


class Drifted(TypedDict):
    """Something undocumented that was seen."""

    operation: str
    kind: str
    what: str


class EditionText(TypedDict):
    """The file of amendments that a run was judged by, as it was."""

    file: str
    text: str


class Decided(TypedDict):
    """A requirement that has another verdict by the document alone."""

    requirement: str
    by_document: str
    amended: str


class AmendmentRow(TypedDict):
    """An amendment, and the verdicts that it decided."""

    id: str
    source: str
    reason: str
    decided: list[Decided]


class EditionInfo(TypedDict):
    """The edition that was laid over the contract; *document* is the digest of the contract without it."""

    title: str
    file: str
    document: str
    amendments: list[AmendmentRow]


class EvidenceInfo(TypedDict):
    """The file of evidence: *sha256* is the end of its chain, *file_sha256* the digest of the file as it was written."""

    file: str
    sha256: str
    file_sha256: str
    exchanges: int
    findings: int


class Report(TypedDict):
    """The content of report.json; ``schemas/meta/report.schema.json`` describes every field."""

    format: int
    tool: str
    contract: ContractInfo
    target: TargetInfo
    selection: SelectionInfo
    declaration: list[Declaration]
    properties: PropertiesInfo
    started: str
    finished: str
    complete: bool
    verdict: str
    summary: Summary
    cost: Cost
    results: list[ResultRow]
    rulings: list[RulingRow]
    drift: list[Drifted]
    waivers: list[WaiverRow]
    troubles: list[str]
    evidence: EvidenceInfo
    edition: NotRequired[EditionInfo]


@dataclass(frozen=True)
class Header:
    """The first line of the evidence: all that is known before the first request."""

    tool: str
    started: str
    contract: ContractInfo
    target: TargetInfo
    selection: SelectionInfo
    properties: PropertiesInfo
    waivers: list[Waiver] = field(default_factory=list)
    declaration: list[Declaration] = field(default_factory=list)
    format: int = FORMAT
    edition: EditionText | None = None
    #: SHA-256 of the table of `pytest_ecs._report.proof`.
    proof: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Header:
        """Return the header that `to_json` wrote; raises `TypeError` on anything else."""
        return cls(**data)


@dataclass(frozen=True)
class Footer:
    """What the last line of the evidence says beside counts and digest: how and when the run ended."""

    finished: str
    seconds: float
    #: Whether the run ended in order: nothing was interrupted, lost or left without a report.
    complete: bool
    #: Name of the folder of examples that broke something, None where there is none.
    database: str | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Process:
    """What one process of the run has cost so far."""

    worker: str
    servers: int
    simulated: float

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        return {"worker": self.worker, "servers": self.servers, "simulated": self.simulated}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Process:
        """Return the record that `to_json` wrote."""
        return cls(str(data["worker"]), int(data["servers"]), float(data["simulated"]))
