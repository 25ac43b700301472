"""What a run creates beside servers: written down before the request leaves, deleted when the servers are gone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._http.paths import segment
from pytest_ecs._types import JSON

__all__ = [
    "ADDRESS",
    "BY_NAME",
    "IMAGE",
    "KINDS",
    "SNAPSHOT",
    "Kind",
    "discard",
    "identify",
    "is_own",
    "items",
    "kind_of",
    "name_of",
    "snapshots_of",
    "text",
    "there",
    "url",
]


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


SNAPSHOT = Kind(  # 11.6 shows one by its id and lists none
    "snapshot",
    re.compile(r"/v2(?:\.1)?/[^/]+/os-snapshots"),
    ("snapshot", "id"),
    "/v2.1/{project_id}/os-snapshots/{id}",
    "",
    (),
    (),
    ("snapshot", "display_name"),
)

IMAGE = Kind(
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

ADDRESS = Kind(  # its request names nothing but the pool that it is from (11.5.3)
    "floating IP address",
    re.compile(r"/v2(?:\.1)?/[^/]+/os-floating-ips"),
    ("floating_ip", "id"),
    "/v2.1/{project_id}/os-floating-ips/{id}",
    "/v2.1/{project_id}/os-floating-ips",
    ("floating_ips",),
    ("id",),
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
    ADDRESS,
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
    SNAPSHOT,
    IMAGE,
)
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


def kind_of(method: str, path: str, body: JSON) -> Kind | None:
    """Return the kind of thing that a request may create, None when it creates none that is known here."""
    if method != "POST":
        return None
    for kind in KINDS:
        if kind.create.fullmatch(path):
            return kind if kind is not IMAGE or (isinstance(body, Mapping) and "createImage" in body) else None
    return None


def name_of(kind: Kind, body: JSON) -> str | None:
    """Return the name that a request gives to what it creates."""
    return text(body, kind.asked) if kind.asked else None


def identify(kind: Kind, exchange: Exchange) -> str | None:
    """Return the URL of what an accepted request created, None when the answer does not tell."""
    found = text(exchange.response_body, kind.answer)
    if found is None and kind is IMAGE:  # below 2.45 the answer has its URL in a header (6.3.7)
        found = str(exchange.response_headers.get("location", "")).rstrip("/").rpartition("/")[2] or None
    return url(kind, found) if found else None


def discard(exchange: Exchange, client: Client) -> None:
    """Delete at once what an accepted request created and nobody wants; what stays is deleted at the end of the run."""
    kind = kind_of(exchange.method, exchange.path, exchange.request_body)
    if kind is not None and exchange.accepted and (path := identify(kind, exchange)) is not None:
        client.delete(path)


def is_own(name: str, run: str) -> bool:
    """Whether *name* is one that only *run* gives: those have its id in them."""
    return bool(run) and f"-{run}-" in name


def url(kind: Kind, identity: str) -> str:
    return kind.one.replace("{id}", segment(identity))


def there(kind: Kind, client: Client) -> dict[str, JSON] | None:
    """Return all that there are of a kind, by their URLs; None where the list does not say."""
    listed = client.get(kind.all) if kind.all else None
    found = items(listed.response_body, kind.listed) if listed is not None and listed.accepted else None
    if found is None:
        return None
    return {url(kind, identity): item for item in found if (identity := text(item, kind.id)) is not None}


def items(body: JSON, steps: tuple[str, ...]) -> list[JSON] | None:
    try:
        found = pointer(body, steps)
    except LookupError:
        return None
    return list(found) if isinstance(found, list) else None


def text(value: JSON, steps: tuple[str, ...]) -> str | None:
    try:
        found = pointer(value, steps)
    except LookupError:
        return None
    return found if isinstance(found, str) and found else None


def snapshots_of(image: JSON) -> list[str]:
    """Return the URLs of the snapshots that the image of a server consists of (6.3.7), and that its deletion leaves.

    *image* is the answer to its query (11.2.2); its metadata names them.
    """
    mapping = text(image, ("image", "metadata", "block_device_mapping"))
    try:
        parts = json.loads(mapping or "[]")
    except (ValueError, RecursionError):
        return []
    found = [text(part, ("snapshot_id",)) for part in parts] if isinstance(parts, list) else []
    return [url(SNAPSHOT, one) for one in found if one]
