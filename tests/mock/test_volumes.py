from __future__ import annotations

from typing import Any

import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _create(c: Client, **wanted: Any) -> JsonObject:
    answer = c.nova("POST", "os-volumes", {"volume": {"size": 10, **wanted}})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["volume"])


def _snapshot(c: Client, volume: str, *, wait: float = 10, **more: Any) -> str:
    answer = c.nova("POST", "os-snapshots", {"snapshot": {"volume_id": volume, **more}})
    assert answer.status_code == 200, answer.text
    c.advance(wait)
    return str(answer.json()["snapshot"]["id"])


def test_a_disk_is_created_shown_and_deleted(client: Client) -> None:
    """11.4: with what the request said, from creating to available, until it is deleted."""
    made = _create(
        client,
        size=1,
        availability_zone="eu-test-1b",
        display_name="test",
        display_description="test1",
        snapshot_id=None,
        volume_type="SATA",
        metadata={"testkey": "testvalue"},
    )
    assert made.pop("createdAt").startswith("2026-01-01T00:00:00.")
    assert made == {
        "id": made["id"],
        "displayName": "test",
        "displayDescription": "test1",
        "status": "creating",
        "size": 1,
        "attachments": [{}],
        "availabilityZone": "eu-test-1b",
        "volumeType": "SATA",
        "snapshotId": None,
        "metadata": {"testkey": "testvalue", "resourceSpecCode": "SATA"},
    }
    one = f"os-volumes/{made['id']}"
    assert client.nova("DELETE", one).status_code == 400
    client.advance(10)
    assert client.disk(made["id"])["status"] == "available"
    for path in ("os-volumes", "os-volumes/detail"):
        assert [v["id"] for v in client.nova("GET", path).json()["volumes"]] == [made["id"]]
    assert client.nova("DELETE", one).status_code == 202
    assert client.disk(made["id"])["status"] == "deleting"
    client.advance(10)
    assert client.nova("GET", one).status_code == 404
    assert client.nova("DELETE", one).status_code == 404


def test_disks_of_servers_are_the_same_disks(client: Client) -> None:
    """11.4.1: what a creation made is listed, attached, and cannot be deleted (11.4.5)."""
    (server,) = client.create(data_volumes=[{"volumetype": "SATA", "size": 77}])
    volumes = client.nova("GET", "os-volumes").json()["volumes"]
    assert [(v["size"], v["volumeType"], v["status"]) for v in volumes] == [
        (40, "SSD", "in-use"),
        (77, "SATA", "in-use"),
    ]
    assert {v["attachments"][0]["serverId"] for v in volumes} == {server}
    assert client.nova("DELETE", f"os-volumes/{volumes[1]['id']}").status_code == 400
    client.nova("DELETE", f"servers/{server}")
    client.advance(60)
    left = client.nova("GET", "os-volumes").json()["volumes"]
    assert [(v["id"], v["status"]) for v in left] == [(volumes[1]["id"], "available")]


def test_a_disk_in_a_zone_that_is_not_there_ends_in_error(client: Client) -> None:
    """Table 11-66; such a disk can be deleted."""
    volume = client.volume(availability_zone="mars-1")
    assert client.disk(volume)["status"] == "error"
    assert client.nova("DELETE", f"os-volumes/{volume}").status_code == 202


@pytest.mark.parametrize(
    "wanted",
    [
        {"size": None},
        {"size": 0},
        {"size": 32769},
        {"size": "x"},
        {"size": True},
        {"volume_type": "TAPE"},
        {"metadata": {"a": 1}},
        {"metadata": {"": "b"}},
        {"metadata": []},
        {"display_name": 5},
        {"display_name": "n" * 256},
        {"snapshot_id": "x"},
        {"availability_zone": 1},
    ],
)
def test_a_creation_that_breaks_a_rule_is_refused(client: Client, wanted: JsonObject) -> None:
    """Table 11-66."""
    answer = client.nova("POST", "os-volumes", {"volume": {"size": 10, **wanted}})
    assert (answer.status_code, answer.json()["badRequest"]["code"]) == (400, 400)
    assert client.nova("POST", "os-volumes", {"size": 10}).status_code == 400
    assert client.nova("GET", "os-volumes").json()["volumes"] == []


def test_a_snapshot_is_taken_shown_and_deleted(client: Client) -> None:
    """11.6: a disk with a snapshot cannot be deleted (11.4.5)."""
    volume = client.volume(33)
    body = {"snapshot": {"display_name": "test", "display_description": None, "volume_id": volume}}
    made = client.nova("POST", "os-snapshots", body).json()["snapshot"]
    assert {key: made[key] for key in made if key not in {"id", "createdAt"}} == {
        "displayDescription": None,
        "displayName": "test",
        "size": 33,
        "status": "creating",
        "volumeId": volume,
    }
    one = f"os-snapshots/{made['id']}"
    assert client.nova("DELETE", one).status_code == 400
    client.advance(10)
    assert client.nova("GET", one).json()["snapshot"] == {**made, "status": "available"}
    assert client.nova("DELETE", f"os-volumes/{volume}").status_code == 400
    assert client.nova("DELETE", one).status_code == 202
    assert client.nova("GET", one).json()["snapshot"]["status"] == "deleting"
    client.advance(10)
    assert client.nova("GET", one).status_code == 404
    assert client.nova("DELETE", f"os-volumes/{volume}").status_code == 202


def test_a_disk_in_use_needs_force(client: Client) -> None:
    """Table 11-90."""
    (server,) = client.create()
    system = client.attached(server)["/dev/vda"]
    for force in (None, False):
        body = {"snapshot": {"volume_id": system, "force": force}}
        assert client.nova("POST", "os-snapshots", body).status_code == 400
    assert _snapshot(client, system, force=True)


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"volume_id": None}, 400),
        ({"volume_id": "x"}, 400),
        ({"volume_id": UNKNOWN}, 404),
        ({"force": "maybe"}, 400),
        ({"display_name": "autobk_snapshot_1"}, 400),
        ({"display_name": "\u00fc" * 128}, 400),
        ({"display_name": 1}, 400),
    ],
)
def test_a_snapshot_that_breaks_a_rule_is_refused(client: Client, wanted: JsonObject, status: int) -> None:
    """Table 11-90."""
    body = {"snapshot": {"volume_id": client.volume(), **wanted}}
    assert client.nova("POST", "os-snapshots", body).status_code == status


def test_disks_and_servers_are_made_from_snapshots(client: Client) -> None:
    """11.4.4: the size may be left out then, and is not smaller; 6.2.1: a server boots from one of a system disk."""
    (server,), plain = client.create(), client.volume(20)
    system = client.attached(server)["/dev/vda"]
    snapshot, other = _snapshot(client, system, force=True), _snapshot(client, plain)
    made = _create(client, size=None, snapshot_id=other)
    assert (made["size"], made["snapshotId"]) == (20, other)
    refused = client.nova("POST", "os-volumes", {"volume": {"size": 19, "snapshot_id": other}})
    assert refused.status_code == 400
    assert client.nova("POST", "os-volumes", {"volume": {"snapshot_id": UNKNOWN}}).status_code == 404

    def boot(uuid: str) -> Any:
        disk = {"source_type": "snapshot", "destination_type": "volume", "uuid": uuid, "boot_index": "0"}
        return client.nova("POST", "servers", client.native(imageRef=None, block_device_mapping_v2=[disk]))

    assert boot(other).status_code == 400
    booted = boot(snapshot).json()["server"]["id"]
    disk = client.disk(client.attached(booted)["/dev/vda"])
    assert (disk["snapshotId"], disk["size"]) == (snapshot, 40)


def test_servers_are_made_with_disks_that_are_there(client: Client) -> None:
    """6.2.1: available, in the zone of the server, each once."""
    first = client.create()[0]
    client.act(first, "os-stop")
    client.advance(20)
    system, data = client.attached(first)["/dev/vda"], client.volume()
    client.nova("DELETE", f"servers/{first}/os-volume_attachments/{system}")
    client.advance(10)

    def boot(*uuids: str, zone: str | None = None) -> Any:
        disks = [
            {"source_type": "volume", "uuid": uuid, "boot_index": "-1" if index else "0"}
            for index, uuid in enumerate(uuids)
        ]
        wanted = client.native(imageRef=None, block_device_mapping_v2=disks, availability_zone=zone)
        return client.nova("POST", "servers", wanted)

    elsewhere = client.volume(availability_zone="eu-test-1b")
    for wrong in (boot(system, data, data), boot(system, elsewhere), boot(system, zone="eu-test-1b")):
        assert wrong.status_code == 400
    server = boot(system, data).json()["server"]["id"]
    assert client.attached(server) == {"/dev/vda": system, "/dev/vdb": data}
    assert client.disk(data)["status"] == "in-use"


def test_projects_do_not_see_each_others_disks(client: Client) -> None:
    """A foreign id is an unknown one."""
    other = Client(client.cloud, "other_project")
    volume = other.volume()
    snapshot = _snapshot(other, volume)
    assert client.nova("GET", "os-volumes").json()["volumes"] == []
    for path in (f"os-volumes/{volume}", f"os-snapshots/{snapshot}"):
        assert client.nova("GET", path).status_code == client.nova("DELETE", path).status_code == 404
    assert client.nova("POST", "os-snapshots", {"snapshot": {"volume_id": volume}}).status_code == 404


@pytest.mark.parametrize("path", ["os-volumes", "os-volumes/detail", "os-volumes/x", "os-snapshots/x"])
def test_the_discarded_apis_end_at_2_35(client: Client, path: str) -> None:
    """As in Nova; which microversion it is the document does not say."""
    volume = client.volume()
    path = path.replace("os-volumes/x", f"os-volumes/{volume}")
    path = path.replace("os-snapshots/x", f"os-snapshots/{_snapshot(client, volume)}")
    assert client.nova("GET", path, at="2.35").status_code == 200
    assert client.nova("GET", path, at="2.36").status_code == 404
