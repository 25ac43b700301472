"""Recipes: servers: created, changed, queried, deleted (6.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

from ..values import PASSWORD, TEXT

_GROUPS = url_of("nova.server-groups.list")
#: What the plainest requests have; a server made with more is of no use to others.
_PLAIN = {"name", "flavorRef", "networks", "imageRef", "metadata", "adminPass"}


def _plain(use: Ingredients) -> dict[str, Any]:
    return {
        "name": use.name(),
        "flavorRef": use.need("flavor_id"),
        "networks": [{"uuid": use.need("network_id")}],
    }


def _from_image(use: Ingredients) -> dict[str, Any]:
    return _plain(use) | {"imageRef": use.need("image_id")}


def _from_disk(use: Ingredients) -> dict[str, Any]:
    disk = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": use.need("image_id"),
        "boot_index": "0",
        "volume_size": 100,
        "delete_on_termination": True,
    }
    return _plain(use) | {"block_device_mapping_v2": [disk]}


def _take_back(use: Ingredients, exchange: Exchange) -> Iterator[Step]:
    """Delete a server that was made for a detail, so that its port, its place and its quota are free again."""
    asked, hints = exchange.request_body["server"], exchange.request_body.get("os:scheduler_hints", {})
    if hints or asked.keys() - _PLAIN or any(network.keys() - {"uuid"} for network in asked["networks"]):
        yield (
            "DELETE",
            url_of("nova.servers.show", server_id=str(exchange.response_body["server"]["id"])),
            None,
        )
    if "group" in hints:
        yield "DELETE", f"{_GROUPS}/{hints['group']}", None


@recipe("nova.servers.create", undo=_take_back, group="scarce")
def _create(use: Ingredients) -> Request:
    server = _from_image(use) | {"metadata": {"purpose": "conformance"}, "adminPass": PASSWORD}
    return Request(body={"server": server})


#: Details of a server from an image, beside its hints.
_DETAILS: dict[str, Callable[[Ingredients], dict[str, Any]]] = {
    "described": lambda use: {"user_data": TEXT, "description": "made by a conformance run"},
    "counted": lambda use: {"min_count": 1, "max_count": 1, "return_reservation_id": False},
    "zone": lambda use: {"availability_zone": use.need("availability_zone")},
    "security-group": lambda use: {"security_groups": [{"name": use.need("security_group_id")}]},
    "key": lambda use: {"key_name": use.need("key_name")},
    "address": lambda use: {"networks": [{"uuid": use.need("network_id"), "fixed_ip": use.address()}]},
    "port": lambda use: {"networks": [{"port": use.port()}]},
}


def _server_group(use: Ingredients) -> str:
    group = {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}
    made = use.make(_GROUPS, group, "server_group", "id", among="server groups")
    # In a group that is not there no server can be, and that is not the fault of creating servers.
    return str(use.read(f"{_GROUPS}/{made}", "server_group", "id"))


#: Where a server is placed.
_HINTS: dict[str, Callable[[Ingredients], dict[str, Any]]] = {
    "tenancy": lambda use: {"tenancy": "shared"},
    "server-group": lambda use: {"group": _server_group(use)},
    "dedicated-host": lambda use: {"tenancy": "dedicated", "dedicated_host_id": use.need("dedicated_host_id")},
}


@recipe("nova.servers.create", variant="full")
def _create_full(use: Ingredients) -> Request:
    """All details that go together; each has a variant of its own, too, for where one of them is refused."""
    server = _from_image(use)
    hints: dict[str, Any] = {}
    for name in ("described", "counted", "zone", "security-group", "key", "address"):
        server |= _DETAILS[name](use)
    for name in ("tenancy", "server-group"):
        hints |= _HINTS[name](use)
    return Request(body={"server": server, "os:scheduler_hints": hints}, microversion="2.19")


def _with_detail(detail: Callable[[Ingredients], dict[str, Any]], use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use) | detail(use)}, microversion="2.19")


def _with_hint(hint: Callable[[Ingredients], dict[str, Any]], use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use), "os:scheduler_hints": hint(use)})


for _name, _fields in _DETAILS.items():
    recipe("nova.servers.create", variant=_name)(partial(_with_detail, _fields))
for _name, _hint in _HINTS.items():
    recipe("nova.servers.create", variant=_name)(partial(_with_hint, _hint))


@recipe("nova.servers.create", variant="volume-type")
def _create_volume_type(use: Ingredients) -> Request:
    request = _create_volume(use)
    request.body["server"]["block_device_mapping_v2"][0]["volume_type"] = "SSD"
    return request


@recipe("nova.servers.create", variant="volume")
def _create_volume(use: Ingredients) -> Request:
    """Without the type of the disk, for where that is refused."""
    return Request(body={"server": _from_disk(use) | {"metadata": {"admin_pass": PASSWORD}}})


@recipe("nova.servers.update", server="ACTIVE")
def _update(use: Ingredients) -> Request:
    body = {"server": {"name": use.name(), "description": "renamed by a conformance run"}}
    return Request({"server_id": use.servers[0]}, body=body, microversion="2.19")


@recipe("nova.servers.delete", server="ACTIVE", deletes=True, group="servers")
def _delete(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.servers.list", server="ACTIVE")
def _list(use: Ingredients) -> Request:
    return Request()


@recipe("nova.servers.list-detail", server="ACTIVE")
def _detail(use: Ingredients) -> Request:
    return Request()


@recipe("nova.servers.show", server="ACTIVE")
def _show(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})
