"""Rules of tags with key and value (5.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Lease, Servers, Supplies, Wait, read

_QUERY, _ADD = (
    f"ecs.tags.{verb}/rule"
    for verb in (
        "query",
        "add",
    )
)
_SEARCH = "/v1/{project_id}/servers/resource_instances/action"
_PROJECT = "/v1/{project_id}/servers/tags"
_FOUND = ("body", "resources", "*", "resource_id")
#: An ECS has at most this many tags (5.9.3).
_MOST = 10
#: Characters that a key may have (table 5-76), and how many of them.
_KEY, _KEY_LENGTH, _VALUE_LENGTH = "Kk9_-一鿿", 36, 43

Tags = Mapping[str, str]


def _path(server: Lease, action: str = "") -> str:
    return f"/v1/{{project_id}}/servers/{server.id}/tags{action}"


def _body(action: str, tags: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    listed = [{"key": key} | ({} if value is None else {"value": value}) for key, value in tags]
    return {"action": action, "tags": listed}


def _send(client: Client, wait: Wait, server: Lease, action: str, tags: Iterable[tuple[str, str | None]]) -> Exchange:
    """Send a request for tags; one that is put off is given a while."""
    sent = client.post(_path(server, "/action"), _body(action, tags))
    if sent.status == 202:
        wait.sleep(5.0)
    return sent


def _new_key(supplies: Supplies) -> str:
    """Return a key that no server has; names are too long for one."""
    return f"k-{supplies.unknown_id().replace('-', '')}"


def _add(client: Client, wait: Wait, server: Lease, **tags: str) -> Exchange:
    sent = _send(client, wait, server, "create", tags.items())
    read(sent)
    return sent


def _shown(client: Client, server: Lease) -> Exchange:
    return client.get(_path(server))


def _pairs(client: Client, server: Lease) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in read(_shown(client, server), "tags")}


def _clear(client: Client, wait: Wait, server: Lease) -> None:
    """Take all tags from a server, so that nobody else meets them."""
    tags = _pairs(client, server)
    if tags:
        _send(client, wait, server, "delete", [(key, None) for key in tags])
        server.spoilt = bool(_pairs(client, server))


def _has(check: Check, rule: str, shown: Exchange, tags: Tags, *at: str | int) -> None:
    """Each of the tags is there, once and with its value, in the list at *at* of the answer."""
    place = at or ("tags",)
    for key, value in tags.items():
        if check(rule, shown, "body", *place, "*", "key", has_one=key):
            index = [tag["key"] for tag in read(shown, *place)].index(key)
            check(rule, shown, "body", *place, index, "value", equals=value)


def _lacks(check: Check, rule: str, shown: Exchange, *keys: str) -> None:
    for key in keys:
        check(rule, shown, "body", "tags", "*", "key", lacks=key)


def _accepted(check: Check, rule: str, exchange: Exchange) -> bool:
    return check.accepted(rule, exchange)


@pytest.mark.ecs_requirement(
    "ecs.tags.add/rule/adds",
    "ecs.tags.add/rule/keeps",
    "ecs.tags.add/rule/overwrites",
    "ecs.tags.add/rule/idempotent",
    "ecs.tags.add/rule/longest",
    "ecs.tags.add/rule/han",
    "ecs.tags.add/rule/period",
    "ecs.tags.add/rule/empty-value",
    "ecs.tags.add/rule/same-key-elsewhere",
    "ecs.tags.add/rule/this-server-only",
    "ecs.tags.add/rule/no-body",
    "ecs.tags.delete/rule/deletes",
    "ecs.tags.delete/rule/keeps",
    "ecs.tags.delete/rule/idempotent",
    "ecs.tags.delete/rule/by-key",
    "ecs.tags.delete/rule/other-value",
    "ecs.tags.delete/rule/empty-value",
    "ecs.tags.delete/rule/long-key",
    "ecs.tags.delete/rule/this-server-only",
    "ecs.tags.delete/rule/no-body",
    "ecs.tags.list/rule/all-tags",
    "ecs.tags.list/rule/key-once",
    "ecs.tags.list/rule/own-server",
    "ecs.tags.list/rule/no-tags",
)
def test_tags_come_and_go(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """Tags are added, overwritten and deleted on one server, beside those that it has and without touching another's."""
    one, other = ecs_servers.batch(2)
    for server in (one, other):
        _clear(ecs_client, ecs_wait, server)
    _check_untagged(ecs_client, ecs_check, one)
    added = _add(ecs_client, ecs_wait, one, stage="test", owner="me")
    ecs_check("ecs.tags.add/rule/no-body", added, "body", equals=None)
    _has(ecs_check, "ecs.tags.add/rule/adds", _shown(ecs_client, one), {"stage": "test", "owner": "me"})
    _lacks(ecs_check, "ecs.tags.add/rule/this-server-only", _shown(ecs_client, other), "stage", "owner")
    _add(ecs_client, ecs_wait, other, owner="me", stage="live", elsewhere="yes")
    _has(ecs_check, "ecs.tags.add/rule/same-key-elsewhere", _shown(ecs_client, other), {"owner": "me", "stage": "live"})
    shown = _shown(ecs_client, one)
    _has(ecs_check, "ecs.tags.add/rule/same-key-elsewhere", shown, {"owner": "me", "stage": "test"})
    _lacks(ecs_check, "ecs.tags.list/rule/own-server", shown, "elsewhere")
    _accepted(ecs_check, "ecs.tags.add/rule/idempotent", _send(ecs_client, ecs_wait, one, "create", [("owner", "me")]))
    _has(ecs_check, "ecs.tags.add/rule/idempotent", _shown(ecs_client, one), {"owner": "me"})
    _accepted(
        ecs_check, "ecs.tags.add/rule/overwrites", _send(ecs_client, ecs_wait, one, "create", [("stage", "done")])
    )
    shown = _shown(ecs_client, one)
    _has(ecs_check, "ecs.tags.add/rule/overwrites", shown, {"stage": "done"})
    _has(ecs_check, "ecs.tags.add/rule/keeps", shown, {"owner": "me"})
    theirs = {"owner": "me", "stage": "live", "elsewhere": "yes"}
    _has(ecs_check, "ecs.tags.add/rule/this-server-only", _shown(ecs_client, other), theirs)
    kept = _check_values(ecs_client, ecs_check, ecs_wait, one, {"owner": "me", "stage": "done"})
    shown = _shown(ecs_client, one)
    _has(ecs_check, "ecs.tags.list/rule/all-tags", shown, kept)
    # The native queries show tags, too, so the form that they have there is judged once for sure.
    for query in (f"/{one.id}", "/detail"):
        ecs_client.get(f"/v2.1/{{project_id}}/servers{query}", microversion="2.26")
    for key in kept:
        ecs_check("ecs.tags.list/rule/key-once", shown, "body", "tags", "*", "key", has_one=key)
    _check_deletion(ecs_client, ecs_check, ecs_wait, one)
    _has(
        ecs_check, "ecs.tags.delete/rule/this-server-only", _shown(ecs_client, other), {"owner": "me", "stage": "live"}
    )
    for server in (one, other):
        _clear(ecs_client, ecs_wait, server)
        server.release()


def _check_untagged(client: Client, check: Check, server: Lease) -> None:
    path = f"/v2.1/{{project_id}}/servers/{server.id}/tags"
    native = client.get(path, microversion="2.26").response_body
    if isinstance(native, Mapping) and native.get("tags"):
        check.not_tested("ecs.tags.list/rule/no-tags", "the server has tags of the other kind (6.15)")
    else:
        check("ecs.tags.list/rule/no-tags", _shown(client, server), "body", "tags", equals=[])


def _check_values(client: Client, check: Check, wait: Wait, server: Lease, tags: Tags) -> dict[str, str]:
    """Add tags at the edge of what is allowed; return all that are on the server then."""
    longest = {"k" * _KEY_LENGTH: "v" * _VALUE_LENGTH}
    for rule, more in (
        ("longest", longest),
        ("han", {_KEY: _KEY}),
        ("period", {"version": "1.2"}),
        ("empty-value", {"bare": ""}),
    ):
        if _accepted(check, f"{_ADD}/{rule}", _send(client, wait, server, "create", more.items())):
            _has(check, f"{_ADD}/{rule}", _shown(client, server), more)
            tags = {**tags, **more}
    return dict(tags)


def _check_deletion(client: Client, check: Check, wait: Wait, server: Lease) -> None:
    tags = _pairs(client, server)
    left = {key: value for key, value in tags.items() if key not in {"owner", "version", "k" * _KEY_LENGTH}}
    deleted = _send(client, wait, server, "delete", [("owner", "me")])
    check("ecs.tags.delete/rule/no-body", deleted, "body", equals=None)
    shown = _shown(client, server)
    _lacks(check, "ecs.tags.delete/rule/deletes", shown, "owner")
    _has(check, "ecs.tags.delete/rule/keeps", shown, {key: value for key, value in tags.items() if key != "owner"})
    _accepted(check, "ecs.tags.delete/rule/idempotent", _send(client, wait, server, "delete", [("owner", "me")]))
    mixed = _send(client, wait, server, "delete", [("never-there", "x"), ("version", "1.2")])
    _accepted(check, "ecs.tags.delete/rule/idempotent", mixed)
    _lacks(check, "ecs.tags.delete/rule/idempotent", _shown(client, server), "version")
    _accepted(check, "ecs.tags.delete/rule/by-key", _send(client, wait, server, "delete", [("k" * _KEY_LENGTH, None)]))
    _lacks(check, "ecs.tags.delete/rule/by-key", _shown(client, server), "k" * _KEY_LENGTH)
    _has(check, "ecs.tags.delete/rule/keeps", _shown(client, server), left)
    _accepted(check, "ecs.tags.delete/rule/long-key", _send(client, wait, server, "delete", [("k" * 127, "v" * 255)]))
    # Whether the tag stays or goes by these two is open.
    _accepted(check, "ecs.tags.delete/rule/other-value", _send(client, wait, server, "delete", [("stage", "another")]))
    _accepted(check, "ecs.tags.delete/rule/empty-value", _send(client, wait, server, "delete", [("stage", "")]))


_OF_TEN = (
    *(f"{_ADD}/{rule}" for rule in ("ten", "eleventh", "eleven-at-once", "full-idempotent", "full-overwrite")),
    "ecs.tags.delete/rule/room-again",
)


@pytest.mark.ecs_requirement(
    "ecs.tags.add/rule/ten",
    "ecs.tags.add/rule/eleventh",
    "ecs.tags.add/rule/eleven-at-once",
    "ecs.tags.add/rule/full-idempotent",
    "ecs.tags.add/rule/full-overwrite",
    "ecs.tags.delete/rule/room-again",
)
def test_a_server_has_ten_tags_at_most(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """Ten are accepted and an eleventh is refused, alone or with the others; room is made by deleting one."""
    control = ecs_cases.control("ecs.tags.add")
    codes = ecs_expect.codes_of("ecs.tags.add", "tags")
    lease = ecs_servers()
    _clear(ecs_client, ecs_wait, lease)
    if _pairs(ecs_client, lease):
        for rule in _OF_TEN:
            ecs_check.not_tested(rule, "the server keeps tags that were deleted")
        lease.release()
        return
    eleven = {f"key-{number}": f"value-{number}" for number in range(_MOST + 1)}
    ten = dict(list(eleven.items())[:_MOST])
    ecs_expect(
        "ecs.tags.add/rule/eleven-at-once",
        "POST",
        _path(lease, "/action"),
        json=_body("create", eleven.items()),
        expects="invalid",
        change="there are eleven tags",
        control=control.id,
        codes=codes,
    )
    ecs_check("ecs.tags.add/rule/eleven-at-once", _shown(ecs_client, lease), "body", "tags", length_at_most=_MOST)
    _clear(ecs_client, ecs_wait, lease)
    _accepted(ecs_check, "ecs.tags.add/rule/ten", _send(ecs_client, ecs_wait, lease, "create", ten.items()))
    _has(ecs_check, "ecs.tags.add/rule/ten", _shown(ecs_client, lease), ten)
    ecs_expect(
        "ecs.tags.add/rule/eleventh",
        "POST",
        _path(lease, "/action"),
        json=_body("create", [("eleventh", "one")]),
        expects="invalid",
        change="the server has ten tags",
        control=control.id,
        codes=codes,
    )
    shown = _shown(ecs_client, lease)
    _has(ecs_check, "ecs.tags.add/rule/eleventh", shown, ten)
    _lacks(ecs_check, "ecs.tags.add/rule/eleventh", shown, "eleventh")
    _accepted(
        ecs_check,
        "ecs.tags.add/rule/full-idempotent",
        _send(ecs_client, ecs_wait, lease, "create", [("key-3", "value-3")]),
    )
    _has(ecs_check, "ecs.tags.add/rule/full-idempotent", _shown(ecs_client, lease), ten)
    _accepted(
        ecs_check,
        "ecs.tags.add/rule/full-overwrite",
        _send(ecs_client, ecs_wait, lease, "create", [("key-3", "another")]),
    )
    _has(ecs_check, "ecs.tags.add/rule/full-overwrite", _shown(ecs_client, lease), {"key-3": "another"})
    _send(ecs_client, ecs_wait, lease, "delete", [("key-5", "value-5")])
    _accepted(
        ecs_check, "ecs.tags.delete/rule/room-again", _send(ecs_client, ecs_wait, lease, "create", [("again", "room")])
    )
    _has(ecs_check, "ecs.tags.delete/rule/room-again", _shown(ecs_client, lease), {"again": "room"})
    _clear(ecs_client, ecs_wait, lease)


@pytest.mark.ecs_requirement(
    "ecs.tags.add/rule/key-twice",
    "ecs.tags.add/rule/key-twice-refused",
    "ecs.tags.add/rule/lower-case-action",
    "ecs.tags.delete/rule/key-twice-refused",
    "ecs.tags.delete/rule/lower-case-action",
)
def test_a_request_for_tags_is_well_formed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """A key is there once, and the action is written in lower case."""
    add, delete = ecs_cases.control("ecs.tags.add"), ecs_cases.control("ecs.tags.delete")
    codes = ecs_expect.codes_of("ecs.tags.add", "tags")
    lease = ecs_servers()
    _clear(ecs_client, ecs_wait, lease)
    _refuse(
        ecs_expect, "ecs.tags.add/rule/key-twice-refused", lease, add, "create", [("twice", "a"), ("twice", "b")], codes
    )
    shown = _shown(ecs_client, lease)
    twice = [tag["key"] for tag in read(shown, "tags")].count("twice")
    if twice:
        ecs_check("ecs.tags.add/rule/key-twice", shown, "body", "tags", "*", "key", has_one="twice")
    else:
        _lacks(ecs_check, "ecs.tags.add/rule/key-twice", shown, "twice")
    _refuse(ecs_expect, "ecs.tags.add/rule/lower-case-action", lease, add, "Create", [("stage", "test")], ())
    _add(ecs_client, ecs_wait, lease, owner="me")
    _refuse(
        ecs_expect, "ecs.tags.delete/rule/key-twice-refused", lease, delete, "delete", [("no", "a"), ("no", "b")], codes
    )
    _refuse(ecs_expect, "ecs.tags.delete/rule/lower-case-action", lease, delete, "Delete", [("owner", "me")], ())
    _has(ecs_check, "ecs.tags.delete/rule/lower-case-action", _shown(ecs_client, lease), {"owner": "me"})
    _clear(ecs_client, ecs_wait, lease)


def _refuse(
    expect: Expect,
    rule: str,
    server: Lease,
    control: Exchange,
    action: str,
    tags: Sequence[tuple[str, str]],
    codes: Sequence[str],
) -> None:
    change = "the action has a capital letter" if action.istitle() else "a key is there twice"
    expect(
        rule,
        "POST",
        _path(server, "/action"),
        json=_body(action, tags),
        expects="invalid",
        change=change,
        control=control.id,
        codes=tuple(codes),
    )


@pytest.mark.ecs_requirement(
    "ecs.tags.list-project/rule/has-tags",
    "ecs.tags.list-project/rule/key-once",
    "ecs.tags.list-project/rule/value-once",
    "ecs.tags.list-project/rule/own-project",
    "ecs.tags.list-project/rule/no-longer-used",
    "ecs.tags.list-project/rule/overwritten",
    "ecs.tags.list/rule/other-project",
)
def test_the_tags_of_a_project_are_those_of_its_servers(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    ecs_wait: Wait,
) -> None:
    """The values that servers have for a key are together and come and go with the tags; another project sees none."""
    one, other = ecs_servers.batch(2)
    key, values = _new_key(ecs_supplies), ("first", "second", "third")
    _add(ecs_client, ecs_wait, one, **{key: values[0]})
    _add(ecs_client, ecs_wait, other, **{key: values[1]})
    same = _new_key(ecs_supplies)
    for server in (one, other):
        _add(ecs_client, ecs_wait, server, **{same: values[0]})
    listed = ecs_client.get(_PROJECT)
    _values(ecs_check, "ecs.tags.list-project/rule/has-tags", listed, key, includes=list(values[:2]))
    _values(ecs_check, "ecs.tags.list-project/rule/has-tags", listed, same, includes=[values[0]])
    for mine in (key, same):
        ecs_check("ecs.tags.list-project/rule/key-once", listed, "body", "tags", "*", "key", has_one=mine)
    _values(ecs_check, "ecs.tags.list-project/rule/value-once", listed, same, has_one=values[0])
    _add(ecs_client, ecs_wait, other, **{key: values[2]})
    _values(ecs_check, "ecs.tags.list-project/rule/overwritten", ecs_client.get(_PROJECT), key, lacks=values[1])
    _values(ecs_check, "ecs.tags.list-project/rule/overwritten", ecs_client.get(_PROJECT), key, contains=values[2])
    _values(ecs_check, "ecs.tags.list-project/rule/overwritten", ecs_client.get(_PROJECT), key, contains=values[0])
    _send(ecs_client, ecs_wait, other, "delete", [(key, None)])
    _values(ecs_check, "ecs.tags.list-project/rule/no-longer-used", ecs_client.get(_PROJECT), key, lacks=values[2])
    _send(ecs_client, ecs_wait, one, "delete", [(key, None)])
    _lacks(ecs_check, "ecs.tags.list-project/rule/no-longer-used", ecs_client.get(_PROJECT), key)
    for server in (one, other):
        _send(ecs_client, ecs_wait, server, "delete", [(same, None)])
    stranger = ecs_clients("other_project")
    _add(ecs_client, ecs_wait, one, **{key: values[0]})
    _lacks(ecs_check, "ecs.tags.list-project/rule/own-project", stranger.get(_PROJECT), key)
    ecs_check("ecs.tags.list/rule/other-project", stranger.get(_path(one)), "status", one_of=[403, 404])
    _send(ecs_client, ecs_wait, one, "delete", [(key, None)])


def _values(check: Check, rule: str, listed: Exchange, key: str, **test: Any) -> None:
    """The values of a key pass the test; a key that is not there fails it."""
    keys = [tag["key"] for tag in read(listed, "tags")]
    if key in keys:
        check(rule, listed, "body", "tags", keys.index(key), "values", **test)
    else:
        check(rule, listed, "body", "tags", "*", "key", contains=key)


def _query(client: Client, action: str = "filter", **criteria: Any) -> Exchange:
    return client.post(_SEARCH, {"action": action, **criteria})


def _wanted(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, **({"values": list(values)} if values else {})}


def _found(client: Client, check: Check, rule: str, servers: Sequence[Lease], **criteria: Any) -> None:
    """A query finds exactly these servers."""
    answer = _query(client, **criteria)
    check(f"{_QUERY}/{rule}", answer, *_FOUND, same_items=[server.id for server in servers])


@pytest.mark.ecs_requirement(
    "ecs.tags.query/rule/all-given-tags",
    "ecs.tags.query/rule/values-are-alternatives",
    "ecs.tags.query/rule/any-value",
    "ecs.tags.query/rule/other-value",
    "ecs.tags.query/rule/not-tags",
    "ecs.tags.query/rule/not-tags-none-of",
    "ecs.tags.query/rule/matches-name",
    "ecs.tags.query/rule/matches-and-tags",
    "ecs.tags.query/rule/filter-lists",
    "ecs.tags.query/rule/count-counts",
    "ecs.tags.query/rule/count-without-servers",
    "ecs.tags.query/rule/filter-total",
    "ecs.tags.query/rule/count-pages",
    "ecs.tags.query/rule/nothing-found",
    "ecs.tags.query/rule/at-most-limit",
    "ecs.tags.query/rule/limit-default",
    "ecs.tags.query/rule/limit-highest",
    "ecs.tags.query/rule/offset-skips",
    "ecs.tags.query/rule/offset-default",
    "ecs.tags.query/rule/pages-complete",
    "ecs.tags.query/rule/all-tags-shown",
    "ecs.tags.query/rule/shows-server",
    "ecs.tags.query/rule/no-criteria",
    "ecs.tags.query/rule/untagged-gone",
    "ecs.tags.list/rule/same-as-query",
)
def test_servers_are_found_by_their_tags(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> None:
    """Three servers with a key of this test alone are told apart by values, other keys and names, and come on pages."""
    servers = one, two, three = ecs_servers.batch(3)
    key, extra = _new_key(ecs_supplies), _new_key(ecs_supplies)
    tags = [{key: "a", extra: "x"}, {key: "b", extra: "x", "beside": "it"}, {key: "c"}]
    for server, its in zip(servers, tags, strict=True):
        _clear(ecs_client, ecs_wait, server)
        _add(ecs_client, ecs_wait, server, **its)
    mine = [_wanted(key)]
    _found(ecs_client, ecs_check, "any-value", servers, tags=mine)
    _found(ecs_client, ecs_check, "all-given-tags", [two], tags=[_wanted(key, "b", "c"), _wanted(extra, "x")])
    _found(ecs_client, ecs_check, "values-are-alternatives", [one, three], tags=[_wanted(key, "a", "c")])
    _found(ecs_client, ecs_check, "other-value", [one], tags=[_wanted(key, "a", "none-has-this")])
    _check_exclusion(ecs_client, ecs_check, three, key, extra)
    _check_names(ecs_client, ecs_check, servers, key)
    _check_counts(ecs_client, ecs_check, servers, key)
    _check_pages(ecs_client, ecs_check, servers, mine)
    answer = _query(ecs_client, tags=[_wanted(key, "b")])
    _has(ecs_check, "ecs.tags.query/rule/all-tags-shown", answer, tags[1], "resources", 0, "tags")
    _has(ecs_check, "ecs.tags.list/rule/same-as-query", answer, _pairs(ecs_client, two), "resources", 0, "tags")
    ecs_check(
        "ecs.tags.list/rule/same-as-query", answer, "body", "resources", 0, "tags", length=len(_pairs(ecs_client, two))
    )
    name = read(two.show(), "server", "name")
    ecs_check("ecs.tags.query/rule/shows-server", answer, "body", "resources", 0, "resource_id", equals=two.id)
    ecs_check("ecs.tags.query/rule/shows-server", answer, "body", "resources", 0, "resource_name", equals=name)
    _send(ecs_client, ecs_wait, two, "delete", [(key, "b")])
    _found(ecs_client, ecs_check, "untagged-gone", [one, three], tags=mine)
    for server in servers:
        _clear(ecs_client, ecs_wait, server)
        server.release()


def _check_exclusion(client: Client, check: Check, kept: Lease, key: str, extra: str) -> None:
    """not_tags leaves servers out in one of its two forms at least; one that is refused is no verdict."""
    forms: list[list[Any]] = [["beside", extra], [_wanted("beside", "it"), _wanted(extra, "x")]]
    answers = [(form, _query(client, tags=[_wanted(key)], not_tags=form[1:])) for form in forms]
    taken = [(form, answer) for form, answer in answers if answer.accepted]
    for form, answer in taken or answers[:1]:
        check("ecs.tags.query/rule/not-tags", answer, *_FOUND, same_items=[kept.id])
        several = _query(client, tags=[_wanted(key)], not_tags=form)
        check("ecs.tags.query/rule/not-tags-none-of", several, *_FOUND, same_items=[kept.id])


def _check_names(client: Client, check: Check, servers: Sequence[Lease], key: str) -> None:
    one = servers[0]
    name = str(read(one.show(), "server", "name"))
    match = [{"key": "resource_name", "value": name}]
    answer = _query(client, matches=match)
    check("ecs.tags.query/rule/matches-name", answer, *_FOUND, contains=one.id)
    for resource in range(len(read(answer, "resources"))):
        place = ("body", "resources", resource, "resource_name")
        check("ecs.tags.query/rule/matches-name", answer, *place, matches=f"(?i){re.escape(name)}")
    both = _query(client, matches=match, tags=[_wanted(key)])
    check("ecs.tags.query/rule/matches-and-tags", both, *_FOUND, contains=one.id)
    others = [server for server in servers if name not in str(read(server.show(), "server", "name"))]
    for server in others:
        check("ecs.tags.query/rule/matches-and-tags", both, *_FOUND, lacks=server.id)
    lacking = _query(client, matches=match, tags=[_wanted(key, "b")])
    check("ecs.tags.query/rule/matches-and-tags", lacking, *_FOUND, lacks=one.id)


def _check_counts(client: Client, check: Check, servers: Sequence[Lease], key: str) -> None:
    mine = [_wanted(key)]
    listed = _query(client, tags=mine)
    check("ecs.tags.query/rule/filter-lists", listed, "body", "resources", length=len(servers))
    check("ecs.tags.query/rule/limit-default", listed, "body", "resources", length_at_most=1000)
    counted = _query(client, "count", tags=mine)
    check("ecs.tags.query/rule/count-counts", counted, "body", "total_count", equals=len(servers))
    check("ecs.tags.query/rule/count-without-servers", counted, "body", "resources", absent=True)
    one = _query(client, tags=mine, limit="1")
    check("ecs.tags.query/rule/filter-total", one, "body", "total_count", equals=len(servers))
    paged = _query(client, "count", tags=mine, limit="1", offset="1")
    if paged.failure is None and paged.status == 400:
        check("ecs.tags.query/rule/count-pages", paged, "status", equals=400)
    else:
        check("ecs.tags.query/rule/count-pages", paged, "body", "total_count", equals=len(servers))
    nothing = _query(client, tags=[_wanted(key, "none-has-this")])
    check("ecs.tags.query/rule/nothing-found", nothing, "body", "resources", equals=[])
    check("ecs.tags.query/rule/nothing-found", nothing, "body", "total_count", equals=0)
    every = _query(client, limit="1000")
    check("ecs.tags.query/rule/no-criteria", every, "body", "total_count", at_least=len(servers))
    if read(every, "total_count") <= 1000:
        check("ecs.tags.query/rule/no-criteria", every, *_FOUND, includes=[server.id for server in servers])


def _check_pages(client: Client, check: Check, servers: Sequence[Lease], mine: list[dict[str, Any]]) -> None:
    whole = _query(client, tags=mine)
    order = [resource["resource_id"] for resource in read(whole, "resources")]
    check("ecs.tags.query/rule/offset-default", _query(client, tags=mine, offset="0"), *_FOUND, equals=order)
    check("ecs.tags.query/rule/offset-skips", _query(client, tags=mine, offset="1"), *_FOUND, equals=order[1:])
    pages: list[str] = []
    for offset in range(len(servers)):
        page = _query(client, tags=mine, limit="1", offset=str(offset))
        check("ecs.tags.query/rule/at-most-limit", page, "body", "resources", length_at_most=1)
        check("ecs.tags.query/rule/pages-complete", page, *_FOUND, equals=order[offset : offset + 1])
        pages += [resource["resource_id"] for resource in read(page, "resources")]
    check("ecs.tags.query/rule/pages-complete", whole, *_FOUND, same_items=pages)
    check("ecs.tags.query/rule/pages-complete", whole, *_FOUND, same_items=[server.id for server in servers])
    _accepted(check, "ecs.tags.query/rule/limit-highest", _query(client, tags=mine, limit="1000"))
    more = _query(client, limit="1001")
    if more.refused:
        check("ecs.tags.query/rule/limit-highest", more, "status", equals=400)
    else:
        check("ecs.tags.query/rule/limit-highest", more, "body", "resources", length_at_most=1000)


@pytest.mark.ecs_requirement(
    "ecs.tags.query/rule/key-twice",
    "ecs.tags.query/rule/value-twice",
    "ecs.tags.query/rule/match-twice",
    "ecs.tags.query/rule/not-tags-twice",
    "ecs.tags.query/rule/not-negative",
)
def test_a_query_that_contradicts_itself_is_refused(ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect) -> None:
    """Keys, values and fields are named once, and no page begins before the first server."""
    control = ecs_cases.control("ecs.tags.query")
    codes = ecs_expect.codes_of("ecs.tags.query", "tags")
    named = {"key": "resource_name", "value": "none"}
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("key-twice", "tags has a key twice", {"tags": [_wanted("stage", "a"), _wanted("stage", "b")]}),
        ("value-twice", "values has a value twice", {"tags": [_wanted("stage", "a", "a")]}),
        ("match-twice", "matches has a key twice", {"matches": [named, {**named, "value": "another"}]}),
        ("not-negative", "limit is -1", {"limit": "-1"}),
        ("not-negative", "offset is -1", {"offset": "-1"}),
    ]
    plain = _query(ecs_client, not_tags=["stage"])
    text = plain.accepted
    twice: list[Any] = ["stage", "stage"] if text else [_wanted("stage"), _wanted("stage")]
    cases.append(("not-tags-twice", "not_tags has a key twice", {"not_tags": twice}))
    for rule, change, criteria in cases:
        ecs_expect(
            f"{_QUERY}/{rule}",
            "POST",
            _SEARCH,
            json={"action": "filter", **criteria},
            expects="invalid",
            change=change,
            control=control.id,
            codes=codes,
        )
