"""Whether answers fit an OpenAPI document, status, headers and body, as a tool that knows nothing else reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["Document"]


class Document:
    """An OpenAPI document that answers are held against."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._operations: dict[str, Mapping[str, Any]] = {}
        self._validators: dict[int, Draft202012Validator] = {}
        for item in document["paths"].values():
            for method, operation in item.items():
                if method not in {"parameters", "servers"}:
                    self._operations |= dict.fromkeys(operation["x-ecs-operations"], operation)

    def complaints(self, exchange: Mapping[str, Any]) -> Iterator[str]:
        """Yield what of the answer in *exchange*, a row of the evidence, contradicts the document."""
        operation = self._operations[exchange["operation"]]
        where = f"{exchange['operation']} {exchange['status']}"
        response = operation["responses"].get(str(exchange["status"]))
        if response is None:
            yield f"{where}: the status is not listed"
            return
        response = self._at(response)
        media_type = exchange["response_headers"].get("content-type", "").partition(";")[0]
        if bool(media_type) != ("content" in response) and not self._is_extra(
            response, exchange["operation"], media_type
        ):
            yield f"{where}: content type {media_type!r}"
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        schema = response.get("x-ecs-answers", {}).get(exchange["operation"], schema) if media_type else None
        if schema is not None:
            yield from (f"{where}: {says}" for says in self._misfits(schema, exchange["response_body"]))
        for name, header in response.get("headers", {}).items():
            value = exchange["response_headers"].get(name.lower())
            if value is not None:
                yield from (f"{where}: {name}: {says}" for says in self._misfits(header["schema"], value))

    def _is_extra(self, response: Mapping[str, Any], operation: str, media_type: str) -> bool:
        return bool(media_type) and operation in response.get("x-ecs-answers", {})

    def _at(self, place: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Any = place
        if "$ref" in place:
            found = self._document
            for step in place["$ref"].removeprefix("#/").split("/"):
                found = found[step]
        return dict(found)

    def _misfits(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self._document["components"]}
            validator = self._validators[id(schema)] = Draft202012Validator(whole)
        for error in validator.iter_errors(value):
            yield f"{error.json_path}: {error.message[:200]}"
