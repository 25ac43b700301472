"""One certificate from those of parts: chapters, shards or machines that tested the same endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_ecs._checks import Finding
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.certificate import asked_for, group, results_of
from pytest_ecs._report.editions import certificate, contract_of
from pytest_ecs._report.evidence import NAME, Evidence, Writer, read_evidence
from pytest_ecs._report.failure import explain_all
from pytest_ecs._report.files import prepare, remove_old, write_all
from pytest_ecs._report.model import Footer, Header, Part
from pytest_ecs._report.rows import Rows, line
from pytest_ecs._report.verify import read_certificate, verify
from pytest_ecs.exceptions import ConfigurationError

__all__ = ["merge"]


def merge(paths: Sequence[Path], output: Path, contract: Contract) -> tuple[list[Path], list[str]]:
    """Write one report of several into *output*; returns its files, and a sentence for each overlap and gap.

    Only what verifies is merged. Raises `ConfigurationError` when one does not, or where contract or target differ.
    """
    folders = [path if path.is_dir() else path.parent for path in paths]
    if output.resolve() in {folder.resolve() for folder in folders}:
        raise ConfigurationError("report merge would overwrite a part", seen=str(output), hint="name another folder")
    parts = [_part(folder, contract) for folder in folders]
    header = _header(folders, parts)
    said = list(_overlaps_and_gaps(folders, parts, contract))
    prepare(output)
    remove_old(output)
    writer = Writer(output / NAME, header)
    for number, part in enumerate(parts, 1):
        writer.write(_lines(part, f"{number}:"))
        writer.link()
    footers = [part.footer for part in parts if part.footer is not None]
    writer.close(
        Footer(
            finished=max(footer.finished for footer in footers),
            seconds=round(sum(footer.seconds for footer in footers), 1),
            complete=all(footer.complete for footer in footers),
        )
    )
    evidence = read_evidence(output / NAME)
    contract = contract_of(evidence.header, contract)
    report = certificate(evidence, contract)
    results = results_of(evidence.header, evidence.record, contract)
    texts, exchanges = explain_all(results, output / NAME, contract)
    return write_all(output, report, texts, exchanges), said


def _part(folder: Path, contract: Contract) -> Evidence:
    problems = verify(folder, contract)
    if problems:
        raise ConfigurationError(
            f"{folder} does not verify", seen="; ".join(problems[:3]), hint="merge only what report verify accepts"
        )
    report = read_certificate(folder)
    if not report["complete"]:
        raise ConfigurationError(
            f"The run of {folder} did not end in order", seen="; ".join(report["troubles"][:3]), hint="certify it again"
        )
    return read_evidence(folder / report["evidence"]["file"])


def _header(folders: Sequence[Path], parts: Sequence[Evidence]) -> Header:
    first = parts[0].header
    for folder, part in zip(folders, parts, strict=True):
        for name in ("tool", "contract", "target"):
            one, other = getattr(first, name), getattr(part.header, name)
            if one != other:
                raise ConfigurationError(
                    f"{folders[0]} and {folder} are no parts of one certificate: their {name} differs",
                    seen=f"{one} and {other}",
                    hint="merge runs of one version against one endpoint",
                )
    headers = [part.header for part in parts]
    asked: list[Part] = []
    for header in headers:
        asked += header.selection.get("parts") or [
            {"chapters": header.selection["chapters"], "filters": header.selection["filters"]}
        ]
    profiles = list(dict.fromkeys(header.selection["profile"] for header in headers))
    seeds = {header.properties["seed"] for header in headers}
    drawn = first.properties if len(seeds) == 1 else {**first.properties, "seed": None, "command": None}
    return replace(
        first,
        started=min(header.started for header in headers),
        selection={
            "text": "; ".join(header.selection["text"] for header in headers),
            "profile": " + ".join(profiles),
            "chapters": list(dict.fromkeys(chapter for part in asked for chapter in part["chapters"])),
            "filters": {},
            "command": " && ".join(header.selection["command"] for header in headers),
            "parts": asked,
        },
        properties=drawn,
        waivers=[w for n, h in enumerate(headers) for w in h.waivers if all(w not in b.waivers for b in headers[:n])],
        declaration=[
            d for n, h in enumerate(headers) for d in h.declaration if all(d not in b.declaration for b in headers[:n])
        ],
    )


def _overlaps_and_gaps(folders: Sequence[Path], parts: Sequence[Evidence], contract: Contract) -> Iterator[str]:
    asked: Counter[str] = Counter()
    for part in parts:
        asked.update(requirement.id for requirement in asked_for(part.header.selection, contract))
    twice = [name for name, count in asked.items() if count > 1]
    chapters = list(dict.fromkeys(chapter for part in parts for chapter in part.header.selection["chapters"]))
    profile = {
        one.id
        for one in asked_for({**parts[0].header.selection, "parts": [{"chapters": chapters, "filters": {}}]}, contract)
    }
    missing = profile - asked.keys()
    yield f"{len(folders)} parts, {len(asked)} of {len(contract.requirements)} requirements"
    if twice:
        yield f"overlap: {len(twice)} requirements were asked for more than once: {_by_section(twice, contract)}"
    if missing:
        yield f"gap: {len(missing)} requirements were asked for in no part: {_by_section(missing, contract)}"


def _by_section(names: Iterable[str], contract: Contract) -> str:
    """Say how many of some requirements are of which section, and the first one where they are few."""
    known = [contract.requirements[name] for name in sorted(names)]
    counts = Counter(group(one, contract.operations.get(one.operation or "")) for one in known)
    said = ", ".join(f"{number} of {name}" for name, number in counts.most_common())
    return f"{said} ({known[0].id} first)"


def _lines(part: Evidence, prefix: str) -> Iterator[str]:
    """The lines of one part with ids that no other part has."""
    record = part.record
    rows = Rows(
        [_exchange(exchange, prefix) for exchange in part.exchanges],
        [_finding(finding, prefix) for finding in record.findings],
        sorted(record.drift),
        leaks=record.leaks,
    )
    yield from rows.lines()
    for process in record.processes.values():
        yield line("process", replace(process, worker=prefix + process.worker).to_json())
    for trouble in record.troubles:
        yield line("trouble", {"what": trouble})


def _exchange(exchange: Exchange, prefix: str) -> Exchange:
    case = exchange.case
    if case is not None:
        named: Mapping[str, str | None] = {
            "control": prefix + case.control if case.control else case.control,
            "limits": prefix + case.limits if case.limits else case.limits,
        }
        case = replace(case, **named)  # type: ignore[arg-type]
    return replace(exchange, id=prefix + exchange.id, case=case)


def _finding(finding: Finding, prefix: str) -> Finding:
    assertion = finding.assertion
    if assertion is not None:
        assertion = replace(assertion, exchange=prefix + assertion.exchange)
    return replace(finding, exchanges=tuple(prefix + one for one in finding.exchanges), assertion=assertion)
