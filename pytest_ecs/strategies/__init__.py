"""Hypothesis strategies that are derived from the contract: requests that obey it, and requests that break one claim.

A generated request is a list of changes to a recipe's request, which supplies ids and whatever else must really exist::

    @given(valid_requests("ecs.tags.add"))
    def test_tags(generated):
        body = generated.onto(request).body
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from pytest_ecs._cases.mutation import mutate_body, mutate_query, steps_of
from pytest_ecs._cases.recipe import RECIPES, shape
from pytest_ecs._contract import load
from pytest_ecs.strategies.edit import Edit, Generated
from pytest_ecs.strategies.generation import places_of, queries_of, texts, valid_of

__all__ = ["Edit", "Generated", "breakable", "can_vary", "invalid_requests", "texts", "valid_requests"]


def can_vary(operation_id: str) -> bool:
    """Return whether a request of that operation can differ from its recipe's and still obey the contract."""
    return operation_id in RECIPES and bool(places_of(operation_id, "default") or queries_of(load(), operation_id))


def breakable(operation_id: str) -> list[str]:
    """Return the requirements that `invalid_requests` breaks: those that some request of the recipe has a place for."""
    return list(_breakable(operation_id))


def valid_requests(
    operation_id: str, *, only_promised: bool = False, variants: Sequence[str] = ()
) -> st.SearchStrategy[Generated]:
    """Generate requests that obey the contract.

    Optional fields come and go, lengths are at and between their bounds, enumerations take each of their values, texts have
    characters of other scripts. *only_promised* leaves out what the document does not promise to accept; *variants* are
    those of the recipe to start from, all without it.
    Raises `LookupError` for an operation without a recipe.
    """
    known = list(variants or RECIPES[operation_id].variants)
    valid = cache(lambda variant: valid_of(operation_id, variant, only_promised=only_promised))
    return st.sampled_from(known).flatmap(valid)


def invalid_requests(operation_id: str, *, variants: Sequence[str] = ()) -> st.SearchStrategy[Generated]:
    """Generate requests that break one claim of the contract and nothing else; `Generated.broken` says it in words.

    The claim is broken in a request that was itself generated, of promised changes alone.
    """
    found = _breakable(operation_id, variants)
    # Making a strategy, and letting hypothesis look whether it is one, takes much longer than drawing from it.
    whole = cache(lambda variant: valid_of(operation_id, variant, only_promised=True))

    @cache
    def one(name: str) -> st.SearchStrategy[Generated]:
        return st.builds(
            lambda valid, way: replace(_without_clash(valid, name), breaks=name, way=way),
            whole(found[name]),
            st.integers(0, 3),
        )

    return st.sampled_from(list(found)).flatmap(one)


def _without_clash(valid: Generated, requirement: str) -> Generated:
    """Leave alone what the requirement is about, so that the break alone decides."""
    contract = load()
    operation, broken = contract.operations[valid.operation], contract.requirements[requirement]
    steps = steps_of(operation, broken)
    return replace(valid, edits=tuple(edit for edit in valid.edits if not _meets(edit.place, steps)))


def _meets(place: Sequence[str | int], steps: Sequence[str]) -> bool:
    """Whether a change is inside what a requirement speaks of, or around it."""
    return all(
        step == wanted or (wanted == "[]" and isinstance(step, int)) or wanted == "{}"
        for step, wanted in zip(place, steps, strict=False)
    )


def _breakable(operation_id: str, variants: Sequence[str] = ()) -> dict[str, str]:
    """Requirement -> the first variant of the recipe whose request has a place for it."""
    contract = load()
    operation, recipe = contract.operations[operation_id], RECIPES[operation_id]
    found: dict[str, str] = {}
    for requirement in contract.requirements.values():
        if requirement.operation != operation_id or requirement.kind not in {"request", "query"}:
            continue
        if requirement.keyword == "reference":  # that may be found out by a job
            continue
        if requirement.kind == "query":
            if mutate_query(operation, requirement):
                found[requirement.id] = "default"
            continue
        for name, build in recipe.variants.items():
            if (not variants or name in variants) and mutate_body(operation, requirement, shape(build).body):
                found[requirement.id] = name
                break
    return found


# Valid
