"""Reads ``schemas/`` into frozen values: what the API reference claims, and which requirements follow from it."""

from __future__ import annotations

from pytest_ecs._contracts.contract import Contract
from pytest_ecs._contracts.loader import check, load
from pytest_ecs._contracts.versions import schema_at

__all__ = ["Contract", "check", "load", "schema_at"]
