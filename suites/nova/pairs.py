"""What the tests of metadata (6.9) share: their requests, and giving a server back what it had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

from pytest_ecs import Check, Client, Exchange, Lease, read, url_of

METADATA = ("body", "metadata")
#: Where a query of the server has them (6.2.6).
SHOWN = ("body", "server", "metadata")


def path_of(server: str, key: str = "") -> str:
    """Return the URL of a server's metadata, or of one pair of it."""
    return url_of("nova.metadata.list", server_id=server) + (f"/{quote(key, safe='')}" if key else "")


def list_pairs(client: Client, lease: Lease) -> Exchange:
    """List the metadata of a server (6.9.4)."""
    return client.get(path_of(lease.id))


def pairs_of(client: Client, lease: Lease) -> dict[str, str]:
    """Return the metadata of a server."""
    found: dict[str, str] = read(list_pairs(client, lease), "metadata")
    return found


def update(client: Client, lease: Lease, pairs: Mapping[str, str]) -> Exchange:
    """Add pairs or change them (6.9.1)."""
    return client.post(path_of(lease.id), {"metadata": dict(pairs)})


def replace(client: Client, lease: Lease, pairs: Mapping[str, str]) -> Exchange:
    """Put these pairs in the place of all others (6.9.2)."""
    return client.put(path_of(lease.id), {"metadata": dict(pairs)})


def set_pair(client: Client, lease: Lease, key: str, value: str) -> Exchange:
    """Add or change the pair with a key (6.9.6)."""
    return client.put(path_of(lease.id, key), {"meta": {key: value}})


def delete(client: Client, lease: Lease, key: str) -> Exchange:
    """Delete the pair with a key (6.9.3)."""
    return client.delete(path_of(lease.id, key))


@contextmanager
def unchanged(client: Client, *leases: Lease) -> Iterator[None]:
    """Give servers the metadata back that they had; one where that fails serves nobody again."""
    before = [pairs_of(client, lease) for lease in leases]
    try:
        yield
    finally:
        for lease, pairs in zip(leases, before, strict=True):
            replace(client, lease, pairs)
            lease.spoilt = lease.spoilt or pairs_of(client, lease) != pairs


def has(check: Check, rule: str, shown: Exchange, pairs: Mapping[str, str], *at: str) -> None:
    """Each of the pairs is there, with its value."""
    for key, value in pairs.items():
        check(rule, shown, *(at or METADATA), key, equals=value)
