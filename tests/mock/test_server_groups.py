from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"
ECS = "cloudservers/os-server-groups"


def _create(client: Client, name: str = "test", *, native: bool = False, **more: Any) -> httpx.Response:
    body = {"server_group": {"name": name, "policies": ["anti-affinity"], **more}}
    return client.nova("POST", "os-server-groups", body) if native else client.v1("POST", ECS, body)


def _made(client: Client, name: str = "test") -> str:
    return str(_create(client, name).json()["server_group"]["id"])


def _act(client: Client, group: str, key: str, server: str) -> httpx.Response:
    return client.v1("POST", f"{ECS}/{group}/action", {key: {"instance_uuid": server}})


def _members(client: Client, group: str) -> list[str]:
    return list(client.v1("GET", f"{ECS}/{group}").json()["server_group"]["members"])


@pytest.mark.parametrize("native", [True, False])
def test_both_views_have_the_same_groups(client: Client, *, native: bool) -> None:
    """5.10, 6.12: created in one, shown and deleted in the other."""
    answer = _create(client, native=native)
    group = answer.json()["server_group"]
    expected = {
        "id": group["id"],
        "name": "test",
        "policies": ["anti-affinity"],
        "members": [],
        "metadata": {},
    }
    assert (answer.status_code, group) == (200, expected)
    assert client.v1("GET", ECS).json() == {"server_groups": [expected]}
    assert client.v1("GET", f"{ECS}/{group['id']}").json() == {"server_group": expected}
    assert client.nova("GET", "os-server-groups").json() == {"server_groups": [expected]}
    assert client.nova("GET", f"os-server-groups/{group['id']}").json() == {"server_group": expected}
    one = f"os-server-groups/{group['id']}"
    answer = client.v1("DELETE", f"cloudservers/{one}") if native else client.nova("DELETE", one)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.code(client.v1("GET", f"cloudservers/{one}")) == (400, "Ecs.0313")
    assert client.code(client.v1("DELETE", f"cloudservers/{one}")) == (400, "Ecs.0313")
    assert client.nova("GET", one).status_code == client.nova("DELETE", one).status_code == 404


def test_the_owner_shows_from_2_13_on(client: Client) -> None:
    """Tables 6-199, 6-202 and 6-205; never in the ECS view."""
    group = _made(client)
    shown = client.nova("GET", f"os-server-groups/{group}", at="2.13").json()["server_group"]
    assert (shown["project_id"], len(shown["user_id"])) == (client.project, 32)
    assert client.nova("GET", "os-server-groups", at="2.13").json()["server_groups"] == [shown]
    assert "user_id" not in client.nova("GET", f"os-server-groups/{group}", at="2.12").json()["server_group"]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(
    "more",
    [
        {"name": ""},
        {"name": "n" * 256},
        {"name": 1},
        {"policies": []},
        {"policies": "anti-affinity"},
        {"policies": ["affinity"]},
        {"policies": ["anti-affinity", "anti-affinity"]},
        {"policies": None},
    ],
)
def test_a_new_group_is_checked(client: Client, more: JsonObject, *, native: bool) -> None:
    """Tables 5-88 and 6-197."""
    answer = _create(client, native=native, **{"name": "test", **more})
    assert answer.status_code == 400
    assert native or answer.json()["error"]["code"] == "Ecs.0005"
    assert _create(client, "n" * 255, native=native).status_code == 200


def test_a_project_has_ten_groups(client: Client) -> None:
    """5.7.1: and shows how many there are, in both views."""
    for number in range(10):
        _made(client, str(number))
    assert client.code(_create(client)) == (400, "Ecs.0022")
    assert _create(client, native=True).status_code == 403
    assert client.v1("GET", "cloudservers/limits").json()["absolute"]["totalServerGroupsUsed"] == 10
    assert client.nova("GET", "limits").json()["limits"]["absolute"]["totalServerGroupsUsed"] == 10
    stranger = Client(client.cloud, "other_project")
    assert stranger.v1("GET", ECS).json() == {"server_groups": []}
    assert _create(stranger).status_code == 200


def test_members_join_and_leave(client: Client) -> None:
    """5.10.3, 5.10.4: stopped to join, in any state to leave; a deleted server leaves by itself."""
    group, other = _made(client), _made(client, "other")
    server = client.stopped()
    answer = _act(client, group, "add_member", server)
    assert (answer.status_code, answer.content) == (200, b"")
    assert _members(client, group) == [server]
    assert client.nova("GET", "os-server-groups").json()["server_groups"][0]["members"] == [server]
    for again in (group, other):
        assert client.code(_act(client, again, "add_member", server)) == (400, "Ecs.0005")
    assert client.code(_act(client, other, "remove_member", server)) == (400, "Ecs.0005")
    client.act(server, "os-start")
    client.advance(30)
    assert _act(client, group, "remove_member", server).status_code == 200
    assert _members(client, group) == []
    assert client.code(_act(client, group, "add_member", server)) == (400, "Ecs.0100")
    client.act(server, "os-stop")
    client.advance(30)
    assert _act(client, other, "add_member", server).status_code == 200
    client.nova("DELETE", f"servers/{server}")
    client.advance(30)
    assert _members(client, other) == []


def test_only_kvm_servers_of_the_project_join(client: Client) -> None:
    """5.10.3."""
    group = _made(client)
    (xen,) = client.create(flavorRef="s1.medium")
    client.act(xen, "os-stop")
    client.advance(30)
    assert client.code(_act(client, group, "add_member", xen)) == (400, "Ecs.0005")
    for server in (UNKNOWN, Client(client.cloud, "other_project").stopped()):
        for key in ("add_member", "remove_member"):
            assert client.code(_act(client, group, key, server)) == (404, "Ecs.0114")
    assert client.code(_act(client, UNKNOWN, "add_member", xen)) == (400, "Ecs.0313")


@pytest.mark.parametrize(
    "body",
    [
        {"add_member": {}},
        {"add_member": {"instance_uuid": "x"}},
        {"remove_member": None},
        {"add": {}},
        {"add_member": {"instance_uuid": UNKNOWN}, "remove_member": {"instance_uuid": UNKNOWN}},
    ],
)
def test_an_action_on_a_group_is_checked(client: Client, body: JsonObject) -> None:
    """Tables 5-93 to 5-97: one of the two, with an id."""
    assert client.code(client.v1("POST", f"{ECS}/{_made(client)}/action", body)) == (400, "Ecs.0005")


def test_members_are_on_different_hosts(client: Client) -> None:
    """5.10.3: those that were created in the group and those that joined it."""
    group = _made(client)
    hints = {"os:scheduler_hints": {"group": group}}
    servers = client.create(count=8, **hints)
    body = {**client.native(), **hints}
    servers.append(client.nova("POST", "servers", body).json()["server"]["id"])
    while len(servers) < 12:
        server = client.stopped()
        assert _act(client, group, "add_member", server).status_code == 200
        servers.append(server)
    assert _members(client, group) == servers
    assert len({client.show(server)["hostId"] for server in servers}) == 12


def test_a_group_has_sixteen_members(client: Client) -> None:
    """5.7.1: Ecs.0022 for more, whichever way they come."""
    group, hints = _made(client), {"os:scheduler_hints": {"group": UNKNOWN}}
    assert client.code(client.v1("POST", "cloudservers", client.request(**hints))) == (400, "Ecs.0313")
    hints = {"os:scheduler_hints": {"group": group}}
    assert client.code(client.v1("POST", "cloudservers", client.request(count=17, **hints))) == (400, "Ecs.0022")
    client.create(count=16, **hints)
    assert client.code(client.v1("POST", "cloudservers", client.request(**hints))) == (400, "Ecs.0022")
    assert client.nova("POST", "servers", {**client.native(), **hints}).status_code == 403
    assert client.code(_act(client, group, "add_member", client.stopped())) == (400, "Ecs.0022")
    assert len(_members(client, group)) == 16


def test_groups_are_listed_in_pages(client: Client) -> None:
    """5.10.5: page_info only where a limit is given."""
    groups = [_made(client, str(number)) for number in range(5)]

    def page(**params: Any) -> tuple[list[str], Any]:
        body = client.v1("GET", ECS, params=params).json()
        return [one["id"] for one in body["server_groups"]], body.get("page_info")

    assert page() == (groups, None)
    assert page(limit=2) == (groups[:2], {"next_marker": groups[1]})
    assert page(limit=2, marker=groups[1]) == (groups[2:4], {"next_marker": groups[3]})
    assert page(limit=1000, marker=groups[3]) == (groups[4:], {"next_marker": groups[4]})
    assert page(limit=2, marker=groups[4]) == ([], None)
    for params in ({"limit": 1001}, {"limit": -1}, {"limit": "x"}, {"marker": groups[0]}, {"limit": 1, "marker": "x"}):
        assert client.code(client.v1("GET", ECS, params=params)) == (400, "Ecs.0005")
