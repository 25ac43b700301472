"""The one walk over schemas: what stands directly inside one, and field by field all that is below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._types import JSON

__all__ = [
    "ITEMS",
    "VALUES",
    "Field",
    "Shown",
    "fields_of",
    "inner",
    "leave_out",
    "plainest",
    "rebuilt",
    "shown_when",
    "walk",
]

#: Marks of a path: the elements of an array, the values of a map.
ITEMS, VALUES = "[]", "{}"
#: Keywords whose value is one schema, with the mark of what it binds; names of a map's entries are no field.
_ONE = {"items": ITEMS, "additionalProperties": VALUES, "propertyNames": None}


def inner(schema: Schema) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    """Yield every schema that stands directly in *schema*, with the keywords and names that lead to it."""
    for name, field in schema.get("properties", {}).items():
        yield ("properties", name), field
    for keyword in _ONE:
        one = schema.get(keyword)
        if isinstance(one, dict):
            yield (keyword,), one
    for index, branch in enumerate(schema.get("anyOf", ())):
        yield ("anyOf", index), branch


def rebuilt(
    schema: Schema, change: Callable[[tuple[str | int, ...], Schema], Schema | None]
) -> tuple[Schema, frozenset[str]]:
    """Return *schema* with `inner` changed one by one, and the names of the properties that *change* gave None for.

    It is *schema* itself where nothing was changed.
    """
    changed: dict[tuple[str | int, ...], Schema | None] = {}
    for steps, old in inner(schema):
        new = change(steps, old)
        if new is not old:
            changed[steps] = new
    if not changed:
        return schema, frozenset()
    whole: dict[str, Any] = dict(schema)
    for (keyword, *rest), new in changed.items():
        if not rest:
            whole[str(keyword)] = new
            continue
        if whole[str(keyword)] is schema[str(keyword)]:
            whole[str(keyword)] = schema[str(keyword)].copy()
        if new is None:
            del whole[str(keyword)][rest[0]]
        else:
            whole[str(keyword)][rest[0]] = new
    return whole, frozenset(str(rest[0]) for (_, *rest), new in changed.items() if new is None)


@dataclass(frozen=True, slots=True)
class Field:
    """A schema at its place in a body: a named field, the elements of an array, the values of a map, or the body."""

    #: ``server.nics[].subnet_id``; empty for the body itself.
    path: str
    schema: Schema
    #: Section and table, as far as the schemas around it say.
    section: str = ""
    table: str | None = None
    #: The object, array or map that it stands in; None for the body itself.
    holder: Schema | None = None
    #: Its own name in *holder*; empty for elements, map values and the body itself.
    name: str = ""
    #: *path*, step by step: names, "[]" and "{}".
    steps: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Section and table as one text."""
        return f"{self.section}, table {self.table}" if self.table else self.section

    @property
    def parent(self) -> Schema | None:
        """The object that lists it; None for elements, map values and the body itself."""
        return self.holder if self.name else None

    @property
    def required(self) -> bool:
        """Whether the object that lists it demands it."""
        return self.parent is not None and self.name in self.parent.get("required", ())

    @property
    def expected(self) -> bool:
        """Whether the object that lists it expects it without demanding it."""
        return self.parent is not None and self.name in self.parent.get("x-expected", ())

    @property
    def states(self) -> Shown | None:
        """When it must be there; None for always."""
        return shown_when(self.parent, self.name) if self.parent is not None else None


class Shown(NamedTuple):
    """When a member must be there; elsewhere it need not be."""

    #: The member beside it that says a state.
    state: str
    #: The states, in lower case.
    values: frozenset[str]
    #: The member that says what is being done to the thing: while something is, it need not be there.
    task: str | None
    #: The member that must not be empty: what is of its kind need not be there without any of them.
    beside: str | None


def shown_when(parent: Schema, name: str) -> Shown | None:
    """Return what `Field.states` is for the member *name* of the object *parent*."""
    when = parent.get("x-shown-when")
    if when is None or name not in when.get("members", {name} - {"id", when["field"]}):
        return None
    values = frozenset(value.lower() for value in when["values"])
    return Shown(when["field"], values, when.get("without"), when.get("beside", {}).get(name))


def walk(schema: Schema, section: str = "") -> Iterator[Field]:
    """Yield the body and every field below it, parents first.

    What stands inside ``anyOf`` is not walked: a body follows one branch only, so no field in it can be claimed.
    """
    yield from _below(_placed(Field("", schema, section)))


def fields_of(schema: Schema) -> Mapping[str, Field]:
    """Return what `walk` yields by path; the answer is kept, and knows no section but those that schemas name."""
    known = _KEPT.get(id(schema))
    if known is None or known[0] is not schema:
        known = _KEPT[id(schema)] = (schema, {field.path: field for field in walk(schema)})
    return known[1]


#: Schemas live as long as the contract. The key is an identity, so the schema is kept beside the answer:
#: an identity that belongs to a living object cannot be given to another.
_KEPT: dict[int, tuple[Schema, Mapping[str, Field]]] = {}


def _below(field: Field) -> Iterator[Field]:
    yield field
    path, steps = field.path, field.steps
    for (keyword, *names), schema in inner(field.schema):
        if keyword == "properties":
            name = str(names[0])
            where = f"{path}.{name}" if path else name
            yield from _below(
                _placed(Field(where, schema, field.section, field.table, field.schema, name, (*steps, name)))
            )
        elif mark := _ONE.get(str(keyword)):
            placed = Field(path + mark, schema, field.section, field.table, field.schema, "", (*steps, mark))
            yield from _below(_placed(placed))


def _placed(field: Field) -> Field:
    """Return *field* with the section and table that its own schema names; a new section ends the table around it."""
    section, table = field.schema.get("x-section"), field.schema.get("x-table")
    if section is None and table is None:
        return field
    return replace(field, section=section or field.section, table=table or (None if section else field.table))


def leave_out(body: JSON, steps: Sequence[str]) -> JSON:
    """Return *body* without the field at *steps* wherever it is, *body* itself where it is nowhere."""
    name, rest = steps[0], steps[1:]
    if name == ITEMS and isinstance(body, list):
        items = [leave_out(one, rest) for one in body]
        return items if any(new is not one for new, one in zip(items, body, strict=True)) else body
    if not isinstance(body, Mapping) or name not in body:
        return body
    if not rest:
        return {key: value for key, value in body.items() if key != name}
    inside = leave_out(body[name], rest)
    return {**body, name: inside} if inside is not body[name] else body


def plainest(operation: Operation, body: JSON) -> JSON:
    """Return *body* without what a valid request of *operation* need not have, itself where it has nothing of that."""
    fields = fields_of(operation.body or {})
    for path in operation.optional:
        body = leave_out(body, fields[path].steps)
    return body
