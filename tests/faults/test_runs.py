"""A run with a fifth of its requests disturbed says nothing wrong: the part of ``nox -s faults`` that fits into CI."""

from __future__ import annotations

from tests.faults.runs import Outcome, compare, run

_SUITE = ("suites/nova/test_keypairs.py",)


def test_a_disturbed_run_judges_as_the_clean_one_or_not_at_all() -> None:
    """Errors there may be; no verdict is wrong, nothing hangs, nothing stops early."""
    clean = run(_SUITE, longest=300)
    seen = run(_SUITE, rate=0.2, seed=1, longest=300)
    assert "fail" not in clean.verdicts.values()
    assert sum(verdict == "pass" for verdict in clean.verdicts.values()) > 50
    assert seen.disturbed > 5
    assert (compare(clean, seen), seen.hung, seen.aborted) == ([], False, False)


def test_a_wrong_verdict_would_be_seen() -> None:
    """Both ways; what is not judged is not wrong, but what fails is, whatever the clean run says of it."""
    clean = Outcome({"a": "pass", "b": "fail", "c": "pass", "d": "pass", "e": "not_tested", "f": "not_tested"})
    seen = Outcome({"a": "fail", "b": "pass", "c": "error", "d": "pass", "e": "pass", "f": "fail", "g": "fail"})
    assert compare(clean, seen) == ["a", "b", "f", "g"]
