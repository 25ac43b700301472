"""How a recipe's request is changed to break one requirement and nothing else, and why some requirements cannot be broken."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pytest_ecs._cases.mutation import Mutation, mutate_body, mutate_query
from pytest_ecs._cases.recipe import RECIPES, Recipe, Request, placeholder
from pytest_ecs._contract.model import Operation, Requirement, Schema
from pytest_ecs._types import JSON

__all__ = ["apply", "as_check", "changes", "expectation", "first_version", "flags", "uncovered", "variant_for"]

#: Kinds of requirements for which a changed request is derived from a recipe's.
_DERIVED = frozenset({"request", "query", "not-found", "http", "alias", "microversion"})
#: A media type that no section names.
_OTHER_TYPE = "text/xml"
#: Claims that a check-only request (dry_run) does not promise to look at; they need the real request.
_NOT_CHECKED_ONLY = ("reference",)


def variant_for(operation: Operation, requirement: Requirement, recipe: Recipe) -> str:
    """Return the first variant of *recipe* from which *requirement* can be broken.

    Raises `LookupError` with the reason when there is none.
    """
    if requirement.kind == "query" and mutate_query(operation, requirement):
        return "default"
    if requirement.kind in {"not-found", "http", "alias", "microversion"}:
        return "default"
    if requirement.kind == "request":
        for name, build in recipe.variants.items():
            body = as_check(operation, build(placeholder()).body, requirement.keyword)
            if mutate_body(operation, requirement, body):
                return name
        raise LookupError("no variant of the recipe sets this field")
    raise LookupError("nothing can be changed in the recipe's request to break it")


def uncovered(operation: Operation, requirement: Requirement) -> str | None:
    """Return why no request can be made that *requirement* speaks of, None when one can."""
    recipe = RECIPES.get(operation.id)
    if recipe is None:
        return "there is no recipe for the operation"
    if requirement.kind not in _DERIVED:
        return None
    try:
        variant_for(operation, requirement, recipe)
    except LookupError as error:
        return str(error.args[0])
    return None


def changes(
    operation: Operation, requirement: Requirement, request: Request, others: Sequence[JSON]
) -> list[tuple[Mutation, dict[str, Any]]]:
    """Return each change of *request* that breaks *requirement* alone, and how it has to be sent beside that.

    *others* are valid bodies with what excludes something in the request. Raises `LookupError` for other requirements.
    """
    kind, case = requirement.kind, requirement.case
    if kind == "request":
        body = as_check(operation, request.body, requirement.keyword)
        return [(mutation, {}) for mutation in mutate_body(operation, requirement, body, others)]
    if kind == "query":
        return [(mutation, {}) for mutation in mutate_query(operation, requirement)]
    if kind == "not-found":
        name = requirement.field
        unknown = str(uuid.uuid4())
        if name == "job_id":
            unknown = uuid.uuid4().hex
        return [(Mutation({**request.parameters, name: unknown}, f"{name} is an id that does not exist"), {})]
    if kind == "microversion":
        limits = operation.microversions
        outside = limits.until if case == "until" else _before(str(limits.since))
        return [(Mutation(None, f"the microversion is {outside}"), {"microversion": outside})]
    if case == "wrong-method":
        return [(Mutation(None, "the method is PATCH"), {"method": "PATCH"})]
    if case == "malformed-json":
        return [(Mutation(None, "the body is cut off"), {"content": '{"server": {"name": "cut'})]
    if case == "media-type":
        headers = {"Content-Type": _OTHER_TYPE}
        return [(Mutation(None, f"the body is labelled {_OTHER_TYPE}"), {"headers": headers})]
    if case == "empty-body":
        return [(Mutation(None, "the body is empty"), {"content": ""})]
    raise LookupError(f"no way to derive {requirement.id}")


def apply(requirement: Requirement, request: Request, changed: Mutation) -> Request:
    """Return *request* with what *changed* puts into its body, its query or its URL."""
    if requirement.kind == "request":
        return replace(request, body=changed.value)
    if requirement.kind == "query":
        return replace(request, query={**request.query, **changed.value})
    if requirement.kind == "not-found":
        return replace(request, parameters=changed.value)
    return request


def expectation(requirement: Requirement) -> str:
    """Return the row of the expectations (``schemas/general.yaml``) that the refusal of a broken *requirement* has to fit."""
    if requirement.kind == "not-found":
        return "unknown-job" if requirement.field == "job_id" else "not-found"
    if requirement.keyword == "reference":
        return "unknown-reference"
    if requirement.kind == "microversion":
        return "outside-microversions"
    same = {"media-type": "media-type", "wrong-method": "method", "malformed-json": "malformed", "empty-body": "empty"}
    return same.get(requirement.case, "invalid")


def _before(version: str) -> str:
    """Return the microversion below *version*."""
    major, _, minor = version.partition(".")
    return f"{major}.{int(minor) - 1}"


def first_version(body: JSON, schema: Schema) -> JSON:
    """Return *body* without the fields that only later microversions have."""
    if isinstance(body, Mapping):
        fields = schema.get("properties", {})
        return {
            name: first_version(value, fields.get(name, {}))
            for name, value in body.items()
            if not fields.get(name, {}).get("x-since")
        }
    return [first_version(item, schema.get("items", {})) for item in body] if isinstance(body, list) else body


def flags(operation: Operation, keyword: str) -> dict[str, JSON]:
    """Return the fields that ask only for a check, where the operation has one and it promises to look at *keyword*."""
    if keyword in _NOT_CHECKED_ONLY:
        return {}
    return {n: True for n, schema in (operation.body or {}).get("properties", {}).items() if schema.get("x-check-only")}


def as_check(operation: Operation, body: JSON, keyword: str) -> JSON:
    """Return *body* with the flag that asks only for a check, where the operation has one that looks at *keyword*."""
    return {**body, **flags(operation, keyword)} if isinstance(body, Mapping) else body
