"""Everything that ``nox -s faults`` tries, and one table of it: ``python -m tests.faults [--seeds N] [--kills N] [--answers N]``."""

from __future__ import annotations

import argparse
import sys

from tests.faults.hostile import attack
from tests.faults.kills import STOPS, kill
from tests.faults.runs import SUITES, compare, run

#: Columns after the first two, where "-" stands for what is not looked at. All have to be zero but the last: addresses that
#: are left and named, since they have no name by which they could be told from those of others.
_COLUMNS = ("wrong verdicts", "leaks", "hangs", "aborted", "named")


def main() -> int:
    """Print the table, and what was not as it should be; 1 when something was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="runs with a fifth of the requests disturbed")
    parser.add_argument("--kills", type=int, default=200, help="runs that are stopped")
    parser.add_argument("--answers", type=int, default=10_000, help="hostile answers")
    parser.add_argument("--seed", type=int, default=1, help="of the kills and of the answers")
    options = parser.parse_args()
    rows: dict[str, list[int | None]] = {}
    notes: list[str] = []
    clean = run(SUITES) if options.seeds else None
    for seed in range(1, options.seeds + 1):
        seen = run(SUITES, rate=0.2, seed=seed)
        wrong = compare(clean, seen) if clean is not None else []
        _say(
            f"seed {seed} of {options.seeds}: {len(wrong)} wrong, {len(seen.lost)} lost, hung {seen.hung}, aborted {seen.aborted}"
        )
        _count(
            rows,
            "a fifth of the requests disturbed",
            len(wrong),
            len(seen.lost),
            seen.hung,
            seen.aborted,
            len(seen.said),
        )
        notes += [f"seed {seed}: {name}" for name in (*wrong, *seen.lost)]
        notes += [f"seed {seed}: {seen.troubles}"] if seen.aborted else []
    for number, one in enumerate(kill(options.kills, options.seed), 1):
        _say(f"stop {number} of {options.kills}: {one.stop}{'' if one.good else ', NOT as it should be'}")
        _count(rows, one.stop, None, len(one.lost) + len(one.missing), one.hung, None, len(one.said))
        notes += [] if one.good else [f"{one}\n{one.words}"]
    if options.answers:
        told = attack(options.answers, options.seed)
        rows["hostile answers"] = [told.answers, None, None, len(told.hung), len(told.broken), None]
        notes += [*told.broken, *(f"{one} was not over at its deadline" for one in told.hung)]
    print(f"{'what':34}{'tried':>7}" + "".join(f"{name:>16}" for name in _COLUMNS))  # noqa: T201 - that is its output
    for what in sorted(rows, key=lambda name: [*STOPS].index(name) if name in STOPS else -1):
        tried, *bad = rows[what]
        print(f"{what:34}{tried:7}" + "".join(f"{'-' if number is None else number:>16}" for number in bad))  # noqa: T201
    print(*notes, sep="\n")  # noqa: T201
    return int(any(any(bad) for _, *bad, _ in rows.values()))


def _say(line: str) -> None:
    """Say how far it is: all of it takes hours."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _count(rows: dict[str, list[int | None]], what: str, *bad: int | None) -> None:
    """Add one that was tried to a row; None is what is not looked at."""
    before = rows.get(what, [0] * (1 + len(bad)))
    rows[what] = [None if new is None else (old or 0) + new for old, new in zip(before, (1, *bad), strict=True)]


if __name__ == "__main__":
    sys.exit(main())
