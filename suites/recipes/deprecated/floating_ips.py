"""Recipes: floating IP addresses and their pools (11.5)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_ALL = url_of("deprecated.floating-ips.list")
#: The last microversion that binds and unbinds (11.5.1, 11.5.2).
_LAST = "2.43"


def _id(use: Ingredients) -> str:
    # A project may have few addresses, so the operations share the one that requests to be refused speak of.
    return str(use.make(_ALL, {}, "floating_ip", "id", among="floating IP addresses"))


def _address(use: Ingredients) -> str:
    return str(use.make(_ALL, {}, "floating_ip", "ip"))


def _action(use: Ingredients) -> str:
    return url_of("deprecated.servers.add-floating-ip", server_id=use.servers[0])


@recipe("deprecated.floating-ip-pools.list")
def _pools(use: Ingredients) -> Request:
    return Request()


def _release_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [
        (
            "DELETE",
            url_of("deprecated.floating-ips.delete", floating_ip_id=str(exchange.response_body["floating_ip"]["id"])),
            None,
        )
    ]


@recipe("deprecated.floating-ips.create", undo=_release_new)
def _assign(use: Ingredients) -> Request:
    return Request(body={})


@recipe("deprecated.floating-ips.create", variant="pool")
def _assign_of_pool(use: Ingredients) -> Request:
    pool = use.read(f"{_ALL}/{_id(use)}", "floating_ip", "pool")
    return Request(body={"pool": pool})


@recipe("deprecated.floating-ips.list")
def _list(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.floating-ips.show")
def _show(use: Ingredients) -> Request:
    return Request({"floating_ip_id": _id(use)})


@recipe("deprecated.floating-ips.delete")
def _release(use: Ingredients) -> Request:
    return Request({"floating_ip_id": _id(use)})


def _release_used(use: Ingredients, exchange: Exchange) -> list[Step]:
    address = exchange.request_body["addFloatingIp"]["address"]
    return [("DELETE", f"{_ALL}/{one['id']}", None) for one in use.read(_ALL, "floating_ips") if one["ip"] == address]


@recipe("deprecated.servers.add-floating-ip", server="ACTIVE", undo=_release_used)
def _bind(use: Ingredients) -> Request:
    address = _address(use)
    return Request({"server_id": use.servers[0]}, body={"addFloatingIp": {"address": address}}, microversion=_LAST)


@recipe("deprecated.servers.add-floating-ip", variant="fixed")
def _bind_to_fixed(use: Ingredients) -> Request:
    nics = url_of("nova.nics.list", server_id=use.servers[0])
    fixed = use.read(nics, "interfaceAttachments", 0, "fixed_ips", 0, "ip_address")
    body = {"addFloatingIp": {"address": _address(use), "fixed_address": fixed}}
    return Request({"server_id": use.servers[0]}, body=body, microversion=_LAST)


def _release_bound(use: Ingredients, request: Request) -> list[Step]:
    address = request.body["removeFloatingIp"]["address"]
    return [("DELETE", f"{_ALL}/{one['id']}", None) for one in use.read(_ALL, "floating_ips") if one["ip"] == address]


@recipe("deprecated.servers.remove-floating-ip", server="ACTIVE", restore=_release_bound)
def _unbind_bound(use: Ingredients) -> Request:
    made = str(use.make(_ALL, {}, "floating_ip", "id"))
    path = url_of("deprecated.floating-ips.show", floating_ip_id=made)
    address = str(use.read(path, "floating_ip", "ip"))
    use.make(_action(use), {"addFloatingIp": {"address": address}}, microversion=_LAST)
    use.until(path, "floating_ip", "instance_id", equals=use.servers[0])  # which may take a while
    return Request({"server_id": use.servers[0]}, body={"removeFloatingIp": {"address": address}}, microversion=_LAST)
