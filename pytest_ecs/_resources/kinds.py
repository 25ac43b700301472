"""What a run creates beside servers: written down before the request leaves, deleted when the servers are gone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._resources.ledger import Ledger
from pytest_ecs._resources.records import Thing
from pytest_ecs._types import JSON, Clock

__all__ = ["KINDS", "Kind", "delete", "discard", "identify", "is_own", "kind_of", "name_of"]

#: How often a deletion is tried, which the endpoint refuses while the thing is in use, and the shortest and longest pause.
_TRIES, _FIRST, _PAUSE = 30, 0.05, 5.0


@dataclass(frozen=True)
class Kind:
    """A kind of thing: how it is created, found and deleted."""

    #: For people, and in the ledger.
    name: str
    #: Path of the POST that creates it.
    create: re.Pattern[str]
    #: Steps to what identifies it in the answer.
    answer: tuple[str, ...]
    #: Path of one, with its id as ``{id}``, and of all; empty where the document has no list.
    one: str
    all: str
    #: Steps to the list of all, and to the id and name in an item.
    listed: tuple[str, ...]
    id: tuple[str, ...]
    #: Steps to its name in the request's body and in an item; empty where it has none.
    asked: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    #: Error code that says, beside 404, that it is not there.
    absent: str | None = None
    #: Whether another API deletes it than the one that creates it, so that an endpoint may have the one and not the other.
    elsewhere: bool = False


def _native(name: str, collection: str) -> Kind:
    wrapper = name.replace(" ", "_")
    path = f"/v2.1/{{project_id}}/{collection}"
    return Kind(
        name,
        re.compile(rf"/v2(?:\.1)?/[^/]+/{collection}"),
        (wrapper, "id"),
        f"{path}/{{id}}",
        path,
        (f"{wrapper}s",),
        ("id",),
        (wrapper, "name"),
        ("name",),
    )


_IMAGE = Kind(
    "image",
    re.compile(r"/v2(?:\.1)?/[^/]+/servers/[^/]+/action"),
    ("image_id",),
    "/v2.1/{project_id}/images/{id}",
    "/v2.1/{project_id}/images",
    ("images",),
    ("id",),
    ("createImage", "name"),
    ("name",),
    elsewhere=True,
)

KINDS: tuple[Kind, ...] = (
    _native("security group", "os-security-groups"),
    Kind(
        "key pair",
        re.compile(r"/v2(?:\.1)?/[^/]+/os-keypairs"),
        ("keypair", "name"),
        "/v2.1/{project_id}/os-keypairs/{id}",
        "/v2.1/{project_id}/os-keypairs",
        ("keypairs",),
        ("keypair", "name"),
        ("keypair", "name"),
        ("keypair", "name"),
    ),
    _native("server group", "os-server-groups"),
    Kind(
        "ECS group",
        re.compile(r"/v1/[^/]+/cloudservers/os-server-groups"),
        ("server_group", "id"),
        "/v1/{project_id}/cloudservers/os-server-groups/{id}",
        "/v1/{project_id}/cloudservers/os-server-groups",
        ("server_groups",),
        ("id",),
        ("server_group", "name"),
        ("name",),
        "Ecs.0313",
    ),
    Kind(  # its request names nothing but the pool that it is from (11.5.3)
        "floating IP address",
        re.compile(r"/v2(?:\.1)?/[^/]+/os-floating-ips"),
        ("floating_ip", "id"),
        "/v2.1/{project_id}/os-floating-ips/{id}",
        "/v2.1/{project_id}/os-floating-ips",
        ("floating_ips",),
        ("id",),
    ),
    Kind(  # displayName in the list (11.4.1), display_name in the request (11.4.4)
        "disk",
        re.compile(r"/v2(?:\.1)?/[^/]+/os-volumes"),
        ("volume", "id"),
        "/v2.1/{project_id}/os-volumes/{id}",
        "/v2.1/{project_id}/os-volumes",
        ("volumes",),
        ("id",),
        ("volume", "display_name"),
        ("displayName",),
    ),
    Kind(  # 11.6 shows one by its id and lists none
        "snapshot",
        re.compile(r"/v2(?:\.1)?/[^/]+/os-snapshots"),
        ("snapshot", "id"),
        "/v2.1/{project_id}/os-snapshots/{id}",
        "",
        (),
        (),
        ("snapshot", "display_name"),
    ),
    _IMAGE,
)
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
    return _url(kind, found) if found else None


def discard(exchange: Exchange, client: Client) -> None:
    """Delete at once what an accepted request created and nobody wants; what stays is deleted at the end of the run."""
    kind = kind_of(exchange.method, exchange.path, exchange.request_body)
    if kind is not None and exchange.accepted and (path := identify(kind, exchange)) is not None:
        client.delete(path)


def delete(ledger: Ledger, things: Sequence[Thing], client: Client, clock: Clock) -> tuple[list[str], list[str]]:
    """Delete *things*, the last ones first; return what is gone, and a sentence for each that is not."""
    done: list[str] = []
    problems: list[str] = []
    for thing in reversed(things):
        kind = _BY_NAME[thing.kind]
        paths = [thing.path] if thing.path is not None else _by_name(kind, thing, client)
        if paths is None:
            problems.append(
                f"{thing.kind} {thing.name or 'without a name'}: a request whose answer did not say what it made "
                "may have created it, and nothing tells it from what others made; look for it and delete it by hand"
            )
            continue
        ends = {path: _end(kind, path, client, clock) for path in paths}
        if "unknown" in ends.values():
            what = f"{thing.kind} {thing.name or ', '.join(ends)}"
            problems.append(f"{what}: the endpoint has no API to delete or list it; look for it and delete it by hand")
        elif "there" in ends.values():
            what = f"{thing.kind} {thing.name or ', '.join(ends)}"
            problems.append(f"{what} is still there; delete it by hand or run pytest-ecs sweep again")
        else:
            ledger.gone_thing(thing.key)
        done += [f"{thing.kind} {thing.name or path}" for path, end in ends.items() if end == "deleted"]
    return done, problems


def _by_name(kind: Kind, thing: Thing, client: Client) -> list[str] | None:
    """Return the URLs of what a request whose answer never came has made, found by the name that it asked for.

    None where that cannot be known: without a name or a list, when the list is not answered, when several have the
    name, and when one has it that is not a name of the run's own, since that may be somebody else's.
    """
    if thing.name is None or not kind.all:
        return None
    listed = client.get(kind.all)
    items = _items(listed.response_body, kind.listed)
    if not listed.accepted or items is None:
        return None
    named = [item for item in items if _text(item, kind.shown) == thing.name]
    found = [_url(kind, identity) for item in named if (identity := _text(item, kind.id)) is not None]
    if len(found) < len(named) or len(found) > 1 or (found and not is_own(thing.name, thing.run)):
        return None
    return found


def is_own(name: str, run: str) -> bool:
    """Whether *name* is one that only *run* gives: those have its id in them."""
    return bool(run) and f"-{run}-" in name


def _url(kind: Kind, identity: str) -> str:
    return kind.one.replace("{id}", quote(identity, safe=""))


def _end(kind: Kind, path: str, client: Client, clock: Clock) -> str:
    """Delete what is at *path*; return "gone" when it was not there, "deleted", or "there" when it stays.

    "unknown" is returned when it is not found and neither is the list of all: the API itself is not there (chapter 11).
    """
    for attempt in range(_TRIES):
        deleted = client.delete(path)
        code = _text(deleted.response_body, ("error", "code"))
        if deleted.failure is None and (deleted.status == 404 or (code is not None and code == kind.absent)):
            if attempt:
                return "deleted"
            return "unknown" if kind.all and client.get(kind.all).status == 404 else "gone"
        # A refusal that says neither: the list does.
        if deleted.refused and _unlisted(kind, path, client):
            return "deleted" if attempt else "gone"
        clock.sleep(min(_FIRST * 2**attempt, _PAUSE))
    return "there"


def _unlisted(kind: Kind, path: str, client: Client) -> bool:
    """Whether the list of all is answered and does not have what is at *path*."""
    if not kind.all:
        return False
    listed = client.get(kind.all)
    items = _items(listed.response_body, kind.listed) if listed.accepted else None
    return items is not None and path not in {_url(kind, one) for item in items if (one := _text(item, kind.id))}


def _items(body: JSON, steps: tuple[str, ...]) -> list[JSON] | None:
    try:
        found = pointer(body, steps)
    except LookupError:
        return None
    return list(found) if isinstance(found, list) else None


def _text(value: JSON, steps: tuple[str, ...]) -> str | None:
    try:
        found = pointer(value, steps)
    except LookupError:
        return None
    return found if isinstance(found, str) and found else None
