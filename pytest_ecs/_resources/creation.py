"""What a request asks to create servers with, and what its answer says that it made (5.1.1, 6.2.1)."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_ecs._http.exchange import Exchange
from pytest_ecs._types import JSON

__all__ = ["has_address", "is_dry_run", "is_grouped", "job_of", "server_of", "wanted"]


def wanted(body: JSON) -> tuple[str | None, int]:
    """Return the name and the number of the servers that a request asks for; a check-only request asks for none."""
    server = body.get("server") if isinstance(body, Mapping) else None
    server = server if isinstance(server, Mapping) else {}
    name = server.get("name")
    counts = [_integer(server.get(key)) for key in ("count", "min_count", "max_count")]
    count = max([c for c in counts if c is not None], default=1)
    return name if isinstance(name, str) else None, 0 if is_dry_run(body) else max(count, 1)


def is_dry_run(body: JSON) -> bool:
    """Whether a request only has itself checked (5.1.1)."""
    return isinstance(body, Mapping) and body.get("dry_run") is True


def has_address(body: JSON) -> bool:
    """Whether each server gets a new EIP (5.1.1, table 5-9)."""
    server = body.get("server") if isinstance(body, Mapping) else None
    asked = server.get("publicip") if isinstance(server, Mapping) else None
    return isinstance(asked, Mapping) and "eip" in asked and not is_dry_run(body)


def is_grouped(body: JSON) -> bool:
    """Whether the servers come into a server group: 5.1.1 asks for that in the server, 6.2.1 beside it."""
    server = body.get("server") if isinstance(body, Mapping) else None
    hints = [one.get("os:scheduler_hints") for one in (body, server) if isinstance(one, Mapping)]
    return any(isinstance(hint, Mapping) and "group" in hint for hint in hints)


def job_of(exchange: Exchange) -> str | None:
    """Return the id of the job that an accepted request started."""
    job = exchange.json_object.get("job_id") if exchange.accepted else None
    return job if isinstance(job, str) else None


def server_of(exchange: Exchange) -> str | None:
    """Return the id of the one server that the answer to an accepted native request names (6.2.1)."""
    server = exchange.json_object.get("server") if exchange.accepted else None
    found = server.get("id") if isinstance(server, Mapping) else None
    return found if isinstance(found, str) else None


def _integer(value: JSON) -> int | None:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
