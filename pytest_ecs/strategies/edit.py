"""Changes of a recipe's request, and the requests that they make."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs._cases.mutation import mutate_body, mutate_query
from pytest_ecs._cases.recipe import Request
from pytest_ecs._contract import load
from pytest_ecs._types import JSON

__all__ = ["Edit", "Generated"]


@dataclass(frozen=True)
class Edit:
    """One change of a body."""

    #: Steps into the body; the last one may be "[]", which appends to a list.
    place: tuple[str | int, ...]
    value: JSON
    #: "set", "drop", or "extend": the value fills up the text that is there to *length*.
    how: str = "set"
    length: int = 0

    def __str__(self) -> str:
        where = ".".join(map(str, self.place)).replace(".[]", "[]")
        if self.how == "drop":
            return f"{where} is left out"
        if self.how == "extend":
            return f"{where} is filled up to {self.length} characters with {self.value!r}"
        text = repr(self.value)
        return f"{where} is {text if len(text) <= 60 else f'{text[:40]}… ({len(text)} long)'}"

    def onto(self, body: Any) -> None:
        """Make the change in *body*; a place that it does not have is left alone."""
        for step in self.place[:-1]:
            try:
                body = body[step]
            except (LookupError, TypeError):
                return
        last = self.place[-1]
        if last == "[]":
            if isinstance(body, list):
                body.append(copy.deepcopy(self.value))
        elif self.how == "drop":
            if isinstance(body, dict):
                body.pop(last, None)
        elif isinstance(body, dict) or (isinstance(last, int) and isinstance(body, list) and last < len(body)):
            at: Any = body
            at[last] = self._filled(str(at[last])) if self.how == "extend" else copy.deepcopy(self.value)

    def _filled(self, now: str) -> str:
        missing = self.length - len(now)
        return now + (str(self.value) * (missing // len(str(self.value)) + 1))[: max(missing, 0)]


@dataclass(frozen=True)
class Generated:
    """A generated request of one operation, before the recipe has supplied its ids."""

    operation: str
    #: Variant of the recipe that it starts from.
    variant: str = "default"
    edits: tuple[Edit, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    #: Whether every change stays inside what the document promises to accept; else a documented refusal is as good.
    promised: bool = True
    #: The requirement that it breaks, None where it breaks none.
    breaks: str | None = None
    #: Which of the ways to break it.
    way: int = 0

    @property
    def change(self) -> str:
        """What differs from the recipe's request, in words."""
        words = [*map(str, self.edits), *(f"query parameter {name} is {value!r}" for name, value in self.query)]
        return "; ".join(words) or "nothing is changed"

    def onto(self, request: Request) -> Request:
        """Return *request*, the recipe's, with the changes made; see `broken` for what the changes break."""
        return self.broken(request)[0]

    def broken(self, request: Request) -> tuple[Request, str, tuple[str, ...]]:
        """Return the changed request, what was broken in words, and the error codes that fit that."""
        body = copy.deepcopy(request.body)
        for edit in self.edits:
            edit.onto(body)
        valid = replace(request, body=body, query={**request.query, **dict(self.query)})
        if self.breaks is None:
            return valid, self.change, ()
        contract = load()
        operation, requirement = contract.operations[self.operation], contract.requirements[self.breaks]
        ways = (
            mutate_query(operation, requirement)
            if requirement.kind == "query"
            else mutate_body(operation, requirement, body)
        )
        if not ways:
            raise LookupError(f"the request has no place for {self.breaks}")
        chosen = ways[self.way % len(ways)]
        change = chosen.change + (f", and {self.change}" if self.edits else "")
        if requirement.kind == "query":
            return replace(valid, query={**valid.query, **chosen.value}), change, chosen.codes
        return replace(valid, body=chosen.value), change, chosen.codes
