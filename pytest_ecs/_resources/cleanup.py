"""Deletes what runs created, from the ledger; nothing that the ledger does not know is ever touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from pytest_ecs._http.client import Client
from pytest_ecs._resources import kinds
from pytest_ecs._resources.api import ServerApi
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.lookup import is_gone
from pytest_ecs._resources.settling import Settling
from pytest_ecs._types import Clock, Identity
from pytest_ecs.exceptions import EcsError, JobFailed, JobTimeout

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
) -> tuple[list[str], list[str]]:
    """Delete every server, and whatever else the ledger knows for *runs*; nothing that it does not know is ever touched.

    Return (what was deleted, or with *dry_run* is to be deleted: ids of servers, kinds and names of things; one
    sentence for each that could not be deleted). Requests whose answer never came are looked up by the name in their
    intent, and what may be somebody else's is left alone and reported. Never raises for one server's sake.
    """
    done: list[str] = []
    problems: list[str] = []
    for run in runs:
        for intent in ledger.intents(run):
            client = _owner(clients, intent.identity)
            try:
                Settling(ledger, client, clock, job_timeout).discover(intent)
            except EcsError as error:
                problems.append(f"what request {intent.key} ({intent.name!r}) created is not known: {error}")
        by_identity: dict[str, list[str]] = {}
        for server in ledger.servers(run):
            by_identity.setdefault(server.identity, []).append(server.id)
        for identity, ids in by_identity.items():
            if dry_run:
                done += ids
                continue
            client = _owner(clients, identity)
            deletes = api(client)
            for start in range(0, len(ids), deletes.most):
                deleted, failed = _delete(ledger, ids[start : start + deletes.most], client, deletes, clock)
                done += deleted
                problems += failed
        # Things are deleted after the servers that may use them.
        for identity in dict.fromkeys(thing.identity for thing in ledger.things(run)):
            things = [thing for thing in ledger.things(run) if thing.identity == identity]
            if dry_run:
                done += [f"{thing.kind} {thing.name or thing.path}" for thing in things]
                continue
            deleted, failed = kinds.delete(ledger, things, _owner(clients, identity), clock)
            done += deleted
            problems += failed
    return done, problems


def _owner(clients: Mapping[Identity, Client], identity: str) -> Client:
    """The one who may delete: another project's own user, and the primary user for everything in the primary project."""
    return clients["other_project"] if identity == "other_project" and identity in clients else clients["primary"]


def _delete(
    ledger: Ledger, ids: Sequence[str], client: Client, api: ServerApi, clock: Clock
) -> tuple[list[str], list[str]]:
    present = [server for server in ids if not _is_gone(ledger, client, server)]
    if present:
        with suppress(JobFailed, JobTimeout):  # what is left is deleted one by one below
            api.wait(api.delete(present))
    failed: list[str] = []
    deleted: list[str] = []
    for server in ids:
        if server not in present or _is_gone(ledger, client, server) or _delete_one(ledger, client, clock, server):
            deleted.append(server)
        else:
            failed.append(f"server {server} is still there; delete it by hand or run pytest-ecs sweep again")
    return deleted, failed


def _delete_one(ledger: Ledger, client: Client, clock: Clock, server: str) -> bool:
    """Delete one server the native way (6.2.3), which a lock (6.3.4) or an endpoint without batch deletion left over."""
    client.post(f"/v2.1/{{project_id}}/servers/{server}/action", {"unlock": None})
    client.delete(f"/v2.1/{{project_id}}/servers/{server}")
    for _ in range(60):
        if _is_gone(ledger, client, server):
            return True
        clock.sleep(5.0)
    return False


def _is_gone(ledger: Ledger, client: Client, server: str) -> bool:
    gone = is_gone(client, server)
    if gone:
        ledger.gone(server)
    return gone
