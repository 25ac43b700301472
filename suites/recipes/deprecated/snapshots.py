"""Recipes: snapshots of disks (11.6)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_SNAPSHOTS = url_of("deprecated.snapshots.create")


def _wanted(use: Ingredients) -> dict[str, object]:
    return {
        "snapshot": {
            "volume_id": use.disk(),
            "display_name": use.name(),
            "display_description": "made by a conformance run",
            "force": True,
        }
    }


def _snapshot(use: Ingredients) -> str:
    snapshot = use.make(_SNAPSHOTS, _wanted(use), "snapshot", "id")
    use.until(f"{_SNAPSHOTS}/{snapshot}", "snapshot", "status", equals="available")
    return str(snapshot)


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [
        (
            "DELETE",
            url_of("deprecated.snapshots.delete", snapshot_id=str(exchange.response_body["snapshot"]["id"])),
            None,
        )
    ]


@recipe("deprecated.snapshots.create", undo=_delete_new)
def _create(use: Ingredients) -> Request:
    return Request(body=_wanted(use))


@recipe("deprecated.snapshots.show")
def _show(use: Ingredients) -> Request:
    return Request({"snapshot_id": _snapshot(use)})


@recipe("deprecated.snapshots.delete")
def _delete(use: Ingredients) -> Request:
    return Request({"snapshot_id": _snapshot(use)})
