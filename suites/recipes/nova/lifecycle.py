"""Recipes: servers: created, changed, queried, deleted (6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe

from ..values import PASSWORD, TEXT

_GROUPS = "/v2.1/{project_id}/os-server-groups"
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
        yield "DELETE", f"/v2.1/{{project_id}}/servers/{exchange.response_body['server']['id']}", None
    if "group" in hints:
        yield "DELETE", f"{_GROUPS}/{hints['group']}", None


@recipe("nova.servers.create", undo=_take_back, group="scarce")
def _create(use: Ingredients) -> Request:
    server = _from_image(use) | {"metadata": {"purpose": "conformance"}, "adminPass": PASSWORD}
    return Request(body={"server": server})


@recipe("nova.servers.create", variant="described")
def _create_described(use: Ingredients) -> Request:
    server = _from_image(use) | {"user_data": TEXT, "description": "made by a conformance run"}
    return Request(body={"server": server}, microversion="2.19")


@recipe("nova.servers.create", variant="counted")
def _create_counted(use: Ingredients) -> Request:
    server = _from_image(use) | {"min_count": 1, "max_count": 1, "return_reservation_id": False}
    return Request(body={"server": server})


@recipe("nova.servers.create", variant="volume")
def _create_volume(use: Ingredients) -> Request:
    return Request(body={"server": _from_disk(use) | {"metadata": {"admin_pass": PASSWORD}}})


@recipe("nova.servers.create", variant="volume-type")
def _create_volume_type(use: Ingredients) -> Request:
    server = _from_disk(use)
    server["block_device_mapping_v2"][0]["volume_type"] = "SSD"
    return Request(body={"server": server})


@recipe("nova.servers.create", variant="zone")
def _create_in_zone(use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use) | {"availability_zone": use.need("availability_zone")}})


@recipe("nova.servers.create", variant="security-group")
def _create_in_security_group(use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use) | {"security_groups": [{"name": use.need("security_group_id")}]}})


@recipe("nova.servers.create", variant="key")
def _create_with_key(use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use) | {"key_name": use.need("key_name")}})


@recipe("nova.servers.create", variant="address")
def _create_with_address(use: Ingredients) -> Request:
    networks = [{"uuid": use.need("network_id"), "fixed_ip": use.address()}]
    return Request(body={"server": _from_image(use) | {"networks": networks}})


@recipe("nova.servers.create", variant="port")
def _create_with_port(use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use) | {"networks": [{"port": use.port()}]}})


@recipe("nova.servers.create", variant="tenancy")
def _create_on_shared_host(use: Ingredients) -> Request:
    return Request(body={"server": _from_image(use), "os:scheduler_hints": {"tenancy": "shared"}})


@recipe("nova.servers.create", variant="dedicated-host")
def _create_on_dedicated_host(use: Ingredients) -> Request:
    hints = {"tenancy": "dedicated", "dedicated_host_id": use.need("dedicated_host_id")}
    return Request(body={"server": _from_image(use), "os:scheduler_hints": hints})


@recipe("nova.servers.create", variant="server-group")
def _create_in_server_group(use: Ingredients) -> Request:
    group = {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}
    made = use.make(_GROUPS, group, "server_group", "id", among="server groups")
    # In a group that is not there no server can be, and that is not the fault of creating servers.
    placed = use.read(f"{_GROUPS}/{made}", "server_group", "id")
    return Request(body={"server": _from_image(use), "os:scheduler_hints": {"group": placed}})


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
