"""Rules of security groups (11.3.1 to 11.3.5)."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Supplies, Wait, read

from .grouping import EMPTY, GROUPS, drop, group_body, two_groups

_IDS = ("body", "security_groups", "*", "id")
_ONE = ("body", "security_group")


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.delete/rule/gone",
    "deprecated.security-groups.delete/rule/this-group-only",
    "deprecated.security-groups.delete/rule/no-body",
)
def test_a_group_is_deleted(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """It alone."""
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, other):
        deleted = ecs_client.delete(f"{GROUPS}/{group}")
        check = ecs_check.after(deleted)
        check("deprecated.security-groups.delete/rule/no-body", deleted, "body", equals=None)
        ecs_wait.gone(f"{GROUPS}/{group}", 10)
        gone = "deprecated.security-groups.delete/rule/gone"
        check(gone, ecs_client.get(GROUPS), *_IDS, lacks=group)
        check.refused(gone, ecs_client.get(f"{GROUPS}/{group}"), "not-found")
        look = lambda: ecs_client.get(GROUPS)  # noqa: E731 - it is about this test's project
        check.stays("deprecated.security-groups.delete/rule/this-group-only", look, *_IDS, contains=other)


@pytest.mark.parametrize(
    ("rule", "form"),
    [
        pytest.param(rule, form, id=form, marks=pytest.mark.ecs_requirement(rule))
        for rule, form in (
            ("deprecated.security-groups.create/rule/longest-texts", "longest"),
            ("deprecated.security-groups.create/rule/empty-texts", "empty"),
            ("deprecated.security-groups.create/rule/without-name", "none"),
        )
    ],
)
def test_a_group_has_any_texts(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies, rule: str, form: str
) -> None:
    """The longest, empty ones, and none."""
    ecs_cases.control("deprecated.security-groups.create")
    long = ecs_supplies.name("group").ljust(255, "x")
    bodies = {"longest": group_body(long, "d" * 255), "empty": group_body("", ""), "none": {"security_group": {}}}
    answer = ecs_expect(rule, "POST", GROUPS, json=bodies[form], expects="accepted")
    if answer.accepted:
        drop(ecs_client, str(read(answer, "security_group", "id")))


def _number(listed: Exchange, group: str) -> int:
    """Return where a group is in the list; raises `StepFailed` when it is not."""
    ids = read(listed, "security_groups", "*", "id")
    return ids.index(group) if group in ids else len(ids)


#: The rules about the rules that each answer shows.
_OF_RULES = {
    "list": (
        "deprecated.security-groups.list/rule/parent-group",
        "deprecated.security-groups.list/rule/one-peer",
        "deprecated.security-groups.list/rule/peer-complete",
        "deprecated.security-groups.list/rule/ports-in-order",
        "deprecated.security-groups.list/rule/ports-range",
        "deprecated.security-groups.list/rule/icmp-range",
    ),
    "show": (
        "deprecated.security-groups.show/rule/parent-group",
        "deprecated.security-groups.show/rule/one-peer",
        "deprecated.security-groups.show/rule/peer-complete",
        "deprecated.security-groups.show/rule/ports-in-order",
        "deprecated.security-groups.show/rule/ports-range",
        "deprecated.security-groups.show/rule/icmp-range",
    ),
    "update": (
        "deprecated.security-groups.update/rule/parent-group",
        "deprecated.security-groups.update/rule/one-peer",
        "deprecated.security-groups.update/rule/peer-complete",
        "deprecated.security-groups.update/rule/ports-in-order",
        "deprecated.security-groups.update/rule/ports-range",
        "deprecated.security-groups.update/rule/icmp-range",
    ),
}


def _judge(check: Check, view: str, exchange: Exchange, *place: str | int, group: str) -> None:
    """Judge each rule of a group, which has one of each sort."""
    parent, one_peer, complete, in_order, ports, icmp = _OF_RULES[view]
    for number, rule in enumerate(read(exchange, *place, "rules")):
        at = ("body", *place, "rules", number)
        check(parent, exchange, *at, "parent_group_id", equals=group)
        ranged = read(exchange, *place, "rules", number, "ip_range")
        peer, other = ("ip_range", "group") if ranged else ("group", "ip_range")
        check(one_peer, exchange, *at, other, one_of=EMPTY)
        for name in ("cidr",) if peer == "ip_range" else ("tenant_id", "name"):
            check(complete, exchange, *at, peer, name, present=True)
        first, last = rule.get("from_port"), rule.get("to_port")
        if rule.get("ip_protocol") == "icmp":
            for name in ("from_port", "to_port"):
                check(icmp, exchange, *at, name, one_of=[None, *range(-1, 256)])
        elif first is not None:
            check(in_order, exchange, *at, "to_port", at_least=first)
            check(ports, exchange, *at, "from_port", at_least=1)
            check(ports, exchange, *at, "to_port", at_most=65535)
        else:
            check(ports, exchange, *at, "to_port", equals=last if last is None else "null too")
    for name in _OF_RULES[view]:
        check.not_tested(name, "the group shows no rule of that sort")


@pytest.mark.parametrize(
    "view", [pytest.param(view, marks=pytest.mark.ecs_requirement(*_OF_RULES[view])) for view in _OF_RULES]
)
def test_a_group_shows_its_rules(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies, view: str
) -> None:
    """In the list, by itself and when it is renamed, with a rule of each sort."""
    with two_groups(ecs_client, ecs_cases, ecs_supplies, rules=True) as (group, _):
        if view == "list":
            answer = ecs_client.get(GROUPS)
            _judge(ecs_check, view, answer, "security_groups", _number(answer, group), group=group)
            return
        body = group_body(ecs_supplies.name("renamed"))
        path = f"{GROUPS}/{group}"
        answer = ecs_client.get(path) if view == "show" else ecs_client.put(path, body)
        _judge(ecs_check, view, answer, "security_group", group=group)


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.list/rule/own-project",
    "deprecated.security-groups.list/rule/has-groups",
    "deprecated.security-groups.show/rule/own-project",
    "deprecated.security-groups.show/rule/same-group",
    "deprecated.security-groups.show/rule/same-as-list",
)
def test_a_group_is_shown_as_it_is_listed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """As one of the project's."""
    with two_groups(ecs_client, ecs_cases, ecs_supplies, rules=True) as (group, _):
        listed, shown = ecs_client.get(GROUPS), ecs_client.get(f"{GROUPS}/{group}")
        number, project = _number(listed, group), ecs_client.project_id
        ecs_check("deprecated.security-groups.list/rule/has-groups", listed, *_IDS, contains=group)
        at = ("body", "security_groups", number, "tenant_id")
        ecs_check("deprecated.security-groups.list/rule/own-project", listed, *at, equals=project)
        ecs_check("deprecated.security-groups.show/rule/own-project", shown, *_ONE, "tenant_id", equals=project)
        ecs_check("deprecated.security-groups.show/rule/same-group", shown, *_ONE, "id", equals=group)
        entry, same = read(listed, "security_groups", number), "deprecated.security-groups.show/rule/same-as-list"
        for name in ("id", "name", "description", "tenant_id"):
            ecs_check(same, shown, *_ONE, name, equals=entry.get(name))
        ecs_check(same, shown, *_ONE, "rules", same_items=entry.get("rules"))


@pytest.mark.ecs_requirement("deprecated.security-groups.list/rule/no-pages")
def test_the_list_has_no_pages(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Parameters of pages change nothing."""
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, _):
        listed, rule = ecs_client.get(GROUPS), "deprecated.security-groups.list/rule/no-pages"
        queries = ({"limit": "1"}, {"offset": "1"}, {"offset": "1000"}, {"marker": group})
        answers = [ecs_client.get(GROUPS, query=query) for query in queries]
        before, after = (read(each, *_IDS[1:]) for each in (listed, ecs_client.get(GROUPS)))
        for asked in answers:
            if asked.accepted:
                ecs_check(rule, asked, *_IDS, includes=sorted(set(before) & set(after)))
            else:
                ecs_check.refused(rule, asked)


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.create/rule/answer-names",
    "deprecated.security-groups.create/rule/listed",
    "deprecated.security-groups.create/rule/own-project",
)
def test_a_group_is_made(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """It has the texts of the request, and is the project's."""
    ecs_cases.control("deprecated.security-groups.create")
    body = group_body(ecs_supplies.name("group"))
    created = ecs_client.post(GROUPS, body)
    group = str(read(created, "security_group", "id"))
    for field, value in body["security_group"].items():
        ecs_check("deprecated.security-groups.create/rule/answer-names", created, *_ONE, field, equals=value)
    project = ecs_client.project_id
    ecs_check("deprecated.security-groups.create/rule/own-project", created, *_ONE, "tenant_id", equals=project)
    ecs_check("deprecated.security-groups.create/rule/listed", ecs_client.get(GROUPS), *_IDS, contains=group)
    shown = ecs_client.get(f"{GROUPS}/{group}")
    ecs_check("deprecated.security-groups.create/rule/listed", shown, *_ONE, "id", equals=group)
    drop(ecs_client, group)


@pytest.mark.ecs_requirement(
    "deprecated.security-groups.update/rule/own-project",
    "deprecated.security-groups.update/rule/answer-names",
    "deprecated.security-groups.update/rule/updates",
    "deprecated.security-groups.update/rule/same-group",
    "deprecated.security-groups.update/rule/rules-stay",
    "deprecated.security-groups.update/rule/this-group-only",
)
def test_a_group_is_renamed(ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Its texts are new in the answer and in its query, its rules and every other group are as they were."""
    ecs_cases.control("deprecated.security-groups.update")
    with two_groups(ecs_client, ecs_cases, ecs_supplies, rules=True) as (group, other):
        path, name, project = f"{GROUPS}/{group}", ecs_supplies.name("renamed"), ecs_client.project_id
        before, theirs = (read(ecs_client.get(f"{GROUPS}/{one}"), "security_group") for one in (group, other))
        changed = ecs_client.put(path, group_body(name, "new"))
        check, after = ecs_check.after(changed), ecs_client.get(path)
        for field, value in (("name", name), ("description", "new")):
            check("deprecated.security-groups.update/rule/answer-names", changed, *_ONE, field, equals=value)
            check("deprecated.security-groups.update/rule/updates", after, *_ONE, field, equals=value)
        check("deprecated.security-groups.update/rule/same-group", changed, *_ONE, "id", equals=group)
        check("deprecated.security-groups.update/rule/own-project", changed, *_ONE, "tenant_id", equals=project)
        rules, stay = before["rules"], "deprecated.security-groups.update/rule/rules-stay"
        check(stay, changed, *_ONE, "rules", "*", "id", same_items=[rule["id"] for rule in rules])
        check(stay, after, *_ONE, "rules", same_items=rules)
        look, alone = (
            (lambda: ecs_client.get(f"{GROUPS}/{other}")),
            "deprecated.security-groups.update/rule/this-group-only",
        )
        for field in ("name", "description"):
            check.stays(alone, look, *_ONE, field, equals=theirs[field])


@pytest.mark.ecs_requirement("deprecated.security-groups.update/rule/longest-texts")
def test_a_group_gets_the_longest_texts(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """They are answered."""
    ecs_cases.control("deprecated.security-groups.update")
    rule, long = "deprecated.security-groups.update/rule/longest-texts", ecs_supplies.name("renamed").ljust(255, "x")
    with two_groups(ecs_client, ecs_cases, ecs_supplies) as (group, _):
        longest = ecs_client.put(f"{GROUPS}/{group}", group_body(long, "d" * 255))
        if ecs_check.accepted(rule, longest):
            ecs_check(rule, longest, *_ONE, "name", equals=long)
