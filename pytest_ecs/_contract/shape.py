"""Holds each contract file against its schema in ``schemas/meta/``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ecs._contract.quick import Accepts, compiled
from pytest_ecs._contract.source import Mistake, Source, Steps, dotted, one_of
from pytest_ecs._text import near

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

__all__ = ["fits", "meta_schema_of", "mistakes"]

#: Files that bind all chapters, by name; in the folder of a chapter everything but its rulings holds operations.
_WHOLE = ("general", "errors", "statuses", "permissions", "rulings", "general-requirements")


def meta_schema_of(file: str) -> str | None:
    """Return the meta schema that binds *file*, None for a file that the contract does not have."""
    folder, _, name = file.rpartition("/")
    stem = name.removesuffix(".yaml")
    if folder:
        return "rulings" if stem == "rulings" else "operations"
    return stem if stem in _WHOLE else None


def fits(source: Source, meta: Path) -> bool:
    """Return whether *source* obeys its meta schema; a file that does may be taken not to, for `mistakes` to decide."""
    name = meta_schema_of(source.file)
    return name is not None and _quick(meta)[name](source.data)


def mistakes(source: Source, meta: Path, name: str | None = None) -> Iterator[Mistake]:
    """Yield what is wrong in *source* against its meta schema; *meta* is the folder of those.

    Without a *name* the name of the file says which one that is.
    """
    name = name or meta_schema_of(source.file)
    if name is None:
        hint = one_of(source.file, [f"{name}.yaml" for name in _WHOLE])
        yield source.mistake((), "a file of this name is not part of the contract", hint)
        return
    for error in _validators(meta)[name].iter_errors(source.data):
        for inner in _innermost(error):
            yield from _explained(source, inner)


@cache
def _loaded(meta: Path) -> Mapping[str, Any]:
    return {
        name: json.loads((meta / f"{name}.schema.json").read_bytes()) for name in (*_WHOLE, "operations", "edition")
    }


@cache
def _quick(meta: Path) -> Mapping[str, Accepts]:
    return {name: compiled(_loaded(meta), name) for name in _loaded(meta)}


@cache
def _validators(meta: Path) -> Mapping[str, Draft202012Validator]:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    schemas = _loaded(meta)
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    return {name: Draft202012Validator(schema, registry=registry.crawl()) for name, schema in schemas.items()}


def _innermost(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the errors that a person would name: below an ``anyOf``, those of the branch that was meant.

    That is the branch whose type fits. Where none does, the ``anyOf`` itself is what is wrong.
    """
    misfits = {inner.relative_schema_path[0] for inner in error.context or () if _wrong_type(inner)}
    inside = [inner for inner in error.context or () if inner.relative_schema_path[0] not in misfits]
    if not inside:
        yield error
    for inner in inside:
        yield from _innermost(inner)


def _wrong_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.relative_path


def _explained(source: Source, error: ValidationError) -> Iterator[Mistake]:
    steps: Steps = tuple(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    schema = error.schema
    if error.validator == "additionalProperties" and isinstance(schema, dict):
        for name in sorted(value.keys() - schema["properties"].keys()):
            yield source.mistake(
                (*steps, name), f"{_place(steps, schema)} has no {name!r}", one_of(name, schema["properties"], 40)
            )
        return
    if "propertyNames" in error.absolute_schema_path:
        hint = one_of(str(value), map(str, limit), 40) if error.validator == "enum" else f"allowed: {limit}"
        yield source.mistake((*steps, str(value)), f"{dotted(steps)} has no {value!r}", hint)
        return
    where = dotted(steps) or "the file"
    if error.validator == "required":
        absent = [name for name in limit if name not in value]
        # One error comes per absent name; each says its own.
        name = next((name for name in absent if repr(name) in error.message), absent[0])
        unknown = value.keys() - schema["properties"].keys() if isinstance(schema, dict) else ()
        if not near(name, unknown, 1):  # else it is misspelt, and that is said already
            yield source.mistake(steps, f"{_place(steps, schema)} lacks {name!r}", f"needed: {', '.join(limit)}")
    elif error.validator == "enum":
        allowed = [json.dumps(item) if not isinstance(item, str) else item for item in limit]
        yield source.mistake(steps, f"{where} is {_shown(value)}", one_of(str(value), allowed, 40))
    elif value is None and not steps:
        yield source.mistake(steps, "the file is empty", f"allowed: {_allowed(schema)}")
    elif error.validator in {"type", "anyOf"}:
        quote = "; quote it" if isinstance(value, int | float) and "a text" in _allowed(schema) else ""
        yield source.mistake(steps, f"{where} is {_shown(value)}", f"allowed: {_allowed(schema)}{quote}")
    elif error.validator == "pattern":
        meant = schema.get("description", "") if isinstance(schema, dict) else ""
        hint = (f"{meant}; " if meant else "") + f"allowed: what matches {limit}"
        yield source.mistake(steps, f"{where} is {_shown(value)}", hint)
    else:
        yield source.mistake(steps, f"{where} is {_shown(value)}", f"allowed: {error.validator} {json.dumps(limit)}")


def _place(steps: Steps, schema: Any) -> str:
    """Return what a place is called: its path, and what stands there."""
    title = schema.get("title", "").lower() if isinstance(schema, dict) else ""
    return f"{dotted(steps)} ({title})" if steps and title else dotted(steps) or "the file"


def _allowed(schema: Any) -> str:
    """Return what a meta schema admits, in a few words."""
    if not isinstance(schema, dict):
        return "nothing"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_allowed(branch) for branch in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("$ref", "").endswith(("/schema", "/schemas")):
        return "a mapping"
    words = {"object": "a mapping", "array": "a list", "string": "a text", "null": "null", "integer": "a whole number"}
    admitted = schema.get("type", "")
    return words.get(admitted, str(admitted) or schema.get("description", "another value"))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if value == "":
        return "empty"
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else repr(value)
