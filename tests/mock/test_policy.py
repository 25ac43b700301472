from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from pytest_ecs._mock import MockCloud
from pytest_ecs._mock.policy import PERMISSIONS
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


CALLS: dict[str, Call] = {
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


def test_jobs_and_versions_need_no_action(cloud: MockCloud) -> None:
    """Chapter 9 has no row for them."""
    job = Client(cloud).run("cloudservers", Client(cloud).request())["job_id"]
    assert Client(cloud, "restricted_user").job(job)["status"] == "SUCCESS"
