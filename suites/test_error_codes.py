"""Invalid requests are refused for the right reason, in the documented form, with a fitting code and its status.

Every case is derived: a recipe's own request is accepted first, then one thing in it is changed.
"""

from __future__ import annotations

import pytest

from pytest_ecs import Cases

from .recipes import requirements


@pytest.mark.parametrize("requirement", requirements("request"))
def test_wrong_field_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A body that breaks one keyword of one field is refused."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("query"))
def test_wrong_query_parameter_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A query that breaks one keyword of one parameter is refused."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("not-found"))
def test_unknown_id_is_not_found(ecs_cases: Cases, requirement: str) -> None:
    """An id in the path that does not exist is answered as not found."""
    ecs_cases.refuse(requirement)


@pytest.mark.parametrize("requirement", requirements("http"))
def test_wrong_http_is_refused(ecs_cases: Cases, requirement: str) -> None:
    """A method that the URL does not have, a cut body and an empty body are refused."""
    ecs_cases.refuse(requirement)
