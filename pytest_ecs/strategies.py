"""Hypothesis strategies derived from the contract: request bodies and queries that follow the tables, and such that do not.

They start from a request that is valid, such as a recipe's, since only that knows ids that exist. What they change is
what the tables leave free: texts, numbers, words of an enumeration, fields that may be left out. References, passwords,
flags that only check, and fields that decide how much is bought stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_ecs._cases import Field, Mutation, fields, locate, mutate_body, mutate_query, replaced, without
from pytest_ecs._checks.formats import FORMATS
from pytest_ecs._contracts import Contract
from pytest_ecs._contracts.model import Operation
from pytest_ecs.typing import JSON

__all__ = [
    "Changes",
    "broken",
    "changed",
    "changes",
    "invalid_bodies",
    "invalid_queries",
    "valid_bodies",
    "valid_queries",
    "values",
]

#: Fields that decide how much is bought.
_COSTLY = frozenset(
    {"count", "min_count", "max_count", "size", "volume_size", "flavorRef", "volumetype", "volume_type"}
)
#: Keywords of a place that only goes together with others, or that other things depend on.
_BOUND = ("x-reference", "x-secret", "x-check-only", "anyOf")
#: Characters of other scripts, and such as need care in URLs, JSON and shells.
_TEXT = st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"), include_characters="-_.")


def values(schema: Mapping[str, Any]) -> st.SearchStrategy[JSON]:
    """Return a strategy for the values that a schema of a text, number, truth value or enumeration admits.

    Raises `ValueError` for a schema of anything else.
    """
    if schema.get("enum"):
        return st.sampled_from(list(schema["enum"]))
    declared = schema.get("type")
    kinds = declared if isinstance(declared, list) else [declared]
    kind = next((one for one in kinds if one in {"string", "integer", "boolean"}), None)
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        least = int(schema.get("minimum", 0))
        return st.integers(least, int(schema.get("maximum", least + 1000)))
    if kind != "string" or schema.get("format") not in {None, "date-time"}:
        raise ValueError(f"no values are known for {dict(schema)}")
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat() + "Z")
    fits = Draft202012Validator(dict(schema), format_checker=FORMATS).is_valid
    if "pattern" in schema:
        return st.from_regex(schema["pattern"]).filter(fits)
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 64))
    edges = [one for one in (least, most) if one <= 300]
    texts = st.text(_TEXT, min_size=least, max_size=min(most, 300))
    return st.one_of(texts, st.sampled_from(edges).map(lambda length: "a" * length)) if edges else texts


def _free(field: Field) -> bool:
    """Whether the text leaves the value of a place to the client."""
    name = field.steps[-1] if field.steps else ""
    if name in _COSTLY or any(key in field.schema for key in _BOUND) or field.schema.get("format") == "uuid":
        return False
    try:
        values(field.schema)
    except ValueError:
        return False
    return True


def _optional(field: Field) -> bool:
    parent, name = field.parent or {}, field.steps[-1] if field.steps else "[]"
    depended = any(name in needed for needed in parent.get("dependentRequired", {}).values())
    return name in parent.get("properties", {}) and name not in parent.get("required", ()) and not depended


#: Changes of a body: where, and the value that stands there afterwards; nothing where the field is left out.
Changes = Sequence[tuple[tuple[str, ...], tuple[JSON, ...]]]


@st.composite
def changes(draw: st.DrawFn, operation: Operation, body: JSON) -> Changes:
    """Draw what may be changed in *body*, which follows the operation's table, so that it still does."""
    found: list[tuple[tuple[str, ...], tuple[JSON, ...]]] = []
    for field in fields(operation.body or {}):
        if not field.steps or locate(body, field.steps) is None or not _free(field):
            continue
        choice = draw(st.sampled_from(("keep", "change", "leave out") if _optional(field) else ("keep", "change")))
        if choice != "keep":
            found.append((field.steps, (draw(values(field.schema)),) if choice == "change" else ()))
    return found


def changed(body: JSON, wanted: Changes) -> JSON:
    """Return *body* with changes that were drawn for it or for one of the same form."""
    body = copy.deepcopy(body)
    for steps, value in wanted:
        place = locate(body, steps)
        if place is not None:
            body = replaced(body, place, *value) if value else without(body, place)
    return body


def valid_bodies(operation: Operation, body: JSON) -> st.SearchStrategy[JSON]:
    """Return a strategy for bodies that follow the operation's table as *body* does, with other texts and numbers."""
    return changes(operation, body).map(lambda wanted: changed(body, wanted))


def broken(contract: Contract, operation: Operation, body: JSON) -> list[tuple[str, Mutation]]:
    """Return every way to break one requirement of the operation's table in *body*, with the requirement."""
    return [
        (requirement.id, mutation)
        for requirement in contract.requirements_of(operation.id)
        if requirement.kind == "request" and requirement.level == "must" and not requirement.id.endswith("/reference")
        for mutation in mutate_body(operation, requirement, body)
    ]


def invalid_bodies(contract: Contract, operation: Operation, body: JSON) -> st.SearchStrategy[tuple[str, Mutation]]:
    """Return a strategy for bodies that break one requirement of the operation's table, which it names, and no other."""
    return valid_bodies(operation, body).flatmap(
        lambda valid: st.sampled_from(found) if (found := broken(contract, operation, valid)) else st.nothing()
    )


@st.composite
def valid_queries(draw: st.DrawFn, operation: Operation) -> dict[str, str]:
    """Draw a query that follows the operation's table: some of its parameters, each with a value that it admits."""
    free = {name: schema for name, schema in operation.query.items() if _free(Field(name, (name,), schema))}
    if not free:
        return {}
    chosen = draw(st.sets(st.sampled_from(sorted(free)), max_size=3))
    return {name: str(draw(values(free[name]))) for name in sorted(chosen)}


@st.composite
def invalid_queries(draw: st.DrawFn, contract: Contract, operation: Operation) -> tuple[str, Mutation] | None:
    """Draw a requirement of a query parameter and a query that breaks it alone; None where there is none."""
    broken = [
        (requirement.id, mutation)
        for requirement in contract.requirements_of(operation.id)
        if requirement.kind == "query" and requirement.level == "must" and not requirement.id.endswith("/reference")
        for mutation in mutate_query(operation, requirement)
    ]
    return draw(st.sampled_from(broken)) if broken else None
