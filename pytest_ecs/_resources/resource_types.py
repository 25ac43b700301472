"""What a run creates beside servers: written down before the request leaves, deleted when the servers are gone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pytest_ecs._http.client import Client
from pytest_ecs._http.exchange import Exchange, pointer
from pytest_ecs._http.paths import segment
from pytest_ecs._types import JSON

if TYPE_CHECKING:
    from pytest_ecs._contract.model import Creation, Operation, Remains

__all__ = [
    "ADDRESS",
    "DISK",
    "SERVER",
    "ResourceType",
    "before_servers",
    "can_be_discarded",
    "created_by",
    "discard",
    "identify",
    "is_own",
    "items",
    "leaves_disks",
    "name_of",
    "remains_of",
    "resource_type_of",
    "resource_types",
    "text_at",
    "there",
    "url",
]

#: What the contract calls servers, which the ledger keeps apart from all else.
SERVER = "server"
#: What the contract calls EIPs, which come with servers as well, and have no names.
ADDRESS = "floating IP address"
#: What it calls disks, which come with servers as well.
DISK = "disk"


@dataclass(frozen=True)
class ResourceType:
    """A type of resource, servers apart: how it is created, found and deleted, as the operation that creates it says (``x-creates``)."""

    #: For people, and in the ledger.
    name: str
    #: Steps to what identifies it in the answer to its creation.
    answer: tuple[str, ...]
    #: Whether that answer may have its URL in the header Location instead.
    located: bool
    #: Path of one, with its id as ``{id}``, and of all; empty where the document has no list.
    one: str
    all: str
    #: Steps to the list of all, and to the id and name in an item.
    listed: tuple[str, ...]
    id: tuple[str, ...]
    #: Steps to its name in the request's body and in an item; empty where it has none.
    asked: tuple[str, ...]
    shown: tuple[str, ...]
    #: Error code that says, beside 404, that it is not there.
    absent: str | None
    #: Whether another API deletes it than the one that creates it, so that an endpoint may have the one and not the other.
    elsewhere: bool
    #: What it consists of and what stays when it is deleted, if anything.
    leaves: Remains | None


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Return the types of resources that operations of the contract create, by name; servers are none of them."""
    return {resource_type.name: resource_type for resource_type in _by_operation().values()}


@cache
def _by_operation() -> Mapping[str, ResourceType]:
    from pytest_ecs._contract import load

    operations = load().operations
    return {
        operation.id: _resource_type(operation, operation.creates, operations)
        for operation in operations.values()
        if operation.creates is not None and operation.creates.resource_type != SERVER
    }


def _resource_type(operation: Operation, creates: Creation, operations: Mapping[str, Operation]) -> ResourceType:
    deletion, listed = operations[creates.deleted], creates.listed
    return ResourceType(
        name=creates.resource_type,
        answer=creates.answer,
        located="Location" in operation.response_headers,
        one=re.sub(r"\{\w+\}$", "{id}", deletion.path),
        all=operations[listed.operation].path if listed else "",
        listed=listed.items if listed else (),
        id=listed.id if listed else (),
        asked=creates.name,
        shown=listed.name if listed else (),
        absent=creates.absent,
        elsewhere=deletion.chapter != operation.chapter,
        leaves=creates.leaves,
    )


def created_by(method: str, path: str, body: JSON) -> Operation | None:
    """Return the operation that a request is, when it is one that may create something; None for all others.

    A URL that the document has under /v2 alone is tried under /v2.1, too, and the other way round: what is not to be
    there may be there.
    """
    if method != "POST":
        return None
    from pytest_ecs._contract import load

    match = load().match
    found = match(method, path, body) or match(method, path.replace("/v2.1/", "/v2/", 1), body)
    return found[0] if found is not None and found[0].creates is not None else None


def leaves_disks(method: str, path: str, body: JSON) -> bool:
    """Whether a request may part servers from disks that then stay: it deletes servers, or makes an image of one (6.2.1, 6.3.7)."""
    if method not in {"DELETE", "POST"}:
        return False
    from pytest_ecs._contract import load

    found = load().match(method, path, body)
    return found is not None and found[0].id in _parting()


@cache
def _parting() -> frozenset[str]:
    from pytest_ecs._contract import load

    creations = [(one.id, one.creates) for one in load().operations.values() if one.creates is not None]
    deletions = {creates.deleted for _, creates in creations if creates.resource_type == SERVER}
    return frozenset(deletions | {name for name, creates in creations if creates.leaves is not None})


def resource_type_of(method: str, path: str, body: JSON) -> ResourceType | None:
    """Return the type of the resource that a request may create, None when it creates none that is known, or servers."""
    operation = created_by(method, path, body)
    return _by_operation().get(operation.id) if operation is not None else None


def name_of(resource_type: ResourceType, body: JSON) -> str | None:
    """Return the name that a request gives to what it creates."""
    return text_at(body, resource_type.asked) if resource_type.asked else None


def identify(resource_type: ResourceType, exchange: Exchange) -> str | None:
    """Return the URL of what an accepted request created, None when the answer does not tell."""
    found = text_at(exchange.response_body, resource_type.answer)
    if found is None and resource_type.located:
        found = str(exchange.response_headers.get("location", "")).rstrip("/").rpartition("/")[2] or None
    return url(resource_type, found) if found else None


def can_be_discarded(exchange: Exchange) -> bool:
    """Whether a request made a resource that can be deleted by itself, and its answer tells which."""
    return _made(exchange) is not None


def discard(exchange: Exchange, client: Client) -> None:
    """Delete at once what an accepted request created and nobody wants; what stays is deleted at the end of the run."""
    path = _made(exchange)
    if path is not None:
        client.delete(path)


def _made(exchange: Exchange) -> str | None:
    """Return the URL of the resource that an accepted request created, None when it created none that is known."""
    resource_type = resource_type_of(exchange.method, exchange.path, exchange.request_body)
    return identify(resource_type, exchange) if resource_type is not None and exchange.accepted else None


def is_own(name: str, run: str) -> bool:
    """Whether *name* is one that only *run* gives: those have its id in them."""
    return bool(run) and f"-{run}-" in name


def url(resource_type: ResourceType, identity: str) -> str:
    return resource_type.one.replace("{id}", segment(identity))


def there(resource_type: ResourceType, client: Client) -> dict[str, JSON] | None:
    """Return all that there are of a type, by their URLs; None where the list does not say."""
    listed = client.get(resource_type.all) if resource_type.all else None
    found = items(listed.response_body, resource_type.listed) if listed is not None and listed.accepted else None
    if found is None:
        return None
    return {
        url(resource_type, identity): item
        for item in found
        if (identity := text_at(item, resource_type.id)) is not None
    }


def before_servers() -> set[str]:
    """Return the types of resources that keep the disk of a server as long as they are there (6.2.1, 6.3.7), parts included."""
    wholes = [resource_type for resource_type in resource_types().values() if resource_type.leaves is not None]
    return {resource_type.name for resource_type in wholes} | {
        _by_operation()[resource_type.leaves.created].name for resource_type in wholes if resource_type.leaves
    }


def items(body: JSON, steps: tuple[str, ...]) -> list[JSON] | None:
    try:
        found = pointer(body, steps)
    except LookupError:
        return None
    return list(found) if isinstance(found, list) else None


def text_at(value: JSON, steps: tuple[str, ...]) -> str | None:
    try:
        found = pointer(value, steps)
    except LookupError:
        return None
    return found if isinstance(found, str) and found else None


def remains_of(resource_type: ResourceType, shown: JSON) -> tuple[ResourceType, list[str]] | None:
    """Return the type and the URLs of what *shown*, the answer to the query of a resource, says that its deletion leaves.

    None for a resource that leaves nothing.
    """
    if resource_type.leaves is None:
        return None
    part = _by_operation()[resource_type.leaves.created]
    try:
        rows = json.loads(text_at(shown, resource_type.leaves.at) or "[]")
    except (ValueError, RecursionError):
        rows = []
    found = [text_at(row, resource_type.leaves.id) for row in rows] if isinstance(rows, list) else []
    return part, [url(part, one) for one in found if one]
