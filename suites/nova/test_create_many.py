"""Rules of creating several servers by one request (6.2.1): how many there are, their names, how the answer names them."""

from __future__ import annotations

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Servers, Supplies, read

from .creation import SERVERS, accepted, made_servers
from .listing import by_name, only_named
from .two import two_servers

pytestmark = pytest.mark.ecs_group("scarce")

_NAMES = ("body", "servers", "*", "name")


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/reservation",
    "nova.servers.create/rule/name-suffix",
    "nova.servers.create/rule/max-default",
)
def test_a_batch_has_as_many_servers_as_were_asked_for(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """At least, which is at most, too; they are numbered, and the answer names their reservation."""
    made = made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies)
    check = ecs_check.after(made.batch)
    check("nova.servers.create/rule/reservation", made.batch, "body", "reservation_id", matches=".")
    listed = by_name(ecs_client, SERVERS, made.batch_name)
    check("nova.servers.create/rule/max-default", listed, "body", "servers", length=3)
    names = read(listed, *_NAMES[1:])
    start = 0 if f"{made.batch_name}-0000" in names else 1  # ruling native-batch-name
    wanted = [f"{made.batch_name}-{number:04}" for number in range(start, start + 3)]
    with ecs_later:
        check.later(ecs_later)("nova.servers.create/rule/name-suffix", listed, *_NAMES, same_items=wanted)


@pytest.mark.ecs_requirement(
    "nova.servers.create/rule/batch-server",
    "nova.servers.create/rule/count-servers",
    "nova.servers.create/rule/name-suffix-start",
)
def test_a_batch_is_answered_with_a_server(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Where its reservation is not asked for; there are as many servers as were asked for, and names count on."""
    two = two_servers(ecs_client, ecs_servers, ecs_supplies)
    accepted(ecs_client, ecs_check, "nova.servers.create/rule/batch-server", two.answer)
    check = ecs_check.after(two.answer)
    check("nova.servers.create/rule/batch-server", two.answer, "body", "server", "id", present=True)
    only_named(two.listed, two.stem)
    check("nova.servers.create/rule/count-servers", two.listed, "body", "servers", length=2)
    # The number is where counting starts, or part of a name that is numbered (ruling name-suffix-start).
    readings = [[f"{two.stem}-0003", f"{two.stem}-0004"]]
    readings += [[f"{two.stem}-0003-{number:04}" for number in range(first, first + 2)] for first in (0, 1)]
    names = sorted(read(two.listed, *_NAMES[1:])) if two.answer.accepted else readings[0]
    fitting = names if names in readings else readings[0]
    with ecs_later:
        check.later(ecs_later)("nova.servers.create/rule/name-suffix-start", two.listed, *_NAMES, same_items=fitting)
