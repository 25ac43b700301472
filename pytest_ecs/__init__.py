"""Conformance tests for the Elastic Cloud Server REST API, and the pytest fixtures they are made of.

The names below are the public ones, with `pytest_ecs.exceptions` and `pytest_ecs.typing`. They are imported when
they are used, since pytest imports this package in every test run of everybody who has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ecs._cases.derivation import uncovered
    from pytest_ecs._cases.recipe import Ingredients, Request, Step, recipe
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract import load as load_contract
    from pytest_ecs._contract.model import Requirement
    from pytest_ecs._http.client import Client
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._resources.lease import Lease
    from pytest_ecs._testing.bench import Bench
    from pytest_ecs._testing.properties import Facts, Properties, Trial

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
    "Bench": ("pytest_ecs._testing.bench", "Bench"),
    "Client": ("pytest_ecs._http.client", "Client"),
    "Contract": ("pytest_ecs._contract", "Contract"),
    "Exchange": ("pytest_ecs._http.exchange", "Exchange"),
    "Facts": ("pytest_ecs._testing.properties", "Facts"),
    "Ingredients": ("pytest_ecs._cases.recipe", "Ingredients"),
    "Lease": ("pytest_ecs._resources.lease", "Lease"),
    "Properties": ("pytest_ecs._testing.properties", "Properties"),
    "Request": ("pytest_ecs._cases.recipe", "Request"),
    "Step": ("pytest_ecs._cases.recipe", "Step"),
    "Trial": ("pytest_ecs._testing.properties", "Trial"),
    "Requirement": ("pytest_ecs._contract.model", "Requirement"),
    "load_contract": ("pytest_ecs._contract", "load"),
    "recipe": ("pytest_ecs._cases.recipe", "recipe"),
    "uncovered": ("pytest_ecs._cases.derivation", "uncovered"),
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
