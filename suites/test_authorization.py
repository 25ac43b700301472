"""A user without an operation's action (9.2) is denied; with the action and its dependencies the user is not."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases

from .recipes import requirements


@pytest.mark.parametrize("requirement", requirements("permission"))
def test_action_is_needed(ecs_cases: Cases, requirement: str) -> None:
    """The recipe's own request is denied to a user without the action."""
    ecs_cases.authorize(requirement)
