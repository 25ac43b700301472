"""Recipes: servers: created, changed, queried, deleted (6.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe

from ..values import PASSWORD, TEXT


def _plain(use: Ingredients) -> dict[str, Any]:
    return {
        "name": use.name(),
        "flavorRef": use.need("flavor_id"),
        "networks": [{"uuid": use.need("network_id")}],
    }


def _free_the_port(use: Ingredients, exchange: Exchange) -> Iterator[Step]:
    """Delete a server that has a port which was there before, so that others can have it."""
    if any("port" in network for network in exchange.request_body["server"]["networks"]):
        yield "DELETE", f"/v2.1/{{project_id}}/servers/{exchange.response_body['server']['id']}", None


@recipe("nova.servers.create", undo=_free_the_port, group="scarce")
def _create(use: Ingredients) -> Request:
    server = _plain(use) | {
        "imageRef": use.need("image_id"),
        "metadata": {"purpose": "conformance"},
        "adminPass": PASSWORD,
        "user_data": TEXT,
        "min_count": 1,
        "max_count": 1,
        "return_reservation_id": False,
        "description": "made by a conformance run",
    }
    return Request(body={"server": server}, microversion="2.19")


@recipe("nova.servers.create", variant="volume")
def _create_volume(use: Ingredients) -> Request:
    disk = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": use.need("image_id"),
        "boot_index": "0",
        "volume_type": "SSD",
        "volume_size": 100,
        "delete_on_termination": True,
    }
    group = {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}
    groups = "/v2.1/{project_id}/os-server-groups"
    made = use.make(groups, group, "server_group", "id", among="server groups")
    # In a group that is not there no server can be, and that is not the fault of creating servers.
    placed = use.read(f"{groups}/{made}", "server_group", "id")
    server = _plain(use) | {
        "networks": [{"uuid": use.need("network_id"), "fixed_ip": use.address()}],
        "metadata": {"admin_pass": PASSWORD},
        "block_device_mapping_v2": [disk],
        "availability_zone": use.need("availability_zone"),
        "security_groups": [{"name": use.need("security_group_id")}],
        "key_name": use.need("key_name"),
    }
    return Request(body={"server": server, "os:scheduler_hints": {"tenancy": "shared", "group": placed}})


@recipe("nova.servers.create", variant="port")
def _create_with_port(use: Ingredients) -> Request:
    server = _plain(use) | {"imageRef": use.need("image_id"), "networks": [{"port": use.port()}]}
    return Request(body={"server": server})


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
