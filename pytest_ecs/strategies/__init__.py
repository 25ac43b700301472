"""Hypothesis strategies that are derived from the contract: requests that obey it, and requests that break one claim.

A generated request is a list of changes to a recipe's request, which supplies ids and whatever else must really exist::

    @given(valid_requests("ecs.tags.add"))
    def test_tags(generated):
        body = generated.onto(request).body
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_ecs.strategies.edit import Edit, Generated
from pytest_ecs.strategies.places import breakable, can_vary

if TYPE_CHECKING:
    from pytest_ecs.strategies.generation import texts
    from pytest_ecs.strategies.requests import invalid_requests, valid_requests

__all__ = ["Edit", "Generated", "breakable", "can_vary", "invalid_requests", "texts", "valid_requests"]

#: What needs hypothesis, which is imported when something is to be generated.
_HOMES = {"invalid_requests": "requests", "texts": "generation", "valid_requests": "requests"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
