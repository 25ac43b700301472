"""Rules of the tags of servers through the native API, all at once (6.15.2, 6.15.3)."""

from __future__ import annotations

import pytest

from pytest_ecs import Check, Client, Expect, Servers, Supplies, read, url_of

from .tagging import (
    LENGTH,
    MOST,
    RESERVED,
    SINCE,
    TAGS,
    add,
    bare,
    delete,
    have,
    list_tags,
    only,
    path_of,
    reserved_of,
    server_of,
    set_tags,
)


@pytest.mark.ecs_requirement(
    "nova.tags.set/rule/adds",
    "nova.tags.set/rule/answers-tags",
    "nova.tags.set/rule/reserved-kind",
    "nova.tags.set/rule/shown-by-server",
    "nova.tags.set/rule/this-server-only",
    "nova.tags.set/rule/found-by-tag",
)
def test_tags_are_set_together(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """They are on this server alone, in the answer, in its query, and it is found by them."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        theirs = set_tags(ecs_client, other, "theirs")
        mine = f"only-{ecs_supplies.unknown_id()}"
        answer = set_tags(ecs_client, lease, "earlier", mine)
        check = ecs_check.after(answer)
        listed, shown = list_tags(ecs_client, lease), server_of(ecs_client, lease)
        for tag in ("earlier", mine):
            check("nova.tags.set/rule/adds", listed, *TAGS, contains=tag)
            check("nova.tags.set/rule/answers-tags", answer, *TAGS, contains=tag)
            check("nova.tags.set/rule/shown-by-server", shown, "body", "server", "tags", contains=tag)
        for tag in read(answer, "tags"):
            check("nova.tags.set/rule/answers-tags", listed, *TAGS, contains=tag)
        check("nova.tags.set/rule/reserved-kind", listed, *TAGS, lacks="__type_baremetal")
        only(check.after(theirs), "nova.tags.set/rule/this-server-only", list_tags(ecs_client, other), ["theirs"])
        ids = ("body", "servers", "*", "id")
        found = ecs_client.get(url_of("nova.servers.list-detail"), query={"tags": mine}, microversion=SINCE)
        check("nova.tags.set/rule/found-by-tag", found, *ids, equals=[lease.id])
        rest = ecs_client.get(url_of("nova.servers.list-detail"), query={"not-tags": mine}, microversion=SINCE)
        check("nova.tags.set/rule/found-by-tag", rest, *ids, lacks=lease.id)


@pytest.mark.ecs_requirement(
    "nova.tags.set/rule/earlier-tags", "nova.tags.set/rule/twice", "nova.tags.set/rule/empty-list"
)
def test_tags_are_set_once_more(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Those that were there go or stay together; one that is named twice is there once; an empty list takes all or none."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        read(set_tags(ecs_client, lease, "earlier", "too"))
        later, listed = set_tags(ecs_client, lease, "later"), list_tags(ecs_client, lease)
        left = sorted({"earlier", "too"} & set(read(listed, "tags")))
        check = ecs_check.after(later)
        only(check, "nova.tags.set/rule/earlier-tags", listed, [*left, "later"])
        if left:
            check("nova.tags.set/rule/earlier-tags", listed, *TAGS, includes=["earlier", "too"])
        twice, listed = set_tags(ecs_client, lease, "double", "double"), list_tags(ecs_client, lease)
        if twice.accepted:
            ecs_check("nova.tags.set/rule/twice", listed, *TAGS, has_one="double")
        else:
            ecs_check("nova.tags.set/rule/twice", listed, *TAGS, lacks="double")
        now = read(listed, "tags")
        emptied, listed = set_tags(ecs_client, lease), list_tags(ecs_client, lease)
        kept = emptied.refused or set(read(listed, "tags")) - set(RESERVED)
        only(ecs_check, "nova.tags.set/rule/empty-list", listed, now if kept else [])


@pytest.mark.ecs_requirement(
    "nova.tags.set/rule/longest",
    "nova.tags.set/rule/too-many",
    "nova.tags.add/rule/fiftieth",
    "nova.tags.add/rule/too-many",
)
def test_a_server_has_fifty_tags(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Short ones, or each of 80 characters; one more is refused, alone and together with them."""
    lease = ecs_servers("ACTIVE")
    short = [f"tag-{number:02}" for number in range(MOST)]
    with bare(ecs_client, lease):
        reserved = reserved_of(list_tags(ecs_client, lease))
        if reserved:
            for rule in (
                "nova.tags.set/rule/longest",
                "nova.tags.add/rule/too-many",
                "nova.tags.add/rule/fiftieth",
            ):
                ecs_check.not_tested(rule, f"the server has {', '.join(reserved)}, which may count")
        filled = set_tags(ecs_client, lease, *short)
        control = filled.id
        if not reserved:
            check = ecs_check.after(filled)
            ecs_expect(
                "nova.tags.add/rule/too-many",
                "PUT",
                path_of(lease.id, "one-more"),
                microversion=SINCE,
                expects="over-limit",
                change="the server has 50 tags",
            )
            check("nova.tags.add/rule/too-many", list_tags(ecs_client, lease), *TAGS, same_items=short)
            deleted = delete(ecs_client, lease, short[-1])
            check.after(deleted).accepted("nova.tags.add/rule/fiftieth", add(ecs_client, lease, "fiftieth"))
        read(delete(ecs_client, lease))
        refused = ecs_expect(
            "nova.tags.set/rule/too-many",
            "PUT",
            path_of(lease.id),
            json={"tags": [*short, "one-more"]},
            microversion=SINCE,
            expects="over-limit",
            change="there are 51 tags",
            control=control,
        )
        if refused.refused:
            only(ecs_check, "nova.tags.set/rule/too-many", list_tags(ecs_client, lease), [])
        if not reserved:
            delete(ecs_client, lease)
            longest = [f"{number:02}" + "t" * (LENGTH - 2) for number in range(MOST)]
            answer = set_tags(ecs_client, lease, *longest)
            ecs_check.accepted("nova.tags.set/rule/longest", answer)
            check = ecs_check.after(answer)
            check("nova.tags.set/rule/longest", list_tags(ecs_client, lease), *TAGS, same_items=longest)


@pytest.mark.ecs_requirement("nova.tags.set/rule/shortest")
def test_the_shortest_tag_is_set(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """It has one character (table 6-221)."""
    lease, rule = ecs_servers("ACTIVE"), "nova.tags.set/rule/shortest"
    with bare(ecs_client, lease):
        if ecs_check.accepted(rule, set_tags(ecs_client, lease, "t")):
            only(ecs_check, rule, list_tags(ecs_client, lease), ["t"])


@pytest.mark.ecs_requirement("nova.tags.set/rule/unicode")
def test_the_longest_tag_of_another_script_is_set(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Characters are counted, not bytes."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        sent = set_tags(ecs_client, lease, "签" * LENGTH)
        if sent.refused:
            ecs_check.not_tested(
                "nova.tags.set/rule/unicode", f"the endpoint refuses a tag that is not ASCII: {sent.answer}"
            )
        else:
            ecs_check.accepted("nova.tags.set/rule/unicode", sent)


@pytest.mark.ecs_requirement(
    "nova.tags.delete-all/rule/deletes",
    "nova.tags.delete-all/rule/no-tags",
    "nova.tags.delete-all/rule/gone-from-server",
    "nova.tags.delete-all/rule/this-server-only",
    "nova.tags.delete-all/rule/no-body",
)
def test_all_tags_are_deleted(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Those of this server alone; where there are none it is accepted, too."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        theirs, added = have(ecs_client, other, "theirs"), have(ecs_client, lease, "first")
        deleted = delete(ecs_client, lease)
        check = ecs_check.after(added, deleted)
        check("nova.tags.delete-all/rule/no-body", deleted, "body", equals=None)
        only(check, "nova.tags.delete-all/rule/deletes", list_tags(ecs_client, lease), [])
        only(check, "nova.tags.delete-all/rule/gone-from-server", server_of(ecs_client, lease), [], "server", "tags")
        only(
            check.after(theirs), "nova.tags.delete-all/rule/this-server-only", list_tags(ecs_client, other), ["theirs"]
        )
        ecs_check.after(deleted).accepted("nova.tags.delete-all/rule/no-tags", delete(ecs_client, lease))
