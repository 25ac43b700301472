"""Rules of finding servers by their tags (5.9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Lease, Servers, Supplies, Wait, read, url_of

from .tagging import Tags, add, delete, has, new_key, pairs_of, untagged

_SEARCH = url_of("ecs.tags.query")
_FOUND = ("body", "resources", "*", "resource_id")
_TOTAL = ("body", "total_count")
#: The greatest limit, which is the default (table 5-68).
_MOST = 1000
#: Seconds that a change of tags may take to be seen.
_LATE = 10


def _ask(client: Client, action: str = "filter", **criteria: Any) -> Exchange:
    return client.post(_SEARCH, {"action": action, **criteria})


def _query(client: Client, **criteria: Any) -> Exchange:
    return _listing(_ask(client, **criteria))


def _listing(answer: Exchange) -> Exchange:
    """Return an answer to a query for servers; raises `StepFailed` where it is accepted and lists none, which is judged once."""
    if answer.accepted:
        read(answer, "resources")
    return answer


def _tag(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, **({"values": list(values)} if values else {})}


@dataclass(frozen=True)
class _Tagged:
    """Three servers with a key of their own: its values are a, b and c; the first two have another key as well."""

    servers: list[Lease]
    key: str
    extra: str
    #: About what their tags lead to.
    check: Check

    @property
    def mine(self) -> list[dict[str, Any]]:
        """The criteria that all of them meet, and nothing else."""
        return [_tag(self.key)]

    @property
    def tags(self) -> list[Tags]:
        """What each of them has."""
        return [
            {self.key: "a", self.extra: "x"},
            {self.key: "b", self.extra: "x", "beside": "it"},
            {self.key: "c"},
        ]

    def found(self, client: Client, rule: str, *numbers: int, **criteria: Any) -> None:
        """A query finds exactly those of the servers."""
        wanted = [self.servers[number].id for number in numbers]
        self.check(rule, _query(client, **criteria), *_FOUND, same_items=wanted)


@pytest.fixture
def tagged(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies, ecs_wait: Wait
) -> Iterator[_Tagged]:
    """Servers that are found by their tags, which are taken from them afterwards."""
    leases = ecs_servers.batch(3)
    three = _Tagged(leases, new_key(ecs_supplies), new_key(ecs_supplies), ecs_check)
    with untagged(ecs_client, ecs_wait, *leases):
        added = [add(ecs_client, ecs_wait, lease, **tags) for lease, tags in zip(leases, three.tags, strict=True)]
        _wait_for(ecs_client, ecs_wait, three, len(leases))
        yield replace(three, check=ecs_check.after(*added))


def _wait_for(client: Client, wait: Wait, tagged: _Tagged, count: int) -> Exchange:
    """Give the query a while to find so many of the servers, since a change of tags may show late; return the last answer."""
    answer = _ask(client, tags=tagged.mine)
    for _ in range(_LATE):
        found = answer.json_object.get("resources")
        if not answer.accepted or (isinstance(found, list) and len(found) == count):
            break
        wait.sleep(1.0)
        answer = _ask(client, tags=tagged.mine)
    return answer


@pytest.mark.ecs_requirement(
    "ecs.tags.query/rule/any-value",
    "ecs.tags.query/rule/all-given-tags",
    "ecs.tags.query/rule/values-are-alternatives",
    "ecs.tags.query/rule/other-value",
    "ecs.tags.query/rule/filter-lists",
    "ecs.tags.query/rule/limit-default",
    "ecs.tags.query/rule/nothing-found",
)
def test_servers_are_found_by_their_tags(ecs_client: Client, tagged: _Tagged) -> None:
    """By keys, and by their values."""
    key, extra = tagged.key, tagged.extra
    listed, count = _ask(ecs_client, tags=tagged.mine), len(tagged.servers)
    tagged.check("ecs.tags.query/rule/filter-lists", listed, "body", "resources", length=count)
    tagged.found(ecs_client, "ecs.tags.query/rule/any-value", 0, 1, 2, tags=tagged.mine)
    both = [_tag(key, "b", "c"), _tag(extra, "x")]
    tagged.found(ecs_client, "ecs.tags.query/rule/all-given-tags", 1, tags=both)
    tagged.found(ecs_client, "ecs.tags.query/rule/values-are-alternatives", 0, 2, tags=[_tag(key, "a", "c")])
    tagged.found(ecs_client, "ecs.tags.query/rule/other-value", 0, tags=[_tag(key, "a", "none-has-this")])
    tagged.check("ecs.tags.query/rule/limit-default", listed, "body", "resources", length_at_most=_MOST)
    nothing = _query(ecs_client, tags=[_tag(key, "none-has-this")])
    tagged.check("ecs.tags.query/rule/nothing-found", nothing, "body", "resources", equals=[])
    tagged.check("ecs.tags.query/rule/nothing-found", nothing, *_TOTAL, equals=0)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/not-tags", "ecs.tags.query/rule/not-tags-none-of")
def test_servers_are_left_out_by_their_tags(ecs_client: Client, tagged: _Tagged) -> None:
    """In one of the two forms of not_tags at least; one that is refused is no verdict."""
    forms: list[list[Any]] = [["beside", tagged.extra], [_tag("beside", "it"), _tag(tagged.extra, "x")]]
    answers = [(form, _query(ecs_client, tags=tagged.mine, not_tags=form[1:])) for form in forms]
    taken = [(form, answer) for form, answer in answers if answer.accepted]
    kept = [tagged.servers[2].id]
    for _, answer in [] if taken else answers[:1]:
        tagged.check.accepted("ecs.tags.query/rule/not-tags", answer)
        tagged.check.not_tested("ecs.tags.query/rule/not-tags-none-of", f"not_tags is refused: {answer.answer}")
    for form, answer in taken:
        tagged.check("ecs.tags.query/rule/not-tags", answer, *_FOUND, same_items=kept)
        several = _query(ecs_client, tags=tagged.mine, not_tags=form)
        tagged.check("ecs.tags.query/rule/not-tags-none-of", several, *_FOUND, same_items=kept)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/matches-name", "ecs.tags.query/rule/matches-and-tags")
def test_servers_are_found_by_their_names(ecs_client: Client, tagged: _Tagged) -> None:
    """Alone, and together with tags."""
    one, *others = tagged.servers
    name = str(read(one.show(), "server", "name"))
    match = [{"key": "resource_name", "value": name}]
    answer = _query(ecs_client, matches=match)
    tagged.check("ecs.tags.query/rule/matches-name", answer, *_FOUND, contains=one.id)
    for resource in range(len(read(answer, "resources")) if answer.accepted else 0):
        place = ("body", "resources", resource, "resource_name")
        tagged.check("ecs.tags.query/rule/matches-name", answer, *place, matches=f"(?i){re.escape(name)}")
    both = _query(ecs_client, matches=match, tags=tagged.mine)
    tagged.check("ecs.tags.query/rule/matches-and-tags", both, *_FOUND, contains=one.id)
    for server in others:
        if name not in str(read(server.show(), "server", "name")):
            tagged.check("ecs.tags.query/rule/matches-and-tags", both, *_FOUND, lacks=server.id)
    lacking = _query(ecs_client, matches=match, tags=[_tag(tagged.key, "b")])
    tagged.check("ecs.tags.query/rule/matches-and-tags", lacking, *_FOUND, lacks=one.id)


@pytest.mark.ecs_requirement(
    "ecs.tags.query/rule/count-counts",
    "ecs.tags.query/rule/count-without-servers",
    "ecs.tags.query/rule/count-pages",
    "ecs.tags.query/rule/filter-total",
)
def test_servers_are_counted(ecs_client: Client, tagged: _Tagged) -> None:
    """On all pages, whatever a page holds."""
    count = len(tagged.servers)
    counted = _ask(ecs_client, "count", tags=tagged.mine)
    tagged.check("ecs.tags.query/rule/count-counts", counted, *_TOTAL, equals=count)
    tagged.check("ecs.tags.query/rule/count-without-servers", counted, "body", "resources", absent=True)
    one = _query(ecs_client, tags=tagged.mine, limit="1")
    tagged.check("ecs.tags.query/rule/filter-total", one, *_TOTAL, equals=count)
    paged = _ask(ecs_client, "count", tags=tagged.mine, limit="1", offset="1")
    if paged.refused:
        tagged.check.refused("ecs.tags.query/rule/count-pages", paged, "invalid")
    else:
        tagged.check("ecs.tags.query/rule/count-pages", paged, *_TOTAL, equals=count)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/no-criteria")
def test_all_servers_are_found_without_criteria(ecs_client: Client, tagged: _Tagged) -> None:
    """Those that have tags at least."""
    every = _query(ecs_client, limit=str(_MOST))
    tagged.check("ecs.tags.query/rule/no-criteria", every, *_TOTAL, at_least=len(tagged.servers))
    if every.accepted and read(every, "total_count") <= _MOST:
        ids = [server.id for server in tagged.servers]
        tagged.check("ecs.tags.query/rule/no-criteria", every, *_FOUND, includes=ids)


@pytest.mark.ecs_requirement(
    "ecs.tags.query/rule/at-most-limit",
    "ecs.tags.query/rule/offset-skips",
    "ecs.tags.query/rule/offset-default",
    "ecs.tags.query/rule/pages-complete",
)
def test_servers_come_on_pages(ecs_client: Client, tagged: _Tagged) -> None:
    """Of one limit, by their offset."""
    check, mine = tagged.check, tagged.mine
    whole = _query(ecs_client, tags=mine)
    order = _found(whole)
    check("ecs.tags.query/rule/offset-default", _query(ecs_client, tags=mine, offset="0"), *_FOUND, equals=order)
    skipped = _query(ecs_client, tags=mine, offset="1")
    check("ecs.tags.query/rule/offset-skips", skipped, *_FOUND, equals=order[1:])
    pages = [_query(ecs_client, tags=mine, limit="1", offset=str(offset)) for offset in range(len(tagged.servers))]
    for offset, page in enumerate(pages):
        check("ecs.tags.query/rule/at-most-limit", page, "body", "resources", length_at_most=1)
        check("ecs.tags.query/rule/pages-complete", page, *_FOUND, equals=order[offset : offset + 1])
    check = check.after(*pages)
    shown = [server for page in pages if page.accepted for server in _found(page)]
    check("ecs.tags.query/rule/pages-complete", whole, *_FOUND, same_items=shown)
    ids = [server.id for server in tagged.servers]
    check("ecs.tags.query/rule/pages-complete", whole, *_FOUND, same_items=ids)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/limit-highest")
def test_a_limit_has_a_greatest_value(ecs_client: Client, ecs_check: Check) -> None:
    """A thousand is accepted; one more is refused, or shows no more."""
    rule = "ecs.tags.query/rule/limit-highest"
    ecs_check.accepted(rule, _ask(ecs_client, limit=str(_MOST)))
    more = _query(ecs_client, limit=str(_MOST + 1))
    if more.refused:
        ecs_check.refused(rule, more, "invalid")
    else:
        ecs_check(rule, more, "body", "resources", length_at_most=_MOST)


def _found(answer: Exchange) -> list[str]:
    """Return the servers that a query finds; that each comes once is judged by itself."""
    return list(dict.fromkeys(read(answer, "resources", "*", "resource_id")))


def _place(answer: Exchange, server: str) -> int:
    ids = read(answer, "resources", "*", "resource_id")
    return ids.index(server) if server in ids else len(ids)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/shows-server")
def test_a_server_that_is_found_is_shown(ecs_client: Client, tagged: _Tagged) -> None:
    """With its id and name."""
    two = tagged.servers[1]
    answer = _query(ecs_client, tags=[_tag(tagged.key, "b")])
    resource = ("body", "resources", 0)
    tagged.check("ecs.tags.query/rule/shows-server", answer, *resource, "resource_id", equals=two.id)
    name = read(two.show(), "server", "name")
    tagged.check("ecs.tags.query/rule/shows-server", answer, *resource, "resource_name", equals=name)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/all-tags-shown", "ecs.tags.list/rule/same-as-query")
def test_a_server_that_is_found_shows_its_tags(ecs_client: Client, tagged: _Tagged) -> None:
    """Those that the query does not name too, as the query of its tags has them."""
    two = tagged.servers[1]
    answer = _query(ecs_client, tags=[_tag(tagged.key, "b")])
    at = ("resources", _place(answer, two.id), "tags")
    has(tagged.check, "ecs.tags.query/rule/all-tags-shown", answer, tagged.tags[1], *at)
    pairs = pairs_of(ecs_client, two)
    has(tagged.check, "ecs.tags.list/rule/same-as-query", answer, pairs, *at)
    tagged.check("ecs.tags.list/rule/same-as-query", answer, "body", *at, length=len(pairs))


@pytest.mark.ecs_requirement("ecs.tags.query/rule/untagged-gone")
def test_a_server_is_not_found_by_a_tag_that_was_deleted(ecs_client: Client, ecs_wait: Wait, tagged: _Tagged) -> None:
    """The others are."""
    deleted = delete(ecs_client, ecs_wait, tagged.servers[1], **{tagged.key: "b"})
    check, wanted = tagged.check.after(deleted), [tagged.servers[0].id, tagged.servers[2].id]
    answer = _listing(_wait_for(ecs_client, ecs_wait, tagged, len(wanted)))
    check("ecs.tags.query/rule/untagged-gone", answer, *_FOUND, same_items=wanted)


#: Criteria at the bounds of what a query may hold (tables 5-69 and 5-70), whether or not a server meets them.
_WITHIN: Sequence[tuple[str, dict[str, Any]]] = (
    ("ecs.tags.query/rule/tag-shortest", {"tags": [_tag("k")]}),
    ("ecs.tags.query/rule/tag-longest", {"tags": [_tag("k" * 127, "v" * 255)]}),
    ("ecs.tags.query/rule/match-shortest", {"matches": [{"key": "resource_name", "value": "n"}]}),
    ("ecs.tags.query/rule/match-longest", {"matches": [{"key": "resource_name", "value": "n" * 255}]}),
)


@pytest.mark.parametrize(
    ("rule", "criteria"),
    [pytest.param(*case, id=case[0], marks=pytest.mark.ecs_requirement(case[0])) for case in _WITHIN],
)
def test_criteria_may_be_as_short_and_as_long_as_the_tables_say(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, rule: str, criteria: dict[str, Any]
) -> None:
    """Such a query is accepted where the plain one is."""
    ecs_check.after(ecs_cases.control("ecs.tags.query")).accepted(rule, _ask(ecs_client, **criteria))


_NAMED = {"key": "resource_name", "value": "none"}
#: What contradicts itself in a query, in words and in criteria.
_CONTRADICTIONS: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("ecs.tags.query/rule/key-twice", "tags has a key twice", {"tags": [_tag("stage", "a"), _tag("stage", "b")]}),
    ("ecs.tags.query/rule/value-twice", "values has a value twice", {"tags": [_tag("stage", "a", "a")]}),
    ("ecs.tags.query/rule/match-twice", "matches has a key twice", {"matches": [_NAMED, {**_NAMED, "value": "other"}]}),
    ("ecs.tags.query/rule/not-negative", "limit is -1", {"limit": "-1"}),
    ("ecs.tags.query/rule/not-negative", "offset is -1", {"offset": "-1"}),
)


@pytest.mark.parametrize(
    ("rule", "change", "criteria"),
    [pytest.param(*case, id=case[1], marks=pytest.mark.ecs_requirement(case[0])) for case in _CONTRADICTIONS],
)
def test_a_query_that_contradicts_itself_is_refused(
    ecs_cases: Cases, ecs_expect: Expect, rule: str, change: str, criteria: dict[str, Any]
) -> None:
    """Keys, values and fields are named once, and no page begins before the first server."""
    _refuse(ecs_cases, ecs_expect, rule, change, criteria)


@pytest.mark.ecs_requirement("ecs.tags.query/rule/not-tags-twice")
def test_a_key_is_left_out_once(ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect) -> None:
    """In the form of not_tags that is accepted."""
    text = _ask(ecs_client, not_tags=["stage"]).accepted
    twice: list[Any] = ["stage", "stage"] if text else [_tag("stage"), _tag("stage")]
    rule = "ecs.tags.query/rule/not-tags-twice"
    _refuse(ecs_cases, ecs_expect, rule, "not_tags has a key twice", {"not_tags": twice})


def _refuse(cases: Cases, expect: Expect, rule: str, change: str, criteria: dict[str, Any]) -> None:
    expect(
        rule,
        "POST",
        _SEARCH,
        json={"action": "filter", **criteria},
        expects="invalid",
        change=change,
        control=cases.control("ecs.tags.query").id,
        codes=expect.codes_of("ecs.tags.query", "tags"),
    )
