"""Recipes: servers' NICs (6.7)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of


@recipe("nova.nics.list", server="ACTIVE")
def _nics(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]})


@recipe("nova.nics.show", server="ACTIVE")
def _nic(use: Ingredients) -> Request:
    path = url_of("nova.nics.list", server_id=use.servers[0])
    return Request({"server_id": use.servers[0], "port_id": use.read(path, "interfaceAttachments", 0, "port_id")})


def _delete_nic(use: Ingredients, exchange: Exchange) -> list[Step]:
    path = url_of("nova.nics.list", server_id=use.servers[0])
    port = exchange.response_body["interfaceAttachment"]["port_id"]
    # A NIC may be there only some time after the answer (ruling nics-added-later).
    use.until(path, "interfaceAttachments", "*", "port_id", contains=port)
    return [("DELETE", url_of("nova.nics.delete", server_id=use.servers[0], port_id=port), None)]


@recipe("nova.nics.add", server="ACTIVE", undo=_delete_nic, group="scarce", marks=True)
def _add_nic(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"interfaceAttachment": {"net_id": use.need("network_id")}})


@recipe("nova.nics.add", variant="address")
def _add_nic_with_address(use: Ingredients) -> Request:
    nic = {"net_id": use.need("network_id"), "fixed_ips": [{"ip_address": use.address()}]}
    return Request({"server_id": use.servers[0]}, body={"interfaceAttachment": nic})


@recipe("nova.nics.add", variant="port")
def _add_nic_by_port(use: Ingredients) -> Request:
    return Request({"server_id": use.servers[0]}, body={"interfaceAttachment": {"port_id": use.port()}})


def _delete_added_nic(use: Ingredients, request: Request) -> list[Step]:
    port = request.parameters["port_id"]
    return [("DELETE", url_of("nova.nics.show", server_id=use.servers[0], port_id=port), None)]


@recipe("nova.nics.delete", server="ACTIVE", restore=_delete_added_nic, marks=True)
def _delete_second_nic(use: Ingredients) -> Request:
    path = url_of("nova.nics.list", server_id=use.servers[0])
    body = {"interfaceAttachment": {"net_id": use.need("network_id")}}
    port = use.make(path, body, "interfaceAttachment", "port_id")
    use.until(path, "interfaceAttachments", "*", "port_id", contains=port)
    return Request({"server_id": use.servers[0], "port_id": port})
