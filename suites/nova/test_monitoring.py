"""Rules of the monitoring list (6.3.11)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Clients, Exchange, Expect, Servers, Supplies, url_of

pytestmark = pytest.mark.ecs_group("servers")

_BODY = {"monitorMetrics": None}


def _monitor(client: Client, server: str) -> Exchange:
    return client.post(url_of("nova.servers.monitor", server_id=server), _BODY)


@pytest.mark.ecs_requirement(
    "nova.servers.monitor/rule/null-value", "nova.servers.monitor/rule/again", "nova.servers.monitor/rule/no-body"
)
def test_a_server_is_put_on_the_monitoring_list(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Once, and again with or without success."""
    lease = ecs_servers("ACTIVE")
    done = _monitor(ecs_client, lease.id)
    if not (
        done.accepted or done.refused
    ):  # the endpoint does not serve the URL; that is judged once, as the status of a request
        for rule in (
            "nova.servers.monitor/rule/null-value",
            "nova.servers.monitor/rule/again",
            "nova.servers.monitor/rule/no-body",
        ):
            ecs_check.not_tested(rule, f"the request was neither accepted nor refused: {done.answer}")
        return
    ecs_check.accepted("nova.servers.monitor/rule/null-value", done)
    check = ecs_check.after(done)
    check("nova.servers.monitor/rule/no-body", done, "body", equals=None)
    again = _monitor(ecs_client, lease.id)
    if again.accepted:
        check.accepted("nova.servers.monitor/rule/again", again)
    else:
        check.refused("nova.servers.monitor/rule/again", again, "wrong-state")


@pytest.mark.ecs_requirement("nova.servers.monitor/rule/error-codes")
def test_an_unknown_server_is_not_monitored(ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """It is refused, with a code of A.2 where the answer has one of that form."""
    ecs_expect(
        "nova.servers.monitor/rule/error-codes",
        "POST",
        url_of("nova.servers.monitor", server_id=ecs_supplies.unknown_id()),
        json=_BODY,
        expects="not-found",
        change="there is no such server",
    )


@pytest.mark.ecs_requirement("nova.servers.monitor/rule/own-project")
def test_another_project_does_not_monitor(ecs_clients: Clients, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """The token says which project is meant."""
    (lease,) = ecs_servers.shared("ACTIVE")
    ecs_expect(
        "nova.servers.monitor/rule/own-project",
        "POST",
        url_of("nova.servers.monitor", server_id=lease.id),
        json=_BODY,
        expects="foreign-server",
        change="the server is another project's",
        client=ecs_clients("other_project"),
    )
