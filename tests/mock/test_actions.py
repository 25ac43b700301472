from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pytest_ecs._mock.state.machine import OPERATIONS
from tests.mock.harness import Client, JsonObject
from tests.mock.test_states import ROWS

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _watch(client: Client, server: str, seconds: int = 90) -> list[tuple[str, str | None]]:
    """Return the states that a server goes through, with the status of Table A-4 in each."""
    seen: list[tuple[str, str | None]] = []
    for _ in range(seconds):
        shown = client.show(server)
        pair = (shown["OS-EXT-STS:vm_state"], shown["OS-EXT-STS:task_state"])
        assert shown["status"] == ROWS[pair]
        if not seen or seen[-1] != pair:
            seen.append(pair)
        client.advance(1)
    return seen


def _phases(operation: str) -> list[tuple[str, str | None]]:
    pairs = [(vm, task) for vm, task, _ in OPERATIONS[operation]]
    return [pair for index, pair in enumerate(pairs) if index == 0 or pair != pairs[index - 1]]


# Lock and unlock

#: What a locked server refuses: life cycle, status, NICs, disks and password (6.3.4).
LOCKED: dict[str, Callable[[Client, str], httpx.Response]] = {
    "update": lambda c, s: c.nova("PUT", f"servers/{s}", {"server": {"name": "x"}}),
    "delete": lambda c, s: c.nova("DELETE", f"servers/{s}"),
    "start": lambda c, s: c.act(s, "os-start"),
    "stop": lambda c, s: c.act(s, "os-stop"),
    "reboot": lambda c, s: c.act(s, "reboot", type="SOFT"),
    "rebuild": lambda c, s: c.act(s, "rebuild", imageRef=c.resources["image_id"]),
    "createImage": lambda c, s: c.act(s, "createImage", name="x"),
    "resize": lambda c, s: c.act(s, "resize", flavorRef=c.resources["other_flavor_id"]),
    "confirmResize": lambda c, s: c.null(s, "confirmResize"),
    "revertResize": lambda c, s: c.null(s, "revertResize"),
    "add a NIC": lambda c, s: c.nova(
        "POST", f"servers/{s}/os-interface", {"interfaceAttachment": {"net_id": c.resources["network_id"]}}
    ),
    "attach a disk": lambda c, s: c.nova(
        "POST", f"servers/{s}/os-volume_attachments", {"volumeAttachment": {"volumeId": c.volume()}}
    ),
    "password": lambda c, s: c.nova("DELETE", f"servers/{s}/os-server-password"),
    "v1 delete": lambda c, s: c.v1("POST", "cloudservers/delete", {"servers": [{"id": s}]}),
    "v1 start": lambda c, s: c.v1("POST", "cloudservers/action", {"os-start": {"servers": [{"id": s}]}}),
    "v1 stop": lambda c, s: c.v1("POST", "cloudservers/action", {"os-stop": {"servers": [{"id": s}]}}),
    "v1 reboot": lambda c, s: c.v1("POST", "cloudservers/action", {"reboot": {"type": "SOFT", "servers": [{"id": s}]}}),
    "v1 resize": lambda c, s: c.v1(
        "POST", f"cloudservers/{s}/resize", {"resize": {"flavorRef": c.resources["other_flavor_id"]}}
    ),
    "reinstall": lambda c, s: c.http.post(
        f"/v2/{c.project}/cloudservers/{s}/reinstallos", json={"os-reinstall": {"userid": "u"}}
    ),
    "change": lambda c, s: c.http.post(
        f"/v2/{c.project}/cloudservers/{s}/changeos", json={"os-change": {"imageid": c.resources["image_id"]}}
    ),
    "migrate": lambda c, s: c.v1("POST", f"cloudservers/{s}/migrate", {"migrate": None}),
    "monitor": lambda c, s: c.http.post(f"/v1.0/servers/{s}/action", json={"monitorMetrics": None}),
    "add NICs": lambda c, s: c.v1(
        "POST", f"cloudservers/{s}/nics", {"nics": [{"subnet_id": c.resources["subnet_id"]}]}
    ),
    "attach": lambda c, s: c.v1(
        "POST", f"cloudservers/{s}/attachvolume", {"volumeAttachment": {"volumeId": c.volume()}}
    ),
}


@pytest.mark.parametrize("case", LOCKED)
def test_a_locked_server_refuses_to_be_managed(client: Client, case: str) -> None:
    """6.3.4: 409, or 400 with Ecs.0605 in the ECS view; nothing changes."""
    server = client.stopped()
    before = client.show(server)
    assert client.null(server, "lock").status_code == 202
    answer = LOCKED[case](client, server)
    if "error" in answer.json():
        assert client.code(answer) == (400, "Ecs.0605")
    else:
        assert (answer.status_code, answer.json()["conflictingRequest"]["code"]) == (409, 409)
    assert client.null(server, "unlock").status_code == 202
    client.advance(100)
    assert client.show(server) == before


def test_locking_shows_and_leaves_the_rest_open(client: Client) -> None:
    """Locked from 2.9 on; what is no management of it goes on, and both are possible twice."""
    (server,) = client.create()
    for action, locked in (("lock", True), ("lock", True), ("unlock", False), ("unlock", False)):
        assert client.null(server, action).status_code == 202
        assert client.show(server, at="2.9")["locked"] is locked
    client.null(server, "lock")
    assert client.nova("POST", f"servers/{server}/metadata", {"metadata": {"a": "b"}}).status_code == 200
    assert client.nova("PUT", f"servers/{server}/tags", {"tags": ["a"]}, at="2.26").status_code == 200
    assert client.act(server, "os-getConsoleOutput", length=1).status_code == 200


def test_one_locked_server_stops_a_batch(client: Client) -> None:
    """None of them is touched."""
    first, second = client.create(count=2)
    client.null(second, "lock")
    body = {"os-stop": {"servers": [{"id": first}, {"id": second}]}}
    assert client.code(client.v1("POST", "cloudservers/action", body)) == (400, "Ecs.0605")
    client.advance(60)
    assert client.show(first)["status"] == "ACTIVE"


# Rebuild


@pytest.mark.parametrize("stopped", [True, False])
def test_a_rebuild_gives_a_server_another_image(client: Client, *, stopped: bool) -> None:
    """6.3.6: image, name and metadata are new at once; it ends in the state that it began in."""
    (server,) = client.create(metadata={"old": "x"}, root_volume={"volumetype": "SSD", "size": 60})
    if stopped:
        client.act(server, "os-stop")
        client.advance(30)
    image = list(client.cloud._state.images)[1]
    answer = client.act(
        server,
        "rebuild",
        imageRef=f"https://x/images/{image}",
        name="rebuildName",
        metadata={"rebuild": "rebuild vm"},
        adminPass="x",
        **{"OS-DCF:diskConfig": "AUTO", "preserve_ephemeral": False},
    )
    assert answer.status_code == 202
    shown = answer.json()["server"]
    assert (shown["status"], shown["name"], shown["image"]["id"], shown["metadata"], shown["progress"]) == (
        "REBUILD",
        "rebuildName",
        image,
        {"rebuild": "rebuild vm"},
        0,
    )
    assert {"adminPass", "hostId", "addresses", "links", "created", "updated", "flavor"} <= shown.keys()
    assert not {"key_name", "OS-EXT-STS:vm_state", "locked"} & shown.keys()
    assert _watch(client, server) == _phases(f"rebuild-{'stopped' if stopped else 'active'}")
    assert client.show(server)["image"]["id"] == image


@pytest.mark.parametrize(
    "changed",
    [
        {"imageRef": UNKNOWN},
        {"imageRef": 1},
        {"imageRef": None},
        {"name": ""},
        {"name": "n" * 255},
        {"metadata": {"a": 1}},
        {"metadata": {"": "x"}},
        {"metadata": {"a": "x" * 256}},
        {"preserve_ephemeral": "perhaps"},
        {"OS-DCF:diskConfig": 1},
    ],
)
def test_a_rebuild_checks_its_fields(client: Client, changed: JsonObject) -> None:
    """Table 6-72."""
    (server,) = client.create()
    body = {"imageRef": client.resources["image_id"], **changed}
    body = {key: value for key, value in body.items() if value is not None}
    assert client.act(server, "rebuild", **body).status_code == 400
    assert client.show(server)["status"] == "ACTIVE"
    assert client.act(server, "rebuild", imageRef=client.resources["image_id"], name="n" * 254).status_code == 202
    assert client.act(server, "rebuild", imageRef=client.resources["image_id"]).status_code == 409


def test_a_server_in_error_is_not_rebuilt(client: Client) -> None:
    """6.3.6, although A-4 knows such states: a failed reinstallation, repeated, leads to them."""
    server = client.stopped()
    client.cloud.control("POST", "/_mock/fail", {"job_type": "reinstallServer", "code": "Ecs.0202"})
    url = f"/v2/{client.project}/cloudservers/{server}/reinstallos"
    job = client.http.post(url, json={"os-reinstall": {"userid": "u"}}).json()["job_id"]
    client.advance(60)
    assert (client.job(job)["status"], client.job(job)["error_code"]) == ("FAIL", "Ecs.0202")
    assert client.show(server)["status"] == "ERROR"
    assert client.act(server, "rebuild", imageRef=client.resources["image_id"]).status_code == 409
    assert client.act(server, "createImage", name="x").status_code == 409
    job = client.http.post(url, json={"os-reinstall": {"userid": "u"}}).json()["job_id"]
    assert _watch(client, server) == _phases("reinstall-error")
    assert client.job(job)["status"] == "SUCCESS"


# Images


def test_an_image_of_a_server_makes_servers(client: Client) -> None:
    """6.3.7: private, of the server's zone, not for data disks, and with a snapshot that outlives it."""
    (server,) = client.create(availability_zone="eu-test-1b")
    body = {"createImage": {"name": "new", "metadata": {"ImageType": "Gold"}}}
    answer = client.nova("POST", f"servers/{server}/action", body, at="2.43")
    image = answer.headers["Location"].rpartition("/")[2]
    assert (answer.status_code, answer.content) == (202, b"")
    shown = client.nova("GET", f"images/{image}").json()["image"]
    assert (shown["name"], shown["status"], shown["metadata"]["ImageType"]) == ("new", "SAVING", "Gold")
    assert shown["server"]["id"] == server
    assert client.v1("POST", "cloudservers", client.request(imageRef=image)).json()["error"]["code"] == "Ecs.0032"
    client.advance(30)
    assert client.http.get(answer.headers["Location"]).json()["image"]["status"] == "ACTIVE"
    other = client.request(imageRef=image, availability_zone="eu-test-1a")
    assert client.v1("POST", "cloudservers", other).status_code == 400
    data = {"volumetype": "SSD", "size": 50, "data_image_id": image}
    assert client.v1("POST", "cloudservers", client.request(data_volumes=[data])).status_code == 400
    (made,) = client.create(imageRef=image)
    assert client.show(made)["OS-EXT-AZ:availability_zone"] == "eu-test-1b"
    assert Client(client.cloud, "other_project").nova("GET", f"images/{image}").status_code == 404
    assert client.nova("DELETE", f"images/{image}").status_code == 204
    (disk,) = json.loads(shown["metadata"]["block_device_mapping"])
    snapshot = client.nova("GET", f"os-snapshots/{disk['snapshot_id']}").json()["snapshot"]
    assert (snapshot["displayName"], snapshot["status"]) == ("snapshot for new", "available")
    assert snapshot["volumeId"] == client.attached(server)["/dev/vda"]


def test_the_new_image_is_named_by_microversion(client: Client) -> None:
    """image_id from 2.45 on, Location below 2.44, neither between."""
    (server,) = client.create()
    answer = client.nova("POST", f"servers/{server}/action", {"createImage": {"name": "new"}}, at="2.45")
    assert answer.json()["image_id"] in client.cloud._state.images
    assert "Location" not in answer.headers
    for version, there in (("2.43", True), ("2.44", False)):
        answer = client.nova("POST", f"servers/{server}/action", {"createImage": {"name": "new"}}, at=version)
        assert (answer.status_code, "Location" in answer.headers, answer.content) == (202, there, b"")
        client.advance(100)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "\u00fc" * 121}, 202),
        ({"name": "\u00fc" * 121 + "x"}, 400),
        ({"name": 1}, 400),
        ({"metadata": {"a": "x" * 254}}, 202),
        ({"metadata": {"a": ""}}, 400),
        ({"metadata": {"a": "x" * 255}}, 400),
        ({"metadata": {"": "x"}}, 400),
        ({"metadata": []}, 400),
    ],
)
def test_an_image_checks_its_fields(client: Client, changed: JsonObject, status: int) -> None:
    """Table 6-76 counts bytes: above 0, below 243 and 255."""
    (server,) = client.create()
    assert client.act(server, "createImage", **{"name": "new", **changed}).status_code == status
    assert client.act(server, "createImage").status_code == 400


# Resize


@pytest.mark.parametrize("end", ["confirmResize", "revertResize"])
@pytest.mark.parametrize("stopped", [True, False])
def test_a_resize_waits_to_be_confirmed_or_reverted(client: Client, end: str, *, stopped: bool) -> None:
    """6.3.8 to 6.3.10: a running server is stopped for it and runs again afterwards."""
    server = client.stopped() if stopped else client.create()[0]
    word = "stopped" if stopped else "active"
    old, new = client.show(server)["flavor"]["id"], client.resources["other_flavor_id"]
    assert client.null(server, end).status_code == 409
    assert client.act(server, "resize", flavorRef=f"https://x/flavors/{new}").status_code == 202
    assert _watch(client, server) == _phases(f"native-resize-{word}")
    shown = client.show(server)
    assert (shown["status"], shown["flavor"]["id"]) == ("VERIFY_RESIZE", new)
    assert client.act(server, "os-start").status_code == 409
    assert (
        client.v1("POST", "cloudservers/action", {"os-stop": {"servers": [{"id": server}]}}).json()["error"]["code"]
        == "Ecs.0100"
    )
    confirming = end == "confirmResize"
    assert client.null(server, end).status_code == (204 if confirming else 202)
    assert client.null(server, end).status_code == 409
    assert _watch(client, server) == _phases(f"{'confirm' if confirming else 'revert'}-{word}")
    assert client.show(server)["flavor"]["id"] == (new if confirming else old)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_resize_without_room_is_rolled_back(client: Client, *, stopped: bool) -> None:
    """6.3.8: the server is as it was, and its operation has an error."""
    server = client.stopped() if stopped else client.create()[0]
    before = client.show(server)
    assert client.act(server, "resize", flavorRef="s3.2xlarge.2").status_code == 202
    assert client.show(server)["status"] == ("RESIZE" if stopped else "ACTIVE")
    client.advance(60)
    after = client.show(server)
    assert (after["status"], after["flavor"]) == (before["status"], before["flavor"])
    action = client.nova("GET", f"servers/{server}/os-instance-actions").json()["instanceActions"][0]
    assert (action["action"], action["message"]) == ("resize", "Error")
    assert client.null(server, "confirmResize").status_code == 409


def test_a_resize_checks_its_flavor(client: Client) -> None:
    """Table 6-79: one that exists and is another one, as the quotas allow."""
    (server,) = client.create()
    for flavor in ("none", client.resources["flavor_id"], 5):
        assert client.act(server, "resize", flavorRef=flavor).status_code == 400
    assert client.act(server, "resize").status_code == 400
    state = client.cloud._state
    state.flavors["s3.xlarge.2"].vcpus = state.limits.cores + 1
    answer = client.act(server, "resize", flavorRef="s3.xlarge.2")
    assert (answer.status_code, answer.json()["forbidden"]["code"]) == (403, 403)
    assert client.show(server)["status"] == "ACTIVE"


def test_used_quotas_are_those_of_the_new_flavor(client: Client) -> None:
    """5.7.1 moves with a resize and its reversal."""
    server = client.stopped()

    def cores() -> Any:
        return client.v1("GET", "cloudservers/limits").json()["absolute"]["totalCoresUsed"]

    before = cores()
    client.act(server, "resize", flavorRef=client.resources["other_flavor_id"])
    client.advance(60)
    assert cores() == before + 2
    client.null(server, "revertResize")
    client.advance(60)
    assert cores() == before


# The monitoring list


def test_a_server_is_monitored(client: Client) -> None:
    """6.3.11: no project in the URL, and the form of the ECS APIs."""
    (server,) = client.create()
    url = f"/v1.0/servers/{server}/action"
    answer = client.http.post(url, json={"monitorMetrics": None})
    assert (answer.status_code, answer.content) == (202, b"")
    assert client.cloud._state.projects[client.project].servers[server].monitored
    wrong: list[JsonObject] = [{"monitorMetrics": {"more": 1}}, {}, {"other": None}]
    for body in wrong:
        assert client.code(client.http.post(url, json=body)) == (400, "Ecs.0005")
    stranger = Client(client.cloud, "other_project")
    assert client.code(stranger.http.post(url, json={"monitorMetrics": None})) == (404, "Ecs.0114")
    del stranger.http.headers["X-Auth-Token"]
    assert client.code(stranger.http.post(url, json={"monitorMetrics": None})) == (401, "Common.0013")


@pytest.mark.parametrize("action", ["lock", "unlock", "confirmResize", "revertResize"])
def test_an_action_without_content_has_none(client: Client, action: str) -> None:
    """Tables 6-67 to 6-83 say null, for which 6.3.1 writes an empty object, too."""
    server = client.stopped()
    client.act(server, "resize", flavorRef=client.resources["other_flavor_id"])
    client.advance(60)
    wrong: list[Any] = [{"more": 1}, "x", [], 0, False]
    for value in wrong:
        answer = client.nova("POST", f"servers/{server}/action", {action: value})
        assert answer.status_code == 400
    assert client.null(UNKNOWN, action).status_code == 404
    assert client.show(server, at="2.9")["locked"] is False
    assert client.show(server)["status"] == "VERIFY_RESIZE"


def test_flavors_of_another_resource_type_are_out_of_reach(client: Client) -> None:
    """6.2.1, for servers that are made from images."""
    server = client.stopped()
    assert client.act(server, "resize", flavorRef="c3.2xlarge.2").status_code == 400
    assert client.show(server)["flavor"]["id"] == client.resources["flavor_id"]
