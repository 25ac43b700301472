"""The `openstack` command, unmodified: what people type in their first week."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from pytest_ecs._mock.access import environment
from tests.clients.conftest import Described
from tests.clients.shell import OUTSIDE, run, variables

shell = pytest.importorskip("openstackclient.shell", reason="the extra 'clients' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")

_EVERYDAY = """
token issue
catalog list
versions show
extension list --network
image list
image show {image}
flavor list
flavor show {flavor}
network list
network show network_demo1
subnet list
subnet show network_demo1
router list
keypair list
keypair create cli
keypair show cli
security group list
security group create web
security group set --description all web
security group rule create --protocol tcp --dst-port 80 web
security group rule create --protocol icmp --remote-ip 10.0.0.0/8 web
security group rule list web
security group show web
server group create --policy anti-affinity cli
server group list
server create --image {image} --flavor {flavor} --network network_demo1 --security-group web --key-name cli --wait one
server create --image {image} --flavor {flavor} --network network_demo1 --boot-from-volume 50 --wait big
server list
server list --name one --status ACTIVE
server show one
port list
port list --server one
port create --network network_demo1 --security-group web p1
port set --name p2 p1
port show p2
server add port one p2
server remove port one p2
server create --image {image} --flavor {flavor} --port p2 --wait two
floating ip create external
floating ip list
server add floating ip one {address}
floating ip show {address}
server remove floating ip one {address}
floating ip delete {address}
limits show --absolute
limits show --rate
quota show
volume type list
volume create --size 10 v1
volume list
volume show v1
volume set --name v2 --description text v1
server add volume one v2
server volume list one
server remove volume one v2
volume snapshot create --volume v2 s1
volume snapshot list
volume snapshot show s1
volume snapshot delete s1
server stop one
server start one
server reboot --wait one
server reboot --hard --wait one
server resize --flavor {other} --wait one
server resize confirm one
server resize --flavor {flavor} --wait one
server resize revert one
server lock one
server unlock one
server set --name uno one
server set --property a=b uno
server unset --property a uno
server set --tag blue uno
server unset --tag blue uno
server image create --name img --wait uno
image delete img
server add security group uno default
server remove security group uno default
server add fixed ip uno network_demo1
server event list uno
server rebuild --wait uno
server delete --wait big
server delete --wait two
volume delete v2
port delete p2
keypair delete cli
server group delete cli
"""


@pytest.fixture(scope="module")
def words(endpoint: Described) -> Iterator[dict[str, str]]:
    """What the lines are filled with, while the variables are set that a shell would have."""
    own = endpoint["resources"]
    with variables(environment(endpoint)):
        yield {"image": own["image_id"], "flavor": own["flavor_id"], "other": own["other_flavor_id"]}


def test_everyday_commands_work(endpoint: Described, words: dict[str, str]) -> None:
    """Each does, one after the other; then what the reference does not have, each refused for its reason.

    People type slower than this, so that what a command started is over when the next one comes.
    """
    wrong = []
    for line in _EVERYDAY.strip().splitlines():
        if "{address}" in line and "address" not in words:
            _, listed = run(shell.main, "floating ip list -f value -c 'Floating IP Address' --sort-column ID")
            words["address"] = listed.split()[-1]
        code, said = run(shell.main, line.format(**words))
        if code:
            wrong.append((line, code, said[-300:]))
        httpx.post(f"{endpoint['endpoint']}/_mock/clock", json={"advance": 60}).raise_for_status()
    assert wrong == []
    worked = [line for line in OUTSIDE["openstack"] if not run(shell.main, line.format(**words))[0]]
    assert worked == []
    assert run(shell.main, "server delete --wait uno")[0] == 0
    assert run(shell.main, "security group delete web")[0] == 0


def test_errors_say_what_and_which_request(words: dict[str, str]) -> None:
    """An unknown server is unknown, and a wrong request has the id under which the mock knows it."""
    code, said = run(shell.main, "server show nosuch")
    assert (code, "nosuch" in said) == (1, True)
    code, said = run(shell.main, "server create --image {image} --flavor {flavor} --network nosuch x".format(**words))
    assert code == 1
