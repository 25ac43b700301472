"""The shortest list of requests that shows what a property broke, and examples that a seed repeats anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pytest_ecs._checks import Finding
from pytest_ecs._checks.reproduction import in_one_line
from pytest_ecs._http.exchange import Exchange

__all__ = ["leaves", "repeatable", "requests_of", "size"]


def requests_of(sent: Sequence[Exchange], finding: Finding) -> list[Exchange]:
    """Return what a reader has to send: every change, and the queries that show what is wrong."""
    last = max((number for number, exchange in enumerate(sent) if exchange.id in finding.exchanges), default=len(sent))
    return [exchange for exchange in sent[: last + 1] if exchange.method != "GET" or exchange.id in finding.exchanges]


def size(exchanges: Sequence[Exchange]) -> tuple[int, int]:
    return len(exchanges), sum(len(in_one_line(exchange)) for exchange in exchanges)


def leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


@contextmanager
def repeatable() -> Iterator[None]:
    """Keep hypothesis from drawing values out of whatever modules are loaded, so that a seed gives the same anywhere."""
    import hypothesis.internal.conjecture.providers as inside

    providers: Any = inside

    # Without them: no constants but hypothesis's own, and none that an earlier test left behind.
    fresh: dict[str, Any] = {}
    if hasattr(providers, "_get_local_constants") and hasattr(providers, "Constants"):
        none = providers.Constants()
        fresh["_get_local_constants"] = lambda: none
    if hasattr(providers, "CONSTANTS_CACHE"):
        fresh["CONSTANTS_CACHE"] = type(providers.CONSTANTS_CACHE)(1024)
    before = {name: getattr(providers, name) for name in fresh}
    for name, value in fresh.items():
        setattr(providers, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(providers, name, value)
