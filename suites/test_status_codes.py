"""Each operation succeeds with a documented status; header, body and states of its answer are judged on the way."""

from __future__ import annotations

import pytest

from pytest_ecs import Cases, Check, Client, load_contract

from .recipes import operations, optional_fields


@pytest.mark.parametrize("operation", operations())
def test_valid_request_succeeds(ecs_cases: Cases, operation: str) -> None:
    """The recipe's request is answered with one of the statuses of 10.1 that fit the operation."""
    ecs_cases.succeed(operation)


@pytest.mark.parametrize(("operation", "variant"), optional_fields())
def test_optional_fields_are_accepted(ecs_cases: Cases, operation: str, variant: str | None) -> None:
    """The recipe's request with fields that it may leave out, or with the flag that asks only for a check."""
    if variant is None:
        ecs_cases.attempt(operation, check_only=True, servers=False)
    else:
        ecs_cases.attempt(operation, variant, servers=False)


_LISTS = [
    pytest.param(operation, id=operation, marks=pytest.mark.ecs_requirement("4.1/head-as-get"))
    for operation in (
        "ecs.quotas.show",
        "ecs.flavors.list",
        "nova.versions.list",
        "nova.servers.list",
        "nova.flavors.list",
        "deprecated.images.list",
    )
]


@pytest.mark.parametrize("operation", _LISTS)
def test_head_is_get_without_a_body(ecs_client: Client, ecs_check: Check, operation: str) -> None:
    """What a list is asked for without its body has its status, or the URL does not have the method."""
    contract = load_contract()
    asked = contract.operations[operation]
    shown, alone = ecs_client.get(asked.path), ecs_client.head(asked.path)
    refused = contract.expectation("method", asked.dialect).statuses
    ecs_check("4.1/head-as-get", alone, "status", one_of=sorted({shown.status, *refused}))
