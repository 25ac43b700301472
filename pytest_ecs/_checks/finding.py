"""What judging says: one verdict on one requirement, with what it rests on, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON

__all__ = ["Assertion", "Finding", "Outcome", "verdict"]

#: "error" is the harness's or the environment's trouble, never a verdict on the endpoint; "not_applicable" speaks of what
#: the endpoint declares or shows that it does not offer.
Outcome = Literal["pass", "fail", "not_tested", "not_applicable", "error"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A rule's claim about one place in one exchange, so that it can be repeated from the record alone."""

    exchange: str
    #: Where: "status", "headers", "body" and then the steps inside it.
    path: tuple[str | int, ...]
    #: Name of a comparison in `pytest_ecs._checks.assertions`.
    test: str
    expected: JSON

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        return {"exchange": self.exchange, "path": list(self.path), "test": self.test, "expected": self.expected}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Assertion:
        """Return the assertion that `to_json` wrote."""
        return cls(data["exchange"], tuple(data["path"]), data["test"], data["expected"])


# Not frozen, since a run makes a million of them and freezing takes four fifths of the time; read-only by agreement.
@dataclass(slots=True)
class Finding:
    """One verdict on one requirement."""

    requirement: str
    outcome: Outcome
    #: Ids of the exchanges it rests on; the first is the one that shows it.
    exchanges: tuple[str, ...] = ()
    #: What the requirement wants, in words.
    expected: str = ""
    #: What was seen: the differing part, redacted.
    observed: JSON = None
    #: Where in the answer, as a dotted path.
    where: str = ""
    #: Why, for "not_tested" and "error".
    reason: str = ""
    #: Set for rules; absent for what the judge derives from the exchange by itself.
    assertion: Assertion | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON."""
        data: dict[str, JSON] = {f.name: getattr(self, f.name) for f in fields(self)}
        data["exchanges"] = list(self.exchanges)
        data["assertion"] = self.assertion.to_json() if self.assertion else None
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Finding:
        """Return the finding that `to_json` wrote."""
        values = dict(data)
        values["exchanges"] = tuple(values["exchanges"])
        values["assertion"] = Assertion.from_json(values["assertion"]) if values.get("assertion") else None
        return cls(**values)


def verdict(requirement: str, holds: bool, exchange: Exchange, expected: str, observed: JSON, where: str) -> Finding:
    """Return the finding that a claim about *exchange* holds, or that it fails and how."""
    if holds:
        return Finding(requirement, "pass", (exchange.id,))
    return Finding(requirement, "fail", (exchange.id,), expected=expected, observed=observed, where=where)
