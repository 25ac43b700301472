"""The shortest requests that show what a property found broken, as a text that can be checked against the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pytest_ecs._http.exchange import Exchange

__all__ = ["in_one_line", "reproduces", "reproduction"]

_BEGIN = "the shortest requests found that show it"


def in_one_line(exchange: Exchange) -> str:
    """Return a request and the status of its answer in one line."""
    body = "" if exchange.request_body is None else " " + json.dumps(exchange.request_body, ensure_ascii=False)
    return f"{exchange.request_line}{body if len(body) <= 1500 else body[:1500] + '…'} -> HTTP {exchange.status}"


def reproduction(exchanges: Sequence[Exchange], about: str) -> str:
    """Return what to send, one line each; *about* says what was varied."""
    varied = f" ({' '.join(about.split())})" if about else ""
    return "\n".join(
        [f"{_BEGIN}{varied}:", *(f"{number}. {in_one_line(one)}" for number, one in enumerate(exchanges, 1))]
    )


def reproduces(reason: str, exchanges: Iterable[Exchange]) -> bool:
    """Whether *reason* is a reproduction of which every line is one of *exchanges*, whatever it says that was varied."""
    begin, *listed = reason.split("\n")
    known = {in_one_line(exchange) for exchange in exchanges}
    lines = (text.removeprefix(f"{number}. ") for number, text in enumerate(listed, 1))
    return begin.startswith(_BEGIN) and bool(listed) and known.issuperset(lines)
