"""What all clients of a process share: sockets, journal, secrets, and the guard before requests that create."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from pytest_ecs._http.durations import Durations
from pytest_ecs._http.exchange import Draft, Exchange
from pytest_ecs._http.journal import Journal
from pytest_ecs._http.logs import keep_quiet
from pytest_ecs._http.opening import open_http
from pytest_ecs._http.pace import Contact, Pace
from pytest_ecs._http.recording import answered
from pytest_ecs._http.redaction import Secrets
from pytest_ecs._http.target import Target
from pytest_ecs._http.token import LOGIN_PATH
from pytest_ecs._http.transport import bound
from pytest_ecs._types import JSON, Identity

__all__ = ["Connection", "Guard", "Identify"]


class Guard(Protocol):
    """Stands before requests that create something, so that it is written down before they leave."""

    def before(self, method: str, path: str, body: JSON, identity: Identity) -> object | None:
        """Record the intent of a request that may create something and return its key, else None.

        Raises `BudgetExceeded` or `LedgerError`; the request is then not sent.
        """
        ...

    def after(self, key: Any, exchange: Exchange) -> None:
        """Record what the endpoint answered."""
        ...


#: Finds the operation that a request addresses: (method, path, body) -> (operation id, path parameters) or None.
Identify = Callable[[str, str, JSON], "tuple[str, Mapping[str, str]] | None"]


@dataclass(frozen=True)
class Connection:
    """What all clients of a process share."""

    target: Target
    http: httpx.Client
    journal: Journal
    secrets: Secrets
    identify: Identify
    pace: Pace
    guard: Guard | None = None
    contact: Contact = field(default_factory=Contact)
    durations: Durations = field(default_factory=Durations)
    #: Project ids by identity, as far as they are known.
    projects: dict[str, str] = field(default_factory=dict)
    #: The last query whose credentials were recognised, by identity, scheme and base URL.
    proven: dict[tuple[Identity, str, str], httpx.Request] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        target: Target,
        *,
        worker: str,
        identify: Identify,
        guard: Guard | None = None,
        timeout: float = 60.0,
        pace_file: Path | None = None,
        rate: float | None = None,
    ) -> Connection:
        """Open a connection pool to *target*; close it with `close`. Raises `ConfigurationError` when it cannot be set up.

        No attempt takes longer than *timeout* seconds. *pace_file* is shared by the processes of a run, which
        send at most *rate* requests in a second together, logins and repetitions included.
        """
        secrets = Secrets(secret for credentials in target.identities.values() for secret in credentials.secrets())
        keep_quiet()
        http = open_http(target, timeout)
        bound(http, timeout)
        pace = Pace(target.clock, pace_file, rate)
        http.event_hooks["request"].append(lambda _: pace.take_turn())
        return cls(target, http, Journal(worker), secrets, identify, pace, guard)

    def close(self) -> None:
        """Close the sockets."""
        self.http.close()

    def record_login(self, identity: Identity, request: httpx.Request, response: httpx.Response) -> None:
        """Record a login that an authentication flow sent by itself (4.1)."""
        body = json.loads(request.content)
        found = self.identify(request.method, LOGIN_PATH, body)
        draft = Draft(
            id=self.journal.next_id(),
            operation=found[0] if found else None,
            method=request.method,
            base=str(request.url).removesuffix(LOGIN_PATH),
            path=LOGIN_PATH,
            query=(),
            started=self.target.clock.now(),
            auth="none",
            identity=identity,
            microversion=None,
        )
        self.journal.add(answered(draft, response, body, self.secrets))
