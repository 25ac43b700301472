from __future__ import annotations

from typing import Any

import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _assign(c: Client) -> JsonObject:
    answer = c.nova("POST", "os-floating-ips", {"pool": "external"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["floating_ip"])


def _show(c: Client, eip: str) -> JsonObject:
    return dict(c.nova("GET", f"os-floating-ips/{eip}").json()["floating_ip"])


def _addresses(c: Client, server: str) -> list[tuple[str, str]]:
    found = c.show(server)["addresses"][c.resources["subnet_id"]]
    return [(one["addr"], one["OS-EXT-IPS:type"]) for one in found]


def test_an_address_is_assigned_bound_unbound_and_released(client: Client) -> None:
    """11.5: the server's details show it while it is bound."""
    (server,), eip = client.create(), _assign(client)
    assert (eip["pool"], eip["fixed_ip"], eip["instance_id"]) == ("external", None, None)
    fixed = _addresses(client, server)[0][0]
    assert client.act(server, "addFloatingIp", address=eip["ip"]).status_code == 202
    assert _show(client, eip["id"]) == {**eip, "fixed_ip": fixed, "instance_id": server}
    assert _addresses(client, server) == [(fixed, "fixed"), (eip["ip"], "floating")]
    assert client.act(server, "removeFloatingIp", address=eip["ip"]).status_code == 202
    assert _addresses(client, server) == [(fixed, "fixed")]
    assert eip in client.nova("GET", "os-floating-ips").json()["floating_ips"]
    assert client.nova("DELETE", f"os-floating-ips/{eip['id']}").status_code == 202
    for method in ("GET", "DELETE"):
        assert client.nova(method, f"os-floating-ips/{eip['id']}").status_code == 404


def test_an_address_of_a_creation_is_the_same_address(client: Client) -> None:
    """5.1.1 and 11.5.4; with the server it is unbound, and released while bound it leaves the server."""
    eip = client.nova("GET", "os-floating-ips").json()["floating_ips"][0]
    (server,) = client.create(publicip={"id": eip["id"]})
    assert _show(client, eip["id"])["instance_id"] == server
    other = _assign(client)
    assert client.act(server, "addFloatingIp", address=other["ip"]).status_code == 400
    client.nova("DELETE", f"os-floating-ips/{eip['id']}")
    assert [type_ for _, type_ in _addresses(client, server)] == ["fixed"]
    assert client.act(server, "addFloatingIp", address=other["ip"]).status_code == 202
    client.nova("DELETE", f"servers/{server}")
    client.advance(60)
    assert _show(client, other["id"]) == other


def test_each_nic_can_have_one(client: Client) -> None:
    """fixed_address says which; a deleted NIC gives it back."""
    nics = [{"subnet_id": client.resources["subnet_id"], "ip_address": f"192.168.1.{n}"} for n in (1, 2)]
    (server,), first, second = client.create(nics=nics), _assign(client), _assign(client)

    def bind(eip: JsonObject, fixed: str) -> int:
        return client.act(server, "addFloatingIp", address=eip["ip"], fixed_address=fixed).status_code

    assert (bind(first, "192.168.1.2"), bind(second, "192.168.1.2"), bind(first, "192.168.1.1")) == (202, 400, 400)
    assert (bind(second, "192.168.1.9"), bind(second, "192.168.1.1")) == (400, 202)
    port = client.nova("GET", f"servers/{server}/os-interface").json()["interfaceAttachments"][1]["port_id"]
    client.nova("DELETE", f"servers/{server}/os-interface/{port}")
    client.advance(10)
    assert _show(client, first["id"]) == first
    assert client.show(server)


@pytest.mark.parametrize(
    ("action", "inner", "status"),
    [
        ("addFloatingIp", {}, 400),
        ("addFloatingIp", {"address": "x"}, 400),
        ("addFloatingIp", {"address": 5}, 400),
        ("addFloatingIp", {"address": "203.0.113.9"}, 404),
        ("addFloatingIp", {"address": "EIP", "fixed_address": "x"}, 400),
        ("removeFloatingIp", {}, 400),
        ("removeFloatingIp", {"address": "203.0.113.9"}, 404),
        ("removeFloatingIp", {"address": "EIP"}, 409),
    ],
)
def test_an_action_that_breaks_a_rule_is_refused(client: Client, action: str, inner: JsonObject, status: int) -> None:
    """Tables 11-71 and 11-74; both actions know the server."""
    (server,), eip = client.create(), _assign(client)
    sent = {key: eip["ip"] if value == "EIP" else value for key, value in inner.items()}
    assert client.act(server, action, **sent).status_code == status
    assert client.act(UNKNOWN, action, address=eip["ip"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"pool": "none"}, 404),
        ({"pool": 5}, 400),
        ({"pool": "external", "tenant_id": "x"}, 400),
        ({}, 200),
        ({"pool": None}, 200),
    ],
)
def test_the_pool_is_there_or_the_default_one(client: Client, body: Any, status: int) -> None:
    """Table 11-76; tenant_id is the one of the URL."""
    assert client.nova("POST", "os-floating-ips", body).status_code == status
    assert client.nova("GET", "os-floating-ip-pools").json() == {"floating_ip_pools": [{"name": "external"}]}


def test_there_are_20_addresses_and_no_more(client: Client) -> None:
    """maxTotalFloatingIps of 5.7.1, with the one that is there from the start."""
    made = [_assign(client) for _ in range(19)]
    assert client.nova("POST", "os-floating-ips", {"pool": "external"}).status_code == 403
    assert client.v1("GET", "cloudservers/limits").json()["absolute"]["totalFloatingIpsUsed"] == 20
    assert len({eip["ip"] for eip in made}) == 19
    other = Client(client.cloud, "other_project")
    assert other.nova("GET", f"os-floating-ips/{made[0]['id']}").status_code == 404
    (server,) = other.create()
    assert other.act(server, "addFloatingIp", address=made[0]["ip"]).status_code == 404


def test_the_actions_end_at_2_43_and_the_others_at_2_35(client: Client) -> None:
    """11.5.1, 11.5.2: 404 since 2.44; for the others as in Nova."""
    (server,), eip = client.create(), _assign(client)
    for action in ("addFloatingIp", "removeFloatingIp"):
        body = {action: {"address": eip["ip"]}}
        assert client.nova("POST", f"servers/{server}/action", body, at="2.44").status_code == 404
        assert client.nova("POST", f"servers/{server}/action", body, at="2.43").status_code == 202
    for path in ("os-floating-ips", f"os-floating-ips/{eip['id']}", "os-floating-ip-pools"):
        assert client.nova("GET", path, at="2.35").status_code == 200
        assert client.nova("GET", path, at="2.36").status_code == 404
