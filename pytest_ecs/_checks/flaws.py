"""What is broken in an answer that others are compared with: the comparison is not to blame for it."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_ecs._checks.answers import identity, listed_twice
from pytest_ecs._checks.assertions import ONCE, TESTS, locate, plain
from pytest_ecs._checks.body import judge_body
from pytest_ecs._checks.finding import Assertion
from pytest_ecs._contract import Contract
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON

__all__ = ["source_of"]


def source_of(assertion: Assertion, shown: Exchange, others: Iterable[Exchange], contract: Contract) -> str:
    """Return the requirement that one of *others* breaks by the very value that *shown* is compared with; nothing if none.

    The claim does not hold. A list that has a thing twice is such a value where the claim holds without that.
    """
    if assertion.path[0] != "body" or len(assertion.path) == 1:
        return ""
    expected = assertion.expected if isinstance(assertion.expected, list) else [assertion.expected]
    once = list({plain(item): item for item in expected}.values())
    repeated = len(once) < len(expected) and _holds(assertion, shown, once)
    wanted = {plain(assertion.expected), *map(plain, expected)}
    for other in others:
        operation = contract.operations.get(other.operation or "")
        if operation is None or operation.response_body is None or not other.accepted or other.id == shown.id:
            continue
        base = f"{operation.id}/response"
        broken = judge_body(operation.response_body, other.response_body, other.microversion, base).broken
        found = [said.id for said, value in broken if plain(value) in wanted]
        if repeated and _has_twice(other):
            rules = [f"{operation.id}/rule/{rule.id}" for rule in operation.rules if rule.id in ONCE]
            found += rules or ["6.2/listed-once"]
        if found:
            return found[0]
    return ""


def _holds(assertion: Assertion, shown: Exchange, expected: JSON) -> bool:
    try:
        return TESTS[assertion.test][0](locate(shown, assertion.path), expected)
    except LookupError:
        return False


def _has_twice(exchange: Exchange) -> bool:
    """Whether the answer has a list with a thing twice."""
    lists = (listed for listed in exchange.json_object.values() if isinstance(listed, list))
    return any(listed_twice([identity(item) or str(plain(item)) for item in listed]) for listed in lists)
