from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"
ALL, RULES = "os-security-groups", "os-security-group-rules"


def _create(c: Client, **wanted: Any) -> JsonObject:
    answer = c.nova("POST", ALL, {"security_group": wanted})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["security_group"])


def _rule(c: Client, group: str, **changed: Any) -> httpx.Response:
    rule = {
        "from_port": "443",
        "ip_protocol": "tcp",
        "to_port": "443",
        "cidr": "0.0.0.0/0",
        "parent_group_id": group,
        **changed,
    }
    return c.nova("POST", RULES, {"security_group_rule": {k: v for k, v in rule.items() if v is not None}})


def _show(c: Client, group: str) -> JsonObject:
    return dict(c.nova("GET", f"{ALL}/{group}").json()["security_group"])


def _of(c: Client, server: str) -> list[JsonObject]:
    return list(c.nova("GET", f"servers/{server}/os-security-groups").json()["security_groups"])


def test_every_project_has_a_default_group(client: Client) -> None:
    """11.3.1: whose members reach each other; tenants see only their own groups."""
    groups = {group["name"]: group for group in client.nova("GET", ALL).json()["security_groups"]}
    rule = groups["default"]["rules"][0]
    assert (rule["group"], rule["ip_range"], rule["ip_protocol"], rule["from_port"]) == (
        {"tenant_id": client.project, "name": "default"},
        {},
        None,
        None,
    )
    other = Client(client.cloud, "other_project")
    assert other.nova("GET", f"{ALL}/{groups['default']['id']}").status_code == 404
    assert {group["tenant_id"] for group in other.nova("GET", ALL).json()["security_groups"]} == {other.project}


def test_a_group_is_created_changed_and_deleted(client: Client) -> None:
    """11.3.2 to 11.3.5, and its number moves with it (5.7.1)."""
    made = _create(client, name="test", description="description")
    assert made == {
        "id": made["id"],
        "name": "test",
        "description": "description",
        "rules": [],
        "tenant_id": client.project,
    }
    assert client.v1("GET", "cloudservers/limits").json()["absolute"]["totalSecurityGroupsUsed"] == 3
    body = {"security_group": {"name": "new", "description": ""}}
    changed = client.nova("PUT", f"{ALL}/{made['id']}", body).json()["security_group"]
    assert changed == {**made, "name": "new", "description": ""} == _show(client, made["id"])
    assert client.nova("DELETE", f"{ALL}/{made['id']}").status_code == 202
    for method, sent in (("GET", None), ("PUT", body), ("DELETE", None)):
        assert client.nova(method, f"{ALL}/{made['id']}", sent).status_code == 404


@pytest.mark.parametrize(
    "wanted", [{"name": "n" * 256}, {"description": "d" * 256}, {"name": 5}, {"description": []}, {"name": "default"}]
)
def test_a_group_that_breaks_a_rule_is_refused(client: Client, wanted: JsonObject) -> None:
    """Tables 11-31 and 11-42; the same holds for changes, where both fields are mandatory."""
    assert client.nova("POST", ALL, {"security_group": wanted}).status_code == 400
    assert client.nova("POST", ALL, wanted).status_code == 400
    group = f"{ALL}/{client.resources['security_group_id']}"
    body = {"security_group": {"name": "n", "description": "d", **wanted}}
    assert client.nova("PUT", group, body).status_code == 400
    for field in ("name", "description"):
        assert client.nova("PUT", group, {"security_group": {field: "x"}}).status_code == 400
    assert _show(client, client.resources["security_group_id"])["name"] == "conformance"


def test_there_are_10_groups_and_no_more(client: Client) -> None:
    """maxSecurityGroups of 5.7.1; 255 characters are allowed."""
    for number in range(8):
        _create(client, name=f"{number}" * 255, description="d" * 255)
    answer = client.nova("POST", ALL, {"security_group": {"name": "one too many"}})
    assert (answer.status_code, answer.json()["forbidden"]["code"]) == (403, 403)


def test_a_group_with_servers_and_the_default_one_stay(client: Client) -> None:
    """11.3.5: until the last server is removed."""
    group = client.resources["security_group_id"]
    (server,) = client.create(security_groups=[{"id": group}])
    assert client.nova("DELETE", f"{ALL}/{group}").status_code == 400
    client.act(server, "removeSecurityGroup", name=group)
    assert client.nova("DELETE", f"{ALL}/{group}").status_code == 202
    default = client.nova("GET", ALL).json()["security_groups"][0]["id"]
    assert client.nova("DELETE", f"{ALL}/{default}").status_code == 400
    body = {"security_group": {"name": "other", "description": "d"}}
    assert client.nova("PUT", f"{ALL}/{default}", body).status_code == 400


def test_rules_are_created_and_deleted(client: Client) -> None:
    """11.3.6, 11.3.7: the example's ports are strings in the request and numbers in the answer."""
    group = _create(client, name="web")["id"]
    made = _rule(client, group).json()["security_group_rule"]
    assert made == {
        "id": made["id"],
        "ip_range": {"cidr": "0.0.0.0/0"},
        "parent_group_id": group,
        "to_port": 443,
        "from_port": 443,
        "ip_protocol": "tcp",
        "group": {},
    }
    peer = _rule(client, group, group_id=group).json()["security_group_rule"]  # counts more than cidr
    assert (peer["ip_range"], peer["group"]) == ({}, {"tenant_id": client.project, "name": "web"})
    ping = _rule(client, group, ip_protocol="icmp", from_port=-1, to_port=-1, cidr=None).json()["security_group_rule"]
    assert (ping["from_port"], ping["ip_range"]) == (-1, {"cidr": "0.0.0.0/0"})
    assert _show(client, group)["rules"] == [made, peer, ping]
    assert client.nova("DELETE", f"{RULES}/{made['id']}").status_code == 202
    assert client.nova("DELETE", f"{RULES}/{made['id']}").status_code == 404
    assert _show(client, group)["rules"] == [peer, ping]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"ip_protocol": "gre"}, 400),
        ({"ip_protocol": None}, 400),
        ({"from_port": 444}, 400),
        ({"from_port": 0}, 400),
        ({"to_port": 65536}, 400),
        ({"to_port": None}, 400),
        ({"from_port": "x"}, 400),
        ({"cidr": "nowhere"}, 400),
        ({"ip_protocol": "icmp", "from_port": 256}, 400),
        ({"ip_protocol": "icmp", "from_port": -1}, 400),
        ({"parent_group_id": None}, 400),
        ({"parent_group_id": "x"}, 400),
        ({"parent_group_id": UNKNOWN}, 404),
        ({"group_id": UNKNOWN}, 404),
        ({"group_id": 5}, 400),
    ],
)
def test_a_rule_that_breaks_a_rule_is_refused(client: Client, changed: JsonObject, status: int) -> None:
    """Table 11-51."""
    group = _create(client, name="web")["id"]
    assert _rule(client, group, **changed).status_code == status
    assert _show(client, group)["rules"] == []


def test_a_group_has_20_different_rules_and_no_more(client: Client) -> None:
    """maxSecurityGroupRules of 5.7.1."""
    group = _create(client, name="web")["id"]
    assert [_rule(client, group, from_port=n + 1).status_code for n in range(20)] == [200] * 20
    assert _rule(client, group, from_port=20).status_code == 400
    assert _rule(client, group, from_port=21).status_code == 403


def test_rules_for_the_members_of_a_group_go_with_it(client: Client) -> None:
    """What lets the members of a deleted group in lets nobody in."""
    group, peer = _create(client, name="a")["id"], _create(client, name="b")["id"]
    _rule(client, group, group_id=peer)
    client.nova("DELETE", f"{ALL}/{peer}")
    assert _show(client, group)["rules"] == []


def test_a_server_enters_and_leaves_groups(client: Client) -> None:
    """6.5: by name and by id, at all its NICs, with the rules that the group has."""
    (server,), group = client.create(), _create(client, name="sg-test")["id"]
    rule = _rule(client, group).json()["security_group_rule"]
    for name in ("sg-test", group):
        assert client.act(server, "addSecurityGroup", name=name).status_code == 202
    assert [one["name"] for one in _of(client, server)] == ["default", "sg-test"]
    assert _of(client, server)[1] == {**_show(client, group), "rules": [rule]}
    assert client.show(server)["security_groups"] == [{"name": "default"}, {"name": "sg-test"}]
    assert client.act(server, "removeSecurityGroup", name=group).status_code == 202
    assert [one["name"] for one in _of(client, server)] == ["default"]
    assert client.act(server, "removeSecurityGroup", name="sg-test").status_code == 404


@pytest.mark.parametrize("action", ["addSecurityGroup", "removeSecurityGroup"])
def test_membership_that_breaks_a_rule_is_refused(client: Client, action: str) -> None:
    """Tables 6-99 and 6-102."""
    (server,) = client.create()
    assert client.act(server, action).status_code == 400
    assert client.act(server, action, name=5).status_code == 400
    assert client.act(server, action, name="none").status_code == 404
    assert client.act(UNKNOWN, action, name="default").status_code == 404
    _create(client, name="twin")
    _create(client, name="twin")
    assert client.act(server, action, name="twin").status_code == 409


def test_only_the_discarded_apis_end_at_2_35(client: Client) -> None:
    """As in Nova: the groups of a server are shown at any microversion."""
    (server,) = client.create()
    for method, path in (
        ("GET", ALL),
        ("GET", f"{ALL}/{client.resources['security_group_id']}"),
        ("DELETE", f"{RULES}/x"),
    ):
        assert client.nova(method, path, at="2.36").status_code == 404
    assert client.nova("GET", ALL, at="2.35").status_code == 200
    assert client.nova("GET", f"servers/{server}/os-security-groups", at="2.60").status_code == 200
