"""Rules of key pairs (6.11.1 to 6.11.4): created, imported, shown and deleted."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from pytest_ecs import Afterwards, Cases, Check, Client, Exchange, Expect, Jobs, Supplies, read, url_of

from .keys import KEYS, NAMES, create, like, names, place_of, public_key, show

pytestmark = pytest.mark.ecs_group("servers")

#: Seconds that two clocks of an endpoint may differ.
_SLACK = 300.0
#: A public key has at most this many bytes (table 6-188).
_LONGEST = 1024
_PUBLIC, _PRIVATE = ("body", "keypair", "public_key"), ("body", "keypair", "private_key")


@pytest.mark.ecs_requirement(
    "nova.keypairs.create/rule/name-alone",
    "nova.keypairs.create/rule/asked-name",
    "nova.keypairs.create/rule/listed",
    "nova.keypairs.create/rule/private-key-created",
    "nova.keypairs.create/rule/private-key-once",
    "nova.keypairs.create/rule/keys-belong-together",
    "nova.keypairs.create/rule/new-keys",
)
def test_a_key_pair_is_created(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """From a name alone, with keys of its own; the private one is in no other answer."""
    with names(ecs_client, ecs_supplies, 2) as (name, another):
        created = create(ecs_client, name)
        ecs_check.accepted("nova.keypairs.create/rule/name-alone", created)
        check = ecs_check.after(created)
        check("nova.keypairs.create/rule/private-key-created", created, *_PRIVATE, present=True)
        _belongs_together(check, created)
        check("nova.keypairs.create/rule/asked-name", created, "body", "keypair", "name", equals=name)
        listed, shown = ecs_client.get(KEYS), show(ecs_client, name)
        check("nova.keypairs.create/rule/listed", listed, *NAMES, contains=name)
        check.accepted("nova.keypairs.create/rule/listed", shown)
        check("nova.keypairs.create/rule/private-key-once", shown, *_PRIVATE, absent=True)
        second = create(ecs_client, another)
        not_again = f"^(?!{like(read(created, 'keypair', 'public_key'))})"
        check.after(second)("nova.keypairs.create/rule/new-keys", second, *_PUBLIC, matches=not_again)
        check("nova.keypairs.create/rule/private-key-once", listed, *place_of(listed, name), "private_key", absent=True)


def _belongs_together(check: Check, created: Exchange) -> None:
    """Judge the private key by its public half, which is all that is recorded of it (docs/report.md)."""
    rule, pair = "nova.keypairs.create/rule/keys-belong-together", created.json_object.get("keypair", {})
    half = re.search(r"private key of (\S+ \S+)\]$", str(pair.get("private_key")))
    if half is None:
        check.not_tested(rule, "no private key is shown in a form that can be read")
    else:
        check(rule, created, *_PUBLIC, matches=like(half[1]))


@pytest.mark.ecs_requirement(
    "nova.keypairs.create/rule/imports",
    "nova.keypairs.create/rule/asked-name",
    "nova.keypairs.create/rule/listed",
    "nova.keypairs.create/rule/imported-key",
    "nova.keypairs.create/rule/private-key-imported",
)
def test_a_public_key_is_imported(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """As it is, and there is no private key in the answer."""
    public = public_key(ecs_client, ecs_supplies)
    with names(ecs_client, ecs_supplies) as (name,):
        imported = create(ecs_client, name, public_key=public)
        ecs_check.accepted("nova.keypairs.create/rule/imports", imported)
        check = ecs_check.after(imported)
        check("nova.keypairs.create/rule/private-key-imported", imported, *_PRIVATE, absent=True)
        check("nova.keypairs.create/rule/imported-key", imported, *_PUBLIC, matches=like(public))
        check("nova.keypairs.create/rule/asked-name", imported, "body", "keypair", "name", equals=name)
        check("nova.keypairs.create/rule/listed", ecs_client.get(KEYS), *NAMES, contains=name)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/longest-key")
def test_the_longest_public_key_is_imported(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Its comment makes it as long as it may be."""
    public = " ".join(public_key(ecs_client, ecs_supplies).split()[:2]) + " "
    with names(ecs_client, ecs_supplies) as (name,):
        imported = create(ecs_client, name, public_key=public + "c" * (_LONGEST - len(public)))
        ecs_check.accepted("nova.keypairs.create/rule/longest-key", imported)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/malformed-key")
def test_what_is_no_public_key_is_refused(
    ecs_client: Client, ecs_expect: Expect, ecs_cases: Cases, ecs_supplies: Supplies
) -> None:
    """A text that is no key is not imported."""
    control = ecs_cases.control("nova.keypairs.create", "import")
    with names(ecs_client, ecs_supplies) as (name,):
        ecs_expect(
            "nova.keypairs.create/rule/malformed-key",
            "POST",
            KEYS,
            json={"keypair": {"name": name, "public_key": "no public key"}},
            expects="invalid",
            change="the public key is none",
            control=control.id,
        )


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/name-taken")
def test_a_name_is_used_once(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_later: Afterwards, ecs_supplies: Supplies
) -> None:
    """A second key pair of the name is refused, and the first one stays."""
    public = public_key(ecs_client, ecs_supplies)
    with ecs_later:
        (name,) = ecs_later.enter_context(names(ecs_client, ecs_supplies))
        created = create(ecs_client, name)
        first = read(created, "keypair", "public_key")
        again = ecs_expect(
            "nova.keypairs.create/rule/name-taken",
            "POST",
            KEYS,
            json={"keypair": {"name": name, "public_key": public}},
            expects="refused",
            change="the user has a key pair of the name",
            control=created.id,
        )
        if again.refused:
            look = lambda: show(ecs_client, name)  # noqa: E731 - it is about this name
            check = ecs_check.later(ecs_later)
            check.stays("nova.keypairs.create/rule/name-taken", look, *_PUBLIC, matches=like(first))


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/name-free-again")
def test_a_name_is_free_again(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """When the key pair of the name was deleted."""
    with names(ecs_client, ecs_supplies) as (name,):
        read(create(ecs_client, name), "keypair", "public_key")
        deleted = ecs_client.delete(f"{KEYS}/{name}")
        check = ecs_check.after(deleted)
        check.accepted("nova.keypairs.create/rule/name-free-again", create(ecs_client, name))


@pytest.mark.ecs_requirement(
    "nova.keypairs.list/rule/has-keypairs",
    "nova.keypairs.list/rule/once",
    "nova.keypairs.list/rule/no-private-key",
    "nova.keypairs.list/rule/as-created",
    "nova.keypairs.show/rule/asked-name",
    "nova.keypairs.show/rule/same-as-list",
    "nova.keypairs.show/rule/no-private-key",
)
@pytest.mark.parametrize("way", ["created", "imported"])
def test_a_key_pair_is_shown(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, way: str) -> None:
    """In the list and by itself, with the public key that it was created with or that was imported."""
    fields = {"public_key": public_key(ecs_client, ecs_supplies)} if way == "imported" else {}
    with names(ecs_client, ecs_supplies) as (name,):
        made = create(ecs_client, name, **fields)
        read(made, "keypair")
        listed, shown = ecs_client.get(KEYS), show(ecs_client, name)
        ecs_check("nova.keypairs.list/rule/has-keypairs", listed, *NAMES, contains=name)
        ecs_check("nova.keypairs.list/rule/once", listed, *NAMES, has_one=name)
        ecs_check("nova.keypairs.show/rule/asked-name", shown, "body", "keypair", "name", equals=name)
        ecs_check("nova.keypairs.show/rule/no-private-key", shown, *_PRIVATE, absent=True)
        listed = ecs_client.get(KEYS)
        place = place_of(listed, name)
        ecs_check("nova.keypairs.list/rule/no-private-key", listed, *place, "private_key", absent=True)
        _same(ecs_check, "nova.keypairs.list/rule/as-created", listed, place, made, ("body", "keypair"))
        _same(ecs_check, "nova.keypairs.show/rule/same-as-list", shown, ("body", "keypair"), listed, place)


def _same(
    check: Check,
    rule: str,
    answer: Exchange,
    place: tuple[str | int, ...],
    other: Exchange,
    there: tuple[str | int, ...],
) -> None:
    """Judge that two answers show the same fingerprint and the same public key."""
    check(rule, answer, *place, "fingerprint", equals=read(other, *there[1:], "fingerprint"))
    check(rule, answer, *place, "public_key", matches=like(read(other, *there[1:], "public_key")))


@pytest.mark.ecs_requirement("nova.keypairs.show/rule/not-deleted", "nova.keypairs.show/rule/created-at")
def test_a_key_pair_shows_when_it_was_created(
    ecs_client: Client, ecs_cases: Cases, ecs_check: Check, ecs_supplies: Supplies
) -> None:
    """And that it is not deleted."""
    with names(ecs_client, ecs_supplies) as (name,):
        began = ecs_cases.endpoint_time()
        check = ecs_check.after(create(ecs_client, name))
        around = [began - _SLACK, ecs_cases.endpoint_time() + _SLACK]
        shown = show(ecs_client, name)
        check("nova.keypairs.show/rule/not-deleted", shown, "body", "keypair", "deleted", equals=False)
        check("nova.keypairs.show/rule/not-deleted", shown, "body", "keypair", "deleted_at", equals=None)
        seen = shown.json_object.get("keypair", {}).get("created_at")
        if isinstance(seen, str) and not _is_time(seen):
            ecs_check.not_tested("nova.keypairs.show/rule/created-at", "created_at has no form that can be read")
        else:
            check("nova.keypairs.show/rule/created-at", shown, "body", "keypair", "created_at", time_between=around)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return ":" in text


@pytest.mark.ecs_requirement(
    "nova.keypairs.delete/rule/deletes",
    "nova.keypairs.delete/rule/others-stay",
    "nova.keypairs.delete/rule/twice",
    "nova.keypairs.delete/rule/no-body",
)
def test_a_key_pair_is_deleted(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_later: Afterwards, ecs_supplies: Supplies
) -> None:
    """Once, and no other with it."""
    with ecs_later:
        name, other = ecs_later.enter_context(names(ecs_client, ecs_supplies, 2))
        for one in (name, other):
            read(create(ecs_client, one))
        deleted = ecs_client.delete(f"{KEYS}/{name}")
        check = ecs_check.after(deleted)
        check("nova.keypairs.delete/rule/no-body", deleted, "body", equals=None)
        check("nova.keypairs.delete/rule/deletes", ecs_client.get(KEYS), *NAMES, lacks=name)
        shown = show(ecs_client, name)
        if shown.accepted:
            check("nova.keypairs.delete/rule/deletes", shown, "body", "keypair", "deleted", equals=True)
        else:
            check.refused("nova.keypairs.delete/rule/deletes", shown, "not-found")
        look, others = lambda: ecs_client.get(KEYS), "nova.keypairs.delete/rule/others-stay"
        check.later(ecs_later).stays(others, look, *NAMES, contains=other)
        if deleted.accepted:
            ecs_expect(
                "nova.keypairs.delete/rule/twice",
                "DELETE",
                f"{KEYS}/{name}",
                expects="not-found",
                change="the key pair was deleted",
                control=deleted.id,
            )
        else:
            ecs_check.not_tested("nova.keypairs.delete/rule/twice", f"it was not deleted once: {deleted.answer}")


@pytest.mark.ecs_group("scarce")
@pytest.mark.ecs_requirement("nova.keypairs.delete/rule/no-longer-usable")
def test_a_deleted_key_pair_is_of_no_use(
    ecs_client: Client,
    ecs_cases: Cases,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_supplies: Supplies,
    ecs_jobs: Jobs,
) -> None:
    """No server is created with its name."""
    control = ecs_cases.control("nova.servers.create")
    with names(ecs_client, ecs_supplies) as (name,):
        read(create(ecs_client, name))
        deleted = ecs_client.delete(f"{KEYS}/{name}")
        if not deleted.accepted:
            rule = "nova.keypairs.delete/rule/no-longer-usable"
            ecs_check.not_tested(rule, f"the key pair was not deleted: {deleted.answer}")
            return
        server = {
            "name": ecs_supplies.name("no"),
            "imageRef": ecs_supplies.need("image_id"),
            "flavorRef": ecs_supplies.need("flavor_id"),
            "networks": [{"uuid": ecs_supplies.need("network_id")}],
            "key_name": name,
        }
        refused = ecs_expect(
            "nova.keypairs.delete/rule/no-longer-usable",
            "POST",
            url_of("nova.servers.list"),
            json={"server": server},
            expects="refused",
            change="the key pair was deleted",
            control=control.id,
        )
        ecs_jobs.wait_out(refused)
