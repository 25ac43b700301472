"""Rules of the two lists of servers of the native API (6.2.4, 6.2.5): their order and their pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, pairwise, permutations, product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_ecs import Cases, Check, Client, Contract, Exchange, Servers, Supplies, Target, read
from pytest_ecs.typing import JSON

from .creation import made_servers
from .listing import DEFAULT, DETAIL, IDS, MOST, both, by_name, ids_of, rule_of

pytestmark = pytest.mark.ecs_group("scarce")

_SERVERS = ("body", "servers")


@both("nova.servers.list/rule/sort-default", "nova.servers.list-detail/rule/sort-default")
def test_the_newest_comes_first(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    operation: str,
    path: str,
) -> None:
    """Where no other order is asked for; servers of one second come in any order."""
    query = {"name": made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies).name, "limit": str(MOST)}
    shown = read(ecs_client.get(DETAIL, query=query), "servers")
    whole = ecs_client.get(path, query=query)
    ecs_check(rule_of(operation, "sort-default"), whole, *IDS, one_of=_newest_first(shown))


def _newest_first(servers: list[dict[str, Any]]) -> list[list[str]]:
    """Every order of the ids in which no server comes before one that was created after it."""
    created = sorted({str(server["created"]) for server in servers}, reverse=True)
    groups = [permutations(s["id"] for s in servers if str(s["created"]) == moment) for moment in created]
    return [list(chain.from_iterable(order)) for order in product(*groups)]


#: What the values of sort_key that have a field of their own, whose order is beyond doubt, are called in the answer.
_SORTED = {
    "created_at": "created",
    "updated_at": "updated",
    "display_name": "name",
    "uuid": "id",
    "launched_at": "OS-SRV-USG:launched_at",
    "host_name": "OS-EXT-SRV-ATTR:hostname",
}


@both("nova.servers.list/rule/sort-key", "nova.servers.list-detail/rule/sort-key")
def test_a_list_is_sorted_by_the_key(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    operation: str,
    path: str,
) -> None:
    """Every documented key is accepted and loses no server; by those that can be seen, the list goes in one direction."""
    rule = rule_of(operation, "sort-key")
    query = {"name": made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies).name, "limit": str(MOST)}
    shown = read(ecs_client.get(DETAIL, query=query, microversion="2.3"), "servers")
    properties = {server["id"]: server for server in shown}
    for key in ecs_contract.operations[operation].query["sort_key"]["enum"]:
        listed = ecs_client.get(path, query={**query, "sort_key": key})
        if not ecs_check.accepted(rule, listed):
            continue
        ecs_check(rule, listed, *IDS, same_items=list(properties))
        values = {server: properties[server].get(_SORTED.get(key, "")) for server in properties}
        ids = ids_of(listed)
        if all(isinstance(values.get(server), str) for server in ids):
            # Servers that are equal in the property may come in any order, so the list is compared with itself, sorted.
            orders = [sorted(ids, key=values.__getitem__, reverse=downwards) for downwards in (False, True)]
            ecs_check(rule, listed, *IDS, one_of=orders)


@both(
    "nova.servers.list/rule/limit",
    "nova.servers.list/rule/marker",
    "nova.servers.list/rule/next-link",
    "nova.servers.list-detail/rule/limit",
    "nova.servers.list-detail/rule/marker",
    "nova.servers.list-detail/rule/next-link",
)
def test_a_page_begins_after_the_marker(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    operation: str,
    path: str,
) -> None:
    """With limit 1 a page has one server, the next of the whole list, and a link; after the last comes nothing.

    The pages are those of one name, so that others at work in the project do not move them.
    """
    query = {"name": made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies).name, "limit": str(MOST)}
    ids = ids_of(ecs_client.get(path, query=query))
    first = ecs_client.get(path, query={**query, "limit": "1"})
    ecs_check(rule_of(operation, "limit"), first, *_SERVERS, length=1)
    ecs_check(rule_of(operation, "next-link"), first, "body", "servers_links", present=True)
    rule = rule_of(operation, "marker")
    for before, after in pairwise(ids):
        page = ecs_client.get(path, query={**query, "limit": "1", "marker": before})
        ecs_check(rule, page, *IDS, equals=[after])
    last = ecs_client.get(path, query={**query, "limit": "1", "marker": ids[-1]})
    ecs_check(rule, last, *_SERVERS, equals=[])


@both(
    "nova.servers.list/rule/pages-complete",
    "nova.servers.list/rule/next-link-works",
    "nova.servers.list/rule/no-next-link",
    "nova.servers.list-detail/rule/pages-complete",
    "nova.servers.list-detail/rule/next-link-works",
    "nova.servers.list-detail/rule/no-next-link",
)
def test_links_lead_through_all_pages(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    operation: str,
    path: str,
) -> None:
    """From link to link every server of a name comes once, in the order of the whole list; then comes nothing."""
    made = made_servers(ecs_cases, ecs_client, ecs_servers, ecs_supplies)
    complete, works = rule_of(operation, "pages-complete"), rule_of(operation, "next-link-works")
    whole = by_name(ecs_client, path, made.name)
    ids = ids_of(whole)
    ecs_check(complete, whole, *IDS, same_items=made.ids)
    _check_end(ecs_client, ecs_check, rule_of(operation, "no-next-link"), path, whole)
    page = ecs_client.get(path, query={"name": made.name, "limit": "1"})
    for number, server in enumerate(ids):
        ecs_check(complete, page, *IDS, equals=[server])
        if number == len(ids) - 1:
            _check_end(ecs_client, ecs_check, complete, path, page)
        elif ecs_check(works, page, "body", "servers_links", 0, "href", matches="[?]"):
            page = _follow(ecs_client, path, page)
            ecs_check(works, page, *IDS, equals=[ids[number + 1]])


def _follow(client: Client, path: str, page: Exchange) -> Exchange:
    """Ask for the page that the link of a page leads to."""
    return client.get(path, query=parse_qsl(urlsplit(read(page, "servers_links", 0, "href")).query))


def _check_end(client: Client, check: Check, requirement: str, path: str, page: Exchange) -> None:
    """Judge that no server comes after a page: it has no link, or that of an empty page (ruling next-link-form)."""
    links = read(page).get("servers_links")
    if not links:
        test: dict[str, JSON] = {"absent": True} if links is None else {"equals": []}
        check(requirement, page, "body", "servers_links", **test)
    elif check(requirement, page, "body", "servers_links", 0, "href", matches="[?]"):
        check(requirement, _follow(client, path, page), *_SERVERS, equals=[])


@contextmanager
def _crowd(target: Target) -> Iterator[None]:
    """Have more servers in the project than a page may have, where the target can be told so."""
    hook = target.control
    if hook is not None:
        hook("PUT", "/_mock/servers", {"count": MOST + 1})
    try:
        yield
    finally:
        if hook is not None:
            hook("PUT", "/_mock/servers", {"count": 0})


@both("nova.servers.list/rule/limit-default", "nova.servers.list-detail/rule/limit-default")
def test_a_page_without_limit_has_25(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, operation: str, path: str
) -> None:
    """At most; a project with fewer servers says nothing about it."""
    rule = rule_of(operation, "limit-default")
    with _crowd(ecs_target):
        more = ecs_client.get(path, query={"limit": str(DEFAULT + 1)})
        if len(read(more, "servers")) > DEFAULT:
            ecs_check(rule, ecs_client.get(path), *_SERVERS, length_at_most=DEFAULT)
        else:
            ecs_check.not_tested(rule, f"the project has no more than {DEFAULT} servers to list")


@both("nova.servers.list/rule/limit-most", "nova.servers.list-detail/rule/limit-most")
def test_a_page_never_has_more_than_1000(
    ecs_client: Client, ecs_target: Target, ecs_check: Check, operation: str, path: str
) -> None:
    """A larger limit is cut or refused (ruling list-limit); a project with fewer servers says nothing about it."""
    rule = rule_of(operation, "limit-most")
    with _crowd(ecs_target):
        large = ecs_client.get(path, query={"limit": str(MOST + 1)})
        if large.refused:
            ecs_check.refused(rule, large, "invalid")
        elif len(read(large, "servers")) >= MOST:
            ecs_check(rule, large, *_SERVERS, length_at_most=MOST)
        else:
            ecs_check.not_tested(rule, f"the project has no more than {MOST} servers to list")


@pytest.mark.ecs_requirement("nova.servers.list-detail/rule/limit-advised")
def test_the_limit_that_is_advised_is_accepted(ecs_client: Client, ecs_check: Check) -> None:
    """A page of the list with details may be asked to have 100 servers."""
    page = ecs_client.get(DETAIL, query={"limit": "100"})
    ecs_check.accepted("nova.servers.list-detail/rule/limit-advised", page)
    check = ecs_check.after(page)
    check("nova.servers.list-detail/rule/limit-advised", page, *_SERVERS, length_at_most=100)
