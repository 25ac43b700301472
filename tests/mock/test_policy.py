from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.identity.policy import PERMISSIONS
from tests.mock.harness import Client

Call = Callable[[Client, str], httpx.Response]
EIP = {"eip": {"iptype": "5_bgp", "bandwidth": {"size": 5, "sharetype": "PER"}}}


def _batch(key: str, **more: str) -> Call:
    return lambda c, s: c.v1("POST", "cloudservers/action", {key: {"servers": [{"id": s}], **more}})


def _own_eip(client: Client) -> dict[str, str]:
    return {"id": next(iter(client.cloud._state.projects[client.project].eips))}


def _nic(client: Client, server: str) -> str:
    """Return the second NIC of a server, which gets one if it has none."""
    primary = Client(client.cloud)
    path = f"servers/{server}/os-interface"
    found = primary.nova("GET", path).json()["interfaceAttachments"]
    if len(found) > 1:
        return str(found[1]["port_id"])
    body = {"interfaceAttachment": {"net_id": primary.resources["network_id"]}}
    return str(primary.nova("POST", path, body).json()["interfaceAttachment"]["port_id"])


def _group(client: Client) -> str:
    return str(Client(client.cloud).resources["security_group_id"])


def _rule(client: Client) -> str:
    return next(iter(client.cloud._state.projects[client.project].groups[_group(client)].rules))


def _system(client: Client, server: str) -> str:
    return Client(client.cloud).attached(server)["/dev/vda"]


def _spare(client: Client) -> str:
    return Client(client.cloud).volume()


def _v2(what: str, **wanted: str) -> Call:
    key = {"changeos": "os-change", "reinstallos": "os-reinstall"}[what]
    return lambda c, s: c.http.post(f"/v2/{c.project}/cloudservers/{s}/{what}", json={key: {"userid": "u", **wanted}})


def _meta(method: str, path: str, body: object = None) -> Call:
    def call(client: Client, server: str) -> httpx.Response:
        client.cloud._state.projects[client.project].servers[server].metadata["a"] = "b"
        return client.nova(method, f"servers/{server}/metadata{path}", body)

    return call


def _tags(method: str, path: str, body: object = None) -> Call:
    def call(client: Client, server: str) -> httpx.Response:
        client.cloud._state.projects[client.project].servers[server].tags = ["a"]
        return client.nova(method, f"servers/{server}/tags{path}", body, at="2.26")

    return call


def _key(client: Client, method: str, path: str = "", body: object = None) -> httpx.Response:
    return client.nova(method, f"os-keypairs{path}", body)


def _grouped(method: str, path: str, body: object = None, *, member: bool = False) -> Call:
    """Call something of a new server group, which the server may be in."""

    def call(client: Client, server: str) -> httpx.Response:
        primary = Client(client.cloud)
        wanted = {"server_group": {"name": "g", "policies": ["anti-affinity"]}}
        for old in list(primary.cloud._state.projects[client.project].server_groups):
            primary.v1("DELETE", f"cloudservers/os-server-groups/{old}")
        group = primary.v1("POST", "cloudservers/os-server-groups", wanted).json()["server_group"]["id"]
        if member:
            primary.cloud._state.projects[client.project].server_groups[group].members.append(server)
        text = {"add_member": {"instance_uuid": server}, "remove_member": {"instance_uuid": server}}
        named = {str(body): text[str(body)]} if body in text else wanted if body else None
        return client.v1(method, f"cloudservers/os-server-groups{path.format(group)}", named)

    return call


CALLS: dict[str, Call] = {
    "ecs.change": lambda c, s: _v2("changeos", imageid=c.resources["image_id"])(c, s),
    "ecs.reinstall": _v2("reinstallos"),
    "nova.resize": lambda c, s: c.act(s, "resize", flavorRef=c.resources["other_flavor_id"]),
    "nova.rebuild": lambda c, s: c.act(s, "rebuild", imageRef=c.resources["image_id"]),
    "nova.create-floating-ip": lambda c, s: c.nova("POST", "os-floating-ips", {}),
    "nova.floating-ips": lambda c, s: c.nova("GET", "os-floating-ips"),
    "nova.floating-ip": lambda c, s: c.nova("GET", f"os-floating-ips/{_own_eip(c)['id']}"),
    "nova.delete-floating-ip": lambda c, s: c.nova("DELETE", f"os-floating-ips/{_own_eip(c)['id']}"),
    "nova.lock": lambda c, s: c.null(s, "lock"),
    "nova.unlock": lambda c, s: c.null(s, "unlock"),
    "nova.create-image": lambda c, s: c.act(s, "createImage", name="x"),
    "nova.metadata": _meta("GET", ""),
    "nova.metadatum": _meta("GET", "/a"),
    "nova.delete-metadata": _meta("DELETE", "/a"),
    "nova.set-metadatum": _meta("PUT", "/a", {"meta": {"a": "c"}}),
    "nova.update-metadata": _meta("POST", "", {"metadata": {}}),
    "nova.set-metadata": _meta("PUT", "", {"metadata": {}}),
    "nova.create-keypair": lambda c, s: _key(c, "POST", body={"keypair": {"name": "new"}}),
    "nova.keypair": lambda c, s: _key(c, "GET", "/conformance-key"),
    "nova.keypairs": lambda c, s: _key(c, "GET"),
    "nova.delete-keypair": lambda c, s: _key(c, "DELETE", "/conformance-key"),
    "nova.password": lambda c, s: c.nova("GET", f"servers/{s}/os-server-password"),
    "nova.delete-password": lambda c, s: c.nova("DELETE", f"servers/{s}/os-server-password"),
    "ecs.delete-group": _grouped("DELETE", "/{}"),
    "ecs.create-group": _grouped("POST", "", "create"),
    "ecs.add-member": _grouped("POST", "/{}/action", "add_member"),
    "ecs.remove-member": _grouped("POST", "/{}/action", "remove_member", member=True),
    "ecs.groups": _grouped("GET", ""),
    "ecs.group": _grouped("GET", "/{}"),
    "nova.manage-server-groups": lambda c, s: c.nova("GET", "os-server-groups"),
    "ecs.set-tags": lambda c, s: c.v1("POST", f"servers/{s}/tags/action", {"action": "delete", "tags": [{"key": "a"}]}),
    "ecs.tags": lambda c, s: c.v1("POST", "servers/resource_instances/action", {"action": "count"}),
    "nova.tags": _tags("GET", ""),
    "nova.add-tag": _tags("PUT", "/b"),
    "nova.set-tags": _tags("PUT", "", {"tags": []}),
    "nova.delete-tag": _tags("DELETE", "/a"),
    "nova.tag": _tags("GET", "/a"),
    "nova.delete-tags": _tags("DELETE", ""),
    "nova.extra-specs": lambda c, s: c.nova("GET", "flavors/s3.large.2/os-extra_specs"),
    "nova.quotas": lambda c, s: c.nova("GET", f"os-quota-sets/{c.project}"),
    "ecs.create": lambda c, s: c.v1("POST", "cloudservers", c.request()),
    "ecs.create-with-new-eip": lambda c, s: c.v1("POST", "cloudservers", c.request(publicip=EIP)),
    "ecs.create-with-eip": lambda c, s: c.v1("POST", "cloudservers", c.request(publicip=_own_eip(c))),
    "ecs.delete": lambda c, s: c.v1("POST", "cloudservers/delete", {"servers": [{"id": s}]}),
    "ecs.resize": lambda c, s: c.v1("POST", f"cloudservers/{s}/resize", {"resize": {"flavorRef": "s3.xlarge.2"}}),
    "ecs.start": _batch("os-start"),
    "ecs.stop": _batch("os-stop"),
    "ecs.reboot": _batch("reboot", type="SOFT"),
    "ecs.flavors": lambda c, s: c.v1("GET", "cloudservers/flavors"),
    "ecs.limits": lambda c, s: c.v1("GET", "cloudservers/limits"),
    "nova.networks": lambda c, s: c.nova("GET", "os-networks"),
    "nova.create-group": lambda c, s: c.nova("POST", "os-security-groups", {"security_group": {"name": "n"}}),
    "nova.delete-group": lambda c, s: c.nova("DELETE", f"os-security-groups/{_group(c)}"),
    "nova.update-group": lambda c, s: c.nova(
        "PUT", f"os-security-groups/{_group(c)}", {"security_group": {"name": "n", "description": "d"}}
    ),
    "nova.group": lambda c, s: c.nova("GET", f"os-security-groups/{_group(c)}"),
    "nova.groups": lambda c, s: c.nova("GET", "os-security-groups"),
    "nova.create-rule": lambda c, s: c.nova(
        "POST",
        "os-security-group-rules",
        {"security_group_rule": {"parent_group_id": _group(c), "ip_protocol": "udp", "from_port": 1, "to_port": 2}},
    ),
    "nova.delete-rule": lambda c, s: c.nova("DELETE", f"os-security-group-rules/{_rule(c)}"),
    "nova.server-groups": lambda c, s: c.nova("GET", f"servers/{s}/os-security-groups"),
    "nova.add-group": lambda c, s: c.act(s, "addSecurityGroup", name="conformance"),
    "nova.remove-group": lambda c, s: c.act(s, "removeSecurityGroup", name="default"),
    "ecs.add-nics": lambda c, s: c.v1(
        "POST", f"cloudservers/{s}/nics", {"nics": [{"subnet_id": c.resources["subnet_id"]}]}
    ),
    "ecs.delete-nics": lambda c, s: c.v1("POST", f"cloudservers/{s}/nics/delete", {"nics": [{"id": _nic(c, s)}]}),
    "nova.add-nic": lambda c, s: c.nova(
        "POST", f"servers/{s}/os-interface", {"interfaceAttachment": {"net_id": c.resources["network_id"]}}
    ),
    "nova.delete-nic": lambda c, s: c.nova("DELETE", f"servers/{s}/os-interface/{_nic(c, s)}"),
    "nova.nics": lambda c, s: c.nova("GET", f"servers/{s}/os-interface"),
    "nova.nic": lambda c, s: c.nova("GET", f"servers/{s}/os-interface/{_nic(c, s)}"),
    "ecs.attach": lambda c, s: c.v1(
        "POST", f"cloudservers/{s}/attachvolume", {"volumeAttachment": {"volume_type": "SSD"}, "dry_run": True}
    ),
    "ecs.detach": lambda c, s: c.v1("DELETE", f"cloudservers/{s}/detachvolume/{_system(c, s)}"),
    "nova.attach": lambda c, s: c.nova(
        "POST", f"servers/{s}/os-volume_attachments", {"volumeAttachment": {"volumeId": _spare(c)}}
    ),
    "nova.detach": lambda c, s: c.nova("DELETE", f"servers/{s}/os-volume_attachments/{_system(c, s)}"),
    "nova.attachments": lambda c, s: c.nova("GET", f"servers/{s}/os-volume_attachments"),
    "nova.attachment": lambda c, s: c.nova("GET", f"servers/{s}/os-volume_attachments/{_system(c, s)}"),
    "nova.create-volume": lambda c, s: c.nova("POST", "os-volumes", {"volume": {"size": 1}}),
    "nova.delete-volume": lambda c, s: c.nova("DELETE", f"os-volumes/{_spare(c)}"),
    "nova.volume": lambda c, s: c.nova("GET", f"os-volumes/{_spare(c)}"),
    "nova.volumes": lambda c, s: c.nova("GET", "os-volumes"),
    "nova.volumes-detail": lambda c, s: c.nova("GET", "os-volumes/detail"),
    "nova.list": lambda c, s: c.nova("GET", "servers"),
    "nova.detail": lambda c, s: c.nova("GET", "servers/detail"),
    "nova.show": lambda c, s: c.nova("GET", f"servers/{s}"),
    "nova.create": lambda c, s: c.nova("POST", "servers", c.native()),
    "nova.update": lambda c, s: c.nova("PUT", f"servers/{s}", {"server": {"name": "x"}}),
    "nova.delete": lambda c, s: c.nova("DELETE", f"servers/{s}"),
    "nova.start": lambda c, s: c.act(s, "os-start"),
    "nova.stop": lambda c, s: c.act(s, "os-stop"),
    "nova.reboot": lambda c, s: c.act(s, "reboot", type="SOFT"),
}


def test_every_row_of_chapter_9_is_tried() -> None:
    """The table of the mock and that of this test speak of the same operations."""
    assert CALLS.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("operation", CALLS)
def test_an_operation_needs_its_action_and_all_that_it_depends_on(cloud: MockCloud, operation: str) -> None:
    """9.2: nothing is allowed by default; each action by itself is needed; together they are enough."""
    primary, restricted = Client(cloud), Client(cloud, "restricted_user")
    running = operation in {"ecs.stop", "ecs.reboot", "nova.stop", "nova.reboot"}
    server = primary.create()[0] if running else primary.stopped()
    action, needs = PERMISSIONS[operation]
    everything = [action, *needs]

    def allow(*actions: str) -> httpx.Response:
        cloud.control("PUT", "/_mock/policy", {"allow": list(actions)})
        return CALLS[operation](restricted, server)

    for missing in (None, *everything):
        answer = allow(*(one for one in everything if missing is not None and one != missing))
        assert answer.status_code == 403, missing
        error = answer.json()
        assert (
            error["error"]["code"] == "Pdp.0001" if operation.startswith("ecs") else error["forbidden"]["code"] == 403
        )
    assert allow(*everything).status_code < 300


#: Operations that chapter 9 has no row for.
OPEN: dict[str, Call] = {
    "job": lambda c, s: c.v1("GET", "jobs/" + next(iter(c.cloud._state.projects[c.project].jobs))),
    "flavors": lambda c, s: c.nova("GET", "flavors"),
    "flavor": lambda c, s: c.nova("GET", "flavors/s3.large.2"),
    "limits": lambda c, s: c.nova("GET", "limits"),
    "actions": lambda c, s: c.nova("GET", f"servers/{s}/os-instance-actions"),
    "console": lambda c, s: c.act(s, "os-getConsoleOutput", length=1),
    "recovery": lambda c, s: c.v1("GET", f"cloudservers/{s}/autorecovery"),
    "project tags": lambda c, s: c.v1("GET", "servers/tags"),
    "server tags": lambda c, s: c.v1("GET", f"servers/{s}/tags"),
    "monitoring": lambda c, s: c.http.post(f"/v1.0/servers/{s}/action", json={"monitorMetrics": None}),
}


@pytest.mark.parametrize("operation", OPEN)
def test_what_has_no_row_needs_no_action(cloud: MockCloud, operation: str) -> None:
    """A user without permissions may do it."""
    (server,) = Client(cloud).create()
    assert OPEN[operation](Client(cloud, "restricted_user"), server).status_code < 300


def test_jobs_and_versions_need_no_action(cloud: MockCloud) -> None:
    """Chapter 9 has no row for them."""
    job = Client(cloud).run("cloudservers", Client(cloud).request())["job_id"]
    assert Client(cloud, "restricted_user").job(job)["status"] == "SUCCESS"
