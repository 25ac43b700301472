"""Rules of the rules of security groups (11.3.6, 11.3.7)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Supplies, read

from .grouping import EMPTY, GROUPS, NETWORK, RULES, add, rule_body, two_groups

_IDS = ("body", "security_group", "rules", "*", "id")
_ONE = ("body", "security_group_rule")


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.create/rule/answer-names",
    "deprecated.security-group-rules.create/rule/answer-cidr",
    "deprecated.security-group-rules.create/rule/answer-group-empty",
    "deprecated.security-group-rules.create/rule/listed",
    "deprecated.security-group-rules.create/rule/this-group-only",
    "deprecated.security-group-rules.create/rule/other-rules-stay",
    "deprecated.security-group-rules.create/rule/ports-as-numbers",
)
def test_a_rule_is_added(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """By addresses: one more of its group alone."""
    ecs_cases.control("deprecated.security-group-rules.create")
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, other):
        first = add(ecs_supplies, group, from_port=3000, to_port=3000, cidr=NETWORK)
        sent = rule_body(group, cidr=NETWORK)
        created = ecs_client.post(RULES, sent)
        ecs_check.accepted("deprecated.security-group-rules.create/rule/ports-as-numbers", created)
        check, rule = ecs_check.after(created), created.json_object.get("security_group_rule", {}).get("id")
        for name in ("parent_group_id", "ip_protocol", "from_port", "to_port"):
            wanted = sent["security_group_rule"][name]
            check("deprecated.security-group-rules.create/rule/answer-names", created, *_ONE, name, equals=wanted)
        at = (*_ONE, "ip_range", "cidr")
        check("deprecated.security-group-rules.create/rule/answer-cidr", created, *at, equals=NETWORK)
        empty = "deprecated.security-group-rules.create/rule/answer-group-empty"
        check(empty, created, *_ONE, "group", one_of=EMPTY)
        shown = ecs_client.get(f"{GROUPS}/{group}")
        check("deprecated.security-group-rules.create/rule/listed", shown, *_IDS, contains=rule)
        check("deprecated.security-group-rules.create/rule/other-rules-stay", shown, *_IDS, contains=first)
        look = lambda: ecs_client.get(f"{GROUPS}/{other}")  # noqa: E731 - it is about this test's other group
        check.stays("deprecated.security-group-rules.create/rule/this-group-only", look, *_IDS, lacks=rule)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        pytest.param(rule, fields, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, fields in (
            ("deprecated.security-group-rules.create/rule/by-group", {}),
            ("deprecated.security-group-rules.create/rule/group-before-cidr", {"cidr": NETWORK}),
        )
    ],
)
def test_a_rule_names_a_group(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_supplies: Supplies,
    rule: str,
    fields: dict[str, Any],
) -> None:
    """Alone, or beside addresses, which are passed over then."""
    ecs_cases.control("deprecated.security-group-rules.create")
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, other):
        name = read(ecs_client.get(f"{GROUPS}/{other}"), "security_group", "name")
        answer = ecs_client.post(RULES, rule_body(group, group_id=other, **fields))
        if not ecs_check.accepted(rule, answer):
            return
        made, shown = read(answer, "security_group_rule", "id"), ecs_client.get(f"{GROUPS}/{group}")
        found = read(shown, "security_group", "rules", "*", "id")
        at = ("body", "security_group", "rules", found.index(made) if made in found else len(found))
        for field, value in (("name", name), ("tenant_id", ecs_client.project_id)):
            ecs_check(rule, shown, *at, "group", field, equals=value)
        if fields:
            ecs_check(rule, shown, *at, "ip_range", one_of=EMPTY)


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.delete/rule/gone",
    "deprecated.security-group-rules.delete/rule/this-rule-only",
    "deprecated.security-group-rules.delete/rule/no-body",
)
def test_a_rule_is_deleted(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """It alone."""
    ecs_cases.control("deprecated.security-group-rules.create")
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, _):
        first = add(ecs_supplies, group, from_port=3000, to_port=3000, cidr=NETWORK)
        rule = add(ecs_supplies, group, cidr=NETWORK)
        deleted = ecs_client.delete(f"{RULES}/{rule}")
        check = ecs_check.after(deleted)
        check("deprecated.security-group-rules.delete/rule/no-body", deleted, "body", equals=None)
        look = lambda: ecs_client.get(f"{GROUPS}/{group}")  # noqa: E731 - it is about this test's group
        left = ecs_client.get(f"{GROUPS}/{group}")
        check("deprecated.security-group-rules.delete/rule/gone", left, *_IDS, lacks=rule)
        check.stays("deprecated.security-group-rules.delete/rule/this-rule-only", look, *_IDS, contains=first)


_ICMP = {"ip_protocol": "icmp"}


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.create/rule/ports-as-text",
    "deprecated.security-group-rules.create/rule/tcp-and-udp",
    "deprecated.security-group-rules.create/rule/icmp-type-and-code",
    "deprecated.security-group-rules.create/rule/icmp-code-below-type",
    "deprecated.security-group-rules.create/rule/icmp-any",
)
def test_ports_have_forms(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Each that the table names is accepted, and its bounds."""
    ecs_cases.control("deprecated.security-group-rules.create")
    text, both = (f"deprecated.security-group-rules.create/rule/{name}" for name in ("ports-as-text", "tcp-and-udp"))
    code, below, any_code = (
        f"deprecated.security-group-rules.create/rule/{name}"
        for name in ("icmp-type-and-code", "icmp-code-below-type", "icmp-any")
    )
    forms: list[tuple[str, str, int | str, int | str]] = [
        (text, "tcp", "1100", "1200"),
        (both, "tcp", 1, 1),
        (both, "tcp", 65535, 65535),
        (both, "udp", 1, 1),
        (both, "udp", 65535, 65535),
        (code, "icmp", 0, 255),
        (code, "icmp", 3, 4),
        (below, "icmp", 8, 0),
        (any_code, "icmp", -1, -1),
    ]
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, _):
        for rule, protocol, first, last in forms:
            body = rule_body(group, cidr=NETWORK, ip_protocol=protocol, from_port=first, to_port=last)
            ecs_check.accepted(rule, ecs_client.post(RULES, body))


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.create/rule/ports-in-order",
    "deprecated.security-group-rules.create/rule/port-zero",
    "deprecated.security-group-rules.create/rule/icmp-too-large",
)
def test_ports_have_bounds(ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """What is beyond is refused."""
    control = ecs_cases.control("deprecated.security-group-rules.create")
    in_order = "deprecated.security-group-rules.create/rule/ports-in-order"
    zero = "deprecated.security-group-rules.create/rule/port-zero"
    large = "deprecated.security-group-rules.create/rule/icmp-too-large"
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, _):
        for rule, change, fields in (
            (in_order, "from_port is above to_port", {"from_port": 1300, "to_port": 1200}),
            (zero, "the ports are 0", {"from_port": 0, "to_port": 0}),
            (large, "the type is 256", {**_ICMP, "from_port": 256, "to_port": 256}),
            (large, "the code is 256", {**_ICMP, "from_port": 1, "to_port": 256}),
        ):
            body = rule_body(group, cidr=NETWORK, **fields)
            ecs_expect(rule, "POST", RULES, json=body, expects="refused", change=change, control=control.id)
