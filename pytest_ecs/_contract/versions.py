"""Microversions: how they compare, and what a schema is at one of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pytest_ecs._contract.fields import rebuilt
from pytest_ecs._contract.model import Schema

__all__ = ["covers", "schema_at", "version_key"]


@lru_cache(maxsize=256)
def version_key(version: str) -> tuple[int, int]:
    """Return *version* as a pair that compares by number, so that 2.9 stands before 2.10."""
    major, _, minor = version.partition(".")
    return int(major), int(minor)


def covers(since: str | None, until: str | None, version: str) -> bool:
    """Return whether *version* is at or after *since* and before *until*."""
    key = version_key(version)
    return (since is None or key >= version_key(since)) and (until is None or key < version_key(until))


def schema_at(schema: Schema, microversion: str) -> Schema:
    """Return *schema* without the fields that do not exist at *microversion*.

    A field that is dropped is no longer demanded either. The answer is kept, and is *schema* itself where
    nothing in it depends on the microversion.
    """
    key = (id(schema), microversion)
    known = _KEPT.get(key)
    if known is None or known[0] is not schema:
        known = _KEPT[key] = (schema, _pruned(schema, microversion))
    return known[1]


#: Schemas live as long as the contract. The key is an identity, so the schema is kept beside the answer:
#: an identity that belongs to a living object cannot be given to another.
_KEPT: dict[tuple[int, str], tuple[Schema, Schema]] = {}


def _pruned(schema: Schema, version: str) -> Schema:
    def kept(steps: tuple[str | int, ...], field: Schema) -> Schema | None:
        if steps[0] == "properties" and not covers(field.get("x-since"), field.get("x-until"), version):
            return None
        return _pruned(field, version)

    whole, gone = rebuilt(schema, kept)
    return {**whole, **_without(schema, gone)} if gone else whole


def _without(schema: Schema, gone: frozenset[str]) -> dict[str, Any]:
    """Return the keywords of *schema* that name fields, without the fields that are *gone*."""
    changed: dict[str, Any] = {}
    for keyword in ("required", "x-expected"):
        if keyword in schema:
            changed[keyword] = [name for name in schema[keyword] if name not in gone]
    if "dependentRequired" in schema:
        changed["dependentRequired"] = {
            name: [other for other in others if other not in gone]
            for name, others in schema["dependentRequired"].items()
            if name not in gone
        }
    if "x-exclusive" in schema:
        groups = [[name for name in group if name not in gone] for group in schema["x-exclusive"]]
        changed["x-exclusive"] = [group for group in groups if len(group) > 1]
    return changed
