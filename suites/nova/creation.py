"""What the tests of servers (6.2) make them with: the plain request, disks to boot from, servers that are only looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from pytest_ecs import Check, Client, Exchange, Servers, Supplies, Wait, exactly, load_contract, read

__all__ = [
    "DESCRIBED",
    "SERVERS",
    "Detail",
    "Made",
    "accepted",
    "boot_disk",
    "created_servers",
    "created_with",
    "delete_servers",
    "made_servers",
    "only_server",
    "path_of",
    "plain",
]

SERVERS = "/v2.1/{project_id}/servers"
#: Descriptions are there from this microversion on (tables 6-11 and 6-23).
DESCRIBED = "2.19"


def path_of(server: str) -> str:
    """Return the path of a server (6.2.6)."""
    return f"{SERVERS}/{server}"


def plain(supplies: Supplies, name: str, **fields: Any) -> dict[str, Any]:
    """Return the body of the plainest creation (6.2.1) with *fields* set as well; those that are None are left out."""
    server = {
        "name": name,
        "imageRef": supplies.need("image_id"),
        "flavorRef": supplies.need("flavor_id"),
        "networks": [{"uuid": supplies.need("network_id")}],
        **fields,
    }
    return {"server": {field: value for field, value in server.items() if value is not None}}


def boot_disk(supplies: Supplies, **fields: Any) -> dict[str, Any]:
    """Return a disk to boot from, made from the run's image, which goes with its server (table 6-13)."""
    image = supplies.need("image_id")
    disk = {"source_type": "image", "destination_type": "volume", "boot_index": "0", "uuid": image, "volume_size": 100}
    return {**disk, "delete_on_termination": True, **fields}


def only_server(servers: Servers, created: Exchange) -> str:
    """Wait until what an accepted creation of one server made is stable, and return its id."""
    read(created)
    (server,) = exactly(1, servers.settle(created), "the server that was created")
    return server


def delete_servers(client: Client, wait: Wait, *servers: str) -> bool:
    """Delete servers (6.2.3), and wait until they are gone; return whether all went."""
    for server in servers:
        client.delete(path_of(server))
    gone = [wait.gone(path_of(server)) for server in servers]
    return all(gone)


class Detail(NamedTuple):
    """A creation with a detail, and the server that it made; no server where it was refused."""

    answer: Exchange
    server: str


class Made(NamedTuple):
    """Servers of one stem of a name, made by two requests, that tests only look at."""

    name: str
    #: The answer to the plainest request, and the server.
    plain: Exchange
    server: str
    #: The answer to one for at least three that asks for the reservation, and the servers.
    batch: Exchange
    batched: list[str]

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [self.server, *self.batched]


def made_servers(client: Client, servers: Servers, supplies: Supplies) -> Made:
    """Return the servers that a process makes once to look at."""
    return supplies.once("native servers", lambda: _make(client, servers, supplies))


def _make(client: Client, servers: Servers, supplies: Supplies) -> Made:
    name = supplies.name("native")
    first = client.post(SERVERS, plain(supplies, f"{name}-plain", metadata={"purpose": "conformance"}))
    server = only_server(servers, first)
    counted = {"min_count": 3, "return_reservation_id": True}
    batch = client.post(SERVERS, plain(supplies, f"{name}-batch", **counted))
    return Made(name, first, server, batch, servers.settle(batch))


@contextmanager
def created_servers(client: Client, servers: Servers, wait: Wait, created: Exchange) -> Iterator[list[str]]:
    """Wait for what a creation made, hand it out, and delete it when the block ends; a refused one made nothing."""
    made = servers.settle(created)
    try:
        yield made
    finally:
        delete_servers(client, wait, *made)


@contextmanager
def created_with(
    client: Client, servers: Servers, supplies: Supplies, wait: Wait, details: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Detail]]:
    """Make a server with all *details*, each a few fields; where that is refused, one for each of them.

    They are deleted when the block ends. So a conforming endpoint makes one server, and what one refuses is known.
    """
    together = {field: value for fields in details.values() for field, value in fields.items()}
    all_at_once = _post(client, supplies, together)
    answers = dict.fromkeys(details, all_at_once)
    if all_at_once.refused and len(details) > 1:
        answers = {name: _post(client, supplies, fields) for name, fields in details.items()}
    made: dict[str, list[str]] = {}
    try:
        for answer in answers.values():
            if answer.id not in made:
                made[answer.id] = servers.settle(answer)
        yield {name: Detail(answer, next(iter(made[answer.id]), "")) for name, answer in answers.items()}
    finally:
        delete_servers(client, wait, *(server for ids in made.values() for server in ids))


def _post(client: Client, supplies: Supplies, fields: Mapping[str, Any]) -> Exchange:
    return client.post(SERVERS, plain(supplies, supplies.name("detail"), **fields), microversion=DESCRIBED)


def accepted(client: Client, check: Check, rule: str, created: Exchange) -> bool:
    """Judge that a creation was accepted; when it was refused while the project has no room for it, that is no wonder."""
    if created.refused and (reason := _full(client, created)):
        check.not_tested(rule, reason)
        return False
    return check.accepted(rule, created)


def _full(client: Client, created: Exchange) -> str | None:
    """Say that a project may have no more servers (6.10.1), where a creation was refused for that."""
    contract = load_contract()
    if created.status not in contract.quota_statuses:
        return None
    limits = client.get("/v2.1/{project_id}/limits").json_object.get("limits")
    absolute = limits.get("absolute", {}) if isinstance(limits, Mapping) else {}
    most, used = absolute.get("maxTotalInstances"), absolute.get("totalInstancesUsed")
    asked = created.request_body["server"]
    count = int(asked.get("max_count", asked.get("min_count", 1)))
    if isinstance(most, int) and isinstance(used, int) and 0 <= most < used + count:
        return f"the project has {used} servers of {most}, so it may not have {count} more: {created.answer}"
    return None
