"""Rules of querying the tags of a project (5.9.5)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Check, Client, Clients, Exchange, Servers, Supplies, Wait, read, url_of

from .tagging import add, delete, lacks, new_key, untagged

_PROJECT = url_of("ecs.tags.list-project")


def _values(check: Check, rule: str, listed: Exchange, key: str, **test: Any) -> None:
    """The values of a key pass the test; a key that is not there fails it."""
    keys = [tag["key"] for tag in read(listed, "tags")] if listed.accepted else []
    if key in keys:
        check(rule, listed, "body", "tags", keys.index(key), "values", **test)
    else:
        check(rule, listed, "body", "tags", "*", "key", contains=key)


@pytest.mark.ecs_requirement(
    "ecs.tags.list-project/rule/has-tags",
    "ecs.tags.list-project/rule/key-once",
    "ecs.tags.list-project/rule/value-once",
)
def test_the_tags_of_a_project_are_those_of_its_servers(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The values that servers have for a key are together, each once."""
    one, other = ecs_servers.batch(2)
    key, same = new_key(ecs_supplies), new_key(ecs_supplies)
    with untagged(ecs_client, ecs_wait, one, other):
        check = ecs_check.after(
            add(ecs_client, ecs_wait, one, **{key: "first", same: "first"}),
            add(ecs_client, ecs_wait, other, **{key: "second", same: "first"}),
        )
        listed = ecs_client.get(_PROJECT)
        _values(check, "ecs.tags.list-project/rule/has-tags", listed, key, includes=["first", "second"])
        _values(check, "ecs.tags.list-project/rule/has-tags", listed, same, includes=["first"])
        for mine in (key, same):
            check("ecs.tags.list-project/rule/key-once", listed, "body", "tags", "*", "key", has_one=mine)
        _values(check, "ecs.tags.list-project/rule/value-once", listed, same, has_one="first")


@pytest.mark.ecs_requirement("ecs.tags.list-project/rule/overwritten")
def test_a_value_that_was_overwritten_is_gone(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """The values of other servers stay."""
    one, other = ecs_servers.batch(2)
    key, rule = new_key(ecs_supplies), "ecs.tags.list-project/rule/overwritten"
    with untagged(ecs_client, ecs_wait, one, other):
        check = ecs_check.after(
            add(ecs_client, ecs_wait, one, **{key: "first"}),
            add(ecs_client, ecs_wait, other, **{key: "second"}),
            add(ecs_client, ecs_wait, other, **{key: "third"}),
        )
        listed = ecs_client.get(_PROJECT)
        _values(check, rule, listed, key, lacks="second")
        _values(check, rule, listed, key, includes=["first", "third"])


@pytest.mark.ecs_requirement("ecs.tags.list-project/rule/no-longer-used")
def test_a_tag_that_no_server_has_is_gone(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """First a value, then the key."""
    one, other = ecs_servers.batch(2)
    key, rule = new_key(ecs_supplies), "ecs.tags.list-project/rule/no-longer-used"
    with untagged(ecs_client, ecs_wait, one, other):
        check = ecs_check.after(
            add(ecs_client, ecs_wait, one, **{key: "first"}),
            add(ecs_client, ecs_wait, other, **{key: "second"}),
            delete(ecs_client, ecs_wait, other, **{key: None}),
        )
        _values(check, rule, ecs_client.get(_PROJECT), key, lacks="second")
        check = check.after(delete(ecs_client, ecs_wait, one, **{key: None}))
        lacks(check, rule, ecs_client.get(_PROJECT), key)


@pytest.mark.ecs_requirement("ecs.tags.list-project/rule/own-project")
def test_another_project_does_not_list_a_tag(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """That only servers of this project have."""
    stranger, lease, key = ecs_clients("other_project"), ecs_servers(), new_key(ecs_supplies)
    with untagged(ecs_client, ecs_wait, lease):
        check = ecs_check.after(add(ecs_client, ecs_wait, lease, **{key: "first"}))
        lacks(check, "ecs.tags.list-project/rule/own-project", stranger.get(_PROJECT), key)
