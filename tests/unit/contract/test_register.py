"""The count of requirements that docs/contract.md shows is the register's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pytest_ecs._contract import load

_DOCS = Path(__file__).parents[3] / "docs" / "contract.md"
_COLUMNS = ("iam", "ecs", "nova", "deprecated", "none")


def _table() -> str:
    """Return the table of requirements by kind and by the first part of their operation's id."""
    count: Counter[tuple[str, str]] = Counter(
        (requirement.kind, str(requirement.operation).partition(".")[0].lower())
        for requirement in load().requirements.values()
    )
    kinds: list[str] = sorted({kind for kind, _ in count})
    rows = [(kind, [count[kind, column] for column in _COLUMNS]) for kind in kinds]
    rows.append(("all", [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows), strict=True)]))
    lines = [f"| {kind} | {' | '.join(map(str, numbers))} | {sum(numbers)} |" for kind, numbers in rows]
    return "\n".join(
        ["| kind | iam | ecs | nova | deprecated | none | all |", "|---|---:|---:|---:|---:|---:|---:|", *lines]
    )


def test_the_table_in_the_docs_is_the_registers() -> None:
    """A requirement that comes or goes changes verdicts, so the docs say how many there are."""
    text = _DOCS.read_text(encoding="utf-8")
    start = text.index("| kind | iam |")
    assert text[start:].partition("\n\n")[0].strip() == _table()
