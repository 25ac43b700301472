"""Whom a refused request is to be blamed on when it was valid: the rule of the one query or field that it was refused for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ecs._contract.fields import fields_of
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._run.session import Session
from pytest_ecs.exceptions import EcsError

__all__ = ["Refusals"]

#: Status of what may be the fault of the credentials.
_DENIED = 403


@dataclass(frozen=True)
class Refusals:
    """Finds out for what valid requests were refused, by sending queries once more with less in them.

    Where no value is known to be plain, one that was accepted before stands for it: a test of a special value sends it first.
    """

    session: Session
    _known: dict[tuple[str, ...], str | None] = field(default_factory=dict)

    def broken(self, exchange: Exchange, claimed: str) -> str | None:
        """Return the requirement that the refusal of a valid request breaks, None where that is judged elsewhere.

        It is the rule that the contract names at the query or field (``x-rule``), and *claimed* where only its value is
        refused: with a plain one it is accepted.
        """
        operation = self.session.contract.operations.get(exchange.operation or "")
        if operation is None or exchange.case is not None or not exchange.refused or exchange.status == _DENIED:
            return None
        request = (exchange.request_line, str(exchange.query), str(exchange.microversion), str(exchange.request_body))
        if request not in self._known:
            self._known[request] = self._culprit(exchange, operation)
        name = self._known[request]
        if name is None:
            return None
        return claimed if name == "" else f"{operation.id}/rule/{name}"

    def _culprit(self, exchange: Exchange, operation: Operation) -> str | None:
        """Return the rule of what was refused, nothing where it is its value, None where it is not known."""
        named = {**_named(operation.query, dict(exchange.query)), **_of_body(operation, exchange)}
        if exchange.method != "GET":  # it cannot be sent again
            return next(iter(named.values())) if len(named) == 1 else None
        if not named or not self._is_accepted(exchange, {}):
            return None
        sent = dict(exchange.query)
        lacking = (one for one in named if self._is_accepted(exchange, {k: v for k, v in sent.items() if k != one}))
        alone = (one for one in named if not self._is_accepted(exchange, {one: sent[one]}))
        found = next(lacking, None) or next(alone, None)
        if found is None:
            return None
        plain = _plain(operation.query[found])
        if plain is None:
            by_value = any(found in dict(one.query) for one in self._accepted(exchange))
        else:
            by_value = plain != sent[found] and self._is_accepted(exchange, {found: plain})
        return "" if by_value else named[found]

    def _accepted(self, exchange: Exchange) -> Iterator[Exchange]:
        """Yield the accepted requests to the same URL."""
        same = self.session.connection.journal.on(lambda path: path == exchange.path)
        return (one for one in same if one.accepted and one.method == exchange.method)

    def _is_accepted(self, exchange: Exchange, query: Mapping[str, str]) -> bool:
        client = self.session.clients.get(exchange.identity)  # type: ignore[call-overload]
        if client is None:
            return False
        try:
            answer: Exchange = client.get(exchange.path, query=query, microversion=exchange.microversion)
        except EcsError:
            return False
        return answer.accepted


def _named(schemas: Mapping[str, Schema], sent: Mapping[str, str]) -> dict[str, str]:
    """Return the rules of what was sent, in the order of the contract."""
    return {name: schema["x-rule"] for name, schema in schemas.items() if name in sent and "x-rule" in schema}


def _of_body(operation: Operation, exchange: Exchange) -> dict[str, str]:
    fields = fields_of(operation.body or {}).items()
    ruled = ((path, field.schema["x-rule"]) for path, field in fields if "x-rule" in field.schema)
    return {path: rule for path, rule in ruled if any(_values(exchange.request_body, path))}


def _values(body: object, path: str) -> Iterator[bool]:
    """Yield True for each value of a field that a body has."""
    head, marked, rest = path.partition("[].")
    try:
        value = pointer(body, tuple(head.removesuffix("[]").split(".")))
    except LookupError:
        return
    if not marked:
        yield True
    for item in value if marked and isinstance(value, list) else ():
        yield from _values(item, rest)


def _plain(schema: Schema) -> str | None:
    """Return a value that needs nothing of the project, None where the contract says none."""
    if "enum" in schema:
        return str(schema["enum"][0])
    return "1" if schema.get("type") == "integer" else None
