"""Tags with key and value (5.9): how tests put them on servers, look at them, and take them away again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Check, Client, Exchange, Lease, Supplies, Wait, read, url_of
from pytest_ecs.exceptions import StepFailed

#: Tags by their key.
Tags = Mapping[str, str]
#: Seconds that a request which is put off (202) is given.
_PUT_OFF = 5.0


def path_of(server: Lease, action: str = "") -> str:
    """Return the path of a server's tags, or of their *action*."""
    return url_of("ecs.tags.list", server_id=server.id) + action


def body_of(action: str, tags: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Return a request for tags; one without a value has its key alone."""
    listed = [{"key": key} | ({} if value is None else {"value": value}) for key, value in tags]
    return {"action": action, "tags": listed}


def send(client: Client, wait: Wait, server: Lease, action: str, tags: Iterable[tuple[str, str | None]]) -> Exchange:
    """Send a request for tags; one that is put off is given a while."""
    sent = client.post(path_of(server, "/action"), body_of(action, tags))
    if sent.accepted and isinstance(sent.response_body, Mapping):
        wait.sleep(_PUT_OFF)
    return sent


def add(client: Client, wait: Wait, server: Lease, **tags: str) -> Exchange:
    """Add tags to a server."""
    return send(client, wait, server, "create", tags.items())


def delete(client: Client, wait: Wait, server: Lease, **tags: str | None) -> Exchange:
    """Delete tags from a server; None names one by its key alone."""
    return send(client, wait, server, "delete", tags.items())


def new_key(supplies: Supplies) -> str:
    """Return a key that no server has; names are too long for one."""
    return f"k-{supplies.unknown_id().replace('-', '')}"


def show(client: Client, server: Lease) -> Exchange:
    """Query the tags of a server."""
    return client.get(path_of(server))


def pairs_of(client: Client, server: Lease) -> dict[str, str]:
    """Return the tags of a server."""
    return {tag["key"]: tag["value"] for tag in read(show(client, server), "tags")}


@contextmanager
def untagged(client: Client, wait: Wait, *servers: Lease) -> Iterator[None]:
    """Take all tags from servers, before and after; one where that fails serves nobody again."""
    for server in servers:
        _clear(client, wait, server)
    try:
        yield
    finally:
        for server in servers:
            _clear(client, wait, server)


def _clear(client: Client, wait: Wait, server: Lease) -> None:
    try:
        tags = pairs_of(client, server)
        if tags:
            send(client, wait, server, "delete", [(key, None) for key in tags])
            server.spoilt = server.spoilt or bool(pairs_of(client, server))
    except (LookupError, TypeError, StepFailed):  # the answer does not show tags, which is judged where it is
        server.spoilt = True


def has(check: Check, rule: str, shown: Exchange, tags: Tags, *at: str | int) -> None:
    """Each of the tags is there, once and with its value, in the list at *at* of the answer."""
    place = at or ("tags",)
    for key, value in tags.items():
        if check(rule, shown, "body", *place, "*", "key", has_one=key):
            keys = [tag["key"] for tag in read(shown, *place)]
            if key in keys:
                check(rule, shown, "body", *place, keys.index(key), "value", equals=value)


def lacks(check: Check, rule: str, shown: Exchange, *keys: str) -> None:
    """None of the keys is there."""
    for key in keys:
        check(rule, shown, "body", "tags", "*", "key", lacks=key)
