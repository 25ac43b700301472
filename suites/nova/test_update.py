"""Rules of changing the name or the description of a server through the native API (6.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ecs import Afterwards, Check, Client, Contract, Exchange, Expect, Lease, Servers, Supplies, read, url_of

from .creation import DESCRIBED, path_of
from .fields import lasting

pytestmark = pytest.mark.ecs_group("scarce")

_SERVER = ("body", "server")


def _update(client: Client, lease: Lease, **fields: Any) -> Exchange:
    return client.put(path_of(lease.id), {"server": fields}, microversion=DESCRIBED)


def _show(client: Client, lease: Lease) -> Exchange:
    return client.get(path_of(lease.id), microversion=DESCRIBED)


@contextmanager
def _put_back(client: Client, lease: Lease) -> Iterator[dict[str, Any]]:
    """Hand out what a server shows, and give it its name and its description again when the block ends."""
    before: dict[str, Any] = read(_show(client, lease), "server")
    try:
        yield before
    finally:
        name, description = before.get("name"), before.get("description") or ""
        put_back = _update(client, lease, name=name, description=description)
        lease.spoilt = lease.spoilt or put_back.refused


@pytest.mark.ecs_requirement(
    "nova.servers.update/rule/name-changed",
    "nova.servers.update/rule/same-server",
    "nova.servers.update/rule/nothing-else",
)
def test_a_server_is_renamed(
    ecs_client: Client,
    ecs_contract: Contract,
    ecs_check: Check,
    ecs_later: Afterwards,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
) -> None:
    """The name is new in the answer and in the query, and everything else is as before."""
    lease, name = ecs_servers(), ecs_supplies.name("renamed")
    with ecs_later:
        before = ecs_later.enter_context(_put_back(ecs_client, lease))
        changed = ecs_client.put(path_of(lease.id), {"server": {"name": name}})
        check, nothing_else = ecs_check.after(changed), "nova.servers.update/rule/nothing-else"
        check("nova.servers.update/rule/same-server", changed, *_SERVER, "id", equals=lease.id)
        for shown in (changed, _show(ecs_client, lease)):
            check("nova.servers.update/rule/name-changed", shown, *_SERVER, "name", equals=name)
        check(nothing_else, _show(ecs_client, lease), *_SERVER, "status", equals=before.get("status"))

        def look_again() -> None:
            after = _show(ecs_client, lease)
            check(nothing_else, after, *_SERVER, "status", equals=before.get("status"))
            for field, test in lasting(ecs_contract, before, "name", "OS-EXT-SRV-ATTR:hostname"):
                check(nothing_else, after, *_SERVER, field, **test)

        check.later(ecs_later).postpone([nothing_else], look_again)


@pytest.mark.ecs_requirement("nova.servers.update/rule/description-changed", "nova.servers.update/rule/name-alone")
def test_a_server_is_described(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """The description is new in the answer and in the query; a request with the name alone leaves it."""
    lease = ecs_servers()
    with ecs_later:
        ecs_later.enter_context(_put_back(ecs_client, lease))
        described = _update(ecs_client, lease, description="new")
        check = ecs_check.after(described)
        for shown in (described, _show(ecs_client, lease)):
            check("nova.servers.update/rule/description-changed", shown, *_SERVER, "description", equals="new")
        renamed = _update(ecs_client, lease, name=ecs_supplies.name("alone"))
        rule, place = "nova.servers.update/rule/name-alone", (*_SERVER, "description")
        check = check.after(renamed).later(ecs_later)
        check.stays(rule, lambda: _show(ecs_client, lease), *place, equals="new")


@pytest.mark.parametrize(
    ("rule", "field", "length"),
    [
        pytest.param(rule, field, length, id=f"{field}-{length}", marks=pytest.mark.ecs_requirement(rule))
        for rule, field, length in (
            ("nova.servers.update/rule/name-shortest", "name", 1),
            ("nova.servers.update/rule/name-longest", "name", 255),
            ("nova.servers.update/rule/description-longest", "description", 255),
        )
    ],
)
def test_the_shortest_and_the_longest_texts_are_kept(
    ecs_client: Client,
    ecs_check: Check,
    ecs_servers: Servers,
    ecs_supplies: Supplies,
    rule: str,
    field: str,
    length: int,
) -> None:
    """Of 1 and of 255 characters (table 6-23)."""
    lease, text = ecs_servers(), ecs_supplies.name("text").ljust(length, "x")[-length:]
    with _put_back(ecs_client, lease):
        if ecs_check.accepted(rule, _update(ecs_client, lease, **{field: text})):
            ecs_check(rule, _show(ecs_client, lease), *_SERVER, field, equals=text)


@pytest.mark.ecs_requirement("nova.servers.update/rule/other-fields")
def test_an_update_changes_no_other_field(
    ecs_client: Client, ecs_check: Check, ecs_later: Afterwards, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """A field beside the name is refused or passed over."""
    lease, rule = ecs_servers(), "nova.servers.update/rule/other-fields"
    fields: dict[str, Any] = {"key_name": "another-key", "metadata": {"another": "value"}}
    with ecs_later:
        before = ecs_later.enter_context(_put_back(ecs_client, lease))
        for field, value in fields.items():
            _update(ecs_client, lease, **{"name": ecs_supplies.name("beside"), field: value})

        def look() -> bool:
            shown = _show(ecs_client, lease)
            stay = [ecs_check(rule, shown, *_SERVER, field, equals=before.get(field)) for field in fields]
            lease.spoilt = lease.spoilt or not all(stay)
            return all(stay)

        if look():
            ecs_check.later(ecs_later).postpone([rule], look)


@pytest.mark.ecs_requirement("nova.servers.update/rule/description-bytes")
def test_a_description_is_counted_in_bytes(
    ecs_client: Client, ecs_check: Check, ecs_expect: Expect, ecs_servers: Servers
) -> None:
    """128 letters of two bytes are too many."""
    lease = ecs_servers()
    with _put_back(ecs_client, lease):
        fitting = _update(ecs_client, lease, description="é" * 127)
        ecs_expect(
            "nova.servers.update/rule/description-bytes",
            "PUT",
            path_of(lease.id),
            json={"server": {"description": "é" * 128}},
            microversion=DESCRIBED,
            expects="invalid",
            change="the description has 256 bytes",
            control=fitting.id,
        )


@pytest.mark.ecs_requirement("nova.servers.update/rule/tag-form")
def test_an_update_shows_tags(
    ecs_client: Client, ecs_check: Check, ecs_servers: Servers, ecs_supplies: Supplies
) -> None:
    """One with a value as key=value, one without as its key; only 5.10 gives a tag a value."""
    lease = ecs_servers()
    tags = url_of("ecs.tags.add", server_id=lease.id)
    # Names of the run are too long for keys.
    valued, bare = (f"{word}-{ecs_supplies.unknown_id()[:8]}" for word in ("valued", "bare"))
    both = [{"key": valued, "value": "conformance"}, {"key": bare, "value": ""}]
    added = ecs_client.post(tags, {"action": "create", "tags": both})
    try:
        with _put_back(ecs_client, lease):
            name = ecs_supplies.name("tagged")
            named = ecs_client.put(path_of(lease.id), {"server": {"name": name}}, microversion="2.47")
            check = ecs_check.after(added, named)
            for form in (f"{valued}=conformance", bare):
                check("nova.servers.update/rule/tag-form", named, *_SERVER, "tags", contains=form)
    finally:
        if added.accepted:
            deleted = ecs_client.post(tags, {"action": "delete", "tags": both})
            lease.spoilt = lease.spoilt or deleted.refused
