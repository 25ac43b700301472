"""What the tests of key pairs (6.11) share: their requests, and how long the pairs live."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_ecs import Client, Exchange, Supplies, read, url_of
from pytest_ecs.exceptions import PrerequisiteMissing

KEYS = url_of("nova.keypairs.list")
#: Where the names stand in a list.
NAMES = ("body", "keypairs", "*", "keypair", "name")
#: From these microversions on a request may have the type of key, and the user (6.11.3).
TYPED, OWNED = "2.2", "2.10"


def create(client: Client, name: str, microversion: str | None = None, **fields: Any) -> Exchange:
    """Create a key pair, or import its public key (6.11.3)."""
    return client.post(KEYS, {"keypair": {"name": name, **fields}}, microversion=microversion)


def show(client: Client, name: str, microversion: str | None = None) -> Exchange:
    """Query one key pair (6.11.2)."""
    return client.get(f"{KEYS}/{name}", microversion=microversion)


@contextmanager
def names(client: Client, supplies: Supplies, count: int = 1) -> Iterator[list[str]]:
    """Give names for key pairs; those that were created under them are deleted in the end (6.11.4)."""
    given = [supplies.name("key") for _ in range(count)]
    try:
        yield given
    finally:
        for name in given:
            client.delete(f"{KEYS}/{name}")


def public_key(client: Client, supplies: Supplies) -> str:
    """Return a public key that no key pair has any more."""
    with names(client, supplies) as (name,):
        return str(read(create(client, name), "keypair", "public_key"))


def like(public: Any) -> str:
    """Return a pattern of public keys with the type and the base64 part of this one."""
    key = re.match(r"\s*[a-z][\w.@-]*\s+[A-Za-z0-9+/=]+", str(public))
    return r"^\s*" + r"\s+".join(map(re.escape, (key[0] if key else str(public)).split())) + r"(?![A-Za-z0-9+/=])"


def place_of(listed: Exchange, name: str) -> tuple[str | int, ...]:
    """Return where a key pair stands in a list.

    Raises `PrerequisiteMissing` when it does not, which is judged by nova.keypairs.list/rule/has-keypairs.
    """
    found = read(listed, "keypairs", "*", "keypair", "name")
    if name not in found:
        raise PrerequisiteMissing("A key pair has to be listed", seen=f"{name} is not in the list", hint="")
    return ("body", "keypairs", found.index(name), "keypair")
