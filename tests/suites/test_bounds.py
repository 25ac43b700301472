"""What of a field was sent is told by its bounds and listed values."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ecs._contract import load
from pytest_ecs.typing import JSON

from .bounds import REASONS, Row, page, rows

_AT = ("inside", "least", "most", "below", "above")


@pytest.mark.parametrize(
    ("value", "accepted", "sent"),
    [
        ("", True, {"below"}),
        ("a", True, {"least"}),
        ("a", False, set()),
        ("ab", True, {"inside"}),
        ("abc", True, {"most"}),
        ("abcd", False, {"above"}),
        (3, True, set()),
        (None, False, set()),
    ],
)
def test_a_text_is_as_long_as_it_is(value: JSON, accepted: bool, sent: set[str]) -> None:
    """What is refused shows nothing about what is inside."""
    row = Row("one", "name", 1, 3, ())
    row.note(value, accepted=accepted)
    assert row.sent == sent


@pytest.mark.parametrize(("value", "sent"), [("10", {"most"}), (1, {"least"}), ("11", {"above"}), (True, set())])
def test_a_number_may_be_text(value: JSON, sent: set[str]) -> None:
    """Its digits count, not how many they are."""
    row = Row("one", "count", 1, 10, (), number=True)
    row.note(value, accepted=True)
    assert row.sent == sent


def test_the_page_counts_what_was_met() -> None:
    """A listed value counts when it was accepted; a secret bound does not count."""
    row, secret = Row("one", "type", None, 4, ("HARD", "SOFT")), Row("one", "password", 8, 26, (), secret=True)
    for value, accepted in (("SOFT", True), ("HARD", False), ("COLD", False)):
        row.note(value, accepted=accepted)
    text = page([row, secret])
    assert "1 of 1 bounds were met by an accepted request, and 0 have a reason; 1 of 2 listed values were" in text
    assert "| `one` | `type` | - | 4 | yes | - | yes | - | **no** | 1 of 2 | `HARD` **no** |" in text
    assert "| `one` | `password` | 8 | 26 | secret | secret | secret | secret | secret | - | - |" in text


def test_what_is_not_sent_has_a_reason_on_the_page() -> None:
    """Unless it was sent all the same; each reason is about something that the contract has."""
    found = rows([], load())
    asked = [f"{row.operation} {row.path} {one}" for row in found for one in (*_AT, *row.values)]
    assert not REASONS.keys() - set(asked)
    (row,) = (one for one in found if (one.operation, one.path) == ("ecs.servers.delete", "servers"))
    assert "| no (1) | - | **no** |" in page([row])
    row.note([{"id": "one"}] * 1000, accepted=True)
    assert "| yes | - | yes | - | **no** |" in page([row])


def test_the_page_leaves_nothing_open() -> None:
    """A bound or a listed value that a field gets is sent, or somebody says why not."""
    text = (Path(__file__).parents[2] / "docs" / "bounds.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "**no**" in line] == []
