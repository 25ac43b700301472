"""What operations answer: bodies and headers of success, and one response for each status of refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pytest_ecs._contract.contract import Contract
from pytest_ecs._contract.fields import walk
from pytest_ecs._contract.model import Operation, Schema
from pytest_ecs._contract.openapi.schemas import answered
from pytest_ecs._contract.sample import sample

__all__ = ["Errors", "successes"]


def successes(group: Sequence[Operation]) -> dict[str, Any]:
    """Return the responses of success of the operations of one method and URL, by status.

    Where one of them answers with a body and another without, those without are taken to answer 202 or 204; likewise a
    request that was only checked. Then those two have no content, since a client would look in vain for it, and
    ``x-ecs-answers`` holds what a 202 has where it has any.
    """
    mixed = len({operation.response_body is None for operation in group}) == 2 or any(map(_only_checks, group))
    made: dict[str, Any] = {}
    for status in sorted({status for operation in group for status in operation.statuses}):
        answering = [operation for operation in group if status in operation.statuses]
        bodies = [operation for operation in answering if operation.response_body is not None and status != 204]
        row: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        headers = {
            name: {"schema": answered(schema, operation.microversions)}
            for operation in answering
            for name, schema in operation.response_headers.items()
        }
        if headers:
            row["headers"] = headers
        if bodies and mixed and status == 202:
            row["description"] += "; may have a body from " + ", ".join(operation.id for operation in bodies)
            row["x-ecs-answers"] = {operation.id: _body(operation) for operation in bodies}
        elif bodies:
            row["content"] = {"application/json": _content(bodies), **_pages(bodies)}
        made[str(status)] = row
    return made


def _pages(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the HTML that stands in the place of JSON where the contract claims no type of the body: JSON is one form of several."""
    claimed = (
        operation.response_body is None or {"type", "anyOf"} & operation.response_body.keys()
        for operation in operations
    )
    return {} if all(claimed) else {"text/html": {"schema": {"type": "string"}}}


def _only_checks(operation: Operation) -> bool:
    """Return whether a field of the request asks for nothing but a check of the rest."""
    return any(field.schema.get("x-check-only") for field in walk(operation.body or {}))


def _body(operation: Operation) -> dict[str, Any]:
    return answered(operation.response_body or {}, operation.microversions)


def _content(bodies: Sequence[Operation]) -> dict[str, Any]:
    schemas: list[dict[str, Any]] = []
    examples: dict[str, Any] = {}
    for operation in bodies:
        schema = _body(operation)
        examples[operation.id] = {"value": sample(schema)}
        if schema not in schemas:
            schemas.append(schema)
    return {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}, "examples": examples}


class Errors:
    """The forms of errors and the responses made of them, each once in the components of the document."""

    def __init__(self, contract: Contract) -> None:
        self._statuses = [status for status in contract.statuses if status >= 400]
        #: ``components.schemas``
        self.schemas: dict[str, Any] = {}
        #: ``components.responses``
        self.responses: dict[str, Any] = {}
        self._branches = {name: list(self._forms(name, schema)) for name, schema in _plain_first(contract.envelopes)}

    def of(self, group: Sequence[Operation]) -> dict[str, Any]:
        """Return a reference to a response for each status that may refuse an operation of *group*."""
        names = list(dict.fromkeys([*(name for operation in group for name in operation.envelopes), "gateway"]))
        forms = list(dict.fromkeys(form for name in names for form in self._branches[name]))
        suffix = "-".join(sorted(name for name in names if name != "gateway"))
        made: dict[str, Any] = {}
        for status in self._statuses:
            key = f"error-{suffix}-{status}"
            self.responses[key] = {
                "description": HTTPStatus(status).phrase,
                "content": {"application/json": {"schema": {"anyOf": [{"$ref": form} for form in forms]}}},
            }
            made[str(status)] = {"$ref": f"#/components/responses/{key}"}
        return made

    def _forms(self, name: str, schema: Schema) -> list[str]:
        """Return where each reading of an error body stands; equal ones stand once."""
        branches = list(_readings(schema))
        places: list[str] = []
        for number, branch in enumerate(branches, 1):
            own = f"error-{name}" if len(branches) == 1 else f"error-{name}-{number}"
            key = next((known for known, form in self.schemas.items() if form == branch), own)
            self.schemas[key] = dict(branch)
            places.append(f"#/components/schemas/{key}")
        return places


def _readings(schema: Schema) -> Iterator[Schema]:
    """Yield the readings of a schema; more than two are nested."""
    if "anyOf" not in schema:
        yield schema
    for branch in schema.get("anyOf", ()):
        yield from _readings(branch)


def _plain_first(envelopes: Mapping[str, Schema]) -> list[tuple[str, Schema]]:
    return sorted(envelopes.items(), key=lambda row: "anyOf" in row[1])
