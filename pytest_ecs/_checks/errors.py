"""A refused request: its status, the form of its error and the code in it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_ecs._checks.codes import codes_of, main_code
from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._checks.formats import validator
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation
from pytest_ecs._http.exchange import Exchange

__all__ = ["error_findings"]


def error_findings(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Finding]:
    base = f"{operation.id}/error"
    known = exchange.status in contract.statuses
    yield verdict(f"{base}/status", known, exchange, "the status is in 10.1, 10.3.2 or A.1", exchange.status, "status")
    envelope = _envelope(exchange, operation, contract)
    seen = exchange.response_body if exchange.response_body is not None else exchange.response_text or "(no body)"
    yield verdict(f"{base}/envelope", envelope is not None, exchange, "the documented error body", seen, "body")
    if envelope == "nova":
        inner = next(iter(exchange.response_body.values()))
        expected = f"code in the body is the HTTP status, {exchange.status}"
        yield verdict(
            f"{base}/envelope", inner.get("code") == exchange.status, exchange, expected, inner.get("code"), "body"
        )
    if envelope == "ecs":
        for code in codes_of(exchange.response_body):
            row = contract.errors.get(code)
            yield verdict(f"{base}/code", row is not None, exchange, "the code is listed in A.2", code, "error.code")
        main = main_code(exchange.response_body)
        row = contract.errors.get(main or "")
        if row is not None:
            expected = f"{main} comes with HTTP {' or '.join(map(str, row.statuses))}"
            yield verdict(f"A.2/{main}", exchange.status in row.statuses, exchange, expected, exchange.status, "status")


def _envelope(exchange: Exchange, operation: Operation, contract: Contract) -> str | None:
    """Name of the error form that the body has, None when it has none that is legal here."""
    names = list(operation.envelopes)
    if exchange.status in contract.gateway_statuses:
        names.append("gateway")
    for name in names:
        body = exchange.response_body
        if body is not None and validator(contract.envelopes[name]).is_valid(body):
            return name
    return None
