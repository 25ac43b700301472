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
_SINCE, _NEXT = "2.26", "2.27"
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
    *(
        f"{_ADD}/{rule}"
        for rule in ("adds", "created", "html", "json-status", "keeps", "again", "longest", "too-long", "empty")
    ),
    *(f"{_ADD}/{rule}" for rule in ("encoded", "shown-by-server", "this-server-only")),
    *(f"{_LIST}/{rule}" for rule in ("all-tags", "once", "own-server", "no-tags", "same-as-server", "with-values")),
    *(f"{_CHECK}/{rule}" for rule in ("has-tag", "deleted-tag", "other-server", "no-key", "no-key-slash", "no-body")),
    *(
        f"{_DELETE}/{rule}"
        for rule in ("deletes", "keeps", "encoded", "too-long", "gone-from-server", "this-server-only", "no-body")
    ),
)
def test_tags_come_and_go_one_by_one(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Each is on its server alone, once, as it was sent, until it is deleted."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with _bare(ecs_client, lease, other):
        _only(ecs_check, f"{_LIST}/no-tags", _listed(ecs_client, lease), [])
        for tag in ("shared", "theirs"):
            _add(ecs_client, other, tag)
        plain = ecs_client.put(_path(lease.id, "first"), microversion=_SINCE, headers={"Accept": "*/*"})
        first = _add(ecs_client, lease, "second")
        for answer in (plain, first):
            ecs_check(f"{_ADD}/created", answer, "status", equals=201)
        if plain.response_body is None and not plain.response_text:
            ecs_check.not_tested(f"{_ADD}/html", "the answer has no body")
        else:
            ecs_check(f"{_ADD}/html", plain, "headers", "content-type", matches="^text/html")
        kind = str(first.response_headers.get("content-type", ""))
        if kind.startswith("application/json"):
            ecs_check(f"{_ADD}/json-status", first, "body", "code", matches=f"^{first.status}")
        else:
            ecs_check.not_tested(f"{_ADD}/json-status", f"the answer is {kind or 'empty'}, not JSON")
        strange, longest = "签名", "t" * _LENGTH
        for tag in ("shared", longest, strange):
            sent = _add(ecs_client, lease, tag)  # the strange one comes last
            if tag == longest:
                ecs_check.accepted(f"{_ADD}/longest", sent)
        wanted = ["first", "second", "shared", longest]
        listed, shown = _listed(ecs_client, lease), _server(ecs_client, lease)
        for tag in wanted:
            ecs_check(f"{_ADD}/adds", listed, *_TAGS, contains=tag)
            ecs_check(f"{_LIST}/all-tags", listed, *_TAGS, contains=tag)
            ecs_check(f"{_LIST}/once", listed, *_TAGS, has_one=tag)
            ecs_check(f"{_ADD}/shown-by-server", shown, "body", "server", "tags", contains=tag)
        ecs_check(f"{_ADD}/keeps", listed, *_TAGS, contains="first")
        ecs_check(f"{_LIST}/own-server", listed, *_TAGS, lacks="theirs")
        tags = read(listed, "tags")
        _only(ecs_check, f"{_LIST}/same-as-server", shown, tags, "server", "tags")
        _only(ecs_check, f"{_ADD}/this-server-only", _listed(ecs_client, other), ["shared", "theirs"])
        _add(ecs_client, lease, "first")
        ecs_check(f"{_ADD}/again", _listed(ecs_client, lease), *_TAGS, has_one="first")

        too_long = "t" * (_LENGTH + 1)
        ecs_expect(
            f"{_ADD}/too-long",
            "PUT",
            _path(lease.id, too_long),
            microversion=_SINCE,
            expects="unknown-reference",
            change="the tag has 81 characters",
            control=first.id,
        )
        ecs_check(f"{_ADD}/too-long", _listed(ecs_client, lease), *_TAGS, lacks=too_long)
        ecs_expect(
            f"{_DELETE}/too-long",
            "DELETE",
            _path(lease.id, too_long),
            microversion=_SINCE,
            expects="unknown-reference",
            change="the tag has 81 characters",
        )
        nothing = ecs_client.put(f"{_path(lease.id)}/", microversion=_SINCE)
        ecs_check(f"{_ADD}/empty", nothing, "status", at_least=400)
        _only(ecs_check, f"{_ADD}/empty", _listed(ecs_client, lease), tags)

        there = _has(ecs_client, lease, "first")
        ecs_check.accepted(f"{_CHECK}/has-tag", there)
        ecs_check(f"{_CHECK}/no-body", there, "body", equals=None)
        ecs_expect(
            f"{_CHECK}/other-server",
            "GET",
            _path(lease.id, "theirs"),
            microversion=_SINCE,
            expects="not-found",
            change="only another server has the tag",
        )
        for rule, path in (("no-key", _path(lease.id)), ("no-key-slash", f"{_path(lease.id)}/")):
            _only(ecs_check, f"{_CHECK}/{rule}", ecs_client.get(path, microversion=_SINCE), tags)

        if sent.status == 400:
            for rule in (f"{_ADD}/encoded", f"{_DELETE}/encoded"):
                ecs_check.not_tested(rule, "the endpoint refuses a tag that is not safe in a URL")
        elif ecs_check(f"{_ADD}/encoded", listed, *_TAGS, contains=strange):
            _delete(ecs_client, lease, strange)
            ecs_check(f"{_DELETE}/encoded", _listed(ecs_client, lease), *_TAGS, lacks=strange)
        else:
            ecs_check.not_tested(f"{_DELETE}/encoded", "the endpoint has no tag that is not safe in a URL")
        deleted = _delete(ecs_client, lease, "shared")
        ecs_check(f"{_DELETE}/no-body", deleted, "body", equals=None)
        listed = _listed(ecs_client, lease)
        ecs_check(f"{_DELETE}/deletes", listed, *_TAGS, lacks="shared")
        for tag in ("first", longest):
            ecs_check(f"{_DELETE}/keeps", listed, *_TAGS, contains=tag)
        ecs_check(f"{_DELETE}/gone-from-server", _server(ecs_client, lease), "body", "server", "tags", lacks="shared")
        ecs_check(f"{_DELETE}/this-server-only", _listed(ecs_client, other), *_TAGS, contains="shared")
        ecs_expect(
            f"{_CHECK}/deleted-tag",
            "GET",
            _path(lease.id, "shared"),
            microversion=_SINCE,
            expects="not-found",
            change="the tag was deleted",
        )
        body = {"action": "create", "tags": [{"key": "key", "value": "value"}, {"key": "bare", "value": ""}]}
        read(ecs_client.post(f"/v1/{{project_id}}/servers/{lease.id}/tags/action", body))
        ecs_check(f"{_LIST}/with-values", _listed(ecs_client, lease), *_TAGS, includes=["key=value", "bare"])


@pytest.mark.ecs_requirement(
    *(
        f"{_SET}/{rule}"
        for rule in ("adds", "answers-tags", "earlier-tags", "longest", "too-many", "empty-list", "twice", "unicode")
    ),
    *(f"{_SET}/{rule}" for rule in ("reserved-kind", "shown-by-server", "this-server-only", "found-by-tag")),
    *(f"{_DELETE_ALL}/{rule}" for rule in ("deletes", "no-tags", "gone-from-server", "this-server-only", "no-body")),
    *(f"{_DELETE}/{rule}" for rule in ("no-key", "no-key-slash")),
    *(f"{_ADD}/{rule}" for rule in ("fiftieth", "too-many")),
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
            ecs_check(f"{_SET}/adds", listed, *_TAGS, contains=tag)
            ecs_check(f"{_SET}/answers-tags", answer, *_TAGS, contains=tag)
            ecs_check(f"{_SET}/shown-by-server", shown, "body", "server", "tags", contains=tag)
        for tag in read(answer, "tags"):
            ecs_check(f"{_SET}/answers-tags", listed, *_TAGS, contains=tag)
        ecs_check(f"{_SET}/reserved-kind", listed, *_TAGS, lacks="__type_baremetal")
        _only(ecs_check, f"{_SET}/this-server-only", _listed(ecs_client, other), ["theirs"])
        ids = ("body", "servers", "*", "id")
        found = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"tags": mine}, microversion=_SINCE)
        ecs_check(f"{_SET}/found-by-tag", found, *ids, equals=[lease.id])
        rest = ecs_client.get("/v2.1/{project_id}/servers/detail", query={"not-tags": mine}, microversion=_SINCE)
        ecs_check(f"{_SET}/found-by-tag", rest, *ids, lacks=lease.id)
        _set(ecs_client, lease, "later")
        listed = _listed(ecs_client, lease)
        left = sorted({"earlier", mine} & set(read(listed, "tags")))
        _only(ecs_check, f"{_SET}/earlier-tags", listed, [*left, "later"])
        if left:
            ecs_check(f"{_SET}/earlier-tags", listed, *_TAGS, includes=["earlier", mine])
        twice = _set(ecs_client, lease, "double", "double")
        listed = _listed(ecs_client, lease)
        now = read(listed, "tags")
        if twice.accepted:
            ecs_check(f"{_SET}/twice", listed, *_TAGS, has_one="double")
        else:
            ecs_check(f"{_SET}/twice", listed, *_TAGS, lacks="double")
        emptied, listed = _set(ecs_client, lease), _listed(ecs_client, lease)
        kept = emptied.refused or set(read(listed, "tags")) - set(_RESERVED)
        _only(ecs_check, f"{_SET}/empty-list", listed, now if kept else [])

        full = [f"{number:02}" + "t" * (_LENGTH - 2) for number in range(_MOST)]
        _delete(ecs_client, lease)
        reserved = _reserved(_listed(ecs_client, lease))
        filled = _set(ecs_client, lease, *full)
        if not reserved:
            ecs_check.accepted(f"{_SET}/longest", filled)
            ecs_check(f"{_SET}/longest", _listed(ecs_client, lease), *_TAGS, same_items=full)
            ecs_expect(
                f"{_ADD}/too-many",
                "PUT",
                _path(lease.id, "one-more"),
                microversion=_SINCE,
                expects="over-limit",
                change="the server has 50 tags",
            )
            ecs_check(f"{_ADD}/too-many", _listed(ecs_client, lease), *_TAGS, same_items=full)
        _delete(ecs_client, lease, full[-1])
        last = _add(ecs_client, lease, "fiftieth")
        if not reserved:
            ecs_check.accepted(f"{_ADD}/fiftieth", last)
        for rule in (f"{_SET}/longest", f"{_ADD}/too-many", f"{_ADD}/fiftieth"):
            if reserved:
                ecs_check.not_tested(rule, f"the server has {', '.join(reserved)}, which may count")
        deleted = _delete(ecs_client, lease)
        ecs_check(f"{_DELETE_ALL}/no-body", deleted, "body", equals=None)
        for rule in (f"{_DELETE_ALL}/deletes", f"{_DELETE}/no-key"):
            _only(ecs_check, rule, _listed(ecs_client, lease), [])
        _only(ecs_check, f"{_DELETE_ALL}/gone-from-server", _server(ecs_client, lease), [], "server", "tags")
        _only(ecs_check, f"{_DELETE_ALL}/this-server-only", _listed(ecs_client, other), ["theirs"])
        ecs_check.accepted(f"{_DELETE_ALL}/no-tags", _delete(ecs_client, lease))
        refused = ecs_expect(
            f"{_SET}/too-many",
            "PUT",
            _path(lease.id),
            json={"tags": [*full, "one-more"]},
            microversion=_SINCE,
            expects="over-limit",
            change="there are 51 tags",
            control=filled.id,
        )
        if refused.refused:
            _only(ecs_check, f"{_SET}/too-many", _listed(ecs_client, lease), [])
        unicode = _set(ecs_client, lease, "签" * _LENGTH)
        if unicode.status == 400:
            ecs_check.not_tested(f"{_SET}/unicode", "the endpoint refuses a tag that is not ASCII")
        else:
            ecs_check.accepted(f"{_SET}/unicode", unicode)
        _add(ecs_client, lease, "plain")
        there = "plain" in _tags(ecs_client, lease)
        ecs_client.delete(f"{_path(lease.id)}/", microversion=_SINCE)
        if there:
            _only(ecs_check, f"{_DELETE}/no-key-slash", _listed(ecs_client, lease), [])
        else:
            ecs_check.not_tested(f"{_DELETE}/no-key-slash", "the server had no tag to delete")


@pytest.mark.ecs_requirement(
    *(
        f"{rule}/{claim}"
        for rule in (_LIST, _SET, _DELETE_ALL, _ADD, _CHECK, _DELETE)
        for claim in ("needs-microversion", "newer-header")
    ),
)
def test_tags_have_a_microversion(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Without one each operation is refused; from 2.27 on the newer header names it."""
    lease = ecs_servers("ACTIVE")
    newer = {"OpenStack-API-Version": f"compute {_NEXT}"}
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
