from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.mock.harness import Client, JsonObject

UNKNOWN = "00000000-0000-4000-a000-000000000000"


def _nics(c: Client, server: str) -> list[JsonObject]:
    return list(c.nova("GET", f"servers/{server}/os-interface").json()["interfaceAttachments"])


def _add(c: Client, server: str, *nics: Any) -> httpx.Response:
    return c.v1("POST", f"cloudservers/{server}/nics", {"nics": list(nics)})


def _subnet(c: Client, **more: Any) -> JsonObject:
    return {"subnet_id": c.resources["subnet_id"], **more}


def _native(c: Client, server: str, **wanted: Any) -> httpx.Response:
    return c.nova("POST", f"servers/{server}/os-interface", {"interfaceAttachment": wanted})


def _delete(c: Client, server: str, *ports: Any) -> httpx.Response:
    return c.v1("POST", f"cloudservers/{server}/nics/delete", {"nics": [{"id": port} for port in ports]})


def _other_network(c: Client) -> str:
    return c.cloud._state.projects[c.project].networks[1].id


def test_nics_are_added_and_deleted_by_jobs(client: Client) -> None:
    """5.5.1, 5.5.2: with sub-jobs that name the NIC."""
    (server,), group = client.create(), client.resources["security_group_id"]
    answer = _add(
        client, server, _subnet(client, ip_address="192.168.9.9", security_groups=[{"id": group}]), _subnet(client)
    )
    job = answer.json()["job_id"]
    assert client.job(job)["status"] == "INIT"
    assert [nic["port_state"] for nic in _nics(client, server)] == ["ACTIVE", "DOWN", "DOWN"]
    client.advance(10)
    done = client.job(job)
    assert (done["status"], done["job_type"], done["entities"]["sub_jobs_total"]) == ("SUCCESS", "addNics", 2)
    nics = _nics(client, server)
    assert [sub["entities"] for sub in done["entities"]["sub_jobs"]] == [{"nic_id": n["port_id"]} for n in nics[1:]]
    assert nics[1]["fixed_ips"][0]["ip_address"] == "192.168.9.9"
    assert {nic["port_state"] for nic in nics} == {"ACTIVE"}
    addresses = client.show(server)["addresses"][client.resources["subnet_id"]]
    assert [one["addr"] for one in addresses] == [nic["fixed_ips"][0]["ip_address"] for nic in nics]
    assert [one["name"] for one in client.show(server)["security_groups"]] == ["default", "conformance"]
    job = _delete(client, server, nics[1]["port_id"]).json()["job_id"]
    client.advance(10)
    assert client.job(job)["status"] == "SUCCESS"
    assert [nic["port_id"] for nic in _nics(client, server)] == [nics[0]["port_id"], nics[2]["port_id"]]
    assert [one["name"] for one in client.show(server)["security_groups"]] == ["default"]
    again = _add(client, server, _subnet(client, ip_address="192.168.9.9"))
    assert again.status_code == 200


def test_the_native_view_adds_and_deletes_without_jobs(client: Client) -> None:
    """6.7: by a network, with and without an address."""
    (server,) = client.create()
    made = _native(
        client, server, net_id=client.resources["network_id"], fixed_ips=[{"ip_address": "192.168.8.8"}]
    ).json()["interfaceAttachment"]
    assert (made["port_state"], made["net_id"]) == ("DOWN", client.resources["network_id"])
    assert made["fixed_ips"][0]["ip_address"] == "192.168.8.8"
    assert made["fixed_ips"][0]["subnet_id"] != made["net_id"]
    client.advance(10)
    one = f"servers/{server}/os-interface/{made['port_id']}"
    assert client.nova("GET", one).json()["interfaceAttachment"] == {**made, "port_state": "ACTIVE"}
    assert client.nova("DELETE", one).status_code == 202
    client.advance(10)
    assert client.nova("GET", one).status_code == client.nova("DELETE", one).status_code == 404
    assert len(_nics(client, server)) == 1


def test_a_port_outlives_its_nic_in_the_native_view(client: Client) -> None:
    """6.7.4; the batch API deletes NICs with their ports (5.5.2)."""
    (server,), port = client.create(), client.port
    made = _native(client, server, port_id=port).json()["interfaceAttachment"]
    assert made["port_id"] == port
    client.advance(10)
    assert _native(client, client.create()[0], port_id=port).status_code == 409
    client.nova("DELETE", f"servers/{server}/os-interface/{port}")
    client.advance(10)
    # The second example of 6.7.3 names the address too; it has to be the port's.
    wrong = [{"ip_address": "192.168.7.7"}]
    assert _native(client, server, port_id=port, fixed_ips=wrong).status_code == 400
    again = _native(client, server, port_id=port, fixed_ips=[{"ip_address": made["fixed_ips"][0]["ip_address"]}])
    assert again.status_code == 200
    client.advance(10)
    _delete(client, server, port)
    client.advance(10)
    assert _native(client, server, port_id=port).status_code == 404


def test_the_primary_nic_stays(client: Client) -> None:
    """Table 5-48 and 6.7.4: 403, and nothing of the request is done."""
    (server,) = client.create(nics=[_subnet(client)] * 2)
    first, second = (nic["port_id"] for nic in _nics(client, server))
    assert client.code(_delete(client, server, second, first)) == (403, "Ecs.0507")
    answer = client.nova("DELETE", f"servers/{server}/os-interface/{first}")
    assert (answer.status_code, answer.json()["forbidden"]["code"]) == (403, 403)
    client.advance(10)
    assert [nic["port_id"] for nic in _nics(client, server)] == [first, second]


Bad = Callable[[Client, str], httpx.Response]
WRONG: dict[str, tuple[Bad, str]] = {
    "no nics": (lambda c, s: c.v1("POST", f"cloudservers/{s}/nics", {}), "Ecs.0005"),
    "none": (lambda c, s: _add(c, s), "Ecs.0005"),
    "no subnet": (lambda c, s: _add(c, s, {}), "Ecs.0005"),
    "subnet no UUID": (lambda c, s: _add(c, s, {"subnet_id": "x"}), "Ecs.0005"),
    "subnet unknown": (lambda c, s: _add(c, s, {"subnet_id": UNKNOWN}), "Ecs.0038"),
    "subnet of another VPC": (lambda c, s: _add(c, s, {"subnet_id": _other_network(c)}), "Ecs.0064"),
    "address outside": (lambda c, s: _add(c, s, _subnet(c, ip_address="10.9.9.9")), "Ecs.0039"),
    "address of no form": (lambda c, s: _add(c, s, _subnet(c, ip_address="1.2")), "Ecs.0005"),
    "address twice": (lambda c, s: _add(c, s, *[_subnet(c, ip_address="192.168.3.3")] * 2), "Ecs.0010"),
    "address taken": (
        lambda c, s: _add(c, s, _subnet(c, ip_address=_nics(c, s)[0]["fixed_ips"][0]["ip_address"])),
        "Ecs.0010",
    ),
    "group without id": (lambda c, s: _add(c, s, _subnet(c, security_groups=[{}])), "Ecs.0005"),
    "group unknown": (lambda c, s: _add(c, s, _subnet(c, security_groups=[{"id": UNKNOWN}])), "Ecs.0014"),
    "groups no list": (lambda c, s: _add(c, s, _subnet(c, security_groups={})), "Ecs.0005"),
    "13 NICs": (lambda c, s: _add(c, s, *[_subnet(c)] * 12), "Ecs.0050"),
    "delete none": (lambda c, s: _delete(c, s), "Ecs.0005"),
    "delete a number": (lambda c, s: _delete(c, s, 5), "Ecs.0005"),
    "delete unknown": (lambda c, s: _delete(c, s, UNKNOWN), "Ecs.0085"),
    "delete of others": (lambda c, s: _delete(c, s, _nics(c, c.create()[0])[0]["port_id"]), "Ecs.0085"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_breaks_a_rule_is_refused(client: Client, case: str) -> None:
    """5.5 with the codes of A.2; nothing of the request is done."""
    (server,) = client.create()
    call, code = WRONG[case]
    used = len(client.cloud._state.projects[client.project].networks[0].used)
    assert client.code(call(client, server)) == (400, code)
    assert len(_nics(client, server)) == 1
    if case == "address twice":
        assert len(client.cloud._state.projects[client.project].networks[0].used) == used


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 400),
        ({"net_id": "x"}, 400),
        ({"net_id": UNKNOWN}, 404),
        ({"port_id": UNKNOWN}, 404),
        ({"net_id": "NET", "port_id": "PORT"}, 400),
        ({"fixed_ips": [{"ip_address": "192.168.2.2"}]}, 400),
        ({"net_id": "NET", "fixed_ips": [{"ip_address": "192.168.2.2"}, {"ip_address": "192.168.2.3"}]}, 400),
        ({"net_id": "NET", "fixed_ips": [{"ip_address": "10.9.9.9"}]}, 400),
        ({"net_id": 5}, 400),
        ({"net_id": "OTHER"}, 400),
    ],
)
def test_a_native_request_that_breaks_a_rule_is_refused(client: Client, wanted: JsonObject, status: int) -> None:
    """Tables 6-135 and 6-136."""
    (server,), r = client.create(), client.resources
    names = {"NET": r["network_id"], "PORT": client.port, "OTHER": _other_network(client)}
    known = {key: names.get(value, value) if isinstance(value, str) else value for key, value in wanted.items()}
    assert _native(client, server, **known).status_code == status
    assert len(_nics(client, server)) == 1


def test_a_server_has_12_nics_and_no_more(client: Client) -> None:
    """Table 5-3; a NIC that goes makes room."""
    (server,) = client.create(nics=[_subnet(client)] * 12)
    assert client.code(_add(client, server, _subnet(client))) == (400, "Ecs.0050")
    assert _native(client, server, net_id=client.resources["network_id"]).status_code == 403
    _delete(client, server, _nics(client, server)[5]["port_id"])
    client.advance(10)
    assert _add(client, server, _subnet(client)).status_code == 200


def test_a_subnet_has_so_many_addresses_and_no_more(client: Client) -> None:
    """Ecs.0012, for new servers and for NICs; what goes makes room."""
    networks = [{"uuid": _other_network(client)}]
    answer = client.nova("POST", "servers", client.native(networks=networks, min_count=246))
    assert answer.status_code == 400
    assert client.nova("GET", "servers").json()["servers"] == []
    first = client.nova("POST", "servers", client.native(networks=networks, min_count=244)).json()["server"]["id"]
    client.advance(60)
    nic = {"subnet_id": _other_network(client)}
    assert client.code(_add(client, first, nic, nic)) == (400, "Ecs.0012")
    assert _add(client, first, nic).status_code == 200
    assert _native(client, first, net_id=nic["subnet_id"]).status_code == 400
    client.advance(10)
    _delete(client, first, _nics(client, first)[1]["port_id"])
    client.advance(10)
    assert _native(client, first, net_id=nic["subnet_id"]).status_code == 200


@pytest.mark.parametrize("state", [("resized", None), ("active", "rebooting"), ("paused", None), ("error", None)])
def test_nics_change_only_in_certain_states(client: Client, state: tuple[str, str | None]) -> None:
    """Ecs.0100; natively 409. Locked servers: Ecs.0605."""
    (server,) = client.create(nics=[_subnet(client)] * 2)
    second = _nics(client, server)[1]["port_id"]
    hook = f"/_mock/servers/{server}/state"

    def calls(code: str) -> None:
        assert client.code(_add(client, server, _subnet(client))) == (400, code)
        assert client.code(_delete(client, server, second)) == (400, code)
        assert _native(client, server, net_id=client.resources["network_id"]).status_code == 409
        assert client.nova("DELETE", f"servers/{server}/os-interface/{second}").status_code == 409

    client.cloud.control("PUT", hook, {"vm_state": state[0], "task_state": state[1]})
    calls("Ecs.0100")
    client.cloud.control("PUT", hook, {"vm_state": None})
    client.cloud._state.projects[client.project].servers[server].locked = True
    calls("Ecs.0605")


def test_a_stopped_server_has_ports_that_are_down(client: Client) -> None:
    """6.7.1."""
    assert [nic["port_state"] for nic in _nics(client, client.stopped())] == ["DOWN"]


def test_a_failed_job_adds_nothing(client: Client) -> None:
    """5.8.1: the first part fails, the second does not."""
    (server,) = client.create()
    client.cloud.control("POST", "/_mock/fail", {"job_type": "addNics", "code": "Ecs.0217"})
    job = client.run(f"cloudservers/{server}/nics", {"nics": [_subnet(client)] * 2})
    assert (job["status"], job["error_code"]) == ("FAIL", "Common.0021")
    assert [sub["status"] for sub in job["entities"]["sub_jobs"]] == ["FAIL", "SUCCESS"]
    assert [nic["port_id"] for nic in _nics(client, server)][1:] == [
        job["entities"]["sub_jobs"][1]["entities"]["nic_id"]
    ]


def test_networks_have_an_id_a_label_and_nothing_else(client: Client) -> None:
    """6.4.1: the example's fields; all others are null."""
    networks = client.nova("GET", "os-networks").json()["networks"]
    assert [set(network.values()) - {None} for network in networks] == [
        {network["id"], network["label"]} for network in networks
    ]
    assert client.resources["network_id"] in {network["id"] for network in networks}
    assert len(networks[0]) == 12


def test_the_addresses_of_a_server_are_shown_by_network(client: Client) -> None:
    """6.4.2, 6.4.3: as in its details, with the floating one; a network goes by its id and its label."""
    eip = next(iter(client.cloud._state.projects[client.project].eips))
    (server,) = client.create(publicip={"id": eip})
    shown = client.nova("GET", f"servers/{server}/ips").json()["addresses"]
    details = client.show(server)["addresses"]
    assert shown == {
        name: [{"version": one["version"], "addr": one["addr"]} for one in found] for name, found in details.items()
    }
    ((network, addresses),) = shown.items()
    assert len(addresses) == 2
    label = next(n["label"] for n in client.nova("GET", "os-networks").json()["networks"] if n["id"] == network)
    for name in (network, label):
        assert client.nova("GET", f"servers/{server}/ips/{name}").json() == {name: addresses}
    assert client.nova("GET", f"servers/{server}/ips/network_demo2").status_code == 404
    assert client.nova("GET", f"servers/{server}/ips/none").status_code == 404
    assert client.nova("GET", f"servers/{UNKNOWN}/ips").status_code == 404


def test_the_vendors_sdk_lists_nics_at_an_url_of_its_own(client: Client) -> None:
    """The same NICs as 6.7.1, with how many more there may be."""
    (server,) = client.create()
    native = client.nova("GET", f"servers/{server}/os-interface").json()["interfaceAttachments"]
    shown = client.v1("GET", f"cloudservers/{server}/os-interface").json()
    assert shown["interfaceAttachments"] == native
    assert shown["attachableQuantity"]["free_nic"] == 11
