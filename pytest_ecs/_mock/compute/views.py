"""How the native APIs show a server: the fields of Tables 6-38 and 6-49 at each microversion."""

from __future__ import annotations

import hashlib
from typing import Any

from pytest_ecs._mock.http.routing import Request
from pytest_ecs._mock.state.clock import stamp
from pytest_ecs._mock.state.cloud import State
from pytest_ecs._mock.state.hardware import Server

__all__ = ["addresses_of", "details", "host_of", "links", "shown_status"]

#: Deviation -> the word of A-4 that it replaces, and by which.
_MISMAPPED = {
    "state-reboot-as-active": ("REBOOT", "ACTIVE"),
    "state-hard-reboot-as-reboot": ("HARD_REBOOT", "REBOOT"),
    "state-resize-as-shutoff": ("RESIZE", "SHUTOFF"),
    "state-building-as-active": ("BUILD", "ACTIVE"),
    "state-stopped-as-stopped": ("SHUTOFF", "STOPPED"),
}


def host_of(server: Server) -> str:
    """Return the name of the host that a server runs on."""
    return server.host or f"pod{server.number % 4:02d}.{server.zone}"


def links(request: Request, server: Server) -> list[dict[str, str]]:
    """Return a server's own link at the version that was asked, and its bookmark."""
    version = "/v2" if request.path.startswith("/v2/") else "/v2.1"
    return [
        {"rel": "self", "href": f"{request.base}{version}/{server.project}/servers/{server.id}"},
        {"rel": "bookmark", "href": f"{request.base}/{server.project}/servers/{server.id}"},
    ]


def shown_status(state: State, server: Server) -> str:
    """Return the status of Table A-4, or another one where a deviation says so."""
    status = server.status
    for name, (true, shown) in _MISMAPPED.items():
        if status == true and state.deviates(name):
            return shown
    return status


def addresses_of(server: Server) -> dict[str, list[dict[str, Any]]]:
    """Return the addresses of a server by network."""
    addresses: dict[str, list[dict[str, Any]]] = {}

    def add(network: str, address: str, mac: str, address_type: str) -> None:
        entry = {"addr": address, "version": 4, "OS-EXT-IPS-MAC:mac_addr": mac, "OS-EXT-IPS:type": address_type}
        addresses.setdefault(network, []).append(entry)

    for nic in server.nics:
        add(nic.network.id, nic.address, nic.mac, "fixed")
    for nic in server.nics:
        if nic.eip is not None:
            add(nic.network.id, nic.eip.address, nic.mac, "floating")
    return addresses


def details(request: Request, state: State, server: Server) -> dict[str, Any]:
    """Return a server's details at the request's microversion."""
    deviates, flavor, host = state.deviates, server.flavor, host_of(server)
    at = (2, 1) if deviates("microversion-ignored") else request.microversion
    bookmark = f"{request.base}/{server.project}"
    body: dict[str, Any] = {
        "id": server.id,
        "name": server.name,
        "status": shown_status(state, server),
        "created": None if deviates("server-created-null") else stamp(server.created),
        "updated": stamp(server.updated),
        "tenant_id": server.project,
        "user_id": server.user,
        "key_name": server.key_name,
        "metadata": dict(server.metadata),
        "hostId": hashlib.sha224(f"{server.project} {host}".encode()).hexdigest(),
        "addresses": addresses_of(server),
        "security_groups": [{"name": group.name} for group in server.groups],
        "links": links(request, server),
        "progress": "0" if deviates("server-progress-string") else 0,
        "accessIPv4": "",
        "accessIPv6": "",
        "config_drive": "",
        "image": {
            "id": server.image.id,
            "links": [{"rel": "bookmark", "href": f"{bookmark}/images/{server.image.id}"}],
        },
        "flavor": {"id": flavor.id, "links": [{"rel": "bookmark", "href": f"{bookmark}/flavors/{flavor.id}"}]},
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": server.zone,
        "OS-EXT-SRV-ATTR:host": host,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": f"nova{server.number % 20:03d}@{server.number % 9}",
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{server.number:08x}",
        "OS-EXT-STS:power_state": server.power,
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-SRV-USG:launched_at": stamp(server.launched, "us") if server.launched else None,
        "OS-SRV-USG:terminated_at": None,
        "os-extended-volumes:volumes_attached": [
            {"id": disk.id, **({"delete_on_termination": disk.delete_on_termination} if at >= (2, 3) else {})}
            for disk in server.disks
        ],
    }
    body.update(_sometimes(state, server))
    body.update(_since(state, server, at))
    return body


def _sometimes(state: State, server: Server) -> dict[str, Any]:
    """Return the fields that only some servers have."""
    body: dict[str, Any] = {}
    if server.vm_state == "error":  # Table 6-44
        body["fault"] = {
            "code": 500,
            "created": stamp(server.updated),
            "message": "The server is in error.",
            "details": f"The last operation on {server.id} did not end well.",
        }
    if server.hints.get("tenancy") == "dedicated":  # Table 6-46: only on dedicated hosts
        shown = ("tenancy", "dedicated_host_id")
        body["os:scheduler_hints"] = {name: [server.hints[name]] for name in shown if name in server.hints}
    if state.deviates("admin-pass-leaked"):
        body["adminPass"] = server.password
    return body


def _since(state: State, server: Server, at: tuple[int, int]) -> dict[str, Any]:
    """Return the fields that a server has since a microversion."""
    deviates, flavor = state.deviates, server.flavor
    root = next((disk.attached[server.id].device for disk in server.disks if disk.system), "/dev/vda")
    body: dict[str, Any] = {}
    if at >= (2, 3):
        body.update(
            {
                "OS-EXT-SRV-ATTR:hostname": server.name.lower(),
                "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
                "OS-EXT-SRV-ATTR:reservation_id": server.reservation or f"r-{server.id[:8]}",
                "OS-EXT-SRV-ATTR:kernel_id": "",
                "OS-EXT-SRV-ATTR:ramdisk_id": "",
                "OS-EXT-SRV-ATTR:root_device_name": root,
                "OS-EXT-SRV-ATTR:user_data": server.user_data,
            }
        )
    if at >= (2, 9) or deviates("field-below-microversion"):
        body["locked"] = server.locked
    if at >= (2, 16):
        body["host_status"] = "UP"
    if at >= (2, 19):
        body["description"] = server.description
    if at >= (2, 26) and not deviates("field-missing-at-microversion"):
        body["tags"] = list(server.tags)
    if at >= (2, 47) and not deviates("flavor-old-form"):  # Tables 6-39 and 6-50
        body["flavor"] = {
            "vcpus": flavor.vcpus,
            "ram": flavor.ram,
            "disk": 0,
            "ephemeral": 0,
            "swap": 0,
            "original_name": flavor.id,
            "extra_specs": dict(flavor.extra),
        }
    return body
