"""Negative cases: from a requirement and a request that is accepted, the requests that differ in exactly one thing."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ecs._contract.fields import ITEMS, VALUES, Field, fields_of
from pytest_ecs._contract.model import Operation, Requirement
from pytest_ecs._contract.sample import sample
from pytest_ecs._types import JSON

__all__ = ["Mutation", "can_break", "excluding", "mutate_body", "mutate_query", "place_of", "steps_of"]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One changed request."""

    #: The changed body or query.
    value: JSON
    #: What was changed, in words.
    change: str
    #: Error codes that fit beside the general ones.
    codes: tuple[str, ...] = ()


def mutate_body(
    operation: Operation, requirement: Requirement, body: JSON, others: Sequence[JSON] = ()
) -> list[Mutation]:
    """Return the bodies that break *requirement* and nothing else; empty where *body* has no place for it.

    What excludes something in *body* is taken from *others*, valid bodies too, so that it is refused for nothing else.
    """
    field = fields_of(operation.body or {}).get(requirement.field)
    return [] if field is None else list(_mutations(field, requirement, body, others))


def can_break(operation: Operation, requirement: Requirement, body: JSON) -> bool:
    """Return whether `mutate_body` makes anything of *body*."""
    field = fields_of(operation.body or {}).get(requirement.field)
    return field is not None and any(True for _ in _mutations(field, requirement, body, ()))


def excluding(operation: Operation, requirement: Requirement, body: JSON) -> set[str]:
    """Return which fields that *requirement* says exclude each other are in *body*; none for other requirements."""
    field = fields_of(operation.body or {}).get(requirement.field)
    if requirement.keyword != "exclusive" or field is None:
        return set()
    return {name for name in _group(field, requirement) if place_of(body, (*field.steps, name)) is not None}


def steps_of(operation: Operation, requirement: Requirement) -> tuple[str, ...]:
    """Return the steps to the field of the body that *requirement* speaks of; none for a query parameter."""
    if requirement.kind != "request":
        return ("",)
    field = fields_of(operation.body or {}).get(requirement.field)
    return () if field is None else field.steps


def mutate_query(operation: Operation, requirement: Requirement) -> list[Mutation]:
    """Return the queries that break *requirement*, a claim about one query parameter."""
    name, keyword = requirement.field, requirement.keyword
    schema = operation.query[name]
    codes = tuple(schema.get("x-errors", ()))
    return [
        Mutation({name: str(value)}, f"query parameter {name} is {value!r}", codes)
        for value in _wrong_values(schema, keyword, "a" if schema.get("type") == "string" else 1, in_query=True)
    ]


def _mutations(field: Field, requirement: Requirement, body: JSON, others: Sequence[JSON]) -> Iterator[Mutation]:
    keyword, codes = requirement.keyword, tuple(field.schema.get("x-errors", ()))
    if keyword == "exclusive":
        yield from _together(field, _group(field, requirement), body, others, codes)
        return
    if keyword == "dependentRequired":
        yield from _alone(field, body, codes)
        return
    place = place_of(body, field.steps)
    if place is None:
        return
    name = field.path or "the body"
    if keyword == "required":
        changed = _without(body, place)
        if changed is not None:
            yield Mutation(changed, f"{name} is left out", codes)
        return
    now = _value(body, place)
    for value in _wrong_values(field.schema, keyword, now):
        shown = f"a secret that breaks its {keyword}" if field.schema.get("x-secret") else _short(value)
        yield Mutation(_with(body, place, value), f"{name} is {shown}", codes)


def _wrong_values(schema: Mapping[str, Any], keyword: str, now: JSON, *, in_query: bool = False) -> Iterator[JSON]:
    """Values that break *keyword* and, as far as possible, no other keyword of the schema."""
    limit = schema.get(keyword)
    if keyword == "type":
        yield from _wrong_types(limit, in_query=in_query)
    elif keyword == "anyOf":
        yield from ([{"unexpected": True}],)
    elif keyword in {"enum", "const"}:
        values: list[Any] = list(schema["enum"]) if keyword == "enum" else [limit]
        if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
            yield max(values) + 1
        else:
            yield "NO_SUCH_VALUE"
    elif keyword == "minimum":
        yield _like(now, int(schema["minimum"]) - 1)
    elif keyword == "maximum":
        yield _like(now, int(schema["maximum"]) + 1)
    elif keyword == "minLength":
        yield str(now)[: int(schema["minLength"]) - 1]
    elif keyword == "maxLength":
        yield from _too_long(schema, str(now))
    elif keyword == "pattern":
        yield from _off_pattern(schema, str(now))
    elif keyword == "format":
        yield {"uuid": "not-a-uuid", "ipv4": "999.1.1.1", "date-time": "yesterday", "uri": "::"}[schema["format"]]
    elif keyword == "minItems" and isinstance(now, list):
        yield now[: int(schema["minItems"]) - 1]
    elif keyword == "maxItems" and isinstance(now, list) and now:
        yield [copy.deepcopy(now[index % len(now)]) for index in range(int(schema["maxItems"]) + 1)]
    elif keyword == "maxProperties" and isinstance(now, Mapping):
        extra = int(schema["maxProperties"]) + 1 - len(now)
        yield {**now, **{f"extra-{number}": "value" for number in range(extra)}}
    elif keyword == "propertyNames" and isinstance(now, Mapping):
        names = schema["propertyNames"]
        if "pattern" in names:
            yield {**now, "bad<name>": "value"}
        if "maxLength" in names:
            yield {**now, "n" * (int(names["maxLength"]) + 1): "value"}
        if "minLength" in names:
            yield {**now, "": "value"}
    elif keyword == "reference":
        yield str(uuid.uuid5(uuid.NAMESPACE_URL, "pytest-ecs/no-such-thing"))


def _wrong_types(declared: Any, *, in_query: bool) -> Iterator[JSON]:
    types = {declared} if isinstance(declared, str) else set(declared or ())
    if in_query:
        yield "not-a-number" if types <= {"integer", "number"} else "not-a-value"
        return
    if not types & {"object"}:
        yield {"unexpected": "object"}
    if not types & {"string"}:
        yield "unexpected text"


def _like(now: JSON, value: int) -> JSON:
    # Where the document's example sends a number as text, the changed number stays text.
    return str(value) if isinstance(now, str) else value


def _too_long(schema: Mapping[str, Any], now: str) -> Iterator[str]:
    limit = int(schema["maxLength"])
    yield now + "a" * (limit + 1 - len(now))


def _off_pattern(schema: Mapping[str, Any], now: str) -> Iterator[str]:
    pattern, longest = re.compile(schema["pattern"]), schema.get("maxLength", 10**6)
    for letter in "<!¤ 中/":
        changed = (now + letter) if len(now) < longest else now[:-1] + letter
        if not pattern.search(changed) and (now or letter):
            yield changed
            return


def _group(field: Field, requirement: Requirement) -> list[str]:
    """The names that exclude each other: those of the first group, or of the one whose number *requirement* has."""
    groups, number = field.schema.get("x-exclusive", []), int(requirement.case or 1) - 1
    return list(groups[number]) if number < len(groups) else []


def _together(
    field: Field, group: Sequence[str], body: JSON, others: Sequence[JSON], codes: tuple[str, ...]
) -> Iterator[Mutation]:
    place = place_of(body, field.steps)
    if place is None:
        return
    now = _value(body, place)
    if not isinstance(now, Mapping) or not any(name in now for name in group):
        return
    more = {name: sample(field.schema["properties"][name]) for name in group if name not in now}
    for other in others:
        for name in more:
            there = place_of(other, (*field.steps, name))
            if there is not None:
                more[name] = _value(other, there)
    if more:
        yield Mutation(_with(body, place, {**now, **more}), f"{' and '.join(group)} are set together", codes)


def _alone(field: Field, body: JSON, codes: tuple[str, ...]) -> Iterator[Mutation]:
    """The field is there without the one that it must be used together with; *field* is the depending one."""
    place = place_of(body, field.steps[:-1])
    if place is None:
        return
    now, name = _value(body, place), field.steps[-1]
    needed = (field.parent or {}).get("dependentRequired", {}).get(name, ())
    if isinstance(now, Mapping):
        rest = {key: value for key, value in now.items() if key not in needed}
        alone = {**rest, name: now.get(name, sample(field.schema))}
        yield Mutation(_with(body, place, alone), f"{field.path} is set without {' and '.join(needed)}", codes)


# Places in a body


def place_of(body: JSON, steps: Sequence[str]) -> tuple[str | int, ...] | None:
    """Return the first place in *body* that the steps lead to, None when it is not there."""
    place: list[str | int] = []
    for step in steps:
        if step == ITEMS:
            if not isinstance(body, list) or not body:
                return None
            place.append(0)
            body = body[0]
        elif step == VALUES:
            if not isinstance(body, Mapping) or not body:
                return None
            key = next(iter(body))
            place.append(key)
            body = body[key]
        else:
            if not isinstance(body, Mapping) or step not in body:
                return None
            place.append(step)
            body = body[step]
    return tuple(place)


def _value(body: JSON, place: Sequence[str | int]) -> JSON:
    for step in place:
        body = body[step]
    return body


def _with(body: JSON, place: Sequence[str | int], value: JSON) -> JSON:
    if not place:
        return value
    changed = _opened(body, place)
    _value(changed, place[:-1])[place[-1]] = value
    return changed


def _opened(body: JSON, place: Sequence[str | int]) -> JSON:
    """Return a copy of *body* in which *place* may be changed; all beside the way there is that of *body*."""
    opened = at = copy.copy(body)
    for step in place[:-1]:
        at[step] = copy.copy(at[step])
        at = at[step]
    return opened


def _without(body: JSON, place: Sequence[str | int]) -> JSON | None:
    if not place or not isinstance(place[-1], str):
        return None
    changed = _opened(body, place)
    del _value(changed, place[:-1])[place[-1]]
    return changed


def _short(value: JSON) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}… ({len(value) if hasattr(value, '__len__') else len(text)} long)"
