"""Shows by numbers that the suites bite and that they are just: ``python -m tests.suites.prove``.

Each named deviation of the mock is tried with the tests that reach it, and each variant with all of those; what fails is
compared with what is known of it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Literal

from pytest_ecs._contract import load
from pytest_ecs._locations import schemas
from pytest_ecs._mock import DEVIATIONS, VARIANTS

from .choosing import Choice, trace
from .expectations import EXPECTED, fits, needed
from .forking import Collected, Outcome, Task, collected

__all__ = ["Proof", "main", "of_deviation", "of_variant", "prove", "proven", "sets", "together"]

#: Variants that stand for the same choice cannot be on together.
_APART = (
    "native-errors-",
    "native-status-20",
    "server-groups-status-20",
    "tags-status-20",
    "quotas-",
    "host-status-",
)
#: Requests with which a variant or a set is tried, a pair, and the neighbours of what a deviation breaks.
_OF_VARIANTS, _OF_PAIRS, _NEIGHBOURS = 4000, 400, 250
#: Those of deviations and of others in the sample.
_OF_SAMPLE = 120, 480

Verdict = Literal["named", "other", "survived", "known to survive", "just", "blamed"]


@dataclass
class Proof:
    """What one run showed."""

    name: str
    verdict: Verdict
    outcome: Outcome
    #: Requirements that failed and that nothing says would, each with what was seen.
    outside: dict[str, str] = field(default_factory=dict)
    #: Patterns that no failed requirement fits.
    missed: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether it is as it should be."""
        fine = self.verdict in {"named", "known to survive", "just"}
        return fine and not (self.outside or self.missed or self.outcome.troubles)


def of_deviation(name: str, outcome: Outcome) -> Proof:
    """Return what a run with a deviation shows."""
    expected = EXPECTED[name]
    patterns = expected if isinstance(expected, list) else []
    outside = {one: why for one, why in outcome.failed.items() if not any(fits(one, p) for p in patterns)}
    missed = [one for one in needed(name) if not any(fits(requirement, one) for requirement in outcome.failed)]
    verdict: Verdict = "survived" if patterns else "known to survive"
    if outcome.failed:
        verdict = "named" if len(outside) < len(outcome.failed) else "other"
    return Proof(name, verdict, outcome, outside, missed)


def of_variant(name: str, outcome: Outcome) -> Proof:
    """Return what a run with variants shows; what only should be may fail."""
    levels = load().requirements
    blamed = {one: why for one, why in outcome.failed.items() if levels[one].level == "must"} | outcome.errors
    blamed |= dict.fromkeys(outcome.leaks, "left behind")
    return Proof(name, "blamed" if blamed else "just", outcome, blamed)


def together(names: Sequence[str]) -> list[str]:
    """Return *names* with one at most of those that exclude each other."""
    kept: list[str] = []
    for name in names:
        group = next((stem for stem in _APART if name.startswith(stem)), name)
        if not any(one.startswith(group) for one in kept):
            kept.append(name)
    return kept


def sets(number: int) -> list[list[str]]:
    """Return so many sets of ten variants by chance, always the same."""
    chance = random.Random(22)
    return [together(chance.sample(sorted(VARIANTS), 20))[:10] for _ in range(number)]


def _tasks(
    choice: Choice, names: Sequence[str], groups: Sequence[Sequence[str]], requests: tuple[int, int] | None
) -> Iterator[Task]:
    for name in names:
        tests = choice.of([name], needed(name), requests[0] if requests else _NEIGHBOURS)
        yield Task(name, deviations=(name,), tests=tests)
    for group in groups:
        tests = choice.of(group, [], requests[1] if requests else _OF_PAIRS if len(group) == 2 else _OF_VARIANTS)
        yield Task("+".join(group), variants=tuple(group), tests=tests)


def prove(
    work: Collected,
    choice: Choice,
    names: Sequence[str] = (),
    groups: Sequence[Sequence[str]] = (),
    *,
    processes: int = 1,
    requests: tuple[int, int] | None = None,
) -> Iterator[Proof]:
    """Yield what became of each deviation of *names* and of each group of variants, as they end.

    *requests* are those of the neighbours of a deviation, and those of a group.

    A deviation that was not seen to fail everything that is known is tried once more with all tests that reach it, where
    it is known which.
    """
    again: list[str] = []
    for outcome in work.run(_tasks(choice, names, groups, requests), processes):
        if outcome.name not in DEVIATIONS:
            yield of_variant(outcome.name, outcome)
            continue
        proof = of_deviation(outcome.name, outcome)
        if proof.missed and choice.traced:
            again.append(outcome.name)
        else:
            yield proof
    tasks = (Task(name, deviations=(name,), tests=choice.again(name, needed(name))) for name in again)
    for outcome in work.run(tasks, processes):
        yield of_deviation(outcome.name, outcome)


def _line(proof: Proof) -> str:
    outcome = proof.outcome
    text = (
        f"{proof.name[:60]:60} {proof.verdict:16} {len(outcome.failed):5} failed {len(outcome.errors):4} errors "
        f"{len(proof.outside):3} outside {outcome.tests:5} tests {outcome.seconds:7.2f} s"
    )
    lines = [f"    outside: {one}: {why[:200]}" for one, why in sorted(proof.outside.items())]
    lines += [f"    missed: {one}" for one in proof.missed]
    lines += [f"    trouble: {one[:200]}" for one in outcome.troubles]
    return "\n".join([text, *lines])


def _totals(proofs: Sequence[Proof]) -> str:
    verdicts = [proof.verdict for proof in proofs]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(sorted(verdicts)))
    outside = sum(bool(proof.outside) for proof in proofs)
    seconds = sum(proof.outcome.seconds for proof in proofs)
    return f"{len(proofs)} runs: {counts}; {outside} blamed outside; {seconds:.0f} CPU seconds"


def proven(proofs: Sequence[Proof]) -> dict[str, int]:
    """Return for each requirement the number of deviations that it was seen to notice, of those that are known to break it."""
    noticed = (
        one
        for proof in proofs
        if proof.name in DEVIATIONS
        for one in proof.outcome.failed.keys() - proof.outside.keys()
    )
    return dict(sorted(Counter(noticed).items()))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.suites.prove", description=__doc__)
    parser.add_argument("names", nargs="*", help="deviations or variants; without any, all of both and 20 sets")
    parser.add_argument("--deviations", action="store_true", help="all deviations")
    parser.add_argument("--variants", action="store_true", help="each variant alone")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="so many pairs of variants, by chance")
    parser.add_argument("--sets", type=int, default=0, metavar="N", help="so many sets of ten variants")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="keep what the tests reach in a file")
    parser.add_argument("--sample", action="store_true", help="few tests, chosen by what they cover, without a trace")
    parser.add_argument("--requests", type=int, metavar="N", help="so many with each variant, set or pair")
    parser.add_argument("--table", action="store_true", help="print a line for each, not only for what is wrong")
    parser.add_argument("--write", action="store_true", help="write how many deviations prove each requirement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was seen")
    return parser.parse_args(arguments)


def _asked(options: argparse.Namespace) -> tuple[list[str], list[list[str]]]:
    unknown = sorted(set(options.names) - DEVIATIONS.keys() - VARIANTS.keys())
    if unknown:
        raise SystemExit(f"the mock has no deviation or variant {', '.join(unknown)}")
    names = [name for name in options.names if name in DEVIATIONS]
    groups = [[name] for name in options.names if name in VARIANTS]
    names += list(DEVIATIONS) if options.deviations else []
    if options.variants:
        groups += [[name] for name in VARIANTS]
    groups += sets(options.sets)
    if options.pairs:
        pairs = [list(pair) for pair in combinations(sorted(VARIANTS), 2) if len(together(pair)) == 2]
        groups += random.Random(22).sample(pairs, min(options.pairs, len(pairs)))
    if not (names or groups):
        return list(DEVIATIONS), [*([name] for name in VARIANTS), *sets(20)]
    return names, groups


def main(arguments: Sequence[str] | None = None) -> int:
    """Prove what was asked for; return 0 where everything is as it should be."""
    options = _parse(arguments)
    names, groups = _asked(options)
    proofs: list[Proof] = []

    def work(tests: Collected) -> None:
        choice = Choice(tests) if options.sample else trace(tests, options.trace)
        requests = _OF_SAMPLE if options.sample else (_NEIGHBOURS, options.requests) if options.requests else None
        for proof in prove(tests, choice, names, groups, processes=options.processes, requests=requests):
            proofs.append(proof)
            if options.table or not proof.holds:
                print(_line(proof), flush=True)

    code = collected(work)
    print(_totals(proofs), flush=True)
    if options.write:
        text = json.dumps(proven(proofs), indent=1) + "\n"
        (schemas() / "proof.json").write_text(text, encoding="utf-8")
    if options.json is not None:
        rows = {p.name: {"holds": p.holds, "verdict": p.verdict, "failed": p.outcome.failed} for p in proofs}
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return code or int(not all(proof.holds for proof in proofs))


if __name__ == "__main__":
    sys.exit(main())
