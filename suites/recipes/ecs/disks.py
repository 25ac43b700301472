"""Recipes: servers' disks (5.6)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of


def _detach(use: Ingredients, disk: str) -> list[Step]:
    return [("DELETE", url_of("nova.disks.show", server_id=use.servers[0], volume_id=disk), None)]


def _detach_attached(use: Ingredients, exchange: Exchange) -> list[Step]:
    return _detach(use, exchange.request_body["volumeAttachment"]["volumeId"])


@recipe("ecs.disks.attach", server="SHUTOFF", undo=_detach_attached)
def _attach(use: Ingredients) -> Request:
    body = {"volumeAttachment": {"volumeId": use.disk()}, "dry_run": False}
    return Request({"server_id": use.servers[0]}, body=body)


@recipe("ecs.disks.attach", variant="full")
def _attach_full(use: Ingredients) -> Request:
    disk = {
        "volumeId": use.disk(),
        "device": "/dev/vdb",
        "volume_type": "SSD",
        "count": 1,
        "hw:passthrough": "false",
    }
    return Request({"server_id": use.servers[0]}, body={"volumeAttachment": disk})


def _detach_made(use: Ingredients, request: Request) -> list[Step]:
    return _detach(use, request.parameters["volume_id"])


@recipe("ecs.disks.detach", server="SHUTOFF", restore=_detach_made)
def _detach_disk(use: Ingredients) -> Request:
    path = url_of("nova.disks.list", server_id=use.servers[0])
    disk = use.make(path, lambda: {"volumeAttachment": {"volumeId": use.disk()}}, "volumeAttachment", "volumeId")
    use.until(url_of("deprecated.disks.show", volume_id=disk), "volume", "status", equals="in-use")
    return Request({"server_id": use.servers[0], "volume_id": disk})


@recipe("ecs.disks.list", server="ACTIVE")
def _list(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("ecs.disks.show", server="ACTIVE")
def _show(use: Ingredients) -> Request:
    path = url_of("ecs.disks.list", server_id=use.servers[0])
    return Request({"server_id": use.servers[0], "volume_id": use.read(path, "volumeAttachments", 0, "volumeId")})
