"""The contract as an OpenAPI 3.1 document, for tools that do not know our files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_ecs._contract import Contract, Operation, Schema, sample
from pytest_ecs._contract.matching import parameters, same_url

__all__ = ["openapi"]

_VERSION = "X-OpenStack-Nova-API-Version"


def openapi(contract: Contract) -> dict[str, Any]:
    """Return the whole contract as one OpenAPI 3.1 document.

    Operations that share a method and a URL become one, whose body is ``oneOf`` theirs; ``x-ecs-operations`` lists
    the ids of what each holds, and ``x-ecs-microversions`` where each of them exists.
    """
    urls: dict[str, dict[str, list[Operation]]] = {}
    templates: dict[str, str] = {}
    for operation in contract.operations.values():
        # Two templates that differ in the names of their parameters are one URL.
        path = templates.setdefault(same_url(operation.path), operation.path)
        urls.setdefault(path, {}).setdefault(operation.method.lower(), []).append(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": contract.title,
            "version": f"{contract.issue} ({contract.date})",
            "description": "What the API reference claims, as pytest-ecs tests it. Fields that a schema does not list are allowed everywhere.",
        },
        "servers": [_server("ecs", "Endpoint of the Elastic Cloud Server service")],
        "tags": [{"name": _tag(section, title)} for section, title in contract.groups.items()],
        "paths": {path: _path_item(path, methods, contract) for path, methods in urls.items()},
        "components": {
            "securitySchemes": {
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
            },
            "schemas": {f"error-{name}": _schema(schema) for name, schema in contract.envelopes.items()},
        },
    }


def _server(name: str, description: str) -> dict[str, Any]:
    host = {"default": f"{name}.example.com", "description": "Host of the region"}
    return {"url": "https://{host}", "description": description, "variables": {"host": host}}


def _tag(section: str, title: str) -> str:
    return f"{section} {title}"


def _path_item(path: str, methods: Mapping[str, list[Operation]], contract: Contract) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if any(operation.dialect == "iam" for group in methods.values() for operation in group):
        item["servers"] = [_server("iam", "Endpoint of the Identity and Access Management service")]
    names = parameters(path)
    if names:
        item["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string"},
                "example": sample({"format": "uuid"}) if name != "project_id" else "a" * 32,
            }
            for name in names
        ]
    for method, group in methods.items():
        item[method] = _operation(group, contract)
    return item


def _operation(group: list[Operation], contract: Contract) -> dict[str, Any]:
    first = group[0]
    sections = [".".join(operation.section.split(".")[:2]) for operation in group]
    made: dict[str, Any] = {
        "operationId": first.id if len(group) == 1 else _shared_id(first),
        "summary": "; ".join(dict.fromkeys(operation.summary for operation in group)),
        "description": "\n\n".join(map(_description, group)),
        "tags": [_tag(s, contract.groups[s]) for s in dict.fromkeys(sections) if s in contract.groups],
        "x-ecs-operations": [operation.id for operation in group],
    }
    versions = {
        operation.id: {"since": operation.microversions.since, "until": operation.microversions.until}
        for operation in group
        if operation.microversions.since or operation.microversions.until
    }
    if versions:
        made["x-ecs-microversions"] = versions
    if all(operation.chapter == "deprecated" for operation in group):
        made["deprecated"] = True
    parameters = list(_parameters(group))
    if parameters:
        made["parameters"] = parameters
    body = _request_body(group)
    if body is not None:
        made["requestBody"] = body
    made["responses"] = _responses(group)
    bound = any(f"{operation.id}/auth/no-token" in contract.requirements for operation in group)
    made["security"] = [{"token": []}, {"signature": []}] if bound else []
    return made


def _shared_id(operation: Operation) -> str:
    words = [word for word in operation.path.strip("/").split("/") if not word.startswith("{")]
    return ".".join([operation.dialect, *words[1:], operation.method.lower()])


def _description(operation: Operation) -> str:
    """Return what the schemas do not say: section, microversions, job, permission, and the rules."""
    lines = [f"`{operation.id}`, section {operation.section}: {operation.summary}."]
    since, until = operation.microversions.since, operation.microversions.until
    if since or until:
        lines.append(
            "Exists" + (f" from microversion {since} on" if since else "") + (f" before {until}" if until else "") + "."
        )
    if operation.job is not None:
        lines.append("Delivers a job; its end is queried with `ecs.jobs.show`.")
    if operation.permission is not None:
        lines.append(f"Needs the action `{operation.permission}`.")
    return "\n".join([*lines, *(f"- {rule.says} ({rule.level}; {rule.section})" for rule in operation.rules)])


def _parameters(group: Iterable[Operation]) -> Iterable[dict[str, Any]]:
    seen: set[tuple[str, str]] = set()
    for operation in group:
        for place, fields in (("query", operation.query), ("header", operation.headers)):
            for name, schema in fields.items():
                # OpenAPI leaves these to media types and security schemes.
                if name.lower() in {"content-type", "accept", "authorization"} or (place, name) in seen:
                    continue
                seen.add((place, name))
                row = {"name": name, "in": place, "required": False, "schema": _schema(schema)}
                yield row | ({"description": schema["description"]} if "description" in schema else {})
        if operation.dialect == "nova" and ("header", _VERSION) not in seen:
            seen.add(("header", _VERSION))
            says = "Microversion, 2.1 where it is missing; `OpenStack-API-Version: compute 2.27` from 2.27 on (3)"
            version = {"type": "string", "pattern": r"^(2\.\d+|latest)$"}
            yield {"name": _VERSION, "in": "header", "required": False, "schema": version, "description": says}


def _request_body(group: list[Operation]) -> dict[str, Any] | None:
    bodies = [operation for operation in group if operation.body is not None]
    if not bodies:
        return None
    schemas = [_schema(operation.body or {}) for operation in bodies]
    examples = {operation.id: {"value": sample(operation.body or {})} for operation in bodies}
    content = {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}, "examples": examples}
    required = len(bodies) == len(group) and all((operation.body or {}).get("required") for operation in bodies)
    return {"required": required, "content": {"application/json": content}}


def _responses(group: list[Operation]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for status in sorted({status for operation in group for status in operation.statuses}):
        answering = [operation for operation in group if status in operation.statuses]
        bodies = [operation for operation in answering if operation.response_body is not None and status != 204]
        row: dict[str, Any] = {"description": "Success"}
        headers = {
            name: {"schema": _schema(schema)}
            for operation in answering
            for name, schema in operation.response_headers.items()
        }
        if headers:
            row["headers"] = headers
        if bodies:
            schemas: list[Any] = []
            for operation in bodies:
                schema = _schema(operation.response_body or {})
                if schema not in schemas:
                    schemas.append(schema)
            examples = {operation.id: {"value": sample(operation.response_body or {})} for operation in bodies}
            content = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}, "examples": examples}
            row["content"] = {"application/json": content}
        made[str(status)] = row
    dialects = dict.fromkeys([*(operation.dialect for operation in group), "gateway"])
    error = {"anyOf": [{"$ref": f"#/components/schemas/error-{name}"} for name in dialects]}
    made["default"] = {"description": "Error", "content": {"application/json": {"schema": error}}}
    return made


def _schema(schema: Schema) -> dict[str, Any]:
    """Return a schema as OpenAPI takes it: ours are JSON Schema 2020-12, and extensions may stay."""
    return dict(schema)
