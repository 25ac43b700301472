from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def test_a_creation_gives_a_running_server(client: Client) -> None:
    """5.1.1: what was asked for is what the native view shows."""
    (server,) = client.create(
        name="web",
        description="front",
        metadata={"a b": "c"},
        key_name=client.resources["key_name"],
        data_volumes=[{"volumetype": "SATA", "size": 10}],
        nics=[
            {"subnet_id": client.resources["subnet_id"], "ip_address": "192.168.7.7"},
            {"subnet_id": client.resources["subnet_id"], "ip_address": ""},
        ],
    )
    shown = client.show(server, at="2.60")
    addresses = shown["addresses"][client.resources["subnet_id"]]
    assert (shown["name"], shown["description"], shown["status"]) == ("web", "front", "ACTIVE")
    assert shown["metadata"] == {"a b": "c"}
    assert [len(addresses), addresses[0]["addr"]] == [2, "192.168.7.7"]
    assert len(shown["os-extended-volumes:volumes_attached"]) == 2
    assert shown["OS-EXT-STS:power_state"] == 1


def test_several_servers_are_numbered(client: Client) -> None:
    """Table 5-3: from -0000, or from the number that the name ends in."""
    names = [client.show(one)["name"] for one in client.create(name="n", count=3)]
    assert names == ["n-0000", "n-0001", "n-0002"]
    names = [client.show(one)["name"] for one in client.create(name="n-0017", count=2)]
    assert names == ["n-0017", "n-0018"]


def test_a_checked_request_creates_nothing(client: Client) -> None:
    """5.1.1 and 5.2.4: dry_run answers 202, or with the error that the request would have."""
    assert client.v1("POST", "cloudservers", {**client.request(), "dry_run": True}).status_code == 202
    refused = client.v1("POST", "cloudservers", {**client.request(name="a b"), "dry_run": True})
    assert refused.status_code == 400
    assert client.nova("GET", "servers").json()["servers"] == []
    server, other = client.stopped(), client.resources["other_flavor_id"]
    body = {"resize": {"flavorRef": other}, "dry_run": True}
    assert client.v1("POST", f"cloudservers/{server}/resize", body).status_code == 202
    assert client.show(server)["flavor"]["id"] == client.resources["flavor_id"]


def _nic(client: Client, **more: Any) -> JsonObject:
    return {"subnet_id": client.resources["subnet_id"], **more}


def _eip(**bandwidth: Any) -> JsonObject:
    band = {"size": 5, "sharetype": "PER", **bandwidth}
    return {"eip": {"iptype": "5_bgp", "bandwidth": {k: v for k, v in band.items() if v is not None}}}


def _encrypted() -> JsonObject:
    return {
        "volumetype": "SSD",
        "size": 10,
        "metadata": {"__system__encrypted": "1", "__system__cmkid": "7f0b5a8e-3c1d-4f63-9d52-1f5f2f0a6b11"},
    }


WRONG: dict[str, tuple[Callable[[Client], JsonObject], str]] = {
    "no image": (lambda c: {"imageRef": None}, "Ecs.0005"),
    "no flavor": (lambda c: {"flavorRef": None}, "Ecs.0005"),
    "no name": (lambda c: {"name": None}, "Ecs.0005"),
    "no vpc": (lambda c: {"vpcid": None}, "Ecs.0005"),
    "no nics": (lambda c: {"nics": None}, "Ecs.0005"),
    "no root volume": (lambda c: {"root_volume": None}, "Ecs.0005"),
    "image unknown": (lambda c: {"imageRef": UNKNOWN}, "Ecs.0031"),
    "flavor unknown": (lambda c: {"flavorRef": "s9.none"}, "Ecs.0029"),
    "flavor sold out": (lambda c: {"flavorRef": "g1.xlarge"}, "Ecs.0319"),
    "vpc unknown": (lambda c: {"vpcid": UNKNOWN}, "Ecs.0014"),
    "subnet unknown": (lambda c: {"nics": [{"subnet_id": UNKNOWN}]}, "Ecs.0038"),
    "address outside": (lambda c: {"nics": [_nic(c, ip_address="10.9.9.9")]}, "Ecs.0039"),
    "address twice": (lambda c: {"nics": [_nic(c, ip_address="192.168.3.3")] * 2}, "Ecs.0010"),
    "address of no form": (lambda c: {"nics": [_nic(c, ip_address="1.2.3")]}, "Ecs.0005"),
    "key unknown": (lambda c: {"key_name": "none"}, "Ecs.0314"),
    "zone unknown": (lambda c: {"availability_zone": "mars-1"}, "Ecs.0005"),
    "group unknown": (lambda c: {"os:scheduler_hints": {"group": UNKNOWN}}, "Ecs.0313"),
    "tenancy": (lambda c: {"os:scheduler_hints": {"tenancy": "private"}}, "Ecs.0005"),
    "name empty": (lambda c: {"name": ""}, "Ecs.0005"),
    "name of 129": (lambda c: {"name": "n" * 129}, "Ecs.0005"),
    "name with a blank": (lambda c: {"name": "a b"}, "Ecs.0005"),
    "name a number": (lambda c: {"name": 5}, "Ecs.0005"),
    "name of 60 for two": (lambda c: {"name": "n" * 60, "count": 2}, "Ecs.0005"),
    "no servers": (lambda c: {"count": 0}, "Ecs.0005"),
    "501 servers": (lambda c: {"count": 501}, "Ecs.0005"),
    "count as text": (lambda c: {"count": "1"}, "Ecs.0005"),
    "count as truth": (lambda c: {"count": True}, "Ecs.0005"),
    "no NIC": (lambda c: {"nics": []}, "Ecs.0005"),
    "13 NICs": (lambda c: {"nics": [_nic(c)] * 13}, "Ecs.0005"),
    "60 data disks": (lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 10}] * 60}, "Ecs.0042"),
    "data disk of 9": (lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 9}]}, "Ecs.0005"),
    "data disk of 32769": (lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 32769}]}, "Ecs.0005"),
    "data disk without size": (lambda c: {"data_volumes": [{"volumetype": "SSD"}]}, "Ecs.0005"),
    "key of a disk": (lambda c: {"data_volumes": [_encrypted()]}, "Ecs.0912"),
    "disk type": (lambda c: {"root_volume": {"volumetype": "TAPE"}}, "Ecs.0043"),
    "root of 1025": (lambda c: {"root_volume": {"volumetype": "SSD", "size": 1025}}, "Ecs.0005"),
    "root below min_disk": (lambda c: {"root_volume": {"volumetype": "SSD", "size": 39}}, "Ecs.0005"),
    "DSS without pool": (lambda c: {"root_volume": {"volumetype": "SSD", "cluster_type": "DSS"}}, "Ecs.0005"),
    "storage not DSS": (
        lambda c: {"root_volume": {"volumetype": "SSD", "cluster_type": "X", "cluster_id": "y"}},
        "Ecs.0005",
    ),
    "image disk with metadata": (
        lambda c: {
            "data_volumes": [
                {"volumetype": "SSD", "size": 10, "data_image_id": c.resources["image_id"], "metadata": {}}
            ]
        },
        "Ecs.0005",
    ),
    "encrypted 2": (
        lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 10, "metadata": {"__system__encrypted": "2"}}]},
        "Ecs.0005",
    ),
    "disk metadata bytes": (
        lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 10, "metadata": {"k": "\u00fc" * 128}}]},
        "Ecs.0005",
    ),
    "user_data not base64": (lambda c: {"user_data": "#!/bin/sh"}, "Ecs.0005"),
    "user_data above 32 KB": (lambda c: {"user_data": base64.b64encode(b"x" * 32769).decode()}, "Ecs.0005"),
    "11 pairs": (lambda c: {"metadata": {str(n): "" for n in range(11)}}, "Ecs.0005"),
    "metadata key": (lambda c: {"metadata": {"a/b": ""}}, "Ecs.0005"),
    "metadata value of 256": (lambda c: {"metadata": {"a": "x" * 256}}, "Ecs.0005"),
    "metadata value a number": (lambda c: {"metadata": {"a": 1}}, "Ecs.0005"),
    "description of 86": (lambda c: {"description": "x" * 86}, "Ecs.0041"),
    "description with <": (lambda c: {"description": "<b>"}, "Ecs.0041"),
    "password short": (lambda c: {"adminPass": "Aa1!aaa"}, "Ecs.0011"),
    "password long": (lambda c: {"adminPass": "Aa1!" + "a" * 23}, "Ecs.0011"),
    "password of two kinds": (lambda c: {"adminPass": "abcdefgh1"}, "Ecs.0011"),
    "password with the user": (lambda c: {"adminPass": "Aa1!xrootx"}, "Ecs.0011"),
    "password with the user reversed": (lambda c: {"adminPass": "Aa1!xtoorx"}, "Ecs.0011"),
    "id and eip": (lambda c: {"publicip": {"id": UNKNOWN, **_eip()}}, "Ecs.0005"),
    "neither id nor eip": (lambda c: {"publicip": {}}, "Ecs.0005"),
    "EIP unknown": (lambda c: {"publicip": {"id": UNKNOWN}}, "Ecs.0005"),
    "bandwidth 0": (lambda c: {"publicip": _eip(size=0)}, "Ecs.0005"),
    "bandwidth 1001": (lambda c: {"publicip": _eip(size=1001)}, "Ecs.0005"),
    "no sharetype": (lambda c: {"publicip": _eip(sharetype=None)}, "Ecs.0005"),
    "charge mode": (lambda c: {"publicip": _eip(chargemode="bandwidth")}, "Ecs.0005"),
    "MTU": (lambda c: {"nics": [_nic(c, extra_dhcp_opts=[{"opt_name": "26", "opt_value": 1279}])]}, "Ecs.0005"),
    "DHCP option": (lambda c: {"nics": [_nic(c, extra_dhcp_opts=[{"opt_name": "27", "opt_value": 1280}])]}, "Ecs.0005"),
    "primary NIC free": (
        lambda c: {"nics": [_nic(c, **{"binding:profile": {"disable_security_groups": True}})]},
        "Ecs.0005",
    ),
}


def test_the_key_of_a_disk_is_looked_for_in_earnest_only(client: Client) -> None:
    """Table 5-2: a mere check is of mandatory parameters and the form."""
    body = {"dry_run": True, **client.request(data_volumes=[_encrypted()])}
    assert client.v1("POST", "cloudservers", body).status_code == 202


def test_a_server_does_not_go_from_xen_to_kvm(client: Client) -> None:
    """A.2, Ecs.0811: it would need drivers first."""
    (server,) = client.create(flavorRef="s1.medium")
    client.run("cloudservers/action", {"os-stop": {"servers": [{"id": server}]}})
    answer = client.v1("POST", f"cloudservers/{server}/resize", {"resize": {"flavorRef": "s3.large.2"}})
    assert client.code(answer) == (400, "Ecs.0811")
    assert client.show(server)["flavor"]["id"] == "s1.medium"


@pytest.mark.parametrize("case", WRONG)
def test_a_creation_that_breaks_a_rule_is_refused(client: Client, case: str) -> None:
    """Tables 5-3 to 5-6 and 8-1 to 8-12: one rule broken at a time, and nothing is created."""
    change, code = WRONG[case]
    assert client.code(client.v1("POST", "cloudservers", client.request(**change(client)))) == (400, code)
    assert client.v1("GET", "cloudservers/limits").json()["absolute"]["totalInstancesUsed"] == 0


RIGHT: dict[str, Callable[[Client], JsonObject]] = {
    "name of 128": lambda c: {"name": "n" * 128},
    "name of 59 for two": lambda c: {"name": "n" * 59, "count": 2},
    "500 servers": lambda c: {"count": 500},
    "12 NICs": lambda c: {"nics": [_nic(c)] * 12},
    "59 data disks": lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 10}] * 59},
    "root of 0": lambda c: {"root_volume": {"volumetype": "SATA", "size": 0}},
    "root of 1024": lambda c: {"root_volume": {"volumetype": "SATA", "size": 1024}},
    "SCSI by another word": lambda c: {"root_volume": {"volumetype": "SSD", "hw:passthrough": "no truth"}},
    "32 KB": lambda c: {"user_data": base64.b64encode(b"x" * 32768).decode()},
    "10 pairs": lambda c: {"metadata": {str(n): "x" * 255 for n in range(10)}},
    "password of 8": lambda c: {"adminPass": "Aa1!aaaa"},
    "bandwidth without charge mode": lambda c: {"publicip": _eip()},
    "security group unknown": lambda c: {"security_groups": [{"id": UNKNOWN}]},
    "fields of the example": lambda c: {"data_volumes": [{"volumetype": "SSD", "size": 100, "multiattach": True}]},
    "dedicated host": lambda c: {"os:scheduler_hints": {"tenancy": "dedicated", "dedicated_host_id": "x"}},
    "host without tenancy": lambda c: {"os:scheduler_hints": {"dedicated_host_id": "x"}},
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_creation_at_a_limit_is_accepted(client: Client, case: str) -> None:
    """The same tables, on the right side of each bound."""
    assert client.create(**RIGHT[case](client))


def test_a_windows_server_needs_a_way_to_log_in(client: Client) -> None:
    """Table 8-8; its password may not share three characters with the user name (Table 5-3)."""
    state = client.cloud._state
    image = next(i.id for i in state.images.values() if i.os_type == "Windows")

    def answer(**more: Any) -> tuple[int, str]:
        return client.code(client.v1("POST", "cloudservers", client.request(imageRef=image, **more)))

    assert answer() == (400, "Ecs.0005")
    assert answer(metadata={"admin_pass": "Aa1!xmin-x"}) == (400, "Ecs.0011")
    assert client.create(imageRef=image, metadata={"admin_pass": "Zz1!zzzz"})


def test_an_address_in_use_cannot_be_given_again(client: Client) -> None:
    """A.2: Ecs.0010, until the server that has it is deleted."""
    nics = [_nic(client, ip_address="192.168.5.5")]
    (server,) = client.create(nics=nics)
    assert client.code(client.v1("POST", "cloudservers", client.request(nics=nics))) == (400, "Ecs.0010")
    client.run("cloudservers/delete", {"servers": [{"id": server}]})
    assert client.create(nics=nics)


def test_quotas_are_counted_and_enforced(client: Client) -> None:
    """5.7.1 and A.2: instances, cores, memory and EIPs."""
    before = client.v1("GET", "cloudservers/limits").json()["absolute"]
    client.create(count=2, publicip=_eip())
    after = client.v1("GET", "cloudservers/limits").json()["absolute"]
    flavor = next(
        f
        for f in client.v1("GET", "cloudservers/flavors").json()["flavors"]
        if f["id"] == client.resources["flavor_id"]
    )
    assert after["totalInstancesUsed"] - before["totalInstancesUsed"] == 2
    assert after["totalCoresUsed"] - before["totalCoresUsed"] == 2 * int(flavor["vcpus"])
    assert after["totalRAMUsed"] - before["totalRAMUsed"] == 2 * flavor["ram"]
    assert after["totalFloatingIpsUsed"] - before["totalFloatingIpsUsed"] == 2
    many = client.request(count=19, publicip=_eip())
    assert client.code(client.v1("POST", "cloudservers", many)) == (400, "Ecs.0013")
    for _ in range(4):
        client.create(count=500)
    assert client.code(client.v1("POST", "cloudservers", client.request(count=47))) == (400, "Ecs.0001")
    native = client.nova("POST", "servers", client.native(min_count=47))
    assert native.status_code == 403
    assert len(client.create(count=46)) == 46


@pytest.mark.parametrize(("asked", "kept"), [({}, 1), ({"delete_publicip": True}, 0), ({"delete_publicip": False}, 1)])
def test_deletion_releases_what_it_is_told_to(client: Client, asked: JsonObject, kept: int) -> None:
    """5.1.2: delete_publicip over delete_on_termination, which is false by default."""
    before = client.v1("GET", "cloudservers/limits").json()["absolute"]["totalFloatingIpsUsed"]
    (server,) = client.create(publicip=_eip(), data_volumes=[{"volumetype": "SSD", "size": 10}])
    assert client.run("cloudservers/delete", {"servers": [{"id": server}], **asked})["status"] == "SUCCESS"
    after = client.v1("GET", "cloudservers/limits").json()["absolute"]["totalFloatingIpsUsed"]
    assert after - before == kept
    assert client.nova("GET", f"servers/{server}").status_code == 404


def test_a_data_disk_that_is_kept_can_start_a_server(client: Client) -> None:
    """5.1.2 keeps data disks by default; 6.2.1 starts from a disk with boot_index 0."""
    volumes: list[JsonObject] = [{"volumetype": "SSD", "size": 10}]
    (server,) = client.create(data_volumes=volumes)
    disk = client.show(server)["os-extended-volumes:volumes_attached"][1]["id"]
    boot = [{"source_type": "volume", "uuid": disk, "boot_index": "0"}]
    body = client.native(imageRef=None, block_device_mapping_v2=boot)
    assert client.nova("POST", "servers", body).status_code == 400
    client.run("cloudservers/delete", {"servers": [{"id": server}]})
    answer = client.nova("POST", "servers", body)
    assert answer.status_code == 202
    shown = client.show(answer.json()["server"]["id"])
    assert [one["id"] for one in shown["os-extended-volumes:volumes_attached"]] == [disk]


LISTS: dict[str, tuple[JsonObject, tuple[int, str]]] = {
    "none": ({"servers": []}, (400, "Ecs.0005")),
    "missing": ({}, (400, "Ecs.0005")),
    "no id": ({"servers": [{}]}, (400, "Ecs.0005")),
    "unknown": ({"servers": [{"id": UNKNOWN}]}, (404, "Ecs.0114")),
    "1001": ({"servers": [{"id": UNKNOWN}] * 1001}, (400, "Ecs.0005")),
    "truth as text": ({"servers": [{"id": UNKNOWN}], "delete_volume": "true"}, (400, "Ecs.0005")),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_deletion_of_what_cannot_be_is_refused(client: Client, case: str) -> None:
    """Tables 5-8 and 5-9."""
    body, expected = LISTS[case]
    assert client.code(client.v1("POST", "cloudservers/delete", body)) == expected


def test_a_stopped_server_gets_another_flavor(client: Client) -> None:
    """5.2.4: the job follows one server, and the new flavor counts against the quotas."""
    server = client.stopped()
    job = client.run(f"cloudservers/{server}/resize", {"resize": {"flavorRef": client.resources["other_flavor_id"]}})
    assert (job["status"], job["entities"]) == ("SUCCESS", {"server_id": server})
    assert client.show(server)["flavor"]["id"] == client.resources["other_flavor_id"]
    assert client.show(server)["status"] == "SHUTOFF"


def test_a_resize_that_cannot_be_is_refused(client: Client) -> None:
    """5.2.4 and A.2: state, same flavor, unknown flavor and server, and the fields."""
    (running,) = client.create()
    other, same = client.resources["other_flavor_id"], client.resources["flavor_id"]

    def answer(server: str, body: Any) -> tuple[int, str]:
        return client.code(client.v1("POST", f"cloudservers/{server}/resize", body))

    assert answer(running, {"resize": {"flavorRef": other}}) == (400, "Ecs.0100")
    stopped = client.stopped()
    assert answer(stopped, {"resize": {"flavorRef": same}}) == (400, "Ecs.0009")
    assert answer(stopped, {"resize": {"flavorRef": "none"}}) == (400, "Ecs.0029")
    assert answer(stopped, {"resize": {}}) == (400, "Ecs.0005")
    assert answer(stopped, {"resize": {"flavorRef": 1}}) == (400, "Ecs.0005")
    assert answer(UNKNOWN, {"resize": {"flavorRef": other}}) == (404, "Ecs.0114")


@pytest.mark.parametrize("action", ["os-start", "reboot", "os-stop"])
def test_a_batch_action_checks_its_fields(client: Client, action: str) -> None:
    """Tables 5-25 to 5-35."""
    (server,) = client.create()
    servers = [{"id": server}]

    def answer(body: Any) -> tuple[int, str]:
        return client.code(client.v1("POST", "cloudservers/action", body))

    assert answer({action: {}}) == (400, "Ecs.0005")
    assert answer({action: {"servers": [{"id": UNKNOWN}], "type": "SOFT"}}) == (404, "Ecs.0114")
    assert answer({}) == (400, "Ecs.0005")
    assert answer({"unknown": {}}) == (400, "Ecs.0005")
    assert answer({"os-start": {"servers": servers}, "os-stop": {"servers": servers}}) == (400, "Ecs.0005")
    if action != "os-start":
        assert answer({action: {"servers": servers, "type": "soft"}}) == (400, "Ecs.0005")
    if action == "reboot":
        assert answer({action: {"servers": servers}}) == (400, "Ecs.0005")


def test_a_batch_with_one_server_in_the_wrong_state_changes_none(client: Client) -> None:
    """A.2: Ecs.0100."""
    (running,), stopped = client.create(), client.stopped()
    both = [{"id": running}, {"id": stopped}]
    for body in ({"os-start": {"servers": both}}, {"os-stop": {"servers": both}}):
        assert client.code(client.v1("POST", "cloudservers/action", body)) == (400, "Ecs.0100")
    assert [client.show(one)["status"] for one in (running, stopped)] == ["ACTIVE", "SHUTOFF"]


def test_flavors_of_a_zone_are_those_on_sale_there(client: Client) -> None:
    """Tables 5-37 and 5-41."""

    def ids(zone: str) -> set[str]:
        answer = client.v1("GET", "cloudservers/flavors", params={"availability_zone": zone} if zone else None)
        return {flavor["id"] for flavor in answer.json()["flavors"]}

    assert {"m3.large.8", "g1.xlarge"} < ids("")
    assert ids("") - ids("eu-test-1a") == {"d2.xlarge.8", "g1.xlarge", "s3.2xlarge.2"}
    assert ids("") - ids("eu-test-1b") == {"d2.xlarge.8", "g1.xlarge", "s3.2xlarge.2", "m3.large.8"}
    assert ids("mars-1") == set()
