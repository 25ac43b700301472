"""The fields of a server (table 6-49) that stay as they are while nobody does anything to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_ecs import Contract
from pytest_ecs.typing import JSON

__all__ = ["lasting"]

_MOVING = {
    "updated",
    "progress",
    "hostId",
    "host_status",
    "OS-EXT-SRV-ATTR:host",
    "OS-EXT-SRV-ATTR:hypervisor_hostname",
    "OS-EXT-STS:power_state",
    "OS-EXT-STS:task_state",
}


def lasting(contract: Contract, server: dict[str, Any], *but: str) -> Iterator[tuple[str, dict[str, JSON]]]:
    """Yield each documented field that a server shows and that stays as it is, *but* some, with a test for that."""
    body = contract.operations["nova.servers.show"].response_body or {}
    for field in body["properties"]["server"]["properties"]:
        if field in server and field not in _MOVING and field not in but:
            yield field, {"same_items" if isinstance(server[field], list) else "equals": server[field]}
