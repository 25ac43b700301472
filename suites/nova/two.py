"""Two servers of one request, in a server group where there is one: for the rules of names and those of groups."""

from __future__ import annotations

from typing import NamedTuple

from pytest_ecs import Client, Exchange, Servers, Supplies, url_of
from pytest_ecs.exceptions import PrerequisiteMissing, StepFailed

from .. import surplus
from .creation import SERVERS, plain
from .listing import DETAIL, MOST

__all__ = ["Two", "two_servers"]

_GROUPS = url_of("nova.server-groups.list")


class Two(NamedTuple):
    """Two servers that a process makes once."""

    #: What the name of both begins with; the one asked for ends in -0003.
    stem: str
    #: The answer to the request, which does not ask for the reservation, the list of them by name, and their ids.
    answer: Exchange
    listed: Exchange
    ids: list[str]
    #: The group that they were to be in, and the answer to the request with it; why there is none.
    group: str | None
    grouped: Exchange
    missing: str


def two_servers(client: Client, servers: Servers, supplies: Supplies) -> Two:
    """Return the servers; where they are refused in a group, they are made without."""
    return supplies.once("two native servers", lambda: _make(client, servers, supplies))


def _make(client: Client, servers: Servers, supplies: Supplies) -> Two:
    def create() -> Two:
        return _create(client, servers, supplies)

    return surplus.as_many(2, create, lambda made: surplus.count_named(client, made.stem))


def _create(client: Client, servers: Servers, supplies: Supplies) -> Two:
    wanted = {"server_group": {"name": supplies.name("group"), "policies": ["anti-affinity"]}}
    group, missing = None, ""
    try:
        group = str(supplies.make(_GROUPS, wanted, "server_group", "id"))
    except (PrerequisiteMissing, StepFailed) as reason:
        missing = str(reason)
    stem, counts = supplies.name("two"), {"min_count": 2, "max_count": 2, "return_reservation_id": False}
    body = plain(supplies, f"{stem}-0003", **counts)
    grouped = client.post(SERVERS, body if group is None else {**body, "os:scheduler_hints": {"group": group}})
    answer = client.post(SERVERS, body) if grouped.refused and group is not None else grouped
    ids = servers.settle(answer)
    query = {"name": stem, "limit": str(MOST)}
    listed = client.get(SERVERS, query=query) if answer.accepted else answer
    client.get(DETAIL, query=query)  # which shows the fault of those for which there was no room
    return Two(stem, answer, listed, ids, group, grouped, missing)
