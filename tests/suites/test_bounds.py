"""What of a field was sent is told by its bounds and listed values."""

from __future__ import annotations

import pytest

from pytest_ecs.typing import JSON

from .bounds import Row, page


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
    assert "1 of 1 bounds were met by an accepted request, and 1 of 2 listed values were accepted." in text
    assert "| `one` | `type` | - | 4 | yes | - | yes | - | **no** | 1 of 2 | `HARD` |" in text
    assert "| `one` | `password` | 8 | 26 | secret | secret | secret | secret | secret | - | - |" in text
