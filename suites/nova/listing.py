"""The two lists of servers (6.2.4, 6.2.5), which have the same parameters (tables 6-31 and 6-36) and the same rules."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pytest_ecs import Client, Exchange, Lease, load_contract, read
from pytest_ecs.exceptions import PrerequisiteMissing

from .creation import SERVERS

__all__ = [
    "DEFAULT",
    "DETAIL",
    "IDS",
    "MOST",
    "PATHS",
    "both",
    "by_name",
    "changed_since",
    "ids_of",
    "only_named",
    "position",
    "rule_of",
    "updated",
]

#: Where the list with details is.
DETAIL = f"{SERVERS}/detail"
#: The lists by their operations.
PATHS = {"nova.servers.list": SERVERS, "nova.servers.list-detail": DETAIL}
#: The most servers of a page, and how many there are on one without limit.
MOST, DEFAULT = 1000, 25
#: Where the ids of the servers listed stand.
IDS = ("body", "servers", "*", "id")


def both(*rules: str) -> pytest.MarkDecorator:
    """Run a test with ``operation`` and ``path`` of each list, about those of *rules* that are the list's own."""
    return pytest.mark.parametrize(
        ("operation", "path"),
        [
            pytest.param(
                operation,
                path,
                id=operation,
                marks=pytest.mark.ecs_requirement(
                    *(rule for rule in rules if load_contract().requirements[rule].operation == operation)
                ),
            )
            for operation, path in PATHS.items()
        ],
    )


def rule_of(operation: str, name: str) -> str:
    """Return the id of a rule of one of the lists."""
    return f"{operation}/rule/{name}"


def ids_of(listed: Exchange) -> list[str]:
    """Return the ids of the servers listed, in their order; that each is listed once is judged by itself."""
    return list(dict.fromkeys(server["id"] for server in read(listed, "servers") if "id" in server))


def position(listed: Exchange, server: str) -> int:
    """Return where a server stands in a list; raises `PrerequisiteMissing` where it does not, which is judged by itself."""
    ids = read(listed, "servers", "*", "id")
    if server not in ids:
        raise PrerequisiteMissing("A server has to be listed to be looked at there", seen=f"{len(ids)} others are")
    return int(ids.index(server))


def by_name(client: Client, path: str, name: str, **query: str) -> Exchange:
    """List servers by a part of their name; raises `PrerequisiteMissing` where others are listed as well.

    That is judged where the filter is, and what looks through it is not tested then.
    """
    listed = client.get(path, query={"name": name, "limit": str(MOST), **query})
    read(listed, "servers")
    only_named(listed, name)
    return listed


def only_named(listed: Exchange, name: str) -> None:
    """Raise `PrerequisiteMissing` where a list by a part of a name has servers of other names."""
    others = [one for one in read(listed, "servers", "*", "name") if name not in one] if listed.accepted else []
    if others:
        raise PrerequisiteMissing("The list by name is needed", seen=f"it has servers of other names, as {others[0]}")


def updated(lease: Lease) -> datetime:
    """Return when a server changed last, as it says itself.

    Raises `PrerequisiteMissing` where that is no time in UTC, which is judged by itself.
    """
    shown = str(read(lease.show(), "server", "updated"))
    if not shown.endswith("Z"):
        raise PrerequisiteMissing("The time of a server's last change is needed, in UTC", seen=shown)
    return datetime.fromisoformat(shown.replace("Z", "+00:00"))


def changed_since(client: Client, path: str, moment: datetime, offset: int = 0) -> Exchange:
    """List what changed since *moment*, which is written with an *offset* of so many hours."""
    text = moment.astimezone(timezone(timedelta(hours=offset))).isoformat(timespec="seconds").replace("+00:00", "Z")
    query: dict[str, Any] = {"changes-since": text, "limit": str(MOST)}
    return client.get(path, query=query)
