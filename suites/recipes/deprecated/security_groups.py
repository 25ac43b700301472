"""Recipes: security groups and their rules (11.3)."""

from __future__ import annotations

from pytest_ecs import Exchange, Ingredients, Request, Step, recipe, url_of

_GROUPS = url_of("deprecated.security-groups.list")
_RULES = url_of("deprecated.security-group-rules.create")


def _wanted(use: Ingredients) -> dict[str, object]:
    return {"security_group": {"name": use.name(), "description": "made by a conformance run"}}


def _group(use: Ingredients) -> str:
    # A project may have few groups, so the operations share the one that requests to be refused speak of.
    return str(use.make(_GROUPS, _wanted(use), "security_group", "id", among="security groups"))


# No two of the operations use the same rule: a group has each rule once.
def _rule(group: str, **fields: object) -> dict[str, object]:
    return {
        "security_group_rule": {
            "parent_group_id": group,
            "ip_protocol": "tcp",
            "from_port": 8080,
            "to_port": 8090,
            **fields,
        }
    }


def _group_with_rules(use: Ingredients) -> str:
    group = _group(use)
    use.make(_RULES, _rule(group, cidr="192.0.2.0/24"), among="rule for addresses")
    use.make(_RULES, _rule(group, from_port=9000, to_port=9000, group_id=group), among="rule for a group")
    return group


def _delete_new(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [
        (
            "DELETE",
            url_of(
                "deprecated.security-groups.delete",
                security_group_id=str(exchange.response_body["security_group"]["id"]),
            ),
            None,
        )
    ]


def _delete_used(use: Ingredients, exchange: Exchange) -> list[Step]:
    return [("DELETE", f"{_GROUPS}/{exchange.parameters['security_group_id']}", None)]


@recipe("deprecated.security-groups.list")
def _list(use: Ingredients) -> Request:
    return Request()


@recipe("deprecated.security-groups.create", undo=_delete_new)
def _create(use: Ingredients) -> Request:
    return Request(body=_wanted(use))


@recipe("deprecated.security-groups.show")
def _show(use: Ingredients) -> Request:
    return Request({"security_group_id": _group_with_rules(use)})


@recipe("deprecated.security-groups.update", undo=_delete_used)
def _update(use: Ingredients) -> Request:
    return Request({"security_group_id": _group_with_rules(use)}, body=_wanted(use))


@recipe("deprecated.security-groups.delete")
def _delete(use: Ingredients) -> Request:
    return Request({"security_group_id": _group(use)})


def _delete_group_of_rule(use: Ingredients, exchange: Exchange) -> list[Step]:
    group = exchange.request_body["security_group_rule"]["parent_group_id"]
    return [("DELETE", f"{_GROUPS}/{group}", None)]


@recipe("deprecated.security-group-rules.create", undo=_delete_group_of_rule)
def _create_rule(use: Ingredients) -> Request:
    return Request(body=_rule(_group(use), from_port=6060, cidr="192.0.2.0/24"))


@recipe("deprecated.security-group-rules.create", variant="group")
def _create_rule_for_group(use: Ingredients) -> Request:
    return Request(body=_rule(_group(use), from_port=6060, group_id=use.need("security_group_id")))


@recipe("deprecated.security-group-rules.create", variant="text")
def _create_rule_in_text(use: Ingredients) -> Request:
    return Request(body=_rule(_group(use), from_port="6060", to_port="8090", cidr="192.0.2.0/24"))


@recipe("deprecated.security-group-rules.delete")
def _delete_rule(use: Ingredients) -> Request:
    rule = use.make(_RULES, _rule(_group(use), from_port=7070, cidr="192.0.2.0/24"), "security_group_rule", "id")
    return Request({"security_group_rule_id": str(rule)})
