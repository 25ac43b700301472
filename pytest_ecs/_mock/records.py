"""Small things that users, projects and servers have: key pairs, server groups, and what was done to a server."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Action", "KeyPair", "ServerGroup"]


@dataclass
class KeyPair:
    """A user's key pair (6.11); only its public half is kept."""

    number: int
    name: str
    public_key: str
    fingerprint: str
    created: float
    kind: str = "ssh"


@dataclass
class ServerGroup:
    """A server group (5.10, 6.12); its servers are on different hosts."""

    id: str
    name: str
    policies: list[str]
    user: str
    members: list[str] = field(default_factory=list)


@dataclass
class Action:
    """An operation on a server (6.13)."""

    name: str
    request: str
    user: str
    begun: float
    ended: float | None = None
    well: bool = True

    def end(self, at: float, well: bool) -> None:
        """Note when it was over, and whether it went well."""
        self.ended, self.well = at, well
