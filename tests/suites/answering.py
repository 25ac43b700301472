"""Lets the mock of a fork answer one operation otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable

from pytest_ecs._contract import load
from pytest_ecs._mock.app import MockCloud
from pytest_ecs._mock.http.errors import RefusalError
from pytest_ecs._mock.http.routing import Request, Response, Route

__all__ = ["LOGIN", "answer_otherwise"]

#: Operations without which nobody logs in, so that what needs a token is an error of the credentials.
LOGIN = frozenset({"iam.tokens.create", "iam.projects.list"})


def answer_otherwise(name: str, answer: Callable[[Request, Callable[[], Response]], Response]) -> None:
    """Let *answer* answer the requests of an operation: it is given the request and what answers it as usual."""
    inner, contract = MockCloud._handled, load()

    def handled(self: MockCloud, request: Request, route: Route, body: bytes) -> Response:
        try:
            asked = json.loads(body) if body else None
        except ValueError:
            asked = None
        found = contract.match("GET" if request.method == "HEAD" else request.method, request.path, asked)
        if found is None or found[0].id != name:
            return inner(self, request, route, body)
        request.json = asked if isinstance(asked, dict) else {}
        try:
            return answer(request, lambda: inner(self, request, route, body))
        except RefusalError as refusal:
            return self._refused(refusal)

    MockCloud._handled = handled  # type: ignore[method-assign]
