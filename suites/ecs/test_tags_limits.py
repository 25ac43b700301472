"""Rules of how many tags a server has, and of requests for tags that are not well formed (5.9.3, 5.9.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from pytest_ecs import Cases, Check, Client, Expect, Lease, Servers, Wait, load_contract
from pytest_ecs.exceptions import PrerequisiteMissing

from .tagging import add, body_of, delete, has, lacks, pairs_of, path_of, show, untagged

#: An ECS has at most this many tags (5.9.3).
_MOST = 10
_TEN = {f"key-{number}": f"value-{number}" for number in range(_MOST)}


@contextmanager
def _full(client: Client, wait: Wait, lease: Lease) -> Iterator[None]:
    """Give a server ten tags; raises `PrerequisiteMissing` when it cannot have them."""
    with untagged(client, wait, lease):
        added = add(client, wait, lease, **_TEN)
        if not added.accepted or len(pairs_of(client, lease)) != _MOST:
            raise PrerequisiteMissing("A server with ten tags is needed", seen=added.answer)
        yield


def _refuse(
    cases: Cases,
    expect: Expect,
    rule: str,
    lease: Lease,
    tags: Sequence[tuple[str, str]],
    change: str,
    action: str = "",
) -> None:
    """Send a request for tags that is refused, for adding or deleting them as *rule* says."""
    operation = str(load_contract().requirements[rule].operation)
    expect(
        rule,
        "POST",
        path_of(lease, "/action"),
        json=body_of(action or {"ecs.tags.add": "create", "ecs.tags.delete": "delete"}[operation], tags),
        expects="invalid",
        change=change,
        control=cases.control(operation).id,
        codes=() if action else expect.codes_of("ecs.tags.add", "tags"),
    )


@pytest.mark.ecs_requirement("ecs.tags.add/rule/ten")
def test_ten_tags_are_accepted(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """At once, for a server that has none."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        if ecs_check.accepted("ecs.tags.add/rule/ten", add(ecs_client, ecs_wait, lease, **_TEN)):
            has(ecs_check, "ecs.tags.add/rule/ten", show(ecs_client, lease), _TEN)


@pytest.mark.ecs_requirement("ecs.tags.add/rule/eleven-at-once")
def test_eleven_tags_are_refused(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """At once, for a server that has none."""
    rule, lease = "ecs.tags.add/rule/eleven-at-once", ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        eleven = [*_TEN.items(), ("eleventh", "one")]
        _refuse(ecs_cases, ecs_expect, rule, lease, eleven, "there are eleven tags")
        ecs_check.stays(rule, lambda: show(ecs_client, lease), "body", "tags", length_at_most=_MOST)


@pytest.mark.ecs_requirement("ecs.tags.add/rule/eleventh")
def test_an_eleventh_tag_is_refused(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """And the ten others stay."""
    rule, lease = "ecs.tags.add/rule/eleventh", ecs_servers()
    with _full(ecs_client, ecs_wait, lease):
        _refuse(ecs_cases, ecs_expect, rule, lease, [("eleventh", "one")], "the server has ten tags")
        keys = ("body", "tags", "*", "key")
        ecs_check.stays(rule, lambda: show(ecs_client, lease), *keys, lacks="eleventh")
        has(ecs_check, rule, show(ecs_client, lease), _TEN)


@pytest.mark.ecs_requirement("ecs.tags.add/rule/full-idempotent", "ecs.tags.add/rule/full-overwrite")
def test_a_full_server_takes_what_it_has(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """One of its tags again, and another value for it."""
    lease = ecs_servers()
    with _full(ecs_client, ecs_wait, lease):
        rule = "ecs.tags.add/rule/full-idempotent"
        if ecs_check.accepted(rule, add(ecs_client, ecs_wait, lease, **{"key-3": "value-3"})):
            has(ecs_check, rule, show(ecs_client, lease), _TEN)
        rule = "ecs.tags.add/rule/full-overwrite"
        if ecs_check.accepted(rule, add(ecs_client, ecs_wait, lease, **{"key-3": "another"})):
            has(ecs_check, rule, show(ecs_client, lease), {"key-3": "another"})


@pytest.mark.ecs_requirement("ecs.tags.delete/rule/room-again")
def test_a_deletion_makes_room(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """For another tag."""
    rule, lease = "ecs.tags.delete/rule/room-again", ecs_servers()
    with _full(ecs_client, ecs_wait, lease):
        check = ecs_check.after(delete(ecs_client, ecs_wait, lease, **{"key-5": "value-5"}))
        if len(pairs_of(ecs_client, lease)) == _MOST:
            raise PrerequisiteMissing("A tag that was deleted is needed", seen="the server has ten tags still")
        added = add(ecs_client, ecs_wait, lease, again="room")
        check.accepted(rule, added)
        has(check.after(added), rule, show(ecs_client, lease), {"again": "room"})


@pytest.mark.ecs_requirement("ecs.tags.add/rule/key-twice", "ecs.tags.add/rule/key-twice-refused")
def test_a_key_is_added_once(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """A request that names it twice is refused; if not, the server has it once."""
    lease, twice = ecs_servers(), [("twice", "a"), ("twice", "b")]
    with untagged(ecs_client, ecs_wait, lease):
        rule = "ecs.tags.add/rule/key-twice-refused"
        _refuse(ecs_cases, ecs_expect, rule, lease, twice, "a key is there twice")
        shown = show(ecs_client, lease)
        if "twice" in pairs_of(ecs_client, lease):
            ecs_check("ecs.tags.add/rule/key-twice", shown, "body", "tags", "*", "key", has_one="twice")
        else:
            lacks(ecs_check, "ecs.tags.add/rule/key-twice", shown, "twice")


@pytest.mark.ecs_requirement("ecs.tags.delete/rule/key-twice-refused")
def test_a_key_is_deleted_once(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """A request that names it twice is refused."""
    lease = ecs_servers()
    with untagged(ecs_client, ecs_wait, lease):
        rule, twice = "ecs.tags.delete/rule/key-twice-refused", [("no", "a"), ("no", "b")]
        _refuse(ecs_cases, ecs_expect, rule, lease, twice, "a key is there twice")


@pytest.mark.ecs_requirement("ecs.tags.add/rule/lower-case-action", "ecs.tags.delete/rule/lower-case-action")
def test_an_action_is_in_lower_case(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """With a capital letter it adds and deletes nothing."""
    lease, change = ecs_servers(), "the action has a capital letter"
    with untagged(ecs_client, ecs_wait, lease):
        added = add(ecs_client, ecs_wait, lease, owner="me")
        rule = "ecs.tags.add/rule/lower-case-action"
        _refuse(ecs_cases, ecs_expect, rule, lease, [("stage", "test")], change, "Create")
        rule = "ecs.tags.delete/rule/lower-case-action"
        _refuse(ecs_cases, ecs_expect, rule, lease, [("owner", "me")], change, "Delete")
        keys = ("body", "tags", "*", "key")
        ecs_check.after(added).stays(rule, lambda: show(ecs_client, lease), *keys, has_one="owner")
