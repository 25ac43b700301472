"""Conformance tests for the Elastic Cloud Server REST API, and the pytest fixtures they are made of.

The names below are the public ones, with `pytest_ecs.exceptions` and `pytest_ecs.typing`. They are imported when
they are used, since pytest imports this package in every test run of everybody who has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ecs._bench import Bench, uncovered
    from pytest_ecs._client import Client
    from pytest_ecs._contracts import Contract
    from pytest_ecs._contracts import load as load_contract
    from pytest_ecs._contracts.model import Requirement
    from pytest_ecs._exchange import Exchange
    from pytest_ecs._leases import Lease
    from pytest_ecs._properties import Facts, Properties, Trial
    from pytest_ecs._recipes import Ingredients, Request, Step, recipe

__all__ = [
    "Bench",
    "Client",
    "Contract",
    "Exchange",
    "Facts",
    "Ingredients",
    "Lease",
    "Properties",
    "Request",
    "Requirement",
    "Step",
    "Trial",
    "__version__",
    "load_contract",
    "recipe",
    "uncovered",
]

__version__ = "0.1.0"

_HOMES = {
    "Bench": ("pytest_ecs._bench", "Bench"),
    "Client": ("pytest_ecs._client", "Client"),
    "Contract": ("pytest_ecs._contracts", "Contract"),
    "Exchange": ("pytest_ecs._exchange", "Exchange"),
    "Facts": ("pytest_ecs._properties", "Facts"),
    "Ingredients": ("pytest_ecs._recipes", "Ingredients"),
    "Lease": ("pytest_ecs._leases", "Lease"),
    "Properties": ("pytest_ecs._properties", "Properties"),
    "Request": ("pytest_ecs._recipes", "Request"),
    "Step": ("pytest_ecs._recipes", "Step"),
    "Trial": ("pytest_ecs._properties", "Trial"),
    "Requirement": ("pytest_ecs._contracts.model", "Requirement"),
    "load_contract": ("pytest_ecs._contracts", "load"),
    "recipe": ("pytest_ecs._recipes", "recipe"),
    "uncovered": ("pytest_ecs._bench", "uncovered"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
