"""Which tests of the suites can notice a switch of the mock: those during which the mock asks for it.

What a run without switches reaches is traced once. A test that never makes the mock ask for a switch comes out as it does
without it, so that it need not be run with it; unless it looks at what another test was the first to make, so that those
that cover what is named are run where none of them asks.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from pytest_ecs._contract import load

from .expectations import fitting
from .forking import Collected, Seen, Task, seeing

__all__ = ["Choice", "trace"]

#: Tests that are chosen for a requirement that is named, and requirements that are chosen of those that a pattern means: with
#: a trace, and in a sample.
_EACH, _SOME = 3, (12, 6)


def trace(collected: Collected, file: Path | None = None) -> Choice:
    """Run everything without a switch and return what it reaches; *file* keeps it for other runs of the same tests.

    Raises `RuntimeError` where the mock without a switch is blamed for anything: nothing could be said of others.
    """
    if file is not None and file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["names"] == collected.names:
            return Choice(collected, [Seen(**one) for one in kept["seen"]])
    (clean,) = collected.run([Task("clean", tests=tuple(range(len(collected.names))), around=seeing)])
    if clean.failed or clean.errors or clean.leaks or clean.troubles:
        raise RuntimeError(f"the mock without a switch: {clean.failed} {clean.errors} {clean.leaks} {clean.troubles}")
    if file is not None:
        rows = {"names": collected.names, "seen": [asdict(one) for one in clean.seen]}
        file.write_text(json.dumps(rows), encoding="utf-8")
    return Choice(collected, clean.seen)


class Choice:
    """Chooses tests by what they reach; without a trace, by the requirements that they say they cover."""

    def __init__(self, collected: Collected, seen: Sequence[Seen] = ()) -> None:
        self._names = collected.names
        self._all = tuple(range(len(self._names)))
        self.traced = bool(seen)
        self._requests = [one.requests for one in seen] or [8] * len(self._names)
        self._covering: dict[str, list[int]] = defaultdict(list)
        self._judging: dict[str, list[int]] = defaultdict(list)
        self._asking: dict[str, list[int]] = defaultdict(list)
        contract = load()
        of_operation: dict[str | None, list[int]] = defaultdict(list)
        self._of_operation = of_operation
        for number, covers in enumerate(collected.covers):
            for requirement in covers:
                self._covering[requirement].append(number)
                of_operation[contract.requirements[requirement].operation].append(number)
        if not seen:  # what answers are judged by, any test of their operation may show
            answers = (one for one in contract.requirements.values() if one.operation is not None)
            self._judging.update({one.id: of_operation[one.operation] for one in answers})
        for number, one in enumerate(seen):
            for requirement in one.requirements:
                self._judging[requirement].append(number)
            for switch in one.switches:
                self._asking[switch].append(number)

    @property
    def everything(self) -> tuple[int, ...]:
        """All tests."""
        return self._all

    def about(self, operation: str) -> tuple[int, ...]:
        """Return the tests that cover anything of an operation."""
        return tuple(sorted({*self._of_operation[operation]}))

    def judging(self, requirement: str, requests: int) -> tuple[int, ...]:
        """Return tests during which something was found on *requirement*: those that cover it, and others of so many *requests*."""
        chosen, left = {*self._covering[requirement]}, requests
        others = {*self._judging[requirement]} - chosen
        for number in sorted(others, key=lambda one: zlib.crc32(self._names[one].encode())):
            if (left := left - self._requests[number]) < 0:
                break
            chosen.add(number)
        return tuple(sorted(chosen))

    def reached(self, switches: Sequence[str]) -> tuple[int, ...]:
        """Return the tests during which the mock asks for any of the switches; all where nothing was traced."""
        return tuple(sorted({n for switch in switches for n in self._asking[switch]})) if self.traced else self._all

    def again(self, switch: str, patterns: Sequence[str]) -> tuple[int, ...]:
        """Return the tests that `reached` returns, and all that say that they cover what the patterns mean."""
        covered = {
            number
            for pattern in patterns
            for requirement in fitting(self._covering.keys(), pattern)
            for number in self._covering[requirement]
            if "*" not in pattern
        }
        return tuple(sorted({*self.reached([switch]), *covered}))

    def of(self, switches: Sequence[str], patterns: Sequence[str], requests: int) -> tuple[int, ...]:
        """Return what shows that requirements fail, and neighbours of so many requests that show that no other does."""
        reached = set(self.reached(switches))
        chosen: set[int] = set()
        for pattern in patterns:
            for requirement in self._some(pattern):
                covering = self._cheap(reached.intersection(self._covering[requirement])) or self._cheap(
                    set(self._covering[requirement])
                )
                judging = self._cheap(reached.intersection(self._judging[requirement]))
                each = 1 if "*" in pattern else _EACH
                chosen.update(covering[:each] or judging[:each])
                chosen.update(judging[:1])
        left = requests
        for number in self._spread(reached - chosen, zlib.crc32("+".join(switches).encode())):
            left -= self._requests[number]
            if left < 0:
                break
            chosen.add(number)
        return tuple(sorted(chosen))

    def _some(self, pattern: str) -> list[str]:
        """Return requirements that a pattern means, and for which there is a test; many would only repeat one another."""
        found = fitting(self._judging.keys() | self._covering.keys(), pattern)
        return sorted(found)[:: max(1, len(found) // _SOME[not self.traced])]

    def _cheap(self, numbers: set[int]) -> list[int]:
        return sorted(numbers, key=lambda number: (self._requests[number], number))

    def _spread(self, numbers: set[int], start: int) -> Iterator[int]:
        """Yield tests, first one of each function, then another of each; where that begins is another for each *start*."""
        functions: dict[str, list[int]] = defaultdict(list)
        for number in sorted(numbers):
            functions[self._names[number].partition("[")[0]].append(number)
        rounds = [ones[start % len(ones) :] + ones[: start % len(ones)] for ones in functions.values()]
        first = start % max(1, len(rounds))
        rounds = rounds[first:] + rounds[:first]
        for turn in range(max(map(len, rounds), default=0)):
            yield from (ones[turn] for ones in rounds if turn < len(ones))
