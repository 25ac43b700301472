"""Rules of adding, deleting and querying the tags of a server, with key and value (5.9.3, 5.9.4, 5.9.6)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_ecs import Check, Client, Clients, Servers, Wait, load_contract, url_of

from .tagging import Tags, add, delete, has, lacks, path_of, show, untagged

#: Characters that a key may have (table 5-76), and how many of them; a deletion takes longer ones (table 5-79).
_CHARACTERS, _KEY_LENGTH, _VALUE_LENGTH = "Kk9_-一鿿", 36, 43
_DELETED_KEY, _DELETED_VALUE = "k" * 127, "v" * 255


@pytest.mark.ecs_requirement(
    "ecs.tags.add/rule/adds",
    "ecs.tags.add/rule/keeps",
    "ecs.tags.add/rule/no-body",
    "ecs.tags.add/rule/this-server-only",
    "ecs.tags.add/rule/same-key-elsewhere",
    "ecs.tags.list/rule/own-server",
)
def test_tags_are_added(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """To one server, beside those that it has; another one may have the same keys."""
    one, other = ecs_servers.batch(2)
    with untagged(ecs_client, ecs_wait, one, other):
        theirs = add(ecs_client, ecs_wait, other, owner="me", stage="live", elsewhere="yes")
        first = add(ecs_client, ecs_wait, one, owner="me")
        check = ecs_check.after(first)
        check("ecs.tags.add/rule/no-body", first, "body", equals=None)
        has(check, "ecs.tags.add/rule/adds", show(ecs_client, one), {"owner": "me"})
        both = check.after(add(ecs_client, ecs_wait, one, stage="test"))
        shown = show(ecs_client, one)
        has(both, "ecs.tags.add/rule/adds", shown, {"stage": "test"})
        has(both, "ecs.tags.add/rule/keeps", shown, {"owner": "me"})
        with_theirs = both.after(theirs)
        lacks(with_theirs, "ecs.tags.list/rule/own-server", shown, "elsewhere")
        unchanged = {"owner": "me", "stage": "live"}
        for rule in ("ecs.tags.add/rule/same-key-elsewhere", "ecs.tags.add/rule/this-server-only"):
            has(with_theirs, rule, show(ecs_client, other), unchanged)
        rule = "ecs.tags.add/rule/this-server-only"
        with_theirs.stays(rule, lambda: show(ecs_client, other), "body", "tags", length=len(unchanged) + 1)


@pytest.mark.ecs_requirement(
    "ecs.tags.add/rule/overwrites",
    "ecs.tags.add/rule/idempotent",
    "ecs.tags.add/rule/keeps",
)
def test_a_key_is_added_again(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """With the same value nothing changes, another one replaces it."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        check = ecs_check.after(add(ecs_client, ecs_wait, lease, stage="test", owner="me"))
        again = add(ecs_client, ecs_wait, lease, owner="me")
        check.accepted("ecs.tags.add/rule/idempotent", again)
        has(check.after(again), "ecs.tags.add/rule/idempotent", show(ecs_client, lease), {"owner": "me"})
        changed = add(ecs_client, ecs_wait, lease, stage="done")
        check.accepted("ecs.tags.add/rule/overwrites", changed)
        shown = show(ecs_client, lease)
        has(check.after(changed), "ecs.tags.add/rule/overwrites", shown, {"stage": "done"})
        has(check.after(changed), "ecs.tags.add/rule/keeps", shown, {"owner": "me"})


@pytest.mark.parametrize(
    ("rule", "tags"),
    [
        pytest.param(rule, tags, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule))
        for rule, tags in (
            ("ecs.tags.add/rule/shortest", {"k": "v"}),
            ("ecs.tags.add/rule/longest", {"k" * _KEY_LENGTH: "v" * _VALUE_LENGTH}),
            ("ecs.tags.add/rule/han", {_CHARACTERS: _CHARACTERS}),
            ("ecs.tags.add/rule/period", {"version": "1.2"}),
            ("ecs.tags.add/rule/empty-value", {"bare": ""}),
        )
    ],
)
def test_a_tag_at_the_edge_is_added(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, rule: str, tags: Tags
) -> None:
    """Of what is allowed, and kept as it is."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        if ecs_check.accepted(rule, add(ecs_client, ecs_wait, lease, **tags)):
            has(ecs_check, rule, show(ecs_client, lease), tags)


@pytest.mark.ecs_requirement("ecs.tags.list/rule/all-tags", "ecs.tags.list/rule/key-once")
def test_the_tags_of_a_server_are_listed(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """All of them, and each key once."""
    lease, tags = ecs_servers(), {"owner": "me", "stage": "test", "version": "1"}
    with untagged(ecs_client, ecs_wait, lease):
        check = ecs_check.after(add(ecs_client, ecs_wait, lease, **tags))
        shown = show(ecs_client, lease)
        has(check, "ecs.tags.list/rule/all-tags", shown, tags)
        for key in tags:
            check("ecs.tags.list/rule/key-once", shown, "body", "tags", "*", "key", has_one=key)
        # The native queries show tags, too, so the form that they have there is judged once for sure.
        for query in (url_of("nova.servers.show", server_id=lease.id), url_of("nova.servers.list-detail")):
            ecs_client.get(query, microversion="2.26")


@pytest.mark.ecs_requirement("ecs.tags.list/rule/no-tags")
def test_a_server_without_tags(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """Has an empty list; those of the other kind (6.15) may be in it."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        path = url_of("nova.tags.list", server_id=lease.id)
        native = ecs_client.get(path, microversion="2.26").response_body
        if isinstance(native, Mapping) and native.get("tags"):
            ecs_check.not_tested("ecs.tags.list/rule/no-tags", "the server has tags of the other kind (6.15)")
        else:
            ecs_check("ecs.tags.list/rule/no-tags", show(ecs_client, lease), "body", "tags", equals=[])


@pytest.mark.ecs_requirement("ecs.tags.list/rule/other-project")
def test_another_project_sees_no_tags(
    ecs_client: Client, ecs_clients: Clients, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """The server is refused to it, as forbidden or as not there."""
    stranger, lease = ecs_clients("other_project"), ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        add(ecs_client, ecs_wait, lease, owner="me")
        check = ecs_check.after(show(ecs_client, lease))
        check.refused("ecs.tags.list/rule/other-project", stranger.get(path_of(lease)), "foreign-server")


@pytest.mark.ecs_requirement(
    "ecs.tags.delete/rule/deletes",
    "ecs.tags.delete/rule/keeps",
    "ecs.tags.delete/rule/this-server-only",
    "ecs.tags.delete/rule/no-body",
)
def test_a_tag_is_deleted(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """By its key and value, from its server alone, where the others stay."""
    one, other = ecs_servers.batch(2)
    with untagged(ecs_client, ecs_wait, one, other):
        added = [add(ecs_client, ecs_wait, lease, owner="me", stage="test") for lease in (one, other)]
        deleted = delete(ecs_client, ecs_wait, one, owner="me")
        check = ecs_check.after(*added, deleted)
        check("ecs.tags.delete/rule/no-body", deleted, "body", equals=None)
        lacks(check, "ecs.tags.delete/rule/deletes", show(ecs_client, one), "owner")
        rule, keys = "ecs.tags.delete/rule/keeps", ("body", "tags", "*", "key")
        check.stays(rule, lambda: show(ecs_client, one), *keys, has_one="stage")
        has(check, rule, show(ecs_client, one), {"stage": "test"})
        has(check, "ecs.tags.delete/rule/this-server-only", show(ecs_client, other), {"owner": "me", "stage": "test"})


@pytest.mark.ecs_requirement("ecs.tags.delete/rule/by-key")
def test_a_tag_is_deleted_by_its_key(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Without its value."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        check = ecs_check.after(add(ecs_client, ecs_wait, lease, owner="me"))
        deleted = delete(ecs_client, ecs_wait, lease, owner=None)
        check.accepted("ecs.tags.delete/rule/by-key", deleted)
        lacks(check.after(deleted), "ecs.tags.delete/rule/by-key", show(ecs_client, lease), "owner")


@pytest.mark.ecs_requirement("ecs.tags.delete/rule/idempotent")
def test_a_tag_that_is_not_there_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Alone, and beside one that is there."""
    lease, rule = ecs_servers(), "ecs.tags.delete/rule/idempotent"
    with untagged(ecs_client, ecs_wait, lease):
        ecs_check.accepted(rule, delete(ecs_client, ecs_wait, lease, never=None))
        added = add(ecs_client, ecs_wait, lease, version="1")
        mixed = delete(ecs_client, ecs_wait, lease, never=None, version=None)
        ecs_check.after(added).accepted(rule, mixed)
        lacks(ecs_check.after(added, mixed), rule, show(ecs_client, lease), "version")


@pytest.mark.parametrize(
    ("rule", "tags"),
    [
        pytest.param(rule, tags, id=load_contract().requirements[rule].case, marks=pytest.mark.ecs_requirement(rule))
        for rule, tags in (
            ("ecs.tags.delete/rule/long-key", {_DELETED_KEY: _DELETED_VALUE}),
            # Whether the tag stays or goes by these two is open.
            ("ecs.tags.delete/rule/other-value", {"stage": "another"}),
            ("ecs.tags.delete/rule/empty-value", {"stage": ""}),
        )
    ],
)
def test_a_deletion_is_accepted(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait, rule: str, tags: Tags
) -> None:
    """Of a long tag that is not there, and of one that is there with another value."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        added = add(ecs_client, ecs_wait, lease, stage="test")
        ecs_check.after(added).accepted(rule, delete(ecs_client, ecs_wait, lease, **tags))
