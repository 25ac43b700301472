"""Properties: what must hold for any request that the contract allows or forbids, and after any sequence of operations.

The examples are drawn from one seed, which the report names; what fails is shown as the shortest list of requests found.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_ecs import Properties, Servers, load_contract
from pytest_ecs.strategies import breakable, can_vary

from . import recipes  # noqa: F401 - registers what the requests are made from

#: What costs too much to be tried again and again: servers, systems, images, disks, addresses.
_COSTLY = frozenset(
    {
        "nova.servers.create",
        "nova.servers.rebuild",
        "nova.servers.create-image",
        "nova.servers.resize",
        "ecs.servers.resize",
        "nova.servers.confirm-resize",
        "nova.servers.revert-resize",
        "ecs.servers.reinstall-os",
        "ecs.servers.change-os",
        "ecs.servers.migrate",
        "ecs.servers.delete",
        "deprecated.disks.create",
        "deprecated.snapshots.create",
        "deprecated.floating-ips.create",
        "deprecated.servers.add-floating-ip",
        "deprecated.servers.remove-floating-ip",
    }
)


def _operations(fits: Callable[[str], object], *marks: str) -> list[object]:
    """Return a parameter for each operation whose requests can be tried often; logins are not."""
    return [
        pytest.param(operation, id=operation, marks=pytest.mark.ecs_requirement(f"{operation}/status", *marks))
        for operation, declared in load_contract().operations.items()
        if operation not in _COSTLY and declared.chapter != "iam" and fits(operation)
    ]


@pytest.mark.parametrize("operation", _operations(can_vary, "10.1/no-server-error", "10.1/valid-accepted"))
def test_valid_requests_are_answered(ecs_properties: Properties, operation: str) -> None:
    """Whatever the contract allows is accepted or refused as documented, and what it promises is accepted."""
    ecs_properties.valid(operation)


@pytest.mark.parametrize("operation", _operations(breakable, "10.1/refused-changes-nothing"))
def test_invalid_requests_are_refused(ecs_properties: Properties, operation: str) -> None:
    """Whatever the contract forbids in one place is refused for that place, and nothing comes of it."""
    ecs_properties.invalid(operation)


@pytest.mark.ecs_group("long")
@pytest.mark.ecs_requirement(
    "6.2/views-agree",
    "6.3/state-follows",
)
def test_lifecycles(ecs_properties: Properties, ecs_servers: Servers) -> None:
    """A server that goes through any sequence of operations is what they make of it, in all its views."""
    from .lifecycle import Lifecycle  # with hypothesis, which takes long to import and is not needed to collect

    lease = ecs_servers("ACTIVE")
    ecs_properties.machine(lambda: Lifecycle(ecs_properties, lease))
