"""Looking at servers as they are: one by its id, all of them, those of a name (6.2.4 to 6.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange
from pytest_ecs._http.paths import segment
from pytest_ecs._types import JSON, Clock
from pytest_ecs.exceptions import JobTimeout, PrerequisiteMissing

__all__ = [
    "GONE",
    "PASSING",
    "ZONE",
    "belongings",
    "listed",
    "made_of",
    "next_pause",
    "seen",
    "settled",
    "show",
    "shown",
    "wait_stable",
]

#: Statuses that end by themselves (A-1).
PASSING = frozenset({"BUILD", "REBOOT", "HARD_REBOOT", "REBUILD", "MIGRATING", "RESIZE", "REVERT_RESIZE", "UNKNOWN"})
#: Statuses of servers that are no more (A-1).
GONE = frozenset({"DELETED", "SOFT_DELETED"})
#: Where a server is (6.2.6).
ZONE = "OS-EXT-AZ:availability_zone"
#: What is being done to a server (6.2.6).
_TASK = "OS-EXT-STS:task_state"
#: First microversion at which a server shows whether it is locked (6.2.6).
_LOCKED = "2.9"
#: Seconds that the query of a server may be refused until nothing is expected of it any more.
_PATIENCE = 120.0


def show(client: Client, server: str) -> Exchange:
    """Query a server (6.2.6)."""
    return client.get(f"/v2.1/{{project_id}}/servers/{segment(server)}")


def shown(client: Client, server: str) -> Mapping[str, JSON]:
    """Return what the query of a server says of it, its lock included; nothing when it says nothing."""
    body = client.get(f"/v2.1/{{project_id}}/servers/{segment(server)}", microversion=_LOCKED).json_object.get("server")
    return body if isinstance(body, Mapping) else {}


def settled(server: Mapping[str, JSON]) -> str | None:
    """Return the status that a server shows; None where that passes, something is being done to it, or it does not say."""
    status = server.get("status")
    is_over = isinstance(status, str) and status not in PASSING and _TASK in server and not server[_TASK]
    return status if is_over else None


def belongings(server: Mapping[str, JSON]) -> tuple[int, int]:
    """Return how many disks and addresses a server shows; floating addresses (EIPs) come and go without it (6.2.6)."""
    disks, networks = server.get("os-extended-volumes:volumes_attached"), server.get("addresses")
    lists = [value for value in networks.values() if isinstance(value, list)] if isinstance(networks, Mapping) else []
    entries = [entry for value in lists for entry in value if isinstance(entry, Mapping)]
    own = [entry for entry in entries if entry.get("OS-EXT-IPS:type") != "floating"]
    return len(disks) if isinstance(disks, list) else 0, len(own)


def made_of(server: Mapping[str, JSON]) -> tuple[JSON, JSON]:
    """Return the ids of the flavor and of the image that a server shows, as far as it shows them."""
    flavor, image = (
        value.get("id") if isinstance(value := server.get(name), Mapping) else None for name in ("flavor", "image")
    )
    return flavor, image


def listed(client: Client, **filters: str) -> list[Mapping[str, JSON]]:
    """Return all servers that *filters* let through (6.2.4), page by page; all that there are where those are refused.

    Raises `PrerequisiteMissing` when the list is not answered with servers, or does not end.
    """
    found: dict[str, Mapping[str, JSON]] = {}
    marker: dict[str, str] = {}
    narrowed, least = {**filters, "limit": "1000"}, 1000
    while True:
        exchange = client.get("/v2.1/{project_id}/servers", query={**narrowed, **marker})
        if exchange.refused and narrowed:
            narrowed, least = {}, 1
            continue
        page = exchange.json_object.get("servers")
        if not exchange.accepted or not isinstance(page, list):
            raise PrerequisiteMissing(
                "The servers cannot be listed", seen=exchange.answer[:300], hint="try again later"
            )
        new = {str(one["id"]): one for one in page if isinstance(one, Mapping) and "id" in one}
        ended = len(page) < least or not new.keys() - found.keys()  # a list that ignores its marker never ends
        found.update(new)
        if ended:
            return list(found.values())
        marker = {"marker": list(new)[-1]}


def seen(client: Client, server: str) -> Mapping[str, JSON] | None:
    """Return what the query of *server* says of it, None when the endpoint does not have it any more.

    Where the query says neither, the list has to; nothing is returned for a server of which nobody says anything.
    """
    exchange = show(client, server)
    if exchange.failure is None and exchange.status == 404:
        return None
    body = exchange.json_object.get("server")
    if exchange.accepted and isinstance(body, Mapping):
        return None if str(body.get("status")) in GONE else body
    try:
        return next((one for one in listed(client) if one["id"] == server), None)
    except PrerequisiteMissing:
        return {}


def _state(client: Client, server: str, exchange: Exchange) -> tuple[str, JSON]:
    """Return the status and the task of a server; where its query does not say both, what the list (6.2.5) says."""
    inner = exchange.json_object.get("server")
    body: Mapping[str, JSON] = inner if isinstance(inner, Mapping) else {}
    if exchange.accepted and not ("status" in body and _TASK in body):
        page = client.get("/v2.1/{project_id}/servers/detail", query={"limit": "1000"}).json_object.get("servers")
        of_list = (one for one in (page if isinstance(page, list) else ()) if isinstance(one, Mapping))
        body = next((one for one in of_list if one.get("id") == server), body)
    return str(body.get("status")), body.get(_TASK)


def next_pause(pause: float, elapsed: float) -> float:
    """Return the seconds until the next look after one that came *pause* after the last: more and more, up to ten.

    What is over within a minute is seen three seconds later at most; what lasts is asked for every twentieth of its time.
    """
    return min(pause * 1.5, max(3.0, min(elapsed / 20, 10.0)))


def wait_stable(
    client: Client, clock: Clock, server: str, *, timeout: float, each: Callable[[], object] | None = None
) -> str | None:
    """Wait until *server* is in no passing status or task; return its status, None when it is gone.

    After the first look it is not asked for before what it showed then was ever over; *each* runs after every look, of which
    none is left out then.
    Raises `JobTimeout` when it is still changing after *timeout* seconds of *clock*, or was not shown for two minutes.
    """
    began, pause, durations = clock.now(), 0.1, client.connection.durations
    answered, first = began, None
    while True:
        exchange = show(client, server)
        if exchange.status == 404:
            return None
        inner = exchange.json_object.get("server")
        body: Mapping[str, JSON] = inner if isinstance(inner, Mapping) else {}
        status, task = _state(client, server, exchange)
        now, first = clock.now(), first or (status, str(task))
        if exchange.status == 200 and status not in PASSING and not task:
            durations.add(first, now - began)
            return status
        answered = now if body else answered
        if now - answered >= _PATIENCE:
            raise JobTimeout(
                f"Server {server} was not shown for {_PATIENCE:g} s",
                seen=exchange.answer,
                hint="Look at what the endpoint answers to the query of a server (6.2.6)",
            )
        if now - began >= timeout:
            raise JobTimeout(
                f"Server {server} was still changing after {timeout:g} s",
                seen=f"HTTP {exchange.status}, status {status}, task_state {task}",
                hint="raise --ecs-job-timeout if this endpoint is known to be slow",
                last=dict(body),
            )
        if each is not None:
            each()
        wait = pause if each else durations.pause(first, now - began, pause)
        clock.sleep(min(wait, max(timeout - (now - began), 0.1)))
        pause = 1.0 if each else next_pause(pause, now - began)
