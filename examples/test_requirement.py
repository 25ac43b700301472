"""A check of one's own on a requirement of the reference: it counts in the certificate (``--ecs-report=FOLDER``)."""

import pytest

from pytest_ecs import Check, Client, Expect, Lease, url_of


@pytest.mark.ecs_requirement("nova.servers.update/rule/name-changed")
def test_the_name_is_changed(ecs_client: Client, ecs_check: Check, ecs_server: Lease) -> None:
    """`check.after` says that the claim is about what the request did: when it was refused, the claim is not tested."""
    body = {"server": {"name": "my-name"}}
    renamed = ecs_client.put(url_of("nova.servers.update", server_id=ecs_server.id), body)
    check = ecs_check.after(renamed)
    check("nova.servers.update/rule/name-changed", ecs_server.show(), "body", "server", "name", equals="my-name")


@pytest.mark.ecs_requirement("nova.servers.show/not-found/server_id")
def test_an_unknown_server_is_not_found(ecs_expect: Expect) -> None:
    """`ecs_expect` sends one request whose answer must fit an expectation; the like that is accepted is its control."""
    ecs_expect(
        "nova.servers.show/not-found/server_id",
        "GET",
        url_of("nova.servers.show", server_id="00000000-0000-4000-8000-000000000000"),
        expects="not-found",
        change="the id does not exist",
    )
