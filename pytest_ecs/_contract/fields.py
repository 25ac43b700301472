"""Walks a schema field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pytest_ecs._contract.model import Schema

__all__ = ["Field", "walk"]


@dataclass(frozen=True, slots=True)
class Field:
    """A schema at its place in a body: a named field, the elements of an array, the values of a map, or the body."""

    #: ``server.nics[].subnet_id``; empty for the body itself.
    path: str
    schema: Schema
    #: Section and table, as far as the schemas around it say.
    section: str
    table: str | None = None
    #: The object that lists it; None for elements, map values and the body itself.
    parent: Schema | None = None
    #: Its own name in *parent*.
    name: str = ""

    @property
    def source(self) -> str:
        """Section and table as one text."""
        return f"{self.section}, table {self.table}" if self.table else self.section

    @property
    def required(self) -> bool:
        """Whether the object that lists it demands it."""
        return self.parent is not None and self.name in self.parent.get("required", ())

    @property
    def expected(self) -> bool:
        """Whether the object that lists it expects it without demanding it."""
        return self.parent is not None and self.name in self.parent.get("x-expected", ())


def walk(schema: Schema, section: str) -> Iterator[Field]:
    """Yield the body and every field below it, parents first.

    What stands inside ``anyOf`` is not walked: a body follows one branch only, so no field in it can be claimed.
    """
    yield from _below(_placed(Field("", schema, section)))


def _below(field: Field) -> Iterator[Field]:
    yield field
    schema, path = field.schema, field.path
    prefix = f"{path}." if path else ""
    for name, inner in schema.get("properties", {}).items():
        yield from _below(_placed(replace(field, path=prefix + name, schema=inner, parent=schema, name=name)))
    for keyword, mark in (("items", "[]"), ("additionalProperties", "{}")):
        inner = schema.get(keyword)
        if isinstance(inner, Mapping):
            yield from _below(_placed(replace(field, path=path + mark, schema=inner, parent=None, name="")))


def _placed(field: Field) -> Field:
    """Return *field* with the section and table that its own schema names; a new section ends the table around it."""
    section, table = field.schema.get("x-section"), field.schema.get("x-table")
    if section is None and table is None:
        return field
    return replace(field, section=section or field.section, table=table or (None if section else field.table))
