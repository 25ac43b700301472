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
