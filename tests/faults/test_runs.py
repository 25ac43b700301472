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
    """Both ways; what was not judged is not wrong."""
    clean = Outcome({"a": "pass", "b": "fail", "c": "pass", "d": "pass", "e": "not_tested"})
    seen = Outcome({"a": "fail", "b": "pass", "c": "error", "d": "pass", "e": "pass"})
    assert compare(clean, seen) == ["a", "b"]
