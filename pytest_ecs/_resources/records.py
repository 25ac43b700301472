"""What the ledger tells: runs, intents, servers and other resources, as plain data; SQLite's truth values are 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GOING", "Intent", "Resource", "Run", "Server"]

#: Status of a server that was asked to go and may still be there.
GOING = "DELETED"


@dataclass(frozen=True, slots=True)
class Run:
    """One test run, from whatever process. Times are seconds since the epoch on this computer's clock."""

    id: str
    target: str
    pid: int
    host: str
    started: float
    finished: float | None
    #: Id or name of the project that it works in, None when its credentials do not say.
    project: str | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that may create servers, whose servers are not all known."""

    key: int
    run: str
    identity: str
    name: str | None
    #: How many servers it asks for.
    count: int
    #: When it was sent, in seconds of the target's clock.
    at: float
    #: Whether the service said that it does it. Where it did not, nobody knows: no answer came, or none of its own.
    accepted: bool
    job: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """A server that a request of ours made, and that is not known to be gone."""

    id: str
    run: str
    identity: str
    name: str | None
    #: Last stable status seen, None when unknown.
    status: str | None
    #: Properties that a lease asked for, as one word; only leases that ask for the same ones share it.
    word: str
    #: Whether its users have it for themselves alone.
    exclusive: bool
    users: int
    #: Whether a test made it in its own way: it may have other disks, groups or data than those of the pool.
    special: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """What a request of ours may have created beside servers, and what is not known to be gone."""

    key: int
    run: str
    identity: str
    type: str
    name: str | None
    #: When it was asked for, in seconds of the target's clock.
    at: float
    #: Its URL, with ``{project_id}``; None while the answer has not told.
    path: str | None
    #: URLs of those of its type that were there before, one a line; None where that is not known or does not matter.
    before: str | None = None
