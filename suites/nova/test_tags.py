"""Rules of the tags of servers through the native API (6.15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from pytest_ecs import Check, Client, Exchange, Expect, Lease, Servers, Supplies, read

_LIST, _SET, _DELETE_ALL, _ADD, _CHECK, _DELETE = (
    f"nova.tags.{verb}/rule" for verb in ("list", "set", "delete-all", "add", "check", "delete")
)
#: Tags are there from this microversion on, and from the next one on another header names it (3).
_SINCE = "2.26"
#: A server has at most so many tags, and a tag so many characters (table 6-221).
_MOST, _LENGTH = 50, 80
_TAGS = ("body", "tags")
#: Tags that a server may have without anybody's doing, and keep (table 6-223).
_RESERVED = ("__type_baremetal", "__type_virtual")


def _path(server: str, tag: str | None = None) -> str:
    return f"/v2.1/{{project_id}}/servers/{server}/tags" + ("" if tag is None else f"/{quote(tag, safe='')}")


def _listed(client: Client, lease: Lease) -> Exchange:
    return client.get(_path(lease.id), microversion=_SINCE)


def _tags(client: Client, lease: Lease) -> list[str]:
    found: list[str] = read(_listed(client, lease), "tags")
    return found


def _add(client: Client, lease: Lease, tag: str) -> Exchange:
    return client.put(_path(lease.id, tag), microversion=_SINCE)


def _set(client: Client, lease: Lease, *tags: str) -> Exchange:
    return client.put(_path(lease.id), {"tags": list(tags)}, microversion=_SINCE)


def _has(client: Client, lease: Lease, tag: str) -> Exchange:
    return client.get(_path(lease.id, tag), microversion=_SINCE)


def _delete(client: Client, lease: Lease, tag: str | None = None) -> Exchange:
    return client.delete(_path(lease.id, tag), microversion=_SINCE)


def _server(client: Client, lease: Lease) -> Exchange:
    """Show the server at a microversion at which it has tags (6.2.6)."""
    return client.get(f"/v2.1/{{project_id}}/servers/{lease.id}", microversion=_SINCE)


def _reserved(answer: Exchange, *steps: str) -> list[str]:
    """Return the reserved tags that an answer shows."""
    found: Any = answer.response_body
    for step in steps or ("tags",):
        found = found.get(step) if isinstance(found, Mapping) else None
    return [tag for tag in found if tag in _RESERVED] if isinstance(found, list) else []


def _only(check: Check, rule: str, answer: Exchange, tags: Sequence[str], *steps: str) -> None:
    """An answer shows these tags in any order, and beside them none but reserved ones."""
    wanted = [tag for tag in tags if tag not in _RESERVED]
    check(rule, answer, "body", *(steps or ("tags",)), same_items=[*wanted, *_reserved(answer, *steps)])


@contextmanager
def _bare(client: Client, *leases: Lease) -> Iterator[None]:
    """Take all tags from servers, before and after; one where that fails serves nobody again."""
    for lease in leases:
        _delete(client, lease)
    try:
        yield
    finally:
        for lease in leases:
            _delete(client, lease)
            lease.spoilt = lease.spoilt or not set(_tags(client, lease)) <= set(_RESERVED)
            lease.release()


@pytest.mark.ecs_requirement(
    "nova.tags.add/rule/adds",
    "nova.tags.add/rule/created",
    "nova.tags.add/rule/html",
    "nova.tags.add/rule/json-status",
    "nova.tags.add/rule/keeps",
    "nova.tags.add/rule/again",
    "nova.tags.add/rule/longest",
    "nova.tags.add/rule/too-long",
    "nova.tags.add/rule/empty",
    "nova.tags.add/rule/encoded",
    "nova.tags.add/rule/shown-by-server",
    "nova.tags.add/rule/this-server-only",
    "nova.tags.list/rule/all-tags",
    "nova.tags.list/rule/once",
    "nova.tags.list/rule/own-server",
    "nova.tags.list/rule/no-tags",
    "nova.tags.list/rule/same-as-server",
    "nova.tags.list/rule/with-values",
    "nova.tags.check/rule/has-tag",
    "nova.tags.check/rule/deleted-tag",
    "nova.tags.check/rule/other-server",
    "nova.tags.check/rule/no-key",
    "nova.tags.check/rule/no-key-slash",
    "nova.tags.check/rule/no-body",
    "nova.tags.delete/rule/deletes",
    "nova.tags.delete/rule/keeps",
    "nova.tags.delete/rule/encoded",
    "nova.tags.delete/rule/too-long",
    "nova.tags.delete/rule/gone-from-server",
    "nova.tags.delete/rule/this-server-only",
    "nova.tags.delete/rule/no-body",
)
def test_tags_come_and_go_one_by_one(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Each is on its server alone, once, as it was sent, until it is deleted."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _bare(ecs_client, lease, other):
        _only(ecs_check, "nova.tags.list/rule/no-tags", _listed(ecs_client, lease), [])
        for tag in ("shared", "theirs"):
            _add(ecs_client, other, tag)
        plain = ecs_client.put(_path(lease.id, "first"), microversion=_SINCE, headers={"Accept": "*/*"})
        first = _add(ecs_client, lease, "second")
        for answer in (plain, first):
            ecs_check("nova.tags.add/rule/created", answer, "status", equals=201)
        if plain.response_body is None and not plain.response_text:
            ecs_check.not_tested("nova.tags.add/rule/html", "the answer has no body")
        else:
            ecs_check("nova.tags.add/rule/html", plain, "headers", "content-type", matches="^text/html")
        kind = str(first.response_headers.get("content-type", ""))
        if kind.startswith("application/json"):
            ecs_check("nova.tags.add/rule/json-status", first, "body", "code", matches=f"^{first.status}")
        else:
            ecs_check.not_tested("nova.tags.add/rule/json-status", f"the answer is {kind or 'empty'}, not JSON")
        strange, longest = "签名", "t" * _LENGTH
        for tag in ("shared", longest, strange):
            sent = _add(ecs_client, lease, tag)  # the strange one comes last
            if tag == longest:
                ecs_check.accepted("nova.tags.add/rule/longest", sent)
        wanted = ["first", "second", "shared", longest]
        listed, shown = _listed(ecs_client, lease), _server(ecs_client, lease)
        for tag in wanted:
            ecs_check("nova.tags.add/rule/adds", listed, *_TAGS, contains=tag)
            ecs_check("nova.tags.list/rule/all-tags", listed, *_TAGS, contains=tag)
            ecs_check("nova.tags.list/rule/once", listed, *_TAGS, has_one=tag)
            ecs_check("nova.tags.add/rule/shown-by-server", shown, "body", "server", "tags", contains=tag)
        ecs_check("nova.tags.add/rule/keeps", listed, *_TAGS, contains="first")
        ecs_check("nova.tags.list/rule/own-server", listed, *_TAGS, lacks="theirs")
        tags = read(listed, "tags")
        _only(ecs_check, "nova.tags.list/rule/same-as-server", shown, tags, "server", "tags")
        _only(ecs_check, "nova.tags.add/rule/this-server-only", _listed(ecs_client, other), ["shared", "theirs"])
        _add(ecs_client, lease, "first")
        ecs_check("nova.tags.add/rule/again", _listed(ecs_client, lease), *_TAGS, has_one="first")

        too_long = "t" * (_LENGTH + 1)
        ecs_expect(
            "nova.tags.add/rule/too-long",
            "PUT",
            _path(lease.id, too_long),
            microversion=_SINCE,
            expects="unknown-reference",
            change="the tag has 81 characters",
            control=first.id,
        )
        ecs_check("nova.tags.add/rule/too-long", _listed(ecs_client, lease), *_TAGS, lacks=too_long)
        ecs_expect(
            "nova.tags.delete/rule/too-long",
            "DELETE",
            _path(lease.id, too_long),
            microversion=_SINCE,
            expects="unknown-reference",
            change="the tag has 81 characters",
        )
        nothing = ecs_client.put(f"{_path(lease.id)}/", microversion=_SINCE)
        ecs_check("nova.tags.add/rule/empty", nothing, "status", at_least=400)
        _only(ecs_check, "nova.tags.add/rule/empty", _listed(ecs_client, lease), tags)

        there = _has(ecs_client, lease, "first")
        ecs_check.accepted("nova.tags.check/rule/has-tag", there)
        ecs_check("nova.tags.check/rule/no-body", there, "body", equals=None)
        ecs_expect(
            "nova.tags.check/rule/other-server",
            "GET",
            _path(lease.id, "theirs"),
            microversion=_SINCE,
            expects="not-found",
            change="only another server has the tag",
        )
        for rule, path in (("no-key", _path(lease.id)), ("no-key-slash", f"{_path(lease.id)}/")):
            _only(ecs_check, f"{_CHECK}/{rule}", ecs_client.get(path, microversion=_SINCE), tags)

        if sent.status == 400:
            for rule in ("nova.tags.add/rule/encoded", "nova.tags.delete/rule/encoded"):
                ecs_check.not_tested(rule, "the endpoint refuses a tag that is not safe in a URL")
        elif ecs_check("nova.tags.add/rule/encoded", listed, *_TAGS, contains=strange):
            _delete(ecs_client, lease, strange)
            ecs_check("nova.tags.delete/rule/encoded", _listed(ecs_client, lease), *_TAGS, lacks=strange)
        else:
            ecs_check.not_tested("nova.tags.delete/rule/encoded", "the endpoint has no tag that is not safe in a URL")
        deleted = _delete(ecs_client, lease, "shared")
        ecs_check("nova.tags.delete/rule/no-body", deleted, "body", equals=None)
        listed = _listed(ecs_client, lease)
        ecs_check("nova.tags.delete/rule/deletes", listed, *_TAGS, lacks="shared")
        for tag in ("first", longest):
            ecs_check("nova.tags.delete/rule/keeps", listed, *_TAGS, contains=tag)
        ecs_check(
            "nova.tags.delete/rule/gone-from-server",
            _server(ecs_client, lease),
            "body",
            "server",
            "tags",
            lacks="shared",
        )
        ecs_check("nova.tags.delete/rule/this-server-only", _listed(ecs_client, other), *_TAGS, contains="shared")
        ecs_expect(
            "nova.tags.check/rule/deleted-tag",
            "GET",
            _path(lease.id, "shared"),
            microversion=_SINCE,
            expects="not-found",
            change="the tag was deleted",
        )
        body = {"action": "create", "tags": [{"key": "key", "value": "value"}, {"key": "bare", "value": ""}]}
        read(ecs_client.post(f"/v1/{{project_id}}/servers/{lease.id}/tags/action", body))
        ecs_check("nova.tags.list/rule/with-values", _listed(ecs_client, lease), *_TAGS, includes=["key=value", "bare"])


@pytest.mark.ecs_requirement(
    "nova.tags.set/rule/adds",
    "nova.tags.set/rule/answers-tags",
    "nova.tags.set/rule/earlier-tags",
    "nova.tags.set/rule/longest",
    "nova.tags.set/rule/too-many",
    "nova.tags.set/rule/empty-list",
    "nova.tags.set/rule/twice",
    "nova.tags.set/rule/unicode",
    "nova.tags.set/rule/reserved-kind",
    "nova.tags.set/rule/shown-by-server",
    "nova.tags.set/rule/this-server-only",
    "nova.tags.set/rule/found-by-tag",
    "nova.tags.delete-all/rule/deletes",
    "nova.tags.delete-all/rule/no-tags",
    "nova.tags.delete-all/rule/gone-from-server",
    "nova.tags.delete-all/rule/this-server-only",
    "nova.tags.delete-all/rule/no-body",
    "nova.tags.delete/rule/no-key",
    "nova.tags.delete/rule/no-key-slash",
    "nova.tags.add/rule/fiftieth",
    "nova.tags.add/rule/too-many",
)
def test_tags_come_and_go_together(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Up to fifty of eighty characters, of any script, until all of them are deleted."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _bare(ecs_client, lease, other):
        _set(ecs_client, other, "theirs")
        mine = f"only-{ecs_supplies.unknown_id()}"
        answer = _set(ecs_client, lease, "earlier", mine)
        listed, shown = _listed(ecs_client, lease), _server(ecs_client, lease)
        for tag in ("earlier", mine):
            ecs_check("nova.tags.set/rule/adds", listed, *_TAGS, contains=tag)
            ecs_check("nova.tags.set/rule/answers-tags", answer, *_TAGS, contains=tag)
            ecs_check("nova.tags.set/rule/shown-by-server", shown, "body", "server", "tags", contains=tag)
        for tag in read(answer, "tags"):
            ecs_check("nova.tags.set/rule/answers-tags", listed, *_TAGS, contains=tag)
        ecs_check("nova.tags.set/rule/reserved-kind", listed, *_TAGS, lacks="__type_baremetal")
        _only(ecs_check, "nova.tags.set/rule/this-server-only", _listed(ecs_client, other), ["theirs"])
        ids = ("body", "servers", "*", "id")
        found = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"tags": mine}, microversion=_SINCE)
        ecs_check("nova.tags.set/rule/found-by-tag", found, *ids, equals=[lease.id])
        rest = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"not-tags": mine}, microversion=_SINCE)
        ecs_check("nova.tags.set/rule/found-by-tag", rest, *ids, lacks=lease.id)
        _set(ecs_client, lease, "later")
        listed = _listed(ecs_client, lease)
        left = sorted({"earlier", mine} & set(read(listed, "tags")))
        _only(ecs_check, "nova.tags.set/rule/earlier-tags", listed, [*left, "later"])
        if left:
            ecs_check("nova.tags.set/rule/earlier-tags", listed, *_TAGS, includes=["earlier", mine])
        twice = _set(ecs_client, lease, "double", "double")
        listed = _listed(ecs_client, lease)
        now = read(listed, "tags")
        if twice.accepted:
            ecs_check("nova.tags.set/rule/twice", listed, *_TAGS, has_one="double")
        else:
            ecs_check("nova.tags.set/rule/twice", listed, *_TAGS, lacks="double")
        emptied, listed = _set(ecs_client, lease), _listed(ecs_client, lease)
        kept = emptied.refused or set(read(listed, "tags")) - set(_RESERVED)
        _only(ecs_check, "nova.tags.set/rule/empty-list", listed, now if kept else [])

        full = [f"{number:02}" + "t" * (_LENGTH - 2) for number in range(_MOST)]
        _delete(ecs_client, lease)
        reserved = _reserved(_listed(ecs_client, lease))
        filled = _set(ecs_client, lease, *full)
        if not reserved:
            ecs_check.accepted("nova.tags.set/rule/longest", filled)
            ecs_check("nova.tags.set/rule/longest", _listed(ecs_client, lease), *_TAGS, same_items=full)
            ecs_expect(
                "nova.tags.add/rule/too-many",
                "PUT",
                _path(lease.id, "one-more"),
                microversion=_SINCE,
                expects="over-limit",
                change="the server has 50 tags",
            )
            ecs_check("nova.tags.add/rule/too-many", _listed(ecs_client, lease), *_TAGS, same_items=full)
        _delete(ecs_client, lease, full[-1])
        last = _add(ecs_client, lease, "fiftieth")
        if not reserved:
            ecs_check.accepted("nova.tags.add/rule/fiftieth", last)
        for rule in ("nova.tags.set/rule/longest", "nova.tags.add/rule/too-many", "nova.tags.add/rule/fiftieth"):
            if reserved:
                ecs_check.not_tested(rule, f"the server has {', '.join(reserved)}, which may count")
        deleted = _delete(ecs_client, lease)
        ecs_check("nova.tags.delete-all/rule/no-body", deleted, "body", equals=None)
        for rule in ("nova.tags.delete-all/rule/deletes", "nova.tags.delete/rule/no-key"):
            _only(ecs_check, rule, _listed(ecs_client, lease), [])
        _only(ecs_check, "nova.tags.delete-all/rule/gone-from-server", _server(ecs_client, lease), [], "server", "tags")
        _only(ecs_check, "nova.tags.delete-all/rule/this-server-only", _listed(ecs_client, other), ["theirs"])
        ecs_check.accepted("nova.tags.delete-all/rule/no-tags", _delete(ecs_client, lease))
        refused = ecs_expect(
            "nova.tags.set/rule/too-many",
            "PUT",
            _path(lease.id),
            json={"tags": [*full, "one-more"]},
            microversion=_SINCE,
            expects="over-limit",
            change="there are 51 tags",
            control=filled.id,
        )
        if refused.refused:
            _only(ecs_check, "nova.tags.set/rule/too-many", _listed(ecs_client, lease), [])
        unicode = _set(ecs_client, lease, "签" * _LENGTH)
        if unicode.status == 400:
            ecs_check.not_tested("nova.tags.set/rule/unicode", "the endpoint refuses a tag that is not ASCII")
        else:
            ecs_check.accepted("nova.tags.set/rule/unicode", unicode)
        _add(ecs_client, lease, "plain")
        there = "plain" in _tags(ecs_client, lease)
        ecs_client.delete(f"{_path(lease.id)}/", microversion=_SINCE)
        if there:
            _only(ecs_check, "nova.tags.delete/rule/no-key-slash", _listed(ecs_client, lease), [])
        else:
            ecs_check.not_tested("nova.tags.delete/rule/no-key-slash", "the server had no tag to delete")


@pytest.mark.ecs_requirement(
    "nova.tags.list/rule/needs-microversion",
    "nova.tags.list/rule/newer-header",
    "nova.tags.set/rule/needs-microversion",
    "nova.tags.set/rule/newer-header",
    "nova.tags.delete-all/rule/needs-microversion",
    "nova.tags.delete-all/rule/newer-header",
    "nova.tags.add/rule/needs-microversion",
    "nova.tags.add/rule/newer-header",
    "nova.tags.check/rule/needs-microversion",
    "nova.tags.check/rule/newer-header",
    "nova.tags.delete/rule/needs-microversion",
    "nova.tags.delete/rule/newer-header",
)
def test_tags_have_a_microversion(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Without one each operation is refused; from 2.27 on the newer header names it."""
    lease = ecs_servers("ACTIVE")
    newer = {"OpenStack-API-Version": "compute 2.27"}
    with _bare(ecs_client, lease):
        for rule, method, tag, body in (
            (_SET, "PUT", None, {"tags": ["first"]}),
            (_ADD, "PUT", "second", None),
            (_LIST, "GET", None, None),
            (_CHECK, "GET", "first", None),
            (_DELETE, "DELETE", "first", None),
            (_DELETE_ALL, "DELETE", None, None),
        ):
            without = ecs_client.request(method, _path(lease.id, tag), json=body)
            ecs_check(f"{rule}/needs-microversion", without, "status", one_of=[400, 404, 406])
            sent = ecs_client.request(method, _path(lease.id, tag), json=body, headers=newer)
            ecs_check.accepted(f"{rule}/newer-header", sent)
