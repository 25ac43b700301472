"""Requests without valid credentials are refused: no token, a garbage token, another project's, a foreign project."""

from __future__ import annotations

import pytest

from pytest_ecs import Bench

from .recipes import requirements


@pytest.mark.parametrize("requirement", requirements("auth"))
def test_wrong_credentials_are_refused(ecs_bench: Bench, requirement: str) -> None:
    """The recipe's own request, accepted with the right credentials, is refused with these."""
    ecs_bench.authenticate(requirement)
