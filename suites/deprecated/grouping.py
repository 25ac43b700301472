"""What the tests of security groups and of their rules (11.3) share: making groups, and deleting them again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Cases, Client, Supplies, url_of

GROUPS, RULES = url_of("deprecated.security-groups.list"), url_of("deprecated.security-group-rules.create")
NETWORK = "192.0.2.0/24"
#: What shows that a rule has no such peer.
EMPTY: list[dict[str, str] | None] = [{}, None]


def group_body(name: str, description: str = "made by a conformance run") -> dict[str, Any]:
    """Return the body of a request for a group."""
    return {"security_group": {"name": name, "description": description}}


def make(cases: Cases, supplies: Supplies) -> str:
    """Make a group."""
    cases.control("deprecated.security-groups.create")
    return str(supplies.make(GROUPS, group_body(supplies.name("group")), "security_group", "id"))


@contextmanager
def two_groups(client: Client, cases: Cases, supplies: Supplies, *, rules: bool = False) -> Iterator[tuple[str, str]]:
    """Give two groups, the first with a rule of each sort where *rules* are wanted; both are deleted in the end."""
    made: list[str] = []
    try:
        made += [make(cases, supplies) for _ in range(2)]
        if rules:
            add(supplies, made[0], cidr=NETWORK)
            add(supplies, made[0], ip_protocol="icmp", from_port=8, to_port=8, cidr=NETWORK)
            add(supplies, made[0], ip_protocol="udp", from_port=2000, to_port=2000, group_id=made[1])
        yield made[0], made[1]
    finally:
        drop(client, *made)


def rule_body(group: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a request for a rule of a group; without *fields* one of TCP ports."""
    wanted = {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 1000, "to_port": 1010, **fields}
    return {"security_group_rule": wanted}


def add(supplies: Supplies, group: str, **fields: Any) -> str:
    """Add a rule to a group, and return its id."""
    return str(supplies.make(RULES, rule_body(group, **fields), "security_group_rule", "id"))


def drop(client: Client, *groups: str) -> None:
    """Delete groups."""
    for group in groups:
        client.delete(f"{GROUPS}/{group}")
