"""Recipes: adding and deleting servers' NICs (5.5)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of


def _nic(use: Ingredients, port: str = "") -> str:
    # The native API, whose answer names the NIC that it adds (6.7.3).
    return url_of("nova.nics.list", server_id=use.servers[0]) + (f"/{port}" if port else "")


def _delete_added(use: Ingredients, exchange: Exchange) -> list[Step]:
    wanted = exchange.request_body["nics"][0]["ip_address"]
    return [
        ("DELETE", _nic(use, nic["port_id"]), None)
        for nic in use.read(_nic(use), "interfaceAttachments")
        if wanted in [address["ip_address"] for address in nic["fixed_ips"]]
    ]


@recipe("ecs.nics.add", server="ACTIVE", undo=_delete_added, marks=True)
def _add(use: Ingredients) -> Request:
    groups = [{"id": use.need("security_group_id")}]
    nic = {"subnet_id": use.need("subnet_id"), "security_groups": groups, "ip_address": use.address()}
    return Request({"server_id": use.servers[0]}, body={"nics": [nic]})


def _delete_second(use: Ingredients, request: Request) -> list[Step]:
    return [("DELETE", _nic(use, request.body["nics"][0]["id"]), None)]


@recipe("ecs.nics.delete", server="ACTIVE", restore=_delete_second, marks=True)
def _delete(use: Ingredients) -> Request:
    body = {"interfaceAttachment": {"net_id": use.need("network_id")}}
    port = use.make(_nic(use), body, "interfaceAttachment", "port_id")
    use.until(_nic(use), "interfaceAttachments", "*", "port_id", contains=port)
    return Request({"server_id": use.servers[0]}, body={"nics": [{"id": port}]})
