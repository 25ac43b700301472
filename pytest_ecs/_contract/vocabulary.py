"""The JSON Schema keywords that contract files may use, and what each group of them is for.

The list stands once more in ``schemas/meta/operations.schema.json``, for editors; a test compares the two.
"""

from __future__ import annotations

__all__ = ["ANNOTATIONS", "EXTENSIONS", "KEYWORDS", "STRUCTURE", "VALUE_KEYWORDS"]

#: Keywords that one value can break by itself, in the order in which reports list them.
VALUE_KEYWORDS = (
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "propertyNames",
    "pattern",
    "format",
)

#: Keywords that say which fields there are.
STRUCTURE = frozenset(
    {"properties", "required", "items", "additionalProperties", "dependentRequired", "anyOf", "$ref"},
)

ANNOTATIONS = frozenset({"default", "description"})

EXTENSIONS = frozenset(
    {
        "x-table",
        "x-section",
        "x-since",
        "x-until",
        "x-expected",
        "x-shown-when",
        "x-reference",
        "x-errors",
        "x-exclusive",
        "x-lenient",
        "x-levels",
        "x-secret",
        "x-check-only",
        "x-rule",
        "x-ruling",
    },
)

#: Everything that may stand in a schema.
KEYWORDS = frozenset(VALUE_KEYWORDS) | STRUCTURE | ANNOTATIONS | EXTENSIONS
