"""Requests that obey the contract, and requests that break one claim of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from pytest_ecs._cases.mutation import steps_of
from pytest_ecs._cases.recipe import RECIPES
from pytest_ecs._contract import load
from pytest_ecs.strategies.edit import Generated
from pytest_ecs.strategies.generation import valid_of
from pytest_ecs.strategies.places import places_to_break

__all__ = ["invalid_requests", "valid_requests"]


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
    found = places_to_break(operation_id, variants)
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
