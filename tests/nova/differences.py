"""The kept list of what Nova does otherwise than the document says, and how a certificate compares with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FILE", "Difference", "compare", "read"]

FILE = Path(__file__).with_name("differences.yaml")
_CAUSES = ("difference", "stand-in", "right")


@dataclass(frozen=True)
class Difference:
    """One thing that Nova does in another way, or that a stand-in of the test bed does, or for which the user lacks the right."""

    requirements: tuple[str, ...]
    #: Where the document says it.
    document: str
    #: What Nova does instead.
    nova: str
    cause: str
    #: Whether it shows in some runs only, such as with what a property happens to draw, so that it is never stale.
    sometimes: bool = False


def read(file: Path = FILE) -> list[Difference]:
    """Return the entries of the list; raises `ValueError` for one that lacks something."""
    found = []
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["differences"]:
        if set(entry) - {"sometimes"} != {"requirements", "document", "nova", "cause"} or entry["cause"] not in _CAUSES:
            raise ValueError(f"an entry needs requirements, document, nova and cause of {_CAUSES}: {entry}")
        found.append(Difference(**{**entry, "requirements": tuple(entry["requirements"])}))
    return found


def compare(report: Mapping[str, Any], differences: list[Difference], *, whole: bool = True) -> Iterator[str]:
    """Yield what a certificate says that the list does not, and what the list says that is no longer so.

    Where it is not of the *whole* profile, that something passes says nothing: it may not have come up.
    """
    verdicts = {row["requirement"]: row for row in report["results"]}
    listed = {one for difference in differences for one in difference.requirements}
    rights = {one for difference in differences if difference.cause == "right" for one in difference.requirements}
    for name, row in verdicts.items():
        if row["verdict"] == "error" and name not in rights:
            yield f"error: {name}: {row['reason']}"
        elif row["verdict"] == "fail" and name not in listed:
            yield f"not listed: {name}: expected {row.get('expected')}, seen {row.get('observed')} ({row['evidence'][:2]})"
    yield from (f"trouble: {one}" for one in report["troubles"])
    seldom = {one for difference in differences if difference.sometimes for one in difference.requirements}
    for name in sorted((listed - seldom) & verdicts.keys()) if whole else ():
        if verdicts[name]["verdict"] == "pass":
            yield f"stale: {name} passes"
