"""Shows that an operation which refuses everything is blamed for that, once: ``python -m tests.suites.closed [OPERATION...]``.

Each operation of the contract is tried on a mock that refuses all of its requests with 400, in the form of its API. Its status
has to fail and nothing else; what needs it is not tested, and nothing is an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

from pytest_ecs._contract import load
from pytest_ecs._mock.http.reading import fail
from pytest_ecs._run.process import Keeper

from .answering import LOGIN, answer_otherwise
from .choosing import Choice, trace
from .forking import Around, Collected, Outcome, Task, collected, opened

__all__ = ["BESIDE", "main", "try_closed", "wrong"]

#: Operation -> patterns of what fails beside its status, since it is about nothing else.
BESIDE: Mapping[str, Collection[str]] = {}
#: Requests with which an operation is tried.
_REQUESTS = 400


def _refusing(name: str, keeper: Keeper, outcome: Outcome) -> Around:
    """Let the mock of a fork refuse an operation, and open its session."""
    answer_otherwise(name, lambda request, _: fail(request.path, 400, "The request is refused.", "Ecs.0005"))
    return opened(keeper, outcome)


def wrong(outcome: Outcome) -> list[str]:
    """Return what is not as it should be of a run in which the operation that it is named after refused everything."""
    status, beside = f"{outcome.name}/status", BESIDE.get(outcome.name, ())
    lines = [] if status in outcome.failed else [f"{status} did not fail: {outcome.untested.get(status, 'no finding')}"]
    lines += [f"{one}: {why}" for one, why in sorted(outcome.failed.items()) if one != status and one not in beside]
    errors = {} if outcome.name in LOGIN else outcome.errors
    return lines + [f"error: {one}: {why}" for one, why in sorted(errors.items())] + outcome.troubles


def try_closed(work: Collected, choice: Choice, operations: Sequence[str], *, processes: int = 1) -> Iterator[Outcome]:
    """Yield what became of each of *operations*, as they end."""
    tasks = (
        Task(name, tests=choice.judging(f"{name}/status", _REQUESTS), around=partial(_refusing, name))
        for name in operations
    )
    yield from work.run(tasks, processes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the operations that were asked for, or all; print what is wrong, and return 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.closed", description=__doc__)
    parser.add_argument("operations", nargs="*", help="ids of operations; without any, all")
    parser.add_argument("--sample", action="store_true", help="tests chosen by what they cover, without a trace")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    options = parser.parse_args(arguments)
    known = load().operations
    if unknown := sorted(set(options.operations) - known.keys()):
        raise SystemExit(f"the contract has no operation {', '.join(unknown)}")
    seen: list[Outcome] = []

    def work(tests: Collected) -> None:
        names = options.operations or list(known)
        choice = Choice(tests) if options.sample else trace(tests)
        for outcome in try_closed(tests, choice, names, processes=options.processes):
            seen.append(outcome)
            lines = "".join(f"\n    {line[:200]}" for line in wrong(outcome))
            if lines:
                print(f"{outcome.name}{lines}", flush=True)  # noqa: T201 - that is its output

    code = collected(work, ["--ecs-properties=off"])
    blamed, seconds = sum(bool(wrong(one)) for one in seen), sum(one.seconds for one in seen)
    print(f"{len(seen)} operations, {blamed} not as they should be; {seconds:.0f} CPU seconds")  # noqa: T201
    return code or int(blamed > 0)


if __name__ == "__main__":
    sys.exit(main())
