"""A refused request: its status, the form of its error and the code in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_ecs._checks.codes import flat_code, main_code, messages_of
from pytest_ecs._checks.finding import Finding, verdict
from pytest_ecs._checks.formats import validator
from pytest_ecs._contract import Contract
from pytest_ecs._contract.model import Operation
from pytest_ecs._contract.quick import Accepts, compiled
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.limits import GATEWAY
from pytest_ecs._types import JSON

__all__ = ["MESSAGE", "documented", "error_findings"]

#: That an error says something.
MESSAGE = "4.3/error-message"


def documented(exchange: Exchange, contract: Contract) -> bool:
    """Whether a table of the document lists the status of the answer."""
    return exchange.status in contract.statuses


def error_findings(exchange: Exchange, operation: Operation, contract: Contract) -> Iterator[Finding]:
    """Yield what a refusal says of the errors of its operation; a method that no table has says its status only."""
    base = f"{operation.id}/error"
    wanted = "the status is in 10.1, 10.3.2 or A.1"
    yield verdict(f"{base}/status", documented(exchange, contract), exchange, wanted, exchange.status, "status")
    for message in messages_of(exchange.response_body):
        said = isinstance(message, str) and bool(message.strip())
        yield verdict(MESSAGE, said, exchange, "the error has a message that is not empty", message, "body")
    if exchange.method != operation.method or (exchange.status in GATEWAY and exchange.response_body is None):
        return  # no documented method, or what stands before every service says so without a word
    form = _form(exchange, operation, contract)
    yield verdict(f"{base}/envelope", form is not None, exchange, "the documented error body", _seen(exchange), "body")
    if operation.dialect == "ecs" and form in {"ecs", "flat"}:
        code = main_code(exchange.response_body) or flat_code(exchange.response_body)
        yield verdict(
            f"{base}/code", code in contract.errors, exchange, "the code is listed in A.2", code, "error.code"
        )
    main = main_code(exchange.response_body) or ""
    row = contract.errors.get(main)
    if row is not None and documented(exchange, contract):  # else the status is wrong by itself, which is said above
        expected = f"{main} comes with HTTP {' or '.join(map(str, row.statuses))}"
        yield verdict(f"A.2/{main}", exchange.status in row.statuses, exchange, expected, exchange.status, "status")


#: Keyed by identity: schemas are read-only and live as long as the contract, which the entry keeps alive too.
_FORMS: dict[int, tuple[Mapping[str, JSON], Accepts, Accepts]] = {}


def _fits(schema: Mapping[str, JSON], body: JSON) -> bool:
    """Whether a body has the form of an error; jsonschema is asked only where a quick look does not say yes."""
    entry = _FORMS.get(id(schema))
    if entry is None or entry[0] is not schema:
        entry = _FORMS[id(schema)] = (schema, compiled({"form": schema}, "form"), validator(schema).is_valid)
    return entry[1](body) or entry[2](body)


def _seen(exchange: Exchange) -> JSON:
    return exchange.response_body if exchange.response_body is not None else exchange.response_text or "(no body)"


def _form(exchange: Exchange, operation: Operation, contract: Contract) -> str | None:
    """Name of the error form that the answer has, None when it has none that is legal here."""
    body = exchange.response_body
    if body is None:
        # Chapter 6 shows no form, so none is needed; but what is labelled as JSON has to be JSON.
        free = not exchange.response_text or "json" not in exchange.response_headers.get("content-type", "")
        return "none" if free and "nova" in operation.envelopes else None
    names = [*operation.envelopes, *(["gateway"] if exchange.status in contract.gateway_statuses else [])]
    for name in names:
        if _fits(contract.envelopes[name], body):
            # "error" is a name like any other where the wrapper's name is free; its code is one of A.2 all the same.
            return "ecs" if name == "nova" and isinstance(body, Mapping) and main_code(body) is not None else name
    return None
