"""python-novaclient, unmodified, with the password of the mock's user, at three microversions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.conftest import Described
from tests.clients.shell import OUTSIDE

nova = pytest.importorskip("novaclient.client", reason="the extra 'clients' is not installed")
errors = pytest.importorskip("novaclient.exceptions")
pytestmark = pytest.mark.filterwarnings("ignore")


def _connect(endpoint: Described, version: str) -> Any:
    return nova.Client(
        version,
        auth_url=f"{endpoint['iam']}/v3",
        username=endpoint["username"],
        password=endpoint["password"],
        user_domain_name=endpoint["domain"],
        project_id=endpoint["project_id"],
        region_name=endpoint["region"],
    )


def _wait(look: Callable[[], Any], *wanted: str) -> None:
    deadline = time.monotonic() + 30
    while look().status not in wanted:
        assert time.monotonic() < deadline, look().status


@pytest.mark.parametrize("version", ["2.1", "2.26", "2.60"])
def test_a_life_of_a_server(endpoint: Described, version: str) -> None:
    """Create, look, stop, start, reboot, resize, rebuild, lock, change, take an image, and delete."""
    client, own = _connect(endpoint, version), endpoint["resources"]
    flavor, other = client.flavors.get(own["flavor_id"]), client.flavors.get(own["other_flavor_id"])
    server = client.servers.create(
        "nova", own["image_id"], flavor, nics=[{"net-id": own["network_id"]}], key_name=own["key_name"]
    )

    def look() -> Any:
        return client.servers.get(server.id)

    _wait(look, "ACTIVE")
    assert server.id in {one.id for one in client.servers.list(search_opts={"name": "nova"}, limit=1)}
    server.stop()
    _wait(look, "SHUTOFF")
    server.start()
    _wait(look, "ACTIVE")
    server.reboot("HARD")
    _wait(look, "ACTIVE")
    server.resize(other)
    _wait(look, "VERIFY_RESIZE")
    server.confirm_resize()
    _wait(look, "ACTIVE")
    server.lock()
    with pytest.raises(errors.Conflict):
        server.stop()
    server.unlock()
    client.servers.set_meta(server, {"a": "b"})
    client.servers.delete_meta(server, ["a"])
    server.update(name="renamed")
    assert look().name == "renamed"
    group = client.server_groups.create("nova", ["anti-affinity"])
    assert group.id in {one.id for one in client.server_groups.list()}
    group.delete()
    assert client.limits.get().absolute
    assert client.quotas.get(endpoint["project_id"]).cores
    assert [one.action for one in client.instance_action.list(server)]
    assert [one.net_id for one in server.interface_list()] == [own["network_id"]]
    assert client.volumes.get_server_volumes(server.id)
    server.delete()
    with pytest.raises(errors.NotFound):
        _wait(look, "DELETED")


def test_keypairs(endpoint: Described) -> None:
    """Made, shown and deleted."""
    client = _connect(endpoint, "2.2")
    made = client.keypairs.create("novaclient")
    assert made.private_key
    assert client.keypairs.get("novaclient").fingerprint == made.fingerprint
    made.delete()
    with pytest.raises(errors.NotFound):
        client.keypairs.get("novaclient")


def test_what_the_reference_does_not_have(endpoint: Described) -> None:
    """Each is refused with a status, and stands in outside.yaml."""
    client, own = _connect(endpoint, "2.60"), endpoint["resources"]
    server = next(iter(client.servers.list()), None)
    outside: dict[str, Callable[[], Any]] = {
        "console": lambda: client.servers.get_console_output(server or "none", 10),
        "zones": lambda: client.availability_zones.list(),
        "automatic-network": lambda: client.servers.create("auto", own["image_id"], own["flavor_id"], nics="auto"),
    }
    assert set(outside) == set(OUTSIDE["novaclient"])
    for name, call in outside.items():
        with pytest.raises(errors.ClientException) as refused:
            call()
        assert refused.value.code in {400, 404}, name
        assert refused.value.request_id.startswith("req-"), name
