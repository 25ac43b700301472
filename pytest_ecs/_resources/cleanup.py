"""Deletes what runs created, from the ledger; nothing that the ledger does not know is ever touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pytest_ecs._http.client import Client
from pytest_ecs._resources import resource_deletion
from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.deletion import Deletion
from pytest_ecs._resources.disks import is_held, note_disks
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import listed
from pytest_ecs._resources.records import Intent, Resource, Server
from pytest_ecs._resources.resource_types import before_servers, is_own
from pytest_ecs._resources.settling import LATE, Settling, bears
from pytest_ecs._resources.working import at_once
from pytest_ecs._types import Clock, Identity
from pytest_ecs.exceptions import EcsError, LedgerError

__all__ = ["clean"]


def clean(
    ledger: Ledger,
    runs: Sequence[str],
    clients: Mapping[Identity, Client],
    api: Callable[[Client], ServerApi],
    clock: Clock,
    *,
    job_timeout: float = 1800.0,
    dry_run: bool = False,
    threads: int = 1,
) -> tuple[list[str], list[str]]:
    """Delete every server, and whatever else the ledger knows for *runs*; nothing that it does not know is ever touched.

    Return (what was deleted, or with *dry_run* is to be deleted: ids of servers, types and names of other resources; one
    sentence for each cause why something could not be deleted). Requests that were not clearly answered are looked up by
    their job and by the name in their intent, once more half a minute after they were sent, and what may be somebody
    else's is left alone and reported. At most *threads* requests are under way at a time. Never raises for the sake of one.
    """
    done: list[str] = []
    problems: list[str] = []
    for run in runs:
        cleaning = _Cleaning(ledger, run, clients, api, clock, job_timeout, threads, done=done, problems=problems)
        if dry_run:
            cleaning.plan()
        else:
            cleaning.perform()
    return done, list(dict.fromkeys(problems))


@dataclass
class _Cleaning:
    """The clean-up of one run."""

    ledger: Ledger
    run: str
    clients: Mapping[Identity, Client]
    api: Callable[[Client], ServerApi]
    clock: Clock
    job_timeout: float
    threads: int
    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def plan(self) -> None:
        """Look for everything and delete nothing."""
        self._discover(self.problems)
        self.done += [server.id for server in self.ledger.servers(self.run)]
        self.done += [
            f"{resource.type} {resource.name or resource.path}" for resource in self.ledger.resources(self.run)
        ]

    def perform(self) -> None:
        """Delete what is known, then what appeared later."""
        self._discover([])
        self._note(resource_deletion.note_addresses)
        tried = self.ledger.servers(self.run)
        if not self._resources(self._first()):
            return  # nobody would find the disks that servers leave behind
        self._servers(tried)
        known = [resource for resource in self.ledger.resources(self.run) if resource.path is not None]
        self._resources(known)
        unclear: list[Intent | Resource] = [*self.ledger.intents(self.run)]
        unclear += [resource for resource in self.ledger.resources(self.run) if resource.path is None]
        self._await(unclear)
        self._discover(self.problems)
        self._strays(certain=not unclear)
        self._note(resource_deletion.note_strays)
        self._note(resource_deletion.note_addresses)
        self._note(self._doubled)
        ids, keys = {server.id for server in tried}, {resource.key for resource in known}
        self._servers([server for server in self.ledger.servers(self.run) if server.id not in ids])
        self._resources([resource for resource in self.ledger.resources(self.run) if resource.key not in keys])
        for intent in self.ledger.intents(self.run):
            self._conclude(intent)

    def _first(self) -> list[Resource]:
        """Return what has to go before the servers; what may still appear of that is waited for."""
        first = [resource for resource in self.ledger.resources(self.run) if resource.type in before_servers()]
        self._await([resource for resource in first if resource.path is None])
        return first

    def _await(self, unclear: Sequence[Intent | Resource]) -> None:
        """Wait until whatever requests made that were not clearly answered has appeared."""
        if unclear:
            self.clock.sleep(max(max(one.at for one in unclear) + LATE - self.clock.now(), 0.0))

    def _owner(self, identity: str) -> Client:
        """The one who may delete: another project's own user, and the primary user for everything in the primary project."""
        other = identity == "other_project" and identity in self.clients
        return self.clients["other_project" if other else "primary"]

    def _discover(self, problems: list[str]) -> None:
        """Find the servers of requests whose servers are not known; all their jobs together get the time of one."""
        began = self.clock.now()
        for intent in self.ledger.intents(self.run):
            settling = Settling(self.ledger, self._owner(intent.identity), self.clock, self.job_timeout)
            try:
                settling.discover(intent, timeout=max(self.job_timeout - (self.clock.now() - began), 0.0))
            except EcsError as error:
                problems.append(f"what request {intent.key} ({intent.name!r}) created is not known: {error}")

    def _strays(self, *, certain: bool) -> None:
        """Look at all servers once more: those that bear a name that only this run gives are its own, or are reported.

        A list that is not answered is no trouble where every request was *certain*.
        """
        asked = self.ledger.names(self.run)
        for identity in sorted(self.ledger.identities(self.run)):
            client = self._owner(identity)
            try:
                there = [one for one in listed(client) if is_own(str(one.get("name")), self.run)]
            except EcsError as error:
                if not certain:
                    self.problems.append(f"whether servers of run {self.run} are left is not known: {error}")
                continue
            known = self.ledger.made_by(None, run=self.run)
            for one in there:
                server, name = str(one["id"]), str(one.get("name"))
                intent = next((key for key, wanted in asked.items() if bears(name, wanted)), None)
                if server in known:
                    continue
                if intent is None:
                    self.problems.append(
                        f"server {server} has the name {name!r}, which is like those of run {self.run}, but that run never "
                        "asked for it; it was left alone, delete it by hand if it is yours"
                    )
                else:
                    self.ledger.add(server, run=self.run, identity=identity, intent=intent, name=name)

    def _note(self, note: Callable[[Ledger, str, str, Client], None]) -> None:
        """Let *note* write down what is found of resources, for each identity that asked for some."""
        for identity in sorted({resource.identity for resource in self.ledger.resources(self.run, gone=True)}):
            try:
                note(self.ledger, self.run, identity, self._owner(identity))
            except EcsError as error:
                self.problems.append(f"whether things of run {self.run} are left is not known: {error}")

    def _doubled(self, ledger: Ledger, run: str, identity: str, client: Client) -> None:
        self.problems += resource_deletion.doubled(ledger, run, identity, client)

    def _servers(self, servers: Sequence[Server]) -> None:
        for identity in dict.fromkeys(server.identity for server in servers):
            client = self._owner(identity)
            deletion = Deletion(self.ledger, client, self.api(client), self.clock, self.threads)
            mine = [server for server in servers if server.identity == identity]
            try:
                self._note_disks(client, mine)
                deleted, failed = deletion.delete(mine)
            except EcsError as error:
                deleted, failed = [], [f"servers of run {self.run} may be left: {error}"]
            self.done += deleted
            self.problems += failed

    def _note_disks(self, client: Client, servers: Sequence[Server]) -> None:
        """Write down the disks that may stay when *servers* are gone."""

        def note(server: Server) -> None:
            with suppress(EcsError):  # its deletion will say it
                note_disks(self.ledger, server, client, self.clock.now())

        at_once(note, servers, self.threads)

    def _resources(self, left: Sequence[Resource]) -> bool:
        """Delete resources; return whether the ledger could be written."""
        written = True
        servers = {server.id for server in self.ledger.servers(self.run)}
        for identity in dict.fromkeys(resource.identity for resource in left):
            client = self._owner(identity)
            mine = [resource for resource in left if resource.identity == identity]
            try:
                if servers:  # which could not be deleted, and say so themselves
                    mine = [resource for resource in mine if not is_held(resource, servers, client)]
                deleted, failed = resource_deletion.delete(self.ledger, mine, client, self.clock, threads=self.threads)
            except EcsError as error:
                deleted, failed = [], [f"things of run {self.run} may be left: {error}"]
                written = written and not isinstance(error, LedgerError)
            self.done += deleted
            self.problems += failed
        return written

    def _conclude(self, intent: Intent) -> None:
        """Say what is not clear of a request after the last look; where nothing is left to find, close it."""
        made = len(self.ledger.made_by(intent.key))
        if intent.job is not None and intent.accepted and made < intent.count:
            self.problems.append(
                f"request {intent.key} for {intent.count} server(s) {intent.name!r} was accepted, and only {made} of them "
                f"were ever seen; look for the others by job {intent.job}"
            )
        elif not intent.name:
            self.problems.append(
                f"request {intent.key} asked for servers without a name and was not clearly answered, so that nothing tells "
                "what it made from what others made; look for servers that are nobody's"
            )
        self.ledger.settled(intent.key)
