"""The exit code, row by row of its table."""

from typing import Any

import pytest

from pytest_ecs._report.gates import Gates, RunEnd, exit_code


def _report(verdict: str = "pass", waivers: Any = (), troubles: Any = (), **verdicts: str) -> Any:
    rows = [
        {"requirement": name, "verdict": one, "level": "should" if name.startswith("s") else "must"}
        for name, one in verdicts.items()
    ]
    must: dict[str, int] = {}
    for row in rows:
        if row["level"] == "must":
            must[row["verdict"]] = must.get(row["verdict"], 0) + 1
    return {
        "verdict": verdict,
        "results": rows,
        "summary": {"levels": {"must": must}},
        "waivers": list(waivers),
        "troubles": list(troubles),
    }


_STALE = [{"state": "stale"}]
_BAD = _report("fail", a="fail", b="error", c="pass")


@pytest.mark.parametrize(
    ("report", "run", "gates", "code"),
    [
        (_report(a="pass", s="fail"), RunEnd(), Gates(), 0),
        (_report("fail", a="fail"), RunEnd(1), Gates(), 1),
        (_report(a="pass"), RunEnd(1, own_failures=True), Gates(), 1),
        (_report(a="pass", s="error"), RunEnd(1), Gates(), 6),
        (_report(a="pass"), RunEnd(2), Gates(), 2),
        (_report(a="pass"), RunEnd(3), Gates(), 3),
        (_report("error", a="error"), RunEnd(1), Gates(), 6),
        (_report("error", a="pass", troubles=["a worker died"]), RunEnd(), Gates(), 6),
        (_report(a="pass"), RunEnd(1, environment=True), Gates(), 6),
        (_report("error", a="pass", troubles=["x is still there"]), RunEnd(leaks=True), Gates(), 7),
        (_report("fail", a="fail"), RunEnd(1, leaks=True), Gates(), 1),
        (_report("partial", a="not_tested"), RunEnd(), Gates(), 0),
        (_report("partial", a="not_tested"), RunEnd(), Gates(require="partial"), 8),
        (_report("partial", a="not_tested", b="pass"), RunEnd(), Gates(require="partial"), 0),
        (_report("partial", a="not_tested", b="pass"), RunEnd(), Gates(require="pass"), 8),
        (_report("pass", a="pass"), RunEnd(), Gates(require="pass"), 0),
        (_report("partial", _STALE, a="pass"), RunEnd(), Gates(), 8),
        (_report("partial", _STALE, a="pass"), RunEnd(), Gates(lenient_waivers=True), 0),
        (_BAD, RunEnd(1), Gates(baseline=_BAD), 0),
        (_BAD, RunEnd(1), Gates(baseline=_report("fail", a="fail", b="pass")), 6),
        (_BAD, RunEnd(1), Gates(baseline=_report("pass", a="pass", b="error")), 1),
        (_BAD, RunEnd(1, own_failures=True), Gates(baseline=_BAD), 1),
    ],
)
def test_the_exit_code_says_whose_trouble_it_is(report: Any, run: RunEnd, gates: Gates, code: int) -> None:
    """Whatever is not 0 has a sentence, unless pytest itself said it."""
    found, said = exit_code(report, run, gates)
    assert found == code
    assert bool(said) or code in (0, 2, 3)


def test_what_is_new_since_the_baseline_is_named() -> None:
    """Known failures are counted, new ones are named."""
    _, said = exit_code(_BAD, RunEnd(1), Gates(baseline=_report("fail", a="fail", b="pass")))
    assert said[:2] == ["1 binding requirement(s) failed as in the baseline", "new since the baseline: b"]
