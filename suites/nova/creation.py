"""What the tests of servers (6.2) make them with: the plain request, disks to boot from, servers that are only looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from pytest_ecs import Cases, Check, Client, Exchange, Servers, Supplies, Wait, exactly, load_contract, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

from .. import surplus

__all__ = [
    "BOOTING",
    "DESCRIBED",
    "SERVERS",
    "Detail",
    "Made",
    "accepted",
    "boot_disk",
    "created_servers",
    "created_with",
    "delete_servers",
    "details_of",
    "made_servers",
    "merged",
    "only_server",
    "path_of",
    "plain",
    "plainest",
    "settled",
]

SERVERS = url_of("nova.servers.list")
#: Descriptions are there from this microversion on (tables 6-11 and 6-23).
DESCRIBED = "2.19"
#: Variants of the recipe whose server boots from a disk.
BOOTING = ("volume-type", "volume")
#: Servers that one request asks for.
_BATCH = 3


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
    """Wait until what an accepted creation of one server made is stable, and return its id.

    Raises `PrerequisiteMissing` where there was no room for it.
    """
    read(created)
    (server,) = exactly(1, servers.settle(created), "the server that was created")
    _see_that_there_was_room(servers, server)
    return server


def _see_that_there_was_room(servers: Servers, *made: str) -> None:
    """Raise `PrerequisiteMissing` for a server in error that is on no host: what it lacks says nothing."""
    for server in made:
        shown = servers.show(server).json_object.get("server")
        if isinstance(shown, Mapping) and shown.get("status") == "ERROR":
            fault = shown.get("fault")
            message = str(fault.get("message")) if isinstance(fault, Mapping) else "it has no fault"
            if "no valid host" in message.lower() or not shown.get("hostId", "unsaid"):
                raise PrerequisiteMissing("There was no room for a server", seen=f"status ERROR, {message}")


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

    #: The name of the first one, which those of the others begin with.
    name: str
    #: The answer to the plainest request, that of the recipe, and the server.
    plain: Exchange
    server: str
    #: The answer to one for at least three that asks for the reservation, its name, and the servers.
    batch: Exchange
    batch_name: str
    batched: list[str]

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [self.server, *self.batched]


def made_servers(cases: Cases, client: Client, servers: Servers, supplies: Supplies) -> Made:
    """Return the servers that a process makes once to look at; raises `PrerequisiteMissing` where there was no room."""
    first = plainest(cases, servers)
    beside = f"native servers beside {first.server}"
    return supplies.once(beside, lambda: _as_many(client, servers, supplies, first), lasting=True)


def _as_many(client: Client, servers: Servers, supplies: Supplies, first: Detail) -> Made:
    """Make them beside *first*, and all anew where there are more of their name."""
    made: list[Made] = []

    def make() -> Made:
        made.append(_make(client, servers, supplies, _anew(client, servers, supplies, first) if made else first))
        return made[-1]

    return surplus.as_many(1 + _BATCH, make, lambda latest: surplus.count_named(client, latest.name))


def _anew(client: Client, servers: Servers, supplies: Supplies, first: Detail) -> Detail:
    """Send the request for *first* once more, with another name."""
    body = first.answer.request_body
    return settled(servers, client.post(SERVERS, {**body, "server": {**body["server"], "name": supplies.name()}}))


def _make(client: Client, servers: Servers, supplies: Supplies, first: Detail) -> Made:
    name, counted = first.answer.request_body["server"]["name"], {"min_count": _BATCH, "return_reservation_id": True}
    batch = client.post(SERVERS, plain(supplies, f"{name}-batch", **counted), microversion=DESCRIBED)
    return Made(name, first.answer, first.server, batch, f"{name}-batch", servers.settle(batch))


def plainest(cases: Cases, servers: Servers) -> Detail:
    """Return the creation of the recipe, which is plain, and its server; raises `PrerequisiteMissing` where it was refused."""
    return settled(servers, cases.control("nova.servers.create"))


def settled(servers: Servers, answer: Exchange) -> Detail:
    """Return a creation and its server, once that is stable; raises `PrerequisiteMissing` where there was no room for it."""
    server = str(read(answer, "server", "id"))
    servers.wait_stable(server)
    _see_that_there_was_room(servers, server)
    return Detail(answer, server)


@contextmanager
def created_servers(client: Client, servers: Servers, wait: Wait, created: Exchange) -> Iterator[list[str]]:
    """Wait for what a creation made, hand it out, and delete it when the block ends; a refused one made nothing.

    Raises `PrerequisiteMissing` where there was no room for it.
    """
    made = servers.settle(created)
    try:
        _see_that_there_was_room(servers, *made)
        yield made
    finally:
        delete_servers(client, wait, *made)


@contextmanager
def created_with(
    client: Client, servers: Servers, supplies: Supplies, wait: Wait, details: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Detail]]:
    """Make a server with all *details* as `details_of` does, and delete it when the block ends, where it is of no use to others."""
    made = details_of(client, servers, supplies, list(details), merged(details))
    try:
        yield made
    finally:
        there = dict.fromkeys(one.server for one in made.values() if one.server)
        delete_servers(client, wait, *(one for one in there if not servers.is_plain(one)))


def merged(details: Mapping[str, Mapping[str, Any]]) -> Callable[[Sequence[str]], dict[str, Any]]:
    """Return what gives the fields of some of *details* together."""
    return lambda names: {field: value for name in names for field, value in details[name].items()}


def details_of(
    client: Client,
    servers: Servers,
    supplies: Supplies,
    names: Sequence[str],
    fields: Callable[[Sequence[str]], dict[str, Any]],
) -> dict[str, Detail]:
    """Make a server with all details, whose fields *fields* gives; where it is refused, one with each half of them, and so on.

    So a conforming endpoint makes one server, and what one refuses is known.
    Raises `PrerequisiteMissing` where there was no room for it.
    """
    wanted = fields(names)
    hints = {name: wanted.pop(name) for name in ("os:scheduler_hints",) if name in wanted}
    body = plain(supplies, wanted.pop("name", None) or supplies.name("detail"), **wanted)
    answer = client.post(SERVERS, {**body, **hints}, microversion=DESCRIBED)
    if answer.refused and len(names) > 1:
        half = len(names) // 2
        halves = [details_of(client, servers, supplies, some, fields) for some in (names[:half], names[half:])]
        return {**halves[0], **halves[1]}
    made = servers.settle(answer)
    _see_that_there_was_room(servers, *made)
    # Of an accepted creation that names no server nothing can be looked at.
    return dict.fromkeys(
        names, Detail(answer, "" if answer.refused else made[0] if made else str(read(answer, "server", "id")))
    )


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
    limits = client.get(url_of("nova.limits.show")).json_object.get("limits")
    absolute = limits.get("absolute", {}) if isinstance(limits, Mapping) else {}
    most, used = absolute.get("maxTotalInstances"), absolute.get("totalInstancesUsed")
    asked = created.request_body["server"]
    count = int(asked.get("max_count", asked.get("min_count", 1)))
    if isinstance(most, int) and isinstance(used, int) and 0 <= most < used + count:
        return f"the project has {used} servers of {most}, so it may not have {count} more: {created.answer}"
    return None
