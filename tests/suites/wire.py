"""Breaks single fields of answers by chance, end to end: ``python -m tests.suites.wire --breaks 200``.

Each break is one field of the answers of one operation: it is left out, null, of another type, outside of its list, or a
list has an item twice. The requirement of that field has to fail; whatever looks through the field may not be blamed: what
fails beside it is listed, and nothing may be an error.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_ecs._contract import Contract, load
from pytest_ecs._contract.fields import ITEMS, VALUES, Field, walk
from pytest_ecs._mock.http.routing import Request, Response
from pytest_ecs._run.process import Keeper

from .answering import LOGIN, answer_otherwise
from .choosing import Choice, trace
from .forking import Around, Collected, Outcome, Task, collected, opened

__all__ = ["HOWS", "Break", "breaks", "broken", "main", "try_breaks", "wrong"]

#: Requests with which a break is tried, beside those of the tests that cover its requirement.
_REQUESTS = 300
#: What a value becomes: of another type than it has.
_OTHERWISE: tuple[tuple[type, Any], ...] = (
    (bool, "yes"),
    (int, ["a list"]),
    (str, {"an": "object"}),
    (list, "a text"),
    (dict, "a text"),
)


@dataclass(frozen=True)
class Break:
    """One field of the answers of an operation, and what becomes of it."""

    operation: str
    path: str
    steps: tuple[str, ...]
    how: str
    #: What has to fail.
    requirement: str

    def __str__(self) -> str:
        return f"{self.operation} {self.path} {self.how}"


def _left_out(holder: Any, key: Any) -> bool:
    if isinstance(holder, dict):
        del holder[key]
    return isinstance(holder, dict)


def _null(holder: Any, key: Any) -> bool:
    changed = holder[key] is not None
    holder[key] = None
    return changed


def _of_another_type(holder: Any, key: Any) -> bool:
    value = holder[key]
    other = next((other for type_, other in _OTHERWISE if isinstance(value, type_)), None)
    if other is not None:
        holder[key] = other
    return other is not None


def _not_listed(holder: Any, key: Any) -> bool:
    changed = isinstance(holder[key], str)
    if changed:
        holder[key] = "no such word"
    return changed


#: How a field is broken -> the keyword that it breaks, and what does it; that returns whether anything was changed.
HOWS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "left out": ("required", _left_out),
    "null": ("type", _null),
    "of another type": ("type", _of_another_type),
    "not listed": ("enum", _not_listed),
}


def _can(field: Field, how: str) -> bool:
    """Whether a field is broken by *how* for sure."""
    types = field.schema.get("type", ())
    words = [word for word in field.schema.get("enum", ()) if isinstance(word, str)]
    if how == "left out":
        return field.required or field.expected
    if how == "null":
        return "null" not in types
    return bool(words) if how == "not listed" else isinstance(types, str)


def breaks(contract: Contract) -> Iterator[Break]:
    """Yield every break of which the contract has the requirement."""
    for operation in contract.operations.values():
        if operation.id in LOGIN or operation.response_body is None:
            continue
        for field in walk(operation.response_body):
            for how, (keyword, _) in HOWS.items():
                requirement = f"{operation.id}/response/{field.path}/{keyword}"
                if field.steps and requirement in contract.requirements and _can(field, how):
                    yield Break(operation.id, field.path, field.steps, how, requirement)


def broken(body: Any, steps: Sequence[str], do: Callable[[Any, Any], bool]) -> int:
    """Break the field at *steps* of a body wherever it is; return how often that was."""
    here, below = steps[0], steps[1:]
    if here == ITEMS:
        keys: Sequence[Any] = range(len(body)) if isinstance(body, list) else ()
    elif here == VALUES:
        keys = list(body) if isinstance(body, dict) else ()
    else:
        keys = [here] if isinstance(body, dict) and here in body else []
    return sum(broken(body[key], below, do) if below else do(body, key) for key in keys)


def _breaking(one: Break, keeper: Keeper, outcome: Outcome) -> Around:
    """Let the mock of a fork break a field of each answer of an operation, and open its session."""
    _, do = HOWS[one.how]

    def answer(request: Request, usual: Callable[[], Response]) -> Response:
        response = usual()
        if response.status < 300 and response.body is not None:
            response.body = json.loads(json.dumps(response.body))
            outcome.took_place += broken(response.body, one.steps, do)
        return response

    answer_otherwise(one.operation, answer)
    return opened(keeper, outcome)


def wrong(one: Break, outcome: Outcome) -> list[str]:
    """Return what is not as it should be of a run with a break."""
    contract = load()
    lines = []
    if outcome.took_place and one.requirement not in outcome.failed:
        lines.append(f"not noticed: {outcome.untested.get(one.requirement, 'no finding')}")
    for name, why in sorted(outcome.failed.items()):
        requirement = contract.requirements[name]
        field = requirement.field or ""
        if requirement.operation == one.operation and field and (f"{field}.".startswith(one.path)):
            continue  # the field itself, or what is inside
        lines.append(f"{name}: {why}")
    return lines + [f"error: {name}: {why}" for name, why in sorted(outcome.errors.items())] + outcome.troubles


def try_breaks(
    work: Collected, choice: Choice, chosen: Sequence[Break], processes: int = 1
) -> Iterator[tuple[Break, Outcome]]:
    """Yield each break with what became of it, as they end."""
    named = {str(one): one for one in chosen}
    tasks = (
        Task(name, tests=choice.judging(one.requirement, _REQUESTS), around=partial(_breaking, one))
        for name, one in named.items()
    )
    for outcome in work.run(tasks, processes):
        yield named[outcome.name], outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Try so many breaks and print what is wrong with each; return 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.wire", description=__doc__)
    parser.add_argument("--breaks", type=int, default=200, metavar="N", help="so many")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which ones")
    parser.add_argument("--operation", action="append", default=[], metavar="ID", help="of these operations alone")
    parser.add_argument("--sample", action="store_true", help="tests chosen by what they cover, without a trace")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="at a time")
    options = parser.parse_args(arguments)
    found = [one for one in breaks(load()) if not options.operation or one.operation in options.operation]
    chosen = random.Random(options.seed).sample(found, min(options.breaks, len(found)))
    counts: Counter[str] = Counter()

    def work(tests: Collected) -> None:
        choice = Choice(tests) if options.sample else trace(tests)
        for one, outcome in try_breaks(tests, choice, chosen, options.processes):
            lines = wrong(one, outcome)
            sort = "wrong" if lines else "noticed" if outcome.took_place else "never answered"
            counts.update([sort])
            counts["CPU seconds"] += round(outcome.seconds)
            if lines:
                said = "".join(f"\n    {line[:250]}" for line in lines)
                print(f"{one}{said}", flush=True)  # noqa: T201 - that is its output

    code = collected(work, ["--ecs-properties=off"])
    print(f"{len(chosen)} of {len(found)} breaks: {dict(counts)}")  # noqa: T201
    return code or int(counts["wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
