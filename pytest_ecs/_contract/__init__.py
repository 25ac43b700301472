"""Reads ``schemas/`` into frozen values: what the API reference claims, and which requirements follow from it."""

from __future__ import annotations

from pytest_ecs._contract.contract import Contract
from pytest_ecs._contract.edition import Edition, read_edition
from pytest_ecs._contract.loader import check, document, load, use, using
from pytest_ecs._contract.model import (
    Chapter,
    Dialect,
    Envelope,
    ErrorCode,
    Expectation,
    Kind,
    Microversions,
    Operation,
    Permission,
    Requirement,
    Rule,
    Ruling,
    Schema,
    StateRow,
    StateWords,
    StatusRow,
)
from pytest_ecs._contract.sample import sample
from pytest_ecs._contract.source import Mistake
from pytest_ecs._contract.versions import schema_at

__all__ = [
    "Chapter",
    "Contract",
    "Dialect",
    "Edition",
    "Envelope",
    "ErrorCode",
    "Expectation",
    "Kind",
    "Microversions",
    "Mistake",
    "Operation",
    "Permission",
    "Requirement",
    "Rule",
    "Ruling",
    "Schema",
    "StateRow",
    "StateWords",
    "StatusRow",
    "check",
    "document",
    "load",
    "read_edition",
    "sample",
    "schema_at",
    "use",
    "using",
]
