"""Types that every part of the package speaks of: JSON, clocks, identities, verdicts."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias

__all__ = ["JSON", "UNSET", "Clock", "Group", "Identity", "Kind", "Level", "ServerState", "Verdict"]

#: A decoded JSON value.
JSON: TypeAlias = Any

#: Stands for what a caller leaves to the client, such as the microversion of a request.
UNSET: Any = object()

#: What is said of a requirement at the end of a run.
Verdict: TypeAlias = Literal["pass", "fail", "not_tested", "not_applicable", "waived", "error"]

#: How binding a requirement is.
Level: TypeAlias = Literal["must", "should", "note"]

#: What a requirement speaks of; the second part of its id, or the table for those of the appendix.
Kind: TypeAlias = Literal[
    "status",
    "optional",
    "header",
    "response",
    "request",
    "query",
    "not-found",
    "http",
    "auth",
    "permission",
    "error",
    "job",
    "alias",
    "microversion",
    "rule",
    "state",
    "code",
]

#: Whose credentials sign a request.
Identity: TypeAlias = Literal["primary", "other_project", "restricted_user"]

#: The stable states that a server can be asked for, as ``status`` shows them (Table A-4).
ServerState: TypeAlias = Literal["ACTIVE", "SHUTOFF"]

#: What tests share that there is little of: "scarce" is what a project may have few of (server groups, 5.7.1) or a run
#: knows one of (its port), "servers" are those that tests make for themselves, delete or need many of.
Group: TypeAlias = Literal["long", "scarce", "servers"]


class Clock(Protocol):
    """The target's time. On the embedded mock it is virtual, so waiting costs nothing."""

    def now(self) -> float:
        """Return seconds since the epoch on the target's clock."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass on the target's clock."""
        ...
