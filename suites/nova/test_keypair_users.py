"""Rules of key pairs that depend on a microversion, on the user or on the limits (6.11.1 to 6.11.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_ecs import (
    Afterwards,
    Check,
    Client,
    Clients,
    Contract,
    Exchange,
    Expect,
    Servers,
    Supplies,
    Target,
    read,
    url_of,
)

from .keys import KEYS, NAMES, OWNED, TYPED, create, names, place_of, show

pytestmark = pytest.mark.ecs_group("servers")

_TYPE, _OWN = ("body", "keypair", "type"), ("body", "keypair", "user_id")
#: So many key pairs are made to reach a limit, and no more.
_FEW = 20


def _user(servers: Servers) -> str:
    """Return the user who asks, as the servers of the run show him."""
    (lease,) = servers.shared("ACTIVE")
    return str(read(lease.show(), "server", "user_id"))


def _type_if_shown(check: Check, rule: str, answer: Exchange, key_type: str) -> None:
    """Judge the type of a key pair where it is shown, which is expected and not demanded (ruling keypairs-type-shown)."""
    check.accepted(rule, answer)
    if "type" in read(answer, "keypair"):
        check(rule, answer, *_TYPE, equals=key_type)


@pytest.mark.ecs_requirement(
    "nova.keypairs.create/rule/type-default",
    "nova.keypairs.list/rule/type-default",
    "nova.keypairs.show/rule/type-default",
)
def test_ssh_is_the_type_that_nobody_named(ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies) -> None:
    """Wherever a key pair shows its type."""
    with names(ecs_client, ecs_supplies) as (name,):
        made = create(ecs_client, name, TYPED)
        _type_if_shown(ecs_check, "nova.keypairs.create/rule/type-default", made, "ssh")
        _type_if_shown(ecs_check, "nova.keypairs.show/rule/type-default", show(ecs_client, name, TYPED), "ssh")
        listed = ecs_client.get(KEYS, microversion=TYPED)
        ecs_check("nova.keypairs.list/rule/type-default", listed, *place_of(listed, name), "type", equals="ssh")


@pytest.mark.parametrize(
    ("rule", "key_type"),
    [
        pytest.param(rule, key_type, id=key_type, marks=pytest.mark.ecs_requirement(rule))
        for rule, key_type in (
            ("nova.keypairs.create/rule/type-ssh", "ssh"),
            ("nova.keypairs.create/rule/type-x509", "x509"),
        )
    ],
)
def test_a_key_pair_has_the_type_that_was_named(
    ecs_client: Client, ecs_check: Check, ecs_supplies: Supplies, rule: str, key_type: str
) -> None:
    """From the microversion on that has types."""
    with names(ecs_client, ecs_supplies) as (name,):
        typed = create(ecs_client, name, TYPED, type=key_type)
        if ecs_check.accepted(rule, typed):
            _type_if_shown(ecs_check, rule, typed, key_type)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/own-user", "nova.keypairs.show/rule/own-user")
def test_a_key_pair_is_the_senders(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Who names nobody creates it for himself."""
    user = _user(ecs_servers)
    with names(ecs_client, ecs_supplies) as (name,):
        made = create(ecs_client, name)
        check = ecs_check.after(made)
        check("nova.keypairs.create/rule/own-user", made, *_OWN, equals=user)
        check("nova.keypairs.show/rule/own-user", show(ecs_client, name), *_OWN, equals=user)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/user-id-own")
def test_a_user_may_name_himself(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """From the microversion on that has owners."""
    user = _user(ecs_servers)
    with names(ecs_client, ecs_supplies) as (name,):
        named = create(ecs_client, name, OWNED, user_id=user)
        ecs_check.accepted("nova.keypairs.create/rule/user-id-own", named)
        ecs_check.after(named)("nova.keypairs.create/rule/user-id-own", named, *_OWN, equals=user)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/early-fields")
def test_fields_are_passed_over_before_their_time(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """Without a microversion a type and a user that there is not have no effect."""
    user = _user(ecs_servers)
    with names(ecs_client, ecs_supplies) as (name,):
        early = create(ecs_client, name, type="ssh", user_id=ecs_supplies.unknown_id())
        if ecs_check.accepted("nova.keypairs.create/rule/early-fields", early):
            ecs_check("nova.keypairs.create/rule/early-fields", early, *_OWN, equals=user)


@contextmanager
def _allowed(target: Target, contract: Contract) -> Iterator[None]:
    """Let the restricted user query and delete key pairs, where a target can be told so."""
    hook = target.control
    rows = [contract.permission_of(contract.operations[f"nova.keypairs.{verb}"]) for verb in ("list", "show", "delete")]
    if hook is not None:
        hook("PUT", "/_mock/policy", {"allow": [action for row in rows for action in (row.action, *row.dependencies)]})
    try:
        yield
    finally:
        if hook is not None:
            hook("PUT", "/_mock/policy", {"allow": []})


@pytest.mark.ecs_requirement(
    "nova.keypairs.list/rule/own-user-only",
    "nova.keypairs.show/rule/own-user-only",
    "nova.keypairs.delete/rule/other-user",
)
def test_key_pairs_are_their_users_own(
    ecs_client: Client,
    ecs_clients: Clients,
    ecs_contract: Contract,
    ecs_target: Target,
    ecs_check: Check,
    ecs_expect: Expect,
    ecs_later: Afterwards,
    ecs_supplies: Supplies,
) -> None:
    """Another user of the account, who may query and delete key pairs, neither finds nor deletes those of this one."""
    other = ecs_clients("restricted_user")
    show_rule, delete_rule = "nova.keypairs.show/rule/own-user-only", "nova.keypairs.delete/rule/other-user"
    with ecs_later:
        (name,) = ecs_later.enter_context(names(ecs_client, ecs_supplies))
        ecs_later.enter_context(_allowed(ecs_target, ecs_contract))
        read(create(ecs_client, name))
        mine = show(ecs_client, name)
        read(mine, "keypair")
        listed = other.get(KEYS)
        if listed.refused:
            for rule in ("nova.keypairs.list/rule/own-user-only", show_rule, delete_rule):
                ecs_check.not_tested(rule, f"the other user may not query key pairs: {listed.answer}")
            return
        list_rule = "nova.keypairs.list/rule/own-user-only"
        ecs_check(list_rule, listed, *NAMES, lacks=name)
        for rule, method in ((show_rule, "GET"), (delete_rule, "DELETE")):
            ecs_expect(
                rule,
                method,
                f"{KEYS}/{name}",
                expects="forbidden-or-hidden",
                change="another user has it",
                client=other,
                control=mine.id,
            )
        check = ecs_check.later(ecs_later)
        if check.stays(delete_rule, lambda: ecs_client.get(KEYS), *NAMES, contains=name):
            check.stays(list_rule, lambda: other.get(KEYS), *NAMES, lacks=name)


@pytest.mark.ecs_requirement("nova.keypairs.create/rule/quantity")
def test_a_user_has_so_many_key_pairs(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_supplies: Supplies
) -> None:
    """One more than the limits say is refused, where few key pairs reach them."""
    limits = ecs_client.get(url_of("nova.limits.show"))
    most = int(read(limits, "limits", "absolute", "maxTotalKeypairs"))
    room = most - len(read(ecs_client.get(KEYS), "keypairs"))
    if most < 0 or room > _FEW:
        ecs_check.not_tested("nova.keypairs.create/rule/quantity", f"maxTotalKeypairs is {most}")
        return
    with names(ecs_client, ecs_supplies, max(room, 0) + 1) as (*before, last):
        for name in before:
            read(create(ecs_client, name))
        ecs_expect(
            "nova.keypairs.create/rule/quantity",
            "POST",
            KEYS,
            json={"keypair": {"name": last}},
            expects="over-limit",
            change="the user has as many key pairs as there may be",
        )
