"""Recipes of the native OpenStack Nova APIs (chapter 6)."""

from __future__ import annotations

from typing import Any

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe

_TEXT = "IyEvYmluL2Jhc2gKZWNobyB0ZXN0ID4gL3RtcC90ZXN0Cg=="
_PASSWORD = "Conform-2025!Test"  # noqa: S105 - for servers that live for minutes; redacted in every record


@recipe("nova.versions.list", public=True)
def _versions(use: Ingredients) -> Request:
    return Request()


@recipe("nova.versions.show", public=True)
def _version(use: Ingredients) -> Request:
    return Request({"api_version": "v2.1"})


def _plain(use: Ingredients) -> dict[str, Any]:
    return {
        "name": use.name(),
        "flavorRef": use.need("flavor_id"),
        "networks": [{"uuid": use.need("network_id")}],
    }


@recipe("nova.servers.create")
def _create(use: Ingredients) -> Request:
    server = _plain(use) | {
        "imageRef": use.need("image_id"),
        "metadata": {"purpose": "conformance"},
        "adminPass": _PASSWORD,
        "user_data": _TEXT,
        "min_count": 1,
        "max_count": 1,
        "return_reservation_id": False,
        "description": "made by a conformance run",
    }
    return Request(body={"server": server}, microversion="2.19")


@recipe("nova.servers.create", variant="volume")
def _create_volume(use: Ingredients) -> Request:
    disk = {
        "source_type": "image", "destination_type": "volume", "uuid": use.need("image_id"), "boot_index": "0",
        "volume_type": "SSD", "volume_size": 100, "delete_on_termination": True,
    }  # fmt: skip
    server = _plain(use) | {
        "block_device_mapping_v2": [disk],
        "availability_zone": use.need("availability_zone"),
        "security_groups": [{"name": use.need("security_group_id")}],
        "key_name": use.need("key_name"),
    }
    return Request(body={"server": server, "os:scheduler_hints": {"tenancy": "shared"}})


@recipe("nova.servers.update", server="ACTIVE")
def _update(use: Ingredients) -> Request:
    body = {"server": {"name": use.name(), "description": "renamed by a conformance run"}}
    return Request({"server_id": use.servers[0]}, body=body, microversion="2.19")


@recipe("nova.servers.delete", server="ACTIVE")
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


@recipe("nova.servers.start", server="SHUTOFF")
def _start(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-start": {}})


@recipe("nova.servers.reboot", server="ACTIVE")
def _reboot(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"reboot": {"type": "SOFT"}})


@recipe("nova.servers.stop", server="ACTIVE")
def _stop(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-stop": {"type": "SOFT"}})


@recipe("nova.networks.list", server="ACTIVE")
def _networks(use: Ingredients) -> Request:
    return Request()


@recipe("nova.server-networks.list", server="ACTIVE")
def _server_networks(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.server-networks.show", server="ACTIVE")
def _server_network(use: Ingredients) -> Request:
    addresses = use.read(f"/v2.1/{{project_id}}/servers/{use.servers[0]}", "server", "addresses")
    return Request({"server_id": use.servers[0], "networkName": next(iter(addresses))})


@recipe("nova.server-security-groups.list", server="ACTIVE")
def _server_security_groups(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


def _leave_security_group(use: Ingredients, exchange: Exchange) -> list[Step]:
    body = {"removeSecurityGroup": {"name": use.need("security_group_id")}}
    return [("POST", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/action", body)]


@recipe("nova.servers.add-security-group", server="ACTIVE", undo=_leave_security_group)
def _add_security_group(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"addSecurityGroup": {"name": use.need("security_group_id")}})


@recipe("nova.nics.list", server="ACTIVE")
def _nics(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.nics.show", server="ACTIVE")
def _nic(use: Ingredients) -> Request:
    path = f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-interface"
    return Request({"server_id": use.servers[0], "port_id": use.read(path, "interfaceAttachments", 0, "port_id")})


@recipe("nova.disks.list", server="ACTIVE")
def _disks(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.disks.show", server="ACTIVE")
def _disk(use: Ingredients) -> Request:
    path = f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments"
    return Request({"server_id": use.servers[0], "volume_id": use.read(path, "volumeAttachments", 0, "volumeId")})


def _delete_nic(use: Ingredients, exchange: Exchange) -> list[Step]:
    port = exchange.response_body["interfaceAttachment"]["port_id"]
    return [("DELETE", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-interface/{port}", None)]


@recipe("nova.nics.add", server="ACTIVE", undo=_delete_nic)
def _add_nic(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"interfaceAttachment": {"net_id": use.need("network_id")}})


@recipe("nova.nics.add", variant="address")
def _add_nic_with_address(use: Ingredients) -> Request:
    nic = {"net_id": use.need("network_id"), "fixed_ips": [{"ip_address": use.address()}]}
    return Request({"server_id": use.servers[0]}, body={"interfaceAttachment": nic})


def _detach_disk(use: Ingredients, exchange: Exchange) -> list[Step]:
    disk = exchange.response_body["volumeAttachment"]["volumeId"]
    return [("DELETE", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments/{disk}", None)]


@recipe("nova.disks.attach", server="SHUTOFF", undo=_detach_disk)
def _attach_disk(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"volumeAttachment": {"volumeId": use.disk()}})


@recipe("nova.disks.attach", variant="device")
def _attach_disk_as(use: Ingredients) -> Request:
    body = {"volumeAttachment": {"volumeId": use.disk(), "device": "/dev/vdb"}}
    return Request({"server_id": use.servers[0]}, body=body)
