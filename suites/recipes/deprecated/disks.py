"""Recipes: disks (11.4)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_DISKS = url_of("deprecated.disks.list")
_SNAPSHOTS = url_of("deprecated.snapshots.create")


def _wanted(use: Ingredients, **fields: object) -> dict[str, object]:
    volume = {"size": 10, "display_name": use.name(), "availability_zone": use.need("availability_zone"), **fields}
    return {"volume": volume}


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("DELETE", url_of("deprecated.disks.delete", volume_id=str(exchange.response_body["volume"]["id"])), None)]


@recipe("deprecated.disks.list")
def _list(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.disks.list-detail")
def _detail(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.disks.show")
def _show(use: Ingredients) -> Request:
    return Request({"volume_id": use.disk()})


@recipe("deprecated.disks.create", undo=_delete_new)
def _create(use: Ingredients) -> Request:
    extra = {"display_description": "made by a conformance run", "volume_type": "SSD", "metadata": {"made": "here"}}
    return Request(body=_wanted(use, **extra))


@recipe("deprecated.disks.create", variant="snapshot")
def _create_from_snapshot(use: Ingredients) -> Request:
    body = {"snapshot": {"volume_id": use.disk(), "display_name": use.name(), "force": True}}
    snapshot = use.make(_SNAPSHOTS, body, "snapshot", "id")
    use.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    return Request(body=_wanted(use, snapshot_id=str(snapshot)))


@recipe("deprecated.disks.delete")
def _delete(use: Ingredients) -> Request:
    # One of its own: a disk that has a snapshot cannot be deleted.
    disk = use.make(_DISKS, _wanted(use), "volume", "id")
    use.until(f"{_DISKS}/{disk}", "volume", "status", equals="available")
    return Request({"volume_id": str(disk)})
