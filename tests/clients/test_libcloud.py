"""Apache Libcloud's driver for OpenStack, unmodified."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.conftest import Described
from tests.clients.shell import OUTSIDE

providers = pytest.importorskip("libcloud.compute.providers", reason="the extra 'clients' is not installed")
types = pytest.importorskip("libcloud.compute.types")
http = pytest.importorskip("libcloud.common.exceptions")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def driver(endpoint: Described) -> Any:
    """The driver, logged in by password."""
    return providers.get_driver(types.Provider.OPENSTACK)(
        endpoint["username"],
        endpoint["password"],
        ex_force_auth_url=endpoint["iam"],
        ex_force_auth_version="3.x_password",
        ex_domain_name=endpoint["domain"],
        ex_tenant_name=endpoint["project_name"],
        ex_force_service_region=endpoint["region"],
        api_version="2.2",
    )


def _node(driver: Any, endpoint: Described, name: str) -> Any:
    own = endpoint["resources"]
    made = driver.create_node(
        name=name,
        size=next(one for one in driver.list_sizes() if one.id == own["flavor_id"]),
        image=next(one for one in driver.list_images() if one.id == own["image_id"]),
        networks=[next(one for one in driver.ex_list_networks() if one.id == own["network_id"])],
    )
    return _until(lambda: driver.ex_get_node_details(made.id), "running")


def _until(look: Callable[[], Any], state: str) -> Any:
    deadline = time.monotonic() + 30
    while (found := look()).state != state:
        assert time.monotonic() < deadline, found
    return found


def test_a_node_lives(driver: Any, endpoint: Described) -> None:
    """With a disk, a snapshot, a security group and a floating IP address."""
    node = _node(driver, endpoint, "libcloud")
    assert node.private_ips
    assert driver.reboot_node(node)
    node = _until(lambda: driver.ex_get_node_details(node.id), "running")
    assert driver.ex_set_metadata(node, {"a": "b"}) == {"a": "b"}
    assert driver.ex_get_metadata(node) == {"a": "b"}
    volume = driver.create_volume(10, "libcloud", ex_volume_type="SSD")
    _until(lambda: driver.ex_get_volume(volume.id), "available")
    assert driver.attach_volume(node, volume, device="/dev/vdb")
    _until(lambda: driver.ex_get_volume(volume.id), "inuse")
    volume = driver.ex_get_volume(volume.id)
    assert driver.detach_volume(volume)
    _until(lambda: driver.ex_get_volume(volume.id), "available")
    assert driver.destroy_volume(volume)
    group = driver.ex_create_security_group("libcloud", "text")
    rule = driver.ex_create_security_group_rule(group, "tcp", 22, 22, cidr="0.0.0.0/0")
    assert driver.ex_delete_security_group_rule(rule)
    assert driver.ex_delete_security_group(group)
    address = driver.ex_create_floating_ip("external")
    assert driver.ex_attach_floating_ip_to_node(node, address)
    assert driver.ex_detach_floating_ip_from_node(node, address)
    assert driver.ex_delete_floating_ip(address)
    assert driver.ex_list_subnets()
    assert driver.destroy_node(node)


def test_what_the_reference_does_not_have(driver: Any, endpoint: Described) -> None:
    """Each is refused, and stands in outside.yaml."""
    node = _node(driver, endpoint, "outside")
    outside: dict[str, Callable[[], Any]] = {
        "console": lambda: driver.ex_get_console_output(node),
        "quota-details": lambda: driver.ex_get_quota_set(endpoint["project_id"]),
    }
    assert set(outside) == set(OUTSIDE["libcloud"])
    for name, call in outside.items():
        with pytest.raises(http.BaseHTTPError) as refused:
            call()
        assert refused.value.code in {400, 404}, name
    assert driver.destroy_node(node)
