"""What a run sent of each field that has bounds or listed values: ``python -m tests.suites.bounds REPORT-FOLDER...``.

A bound is shown to hold from both sides only when something at it was accepted and something beyond it was sent.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from pytest_ecs._contract import Contract, load
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.redaction import REDACTED
from pytest_ecs._report.evidence import read_evidence
from pytest_ecs.typing import JSON

__all__ = ["REASONS", "Row", "main", "page", "rows"]

_LEAST = ("minLength", "minimum", "minItems", "minProperties")
_MOST = ("maxLength", "maximum", "maxItems", "maxProperties")
#: Operation, field and what of it ("least", "most" or a listed value) -> why no endpoint is asked for it.
REASONS: dict[str, str] = {
    what: why
    for why, all_of_it in yaml.safe_load(Path(__file__).with_name("bounds.yaml").read_text(encoding="utf-8")).items()
    for what in all_of_it
}


@dataclass
class Row:
    """A field of the requests of an operation, and what was sent of it."""

    operation: str
    path: str
    least: int | None
    most: int | None
    values: tuple[JSON, ...]
    #: Whether the bounds are those of a number, which may be sent as text.
    number: bool = False
    #: Whether what is beyond the bounds may be accepted, so that it is not sent.
    lenient: bool = False
    #: Of "inside", "least", "most" (accepted), "below", "above" and "other" (sent).
    sent: set[str] = field(default_factory=set)
    #: Listed values that were accepted.
    accepted: list[JSON] = field(default_factory=list)
    #: Whether values were sent that the evidence does not have.
    secret: bool = False

    @property
    def never(self) -> list[JSON]:
        """Listed values that were not accepted once."""
        return [one for one in self.values if one not in self.accepted]

    def reason(self, what: JSON) -> str | None:
        """Return why a bound or a listed value is not sent, None where nothing is said."""
        return REASONS.get(f"{self.operation} {self.path} {what}")

    def note(self, value: JSON, *, accepted: bool) -> None:
        """Take over one value that was sent."""
        if self.values:
            if value not in self.values:
                self.sent.add("other")
            elif accepted and value not in self.accepted:
                self.accepted.append(value)
        size = _size(value, number=self.number)
        if size is None:
            return
        if self.least is not None and size < self.least:
            self.sent.add("below")
        elif self.most is not None and size > self.most:
            self.sent.add("above")
        elif accepted:
            self.sent.add("least" if size == self.least else "most" if size == self.most else "inside")


def _size(value: JSON, *, number: bool) -> int | None:
    """Return what bounds speak of: a number, or how long something is."""
    if number:
        return int(value) if re.fullmatch(r"-?[0-9]{1,9}", str(value)) else None
    return len(value) if isinstance(value, str | list | dict) else None


def _bound(schema: Mapping[str, Any], names: Iterable[str]) -> int | None:
    return next((schema[name] for name in names if name in schema), None)


def _inner(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the step, the path and the schema of each part of what a schema describes."""
    for name, one in schema.get("properties", {}).items():
        yield name, f"{path}.{name}" if path else name, one
    if "items" in schema:
        yield "[]", f"{path}[]", schema["items"]
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield "{}", f"{path}{{}}", schema["additionalProperties"]


def _fields(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, schema
    for _, inner_path, inner in _inner(schema, path):
        yield from _fields(inner, inner_path)


def _values(schema: Mapping[str, Any], path: str, value: JSON) -> Iterator[tuple[str, JSON]]:
    yield path, value
    for step, inner_path, inner in _inner(schema, path):
        parts: Iterable[JSON] = ()
        if step == "[]":
            parts = value if isinstance(value, list) else ()
        elif isinstance(value, dict):
            known = schema.get("properties", {})
            parts = [v for k, v in value.items() if (k not in known if step == "{}" else k == step)]
        for part in parts:
            yield from _values(inner, inner_path, part)


def rows(exchanges: Iterable[Exchange], contract: Contract) -> list[Row]:
    """Return each field of a request that has bounds or listed values, with what was sent of it."""
    found: dict[tuple[str, str], Row] = {}
    for operation in contract.operations.values():
        for path, schema in _fields(operation.body or {}, ""):
            least, most = _bound(schema, _LEAST), _bound(schema, _MOST)
            values = tuple(schema.get("enum", ()))
            if not (least is most is None) or values:
                number, lenient = bool({"minimum", "maximum"} & schema.keys()), schema.get("x-lenient", ())
                found[operation.id, path] = Row(
                    operation.id, path, least, most, values, number, bool({*_LEAST, *_MOST}.intersection(lenient))
                )
    for exchange in exchanges:
        operation_body = contract.operations[exchange.operation].body if exchange.operation is not None else None
        if operation_body is None or exchange.failure is not None:
            continue
        for path, value in _values(operation_body, "", exchange.request_body):
            row = found.get((str(exchange.operation), path))
            if row is not None and value == REDACTED:
                row.secret = True
            elif row is not None:
                row.note(value, accepted=exchange.accepted)
    return list(found.values())


def _line(row: Row) -> str:
    sent = row.sent | ({"inside"} if row.sent & {"least", "most"} else set())
    bounds = {"inside": row.most if row.least is None else row.least, "least": row.least, "most": row.most}
    bounds |= dict.fromkeys(("below", "above")) if row.lenient else {"below": row.least, "above": row.most}

    def mark(what: str) -> str:
        if bounds[what] is None:
            return "-"
        return "yes" if what in sent else "secret" if row.secret else _said(row.reason(what)) or "**no**"

    cells = [
        f"`{row.operation}`",
        f"`{row.path}`",
        "-" if row.least is None else str(row.least),
        "-" if row.most is None else str(row.most),
        *map(mark, bounds),
        f"{len(row.accepted)} of {len(row.values)}" if row.values else "-",
        ", ".join(f"`{one}` {_said(row.reason(one)) or '**no**'}" for one in row.never) or "-",
    ]
    return f"| {' | '.join(cells)} |"


def _said(why: str | None) -> str:
    """Return the number of a reason on the page; nothing where there is none."""
    return "" if why is None else f"no ({list(dict.fromkeys(REASONS.values())).index(why) + 1})"


def page(found: Sequence[Row]) -> str:
    """Return the page of the documentation."""
    shown = [row for row in found if not row.secret]
    bounds = sum((row.least is not None) + (row.most is not None) for row in shown)
    met = sum(("least" in row.sent) + ("most" in row.sent) for row in shown)
    said = sum(one not in row.sent and row.reason(one) is not None for row in shown for one in ("least", "most"))
    unsaid = sum(row.reason(one) is not None for row in found for one in row.never)
    values = [len(row.values) for row in found]
    taken = sum(len(row.accepted) for row in found)
    return "\n".join(
        [
            "# Bounds and listed values",
            "",
            "What a run of the suite sends of each field of a request that has bounds or listed values, made from the evidence of runs",
            "on the mock by `python -m tests.suites.bounds`. Something at a bound has to be accepted, and something beyond it is sent;",
            "lengths are those of texts, lists and objects. Of secret fields the evidence does not have what was sent. What is not sent",
            "has the number of a reason below.",
            "",
            f"{met} of {bounds} bounds were met by an accepted request, and {said} have a reason; {taken} of {sum(values)} listed values were",
            f"accepted, and {unsaid} have a reason.",
            "",
            "| operation | field | least | most | inside | at least | at most | below | above | values | never accepted |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
            *map(_line, sorted(found, key=lambda row: (row.operation, row.path))),
            "",
            *(f"{number}. {why}" for number, why in enumerate(dict.fromkeys(REASONS.values()), 1)),
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the page for the evidence in report folders."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.bounds", description=__doc__)
    parser.add_argument("reports", type=Path, nargs="+", help="folder of a report")
    folders: list[Path] = parser.parse_args(arguments).reports
    evidence = (read_evidence(folder / "evidence.jsonl.gz").exchanges for folder in folders)
    print(page(rows(chain.from_iterable(evidence), load())), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
