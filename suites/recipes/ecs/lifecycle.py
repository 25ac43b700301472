"""Recipes: creating and deleting servers (5.1)."""

from __future__ import annotations

from typing import Any

from pytest_ecs import Ingredients, Request, recipe, url_of

from ..values import PASSWORD, TEXT


def _plain(use: Ingredients) -> dict[str, Any]:
    return {
        "name": use.name(),
        "imageRef": use.need("image_id"),
        "flavorRef": use.need("flavor_id"),
        "vpcid": use.need("vpc_id"),
        "nics": [{"subnet_id": use.need("subnet_id")}],
        "root_volume": {"volumetype": "SSD"},
    }


@recipe("ecs.servers.create", group="servers")
def _create(use: Ingredients) -> Request:
    server = _plain(use) | {
        "count": 1,
        "metadata": {"purpose": "conformance"},
        "description": "made by a conformance run",
    }
    return Request(body={"server": server})


@recipe("ecs.servers.create", variant="full")
def _create_full(use: Ingredients) -> Request:
    # Only ever sent to be checked (dry_run): it sets as many documented fields as can stand together.
    server = _plain(use) | {
        "adminPass": PASSWORD,
        "user_data": TEXT,
        "count": 1,
        "nics": [
            {
                "subnet_id": use.need("subnet_id"),
                "ip_address": "",
                "extra_dhcp_opts": [{"opt_value": 8888, "opt_name": "26"}],
            }
        ],
        "root_volume": {"volumetype": "SSD", "size": 100, "hw:passthrough": True},
        "data_volumes": [{"volumetype": "SSD", "size": 100, "hw:passthrough": False}],
        "metadata": {"purpose": "conformance"},
        "description": "made by a conformance run",
        "extendparam": {},
        "publicip": {
            "eip": {"iptype": "5_bgp", "bandwidth": {"size": 10, "sharetype": "PER", "chargemode": "traffic"}}
        },
    }
    return Request(body={"server": server})


@recipe("ecs.servers.create", variant="eip")
def _create_eip(use: Ingredients) -> Request:
    bandwidth = {"size": 10, "sharetype": "PER"}
    publicip = {"eip": {"iptype": "5_bgp", "bandwidth": bandwidth}, "delete_on_termination": True}
    return Request(body={"server": {**_plain(use), "publicip": publicip}})


@recipe("ecs.servers.create", variant="bound")
def _create_bound(use: Ingredients) -> Request:
    address = use.make(url_of("deprecated.floating-ips.list"), {}, "floating_ip", "id")
    return Request(body={"server": {**_plain(use), "publicip": {"id": address}}})


def _group(use: Ingredients) -> str:
    body = {"server_group": {"name": use.name(), "policies": ["anti-affinity"]}}
    path = url_of("ecs.server-groups.list")
    made = use.make(path, body, "server_group", "id", among="server groups")
    # In a group that is not there no server can be, and that is not the fault of creating servers.
    return str(use.read(f"{path}/{made}", "server_group", "id"))


@recipe("ecs.servers.create", variant="placed")
def _create_placed(use: Ingredients) -> Request:
    server = _plain(use) | {
        "availability_zone": use.need("availability_zone"),
        "security_groups": [{"id": use.need("security_group_id")}],
        "key_name": use.need("key_name"),
        "nics": [{"subnet_id": use.need("subnet_id"), "ip_address": use.address()}],
        # Of sizes that no system disk has by itself.
        "data_volumes": [
            {"volumetype": "SSD", "size": 113, "data_image_id": use.need("image_id")},
            {"volumetype": "SSD", "size": 17, "hw:passthrough": True},
        ],
        "os:scheduler_hints": {"tenancy": "shared", "group": _group(use)},
    }
    return Request(body={"server": server})


@recipe("ecs.servers.create", variant="disks")
def _create_disks(use: Ingredients) -> Request:
    pool = {"cluster_type": "DSS", "cluster_id": "1c5b9f0e-0d0c-4b0a-9f2f-6f5f0a4c7d11"}
    disk = {"volumetype": "SSD", "size": 100, "data_image_id": use.need("image_id"), **pool}
    root = {"volumetype": "SSD", "size": 100, **pool}
    return Request(body={"server": {**_plain(use), "root_volume": root, "data_volumes": [disk]}})


@recipe("ecs.servers.create", variant="reserved")
def _create_reserved(use: Ingredients) -> Request:
    encryption = {"__system__encrypted": "1", "__system__cmkid": "83dfe52b-6e2e-4b3f-9a5b-2f1c0b7d9e42"}
    server = _plain(use) | {
        "nics": [{"subnet_id": use.need("subnet_id"), "binding:profile": {"disable_security_groups": False}}],
        "data_volumes": [{"volumetype": "SSD", "size": 100, "metadata": encryption}],
        "metadata": {"admin_pass": PASSWORD, "op_svc_userid": "user", "agency_name": "agency", "BYOL": "False"},
        "os:scheduler_hints": {"tenancy": "dedicated", "dedicated_host_id": "host"},
        "extendparam": {"regionID": "region"},
    }
    return Request(body={"server": server})


@recipe("ecs.servers.delete", server="ACTIVE", deletes=True, group="servers")
def _delete(use: Ingredients) -> Request:
    return Request(body={"servers": [{"id": use.servers[0]}], "delete_publicip": True, "delete_volume": True})
