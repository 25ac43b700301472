"""Recipes: actions on a server (6.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

from ..values import PASSWORD


@recipe("nova.servers.start", server="SHUTOFF", leaves="ACTIVE")
def _start(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-start": {}})


@recipe("nova.servers.reboot", server="ACTIVE")
def _reboot(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"reboot": {"type": "SOFT"}})


@recipe("nova.servers.stop", server="ACTIVE", leaves="SHUTOFF")
def _stop(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"os-stop": {"type": "SOFT"}})


def _unlock_locked(use: Ingredients, _: object) -> Iterator[Step]:
    server = url_of("nova.servers.show", server_id=use.servers[0])
    if use.read(server, "server", "locked", microversion="2.9") is not False:
        yield "POST", f"{server}/action", {"unlock": None}
    if use.read(server, "server", "locked", microversion="2.9") is not False:
        raise LookupError("the server is still locked")


@recipe("nova.servers.lock", server="ACTIVE", undo=_unlock_locked)
def _lock(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"lock": None})


@recipe("nova.servers.unlock", server="ACTIVE", restore=_unlock_locked)
def _unlock(use: Ingredients) -> Request:
    use.make(url_of("nova.servers.lock", server_id=use.servers[0]), {"lock": None})
    return Request({"server_id": use.servers[0]}, body={"unlock": None})


def _forget_metadata(use: Ingredients, exchange: Exchange) -> list[Step]:
    pairs = exchange.request_body["rebuild"].get("metadata", {})
    return [
        ("DELETE", f"{url_of('nova.servers.show', server_id=use.servers[0])}/metadata/{key}", None) for key in pairs
    ]


@recipe("nova.servers.rebuild", server="ACTIVE", undo=_forget_metadata)
def _rebuild(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"rebuild": {"imageRef": use.need("image_id")}})


@recipe("nova.servers.rebuild", variant="named")
def _rebuild_named(use: Ingredients) -> Request:
    body = {"imageRef": use.need("image_id"), "name": use.name(), "metadata": {"rebuild": "conformance"}}
    return Request({"server_id": use.servers[0]}, body={"rebuild": body})


@recipe("nova.servers.rebuild", variant="without-effect")
def _rebuild_without_effect(use: Ingredients) -> Request:
    ignored = {"adminPass": PASSWORD, "OS-DCF:diskConfig": "AUTO", "preserve_ephemeral": False}
    return Request({"server_id": use.servers[0]}, body={"rebuild": {"imageRef": use.need("image_id"), **ignored}})


@recipe("nova.servers.create-image", server="ACTIVE")
def _create_image(use: Ingredients) -> Request:
    image = {"name": use.name(), "metadata": {"purpose": "conformance"}}
    return Request({"server_id": use.servers[0]}, body={"createImage": image})


def _another_flavor(use: Ingredients) -> dict[str, Any]:
    now, other = use.flavor(), use.need("other_flavor_id")
    return {"resize": {"flavorRef": use.need("flavor_id") if now == other else other}}


def _revert_resized(use: Ingredients, _: object) -> list[Step]:
    server = url_of("nova.servers.show", server_id=use.servers[0])
    waits = use.read(server, "server", "status") == "VERIFY_RESIZE"
    return [("POST", f"{server}/action", {"revertResize": None})] if waits else []


@recipe("nova.servers.resize", server="SHUTOFF", undo=_revert_resized)
def _resize(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body=_another_flavor(use))


def _resized(use: Ingredients) -> str:
    """Resize the server and return its id when the new flavor waits to be confirmed."""
    server = use.servers[0]
    use.make(url_of("nova.servers.resize", server_id=server), lambda: _another_flavor(use))
    use.until(url_of("nova.servers.show", server_id=server), "server", "status", equals="VERIFY_RESIZE")
    return server


def _wait_confirmed(use: Ingredients, _: Exchange) -> list[Step]:
    use.until(url_of("nova.servers.show", server_id=use.servers[0]), "server", "status", equals="SHUTOFF")
    return []


@recipe("nova.servers.confirm-resize", server="SHUTOFF", resizes=True, undo=_wait_confirmed, restore=_revert_resized)
def _confirm(use: Ingredients) -> Request:
    return Request({"server_id": _resized(use)}, body={"confirmResize": None})


@recipe("nova.servers.revert-resize", server="SHUTOFF", restore=_revert_resized)
def _revert(use: Ingredients) -> Request:
    return Request({"server_id": _resized(use)}, body={"revertResize": None})


@recipe("nova.servers.monitor", server="ACTIVE")
def _monitor(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"monitorMetrics": None})
