"""The compact data of report.html: tables of words and rows of numbers, which the page draws only where they are looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pytest_ecs._contract import load
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._report.model import VERDICTS, Report, ResultRow
from pytest_ecs._report.page.timeline import look
from pytest_ecs._types import JSON

__all__ = ["embedded", "page_data", "title"]

_BROKEN = frozenset({"fail", "error", "waived"})
#: How much of what is behind the verdicts goes into the page, in characters; the rest stays in the evidence.
_BUDGET = 6_000_000
_ITEMS, _TEXT, _DEPTH = 100, 1_500, 40
_WORDS = ("section", "kind", "level", "says", "reason", "ruling")
_SECTION = re.compile(r"\b(?:A|\d+)(?:\.\d+)+\b|\bA-\d\b")


@cache
def _titles() -> dict[str, str]:
    text = resources.files("pytest_ecs._report.page").joinpath("titles.json").read_text(encoding="utf-8")
    titles: dict[str, str] = json.loads(text)
    return titles


def title(section: str) -> str:
    """Return the title that the document gives a section, nothing where it has none."""
    return _titles().get(section, "")


def embedded(data: JSON) -> str:
    """Return *data* as JSON that can stand inside a ``script`` element: no character of it ends one or begins a comment."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page_data(
    report: Report, texts: Mapping[str, str], exchanges: Mapping[str, Exchange], evidence: Path | None
) -> dict[str, Any]:
    """Return what the page draws.

    *texts* are the bug reports by requirement id, *exchanges* what the broken ones rest on by id; one success for each
    operation is looked up in *evidence*.
    """
    results = report["results"]
    groups = {row["operation"] or row["group"]: row["group"] for row in results}
    words: dict[str, dict[str, int]] = {name: {} for name in _WORDS}
    places = {name: place for place, name in enumerate(groups)}
    examples = _examples(results)
    broken = [row for row in results if row["verdict"] in _BROKEN]
    wanted = {one for row in broken for one in row["evidence"][:2]} | set(examples.values())
    seen = look(evidence, frozenset(wanted - exchanges.keys()))
    purse = _Purse(_BUDGET)
    details = {str(at): purse.pay(_detail(row, texts)) for at, row in enumerate(results) if row["verdict"] in _BROKEN}
    shown = {**seen.exchanges, **exchanges}
    return {
        "verdicts": list(VERDICTS),
        "operations": [_operation(name, group) for name, group in groups.items()],
        "rows": [_row(row, places, words) for row in results],
        "words": {name: list(table) for name, table in words.items()},
        "proved": [row["deviations"] for row in results if "deviations" in row],
        "titles": _used(results, report, groups.values()),
        "details": {at: detail for at, detail in details.items() if detail is not None},
        "exchanges": {
            one: exchange
            for one in _order(broken, examples.values(), shown)
            if (exchange := purse.pay(_exchange(shown[one]))) is not None
        },
        "examples": {str(places[name]): one for name, one in examples.items() if one in shown},
        "rulings": {row["id"]: dict(row) for row in report["rulings"]},
        "drift": [[row["operation"], row["kind"], row["what"]] for row in report["drift"]],
        "latency": [
            [name, row["requests"], row["p50"], row["p90"], row["p99"], row["max"]]
            for name, row in report["cost"]["latency"].items()
        ],
        "time": [list(point) for point in seen.points],
        "evidence": report["evidence"]["file"],
    }


class _Purse:
    """Lets things into the page until there are enough of them."""

    def __init__(self, size: int) -> None:
        self._left = size

    def pay(self, thing: dict[str, Any]) -> dict[str, Any] | None:
        """Return *thing*, or None when it is too much."""
        size = len(json.dumps(thing))
        if size > self._left:
            return None
        self._left -= size
        return thing


def _examples(results: Iterable[ResultRow]) -> dict[str, str]:
    """Return an exchange that shows each operation at work: that of its status, or of anything else that passed."""
    found: dict[str, str] = {}
    for row in results:
        name = row["operation"]
        if name and row["verdict"] == "pass" and row["evidence"] and (name not in found or row["kind"] == "status"):
            found[name] = row["evidence"][0]
    return found


def _order(broken: Iterable[ResultRow], examples: Iterable[str], shown: Mapping[str, Exchange]) -> list[str]:
    """Return what to show: what binding failures rest on first, then the successes, then the rest."""
    first = sorted(broken, key=lambda row: (row["level"] != "must", row["verdict"] != "fail"))
    ids = [*(row["evidence"][0] for row in first if row["evidence"]), *examples]
    return [one for one in dict.fromkeys([*ids, *shown]) if one in shown]


def _operation(name: str, group: str) -> list[str]:
    known = load().operations.get(name)
    if known is None:
        return [name, group, title(group), "", "", group]
    return [name, known.section, known.summary, known.method, known.path, group]


def _row(row: ResultRow, places: Mapping[str, int], words: dict[str, dict[str, int]]) -> list[Any]:
    """Return a requirement: operation, end of its id, verdict, the places of its words, ids of its evidence."""
    name = row["operation"] or row["group"]
    values = (row["section"], row["kind"], row["level"], row["says"], row["reason"], row["ruling"] or "")
    if row["verdict"] in _BROKEN:
        values = (*values[:4], "" if row["verdict"] == "fail" else values[4], values[5])
    numbers = [words[word].setdefault(value, len(words[word])) for word, value in zip(_WORDS, values, strict=True)]
    whole = row["requirement"]
    short = whole[len(name) + 1 :] if whole.startswith(f"{name}/") else f"/{whole}"
    return [places[name], short, VERDICTS.index(row["verdict"]), *numbers, " ".join(row["evidence"][:3])]


def _detail(row: ResultRow, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "expected": row.get("expected", ""),
        "observed": _pruned(row.get("observed")),
        "where": row.get("where", ""),
        "reason": row["reason"],
        "text": texts.get(row["requirement"], row["reason"])[:8_000],
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    case = exchange.case
    return {
        "request": exchange.request_line,
        "status": exchange.status,
        "failure": exchange.failure,
        "id": exchange.request_id,
        "sent": _pruned(exchange.request_body),
        "headers": dict(exchange.response_headers),
        "body": _pruned(exchange.response_body),
        "text": exchange.response_text,
        "curl": exchange.curl(),
        "change": case.change if case is not None else "",
        "control": case.control if case is not None else None,
        "ms": round(exchange.seconds * 1000, 2),
    }


def _pruned(value: JSON, depth: int = 0) -> JSON:
    """Return *value* without what nobody reads: the ends of long lists and texts; what is left out is said."""
    if isinstance(value, str):
        return value if len(value) <= _TEXT else f"{value[:_TEXT]}… ({len(value) - _TEXT} more characters)"
    if depth > _DEPTH and isinstance(value, list | dict):
        return "… (deeper than is shown)"
    if isinstance(value, list):
        kept = [_pruned(one, depth + 1) for one in value[:_ITEMS]]
        return kept if len(value) <= _ITEMS else [*kept, f"… ({len(value) - _ITEMS} more)"]
    if isinstance(value, Mapping):
        kept_items = {str(name): _pruned(one, depth + 1) for name, one in list(value.items())[:_ITEMS]}
        return kept_items if len(value) <= _ITEMS else {**kept_items, "…": f"({len(value) - _ITEMS} more)"}
    return value


def _used(results: Iterable[ResultRow], report: Report, groups: Iterable[str]) -> dict[str, str]:
    places = {row["section"] for row in results} | {row["section"] for row in report["rulings"]}
    numbers = {number for place in places for number in _SECTION.findall(place)} | set(groups)
    numbers |= {number.partition(".")[0] for number in numbers}
    return {number: title(number) for number in sorted(numbers) if title(number)}
