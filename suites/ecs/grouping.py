"""Server groups of 5.10: how tests make them, look at them, and leave none behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Client, Exchange, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

GROUPS = url_of("ecs.server-groups.list")
NATIVE = url_of("nova.server-groups.list")
SERVERS = url_of("ecs.servers.create")
IDS = ("body", "server_groups", "*", "id")
MEMBERS = ("body", "server_group", "members")
POLICY = "anti-affinity"
#: Pages that are followed at most.
_PAGES = 100


def path_of(group: str, action: str = "") -> str:
    """Return the path of a group, or of its *action*."""
    return f"{GROUPS}/{group}{action}"


def body_of(name: str, *policies: str) -> dict[str, Any]:
    """Return a request for a group, with the only policy there is unless others are given."""
    return {"server_group": {"name": name, "policies": list(policies or (POLICY,))}}


def act(client: Client, group: str, key: str, server: str) -> Exchange:
    """Ask a group to add or to remove a server."""
    return client.post(path_of(group, "/action"), {key: {"instance_uuid": server}})


def members_of(client: Client, group: str) -> list[str]:
    """Return the ids of a group's members, none when it is not shown."""
    shown = client.get(path_of(group)).json_object.get("server_group")
    found = shown.get("members") if isinstance(shown, dict) else None
    return [str(member) for member in found] if isinstance(found, list) else []


@contextmanager
def group_made(client: Client, supplies: Supplies, name: str | None = None) -> Iterator[tuple[Exchange, str]]:
    """Make a group for a test; give the answer and its id. It is deleted afterwards, since a project has few.

    Raises `PrerequisiteMissing` where none can be made.
    """
    created = client.post(GROUPS, body_of(name or supplies.name("group")))
    if not created.accepted:
        raise PrerequisiteMissing("A server group is needed, and the endpoint does not create one", seen=created.answer)
    group = str(read(created, "server_group", "id"))
    try:
        yield created, group
    finally:
        drop(client, group)


def drop(client: Client, group: str) -> None:
    """Delete a group; its members leave it first, since a group with members may be kept."""
    shown = client.get(path_of(group))
    for member in members_of(client, group) if shown.accepted else ():
        act(client, group, "remove_member", member)
    if shown.accepted or group in ids_on(pages_of(client)):
        client.delete(path_of(group))


def pages_of(client: Client, query: dict[str, str] | None = None) -> list[Exchange]:
    """Return the list, page by page where the endpoint divides it."""
    pages = [client.get(GROUPS, query=query or {})]
    while len(pages) < _PAGES and (marker := _next(pages[-1])) and read(pages[-1], "server_groups"):
        pages.append(client.get(GROUPS, query={"limit": "1000", **(query or {}), "marker": marker}))
    return pages


def _next(page: Exchange) -> str | None:
    if "page_info" not in page.json_object or "next_marker" not in read(page, "page_info"):
        return None
    return read(page, "page_info", "next_marker") or None


def ids_on(pages: Sequence[Exchange]) -> list[str]:
    """Return the ids of all groups on pages, in their order."""
    return [group for page in pages for group in read(page, "server_groups", "*", "id")]


def place_of(page: Exchange, group: str) -> int:
    """Return the place of a group on a page, one where nothing is when it is not there."""
    ids = ids_on([page])
    return ids.index(group) if group in ids else len(ids)


def page_with(client: Client, group: str) -> Exchange:
    """Return the page of the list that has a group, or the last one."""
    pages = pages_of(client)
    return next((page for page in pages if group in ids_on([page])), pages[-1])
