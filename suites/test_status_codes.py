"""Each operation succeeds with a documented status; header, body and states of its answer are judged on the way."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases

from .recipes import operations


@pytest.mark.parametrize("operation", operations())
def test_valid_request_succeeds(ecs_cases: Cases, operation: str) -> None:
    """The recipe's request is answered with one of the statuses of 10.1 that fit the operation."""
    ecs_cases.attempt(operation)
