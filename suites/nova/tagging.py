"""What the tests of tags (6.15) share: their requests, and what a server has by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from pytest_ecs import Check, Client, Exchange, Lease, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

#: Tags are there from this microversion on, and from the next one on another header names it (3).
SINCE = "2.26"
#: A server has at most so many tags, and a tag so many characters (table 6-221).
MOST, LENGTH = 50, 80
TAGS = ("body", "tags")
#: Tags that a server may have without anybody's doing, and keep (table 6-223).
RESERVED = ("__type_baremetal", "__type_virtual")


def path_of(server: str, tag: str | None = None) -> str:
    """Return the URL of a server's tags, or of one of them."""
    return url_of("nova.tags.list", server_id=server) + ("" if tag is None else f"/{quote(tag, safe='')}")


def list_tags(client: Client, lease: Lease) -> Exchange:
    """List the tags of a server (6.15.1)."""
    return client.get(path_of(lease.id), microversion=SINCE)


def tags_of(client: Client, lease: Lease) -> list[str]:
    """Return the tags of a server."""
    found: list[str] = read(list_tags(client, lease), "tags")
    return found


def add(client: Client, lease: Lease, tag: str) -> Exchange:
    """Add a tag to a server (6.15.4)."""
    return client.put(path_of(lease.id, tag), microversion=SINCE)


def have(client: Client, lease: Lease, *tags: str) -> Exchange:
    """Add tags to a server that it has then, and return the last answer.

    Raises `PrerequisiteMissing` where it has them not: that is judged where tags are added and listed.
    """
    added = [add(client, lease, tag) for tag in tags]
    missing = sorted(set(tags) - set(tags_of(client, lease)))
    if missing:
        raise PrerequisiteMissing(
            f"A server with the tags {', '.join(tags)} is needed", seen=f"{', '.join(missing)} not listed"
        )
    return added[-1]


def set_tags(client: Client, lease: Lease, *tags: str) -> Exchange:
    """Set the tags of a server (6.15.2)."""
    return client.put(path_of(lease.id), {"tags": list(tags)}, microversion=SINCE)


def has(client: Client, lease: Lease, tag: str) -> Exchange:
    """Ask whether a server has a tag (6.15.5)."""
    return client.get(path_of(lease.id, tag), microversion=SINCE)


def delete(client: Client, lease: Lease, tag: str | None = None) -> Exchange:
    """Delete a tag of a server (6.15.6), or all of them (6.15.3)."""
    return client.delete(path_of(lease.id, tag), microversion=SINCE)


def server_of(client: Client, lease: Lease) -> Exchange:
    """Show the server at a microversion at which it has tags (6.2.6)."""
    return client.get(url_of("nova.servers.show", server_id=lease.id), microversion=SINCE)


def reserved_of(answer: Exchange, *steps: str) -> list[str]:
    """Return the reserved tags that an answer shows."""
    found: Any = answer.response_body
    for step in steps or ("tags",):
        found = found.get(step) if isinstance(found, Mapping) else None
    return [tag for tag in found if tag in RESERVED] if isinstance(found, list) else []


def only(check: Check, rule: str, answer: Exchange, tags: Sequence[str], *steps: str) -> None:
    """An answer shows these tags in any order, and beside them none but reserved ones."""
    wanted = [tag for tag in tags if tag not in RESERVED]
    check(rule, answer, "body", *(steps or ("tags",)), same_items=[*wanted, *reserved_of(answer, *steps)])


@contextmanager
def bare(client: Client, *leases: Lease) -> Iterator[None]:
    """Take all tags from servers, before and after; one where that fails serves nobody again."""
    for lease in leases:
        delete(client, lease)
    try:
        yield
    finally:
        for lease in leases:
            delete(client, lease)
            lease.spoilt = lease.spoilt or not set(tags_of(client, lease)) <= set(RESERVED)
