"""The quick validator never accepts what jsonschema refuses, and accepts what the tiny contract says."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from pytest_ecs import _locations
from pytest_ecs._contract.quick import compiled
from pytest_ecs._contract.shape import meta_schema_of

from .tiny_contract import FILES

META: dict[str, Any] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_bytes())
    for path in sorted((_locations.schemas() / "meta").glob("*.schema.json"))
}
REGISTRY: Registry[Any] = Registry().with_resources((m["$id"], Resource.from_contents(m)) for m in META.values())
VALIDATORS = {name: Draft202012Validator(schema, registry=REGISTRY) for name, schema in META.items()}
QUICK = {name: compiled(META, name) for name in META}

#: What a place in a file may be replaced with: near misses of every type.
WRONG = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        999,
        "",
        "x",
        "2.1",
        "ecs",
        "must",
        [],
        [1, 1],
        ["a", "a"],
        [["a"], ["a"]],
        {},
        {"x": 1},
        {"type": "x"},
    ]
)


def places(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside *value*."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [steps, *(place for key, item in inside for place in places(item, (*steps, key)))]


@pytest.mark.parametrize("file", FILES)
def test_what_is_right_is_accepted_at_once(file: str) -> None:
    """So jsonschema is not even imported for a contract without mistakes."""
    name = meta_schema_of(file)
    assert name is not None
    assert QUICK[name](yaml.safe_load(FILES[file]))


@given(data=st.data())
def test_what_jsonschema_refuses_is_never_accepted(data: st.DataObject) -> None:
    """One place of one file is replaced, removed or added to."""
    file = data.draw(st.sampled_from(sorted(FILES)))
    name = meta_schema_of(file)
    assert name is not None
    whole = copy.deepcopy({"file": yaml.safe_load(FILES[file])})
    *way, last = data.draw(st.sampled_from(places(whole)[1:]))
    holder: Any = whole
    for step in way:
        holder = holder[step]
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "remove" and way:
        del holder[last]
    elif change == "add" and isinstance(holder[last], dict):
        holder[last]["extra"] = data.draw(WRONG)
    else:
        holder[last] = data.draw(WRONG)
    said, right = QUICK[name](whole["file"]), VALIDATORS[name].is_valid(whole["file"])
    assert right or not said
    # Needless refusals are for lists of equal items of different types, and nothing here has those.
    assert said or not right


def test_a_keyword_that_it_does_not_know_is_not_passed_over() -> None:
    """A meta schema that grows has to teach it first."""
    with pytest.raises(KeyError, match="minContains"):
        compiled({"a": {"minContains": 1}}, "a")
