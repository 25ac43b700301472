"""The list of known differences: it speaks of requirements that there are, and nothing slips through it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_ecs import load_contract

from .differences import Difference, compare, read


def _report(**verdicts: str) -> dict[str, Any]:
    return {
        "troubles": [],
        "results": [
            {"requirement": name, "verdict": verdict, "reason": "r", "evidence": ["main-1"]}
            for name, verdict in verdicts.items()
        ],
    }


_KNOWN = [Difference(("a", "b"), "6.1", "x", "difference")]


@pytest.mark.parametrize(
    ("verdicts", "problems"),
    [
        ({"a": "fail", "b": "fail", "c": "pass"}, []),
        ({"a": "not_tested", "c": "pass"}, []),  # a part of the profile, or something is missing
        ({"a": "fail", "c": "fail"}, ["not listed: c"]),
        ({"a": "pass", "b": "fail"}, ["stale: a"]),
        ({"a": "fail", "c": "error"}, ["error: c"]),
        ({"a": "error"}, ["error: a"]),
    ],
)
def test_a_certificate_is_compared_with_the_list(verdicts: dict[str, str], problems: list[str]) -> None:
    """Unlisted failures, errors and stale entries; what was not tested says nothing."""
    found = list(compare(_report(**verdicts), _KNOWN))
    assert len(found) == len(problems)
    assert all(one.startswith(start) for one, start in zip(found, problems, strict=True))


def test_what_the_user_may_not_do_is_an_error_that_is_known() -> None:
    """It is stale when it passes, as any other entry."""
    known = [Difference(("a",), "10.2", "x", "right")]
    assert not list(compare(_report(a="error"), known))
    assert list(compare(_report(a="pass"), known)) == ["stale: a passes"]


def test_what_shows_sometimes_is_never_stale() -> None:
    """What a property draws decides whether it comes up."""
    known = [Difference(("a",), "10.1", "x", "difference", sometimes=True)]
    assert not list(compare(_report(a="pass"), known))
    assert not list(compare(_report(a="fail"), known))


def test_what_may_have_been_left_is_said() -> None:
    """A leak is a trouble of the whole run, and of no requirement."""
    assert list(compare({**_report(b="fail"), "troubles": ["a server is left"]}, _KNOWN)) == [
        "trouble: a server is left"
    ]


def test_in_a_part_of_the_profile_nothing_is_stale() -> None:
    """What breaks an entry may not have come up."""
    assert not list(compare(_report(a="pass"), _KNOWN, whole=False))


def test_every_entry_speaks_of_requirements_of_the_contract_once() -> None:
    """Binding ones or not; a requirement has one reason."""
    names = [name for entry in read() for name in entry.requirements]
    assert len(names) == len(set(names))
    assert not set(names) - load_contract().requirements.keys()
    assert all(entry.nova and entry.document for entry in read())


def test_an_entry_without_a_reason_is_refused(tmp_path: Path) -> None:
    """The list is what a reader of the certificate goes by."""
    file = tmp_path / "differences.yaml"
    file.write_text("differences: [{requirements: [a], document: '6', cause: difference}]")
    with pytest.raises(ValueError, match="an entry needs"):
        read(file)
