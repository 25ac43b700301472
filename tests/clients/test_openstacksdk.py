"""openstacksdk, unmodified, with a password and what the catalogue says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openstack import exceptions

from tests.clients.conftest import Described

#: What openstacksdk says about its own inside; warnings about what it was answered are errors.
pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]
Create = Callable[..., Any]


@pytest.fixture(scope="module")
def create(cloud: Any, endpoint: Described) -> Iterator[Create]:
    """Creates servers and waits for them; they are deleted at the end."""
    made: list[Any] = []
    own = endpoint["resources"]

    def create(**more: Any) -> Any:
        server = cloud.compute.create_server(
            name="native",
            image_id=own["image_id"],
            flavor_id=own["flavor_id"],
            networks=[{"uuid": own["network_id"]}],
            **more,
        )
        made.append(server)
        return cloud.compute.wait_for_server(server, interval=0.05, wait=10)

    yield create
    for server in made:
        cloud.compute.delete_server(server, ignore_missing=True)
    for server in made:
        cloud.compute.wait_for_delete(server, interval=0.05, wait=10)
    left = {one.id for one in cloud.compute.servers(details=False)}
    assert not left & {one.id for one in made}


def test_flavors(cloud: Any, endpoint: Described) -> None:
    """6.6."""
    flavors = {one.id: one for one in cloud.compute.flavors()}
    assert flavors[endpoint["resources"]["flavor_id"]].vcpus > 0
    found = cloud.compute.find_flavor(endpoint["resources"]["flavor_id"])
    assert cloud.compute.fetch_flavor_extra_specs(found).extra_specs


def test_servers_are_created_shown_and_renamed(cloud: Any, create: Create) -> None:
    """6.2."""
    server = create()
    assert server.status == "ACTIVE"
    assert server.id in {one.id for one in cloud.compute.servers()}
    assert cloud.compute.update_server(server, name="renamed").name == "renamed"
    assert cloud.compute.find_server("renamed").id == server.id


def test_key_pairs(cloud: Any) -> None:
    """6.13."""
    made = cloud.compute.create_keypair(name="native-key")
    assert made.private_key
    assert "native-key" in {one.name for one in cloud.compute.keypairs()}
    assert cloud.compute.get_keypair("native-key").fingerprint == made.fingerprint
    cloud.compute.delete_keypair("native-key", ignore_missing=False)
    assert cloud.compute.find_keypair("native-key") is None


def test_server_metadata(cloud: Any, create: Create) -> None:
    """6.10."""
    server = create(metadata={"a": "1"})
    cloud.compute.set_server_metadata(server, b="2", c="3")
    cloud.compute.delete_server_metadata(server, ["b"])
    found = cloud.compute.get_server_metadata(server).metadata
    assert (found["a"], found["c"], "b" in found) == ("1", "3", False)


def test_server_actions(cloud: Any, endpoint: Described, create: Create) -> None:
    """6.3."""
    server = create()

    def wait(status: str) -> Any:
        # Asked anew: the client looks at what it has of the server before it asks.
        now = cloud.compute.get_server(server.id)
        return cloud.compute.wait_for_server(now, status=status, interval=0.05, wait=10)

    cloud.compute.stop_server(server)
    wait("SHUTOFF")
    cloud.compute.start_server(server)
    wait("ACTIVE")
    cloud.compute.reboot_server(server, "HARD")
    wait("ACTIVE")
    cloud.compute.lock_server(server)
    assert cloud.compute.get_server(server).is_locked in {True, None}
    cloud.compute.unlock_server(server)
    cloud.compute.rebuild_server(server, image=endpoint["resources"]["image_id"], name="rebuilt")
    assert wait("ACTIVE").name == "rebuilt"


@pytest.mark.parametrize("confirmed", [True, False])
def test_servers_are_resized(cloud: Any, endpoint: Described, create: Create, confirmed: bool) -> None:
    """6.3.8 to 6.3.10."""
    own, server = endpoint["resources"], create()
    cloud.compute.resize_server(server, own["other_flavor_id"])
    cloud.compute.wait_for_server(server, status="VERIFY_RESIZE", interval=0.05, wait=10)
    (cloud.compute.confirm_server_resize if confirmed else cloud.compute.revert_server_resize)(server)
    cloud.compute.wait_for_server(server, interval=0.05, wait=10)
    flavor = cloud.compute.get_server(server.id).flavor
    assert flavor.id == own["other_flavor_id" if confirmed else "flavor_id"]


def test_interfaces(cloud: Any, endpoint: Described, create: Create) -> None:
    """6.7."""
    server = create()
    (first,) = cloud.compute.server_interfaces(server)
    made = cloud.compute.create_server_interface(server, net_id=endpoint["resources"]["network_id"])
    assert {one.port_id for one in cloud.compute.server_interfaces(server)} >= {first.port_id, made.port_id}
    assert cloud.compute.get_server_interface(made.port_id, server).fixed_ips
    cloud.compute.delete_server_interface(made.port_id, server)


def test_disks_are_attached_and_detached(cloud: Any, create: Create) -> None:
    """6.8, with the volume service for the disk."""
    server, disk = create(), cloud.block_storage.create_volume(size=10, name="data", volume_type="SSD")
    cloud.block_storage.wait_for_status(disk, "available", interval=0.05, wait=10)
    cloud.compute.create_volume_attachment(server, disk.id)
    cloud.block_storage.wait_for_status(disk, "in-use", interval=0.05, wait=10)
    assert disk.id in {one.volume_id for one in cloud.compute.volume_attachments(server)}
    assert cloud.compute.get_volume_attachment(server, disk.id).device
    cloud.compute.delete_volume_attachment(server, disk.id)
    cloud.block_storage.wait_for_status(disk, "available", interval=0.05, wait=10)
    cloud.block_storage.delete_volume(disk)
    cloud.block_storage.wait_for_delete(disk, interval=0.05, wait=10)


def test_server_groups(cloud: Any, create: Create, endpoint: Described) -> None:
    """6.14."""
    group = cloud.compute.create_server_group(name="native", policies=["anti-affinity"])
    assert group.id in {one.id for one in cloud.compute.server_groups()}
    assert cloud.compute.get_server_group(group).name == "native"
    cloud.compute.delete_server_group(group, ignore_missing=False)
    with pytest.raises(exceptions.NotFoundException):
        cloud.compute.get_server_group(group.id)


def test_tags(cloud: Any, create: Create) -> None:
    """6.11, since 2.26."""
    server = create()
    server.add_tag(cloud.compute, "one")
    server.add_tag(cloud.compute, "two")
    assert server.fetch_tags(cloud.compute).tags == ["one", "two"]
    server.check_tag(cloud.compute, "one")
    server.remove_tag(cloud.compute, "one")
    with pytest.raises(exceptions.NotFoundException):
        server.check_tag(cloud.compute, "one")
    server.set_tags(cloud.compute, ["three"])
    assert server.fetch_tags(cloud.compute).tags == ["three"]
    server.remove_all_tags(cloud.compute)
    assert server.fetch_tags(cloud.compute).tags == []


@pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedFieldWarning")  # fields that the document has
def test_limits_and_quotas(cloud: Any, endpoint: Described) -> None:
    """6.12."""
    limits = cloud.compute.get_limits().absolute
    assert limits.instances >= limits.instances_used
    assert cloud.compute.get_quota_set(endpoint["project_id"]).instances == limits.instances
    assert cloud.compute.get_quota_set_defaults(endpoint["project_id"]).instances


def test_console_output(connect: Callable[..., Any], create: Create) -> None:
    """6.14.1: there is none above 2.5."""
    compute = connect(compute_default_microversion="2.5").compute
    assert "login:" in compute.get_server_console_output(create(), length=5)["output"]


def test_images_are_made_of_servers(cloud: Any, endpoint: Described, create: Create) -> None:
    """6.3.7, and the image where the image service shows it."""
    assert endpoint["resources"]["image_id"] in {one.id for one in cloud.image.images()}
    server = create()
    cloud.compute.stop_server(server)
    cloud.compute.wait_for_server(server, status="SHUTOFF", interval=0.05, wait=10)
    image = cloud.compute.create_server_image(server, "taken", wait=True, timeout=20)
    assert (image.name, image.status) == ("taken", "active")
    cloud.image.delete_image(image)
    assert cloud.image.find_image("taken") is None


def test_unknown_ids_are_not_found(cloud: Any) -> None:
    """The client reads the error that the native APIs give, and its code."""
    with pytest.raises(exceptions.NotFoundException, match="could not be found") as gone:
        cloud.compute.get_server("00000000-0000-4000-8000-000000000000")
    assert gone.value.status_code == 404
    assert cloud.compute.find_server("nobody") is None


def test_networks_and_addresses(cloud: Any, endpoint: Described, create: Create) -> None:
    """6.4, with what the network service tells of the same networks."""
    server, own = create(), endpoint["resources"]["network_id"]
    assert [str(one.name) for one in cloud.network.networks(id=own)] == [cloud.network.get_network(own).name]
    assert cloud.compute.get_server(server.id).addresses
    assert list(cloud.compute.server_ips(server))
