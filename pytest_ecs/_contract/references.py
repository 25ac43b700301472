"""Puts shared schemas in the place of every ``$ref``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_ecs._contract.fields import rebuilt
from pytest_ecs._contract.model import Schema
from pytest_ecs._contract.source import Mistake, Source, Steps, one_of

__all__ = ["Shared"]

_LISTS = ("required", "x-expected")


class Shared:
    """The shared schemas of all files, and what went wrong while they were looked up."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.mistakes: list[Mistake] = []
        self._sources = {
            f"{file}#/$defs/{name}": (source, ("$defs", name), schema)
            for file, source in sources.items()
            if isinstance(source.data, dict)
            for name, schema in source.data.get("$defs", {}).items()
        }
        self._resolved: dict[str, Schema] = {}
        self._open: list[str] = []

    def resolve(self, schema: Schema, source: Source, steps: Steps) -> Schema:
        """Return *schema* with every target in its place; it is the same object where it has no ``$ref``."""
        whole, _ = rebuilt(schema, lambda inside, part: self.resolve(part, source, (*steps, *inside)))
        reference = schema.get("$ref")
        return whole if reference is None else _joined(self._target(reference, source, steps), whole)

    def _target(self, reference: str, source: Source, steps: Steps) -> Schema:
        known = self._resolved.get(reference)
        if known is not None:
            return known
        if reference in self._open:
            circle = " -> ".join((*self._open[self._open.index(reference) :], reference))
            self.mistakes.append(source.mistake((*steps, "$ref"), f"the reference leads back to itself: {circle}"))
            return {}
        if reference not in self._sources:
            hint = one_of(reference, self._sources)
            self.mistakes.append(source.mistake((*steps, "$ref"), f"{reference!r} refers to nothing", hint))
            return {}
        target, place, schema = self._sources[reference]
        self._open.append(reference)
        try:
            resolved = self.resolve(schema, target, place)
        finally:
            self._open.pop()
        self._resolved[reference] = resolved
        return resolved


def _joined(target: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return *target* with the keywords that stand beside the reference: fields are added, the rest is replaced."""
    joined = {**target, **{keyword: value for keyword, value in beside.items() if keyword != "$ref"}}
    if "properties" in target and "properties" in beside:
        joined["properties"] = {**target["properties"], **beside["properties"]}
    for keyword in _LISTS:
        if keyword in target and keyword in beside:
            joined[keyword] = list(dict.fromkeys((*target[keyword], *beside[keyword])))
    return joined
