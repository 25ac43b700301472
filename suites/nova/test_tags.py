"""Rules of the tags of servers through the native API, one by one (6.15.1, 6.15.4 to 6.15.6)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ecs import Afterwards, Check, Client, Expect, Servers, read, url_of

from .tagging import (
    LENGTH,
    SINCE,
    TAGS,
    add,
    bare,
    delete,
    has,
    have,
    list_tags,
    only,
    path_of,
    server_of,
    tags_of,
)


@pytest.mark.ecs_requirement(
    "nova.tags.add/rule/adds",
    "nova.tags.add/rule/keeps",
    "nova.tags.add/rule/again",
    "nova.tags.add/rule/shown-by-server",
    "nova.tags.add/rule/this-server-only",
)
def test_a_tag_is_added(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Beside the others, once, and on no other server."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        tag_of_theirs = f"of-{other.id}"
        theirs = add(ecs_client, other, tag_of_theirs)
        first, second = add(ecs_client, lease, "first"), add(ecs_client, lease, "second")
        listed, shown = list_tags(ecs_client, lease), server_of(ecs_client, lease)
        for tag, added in (("first", first), ("second", second)):
            check = ecs_check.after(added)
            check("nova.tags.add/rule/adds", listed, *TAGS, contains=tag)
            check("nova.tags.add/rule/shown-by-server", shown, "body", "server", "tags", contains=tag)
        both = ecs_check.after(first, second)
        both("nova.tags.add/rule/keeps", listed, *TAGS, contains="first")
        only(both.after(theirs), "nova.tags.add/rule/this-server-only", list_tags(ecs_client, other), [tag_of_theirs])
        add(ecs_client, lease, "first")
        both("nova.tags.add/rule/again", list_tags(ecs_client, lease), *TAGS, has_one="first")
        # Changed at 2.47 (6.2.2), it shows them and the flavor itself, whose fields are judged in each answer.
        changed = url_of("nova.servers.update", server_id=lease.id)
        ecs_client.put(changed, {"server": {"name": read(shown, "server", "name")}}, microversion="2.47")


@pytest.mark.ecs_requirement("nova.tags.add/rule/created", "nova.tags.add/rule/html", "nova.tags.add/rule/json-status")
def test_adding_a_tag_is_answered(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """With 201, and what is in the body depends on what the client accepts."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        plain = ecs_client.put(path_of(lease.id, "first"), microversion=SINCE, headers={"Accept": "*/*"})
        second = add(ecs_client, lease, "second")
        for answer in (plain, second):
            ecs_check.after(answer).answered("nova.tags.add/rule/created", answer, "created")
        if plain.accepted and plain.response_body is None and not plain.response_text:
            ecs_check.not_tested("nova.tags.add/rule/html", "the answer has no body")
        else:
            ecs_check.after(plain)("nova.tags.add/rule/html", plain, "headers", "content-type", matches="^text/html")
        media_type = str(second.response_headers.get("content-type", ""))
        if media_type.startswith("application/json"):
            check = ecs_check.after(second)
            check("nova.tags.add/rule/json-status", second, "body", "code", matches=f"^{second.status}")
        else:
            ecs_check.not_tested("nova.tags.add/rule/json-status", f"the answer is {media_type or 'empty'}, not JSON")


@pytest.mark.ecs_requirement("nova.tags.add/rule/longest")
def test_the_longest_tag_is_added(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """It has 80 characters (table 6-221)."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        ecs_check.accepted("nova.tags.add/rule/longest", add(ecs_client, lease, "t" * LENGTH))


@pytest.mark.ecs_requirement("nova.tags.add/rule/too-long", "nova.tags.delete/rule/too-long")
def test_a_longer_tag_is_refused(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """Where it is added it is not on the server afterwards, and it cannot be deleted."""
    lease = ecs_servers("ACTIVE")
    too_long = "t" * (LENGTH + 1)
    with bare(ecs_client, lease):
        control = add(ecs_client, lease, "first")
        for rule, method in (("nova.tags.add/rule/too-long", "PUT"), ("nova.tags.delete/rule/too-long", "DELETE")):
            ecs_expect(
                rule,
                method,
                path_of(lease.id, too_long),
                microversion=SINCE,
                expects="unknown-reference",
                change="the tag has 81 characters",
                control=control.id if method == "PUT" else None,
            )
        ecs_check("nova.tags.add/rule/too-long", list_tags(ecs_client, lease), *TAGS, lacks=too_long)


@pytest.mark.ecs_requirement("nova.tags.add/rule/empty")
def test_no_tag_adds_none(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """A URL that ends after tags/ is refused."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        add(ecs_client, lease, "first")
        tags = tags_of(ecs_client, lease)
        nothing = ecs_client.put(f"{path_of(lease.id)}/", microversion=SINCE)
        ecs_check.not_accepted("nova.tags.add/rule/empty", nothing)
        only(ecs_check, "nova.tags.add/rule/empty", list_tags(ecs_client, lease), tags)


@pytest.mark.ecs_requirement("nova.tags.add/rule/encoded", "nova.tags.delete/rule/encoded")
def test_a_tag_that_is_not_safe_in_a_url(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """It is encoded there, and on the server as it is."""
    lease, strange = ecs_servers("ACTIVE"), "签名"
    with bare(ecs_client, lease):
        added = add(ecs_client, lease, strange)
        if added.refused:
            for rule in ("nova.tags.add/rule/encoded", "nova.tags.delete/rule/encoded"):
                ecs_check.not_tested(rule, f"the endpoint refuses a tag that is not safe in a URL: {added.answer}")
        elif ecs_check("nova.tags.add/rule/encoded", list_tags(ecs_client, lease), *TAGS, contains=strange):
            deleted = delete(ecs_client, lease, strange)
            check = ecs_check.after(deleted)
            check("nova.tags.delete/rule/encoded", list_tags(ecs_client, lease), *TAGS, lacks=strange)
        else:
            ecs_check.not_tested("nova.tags.delete/rule/encoded", "the endpoint has no tag that is not safe in a URL")


@pytest.mark.ecs_requirement(
    "nova.tags.list/rule/all-tags",
    "nova.tags.list/rule/once",
    "nova.tags.list/rule/own-server",
    "nova.tags.list/rule/no-tags",
    "nova.tags.list/rule/same-as-server",
)
def test_the_tags_of_a_server_are_listed(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """All of its own, each once, as a query of the server shows them."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        only(ecs_check, "nova.tags.list/rule/no-tags", list_tags(ecs_client, lease), [])
        tag_of_theirs = f"of-{other.id}"
        theirs = add(ecs_client, other, tag_of_theirs)
        added = {tag: add(ecs_client, lease, tag) for tag in ("first", "second", "third")}
        listed, shown = list_tags(ecs_client, lease), server_of(ecs_client, lease)
        for tag, answer in added.items():
            check = ecs_check.after(answer)
            check("nova.tags.list/rule/all-tags", listed, *TAGS, contains=tag)
            check("nova.tags.list/rule/once", listed, *TAGS, has_one=tag)
        ecs_check.after(theirs)("nova.tags.list/rule/own-server", listed, *TAGS, lacks=tag_of_theirs)
        only(ecs_check, "nova.tags.list/rule/same-as-server", shown, read(listed, "tags"), "server", "tags")


@pytest.mark.ecs_requirement("nova.tags.list/rule/with-values")
def test_tags_of_both_apis_are_listed(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """A tag of 5.10 with a value is listed as key=value, one without as its key."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        body = {"action": "create", "tags": [{"key": "key", "value": "value"}, {"key": "bare", "value": ""}]}
        added = ecs_client.post(url_of("ecs.tags.add", server_id=lease.id), body)
        check = ecs_check.after(added)
        check("nova.tags.list/rule/with-values", list_tags(ecs_client, lease), *TAGS, includes=["key=value", "bare"])


@pytest.mark.ecs_requirement(
    "nova.tags.check/rule/has-tag",
    "nova.tags.check/rule/no-body",
    "nova.tags.check/rule/deleted-tag",
    "nova.tags.check/rule/other-server",
)
def test_a_tag_is_asked_for(ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """A server has it or not."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        theirs = f"of-{other.id}"
        have(ecs_client, other, theirs)
        added = ecs_check.after(have(ecs_client, lease, "first"))
        there = has(ecs_client, lease, "first")
        added.accepted("nova.tags.check/rule/has-tag", there)
        added.after(there)("nova.tags.check/rule/no-body", there, "body", equals=None)
        for rule, tag, change in (
            ("nova.tags.check/rule/other-server", theirs, "only another server has the tag"),
            ("nova.tags.check/rule/deleted-tag", "first", "the tag was deleted"),
        ):
            if tag == "first":
                read(delete(ecs_client, lease, tag))
            path = path_of(lease.id, tag)
            ecs_expect(rule, "GET", path, microversion=SINCE, expects="not-found", change=change, control=there.id)


@pytest.mark.ecs_requirement("nova.tags.check/rule/no-key", "nova.tags.check/rule/no-key-slash")
def test_no_tag_asks_for_all(ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers) -> None:
    """Without one in the URL all tags are answered."""
    lease = ecs_servers("ACTIVE")
    with ecs_later:
        ecs_later.enter_context(bare(ecs_client, lease))
        have(ecs_client, lease, "first")
        check, tags = ecs_check.later(ecs_later), tags_of(ecs_client, lease)
        for rule, path in (
            ("nova.tags.check/rule/no-key", path_of(lease.id)),
            ("nova.tags.check/rule/no-key-slash", f"{path_of(lease.id)}/"),
        ):
            only(check, rule, ecs_client.get(path, microversion=SINCE), tags)


@pytest.mark.ecs_requirement(
    "nova.tags.delete/rule/deletes",
    "nova.tags.delete/rule/keeps",
    "nova.tags.delete/rule/gone-from-server",
    "nova.tags.delete/rule/this-server-only",
    "nova.tags.delete/rule/no-body",
)
def test_a_tag_is_deleted(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """From its server alone, where the others stay."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with bare(ecs_client, lease, other):
        have(ecs_client, lease, "shared", "first", "second")
        have(ecs_client, other, "shared")
        deleted = delete(ecs_client, lease, "shared")
        check = ecs_check.after(deleted)
        check("nova.tags.delete/rule/no-body", deleted, "body", equals=None)
        listed = list_tags(ecs_client, lease)
        check("nova.tags.delete/rule/deletes", listed, *TAGS, lacks="shared")
        for tag in ("first", "second"):
            check("nova.tags.delete/rule/keeps", listed, *TAGS, contains=tag)
        shown = server_of(ecs_client, lease)
        check("nova.tags.delete/rule/gone-from-server", shown, "body", "server", "tags", lacks="shared")
        check("nova.tags.delete/rule/this-server-only", list_tags(ecs_client, other), *TAGS, contains="shared")


@pytest.mark.ecs_requirement("nova.tags.delete/rule/no-key", "nova.tags.delete/rule/no-key-slash")
def test_no_tag_deletes_all(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """A URL that ends after tags, with a slash or without."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        for rule, path in (
            ("nova.tags.delete/rule/no-key", path_of(lease.id)),
            ("nova.tags.delete/rule/no-key-slash", f"{path_of(lease.id)}/"),
        ):
            have(ecs_client, lease, "plain")
            deleted = ecs_client.delete(path, microversion=SINCE)
            if rule == "nova.tags.delete/rule/no-key-slash" and not deleted.accepted:
                ecs_check.accepted(rule, deleted)
            only(ecs_check.after(deleted), rule, list_tags(ecs_client, lease), [])


#: How each operation is asked for: its method, the tag in its URL, and its body.
_ASKED: dict[str, tuple[str, str | None, Any]] = {
    "list": ("GET", None, None),
    "set": ("PUT", None, {"tags": ["first"]}),
    "delete-all": ("DELETE", None, None),
    "add": ("PUT", "second", None),
    "check": ("GET", "first", None),
    "delete": ("DELETE", "first", None),
}


def _each(*requirements: str) -> list[object]:
    """Return a parameter for every operation of the section: the requirement, and how the operation is asked for."""
    return [
        pytest.param(requirement, *asked, id=verb, marks=pytest.mark.ecs_requirement(requirement))
        for requirement, (verb, asked) in zip(requirements, _ASKED.items(), strict=True)
    ]


@pytest.mark.parametrize(
    ("requirement", "method", "tag", "body"),
    _each(
        "nova.tags.list/rule/needs-microversion",
        "nova.tags.set/rule/needs-microversion",
        "nova.tags.delete-all/rule/needs-microversion",
        "nova.tags.add/rule/needs-microversion",
        "nova.tags.check/rule/needs-microversion",
        "nova.tags.delete/rule/needs-microversion",
    ),
)
def test_tags_need_a_microversion(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, requirement: str, method: str, tag: str, body: Any
) -> None:
    """Without one each operation is refused."""
    lease = ecs_servers("ACTIVE")
    with bare(ecs_client, lease):
        add(ecs_client, lease, "first")
        sent = ecs_client.request(method, path_of(lease.id, tag), json=body)
        ecs_check.refused(requirement, sent, "no-microversion")


@pytest.mark.parametrize(
    ("requirement", "method", "tag", "body"),
    _each(
        "nova.tags.list/rule/newer-header",
        "nova.tags.set/rule/newer-header",
        "nova.tags.delete-all/rule/newer-header",
        "nova.tags.add/rule/newer-header",
        "nova.tags.check/rule/newer-header",
        "nova.tags.delete/rule/newer-header",
    ),
)
def test_the_newer_header_names_a_microversion(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, requirement: str, method: str, tag: str, body: Any
) -> None:
    """From 2.27 on."""
    lease, newer = ecs_servers("ACTIVE"), {"OpenStack-API-Version": "compute 2.27"}
    with bare(ecs_client, lease):
        added = have(ecs_client, lease, "first")
        sent = ecs_client.request(method, path_of(lease.id, tag), json=body, headers=newer)
        ecs_check.after(added).accepted(requirement, sent)
