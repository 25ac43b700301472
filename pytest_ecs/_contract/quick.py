"""A yes-or-no validator for the few keywords that ``schemas/meta/`` and the forms of errors use.

Loading holds every file against its meta schema, every time. With jsonschema that costs more than reading the files,
so a schema is turned into nested functions once, and jsonschema is asked only when the answer is no, to say why. The
answer may be a needless no (for list items that are equal and of different types); it is never a needless yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Accepts", "compiled"]

Accepts = Callable[[Any], bool]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}
_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description"})


def compiled(documents: Mapping[str, Mapping[str, Any]], name: str) -> Accepts:
    """Return a function that says whether a value obeys the schema *name*; *documents* has all that it refers to.

    Raises `KeyError` for a keyword that is not known here, so that none is ever passed over.
    """
    return _Compiler(documents).schema(documents[name], name)


class _Compiler:
    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._documents = documents
        self._shared: dict[tuple[str, str], Accepts] = {}

    def schema(self, schema: Mapping[str, Any], document: str) -> Accepts:
        tests = [self._keyword(keyword, schema, document) for keyword in schema if keyword not in _SILENT | _MEMBERS]
        if not _MEMBERS.isdisjoint(schema):
            tests.append(self._members(schema, document))
        if len(tests) == 1:
            return tests[0]

        def accepts(value: Any) -> bool:
            for test in tests:  # noqa: SIM110 - a generator costs a third more, and this runs for every node
                if not test(value):
                    return False
            return True

        return accepts

    def _keyword(self, keyword: str, schema: Mapping[str, Any], document: str) -> Accepts:
        limit = schema[keyword]
        if keyword == "$ref":
            return self._reference(limit, document)
        if keyword == "items":
            each = self.schema(limit, document)
            return lambda value: type(value) is not list or all(map(each, value))
        if keyword == "propertyNames":
            names = self.schema(limit, document)
            return lambda value: type(value) is not dict or all(map(names, value))
        if keyword == "anyOf":
            branches = [self.schema(branch, document) for branch in limit]
            return lambda value: any(branch(value) for branch in branches)
        return _SIMPLE[keyword](limit)

    def _reference(self, reference: str, document: str) -> Accepts:
        file, _, pointer = reference.partition("#/")
        key = (file.removesuffix(".schema.json") or document, pointer)
        if key not in self._shared:
            target: Any = self._documents[key[0]]
            for step in pointer.split("/"):
                target = target[step]
            # The name stands first, since a schema may refer to itself.
            self._shared[key] = lambda value: self._shared[key](value)
            self._shared[key] = self.schema(target, key[0])
        known = self._shared
        return lambda value: known[key](value)

    def _members(self, schema: Mapping[str, Any], document: str) -> Accepts:
        fields = {name: self.schema(field, document) for name, field in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties", {})
        other: Accepts = (lambda _: False) if others is False else self.schema(others, document)
        required = frozenset(schema.get("required", ()))

        def accepts(value: Any) -> bool:
            if type(value) is not dict:
                return True
            if not required <= value.keys():
                return False
            for name, item in value.items():  # noqa: SIM110 - likewise
                if not fields.get(name, other)(item):
                    return False
            return True

        return accepts


_MEMBERS = frozenset({"properties", "required", "additionalProperties"})


def _type(limit: str | list[str]) -> Accepts:
    names = [limit] if isinstance(limit, str) else limit
    types = frozenset(one for name in names for one in _TYPES[name])
    return lambda value: type(value) in types


def _enum(limit: list[str]) -> Accepts:
    allowed = frozenset(limit)
    return lambda value: type(value) is str and value in allowed


def _pattern(limit: str) -> Accepts:
    search = re.compile(limit).search
    return lambda value: type(value) is not str or search(value) is not None


def _unique(limit: bool) -> Accepts:
    return lambda value: not limit or type(value) is not list or _all_differ(value)


def _all_differ(items: list[Any]) -> bool:
    try:
        return len(set(items)) == len(items)
    except TypeError:  # lists and mappings
        return all(one != other for index, one in enumerate(items) for other in items[:index])


_SIMPLE: Mapping[str, Callable[[Any], Accepts]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda limit: lambda value: type(value) is type(limit) and value == limit,
    "pattern": _pattern,
    "minLength": lambda limit: lambda value: type(value) is not str or len(value) >= limit,
    "minItems": lambda limit: lambda value: type(value) is not list or len(value) >= limit,
    "maxItems": lambda limit: lambda value: type(value) is not list or len(value) <= limit,
    "uniqueItems": _unique,
    "minProperties": lambda limit: lambda value: type(value) is not dict or len(value) >= limit,
    "maxProperties": lambda limit: lambda value: type(value) is not dict or len(value) <= limit,
    "minimum": lambda limit: lambda value: type(value) not in (int, float) or value >= limit,
    "maximum": lambda limit: lambda value: type(value) not in (int, float) or value <= limit,
}
