"""The hooks for what no client could do: quotas, faults inside the service, and whether the state is consistent."""

from __future__ import annotations

import pytest

from pytest_ecs._mock.state.cloud import State
from tests.mock.harness import Client, JsonObject


def test_quotas_can_be_set(client: Client) -> None:
    """They are shown and enforced from then on; what is not named stays."""
    set_to = client.cloud.control("PUT", "/_mock/limits", {"servers": 1})
    assert (set_to["servers"], set_to["cores"]) == (1, 20480)
    assert client.v1("GET", "cloudservers/limits").json()["absolute"]["maxTotalInstances"] == 1
    client.create()
    assert client.code(client.v1("POST", "cloudservers", client.request())) == (400, "Ecs.0001")


@pytest.mark.parametrize("body", [{"servers": -1}, {"servers": "2"}, []])
def test_a_wrong_quota_is_refused(client: Client, body: JsonObject) -> None:
    """The hooks say what is wrong with their bodies."""
    with pytest.raises(ValueError, match=r"servers|object"):
        client.cloud.control("PUT", "/_mock/limits", body)


def test_a_fault_inside_the_service_can_be_ordered(client: Client) -> None:
    """The next request is refused with the code, in the form of its API; the one after it is not."""
    path = f"/v1/{client.project}/cloudservers/limits"
    for order, expected in (
        ({"code": "Ecs.0219"}, (400, "Ecs.0219")),
        ({"code": "Common.0001"}, (500, "Common.0001")),
        ({"code": "Common.0024", "status": 503}, (503, "Common.0024")),
    ):
        client.cloud.control("POST", "/_mock/refuse", {"method": "GET", "path": path, **order})
        assert client.code(client.v1("GET", "cloudservers/limits")) == expected
        assert client.v1("GET", "cloudservers/limits").status_code == 200


def test_a_native_fault_has_the_native_form(client: Client) -> None:
    """It has no code of A.2, but the status in its body."""
    order = {"method": "GET", "path": f"/v2.1/{client.project}/servers", "code": "Common.0001", "status": 500}
    client.cloud.control("POST", "/_mock/refuse", order)
    answer = client.nova("GET", "servers")
    (inner,) = answer.json().values()
    assert (answer.status_code, inner["code"]) == (500, 500)


def _state(client: Client) -> State:
    return client.cloud._state


def _complaints(client: Client) -> list[str]:
    found: list[str] = client.cloud.control("GET", "/_mock/consistency")["complaints"]
    return found


def test_a_cloud_in_use_is_consistent(client: Client) -> None:
    """After each of a server's adventures, while they are under way too."""
    (server,), volume = client.create(data_volumes=[{"volumetype": "SSD", "size": 10}]), client.volume()
    client.v1("POST", f"cloudservers/{server}/attachvolume", {"volumeAttachment": {"volumeId": volume}})
    assert _complaints(client) == []
    client.advance(10)
    client.v1("POST", f"cloudservers/{server}/nics", {"nics": [{"subnet_id": client.resources["subnet_id"]}]})
    assert _complaints(client) == []
    client.run("cloudservers/delete", {"servers": [{"id": server}], "delete_volume": False})
    assert _complaints(client) == []
    assert volume in _state(client).projects[client.project].volumes


def _break_nothing_else(client: Client, what: str) -> None:
    """Make one contradiction."""
    project = _state(client).projects[client.project]
    server = next(iter(project.servers.values()))
    if what == "disk":
        server.disks[0].attached.clear()
    elif what == "gone disk":
        project.volumes.pop(server.disks[0].id)
    elif what == "system disks":
        server.disks[1].system = True
    elif what == "device":
        first, second = (disk.attached[server.id] for disk in server.disks)
        second.device = first.device
    elif what == "address":
        server.nics[0].network.used.discard(server.nics[0].address)
    elif what == "lost address":
        project.networks[0].used.add("192.168.77.7")
    elif what == "state":
        server.task_state = "dancing"
    elif what == "floating IP":
        next(iter(project.eips.values())).server = server.id
    elif what == "member":
        next(iter(project.server_groups.values())).members.append("nobody")
    elif what == "quota":
        _state(client).limits.servers = 0
    elif what == "job":
        next(iter(project.jobs.values())).ended = None
    elif what == "project":
        server.project = "another"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("disk", "which does not know it"),
        ("gone disk", "which the project does not have"),
        ("system disks", "several system disks"),
        ("device", "2 disks at /dev/vda"),
        ("address", "which its network takes for free"),
        ("lost address", "nobody has the address 192.168.77.7"),
        ("state", "no state of Table A-4"),
        ("floating IP", "which does not have it"),
        ("member", "has the member nobody"),
        ("quota", "1 of servers are more than the quota of 0"),
        ("job", "is SUCCESS, begun at"),
        ("project", "kept under another id or project"),
    ],
)
def test_each_contradiction_is_told(client: Client, what: str, says: str) -> None:
    """A check that could not fail would show nothing."""
    client.create(data_volumes=[{"volumetype": "SSD", "size": 10}])
    made = client.nova("POST", "os-server-groups", {"server_group": {"name": "g", "policies": ["anti-affinity"]}})
    assert made.status_code == 200, made.text
    assert _complaints(client) == []
    _break_nothing_else(client, what)
    assert any(says in complaint for complaint in _complaints(client)), _complaints(client)


def test_a_token_can_be_old(client: Client) -> None:
    """A token of the hook serves as long as it said, and not a moment longer."""
    token = client.cloud.control("POST", "/_mock/token", {"seconds": 60})["token"]
    client.http.headers["X-Auth-Token"] = token
    assert client.nova("GET", "servers").status_code == 200
    client.cloud.clock.advance(59)
    assert client.nova("GET", "servers").status_code == 200
    client.cloud.clock.advance(1)
    assert client.nova("GET", "servers").status_code == 401


def test_a_crowd_comes_and_goes(client: Client) -> None:
    """Servers that are there for their number run beside the others, contradict nothing, and are taken away again."""
    (own,) = client.create()
    for count in (30, 3, 0):
        assert client.cloud.control("PUT", "/_mock/servers", {"count": count}) == {"count": count}
        shown = client.nova("GET", "servers/detail", params={"limit": "1000"}).json()["servers"]
        assert own in {one["id"] for one in shown}
        assert [one["status"] for one in shown] == ["ACTIVE"] * (count + 1)
        assert _complaints(client) == []
