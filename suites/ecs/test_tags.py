"""Rules of tags with key and value (5.9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Clients, Exchange, Expect, Lease, Servers, Supplies, Wait, read

_QUERY, _ADD, _DELETE, _LIST_PROJECT, _LIST = (
    f"ecs.tags.{verb}/rule" for verb in ("query", "add", "delete", "list-project", "list")
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
    *(
        f"{_ADD}/{rule}"
        for rule in ("adds", "keeps", "overwrites", "idempotent", "longest", "han", "period", "empty-value")
    ),
    *(f"{_ADD}/{rule}" for rule in ("same-key-elsewhere", "this-server-only", "no-body")),
    *(
        f"{_DELETE}/{rule}"
        for rule in ("deletes", "keeps", "idempotent", "by-key", "other-value", "empty-value", "long-key")
    ),
    *(f"{_DELETE}/{rule}" for rule in ("this-server-only", "no-body")),
    *(f"{_LIST}/{rule}" for rule in ("all-tags", "key-once", "own-server", "no-tags")),
)
def test_tags_come_and_go(ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_wait: Wait) -> None:
    """Tags are added, overwritten and deleted on one server, beside those that it has and without touching another's."""
    one, other = ecs_servers.batch(2)
    for server in (one, other):
        _clear(ecs_client, ecs_wait, server)
    _check_untagged(ecs_client, ecs_check, one)
    added = _add(ecs_client, ecs_wait, one, stage="test", owner="me")
    ecs_check(f"{_ADD}/no-body", added, "body", equals=None)
    _has(ecs_check, f"{_ADD}/adds", _shown(ecs_client, one), {"stage": "test", "owner": "me"})
    _lacks(ecs_check, f"{_ADD}/this-server-only", _shown(ecs_client, other), "stage", "owner")
    _add(ecs_client, ecs_wait, other, owner="me", stage="live", elsewhere="yes")
    _has(ecs_check, f"{_ADD}/same-key-elsewhere", _shown(ecs_client, other), {"owner": "me", "stage": "live"})
    shown = _shown(ecs_client, one)
    _has(ecs_check, f"{_ADD}/same-key-elsewhere", shown, {"owner": "me", "stage": "test"})
    _lacks(ecs_check, f"{_LIST}/own-server", shown, "elsewhere")
    _accepted(ecs_check, f"{_ADD}/idempotent", _send(ecs_client, ecs_wait, one, "create", [("owner", "me")]))
    _has(ecs_check, f"{_ADD}/idempotent", _shown(ecs_client, one), {"owner": "me"})
    _accepted(ecs_check, f"{_ADD}/overwrites", _send(ecs_client, ecs_wait, one, "create", [("stage", "done")]))
    shown = _shown(ecs_client, one)
    _has(ecs_check, f"{_ADD}/overwrites", shown, {"stage": "done"})
    _has(ecs_check, f"{_ADD}/keeps", shown, {"owner": "me"})
    theirs = {"owner": "me", "stage": "live", "elsewhere": "yes"}
    _has(ecs_check, f"{_ADD}/this-server-only", _shown(ecs_client, other), theirs)
    kept = _check_values(ecs_client, ecs_check, ecs_wait, one, {"owner": "me", "stage": "done"})
    shown = _shown(ecs_client, one)
    _has(ecs_check, f"{_LIST}/all-tags", shown, kept)
    # The native queries show tags, too, so the form that they have there is judged once for sure.
    for query in (f"/{one.id}", "/detail"):
        ecs_client.get(f"/v2.1/{{project_id}}/servers{query}", microversion="2.26")
    for key in kept:
        ecs_check(f"{_LIST}/key-once", shown, "body", "tags", "*", "key", has_one=key)
    _check_deletion(ecs_client, ecs_check, ecs_wait, one)
    _has(ecs_check, f"{_DELETE}/this-server-only", _shown(ecs_client, other), {"owner": "me", "stage": "live"})
    for server in (one, other):
        _clear(ecs_client, ecs_wait, server)
        server.release()


def _check_untagged(client: Client, check: Check, server: Lease) -> None:
    path = f"/v2.1/{{project_id}}/servers/{server.id}/tags"
    native = client.get(path, microversion="2.26").response_body
    if isinstance(native, Mapping) and native.get("tags"):
        check.not_tested(f"{_LIST}/no-tags", "the server has tags of the other kind (6.15)")
    else:
        check(f"{_LIST}/no-tags", _shown(client, server), "body", "tags", equals=[])


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
    check(f"{_DELETE}/no-body", deleted, "body", equals=None)
    shown = _shown(client, server)
    _lacks(check, f"{_DELETE}/deletes", shown, "owner")
    _has(check, f"{_DELETE}/keeps", shown, {key: value for key, value in tags.items() if key != "owner"})
    _accepted(check, f"{_DELETE}/idempotent", _send(client, wait, server, "delete", [("owner", "me")]))
    mixed = _send(client, wait, server, "delete", [("never-there", "x"), ("version", "1.2")])
    _accepted(check, f"{_DELETE}/idempotent", mixed)
    _lacks(check, f"{_DELETE}/idempotent", _shown(client, server), "version")
    _accepted(check, f"{_DELETE}/by-key", _send(client, wait, server, "delete", [("k" * _KEY_LENGTH, None)]))
    _lacks(check, f"{_DELETE}/by-key", _shown(client, server), "k" * _KEY_LENGTH)
    _has(check, f"{_DELETE}/keeps", _shown(client, server), left)
    _accepted(check, f"{_DELETE}/long-key", _send(client, wait, server, "delete", [("k" * 127, "v" * 255)]))
    # Whether the tag stays or goes by these two is open.
    _accepted(check, f"{_DELETE}/other-value", _send(client, wait, server, "delete", [("stage", "another")]))
    _accepted(check, f"{_DELETE}/empty-value", _send(client, wait, server, "delete", [("stage", "")]))


_OF_TEN = (
    *(f"{_ADD}/{rule}" for rule in ("ten", "eleventh", "eleven-at-once", "full-idempotent", "full-overwrite")),
    f"{_DELETE}/room-again",
)


@pytest.mark.ecs_requirement(*_OF_TEN)
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
        f"{_ADD}/eleven-at-once",
        "POST",
        _path(lease, "/action"),
        json=_body("create", eleven.items()),
        expects="invalid",
        change="there are eleven tags",
        control=control.id,
        codes=codes,
    )
    ecs_check(f"{_ADD}/eleven-at-once", _shown(ecs_client, lease), "body", "tags", length_at_most=_MOST)
    _clear(ecs_client, ecs_wait, lease)
    _accepted(ecs_check, f"{_ADD}/ten", _send(ecs_client, ecs_wait, lease, "create", ten.items()))
    _has(ecs_check, f"{_ADD}/ten", _shown(ecs_client, lease), ten)
    ecs_expect(
        f"{_ADD}/eleventh",
        "POST",
        _path(lease, "/action"),
        json=_body("create", [("eleventh", "one")]),
        expects="invalid",
        change="the server has ten tags",
        control=control.id,
        codes=codes,
    )
    shown = _shown(ecs_client, lease)
    _has(ecs_check, f"{_ADD}/eleventh", shown, ten)
    _lacks(ecs_check, f"{_ADD}/eleventh", shown, "eleventh")
    _accepted(
        ecs_check, f"{_ADD}/full-idempotent", _send(ecs_client, ecs_wait, lease, "create", [("key-3", "value-3")])
    )
    _has(ecs_check, f"{_ADD}/full-idempotent", _shown(ecs_client, lease), ten)
    _accepted(ecs_check, f"{_ADD}/full-overwrite", _send(ecs_client, ecs_wait, lease, "create", [("key-3", "another")]))
    _has(ecs_check, f"{_ADD}/full-overwrite", _shown(ecs_client, lease), {"key-3": "another"})
    _send(ecs_client, ecs_wait, lease, "delete", [("key-5", "value-5")])
    _accepted(ecs_check, f"{_DELETE}/room-again", _send(ecs_client, ecs_wait, lease, "create", [("again", "room")]))
    _has(ecs_check, f"{_DELETE}/room-again", _shown(ecs_client, lease), {"again": "room"})
    _clear(ecs_client, ecs_wait, lease)
    lease.release()


@pytest.mark.ecs_requirement(
    f"{_ADD}/key-twice",
    f"{_ADD}/key-twice-refused",
    f"{_ADD}/lower-case-action",
    f"{_DELETE}/key-twice-refused",
    f"{_DELETE}/lower-case-action",
)
def test_a_request_for_tags_is_well_formed(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_wait: Wait
) -> None:
    """A key is there once, and the action is written in lower case."""
    add, delete = ecs_cases.control("ecs.tags.add"), ecs_cases.control("ecs.tags.delete")
    codes = ecs_expect.codes_of("ecs.tags.add", "tags")
    lease = ecs_servers()
    _clear(ecs_client, ecs_wait, lease)
    _refuse(ecs_expect, f"{_ADD}/key-twice-refused", lease, add, "create", [("twice", "a"), ("twice", "b")], codes)
    shown = _shown(ecs_client, lease)
    twice = [tag["key"] for tag in read(shown, "tags")].count("twice")
    if twice:
        ecs_check(f"{_ADD}/key-twice", shown, "body", "tags", "*", "key", has_one="twice")
    else:
        _lacks(ecs_check, f"{_ADD}/key-twice", shown, "twice")
    _refuse(ecs_expect, f"{_ADD}/lower-case-action", lease, add, "Create", [("stage", "test")], ())
    _add(ecs_client, ecs_wait, lease, owner="me")
    _refuse(ecs_expect, f"{_DELETE}/key-twice-refused", lease, delete, "delete", [("no", "a"), ("no", "b")], codes)
    _refuse(ecs_expect, f"{_DELETE}/lower-case-action", lease, delete, "Delete", [("owner", "me")], ())
    _has(ecs_check, f"{_DELETE}/lower-case-action", _shown(ecs_client, lease), {"owner": "me"})
    _clear(ecs_client, ecs_wait, lease)
    lease.release()


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
    *(
        f"{_LIST_PROJECT}/{rule}"
        for rule in ("has-tags", "key-once", "value-once", "own-project", "no-longer-used", "overwritten")
    ),
    f"{_LIST}/other-project",
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
    _values(ecs_check, f"{_LIST_PROJECT}/has-tags", listed, key, includes=list(values[:2]))
    _values(ecs_check, f"{_LIST_PROJECT}/has-tags", listed, same, includes=[values[0]])
    for mine in (key, same):
        ecs_check(f"{_LIST_PROJECT}/key-once", listed, "body", "tags", "*", "key", has_one=mine)
    _values(ecs_check, f"{_LIST_PROJECT}/value-once", listed, same, has_one=values[0])
    _add(ecs_client, ecs_wait, other, **{key: values[2]})
    _values(ecs_check, f"{_LIST_PROJECT}/overwritten", ecs_client.get(_PROJECT), key, lacks=values[1])
    _values(ecs_check, f"{_LIST_PROJECT}/overwritten", ecs_client.get(_PROJECT), key, contains=values[2])
    _values(ecs_check, f"{_LIST_PROJECT}/overwritten", ecs_client.get(_PROJECT), key, contains=values[0])
    _send(ecs_client, ecs_wait, other, "delete", [(key, None)])
    _values(ecs_check, f"{_LIST_PROJECT}/no-longer-used", ecs_client.get(_PROJECT), key, lacks=values[2])
    _send(ecs_client, ecs_wait, one, "delete", [(key, None)])
    _lacks(ecs_check, f"{_LIST_PROJECT}/no-longer-used", ecs_client.get(_PROJECT), key)
    for server in (one, other):
        _send(ecs_client, ecs_wait, server, "delete", [(same, None)])
    stranger = ecs_clients("other_project")
    _add(ecs_client, ecs_wait, one, **{key: values[0]})
    _lacks(ecs_check, f"{_LIST_PROJECT}/own-project", stranger.get(_PROJECT), key)
    ecs_check(f"{_LIST}/other-project", stranger.get(_path(one)), "status", one_of=[403, 404])
    _send(ecs_client, ecs_wait, one, "delete", [(key, None)])
    one.release()
    other.release()


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
    *(
        f"{_QUERY}/{rule}"
        for rule in ("all-given-tags", "values-are-alternatives", "any-value", "other-value", "not-tags")
    ),
    *(
        f"{_QUERY}/{rule}"
        for rule in ("not-tags-none-of", "matches-name", "matches-and-tags", "filter-lists", "count-counts")
    ),
    *(
        f"{_QUERY}/{rule}"
        for rule in ("count-without-servers", "filter-total", "count-pages", "nothing-found", "at-most-limit")
    ),
    *(
        f"{_QUERY}/{rule}"
        for rule in ("limit-default", "limit-highest", "offset-skips", "offset-default", "pages-complete")
    ),
    *(f"{_QUERY}/{rule}" for rule in ("all-tags-shown", "shows-server", "no-criteria", "untagged-gone")),
    f"{_LIST}/same-as-query",
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
    _has(ecs_check, f"{_QUERY}/all-tags-shown", answer, tags[1], "resources", 0, "tags")
    _has(ecs_check, f"{_LIST}/same-as-query", answer, _pairs(ecs_client, two), "resources", 0, "tags")
    ecs_check(f"{_LIST}/same-as-query", answer, "body", "resources", 0, "tags", length=len(_pairs(ecs_client, two)))
    name = read(two.show(), "server", "name")
    ecs_check(f"{_QUERY}/shows-server", answer, "body", "resources", 0, "resource_id", equals=two.id)
    ecs_check(f"{_QUERY}/shows-server", answer, "body", "resources", 0, "resource_name", equals=name)
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
        check(f"{_QUERY}/not-tags", answer, *_FOUND, same_items=[kept.id])
        several = _query(client, tags=[_wanted(key)], not_tags=form)
        check(f"{_QUERY}/not-tags-none-of", several, *_FOUND, same_items=[kept.id])


def _check_names(client: Client, check: Check, servers: Sequence[Lease], key: str) -> None:
    one = servers[0]
    name = str(read(one.show(), "server", "name"))
    match = [{"key": "resource_name", "value": name}]
    answer = _query(client, matches=match)
    check(f"{_QUERY}/matches-name", answer, *_FOUND, contains=one.id)
    for resource in range(len(read(answer, "resources"))):
        place = ("body", "resources", resource, "resource_name")
        check(f"{_QUERY}/matches-name", answer, *place, matches=f"(?i){re.escape(name)}")
    both = _query(client, matches=match, tags=[_wanted(key)])
    check(f"{_QUERY}/matches-and-tags", both, *_FOUND, contains=one.id)
    others = [server for server in servers if name not in str(read(server.show(), "server", "name"))]
    for server in others:
        check(f"{_QUERY}/matches-and-tags", both, *_FOUND, lacks=server.id)
    lacking = _query(client, matches=match, tags=[_wanted(key, "b")])
    check(f"{_QUERY}/matches-and-tags", lacking, *_FOUND, lacks=one.id)


def _check_counts(client: Client, check: Check, servers: Sequence[Lease], key: str) -> None:
    mine = [_wanted(key)]
    listed = _query(client, tags=mine)
    check(f"{_QUERY}/filter-lists", listed, "body", "resources", length=len(servers))
    check(f"{_QUERY}/limit-default", listed, "body", "resources", length_at_most=1000)
    counted = _query(client, "count", tags=mine)
    check(f"{_QUERY}/count-counts", counted, "body", "total_count", equals=len(servers))
    check(f"{_QUERY}/count-without-servers", counted, "body", "resources", absent=True)
    one = _query(client, tags=mine, limit="1")
    check(f"{_QUERY}/filter-total", one, "body", "total_count", equals=len(servers))
    paged = _query(client, "count", tags=mine, limit="1", offset="1")
    if paged.failure is None and paged.status == 400:
        check(f"{_QUERY}/count-pages", paged, "status", equals=400)
    else:
        check(f"{_QUERY}/count-pages", paged, "body", "total_count", equals=len(servers))
    nothing = _query(client, tags=[_wanted(key, "none-has-this")])
    check(f"{_QUERY}/nothing-found", nothing, "body", "resources", equals=[])
    check(f"{_QUERY}/nothing-found", nothing, "body", "total_count", equals=0)
    every = _query(client, limit="1000")
    check(f"{_QUERY}/no-criteria", every, "body", "total_count", at_least=len(servers))
    if read(every, "total_count") <= 1000:
        check(f"{_QUERY}/no-criteria", every, *_FOUND, includes=[server.id for server in servers])


def _check_pages(client: Client, check: Check, servers: Sequence[Lease], mine: list[dict[str, Any]]) -> None:
    whole = _query(client, tags=mine)
    order = [resource["resource_id"] for resource in read(whole, "resources")]
    check(f"{_QUERY}/offset-default", _query(client, tags=mine, offset="0"), *_FOUND, equals=order)
    check(f"{_QUERY}/offset-skips", _query(client, tags=mine, offset="1"), *_FOUND, equals=order[1:])
    pages: list[str] = []
    for offset in range(len(servers)):
        page = _query(client, tags=mine, limit="1", offset=str(offset))
        check(f"{_QUERY}/at-most-limit", page, "body", "resources", length_at_most=1)
        check(f"{_QUERY}/pages-complete", page, *_FOUND, equals=order[offset : offset + 1])
        pages += [resource["resource_id"] for resource in read(page, "resources")]
    check(f"{_QUERY}/pages-complete", whole, *_FOUND, same_items=pages)
    check(f"{_QUERY}/pages-complete", whole, *_FOUND, same_items=[server.id for server in servers])
    _accepted(check, f"{_QUERY}/limit-highest", _query(client, tags=mine, limit="1000"))
    more = _query(client, limit="1001")
    if more.refused:
        check(f"{_QUERY}/limit-highest", more, "status", equals=400)
    else:
        check(f"{_QUERY}/limit-highest", more, "body", "resources", length_at_most=1000)


@pytest.mark.ecs_requirement(
    *(f"{_QUERY}/{rule}" for rule in ("key-twice", "value-twice", "match-twice", "not-tags-twice", "not-negative"))
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
