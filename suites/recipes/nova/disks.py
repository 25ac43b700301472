"""Recipes: servers' disks (6.8)."""

from __future__ import annotations

from urllib.parse import quote

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe


@recipe("nova.disks.list", server="ACTIVE")
def _disks(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.disks.show", server="ACTIVE")
def _disk(use: Ingredients) -> Request:
    path = f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments"
    return Request({"server_id": use.servers[0], "volume_id": use.read(path, "volumeAttachments", 0, "volumeId")})


def _detach_disk(use: Ingredients, exchange: Exchange) -> list[Step]:
    disk = exchange.response_body["volumeAttachment"]["volumeId"]
    return [
        ("DELETE", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments/{quote(disk, safe='')}", None)
    ]


@recipe("nova.disks.attach", server="SHUTOFF", undo=_detach_disk)
def _attach_disk(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"volumeAttachment": {"volumeId": use.disk()}})


@recipe("nova.disks.attach", variant="device")
def _attach_disk_as(use: Ingredients) -> Request:
    body = {"volumeAttachment": {"volumeId": use.disk(), "device": "/dev/vdb"}}
    return Request({"server_id": use.servers[0]}, body=body)


def _detach_attached_disk(use: Ingredients, request: Request) -> list[Step]:
    disk = request.parameters["volume_id"]
    return [
        ("DELETE", f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments/{quote(disk, safe='')}", None)
    ]


@recipe("nova.disks.detach", server="SHUTOFF", restore=_detach_attached_disk)
def _detach_data_disk(use: Ingredients) -> Request:
    path = f"/v2.1/{{project_id}}/servers/{use.servers[0]}/os-volume_attachments"
    disk = use.make(path, lambda: {"volumeAttachment": {"volumeId": use.disk()}}, "volumeAttachment", "volumeId")
    use.until(f"/v2.1/{{project_id}}/os-volumes/{disk}", "volume", "status", equals="in-use")
    return Request({"server_id": use.servers[0], "volume_id": disk}, query={"delete_flag": "0"})
