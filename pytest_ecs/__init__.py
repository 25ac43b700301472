"""Conformance tests for the Elastic Cloud Server REST API, and the pytest fixtures they are made of.

The names below are the public ones, with `pytest_ecs.exceptions` and `pytest_ecs.typing`. They are imported when
they are used, since pytest imports this package in every test run of everybody who has it installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ecs._cases.derivation import optional_variant, uncovered
    from pytest_ecs._cases.recipe import Ingredients, Request, Step, recipe
    from pytest_ecs._contract import Contract
    from pytest_ecs._contract import load as load_contract
    from pytest_ecs._contract.model import Requirement
    from pytest_ecs._contract.urls import url_of
    from pytest_ecs._http.client import Client
    from pytest_ecs._http.credentials import Credentials
    from pytest_ecs._http.exchange import Exchange
    from pytest_ecs._http.target import Resources, SystemClock, Target
    from pytest_ecs._report.model import Report
    from pytest_ecs._resources.lease import Lease
    from pytest_ecs._testing.cases import Cases
    from pytest_ecs._testing.check import Check
    from pytest_ecs._testing.clients import Clients
    from pytest_ecs._testing.expect import Expect
    from pytest_ecs._testing.jobs import Jobs
    from pytest_ecs._testing.later import Afterwards
    from pytest_ecs._testing.mock import RunningMock, serve_mock
    from pytest_ecs._testing.properties import Properties, Trial
    from pytest_ecs._testing.reading import exactly, read
    from pytest_ecs._testing.servers import Servers
    from pytest_ecs._testing.snapshot import Snapshot
    from pytest_ecs._testing.supplies import Supplies
    from pytest_ecs._testing.tools import Tools
    from pytest_ecs._testing.wait import Wait

__all__ = [
    "Afterwards",
    "Cases",
    "Check",
    "Client",
    "Clients",
    "Contract",
    "Credentials",
    "Exchange",
    "Expect",
    "Ingredients",
    "Jobs",
    "Lease",
    "Properties",
    "Report",
    "Request",
    "Requirement",
    "Resources",
    "RunningMock",
    "Servers",
    "Snapshot",
    "Step",
    "Supplies",
    "SystemClock",
    "Target",
    "Tools",
    "Trial",
    "Wait",
    "__version__",
    "exactly",
    "load_contract",
    "optional_variant",
    "read",
    "recipe",
    "serve_mock",
    "uncovered",
    "url_of",
]

__version__ = "0.1.0"

_HOMES = {
    "Afterwards": ("pytest_ecs._testing.later", "Afterwards"),
    "Cases": ("pytest_ecs._testing.cases", "Cases"),
    "Check": ("pytest_ecs._testing.check", "Check"),
    "Client": ("pytest_ecs._http.client", "Client"),
    "Clients": ("pytest_ecs._testing.clients", "Clients"),
    "Contract": ("pytest_ecs._contract", "Contract"),
    "Credentials": ("pytest_ecs._http.credentials", "Credentials"),
    "Exchange": ("pytest_ecs._http.exchange", "Exchange"),
    "Expect": ("pytest_ecs._testing.expect", "Expect"),
    "Ingredients": ("pytest_ecs._cases.recipe", "Ingredients"),
    "Jobs": ("pytest_ecs._testing.jobs", "Jobs"),
    "Lease": ("pytest_ecs._resources.lease", "Lease"),
    "Properties": ("pytest_ecs._testing.properties", "Properties"),
    "Report": ("pytest_ecs._report.model", "Report"),
    "Request": ("pytest_ecs._cases.recipe", "Request"),
    "Requirement": ("pytest_ecs._contract.model", "Requirement"),
    "Resources": ("pytest_ecs._http.target", "Resources"),
    "RunningMock": ("pytest_ecs._testing.mock", "RunningMock"),
    "Servers": ("pytest_ecs._testing.servers", "Servers"),
    "Snapshot": ("pytest_ecs._testing.snapshot", "Snapshot"),
    "Step": ("pytest_ecs._cases.recipe", "Step"),
    "Supplies": ("pytest_ecs._testing.supplies", "Supplies"),
    "SystemClock": ("pytest_ecs._http.target", "SystemClock"),
    "Target": ("pytest_ecs._http.target", "Target"),
    "Tools": ("pytest_ecs._testing.tools", "Tools"),
    "Trial": ("pytest_ecs._testing.properties", "Trial"),
    "Wait": ("pytest_ecs._testing.wait", "Wait"),
    "exactly": ("pytest_ecs._testing.reading", "exactly"),
    "url_of": ("pytest_ecs._contract.urls", "url_of"),
    "load_contract": ("pytest_ecs._contract", "load"),
    "optional_variant": ("pytest_ecs._cases.derivation", "optional_variant"),
    "read": ("pytest_ecs._testing.reading", "read"),
    "recipe": ("pytest_ecs._cases.recipe", "recipe"),
    "serve_mock": ("pytest_ecs._testing.mock", "serve_mock"),
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
