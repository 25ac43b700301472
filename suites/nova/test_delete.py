"""Rules of deleting a server through the native API (6.2.3); what becomes of its disks and NICs is beside their creation."""

from __future__ import annotations

import pytest

from pytest_ecs import Afterwards, Check, Client, Servers, Wait

from .creation import path_of
from .listing import IDS, MOST, PATHS, rule_of

pytestmark = pytest.mark.ecs_group("scarce")


@pytest.mark.ecs_requirement(
    "nova.servers.delete/rule/gone",
    "nova.servers.delete/rule/this-server-only",
    "nova.servers.delete/rule/no-body",
    "nova.servers.list/rule/deleted-not-listed",
    "nova.servers.list-detail/rule/deleted-not-listed",
)
def test_only_the_server_in_the_url_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Of two servers the one in the URL is gone, or shows that it is deleted, and is not listed; the other is still there."""
    doomed, kept = ecs_servers.to_delete(), ecs_servers()
    deleted = ecs_client.delete(path_of(doomed.id))
    check = ecs_check.after(deleted)
    check("nova.servers.delete/rule/no-body", deleted, "body", equals=None)
    if deleted.accepted:
        ecs_wait.gone(path_of(doomed.id))
    shown, gone = doomed.show(), "nova.servers.delete/rule/gone"
    if shown.accepted:  # ruling deleted-shown
        check(gone, shown, "body", "server", "status", matches="^(SOFT_)?DELETED$")
    else:
        check.refused(gone, shown, "not-found")
    with ecs_later:
        alone, status = "nova.servers.delete/rule/this-server-only", ("body", "server", "status")
        check.later(ecs_later).stays(alone, kept.show, *status, equals="ACTIVE")
    for operation, path in PATHS.items():
        listed = ecs_client.get(path, query={"limit": str(MOST)})
        check(rule_of(operation, "deleted-not-listed"), listed, *IDS, lacks=doomed.id)
