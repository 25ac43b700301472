"""Probes of the deviations of what servers are attached to; `test_deviations` runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from pytest_ecs._mock.state.records import Image
from tests.mock.harness import Client, JsonObject

__all__ = ["PROBES"]

Probe = Callable[[Client], bool]


def _attach(c: Client, server: str, volume: str, dry: bool = False, **more: Any) -> httpx.Response:
    body = {"volumeAttachment": {"volumeId": volume, **more}, "dry_run": dry}
    answer = c.v1("POST", f"cloudservers/{server}/attachvolume", body)
    c.advance(10)
    return answer


def _detach(c: Client, server: str, volume: str, query: str = "") -> httpx.Response:
    answer = c.v1("DELETE", f"cloudservers/{server}/detachvolume/{volume}{query}")
    c.advance(10)
    return answer


def _attached(dry: bool = False, **more: Any) -> Callable[[Client], dict[str, str]]:
    def attached(c: Client) -> dict[str, str]:
        (server,), volume = c.create(), c.volume()
        _attach(c, server, volume, dry, **more)
        return c.attached(server)

    return attached


def _attach_refused(volume: Callable[[Client], str], **more: Any) -> Probe:
    return lambda c: _attach(c, c.create()[0], volume(c), **more).status_code == 400


def _in_use(c: Client) -> str:
    return c.attached(c.create()[0])["/dev/vda"]


def _data(count: int = 1) -> JsonObject:
    return {"data_volumes": [{"volumetype": "SSD", "size": 10}] * count}


def _detached(holds: Callable[[Client, str, str], bool], query: str = "") -> Probe:
    def probe(c: Client) -> bool:
        (server,) = c.create(**_data())
        volume = c.attached(server)["/dev/vdb"]
        _detach(c, server, volume, query)
        return holds(c, server, volume)

    return probe


def _agents(c: Client) -> bool:
    (server,) = c.create(imageRef=c.resources["plain_image_id"], **_data())
    return _detach(c, server, c.attached(server)["/dev/vdb"]).status_code == 400


def _locked(c: Client) -> bool:
    (server,), volume = c.create(), c.volume()
    c.cloud._state.projects[c.project].servers[server].locked = True
    return _attach(c, server, volume).status_code == 400


def _system(c: Client) -> bool:
    (server,) = c.create()
    return _detach(c, server, c.attached(server)["/dev/vda"]).status_code == 400


def _residue(c: Client, server: str, volume: str) -> bool:
    _attach(c, server, volume)
    return "/dev/vdc" in c.attached(server)


def _boot_index(c: Client) -> bool:
    answer = c.v1("GET", f"cloudservers/{c.create(**_data())[0]}/block_device")
    return [one["bootIndex"] for one in answer.json()["volumeAttachments"]] == [0, 1]


def _deleted(c: Client) -> bool:
    volume = c.volume()
    assert c.nova("DELETE", f"os-volumes/{volume}").status_code == 202
    c.advance(10)
    return c.nova("GET", f"os-volumes/{volume}").status_code == 404


def _snap(c: Client, volume: str, **more: Any) -> httpx.Response:
    answer = c.nova("POST", "os-snapshots", {"snapshot": {"volume_id": volume, **more}})
    c.advance(10)
    return answer


def _snapshot_deleted(c: Client) -> bool:
    one = f"os-snapshots/{_snap(c, c.volume()).json()['snapshot']['id']}"
    c.nova("DELETE", one)
    c.advance(10)
    return c.nova("GET", one).status_code == 404


def _subnet(c: Client, **more: Any) -> JsonObject:
    return {"subnet_id": c.resources["subnet_id"], **more}


def _add(c: Client, server: str, *nics: JsonObject) -> httpx.Response:
    answer = c.v1("POST", f"cloudservers/{server}/nics", {"nics": list(nics)})
    c.advance(10)
    return answer


def _nics(c: Client, server: str) -> list[JsonObject]:
    return list(c.nova("GET", f"servers/{server}/os-interface").json()["interfaceAttachments"])


def _drop(c: Client, server: str, index: int) -> httpx.Response:
    port = _nics(c, server)[index]["port_id"]
    answer = c.v1("POST", f"cloudservers/{server}/nics/delete", {"nics": [{"id": port}]})
    c.advance(10)
    return answer


def _added(holds: Callable[[Client, str, list[JsonObject]], bool], **more: Any) -> Probe:
    """Hold of the NICs of a server that got a second one."""

    def probe(c: Client) -> bool:
        (server,) = c.create()
        _add(c, server, _subnet(c, **more))
        return holds(c, server, _nics(c, server))

    return probe


def _nic_refused(change: Callable[[Client, str], Any], *nics: Callable[[Client, str], JsonObject]) -> Probe:
    def probe(c: Client) -> bool:
        (server,) = c.create()
        change(c, server)
        return _add(c, server, *(nic(c, server) for nic in nics)).status_code == 400

    return probe


def _lock(c: Client, server: str) -> None:
    c.cloud._state.projects[c.project].servers[server].locked = True


def _own_address(c: Client, server: str) -> JsonObject:
    return _subnet(c, ip_address=_nics(c, server)[0]["fixed_ips"][0]["ip_address"])


def _foreign_subnet(c: Client, server: str) -> JsonObject:
    return {"subnet_id": c.nova("GET", "os-networks").json()["networks"][1]["id"]}


def _groups(c: Client) -> bool:
    (server,) = c.create()
    _add(c, server, _subnet(c, security_groups=[{"id": c.resources["security_group_id"]}]))
    return {"name": "conformance"} in c.show(server)["security_groups"]


def _interface(c: Client, **wanted: str) -> httpx.Response:
    answer = c.nova("POST", f"servers/{c.create()[0]}/os-interface", {"interfaceAttachment": wanted})
    c.advance(10)
    return answer


def _port_kept(c: Client) -> bool:
    (server,), body = c.create(), {"interfaceAttachment": {"port_id": c.port}}
    c.nova("POST", f"servers/{server}/os-interface", body)
    c.advance(10)
    c.nova("DELETE", f"servers/{server}/os-interface/{c.port}")
    c.advance(10)
    return _interface(c, port_id=c.port).status_code == 200


def _address_free(c: Client, server: str, nics: list[JsonObject]) -> bool:
    _drop(c, server, 1)
    return _add(c, server, _subnet(c, ip_address=nics[1]["fixed_ips"][0]["ip_address"])).status_code == 200


def _networks(holds: Callable[[JsonObject], bool]) -> Probe:
    return lambda c: holds(c.nova("GET", "os-networks").json()["networks"][0])


def _ips(c: Client) -> bool:
    server = c.create(nics=[_subnet(c)] * 2)[0]
    return len(c.nova("GET", f"servers/{server}/ips").json()["addresses"][c.resources["network_id"]]) == 2


def _server_groups(c: Client, server: str) -> list[str]:
    groups = c.nova("GET", f"servers/{server}/os-security-groups").json()["security_groups"]
    return [group["name"] for group in groups]


def _member(holds: Callable[[list[str]], bool], *actions: tuple[str, str]) -> Probe:
    """Hold of the groups of a server in the default one, after some actions."""

    def probe(c: Client) -> bool:
        (server,) = c.create()
        for action, name in actions:
            assert c.act(server, action, name=name).status_code == 202
        return holds(_server_groups(c, server))

    return probe


ADD, REMOVE = ("addSecurityGroup", "conformance"), ("removeSecurityGroup", "conformance")


def _group(c: Client) -> JsonObject:
    return dict(c.nova("GET", f"os-security-groups/{c.resources['security_group_id']}").json()["security_group"])


def _new_group(c: Client, name: str = "new") -> httpx.Response:
    return c.nova("POST", "os-security-groups", {"security_group": {"name": name}})


def _renamed(field: str) -> Probe:
    def probe(c: Client) -> bool:
        body = {"security_group": {"name": "other", "description": "other"}}
        c.nova("PUT", f"os-security-groups/{_group(c)['id']}", body)
        return bool(_group(c)[field] == "other")

    return probe


def _unused_deleted(c: Client) -> bool:
    one = f"os-security-groups/{_group(c)['id']}"
    return c.nova("DELETE", one).status_code == 202 and c.nova("GET", one).status_code == 404


def _used_kept(c: Client) -> bool:
    c.create(security_groups=[{"id": c.resources["security_group_id"]}])
    return c.nova("DELETE", f"os-security-groups/{_group(c)['id']}").status_code == 400


def _rule(c: Client, **changed: Any) -> httpx.Response:
    rule = {"parent_group_id": _group(c)["id"], "ip_protocol": "tcp", "from_port": 80, "to_port": 90, **changed}
    return c.nova("POST", "os-security-group-rules", {"security_group_rule": rule})


def _peer(c: Client) -> bool:
    answer = _rule(c, cidr="10.0.0.0/8", group_id=_group(c)["id"])
    return bool(answer.json()["security_group_rule"]["group"])


def _rules_limited(c: Client) -> bool:
    return [_rule(c, from_port=port).status_code for port in range(1, 21)][-1] == 403


def _rule_deleted(c: Client) -> bool:
    c.nova("DELETE", f"os-security-group-rules/{_group(c)['rules'][0]['id']}")
    return not _group(c)["rules"]


def _listed(names: list[str], **query: str) -> Probe:
    """Hold when a list of images has these names."""

    def probe(c: Client) -> bool:
        answer = c.nova("GET", "images", params={key.replace("_", "-"): value for key, value in query.items()})
        return answer.status_code == 200 and [one["name"] for one in answer.json()["images"]] == names

    return probe


def _image(c: Client, path: str = "") -> JsonObject:
    return dict(c.nova("GET", f"images/{c.resources['image_id']}{path}").json())


def _private(c: Client) -> bool:
    state = c.cloud._state
    image = Image(state.uuid(), "mine", owner=c.project)
    state.images[image.id] = image
    c.nova("DELETE", f"images/{image.id}")
    return c.nova("GET", f"images/{image.id}").status_code == 404


def _floating(c: Client) -> JsonObject:
    return dict(c.nova("GET", "os-floating-ips").json()["floating_ips"][0])


def _bind(c: Client, server: str, **more: str) -> httpx.Response:
    return c.act(server, "addFloatingIp", address=_floating(c)["ip"], **more)


def _bound(holds: Callable[[Client, str], bool]) -> Probe:
    """Hold of a server that has the floating IP address."""

    def probe(c: Client) -> bool:
        (server,) = c.create()
        assert _bind(c, server).status_code == 202
        return holds(c, server)

    return probe


def _bound_to_second(c: Client) -> bool:
    nics = [_subnet(c), _subnet(c, ip_address="192.168.44.4")]
    _bind(c, c.create(nics=nics)[0], fixed_address="192.168.44.4")
    return bool(_floating(c)["fixed_ip"] == "192.168.44.4")


def _unbind(c: Client, server: str) -> httpx.Response:
    return c.act(server, "removeFloatingIp", address=_floating(c)["ip"])


def _unbound(c: Client, server: str) -> bool:
    return _unbind(c, server).status_code == 202 and _floating(c)["instance_id"] is None


def _unbind_keeps(c: Client, server: str) -> bool:
    count = len(c.nova("GET", "os-floating-ips").json()["floating_ips"])
    _unbind(c, server)
    return len(c.nova("GET", "os-floating-ips").json()["floating_ips"]) == count


def _assign(c: Client, **wanted: str) -> httpx.Response:
    return c.nova("POST", "os-floating-ips", {"pool": "external", **wanted})


def _released(c: Client) -> bool:
    one = f"os-floating-ips/{_floating(c)['id']}"
    return c.nova("DELETE", one).status_code == 202 and c.nova("GET", one).status_code == 404


PROBES: dict[str, Probe] = {
    "deprecated-gone": lambda c: c.nova("GET", "os-volumes").status_code == 200,
    "gone-api-served": lambda c: c.nova("GET", "os-volumes", at="2.36").status_code == 404,
    "disk-lock-unchecked": _locked,
    "attach-noop": lambda c: "/dev/vdb" in _attached()(c),
    "attach-dry-run-attaches": lambda c: "/dev/vdb" not in _attached(dry=True)(c),
    "attach-sharing-unchecked": _attach_refused(_in_use),
    "attach-status-unchecked": _attach_refused(lambda c: c.volume(wait=0)),
    "attach-zone-unchecked": _attach_refused(lambda c: c.volume(availability_zone="eu-test-1b")),
    "attach-limit-unchecked": lambda c: _attach(c, c.create(**_data(59))[0], c.volume()).status_code == 400,
    "attach-device-ignored": lambda c: "/dev/vdd" in _attached(device="/dev/vdd")(c),
    "attach-device-unchecked": _attach_refused(lambda c: c.volume(), device="/dev/vda"),
    "detach-flag-zero-noop": _detached(lambda c, s, v: list(c.attached(s)) == ["/dev/vda"], "?delete_flag=0"),
    "detach-running-refused": _detached(lambda c, s, v: list(c.attached(s)) == ["/dev/vda"]),
    "agents-unchecked": _agents,
    "xen-device-unneeded": lambda c: _attach(c, c.create(flavorRef="s1.medium")[0], c.volume()).status_code == 400,
    "detach-noop": _detached(lambda c, s, v: list(c.attached(s)) == ["/dev/vda"]),
    "detach-deletes": _detached(lambda c, s, v: c.disk(v)["status"] == "available"),
    "detach-system-unchecked": _system,
    "detach-force-ignored": _detached(_residue, "?delete_flag=1"),
    "attachments-system-unlisted": lambda c: "/dev/vda" in c.attached(c.create()[0]),
    "attachments-data-unlisted": lambda c: len(c.attached(c.create(**_data())[0])) == 2,
    "boot-index-zero": _boot_index,
    "volume-noop": lambda c: c.disk(c.volume())["status"] == "available",
    "volume-name-dropped": lambda c: c.disk(c.volume(display_name="n"))["displayName"] == "n",
    "volume-metadata-dropped": lambda c: c.disk(c.volume(metadata={"a": "b"}))["metadata"]["a"] == "b",
    "volume-zone-unchecked": lambda c: c.disk(c.volume(availability_zone="mars-1"))["status"] == "error",
    "volume-delete-noop": _deleted,
    "volume-creating-deleted": lambda c: c.nova("DELETE", f"os-volumes/{c.volume(wait=0)}").status_code == 400,
    "volume-delete-unchecked": lambda c: c.nova("DELETE", f"os-volumes/{_in_use(c)}").status_code == 400,
    "snapshot-noop": _snapshot_deleted,
    "snapshot-force-unneeded": lambda c: _snap(c, _in_use(c)).status_code == 400,
    "nic-lock-unchecked": _nic_refused(_lock, lambda c, s: _subnet(c)),
    "nic-add-noop": _added(lambda c, s, nics: len(nics) == 2),
    "nic-delete-noop": _added(lambda c, s, nics: _drop(c, s, 1).status_code == 200 and len(_nics(c, s)) == 1),
    "nic-primary-unprotected": lambda c: _drop(c, c.create()[0], 0).status_code == 403,
    "nic-primary-status-wrong": lambda c: _drop(c, c.create()[0], 0).status_code == 403,
    "nic-address-ignored": _added(
        lambda c, s, nics: nics[1]["fixed_ips"][0]["ip_address"] == "192.168.6.6", ip_address="192.168.6.6"
    ),
    "nic-address-taken-accepted": _nic_refused(lambda c, s: None, _own_address),
    "nic-groups-dropped": _groups,
    "nic-limit-unchecked": _nic_refused(lambda c, s: None, *[lambda c, s: _subnet(c)] * 12),
    "nic-vpc-unchecked": _nic_refused(lambda c, s: None, _foreign_subnet),
    "nic-together-unchecked": lambda c: (
        _interface(c, port_id=c.port, net_id=c.resources["network_id"]).status_code == 400
    ),
    "nic-port-deleted": _port_kept,
    "nic-address-kept": _added(_address_free),
    "nic-state-unchecked": _nic_refused(lambda c, s: c.act(s, "reboot", type="SOFT"), lambda c, s: _subnet(c)),
    "network-cidr-shown": _networks(lambda network: network["cidr"] is None),
    "network-label-missing": _networks(lambda network: "label" in network),
    "server-ips-incomplete": _ips,
    "server-ips-unknown-empty": lambda c: c.nova("GET", f"servers/{c.create()[0]}/ips/none").status_code == 404,
    "server-group-by-name-only": lambda c: (
        c.act(c.create()[0], "addSecurityGroup", name=c.resources["security_group_id"]).status_code == 202
    ),
    "server-group-add-noop": _member(lambda names: "conformance" in names, ADD),
    "server-group-add-replaces": _member(lambda names: "default" in names, ADD),
    "server-group-remove-noop": _member(lambda names: "conformance" not in names, ADD, REMOVE),
    "server-group-remove-all": _member(lambda names: "default" in names, ADD, REMOVE),
    "server-group-absent-removed": lambda c: c.act(c.create()[0], REMOVE[0], name=REMOVE[1]).status_code == 404,
    "server-group-rules-missing": lambda c: bool(
        c.nova("GET", f"servers/{c.create()[0]}/os-security-groups").json()["security_groups"][0]["rules"]
    ),
    "group-default-unprotected": lambda c: _new_group(c, "default").status_code == 400,
    "group-rules-prefilled": lambda c: not _new_group(c).json()["security_group"]["rules"],
    "group-update-noop": _renamed("name"),
    "group-update-description-kept": _renamed("description"),
    "group-in-use-deleted": _used_kept,
    "group-delete-noop": _unused_deleted,
    "rule-range-unchecked": lambda c: _rule(c, from_port=91).status_code == 400,
    "rule-cidr-unchecked": lambda c: _rule(c, cidr="here").status_code == 400,
    "rule-cidr-first": _peer,
    "rule-twice-accepted": lambda c: [_rule(c).status_code for _ in range(2)] == [200, 400],
    "rule-limit-unchecked": _rules_limited,
    "rule-create-noop": lambda c: _rule(c).status_code == 200 and len(_group(c)["rules"]) == 2,
    "rule-delete-noop": _rule_deleted,
    "images-name-ignored": _listed(["Linux 64bit"], name="Linux 64bit"),
    "images-status-ignored": _listed([], status="saving"),
    "images-since-ignored": _listed([], changes_since="2100-01-01T00:00:00Z"),
    "images-min-ram-ignored": _listed([], minRam="1"),
    "images-min-disk-ignored": _listed(["Windows 64bit"], minDisk="50"),
    "images-limit-ignored": lambda c: len(c.nova("GET", "images", params={"limit": 1}).json()["images"]) == 1,
    "images-number-unchecked": lambda c: c.nova("GET", "images", params={"minRam": "x"}).status_code == 400,
    "image-min-disk-string": lambda c: _image(c)["image"]["minDisk"] == 40,
    "image-status-lower": lambda c: _image(c)["image"]["status"] == "ACTIVE",
    "image-metadata-empty": lambda c: bool(_image(c, "/metadata")["metadata"]),
    "image-public-deleted": lambda c: c.nova("DELETE", f"images/{c.resources['image_id']}").status_code == 403,
    "image-delete-noop": _private,
    "floating-ip-bind-noop": _bound(lambda c, s: _floating(c)["instance_id"] == s),
    "floating-ip-fixed-ignored": _bound_to_second,
    "floating-ip-moved": _bound(lambda c, s: _bind(c, c.create()[0]).status_code == 400),
    "floating-ip-unbind-noop": _bound(_unbound),
    "floating-ip-unbind-releases": _bound(_unbind_keeps),
    "floating-ip-unbound-accepted": lambda c: _unbind(c, c.create()[0]).status_code == 409,
    "floating-ip-pool-unchecked": lambda c: _assign(c, pool="none").status_code == 404,
    "floating-ip-quota-unchecked": lambda c: [_assign(c).status_code for _ in range(20)][-1] == 403,
    "floating-ip-bound-unlisted": _bound(
        lambda c, s: len(c.nova("GET", "os-floating-ips").json()["floating_ips"]) == 1
    ),
    "floating-ip-release-noop": _released,
    "snapshot-prefix-unchecked": lambda c: _snap(c, c.volume(), display_name="autobk_snapshot").status_code == 400,
}
