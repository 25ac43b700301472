"""Rules of the metadata of servers (6.9)."""

from __future__ import annotations

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Expect, Servers, read
from pytest_ecs.typing import JSON

from .pairs import METADATA, SHOWN, delete, has, list_pairs, pairs_of, path_of, replace, set_pair, unchanged, update
from .untouched import Act, untouched

pytestmark = pytest.mark.ecs_group("servers")


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/adds",
    "nova.metadata.update/rule/keeps",
    "nova.metadata.update/rule/answers-pairs",
    "nova.metadata.update/rule/shown-by-server",
)
def test_pairs_are_added(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Beside those that stay."""
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        first = update(ecs_client, lease, {"kept": "0"})
        before, pairs = pairs_of(ecs_client, lease), {"first": "1", "second": "2"}
        added = update(ecs_client, lease, pairs)
        check, listed = ecs_check.after(added), list_pairs(ecs_client, lease)
        has(check, "nova.metadata.update/rule/adds", listed, pairs)
        has(check.after(first), "nova.metadata.update/rule/keeps", listed, before)
        has(check, "nova.metadata.update/rule/answers-pairs", added, pairs)
        if added.accepted:
            has(check, "nova.metadata.update/rule/answers-pairs", listed, added.json_object.get("metadata") or {})
        has(check, "nova.metadata.update/rule/shown-by-server", lease.show(), pairs, *SHOWN)


@pytest.mark.ecs_requirement("nova.metadata.update/rule/changes", "nova.metadata.update/rule/several")
def test_pairs_are_added_and_changed(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """One alone, or some of each by one request."""
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        first = update(ecs_client, lease, {"first": "1"})
        changed = update(ecs_client, lease, {"first": "one"})
        check = ecs_check.after(first, changed)
        has(check, "nova.metadata.update/rule/changes", list_pairs(ecs_client, lease), {"first": "one"})
        both = {"first": "uno", "second": "2"}
        several = update(ecs_client, lease, both)
        has(check.after(several), "nova.metadata.update/rule/several", list_pairs(ecs_client, lease), both)


@pytest.mark.ecs_requirement(
    "nova.metadata.set/rule/adds",
    "nova.metadata.set/rule/changes",
    "nova.metadata.set/rule/keeps",
    "nova.metadata.set/rule/answers-pair",
    "nova.metadata.set/rule/shown-by-server",
)
def test_a_pair_is_set(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """By its key: added where it is not there, changed where it is."""
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        update(ecs_client, lease, {"first": "1", "kept": "0"})
        kept = pairs_of(ecs_client, lease)
        for rule, value in (("nova.metadata.set/rule/adds", "3"), ("nova.metadata.set/rule/changes", "tres")):
            answer = set_pair(ecs_client, lease, "third", value)
            check, pair, listed = ecs_check.after(answer), {"third": value}, list_pairs(ecs_client, lease)
            has(check, rule, listed, pair)
            has(check, "nova.metadata.set/rule/answers-pair", answer, pair, "body", "meta")
            has(check, "nova.metadata.set/rule/keeps", listed, kept)
            has(check, "nova.metadata.set/rule/shown-by-server", lease.show(), pair, *SHOWN)


@pytest.mark.ecs_requirement(
    "nova.metadata.list/rule/all-pairs",
    "nova.metadata.list/rule/own-server",
    "nova.metadata.list/rule/same-as-server",
    "nova.metadata.list/rule/no-paging",
)
def test_the_pairs_of_a_server_are_listed(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """All of its own and no others, as a query of the server shows them, on one page."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with unchanged(ecs_client, lease, other):
        key = f"of-{other.id}"
        theirs = update(ecs_client, other, {key: "1"})
        pairs = {"first": "1", "second": "2", "third": "3"}
        check = ecs_check.after(update(ecs_client, lease, pairs))
        listed = list_pairs(ecs_client, lease)
        has(check, "nova.metadata.list/rule/all-pairs", listed, pairs)
        check.after(theirs)("nova.metadata.list/rule/own-server", listed, *METADATA, lacks=key)
        now = read(listed, "metadata")
        check("nova.metadata.list/rule/same-as-server", lease.show(), *SHOWN, equals=now)
        for query in ({"limit": "1"}, {"marker": "first"}):
            paged = ecs_client.get(path_of(lease.id), query=query)
            if paged.accepted:
                check("nova.metadata.list/rule/no-paging", paged, *METADATA, equals=now)
            else:
                check.refused("nova.metadata.list/rule/no-paging", paged)


@pytest.mark.ecs_requirement(
    "nova.metadata.show/rule/asked-key",
    "nova.metadata.show/rule/no-other-key",
    "nova.metadata.show/rule/same-as-list",
    "nova.metadata.show/rule/other-server",
)
def test_a_pair_is_shown(ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers) -> None:
    """By its key, alone, as the list has it, and not where only another server has it."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    with unchanged(ecs_client, lease, other):
        theirs = f"of-{other.id}"
        update(ecs_client, other, {theirs: "1"})
        pairs = {"first": "1", "second": "2"}
        check = ecs_check.after(update(ecs_client, lease, pairs))
        listed = pairs_of(ecs_client, lease)
        alone = {key: ecs_client.get(path_of(lease.id, key)) for key in pairs}
        for key, answer in alone.items():
            at = ("body", "meta", key)
            check("nova.metadata.show/rule/asked-key", answer, *at, equals=pairs[key])
            check("nova.metadata.show/rule/no-other-key", answer, "body", "meta", length=1)
            check("nova.metadata.show/rule/same-as-list", answer, *at, equals=listed.get(key))
        ecs_expect(
            "nova.metadata.show/rule/other-server",
            "GET",
            path_of(lease.id, theirs),
            expects="not-found",
            change="only another server has the key",
            control=alone["first"].id,
        )


@pytest.mark.ecs_requirement(
    "nova.metadata.replace/rule/sets",
    "nova.metadata.replace/rule/deletes-others",
    "nova.metadata.replace/rule/answers-pairs",
    "nova.metadata.replace/rule/shown-by-server",
)
def test_pairs_are_replaced(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Those that a replacement does not name are gone."""
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        old = update(ecs_client, lease, {"first": "1", "old": "2"})
        wanted = {"first": "one", "new": "3"}
        answer = replace(ecs_client, lease, wanted)
        check, listed, shown = ecs_check.after(answer), list_pairs(ecs_client, lease), lease.show()
        has(check, "nova.metadata.replace/rule/sets", listed, wanted)
        has(check, "nova.metadata.replace/rule/answers-pairs", answer, wanted)
        has(check, "nova.metadata.replace/rule/shown-by-server", shown, wanted, *SHOWN)
        had = check.after(old)
        had("nova.metadata.replace/rule/deletes-others", listed, *METADATA, lacks="old")
        had("nova.metadata.replace/rule/answers-pairs", answer, *METADATA, lacks="old")
        had("nova.metadata.replace/rule/shown-by-server", shown, *SHOWN, lacks="old")


@pytest.mark.ecs_requirement("nova.metadata.replace/rule/empty", "nova.metadata.list/rule/empty")
def test_a_server_without_pairs(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """Either all are replaced by none, or that is refused and changes nothing; without any the list is empty."""
    lease = ecs_servers("ACTIVE")
    system = set(pairs_of(ecs_client, lease))  # servers of the pool are created without metadata
    with unchanged(ecs_client, lease):
        update(ecs_client, lease, {"first": "1", "second": "2"})
        now = pairs_of(ecs_client, lease)
        emptied = replace(ecs_client, lease, {})
        listed = list_pairs(ecs_client, lease)
        left = {key: value for key, value in read(listed, "metadata").items() if key in system}
        wanted = left if emptied.accepted else now
        check = ecs_check if emptied.refused else ecs_check.after(emptied)  # without an answer it may be done
        check("nova.metadata.replace/rule/empty", listed, *METADATA, equals=wanted)
        for key in pairs_of(ecs_client, lease):
            delete(ecs_client, lease, key)
        listed = list_pairs(ecs_client, lease)
        rest = set(read(listed, "metadata"))
        if rest and rest <= system:
            reason = f"the server keeps pairs that no request set: {', '.join(sorted(rest))}"
            ecs_check.not_tested("nova.metadata.list/rule/empty", reason)
        else:
            ecs_check("nova.metadata.list/rule/empty", listed, *METADATA, equals={})


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/empty",
    "nova.metadata.update/rule/refused-whole",
    "nova.metadata.replace/rule/refused-keeps",
    "nova.metadata.set/rule/no-pair",
    "nova.metadata.set/rule/same-key",
)
def test_what_is_empty_or_refused_changes_nothing(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_servers: Servers,
) -> None:
    """No pair at all, one with another key than the URL's, and a good one beside a bad one; what was there stays."""
    lease = ecs_servers("ACTIVE")

    def nothing(method: str, path: str, body: JSON) -> Check:
        ecs_client.request(method, path, json=body)
        return ecs_check

    def bad(rule: str, method: str) -> Check | None:
        sent = ecs_client.request(method, path_of(lease.id), json={"metadata": {"good": "1", "bad<key>": "2"}})
        if sent.accepted:
            ecs_check.not_tested(rule, "the endpoint accepts a key with characters that are not allowed")
        return ecs_check if sent.refused else None

    def another_key(rule: str) -> Check | None:
        sent = ecs_expect(
            rule,
            "PUT",
            path_of(lease.id, "first"),
            json={"meta": {"second": "x"}},
            expects="invalid",
            change="the key is not that of the URL",
            control=ecs_cases.attempt("nova.metadata.set").id,
        )
        return ecs_check if sent.refused else None

    acts: dict[str, Act] = {
        "nova.metadata.update/rule/empty": lambda: nothing("POST", path_of(lease.id), {"metadata": {}}),
        "nova.metadata.update/rule/refused-whole": lambda: bad("nova.metadata.update/rule/refused-whole", "POST"),
        "nova.metadata.replace/rule/refused-keeps": lambda: bad("nova.metadata.replace/rule/refused-keeps", "PUT"),
        "nova.metadata.set/rule/no-pair": lambda: nothing("PUT", path_of(lease.id, "first"), {"meta": {}}),
        "nova.metadata.set/rule/same-key": lambda: another_key("nova.metadata.set/rule/same-key"),
    }
    with ecs_later:
        ecs_later.enter_context(unchanged(ecs_client, lease))
        update(ecs_client, lease, {"first": "1", "second": "2"})
        untouched(ecs_check.later(ecs_later), acts, lambda: list_pairs(ecs_client, lease), *METADATA)


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/this-server-only",
    "nova.metadata.set/rule/this-server-only",
    "nova.metadata.replace/rule/this-server-only",
    "nova.metadata.delete/rule/this-server-only",
)
def test_another_server_keeps_its_pairs(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers
) -> None:
    """Whatever is done to those of the same keys at this one."""
    lease, other = ecs_servers.batch(2, "ACTIVE")
    had = {"first": "1", "old": "2", "third": "3"}
    acts: dict[str, Act] = {
        "nova.metadata.update/rule/this-server-only": lambda: ecs_check.after(update(ecs_client, lease, had)),
        "nova.metadata.set/rule/this-server-only": lambda: ecs_check.after(
            set_pair(ecs_client, lease, "third", "tres")
        ),
        "nova.metadata.replace/rule/this-server-only": lambda: ecs_check.after(
            replace(ecs_client, lease, {"first": "one", "new": "4"})
        ),
        "nova.metadata.delete/rule/this-server-only": lambda: ecs_check.after(delete(ecs_client, lease, "first")),
    }
    with ecs_later:
        ecs_later.enter_context(unchanged(ecs_client, lease, other))
        update(ecs_client, other, dict.fromkeys(had, "theirs"))
        untouched(ecs_check.later(ecs_later), acts, lambda: list_pairs(ecs_client, other), *METADATA)


@pytest.mark.ecs_requirement(
    "nova.metadata.delete/rule/deletes",
    "nova.metadata.delete/rule/keeps",
    "nova.metadata.delete/rule/gone-from-server",
    "nova.metadata.delete/rule/no-body",
)
def test_a_pair_is_deleted(ecs_client: Client, ecs_check: Check, ecs_servers: Servers) -> None:
    """And the others stay."""
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        kept = {"second": "2", "third": "3"}
        made = update(ecs_client, lease, {"first": "1", **kept})
        deleted = delete(ecs_client, lease, "first")
        check = ecs_check.after(made, deleted)
        check("nova.metadata.delete/rule/no-body", deleted, "body", equals=None)
        listed, shown = list_pairs(ecs_client, lease), lease.show()
        check("nova.metadata.delete/rule/deletes", listed, *METADATA, lacks="first")
        if deleted.accepted:
            check.refused("nova.metadata.delete/rule/deletes", ecs_client.get(path_of(lease.id, "first")), "not-found")
        has(check, "nova.metadata.delete/rule/keeps", listed, kept)
        check("nova.metadata.delete/rule/gone-from-server", shown, *SHOWN, lacks="first")
