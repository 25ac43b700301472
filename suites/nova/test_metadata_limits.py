"""Rules of what metadata may be, of how many pairs a server may have, and in which states they change (6.9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_ecs import Cases, Check, Client, Exchange, Expect, Lease, Servers, read, url_of

from .pairs import delete, has, list_pairs, pairs_of, path_of, replace, set_pair, unchanged, update

pytestmark = pytest.mark.ecs_group("servers")

#: Keys and values may have this many characters, and keys these (tables 6-156, 6-159, 6-167).
_LENGTH, _CHARACTERS = 255, "aZ0-_:."
#: Pairs that must be accepted and kept as they are.
_LONGEST, _UNICODE = ("k" * _LENGTH, "v" * _LENGTH), ("unicode", "值" * _LENGTH)
_EMPTY, _KEY = ("empty", ""), (_CHARACTERS, "characters")
_Send = Callable[[Client, Lease, str, str], Exchange]


def _updated(client: Client, lease: Lease, key: str, value: str) -> Exchange:
    return update(client, lease, {key: value})


def _replaced(client: Client, lease: Lease, key: str, value: str) -> Exchange:
    return replace(client, lease, {key: value})


@pytest.mark.parametrize(
    ("rule", "send", "pair"),
    [
        pytest.param(rule, send, pair, id=rule, marks=pytest.mark.ecs_requirement(rule))
        for rule, send, pair in (
            ("nova.metadata.update/rule/longest", _updated, _LONGEST),
            ("nova.metadata.update/rule/unicode-value", _updated, _UNICODE),
            ("nova.metadata.update/rule/empty-value", _updated, _EMPTY),
            ("nova.metadata.update/rule/key-characters", _updated, _KEY),
            ("nova.metadata.replace/rule/longest", _replaced, _LONGEST),
            ("nova.metadata.replace/rule/unicode-value", _replaced, _UNICODE),
            ("nova.metadata.replace/rule/empty-value", _replaced, _EMPTY),
            ("nova.metadata.replace/rule/key-characters", _replaced, _KEY),
            ("nova.metadata.set/rule/longest", set_pair, _LONGEST),
            ("nova.metadata.set/rule/unicode-value", set_pair, _UNICODE),
            ("nova.metadata.set/rule/empty-value", set_pair, _EMPTY),
            ("nova.metadata.set/rule/key-characters", set_pair, _KEY),
        )
    ],
)
def test_keys_and_values_are_kept_as_they_are(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, rule: str, send: _Send, pair: tuple[str, str]
) -> None:
    """The longest ones, those of other scripts, empty ones, and keys of all the characters that there are."""
    lease, (key, value) = ecs_servers("ACTIVE"), pair
    with unchanged(ecs_client, lease):
        if ecs_check.accepted(rule, send(ecs_client, lease, key, value)):
            has(ecs_check, rule, list_pairs(ecs_client, lease), {key: value})


@pytest.mark.ecs_requirement("nova.metadata.set/rule/key-too-long")
def test_a_longer_key_is_refused(
    ecs_client: Client, ecs_cases: Cases, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """In the URL and in the body."""
    control, lease, long = ecs_cases.control("nova.metadata.set"), ecs_servers("ACTIVE"), "k" * (_LENGTH + 1)
    with unchanged(ecs_client, lease):
        ecs_expect(
            "nova.metadata.set/rule/key-too-long",
            "PUT",
            path_of(lease.id, long),
            json={"meta": {long: "v"}},
            expects="invalid",
            change="the key has 256 characters",
            control=control.id,
        )


@pytest.mark.ecs_group("scarce")
@pytest.mark.ecs_requirement("nova.metadata.list/rule/of-creation")
def test_pairs_of_the_creation_are_listed(ecs_client: Client, ecs_cases: Cases, ecs_check: Check) -> None:
    """Those that a server was created with."""
    created = ecs_cases.control("nova.servers.create")
    listed = ecs_client.get(path_of(read(created, "server", "id")))
    pairs = created.request_body["server"]["metadata"]
    has(ecs_check.after(created), "nova.metadata.list/rule/of-creation", listed, pairs)


@pytest.mark.parametrize("state", ["ACTIVE", "SHUTOFF"])
@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/active-and-stopped",
    "nova.metadata.replace/rule/active-and-stopped",
    "nova.metadata.set/rule/active-and-stopped",
    "nova.metadata.delete/rule/active-and-stopped",
)
def test_running_and_stopped_servers_take_changes(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, state: Any
) -> None:
    """Of every kind."""
    lease = ecs_servers(state)
    with unchanged(ecs_client, lease):
        updated = update(ecs_client, lease, {"first": "1"})
        ecs_check.accepted("nova.metadata.update/rule/active-and-stopped", updated)
        replaced = replace(ecs_client, lease, {"first": "1"})
        ecs_check.accepted("nova.metadata.replace/rule/active-and-stopped", replaced)
        changed = set_pair(ecs_client, lease, "first", "2")
        ecs_check.accepted("nova.metadata.set/rule/active-and-stopped", changed)
        if "first" in pairs_of(ecs_client, lease):
            deleted = delete(ecs_client, lease, "first")
            ecs_check.accepted("nova.metadata.delete/rule/active-and-stopped", deleted)
        else:
            ecs_check.not_tested("nova.metadata.delete/rule/active-and-stopped", "the server has no pair to delete")


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/other-states",
    "nova.metadata.replace/rule/other-states",
    "nova.metadata.delete/rule/other-states",
    "nova.metadata.set/rule/other-states",
    "nova.metadata.list/rule/any-state",
    "nova.metadata.show/rule/any-state",
)
def test_another_state_takes_no_changes(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """One whose resizing waits to be confirmed; it answers queries."""
    lease = ecs_servers("SHUTOFF")
    action = url_of("nova.servers.resize", server_id=lease.id)
    with unchanged(ecs_client, lease):
        first = set_pair(ecs_client, lease, "first", "1")
        read(ecs_client.post(action, {"resize": {"flavorRef": ecs_servers.other_flavor(lease)}}))
        status = ecs_servers.wait_stable(lease.id)
        try:
            ecs_check.accepted("nova.metadata.list/rule/any-state", list_pairs(ecs_client, lease))
            shown = ecs_client.get(path_of(lease.id, "first"))
            ecs_check.after(first).accepted("nova.metadata.show/rule/any-state", shown)
            for rule, method, key, body in (
                ("nova.metadata.update/rule/other-states", "POST", "", {"metadata": {"first": "2"}}),
                ("nova.metadata.replace/rule/other-states", "PUT", "", {"metadata": {"first": "2"}}),
                ("nova.metadata.set/rule/other-states", "PUT", "first", {"meta": {"first": "2"}}),
                ("nova.metadata.delete/rule/other-states", "DELETE", "first", None),
            ):
                if status != "VERIFY_RESIZE":
                    ecs_check.not_tested(rule, f"the server went to {status} instead of VERIFY_RESIZE")
                    continue
                change = "the server waits for its resizing to be confirmed"
                path = path_of(lease.id, key)
                ecs_expect(rule, method, path, json=body, expects="wrong-state", change=change)
        finally:
            if status == "VERIFY_RESIZE":
                ecs_client.post(action, {"revertResize": None})
            lease.spoilt = ecs_servers.wait_stable(lease.id) != "SHUTOFF"


@pytest.mark.ecs_requirement(
    "nova.metadata.update/rule/quantity", "nova.metadata.replace/rule/quantity", "nova.metadata.set/rule/quantity"
)
def test_a_server_has_so_many_pairs(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """One more than the limits say is refused."""
    rules = {
        "nova.metadata.update/rule/quantity": ("POST", ""),
        "nova.metadata.replace/rule/quantity": ("PUT", ""),
        "nova.metadata.set/rule/quantity": ("PUT", "one-more"),
    }
    limits = ecs_client.get(url_of("nova.limits.show"))
    most = int(read(limits, "limits", "absolute", "maxServerMeta"))
    if not 0 <= most <= 1000:
        for rule in rules:
            ecs_check.not_tested(rule, f"maxServerMeta is {most}")
        return
    lease = ecs_servers("ACTIVE")
    with unchanged(ecs_client, lease):
        full = {f"key-{number}": "v" for number in range(most)}
        read(replace(ecs_client, lease, full))
        pair = {"one-more": "v"}
        for rule, (method, key) in rules.items():
            body = {"meta": pair} if key else {"metadata": {**full, **pair} if method == "PUT" else pair}
            path, change = path_of(lease.id, key), "the server would have one pair too many"
            ecs_expect(rule, method, path, json=body, expects="over-limit", change=change)
