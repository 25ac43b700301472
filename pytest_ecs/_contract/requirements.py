"""Derives every requirement from the contract, and from nothing else (the table in ``docs/contract.md``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from pytest_ecs._contract.fields import Field, walk
from pytest_ecs._contract.matching import Permissions, parameters
from pytest_ecs._contract.model import (
    Envelope,
    ErrorCode,
    Expectation,
    Kind,
    Operation,
    Parameter,
    Permission,
    Requirement,
    Schema,
    StateRow,
)
from pytest_ecs._contract.vocabulary import VALUE_KEYWORDS
from pytest_ecs._contract.wording import breach, claim, listing
from pytest_ecs._types import Level
from pytest_ecs.exceptions import ContractError

__all__ = ["derive"]

#: Parameter that authentication speaks of, not the lookup of a resource.
_PROJECT = "project_id"
#: Keywords that bind the maps a client sends; what comes back in a map is the client's own.
_NEVER_ANSWERED = frozenset({"minProperties", "maxProperties", "propertyNames"})


@dataclass(frozen=True)
class _Ground:
    """What requirements of an operation rest on, beside the operation itself."""

    expectations: Mapping[str, Mapping[str, Expectation]]
    envelopes: Mapping[str, Envelope]
    permissions: Permissions
    parameters: Mapping[str, Parameter]


def derive(
    *,
    operations: Iterable[Operation],
    errors: Iterable[ErrorCode],
    state_rows: Iterable[StateRow],
    permissions: Iterable[Permission],
    envelopes: Mapping[str, Envelope],
    expectations: Mapping[str, Mapping[str, Expectation]],
    parameters: Mapping[str, Parameter],
    general: Iterable[Requirement],
) -> dict[str, Requirement]:
    """Return all requirements by id, sorted; raises `ContractError` when two would have one id."""
    ground = _Ground(expectations, envelopes, Permissions(permissions), parameters)
    found = [*general, *_states(state_rows), *_codes(errors)]
    for operation in operations:
        found.extend(_of_operation(operation, ground))
    found.sort(key=lambda requirement: requirement.id)
    for one, other in pairwise(found):
        if one.id == other.id:
            raise ContractError(f"Two requirements are called {one.id}", seen=f"{one.says!r} and {other.says!r}")
    return {requirement.id: requirement for requirement in found}


def _of_operation(operation: Operation, ground: _Ground) -> Iterator[Requirement]:
    yield from _success(operation)
    yield from _response(operation)
    yield from _request(operation)
    yield from _query(operation)
    yield from _cases(operation, ground)
    yield from _permission(operation, ground)
    yield from _error(operation, ground)
    for rule in operation.rules:
        made = _requirement(operation, "rule", rule.section, rule.level, rule.says, rule.ruling, case=rule.id)
        yield replace(made, untestable=rule.untestable)


def _requirement(
    operation: Operation,
    kind: Kind,
    section: str,
    level: Level,
    says: str,
    ruling: str | None = None,
    *,
    field: str = "",
    keyword: str = "",
    case: str = "",
) -> Requirement:
    """Return a requirement of *operation*; nothing but this gives it its id."""
    if kind in {"request", "response"}:
        parts = [field or "body", f"{keyword}-{case}" if case else keyword]
    else:
        parts = [part for part in (field, keyword, case) if part]
    name = "/".join((operation.id, kind, *parts))
    return Requirement(name, operation.id, section, kind, level, says, ruling, field, keyword, case)


def _level(schema: Schema, keyword: str, otherwise: Level = "must") -> Level:
    level: Level = schema.get("x-levels", {}).get(keyword, otherwise)
    return level


def _success(operation: Operation) -> Iterator[Requirement]:
    statuses = listing(list(map(str, operation.statuses)), "or")
    says = f"Success is answered with {statuses}"
    yield _requirement(operation, "status", operation.section, "must", says, operation.ruling)
    if operation.optional:
        says = f"A valid request is accepted with optional fields as well, such as {listing(list(operation.optional), 'and')}"
        yield _requirement(operation, "optional", operation.section, "must", says)
    if operation.job is not None:
        says = "The job that a valid request starts ends in SUCCESS"
        yield _requirement(operation, "job", operation.section, "must", says)
    for name, schema in operation.response_headers.items():
        field = next(walk(schema, operation.section))
        claims = [claim(keyword, schema) for keyword in _keywords(schema)]
        span = (f" from {since} on" if (since := schema.get("x-since")) else "") + (
            f" before {until}" if (until := schema.get("x-until")) else ""
        )
        says = f"The header {name} is there{span}" + (f" and {listing(claims, 'and')}" if claims else "")
        level = _level(schema, "required")
        yield _requirement(operation, "header", field.source, level, says, schema.get("x-ruling"), field=name)


def _keywords(schema: Schema) -> list[str]:
    """Return the value keywords of *schema*; with ``anyOf`` the readings are its type and all that is claimed."""
    if "anyOf" in schema:
        return ["type"]
    return [keyword for keyword in VALUE_KEYWORDS if keyword in schema]


def _ruling(field: Field) -> str | None:
    """Return the ruling on a field's presence: its own, or that of the object that lists it."""
    return field.schema.get("x-ruling") or (field.parent or {}).get("x-ruling")


def _response(operation: Operation) -> Iterator[Requirement]:
    if operation.response_body is None:
        return
    for field in walk(operation.response_body, operation.section):
        name, schema = field.path or "The body", field.schema

        def made(
            keyword: str, level: Level, says: str, ruling: str | None, field: Field = field, schema: Schema = schema
        ) -> Requirement:
            asked = _level(schema, keyword, level)
            return _requirement(
                operation, "response", field.source, asked, says, ruling, field=field.path, keyword=keyword
            )

        since, until = schema.get("x-since"), schema.get("x-until")
        if field.required or field.expected:
            span = (f" from {since} on" if since else "") + (f" before {until}" if until else "")
            if field.states is not None:
                member, values, task, beside = field.states
                span += f" while {member} is {listing(sorted(value.upper() for value in values), 'or')}"
                span += f" without {task}" if task is not None else ""
                span += f" and {beside} is not empty" if beside is not None else ""
            yield made("required", "must" if field.required else "should", f"{name} is present{span}", _ruling(field))
        if since:
            present = f" and present from {since} on" if field.required else ""
            ruling = schema.get("x-ruling") or "fields-before-their-microversion"
            yield made("since", "should", f"{name} is absent below {since}{present}", ruling)
        if until:
            present = f" and present below {until}" if field.required else ""
            yield made("until", "must", f"{name} is absent from {until} on{present}", _ruling(field))
        for keyword in _keywords(schema):
            if keyword in _NEVER_ANSWERED:
                continue
            yield made(
                keyword,
                "note" if _unsaid(keyword, schema) else "must",
                f"{name} {claim(keyword, schema)}",
                schema.get("x-ruling"),
            )


def _unsaid(keyword: str, schema: Schema) -> bool:
    """Whether no text gives an answer that bound: that a text is not empty, and a number not below zero or none at all."""
    return (keyword == "minLength" and schema[keyword] == 1) or (keyword == "minimum" and "maximum" not in schema)


def _request(operation: Operation) -> Iterator[Requirement]:
    if operation.body is None:
        return
    for field in walk(operation.body, operation.section):
        schema = field.schema
        lenient = schema.get("x-lenient", ())
        for keyword, case, says, ruling in _refusals(field):
            if keyword not in lenient:
                yield _requirement(
                    operation,
                    "request",
                    field.source,
                    _level(schema, keyword),
                    says,
                    ruling,
                    field=field.path,
                    keyword=keyword,
                    case=case,
                )


def _refusals(field: Field) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield (keyword, case, claim, ruling) for every way in which a request can be wrong in *field* alone."""
    schema, name, ruling = field.schema, field.path or "the body", field.schema.get("x-ruling")
    if field.required:
        yield "required", "", f"A request without {name} is refused", _ruling(field)
    # The type of the body itself is left to the cases of malformed and empty bodies.
    if field.path:
        for keyword in _keywords(schema):
            yield keyword, "", f"A request in which {name} {breach(keyword, schema)} is refused", ruling
    if "x-reference" in schema:
        thing = schema["x-reference"].replace("_", " ")
        yield "reference", "", f"A request in which {name} names an unknown {thing} is refused", ruling
    for number, group in enumerate(schema.get("x-exclusive", ()), start=1):
        fields = listing(list(group), "and")
        says = f"A request that sets more than one of {fields} in {name} is refused"
        yield "exclusive", "" if number == 1 else str(number), says, ruling
    needed = (field.parent or {}).get("dependentRequired", {}).get(field.name)
    if needed:
        says = f"A request with {name} and without {listing(list(needed), 'and')} beside it is refused"
        yield "dependentRequired", "", says, _ruling(field)


def _query(operation: Operation) -> Iterator[Requirement]:
    for name, schema in operation.query.items():
        field = next(walk(schema, operation.section))
        lenient = schema.get("x-lenient", ())
        for keyword in _keywords(schema):
            # Whatever stands in a URL is a string.
            if keyword in lenient or (keyword == "type" and ("anyOf" in schema or "string" in schema["type"])):
                continue
            says = f"A request in which the query parameter {name} {breach(keyword, schema)} is refused"
            yield _parameter(operation, field, name, keyword, says)
        if "x-reference" in schema and "reference" not in lenient:
            thing = schema["x-reference"].replace("_", " ")
            says = f"A request in which the query parameter {name} names an unknown {thing} is refused"
            yield _parameter(operation, field, name, "reference", says)


def _parameter(operation: Operation, field: Field, name: str, keyword: str, says: str) -> Requirement:
    level, ruling = _level(field.schema, keyword), field.schema.get("x-ruling")
    return _requirement(operation, "query", field.source, level, says, ruling, field=name, keyword=keyword)


def _cases(operation: Operation, ground: _Ground) -> Iterator[Requirement]:
    """Yield what follows from the URL and the method; each rests on an expectation that its chapter has."""

    def made(
        kind: Kind, expectation: str, says: str, level: Level = "must", *, case: str = "", field: str = ""
    ) -> Iterator[Requirement]:
        expected = ground.expectations.get(expectation, {}).get(operation.dialect)
        if expected is not None:
            yield _requirement(operation, kind, expected.section, level, says, case=case, field=field)

    names = parameters(operation.path)
    for name in names:
        special = ground.parameters.get(name, Parameter())
        if special.unknown is not None and operation.dialect in ground.expectations[special.unknown]:
            yield from made("not-found", special.unknown, f"An unknown {name} in the URL is {special.says}", field=name)
        elif name != _PROJECT and name not in operation.lenient:
            says = f"An unknown {name} in the URL is answered as not found"
            yield from made("not-found", "not-found", says, field=name)
    yield from made("http", "method", "A method that the URL does not have is refused", "should", case="wrong-method")
    if operation.body is not None:
        yield from made("http", "malformed", "A body that is not JSON is refused", case="malformed-json")
        # Table 4-3 recommends application/json and leaves other types to single sections, none of which names one.
        says = "A body that is not labelled as JSON is refused"
        yield from made("http", "media-type", says, "should", case="media-type")
        if operation.body.get("required"):
            yield from made("http", "empty", "A request without its body is refused", case="empty-body")
    for alias in operation.aliases:
        says = f"The same request to {alias.path} is accepted"
        yield _requirement(operation, "alias", alias.section, alias.level, says, alias.ruling, case=alias.id)
    since, until = operation.microversions.since, operation.microversions.until
    if since is not None:
        says = f"Below microversion {since} the operation is refused"
        yield _requirement(operation, "microversion", operation.section, "should", says, case="since")
    if until is not None:
        says = f"From microversion {until} on the operation is refused"
        yield _requirement(operation, "microversion", operation.section, "should", says, case="until")
    if operation.anonymous:
        return
    refused = "unauthenticated"
    yield from made("auth", refused, "A request without credentials is refused", case="no-token")
    yield from made("auth", refused, "A request with a token that nobody issued is refused", case="garbage-token")
    if _PROJECT in names:
        says = "A request with a valid token of another project is refused"
        yield from made("auth", "foreign-project", says, case="other-token")
        says = "A request with another project's id in the URL is refused"
        yield from made("auth", "foreign-project", says, case="other-project")
        owned = any(ground.parameters.get(name, Parameter()).owned for name in names)
        if owned or _names_servers(operation.body or {}):
            says = "A request of another project that names this project's things is refused, and changes nothing"
            yield from made("auth", "foreign-id", says, case="foreign-id")


def _names_servers(schema: Schema) -> bool:
    return any(field.schema.get("x-reference") == "server" for field in walk(schema, ""))


def _permission(operation: Operation, ground: _Ground) -> Iterator[Requirement]:
    row = ground.permissions.of(operation)
    if row is not None:
        says = f"A user without {row.action} is denied"
        yield _requirement(operation, "permission", row.section, "must", says)


def _error(operation: Operation, ground: _Ground) -> Iterator[Requirement]:
    section = ground.envelopes[operation.dialect].section
    # Chapter 6 shows no form of errors, and A.2 lists only common codes: neither can be demanded.
    level: Level = "should" if "nova" in operation.envelopes else "must"
    ruling = "native-error-form" if level == "should" else None
    says = "Every error of the documented method has a documented form"
    yield _requirement(operation, "error", section, level, says, ruling, case="envelope")
    if operation.dialect == "ecs":
        says = "Every error of the documented method has a code that A.2 lists"
        yield _requirement(operation, "error", "A.2", "should", says, "codes-not-exact", case="code")
    says = "Every error comes with a documented status"
    yield _requirement(operation, "error", "10.1", "must", says, case="status")


def _states(rows: Iterable[StateRow]) -> Iterator[Requirement]:
    for row in rows:
        says = f"vm_state {row.vm_state} with task_state {row.task_state or 'null'} shows as {row.status}"
        yield Requirement(row.requirement, None, "A.3, table A-4", "state", "must", says, case=row.pair)
    says = "A pair of states that Table A-4 does not list shows as UNKNOWN"
    yield Requirement("A-4/unknown", None, "A.3, table A-4", "state", "should", says, case="unknown")


def _codes(errors: Iterable[ErrorCode]) -> Iterator[Requirement]:
    """Yield one requirement per code; a should, since the appendix warns that its statuses may be inaccurate.

    A code that tells of a failure that no client can bring about is a note.
    """
    for error in errors:
        says = f"{error.code} comes with {listing(list(map(str, error.statuses)), 'or')}, or in a job that failed"
        yield Requirement(f"A.2/{error.code}", None, "A.2", "code", error.level, says, case=error.code)
