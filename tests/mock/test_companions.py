"""What clients of OpenStack need around ECS: versions, the catalogue, images, disks and networks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from tests.mock.harness import BASE, Client, JsonObject

_NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("path", ["/v3", "/v3/"])
def test_iam_says_its_version_to_everybody(cloud: MockCloud, path: str) -> None:
    """Clients ask before they log in; `/` is the compute service's (6.1.1)."""
    answer = Client(cloud, token=False).http.get(path)
    assert answer.status_code == 200
    version = answer.json()["version"]
    assert (version["id"][:2], version["status"]) == ("v3", "stable")
    assert version["links"] == [{"rel": "self", "href": f"{BASE}/v3/"}]


def _catalog(client: Client) -> dict[str, str]:
    catalog = client.login().json()["token"]["catalog"]
    assert all(one["endpoints"][0]["interface"] == "public" for one in catalog)
    return {one["type"]: one["endpoints"][0]["url"] for one in catalog}


def test_the_catalogue_names_what_is_there(client: Client) -> None:
    """Each service answers at its URL or says there which versions it has."""
    urls = _catalog(client)
    assert set(urls) == {"identity", "compute", "ecs", "image", "volumev3", "block-storage", "network"}
    for service_type in ("image", "network"):
        (version,) = client.http.get(urls[service_type]).json()["versions"]
        assert version["links"][0]["href"].startswith(urls[service_type])
    for path in ("/volume", "/volume/v3/"):
        (version,) = client.http.get(path).json()["versions"]
        assert urls["block-storage"].startswith(version["links"][0]["href"])


def test_services_need_a_token_and_their_own_project(cloud: MockCloud, client: Client) -> None:
    """As the native APIs do, and errors are theirs."""
    paths = [f"/volume/v3/{client.project}/volumes", "/image/v2/images", "/network/v2.0/networks"]
    for path in paths:
        assert Client(cloud, token=False).http.get(path).status_code == 401
    assert Client(cloud, "other_project").http.get(paths[0]).status_code == 403


def test_images_are_those_of_the_native_view(cloud: MockCloud, client: Client) -> None:
    """Public ones and the project's own; only the latter can be deleted."""
    listed = client.http.get("/image/v2/images").json()["images"]
    assert client.resources["image_id"] in {one["id"] for one in listed}
    named = client.http.get("/image/v2/images", params={"name": listed[0]["name"]}).json()["images"]
    assert listed[0]["id"] in {one["id"] for one in named}
    public = f"/image/v2/images/{client.resources['image_id']}"
    assert client.http.get(public).json()["visibility"] == "public"
    assert client.http.delete(public).status_code == 403
    made = client.act(client.stopped(), "createImage", name="taken")
    client.advance(60)
    image = made.headers["Location"].rpartition("/")[2]
    own = client.http.get(f"/image/v2/images/{image}")
    assert (own.json()["name"], own.json()["status"], own.json()["visibility"]) == ("taken", "active", "private")
    assert Client(cloud, "other_project").http.get(f"/image/v2/images/{image}").status_code == 404
    assert client.http.delete(f"/image/v2/images/{image}").status_code == 204
    assert client.http.get(f"/image/v2/images/{image}").status_code == 404


def test_disks_are_those_of_the_native_view(client: Client) -> None:
    """Made here or there, they are the same."""
    path = f"/volume/v3/{client.project}/volumes"
    asked = {"size": 10, "name": "data", "description": None, "volume_type": "SSD", "multiattach": None}
    made = client.http.post(path, json={"volume": asked})
    assert (made.status_code, made.json()["volume"]["status"]) == (202, "creating")
    disk = made.json()["volume"]["id"]
    client.advance(10)
    assert client.http.get(f"{path}/{disk}").json()["volume"]["status"] == "available"
    assert client.disk(disk)["displayName"] == "data"
    assert disk in {one["id"] for one in client.http.get(f"{path}/detail").json()["volumes"]}
    assert client.http.delete(f"{path}/{disk}").status_code == 202
    client.advance(10)
    assert client.http.get(f"{path}/{disk}").status_code == 404
    assert client.http.get(f"{path}/{_NOBODY}").status_code == 404


@pytest.mark.parametrize("body", [{}, {"volume": []}, {"volume": {"size": 0}}, {"volume": {"size": None}}])
def test_wrong_disks_are_refused(client: Client, body: object) -> None:
    """By the rules of 11.4.4."""
    assert client.http.post(f"/volume/v3/{client.project}/volumes", json=body).status_code == 400


def test_networks_are_those_of_the_native_view(client: Client) -> None:
    """By name or id, all or one; and one more leads out, which only this service shows."""

    def ids(answer: httpx.Response) -> set[str]:
        return {one["id"] for one in answer.json()["networks"]}

    path = "/network/v2.0/networks"
    native = client.nova("GET", "os-networks")
    assert ids(client.http.get(path, params={"router:external": "False"})) == ids(native)
    (outer,) = client.http.get(path, params={"router:external": "True"}).json()["networks"]
    assert ids(client.http.get(path)) == {*ids(native), outer["id"]}
    one = native.json()["networks"][0]
    assert one["id"] in ids(client.http.get(path, params={"name": one["label"]}))
    assert ids(client.http.get(path, params={"id": one["id"]})) == {one["id"]}
    assert client.http.get(f"{path}/{one['id']}").json()["network"]["name"] == one["label"]
    assert client.http.get(f"{path}/{_NOBODY}").status_code == 404


_NET = "/network/v2.0"


def _get(client: Client, path: str, key: str, **query: str) -> Any:
    answer = client.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()[key]


def _send(client: Client, method: str, path: str, json: Any, status: int) -> JsonObject:
    answer = client.http.request(method, path, json=json)
    assert answer.status_code == status, answer.text
    return dict(answer.json()) if answer.content else {}


def test_nics_are_ports_with_the_same_ids(client: Client) -> None:
    """Network, subnet, address and groups are what the native APIs show; they cannot be deleted under a server."""
    (server,) = client.create()
    (nic,) = client.nova("GET", f"servers/{server}/os-interface").json()["interfaceAttachments"]
    (port,) = _get(client, f"{_NET}/ports", "ports", device_id=server)
    assert (port["id"], port["mac_address"], port["network_id"]) == (nic["port_id"], nic["mac_addr"], nic["net_id"])
    assert port["fixed_ips"] == nic["fixed_ips"]
    assert port["status"] == nic["port_state"] == "ACTIVE"
    (subnet,) = _get(client, f"{_NET}/subnets", "subnets", network_id=nic["net_id"])
    assert subnet["id"] == nic["fixed_ips"][0]["subnet_id"]
    assert _get(client, f"{_NET}/subnets/{subnet['id']}", "subnet")["cidr"] == subnet["cidr"]
    network = _get(client, f"{_NET}/networks/{nic['net_id']}", "network")
    assert network["subnets"] == [subnet["id"]]
    _send(client, "DELETE", f"{_NET}/ports/{port['id']}", None, 409)
    _send(client, "PUT", f"{_NET}/ports/{port['id']}", {"port": {"name": "mine"}}, 400)
    group = client.resources["security_group_id"]
    shown = _send(client, "PUT", f"{_NET}/ports/{port['id']}", {"port": {"security_groups": [group]}}, 200)
    assert shown["port"]["security_groups"] == [group]
    assert [one["name"] for one in client.show(server)["security_groups"]] == ["conformance"]
    assert _get(client, f"{_NET}/ports", "ports", name="none") == []


def test_a_port_is_made_given_to_a_server_and_outlives_it(client: Client) -> None:
    """Its address, groups and name are those that were asked for (6.2.1, 6.2.3)."""
    group, network = client.resources["security_group_id"], client.resources["network_id"]
    wanted = {
        "network_id": network,
        "name": "p",
        "fixed_ips": [{"ip_address": "192.168.7.7"}],
        "security_groups": [group],
    }
    port = _send(client, "POST", f"{_NET}/ports", {"port": wanted}, 201)["port"]
    assert (port["status"], port["device_id"], port["fixed_ips"][0]["ip_address"]) == ("DOWN", "", "192.168.7.7")
    _send(client, "POST", f"{_NET}/ports", {"port": wanted}, 409)
    _send(client, "DELETE", f"{_NET}/security-groups/{group}", None, 400)
    server = client.nova("POST", "servers", client.native(networks=[{"port": port["id"]}])).json()["server"]["id"]
    client.advance(60)
    assert [one["name"] for one in client.show(server)["security_groups"]] == ["conformance"]
    held = _get(client, f"{_NET}/ports/{port['id']}", "port")
    assert (held["device_id"], held["status"], held["name"]) == (server, "ACTIVE", "p")
    assert client.nova("DELETE", f"servers/{server}").status_code == 204
    client.advance(60)
    assert _send(client, "PUT", f"{_NET}/ports/{port['id']}", {"port": {"name": "q"}}, 200)["port"]["device_id"] == ""
    _send(client, "DELETE", f"{_NET}/ports/{port['id']}", None, 204)
    _send(client, "GET", f"{_NET}/ports/{port['id']}", None, 404)
    _send(client, "POST", f"{_NET}/ports", {"port": wanted}, 201)
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_security_groups_are_those_of_the_native_view(client: Client) -> None:
    """Made in one view and seen in the other, with rules whose forms differ."""
    made = _send(client, "POST", f"{_NET}/security-groups", {"security_group": {"name": "web"}}, 201)["security_group"]
    rules, rule = f"{_NET}/security-group-rules", {"security_group_id": made["id"], "direction": "ingress"}
    for more, ports in (
        ({"protocol": "tcp", "port_range_min": 80, "port_range_max": 81}, (80, 81)),
        ({"protocol": "udp"}, (1, 65535)),
        ({"protocol": "icmp"}, (None, None)),
        ({"protocol": "6", "port_range_min": 443, "remote_group_id": made["id"]}, (443, 443)),
        ({"ethertype": "IPv6"}, (None, None)),
    ):
        shown = _send(client, "POST", rules, {"security_group_rule": {**rule, **more}}, 201)["security_group_rule"]
        assert (shown["port_range_min"], shown["port_range_max"]) == ports
        _send(client, "POST", rules, {"security_group_rule": {**rule, **more}}, 409)
    native = client.nova("GET", f"os-security-groups/{made['id']}").json()["security_group"]
    assert [one["ip_protocol"] for one in native["rules"]] == ["tcp", "udp", "icmp", "tcp", None]
    for wrong in (
        {"direction": "egress"},
        {"port_range_min": 80},
        {"protocol": "gre"},
        {"protocol": "tcp", "port_range_min": 9, "port_range_max": 8},
        {"remote_ip_prefix": "::/0"},
        {"remote_ip_prefix": "x"},
    ):
        _send(client, "POST", rules, {"security_group_rule": {**rule, **wrong}}, 400)
    (first, *_) = listed = _get(client, rules, "security_group_rules", security_group_id=made["id"])
    assert len(listed) == 5
    assert _get(client, f"{rules}/{first['id']}", "security_group_rule") == first
    _send(client, "DELETE", f"{rules}/{first['id']}", None, 204)
    _send(client, "GET", f"{rules}/{first['id']}", None, 404)
    body = {"security_group": {"description": "new"}}
    assert _send(client, "PUT", f"{_NET}/security-groups/{made['id']}", body, 200)["security_group"]["name"] == "web"
    _send(client, "DELETE", f"{_NET}/security-groups/{made['id']}", None, 204)
    assert _get(client, f"{_NET}/security-groups", "security_groups", name="web") == []


def test_floating_addresses_are_bound_to_ports(client: Client) -> None:
    """The native APIs show the same, and a port has one at most."""
    (server,), (other,) = client.create(), client.create(name="other")
    ports = [_get(client, f"{_NET}/ports", "ports", device_id=one)[0]["id"] for one in (server, other)]
    (outer,) = _get(client, f"{_NET}/networks", "networks", **{"router:external": "True"})
    path, wanted = f"{_NET}/floatingips", {"floating_network_id": outer["id"], "port_id": ports[0]}
    made = _send(client, "POST", path, {"floatingip": wanted}, 201)["floatingip"]
    assert (made["status"], made["port_id"]) == ("ACTIVE", ports[0])
    native = client.nova("GET", f"os-floating-ips/{made['id']}").json()["floating_ip"]
    assert (native["ip"], native["instance_id"]) == (made["floating_ip_address"], server)
    _send(client, "POST", path, {"floatingip": wanted}, 409)
    _send(client, "POST", path, {"floatingip": {**wanted, "port_id": client.port}}, 409)
    _send(client, "POST", path, {"floatingip": {"floating_network_id": client.resources["network_id"]}}, 400)
    moved = _send(client, "PUT", f"{path}/{made['id']}", {"floatingip": {"port_id": ports[1]}}, 200)["floatingip"]
    assert moved["port_id"] == ports[1]
    assert "floating" not in str(client.show(server)["addresses"])
    free = _send(client, "PUT", f"{path}/{made['id']}", {"floatingip": {"port_id": None}}, 200)["floatingip"]
    assert (free["status"], free["fixed_ip_address"]) == ("DOWN", None)
    assert [
        one["id"] for one in _get(client, path, "floatingips", floating_ip_address=made["floating_ip_address"])
    ] == [made["id"]]
    _send(client, "DELETE", f"{path}/{made['id']}", None, 204)
    client.cloud.control("PUT", "/_mock/limits", {"eips": 1})
    _send(client, "POST", path, {"floatingip": {"floating_network_id": outer["id"]}}, 403)
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_snapshots_are_those_of_the_native_view(client: Client) -> None:
    """Made here, shown and deleted there."""
    disk, base = client.volume(), f"/volume/v3/{client.project}"
    changed = {"volume": {"name": "n", "metadata": {"a": "b"}}}
    assert _send(client, "PUT", f"{base}/volumes/{disk}", changed, 200)["volume"]["name"] == "n"
    assert client.disk(disk)["displayName"] == "n"
    _send(client, "PUT", f"{base}/volumes/{disk}", {"volume": {"metadata": {"a": 1}}}, 400)
    assert [one["id"] for one in _get(client, f"{base}/volumes/detail", "volumes", name="n")] == [disk]
    made = _send(client, "POST", f"{base}/snapshots", {"snapshot": {"volume_id": disk, "name": "s"}}, 202)["snapshot"]
    client.advance(60)
    assert client.nova("GET", f"os-snapshots/{made['id']}").json()["snapshot"]["displayName"] == "s"
    (listed,) = _get(client, f"{base}/snapshots/detail", "snapshots", volume_id=disk)
    assert (listed["status"], listed["size"]) == ("available", 10)
    limits = _get(client, f"{base}/limits", "limits")["absolute"]
    assert (limits["totalSnapshotsUsed"], limits["totalGigabytesUsed"]) == (1, 10)
    _send(client, "DELETE", f"{base}/snapshots/{made['id']}", None, 202)
    client.advance(60)
    _send(client, "GET", f"{base}/snapshots/{made['id']}", None, 404)
    assert {one["name"] for one in _get(client, f"{base}/types", "volume_types")} == {"SATA", "SSD"}
    _send(client, "GET", f"{base}/types/none", None, 404)


def test_disks_are_made_of_images_and_of_disks(client: Client) -> None:
    """`openstack volume create --image` and `--source`; what cannot be is refused, not left out."""
    path, disk, image = f"/volume/v3/{client.project}/volumes", client.volume(20), client.resources["image_id"]
    least = next(one for one in _get(client, "/image/v2/images", "images") if one["id"] == image)["min_disk"]
    for asked, expected in (
        ({"source_volid": disk}, {"size": 20, "source_volid": disk, "bootable": "false", "multiattach": False}),
        ({"imageRef": image, "size": least}, {"size": least, "bootable": "true"}),
        ({"size": 5, "multiattach": True}, {"size": 5, "multiattach": True}),
    ):
        made = _send(client, "POST", path, {"volume": asked}, 202)["volume"]
        assert made.items() >= expected.items()
    for wrong, status in (
        ({"source_volid": disk, "size": 10}, 400),
        ({"source_volid": disk, "imageRef": image}, 400),
        ({"imageRef": image, "size": least - 1}, 400),
        ({"imageRef": image}, 400),
        ({"size": 5, "multiattach": "perhaps"}, 400),
        ({"size": 5, "backup_id": disk}, 400),
        ({"source_volid": "none"}, 404),
        ({"imageRef": "none", "size": 40}, 404),
    ):
        _send(client, "POST", path, {"volume": wrong}, status)
    client.cloud.control("PUT", "/_mock/limits", {"disks": 4})
    _send(client, "POST", path, {"volume": {"source_volid": disk}}, 403)
    assert client.cloud.control("GET", "/_mock/consistency") == {"complaints": []}


def test_quotas_say_what_is_used(client: Client) -> None:
    """Of the project alone."""
    client.create()
    quota = _get(client, f"{_NET}/quotas/{client.project}/details", "quota")
    assert quota["port"] == {"limit": -1, "used": 2, "reserved": 0}
    assert _get(client, f"{_NET}/quotas/{client.project}", "quota")["security_group"] == 10
    volumes = f"/volume/v3/{client.project}/os-quota-sets"
    assert _get(client, f"{volumes}/{client.project}", "quota_set", usage="True")["volumes"]["in_use"] == 1
    assert _get(client, f"{volumes}/{client.project}", "quota_set")["snapshots"] == -1
    for path in (f"{_NET}/quotas/{_NOBODY}", f"{volumes}/{_NOBODY}"):
        assert client.http.get(path).status_code == 403
