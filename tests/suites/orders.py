"""Shows that the order of tests changes no verdict: ``python -m tests.suites.orders --seeds 20``.

Everything is run once in the order of the suites and once in each order by chance, on a conforming mock of its own; what
comes to another verdict is printed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Container, Iterator, Sequence

from .forking import Collected, Outcome, Task, collected

__all__ = ["differences", "main", "shuffled"]


def shuffled(number: int, seed: int) -> tuple[int, ...]:
    """Return the numbers of so many tests in an order by chance, always the same for a seed."""
    return tuple(random.Random(seed).sample(range(number), number))


def _verdicts(outcome: Outcome) -> dict[str, str]:
    """Return the verdict on each requirement that came to one, and why where it is not "pass"."""
    failed = {one: f"fail: {why}" for one, why in outcome.failed.items()}
    errors = {one: f"error: {why}" for one, why in outcome.errors.items()}
    untested = {one: f"not tested: {why}" for one, why in outcome.untested.items()}
    return dict.fromkeys(outcome.passed, "pass") | failed | errors | untested


def differences(first: Outcome, other: Outcome, covered: Container[str]) -> Iterator[str]:
    """Yield a line for each requirement whose verdict differs, and for what else went wrong in the other run.

    Whether one that no test has *covered* came up depends on what happened to be needed; that it passed or was not tested
    is no difference then.
    """
    known, now = _verdicts(first), _verdicts(other)
    for one in sorted(known.keys() | now.keys()):
        before, after = known.get(one, "not tested"), now.get(one, "not tested")
        words = {before.partition(":")[0], after.partition(":")[0]}
        if len(words) > 1 and (one in covered or words != {"pass", "not tested"}):
            yield f"{one}: {before} -> {after}"
    yield from (f"left behind: {leak}" for leak in other.leaks)
    yield from other.troubles


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.suites.orders", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="so many orders by chance")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED", help="seed of the first of them")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    parser.add_argument("options", nargs="*", help="options of pytest-ecs run, after --: what is run, and with what")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the orders; return 0 where every one comes to the same verdicts."""
    options = _parse(arguments)
    compared = differing = 0

    def work(tests: Collected) -> None:
        nonlocal compared, differing
        number = len(tests.names)
        (first,) = tests.run([Task("in order", tests=tuple(range(number)))])
        print(f"in order: {first.tests} tests, {len(first.passed)} pass, {first.seconds} s", flush=True)
        differing += bool(first.failed or first.errors or first.leaks or first.troubles)
        covered = frozenset[str]().union(*tests.covers)
        print("".join(f"    {line}\n" for line in differences(Outcome("", passed=first.passed), first, ())), end="")
        seeds = range(options.first, options.first + options.seeds)
        tasks = (Task(f"seed {seed}", tests=shuffled(number, seed)) for seed in seeds)
        for outcome in tests.run(tasks, options.processes):
            lines = list(differences(first, outcome, covered))
            compared, differing = compared + 1, differing + bool(lines)
            print(f"{outcome.name}: {len(lines)} differ, {outcome.seconds} s", flush=True)
            print("".join(f"    {line}\n" for line in lines), end="", flush=True)

    code = collected(work, options.options)
    print(f"{compared} orders by chance, {differing} runs with another verdict")
    return code or int(bool(differing) or compared < options.seeds)


if __name__ == "__main__":
    sys.exit(main())
