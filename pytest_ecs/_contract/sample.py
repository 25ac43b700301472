"""Values that schemas admit: for fields that a recipe leaves out, and as examples."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_ecs._contract.model import Schema

__all__ = ["sample"]

_UUID = "6f70656e-6170-4931-8e31-000000000001"
#: What stands for a text; the first one that the schema admits is taken.
_TEXTS = (
    "sample",
    _UUID,
    "2025-01-07T08:00:00Z",
    "2025-01-07T08:00:00.000000",
    "192.168.0.10",
    "https://ecs.example.com/v2.1",
    "2.26",
    "1",
    "Sample-Pass-1",
    "c2FtcGxl",
    "/dev/sdb",
    "192.168.0.0/24",
    "fa:16:3e:00:00:01",
    "a" * 32,
)


def sample(schema: Schema) -> Any:
    """Return a small value that *schema* admits: of an object, the fields that it demands or expects.

    Raises `ValueError` for a text whose pattern nothing of ours fits.
    """
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    if "anyOf" in schema:
        return sample({**{k: v for k, v in schema.items() if k != "anyOf"}, **schema["anyOf"][0]})
    types = schema.get("type", "object" if "properties" in schema else "string")
    one_type = types if isinstance(types, str) else next((one for one in types if one != "null"), "null")
    if one_type == "object":
        return _object(schema)
    if one_type == "array":
        count = max(min(1, schema.get("maxItems", 1)), schema.get("minItems", 0))
        return [sample(schema["items"])] * count if "items" in schema else []
    if one_type == "boolean":
        return True
    if one_type in {"integer", "number"}:
        return max(schema.get("minimum", 1), min(1, schema.get("maximum", 1)))
    return None if one_type == "null" else _text(schema)


def _object(schema: Schema) -> dict[str, Any]:
    fields: Mapping[str, Schema] = schema.get("properties", {})
    wanted = dict.fromkeys([*schema.get("required", ()), *schema.get("x-expected", ())])
    for name in list(wanted):
        wanted |= dict.fromkeys(schema.get("dependentRequired", {}).get(name, ()))
    made = {name: sample(fields.get(name, {})) for name in wanted}
    rest = schema.get("additionalProperties")
    if isinstance(rest, Mapping) and len(made) < schema.get("minProperties", 0):
        made[_text(schema.get("propertyNames", {}))] = sample(rest)
    return made


def _text(schema: Schema) -> str:
    texts: tuple[str, ...] = (*_TEXTS, "a" * schema.get("minLength", 1), "")
    if schema.get("format") == "uuid":
        texts, schema = (_UUID,), {word: limit for word, limit in schema.items() if word != "format"}
    fits = _fits(schema)
    for text in texts:
        if fits(text):
            return text
    raise ValueError(f"no sample is known for {dict(schema)}")


def _fits(schema: Schema) -> Callable[[str], bool]:
    """Return what says whether a schema admits a text; jsonschema, which takes long to import, only where it has a say."""
    if all(word in _PLAIN or word.startswith("x-") for word in schema):
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        pattern = re.compile(schema.get("pattern", ""))
        return lambda text: least <= len(text) <= most and pattern.search(text) is not None
    from jsonschema import Draft202012Validator

    return Draft202012Validator(dict(schema), format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid


#: Keywords that a text can be held against at a glance, and those that say nothing of one.
_PLAIN = frozenset({"minLength", "maxLength", "pattern", "type", "description", "title"})
