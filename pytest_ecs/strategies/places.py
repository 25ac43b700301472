"""Where a request that obeys the contract may be changed, and in which ways: known without hypothesis, which is slow to import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pytest_ecs._cases.mutation import can_break, mutate_query, place_of
from pytest_ecs._cases.recipe import RECIPES, placeholder, shape
from pytest_ecs._contract import load
from pytest_ecs._contract.fields import Field, fields_of
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._types import JSON

__all__ = ["ABSENT", "Place", "Way", "breakable", "can_vary", "places_of", "places_to_break", "queries_of", "ways_of"]

#: Fields whose text means nothing to the endpoint.
_FREE = frozenset({"name", "description", "display_name", "display_description", "key", "value", "tags[]"})
#: How many of something are made: a check-only request may make them all the same.
_COUNTS = frozenset({"count", "min_count", "max_count"})
#: What can be done in a place.
Way: TypeAlias = Literal[
    "entry", "unlisted", "text-item", "object-item", "drop", "enum", "boolean", "integer", "extend", "text"
]


@dataclass(frozen=True)
class Place:
    """Somewhere in a request that may be changed."""

    place: tuple[str | int, ...]
    field: Field
    #: What stands there now, `ABSENT` where nothing does.
    now: JSON
    required: bool


ABSENT = object()


def places_of(operation_id: str, variant: str) -> list[Place]:
    """Return where a recipe's request may be changed without naming something that would have to exist."""
    schema = load().operations[operation_id].body
    body = shape(RECIPES[operation_id].variants[variant]).body
    if not schema or body is None:
        return []
    found = []
    for field in fields_of(schema).values():
        above = place_of(body, field.steps[:-1]) if field.steps else ()
        if above is None:
            continue
        holder: Any = body
        for step in above:
            holder = holder[step]
        place = place_of(body, field.steps)
        now: JSON = ABSENT
        if place is not None:
            now = body
            for step in place:
                now = now[step]
        elif field.steps[-1:] in {("[]",), ("{}",)} or not isinstance(holder, dict):
            continue
        if (
            field.steps[-1:] == ("{}",)
            and place is not None
            and place[-1] in (field.holder or {}).get("properties", {})
        ):
            continue  # what has a row of its own is no free pair
        required = not field.steps or field.required
        found.append(Place((*above, field.steps[-1]) if place is None else place, field, now, required))
    return [place for place in found if _may_change(place)]


def _may_change(place: Place) -> bool:
    schema = place.field.schema
    fixed = ("x-reference", "x-check-only", "x-secret", "format", "x-since")
    if place.place and place.place[-1] in _COUNTS:
        return False
    return not any(keyword in schema for keyword in fixed) and any(True for _ in ways_of(place))


def ways_of(place: Place) -> Iterator[Way]:
    """Yield what can be done in one place."""
    schema, at = place.field.schema, place.place
    declared = schema.get("type", "object" if "properties" in schema else "")
    json_type = declared if isinstance(declared, str) else declared[0] if declared else ""
    if json_type == "object":
        if _takes_entries(place):
            yield "entry"
        if isinstance(place.now, Mapping) and at == () and "additionalProperties" not in schema:
            yield "unlisted"
        return
    if json_type == "array":
        if (item := _item_of(place)) is not None:
            yield item
        return
    if (
        place.now is not ABSENT
        and not place.required
        and at
        and isinstance(at[-1], str)
        and "{}" not in place.field.path
    ):
        yield "drop"
    if "enum" in schema:
        if any(value != place.now for value in schema["enum"]):
            yield "enum"
    elif json_type == "boolean":
        yield "boolean"
    elif json_type == "integer" and "maximum" in schema and "pattern" not in schema:
        yield "integer"
    elif json_type == "string" and "maxLength" in schema and _is_free(place.field):
        # The run's own name stays in it.
        yield "extend" if place.now == placeholder().name() else "text"


def _takes_entries(place: Place) -> bool:
    """Whether a pair can be added to a map, such as metadata."""
    schema = place.field.schema
    values = schema.get("additionalProperties")
    if not isinstance(values, Mapping) or not isinstance(place.now, Mapping) or schema.get("maxProperties") == 1:
        return False
    return "maxLength" in values and "x-errors" not in schema


def _item_of(place: Place) -> Literal["text-item", "object-item"] | None:
    """Return what can be added to a list: a free text, or an object of nothing else; None where neither can."""
    items = place.field.schema.get("items", {})
    if not isinstance(place.now, list):
        return None
    if items.get("type") == "string" and "maxLength" in items and _is_free(Field(f"{place.field.path}[]", items)):
        return "text-item"
    parts = items.get("properties", {})
    texts = (
        part.get("type") == "string" and "maxLength" in part and _is_free(Field(name, part))
        for name, part in parts.items()
    )
    return "object-item" if items.get("type") == "object" and parts and all(texts) else None


def _is_free(field: Field) -> bool:
    last = field.path.rpartition(".")[2]
    return (last in _FREE and "x-reference" not in field.schema) or last.endswith("{}")


# Queries


def queries_of(operation: Operation) -> dict[str, Schema]:
    """Return the query parameters that name nothing that would have to exist, and that values can be generated for."""
    return {
        name: schema
        for name, schema in operation.query.items()
        if "x-reference" not in schema and name != "delete_flag" and _is_known(schema)
    }


def _is_known(schema: Schema) -> bool:
    if "enum" in schema or schema.get("type") == "integer" or schema.get("format") == "date-time":
        return True
    return schema.get("type") == "string" and "format" not in schema


# Requirements


def can_vary(operation_id: str) -> bool:
    """Return whether a request of that operation can differ from its recipe's and still obey the contract."""
    return operation_id in RECIPES and bool(
        places_of(operation_id, "default") or queries_of(load().operations[operation_id])
    )


def breakable(operation_id: str) -> list[str]:
    """Return the requirements that `invalid_requests` breaks: those that some request of the recipe has a place for."""
    return list(places_to_break(operation_id))


def places_to_break(operation_id: str, variants: Sequence[str] = ()) -> dict[str, str]:
    """Return by requirement the first variant of the recipe whose request has a place for it."""
    contract = load()
    operation, recipe = contract.operations[operation_id], RECIPES[operation_id]
    found: dict[str, str] = {}
    for requirement in contract.requirements_of(operation_id):
        if requirement.kind not in {"request", "query"}:
            continue
        if requirement.keyword == "reference":  # that may be found out by a job
            continue
        if requirement.kind == "query":
            if mutate_query(operation, requirement):
                found[requirement.id] = "default"
            continue
        for name, build in recipe.variants.items():
            if (not variants or name in variants) and can_break(operation, requirement, shape(build).body):
                found[requirement.id] = name
                break
    return found
