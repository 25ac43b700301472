"""Rules of creating several servers by one request (6.2.1): how many there are, their names, how the answer names them."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Servers, Supplies, Wait, read

from .creation import SERVERS, accepted, boot_disk, created_servers, made_servers, plain
from .listing import by_name

pytestmark = pytest.mark.ecs_group("scarce")

_NAMES = ("body", "servers", "*", "name")


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/reservation",
    "nova.servers.create/rule/name-suffix",
    "nova.servers.create/rule/max-default",
)
def test_a_batch_has_as_many_servers_as_were_asked_for(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """At least, which is at most, too; they are numbered, and the answer names their reservation."""
    made = made_servers(ecs_client, ecs_servers, ecs_supplies)
    check = ecs_check.after(made.batch)
    check("nova.servers.create/rule/reservation", made.batch, "body", "reservation_id", matches=".")
    listed = by_name(ecs_client, SERVERS, f"{made.name}-batch")
    check("nova.servers.create/rule/max-default", listed, "body", "servers", length=3)
    names = read(listed, *_NAMES[1:])
    start = 0 if f"{made.name}-batch-0000" in names else 1  # ruling native-batch-name
    wanted = [f"{made.name}-batch-{number:04}" for number in range(start, start + 3)]
    check("nova.servers.create/rule/name-suffix", listed, *_NAMES, same_items=wanted)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/batch-server",
    "nova.servers.create/rule/count-servers",
    "nova.servers.create/rule/name-suffix-start",
)
def test_a_batch_is_answered_with_a_server(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Where its reservation is not asked for; there are as many servers as were asked for, and names count on."""
    name = ecs_supplies.name("two")
    wanted = plain(ecs_supplies, f"{name}-0003", min_count=2, max_count=2, return_reservation_id=False)
    created = ecs_client.post(SERVERS, wanted)
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/batch-server", created)
    check = ecs_check.after(created)
    check("nova.servers.create/rule/batch-server", created, "body", "server", "id", present=True)
    with created_servers(ecs_client, ecs_servers, ecs_wait, created):
        listed = by_name(ecs_client, SERVERS, name) if created.accepted else created
        check("nova.servers.create/rule/count-servers", listed, "body", "servers", length=2)
        # The number is where counting starts, or part of a name that is numbered (ruling name-suffix-start).
        readings = [[f"{name}-0003", f"{name}-0004"]]
        readings += [[f"{name}-0003-{number:04}" for number in range(first, first + 2)] for first in (0, 1)]
        names = sorted(read(listed, *_NAMES[1:])) if created.accepted else readings[0]
        fitting = names if names in readings else readings[0]
        check("nova.servers.create/rule/name-suffix-start", listed, *_NAMES, same_items=fitting)


@pytest.mark.ecs_requirement("nova.servers.create/rule/text-values")
def test_numbers_and_booleans_may_be_text(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """As the examples send them: how many servers, whether the reservation is answered, and the size of a disk."""
    disk = boot_disk(ecs_supplies, volume_size="100", delete_on_termination="true")
    counts = {"min_count": "1", "max_count": "1", "return_reservation_id": "true"}
    for wanted in (
        plain(ecs_supplies, ecs_supplies.name("text"), **counts),
        plain(ecs_supplies, ecs_supplies.name("text"), imageRef=None, block_device_mapping_v2=[disk]),
    ):
        created = ecs_client.post(SERVERS, wanted)
        accepted(ecs_client, ecs_check, "nova.servers.create/rule/text-values", created)
        with created_servers(ecs_client, ecs_servers, ecs_wait, created):
            pass
