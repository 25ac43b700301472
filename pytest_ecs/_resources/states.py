"""Brings servers of the pool into the states in which they are handed out, and gives up on a state that none gets into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._resources import lookup
from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._types import JSON
from pytest_ecs.exceptions import JobError, JobTimeout, PrerequisiteMissing, StepFailed

__all__ = ["ServerBody", "States"]

#: What the query of a server says of it; nothing where it says nothing.
ServerBody = Mapping[str, JSON]
#: Whether a server, as it is shown, can be handed out.
_Fit = Callable[[str, ServerBody], bool]
#: How many servers in a row may fail to get into a state before no further one is tried.
_TRIES = 4


@dataclass
class States:
    """Starts and stops servers of one pool."""

    api: ServerApi
    ledger: Ledger
    client: Client
    #: Waits until a server is in no passing state and returns its status, None when it is gone.
    wait_stable: Callable[[str], str | None]
    fit: _Fit
    #: How often in a row a server did not get into a state.
    _stuck: Counter[str | None] = field(default_factory=Counter)

    def still_possible(self, state: str) -> None:
        """Raise `PrerequisiteMissing` where one server after the other did not get into *state*."""
        if self._stuck[state] >= _TRIES:
            raise PrerequisiteMissing(
                f"No server can be brought into the state {state}",
                seen=f"{self._stuck[state]} servers that did not get there",
                hint="look at the exchanges before this one in the report: create, start and stop are what the pool uses",
            )

    def bring_one(self, server: str, state: str | None, *, known: str | None = None, fit: _Fit | None = None) -> bool:
        """Return whether *server* gets into *state*; see `bring`."""
        ((_, is_there),) = self.bring({server: known}, state, fit=fit)
        return is_there

    def bring(
        self, servers: Mapping[str, str | None], state: str | None, *, fit: _Fit | None = None
    ) -> Iterator[tuple[str, bool]]:
        """Bring *servers*, given with the status that is known of each, into *state*, None for running or stopped.

        All are asked before the first one is waited for. Yields each with whether it is there now; it is not when it is
        gone, not *fit*, or does not get there, and nobody else gets it then. Those that are still to come when it ends
        early are free. Raises `JobTimeout`.
        """
        rest = list(servers)
        try:
            begun = {server: self._begin(server, known, state, fit) for server, known in servers.items()}
            while rest:
                server = rest.pop(0)
                yield server, self._bring(server, begun[server], state, fit)
        finally:
            for server in rest:
                self.ledger.give_back(server, status=None)

    def _begin(self, server: str, known: str | None, state: str | None, fit: _Fit | None) -> bool | Exchange | None:
        """Return whether *server* is in *state*, or the answer to what brings it there; None where its status is not clear yet."""
        if known is not None:
            return self._asked(server, known, state)
        shown = lookup.shown(self.client, server)
        status = lookup.settled(shown)
        return None if status is None else self._asked_if_fit(server, status, shown, state, fit)

    def _asked_if_fit(
        self, server: str, status: str, shown: ServerBody, state: str | None, fit: _Fit | None
    ) -> bool | Exchange:
        if (fit or self.fit)(server, shown):
            return self._asked(server, status, state)
        if fit is None:  # not as it was first seen, which does not matter to everybody
            self.ledger.leave(server)
        self._stuck[state] -= 1  # a server that is gone, locked or changed says nothing about the way into a state
        return False

    def _asked(self, server: str, status: str, state: str | None) -> bool | Exchange:
        """Ask a server in *status* to get into *state*; whether it is there says enough where there is nothing to ask."""
        if status == state or (state is None and status in {"ACTIVE", "SHUTOFF"}):
            return True
        change = {"ACTIVE": self.api.start, "SHUTOFF": self.api.stop}
        return change[state](server) if state is not None and status in change else False

    def _bring(self, server: str, begun: bool | Exchange | None, state: str | None, fit: _Fit | None) -> bool:
        try:
            if begun is None:
                begun = self._begin_late(server, state, fit)
            is_there = begun if isinstance(begun, bool) else self._arrives(server, begun, state)
        except JobTimeout:
            self._stuck[state] += 2  # which costs more than a refusal
            raise
        self._stuck[state] = 0 if is_there else self._stuck[state] + 1
        return is_there

    def _begin_late(self, server: str, state: str | None, fit: _Fit | None) -> bool | Exchange:
        """Do what `_begin` does once *server* is in no passing state."""
        status = self.wait_stable(server)
        if status is None:
            self.ledger.gone(server)
            self._stuck[state] -= 1
            return False
        return self._asked_if_fit(server, status, lookup.shown(self.client, server), state, fit)

    def _arrives(self, server: str, change: Exchange, state: str | None) -> bool:
        """Wait for an accepted *change* and return whether it did what it was to do."""
        if not change.accepted:
            return False
        try:
            self.api.wait(change)
        except (JobError, StepFailed) as error:
            self._stuck[state] += isinstance(error, JobTimeout)  # which costs more than a refusal
            return False
        return self.wait_stable(server) == state
