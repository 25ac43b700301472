"""Paths and operations of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pytest_ecs._contract.contract import Contract
from pytest_ecs._contract.matching import parameters, same_url
from pytest_ecs._contract.model import Microversions, Operation, Schema
from pytest_ecs._contract.openapi.answers import Errors, successes
from pytest_ecs._contract.openapi.known import Known
from pytest_ecs._contract.openapi.schemas import asked
from pytest_ecs._contract.sample import sample

__all__ = ["openapi"]

#: Characters of a summary, which tools show as a title.
_TITLE = 80
_VERSION = "X-OpenStack-Nova-API-Version"
#: OpenAPI leaves these to media types and security schemes.
_ELSEWHERE = frozenset({"content-type", "accept", "authorization", "x-auth-token"})
_SCHEMES = {
    "token": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Token",
        "description": "Token of the IAM service, valid for 24 hours (4.2)",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Signature of the request with an access key pair, SDK-HMAC-SHA256 (4.2)",
    },
}


def openapi(contract: Contract, known: Known | None = None) -> dict[str, Any]:
    """Return the whole contract as one OpenAPI 3.1 document, for every target or for the one that is *known*.

    Operations that share a method and a URL become one, whose body is ``oneOf`` theirs; ``x-ecs-operations`` lists
    the ids of what each holds, and ``x-ecs-microversions`` where each of them exists.
    """
    return _Document(contract, known or Known()).whole()


class _Document:
    """One document on its way."""

    def __init__(self, contract: Contract, known: Known) -> None:
        self._contract = contract
        self._known = known
        self._errors = Errors(contract)

    def whole(self) -> dict[str, Any]:
        contract = self._contract
        paths = {path: self._path_item(path, methods) for path, methods in _urls(contract).items()}
        return {
            "openapi": "3.1.0",
            "info": {
                "title": contract.title,
                "version": f"{contract.issue} ({contract.date})",
                "description": "What the API reference claims, as pytest-ecs tests it. Fields that a schema does not "
                "list are allowed everywhere.",
                "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            },
            "servers": [_server("ecs", "Endpoint of the Elastic Cloud Server service", self._known.endpoint)],
            "tags": [
                {"name": _tag(section, title), "description": f"Section {section} of the API reference"}
                for section, title in contract.groups.items()
            ],
            "paths": paths,
            "components": {
                "securitySchemes": _SCHEMES,
                "responses": self._errors.responses,
                "schemas": self._errors.schemas,
            },
        }

    def _path_item(self, path: str, methods: Mapping[str, list[Operation]]) -> dict[str, Any]:
        item: dict[str, Any] = {}
        if any(operation.dialect == "iam" for group in methods.values() for operation in group):
            item["servers"] = [
                _server("iam", "Endpoint of the Identity and Access Management service", self._known.iam)
            ]
        names = parameters(path)
        if names:
            item["parameters"] = [self._path_parameter(name) for name in names]
        for method, group in methods.items():
            item[method] = self._operation(group)
        return item

    def _path_parameter(self, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"name": name, "in": "path", "required": True}
        value = self._known.parameters.get(name)
        if value is not None:
            # The only value that leads somewhere, so that no tool invents others.
            return row | {"schema": {"type": "string", "enum": [value]}, "example": value}
        example = sample({"format": "uuid"}) if name != "project_id" else "a" * 32
        return row | {"schema": {"type": "string", "minLength": 1}, "example": example}

    def _operation(self, group: list[Operation]) -> dict[str, Any]:
        contract, first = self._contract, group[0]
        made: dict[str, Any] = {
            "operationId": first.id if len(group) == 1 else _shared_id(first),
            "summary": _summary([operation.summary for operation in group]),
            "description": "\n\n".join(_description(operation, contract.roles["job"]) for operation in group),
            "tags": list(dict.fromkeys(_group_of(operation, contract.groups) for operation in group)),
            "x-ecs-operations": [operation.id for operation in group],
        }
        versions = {
            operation.id: {"since": operation.microversions.since, "until": operation.microversions.until}
            for operation in group
            if operation.microversions != Microversions()
        }
        if versions:
            made["x-ecs-microversions"] = versions
        if all(operation.chapter == "deprecated" for operation in group):
            made["deprecated"] = True
        rows = list(self._parameters(group))
        if rows:
            made["parameters"] = rows
        body = self._request_body(group)
        if body is not None:
            made["requestBody"] = body
        made["responses"] = {**successes(group), **self._errors.of(group)}
        bound = any(f"{operation.id}/auth/no-token" in contract.requirements for operation in group)
        made["security"] = [{"token": []}, {"signature": []}] if bound else []
        return made

    def _parameters(self, group: Iterable[Operation]) -> Iterator[dict[str, Any]]:
        seen: set[tuple[str, str]] = set()
        for operation in group:
            for place, fields in (("query", operation.query), ("header", operation.headers)):
                for name, field in fields.items():
                    if name.lower() in _ELSEWHERE or (place, name) in seen:
                        continue
                    seen.add((place, name))
                    schema = self._asked(operation, field)
                    if name == _VERSION:
                        schema |= self._microversion(operation.microversions)
                    row = {"name": name, "in": place, "required": False, "schema": schema}
                    yield row | ({"description": schema["description"]} if "description" in schema else {})
            if operation.dialect == "nova" and ("header", _VERSION) not in seen:
                seen.add(("header", _VERSION))
                says = "Microversion, 2.1 where it is missing; `OpenStack-API-Version: compute 2.27` from 2.27 on (3)"
                version = self._microversion(Microversions())
                yield {"name": _VERSION, "in": "header", "required": False, "schema": version, "description": says}

    def _microversion(self, within: Microversions) -> dict[str, Any]:
        """Return what the header of microversions admits: of a known target those that it has, else all that can be."""
        if self._known.microversion is None:
            return {"type": "string", "pattern": r"^(latest|2\.[1-9][0-9]{0,2})$"}
        first = int((within.since or "2.1").partition(".")[2])
        last = int(self._known.microversion.partition(".")[2])
        return {"type": "string", "enum": [f"2.{number}" for number in range(first, last + 1)]}

    def _request_body(self, group: Sequence[Operation]) -> dict[str, Any] | None:
        bodies = {operation.id: self._asked(operation, operation.body) for operation in group if operation.body}
        if not bodies:
            return None
        schemas = list(bodies.values())
        examples = {name: {"value": sample(schema)} for name, schema in bodies.items()}
        # Named, since generators would number the readings.
        named = [{"title": name, **schema} for name, schema in bodies.items()]
        content = {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": named}, "examples": examples}
        required = len(bodies) == len(group) and all(schema.get("required") for schema in schemas)
        return {"required": required, "content": {"application/json": content}}

    def _asked(self, operation: Operation, schema: Schema) -> dict[str, Any]:
        return asked(schema, operation.microversions, self._known.references)


def _urls(contract: Contract) -> dict[str, dict[str, list[Operation]]]:
    """Return the operations by path and method; two templates that differ in the names of parameters are one."""
    urls: dict[str, dict[str, list[Operation]]] = {}
    templates: dict[str, str] = {}
    for operation in contract.operations.values():
        path = templates.setdefault(same_url(operation.path), operation.path)
        urls.setdefault(path, {}).setdefault(operation.method.lower(), []).append(operation)
    return urls


def _server(name: str, description: str, url: str | None) -> dict[str, Any]:
    if url is not None:
        return {"url": url, "description": description}
    host = {"default": f"{name}.example.com", "description": "Host of the region"}
    return {"url": "https://{host}", "description": description, "variables": {"host": host}}


def _tag(section: str, title: str) -> str:
    return f"{section} {title}"


def _group_of(operation: Operation, groups: Mapping[str, str]) -> str:
    """Return the tag of the section group of *operation*: the nearest section around it that is one."""
    section = operation.section
    while section not in groups:
        section = section.rpartition(".")[0]
    return _tag(section, groups[section])


def _shared_id(operation: Operation) -> str:
    words = [word for word in operation.path.strip("/").split("/") if not word.startswith("{")]
    return ".".join([operation.dialect, *words[1:], operation.method.lower()])


def _summary(summaries: Sequence[str]) -> str:
    joined = "; ".join(dict.fromkeys(summaries))
    return joined if len(joined) <= _TITLE else f"One of {len(summaries)} actions, which the body names"


def _description(operation: Operation, job_query: str) -> str:
    """Return what the schemas do not say: section, microversions, job, permission, and the rules."""
    lines = [f"`{operation.id}`, section {operation.section}: {operation.summary}."]
    since, until = operation.microversions.since, operation.microversions.until
    if since or until:
        lines.append(
            "Exists" + (f" from microversion {since} on" if since else "") + (f" before {until}" if until else "") + "."
        )
    if operation.job is not None:
        lines.append(f"Delivers a job; its end is queried with `{job_query}`.")
    if operation.permission is not None:
        lines.append(f"Needs the action `{operation.permission}`.")
    return "\n".join([*lines, *(f"- {rule.says} ({rule.level}; {rule.section})" for rule in operation.rules)])
