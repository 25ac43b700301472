from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def test_a_creation_answers_with_the_server(client: Client) -> None:
    """6.2.1: 202, with links, groups, disk configuration and the password, which nothing else ever shows."""
    answer = client.nova("POST", "servers", client.native(adminPass="Aa1!aaaa", metadata={"admin_pass": "Aa1!aaaa"}))
    server = answer.json()["server"]
    assert answer.status_code == 202
    assert server.keys() == {"id", "links", "security_groups", "OS-DCF:diskConfig", "adminPass"}
    assert server["security_groups"] == [{"name": "default"}]
    client.advance(60)
    for at in ("2.1", "2.60"):
        assert "Aa1!aaaa" not in client.nova("GET", f"servers/{server['id']}", at=at).text
        assert "Aa1!aaaa" not in client.nova("GET", "servers/detail", at=at).text


def test_a_batch_answers_with_its_reservation(client: Client) -> None:
    """6.2.1: between min_count and max_count, found again by reservation_id; numbers may be sent as text."""
    body = client.native(min_count="2", max_count="3", return_reservation_id="true")
    reservation = client.nova("POST", "servers", body).json()["reservation_id"]
    client.nova("POST", "servers", client.native())
    found = client.nova("GET", "servers", params={"reservation_id": reservation}).json()["servers"]
    assert sorted(one["name"] for one in found) == ["one-0000", "one-0001", "one-0002"]


def test_the_alias_and_v2_do_the_same(client: Client) -> None:
    """6.2.1 names os-volumes_boot; chapter 3 says that V2 has the same URLs."""
    assert client.nova("POST", "os-volumes_boot", client.native(), v="2").status_code == 202
    answer = client.nova("POST", "servers", client.native(), v="2")
    assert "/v2/" in answer.json()["server"]["links"][0]["href"]
    assert client.nova("GET", "os-volumes_boot").status_code == 405


def _disk(**more: Any) -> JsonObject:
    return {"imageRef": None, "block_device_mapping_v2": [{"boot_index": "0", "volume_size": "40", **more}]}


WRONG: dict[str, Callable[[Client], JsonObject]] = {
    "no flavor": lambda c: {"flavorRef": None},
    "no name": lambda c: {"name": None},
    "no networks": lambda c: {"networks": None},
    "no image and no disk": lambda c: {"imageRef": None},
    "image unknown": lambda c: {"imageRef": UNKNOWN},
    "flavor unknown": lambda c: {"flavorRef": "none"},
    "name of 129": lambda c: {"name": "n" * 129},
    "name empty": lambda c: {"name": ""},
    "name with a blank": lambda c: {"name": "a b"},
    "name of 60 for two": lambda c: {"name": "n" * 60, "min_count": 2},
    "network unknown": lambda c: {"networks": [{"uuid": UNKNOWN}]},
    "network empty": lambda c: {"networks": [{}]},
    "port unknown": lambda c: {"networks": [{"port": UNKNOWN}]},
    "fixed_ip without uuid": lambda c: {"networks": [{"fixed_ip": "192.168.1.1"}]},
    "fixed_ip outside": lambda c: {"networks": [{"uuid": c.resources["network_id"], "fixed_ip": "10.0.0.9"}]},
    "key unknown": lambda c: {"key_name": "none"},
    "group unknown": lambda c: {"security_groups": [{"name": "none"}]},
    "zone unknown": lambda c: {"availability_zone": "mars-1"},
    "min_count 0": lambda c: {"min_count": 0},
    "max below min": lambda c: {"min_count": 3, "max_count": 2},
    "min_count a word": lambda c: {"min_count": "two"},
    "metadata value a number": lambda c: {"metadata": {"a": 1}},
    "metadata key empty": lambda c: {"metadata": {"": "x"}},
    "metadata value of 256": lambda c: {"metadata": {"a": "x" * 256}},
    "user_data": lambda c: {"user_data": "???"},
    "user_data above 32 KB": lambda c: {"user_data": base64.b64encode(b"x" * 32769).decode()},
    "description of 86": lambda c: {"description": "x" * 86},
    "diskConfig": lambda c: {"OS-DCF:diskConfig": "NONE"},
    "reservation a word": lambda c: {"return_reservation_id": "perhaps"},
    "source unknown": lambda c: _disk(source_type="tape"),
    "no source": lambda c: _disk(),
    "disk below min_disk": lambda c: _disk(source_type="image", uuid=c.resources["image_id"], volume_size=39),
    "image of a disk unknown": lambda c: _disk(source_type="image", uuid=UNKNOWN),
    "image without uuid": lambda c: _disk(source_type="image"),
    "disk on tape": lambda c: _disk(source_type="image", uuid=c.resources["image_id"], destination_type="tape"),
    "volume unknown": lambda c: _disk(source_type="volume", uuid=UNKNOWN),
    "snapshot unknown": lambda c: _disk(source_type="snapshot", uuid=UNKNOWN),
    "blank without size": lambda c: {"block_device_mapping_v2": [{"source_type": "blank"}]},
    "volumes for two": lambda c: {"min_count": 2, **_disk(source_type="volume", uuid=UNKNOWN)},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_creation_that_breaks_a_rule_is_refused(client: Client, case: str) -> None:
    """Tables 6-11 to 6-16: one rule broken at a time, and nothing is created."""
    answer = client.nova("POST", "servers", client.native(**WRONG[case](client)))
    assert (answer.status_code, answer.json()["badRequest"]["code"]) == (400, 400)
    assert client.nova("GET", "servers").json()["servers"] == []


RIGHT: dict[str, Callable[[Client], JsonObject]] = {
    "image URL": lambda c: {"imageRef": f"https://ecs.test/images/{c.resources['image_id']}"},
    "disk from an image": lambda c: _disk(
        source_type="image", uuid=c.resources["image_id"], destination_type="volume", delete_on_termination="False"
    ),
    "what python-openstackclient sends": lambda c: _disk(
        source_type="image", uuid=c.resources["image_id"], destination_type="local", boot_index=0
    ),
    "blank disk": lambda c: {"block_device_mapping_v2": [{"source_type": "blank", "volume_size": 10}]},
    "group by name": lambda c: {"security_groups": [{"name": "conformance"}]},
    "group by id": lambda c: {"security_groups": [{"name": c.resources["security_group_id"]}]},
    "what is not supported": lambda c: {"config_drive": "true", "OS-DCF:diskConfig": "AUTO"},
    "name of 128": lambda c: {"name": "n" * 128},
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_creation_at_a_limit_is_accepted(client: Client, case: str) -> None:
    """The same tables, on the right side of each bound."""
    assert client.nova("POST", "servers", client.native(**RIGHT[case](client))).status_code == 202


def test_a_port_outlives_its_server(client: Client) -> None:
    """6.2.3; of port, uuid and fixed_ip, port counts most (6.2.1)."""
    port = next(iter(client.cloud._state.projects[client.project].ports.values()))
    body = client.native(
        networks=[{"port": port.id, "uuid": client.resources["network_id"], "fixed_ip": "192.168.9.9"}]
    )
    answer = client.nova("POST", "servers", body)
    server = answer.json()["server"]["id"]
    (address,) = client.show(server)["addresses"][port.network.id]
    assert address["addr"] == port.address
    assert client.nova("POST", "servers", body).status_code == 400
    client.nova("DELETE", f"servers/{server}")
    client.advance(60)
    assert client.nova("POST", "servers", body).status_code == 202


def test_name_and_description_can_be_changed(client: Client) -> None:
    """6.2.2: the description from 2.19 on, and both for good."""
    (server,) = client.create()
    answer = client.nova("PUT", f"servers/{server}", {"server": {"name": "two words", "description": "d"}}, at="2.19")
    shown = answer.json()["server"]
    assert (answer.status_code, shown["name"], shown["description"], shown["image"]) == (
        200,
        "two words",
        "d",
        "",
    )
    client.nova("PUT", f"servers/{server}", {"server": {"description": "ignored"}}, at="2.18")
    shown = client.show(server, at="2.19")
    assert (shown["name"], shown["description"]) == ("two words", "d")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "n" * 255}, 200),
        ({"name": "n" * 256}, 400),
        ({"name": 1}, 400),
        ({"description": "\u00fc" * 127}, 200),
        ({"description": "\u00fc" * 128}, 400),
    ],
)
def test_an_update_checks_its_fields(client: Client, changed: JsonObject, status: int) -> None:
    """Table 6-23: characters of the name, bytes of the description."""
    (server,) = client.create()
    assert client.nova("PUT", f"servers/{server}", {"server": changed}, at="2.60").status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"server": {"name": "x"}}),
        ("DELETE", "", None),
        ("POST", "/action", {"os-start": None}),
        ("POST", "/action", {"os-stop": {}}),
        ("POST", "/action", {"reboot": {"type": "SOFT"}}),
    ],
)
def test_an_unknown_server_is_not_found(client: Client, method: str, path: str, body: JsonObject | None) -> None:
    """404 in the native form."""
    answer = client.nova(method, f"servers/{UNKNOWN}{path}", body)
    assert (answer.status_code, answer.json()["itemNotFound"]["code"]) == (404, 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"os-start": "x"},
        {"reboot": {}},
        {"reboot": {"type": "soft"}},
        {"os-stop": {"type": "X"}},
        {"x": {}},
    ],
)
def test_an_action_checks_its_fields(client: Client, body: JsonObject) -> None:
    """Tables 6-59 to 6-65."""
    (server,) = client.create()
    assert client.nova("POST", f"servers/{server}/action", body).status_code == 400


def test_a_native_creation_that_fails_leaves_a_server_in_error(client: Client) -> None:
    """6.2.1: there is no rollback; the other servers of the batch are created, and the failed one can be deleted."""
    client.cloud.control("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0202"})
    assert client.nova("POST", "servers", client.native(min_count=2, max_count=2)).status_code == 202
    client.advance(100)
    servers = client.nova("GET", "servers/detail").json()["servers"]
    assert sorted(server["status"] for server in servers) == ["ACTIVE", "ERROR"]
    (failed,) = (server["id"] for server in servers if server["status"] == "ERROR")
    shown = client.show(failed)
    assert (shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:task_state"], shown["fault"]["code"]) == (
        "error",
        None,
        500,
    )
    (action,) = client.nova("GET", f"servers/{failed}/os-instance-actions").json()["instanceActions"]
    assert (action["action"], action["message"]) == ("create", "Error")
    assert client.nova("DELETE", f"servers/{failed}").status_code == 204
    client.advance(100)
    assert len(client.nova("GET", "servers").json()["servers"]) == 1
    assert client.cloud.control("GET", "/_mock/consistency")["complaints"] == []
    assert client.nova("POST", "servers", client.native()).status_code == 202
    client.advance(100)
    states = {server["status"] for server in client.nova("GET", "servers/detail").json()["servers"]}
    assert states == {"ACTIVE"}


def test_a_creation_by_the_ecs_api_that_fails_is_rolled_back(client: Client) -> None:
    """6.2.1 names that API for it."""
    client.cloud.control("POST", "/_mock/fail", {"job_type": "createServer", "code": "Ecs.0202"})
    assert client.run("cloudservers", client.request())["status"] == "FAIL"
    assert client.nova("GET", "servers").json()["servers"] == []


def test_a_port_keeps_its_groups(client: Client) -> None:
    """Table 6-11: on an existing port the groups that are asked for have no effect."""
    port, group = client.resources["port_id"], client.resources["security_group_id"]
    body = client.native(networks=[{"port": port}], security_groups=[{"name": group}])
    server = client.nova("POST", "servers", body).json()["server"]
    assert [one["name"] for one in client.show(server["id"])["security_groups"]] == ["default"]


def test_a_batch_has_its_reservation(client: Client) -> None:
    """Table 6-18: in server, when several are created."""
    body = client.native(min_count=2, max_count=2)
    assert client.nova("POST", "servers", body).json()["server"]["reservation_id"]
    assert "reservation_id" not in client.nova("POST", "servers", client.native()).json()["server"]


def test_a_windows_server_needs_a_password_or_a_key(client: Client) -> None:
    """Table 6-12."""
    image = client.resources["windows_image_id"]
    assert client.nova("POST", "servers", client.native(imageRef=image)).status_code == 400
    for more in (
        {"adminPass": "Abcd-1234"},
        {"metadata": {"admin_pass": "Abcd-1234"}},
        {"key_name": client.resources["key_name"]},
    ):
        assert client.nova("POST", "servers", client.native(imageRef=image, **more)).status_code == 202
