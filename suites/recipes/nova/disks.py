"""Recipes: servers' disks (6.8)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of


@recipe("nova.disks.list", server="ACTIVE")
def _disks(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.disks.show", server="ACTIVE")
def _disk(use: Ingredients) -> Request:
    path = url_of("nova.disks.list", server_id=use.servers[0])
    return Request({"server_id": use.servers[0], "volume_id": use.read(path, "volumeAttachments", 0, "volumeId")})


def _detach_disk(use: Ingredients, exchange: Exchange) -> list[Step]:
    disk = exchange.response_body["volumeAttachment"]["volumeId"]
    return [("DELETE", url_of("nova.disks.show", server_id=use.servers[0], volume_id=disk), None)]


@recipe("nova.disks.attach", server="SHUTOFF", undo=_detach_disk)
def _attach_disk(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"volumeAttachment": {"volumeId": use.disk()}})


@recipe("nova.disks.attach", variant="device")
def _attach_disk_as(use: Ingredients) -> Request:
    body = {"volumeAttachment": {"volumeId": use.disk(), "device": "/dev/vdb"}}
    return Request({"server_id": use.servers[0]}, body=body)


def _detach_attached_disk(use: Ingredients, request: Request) -> list[Step]:
    disk = request.parameters["volume_id"]
    return [("DELETE", url_of("nova.disks.show", server_id=use.servers[0], volume_id=disk), None)]


@recipe("nova.disks.detach", server="SHUTOFF", restore=_detach_attached_disk)
def _detach_data_disk(use: Ingredients) -> Request:
    path = url_of("nova.disks.list", server_id=use.servers[0])
    disk = use.make(path, lambda: {"volumeAttachment": {"volumeId": use.disk()}}, "volumeAttachment", "volumeId")
    use.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
    return Request({"server_id": use.servers[0], "volume_id": disk})
