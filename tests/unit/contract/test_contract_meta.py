"""The schemas of our own files are sound, and agree with the code that reads the files."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from pytest_ecs import _locations
from pytest_ecs._contract import shape
from pytest_ecs._contract.model import Chapter, Kind
from pytest_ecs._contract.vocabulary import KEYWORDS, VALUE_KEYWORDS
from pytest_ecs._contract.wording import breach, claim
from pytest_ecs.typing import Level

META_SCHEMAS = ("operations", "errors", "statuses", "permissions", "rulings", "general", "general-requirements")


def meta(name: str) -> dict[str, Any]:
    """Return one meta schema."""
    found: dict[str, Any] = json.loads((_locations.schemas() / "meta" / f"{name}.schema.json").read_text("utf-8"))
    return found


def objects(schema: Any) -> list[dict[str, Any]]:
    """Return every schema inside *schema* that lists properties."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [deeper for value in inner for deeper in objects(value)]
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        found.append(schema)
    return found


@pytest.mark.parametrize("name", META_SCHEMAS)
def test_a_meta_schema_is_a_schema_with_a_name(name: str) -> None:
    """Editors show title and description."""
    schema = meta(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f"/{name}.schema.json")
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", META_SCHEMAS)
def test_no_object_of_ours_is_open(name: str) -> None:
    """A misspelt key is never ignored, and every key that is required exists."""
    found = objects(meta(name))
    assert found
    for schema in found:
        assert schema["additionalProperties"] is False
        assert set(schema.get("required", ())) <= schema["properties"].keys()


def test_the_vocabulary_for_editors_is_that_of_the_code() -> None:
    """The keywords stand in two places."""
    assert meta("operations")["$defs"]["schema"]["properties"].keys() == KEYWORDS


def test_every_keyword_for_editors_is_explained() -> None:
    """Or refers to something that is."""
    for name, schema in meta("operations")["$defs"]["schema"]["properties"].items():
        assert "description" in schema or "$ref" in schema, name


def test_the_words_for_editors_are_those_of_the_model() -> None:
    """Chapters, levels and kinds stand in two places as well."""
    operations, general = meta("operations"), meta("general-requirements")
    assert tuple(operations["properties"]["chapter"]["enum"]) == get_args(Chapter)
    assert tuple(operations["$defs"]["level"]["enum"]) == get_args(Level)
    assert tuple(general["items"]["properties"]["kind"]["enum"]) == get_args(Kind)
    assert tuple(general["items"]["properties"]["level"]["enum"]) == get_args(Level)


@pytest.mark.parametrize("keyword", VALUE_KEYWORDS)
def test_every_keyword_that_a_value_can_break_has_words(keyword: str) -> None:
    """For keeping it and for breaking it."""
    limits = {
        "type": "string",
        "enum": ["a"],
        "const": "a",
        "pattern": "a",
        "format": "uuid",
        "propertyNames": {"maxLength": 1},
    }
    schema = {keyword: limits.get(keyword, 1)}
    assert claim(keyword, schema)
    assert breach(keyword, schema)
    assert claim(keyword, schema) != breach(keyword, schema)


def test_every_file_names_its_schema_for_editors() -> None:
    """Editors that know the YAML language server complete and check the files while they are written."""
    for file in _locations.schemas().rglob("*.yaml"):
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        named = (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
        name = shape.meta_schema_of(file.relative_to(_locations.schemas()).as_posix())
        assert named == _locations.schemas() / "meta" / f"{name}.schema.json", file
