"""Rules of security groups and their rules (11.3)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Contract, Exchange, Expect, Supplies, Wait, read

_LIST, _CREATE, _SHOW, _UPDATE = (
    f"deprecated.security-groups.{verb}/rule"
    for verb in (
        "list",
        "create",
        "show",
        "update",
    )
)
_ADD = "deprecated.security-group-rules.create/rule"
_GROUPS, _RULES = "/v2.1/{project_id}/os-security-groups", "/v2.1/{project_id}/os-security-group-rules"
_IDS = ("body", "security_groups", "*", "id")
_NETWORK = "192.0.2.0/24"
#: What shows that a rule has no such peer.
_EMPTY: list[dict[str, str] | None] = [{}, None]


def _body(name: str, description: str = "made by a conformance run") -> dict[str, Any]:
    return {"security_group": {"name": name, "description": description}}


def _make(cases: Cases, supplies: Supplies) -> str:
    cases.control("deprecated.security-groups.create")
    return str(supplies.make(_GROUPS, _body(supplies.name("group")), "security_group", "id"))


def _rule(group: str, **fields: Any) -> dict[str, Any]:
    wanted = {"parent_group_id": group, "ip_protocol": "tcp", "from_port": 1000, "to_port": 1010, **fields}
    return {"security_group_rule": wanted}


def _add(supplies: Supplies, group: str, **fields: Any) -> str:
    return str(supplies.make(_RULES, _rule(group, **fields), "security_group_rule", "id"))


def _with_rules(cases: Cases, supplies: Supplies) -> tuple[str, str]:
    """Return a group with a rule of each sort, and another one."""
    group, other = _make(cases, supplies), _make(cases, supplies)
    _add(supplies, group, cidr=_NETWORK)
    _add(supplies, group, ip_protocol="icmp", from_port=8, to_port=8, cidr=_NETWORK)
    _add(supplies, group, ip_protocol="udp", from_port=2000, to_port=2000, group_id=other)
    return group, other


def _number(listed: Exchange, group: str) -> int:
    """Return where a group is in the list; raises `StepFailed` when it is not."""
    ids = [entry["id"] for entry in read(listed, "security_groups")]
    return ids.index(group) if group in ids else len(ids)


def _drop(client: Client, *groups: str) -> None:
    for group in groups:
        client.delete(f"{_GROUPS}/{group}")


def _rules(client: Client, group: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(client.get(f"{_GROUPS}/{group}"), "security_group", "rules")
    return found


_OF_RULES = ("parent-group", "one-peer", "peer-complete", "ports-in-order", "ports-range", "icmp-range")


def _judge(check: Check, base: str, exchange: Exchange, *place: str | int, group: str) -> None:
    """Judge each rule of a group, which has one of each sort."""
    for number, rule in enumerate(read(exchange, *place, "rules")):
        at = ("body", *place, "rules", number)
        check(f"{base}/parent-group", exchange, *at, "parent_group_id", equals=group)
        peer, other = ("ip_range", "group") if rule.get("ip_range") else ("group", "ip_range")
        check(f"{base}/one-peer", exchange, *at, other, one_of=_EMPTY)
        for name in ("cidr",) if peer == "ip_range" else ("tenant_id", "name"):
            check(f"{base}/peer-complete", exchange, *at, peer, name, present=True)
        first, last = rule["from_port"], rule["to_port"]
        if rule["ip_protocol"] == "icmp":
            for name in ("from_port", "to_port"):
                check(f"{base}/icmp-range", exchange, *at, name, one_of=[None, *range(-1, 256)])
        elif first is not None:
            check(f"{base}/ports-in-order", exchange, *at, "to_port", at_least=first)
            check(f"{base}/ports-range", exchange, *at, "from_port", at_least=1)
            check(f"{base}/ports-range", exchange, *at, "to_port", at_most=65535)
        else:
            check(f"{base}/ports-range", exchange, *at, "to_port", equals=last if last is None else "null too")
    for name in _OF_RULES:
        check.not_tested(f"{base}/{name}", "the group shows no rule of that sort")


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.list/rule/parent-group",
    "deprecated.security-groups.list/rule/one-peer",
    "deprecated.security-groups.list/rule/peer-complete",
    "deprecated.security-groups.list/rule/ports-in-order",
    "deprecated.security-groups.list/rule/ports-range",
    "deprecated.security-groups.list/rule/icmp-range",
    "deprecated.security-groups.list/rule/own-project",
    "deprecated.security-groups.show/rule/parent-group",
    "deprecated.security-groups.show/rule/one-peer",
    "deprecated.security-groups.show/rule/peer-complete",
    "deprecated.security-groups.show/rule/ports-in-order",
    "deprecated.security-groups.show/rule/ports-range",
    "deprecated.security-groups.show/rule/icmp-range",
    "deprecated.security-groups.show/rule/own-project",
    "deprecated.security-groups.list/rule/has-groups",
    "deprecated.security-groups.list/rule/no-pages",
    "deprecated.security-groups.show/rule/same-group",
    "deprecated.security-groups.show/rule/same-as-list",
    "deprecated.security-groups.show/rule/inbound-only",
)
def test_a_group_shows_its_rules(
    ecs_client: Client, ecs_contract: Contract, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """In the list and by itself, with a rule of each sort; parameters of pages change nothing."""
    group, other = _with_rules(ecs_cases, ecs_supplies)
    listed, shown = ecs_client.get(_GROUPS), ecs_client.get(f"{_GROUPS}/{group}")
    ecs_check("deprecated.security-groups.list/rule/has-groups", listed, *_IDS, contains=group)
    number = _number(listed, group)
    _judge(ecs_check, _LIST, listed, "security_groups", number, group=group)
    _judge(ecs_check, _SHOW, shown, "security_group", group=group)
    project = ecs_client.project_id
    ecs_check(
        "deprecated.security-groups.list/rule/own-project",
        listed,
        "body",
        "security_groups",
        number,
        "tenant_id",
        equals=project,
    )
    ecs_check(
        "deprecated.security-groups.show/rule/own-project", shown, "body", "security_group", "tenant_id", equals=project
    )
    ecs_check("deprecated.security-groups.show/rule/same-group", shown, "body", "security_group", "id", equals=group)
    entry = read(listed, "security_groups", number)
    for name in ("id", "name", "description", "tenant_id"):
        ecs_check(
            "deprecated.security-groups.show/rule/same-as-list",
            shown,
            "body",
            "security_group",
            name,
            equals=entry[name],
        )
    ecs_check(
        "deprecated.security-groups.show/rule/same-as-list",
        shown,
        "body",
        "security_group",
        "rules",
        same_items=entry["rules"],
    )
    queries = ({"limit": "1"}, {"offset": "1"}, {"offset": "1000"}, {"marker": group})
    answers = [ecs_client.get(_GROUPS, query=query) for query in queries]
    before, after = (read(each, *_IDS[1:]) for each in (listed, ecs_client.get(_GROUPS)))
    for asked in answers:
        if asked.refused:
            refused = ecs_contract.expectation("refused", "nova").statuses
            ecs_check("deprecated.security-groups.list/rule/no-pages", asked, "status", one_of=sorted(refused))
        else:
            ecs_check(
                "deprecated.security-groups.list/rule/no-pages", asked, *_IDS, includes=sorted(set(before) & set(after))
            )
    ecs_check.not_tested(
        "deprecated.security-groups.show/rule/inbound-only", "only the network service makes rules for outbound traffic"
    )
    _drop(ecs_client, group, other)


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.create/rule/answer-names",
    "deprecated.security-groups.create/rule/listed",
    "deprecated.security-groups.create/rule/longest-texts",
    "deprecated.security-groups.create/rule/own-project",
    "deprecated.security-groups.create/rule/empty-texts",
    "deprecated.security-groups.create/rule/without-name",
    "deprecated.security-groups.delete/rule/gone",
    "deprecated.security-groups.delete/rule/this-group-only",
    "deprecated.security-groups.delete/rule/no-body",
)
def test_groups_come_and_go(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """A new group has the texts of the request, the longest and the empty ones too; only the deleted one goes."""
    control = ecs_cases.control("deprecated.security-groups.create")
    name, long = ecs_supplies.name("group"), ecs_supplies.name("group").ljust(255, "x")
    created = ecs_client.post(_GROUPS, _body(name))
    group = str(read(created, "security_group", "id"))
    for field, value in _body(name)["security_group"].items():
        ecs_check(
            "deprecated.security-groups.create/rule/answer-names",
            created,
            "body",
            "security_group",
            field,
            equals=value,
        )
    project = ecs_client.project_id
    ecs_check(
        "deprecated.security-groups.create/rule/own-project",
        created,
        "body",
        "security_group",
        "tenant_id",
        equals=project,
    )
    ecs_check("deprecated.security-groups.create/rule/listed", ecs_client.get(_GROUPS), *_IDS, contains=group)
    shown = ecs_client.get(f"{_GROUPS}/{group}")
    ecs_check("deprecated.security-groups.create/rule/listed", shown, "body", "security_group", "id", equals=group)
    # One at a time: a project may have few groups.
    for rule, body in (
        ("longest-texts", _body(long, "d" * 255)),
        ("empty-texts", _body("", "")),
        ("without-name", {"security_group": {}}),
    ):
        answer = ecs_client.post(_GROUPS, body)
        if ecs_check.accepted(f"{_CREATE}/{rule}", answer):
            _drop(ecs_client, str(read(answer, "security_group", "id")))
    other = _make(ecs_cases, ecs_supplies)
    deleted = ecs_client.delete(f"{_GROUPS}/{group}")
    ecs_check("deprecated.security-groups.delete/rule/no-body", deleted, "body", equals=None)
    ecs_wait.gone(f"{_GROUPS}/{group}", 10)
    listed = ecs_client.get(_GROUPS)
    ecs_check("deprecated.security-groups.delete/rule/gone", listed, *_IDS, lacks=group)
    ecs_expect(
        "deprecated.security-groups.delete/rule/gone",
        "GET",
        f"{_GROUPS}/{group}",
        expects="not-found",
        change="the group was deleted",
        control=control.id,
    )
    ecs_check("deprecated.security-groups.delete/rule/this-group-only", listed, *_IDS, contains=other)
    _drop(ecs_client, other)


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.update/rule/parent-group",
    "deprecated.security-groups.update/rule/one-peer",
    "deprecated.security-groups.update/rule/peer-complete",
    "deprecated.security-groups.update/rule/ports-in-order",
    "deprecated.security-groups.update/rule/ports-range",
    "deprecated.security-groups.update/rule/icmp-range",
    "deprecated.security-groups.update/rule/own-project",
    "deprecated.security-groups.update/rule/answer-names",
    "deprecated.security-groups.update/rule/updates",
    "deprecated.security-groups.update/rule/same-group",
    "deprecated.security-groups.update/rule/rules-stay",
    "deprecated.security-groups.update/rule/this-group-only",
    "deprecated.security-groups.update/rule/longest-texts",
)
def test_a_group_is_renamed(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Its texts are new in the answer and in its query, its rules and every other group are as they were."""
    ecs_cases.control("deprecated.security-groups.update")
    group, other = _with_rules(ecs_cases, ecs_supplies)
    path, name = f"{_GROUPS}/{group}", ecs_supplies.name("renamed")
    before, theirs = (
        _rules(ecs_client, group),
        read(ecs_client.get(f"{_GROUPS}/{other}"), "security_group"),
    )
    changed = ecs_client.put(path, _body(name, "new"))
    after = ecs_client.get(path)
    for field, value in (("name", name), ("description", "new")):
        ecs_check(
            "deprecated.security-groups.update/rule/answer-names",
            changed,
            "body",
            "security_group",
            field,
            equals=value,
        )
        ecs_check(
            "deprecated.security-groups.update/rule/updates", after, "body", "security_group", field, equals=value
        )
        unchanged = ecs_client.get(f"{_GROUPS}/{other}")
        ecs_check(
            "deprecated.security-groups.update/rule/this-group-only",
            unchanged,
            "body",
            "security_group",
            field,
            equals=theirs[field],
        )
    ecs_check(
        "deprecated.security-groups.update/rule/same-group", changed, "body", "security_group", "id", equals=group
    )
    project = ecs_client.project_id
    ecs_check(
        "deprecated.security-groups.update/rule/own-project",
        changed,
        "body",
        "security_group",
        "tenant_id",
        equals=project,
    )
    ids = [rule["id"] for rule in before]
    ecs_check(
        "deprecated.security-groups.update/rule/rules-stay",
        changed,
        "body",
        "security_group",
        "rules",
        "*",
        "id",
        same_items=ids,
    )
    ecs_check(
        "deprecated.security-groups.update/rule/rules-stay", after, "body", "security_group", "rules", same_items=before
    )
    _judge(ecs_check, _UPDATE, changed, "security_group", group=group)
    long = ecs_supplies.name("renamed").ljust(255, "x")
    longest = ecs_client.put(path, _body(long, "d" * 255))
    ecs_check(
        "deprecated.security-groups.update/rule/longest-texts", longest, "body", "security_group", "name", equals=long
    )
    _drop(ecs_client, group, other)


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.create/rule/answer-names",
    "deprecated.security-group-rules.create/rule/answer-cidr",
    "deprecated.security-group-rules.create/rule/answer-group-empty",
    "deprecated.security-group-rules.create/rule/listed",
    "deprecated.security-group-rules.create/rule/this-group-only",
    "deprecated.security-group-rules.create/rule/other-rules-stay",
    "deprecated.security-group-rules.create/rule/ports-as-numbers",
    "deprecated.security-group-rules.create/rule/by-group",
    "deprecated.security-group-rules.create/rule/group-before-cidr",
    "deprecated.security-group-rules.delete/rule/gone",
    "deprecated.security-group-rules.delete/rule/this-rule-only",
    "deprecated.security-group-rules.delete/rule/no-body",
)
def test_rules_come_and_go(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """By addresses, by group and by both, each is one more rule of its group alone; then one of them goes."""
    ecs_cases.control("deprecated.security-group-rules.create")
    group, other = _make(ecs_cases, ecs_supplies), _make(ecs_cases, ecs_supplies)
    first = _add(ecs_supplies, group, from_port=3000, to_port=3000, cidr=_NETWORK)
    sent = _rule(group, cidr=_NETWORK)
    created = ecs_client.post(_RULES, sent)
    rule, place = str(read(created, "security_group_rule", "id")), ("body", "security_group_rule")
    ecs_check.accepted("deprecated.security-group-rules.create/rule/ports-as-numbers", created)
    for name in ("parent_group_id", "ip_protocol", "from_port", "to_port"):
        wanted = sent["security_group_rule"][name]
        ecs_check("deprecated.security-group-rules.create/rule/answer-names", created, *place, name, equals=wanted)
    ecs_check(
        "deprecated.security-group-rules.create/rule/answer-cidr", created, *place, "ip_range", "cidr", equals=_NETWORK
    )
    ecs_check("deprecated.security-group-rules.create/rule/answer-group-empty", created, *place, "group", one_of=_EMPTY)
    ids, shown = ("body", "security_group", "rules", "*", "id"), ecs_client.get(f"{_GROUPS}/{group}")
    ecs_check("deprecated.security-group-rules.create/rule/listed", shown, *ids, contains=rule)
    ecs_check("deprecated.security-group-rules.create/rule/other-rules-stay", shown, *ids, contains=first)
    ecs_check(
        "deprecated.security-group-rules.create/rule/this-group-only",
        ecs_client.get(f"{_GROUPS}/{other}"),
        *ids,
        lacks=rule,
    )
    name = read(ecs_client.get(f"{_GROUPS}/{other}"), "security_group", "name")
    peer = {"name": name, "tenant_id": ecs_client.project_id}
    for claim, port, fields in (
        ("by-group", 4000, {"group_id": other}),
        ("group-before-cidr", 5000, {"group_id": other, "cidr": _NETWORK}),
    ):
        answer = ecs_client.post(_RULES, _rule(group, from_port=port, to_port=port, **fields))
        if not ecs_check.accepted(f"{_ADD}/{claim}", answer):
            continue
        made, shown = read(answer, "security_group_rule", "id"), ecs_client.get(f"{_GROUPS}/{group}")
        found = [entry["id"] for entry in read(shown, "security_group", "rules")]
        at = ("body", "security_group", "rules", found.index(made) if made in found else len(found))
        for field, value in peer.items():
            ecs_check(f"{_ADD}/{claim}", shown, *at, "group", field, equals=value)
        if claim == "group-before-cidr":
            ecs_check(f"{_ADD}/{claim}", shown, *at, "ip_range", one_of=_EMPTY)
    deleted = ecs_client.delete(f"{_RULES}/{rule}")
    ecs_check("deprecated.security-group-rules.delete/rule/no-body", deleted, "body", equals=None)
    left = ecs_client.get(f"{_GROUPS}/{group}")
    ecs_check("deprecated.security-group-rules.delete/rule/gone", left, *ids, lacks=rule)
    ecs_check("deprecated.security-group-rules.delete/rule/this-rule-only", left, *ids, contains=first)
    _drop(ecs_client, group, other)


@pytest.mark.ecs_requirement(
    "deprecated.security-group-rules.create/rule/ports-as-text",
    "deprecated.security-group-rules.create/rule/tcp-and-udp",
    "deprecated.security-group-rules.create/rule/icmp-type-and-code",
    "deprecated.security-group-rules.create/rule/icmp-code-below-type",
    "deprecated.security-group-rules.create/rule/icmp-any",
    "deprecated.security-group-rules.create/rule/ports-in-order",
    "deprecated.security-group-rules.create/rule/port-zero",
    "deprecated.security-group-rules.create/rule/icmp-too-large",
)
def test_ports_have_bounds(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """Each form and bound that the table names is accepted, and what is beyond is refused."""
    control = ecs_cases.control("deprecated.security-group-rules.create")
    group = _make(ecs_cases, ecs_supplies)
    icmp = {"ip_protocol": "icmp"}
    accepted: list[tuple[str, dict[str, Any]]] = [
        ("ports-as-text", {"from_port": "1100", "to_port": "1200"}),
        *(
            ("tcp-and-udp", {"ip_protocol": kind, "from_port": p, "to_port": p})
            for kind in ("tcp", "udp")
            for p in (1, 65535)
        ),
        ("icmp-type-and-code", {**icmp, "from_port": 0, "to_port": 255}),
        ("icmp-type-and-code", {**icmp, "from_port": 3, "to_port": 4}),
        ("icmp-code-below-type", {**icmp, "from_port": 8, "to_port": 0}),
        ("icmp-any", {**icmp, "from_port": -1, "to_port": -1}),
    ]
    for rule, fields in accepted:
        sent = ecs_client.post(_RULES, _rule(group, cidr=_NETWORK, **fields))
        ecs_check.accepted(f"{_ADD}/{rule}", sent)
    for rule, change, fields in (
        ("ports-in-order", "from_port is above to_port", {"from_port": 1300, "to_port": 1200}),
        ("port-zero", "the ports are 0", {"from_port": 0, "to_port": 0}),
        ("icmp-too-large", "the type is 256", {**icmp, "from_port": 256, "to_port": 256}),
        ("icmp-too-large", "the code is 256", {**icmp, "from_port": 1, "to_port": 256}),
    ):
        ecs_expect(
            f"{_ADD}/{rule}",
            "POST",
            _RULES,
            json=_rule(group, cidr=_NETWORK, **fields),
            expects="refused",
            change=change,
            control=control.id,
        )
    _drop(ecs_client, group)
