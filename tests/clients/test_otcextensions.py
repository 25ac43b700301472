"""otcextensions, the SDK of Open Telekom Cloud: openstacksdk with other services beside it, unmodified."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.clients.conftest import Described

openstack = pytest.importorskip("openstack")
sdk = pytest.importorskip("otcextensions.sdk", reason="the extra 'clients' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cloud(endpoint: Described) -> Any:
    """A connection with the extensions loaded."""
    made = openstack.connect(
        load_envvars=False,
        load_yaml_config=False,
        auth_url=f"{endpoint['iam']}/v3",
        username=endpoint["username"],
        password=endpoint["password"],
        user_domain_name=endpoint["domain"],
        project_id=endpoint["project_id"],
        region_name=endpoint["region"],
    )
    sdk.load(made)
    return made


def test_a_server_by_its_compute(cloud: Any, endpoint: Described) -> None:
    """Created with a disk of its own, stopped, tagged by metadata, and deleted."""
    own = endpoint["resources"]
    assert own["flavor_id"] in {one.id for one in cloud.compute.flavors()}
    assert own["image_id"] in {one.id for one in cloud.image.images()}
    server = cloud.compute.create_server(
        name="otc",
        image_id=own["image_id"],
        flavor_id=own["flavor_id"],
        networks=[{"uuid": own["network_id"]}],
    )
    server = cloud.compute.wait_for_server(server, interval=0.1, wait=30)
    assert server.status == "ACTIVE"
    cloud.compute.stop_server(server)
    server = cloud.compute.wait_for_server(server, status="SHUTOFF", interval=0.1, wait=30)
    cloud.compute.set_server_metadata(server, a="b")
    assert cloud.compute.get_server_metadata(server).metadata == {"a": "b"}
    assert [one.net_id for one in cloud.compute.server_interfaces(server)] == [own["network_id"]]
    cloud.compute.delete_server(server)
    deadline = time.monotonic() + 30
    while cloud.compute.find_server("otc") is not None:
        assert time.monotonic() < deadline


def test_groups_of_its_network(cloud: Any) -> None:
    """Made with a rule and deleted."""
    group = cloud.network.create_security_group(name="otc")
    rule = cloud.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    assert [one.id for one in cloud.network.security_group_rules(security_group_id=group.id)] == [rule.id]
    cloud.network.delete_security_group(group)
    assert cloud.network.find_security_group("otc") is None
