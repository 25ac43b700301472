"""What a run creates beside servers: written down before the request leaves, deleted when the servers are gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_ecs._client import Client
from pytest_ecs._exchange import Exchange, pointer
from pytest_ecs._ledger import Ledger, Thing
from pytest_ecs.typing import JSON, Clock

__all__ = ["KINDS", "Kind", "delete", "identify", "kind_of", "name_of"]

#: How often, and every how many seconds, a deletion is tried that the endpoint refuses while the thing is in use.
_TRIES, _PAUSE = 24, 5.0
#: A group that does not exist may be answered with this code and 400 (5.10.2).
_NO_GROUP = "Ecs.0313"


@dataclass(frozen=True)
class Kind:
    """A kind of thing: how it is created, found and deleted."""

    #: For people, and in the ledger.
    name: str
    #: Path of the POST that creates it.
    create: re.Pattern[str]
    #: Steps to what identifies it in the answer.
    answer: tuple[str, ...]
    #: Path of one, with its id as ``{id}``, and of all.
    one: str
    all: str
    #: Steps to the list of all, and to the id and name in an item.
    listed: tuple[str, ...]
    id: tuple[str, ...]
    #: Steps to its name, in the request's body and in an item; empty where it has none.
    asked: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


def _native(name: str, collection: str, wrapper: str, plural: str, label: str = "name") -> Kind:
    return Kind(
        name, re.compile(rf"/v2(?:\.1)?/[^/]+/{collection}"), (wrapper, "id"), f"/v2.1/{{project_id}}/{collection}/{{id}}",
        f"/v2.1/{{project_id}}/{collection}", (plural,), ("id",), (wrapper, label), (label,),
    )  # fmt: skip


_IMAGE = Kind(
    "image", re.compile(r"/v2(?:\.1)?/[^/]+/servers/[^/]+/action"), ("image_id",), "/v2.1/{project_id}/images/{id}",
    "/v2.1/{project_id}/images", ("images",), ("id",), ("createImage", "name"), ("name",),
)  # fmt: skip

KINDS: tuple[Kind, ...] = (
    _native("security group", "os-security-groups", "security_group", "security_groups"),
    Kind(
        "key pair", re.compile(r"/v2(?:\.1)?/[^/]+/os-keypairs"), ("keypair", "name"), "/v2.1/{project_id}/os-keypairs/{id}",
        "/v2.1/{project_id}/os-keypairs", ("keypairs",), ("keypair", "name"), ("keypair", "name"), ("keypair", "name"),
    ),
    _native("server group", "os-server-groups", "server_group", "server_groups"),
    Kind(
        "ECS group", re.compile(r"/v1/[^/]+/cloudservers/os-server-groups"), ("server_group", "id"),
        "/v1/{project_id}/cloudservers/os-server-groups/{id}", "/v1/{project_id}/cloudservers/os-server-groups",
        ("server_groups",), ("id",), ("server_group", "name"), ("name",),
    ),
    _native("floating IP address", "os-floating-ips", "floating_ip", "floating_ips", "pool"),
    _native("disk", "os-volumes", "volume", "volumes", "display_name"),
    _native("snapshot", "os-snapshots", "snapshot", "snapshots", "display_name"),
    _IMAGE,
)  # fmt: skip
_BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


def kind_of(method: str, path: str, body: JSON) -> Kind | None:
    """Return the kind of thing that a request may create, None when it creates none that is known here."""
    if method != "POST":
        return None
    for kind in KINDS:
        if kind.create.fullmatch(path):
            return kind if kind is not _IMAGE or (isinstance(body, Mapping) and "createImage" in body) else None
    return None


def name_of(kind: Kind, body: JSON) -> str | None:
    """Return the name that a request gives to what it creates."""
    return _text(body, kind.asked) if kind.asked else None


def identify(kind: Kind, exchange: Exchange) -> str | None:
    """Return the URL of what an accepted request created, None when the answer does not tell."""
    found = _text(exchange.response_body, kind.answer)
    if found is None and kind is _IMAGE:  # below 2.45 the answer has its URL in a header (6.3.7)
        found = str(exchange.response_headers.get("location", "")).rstrip("/").rpartition("/")[2] or None
    return kind.one.replace("{id}", found) if found else None


def delete(ledger: Ledger, things: Sequence[Thing], client: Client, clock: Clock) -> tuple[list[str], list[str]]:
    """Delete *things*, the last ones first; return what is gone, and a sentence for each that is not."""
    done: list[str] = []
    problems: list[str] = []
    for thing in reversed(things):
        kind = _BY_NAME[thing.kind]
        paths = [thing.path] if thing.path is not None else list(_by_name(kind, thing, client))
        ends = {path: _end(path, client, clock) for path in paths}
        if "there" in ends.values():
            what = f"{thing.kind} {thing.name or ', '.join(ends)}"
            problems.append(f"{what} is still there; delete it by hand or run pytest-ecs sweep again")
        else:
            ledger.lost(thing.key)
        done += [f"{thing.kind} {thing.name or path}" for path, end in ends.items() if end == "deleted"]
    return done, problems


def _by_name(kind: Kind, thing: Thing, client: Client) -> Iterator[str]:
    """Yield the URLs of what a request whose answer never came has made, found by the name that it asked for."""
    if thing.name is None:
        return
    listed = client.get(kind.all)
    for item in _items(listed.response_body, kind.listed):
        found = _text(item, kind.id)
        if found is not None and _text(item, kind.shown) == thing.name:
            yield kind.one.replace("{id}", found)


def _end(path: str, client: Client, clock: Clock) -> str:
    """Delete what is at *path*; return "gone" when it was not there, "deleted", or "there" when it stays."""
    for attempt in range(_TRIES):
        deleted = client.delete(path)
        if deleted.failure is None and (
            deleted.status == 404 or _text(deleted.response_body, ("error", "code")) == _NO_GROUP
        ):
            return "deleted" if attempt else "gone"
        clock.sleep(_PAUSE)
    return "there"


def _items(body: JSON, steps: tuple[str, ...]) -> list[JSON]:
    try:
        found = pointer(body, steps)
    except LookupError:
        return []
    return list(found) if isinstance(found, list) else []


def _text(value: JSON, steps: tuple[str, ...]) -> str | None:
    try:
        found = pointer(value, steps)
    except LookupError:
        return None
    return found if isinstance(found, str) and found else None
