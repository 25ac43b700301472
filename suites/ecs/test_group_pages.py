"""Rules of paging through the list of server groups (5.10.5)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Supplies, read
from pytest_ecs.exceptions import PrerequisiteMissing

from .grouping import GROUPS, IDS, group_made, ids_on, pages_of

pytestmark = pytest.mark.ecs_group("scarce")

#: The greatest limit (table 5-99).
_MOST = 1000


@dataclass(frozen=True)
class _Pages:
    """The list divided by a limit, while it stayed the same."""

    order: list[str]
    size: int
    pages: list[Exchange]


def _divided(client: Client) -> _Pages:
    """Return the list on pages; raises `PrerequisiteMissing` when groups come and go all the time."""
    for _ in range(5):
        whole = pages_of(client)
        read(whole[0], "server_groups", 0)
        order = ids_on(whole)
        size = max(1, len(order) // 8)
        pages = pages_of(client, {"limit": str(size)})
        if ids_on(pages_of(client)) == order:
            return _Pages(order, size, pages)
    raise PrerequisiteMissing(
        "A list that stays the same is needed", seen="others create or delete groups all the time"
    )


@pytest.mark.ecs_requirement(
    "ecs.server-groups.list/rule/at-most-limit",
    "ecs.server-groups.list/rule/limit-alone",
    "ecs.server-groups.list/rule/next-marker",
    "ecs.server-groups.list/rule/pages-complete",
)
def test_groups_come_on_pages(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Pages have as many groups as asked for and follow each other; a try counts when the list stayed the same."""
    with group_made(ecs_client, ecs_supplies), group_made(ecs_client, ecs_supplies):
        seen = _divided(ecs_client)
    for page in seen.pages:
        ecs_check("ecs.server-groups.list/rule/at-most-limit", page, "body", "server_groups", length_at_most=seen.size)
    first = seen.pages[0]
    ecs_check("ecs.server-groups.list/rule/limit-alone", first, *IDS, equals=seen.order[: seen.size])
    last = ids_on([first])[-1:]
    marker = ("body", "page_info", "next_marker")
    ecs_check("ecs.server-groups.list/rule/next-marker", first, *marker, one_of=last)
    walked = ids_on(seen.pages)
    for group in seen.order:
        page = next((page for page in seen.pages if group in ids_on([page])), seen.pages[-1])
        if group in walked:
            ecs_check("ecs.server-groups.list/rule/pages-complete", page, *IDS, has_one=group)
        else:
            ecs_check("ecs.server-groups.list/rule/pages-complete", page, *IDS, contains=group)
    for page, later in itertools.pairwise(seen.pages):
        for group in ids_on([page]):
            ecs_check("ecs.server-groups.list/rule/pages-complete", later, *IDS, lacks=group)


@pytest.mark.ecs_requirement("ecs.server-groups.list/rule/after-marker", "ecs.server-groups.list/rule/marker-alone")
def test_a_page_begins_after_its_marker(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """With a limit; without one it is refused or does so too."""
    with group_made(ecs_client, ecs_supplies), group_made(ecs_client, ecs_supplies):
        for _ in range(5):
            order = ids_on(pages_of(ecs_client))
            if len(order) <= 1:
                raise PrerequisiteMissing(
                    "A list of two groups is needed", seen=f"{len(order)} where there should be two"
                )
            second = ecs_client.get(GROUPS, query={"limit": "1", "marker": order[0]})
            alone = ecs_client.get(GROUPS, query={"marker": order[0]})
            if ids_on(pages_of(ecs_client)) == order:
                break
        else:
            raise PrerequisiteMissing("A list that stays the same is needed", seen="others change it all the time")
    ecs_check("ecs.server-groups.list/rule/after-marker", second, *IDS, equals=order[1:2])
    if alone.refused:
        ecs_check.refused("ecs.server-groups.list/rule/marker-alone", alone, "invalid")
    else:
        shown = ids_on([alone])
        ecs_check("ecs.server-groups.list/rule/marker-alone", alone, *IDS, equals=order[1 : 1 + max(1, len(shown))])


@pytest.mark.ecs_requirement("ecs.server-groups.list/rule/limit-highest")
def test_a_limit_has_a_greatest_value(ecs_client: Client, ecs_check: Check) -> None:
    """A thousand is accepted; one more is refused, or shows no more."""
    highest, more = (ecs_client.get(GROUPS, query={"limit": str(limit)}) for limit in (_MOST, _MOST + 1))
    ecs_check.accepted("ecs.server-groups.list/rule/limit-highest", highest)
    if more.refused:
        ecs_check.refused("ecs.server-groups.list/rule/limit-highest", more, "invalid")
    else:
        ecs_check("ecs.server-groups.list/rule/limit-highest", more, "body", "server_groups", length_at_most=_MOST)


@pytest.mark.ecs_requirement("ecs.server-groups.list/rule/unknown-marker")
def test_an_unknown_marker_is_refused(ecs_cases: Cases, ecs_expect: Expect, ecs_supplies: Supplies) -> None:
    """A marker names a group of the project."""
    control = ecs_cases.control("ecs.server-groups.list")
    ecs_expect(
        "ecs.server-groups.list/rule/unknown-marker",
        "GET",
        GROUPS,
        query={"limit": "1", "marker": ecs_supplies.unknown_id()},
        expects="unknown-marker",
        change="the marker is no group",
        control=control.id,
    )
