"""The comparisons that rules are made of; a rule's claim is data, so it can be repeated from the record alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime

from pytest_ecs._checks.codes import codes_of
from pytest_ecs._checks.finding import Assertion, Finding
from pytest_ecs._exchange import Exchange, pointer
from pytest_ecs.typing import JSON

__all__ = ["TESTS", "evaluate", "locate"]


def _length(value: JSON) -> int:
    return len(value) if isinstance(value, str | list | Mapping) else -1


def _number(value: JSON) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _at_least(seen: JSON, wanted: JSON) -> bool:
    number = _number(seen)
    return number is not None and number >= wanted


def _at_most(seen: JSON, wanted: JSON) -> bool:
    number = _number(seen)
    return number is not None and number <= wanted


def _moment(value: JSON) -> float | None:
    """A time as the document writes them, in seconds; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _later(seen: JSON, wanted: JSON) -> bool:
    after, before = _moment(seen), _moment(wanted)
    return after is not None and before is not None and after > before


def _between(seen: JSON, wanted: JSON) -> bool:
    moment = _moment(seen)
    return moment is not None and wanted[0] <= moment <= wanted[1]


def _version(seen: JSON, wanted: JSON) -> bool:
    def numbers(text: JSON) -> list[int]:
        return [int(part) for part in str(text).split(".") if part.isdigit()]

    return isinstance(seen, str) and numbers(seen) >= numbers(wanted)


def _key(value: JSON) -> str:
    return repr(value)


#: Name -> (comparison of what was seen with what is expected, wording of the expectation).
TESTS: Mapping[str, tuple[Callable[[JSON, JSON], bool], str]] = {
    "equals": (lambda seen, wanted: type(seen) is type(wanted) and seen == wanted, "is {}"),
    "differs": (lambda seen, wanted: seen != wanted, "is not {}"),
    "one_of": (lambda seen, wanted: seen in wanted, "is one of {}"),
    "contains": (lambda seen, wanted: isinstance(seen, list | str | Mapping) and wanted in seen, "contains {}"),
    "lacks": (
        lambda seen, wanted: isinstance(seen, list | str | Mapping) and wanted not in seen,
        "does not contain {}",
    ),
    "matches": (lambda seen, wanted: isinstance(seen, str) and re.search(wanted, seen) is not None, "matches {}"),
    "length": (lambda seen, wanted: _length(seen) == wanted, "has length {}"),
    "length_at_most": (lambda seen, wanted: 0 <= _length(seen) <= wanted, "has at most length {}"),
    "at_least": (_at_least, "is at least {}"),
    "at_most": (_at_most, "is at most {}"),
    "same_items": (
        lambda seen, wanted: isinstance(seen, list) and sorted(seen, key=_key) == sorted(wanted, key=_key),
        "has exactly the items {} in any order",
    ),
    "includes": (lambda seen, wanted: isinstance(seen, list) and all(item in seen for item in wanted), "includes {}"),
    "has_one": (lambda seen, wanted: isinstance(seen, list) and seen.count(wanted) == 1, "has {} once"),
    "later_than": (_later, "is a time after {}"),
    "time_between": (_between, "is a time between the seconds {}"),
    "version_at_least": (_version, "is a version not below {}"),
    "present": (lambda seen, wanted: True, "is there"),
    "absent": (lambda seen, wanted: False, "is absent"),
}


def locate(exchange: Exchange, path: tuple[str | int, ...]) -> JSON:
    """Return what stands at *path* of the answer: ("status",), ("headers", name) or ("body", step, ...).

    A step "*" collects the rest of the path from every item of a list. Raises `LookupError` when nothing is there.
    """
    kind, steps = path[0], path[1:]
    if kind == "status":
        return exchange.status
    if kind == "headers":
        return exchange.response_headers[str(steps[0]).lower()]
    return _collect(exchange.response_body, steps)


def _collect(value: JSON, steps: tuple[str | int, ...]) -> JSON:
    if "*" in steps:
        at = steps.index("*")
        items = pointer(value, steps[:at])
        if not isinstance(items, list):
            raise LookupError("no list where every item is asked for")
        return [_collect(item, steps[at + 1 :]) for item in items]
    return pointer(value, steps)


def evaluate(
    requirement: str, assertion: Assertion, exchange: Exchange, environment_codes: Collection[str] = ()
) -> Finding:
    """Return the finding of one claim about one exchange.

    A claim about a body or a header is about a success: an error body lacks everything and shows nothing. When no
    answer came, or one whose code is among *environment_codes*, the finding is an error.
    """
    compare, wording = TESTS[assertion.test]
    where = ".".join(map(str, assertion.path))
    expected = f"{where} {wording.format(repr(assertion.expected))}"
    refused = exchange.failure is not None or exchange.status >= 400
    answer = {"status": exchange.status, "body": exchange.response_body or exchange.response_text}
    try:
        seen = locate(exchange, assertion.path)
    except LookupError:
        passed, seen = assertion.test == "absent", "(absent)"
    else:
        passed = compare(seen, assertion.expected)
    if refused and assertion.path[0] != "status":
        passed, seen = False, answer
    if exchange.failure is not None or (not passed and set(codes_of(exchange.response_body)) & set(environment_codes)):
        reason = exchange.failure or "the project or region lacks what the request needs"
        return Finding(requirement, "error", (exchange.id,), reason=reason, observed=answer, assertion=assertion)
    return Finding(
        requirement,
        "pass" if passed else "fail",
        exchanges=(exchange.id,),
        expected=expected,
        observed=seen,
        where=where,
        assertion=assertion,
    )
